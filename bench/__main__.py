"""`python -m bench [NAME ...]`: run the named benchmarks and write `bench/results/NAME.json`.

The table of docs/performance.md is made anew from all results.
"""

import argparse
import json
import subprocess
from collections.abc import Callable
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

from . import bids, closings, fanout, interest, mixed, pages, patterns, replay, search, valuation, verify
from .table import write_table

RESULTS = Path(__file__).parent / "results"
DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
BENCHMARKS: dict[str, Callable[..., dict[str, Any]]] = {
    "bids_hot_lot": bids.hot_lot,
    "bids_50_lots": bids.fifty_lots,
    "fanout_1000": partial(fanout.fanout, watchers=1_000),
    "fanout_5000": partial(fanout.fanout, watchers=5_000),
    "fanout_10000": partial(fanout.fanout, watchers=10_000),
    "mixed_1000_watchers": mixed.mixed,
    "closings": closings.closings,
    "interest": interest.interest,
    "pages": pages.pages,
    "patterns": patterns.patterns,
    "replay": replay.replay,
    "search": search.search,
    "valuation": valuation.valuation,
    "verify": verify.verify,
}
#: Run only by name: they fill registries of millions or learn for minutes, and the others take twelve together.
_BY_NAME = ("interest", "patterns", "valuation")


def main() -> None:
    """Run, write, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    usual = [name for name in BENCHMARKS if name not in _BY_NAME]
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help=f"all by default but {', '.join(_BY_NAME)}")
    parser.add_argument("--seconds", type=float, default=8.0, help="measured time of each side")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lots", type=int, default=20_000, help="made-up lots that `search` fills")
    parser.add_argument("--entries", type=int, default=200_000, help="entries of the log that `verify` fills")
    parser.add_argument("--bids", type=int, default=30_000, help="rows of the history that `replay` replays")
    parser.add_argument("--scale", type=float, default=1.0, help="so many times the watchers and lots that close")
    parser.add_argument("--storm-seconds", type=float, default=60.0, help="how long 10,000 watch 200 offers a second")
    parser.add_argument("--minute", type=float, default=60.0, help="in how many seconds the lots of `closings` end")
    parser.add_argument("--profile", action="store_true", help="say where the serving process spends its time (py-spy)")
    arguments = vars(parser.parse_args())
    arguments["count"] = arguments.pop("lots")
    RESULTS.mkdir(exist_ok=True)
    for name in arguments["names"] or usual:
        work = BENCHMARKS[name]
        taken = {key: arguments[key] for key in signature(work).parameters if key in arguments}
        result = {"name": name, **work(**taken), "commit": _commit()}
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
        print(_line(result), flush=True)
        write_table(RESULTS, DOCUMENT)


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _line(result: dict[str, Any]) -> str:
    rest = "  ".join(f"{key}={value}" for key, value in result.items() if key not in ("name", "ratio"))
    return f"{result['name']}: ratio {result['ratio']:.3f}  {rest}"


if __name__ == "__main__":
    main()

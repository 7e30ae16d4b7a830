"""A process that values lots and ends: whoever serves never loads scikit-learn, nor waits for it.

One JSON object on standard input: `path`, `sha256`, `cells` (a list of columns with their plain values), and `today`
(ISO). One on standard output: `estimates` in the same order, and the process's `memory_kb` at its most.
"""

import json
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from subprocess import TimeoutExpired, run
from typing import Any

from auction.kernel.errors import DomainError

#: Seconds after which a worker is given up.
_PATIENCE = 300
#: One thread is enough, and leaves the other cores to who serves.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def ask(path: Path, sha256: str, cells: Sequence[Mapping[str, Any]], today: date) -> dict[str, Any]:
    """Let a worker value lots by the model of a file; it is told no key of the house. DomainError as `keeping.load`
    says, `fault` where the worker died."""
    question = json.dumps({"path": str(path), "sha256": sha256, "cells": list(cells), "today": today.isoformat()})
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("FAPAI_")} | _ONE_THREAD
    command = [sys.executable, "-m", "risk.learning.valuation.worker"]
    try:
        done = run(  # noqa: S603 - this very program
            command, input=question, capture_output=True, text=True, timeout=_PATIENCE, check=False, env=surroundings
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (TimeoutExpired, OSError, ValueError) as fault:
        raise DomainError("fault") from fault
    if "code" in answer:
        raise DomainError(answer["code"], **answer["facts"])
    return answer


def main() -> None:
    """Answer the one question on standard input."""
    from ...imports.lines import Refused
    from .keeping import load
    from .model import none
    from .reading import COLUMNS, record

    question = json.load(sys.stdin)
    try:
        model = load(Path(question["path"]), question["sha256"])
    except DomainError as error:
        json.dump({"code": error.code, "facts": dict(error.facts)}, sys.stdout)
        return
    columns = COLUMNS[model.profile.asset_type]
    records, refused = [], {}
    for number, cells in enumerate(question["cells"]):
        try:
            records.append(record(number, cells, columns, priced=False))
        except Refused as error:
            refused[number] = none(error.code, column=error.field)
    answers = model.value(records, date.fromisoformat(question["today"]))
    said = {each.line: estimate for each, estimate in zip(records, answers, strict=True)} | refused
    told = [said[number] for number in range(len(question["cells"]))]
    json.dump(
        {
            "estimates": [each.as_data() | {"abstained_facts": each.abstained_facts} for each in told],
            "memory_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()

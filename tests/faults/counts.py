"""How often: few of everything with one seed in `make test`, the full numbers by seeds in `make soak`.

`SOAK=1-20` in the environment runs the parts 1 to 20, each from its own seed; twenty parts are the full numbers of the
reliability bar. What was done is printed, a line of JSON for each part.
"""

import json
import os

_ASKED = os.environ.get("SOAK", "")
_first, _, _last = _ASKED.partition("-")
FULL = bool(_ASKED)
#: The seeds to run. One that failed is run again alone: SOAK=7.
SEEDS = range(int(_first), int(_last or _first) + 1) if FULL else range(20260302, 20260303)


def often(smoke: int, full: int) -> int:
    """How many of something with each seed: `full` is the number over all twenty parts."""
    return -(-full // 20) if FULL else smoke


def done(what: str, seed: int, **counts: float) -> None:
    """Say what was done with a seed (seen with `pytest -s`)."""
    print(json.dumps({"what": what, "seed": seed, **counts}, ensure_ascii=False))  # noqa: T201

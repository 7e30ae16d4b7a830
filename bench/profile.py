"""Where the time of a serving process goes, by sampling it from outside (py-spy)."""

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Functions told, and samples a second.
_MOST, _RATE = 12, 100


@contextmanager
def profiled(pid: int, seconds: float, *, wanted: bool = True) -> Iterator[dict[str, Any]]:
    """Sample a process for so long; afterwards the answer holds under `profile` in which functions it was."""
    told: dict[str, Any] = {}
    if not wanted:
        yield told
        return
    with tempfile.NamedTemporaryFile(suffix=".txt") as out:
        program = str(Path(sys.executable).with_name("py-spy"))
        command = [program, "record", "--pid", str(pid), "--duration", str(max(1, round(seconds)))]
        command += ["--rate", str(_RATE), "--format", "raw", "--nonblocking", "--output", out.name]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield told
        process.wait(seconds + 60)
        told["profile"] = shares(Path(out.name).read_text("utf-8"))


def shares(raw: str) -> dict[str, float]:
    """The share of samples by the function they were in, the most first; `raw` as py-spy writes collapsed stacks."""
    counts: Counter[str] = Counter()
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        counts[stack.rpartition(";")[2].rpartition(":")[0] + ")"] += int(count)
    total = counts.total() or 1
    return {function: round(count / total, 3) for function, count in counts.most_common(_MOST)}

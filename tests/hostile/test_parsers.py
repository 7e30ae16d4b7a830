"""Whatever reads a file answers for broken bytes with its own error, and with no other."""

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.counts import FULL, SEEDS, done, often
from tests.hostile.parsers import PARSERS, tried

ODD = (
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b'"',
    b",",
    b"\n",
    b"\r",
    b"[" * 2000,
    b"9" * 5000,
    b"=",
    b"\\",
    b"-",
    b"1e999",
    b"NaN",
)
#: Only what is ours is watched for new ways through it.
SEARCH = """
import sys, atheris
with atheris.instrument_imports(include=["auction.imports", "auction.rules.ruleset", "risk.imports", "web.reading"]):
    from tests.hostile.parsers import main
main(*sys.argv[1:])
"""
ROOT = Path(__file__).parents[2]


def changed(data: bytes, rng: random.Random) -> bytes:
    """Nearly the same bytes."""
    for _ in range(rng.randrange(1, 5)):
        at, to = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        to = min(to, at + rng.choice((0, 1, 4, 64, 5000)))
        put = rng.choice((b"", bytes([rng.randrange(256)]), rng.choice(ODD), data[at:to] * 2, data[to:][:50]))
        data = data[:at] + put + data[to:]
    return data


@pytest.mark.parametrize("name", PARSERS)
def test_changed_bytes_raise_nothing_but_the_parsers_own_error(name: str) -> None:
    parser = PARSERS[name]
    for number in SEEDS:
        rng = random.Random(f"{name} {number}")
        count = often(200, 100_000)
        found = {tried(parser, changed(rng.choice(parser.examples), rng)) for _ in range(count)}
        assert "taken" in found or parser.raises
        assert len(found) > 1 or not parser.raises, "some are broken"
        done(f"changed files for {name}", number, files=count)


@pytest.mark.slow
@pytest.mark.skipif(not FULL or importlib.util.find_spec("atheris") is None, reason="in make soak, where atheris is")
@pytest.mark.parametrize("name", PARSERS)
def test_a_search_led_by_coverage_finds_none_either(name: str) -> None:
    for number in SEEDS:
        command = [sys.executable, "-c", SEARCH, name, "20000", str(number)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr[-4000:]
        done(f"files searched for {name}", number, files=20_000)

"""What the benchmarks count and tell: order among watchers, answers cut anywhere, shares of time, the table."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bench.pages import Reader
from bench.profile import shares
from bench.table import write_table
from bench.watchers import Crowd, Watcher


def update(*versions: int) -> bytes:
    events = [{"version": version, "at": f"2026-03-02T02:00:0{version}.000000Z"} for version in versions]
    return b'42/auctions,["update",' + json.dumps({"auction_id": "a", "events": events}).encode() + b"]"


def test_watchers_who_miss_a_version_or_get_an_old_one_are_counted() -> None:
    async def look_on() -> dict[str, Any]:
        crowd = Crowd(2)
        first, second = Watcher(crowd, "a"), Watcher(crowd, "a")
        for data in (update(1), update(2, 3)):
            for watcher in (first, second):
                crowd.heard(watcher, data)
        assert (crowd.gaps, crowd.backward) == (0, 0)
        crowd.heard(first, update(5))
        assert (crowd.gaps, crowd.backward) == (1, 0)
        crowd.heard(first, update(4))
        assert (crowd.gaps, crowd.backward) == (1, 1)
        return crowd.told()

    told = asyncio.run(look_on())
    assert (told["updates"], told["updates_not_to_all"], told["frames"]) == (4, 2, 6)


class Sent(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.requests = 0

    def write(self, data: Any) -> None:
        self.requests += 1


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_answer_counts_once_it_is_whole_however_it_is_cut(size: int) -> None:
    reader, sent = Reader(["/"], 0), Sent()
    reader.counting = True
    reader.connection_made(sent)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: x\r\n\r\nabcde"
    for _ in range(3):
        for start in range(0, len(answer), size):
            reader.data_received(answer[start : start + size])
    assert len(reader.latencies) == 3 and sent.requests == 4
    with pytest.raises(SystemExit):
        reader.data_received(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")


def test_shares_are_of_the_functions_the_samples_were_in() -> None:
    raw = "run (a.py:1);send (b.py:7) 3\nrun (a.py:1);send (b.py:9) 3\nrun (a.py:2) 2\n"
    assert shares(raw) == {"send (b.py)": 0.75, "run (a.py)": 0.25}


def test_the_table_stands_between_its_marks_in_order(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("before <!-- make bench writes this table -->old<!-- /table --> after", "utf-8")
    seen = {"watchers": 1000, "gaps": 0, "age_max_ms": 321.0}
    for one in (
        {"name": "zeta", "ratio": 1.0},
        {"name": "mixed_1000_watchers", "ratio": 0.5, "ours": 1200.4, "reference": 2400, "unit": "/s", "seen": seen},
    ):
        (tmp_path / f"{one['name']}.json").write_text(json.dumps(one), "utf-8")
    write_table(tmp_path, document)
    write_table(tmp_path, document)
    lines = document.read_text("utf-8").splitlines()
    told = "seen watchers 1,000; seen gaps 0; seen age max ms 321"
    assert lines[4] == f"| mixed_1000_watchers | 0.5 | 1,200 | 2,400 | /s |  |  | {told} |  |"
    assert lines[5].startswith("| zeta | 1 |") and lines[-1] == "<!-- /table --> after" and "old" not in lines[0]
    document.write_text("no place", "utf-8")
    with pytest.raises(SystemExit):
        write_table(tmp_path, document)

"""Replaying recorded histories: through the same services, every row answered, the outcome the one the log implies."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REAL = Path(__file__).resolve().parents[3] / "shared" / "data"
TERMS = {
    "default": {
        "reserve_price_fen": 1000,
        "increment_fen": 100,
        "opens_at": "2026-05-01T10:00:00+08:00",
        "closes_at": "2026-05-02T10:00:00+08:00",
    },
    "auctions": {"closed": {"closes_at": "2026-05-01T11:00:00+08:00"}, "quiet": {}},
}


def replay(bids: Path, terms: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The answers and the outcomes `fapai replay --json` prints."""
    command = [sys.executable, "-m", "web.cli", "replay", str(bids), "--terms", str(terms), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    return [line for line in lines if "line" in line], [line for line in lines if "line" not in line]


def made(tmp_path: Path, *rows: str) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Replay rows made up for a test; the outcomes by auction."""
    bids, terms = tmp_path / "bids.csv", tmp_path / "terms.json"
    bids.write_text("auction_id,bidder,amount_fen,received_at,rank\n" + "\n".join(rows) + "\n", "utf-8")
    terms.write_text(json.dumps(TERMS), "utf-8")
    answers, outcomes = replay(bids, terms)
    return answers, {outcome["auction_id"]: outcome for outcome in outcomes}


def test_every_row_is_answered_in_file_order_dirty_ones_too(tmp_path: Path) -> None:
    answers, outcomes = made(
        tmp_path,
        "a,x,1000,2026-05-01T10:00:00+08:00,",
        "a,,1100,2026-05-01T10:01:00+08:00,",
        "a,y,ten,2026-05-01T10:02:00+08:00,",
        "a,y,1100.5,2026-05-01T10:02:00+08:00,",
        "a,y,1100,never,",
        "a,y,1050,2026-05-01T10:03:00+08:00,",
        "a,y,1000,2026-05-01T10:04:00+08:00,",
        "a,p,1000,2026-05-01T10:05:00+08:00,1",
        "a,p,9900,2026-05-01T10:06:00+08:00,1",
        "a,y,10000,2026-05-02T09:57:00+08:00,",
        "a,x,10100,2026-05-02T10:02:00+08:00,",
        "closed,x,1000,2026-05-01T11:00:00+08:00,",
        "a,z,1200,2026-05-01T11:00:00+08:00,x",
        f"a,z,{'9' * 5000},2026-05-01T11:00:00+08:00,{'9' * 5000}",
    )
    assert [answer["line"] for answer in answers] == list(range(2, 16))
    assert [answer["code"] for answer in answers] == [
        None, "not_registered", "amount_invalid", "amount_invalid", "malformed", "not_whole_increment",
        "below_minimum", None, None, None, "closed", "closed", "malformed", "amount_invalid",
    ]  # fmt: skip
    assert [answer["seq"] for answer in answers if answer["outcome"] == "accepted"] == [1, 2, 3, 4]
    assert outcomes["a"] == {
        "auction_id": "a", "status": "sold", "price_fen": 10000, "bidder": "y", "bids": 4, "extensions": 1,
        "closed_at": "2026-05-02T02:02:00.000000+00:00",
    }  # fmt: skip
    for name in ("closed", "quiet"):
        assert (outcomes[name]["status"], outcomes[name]["closed_at"], outcomes[name]["bids"]) == ("unsold", None, 0)


def test_a_file_without_its_columns_is_refused(tmp_path: Path) -> None:
    bids, terms = tmp_path / "bids.csv", tmp_path / "terms.json"
    bids.write_text("auction,who\n", "utf-8")
    terms.write_text("{}", "utf-8")
    command = [sys.executable, "-m", "web.cli", "replay", str(bids), "--terms", str(terms)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    for column in ("auction_id, bidder, amount_fen, received_at, [rank]", "auction, who"):
        assert column in ran.stderr


@pytest.mark.skipif(not REAL.is_dir(), reason="the real records lie outside the repository: ../shared/data")
def test_two_real_judicial_sales_end_as_their_logs_imply() -> None:
    answers, outcomes = replay(REAL / "judicial_bids.csv", REAL / "judicial_bids.terms.json")
    with (REAL / "judicial_bids.csv").open(encoding="utf-8") as file:
        last = {row["auction_id"]: row for row in csv.DictReader(file)}
    assert {answer["outcome"] for answer in answers} == {"accepted"}
    assert len(answers) == 46
    for outcome in outcomes:
        row = last[outcome["auction_id"]]
        assert (outcome["status"], outcome["bidder"]) == ("sold", row["bidder"])
        assert outcome["price_fen"] == int(row["amount_fen"])
    assert {outcome["closed_at"] for outcome in outcomes} == {
        "2026-05-26T02:39:46.000000+00:00",
        "2026-05-26T02:36:51.000000+00:00",
    }


@pytest.mark.skipif(not REAL.is_dir(), reason="the real records lie outside the repository: ../shared/data")
def test_proxy_maxima_are_all_answered_and_the_accepted_ones_strictly_ascend() -> None:
    answers, _ = replay(REAL / "ebay_bids.csv", REAL / "ebay_bids.terms.json")
    with (REAL / "ebay_bids.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [answer["line"] for answer in answers] == list(range(2, len(rows) + 2))
    standing: dict[str, int] = {}
    for row, answer in zip(rows, answers, strict=True):
        if answer["outcome"] == "accepted":
            assert int(row["amount_fen"]) > standing.get(row["auction_id"], 0)
            standing[row["auction_id"]] = int(row["amount_fen"])
    assert len(standing) > 300

"""`fapai risk bidding`, `train bidding` and `screen` from outside: what is printed where, and how they end."""

import json
import os
import sys
from pathlib import Path
from subprocess import PIPE, run

import pytest
from click.testing import CliRunner, Result

from risk.learning.patterns.behaviour import SUBJECTS
from risk.rules.patterns.features import COLUMNS
from tests.risk.learning.test_patterns import some_rows
from web.commands import fapai
from web.risk_commands.bidding import _pushes

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAPAI_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FAPAI_SANDBOX", "1")
    monkeypatch.setenv("LANG", "en_GB.UTF-8")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(fapai, ["risk", *map(str, arguments)], catch_exceptions=False)


def lines(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


HEADER = "auction_id,bidder,amount_fen,received_at"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_every_row_is_dealt_with(tmp_path: Path, encoding: str) -> None:
    rows = [
        "拍1,甲,100,2026-01-01T10:00:00+08:00,",
        '拍1,"乙",200,2026-01-01T10:01:00+08:00,1',
        "拍1,,300,2026-01-01T10:02:00+08:00,",
        "拍1,甲,=300,2026-01-01T10:02:00+08:00,",
        "拍1,甲,300,yesterday,",
        "拍1,甲,300",
        '拍1,"甲,300,2026-01-01T10:02:00+08:00,',
        "拍2,=cmd()|x,100,2026-01-01T10:00:00Z,",
    ]
    path = write(tmp_path / "bids.csv", "\r\n".join([HEADER + ",rank", *rows]) + "\r\n", encoding)
    said = lines(call("bidding", path, "--json"))
    assert [(one["auction_id"], one["bidder"]) for one in said if not one["set_aside"]] == [
        ("拍1", "甲"),
        ("拍1", "乙"),
        ("拍2", "=cmd()|x"),
    ]
    aside = [one["set_aside"] for one in said if one["set_aside"]]
    assert [(one["line"], one["code"], one["field"]) for one in aside] == [  # type: ignore[index]
        (4, "required", "bidder"),
        (5, "amount_invalid", "amount_fen"),
        (6, "moment_invalid", "received_at"),
        (7, "column_count", None),
        (8, "quotes_unbalanced", None),
    ]
    assert all(set(one) == set(said[0]) for one in said)
    assert set(COLUMNS) <= set(said[0]["features"])  # type: ignore[call-overload]


def test_pairs_are_told_with_what_they_did_over_all_meetings(tmp_path: Path) -> None:
    days = range(1, 5)
    rows = [f"x{n},{who},{100 + at},2026-01-0{n}T10:00:0{at}Z" for n in days for at, who in enumerate("ABAB")]
    first, *_ = lines(call("bidding", write(tmp_path / "bids.csv", "\n".join([HEADER, *rows])), "--json"))
    [pair] = first["pairs"]  # type: ignore[misc]
    assert (pair["other"], pair["joint"], pair["won"], pair["other_won"]) == ("B", 4, 0, 4)
    assert (pair["joint_clashes"], pair["joint_single_steps"], pair["joint_response_s"]) == (12, 12, 1.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "header is missing"),
        ("auction_id,bidder,received_at\n", "line 1: amount_fen column_missing"),
        (f"{HEADER},bidder\n", "line 1: bidder column_repeated"),
    ],
)
def test_a_header_that_cannot_be_used_ends_with_one(tmp_path: Path, text: str, words: str) -> None:
    result = call("bidding", write(tmp_path / "bids.csv", text), "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr


def test_reasons_are_sentences(tmp_path: Path) -> None:
    rows = [f"x,{who},{100 + place},2026-01-01T10:{place:02d}:00Z,p" for place, who in enumerate("ABBB")]
    path = write(tmp_path / "bids.csv", "\n".join([HEADER + ",deposit_source", *rows]))
    a, b = lines(call("bidding", path, "--json"))
    assert a["alert"] is True and a["reasons"][0]["others"] == ["B"]  # type: ignore[index]
    assert b["reasons"][1]["detail"] == "The bidder bid 3 times in a row with nobody's bid between."  # type: ignore[index]
    assert "one source of payment" in call("bidding", path).stdout


@pytest.mark.skipif(
    not (DATA / "judicial_bids.csv").exists(), reason="the real records lie outside the repository: ../shared/data"
)
def test_the_real_judicial_logs_give_no_alert() -> None:
    said = lines(call("bidding", DATA / "judicial_bids.csv", "--json"))
    assert len(said) == 7 and not any(one["alert"] or one["reasons"] for one in said)
    assert sum(one["features"]["bids"] for one in said) == 46  # type: ignore[index, misc]


def features(path: Path, *, labelled: bool = True, without: str = "") -> Path:
    columns = [name for name in COLUMNS if name != without]
    head = ["Auction_ID", *columns, *(["Class"] if labelled else [])]
    rows = [
        [
            row.auction,
            *(repr(value) for name, value in zip(COLUMNS, row.values, strict=True) if name != without),
            *([str(row.label)] if labelled else []),
        ]
        for row in some_rows()
    ]
    return write(path, "\n".join(",".join(row) for row in [head, *rows]))


def test_training_and_screening_and_a_bad_line_for_either(tmp_path: Path) -> None:
    unlabelled = features(tmp_path / "screen.csv", labelled=False)
    early = call("screen", unlabelled, "--json")
    assert (early.exit_code, early.stdout) == (1, "") and "model_missing" in early.stderr

    [card] = lines(call("train", "bidding", features(tmp_path / "train.csv"), "--seed", 3, "--json"))
    assert (card["rows"], card["labelled_1"], card["seed"]) == (180, 30, 3)
    assert "proves nothing about real shills" in json.dumps(card["limits"])

    for without in ("", "Successive_Outbidding"):
        result = call("screen", features(tmp_path / "screen.csv", labelled=False, without=without), "--json")
        said = lines(result)
        assert [one["row"] for one in said] == list(range(1, 181))
        best = max(said, key=lambda one: one["score"])  # type: ignore[arg-type, return-value]
        assert isinstance(best["reasons"], list) and best["reasons"][0].endswith(".")
        assert "refuses nobody" in result.stderr

    bad = features(tmp_path / "bad.csv")
    text = bad.read_text().splitlines()
    text[4] = text[4].replace(",0.5,", ",half,", 1)
    bad.write_text("\n".join(text))
    result = call("train", "bidding", bad)
    assert result.exit_code == 1 and "line 5: " in result.stderr and "number_invalid" in result.stderr
    assert (result.stdout, "rows_refused: 1 lines" in result.stderr) == ("", True)

    result = call("screen", bad, "--json")
    said = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, "rows_unscored: 1 lines" in result.stderr) == (1, True)
    assert [one["row"] for one in said if one["score"] is None] == [4] and len(said) == 180
    assert [(one["line"], one["code"]) for one in said[3]["errors"]] == [(5, "number_invalid")]
    assert all(set(one) == set(said[0]) for one in said)


def test_every_feature_of_a_score_has_its_sentence_in_either_direction() -> None:
    for names in SUBJECTS.values():
        for name in names:
            rows = _pushes()[name]
            assert all({"zh", "en"} <= rows[way].keys() for way in ("more", "less"))


def test_a_reader_who_goes_is_no_error(tmp_path: Path) -> None:
    rows = [f"x{place},{who},100,2026-01-01T10:{place:02d}:00Z" for place in range(60) for who in "AB"]
    bids = write(tmp_path / "bids.csv", "\n".join([HEADER, *rows]))
    program = "import sys; from web.commands import fapai; fapai()"
    reader, writer = os.pipe()
    os.close(reader)
    done = run([sys.executable, "-c", program, "risk", "bidding", str(bids)], stdout=writer, stderr=PIPE, check=False)
    os.close(writer)
    assert done.stderr == b""


def test_wrong_usage_ends_with_two(tmp_path: Path) -> None:
    assert call("bidding", tmp_path / "nothing.csv").exit_code == 2
    assert call("screen").exit_code == 2

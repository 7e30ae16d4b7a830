"""Learned scores of bidding features: reading files strictly, what comes back out of the columns, scores, keeping."""

import io
import math
import random
import sys
from dataclasses import replace
from pathlib import Path
from subprocess import run

import numpy as np
import pytest

from auction.kernel.errors import DomainError
from risk.imports.lines import RefusedRow
from risk.learning.patterns.behaviour import NAMES, SUBJECTS, Array, auctions_of, matrix
from risk.learning.patterns.keeping import keep, kept
from risk.learning.patterns.reading import NEEDED, Row, read_features
from risk.learning.patterns.scoring import Tails, Trees
from risk.learning.patterns.screening import score_rows
from risk.learning.patterns.training import Trained, _folds, train
from risk.rules.patterns.features import COLUMNS

DATA = Path(__file__).parents[4] / "shared" / "data" / "shill_bidding.csv"
HEADER = "Record_ID,Auction_ID,Bidder_ID," + ",".join(COLUMNS) + ",Class"
GOOD = "1,732,b1,0.2,0.4,0,2.77778e-05,0,0.993592814,2.77778e-05,0.666666667,5,0"


def read(text: str | bytes, *, labelled: bool = True) -> list[Row | RefusedRow]:
    return list(read_features(io.BytesIO(text.encode() if isinstance(text, str) else text), labelled=labelled))


def a_row(auction: int, *, bids: int, of: int, shill: bool, seed: int, bidder: str = "", outbids: bool = True) -> Row:
    chance = random.Random(seed)
    early = chance.uniform(0, 0.5)
    values = {
        "Bidder_Tendency": chance.uniform(0.3, 0.9) if shill else chance.uniform(0, 0.4),
        "Bidding_Ratio": bids / of,
        "Successive_Outbidding": (1.0 if shill else 0.0) if outbids else math.nan,
        "Last_Bidding": early + (0.01 if shill else chance.uniform(0, 0.4)),
        "Auction_Bids": 0.1,
        "Starting_Price_Average": 0.5,
        "Early_Bidding": early,
        "Winning_Ratio": 0.95 if shill else chance.choice((0.0, 0.5, 0.9)),
        "Auction_Duration": 5.0,
    }
    return Row(2, f"a{auction}", bidder, tuple(values[name] for name in COLUMNS), int(shill))


def some_rows(auctions: int = 30, *, outbids: bool = True) -> list[Row]:
    """In each auction one shill with half of the bids, and five others."""
    rows = []
    for auction in range(auctions):
        rows.append(a_row(auction, bids=7, of=14, shill=True, seed=auction, outbids=outbids))
        for number, bids in enumerate((3, 1, 1, 1, 1)):
            rows.append(a_row(auction, bids=bids, of=14, shill=False, seed=100 * auction + number + 1, outbids=outbids))
    return rows


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(some_rows(), folds=2)


@pytest.mark.parametrize(
    ("cell", "code", "column"),
    [
        (("0.4", ""), "required", "Bidding_Ratio"),
        (("0.4", "=1+1"), "number_invalid", "Bidding_Ratio"),
        (("0.4", "nan"), "number_invalid", "Bidding_Ratio"),
        (("0.4", "1e999"), "out_of_range", "Bidding_Ratio"),
        (("0.4", "-0.1"), "out_of_range", "Bidding_Ratio"),
        (("0.4", "0,4"), "column_count", None),
        (("0.4", '"0.4'), "quotes_unbalanced", None),
        ((",5,0", ",4000,0"), "out_of_range", "Auction_Duration"),
        ((",5,0", ",5,2"), "not_one_of", "Class"),
        ((",5,0", ",5,"), "required", "Class"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(cell: tuple[str, str], code: str, column: str | None) -> None:
    text = f"{HEADER}\n{GOOD}\n{GOOD.replace(*cell)}\n{GOOD}\n"
    good, bad, again = read(text)
    assert isinstance(good, Row) and isinstance(again, Row) and again.line == 4
    assert isinstance(bad, RefusedRow)
    assert (bad.line, bad.code, bad.field) == (3, code, column)


@pytest.mark.parametrize("column", NEEDED)
def test_a_missing_column_is_named(column: str) -> None:
    [refused] = read(HEADER.replace(column, "Something"))
    assert isinstance(refused, RefusedRow)
    assert (refused.line, refused.code, refused.field) == (1, "column_missing", column)


def test_encodings_marks_and_other_columns_are_taken() -> None:
    text = f"{HEADER},备注\r\n{GOOD},「托」\r\n"
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("gbk")):
        [row] = read(data)
        assert isinstance(row, Row)
        assert (row.auction, row.bidder, row.values[1], row.label) == ("732", "b1", 0.4, 0)
    short = HEADER.replace("Record_ID,Auction_ID,Bidder_ID,", "").replace("Successive_Outbidding,", "")
    [row] = read(f"{short}\n0.2,0.4,0.1,0,0.9,0.1,0.6,5,0\n")
    assert isinstance(row, Row) and math.isnan(row.values[2]) and row.auction == ""


def test_the_bids_come_back_out_of_the_shares() -> None:
    """2/5 and 3/5 of 15 bids cannot be told from 2 and 3 of 5; with 4/15 in the same auction they can."""
    shares = (6 / 15, 5 / 15, 4 / 15)
    rows = [Row(2, "x", "", (0, share, 0, 0.7, 0, 0, 0.2, 0, 2), 0) for share in shares]
    table = matrix(rows)
    assert table[:, NAMES.index("bids")].tolist() == [6, 5, 4]
    assert table[:, NAMES.index("auction_bids")].tolist() == [15, 15, 15]
    assert table[0, NAMES.index("log_spread")] == pytest.approx(math.log(1.0), abs=1e-5)
    assert {part for parts in SUBJECTS.values() for part in parts} == set(NAMES)


def test_auctions_without_names_are_told_apart_by_what_is_theirs() -> None:
    rows = [Row(2, "", "", (0, 0.5, 0, 0, bids, 0.1, 0, 0, 5), 0) for bids in (0.1, 0.1, 0.2)]
    first, second, third = auctions_of(rows)
    assert first == second != third


def test_a_high_value_is_rare_and_a_low_one_never() -> None:
    rows = [Row(2, "x", "", (n / 10, 0.1, 0, 0, 0, 0, 0, 0, 1), None) for n in range(10)]
    tails = Tails.of(matrix(rows), with_label_maker=False)
    scores = tails.score(matrix(rows))
    assert scores.argmax() == 9 and (np.diff(scores) >= 0).all() and scores.max() < 1
    assert tails.rarities(matrix(rows))[0].tolist() == pytest.approx([0, 0, 0, 0])
    assert tails.rarities(matrix(rows))[9, 0] == pytest.approx(-math.log(2 / 11))


def test_scores_find_the_marked_rows_with_reasons(trained: Trained) -> None:
    rows = some_rows(40)[180:]
    found = score_rows(rows, trained)
    marked = [one for one in found if one.row.label]
    others = [one for one in found if not one.row.label]
    assert min(one.score for one in marked) > max(one.score for one in others)
    assert all(0 <= one.score <= 1 and 0 <= one.unlabelled <= 1 for one in found)
    assert all(one.pushes for one in marked)
    parts = {part for subject in SUBJECTS.values() for part in subject}
    assert {push.feature for one in marked for push in one.pushes} <= parts
    assert all(push.value != push.usual for one in found for push in one.pushes)


class BurstsOnly:
    """A model that looks at how close together the bids of a row lie, and at nothing else."""

    def decision_function(self, seen: Array) -> Array:
        return -10 * seen[:, NAMES.index("spread")]


def test_a_reason_tells_the_part_that_deviates_and_in_which_direction() -> None:
    """Bids at the very end, and close together: what counted is that they came in a burst, not that they came late."""
    row = dict(zip(COLUMNS, a_row(0, bids=1, of=2, shill=False, seed=1).values, strict=True))
    late = Row(2, "a", "b", tuple((row | {"Early_Bidding": 0.96, "Last_Bidding": 0.97}).values()), None)
    usual = np.zeros(len(NAMES))
    usual[[NAMES.index("Last_Bidding"), NAMES.index("spread")]] = 0.36, 0.3
    [[push]] = Trees(NAMES, BurstsOnly(), usual).pushes(matrix([late]))
    assert (push.feature, push.high) == ("spread", False)


def test_a_score_of_nothing_has_no_reasons(trained: Trained) -> None:
    low = {seen: replace(tails, sums=tails.sums + 99) for seen, tails in trained.tails.items()}
    found = score_rows(some_rows(3), replace(trained, trees={}, tails=low))
    assert all(one.score == 0 and not one.pushes for one in found)


def test_without_the_column_the_labels_were_made_from_another_model_answers(trained: Trained) -> None:
    assert set(trained.trees) == {False, True}
    found = score_rows(some_rows(40, outbids=False)[180:], trained)
    assert min(one.score for one in found if one.row.label) > 0.5
    assert not any(push.feature == "Successive_Outbidding" for one in found for push in one.pushes)
    assert set(trained.card["pr_auc"]) == {"with_successive_outbidding", "without_successive_outbidding"}
    assert "proves nothing about real shills" in " ".join(trained.card["limits"]["en"])


def test_no_auction_and_no_bidder_stands_on_both_sides() -> None:
    rows = [a_row(n // 2, bids=1, of=2, shill=False, seed=n, bidder=f"b{n % 7}" if n % 3 else "") for n in range(80)]
    groups = auctions_of(rows)
    folds, dropped = _folds(rows, groups, 0, 5)
    assert sorted(place for _, held in folds for place in held) == list(range(80)) and dropped > 0
    for learned, held in folds:
        assert not {groups[place] for place in learned} & {groups[place] for place in held}
        assert not {rows[place].bidder for place in learned} & {rows[place].bidder for place in held} - {""}


def test_too_little_teaches_nothing() -> None:
    with pytest.raises(DomainError, match="too_few_rows"):
        train(some_rows(3))
    with pytest.raises(DomainError, match="too_few_labels"):
        train([a_row(n, bids=1, of=2, shill=False, seed=n) for n in range(200)])


def test_a_kept_model_scores_as_before_and_a_strange_file_is_not_opened(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="model_missing"):
        kept(tmp_path)
    keep(trained, tmp_path)
    rows = some_rows(3)
    assert [one.score for one in score_rows(rows, kept(tmp_path))] == [one.score for one in score_rows(rows, trained)]
    from skops.io import dumps

    (tmp_path / "bidding.skops").write_bytes(dumps({"trees": run}))
    with pytest.raises(DomainError, match="model_untrusted"):
        kept(tmp_path)
    for data in (b"", b"PK\x03\x04 no archive", dumps({"tails": {}})):
        (tmp_path / "bidding.skops").write_bytes(data)
        with pytest.raises(DomainError, match="model_untrusted"):
            kept(tmp_path)


def test_the_doors_do_not_load_the_library() -> None:
    code = "import sys, web.commands, web.app, web.scheduler; print('sklearn' in sys.modules, 'skops' in sys.modules)"
    said = run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert said == ["False", "False"]


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="the real records lie outside the repository: ../shared/data")
def test_the_goals_on_the_dataset() -> None:
    """Learned from one half of the auctions, to save time: what is kept learns from four parts of five."""
    with DATA.open("rb") as stream:
        rows = [row for row in read_features(stream, labelled=True) if isinstance(row, Row)]
    place = COLUMNS.index("Successive_Outbidding")
    rows = [replace(row, values=(*row.values[:place], math.nan, *row.values[place + 1 :])) for row in rows]
    assert len(rows) == 4496
    figures = train(rows, folds=2).card["pr_auc"]["without_successive_outbidding"]
    assert figures["supervised"] >= 0.75
    assert figures["unsupervised"] >= 0.50

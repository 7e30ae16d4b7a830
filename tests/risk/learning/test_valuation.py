"""What is learned of a market whose truth is known, and what is refused, skipped or not said."""

import io
import math
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from skops.io import dumps

from auction.kernel.errors import DomainError
from risk.imports.lines import RefusedRow
from risk.learning.valuation import fitting, intervals, keeping, training, worker
from risk.learning.valuation.model import Model
from risk.learning.valuation.profiles import PROFILES, series_of
from risk.learning.valuation.reading import COLUMNS, Record, read_records, record, shown
from risk.learning.valuation.worker import ask
from tests.risk.learning import market

pytestmark = pytest.mark.slow

DAY = date(2026, 3, 2)
HOMES = COLUMNS["real_estate"]
SOURCE = training.Source("market.csv", "0" * 64, 0)
REAL = Path(__file__).parents[4] / "shared" / "data"


def read(data: bytes, kind: str = "real_estate", *, priced: bool = True) -> list[Record | RefusedRow]:
    return list(read_records(io.BytesIO(data), COLUMNS[kind], priced=priced))


def good(data: bytes, kind: str = "real_estate") -> list[Record]:
    return [row for row in read(data, kind) if isinstance(row, Record)]


def learned(records: list[Record], kind: str = "real_estate") -> Model:
    """What training makes of them, with small forests: how good the real ones are is for the benchmark."""
    return training.train(records, kind, SOURCE, trained_on=DAY, rounds=30)


def is_held(row: Record) -> bool:
    """Of a community that is left out of training."""
    return row.word("community")[2:] in ("公寓", "苑")


@pytest.fixture(scope="module")
def model() -> Model:
    """Learned from all communities but the held ones."""
    rest = [row for row in good(market.csv(1)) if not is_held(row)]
    return learned(rest)


def test_communities_that_training_never_saw_are_estimated_within_their_intervals(model: Model) -> None:
    held = [row for row in good(market.csv(1)) if is_held(row)]
    said = [(each, row.price_fen or 0) for each, row in zip(model.value(held, DAY), held, strict=True)]
    assert len(said) == 108
    assert np.mean([abs((each.mid_fen or 0) - price) / price for each, price in said]) < 0.15
    inside = np.mean([(each.low_fen or 0) <= price <= (each.high_fen or 0) for each, price in said])
    assert inside > 0.6  # 80 % is promised; these are twelve communities, and each stands or falls as a whole


def test_a_known_community_is_estimated_better_than_the_card_promises_for_unknown_ones(model: Model) -> None:
    known = model.card["known_groups"]
    assert known["rows"] == 324
    assert known["mape"] < model.card["errors"]["mape"] < 0.13


def test_the_card_tells_data_split_errors_and_coverage_by_price(model: Model) -> None:
    card = model.card
    assert card["data"]["rows"] == 324 and card["data"]["groups"] == 36 and card["data"]["prices"] == "asking"
    assert card["split"] == {"kind": "whole_groups", "group": "community", "folds": 5, "seed": 1}
    assert len(card["errors"]["coverage_by_fifth"]) == 5 and 0.76 <= card["errors"]["coverage"] <= 0.86
    assert sum(card["members"].values()) == 1 and card["promised"] == 0.8


def test_the_drivers_multiply_to_the_estimate(model: Model) -> None:
    for estimate in model.value(good(market.csv(3))[:30], DAY):
        assert estimate.mid_fen is not None
        total = sum(each["effect"] for each in estimate.drivers)
        assert math.exp(total) == pytest.approx(estimate.mid_fen, rel=0.002)


def test_comparables_are_lots_of_the_file_the_own_community_first(model: Model) -> None:
    records = [row for row in good(market.csv(1)) if not is_held(row)]
    by_line = {row.line: row for row in records}
    estimate = model.value(records[:1], DAY)[0]
    assert len(estimate.comparables) == 3
    for each in estimate.comparables:
        assert by_line[each["line"]].price_fen == each["price_fen"]
        assert each["same_group"] and each["facts"]["community"] == records[0].word("community")


def test_what_is_told_of_a_comparable_has_one_type_a_column() -> None:
    columns = ("area_m2", "rooms", "mileage_km", "registered_on", "community", "model")
    rows = [
        record(2, {"area_m2": "60", "rooms": "2.0", "community": "望京新城"}, HOMES, priced=False),
        record(3, {"area_m2": "60.456", "rooms": None, "community": "5"}, HOMES, priced=False),
        record(4, {"registered_on": "2016.0", "mileage_km": "90000", "model": "x"}, COLUMNS["vehicle"], priced=False),
        record(5, {"registered_on": "2016年7月", "mileage_km": "0.5"}, COLUMNS["vehicle"], priced=False),
        record(6, {"registered_on": "2016/7/1"}, COLUMNS["vehicle"], priced=False),
    ]
    told = [shown(row, columns) for row in rows]
    assert told[0] == {"area_m2": 60.0, "rooms": 2.0, "community": "望京新城"}
    assert told[1] == {"area_m2": 60.46, "community": "5"}
    assert [each.get("registered_on") for each in told[2:]] == ["2016", "2016-07", "2016-07-01"]
    types = {(column, type(value)) for each in told for column, value in each.items()}
    assert len(types) == len(columns)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"area_m2": None}, "cell_missing"),
        ({"area_m2": "many"}, "cell_unreadable"),
        ({"area_m2": "4000"}, "out_of_reach"),
        ({"area_m2": "5"}, "out_of_reach"),
        ({"city": "上海"}, "word_unknown"),
        ({"built_year": "2099"}, "after_today"),
        ({"built_year": "2012", "sold_on": "2011-05"}, "after_sale"),
        ({"built_year": "2012", "sold_on": "2012"}, None),
        ({"sold_on": "2026-03-03"}, "after_today"),
        ({"built_year": "1900"}, "out_of_reach"),
        (dict.fromkeys(("rooms", "halls", "floor", "floors", "built_year", "community")), "cells_few"),
        ({"rooms": None, "decoration": "精装", "floor": "3", "city": "北京市", "community": "从未有过"}, None),
    ],
)  # fmt: skip
def test_a_lot_unlike_the_training_data_gets_a_reason_and_no_amount(
    model: Model, changes: dict[str, str | None], reason: str | None
) -> None:
    cells = dict(zip(market.COLUMNS.split(","), next(market.rows(1)), strict=True))
    asked = record(2, {**cells, **changes}, HOMES, priced=False)
    (estimate,) = model.value([asked], DAY)
    assert estimate.abstained == reason
    assert (estimate.mid_fen is None) == (reason is not None)
    if reason is None:
        assert 0 < estimate.low_fen < estimate.mid_fen < estimate.high_fen  # type: ignore[operator]


def test_a_car_registered_tomorrow_or_with_a_price_no_car_has_gets_a_reason() -> None:
    """A size far below what training saw is as far out as one far above."""
    cars = COLUMNS["vehicle"]
    reach = {"new_price_fen": [5_000_000.0, 90_000_000.0], "registered_on": [2005.0, 2025.0]}
    state = {"asset_type": "vehicle", "range": {"known": {}, "filled": {}, "reach": reach, "brands": []}}
    asked = {
        "cell": ({"new_price_fen": "1"}, "out_of_reach"),
        "dear": ({"new_price_fen": "200000000"}, "out_of_reach"),
        "tomorrow": ({"registered_on": "2026-03-03"}, "after_today"),
        "old": ({"registered_on": "1960-01-01"}, "out_of_reach"),
    }
    cells = {"registered_on": "2018-01-01", "model": "x", "new_price_fen": "20000000"}
    records = [record(2, cells | changed, cars, priced=False) for changed, _ in asked.values()]
    found = Model(state, {}).value(records, DAY)
    assert [each.abstained for each in found] == [reason for _, reason in asked.values()]
    assert found[0].abstained_facts["column"] == "new_price_fen"
    assert found[2].abstained_facts == {"column": "registered_on", "value": "2026-03-03"}


def test_cells_that_could_not_be_used_are_named(model: Model) -> None:
    cells = dict(zip(market.COLUMNS.split(","), next(market.rows(1)), strict=True))
    asked = [record(2, cells | changed, HOMES, priced=False) for changed in ({"rooms": "-2", "built_year": "2500"}, {})]
    odd, plain = model.value(asked, DAY)
    assert (odd.as_data()["unused"], plain.as_data()["unused"]) == (["rooms", "built_year"], [])
    assert odd.abstained is None


def test_homes_whose_names_begin_alike_tell_of_each_other_and_not_of_themselves() -> None:
    """Two quarters of one district, told apart only by how names begin; every name is another."""
    lines = [market.COLUMNS]
    for n in range(60):
        start, unit = (("望京", 6_000_000), ("安贞", 3_000_000))[n % 2]
        lines += [f"{unit * 60 + at},60,北京,朝阳,{start}{chr(0x4E00 + 37 * n)}院,2,1,中楼,18,2000" for at in range(4)]
    records = good("\n".join(lines).encode())
    profile = PROFILES["real_estate"]
    table = profile.table(records, 2026.0)
    target = np.log([row.price_fen or 0 for row in records]) - table.unit
    weight = np.ones(len(table))
    kept, own = fitting._beginnings(profile, table, table.numbers, target, weight)
    alike = fitting._alike(kept, table, own)
    dear = np.array([name.startswith("望京") for name in table.text])
    assert alike[dear, 0].min() > 0.2 and alike[~dear, 0].max() < -0.2
    assert set(alike[:, 1]) == {29.0}  # of the thirty that begin so, the own one is left out
    assert fitting._beginnings(PROFILES["vehicle"], table, table.numbers, target, weight) == ([], {})


def test_too_few_rows_or_an_unknown_type_train_nothing() -> None:
    with pytest.raises(DomainError) as few:
        training.train(good(market.csv(1))[:150], "real_estate", SOURCE, trained_on=DAY)
    assert few.value.code == "valuation_too_few" and few.value.facts["rows"] == 150
    with pytest.raises(DomainError) as unknown:
        training.train(good(market.csv(1)), "vessel", SOURCE, trained_on=DAY)
    assert unknown.value.code == "valuation_type_unknown"


def test_empty_columns_and_nameless_rows_can_be_learned_from() -> None:
    lines = market.csv(4, communities=24).decode().splitlines()
    bare = "\n".join(",".join(cell for n, cell in enumerate(line.split(",")) if n in (0, 1, 5)) for line in lines)
    trained = learned(good(bare.encode()))
    estimate = trained.value([record(2, {"area_m2": "60", "rooms": "2"}, HOMES, priced=False)], DAY)[0]
    assert estimate.mid_fen is not None


# Files as they come


def test_a_file_in_gbk_with_bad_rows_is_read_line_by_line() -> None:
    text = (
        "area_m2,price_fen,community,note,floor,latitude\r\n"
        "60,100000000,芍药居北里,=1+1,低楼,39.9\r\n"
        "60,,芍药居北里,x,低楼,39.9\r\n"
        "60,-5,芍药居北里,x,低楼,39.9\r\n"
        "60,nan,芍药居北里,x,低楼,39.9\r\n"
        ",100000000,芍药居北里,x,低楼,39.9\r\n"
        '60,100000000,"芍药居北里,x,低楼,39.9\r\n'
        "60,100000000,芍药居北里\r\n"
        "６０.5㎡,100000000,芍药居北里,x,低楼,39.9\r\n"
        "60.0,16260000.000000002,芍药居北里,x,3.0,999\r\n"
    )
    rows = read(text.encode("gb18030"))
    assert [(row.line, row.field, row.code) for row in rows if isinstance(row, RefusedRow)] == [
        (3, "price_fen", "required"),
        (4, "price_fen", "price_invalid"),
        (5, "price_fen", "price_invalid"),
        (6, "area_m2", "required"),
        (7, None, "quotes_unbalanced"),
        (8, None, "column_count"),
        (9, "area_m2", "number_invalid"),
    ]
    first, last = (row for row in rows if isinstance(row, Record))
    assert first.word("community") == "芍药居北里" and "note" not in first.cells
    assert last.price_fen == 16260000 and last.unread == ("latitude",) and last.word("floor") == "3.0"


@pytest.mark.parametrize(
    "data", [b"", b"\xef\xbb\xbf", b"price_fen,city\n1,x\n", b"area_m2,area_m2,price_fen\n1,2,3\n"]
)
def test_a_header_without_what_is_needed_refuses_the_file(data: bytes) -> None:
    (refused,) = read(data)
    assert isinstance(refused, RefusedRow) and refused.line == 1


@pytest.mark.parametrize(
    ("text", "year"),
    [("2016-07-01", 2016.5), ("2016年7月", 2016.5), ("2016/7", 2016.5), ("2016", 2016.0), ("2016.0", 2016.0)],
)
def test_days_are_read_as_people_write_them(text: str, year: float) -> None:
    assert record(2, {"registered_on": text}, COLUMNS["vehicle"], priced=False).number("registered_on") == year


def test_the_series_is_what_stands_before_the_year() -> None:
    assert series_of("大众 高尔夫 2016款 1.6L 自动时尚型", "大众") == "大众 高尔夫"
    assert series_of("2012款 1.6L ONE", "MINI") == "MINI"
    assert series_of("卡罗拉", "丰田") == "卡罗拉"


@pytest.mark.parametrize(
    ("floor", "floors", "word", "height"),
    [("低楼", "24.0", "低", 0.2), ("3", "6", "中", 0.4), ("6.0", "6", "顶", 1.0), ("1", None, "底", 0.0),
     ("高楼层(共18层)", None, "高", 0.8), ("地下室", "2", "地下", -0.1), ("-1", None, "地下", -0.1)],
)  # fmt: skip
def test_storeys_are_understood_as_words_and_numbers(floor: str, floors: str | None, word: str, height: float) -> None:
    table = PROFILES["real_estate"].table(
        [record(2, {"area_m2": "60", "floor": floor, "floors": floors}, HOMES, priced=False)], 2020.0
    )
    assert table.words[2][0] == word
    assert table.numbers[0, 4] == pytest.approx(height)


# The parts


def test_no_group_is_on_both_sides_of_a_fold() -> None:
    group = np.array([f"g{n % 37}" for n in range(400)], dtype=object)
    part = fitting.split(group, 5, seed=3)
    assert set(part) == set(range(5))
    assert all(len(set(part[group == name])) == 1 for name in set(group))
    assert not np.array_equal(part, fitting.split(group, 5, seed=4))


def test_intervals_cover_every_fifth_of_the_prices_also_the_dearest() -> None:
    dice = np.random.default_rng(7)
    truth = dice.normal(15, 0.6, 4000)
    middle = 15 + 0.75 * (truth - 15) + dice.normal(0, 0.2, 4000)  # estimates are drawn to the middle
    scale = np.full(4000, 0.2)
    bands = intervals.calibrate(middle[:2000], truth[:2000], scale[:2000])
    low, high = bands.interval(middle[2000:], scale[2000:])
    inside = (low <= truth[2000:]) & (truth[2000:] <= high)
    fifth = intervals.fifths(truth[2000:])
    assert 0.76 <= inside.mean() <= 0.86
    assert min(inside[fifth == each].mean() for each in range(5)) >= 0.70


def test_neighbours_tell_the_price_of_a_place() -> None:
    dice = np.random.default_rng(2)
    lines = ["price_fen,area_m2,community,latitude,longitude"]
    for number in range(120):
        north, east = dice.uniform(0, 0.3, 2)
        for _ in range(4):
            price = 3_000_000 * np.exp(4 * north) * np.exp(dice.normal(0, 0.05))
            lines.append(f"{price * 60:.0f},60,社区{number},{39 + north:.5f},{116 + east:.5f}")
    trained = learned(good("\n".join(lines).encode()))
    assert trained.card["errors"]["mape"] < 0.08
    asked = [
        record(2, {"area_m2": "60", "latitude": f"{39 + north}", "longitude": "116.15"}, HOMES, priced=False)
        for north in (0.05, 0.25)
    ]  # fmt: skip
    south, far = (each.mid_fen or 0 for each in trained.value(asked, DAY))
    assert far / south == pytest.approx(math.exp(0.8), rel=0.25)


# Files of models


def test_a_model_comes_back_from_its_file_unchanged(model: Model, tmp_path: Path) -> None:
    digest = keeping.save(model, tmp_path / "real_estate" / "m.skops")
    again = keeping.load(tmp_path / "real_estate" / "m.skops", digest)
    some = good(market.csv(2))[:5]
    one, other = ([each.as_data() for each in each_of.value(some, DAY)] for each_of in (again, model))
    assert one == other
    assert again.card == model.card
    assert [each.name for each in (tmp_path / "real_estate").iterdir()] == ["m.skops"]


def test_a_file_that_was_changed_or_holds_code_is_refused(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "m.skops"
    digest = keeping.save(model, path)

    def refused(sha256: str) -> str:
        with pytest.raises(DomainError) as error:
            keeping.load(path, sha256)
        return error.value.code

    path.write_bytes(path.read_bytes() + b"x")
    assert refused(digest) == "valuation_model_changed"
    for content in (dumps({"text": LogisticRegression, "arrays": [print]}), dumps({"text": "{}", "arrays": []}), b"no"):
        path.write_bytes(content)
        assert refused(keeping.hashlib.sha256(content).hexdigest()) == "valuation_model_untrusted"
    path.unlink()
    assert refused(digest) == "valuation_model_missing"


def test_a_worker_says_what_the_model_says(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "m.skops"
    digest = keeping.save(model, path)
    cells = dict(zip(market.COLUMNS.split(","), next(market.rows(1)), strict=True))
    answer = ask(path, digest, [cells, {"city": "北京"}, {"area_m2": "x"}], DAY)
    own = model.value([record(0, cells, HOMES, priced=False)], DAY)[0]
    assert answer["estimates"][0]["mid_fen"] == own.mid_fen
    assert [each["abstained"] for each in answer["estimates"]] == [None, "cell_missing", "cell_unreadable"]
    assert 0 < answer["memory_kb"] < 1_000_000
    with pytest.raises(DomainError) as error:
        ask(path, "0" * 64, [cells], DAY)
    assert error.value.code == "valuation_model_changed"


def test_a_worker_is_told_no_key_of_the_house(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given: dict[str, str] = {}

    def started(command: list[str], *, env: dict[str, str], **more: Any) -> CompletedProcess[str]:
        given.update(env)
        return CompletedProcess(command, 0, '{"estimates": []}', "")

    monkeypatch.setenv("FAPAI_SECRET_KEY", "s" * 43)
    monkeypatch.setattr(worker, "run", started)
    assert ask(tmp_path / "m.skops", "0" * 64, [], DAY) == {"estimates": []}
    assert "PATH" in given and given["OMP_NUM_THREADS"] == "1"
    assert not [name for name in given if name.startswith("FAPAI_")]


def test_series_of_real_cars_held_out_are_within_reach() -> None:
    path = REAL / "vehicles.csv"
    if not path.exists():
        pytest.skip("the real records lie outside the repository: ../shared/data")
    header, *lines = path.read_bytes().splitlines(keepends=True)
    records = good(b"".join([header, *lines[::30]]), "vehicle")
    table = PROFILES["vehicle"].table(records, 2021.0)
    part = fitting.split(table.group, 5, seed=1)
    rest = [row for row, fold in zip(records, part, strict=True) if fold]
    held = [row for row, fold in zip(records, part, strict=True) if not fold]
    trained = learned(rest, "vehicle")
    answers = trained.value(held, DAY)
    said = [(each, row.price_fen or 0) for each, row in zip(answers, held, strict=True) if each.mid_fen]
    assert len(said) > 0.9 * len(held)
    assert np.mean([abs((each.mid_fen or 0) - price) / price for each, price in said]) < 0.18

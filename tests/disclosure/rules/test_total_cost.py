"""What a buyer pays in the end: every line by what the sheet tells, unknown where it does not; never the debtor's."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from auction.rules.lot import AssetType
from disclosure.rules.catalogue import Catalogue, load
from disclosure.rules.cost_rates import from_data
from disclosure.rules.cost_rates import load as load_rates
from disclosure.rules.sheet import Sheet
from disclosure.rules.total_cost import CostFacts, TotalCost, total_cost

TODAY = date(2026, 3, 2)
PRICE = 256_600_000
ARREARS = {"as_of": "2025-10-12"}
LINE = {"code": "x", "payer": "buyer", "title": {"zh": "某", "en": "x"}}
RATE = {"of": "price", "parts": ["0", "0", "1"], "basis": {"zh": "某", "en": "x"}}

Spoil = Callable[..., Sheet]


def cost(sheet: Sheet, kind: str = "real_estate", price: int = PRICE) -> TotalCost:
    return total_cost(sheet, kind, price, TODAY, load_rates())


def line(sheet: Sheet, code: str, kind: str = "real_estate") -> CostFacts:
    return next(each for each in cost(sheet, kind).lines if each.code == code)


def amounts(each: CostFacts) -> tuple[int | None, int | None, int | None]:
    return each.low_fen, each.likely_fen, each.high_fen


@pytest.mark.parametrize(
    ("item", "state", "data", "code", "expected"),
    [
        ("area_and_use", "found", {"building_area_m2": 128.6}, "deed_tax", (2_566_000, 2_566_000, 12_830_000)),
        ("area_and_use", "found", {"building_area_m2": 140}, "deed_tax", (2_566_000, 2_566_000, 12_830_000)),
        ("area_and_use", "found", {"building_area_m2": 140.01}, "deed_tax", (3_849_000, 3_849_000, 12_830_000)),
        ("area_and_use", "found", {"building_area_m2": None}, "deed_tax", (2_566_000, 3_849_000, 12_830_000)),
        ("area_and_use", "found", {"planned_use": "office"}, "deed_tax", (7_698_000, 7_698_000, 12_830_000)),
        ("area_and_use", "found", {}, "stamp_duty", (0, 0, 128_300)),
        ("area_and_use", "found", {"planned_use": "office"}, "stamp_duty", (0, 128_300, 128_300)),
        ("area_and_use", "found", {}, "registration_fee", (8000, 8000, 8000)),
        ("area_and_use", "found", {"planned_use": "office"}, "registration_fee", (8000, 55_000, 55_000)),
        ("arrears", "none", {}, "property_fee", (0, 0, 0)),
        ("arrears", "found", ARREARS | {"property_fee_fen": 1_842_000}, "property_fee", (0, 1_842_000, 1_842_000)),
        ("arrears", "found", ARREARS | {"property_fee_fen": 1_842_000}, "utilities", (None, None, None)),
        ("arrears", "found", ARREARS | {"utilities_fen": 0}, "utilities", (0, 0, 0)),
        ("land_type", "found", {"premium_due": False}, "land_premium", (0, 0, 0)),
        ("land_type", "found", {"premium_due": None}, "land_premium", (0, 0, 0)),
        ("land_type", "found", {"premium_due": None, "nature": "allocated"}, "land_premium", (None, None, None)),
        ("land_type", "found", {"premium_due": True, "nature": "allocated"}, "land_premium", (None, None, None)),
        ("arrears", "found", ARREARS | {"land_premium_fen": 100}, "land_premium", (100, 100, 100)),
        ("contents", "none", {}, "belongings", (0, 50_000, 100_000)),
        ("contents", "found", {"belongings": "few"}, "belongings", (50_000, 200_000, 500_000)),
        ("contents", "found", {"belongings": "bulky"}, "belongings", (None, None, None)),
        ("defects", "none", {}, "repair", (0, 0, 0)),
        ("defects", "found", {"quality": "漏水"}, "repair", (None, None, None)),
        ("defects", "found", {"repair_estimate_fen": 700_000}, "repair", (700_000, 700_000, 700_000)),
        ("taxes", "found", {"allocation": "court_decided", "estimate_fen": 9}, "court_decided", (0, 9, None)),
        ("taxes", "found", {"allocation": "court_decided"}, "court_decided", (None, None, None)),
        ("title", "found", {"registered_on": "2015-03-12"}, "vat", (0, 0, None)),
        ("title", "found", {"registered_on": "2024-03-03"}, "vat", (None, None, None)),
        ("title", "found", {"registered_on": "2024-03-02"}, "vat", (0, 0, None)),
        ("title", "found", {"registered_on": None}, "vat", (None, None, None)),
    ],
)
def test_each_line_of_a_house_follows_from_the_sheet(
    spoil: Spoil, item: str, state: str, data: Mapping[str, Any], code: str, expected: Any
) -> None:
    told = line(spoil(load("real_estate"), item, data, state=state), code)
    assert amounts(told) == expected
    assert told.unknown is (None in expected)
    assert told.depends is not None or not told.unknown


@pytest.mark.parametrize(
    ("item", "state", "data", "code", "payer", "expected"),
    [
        ("violations", "none", {}, "violations", "unclear", (0, 0, 0)),
        ("violations", "found", {"count": 3, "fines_fen": 60_000}, "violations", "unclear", (0, 60_000, 60_000)),
        ("violations", "found", {"count": 3}, "violations", "unclear", (None, None, None)),
        ("arrears", "found", {"storage_fee_fen": 5000}, "storage", "debtor", (5000, 5000, 5000)),
        ("emission", "found", {"standard": "electric"}, "vehicle_purchase_tax", "buyer", (0, None, None)),
        ("emission", "found", {"standard": "china_6"}, "vehicle_purchase_tax", "buyer", (0, 0, 0)),
    ],
)
def test_each_line_of_a_vehicle(
    spoil: Spoil, item: str, state: str, data: Mapping[str, Any], code: str, payer: str, expected: Any
) -> None:
    told = line(spoil(load("vehicle"), item, data, state=state), code, "vehicle")
    assert (told.payer, amounts(told)) == (payer, expected)


def test_the_debtors_taxes_never_enter_the_buyers_total(spoil: Spoil) -> None:
    told = cost(spoil(load("real_estate"), "arrears", ARREARS | {"property_fee_fen": 1_842_000}, state="found"))
    mine = [each for each in told.lines if each.payer in ("buyer", "unclear")]
    assert {each.code for each in told.lines if each.payer == "debtor"} >= {"vat", "land_vat", "income_tax"}
    assert told.high_fen == sum(each.high_fen or 0 for each in mine)
    assert told.low_fen == PRICE + 2_566_000 + 8000
    assert told.low_fen <= told.likely_fen <= told.high_fen
    assert {"utilities", "other_arrears"} <= set(told.unknown)


@pytest.mark.parametrize(
    ("arranged", "payer"),
    [
        ("由本院从价款中结清", "debtor"),
        ("由本院在交付前从拍卖成交价款中优先支付。", "debtor"),
        ("从价款中支付一年，其余由买受人承担", "unclear"),
        ("不从价款中支付", "unclear"),
        ("可从价款中支付，以物业公司主张为准", "unclear"),
        ("由买受人承担", "unclear"),
        ("待协商", "unclear"),
        (None, "unclear"),
    ],
)
def test_arrears_the_court_pays_from_the_price_are_not_the_buyers(
    spoil: Spoil, arranged: str | None, payer: str
) -> None:
    data = ARREARS | {"property_fee_fen": 486_000, "settlement": arranged}
    told = cost(spoil(load("real_estate"), "arrears", data, state="found"))
    fee = next(each for each in told.lines if each.code == "property_fee")
    settled = payer == "debtor"
    assert (fee.payer, fee.is_counted) == (payer, not settled)
    assert amounts(fee) == ((486_000, 486_000, 486_000) if settled else (0, 486_000, 486_000))
    assert (str(arranged).rstrip("。") in fee.basis["zh"]) is settled
    counted = [each for each in told.lines if each.payer in ("buyer", "unclear")]
    assert told.high_fen == sum(each.high_fen or 0 for each in counted)
    assert {"utilities", "other_arrears"} <= set(told.unknown)


def test_an_amount_of_arrears_not_filled_in_says_that_it_is_missing(spoil: Spoil) -> None:
    untold = line(spoil(load("real_estate"), "arrears", ARREARS, state="found"), "utilities")
    assert untold.depends is not None and "未填写本项数额" in untold.depends["zh"]
    known = line(spoil(load("real_estate"), "arrears", ARREARS | {"utilities_fen": 0}, state="found"), "utilities")
    assert known.depends is not None and "未填写本项数额" not in known.depends["zh"]


def test_clearing_is_the_courts_and_costs_the_buyer_nothing(spoil: Spoil) -> None:
    occupied = spoil(load("real_estate"), "possession", {"occupied": True})
    told = line(occupied, "clearance")
    assert (told.payer, amounts(told), told.is_counted) == ("court", (0, 0, 0), False)
    assert "clearance" not in {each.code for each in cost(spoil(load("real_estate"), "defects")).lines}


def test_a_sheet_that_tells_nothing_leaves_everything_unknown_and_nothing_zero() -> None:
    told = cost(Sheet())
    for code in ("land_premium", "property_fee", "utilities", "other_arrears", "belongings", "repair"):
        assert code in told.unknown
        assert amounts(next(each for each in told.lines if each.code == code)) == (None, None, None)


@pytest.mark.parametrize("kind", [kind.value for kind in AssetType])
@pytest.mark.parametrize("price", [1, 10**15])
def test_every_kind_of_lot_is_reckoned_at_any_price(
    filled: Callable[[Catalogue], Sheet], kind: str, price: int
) -> None:
    told = cost(filled(load(kind)), kind, price)
    assert told.lines[0].code == "price"
    assert amounts(told.lines[0]) == (price, price, price)
    assert price <= told.low_fen <= told.likely_fen
    for each in told.lines:
        assert each.basis["zh"]
        assert each.basis["en"]


@pytest.mark.parametrize("price", [0, -1, True, 1.0])
def test_what_is_no_price_is_refused(price: Any) -> None:
    with pytest.raises(ValueError, match="integer"):
        cost(Sheet(), price=price)


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        (LINE | {"payer": "nobody", "rates": [RATE]}, "nobody is called"),
        (LINE | {"rates": []}, "its last rate"),
        (LINE | {"rates": [RATE, RATE]}, "its last rate"),
        (LINE | {"rates": [RATE | {"when": {"use": ["residential"]}}]}, "its last rate"),
        (LINE | {"rates": [RATE | {"parts": ["1", "0", "2"]}]}, "do not rise"),
        (LINE | {"rates": [RATE | {"parts": ["0", "1"]}]}, "do not rise"),
        (LINE | {"rates": [RATE | {"parts": ["?", "?", "?"]}]}, "hangs on"),
        (LINE | {"rates": [RATE | {"when": {"use": ["palace"]}}, RATE]}, "no sheet tells"),
        (LINE | {"rates": [{"of": "price"}]}, "not a table"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(entry: Any, wrong: str) -> None:
    data = {"name": "x", "valid_from": "2026-01-01", "title": {"zh": "某", "en": "x"}, "lines": [entry]}
    with pytest.raises(ValueError, match=wrong):
        from_data(data)


def test_no_line_stands_twice() -> None:
    data = {"name": "x", "valid_from": "2026-01-01", "title": {"zh": "某", "en": "x"}}
    with pytest.raises(ValueError, match="stands twice"):
        from_data(data | {"lines": [LINE | {"rates": [RATE]}] * 2})

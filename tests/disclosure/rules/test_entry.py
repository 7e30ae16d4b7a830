from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auction.rules.lot import AssetType
from disclosure.rules.catalogue import Catalogue, Item, load
from disclosure.rules.entry import MOST_FILES, MOST_SOURCE, MOST_STATEMENT, MOST_TEXT, check_item, read_item
from disclosure.rules.sheet import File, Sheet
from tests.disclosure.seals import seal

ITEMS = [item for asset_type in AssetType for item in load(asset_type).items]


def errors(item: Item, sent: dict[str, Any], today: date) -> list[tuple[str, str]]:
    return [(finding.code, finding.field) for finding in check_item(item, sent, today) if finding.is_error]


@pytest.mark.parametrize(
    ("code", "change", "expected"),
    [
        ("title", {"surprise": 1}, ("unknown_field", "surprise")),
        ("title", {"checker": "me"}, ("unknown_field", "checker")),
        ("title", {"state": "maybe"}, ("state_invalid", "state")),
        ("title", {"state": None}, ("state_invalid", "state")),
        ("title", {"state": ["found"]}, ("state_invalid", "state")),
        ("title", {"state": "none"}, ("state_not_allowed", "state")),
        ("title", {"state": "exempt"}, ("state_not_allowed", "state")),
        ("possession", {"state": "not_applicable"}, ("state_not_allowed", "state")),
        ("title", {"statement": 5}, ("wrong_type", "statement")),
        ("title", {"statement": None}, ("wrong_type", "statement")),
        ("title", {"statement": "字" * (MOST_STATEMENT + 1)}, ("too_long", "statement")),
        ("title", {"statement": "a\x00b"}, ("bad_characters", "statement")),
        ("title", {"statement": "a\ud800b"}, ("bad_characters", "statement")),
        ("title", {"statement": "a\u202eb"}, ("bad_characters", "statement")),
        ("title", {"source": "x" * (MOST_SOURCE + 1)}, ("too_long", "source")),
        ("title", {"source": {}}, ("wrong_type", "source")),
        ("title", {"checked_on": "2026-03-03"}, ("date_in_future", "checked_on")),
        ("title", {"checked_on": "yesterday"}, ("not_a_date", "checked_on")),
        ("title", {"checked_on": "2026-02-30"}, ("not_a_date", "checked_on")),
        ("title", {"checked_on": "20260302"}, ("not_a_date", "checked_on")),
        ("title", {"checked_on": 20260302}, ("not_a_date", "checked_on")),
        ("title", {"checked_on": datetime(2026, 3, 1)}, ("not_a_date", "checked_on")),  # noqa: DTZ001
        ("title", {"checked_on": "1066-10-14"}, ("date_out_of_range", "checked_on")),
        ("title", {"attachments": "a"}, ("wrong_type", "attachments")),
        ("title", {"attachments": [1]}, ("wrong_type", "attachments")),
        ("title", {"attachments": ["a"] * (MOST_FILES + 1)}, ("too_many", "attachments")),
        ("title", {"data": []}, ("wrong_type", "data")),
        ("title", {"data": None}, ("wrong_type", "data")),
        ("title", {"data": {"surprise": 1}}, ("unknown_field", "data.surprise")),
        ("title", {"data": {"owner": 1}}, ("wrong_type", "data.owner")),
        ("title", {"data": {"owner": ["a"]}}, ("wrong_type", "data.owner")),
        ("title", {"data": {"owner": "字" * (MOST_TEXT + 1)}}, ("too_long", "data.owner")),
        ("title", {"data": {"co_owned": "yes"}}, ("wrong_type", "data.co_owned")),
        ("title", {"data": {"co_owned": 1}}, ("wrong_type", "data.co_owned")),
        ("title", {"data": {"share": True}}, ("wrong_type", "data.share")),
        ("title", {"data": {"share": "1"}}, ("wrong_type", "data.share")),
        ("title", {"data": {"share": float("nan")}}, ("wrong_type", "data.share")),
        ("title", {"data": {"share": 0}}, ("out_of_range", "data.share")),
        ("title", {"data": {"share": 1.01}}, ("out_of_range", "data.share")),
        ("title", {"data": {"share": 10**400}}, ("out_of_range", "data.share")),
        ("title", {"data": {"registered_on": "2026-03-03"}}, ("date_in_future", "data.registered_on")),
        ("title", {"data": {"registered_on": 5}}, ("not_a_date", "data.registered_on")),
        ("area_and_use", {"data": {"total_floors": 1.5}}, ("wrong_type", "data.total_floors")),
        ("area_and_use", {"data": {"total_floors": True}}, ("wrong_type", "data.total_floors")),
        ("area_and_use", {"data": {"total_floors": -1}}, ("out_of_range", "data.total_floors")),
        ("area_and_use", {"data": {"planned_use": "castle"}}, ("not_a_choice", "data.planned_use")),
        ("area_and_use", {"data": {"planned_use": ["residential"]}}, ("not_a_choice", "data.planned_use")),
        ("arrears", {"data": {"property_fee_fen": 10**15 + 1}}, ("out_of_range", "data.property_fee_fen")),
        ("arrears", {"data": {"property_fee_fen": -1}}, ("out_of_range", "data.property_fee_fen")),
        ("arrears", {"data": {"property_fee_fen": 100.0}}, ("wrong_type", "data.property_fee_fen")),
    ],
)
def test_what_is_malformed_is_refused_with_its_field(
    house: Catalogue,
    payload: Callable[[Item], dict[str, Any]],
    today: date,
    code: str,
    change: dict[str, Any],
    expected: tuple[str, str],
) -> None:
    item = house.item(code)
    assert errors(item, payload(item) | change, today) == [expected]


def test_a_check_made_today_is_not_in_the_future(house: Catalogue, today: date) -> None:
    item = house.item("burdens")
    sent = {
        "state": "none",
        "statement": "未发现",
        "data": {},
        "source": "登记簿",
        "checked_on": today,
        "attachments": [],
    }
    assert check_item(item, sent, today) == ()


def test_dates_that_may_lie_ahead_may(house: Catalogue, payload: Callable[[Item], dict[str, Any]], today: date) -> None:
    item = house.item("land_type")
    assert errors(item, payload(item) | {"data": {"nature": "granted", "ends_on": "2099-01-01"}}, today) == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"statement": " 　\n"}, "statement_missing", "statement"),
        ({"source": ""}, "source_missing", "source"),
        ({"checked_on": None}, "date_missing", "checked_on"),
        ({"checked_on": ""}, "date_missing", "checked_on"),
        ({"data": {"co_owned": False, "share": 1}}, "field_missing", "data.owner"),
        ({"data": {"owner": "", "co_owned": False, "share": 1}}, "field_missing", "data.owner"),
        ({"data": {"owner": "甲", "co_owned": True, "share": 0.5}}, "field_missing", "data.co_owners"),
    ],
)
def test_what_is_only_incomplete_can_be_stored_with_a_warning(
    house: Catalogue,
    payload: Callable[[Item], dict[str, Any]],
    today: date,
    change: dict[str, Any],
    code: str,
    field: str,
) -> None:
    item = house.item("title")
    findings = check_item(item, payload(item) | change, today)
    assert [(finding.code, finding.severity, finding.field) for finding in findings] == [(code, "warning", field)]


def test_an_exemption_is_allowed_only_for_the_enforcement_basis(today: date) -> None:
    allowed = {
        (asset_type.value, item.code)
        for asset_type in AssetType
        for item in load(asset_type).items
        if not errors(item, _exempt(), today)
    }
    assert allowed == {(asset_type.value, "enforcement_basis") for asset_type in AssetType}


def _exempt() -> dict[str, Any]:
    return {
        "state": "exempt",
        "statement": "文书涉及未成年人，依法不公开",
        "data": {},
        "source": "卷宗",
        "checked_on": "2026-03-01",
        "attachments": [],
    }


def test_reading_trims_and_leaves_empty_fields_out(house: Catalogue) -> None:
    item = house.item("title")
    sent = {
        "state": "found",
        "statement": "  登记于甲名下。 ",
        "data": {"owner": " 甲 ", "certificate": "", "co_owners": None, "co_owned": False, "share": 1},
        "source": " 登记簿 ",
        "checked_on": "2026-03-01",
        "attachments": ["a", "b", "c"],
    }
    facts = read_item(item, sent, checker=" 乙 ", attachments=[File("b", "22"), File("a", "11"), File("c", "22")])
    assert facts.statement == "登记于甲名下。"
    assert facts.data == {"owner": "甲", "co_owned": False, "share": 1.0}
    assert (facts.source, facts.checker, facts.checked_on) == ("登记簿", "乙", date(2026, 3, 1))
    assert [file.sha256 for file in facts.attachments] == ["11", "22"]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["state", "statement", "data", "source", "checked_on", "attachments"]) | st.text(max_size=6)


@settings(deadline=None)
@given(item=st.sampled_from(ITEMS), sent=st.dictionaries(KEYS, JUNK, max_size=7))
def test_no_payload_breaks_the_check(item: Item, sent: dict[str, Any]) -> None:
    for finding in check_item(item, sent, date(2026, 3, 2)):
        assert finding.severity in ("error", "warning") and finding.basis == item.cited


@settings(deadline=None)
@given(item=st.sampled_from(ITEMS), data=st.data())
def test_what_passes_the_check_can_be_read_and_sealed(item: Item, data: st.DataObject) -> None:
    values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
    choices = [choice.code for field in item.fields for choice in field.choices]
    fields = {field.name: values | st.sampled_from(choices or [""]) for field in item.fields}
    sent = {
        "state": data.draw(st.sampled_from(item.states)),
        "statement": data.draw(st.text(max_size=20)),
        "data": data.draw(st.fixed_dictionaries({}, optional=fields)),
        "source": data.draw(st.text(max_size=10)),
        "checked_on": data.draw(st.none() | st.dates(date(1900, 1, 1), date(2026, 3, 2))),
    }
    if not errors(item, sent, date(2026, 3, 2)):
        facts = read_item(item, sent, checker="示例", attachments=[])
        assert len(seal(Sheet((facts,)))) == 64

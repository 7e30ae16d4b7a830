from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auction.rules.findings import Finding
from auction.rules.lot import AssetType
from disclosure.rules.catalogue import Catalogue, load
from disclosure.rules.entry import read_item
from disclosure.rules.gaps import gaps
from disclosure.rules.sheet import Sheet

REQUIRED = [(asset_type, item.code) for asset_type in AssetType for item in load(asset_type).items if item.required]


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str, object, object]]:
    return [(each.code, each.field, each.facts["reason"], each.facts["missing"]) for each in findings]


@pytest.mark.parametrize("asset_type", list(AssetType))
def test_the_examples_leave_no_gap(asset_type: AssetType, filled: Callable[[Catalogue], Sheet]) -> None:
    catalogue = load(asset_type)
    assert gaps(filled(catalogue), catalogue) == ()


@pytest.mark.parametrize(("asset_type", "code"), REQUIRED)
def test_a_required_item_that_is_not_there_is_exactly_that_gap(
    asset_type: AssetType, code: str, filled: Callable[[Catalogue], Sheet]
) -> None:
    catalogue = load(asset_type)
    sheet = Sheet(tuple(facts for facts in filled(catalogue).items if facts.code != code))
    assert told(gaps(sheet, catalogue)) == [("disclosure_incomplete", f"disclosure.{code}", "missing", "")]
    assert gaps(sheet, catalogue)[0].basis == catalogue.item(code).basis[0]


@pytest.mark.parametrize("asset_type", list(AssetType))
def test_an_empty_sheet_names_every_required_item(asset_type: AssetType) -> None:
    catalogue = load(asset_type)
    found = gaps(Sheet(), catalogue)
    assert [each.facts["item"] for each in found] == [item.code for item in catalogue.items if item.required]
    assert all(each.is_error for each in found)


def test_a_gap_says_in_words_what_is_lacking(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    (finding,) = gaps(spoil(house, "title", {"owner": None}), house)
    assert (finding.facts["lacking"], finding.facts["lacking_en"]) == ("登记权利人", "Registered owner")
    (finding,) = gaps(spoil(house, "title", source="", checked_on=None), house)
    assert (finding.facts["lacking"], finding.facts["lacking_en"]) == ("来源、核查日期", "source, date of the check")
    assert {each.facts["lacking"] for each in gaps(Sheet(), house)} == {"整项"}


def test_an_optional_item_may_be_left_out(house: Catalogue, filled: Callable[[Catalogue], Sheet]) -> None:
    kept = tuple(facts for facts in filled(house).items if house.item(facts.code).required)
    assert gaps(Sheet(kept), house) == ()


UNKNOWN = ["占有不明", "不详", "不清楚", "未知", "待查", "情况不明", "占 有 不 明", "占有情况尚未查明", "unknown"]


@pytest.mark.parametrize("statement", UNKNOWN)
def test_possession_left_unknown_is_named_as_such(
    house: Catalogue, spoil: Callable[..., Sheet], statement: str
) -> None:
    sheet = spoil(house, "possession", statement=statement)
    assert told(gaps(sheet, house)) == [("possession_not_stated", "disclosure.possession", "unstated", "statement")]


@pytest.mark.parametrize("statement", UNKNOWN)
@pytest.mark.parametrize("code", ["lease", "title", "arrears", "household_registration", "taxes", "viewing"])
def test_any_other_item_that_only_says_it_is_not_known_is_incomplete(
    house: Catalogue, spoil: Callable[..., Sheet], code: str, statement: str
) -> None:
    sheet = spoil(house, code, statement=statement)
    assert told(gaps(sheet, house)) == [("disclosure_incomplete", f"disclosure.{code}", "unstated", "statement")]


@pytest.mark.parametrize(
    "statement",
    [
        "经现场查看，房门锁闭，占有情况不明。",
        "房屋由他人占有使用。",
        "被案外人长期占用",
        "房屋由示例乙居住，其占有权利性质不详。",
        "请竞买人自行了解。",
        "以现场为准，竞买人自行核实",
        "",
        "——",
    ],
)
def test_possession_may_leave_nothing_open(house: Catalogue, spoil: Callable[..., Sheet], statement: str) -> None:
    found = gaps(spoil(house, "possession", statement=statement), house)
    assert [each.code for each in found] == ["possession_not_stated"]


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("defects", "室内墙面有渗漏痕迹，此前的维修情况不详，现已停止渗漏。"),
        ("defects", "无明显瑕疵；竞买人接受一切已知和未知瑕疵。"),
        ("title", "登记于被执行人名下，不存在权属不清的情形。"),
        ("burdens", "本案首先查封，轮候查封等待查封期限届满。"),
    ],
)
def test_a_statement_that_tells_something_is_not_refused(
    house: Catalogue, spoil: Callable[..., Sheet], code: str, statement: str
) -> None:
    assert gaps(spoil(house, code, statement=statement), house) == ()


def test_a_person_who_cannot_be_found_does_not_make_possession_unknown(
    house: Catalogue, spoil: Callable[..., Sheet]
) -> None:
    statement = "被执行人下落不明；房屋已由本院腾空并控制，无人居住。"
    assert gaps(spoil(house, "possession", statement=statement), house) == ()


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"source": ""}, "source"),
        ({"source": " — "}, "source"),
        ({"source": "无"}, "source"),
        ({"source": "来源不详"}, "source"),
        ({"checker": ""}, "checker"),
        ({"checked_on": None}, "checked_on"),
        ({"source": "", "checker": " ", "checked_on": None}, "source,checker,checked_on"),
    ],
)
@pytest.mark.parametrize("code", ["possession", "lease"])
def test_no_fact_without_source_checker_and_date(
    house: Catalogue, spoil: Callable[..., Sheet], code: str, change: dict[str, Any], missing: str
) -> None:
    sheet = spoil(house, code, **change)
    assert told(gaps(sheet, house)) == [("disclosure_incomplete", f"disclosure.{code}", "unsourced", missing)]


def test_none_is_an_assertion_and_needs_its_words(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    sheet = spoil(house, "lease", state="none", statement="", source="")
    assert [each.facts["reason"] for each in gaps(sheet, house)] == ["unstated", "unsourced"]


def test_not_applicable_needs_its_reason(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    sheet = spoil(house, "household_registration", state="not_applicable", statement=" ")
    assert told(gaps(sheet, house))[0][2:] == ("unstated", "statement")


@pytest.mark.parametrize("state", ["not_applicable", "exempt"])
def test_a_state_the_item_cannot_have_is_a_gap_even_if_it_was_stored(
    house: Catalogue, spoil: Callable[..., Sheet], state: str
) -> None:
    assert told(gaps(spoil(house, "title", state=state), house))[0][2] == "state"


def test_the_enforcement_basis_may_be_exempt_with_a_reason(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    exempt = spoil(house, "enforcement_basis", state="exempt", statement="涉及国家秘密，依法不予公开")
    assert gaps(exempt, house) == ()
    assert gaps(spoil(house, "enforcement_basis", state="exempt", statement=""), house) != ()


def test_a_required_field_that_is_empty_or_unknown_is_a_gap(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    for owner in (None, "", "不详", "待查"):
        found = gaps(spoil(house, "title", {"owner": owner}), house)
        assert told(found) == [("disclosure_incomplete", "disclosure.title", "unstated", "data.owner")]


def test_possession_without_the_fact_itself_is_not_stated(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    found = gaps(spoil(house, "possession", {"occupied": None}), house)
    assert told(found) == [("possession_not_stated", "disclosure.possession", "unstated", "data.occupied")]


def occupied(house: Catalogue, spoil: Callable[..., Sheet], **data: Any) -> Sheet:
    return spoil(
        house,
        "possession",
        {"occupied": True, "occupant": "示例乙", "since": "2019-05-01", "right": "owner", "vacated_on": None, **data},
        statement="房屋现由被执行人之父示例乙居住。",
    )


PLAN = {"responsible": "示例法官", "due_on": "2026-09-01", "plan": "限期迁出，逾期依法强制迁出。"}


def test_an_occupied_building_needs_a_clearance_plan_with_an_owner_and_a_date(
    house: Catalogue, spoil: Callable[..., Sheet]
) -> None:
    sheet = occupied(house, spoil)
    assert [each.code for each in gaps(sheet, house)] == ["clearance_plan_missing"]
    without = Sheet(tuple(facts for facts in sheet.items if facts.code != "clearance"))
    assert [each.code for each in gaps(without, house)] == ["clearance_plan_missing"]
    stated = spoil(house, "clearance", PLAN, state="found", statement="由本院限期腾空。").get("clearance")
    assert stated is not None
    assert gaps(sheet.replaced(stated), house) == ()
    for name in PLAN:
        poorer = spoil(house, "clearance", {**PLAN, name: None}, state="found", statement="由本院限期腾空。")
        part = poorer.get("clearance")
        assert part is not None
        assert told(gaps(sheet.replaced(part), house)) == [
            ("clearance_plan_missing", "disclosure.clearance", "unstated", f"data.{name}")
        ]


def test_a_vacant_building_needs_no_clearance_plan(house: Catalogue, filled: Callable[[Catalogue], Sheet]) -> None:
    without = Sheet(tuple(facts for facts in filled(house).items if facts.code != "clearance"))
    assert gaps(without, house) == ()


@pytest.mark.parametrize("occupant", [None, "", "他人", "案外人", "第三方", "不详", "somebody"])
def test_an_occupant_has_to_be_named(house: Catalogue, spoil: Callable[..., Sheet], occupant: str | None) -> None:
    found = gaps(occupied(house, spoil, occupant=occupant), house)
    assert ("possession_not_stated", "data.occupant") in [(each.code, each.facts["missing"]) for each in found]


def test_nobody_in_possession_may_be_said_by_none(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    sheet = spoil(house, "possession", data=None, state="none", statement="经现场勘查，无人占有使用。")
    assert gaps(sheet, house) == ()


@settings(deadline=None)
@given(dropped=st.sets(st.sampled_from([code for kind, code in REQUIRED if kind is AssetType.VEHICLE])))
def test_the_gaps_are_exactly_the_items_left_out(dropped: set[str]) -> None:
    catalogue = load("vehicle")
    kept = [item for item in catalogue.items if item.code not in dropped]
    sent = {"source": "登记簿", "checked_on": "2026-03-01"}
    facts = [
        read_item(
            item,
            {"state": item.example.state, "statement": item.example.statement, "data": item.example.data, **sent},
            checker="示例书记员",
            attachments=[],
        )
        for item in kept
    ]
    left = Sheet(tuple(facts))
    assert {each.facts["item"] for each in gaps(left, catalogue)} == dropped

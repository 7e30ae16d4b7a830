from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from auction.rules.findings import Finding
from disclosure.rules.catalogue import Catalogue, Item, load
from disclosure.rules.contradictions import sayings
from disclosure.rules.linter import lint, lint_typed
from disclosure.rules.sheet import File, Sheet

LEASE = {
    "tenant": "示例丁",
    "signed_on": "2023-12-01",
    "starts_on": "2024-01-01",
    "ends_on": "2030-01-01",
    "in_possession": True,
    "before_seizure": True,
    "survives": True,
}


@pytest.fixture
def rules_broken(today: date) -> Callable[[Sheet, Catalogue], list[tuple[object, str, str]]]:
    """The contradictions of a sheet: rule, field, severity."""

    def broken(sheet: Sheet, catalogue: Catalogue) -> list[tuple[object, str, str]]:
        found = lint(sheet, catalogue, today=today)
        return [(each.facts["rule"], each.field, each.severity) for each in found if each.code == "contradiction"]

    return broken


SHELF = "disclosure.shelf_life.data"


def only(findings: tuple[Finding, ...], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


def leased(house: Catalogue, spoil: Callable[..., Sheet], **data: Any) -> Sheet:
    return spoil(house, "lease", {**LEASE, **data}, state="found", statement="房屋设有租赁。")


@pytest.mark.parametrize(
    ("code", "change", "rule", "field", "severity"),
    [
        ("lease", {"state": "found", "data": LEASE}, "vacant_but_leased", "lease.data.in_possession", "error"),
        ("lease", {"state": "found", "data": {**LEASE, "in_possession": False}}, "vacant_but_leased",
         "lease.data.in_possession", "warning"),
        ("lease", {"state": "none", "data": {"tenant": "示例丁"}}, "none_but_data", "lease.data.tenant", "error"),
        ("lease", {"state": "found", "statement": "无。", "data": {**LEASE, "in_possession": False}},
         "found_but_statement_none", "lease.statement", "warning"),
        ("residence_right", {"state": "found", "data": {"holder": "示例己", "survives": True}},
         "vacant_but_residence_right", "residence_right", "warning"),
        ("possession", {"data": {"occupied": True, "vacated_on": None}}, "occupied_without_occupant",
         "possession.data.occupant", "error"),
        ("possession", {"data": {"occupied": False, "occupant": "示例乙"}}, "occupant_without_occupation",
         "possession.data.occupant", "error"),
        ("possession", {"statement": "房屋现由被执行人之父居住。"}, "vacant_but_statement_occupied",
         "possession.statement", "error"),
        ("possession", {"statement": "被执行人乙某一家在内居住。"}, "vacant_but_statement_occupied",
         "possession.statement", "error"),
        ("inspection", {"statement": "未入内勘查。房屋由丙某占有使用。"}, "vacant_but_told_occupied",
         "inspection.statement", "error"),
        ("occupants", {"state": "found", "data": {}, "statement": "老人一名。"}, "vacant_but_told_occupied",
         "occupants.state", "error"),
        ("possession", {"statement": "由被执行人一家居住。"}, "vacant_but_statement_occupied",
         "possession.statement", "error"),
        ("possession", {"state": "none", "data": {"occupied": True, "vacated_on": None, "keys_held": None}},
         "none_but_data", "possession.data.occupied", "error"),
        ("clearance", {"state": "found", "data": {"responsible": "示例法官", "due_on": "2026-09-01", "plan": "迁出"}},
         "clearance_of_a_vacant_lot", "clearance", "warning"),
        ("title", {"data": {"share": 0.5}}, "share_without_co_owner", "title.data.share", "error"),
        ("area_and_use", {"data": {"interior_area_m2": 90.0}}, "interior_larger_than_building",
         "area_and_use.data.interior_area_m2", "error"),
        ("viewing", {"data": {"from": "2026-03-10", "until": "2026-03-09"}}, "dates_reversed",
         "viewing.data.until", "error"),
    ],
)  # fmt: skip
def test_facts_that_cannot_both_be_true(
    house: Catalogue,
    spoil: Callable[..., Sheet],
    rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]],
    code: str,
    change: dict[str, Any],
    rule: str,
    field: str,
    severity: str,
) -> None:
    expected = (rule, f"disclosure.{field}", severity)
    assert expected in rules_broken(spoil(house, code, **change), house)


def test_a_lease_claimed_by_the_occupant_and_denied_by_the_item(
    house: Catalogue,
    spoil: Callable[..., Sheet],
    rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]],
) -> None:
    for right, code in (("lease", "lease"), ("residence", "residence_right")):
        data = {"occupied": True, "occupant": "示例丁", "right": right, "vacated_on": None}
        sheet = spoil(house, "possession", data, statement="房屋由示例丁居住。")
        assert rules_broken(sheet, house) == [(f"{right}_claimed_but_none", f"disclosure.{code}.state", "error")]


def test_an_occupied_and_leased_building_does_not_contradict_itself(
    house: Catalogue,
    spoil: Callable[..., Sheet],
    rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]],
) -> None:
    occupied = {"occupied": True, "occupant": "示例丁", "since": "2024-01-01", "right": "lease", "vacated_on": None}
    facts = spoil(house, "possession", occupied, statement="房屋现由承租人示例丁居住。").get("possession")
    assert facts is not None
    unnamed = ("lessee_not_named", "disclosure.preferential_purchasers.state", "warning")
    assert rules_broken(leased(house, spoil).replaced(facts), house) == [unnamed]


def test_earlier_possession_in_a_vacant_building_is_no_contradiction(
    house: Catalogue,
    spoil: Callable[..., Sheet],
    rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]],
) -> None:
    for statement in ("房屋原由被执行人居住，现已腾空。", "现由本院占有、控制，无人居住。"):
        assert rules_broken(spoil(house, "possession", statement=statement), house) == []


def test_a_lease_cannot_end_before_it_begins(
    house: Catalogue,
    spoil: Callable[..., Sheet],
    rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]],
) -> None:
    sheet = leased(house, spoil, ends_on="2023-12-31", in_possession=False)
    assert ("dates_reversed", "disclosure.lease.data.ends_on", "error") in rules_broken(sheet, house)


@pytest.mark.parametrize(
    ("subscribed", "paid", "full", "wrong"),
    [
        (100, 100, True, False),
        (100, 60, False, False),
        (100, 60, True, True),
        (100, 100, False, True),
        (100, 101, True, True),
    ],
)
def test_capital_has_to_add_up(
    spoil: Callable[..., Sheet],
    rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]],
    subscribed: int,
    paid: int,
    full: bool,
    wrong: bool,
) -> None:
    catalogue = load("equity")
    sheet = spoil(catalogue, "capital", {"subscribed_fen": subscribed, "paid_fen": paid, "fully_paid": full})
    assert bool(rules_broken(sheet, catalogue)) == wrong


def test_banned_goods_cannot_be_sold(
    spoil: Callable[..., Sheet], rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]]
) -> None:
    catalogue = load("goods")
    sheet = spoil(catalogue, "shelf_life", {"sale_banned": True})
    assert rules_broken(sheet, catalogue) == [("sale_banned", "disclosure.shelf_life.data.sale_banned", "error")]


def test_decayed_goods_cannot_be_sold(
    spoil: Callable[..., Sheet], rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]]
) -> None:
    catalogue = load("goods")
    sheet = spoil(catalogue, "shelf_life", {"decayed": True})
    assert rules_broken(sheet, catalogue) == [("decayed", "disclosure.shelf_life.data.decayed", "error")]


@pytest.mark.parametrize(
    ("days", "handed_over", "expected"),
    [
        (-1, None, [("goods_expired", "error")]),
        (0, None, [("goods_expire_soon", "warning")]),
        (29, None, [("goods_expire_soon", "warning")]),
        (30, None, []),
        (-1, 50, [("goods_expired", "error")]),
        (49, 50, [("goods_expire_soon", "warning")]),
        (79, 50, [("goods_expire_soon", "warning")]),
        (80, 50, []),
    ],
)
def test_expired_goods_cannot_be_sold_and_the_panel_is_told_of_those_about_to(
    spoil: Callable[..., Sheet], today: date, days: int, handed_over: int | None, expected: list[tuple[str, str]]
) -> None:
    catalogue = load("goods")
    expires = (today + timedelta(days=days)).isoformat()
    by = today + timedelta(days=handed_over) if handed_over else None
    for perishable in (True, False):
        sheet = spoil(catalogue, "shelf_life", {"perishable": perishable, "expires_on": expires})
        told = [one for one in lint(sheet, catalogue, today=today, handed_over_on=by) if one.code.startswith("goods_")]
        assert [(one.code, one.severity) for one in told] == (expected if perishable else [])
        assert all((one.field, one.facts["day"]) == (f"{SHELF}.expires_on", expires) for one in told)


def test_a_vehicle_held_by_somebody_must_name_him(
    spoil: Callable[..., Sheet], rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]]
) -> None:
    catalogue = load("vehicle")
    sheet = spoil(catalogue, "possession", {"controlled": False})
    assert rules_broken(sheet, catalogue) == [
        ("occupied_without_occupant", "disclosure.possession.data.holder", "error")
    ]


def test_forbidden_words_are_found_in_statements_and_in_fields(
    house: Catalogue, spoil: Callable[..., Sheet], today: date
) -> None:
    said = lint(spoil(house, "taxes", statement="一切税费由买受人承担。"), house, today=today)
    assert [each.field for each in said if each.is_error] == ["disclosure.taxes.statement"]
    filled = lint(spoil(house, "clearance", {"plan": "由买受人自行腾退"}), house, today=today)
    assert "disclosure.clearance.data.plan" in [each.field for each in only(filled, "phrase_forbidden")]


def test_what_a_field_is_asked_for_is_part_of_what_it_says(
    house: Catalogue, spoil: Callable[..., Sheet], today: date
) -> None:
    borne = {"buyer_bears": "办理过户产生的双方全部税费", "debtor_bears": "无"}
    for code, data, name in (
        ("taxes", borne, "buyer_bears"),
        ("clearance", {"responsible": "买受人"}, "responsible"),
        ("clearance", {"responsible": "示例法官", "plan": "买受人与占有人协商"}, "plan"),
    ):
        said = lint(spoil(house, code, data), house, today=today)
        wrong = [each.field for each in only(said, "phrase_forbidden") if each.is_error]
        assert wrong == [f"disclosure.{code}.data.{name}"]


@pytest.mark.parametrize("text", ["案外人占有", "由他人占有，具体情况不详", "以实际情况为准"])
@pytest.mark.parametrize("state", ["found", None])
def test_possession_that_names_nobody_is_told_while_it_is_typed(
    house: Catalogue, payload: Callable[[Item], dict[str, Any]], today: date, text: str, state: str | None
) -> None:
    item = house.item("possession")
    for said, told in (({"statement": text}, True), ({"statement": "由示例甲占有"}, False), ({"statement": ""}, False)):
        typed = {**payload(item), "state": state, **said}
        found = lint_typed(Sheet(), house, item, typed, [], checker="示例", today=today)
        vague = [one for one in found if one.code == "possession_not_stated" and "statement" in one.facts["missing"]]
        assert bool(vague) is (told or (state == "found" and not said["statement"]))


def test_a_check_is_stale_the_day_after_its_limit(house: Catalogue, spoil: Callable[..., Sheet], today: date) -> None:
    limit = house.source_max_age_days
    for days, stale in ((limit, False), (limit + 1, True)):
        sheet = spoil(house, "burdens", checked_on=today - timedelta(days=days))
        found = only(lint(sheet, house, today=today), "source_stale")
        assert bool(found) == stale
        assert all(each.severity == "warning" and each.facts["days"] == days for each in found)
    sheet = spoil(house, "burdens", checked_on=today - timedelta(days=5))
    assert only(lint(sheet, house, today=today, max_age_days=4), "source_stale")


def test_wanted_evidence_that_is_not_attached_is_a_warning(
    house: Catalogue, spoil: Callable[..., Sheet], today: date
) -> None:
    wanted = {item.code for item in house.items if item.evidence}
    bare = only(lint(spoil(house, "title"), house, today=today), "evidence_missing")
    assert {each.facts["item"] for each in bare} == wanted
    with_file = lint(spoil(house, "title", attachments=(File("a", "1" * 64),)), house, today=today)
    assert {each.facts["item"] for each in only(with_file, "evidence_missing")} == wanted - {"title"}
    assert all(not each.is_error for each in bare)


def test_the_statutory_channel_publishes_on_the_same_day(
    house: Catalogue, spoil: Callable[..., Sheet], today: date
) -> None:
    same = spoil(house, "statutory_publication", {"published_on": today.isoformat()})
    assert only(lint(same, house, today=today, announced_on=today), "publication_day_differs") == []
    (finding,) = only(lint(same, house, today=today, announced_on=today + timedelta(days=1)), "publication_day_differs")
    assert finding.severity == "warning" and finding.basis.code == "OJA 12(1)"
    assert only(lint(same, house, today=today), "publication_day_differs") == []


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (0, []),
        (-1, [("publication_day_differs", "warning")]),
        (-10, [("publication_day_differs", "warning")]),
        (-11, [("publication_of_earlier_round", "warning")]),
    ],
    ids=["the same day", "the day before", "the first day it can be this round's", "an earlier round's"],
)
def test_each_announcement_has_a_statutory_publication_of_its_own(
    house: Catalogue, spoil: Callable[..., Sheet], today: date, published: int, expected: list[tuple[str, str]]
) -> None:
    first, day = today - timedelta(days=10), today + timedelta(days=published)
    sheet = spoil(house, "statutory_publication", {"published_on": day.isoformat()})
    found = lint(sheet, house, today=today, announced_on=today, published_from=first)
    assert [(one.code, one.severity) for one in found if one.code.startswith("publication_")] == expected


def test_a_clearance_date_that_has_passed_is_shown(house: Catalogue, spoil: Callable[..., Sheet], today: date) -> None:
    for due, passed in ((today, False), (today - timedelta(days=1), True)):
        sheet = spoil(house, "clearance", {"due_on": due.isoformat()}, state="found")
        assert bool(only(lint(sheet, house, today=today), "date_passed")) == passed
    done = spoil(house, "clearance", {"due_on": "2025-01-01", "stage": "done"}, state="found")
    assert only(lint(done, house, today=today), "date_passed") == []


def test_something_unknown_beside_what_is_told_is_a_warning(
    house: Catalogue, spoil: Callable[..., Sheet], today: date
) -> None:
    sheet = spoil(house, "defects", statement="墙面有渗漏痕迹，此前的维修情况不详。")
    assert [each.field for each in only(lint(sheet, house, today=today), "unknown_in_part")] == [
        "disclosure.defects.statement"
    ]


@pytest.mark.parametrize(
    ("code", "statement", "told"),
    [
        ("possession", "被执行人乙某一家在内居住。", True),
        ("possession", "被执行人占有房屋无租约。", True),
        ("possession", "无人管理，乙某一家居住。", True),
        ("possession", "无租赁（乙某在内居住）。", True),
        ("possession", "除被执行人外无人居住。", True),
        ("possession", "Nobody has a lease but Mr X lives there.", True),
        ("possession", "经本院于2026年3月1日现场勘查，房屋空置，无人居住使用。", False),
        ("possession", "The property is vacant; nobody lives there.", False),
        ("illegal_building", "顶楼搭建阳光房20平方米", True),
        ("illegal_building", "违建没有拆除。", True),
        ("defects", "墙体开裂漏水，未发现其他瑕疵", True),
        ("defects", "Inspected on 1 March 2026 by the court's officer; no cracks or leaks found.", False),
        ("defects", "", False),
        ("lease", "Leased to Mr X until 2030", True),
        ("lease", "租赁合同尚未解除。", True),
        ("preferential_purchasers", "承租人丙某享有优先购买权。", True),
        ("lease", "可能存在租赁，由买受人核对。", True),
        ("lease", "承租人张三租住至2029年。", True),
        ("lease", "房屋已出租给示例丁，租期至2029年。", True),
        ("lease", "一层对外出租，二层空置。", True),
        ("lease", "无法联系承租人张三，租赁至2029年。", True),
        ("lease", "经询问被执行人并调取租赁合同备案，没有租赁。", False),
        ("lease", "未发现承租人，被执行人否认签订过租赁合同。", False),
        ("lease", "原承租人已搬离，租赁合同已解除。", False),
        ("lease", "原租约已到期，承租人已书面确认搬离，标的上没有租赁。", False),
        ("residence_right", "被执行人母亲主张居住权。", True),
        ("residence_right", "登记簿未记载居住权，未见他人主张居住权。", False),
        ("burdens", "已抵押给示例银行。", True),
        ("burdens", "不动产登记簿载有抵押，抵押权人为示例银行。", True),
        ("burdens", "除本案外，另有其他查封。", True),
        ("burdens", "被外地法院轮候查封。", True),
        ("burdens", "标的已被本院查封，无其他权利负担。", False),
        ("burdens", "抵押已注销，登记簿未记载其他负担。", False),
        ("arrears", "尚欠物业费2000元。", True),
        ("arrears", "物业费、水电费均已结清，没有拖欠。", False),
        ("illegal_building", "阳台存在加建。", True),
        ("illegal_building", "经现场核对平面图，无加建、改建。", False),
        ("defects", "卫生间有轻微渗漏。", True),
        ("defects", "似有渗漏。", True),
        ("defects", "经现场勘查并查阅维修记录，未发现渗漏、开裂。", False),
        ("construction_price_priority", "示例建筑公司主张优先受偿。", True),
        ("household_registration", "该址登记有3人。", True),
        ("possession", "经核查，不存在被他人占用的情形。", False),
        ("possession", "不存在被他人占用的情形，张某在内。", True),
        ("possession", "现状空置，无人居住。", False),
        ("possession", "现状空置一楼由张某使用。", True),
        ("lease", "该房产从未出租。", False),
        ("lease", "从未出租但现由张某居住。", True),
        ("illegal_building", "经规划部门函复，未认定有违法建设。", False),
        ("defects", "不漏水、不开裂。", False),
        ("defects", "不漏水墙体开裂。", True),
    ],
)
def test_none_is_not_said_of_what_the_statement_tells(
    house: Catalogue,
    spoil: Callable[..., Sheet],
    rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]],
    code: str,
    statement: str,
    told: bool,
) -> None:
    filled = spoil(house, code).get(code)
    assert filled is not None
    sheet = spoil(house, code, dict.fromkeys(filled.data), state="none", statement=statement)
    expected = [("none_but_told", f"disclosure.{code}.statement", "error")] if told else []
    assert rules_broken(sheet, house) == expected


@pytest.mark.parametrize(
    ("borne", "wrong"),
    [
        ("契税、增值税、土地增值税、个人所得税", True),
        ("契税；被执行人应缴的企业所得税", True),
        ("契税、印花税（买受人部分）、登记费", False),
        ("契税。增值税由被执行人从价款中承担", False),
    ],
)
def test_taxes_of_the_seller_are_not_listed_as_the_buyers(
    house: Catalogue,
    spoil: Callable[..., Sheet],
    rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]],
    borne: str,
    wrong: bool,
) -> None:
    expected = [("debtor_taxes_on_buyer", "disclosure.taxes.data.buyer_bears", "error")] if wrong else []
    assert rules_broken(spoil(house, "taxes", {"buyer_bears": borne}), house) == expected


@pytest.mark.parametrize(
    ("title", "state", "wrong"),
    [
        ({"company_type": "limited", "share": 0.3}, "none", True),
        ({"company_type": "limited", "share": 0.3}, "not_applicable", True),
        ({"company_type": "limited", "share": 1}, "none", False),
        ({"company_type": "joint_stock", "share": 0.3}, "none", False),
        ({"company_type": "limited", "share": 0.3}, "found", False),
    ],
)
def test_the_other_shareholders_of_a_limited_company_are_named(
    spoil: Callable[..., Sheet],
    rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]],
    title: dict[str, Any],
    state: str,
    wrong: bool,
) -> None:
    equity = load("equity")
    named = {"names": "示例戊"} if state == "found" else {}
    sheet = spoil(equity, "title", title)
    others = sheet.get("preferential_purchasers")
    assert others is not None
    others = replace(others, state=state, statement="如上。" if named else "无。", data=named)
    expected = [("shareholders_not_named", "disclosure.preferential_purchasers.state", "error")] if wrong else []
    assert rules_broken(sheet.replaced(others), equity) == expected


def test_those_who_may_buy_first_by_another_item_are_named_too(
    house: Catalogue,
    spoil: Callable[..., Sheet],
    rules_broken: Callable[[Sheet, Catalogue], list[tuple[object, str, str]]],
) -> None:
    field = "disclosure.preferential_purchasers.state"
    shared = spoil(house, "title", {"share": 0.5, "co_owned": True, "co_owners": "示例庚", "co_ownership": "by_shares"})
    assert rules_broken(shared, house) == [("co_owners_not_named", field, "warning")]
    joint = spoil(house, "title", {"share": 0.5, "co_owned": True, "co_owners": "示例庚", "co_ownership": "joint"})
    assert rules_broken(joint, house) == []
    out = leased(house, spoil, in_possession=False)
    assert ("lessee_not_named", field, "warning") in rules_broken(out, house)


def test_every_contradiction_says_in_words_what_is_wrong(
    house: Catalogue, spoil: Callable[..., Sheet], today: date
) -> None:
    (finding,) = only(lint(spoil(house, "title", {"share": 0.5}), house, today=today), "contradiction")
    assert finding.facts["says"] == "拍卖份额不足全部，却记载没有共有人。"
    assert all(said["zh"] and said["en"] for said in sayings().values())


def test_an_empty_sheet_has_nothing_to_lint(house: Catalogue, today: date) -> None:
    assert lint(Sheet(), house, today=today) == ()


def test_items_of_another_catalogue_are_passed_over(
    house: Catalogue, filled: Callable[[Catalogue], Sheet], today: date
) -> None:
    facts = filled(house).items[0]
    strange = filled(house).replaced(replace(facts, code="strange", statement="一切税费由买受人承担"))
    assert not any(each.is_error for each in lint(strange, house, today=today))

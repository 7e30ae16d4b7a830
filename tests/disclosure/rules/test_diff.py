from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from auction.rules.lot import AssetType
from disclosure.rules.catalogue import Catalogue, load
from disclosure.rules.diff import ItemChange, diff, is_material, needs_a_word, only_withdrawal
from disclosure.rules.sheet import File, Sheet
from tests.disclosure.seals import seal

LEASE = {
    "tenant": "示例丁",
    "signed_on": "2024-01-01",
    "starts_on": "2024-01-01",
    "ends_on": "2030-01-01",
    "rent_month_fen": 300000,
    "in_possession": False,
    "before_seizure": True,
    "survives": True,
}
OCCUPIED = {"occupied": True, "occupant": "示例乙", "since": "2020-01-01", "right": "none"}


def change_of(changes: tuple[ItemChange, ...], field: str) -> ItemChange:
    (found,) = [change for change in changes if change.field == field]
    return found


@pytest.mark.parametrize("asset_type", list(AssetType))
def test_nothing_changed_is_an_empty_diff(asset_type: AssetType, filled: Callable[[Catalogue], Sheet]) -> None:
    catalogue = load(asset_type)
    assert diff(filled(catalogue), filled(catalogue), catalogue) == ()


@pytest.mark.parametrize(
    ("asset_type", "code", "old", "new", "field", "effect", "worse"),
    [
        ("real_estate", "title", {"share": 1.0}, {"share": 0.5}, "data.share", "worse", True),
        ("real_estate", "title", {"share": 0.5}, {"share": 1.0}, "data.share", "better", False),
        ("real_estate", "title", {"co_owned": False}, {"co_owned": True}, "data.co_owned", "worse", True),
        ("real_estate", "title", {"owner": "甲"}, {"owner": "乙"}, "data.owner", "unclear", False),
        ("real_estate", "area_and_use", {"building_area_m2": 89.5}, {"building_area_m2": 89.4},
         "data.building_area_m2", "worse", True),
        ("real_estate", "area_and_use", {"building_area_m2": 89.5}, {"building_area_m2": 90.0},
         "data.building_area_m2", "better", False),
        ("real_estate", "land_type", {"ends_on": "2079-05-31"}, {"ends_on": "2078-05-31"},
         "data.ends_on", "worse", True),
        ("real_estate", "land_type", {"premium_due": False}, {"premium_due": True}, "data.premium_due", "worse", True),
        ("real_estate", "possession", {}, OCCUPIED, "data.occupied", "worse", True),
        ("real_estate", "possession", OCCUPIED, {"occupied": False}, "data.occupied", "better", False),
        ("real_estate", "possession", {"keys_held": True}, {"keys_held": False}, "data.keys_held", "worse", True),
        ("vehicle", "possession", {"controlled": True}, {"controlled": False}, "data.controlled", "worse", True),
        ("vehicle", "keys_and_papers", {"keys": 2}, {"keys": 1}, "data.keys", "worse", False),
        ("vehicle", "mileage", {"mileage_km": 1.0}, {"mileage_km": 2.0}, "data.mileage_km", "worse", False),
        ("equity", "title", {"share": 0.05}, {"share": 0.04}, "data.share", "worse", True),
        ("equity", "capital", {"fully_paid": True}, {"fully_paid": False}, "data.fully_paid", "worse", False),
        ("land_use_right", "area_and_use", {"area_m2": 2.0}, {"area_m2": 1.0}, "data.area_m2", "worse", True),
    ],
)  # fmt: skip
def test_what_a_changed_field_means_for_the_buyer(
    spoil: Callable[..., Sheet],
    asset_type: str,
    code: str,
    old: dict[str, Any],
    new: dict[str, Any],
    field: str,
    effect: str,
    worse: bool,
) -> None:
    catalogue = load(asset_type)
    change = change_of(diff(spoil(catalogue, code, old), spoil(catalogue, code, new), catalogue), field)
    assert (change.effect, change.worse) == (effect, worse)


@pytest.mark.parametrize(
    ("code", "data", "material", "worse"),
    [
        ("lease", LEASE, True, True),
        ("residence_right", {"holder": "示例己", "survives": True}, True, True),
        ("burdens", {"mortgagees": "示例银行"}, True, False),
        ("arrears", {"property_fee_fen": 100, "as_of": "2026-01-01"}, True, False),
        ("defects", {"quality": "渗漏"}, True, False),
        ("illegal_building", {"description": "阳台外扩"}, True, False),
        ("household_registration", {"persons": 2}, True, False),
        ("contents", {"belongings": "bulky", "hazardous": True}, True, False),
        ("preferential_purchasers", {"names": "示例戊", "nature": "lessee"}, True, False),
        ("purchase_restriction", {"requirement": "限购"}, True, False),
    ],
)
def test_something_found_where_there_was_nothing(
    house: Catalogue,
    filled: Callable[[Catalogue], Sheet],
    spoil: Callable[..., Sheet],
    code: str,
    data: dict[str, Any],
    material: bool,
    worse: bool,
) -> None:
    """PRECISIONS 11: only lease and residence right of these leave nothing but withdrawal."""
    found = spoil(house, code, data, state="found", statement="查明存在。")
    changes = diff(filled(house), found, house)
    assert (is_material(changes), only_withdrawal(changes)) == (material, worse)
    assert (change_of(changes, "state").before, change_of(changes, "state").after) == ("none", "found")
    assert change_of(changes, "state").effect == "worse"
    gone = diff(found, filled(house), house)
    # What of these is no kind of its own is material only when it becomes known.
    kind = house.item(code).kind
    assert (is_material(gone), only_withdrawal(gone)) == (kind is not None, False)
    assert change_of(gone, "state").effect == "better"


@pytest.mark.parametrize(
    ("asset_type", "code", "old", "new", "material"),
    [
        ("real_estate", "household_registration", {"persons": 0}, {"persons": 3}, True),
        ("real_estate", "household_registration", {"persons": 3}, {"persons": 2}, False),
        ("real_estate", "household_registration", {"moving": "成交后迁出"}, {"moving": "不能迁出"}, True),
        ("real_estate", "household_registration", {}, {"school_place": "已占用"}, True),
        ("real_estate", "occupants", {"elderly": 1}, {"elderly": 2}, True),
        ("real_estate", "occupants", {"elderly": 2}, {"elderly": 1}, False),
        ("real_estate", "occupants", {"attention": "none"}, {"attention": "petitions"}, True),
        ("real_estate", "contents", {"hazardous": False}, {"hazardous": True}, True),
        ("real_estate", "preferential_purchasers", {"names": "甲"}, {"names": "甲、乙"}, True),
        ("equity", "preferential_purchasers", {"ranking": "同等"}, {"ranking": "甲先"}, True),
        ("equity", "articles_limits", {"description": "无"}, {"description": "须经董事会同意"}, True),
        ("machinery", "special_equipment", {"inspected_until": "2027-01-01"}, {"inspected_until": "2026-01-01"}, True),
        ("machinery", "special_equipment", {"inspected_until": "2026-01-01"}, {"inspected_until": "2027-01-01"}, False),
        ("goods", "buyer_licence", {"requirement": "无"}, {"requirement": "须有许可证"}, True),
    ],
)  # fmt: skip
def test_what_is_adverse_is_material_where_it_grows(
    spoil: Callable[..., Sheet],
    asset_type: str,
    code: str,
    old: dict[str, Any],
    new: dict[str, Any],
    material: bool,
) -> None:
    """What becomes known or worse after the announcement is the panel's (PRECISIONS 11)."""
    catalogue = load(asset_type)
    before, after = (spoil(catalogue, code, data, state="found", statement="查明存在。") for data in (old, new))
    assert is_material(diff(before, after, catalogue)) is material


def test_possession_said_by_none_and_then_occupied_is_worse(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    none = spoil(house, "possession", state="none")
    none = none.replaced(replace(_facts(none, "possession"), data={}))
    assert only_withdrawal(diff(none, spoil(house, "possession", OCCUPIED), house))
    back = diff(spoil(house, "possession", OCCUPIED), none, house)
    assert is_material(back) and not only_withdrawal(back) and not needs_a_word(back)


def test_none_and_found_vacant_are_the_same_possession(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    none = spoil(house, "possession", state="none")
    none = none.replaced(replace(_facts(none, "possession"), data={}))
    changes = diff(none, spoil(house, "possession", {"vacated_on": None, "keys_held": None}), house)
    assert not only_withdrawal(changes)
    assert change_of(changes, "data.occupied").effect == "none"


def _facts(sheet: Sheet, code: str) -> Any:
    facts = sheet.get(code)
    assert facts is not None
    return facts


def test_a_lease_that_changes_its_terms(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    def leased(**data: Any) -> Sheet:
        return spoil(house, "lease", {**LEASE, **data}, state="found", statement="存在租赁。")

    assert only_withdrawal(diff(leased(), leased(ends_on="2035-01-01"), house))
    assert not only_withdrawal(diff(leased(), leased(ends_on="2026-01-01"), house))
    assert only_withdrawal(diff(leased(), leased(rent_month_fen=1), house))
    assert only_withdrawal(diff(leased(in_possession=False), leased(in_possession=True), house))


def test_new_words_on_title_have_to_be_judged_by_the_panel(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    changes = diff(spoil(house, "title"), spoil(house, "title", statement="另有约定。"), house)
    assert [(change.field, change.material, change.worse, change.unclear) for change in changes] == [
        ("statement", True, False, True)
    ]
    assert needs_a_word(changes)


def test_new_words_on_defects_are_material_and_no_more(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    changes = diff(spoil(house, "defects"), spoil(house, "defects", statement="补充说明。"), house)
    assert is_material(changes) and not needs_a_word(changes) and not only_withdrawal(changes)


@pytest.mark.parametrize(
    "change",
    [
        {"source": "登记簿"},
        {"checker": "示例法官"},
        {"checked_on": date(2026, 3, 2)},
        {"data": {"extract_on": "2026-03-01"}},
    ],
)
def test_checking_again_is_no_material_change(
    house: Catalogue, spoil: Callable[..., Sheet], change: dict[str, Any]
) -> None:
    old, new = spoil(house, "title"), spoil(house, "title", **change)
    changes = diff(old, new, house)
    assert len(changes) == 1 and not is_material(changes) and not needs_a_word(changes)
    assert seal(old) != seal(new)


def test_a_file_more_is_not_material_and_a_file_less_is(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    bare, with_file = spoil(house, "title"), spoil(house, "title", attachments=(File("a", "1" * 64),))
    assert not is_material(diff(bare, with_file, house))
    assert is_material(diff(with_file, bare, house))
    same_bytes = spoil(house, "title", attachments=(File("b", "1" * 64),))
    assert diff(with_file, same_bytes, house) == ()


@pytest.mark.parametrize(
    ("code", "change", "material"),
    [
        ("viewing", {"data": {"phone": "000-00000009", "contact": "示例书记员乙", "from": "2026-03-09"}}, False),
        ("viewing", {"statement": "竞买人可以在公告期内预约实地看样，由本院工作人员引领。另有二楼漏水。"}, True),
        ("viewing", {"data": {"contact": "示例书记员，另有二楼漏水"}}, True),
        ("viewing", {"data": {"contact": "李书记员（房屋由租户张某租至2030年）"}}, True),
        ("viewing", {"data": {"phone": "000-2 漏水"}}, True),
        ("viewing", {"source": "租户陈述：租至2030年"}, True),
        ("viewing", {"source": "再次现场勘查、询问物业公司"}, False),
        ("court_contact", {"data": {"supervision": "000-3 房屋漏水"}}, True),
        ("viewing", {"data": {"place": "本院立案大厅"}}, True),
        ("viewing", {"state": "not_applicable"}, True),
        ("court_contact", {"data": {"hours": "工作日9:00至17:00"}}, False),
        ("court_contact", {"statement": "承重墙已拆除"}, True),
        ("statutory_publication", {"data": {"url": "https://court.example/notices/2"}}, False),
        ("statutory_publication", {"statement": "改了。"}, True),
        ("loan", {"statement": "曾发生命案"}, True),
        ("valuation_basis", {"data": {"document": "另一评估报告"}}, True),
        ("valuation_basis", {"statement": "改了。"}, True),
        ("enforcement_basis", {"data": {"number": "（2024）示0101民初13号"}}, True),
        ("inspection", {"statement": "未入内勘查。丙某占有该房屋，拒绝配合。"}, True),
        ("inspection", {"data": {"inside": False}}, True),
        ("household_registration", {"statement": "改了。"}, True),
    ],
)
def test_what_is_not_on_the_short_list_is_material(
    house: Catalogue, spoil: Callable[..., Sheet], code: str, change: dict[str, Any], material: bool
) -> None:
    """One person alone changes how somebody is reached, and nothing else (PRECISIONS 11)."""
    changes = diff(spoil(house, code), spoil(house, code, **change), house)
    assert changes and is_material(changes) is material


def test_new_days_and_numbers_in_the_words_of_a_viewing_are_not_material(
    house: Catalogue, spoil: Callable[..., Sheet]
) -> None:
    said = "每周{}上午{}起集中看样，电话000-{}。"
    old, new = (spoil(house, "viewing", statement=said.format(*one)) for one in ((2, "9时", 12), (4, "10时", 34)))
    assert not is_material(diff(old, new, house))


def test_an_item_added_or_taken_out_shows_both_sides(house: Catalogue, filled: Callable[[Catalogue], Sheet]) -> None:
    without = Sheet(tuple(facts for facts in filled(house).items if facts.code != "burdens"))
    added = diff(without, filled(house), house)
    assert {(change.field, change.before) for change in added} == {
        ("state", None), ("statement", None), ("source", None), ("checker", None), ("checked_on", None)
    }  # fmt: skip
    assert not only_withdrawal(added)
    assert {change.after for change in diff(filled(house), without, house)} == {None}


def test_a_diff_is_json(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    changes = diff(spoil(house, "title"), spoil(house, "title", attachments=(File("a", "1" * 64),)), house)
    assert changes[0].as_data() == {
        "code": "title",
        "field": "attachments",
        "before": [],
        "after": ["1" * 64],
        "material": False,
        "worse": False,
        "unclear": False,
    }

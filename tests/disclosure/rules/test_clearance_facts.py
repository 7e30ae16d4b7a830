"""What a sheet tells the card: each item as a fact, "none" with a source as none, silence as unknown."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from auction.rules.lot import AssetType
from disclosure.rules.catalogue import Catalogue, load
from disclosure.rules.clearance import clearance_facts, is_cleared, promised_on
from disclosure.rules.sheet import Sheet
from risk.rules.clearance.assessment import assess
from risk.rules.clearance.card import load as load_card

LEASE = {"tenant": "某公司", "signed_on": "2024-01-01", "starts_on": "2024-01-01", "ends_on": "2029-01-01"}
THERE = {"occupied": True, "occupant": "示例乙", "since": "2020-01-01", "right": "owner", "keys_held": None}


def told(sheet: Sheet, catalogue: Catalogue, name: str) -> Any:
    return clearance_facts(sheet, catalogue)[name]


@pytest.mark.parametrize(
    ("code", "state", "data", "name", "fact"),
    [
        ("possession", "found", {}, "occupation", "vacant_keys"),
        ("possession", "found", {"keys_held": False}, "occupation", "vacant"),
        ("possession", "none", {}, "occupation", "vacant"),
        ("possession", "found", THERE, "occupation", "occupied"),
        ("possession", "found", {"occupied": None, "keys_held": None}, "occupation", None),
        ("possession", "found", THERE | {"right": "lease"}, "right", "lease"),
        ("possession", "found", THERE | {"right": "lease"}, "sole_home", "no"),
        ("possession", "found", THERE, "sole_home", None),
        ("possession", "found", THERE | {"residents": 3}, "residents", 3),
        ("possession", "found", THERE | {"vulnerable": "无。"}, "elderly", 0),
        ("possession", "found", THERE | {"vulnerable": "老人一名"}, "elderly", None),
        ("occupants", "found", {"elderly": 2}, "elderly", 2),
        ("occupants", "found", {"children": 1}, "children", 1),
        ("occupants", "found", {"ill": 1}, "illness", 1),
        ("occupants", "found", {"low_income": True}, "low_income", "yes"),
        ("occupants", "found", {"sole_home": "provided"}, "sole_home", "provided"),
        ("occupants", "found", {"attitude": "refuses"}, "attitude", "refuses"),
        ("occupants", "found", {"attention": "wide"}, "attention", "wide"),
        ("occupants", "not_applicable", {}, "attitude", None),
        ("clearance", "found", {"stage": "agreed"}, "attitude", "agreed"),
        ("clearance", "found", {"stage": "planned"}, "attitude", None),
        ("lease", "none", {}, "lease", "none"),
        ("lease", "found", LEASE | {"survives": True, "in_possession": True}, "lease", "survives"),
        ("lease", "found", LEASE | {"in_possession": True}, "lease", None),
        ("lease", "found", LEASE | {"survives": False, "in_possession": False}, "lease", "not_in_possession"),
        ("lease", "found", LEASE | {"survives": False, "before_seizure": False}, "lease", "after_seizure"),
        (
            "lease",
            "found",
            LEASE | {"survives": False, "before_seizure": True, "before_mortgage": False},
            "lease",
            "after_mortgage",
        ),
        ("lease", "found", LEASE | {"survives": False, "before_seizure": True}, "lease", "before_both"),
        ("residence_right", "found", {"holder": "某", "survives": True}, "residence_right", "survives"),
        ("residence_right", "found", {"holder": "某", "survives": False}, "residence_right", "ends"),
        ("residence_right", "found", {"holder": "某"}, "residence_right", None),
        ("residence_right", "none", {}, "residence_right", "none"),
        ("title", "found", {"share": 0.5}, "share", "part"),
        ("title", "found", {"share": None}, "share", None),
        ("household_registration", "found", {"persons": 4}, "household_registration", 4),
        ("household_registration", "none", {}, "household_registration", 0),
        ("household_registration", "not_applicable", {}, "household_registration", 0),
        ("illegal_building", "found", {"description": "搭建"}, "illegal_building", "found"),
        ("contents", "found", {"belongings": "bulky"}, "belongings", "bulky"),
        ("contents", "found", {"belongings": "bulky"}, "hazardous", None),
        ("contents", "found", {"hazardous": True}, "hazardous", "found"),
        ("contents", "none", {}, "hazardous", "none"),
        ("area_and_use", "found", {"planned_use": "industrial"}, "dwelling", "no"),
        ("area_and_use", "found", {"planned_use": None}, "dwelling", None),
    ],
)
def test_an_item_is_the_cards_fact(
    house: Catalogue,
    spoil: Callable[..., Sheet],
    code: str,
    state: str,
    data: Mapping[str, Any],
    name: str,
    fact: Any,
) -> None:
    assert told(spoil(house, code, data, state=state), house, name) == fact


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("possession", "occupation"),
        ("lease", "lease"),
        ("residence_right", "residence_right"),
        ("household_registration", "household_registration"),
        ("illegal_building", "illegal_building"),
        ("contents", "belongings"),
        ("contents", "hazardous"),
    ],
)
def test_none_counts_as_none_with_a_source_only(
    house: Catalogue, spoil: Callable[..., Sheet], filled: Callable[[Catalogue], Sheet], code: str, name: str
) -> None:
    assert told(spoil(house, code), house, name) is not None
    assert told(spoil(house, code, source=" "), house, name) is None
    left_out = Sheet(tuple(facts for facts in filled(house).items if facts.code != code))
    assert told(left_out, house, name) is None


@pytest.mark.parametrize("asset_type", [kind for kind in AssetType if is_cleared(kind)])
def test_the_examples_are_band_a_and_nothing_in_them_is_unknown(
    asset_type: AssetType, filled: Callable[[Catalogue], Sheet]
) -> None:
    catalogue = load(asset_type)
    found = assess(load_card(), clearance_facts(filled(catalogue), catalogue), ("D", "E"))
    assert (found.band, found.plan_required, found.assumed) == ("A", False, ())


def test_buildings_and_land_are_cleared_and_nothing_else() -> None:
    assert {kind for kind in AssetType if is_cleared(kind)} == {AssetType.REAL_ESTATE, AssetType.LAND_USE_RIGHT}


def test_land_is_not_weighed_by_what_nobody_asks_of_land(filled: Callable[[Catalogue], Sheet]) -> None:
    land = load("land_use_right")
    facts = clearance_facts(filled(land), land)
    assert (facts["dwelling"], facts["residence_right"], facts["illegal_building"]) == ("no", "none", "none")
    assert facts["household_registration"] == 0


def test_the_day_promised_is_the_sheets(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    assert promised_on(spoil(house, "clearance")) is None
    data = {"responsible": "某", "due_on": "2026-09-30", "plan": "限期迁出"}
    assert promised_on(spoil(house, "clearance", data, state="found")) == "2026-09-30"


def test_every_choice_a_court_can_make_is_known_to_the_card(house: Catalogue) -> None:
    card = load_card()
    for item, field, factor in (
        ("possession", "right", "right"),
        ("occupants", "attitude", "attitude"),
        ("occupants", "sole_home", "sole_home"),
        ("occupants", "attention", "attention"),
        ("contents", "belongings", "belongings"),
    ):
        spec = house.item(item).field(field)
        assert spec is not None
        assert {choice.code for choice in spec.choices} <= {level.code for level in card.factor(factor).levels}

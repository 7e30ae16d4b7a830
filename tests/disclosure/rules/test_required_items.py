"""What each kind of lot must be able to tell, code by code and field by field, whatever else its catalogue asks.

From the list of OJA 13 and 14, from the guidance on what is to be found out of homes, vehicles, food and equity, and
from EQ 14(2), 15(1).
"""

from typing import Any

import pytest

from auction.rules.lot import AssetType
from disclosure.rules.catalogue import load

#: Of every lot: the items of OJA 13 that follow from nothing else.
EVERY = {
    "enforcement_basis": "number issued_by",
    "valuation_basis": "document",
    "preferential_purchasers": "",
    "payment_accounts": "",
    "taxes": "",
    "defects": "",
    "viewing": "",
    "court_contact": "",
    "statutory_publication": "",
}
POSSESSED = "controlled place holder"
LEASE = (
    "tenant signed_on starts_on ends_on rent_month_fen rent_paid_until in_possession before_mortgage before_seizure"
    " survives"
)
#: By kind: items with the fields that must be there. A mark `?` after the code: asked only where it applies.
KINDS: dict[str, dict[str, str]] = {
    "real_estate": {
        "title": "owner certificate co_owned co_owners co_ownership share registered_on extract_on",
        "area_and_use": "planned_use actual_use structure floor built_year",
        "burdens": "mortgagees mortgage_claims_fen seizures",
        "possession": "occupied occupant since right vacated_on keys_held",
        "lease": LEASE,
        "residence_right": "holder registered_on until survives",
        "construction_price_priority": "contractor claim_fen",
        "arrears": "property_fee_fen utilities_fen land_premium_fen as_of",
        "land_type": "nature premium_due",
        "illegal_building": "description",
        "household_registration": "persons moving school_place",
        "purchase_restriction": "requirement",
        "inspection": "inside outside inspected_on",
        "clearance?": "responsible due_on plan",
        "occupants?": "elderly children ill attention",
        "contents?": "belongings hazardous",
        "notorious_event?": "description",
        "safety?": "description borne_by",
    },
    "land_use_right": {
        "title": "owner certificate parcel co_owners share",
        "area_and_use": "planned_use plot_ratio",
        "land_type": "nature premium_due idle",
        "above_ground": "description included",
        "burdens": "mortgagees seizures",
        "possession": "occupied occupant since right",
        "lease": LEASE,
        "arrears": "land_premium_fen as_of",
        "inspection": "inspected_on",
        "safety?": "description borne_by",
    },
    "vehicle": {
        "title": "owner plate model vin registered_on co_owned use_nature inspection_until insurance_until",
        "emission": "standard limits",
        "mileage": "mileage_km read_on",
        "violations": "count points fines_fen as_of",
        "keys_and_papers": "keys registration_certificate driving_licence plates",
        "possession": POSSESSED,
        "burdens": "mortgagees seizures",
        "arrears": "storage_fee_fen as_of",
        "defects": "starts accidents missing_parts",
        "purchase_restriction?": "requirement",
    },
    "vessel": {
        "title": "ship_name number port owner co_owned share",
        "identification": "ship_type gross_tonnage built_year",
        "certificates": "complete survey_until missing",
        "possession": f"{POSSESSED} crew",
        "burdens": "mortgagees maritime_liens seizures",
        "charter": "charterer ends_on survives",
        "arrears": "wages_fen port_dues_fen as_of",
    },
    "equity": {
        "title": "company company_type holder share",
        "capital": "subscribed_fen paid_fen fully_paid due_on",
        "company_state": "status missing_materials",
        "burdens": "pledgees freezes",
        "approval": "requirement authority",
        "articles_limits": "description",
    },
    "goods": {
        "title": "owner origin",
        "identification": "name specification quantity unit",
        "shelf_life": "perishable expires_on decayed sale_banned",
        "possession": POSSESSED,
        "burdens": "mortgagees seizures",
        "arrears": "storage_fee_fen as_of",
        "buyer_licence": "requirement",
    },
    "machinery": {
        "title": "owner origin",
        "identification": "name model serial quantity made_year",
        "possession": POSSESSED,
        "burdens": "mortgagees seizures",
        "special_equipment": "description inspected_until",
        "dismantling?": "description",
        "arrears": "storage_fee_fen as_of",
    },
    "intellectual_property": dict.fromkeys(("title", "validity", "licences", "burdens", "disputes"), ""),
    "receivable": dict.fromkeys(("title", "amount", "enforcement", "obligor_state", "security", "burdens"), ""),
    "other": dict.fromkeys(("title", "description", "possession", "burdens", "duties"), ""),
}


def test_every_kind_of_lot_is_listed() -> None:
    assert set(KINDS) == set(AssetType)


@pytest.mark.parametrize("asset_type", sorted(KINDS))
def test_a_kind_of_lot_asks_all_that_has_to_be_told(asset_type: str) -> None:
    catalogue = load(asset_type)
    lacking: dict[str, Any] = {}
    for marked, fields in (EVERY | KINDS[asset_type]).items():
        item = catalogue.find(marked.removesuffix("?"))
        if item is None:
            lacking[marked] = "no such item"
        elif missing := set(fields.split()) - {spec.name for spec in item.fields}:
            lacking[marked] = missing
        elif not (marked.endswith("?") or item.required or item.when or marked in ("viewing",)):
            lacking[marked] = "asked of nobody"
    assert lacking == {}


@pytest.mark.parametrize("asset_type", sorted(KINDS))
def test_every_item_says_on_what_it_rests_how_to_fill_it_and_what_it_is_called(asset_type: str) -> None:
    for item in load(asset_type).items:
        assert item.basis and item.hint.strip() and item.hint_en.strip(), item.code
        assert item.title.strip() and item.title_en.strip() and item.states, item.code
        assert item.example.statement.strip() or item.example.state != "found", item.code
        assert all(spec.title.strip() and spec.title_en.strip() for spec in item.fields), item.code

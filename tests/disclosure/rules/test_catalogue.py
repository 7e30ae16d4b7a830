from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from auction.kernel.errors import DomainError
from auction.rules.lot import AssetType
from auction.rules.ruleset import PRACTICE
from auction.rules.ruleset import load as load_ruleset
from disclosure.rules.catalogue import Catalogue, Item, from_data, load
from disclosure.rules.citations import cite, documents
from disclosure.rules.entry import check_item, read_item
from disclosure.rules.gaps import gaps
from disclosure.rules.linter import lint
from disclosure.rules.sheet import Sheet, addressees, flags

ALL = list(AssetType)
#: OJA 13: what follows from nothing else in the program.
SHARED = {
    "enforcement_basis",
    "valuation_basis",
    "preferential_purchasers",
    "payment_accounts",
    "taxes",
    "defects",
    "viewing",
    "court_contact",
    "statutory_publication",
}


@pytest.mark.parametrize("asset_type", ALL)
def test_every_asset_type_has_a_catalogue_that_holds_what_every_lot_must_tell(asset_type: AssetType) -> None:
    catalogue = load(asset_type)
    assert catalogue.asset_type == asset_type.value
    assert {item.code for item in catalogue.items} >= SHARED
    assert len({item.code for item in catalogue.items}) == len(catalogue.items)
    assert all(item.required for item in catalogue.items if item.code in SHARED - {"viewing"})


@pytest.mark.parametrize("asset_type", ALL)
def test_the_examples_describe_one_unburdened_vacant_asset_and_pass_the_linter(
    asset_type: AssetType, filled: Callable[[Catalogue], Sheet], today: date
) -> None:
    catalogue = load(asset_type)
    sheet = filled(catalogue)
    findings = lint(sheet, catalogue, today=today, announced_on=today)
    assert [finding for finding in findings if finding.is_error] == []
    assert {finding.code for finding in findings} <= {"evidence_missing", "publication_day_differs"}
    assert set(flags(sheet)) <= {"vacant"}
    assert addressees(sheet, catalogue) == ()


@pytest.mark.parametrize("asset_type", ALL)
def test_a_client_who_sends_the_required_examples_as_they_are_leaves_no_gap(
    asset_type: AssetType, payload: Callable[[Item], dict[str, Any]], today: date
) -> None:
    """From the contract alone: example, a source, a date, no attachments."""
    catalogue = load(asset_type)
    facts = []
    for told in catalogue.as_contract()["items"]:
        if not told["required"]:
            continue
        item = catalogue.item(told["code"])
        sent = {**told["example"], "source": "现场勘查", "checked_on": "2026-03-02", "attachments": []}
        assert check_item(item, sent, today) == ()
        facts.append(read_item(item, sent, checker="示例书记员", attachments=[]))
    assert gaps(Sheet(tuple(facts)), catalogue) == ()


@pytest.mark.parametrize("asset_type", ALL)
@pytest.mark.parametrize("years", [0, 3, 40, 200])
def test_the_examples_never_become_invalid_with_time(
    asset_type: AssetType, years: int, filled: Callable[[Catalogue], Sheet], today: date
) -> None:
    catalogue = load(asset_type)
    later = today + timedelta(days=365 * years)
    for item in catalogue.items:
        assert check_item(item, _sent(item), later) == ()
    findings = lint(filled(catalogue), catalogue, today=later, announced_on=later)
    assert not any(finding.is_error for finding in findings)


def _sent(item: Item) -> dict[str, Any]:
    example = item.example
    return {
        "state": example.state,
        "statement": example.statement,
        "data": dict(example.data),
        "source": "现场勘查",
        "checked_on": "2026-03-02",
        "attachments": [],
    }


@pytest.mark.parametrize("asset_type", ALL)
def test_every_item_is_complete_in_both_languages_and_rests_on_something(asset_type: AssetType) -> None:
    for item in load(asset_type).items:
        assert item.title and item.title_en and item.hint and item.hint_en and item.basis
        assert item.example.state in item.states
        assert "exempt" not in item.states or item.code == "enforcement_basis"
        assert item.worsens <= item.material, item.code
        assert all(field.title and field.title_en for field in item.fields)
        assert all(citation.by_law or citation.code == PRACTICE for citation in item.basis)
        assert set(item.example.data) <= {field.name for field in item.fields}


def test_what_decides_what_a_buyer_gets_whether_he_may_buy_and_where_he_pays_is_material() -> None:
    """PRECISIONS 11: a clerk alone changes none of it in a running sale."""
    kinds = ("vehicle", "real_estate", "equity")
    material = {(kind, item.code) for kind in kinds for item in load(kind).items if item.material}
    assert material >= {
        ("vehicle", "mileage"),
        ("vehicle", "emission"),
        ("vehicle", "purchase_restriction"),
        ("real_estate", "purchase_restriction"),
        ("equity", "approval"),
        *((kind, "payment_accounts") for kind in kinds),
    }


@pytest.mark.parametrize("asset_type", ALL)
def test_the_contract_shape_is_the_promised_one(asset_type: AssetType) -> None:
    for told in load(asset_type).as_contract()["items"]:
        assert told.keys() >= {"code", "title", "required", "evidence", "basis", "fields", "example"}
        assert told["example"].keys() == {"state", "statement", "data"}
        assert isinstance(told["basis"], str) and told["basis"]
        for field in told["fields"]:
            assert field.keys() >= {"name", "type", "required", "choices"}
            assert field["type"] in ("text", "date", "integer", "number", "boolean", "choice")
            assert bool(field["choices"]) == (field["type"] == "choice")


def test_real_estate_tells_what_the_law_and_the_guidance_name(house: Catalogue) -> None:
    required = {item.code for item in house.items if item.required}
    assert required >= {
        "title",
        "area_and_use",
        "burdens",
        "possession",
        "lease",
        "residence_right",
        "construction_price_priority",
        "arrears",
        "land_type",
        "illegal_building",
        "household_registration",
        "purchase_restriction",
        "taxes",
        "inspection",
        "defects",
    }
    assert not house.item("clearance").required and house.item("clearance").when is not None


def test_a_vehicle_tells_its_own_things() -> None:
    codes = {item.code for item in load("vehicle").items}
    assert codes >= {
        "title",
        "emission",
        "mileage",
        "violations",
        "keys_and_papers",
        "possession",
        "burdens",
        "defects",
    }


def test_equity_names_capital_due_date_and_approval() -> None:
    catalogue = load("equity")
    assert [field.name for field in catalogue.item("capital").fields] == [
        "subscribed_fen",
        "paid_fen",
        "fully_paid",
        "due_on",
    ]
    assert "COMP 85" in [citation.code for citation in catalogue.item("preferential_purchasers").basis]


def test_an_asset_may_reword_a_shared_item_but_never_makes_it_optional_unless_there_is_nothing_to_see() -> None:
    for asset_type in ALL:
        optional = {item.code for item in load(asset_type).items if item.code in SHARED and not item.required}
        immaterial = {AssetType.EQUITY, AssetType.INTELLECTUAL_PROPERTY, AssetType.RECEIVABLE}
        assert optional == ({"viewing"} if asset_type in immaterial else set())


def test_an_unknown_type_and_an_unknown_item_are_refused(house: Catalogue) -> None:
    with pytest.raises(DomainError) as refused:
        load("spaceship")
    assert (refused.value.code, refused.value.errors[0].field) == ("invalid", "asset_type")
    with pytest.raises(DomainError) as refused:
        house.item("nothing")
    assert refused.value.errors[0].code == "unknown_item"


def test_a_court_may_add_items_but_not_replace_one(house: Catalogue) -> None:
    extra = load("vehicle").item("mileage")
    assert house.extended([extra]).item("mileage") is extra
    with pytest.raises(ValueError, match="cannot be replaced"):
        house.extended([load("vehicle").item("title")])


@pytest.mark.parametrize(
    ("written", "code", "zh", "en"),
    [
        ("OJA 12(1)", "OJA 12(1)", "第十二条第一款", "article 12, paragraph 1"),
        ("OJA 13[5]", "OJA 13(5)", "第十三条第（五）项", "article 13, item 5"),
        ("OJA 13[11]", "OJA 13(11)", "第十三条第（十一）项", "article 13, item 11"),
        ("SALE 27", "SALE 27", "（2020年修正）第二十七条", "article 27"),
    ],
)
def test_citations_are_written_out(written: str, code: str, zh: str, en: str) -> None:
    citation = cite(written)
    assert citation.code == code and citation.zh.endswith(zh) and citation.en.endswith(en) and citation.by_law


def test_the_courts_practice_is_never_passed_off_as_an_article() -> None:
    assert not cite("practice").by_law
    for wrong in ("G24 1", "OJA", "OJA thirteen", ""):
        with pytest.raises(ValueError, match="not a citation"):
            cite(wrong)


def test_documents_cited_here_and_by_the_ruleset_are_the_same() -> None:
    ruleset = load_ruleset("spc-2016").documents
    for code, document in documents().items():
        assert ruleset.get(code, document) == document


def test_malformed_data_is_found_when_it_is_loaded() -> None:
    good = {
        "code": "a",
        "title": "a",
        "title_en": "a",
        "required": True,
        "states": ["found"],
        "basis": ["practice"],
        "hint": "a",
        "hint_en": "a",
        "fields": [{"name": "f", "type": "text", "title": "f", "title_en": "f"}],
        "example": {"state": "found", "statement": "a", "data": {}},
    }
    shared = {"practice": {"source_max_age_days": 1}, "items": []}
    assert from_data("x", shared, {"items": [good]}).items[0].code == "a"
    field = good["fields"][0]  # type: ignore[index]
    for wrong in (
        good | {"surprise": 1},
        good | {"states": ["maybe"]},
        good | {"kind": "mood"},
        good | {"when": {"item": "b", "field": "f", "is": True}},
        good | {"fields": [field, field]},
        good | {"fields": [{**field, "when": {"field": "g", "is": True}}]},
        good | {"fields": [{**field, "type": "choice"}]},
        good | {"fields": [{**field, "worse": "sometimes"}]},
        good | {"fields": [{**field, "colour": "red"}]},
    ):
        with pytest.raises(ValueError, match="a"):
            from_data("x", shared, {"items": [wrong]})
    with pytest.raises(ValueError, match="twice"):
        from_data("x", shared, {"items": [good, good]})

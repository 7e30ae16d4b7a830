import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from auction.kernel.crypto import canonical
from auction.rules.lot import AssetType, PartyRole
from auction.rules.notices import Addressee
from disclosure.rules.catalogue import Catalogue, load
from disclosure.rules.sheet import (
    File,
    ItemFacts,
    Sheet,
    addressees,
    disclosed,
    flags,
    is_occupied,
    is_restricted,
    says_the_same,
    seal_fits,
    seal_of,
    sealed_facts,
    sheet_of,
)
from tests.disclosure.seals import seal

HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False, width=32)
DATA = st.fixed_dictionaries({}, optional={"text": TEXTS, "flag": st.booleans(), "one": NUMBERS, "two": NUMBERS})
FACTS = st.builds(
    ItemFacts,
    code=st.sampled_from(["title", "lease", "possession", "burdens", "arrears"]),
    state=st.sampled_from(["found", "none", "not_applicable", "exempt"]),
    statement=TEXTS,
    data=DATA,
    source=TEXTS,
    checker=TEXTS,
    checked_on=st.none() | st.dates(),
    attachments=st.lists(st.builds(File, st.text("xyz", max_size=4), HASHES), max_size=3).map(tuple),
)
SHEETS = st.lists(FACTS, max_size=5, unique_by=lambda facts: facts.code).map(lambda items: Sheet(tuple(items)))
LOOSE = st.lists(st.builds(File, st.text("xyz", max_size=4), HASHES), max_size=3)


@settings(deadline=None)
@given(SHEETS, LOOSE, st.randoms(use_true_random=False))
def test_the_seal_does_not_depend_on_any_order_nor_on_ids(sheet: Sheet, files: list[File], chance: Any) -> None:
    def shuffled(facts: ItemFacts) -> ItemFacts:
        data, attachments = list(facts.data.items()), [File(file.id + "!", file.sha256) for file in facts.attachments]
        chance.shuffle(data)
        chance.shuffle(attachments)
        return replace(facts, data=dict(data), attachments=tuple(attachments))

    items = [shuffled(facts) for facts in sheet.items]
    chance.shuffle(items)
    assert seal(Sheet(tuple(items)), reversed(files)) == seal(sheet, files)


@settings(deadline=None)
@given(SHEETS, LOOSE, SHEETS, LOOSE)
def test_two_seals_are_equal_exactly_when_everything_disclosed_is(
    one: Sheet, files: list[File], other: Sheet, others: list[File]
) -> None:
    assert (seal(one, files) == seal(other, others)) == (read(one, files) == read(other, others))


def read(sheet: Sheet, files: list[File]) -> object:
    """What a reader learns, as Python compares it: an independent idea of the same facts."""
    return (
        {
            facts.code: (
                facts.state,
                facts.statement,
                dict(filled(facts)),
                facts.source,
                facts.checker,
                facts.checked_on,
                {file.sha256 for file in facts.attachments},
            )
            for facts in sheet.items
        },
        {file.sha256 for file in files},
    )


def filled(facts: ItemFacts) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in facts.data.items() if value != ""]


CHANGES: dict[str, Callable[[ItemFacts], ItemFacts]] = {
    "code": lambda facts: replace(facts, code=facts.code + "x"),
    "state": lambda facts: replace(facts, state="none" if facts.state == "found" else "found"),
    "statement": lambda facts: replace(facts, statement=facts.statement + "。"),
    "source": lambda facts: replace(facts, source=facts.source + "。"),
    "checker": lambda facts: replace(facts, checker=facts.checker + "。"),
    "checked_on": lambda facts: replace(facts, checked_on=None if facts.checked_on else date(2026, 1, 1)),
    "a field more": lambda facts: replace(facts, data={**facts.data, "new": 0}),
    "a field the other way": lambda facts: replace(facts, data={**facts.data, "new": False}),
    "a file more": lambda facts: replace(facts, attachments=(*facts.attachments, File("", "f" * 64))),
}


@settings(deadline=None)
@given(SHEETS.filter(lambda sheet: bool(sheet.items)), st.sampled_from(sorted(CHANGES)))
def test_any_single_change_changes_the_seal(sheet: Sheet, change: str) -> None:
    changed = CHANGES[change](sheet.items[0])
    if change == "a file more" and any(file.sha256 == "f" * 64 for file in sheet.items[0].attachments):
        return
    assert seal(Sheet((changed, *sheet.items[1:]))) != seal(sheet)


def test_the_seal_is_the_sha256_of_rfc_8785_bytes(house: Catalogue, filled: Callable[[Catalogue], Sheet]) -> None:
    facts = sealed_facts(disclosed(filled(house), [File("a", "0" * 64)]), lot_id="lot", version=1)
    assert canonical(facts) == rfc8785.dumps(facts)
    assert (facts["form"], facts["suite"]) == ("fapai-sheet-2", "intl-1")
    assert seal(filled(house), [File("b", "0" * 64)]) == hashlib.sha256(rfc8785.dumps(facts)).hexdigest()


def test_equal_facts_of_two_lots_or_versions_have_two_seals(
    house: Catalogue, filled: Callable[[Catalogue], Sheet]
) -> None:
    sheet = filled(house)
    assert len({seal(sheet, lot_id=lot, version=version) for lot in ("a", "b") for version in (1, 2)}) == 4


def test_a_seal_fits_its_own_lot_and_version_only(house: Catalogue, filled: Callable[[Catalogue], Sheet]) -> None:
    told = disclosed(filled(house))
    facts = sealed_facts(told, lot_id="a", version=2)
    assert seal_fits(seal_of(facts), facts, lot_id="a", version=2)
    assert not seal_fits(seal_of(facts), facts, lot_id="b", version=2)
    assert not seal_fits(seal_of(facts), facts, lot_id="a", version=3)
    assert not seal_fits(seal_of(facts), facts | {"suite": "other"}, lot_id="a", version=2)


def test_a_seal_of_the_first_form_still_fits_and_is_sealed_anew(
    house: Catalogue, filled: Callable[[Catalogue], Sheet]
) -> None:
    told = disclosed(filled(house))
    old = {"form": "fapai-sheet-1", **told}
    assert seal_fits(hashlib.sha256(rfc8785.dumps(old)).hexdigest(), old, lot_id="a", version=1)
    assert not seal_fits("0" * 64, old, lot_id="a", version=1)
    assert not says_the_same(old, told)
    assert says_the_same(sealed_facts(told, lot_id="a", version=1), told)
    assert not says_the_same(sealed_facts(told, lot_id="a", version=1), disclosed(filled(house), [File("", "0" * 64)]))


def test_one_number_written_in_two_ways_is_one_fact() -> None:
    def sealed(value: float) -> str:
        return seal(Sheet((ItemFacts("a", "found", "", {"n": value}, "", "", None),)))

    assert sealed(90) == sealed(90.0)
    assert sealed(0.0) == sealed(-0.0)
    assert sealed(1e15) == sealed(10**15)
    assert len({sealed(value) for value in (0.1, 0.10000000000000002, 0.2, 1e-7)}) == 4
    with pytest.raises(ValueError, match="finite"):
        sealed(float("inf"))


@pytest.mark.parametrize("asset_type", list(AssetType))
def test_a_sheet_can_be_had_back_from_what_was_sealed(
    asset_type: AssetType, filled: Callable[[Catalogue], Sheet]
) -> None:
    catalogue = load(asset_type)
    sheet = filled(catalogue)
    facts = sheet.items[0]
    sheet = sheet.replaced(replace(facts, attachments=(File("id1", "a" * 64),)))
    again = sheet_of(disclosed(sheet), catalogue, {"a" * 64: "id1"})
    assert again == sheet
    assert seal(again) == seal(sheet)


def test_an_item_stands_once_and_items_are_kept_in_order() -> None:
    a, b = (ItemFacts(code, "none", "", {}, "", "", None) for code in "ab")
    assert [facts.code for facts in Sheet((b, a)).items] == ["a", "b"]
    assert Sheet((b, a)) == Sheet((a, b))
    assert Sheet((a, b)).replaced(replace(b, statement="new")).get("b") == replace(b, statement="new")
    with pytest.raises(ValueError, match="twice"):
        Sheet((a, a))


def test_fields_count_only_while_the_item_is_found(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    assert spoil(house, "possession", {"occupied": True}).value("possession", "occupied") is True
    assert spoil(house, "possession", {"occupied": True}, state="none").value("possession", "occupied") is None
    assert spoil(house, "possession").value("nothing", "at all") is None


@pytest.mark.parametrize(
    ("asset_type", "code", "change", "mark"),
    [
        ("real_estate", "possession", {"data": {"occupied": True}}, "occupied"),
        ("vehicle", "possession", {"data": {"controlled": False}}, "occupied"),
        ("real_estate", "possession", {"state": "none", "data": {"occupied": None}}, "vacant"),
        ("real_estate", "lease", {"state": "found"}, "leased"),
        ("vessel", "charter", {"state": "found"}, "leased"),
        ("real_estate", "purchase_restriction", {"state": "found"}, "restricted"),
        ("equity", "approval", {"state": "found"}, "restricted"),
        ("real_estate", "title", {"data": {"share": 0.5}}, "share"),
        ("real_estate", "burdens", {"state": "found"}, "burdened"),
        ("real_estate", "illegal_building", {"state": "found"}, "defective"),
        ("real_estate", "arrears", {"state": "found"}, "arrears"),
        ("real_estate", "preferential_purchasers", {"state": "found"}, "preferential"),
    ],
)
def test_marks_for_lists_and_filters(
    spoil: Callable[..., Sheet],
    filled: Callable[[Catalogue], Sheet],
    asset_type: str,
    code: str,
    change: dict[str, Any],
    mark: str,
) -> None:
    catalogue = load(asset_type)
    sheet = spoil(catalogue, code, **change)
    assert mark in flags(sheet)
    assert list(flags(sheet)) == sorted(set(flags(sheet)))
    assert is_occupied(sheet) == ("occupied" in flags(sheet))
    assert is_restricted(sheet) == ("restricted" in flags(sheet))
    assert mark == "vacant" or mark not in flags(filled(catalogue))


def test_a_part_of_a_company_is_not_a_share_of_the_lot(filled: Callable[[Catalogue], Sheet]) -> None:
    assert "share" not in flags(filled(load("equity")))


def test_everybody_the_sheet_names_who_must_be_notified_is_named_once(
    house: Catalogue, spoil: Callable[..., Sheet]
) -> None:
    sheet = spoil(house, "burdens", {"mortgagees": "示例银行、 示例信托 ；示例银行"}, state="found")
    for code, data in (
        ("title", {"co_owned": True, "co_owners": "示例丙", "share": 0.5}),
        ("lease", {"tenant": "示例丁"}),
        ("preferential_purchasers", {"names": "示例丙，示例戊", "nature": "co_owner"}),
    ):
        facts = spoil(house, code, data, state="found").get(code)
        assert facts is not None
        sheet = sheet.replaced(facts)
    assert set(addressees(sheet, house)) == {
        Addressee("示例银行", PartyRole.SECURED_CREDITOR),
        Addressee("示例信托", PartyRole.SECURED_CREDITOR),
        Addressee("示例丙", PartyRole.CO_OWNER),
        Addressee("示例丁", PartyRole.LESSEE),
        Addressee("示例丙", PartyRole.PREFERENTIAL),
        Addressee("示例戊", PartyRole.PREFERENTIAL),
    }
    assert len(addressees(sheet, house)) == 6


@pytest.mark.parametrize(("kind", "named"), [("limited", True), ("joint_stock", False)])
def test_a_limited_company_is_notified_that_its_shares_are_sold(
    spoil: Callable[..., Sheet], kind: str, named: bool
) -> None:
    catalogue = load("equity")
    sheet = spoil(catalogue, "title", {"company": "示例科技有限公司", "company_type": kind})
    found = addressees(sheet, catalogue)
    assert found == ((Addressee("示例科技有限公司", PartyRole.OTHER),) if named else ())
    assert all(each.of_sheet for each in found)


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_a_date_moved_by_a_day_changes_the_seal(day: date) -> None:
    facts = ItemFacts("a", "found", "", {}, "", "", day)
    assert seal(Sheet((facts,))) != seal(Sheet((replace(facts, checked_on=day + timedelta(days=1)),)))

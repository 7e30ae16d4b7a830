"""A court's own items: added beside the shipped ones, checked and sealed like them, never in their place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from auction.kernel.errors import DomainError
from auction.rules.lot import AssetType
from disclosure.rules.catalogue import Catalogue, load
from disclosure.rules.court_items import CourtItemFacts, entry_of, with_court_items
from disclosure.rules.gaps import gaps
from disclosure.rules.linter import lint
from disclosure.rules.sheet import Sheet
from tests.disclosure.seals import seal

FACTS = CourtItemFacts("学区", "School district", True, "写明学区及查询日期。", "District and day.", "属示例小学学区。")


@pytest.mark.parametrize("asset_type", list(AssetType))
def test_an_item_is_asked_linted_and_sealed_beside_every_shipped_one(
    asset_type: AssetType, filled: Callable[[Catalogue], Sheet], today: date
) -> None:
    shipped = load(asset_type)
    extended = with_court_items(shipped, [entry_of("court_school", FACTS)])
    assert extended.items[:-1] == shipped.items
    before = filled(shipped)
    assert [gap.facts["item"] for gap in gaps(before, extended)] == ["court_school"]
    whole = filled(extended)
    assert gaps(whole, extended) == ()
    assert [each for each in lint(whole, extended, today=today, announced_on=today) if each.is_error] == []
    assert seal(whole) != seal(before)
    item = extended.item("court_school")
    assert (item.cited.by_law, item.material) == (False, True)


def test_a_shipped_item_can_be_neither_replaced_nor_made_optional() -> None:
    shipped = load("real_estate")
    for code in (shipped.items[0].code, "court_ÄÖ", "school", "court_", "court_" + "a" * 41):
        with pytest.raises(DomainError) as caught:
            entry_of(code, FACTS)
        assert [(each.field, each.code) for each in caught.value.errors] == [("code", "item_code")]
        with pytest.raises(ValueError, match="of its own"):
            with_court_items(shipped, [{**entry_of("court_school", FACTS), "code": code}])


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": " "}, "title", "required"),
        ({"hint": "长" * 501}, "hint", "too_long"),
        ({"example": "一切税费由买受人承担。"}, "example", "phrase_forbidden"),
        ({"hint": "腾退由买受人自行负责，法院不负责清场。"}, "hint", "phrase_forbidden"),
    ],
)
def test_a_court_cannot_have_said_what_may_not_be_said(change: dict[str, str], field: str, code: str) -> None:
    with pytest.raises(DomainError) as caught:
        entry_of("court_school", replace(FACTS, **change))
    assert {(each.field, each.code) for each in caught.value.errors} == {(field, code)}

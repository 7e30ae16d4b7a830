from dataclasses import replace
from typing import Any

import pytest

from disclosure.rules.announcement import AnnouncementFacts, publication
from disclosure.rules.catalogue import Catalogue
from disclosure.rules.editions import text_changes
from tests.disclosure.rules.test_announcement import facts

__all__ = ["facts"]


@pytest.fixture
def before(facts: Any) -> AnnouncementFacts:
    made: AnnouncementFacts = facts()
    return made


def named(old: AnnouncementFacts, new: AnnouncementFacts) -> set[tuple[str, str]]:
    return {(change.part, change.code) for change in text_changes(publication(old), publication(new))}


def test_the_same_facts_change_no_text(before: AnnouncementFacts) -> None:
    assert text_changes(publication(before), publication(before)) == ()


def test_a_defect_found_rewrites_the_notice_that_said_there_is_none(
    before: AnnouncementFacts, spoil: Any, house: Catalogue
) -> None:
    leaks = spoil(house, "defects", state="found", statement="屋面渗漏，已拍照。")
    after = replace(before, sheet=leaks)
    assert ("special_notices", "defects") in named(before, after)
    told = text_changes(publication(before), publication(after))
    [change] = [one for one in told if (one.part, one.code) == ("special_notices", "defects")]
    assert change.before is not None and change.after is not None
    assert "未发现" in change.before["zh"] and "屋面渗漏" in change.after["zh"]


def test_a_later_opening_rewrites_the_deadline_of_agents(before: AnnouncementFacts) -> None:
    later = replace(before, terms=replace(before.terms, opens_at=before.terms.closes_at))
    assert ("special_notices", "agency") in named(before, later)


def test_a_section_that_is_new_or_gone_is_named_with_what_there_is() -> None:
    section = {"code": "a", "heading": {"zh": "甲", "en": "A"}, "paragraphs": [{"zh": "一", "en": "one"}]}
    bare: dict[str, Any] = {"announcement": {"sections": []}}
    whole = {"announcement": {"sections": [section]}}
    [came], [went] = text_changes(bare, whole), text_changes(whole, bare)
    assert (came.before, came.after) == (None, {"zh": "一", "en": "one"}) == (went.after, went.before)
    assert came.heading == went.heading == {"zh": "甲", "en": "A"}

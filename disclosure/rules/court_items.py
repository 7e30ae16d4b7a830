"""What a court asks beyond the catalogue: items of its own, beside the shipped ones and never in their place.

An item of a court has a code of its own kind, is told in words, and rests on the court's practice. Whether the law's
items are told is not for a court to choose: nothing here can drop or change one of them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auction.kernel.errors import Breach, DomainError

from .catalogue import Catalogue, Item, item_of
from .linter import lint_text

PREFIX = "court_"
_CODE = re.compile(r"court_[a-z0-9_]{1,40}")
_LONGEST = {"title": 60, "title_en": 120, "hint": 500, "hint_en": 500, "example": 1000}


@dataclass(frozen=True, slots=True)
class CourtItemFacts:
    """An item as a court asks it; `example` is a statement that would be right for an unburdened lot."""

    title: str
    title_en: str
    required: bool
    hint: str
    hint_en: str
    example: str


def entry_of(code: str, facts: CourtItemFacts) -> dict[str, Any]:
    """The entry of the catalogue, as a file of `catalogue/` would hold it.

    DomainError invalid: `code` item_code (it begins with `court_`), texts required or too_long, and
    `phrase_forbidden` for what may not be said on a sheet.
    """
    wrong = [] if _CODE.fullmatch(code) else [Breach("item_code", "code")]
    for name, limit in _LONGEST.items():
        text = getattr(facts, name).strip()
        if not text:
            wrong.append(Breach("required", name))
        elif len(text) > limit:
            wrong.append(Breach("too_long", name, facts={"limit": limit}))
        wrong += [finding.breach() for finding in lint_text(text, name) if finding.is_error]
    if wrong:
        raise DomainError("invalid", wrong)
    return {
        "code": code,
        "title": facts.title.strip(),
        "title_en": facts.title_en.strip(),
        "required": facts.required,
        "states": ["found", "none", "not_applicable"],
        "basis": ["practice"],
        "hint": facts.hint.strip(),
        "hint_en": facts.hint_en.strip(),
        "example": {"state": "found", "statement": facts.example.strip(), "data": {}},
    }


def with_court_items(catalogue: Catalogue, entries: Iterable[Mapping[str, Any]]) -> Catalogue:
    """A catalogue with a court's items after the shipped ones. ValueError for an entry that is none of a court's."""
    items: list[Item] = []
    for entry in entries:
        if not _CODE.fullmatch(str(entry["code"])):
            raise ValueError("an item of a court has a code of its own")
        items.append(item_of(entry))
    return catalogue.extended(items)

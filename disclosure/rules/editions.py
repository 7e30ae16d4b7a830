"""What a new edition of the announcement, bidder notice and special notices says otherwise than the one before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Part = Literal["announcement", "bidder_notice", "special_notices"]
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TextChange:
    """One section or special notice that reads differently; None where it was not there before, or is no more.

    `code` is that of the section or notice; `before` and `after` have `zh` and `en`, `heading` too where there is one.
    """

    part: Part
    code: str
    heading: Words | None
    before: Words | None
    after: Words | None

    def as_data(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "code": self.code,
            "heading": self.heading,
            "before": self.before,
            "after": self.after,
        }


def text_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[TextChange, ...]:
    """Every section and notice that differs between two publications, in the order of the texts."""
    return tuple(change for part in get_args(Part) for change in _changes(part, before, after))


def _changes(part: Part, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[TextChange]:
    old, new = _told(before.get(part)), _told(after.get(part))
    for code in dict.fromkeys((*old, *new)):
        was, now = old.get(code, (None, None)), new.get(code, (None, None))
        if was[1] != now[1]:
            yield TextChange(part, code, now[0] or was[0], was[1], now[1])


def _told(text: Any) -> dict[str, tuple[Words | None, Words]]:
    """Heading and words of each section of a writing, or of each special notice, by code."""
    if isinstance(text, Mapping):
        sections = text.get("sections", ())
        return {section["code"]: (section["heading"], _joined(section["paragraphs"])) for section in sections}
    return {notice["code"]: (None, {tongue: notice[tongue] for tongue in ("zh", "en")}) for notice in text or ()}


def _joined(paragraphs: list[Words]) -> Words:
    return {tongue: "\n".join(paragraph[tongue] for paragraph in paragraphs) for tongue in ("zh", "en")}

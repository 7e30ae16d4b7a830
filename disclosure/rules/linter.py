"""What a sheet or a text should not say, while it is typed and before it is announced.

Errors bar the announcement, warnings are shown to the panel. What is simply lacking is `gaps`'s business.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from auction.rules.findings import Finding, errors

from .catalogue import Catalogue, Item
from .contradictions import contradictions
from .entry import check_item, read_item
from .gaps import gaps, vague
from .phrases import forbidden, leaves_unknown, says_unknown
from .sheet import File, ItemFacts, Sheet

_SHOWN = 60
#: What a field is asked for is part of what is said: "borne by the buyer: all taxes", "cleared by: the buyer".
RESPONSIBLE = "腾空由{}负责"
_ASKED = {"buyer_bears": "买受人承担{}", "responsible": RESPONSIBLE}
#: Court's practice: goods with less left than this, once they are handed over, are hardly of use to the buyer.
_LEFT = timedelta(days=30)


def lint(
    sheet: Sheet,
    catalogue: Catalogue,
    *,
    today: date,
    announced_on: date | None = None,
    published_from: date | None = None,
    handed_over_on: date | None = None,
    max_age_days: int | None = None,
) -> tuple[Finding, ...]:
    """Every finding on a sheet, in the order of the catalogue.

    `today`: the day in Asia/Shanghai; `announced_on`: the day of the announcement, where it is known or planned;
    `published_from`: the first day on which a statutory publication can be this round's, after an earlier round;
    `handed_over_on`: the last day on which the buyer is to have the lot, where the terms of the sale are known;
    `max_age_days`: how old a check may be (the catalogue's practice where it is not given). Codes: `phrase_forbidden`
    (error or warning; facts `phrase found fix fix_en`), `contradiction` (error or warning; facts `rule`),
    `evidence_missing`, `source_stale`, `unknown_in_part`, `date_passed` (warnings), `publication_of_earlier_round` and
    `publication_day_differs` (warnings; facts `published_on announced_on`), `goods_expired` (error; fact `day`)
    and `goods_expire_soon` (warning; facts `day handed_over_on`).
    """
    limit = catalogue.source_max_age_days if max_age_days is None else max_age_days
    found: list[Finding] = []
    for item in catalogue.items:
        facts = sheet.get(item.code)
        if facts is None:
            continue
        found += _phrases(item, facts)
        found += _evidence(item, facts)
        found += _age(item, facts, today, limit)
        found += _days(item, facts, today)
        found += _shelf_life(item, facts, today, handed_over_on)
        if announced_on is not None:
            found += _publication(item, facts, announced_on, published_from)
    return (*found, *contradictions(sheet, catalogue))


def lint_typed(
    sheet: Sheet,
    catalogue: Catalogue,
    item: Item,
    payload: Mapping[str, Any],
    files: Sequence[File],
    *,
    checker: str,
    today: date,
) -> tuple[Finding, ...]:
    """What is to be said of one item while it is typed, before anything is stored; errors first.

    `payload` as for `check_item`, `files` those it attaches, `checker` whoever would save it. What cannot be stored,
    and then only that and the wording; else what the item lacks or should not say, and what the whole
    sheet newly gets by it.
    """
    wrong = errors(check_item(item, payload, today))
    if wrong:
        return (*wrong, *_unread(item, payload))
    typed = sheet.replaced(read_item(item, payload, checker=checker, attachments=files))
    known = {_told(one) for one in (*gaps(sheet, catalogue), *lint(sheet, catalogue, today=today))}
    found = [
        one
        for one in (*gaps(typed, catalogue), *lint(typed, catalogue, today=today))
        if one.field.split(".")[1] == item.code or _told(one) not in known
    ]
    return tuple(sorted(found, key=lambda finding: not finding.is_error))


def _unread(item: Item, payload: Mapping[str, Any]) -> Iterator[Finding]:
    """The wording of an item that cannot be read yet."""
    statement, data = str(payload.get("statement", "")), payload.get("data")
    texts = {name: text for name, text in data.items() if isinstance(text, str)} if isinstance(data, Mapping) else {}
    for field, text in _texts(item, statement, texts):
        yield from lint_text(text, field)
    yield from vague(item, statement, texts)


def _told(finding: Finding) -> tuple[object, ...]:
    return finding.code, finding.field, tuple(sorted(finding.facts.items(), key=str))


def lint_text(text: str, field: str) -> tuple[Finding, ...]:
    """The forbidden phrases in any text that is to be published; `field` names where it stands."""
    return tuple(
        Finding(
            "phrase_forbidden",
            match.phrase.severity,
            field,
            match.phrase.basis,
            {
                "phrase": match.phrase.code,
                "title": match.phrase.title,
                "title_en": match.phrase.title_en,
                "found": match.words[:_SHOWN],
                "fix": match.phrase.fix,
                "fix_en": match.phrase.fix_en,
            },
        )
        for match in forbidden(text)
    )


def _texts(item: Item, statement: str, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield f"disclosure.{item.code}.statement", statement
    for name, value in data.items():
        spec = item.field(name)
        if isinstance(value, str) and spec is not None and spec.type == "text":
            yield f"disclosure.{item.code}.data.{name}", _ASKED.get(name, "{}").format(value)


def _phrases(item: Item, facts: ItemFacts) -> Iterator[Finding]:
    for field, text in _texts(item, facts.statement, facts.data):
        yield from lint_text(text, field)
        if item.kind != "possession" and says_unknown(text) and not leaves_unknown(text):
            yield _warning(item, "unknown_in_part", field)


def _evidence(item: Item, facts: ItemFacts) -> Iterator[Finding]:
    if item.evidence and not facts.attachments and facts.state in ("found", "none"):
        yield _warning(item, "evidence_missing", f"disclosure.{item.code}.attachments", wanted="；".join(item.evidence))


def _age(item: Item, facts: ItemFacts, today: date, limit: int) -> Iterator[Finding]:
    if facts.checked_on is not None and today - facts.checked_on > timedelta(days=limit):
        age = (today - facts.checked_on).days
        yield _warning(item, "source_stale", f"disclosure.{item.code}.checked_on", days=age, limit=limit)


def _publication(item: Item, facts: ItemFacts, announced_on: date, published_from: date | None) -> Iterator[Finding]:
    """Each announcement is published on the statutory channel too, at the same time (OJA 12(1)).

    A publication of an earlier round is none of this one; one on another day is shown to the panel.
    """
    published = facts.data.get("published_on")
    if item.code != "statutory_publication" or published is None or published == announced_on.isoformat():
        return
    earlier = published_from is not None and str(published) < published_from.isoformat()
    yield _finding(
        item,
        "publication_of_earlier_round" if earlier else "publication_day_differs",
        f"disclosure.{item.code}.data.published_on",
        error=False,
        published_on=str(published),
        announced_on=announced_on.isoformat(),
    )


def _days(item: Item, facts: ItemFacts, today: date) -> Iterator[Finding]:
    field = f"disclosure.{item.code}.data"
    if item.code == "clearance" and facts.data.get("stage") != "done":
        due = facts.data.get("due_on")
        if isinstance(due, str) and due < today.isoformat():
            yield _warning(item, "date_passed", f"{field}.due_on", day=due)


def _shelf_life(item: Item, facts: ItemFacts, today: date, handed_over_on: date | None) -> Iterator[Finding]:
    """Goods past their day are not sold; the panel is told of those that will be when the buyer has them, or soon."""
    expires = facts.data.get("expires_on") if item.code == "shelf_life" and facts.state == "found" else None
    if not isinstance(expires, str) or facts.data.get("perishable") is not True:
        return
    field, day = f"disclosure.{item.code}.data.expires_on", date.fromisoformat(expires)
    if day < today:
        yield _finding(item, "goods_expired", field, error=True, day=expires)
    elif day < (handed_over_on or today) + _LEFT:
        known = {"handed_over_on": handed_over_on.isoformat()} if handed_over_on else {}
        yield _warning(item, "goods_expire_soon", field, day=expires, **known)


def _warning(item: Item, code: str, field: str, **facts: int | str) -> Finding:
    return _finding(item, code, field, error=False, **facts)


def _finding(item: Item, code: str, field: str, *, error: bool, **facts: int | str) -> Finding:
    said = {"item": item.code, "title": item.title, "title_en": item.title_en, **facts}
    return Finding(code, "error" if error else "warning", field, item.cited, said)

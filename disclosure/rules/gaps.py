"""What a sheet still lacks before its lot may be announced (OJA 13; RULES part A, "Disclosure" and "Clearance")."""

from collections.abc import Iterator, Mapping
from typing import Any

from auction.rules.findings import Finding

from .catalogue import Catalogue, Field, Item
from .phrases import is_empty, leaves_unknown, names_nobody, possessed_by_nobody_named, says_unknown
from .sheet import ItemFacts, Sheet, is_asked

_NO_SOURCE = frozenset({"无", "没有", "暂无", "none", "n/a", "na", "nil"})
#: What the parts of an entry are called.
_PARTS = {
    "state": ("状态", "state"),
    "statement": ("说明（须写明事实，不得只写不明）", "statement (of the fact, not that it is not known)"),
    "source": ("来源", "source"),
    "checker": ("核查人", "checker"),
    "checked_on": ("核查日期", "date of the check"),
}
#: Fields in which somebody is named; "another person" names nobody.
_PERSONS = frozenset({"occupant", "holder", "tenant", "charterer", "responsible"})


def gaps(sheet: Sheet, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Every gap, in the order of the catalogue; empty means that the sheet may be announced.

    Codes: `disclosure_incomplete`, `possession_not_stated`, `clearance_plan_missing`. The field is
    `disclosure.<code>`, the basis the item's article. Facts: `item`, `title`, `title_en`, `reason` (`missing`: not
    there; `unstated`: does not say what it must, or only that it is not known; `unsourced`: lacks source, checker or
    date; `state`: a state this item cannot have), `missing` (the parts lacking, separated by commas; empty for the
    whole item), `lacking`, `lacking_en` (the same in words).
    """
    return tuple(finding for item in catalogue.items for finding in _gaps_of(item, sheet))


def _gaps_of(item: Item, sheet: Sheet) -> Iterator[Finding]:
    facts, asked = sheet.get(item.code), is_asked(item, sheet)
    if facts is None:
        if asked:
            yield _gap(item, item.missing, "missing")
        return
    if facts.state not in item.states:
        yield _gap(item, item.unstated, "state", "state")
        return
    if item.when is not None and asked and facts.state != "found":
        yield _gap(item, item.missing, "unstated", "state")
    unstated = list(_unstated(item, facts))
    if unstated:
        yield _gap(item, item.unstated, "unstated", *unstated)
    unsourced = list(_unsourced(facts))
    if unsourced:
        yield _gap(item, "disclosure_incomplete", "unsourced", *unsourced)


def _gap(item: Item, code: str, reason: str, *missing: str) -> Finding:
    names = [_named(item, part) for part in missing] or [("整项", "the whole item")]
    facts = {
        "item": item.code,
        "title": item.title,
        "title_en": item.title_en,
        "reason": reason,
        "missing": ",".join(missing),
        "lacking": "、".join(zh for zh, _ in names),
        "lacking_en": ", ".join(en for _, en in names),
    }
    return Finding(code, "error", f"disclosure.{item.code}", item.cited, facts)


def _named(item: Item, part: str) -> tuple[str, str]:
    """What a part of an item is called: `statement`, `data.<name>` and so on."""
    spec = item.field(part.removeprefix("data."))
    return (spec.title, spec.title_en) if part.startswith("data.") and spec else _PARTS[part]


def _unstated(item: Item, facts: ItemFacts) -> Iterator[str]:
    """What of the item does not say what it must: `statement`, or fields as `data.<name>`."""
    states_possession = item.kind == "possession"
    if tells_nothing(facts.statement, possession=states_possession):
        yield "statement"
    if facts.state != "found":
        return
    for spec in item.fields:
        value = facts.data.get(spec.name)
        if value is None or value == "":
            if spec.is_required(facts.data):
                yield f"data.{spec.name}"
        elif _is_vague(item, spec, value, facts.data):
            yield f"data.{spec.name}"


def _is_vague(item: Item, spec: Field, value: object, data: Mapping[str, Any]) -> bool:
    """Whether a filled field that must say something says nothing."""
    possession = item.kind == "possession"
    if not isinstance(value, str) or spec.type != "text" or not (possession or spec.is_required(data)):
        return False
    person = spec.name in _PERSONS and names_nobody(value)
    return person or is_empty(value) or leaves_unknown(value) or (possession and says_unknown(value))


def vague(item: Item, statement: str, data: Mapping[str, Any]) -> Iterator[Finding]:
    """The gap that the words already there would leave, whatever else is still to be filled in; none where they tell.

    What is empty yet is not said: that is `gaps`'s business.
    """
    said = not is_empty(statement) and tells_nothing(statement, possession=item.kind == "possession")
    told = [(spec, data.get(spec.name)) for spec in item.fields]
    fields = [f"data.{spec.name}" for spec, value in told if value and _is_vague(item, spec, value, data)]
    if said or fields:
        yield _gap(item, item.unstated, "unstated", *(["statement"] if said else []), *fields)


def tells_nothing(statement: str, *, possession: bool) -> bool:
    """Whether a statement is empty or says only that a fact is not known. Possession may leave nothing unknown."""
    if is_empty(statement) or leaves_unknown(statement):
        return True
    return possession and (says_unknown(statement) or possessed_by_nobody_named(statement))


def _unsourced(facts: ItemFacts) -> Iterator[str]:
    source = facts.source.strip()
    if is_empty(source) or source.casefold() in _NO_SOURCE or leaves_unknown(source):
        yield "source"
    if is_empty(facts.checker):
        yield "checker"
    if facts.checked_on is None:
        yield "checked_on"

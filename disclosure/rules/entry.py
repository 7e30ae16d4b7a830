"""Taking in one item of a sheet: whether what was sent is well formed, and the facts it makes.

An error here means that nothing is stored. What is merely not complete yet (no source, a field still empty) can be
stored: it is a warning here and a gap when the lot is to be announced.
"""

import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal, cast, get_args

from auction.rules.calendar import day_of
from auction.rules.findings import Finding
from auction.rules.letters import TURNING

from .catalogue import Field, Item, Scalar, State
from .sheet import File, ItemFacts

#: Technical limits, in characters and pieces.
MOST_STATEMENT = 4000
MOST_SOURCE = 500
MOST_TEXT = 1000
MOST_FILES = 50
_KEYS = frozenset({"state", "statement", "data", "source", "checked_on", "attachments"})
_NOT_BEFORE = date(1900, 1, 1)


def check_item(item: Item, payload: Mapping[str, Any], today: date) -> tuple[Finding, ...]:
    """Every finding on an item as sent (`state statement data source checked_on attachments`); errors first.

    `today` is the day in Asia/Shanghai. Error codes, with the field as dotted path: `unknown_field state_invalid
    state_not_allowed wrong_type too_long bad_characters not_a_date date_in_future date_out_of_range out_of_range
    not_a_choice too_many`. Warning codes: `statement_missing source_missing date_missing field_missing`.
    """
    found = [
        *_check_keys(item, payload),
        *_check_state(item, payload.get("state")),
        *_check_text(item, "statement", payload.get("statement", ""), MOST_STATEMENT),
        *_check_text(item, "source", payload.get("source", ""), MOST_SOURCE),
        *_check_day(item, "checked_on", payload.get("checked_on"), today, past=True),
        *_check_files(item, payload.get("attachments", [])),
        *_check_data(item, payload.get("data", {}), today),
    ]
    if not any(finding.is_error for finding in found):
        found += _incomplete(item, payload)
    return tuple(sorted(found, key=lambda finding: not finding.is_error))


def read_item(item: Item, payload: Mapping[str, Any], *, checker: str, attachments: Sequence[File]) -> ItemFacts:
    """The facts of a payload in which `check_item` found no error; `attachments` are its files, looked up.

    Texts are trimmed, empty fields dropped, numbers of fields of type number become floats.
    """
    data: dict[str, Scalar] = {}
    for spec in item.fields:
        value = (payload.get("data") or {}).get(spec.name)
        if isinstance(value, date):
            value = value.isoformat()
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            continue
        data[spec.name] = float(value) if spec.type == "number" else value
    checked_on = payload.get("checked_on")
    return ItemFacts(
        code=item.code,
        state=cast(State, payload["state"]),
        statement=payload.get("statement", "").strip(),
        data=data,
        source=payload.get("source", "").strip(),
        checker=checker.strip(),
        checked_on=_day(checked_on),
        attachments=tuple(sorted({file.sha256: file for file in attachments}.values(), key=lambda file: file.sha256)),
    )


def _finding(
    item: Item, code: str, field: str, severity: Literal["error", "warning"] = "error", **facts: int | str
) -> Finding:
    return Finding(code, severity, field, item.cited, {"item": item.code, "title": item.title, **facts})


def _check_keys(item: Item, payload: Mapping[str, Any]) -> Iterator[Finding]:
    for key in payload:
        if key not in _KEYS:
            yield _finding(item, "unknown_field", str(key))


def _check_state(item: Item, state: object) -> Iterator[Finding]:
    if not isinstance(state, str) or state not in get_args(State):
        yield _finding(item, "state_invalid", "state")
    elif state not in item.states:
        yield _finding(item, "state_not_allowed", "state", state=state, allowed=",".join(item.states))


def _check_text(item: Item, path: str, value: object, most: int) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield _finding(item, "wrong_type", path, expected="text")
    elif len(value) > most:
        yield _finding(item, "too_long", path, limit=most)
    elif any(_is_bad(character) for character in value):
        yield _finding(item, "bad_characters", path)


def _is_bad(character: str) -> bool:
    """Control characters but for line ends and tabs, and halves of surrogate pairs: they cannot be stored or sealed.

    Also what turns the direction of writing, with which a statement can read as another than it is.
    """
    if character in "\n\r\t":
        return False
    return unicodedata.category(character) in ("Cc", "Cs") or character in TURNING


def _day(value: object) -> date | None:
    """The day of an ISO text `YYYY-MM-DD` or a date; None for anything else."""
    if type(value) is date:
        return value
    return day_of(value) if isinstance(value, str) else None


def _check_day(item: Item, path: str, value: object, today: date, *, past: bool) -> Iterator[Finding]:
    if value is None or value == "":
        return
    day = _day(value)
    if day is None:
        yield _finding(item, "not_a_date", path)
    elif past and day > today:
        yield _finding(item, "date_in_future", path, day=day.isoformat(), today=today.isoformat())
    elif day < _NOT_BEFORE:
        yield _finding(item, "date_out_of_range", path, day=day.isoformat())


def _check_files(item: Item, value: object) -> Iterator[Finding]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        yield _finding(item, "wrong_type", "attachments", expected="list")
    elif len(value) > MOST_FILES:
        yield _finding(item, "too_many", "attachments", limit=MOST_FILES)


def _check_data(item: Item, data: object, today: date) -> Iterator[Finding]:
    if not isinstance(data, Mapping):
        yield _finding(item, "wrong_type", "data", expected="object")
        return
    for name, value in data.items():
        spec = item.field(name) if isinstance(name, str) else None
        if spec is None:
            yield _finding(item, "unknown_field", f"data.{name}"[:200])
        elif value is not None:
            yield from _CHECKS[spec.type](item, spec, value, today)


def _check_text_field(item: Item, spec: Field, value: object, _: date) -> Iterator[Finding]:
    yield from _check_text(item, f"data.{spec.name}", value, MOST_TEXT)


def _check_date_field(item: Item, spec: Field, value: object, today: date) -> Iterator[Finding]:
    yield from _check_day(item, f"data.{spec.name}", value, today, past=spec.past)


def _check_integer_field(item: Item, spec: Field, value: object, _: date) -> Iterator[Finding]:
    if type(value) is not int:
        yield _finding(item, "wrong_type", f"data.{spec.name}", expected="integer")
    else:
        yield from _check_range(item, spec, value)


def _check_number_field(item: Item, spec: Field, value: object, _: date) -> Iterator[Finding]:
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        yield from _check_range(item, spec, value)
    else:
        yield _finding(item, "wrong_type", f"data.{spec.name}", expected="number")


def _check_range(item: Item, spec: Field, value: float) -> Iterator[Finding]:
    if (spec.least is not None and value < spec.least) or (spec.most is not None and value > spec.most):
        yield _finding(item, "out_of_range", f"data.{spec.name}", least=_plain(spec.least), most=_plain(spec.most))


def _plain(bound: float | None) -> str:
    return "" if bound is None else format(Decimal(repr(bound)), "f")


def _check_boolean_field(item: Item, spec: Field, value: object, _: date) -> Iterator[Finding]:
    if type(value) is not bool:
        yield _finding(item, "wrong_type", f"data.{spec.name}", expected="boolean")


def _check_choice_field(item: Item, spec: Field, value: object, _: date) -> Iterator[Finding]:
    codes = [choice.code for choice in spec.choices]
    if value != "" and value not in codes:
        yield _finding(item, "not_a_choice", f"data.{spec.name}", allowed=",".join(codes))


_CHECKS: Mapping[str, Callable[[Item, Field, object, date], Iterator[Finding]]] = {
    "text": _check_text_field,
    "date": _check_date_field,
    "integer": _check_integer_field,
    "number": _check_number_field,
    "boolean": _check_boolean_field,
    "choice": _check_choice_field,
}


def _incomplete(item: Item, payload: Mapping[str, Any]) -> Iterator[Finding]:
    """What the announcement will still ask for."""
    if not payload.get("statement", "").strip():
        yield _finding(item, "statement_missing", "statement", "warning")
    if not payload.get("source", "").strip():
        yield _finding(item, "source_missing", "source", "warning")
    if not payload.get("checked_on"):
        yield _finding(item, "date_missing", "checked_on", "warning")
    data = payload.get("data") or {}
    if payload["state"] == "found":
        for spec in item.fields:
            if spec.is_required(data) and data.get(spec.name) in (None, ""):
                yield _finding(item, "field_missing", f"data.{spec.name}", "warning", name=spec.title)

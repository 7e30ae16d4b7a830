"""The habits all schemas share: unknown fields are errors, times carry their offset, money is integer fen."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from auction.kernel.clock import iso
from auction.kernel.errors import Breach
from auction.kernel.money import MOST_FEN
from auction.rules.calendar import day_of
from auction.rules.letters import TURNING, says_something

from .. import errors

_KEPT_NOWHERE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Strict(Schema):
    """A request or response object. Every unknown field is an error."""

    class Meta:
        unknown = RAISE


class Moment(fields.Field[datetime]):
    """An RFC 3339 time with offset in; UTC out."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else iso(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise ValidationError("invalid") from None
        if moment.tzinfo is None or not 2000 <= moment.year <= 2200:
            raise ValidationError("invalid")
        return moment.astimezone(UTC)


_LEAST, _MOST = (rf"(?P<{name}>-?\d+(?:\.\d+)?)" for name in ("least", "most"))
#: The library's complaints by their beginning: the reason of an `invalid` field that names what would be right.
_REASONS = (
    (
        re.compile(rf"Must be greater than or equal to {_LEAST} and less than or equal to {_MOST}"),
        "between",
    ),
    (re.compile(rf"Must be greater than or equal to {_LEAST}"), "at_least"),
    (re.compile(rf"Must be less than or equal to {_MOST}"), "at_most"),
    (re.compile(rf"Length must be between {_LEAST} and {_MOST}"), "length"),
    (re.compile(rf"Longer than maximum length {_MOST}"), "too_long"),
    (re.compile(r"(?:Must be one of|One or more of the choices you made was not in): (?P<choices>.*)\."), "choices"),
    (re.compile(r"Not a valid integer"), "integer"),
    (re.compile(r"Not a valid (?:number|decimal)"), "number"),
    (re.compile(r"Not a valid date"), "date"),
    (re.compile(r"Not a valid boolean"), "boolean"),
    (re.compile(r"Not a valid (?:utf-8 )?string"), "string"),
)


def breaches_of(messages: Any, path: str = "", *, typed: bool = False) -> list[Breach]:
    """A schema's complaints, one breach a field: codes where schemas put codes, else told by the library's sentences.

    `typed`: in a form, where a text that is too short was left empty.
    """
    if isinstance(messages, Mapping):
        return [
            breach
            for name, inner in messages.items()
            for breach in breaches_of(inner, f"{path}.{name}" if path else str(name), typed=typed)
        ]
    field = None if path in ("_schema", "") else path
    found = messages if isinstance(messages, list) else [messages]
    return [_breach(str(message), field, typed=typed) for message in found]


def _breach(message: str, field: str | None, *, typed: bool) -> Breach:
    if message.startswith("Unknown field"):
        return Breach("unknown_field", field)
    if message.startswith(("Missing data", "Field may not be null")) or (typed and message.startswith("Shorter than")):
        return Breach("required", field)
    if message in errors.table() and message != "invalid":
        return Breach(message, field)
    for pattern, reason in _REASONS:
        if told := pattern.match(message):
            facts: dict[str, Any] = {
                name: said if name == "choices" or "." in said else int(said) for name, said in told.groupdict().items()
            }
            money = reason == "between" and (field or "").endswith("_fen")
            return Breach("invalid", field, facts={"reason": "amount" if money else reason, **facts})
    return Breach("invalid", field, facts={"reason": "value"})


def text(most: int = 500, *, required: bool = True, least: int = 1, **more: Any) -> fields.String:
    """A text of bounded length; control characters other than line breaks are refused."""
    return fields.String(required=required, validate=[validate.Length(least, most), printable], **more)


def printable(value: str) -> None:
    """Refuse control characters other than line breaks, and halves of surrogate pairs: no database keeps them.

    Also what turns the direction of writing: with it a name or title can read as another than it is.
    """
    if not TURNING.isdisjoint(value):
        raise ValidationError("control_characters")
    if _KEPT_NOWHERE.search(value):
        raise ValidationError("invalid")


def fen(*, required: bool = True, least: int = 1, **more: Any) -> fields.Integer:
    """An integer amount of fen: no float, no string, no boolean."""
    return StrictInteger(required=required, validate=validate.Range(least, MOST_FEN), **more)


class StrictInteger(fields.Integer):
    """A JSON integer and nothing that could be read as one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if type(value) is not int:
            raise ValidationError("invalid")
        return value


class StrictBoolean(fields.Boolean):
    """A JSON boolean and nothing that could be read as one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise ValidationError("invalid")
        return value


def choice(*values: str, required: bool = True, **more: Any) -> fields.String:
    """One of a few words."""
    return fields.String(required=required, validate=validate.OneOf(values), **more)


class PageQuery(Schema):
    """`page` from 1, `page_size` at most 200."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))
    page_size = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class PageOut(Strict):
    """What every page of a list says besides its items: which page this is, and how many items there are in all."""

    page = fields.Integer()
    page_size = fields.Integer()
    total = fields.Integer()


class Day(fields.Field[date]):
    """A calendar day `YYYY-MM-DD`, in Asia/Shanghai."""

    def _serialize(self, value: date | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        day = day_of(value) if isinstance(value, str) else None
        if day is None or not 1900 <= day.year <= 2200:
            raise ValidationError("not_a_date")
        return day


def words(most: int = 500, *, required: bool = True, **more: Any) -> fields.String:
    """A text that says something: not only blanks."""
    more["metadata"] = {"minLength": 1, **more.get("metadata", {})}  # what is empty is told once, by `_stated`
    return fields.String(required=required, validate=[validate.Length(max=most), printable, _stated], **more)


def _stated(value: str) -> None:
    if not says_something(value):
        raise ValidationError("required")

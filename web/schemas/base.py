"""The habits all schemas share: unknown fields are errors, times carry their offset, money is integer fen."""

import re
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from auction.kernel.clock import iso
from auction.kernel.money import MOST_FEN
from auction.rules.calendar import day_of
from auction.rules.letters import TURNING, says_something

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

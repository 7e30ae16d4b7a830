"""The board of a court: what is looked for on it, and what it shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import fields, post_load, validate

from bidding.queries.board import BoardItem
from bidding.rules.clocks import STATES
from bidding.rules.stages import Stage

from .base import Moment, PageOut, PageQuery, Strict


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """What is looked for on the board; empty strings match everything."""

    stage: str = ""
    state: str = ""
    clock: str = ""
    q: str = ""

    def matches(self, item: BoardItem, now: datetime, soon_days: int) -> bool:
        """Whether an item has the stage, a clock of that state and code, and the text in title or case number."""
        if self.stage and item.stage != self.stage:
            return False
        if self.q and not any(self.q in text for text in (item.lot.title, item.case_number, item.lot.address)):
            return False
        if not (self.state or self.clock):
            return True
        return any(
            (not self.state or clock.state(now, soon_days) == self.state)
            and (not self.clock or clock.code == self.clock)
            for clock in item.clocks
        )


class BoardQuery(PageQuery):
    """What is looked for, and which page."""

    stage = fields.String(load_default="", validate=validate.OneOf(("", *Stage)))
    state = fields.String(load_default="", validate=validate.OneOf(("", *STATES)))
    clock = fields.String(load_default="", validate=validate.Regexp(r"[a-z_]{0,40}\Z"))
    q = fields.String(load_default="", validate=validate.Length(max=100))

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """The filter and the page."""
        wanted = BoardFilter(*(data.pop(name) for name in ("stage", "state", "clock", "q")))
        return {**data, "wanted": wanted}


class DueOut(Strict):
    """Something due on a lot, with its article and day."""

    code = fields.String()
    nature = fields.String()
    state = fields.String()
    due_at = Moment(allow_none=True)
    day = fields.String(allow_none=True)
    days = fields.Integer(allow_none=True)
    provisional = fields.Boolean()
    detail = fields.String()
    basis = fields.String()
    basis_code = fields.String()


class BoardItemOut(Strict):
    """A lot on the board."""

    lot_id = fields.String()
    title = fields.String()
    asset_type = fields.String()
    case_number = fields.String()
    stage = fields.String()
    stage_title = fields.String()
    gaps = fields.Integer()
    registrations = fields.Integer()
    auction = fields.Dict(allow_none=True)
    clocks = fields.List(fields.Nested(DueOut))


class SheetPublishedOut(Strict):
    """A version of an announced sheet that a judge published without the panel: nothing of it was material."""

    lot_id = fields.String()
    lot_title = fields.String()
    version = fields.Integer()
    at = Moment()
    items = fields.List(fields.String(), metadata={"description": "titles of the items that changed"})
    by = fields.String(allow_none=True)


class BoardOut(PageOut):
    """The board, the most urgent lot first; `counts` of lots by stage and of clocks by state."""

    items = fields.List(fields.Nested(BoardItemOut))
    stages = fields.Dict(keys=fields.String(), values=fields.Integer())
    states = fields.Dict(keys=fields.String(), values=fields.Integer())
    published = fields.List(fields.Nested(SheetPublishedOut), metadata={"description": "of the last 7 days"})
    server_time = Moment()

"""Auxiliary work: a task as it is given, what its agency reports, what the court makes of it, an agency's record."""

from marshmallow import fields, validate

from auction.rules.auxiliary import KINDS
from disclosure.rules.entry import MOST_FILES

from .base import Moment, PageOut, PageQuery, Strict, StrictInteger, choice, printable, text, words
from .sheets import ItemIn, WrittenItemOut

#: A technical limit: no sheet has as many items.
_MOST_ITEMS = 100


class TaskIn(Strict):
    """Auxiliary work given to an agency, named by its credit code. `description`: of `other` work, by a judge."""

    agency = words(40)
    kind = fields.String(required=True, validate=[validate.Length(1, 60), printable], metadata={"enum": list(KINDS)})
    due_at = Moment(required=True)
    description = text(300, required=False, least=0)


class TasksQuery(PageQuery):
    """Which tasks."""

    status = choice("open", "done", "cancelled", required=False)


class RatingOut(Strict):
    """What the court thinks of a finished task."""

    rating = fields.Integer()
    reason = fields.String()


class TaskOut(Strict):
    """Auxiliary work given to an agency. `waiting`: parts of its reports the court has not answered."""

    id = fields.String()
    lot_id = fields.String()
    lot_title = fields.String()
    court = fields.String()
    court_name = fields.String()
    agency = fields.String()
    agency_name = fields.String()
    kind = fields.String(metadata={"enum": list(KINDS)})
    description = fields.String(allow_none=True)
    due_at = Moment()
    created_at = Moment()
    status = fields.String(metadata={"enum": ["open", "done", "cancelled"]})
    late = fields.Boolean()
    ended_at = Moment(allow_none=True)
    end_reason = fields.String(allow_none=True)
    rating = fields.Nested(RatingOut, allow_none=True)
    waiting = fields.Integer()


class TasksOut(PageOut):
    """A page of tasks, open ones first."""

    items = fields.List(fields.Nested(TaskOut))


class ReportPartOut(Strict):
    """A part of a report: an item as it was sent, or `files` of the lot as a whole; and the court's answer."""

    code = fields.String()
    facts = fields.Dict(keys=fields.String())
    decision = fields.String(metadata={"enum": ["waiting", "accepted", "refused"]})
    reason = fields.String(allow_none=True)
    decided_at = Moment(allow_none=True)


class ReportOut(Strict):
    """What an agency reported at once."""

    id = fields.String()
    at = Moment()
    note = fields.String()
    parts = fields.List(fields.Nested(ReportPartOut))


class TaskWithReportsOut(TaskOut):
    """A task with everything reported on it."""

    reports = fields.List(fields.Nested(ReportOut))


class ReportedOut(TaskWithReportsOut):
    """The task after a report, and which report that was: `id` and `report_id` are the report's."""

    task_id = fields.String()
    report_id = fields.String()


class ReportItemIn(ItemIn):
    """An item of the sheet, as a court writes it, beside its code."""

    code = text(60)


class ReportIn(Strict):
    """What an agency found out. `files`: photos and other files of the lot as a whole, uploaded before."""

    items = fields.List(fields.Nested(ReportItemIn), load_default=list, validate=validate.Length(max=_MOST_ITEMS))
    files = fields.List(text(64), load_default=list, validate=validate.Length(max=MOST_FILES))
    note = text(2000, required=False, least=0, load_default="")


class AcceptedOut(Strict):
    """A part of a report taken over; `item` as it was written into the sheet, null for files."""

    report_id = fields.String()
    code = fields.String()
    item = fields.Nested(WrittenItemOut, allow_none=True)


class TaskReasonIn(Strict):
    """The reason, which the agency reads."""

    reason = words(1000)


class CompletionIn(Strict):
    """What was done, in short."""

    note = words(1000)


class RatingIn(Strict):
    """What the court thinks of a finished task, with the reason; 5 is best."""

    rating = StrictInteger(required=True, validate=validate.Range(1, 5))
    reason = words(1000)


class AgencyOut(Strict):
    """An auxiliary agency."""

    uscc = fields.String()
    name = fields.String()


class RatedOut(Strict):
    """One rating, with the work it is about."""

    task_id = fields.String()
    kind = fields.String()
    lot_title = fields.String()
    court_name = fields.String()
    rating = fields.Integer()
    reason = fields.String()
    at = Moment()


class AgencyRecordOut(Strict):
    """What an agency was asked to do and what became of it. `in_time_share`: of the tasks finished or overdue, without
    those the court said were done in time (`done_by_court`)."""

    agency = fields.Nested(AgencyOut)
    given = fields.Integer()
    open = fields.Integer()
    open_late = fields.Integer()
    done_in_time = fields.Integer()
    done_late = fields.Integer()
    done_by_court = fields.Integer()
    cancelled = fields.Integer()
    in_time_share = fields.Float(allow_none=True)
    items_accepted = fields.Integer()
    items_refused = fields.Integer()
    items_waiting = fields.Integer()
    answered_in_time = fields.Integer()
    answered_late = fields.Integer()
    viewings_held = fields.Integer()
    viewings_ahead = fields.Integer()
    viewings_cancelled = fields.Integer()
    ratings = fields.Integer()
    rating = fields.Float(allow_none=True)
    rated = fields.List(fields.Nested(RatedOut))

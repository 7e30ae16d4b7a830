"""Written questions on a lot and their answers."""

from marshmallow import Schema, fields

from disclosure.rules.questions import MOST_ANSWER, MOST_QUESTION, TELLS

from .base import Moment, PageOut, Strict, choice, text, words


class QuestionIn(Strict):
    """A question; it is published with its answer, whoever asked it never."""

    question = words(MOST_QUESTION)


class QuestionAnswerIn(Strict):
    """An answer, and what it `tells`.

    `nothing_new`, with the `reason`, which is never public: published at once. `new_fact`: it belongs to `item` of the
    sheet and is published with the version that tells it. `question`: the wording to publish, the court's.
    """

    answer = words(MOST_ANSWER)
    tells = choice(*TELLS)
    reason = text(MOST_QUESTION, required=False, allow_none=True)
    item = text(60, required=False, allow_none=True)
    question = text(MOST_QUESTION, required=False, allow_none=True)


class MergeIn(Strict):
    """The question of the same lot that asks the same."""

    into = words(64)


class SimilarQuery(Schema):
    """What is about to be asked."""

    question = words(MOST_QUESTION)


class PublishedAnswerOut(Strict):
    """An answer as published; a corrected one is the next version. `reason`: why it tells nothing new, for staff."""

    version = fields.Integer()
    answer = fields.String()
    item = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    by = fields.String(metadata={"enum": ["court", "agency"]})
    agency_name = fields.String(allow_none=True)
    at = Moment()


class HeldAnswerOut(Strict):
    """An answer held until the sheet tells its fact: for the lot's court and agencies."""

    question = fields.String()
    answer = fields.String()
    item = fields.String()
    by = fields.String(metadata={"enum": ["court", "agency"]})
    agency_name = fields.String(allow_none=True)
    at = Moment()


class SheetChangeOut(Strict):
    """That the sheet is being changed for an answer: the item, and since when."""

    item = fields.String()
    since = Moment()


class QuestionOut(Strict):
    """A question with its answers, the latest last. `mine`: the reader asked it; nobody else is told who did.

    `merged_into`: the question it is answered with, whose answers it has. `sheet_change`: the answer belongs to the
    sheet, which is being changed; it is published with the change.
    """

    id = fields.String()
    lot_id = fields.String()
    question = fields.String()
    merged_into = fields.String(allow_none=True)
    status = fields.String(metadata={"enum": ["waiting", "answered"]})
    asked_at = Moment()
    due_at = Moment()
    late = fields.Boolean()
    mine = fields.Boolean()
    answers = fields.List(fields.Nested(PublishedAnswerOut))
    sheet_change = fields.Nested(SheetChangeOut, allow_none=True)
    held = fields.Nested(HeldAnswerOut, allow_none=True)


class QuestionsOut(PageOut):
    """Questions on a lot. `unanswered`: how many wait for an answer in all."""

    items = fields.List(fields.Nested(QuestionOut))
    unanswered = fields.Integer()


class SimilarOut(Strict):
    """Questions that ask about the same, the likeliest first."""

    items = fields.List(fields.Nested(QuestionOut))

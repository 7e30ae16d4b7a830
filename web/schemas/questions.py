"""Written questions on a lot and their answers."""

from marshmallow import Schema, fields

from disclosure.rules.questions import MOST_ANSWER, MOST_QUESTION

from .base import Moment, PageOut, Strict, text, words


class QuestionIn(Strict):
    """A question; it is published with its answer, whoever asked it never."""

    question = words(MOST_QUESTION)


class QuestionAnswerIn(Strict):
    """An answer. `item`: the item of the sheet it has to do with. `question`: the wording to publish, the court's."""

    answer = words(MOST_ANSWER)
    item = text(60, required=False, allow_none=True)
    question = text(MOST_QUESTION, required=False, allow_none=True)


class MergeIn(Strict):
    """The question of the same lot that asks the same."""

    into = words(64)


class SimilarQuery(Schema):
    """What is about to be asked."""

    question = words(MOST_QUESTION)


class PublishedAnswerOut(Strict):
    """An answer as published; a corrected one is the next version."""

    version = fields.Integer()
    answer = fields.String()
    item = fields.String(allow_none=True)
    by = fields.String(metadata={"enum": ["court", "agency"]})
    agency_name = fields.String(allow_none=True)
    at = Moment()


class QuestionOut(Strict):
    """A question with its answers, the latest last. `mine`: the reader asked it; nobody else is told who did.

    `merged_into`: the question it is answered with, whose answers it has.
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


class QuestionsOut(PageOut):
    """Questions on a lot. `unanswered`: how many wait for an answer in all."""

    items = fields.List(fields.Nested(QuestionOut))
    unanswered = fields.Integer()


class SimilarOut(Strict):
    """Questions that ask about the same, the likeliest first."""

    items = fields.List(fields.Nested(QuestionOut))

"""Publishing answers to written questions; holding one that tells what the sheet lacks until the sheet tells it.

What decides whether somebody buys stands in the sheet, which every bidder acknowledges (OJA 13, 15): a fact first told
in an answer would be told to those alone who read it. It goes through the change of the sheet (PRECISIONS 11).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from auction.kernel.unit import Unit
from auction.models import Lot

from ..models import Answer, HeldAnswer, Question, QuestionMerge
from ..rules.diff import ItemChange
from ..rules.questions import tells_now


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it was given: the wording of the question to publish, the answer, its item, who gave it."""

    question: str
    answer: str
    item: str | None
    agency_uscc: str | None
    by: str


def publish_answer(
    unit: Unit, lot: Lot, row: Question, given: Given, *, reason: str | None = None, sheet_version: int | None = None
) -> Answer:
    """Publish an answer as the question's next version, in the log too; those merged into it are answered with it.

    `reason` is private: an entry of its own. `sheet_version`: the version of the sheet that tells the same.
    """
    versions = unit.session.scalar(select(func.max(Answer.version)).where(Answer.question_id == row.id)) or 0
    answer = Answer(
        question_id=row.id,
        version=versions + 1,
        question=given.question,
        answer=given.answer,
        item=given.item,
        reason=reason,
        agency_uscc=given.agency_uscc,
        at=unit.now,
        by=given.by,
    )
    unit.session.add(answer)
    for each in (row, *merged_into(unit, row.id)):
        each.answered_at = each.answered_at or unit.now
    unit.record(
        "QuestionAnswered",
        stream=f"lot:{lot.id}",
        body={
            "question_id": row.id,
            "version": answer.version,
            "question": answer.question,
            "answer": answer.answer,
            "item": answer.item,
            "agency": answer.agency_uscc,
            "sheet_version": sheet_version,
        },
    )
    if reason is not None:
        unit.record(
            "AnswerReasoned",
            stream=f"lot:{lot.id}",
            private=True,
            body={"question_id": row.id, "version": answer.version, "reason": reason, "by": given.by},
        )
    return answer


def hold_answer(unit: Unit, lot: Lot, row: Question, given: Given) -> HeldAnswer:
    """Keep an answer back until the sheet tells it; nothing of it is public, the question waits."""
    assert given.item is not None  # noqa: S101 - `unstated` asks for it
    last = unit.session.scalar(select(func.max(HeldAnswer.number)).where(HeldAnswer.question_id == row.id)) or 0
    held = HeldAnswer(
        question_id=row.id,
        number=last + 1,
        lot_id=lot.id,
        question=given.question,
        answer=given.answer,
        item=given.item,
        agency_uscc=given.agency_uscc,
        at=unit.now,
        by=given.by,
    )
    unit.session.add(held)
    unit.record(
        "AnswerHeld",
        stream=f"lot:{lot.id}",
        private=True,
        body={
            "question_id": row.id,
            "number": held.number,
            "item": held.item,
            "answer": held.answer,
            "sheet_version": lot.sheet_version,
            "by": held.by,
        },
    )
    return held


def end_held(unit: Unit, question_id: str, outcome: str) -> None:
    """End what is held of a question, if anything is."""
    held = select(HeldAnswer).where(HeldAnswer.question_id == question_id, HeldAnswer.outcome.is_(None))
    for row in unit.session.scalars(held):
        row.outcome, row.ended_at = outcome, unit.now


def release_answers(unit: Unit, lot: Lot, changes: Iterable[ItemChange], sheet_version: int) -> None:
    """Publish what is held on the items that a version just sealed tells anew. The lot is locked."""
    told = tuple(changes)
    waiting = select(HeldAnswer).where(HeldAnswer.lot_id == lot.id, HeldAnswer.outcome.is_(None))
    for held in unit.session.scalars(waiting.order_by(HeldAnswer.at, HeldAnswer.question_id)).all():
        if tells_now(held.item, told):
            given = Given(held.question, held.answer, held.item, held.agency_uscc, held.by)
            end_held(unit, held.question_id, "published")
            row = unit.session.get_one(Question, held.question_id)
            publish_answer(unit, lot, row, given, sheet_version=sheet_version)


def merged_into(unit: Unit, question_id: str) -> Sequence[Question]:
    """The questions that are answered with this one."""
    rows = select(Question).join(QuestionMerge, QuestionMerge.question_id == Question.id)
    return unit.session.scalars(rows.where(QuestionMerge.into_id == question_id).order_by(Question.id)).all()

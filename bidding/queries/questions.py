"""Questions on a lot: answered ones for everybody, waiting ones for whoever has to answer, each for its own asker."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Agency, Lot, Task, TaskEnd
from auction.rules.access import Actor
from disclosure.models import Answer, HeldAnswer, Question, QuestionMerge
from disclosure.queries.sheets import held_of, reads_drafts, was_announced
from disclosure.rules.questions import alike, is_late

#: Answered with another question, and not shown to the public.
_MERGED = exists().where(QuestionMerge.question_id == Question.id)


def questions_of(session: Session, actor: Actor | None, lot_id: str, now: datetime) -> list[dict[str, Any]]:
    """The questions on a lot that the reader may see, those that wait first, then the latest answered.

    Everybody: the answered ones, of those merged the one they were merged into. The asker: the own ones too (`mine`).
    The lot's court and agencies: all, with what is held until the sheet tells it; of none who asked it.
    DomainError not_found for a lot the reader may not see.
    """
    lot = session.get(Lot, lot_id)
    if lot is None or not (reads_drafts(session, actor, lot) or was_announced(session, lot_id)):
        raise DomainError("not_found")
    rows = select(Question).where(Question.lot_id == lot_id)
    person = actor.person_id if actor else None
    staff = reads_drafts(session, actor, lot)
    if not staff:
        answered = Question.answered_at.is_not(None) & ~_MERGED
        rows = rows.where(or_(answered, Question.person_id == (person or "")))
    order = (Question.answered_at.is_not(None), Question.answered_at.desc(), Question.asked_at, Question.id)
    return described(session, session.scalars(rows.order_by(*order)).all(), now, person, staff=staff)


def similar_questions(
    session: Session, actor: Actor | None, lot_id: str, question: str, now: datetime
) -> list[dict[str, Any]]:
    """Of the questions on a lot that the reader may see, those that ask about the same, the likeliest first."""
    known = {one["id"]: one for one in questions_of(session, actor, lot_id, now)}
    return [known[id] for id in alike(question, [(one["id"], one["question"]) for one in known.values()])]


def question_dict(
    session: Session, question: Question, now: datetime, person_id: str | None = None, *, staff: bool = False
) -> dict[str, Any]:
    """One question with its answers."""
    return described(session, [question], now, person_id, staff=staff)[0]


def described(
    session: Session, questions: Sequence[Question], now: datetime, person_id: str | None, *, staff: bool = False
) -> list[dict[str, Any]]:
    """Questions with their answers. What is shown is the wording published; the asker's own before there is one.

    A merged question is told with the answers of the one it was merged into, and keeps the wording its asker gave it.
    `sheet_change`: the item of the sheet that is being changed for the answer, and since when. `staff` reads what is
    held until then, and why the others tell nothing new.
    """
    answers: dict[str, list[Answer]] = defaultdict(list)
    ids = [question.id for question in questions]
    merges = select(QuestionMerge.question_id, QuestionMerge.into_id).where(QuestionMerge.question_id.in_(ids))
    merged = {row.question_id: row.into_id for row in session.execute(merges)}
    ids += merged.values()
    for answer in session.scalars(select(Answer).where(Answer.question_id.in_(ids)).order_by(Answer.version)):
        answers[answer.question_id].append(answer)
    kept = held_of(session, ids)
    names = {one.uscc: one.name for one in session.scalars(select(Agency))} if answers or kept else {}
    return [
        {
            "id": question.id,
            "lot_id": question.lot_id,
            "question": answers[question.id][-1].question if answers[question.id] else question.wording,
            "merged_into": merged.get(question.id),
            "status": "answered" if question.answered_at else "waiting",
            "asked_at": iso(question.asked_at),
            "due_at": iso(question.due_at),
            "late": is_late(question.due_at, question.answered_at, now),
            "mine": person_id is not None and question.person_id == person_id,
            "answers": [_answer(answer, names, staff) for answer in answers[merged.get(question.id, question.id)]],
            "sheet_change": _change(kept.get(merged.get(question.id, question.id))),
            "held": _held(kept.get(question.id), names) if staff else None,
        }
        for question in questions
    ]


def _answer(answer: Answer, names: Mapping[str, str], staff: bool) -> dict[str, Any]:
    """One version of an answer. The wording a corrected answer had been published with is not repeated."""
    return {
        "version": answer.version,
        "answer": answer.answer,
        "item": answer.item,
        "reason": answer.reason if staff else None,
        **_author(answer, names),
    }


def _author(answer: Answer | HeldAnswer, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "by": "court" if answer.agency_uscc is None else "agency",
        "agency_name": names.get(answer.agency_uscc or ""),
        "at": iso(answer.at),
    }


def _change(held: HeldAnswer | None) -> dict[str, Any] | None:
    return None if held is None else {"item": held.item, "since": iso(held.at)}


def _held(held: HeldAnswer | None, names: Mapping[str, str]) -> dict[str, Any] | None:
    if held is None:
        return None
    return {"question": held.question, "answer": held.answer, "item": held.item, **_author(held, names)}


def unanswered(session: Session, lot_id: str) -> int:
    """How many questions on a lot wait for an answer."""
    waiting = select(func.count()).where(Question.lot_id == lot_id, Question.answered_at.is_(None), ~_MERGED)
    return session.scalar(waiting) or 0


def to_answer(session: Session, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """The questions that wait on the lots of a court, or of an agency's tasks not called off, the most urgent first."""
    rows = select(Question, Lot.title).join(Lot, Lot.id == Question.lot_id)
    rows = rows.where(Question.answered_at.is_(None), ~_MERGED)
    if actor.role == "agency":
        called_off = exists().where(TaskEnd.task_id == Task.id, TaskEnd.outcome == "cancelled")
        works = exists().where(Task.lot_id == Lot.id, Task.agency_uscc == actor.agency_uscc, ~called_off)
        rows = rows.where(works)
    else:
        rows = rows.where(Lot.court_code == actor.court_code)
    found = session.execute(rows.order_by(Question.due_at, Question.id)).all()
    told = described(session, [question for question, _ in found], now, None, staff=True)
    return [{**one, "lot_title": title} for one, (_, title) in zip(told, found, strict=True)]

"""Written questions on a lot on sale, their answers, and the clock between them."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from auction.kernel.clock import SHANGHAI, iso
from auction.kernel.errors import Breach, DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Lot, Person
from auction.rules.access import Actor, require
from auction.rules.findings import errors
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import Ruleset, load
from auction.services.lots import lock_lot
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert

from ..models import Answer, HeldAnswer, Question, QuestionMerge
from ..queries.sheets import catalogue_of, held_of, is_on_sale, was_announced, works_on
from ..rules.catalogue import Catalogue
from ..rules.linter import lint_text
from ..rules.questions import NEW_FACT, answer_due, contact_in, unstated
from .answers import Given, end_held, hold_answer, merged_into, publish_answer

_DAY = timedelta(days=1)


def ask_question(unit: Unit, actor: Actor, lot_id: str, *, question: str) -> Question:
    """Ask in writing about a lot on sale. The question is published with its answer, whoever asked it never.

    DomainError not_found, wrong_state/not_on_sale, invalid (`contact_in_text`), rate_limited for too many in 24 hours,
    too_many_questions where as many as allowed wait for their answers.
    """
    require(actor, "question.ask")
    lot = unit.session.get(Lot, lot_id)
    if lot is None or actor.person_id is None or not was_announced(unit.session, lot_id):
        raise DomainError("not_found")
    if (told := contact_in(question)) is not None:
        raise invalid("question", "contact_in_text", found=told[:40])
    if not is_on_sale(unit.session, lot_id, unit.now):
        raise DomainError("wrong_state", reason="not_on_sale")
    ruleset = load(unit.settings.ruleset)
    _check_number(unit, actor.person_id, lot_id, ruleset)
    row = Question(
        id=unit.new_id(),
        lot_id=lot_id,
        person_id=actor.person_id,
        wording=question.strip(),
        asked_at=unit.now,
        machine_at=unit.machine_now,
        due_at=answer_due(unit.now, ruleset, published_calendar(ruleset)).ends_at,
    )
    unit.session.add(row)
    unit.record(
        "QuestionAsked",
        stream=f"person:{actor.person_id}",
        private=True,
        body={"question_id": row.id, "lot_id": lot_id, "due_at": iso(row.due_at)},
    )
    return row


def _check_number(unit: Unit, person_id: str, lot_id: str, ruleset: Ruleset) -> None:
    """How many an identity may ask, from all its accounts, which are locked: many at once do not pass together."""
    match = unit.session.scalars(select(Person.id_match).where(Person.id == person_id)).one()
    unit.session.execute(select(Person.id).where(Person.id_match == match).order_by(Person.id).with_for_update())
    own = (
        select(func.count())
        .select_from(Question)
        .join(Person, Person.id == Question.person_id)
        .where(Person.id_match == match)
    )
    recent = unit.session.scalar(own.where(Question.machine_at > unit.machine_now - _DAY)) or 0
    if recent >= ruleset.count("question_most_daily"):
        raise DomainError("rate_limited")
    most = ruleset.count("question_most_waiting")
    waiting = unit.session.scalar(own.where(Question.lot_id == lot_id, Question.answered_at.is_(None))) or 0
    if waiting >= most:
        raise DomainError("too_many_questions", limit=most)


def answer_question(
    unit: Unit,
    actor: Actor,
    question_id: str,
    *,
    answer: str,
    tells: str,
    item: str | None = None,
    reason: str | None = None,
    question: str | None = None,
) -> Answer | HeldAnswer:
    """Answer a question, or correct the answer. Whoever answers says what it `tells`.

    `nothing_new`: question and answer are published at once, in the log too; the `reason` why it is nothing the sheet
    ought to tell stays with the court and its agencies. `new_fact`: it is held, and published with the version of the
    sheet in which `item` tells it. Without a new fact `item` only says what the answer has to do with. `question` is
    the wording to publish where the asker's own would tell about third persons: the court's to choose. What was held
    of the question before is replaced; questions merged into this one are answered with it. DomainError not_found,
    wrong_state/merged for one that is answered with another, invalid with every wrong field.
    """
    row = unit.session.get(Question, question_id)
    if row is None:
        raise DomainError("not_found")
    lot = lock_lot(unit, actor, row.lot_id, "question.answer")
    if actor.role == "agency" and not works_on(unit.session, actor.agency_uscc, lot.id):
        raise DomainError("not_found")
    if unit.session.get(QuestionMerge, row.id) is not None:
        raise DomainError("wrong_state", reason="merged")
    wrong = [
        *_answer_breaches(actor, catalogue_of(unit.session, lot), answer, item, question),
        *unstated(tells, item, reason),
    ]
    if wrong:
        raise DomainError("invalid", wrong)
    unit.session.refresh(row)
    end_held(unit, row.id, "replaced")
    given = Given((question or row.wording).strip(), answer.strip(), item, actor.agency_uscc, actor.id)
    if tells == NEW_FACT:
        return hold_answer(unit, lot, row, given)
    return publish_answer(unit, lot, row, given, reason=(reason or "").strip())


def merge_question(unit: Unit, actor: Actor, question_id: str, *, into: str) -> Question:
    """Say that a waiting question asks what another of the lot asks: its asker gets that one's answer, now or later.

    The public sees the other one alone. DomainError not_found, wrong_state (answered, answer_held, merged,
    merged_into), invalid on `into`: `unknown_question` for one of another lot or itself, `question_merged` for one
    merged itself, `asked_later` for one that was asked later: what is asked first sets the clock.
    """
    row = unit.session.get(Question, question_id)
    if row is None:
        raise DomainError("not_found")
    lot = lock_lot(unit, actor, row.lot_id, "question.answer")
    if actor.role == "agency" and not works_on(unit.session, actor.agency_uscc, lot.id):
        raise DomainError("not_found")
    unit.session.refresh(row)
    if unit.session.get(QuestionMerge, row.id) is not None:
        raise DomainError("wrong_state", reason="merged")
    if row.answered_at is not None:
        raise DomainError("wrong_state", reason="answered")
    if held_of(unit.session, [row.id]):
        raise DomainError("wrong_state", reason="answer_held")
    if merged_into(unit, row.id):
        raise DomainError("wrong_state", reason="merged_into")
    other = unit.session.get(Question, into)
    if other is None or other.lot_id != lot.id or other.id == row.id:
        raise invalid("into", "unknown_question", value=into[:64])
    if unit.session.get(QuestionMerge, other.id) is not None:
        raise invalid("into", "question_merged")
    if other.asked_at > row.asked_at:
        raise invalid("into", "asked_later")
    unit.session.add(QuestionMerge(question_id=row.id, into_id=other.id, at=unit.now, by=actor.id))
    if other.answered_at is not None:
        row.answered_at = unit.now
    unit.record(
        "QuestionMerged",
        stream=f"lot:{lot.id}",
        private=True,
        body={"question_id": row.id, "into_id": other.id, "by": actor.id},
    )
    return row


def _answer_breaches(
    actor: Actor, catalogue: Catalogue, answer: str, item: str | None, question: str | None
) -> Sequence[Breach]:
    wrong = [finding.breach() for finding in errors(lint_text(answer, "answer"))]
    if item is not None and catalogue.find(item) is None:
        wrong.append(Breach("unknown_item", "item", facts={"value": item[:64]}))
    if question is not None and actor.role == "agency":
        wrong.append(Breach("not_allowed", "question"))
    if question is not None and (told := contact_in(question)) is not None:
        wrong.append(Breach("contact_in_text", "question", facts={"found": told[:40]}))
    return wrong


def tell_unanswered(unit: Unit, question_id: str) -> None:
    """Tell the regulators of a question that is not answered in time, once. Does nothing when it is not due."""
    row = unit.session.get(Question, question_id, with_for_update=True, populate_existing=True)
    if row is None or row.answered_at is not None or row.told_at is not None or unit.now < row.due_at:
        return
    lot = unit.session.get_one(Lot, row.lot_id)
    row.told_at = unit.now
    last_day = (row.due_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    raise_alert(
        unit,
        "question_unanswered",
        key=f"question_unanswered:{row.id}",
        reasons=[Reason("question_late", {"due_on": last_day.isoformat()})],
        court_code=lot.court_code,
        lot_id=lot.id,
    )

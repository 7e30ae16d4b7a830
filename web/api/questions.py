"""Written questions on a lot, and their answers."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.unit import Unit
from bidding.queries.questions import question_dict, questions_of, similar_questions, unanswered
from disclosure.models import Question
from disclosure.services import questions as services

from ..auth import current_actor, house, me, policy
from ..idempotency import act
from ..schemas.base import PageQuery
from ..schemas.questions import (
    MergeIn,
    QuestionAnswerIn,
    QuestionIn,
    QuestionOut,
    QuestionsOut,
    SimilarOut,
    SimilarQuery,
)
from .listing import created, listed
from .spec import Blueprint

blueprint = Blueprint("questions", __name__, description="Written questions on a lot")


@blueprint.get("/lots/<lot_id>/questions")
@policy("public.read")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, QuestionsOut)
def list_questions(query: dict[str, Any], lot_id: str) -> Response:
    """The answered questions on a lot; one's own, and for its court and agencies all."""
    wired = house()
    found = wired.read(questions_of, current_actor(), lot_id, wired.now())
    return jsonify({**listed(found, query), "unanswered": wired.read(unanswered, lot_id)})


@blueprint.post("/lots/<lot_id>/questions")
@policy("question.ask")
@blueprint.arguments(QuestionIn)
@blueprint.response(201, QuestionOut)
def create_question(data: dict[str, Any], lot_id: str) -> Response:
    """Ask in writing. Question and answer are published together; who asked stays secret (OJA 18(2))."""

    def ask(unit: Unit) -> dict[str, Any]:
        asked = services.ask_question(unit, me(), lot_id, **data)
        unit.session.flush()
        return question_dict(unit.session, asked, unit.now, me().person_id)

    return created(act(ask))


@blueprint.get("/lots/<lot_id>/questions/similar")
@policy("public.read")
@blueprint.arguments(SimilarQuery, location="query")
@blueprint.response(200, SimilarOut)
def list_similar(query: dict[str, Any], lot_id: str) -> Response:
    """The questions on a lot, as far as the caller may see them, that ask about the same: to be read before asking."""
    wired = house()
    return jsonify({"items": wired.read(similar_questions, current_actor(), lot_id, query["question"], wired.now())})


@blueprint.post("/questions/<question_id>/merge")
@policy("question.answer")
@blueprint.arguments(MergeIn)
@blueprint.response(200, QuestionOut)
def merge_question(data: dict[str, Any], question_id: str) -> Response:
    """Mark a waiting question as asking what another one asks: it is answered with that one."""

    def merge(unit: Unit) -> dict[str, Any]:
        row = services.merge_question(unit, me(), question_id, **data)
        unit.session.flush()
        return question_dict(unit.session, row, unit.now, staff=True)

    return jsonify(act(merge))


@blueprint.put("/questions/<question_id>/answer")
@policy("question.answer")
@blueprint.arguments(QuestionAnswerIn)
@blueprint.response(200, QuestionOut)
def put_answer(data: dict[str, Any], question_id: str) -> Response:
    """Answer a question, or correct the answer; earlier ones stay on show. A new fact is published with the sheet."""

    def answer(unit: Unit) -> dict[str, Any]:
        services.answer_question(unit, me(), question_id, **data)
        unit.session.flush()
        return question_dict(unit.session, unit.session.get_one(Question, question_id), unit.now, staff=True)

    return jsonify(house().perform(answer))

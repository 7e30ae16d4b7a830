"""Auxiliary work on the court's desk: giving tasks, taking reports over item by item, viewings, answering questions."""

from collections.abc import Callable
from typing import Any

from flask import url_for

from bidding.services.interest import give_task
from disclosure.models import HeldAnswer
from disclosure.services import reports, tasks, viewings
from disclosure.services.questions import answer_question, merge_question

from ...auth import house, me, policy
from ...schemas.questions import MergeIn, QuestionAnswerIn
from ...schemas.tasks import RatingIn, TaskIn, TaskReasonIn
from .. import auxiliary_view, forms
from ..language import _
from .court import attempt, blueprint, lot_of
from .lots import lot_page

_TASK = {"agency": forms.text, "kind": forms.text, "due_at": forms.moment, "description": forms.text}


def _attempt(lot_id: str, at: str, act: Callable[[], Any], fields: tuple[str, ...], said: str) -> Any:
    """Do something; a refusal is shown at the form `at` (what it is about) on the page of the lot."""
    lot_of(lot_id)
    return attempt(
        act,
        lambda form: lot_page(lot_of(lot_id), form, at),
        fields,
        lambda _done: url_for("desk.lot", lot_id=lot_id, _anchor="auxiliary"),
        said,
    )


@blueprint.post("/lots/<lot_id>/tasks")
@policy("lot.edit")
def give(lot_id: str) -> Any:
    """Give auxiliary work to an agency."""
    payload, wrong = forms.read(_TASK)
    return _attempt(
        lot_id,
        "give",
        lambda: house().perform(give_task, me(), lot_id, **forms.load(TaskIn(), payload, wrong)),
        tuple(_TASK),
        _("已委托；该机构及其工作人员、近亲属不得竞买本标的。"),
    )


@blueprint.post("/lots/<lot_id>/reports/<report_id>/items/<code>/acceptance")
@policy("report.decide")
def accept(lot_id: str, report_id: str, code: str) -> Any:
    """Take one part of a report over."""
    return _attempt(
        lot_id,
        f"{report_id}:{code}",
        lambda: house().perform(reports.accept_part, me(), report_id, code),
        (),
        _("已采纳。"),
    )


@blueprint.post("/lots/<lot_id>/reports/<report_id>/items/<code>/refusal")
@policy("report.decide")
def refuse(lot_id: str, report_id: str, code: str) -> Any:
    """Refuse one part of a report."""
    return _with_reason(
        lot_id, f"{report_id}:{code}", lambda data: (reports.refuse_part, (report_id, code), data), _("已退回。")
    )


@blueprint.post("/lots/<lot_id>/tasks/<task_id>/cancellation")
@policy("task.decide")
def cancel_task(lot_id: str, task_id: str) -> Any:
    """Call a task off."""
    return _with_reason(lot_id, task_id, lambda data: (tasks.cancel_task, (task_id,), data), _("任务已取消。"))


@blueprint.post("/lots/<lot_id>/viewings/<slot>/cancellation")
@policy("viewing.offer")
def cancel_viewing(lot_id: str, slot: str) -> Any:
    """Call a viewing off."""
    return _with_reason(lot_id, slot, lambda data: (viewings.cancel_viewing, (slot,), data), _("看样已取消。"))


def _with_reason(lot_id: str, at: str, wanted: Callable[[dict[str, Any]], tuple[Any, Any, Any]], said: str) -> Any:
    payload, wrong = forms.read({"reason": forms.text})

    def act() -> Any:
        service, args, data = wanted(forms.load(TaskReasonIn(), payload, wrong))
        return house().perform(service, me(), *args, **data)

    return _attempt(lot_id, at, act, (), said)


@blueprint.post("/lots/<lot_id>/tasks/<task_id>/rating")
@policy("task.decide")
def rate(lot_id: str, task_id: str) -> Any:
    """Say how a finished task was done."""
    payload, wrong = forms.read({"rating": forms.whole, "reason": forms.text})
    return _attempt(
        lot_id,
        task_id,
        lambda: house().perform(tasks.rate_task, me(), task_id, **forms.load(RatingIn(), payload, wrong)),
        (),
        _("评价已记录。"),
    )


@blueprint.post("/lots/<lot_id>/questions/<question_id>/merge")
@policy("question.answer")
def merge(lot_id: str, question_id: str) -> Any:
    """Mark a question as asking what another one asks."""
    payload, wrong = forms.read({"into": forms.text})
    return _attempt(
        lot_id,
        question_id,
        lambda: house().perform(merge_question, me(), question_id, **forms.load(MergeIn(), payload, wrong)),
        ("into",),
        _("已并入，一并答复。"),
    )


@blueprint.post("/lots/<lot_id>/questions/<question_id>/answer")
@policy("question.answer")
def answer(lot_id: str, question_id: str) -> Any:
    """Answer a question, or correct the answer; a new fact leads on to the item of the sheet it belongs to."""
    lot_of(lot_id)
    fields = ("answer", "tells", "item", "reason", "question")
    payload, wrong = forms.read(dict.fromkeys(fields, forms.text))

    def after(given: Any) -> str:
        if isinstance(given, HeldAnswer):
            return auxiliary_view.fact_form(lot_of(lot_id), given.item, question_id)
        return url_for("desk.lot", lot_id=lot_id, _anchor="auxiliary")

    return attempt(
        lambda: house().perform(answer_question, me(), question_id, **forms.load(QuestionAnswerIn(), payload, wrong)),
        lambda form: lot_page(lot_of(lot_id), form, question_id),
        fields,
        after,
        auxiliary_view.answer_said,
    )

"""What a bidder does on the page of a lot beside bidding: booking a viewing, giving the place back, asking."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from bidding.queries.questions import similar_questions
from disclosure.models import Viewing
from disclosure.services.questions import ask_question
from disclosure.services.viewings import book_viewing, cancel_booking

from .. import errors
from ..auth import house, me, policy
from ..schemas.questions import QuestionIn
from . import forms
from .forms import Entry
from .language import _, language
from .public import page_of_lot

blueprint = Blueprint("visits", __name__)


@blueprint.post("/lots/<lot_id>/viewings/<slot>/booking")
@policy("viewing.book")
def book(lot_id: str, slot: str) -> Response:
    """Book a place; the page of the lot then shows its code."""
    try:
        booked = house().perform(book_viewing, me(), lot_id, slot)
    except DomainError as error:
        return _refused(error, lot_id)
    flash(_("已预约，看样号码 %(code)s。", code=booked.code), "lead")
    return redirect(url_for("site.lot", lot_id=lot_id, _anchor="viewings"), 303)


@blueprint.post("/me/bookings/<booking_id>/cancellation")
@policy("viewing.book")
def cancel(booking_id: str) -> Response:
    """Give a place back."""

    def give_back(unit: Unit) -> str:
        booking = cancel_booking(unit, me(), booking_id)
        return unit.session.get_one(Viewing, booking.viewing_id).lot_id

    lot_id = house().perform(give_back)
    flash(_("预约已取消。"), "lead")
    return redirect(url_for("site.lot", lot_id=lot_id, _anchor="viewings"), 303)


def _refused(error: DomainError, lot_id: str) -> Response:
    """A refusal that no field of a form can answer, told on the page it came from."""
    if error.code in ("not_found", "unauthenticated", "fault"):
        raise error
    flash(errors.sentence(error.code, error.facts, language()), "out")
    return redirect(url_for("site.lot", lot_id=lot_id, _anchor="viewings"), 303)


@blueprint.post("/lots/<lot_id>/questions")
@policy("question.ask")
def ask(lot_id: str) -> Any:
    """Ask in writing; a refusal is shown with what was typed, and so are like questions before it is asked."""
    payload, wrong = forms.read({"question": forms.text})
    try:
        asked = forms.load(QuestionIn(), payload, wrong)
        if not request.form.get("asked_anyway"):
            alike = house().read(similar_questions, me(), lot_id, asked["question"], house().now())
            if alike:
                return page_of_lot(lot_id, Entry(payload), [one["id"] for one in alike])
        house().perform(ask_question, me(), lot_id, **asked)
    except DomainError as error:
        if error.code in ("not_found", "unauthenticated", "fault"):
            raise
        return page_of_lot(lot_id, forms.refused(error, ("question",))), errors.status_of(error.code)
    flash(_("问题已提交，答复后一并公开；不会公开提问人。"), "lead")
    return redirect(url_for("site.lot", lot_id=lot_id, _anchor="questions"), 303)

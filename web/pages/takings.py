"""A creditor's pages: that he is asked whether he takes an unsold lot at its reserve, and his answer (SALE 16)."""

from typing import Any

from flask import Blueprint, render_template, url_for

from auction.rules.ruleset import load
from bidding.queries.lot_page import lot_page
from bidding.queries.unsold_view import questions_to, takings_of
from bidding.services import takings

from .. import errors
from ..auth import house, me, policy
from ..schemas.unsold import TakingIn
from . import forms
from .desk.court import attempt
from .forms import Entry
from .language import _, language

blueprint = Blueprint("taking", __name__, url_prefix="/me/takings")


@blueprint.get("")
@policy("taking.own")
def mine() -> str:
    """The questions put to me."""
    return render_template("takings/mine.html", questions=house().read(questions_to, me(), house().now()))


@blueprint.get("/<auction_id>")
@policy("taking.own")
def show(auction_id: str) -> str:
    """One question, my answer, and what became of it."""
    return _page(auction_id, Entry())


def _page(auction_id: str, form: Entry) -> str:
    wired = house()
    numbers = load(wired.settings.ruleset)
    asked = wired.read(takings_of, me(), auction_id, numbers, wired.now())
    page = wired.read(lot_page, auction_id)
    return render_template(
        "takings/show.html",
        asked=asked,
        auction=page.auction if page else None,
        lot=page.lot if page else None,
        case_number=page.case_number if page else "",
        court_name=page.court.name if page else "",
        basis=errors.cited(numbers.basis("taking_at_reserve"), language()),
        difference_days=numbers.days("taking_difference"),
        form=form,
    )


@blueprint.post("/<auction_id>")
@policy("taking.own")
def answer(auction_id: str) -> Any:
    """Answer, or answer otherwise."""
    payload, wrong = forms.read({"creditor": forms.text, "decision": forms.text})
    return attempt(
        lambda: house().perform(takings.answer, me(), auction_id, **forms.load(TakingIn(), payload, wrong)),
        lambda form: _page(auction_id, form),
        ("creditor", "decision"),
        lambda _done: url_for("taking.show", auction_id=auction_id),
        _("答复已记录。"),
    )

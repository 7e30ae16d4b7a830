"""A bidder's own record and the decisions served on him, with the ways to contest both."""

from typing import Any

from flask import Blueprint, render_template, url_for

from auction.rules.access import COURT_ROLES, POLICY
from auction.rules.ruleset import load
from bidding.queries.sanctions import decisions_of_person
from bidding.services.sanctions import ask_review
from risk.queries.standing import own_record
from risk.services.standing import object_to_entry

from ..auth import house, me, policy
from ..schemas.standing import GroundsIn
from . import forms, labels
from .desk.court import attempt
from .forms import Entry
from .language import _
from .sanction_view import decision_view, record_view

blueprint = Blueprint("record", __name__, url_prefix="/me")


@blueprint.get("/standing")
@policy("standing.own")
def show() -> str:
    """The own record."""
    return _page(Entry(), "")


def _page(form: Entry, at: str) -> str:
    """The page; `at` is the entry or decision against which something was said that was refused."""
    wired, person_id = house(), me().person_id or ""
    now = wired.now()
    record = wired.read(own_record, load(wired.settings.ruleset), person_id, now)
    served = wired.read(decisions_of_person, wired.vault, person_id)
    return render_template(
        "standing/mine.html",
        now=now,
        form=form,
        empty=Entry(),
        at=at,
        read_by=_allowed("standing.read"),
        answered_by=_allowed("standing.answer"),
        record=record_view(record),
        decisions=[decision_view(one, now) for one in served],
    )


def _allowed(action: str) -> dict[str, str]:
    """Whom the policy lets do something with a record: `court`, of the court of the sale, and `others`, of any."""
    roles = POLICY[action].roles or frozenset()

    def said(some: frozenset[str]) -> str:
        return _("、").join(str(word) for role, word in labels.ROLE.items() if role in some)

    return {"court": said(roles & COURT_ROLES), "others": said(roles - COURT_ROLES)}


def _say(at: str, act: Any, said: str) -> Any:
    def take() -> Any:
        payload, wrong = forms.read({"grounds": forms.text})
        return act(forms.load(GroundsIn(), payload, wrong)["grounds"])

    return attempt(take, lambda form: _page(form, at), ("grounds",), lambda _done: url_for("record.show"), said)


@blueprint.post("/standing/<entry_id>/objections")
@policy("standing.own")
def object_to(entry_id: str) -> Any:
    """Contest an entry."""
    return _say(
        entry_id,
        lambda grounds: house().perform(object_to_entry, me(), entry_id, grounds),
        _("异议已提交。答复之前，该条记录只部分计分。"),
    )


@blueprint.post("/sanctions/<sanction_id>/reviews")
@policy("sanction.own")
def ask(sanction_id: str) -> Any:
    """Ask for the review of a decision."""
    return _say(
        sanction_id,
        lambda grounds: house().perform(ask_review, me(), sanction_id, grounds),
        _("复议申请已提交。"),
    )

"""What waits for somebody's approval: one page for judges and presidents, the same list in the regulator's pages."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from auction.queries.approvals import approvals_of
from auction.services.approvals import vote
from bidding.services.approved import ACTS
from bidding.services.factor_reset import propose_reset

from ..auth import house, me, policy
from ..schemas.approvals import ApprovalAnswerIn
from ..schemas.people import FactorResetIn
from . import forms
from .desk.court import attempt
from .forms import Entry
from .language import _
from .proposal_view import proposal_view

blueprint = Blueprint("approving", __name__, url_prefix="/desk/approvals")
#: The page of a court's members, and the route that takes their answers.
_COURT = ("approvals/list.html", "approving.answer")


@blueprint.get("")
@policy("approval.read")
def show() -> str:
    """The proposals that wait for the court's member."""
    return page(*_COURT, Entry())


@blueprint.post("/<approval_id>")
@policy("approval.answer")
def answer(approval_id: str) -> Any:
    """Approve or refuse."""
    return answered(approval_id, *_COURT, "approving.show")


@blueprint.post("/factor-reset")
@policy("factor.reset")
def reset_factor() -> Any:
    """Propose to reset the lost second factor of somebody; another regulator approves."""
    regulator = me().role == "regulator"
    template, action = ("regulator/approvals.html", "regulator.answer") if regulator else _COURT
    given, wrong = forms.read({"username": forms.text, "reason": forms.text})

    def act() -> Any:
        data = forms.load(FactorResetIn(), {"reason": given.get("reason", "")}, wrong)
        return house().perform(propose_reset, me(), username=given.get("username", ""), **data)

    return attempt(
        act,
        lambda form: page(template, action, form),
        ("username", "reason"),
        lambda _done: url_for("regulator.approvals" if regulator else "approving.show"),
        _("已提请，由另一名监管人员批准。"),
    )


def page(template: str, action: str, form: Entry) -> str:
    """The list; `action` names the route that takes an answer, `form` holds the one that was refused."""
    actor = me()
    waiting = [proposal_view(one, actor.role) for one in house().read(approvals_of, actor)]
    return render_template(template, waiting=waiting, action=action, form=form, empty=Entry(), at=_at())


def _at() -> str:
    """Which proposal an answer was given to."""
    return str((request.view_args or {}).get("approval_id", ""))


def answered(approval_id: str, template: str, action: str, back: str) -> Any:
    """Take an answer from the form and go back to the list; a refusal is shown beside its proposal."""

    def act() -> Any:
        payload, wrong = forms.read({"approve": forms.yes, "reason": forms.text})
        data = forms.load(ApprovalAnswerIn(), payload, wrong)
        return house().perform(vote, me(), approval_id, acts=ACTS, **data)

    return attempt(
        act,
        lambda form: page(template, action, form),
        ("reason",),
        lambda _done: url_for(back),
        _("您的意见已记录。"),
    )

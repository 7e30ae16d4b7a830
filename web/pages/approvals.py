"""What waits for somebody's approval: one page for judges and presidents, the same list in the regulator's pages."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for

from auction.kernel.money import yuan
from auction.queries.approvals import approvals_of
from auction.services.approvals import vote
from bidding.services.approved import CARRY_OUT

from .. import errors
from ..auth import house, me, policy
from ..schemas.approvals import ApprovalAnswerIn
from . import forms, labels
from .desk.court import attempt
from .forms import Entry
from .language import _, language

blueprint = Blueprint("approving", __name__, url_prefix="/desk/approvals")

_CODE = re.compile(r"[a-z][a-z_]*")


@blueprint.get("")
@policy("approval.read")
def show() -> str:
    """The proposals that wait for the court's member."""
    return page("approvals/list.html", "approving.answer", Entry())


@blueprint.post("/<approval_id>")
@policy("approval.answer")
def answer(approval_id: str) -> Any:
    """Approve or refuse."""
    return answered(approval_id, "approvals/list.html", "approving.answer", "approving.show")


def page(template: str, action: str, form: Entry) -> str:
    """The list; `action` names the route that takes an answer, `form` holds the one that was refused."""
    waiting = [one | {"lines": lines_of(one["proposal"])} for one in house().read(approvals_of, me())]
    return render_template(template, waiting=waiting, action=action, form=form, empty=Entry(), at=_at())


def _at() -> str:
    """Which proposal an answer was given to."""
    return str((request.view_args or {}).get("approval_id", ""))


def answered(approval_id: str, template: str, action: str, back: str) -> Any:
    """Take an answer from the form and go back to the list; a refusal is shown beside its proposal."""

    def act() -> Any:
        payload, wrong = forms.read({"approve": forms.yes, "reason": forms.text})
        data = forms.load(ApprovalAnswerIn(), payload, wrong)
        return house().perform(vote, me(), approval_id, carry_out=CARRY_OUT, **data)

    return attempt(
        act,
        lambda form: page(template, action, form),
        ("reason",),
        lambda _done: url_for(back),
        _("您的意见已记录。"),
    )


def lines_of(proposal: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """What is proposed, as lines of label and value; what is empty is left out."""
    return [
        (labels.PROPOSAL.get(name, name), _said(name, value))
        for name, value in proposal.items()
        if value is not None and value not in ("", [], {})
    ]


def _said(name: str, value: Any) -> str:
    if name.endswith("_fen") and isinstance(value, int):
        return f"¥{yuan(value)}"
    if isinstance(value, list):
        return _("、").join(_said(name, one) for one in value)
    if isinstance(value, dict):
        return _("；").join(f"{labels.PROPOSAL.get(key, key)}：{_said(key, one)}" for key, one in value.items())
    if isinstance(value, str) and _CODE.fullmatch(value):
        return errors.filled("{value:word}", {"value": value}, language())
    return _("是") if value is True else _("否") if value is False else str(value)

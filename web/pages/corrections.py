"""Deciding on corrections of an identity: one list and one answer, among a clerk's pages and the regulator's."""

from typing import Any

from flask import render_template, request, url_for

from bidding.queries.corrections import corrections_to_decide
from bidding.services.corrections import decide_correction

from ..auth import house, me
from ..schemas.own_data import CorrectionDecisionIn
from . import forms
from .desk.court import attempt
from .forms import Entry
from .language import _


def page(template: str, action: str, form: Entry) -> str:
    """What waits; `action` names the route that takes a decision, `form` holds one that was refused."""
    items = house().read(corrections_to_decide, house().vault)
    at = str((request.view_args or {}).get("correction_id", ""))
    return render_template(template, items=items, action=action, form=form, empty=Entry(), at=at)


def decided(correction_id: str, template: str, action: str, back: str) -> Any:
    """Take a decision from the form and go back to the list."""

    def act() -> Any:
        payload, wrong = forms.read({"approve": forms.yes, "reason": forms.text})
        data = forms.load(CorrectionDecisionIn(), payload, wrong)
        return house().perform(decide_correction, me(), correction_id, **data)

    return attempt(
        act,
        lambda form: page(template, action, form),
        ("reason",),
        lambda _done: url_for(back),
        _("决定已记录，并通知申请人。"),
    )

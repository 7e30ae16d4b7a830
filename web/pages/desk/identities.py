"""Identities of other courts' applicants that the registry cannot match: a clerk here decides (PRECISIONS 13)."""

from typing import Any

from flask import render_template, url_for

from auction.kernel.errors import DomainError
from bidding.queries.court import held_identities
from bidding.services.registration import decide

from ...auth import house, me, policy
from ...schemas.rounds import DecisionIn
from .. import forms
from ..forms import Entry
from ..language import _
from .court import attempt, blueprint


@blueprint.get("/identities", endpoint="identities")
@policy("registration.identify")
def show() -> str:
    """The registrations held for their identity, with the papers. Nobody else's, and never a code."""
    return _page(Entry())


def _page(form: Entry, at: str = "") -> str:
    """`at`: the registration to which `form` was sent."""
    found = house().read(held_identities, house().vault, me().court_code)
    return render_template("desk/identities.html", items=found, form=form, empty=Entry(), at=at, now=house().now())


@blueprint.post("/identities/<registration_id>")
@policy("registration.identify")
def identify(registration_id: str) -> Any:
    """Decide on one identity; of the own court's none is here."""
    payload, wrong = forms.read({"approve": forms.yes, "reason": forms.text})
    known = house().read(held_identities, house().vault, me().court_code)
    if registration_id not in {one.waiting.registration.id for one in known}:
        raise DomainError("not_found")
    return attempt(
        lambda: house().perform(decide, me(), registration_id, **forms.load(DecisionIn(), payload, wrong)),
        lambda form: _page(form, registration_id),
        ("reason",),
        lambda _done: url_for("desk.identities"),
        _("决定已记录，并通知申请人。"),
    )

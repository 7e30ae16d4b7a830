"""Who was refused, is held or barred, and why: each look-up wants a purpose and is journaled."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from auction.kernel.errors import DomainError
from bidding.queries.conflicts import open_conflicts
from bidding.services import lifting
from bidding.services.registration import decide

from ... import errors
from ...auth import house, me, policy
from ...schemas.conflicts import HitLiftingIn, PurposeQuery
from ...schemas.rounds import DecisionIn
from .. import forms
from ..forms import Entry
from ..language import _
from .frame import blueprint


@blueprint.get("/conflicts")
@policy("conflict.read")
def conflicts() -> str:
    """Who was refused, is held or barred, without names."""
    return render_template("regulator/conflicts.html", items=house().read(open_conflicts), form=Entry())


@blueprint.get("/conflicts/<bidder_id>/<lot_id>")
@policy("conflict.read")
def conflict(bidder_id: str, lot_id: str) -> Any:
    """One bidder and lot: the chains with their sources, for a purpose, which is asked for first. Journaled."""
    if "purpose" not in request.args:
        return _purpose(bidder_id, lot_id, Entry())
    try:
        query = forms.load(PurposeQuery(), {"purpose": request.args["purpose"]})
    except DomainError as error:
        return _purpose(bidder_id, lot_id, forms.refused(error, ("purpose",))), errors.status_of(error.code)
    return _page(bidder_id, lot_id, query["purpose"], Entry())


def _purpose(bidder_id: str, lot_id: str, form: Entry) -> str:
    return render_template("regulator/purpose.html", bidder_id=bidder_id, lot_id=lot_id, form=form)


def _page(bidder_id: str, lot_id: str, purpose: str, form: Entry, at: str = "") -> str:
    """`at`: the hit or the registration to which `form` was sent."""
    found = house().perform(lifting.look_up_conflicts, me(), bidder_id, lot_id, purpose)
    return render_template("regulator/conflict.html", found=found, purpose=purpose, form=form, empty=Entry(), at=at)


@blueprint.post("/conflicts/<bidder_id>/<lot_id>")
@policy("conflict.lift")
def lift(bidder_id: str, lot_id: str) -> Any:
    """Propose to lift one hit."""
    asked = {name: request.form.get(name, "") for name in ("hit", "reason")}

    def act() -> None:
        house().perform(lifting.propose_lifting, me(), bidder_id, lot_id, **forms.load(HitLiftingIn(), asked))

    return _sent(bidder_id, lot_id, asked["hit"], act, _("已提出，须由另一名监管人员批准。"))


@blueprint.post("/conflicts/<bidder_id>/<lot_id>/<registration_id>")
@policy("registration.answer")
def identify(bidder_id: str, lot_id: str, registration_id: str) -> Any:
    """Decide on an identity that the registry cannot match."""
    payload, wrong = forms.read({"approve": forms.yes, "reason": forms.text})

    def act() -> None:
        house().perform(decide, me(), registration_id, **forms.load(DecisionIn(), payload, wrong))

    return _sent(bidder_id, lot_id, registration_id, act, _("决定已记录，并通知申请人。"))


def _sent(bidder_id: str, lot_id: str, at: str, act: Any, said: str) -> Any:
    """Do it and go back to the list; a refusal is shown where it was sent from, with what was typed."""
    try:
        act()
    except DomainError as error:
        if error.code in ("not_found", "fault", "forbidden"):
            raise
        form = forms.refused(error, ("reason",))
        try:
            purpose = forms.load(PurposeQuery(), {"purpose": request.form.get("purpose", "")})["purpose"]
        except DomainError:
            return _purpose(bidder_id, lot_id, form), errors.status_of(error.code)
        return _page(bidder_id, lot_id, purpose, form, at), errors.status_of(error.code)
    flash(said, "lead")
    return redirect(url_for("regulator.conflicts"), 303)

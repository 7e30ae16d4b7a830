"""Who was refused or is held for the interest bar, and why: each look-up wants a purpose and is journaled."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from auction.kernel.errors import DomainError
from bidding.queries.conflicts import open_conflicts
from bidding.services import lifting

from ... import errors
from ...auth import house, me, policy
from ...schemas.conflicts import HitLiftingIn, PurposeQuery
from .. import forms
from ..forms import Entry
from ..language import _
from .frame import blueprint


@blueprint.get("/conflicts")
@policy("conflict.read")
def conflicts() -> str:
    """Who was refused or is held, without names."""
    return _listed(Entry())


def _listed(form: Entry) -> str:
    wired = house()
    return render_template("regulator/conflicts.html", form=form, items=wired.read(open_conflicts, wired.now()))


@blueprint.get("/conflicts/<bidder_id>/<lot_id>")
@policy("conflict.read")
def conflict(bidder_id: str, lot_id: str) -> Any:
    """One bidder and lot: the chains with their sources. Journaled."""
    try:
        query = forms.load(PurposeQuery(), {"purpose": request.args.get("purpose", "")})
        found = house().perform(lifting.look_up_conflicts, me(), bidder_id, lot_id, query["purpose"])
    except DomainError as error:
        if error.code in ("not_found", "fault", "forbidden"):
            raise
        return _listed(forms.refused(error, ("purpose",))), errors.status_of(error.code)
    return render_template("regulator/conflict.html", found=found, purpose=query["purpose"], form=Entry())


@blueprint.post("/conflicts/<bidder_id>/<lot_id>")
@policy("conflict.lift")
def lift(bidder_id: str, lot_id: str) -> Any:
    """Propose to lift one hit."""
    try:
        asked = {name: request.form.get(name, "") for name in ("hit", "reason")}
        data = forms.load(HitLiftingIn(), asked)
        house().perform(lifting.propose_lifting, me(), bidder_id, lot_id, **data)
    except DomainError as error:
        if error.code in ("not_found", "fault", "forbidden"):
            raise
        return _listed(forms.refused(error, ("reason",))), errors.status_of(error.code)
    flash(_("已提出，须由另一名监管人员批准。"), "lead")
    return redirect(url_for("regulator.conflicts"), 303)

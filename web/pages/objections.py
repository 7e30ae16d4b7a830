"""An objector's pages: the form, what became of it and by when, the review. Nobody else sees any of it."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.rules.calendar import shanghai_day
from auction.rules.ruleset import load
from bidding.models import SaleObjection
from bidding.queries.lot_page import LotPage, lot_page
from bidding.queries.objections import own_objection, own_objections
from bidding.rules.objection import DECISION_DAYS, KINDS
from bidding.services.objections import ask_for_review, file_objection
from bidding.services.papers import keep_paper

from .. import errors
from ..auth import house, me, policy
from ..schemas.objections import ObjectionIn, ObjectionReviewIn
from . import forms, labels, lot_view
from .forms import Entry
from .language import _, language
from .papers import uploaded_papers

blueprint = Blueprint("objecting", __name__)


@blueprint.get("/auctions/<auction_id>/object")
@policy("objection.file")
def object_to(auction_id: str) -> str:
    """The form of an objection to a sale."""
    return _form(auction_id, Entry({"kind": request.args.get("kind", "conduct")}))


def _lot(auction_id: str) -> LotPage:
    page = house().read(lot_page, auction_id)
    if page is None:
        raise DomainError("not_found")
    return page


def _form(auction_id: str, form: Entry) -> str:
    numbers = load(house().settings.ruleset)
    return render_template(
        "objections/file.html",
        **lot_view.heading(_lot(auction_id), house().now()),
        form=form,
        kinds=[(kind, labels.OBJECTION_KIND[kind]) for kind in KINDS],
        bases=[errors.cited(numbers.basis(name), language()) for name in DECISION_DAYS.values()],
        days={kind: numbers.days(name) for kind, name in DECISION_DAYS.items()},
    )


@blueprint.post("/auctions/<auction_id>/object")
@policy("objection.file")
def submit(auction_id: str) -> Any:
    """File an objection, with what is handed in beside it, in one go."""
    payload, wrong = forms.read({"kind": forms.text, "grounds": forms.text})
    try:
        data = forms.load(ObjectionIn(), payload, wrong)
        files = uploaded_papers()

        def file(unit: Unit) -> SaleObjection:
            kept = [keep_paper(unit, me(), one) for one in files]
            unit.session.flush()
            return file_objection(unit, me(), auction_id, **(data | {"attachments": [paper.id for paper in kept]}))

        filed = house().perform(file)
    except DomainError as error:
        if error.code in ("not_found", "fault"):
            raise
        return _form(auction_id, forms.refused(error, ("kind", "grounds"))), errors.status_of(error.code)
    flash(_("异议已提交，法院审查期限见下。"), "lead")
    return redirect(url_for("objecting.show", objection_id=filed.id), 303)


@blueprint.get("/me/objections")
@policy("objection.file")
def mine() -> str:
    """My objections."""
    return render_template("objections/mine.html", objections=house().read(own_objections, me().id, house().now()))


@blueprint.get("/me/objections/<objection_id>")
@policy("objection.file")
def show(objection_id: str) -> str:
    """One objection: where it stands, by when it is decided, what is open afterwards."""
    return _show(objection_id, Entry())


def _show(objection_id: str, form: Entry) -> str:
    wired = house()
    found = wired.read(own_objection, me(), objection_id, wired.now())
    today = shanghai_day(wired.now()).isoformat()
    may = found["remedy"] == "review" and found["review"] is None and found["remedy_until"] is not None
    return render_template(
        "objections/show.html",
        objection=found,
        lot=_lot(found["auction_id"]).lot,
        form=form,
        may_ask_review=may and today <= found["remedy_until"],
    )


@blueprint.post("/me/objections/<objection_id>/review")
@policy("objection.file")
def review(objection_id: str) -> Any:
    """Ask the higher court for a review."""
    payload, wrong = forms.read({"grounds": forms.text})
    try:
        house().perform(ask_for_review, me(), objection_id, **forms.load(ObjectionReviewIn(), payload, wrong))
    except DomainError as error:
        if error.code in ("not_found", "fault"):
            raise
        return _show(objection_id, forms.refused(error, ("grounds",))), errors.status_of(error.code)
    flash(_("复议申请已提交。"), "lead")
    return redirect(url_for("objecting.show", objection_id=objection_id), 303)

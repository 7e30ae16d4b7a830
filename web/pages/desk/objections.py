"""Objections to a sale on the judge's desk: receiving, deciding, recording the review of the higher court."""

from collections.abc import Callable
from typing import Any

from flask import render_template, url_for

from auction.models import Auction
from auction.rules.access import decide
from bidding.models import SaleObjection
from bidding.queries.objections import barring_objection, court_objections
from bidding.services import objections as services
from disclosure.rules.sheet import names_in

from ...auth import house, me, policy
from ...schemas.objections import ObjectionDecisionIn, ReviewRecordIn, SuitEndIn, SuitIn
from .. import forms
from ..forms import Entry
from ..language import _
from .court import attempt, blueprint, round_of


@blueprint.get("/auctions/<auction_id>/objections")
@policy("objection.read")
def objections(auction_id: str) -> str:
    """The objections to a sale, and what can be done with each."""
    return _page(auction_id, Entry())


def _page(auction_id: str, form: Entry) -> str:
    desk, wired = round_of(auction_id), house()
    found = wired.read(court_objections, wired.vault, me(), auction_id, wired.now())
    return render_template(
        "desk/objections.html",
        desk=desk,
        lot=desk.lot,
        auction=desk.auction,
        now=wired.now(),
        form=form,
        empty=Entry(),
        objections=found,
        barring=wired.read(barring_objection, desk.lot.id, auction_id, wired.now()),
        may=lambda action: decide(me(), action, court=desk.lot.court_code) is None,
    )


def _act(objection_id: str, service: Callable[..., Any], said: str, read: Callable[[], Any]) -> Any:
    auction_id = house().read(_auction_of, objection_id)
    round_of(auction_id)
    return attempt(
        lambda: house().perform(service, me(), objection_id, **read()),
        lambda form: _page(auction_id, form),
        (),
        lambda _done: url_for("desk.objections", auction_id=auction_id),
        said,
    )


def _auction_of(session: Any, objection_id: str) -> str:
    found = session.get(SaleObjection, objection_id)
    return session.get_one(Auction, found.auction_id).id if found else ""


@blueprint.post("/objections/<objection_id>/receipt")
@policy("objection.receive")
def receive_objection(objection_id: str) -> Any:
    """Receive an objection."""
    return _act(objection_id, services.receive_objection, _("已签收。"), dict)


@blueprint.post("/objections/<objection_id>/decision")
@policy("objection.decide")
def decide_objection(objection_id: str) -> Any:
    """Propose how to decide on an objection."""
    payload, wrong = forms.read({"accept": forms.yes, "reason": forms.text, "panel": forms.text})
    payload["panel"] = list(names_in(payload.get("panel") or ""))
    return _act(
        objection_id,
        services.propose_decision,
        _("已提请合议庭，过半数同意后作出决定并告知异议人。"),
        lambda: forms.load(ObjectionDecisionIn(), payload, wrong),
    )


@blueprint.post("/objections/<objection_id>/review-extension")
@policy("objection.record")
def extend_review(objection_id: str) -> Any:
    """Record that the higher court extended its time."""
    return _act(objection_id, services.extend_review, _("已记录延长。"), dict)


@blueprint.post("/objections/<objection_id>/review-decision")
@policy("objection.record")
def record_review(objection_id: str) -> Any:
    """Record what the higher court decided."""
    payload, wrong = forms.read({"outcome": forms.text, "on": forms.text, "reason": forms.text})
    return _act(
        objection_id,
        services.record_review,
        _("复议结果已记录。"),
        lambda: forms.load(ReviewRecordIn(), payload, wrong),
    )


@blueprint.post("/objections/<objection_id>/suit")
@policy("objection.record_suit")
def record_suit(objection_id: str) -> Any:
    """Record that the outsider has sued."""
    payload, wrong = forms.read({"on": forms.text})
    return _act(
        objection_id,
        services.record_suit,
        _("已记录起诉，诉讼终结前不得处分标的。"),
        lambda: forms.load(SuitIn(), payload, wrong),
    )


@blueprint.post("/objections/<objection_id>/suit-end")
@policy("objection.record_suit")
def end_suit(objection_id: str) -> Any:
    """Record how the outsider's suit ended."""
    payload, wrong = forms.read({"outcome": forms.text, "on": forms.text, "reason": forms.text})
    return _act(
        objection_id,
        services.end_suit,
        _("诉讼结果已记录。"),
        lambda: forms.load(SuitEndIn(), payload, wrong),
    )

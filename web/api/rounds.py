"""A round in the court's hands: terms, check, votes, announcement, stopping, decisions, ruling, handover, relisting."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.crypto import Vault
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.queries.panels import panel_votes
from auction.rules.access import Actor, require
from auction.rules.ruleset import load
from auction.rules.terms import Terms
from auction.services import auctions as services
from auction.services.locking import lock_round
from auction.services.lots import lock_lot
from bidding.models import AfterSaleStep, Registration
from bidding.queries.auctions import auction_dict
from bidding.queries.court import HeldIdentity, Pending, held_identities, pending
from bidding.queries.kept import Part
from bidding.services import life, qualification, registration
from bidding.services.handover import record_handover
from bidding.services.relist import relist as draft_next
from disclosure.queries.findings import check_round

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.approvals import ProposedOut
from ..schemas.base import PageQuery
from ..schemas.bidding import Nothing
from ..schemas.public import AuctionOut
from ..schemas.rounds import (
    AuctionChangeIn,
    AuctionIn,
    CourtAuctionOut,
    DecidedOut,
    DecisionIn,
    DiscardIn,
    HandoverStepIn,
    HandoverStepOut,
    HeldListOut,
    PendingListOut,
    RelistIn,
    ResumptionIn,
    RulingIn,
    SuspensionEndIn,
    SuspensionIn,
    VoteIn,
    WithdrawalIn,
)
from ..schemas.sheets import FindingsOut
from .listing import created, listed, proposed, said, tagged, written
from .spec import Blueprint

blueprint = Blueprint("rounds", __name__, description="A round in the court's hands")


def _round(unit: Unit, auction: Auction) -> dict[str, Any]:
    """The auction with its panel, for its own court."""
    unit.session.flush()
    return {**auction_dict(unit.session, auction, unit.now), "panel": panel_votes(unit.session, auction.id)}


@blueprint.post("/lots/<lot_id>/auctions")
@policy("auction.create")
@blueprint.arguments(AuctionIn)
@blueprint.response(201, CourtAuctionOut)
def create_auction(data: dict[str, Any], lot_id: str) -> Response:
    """Draft a round: terms and panel. Nothing is published."""
    panel = data.pop("panel")

    def draft(unit: Unit) -> dict[str, Any]:
        lot = lock_lot(unit, me(), lot_id, "auction.create")
        return _round(unit, services.create_auction(unit, me(), lot, Terms(**data), panel))

    return created(act(draft))


@blueprint.patch("/auctions/<auction_id>")
@policy("auction.create")
@blueprint.arguments(AuctionChangeIn)
@blueprint.response(200, CourtAuctionOut)
def change_auction(data: dict[str, Any], auction_id: str) -> Response:
    """Change terms or panel of a round not yet announced; votes given on the old ones fall.

    With `If-Match` only if both still are what the tag was given for.
    """
    panel = data.pop("panel", None)

    def change(unit: Unit, actor: Actor) -> dict[str, Any]:
        auction = lock_round(unit, actor, auction_id, "auction.create")
        return _round(unit, services.change_terms(unit, actor, auction, data, panel))

    changed, tag = written(Part("terms", auction_id), change)
    return tagged(changed, tag)


@blueprint.get("/auctions/<auction_id>/check")
@policy("auction.check")
@blueprint.response(200, FindingsOut)
def check_auction(auction_id: str) -> Response:
    """Everything that speaks against announcing the round now, and what the panel should look at."""
    wired = house()
    ruleset = load(wired.settings.ruleset)
    return jsonify(listed(said(wired.read(check_round, me(), auction_id, ruleset, wired.now()))))


@blueprint.post("/auctions/<auction_id>/votes")
@policy("auction.vote")
@blueprint.arguments(VoteIn)
@blueprint.response(201, CourtAuctionOut)
def create_vote(data: dict[str, Any], auction_id: str) -> Response:
    """Give the own vote; a majority of the whole panel decides."""

    def give(unit: Unit) -> dict[str, Any]:
        auction = lock_round(unit, me(), auction_id, "auction.vote")
        return _round(unit, services.vote(unit, me(), auction, **data))

    return created(act(give))


@blueprint.post("/auctions/<auction_id>/discard")
@policy("auction.create")
@blueprint.arguments(DiscardIn)
@blueprint.response(200, CourtAuctionOut)
def discard(data: dict[str, Any], auction_id: str) -> Response:
    """Give up a draft: nobody is told. A round that was announced is withdrawn instead."""

    def give_up(unit: Unit) -> dict[str, Any]:
        return _round(unit, services.discard(unit, me(), lock_round(unit, me(), auction_id, "auction.create"), **data))

    return jsonify(act(give_up))


@blueprint.post("/auctions/<auction_id>/announcement")
@policy("auction.announce")
@blueprint.arguments(Nothing)
@blueprint.response(200, AuctionOut)
def announce(_: dict[str, Any], auction_id: str) -> Response:
    """Announce the round, or say every gap and breach at once."""
    return _changed(life.announce, auction_id)


def _changed(service: Callable[..., Auction], auction_id: str, **data: Any) -> Response:
    """Do something to an auction; answer with the auction as it is then."""
    return jsonify(act(_auction_after, service, me(), auction_id, data))


def _auction_after(
    unit: Unit, service: Callable[..., Auction], actor: Actor, auction_id: str, data: dict[str, Any]
) -> dict[str, Any]:
    auction = service(unit, actor, auction_id, **data)
    return auction_dict(unit.session, auction, unit.now)


@blueprint.post("/auctions/<auction_id>/suspension")
@policy("auction.stop")
@blueprint.arguments(SuspensionIn)
@blueprint.response(200, AuctionOut)
def suspend(data: dict[str, Any], auction_id: str) -> Response:
    """Stop the sale for a public reason (OJA 28). Bids keep their places."""
    return _changed(life.suspend, auction_id, **data)


@blueprint.post("/auctions/<auction_id>/resumption")
@policy("auction.stop")
@blueprint.arguments(ResumptionIn)
@blueprint.response(200, AuctionOut)
def resume(data: dict[str, Any], auction_id: str) -> Response:
    """Go on with a newly announced end."""
    return _changed(life.resume, auction_id, **data)


@blueprint.post("/auctions/<auction_id>/suspension-end")
@policy("auction.stop")
@blueprint.arguments(SuspensionEndIn)
@blueprint.response(200, AuctionOut)
def end_suspension(data: dict[str, Any], auction_id: str) -> Response:
    """Record that the cause has ended: the sale resumes within the days of OJA 28(4) from now."""
    return _changed(life.end_suspension, auction_id, **data)


@blueprint.post("/auctions/<auction_id>/withdrawal")
@policy("auction.stop")
@blueprint.arguments(WithdrawalIn)
@blueprint.response(200, AuctionOut)
def withdraw(data: dict[str, Any], auction_id: str) -> Response:
    """Take the lot out of the sale (SALE 17); every deposit goes back."""
    return _changed(life.withdraw, auction_id, **data)


@blueprint.get("/auctions/<auction_id>/registrations")
@policy("registration.answer")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, PendingListOut)
def list_registrations(query: dict[str, Any], auction_id: str) -> Response:
    """The registrations that wait for the court, with the papers to decide on. Nobody else's, and never a code."""
    wired = house()
    found = wired.read(_waiting, wired.vault, me(), auction_id)
    return jsonify(listed([_papers(one) for one in found], query))


def _waiting(session: Session, vault: Vault, actor: Actor, auction_id: str) -> list[Pending]:
    auction = session.get(Auction, auction_id)
    if auction is None:
        raise DomainError("not_found")
    require(actor, "registration.decide", court=auction.lot.court_code)
    return pending(session, vault, auction_id)


@blueprint.get("/held-registrations")
@policy("registration.identify")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, HeldListOut)
def list_held(query: dict[str, Any]) -> Response:
    """The registrations whose identity I may decide on, with the papers: of other courts for a clerk, of all for a
    regulator. Nobody else's, and never a code.
    """
    wired = house()
    found = wired.read(held_identities, wired.vault, me().court_code)
    return jsonify(listed([_held(one) for one in found], query))


def _held(one: HeldIdentity) -> dict[str, Any]:
    return {
        **_papers(one.waiting),
        "hold": one.waiting.registration.hold,
        "decision_due_at": iso(one.due_at) if one.due_at else None,
        "lot_id": one.lot.id,
        "lot_title": one.lot.title,
        "court_code": one.lot.court_code,
        "court_name": one.court.name,
    }


def _papers(waiting: Pending) -> dict[str, Any]:
    row = waiting.registration
    return {
        **_registration(row),
        "created_at": iso(row.created_at),
        "applicants": [
            {
                "part": person.part,
                "name": person.name,
                "id_type": person.id_type,
                "id_number": person.id_number,
                "share": person.share,
            }
            for person in waiting.people
        ],
    }


def _registration(row: Registration) -> dict[str, Any]:
    """A registration as the court may see it: without its bidder code."""
    return {
        "id": row.id,
        "auction_id": row.auction_id,
        "status": row.status,
        "capacity": row.capacity,
        "claim": row.claim,
        "claim_status": row.claim_status,
        "claim_fen": row.claim_fen,
        "rank": row.rank,
        "deposit_due_fen": row.deposit_due_fen,
    }


@blueprint.post("/registrations/<registration_id>/decision")
@policy("registration.answer")
@blueprint.arguments(DecisionIn)
@blueprint.response(200, DecidedOut)
def decide(data: dict[str, Any], registration_id: str) -> Response:
    """Confirm or refuse an agent, joint bidders, a claim; or an identity the registry cannot match.

    The latter is a regulator's, or of a clerk of another court; to the enforcing court it is refused and told whose.
    """
    return jsonify(_registration(act(registration.decide, me(), registration_id, **data)))


@blueprint.post("/auctions/<auction_id>/ruling")
@policy("auction.settle")
@blueprint.arguments(RulingIn)
@blueprint.response(201, AuctionOut)
@blueprint.alt_response(202, schema=ProposedOut, description="The buyer may not buy: the panel revokes the sale")
def rule(data: dict[str, Any], auction_id: str) -> Response:
    """Record the closing ruling once the price is paid (OJA 22(2)).

    `failed`: the buyer may not buy; the panel is asked to revoke the sale, with the money stated line by line.
    """
    if data["qualification"] == qualification.FAILED:
        found = {name: value for name, value in data.items() if name != "qualification"}
        return proposed(act(qualification.propose_failed, me(), auction_id, **found))
    response = _changed(qualification.rule, auction_id, **data)
    response.status_code = 201
    return response


@blueprint.post("/auctions/<auction_id>/handover-steps")
@policy("auction.settle")
@blueprint.arguments(HandoverStepIn)
@blueprint.response(201, HandoverStepOut)
def create_handover_step(data: dict[str, Any], auction_id: str) -> Response:
    """Record one step of the handover; `handed_over` ends it (SALE 27)."""

    def take(unit: Unit) -> dict[str, Any]:
        step = record_handover(unit, me(), auction_id, **data)
        return _step(step, unit.session.get_one(Auction, auction_id))

    return created(act(take))


def _step(step: AfterSaleStep, auction: Auction) -> dict[str, Any]:
    return {
        "id": step.id,
        "auction_id": auction.id,
        "code": step.code,
        "on": step.on.isoformat(),
        "detail": step.detail.get("detail", ""),
        "at": iso(step.at),
        "settlement": auction.settlement,
    }


@blueprint.post("/auctions/<auction_id>/relist")
@policy("auction.relist")
@blueprint.arguments(RelistIn)
@blueprint.response(201, CourtAuctionOut)
def relist(data: dict[str, Any], auction_id: str) -> Response:
    """Draft the round that follows, with everything carried over."""

    def draft(unit: Unit) -> dict[str, Any]:
        return _round(unit, draft_next(unit, me(), auction_id, **data))

    return created(act(draft))

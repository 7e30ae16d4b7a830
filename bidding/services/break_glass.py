"""Break-glass: one bidder's identity before the end, on a judge's proposal and a regulator's approval (PRECISIONS 25).

OJA 18(2) keeps identities secret until bidding has ended; there is no other way round it. An opening is for one
registration and a short time, each look is journaled, the regulators are alerted, the log says in public that an
identity was unsealed (never whose), and the person is told after the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Approval, Auction
from auction.rules.access import Actor, require
from auction.rules.approvals import Need
from auction.rules.identity import mask
from auction.rules.ruleset import Ruleset, load
from auction.services.approvals import lapse, propose
from auction.services.locking import lock_auction
from risk.rules.alerts import Reason, may_tell_who
from risk.services.alerts import raise_alert

from ..models import Registration
from ..queries.break_glass import BREAK_GLASS, approved_openings, opened_until
from ..queries.identities import identities
from ..queries.news import place
from .alerted import Behind
from .look_up_watch import watch
from .looks import taken
from .messages import tell


@dataclass(frozen=True, slots=True)
class Opened:
    """The people behind one bidder code, and until when they may be looked at again."""

    bidder_code: str
    until: datetime
    people: Sequence[Behind]


def propose_opening(unit: Unit, actor: Actor, auction_id: str, *, bidder_code: str, reason: str) -> Approval:
    """Propose to open the identity behind one code of a sale of the own court before its end; a regulator approves.

    DomainError not_found, wrong_state/sale_ended once nothing is sealed any more, invalid/unknown_bidder_code,
    already_proposed.
    """
    auction = lock_auction(unit, auction_id)
    require(actor, "identity.open", court=auction.lot.court_code)
    _still_sealed(auction)
    if _registration(unit, auction_id, bidder_code) is None:
        raise invalid("bidder_code", "unknown_bidder_code", value=bidder_code)
    return propose(
        unit,
        actor,
        kind=BREAK_GLASS,
        subject_id=auction_id,
        court_code=auction.lot.court_code,
        proposal={"bidder_code": bidder_code},
        reason=reason,
        needs=[Need("regulator")],
        apart=("bidder_code",),
    )


def carry_out_opening(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The proposer alone may look, for the ruleset's `break_glass_open`. DomainError wrong_state/sale_ended."""
    auction = unit.session.get_one(Auction, approval.subject_id)  # locked before the proposal
    _still_sealed(auction)
    registration = _registration(unit, auction.id, approval.proposal["bidder_code"])
    until = opened_until(approval, _numbers(unit))
    if registration is None or until is None:
        raise ValueError("an opening is approved for one registration")
    unit.record("IdentityUnsealed", stream=f"auction:{auction.id}", body={"until": iso(until)})
    minutes = _numbers(unit).seconds("break_glass_open") // 60
    raise_alert(
        unit,
        "identity_unsealed",
        key=f"identity_unsealed:{approval.id}",
        reasons=[Reason("identity_unsealed", {"minutes": minutes}, {"registrations": [registration.id]})],
        court_code=approval.court_code,
        lot_id=auction.lot_id,
        auction_id=auction.id,
        registration_id=registration.id,
    )


def open_identity(unit: Unit, actor: Actor, approval_id: str) -> Opened:
    """Who stands behind the code of an approved opening: for who proposed it alone, while it lasts. Journaled.

    DomainError not_found for any other proposal, forbidden for anybody but its proposer, wrong_state before it is
    approved, wrong_state/opening_over afterwards.
    """
    approval = unit.session.get(Approval, approval_id)
    if approval is None or approval.kind != BREAK_GLASS:
        raise DomainError("not_found")
    require(actor, "identity.open", court=approval.court_code)
    if approval.proposed_by != actor.id:
        raise DomainError("forbidden")
    until = opened_until(approval, _numbers(unit))
    if until is None:
        raise DomainError("wrong_state", status=approval.status)
    if unit.now >= until:
        raise DomainError("wrong_state", reason="opening_over")
    code = approval.proposal["bidder_code"]
    registration = _registration(unit, approval.subject_id, code)
    if registration is None:
        raise DomainError("not_found")
    watch(unit, actor)
    # Not in the person's own stream: a number missing there would tell him before the end.
    unit.record(
        "IdentityOpened",
        stream=f"approval:{approval.id}",
        private=True,
        body={
            "auction_id": approval.subject_id,
            "registration_id": registration.id,
            "person_id": registration.person_id,
            "purpose": approval.reason,
            "by": actor.id,
        },
    )
    people = [
        Behind(registration.id, code, one.part, one.name, one.id_type, mask(one.id_type, one.id_number))
        for one in identities(unit.session, unit.vault, registration)
    ]
    return Opened(code, until, people)


def tell_opened(unit: Unit, auction_id: str) -> None:
    """Tell whose identity was opened that and why, once the sale has ended; what is not approved by then lapses."""
    lock_auction(unit, auction_id)
    if not taken(unit, "unsealed", auction_id):
        return
    lapse(unit, (BREAK_GLASS,), (auction_id,))
    for approval in approved_openings(unit.session, auction_id):
        registration = _registration(unit, auction_id, approval.proposal["bidder_code"])
        if registration is None or approval.decided_at is None:
            continue
        facts = {"registration_id": registration.id, "opened_at": iso(approval.decided_at), "reason": approval.reason}
        subject = {**facts, **place(unit.session, auction_id, None)}
        tell(unit, registration.account_id, "identity_unsealed", subject, f"identity_unsealed:{approval.id}")


def _registration(unit: Unit, auction_id: str, bidder_code: str) -> Registration | None:
    return unit.session.scalar(
        select(Registration).where(Registration.auction_id == auction_id, Registration.bidder_code == bidder_code)
    )


def _still_sealed(auction: Auction) -> None:
    if may_tell_who(auction.status, auction.closed_at):
        raise DomainError("wrong_state", reason="sale_ended")


def _numbers(unit: Unit) -> Ruleset:
    return load(unit.settings.ruleset)

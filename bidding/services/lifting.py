"""A refused applicant's remedy, and lifting a mistaken hit: two regulators, never the enforcing court (PRECISIONS 15).

A lifted hit bars one person from one lot no more; every other hit stands. What was decided on it is undone where it can
be: the person may register again, and a winner who was held is confirmed.
"""

from sqlalchemy import select, update

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Account, Approval, Auction, Lot, Person
from auction.rules.access import Actor, require
from auction.rules.approvals import Need
from auction.rules.calendar import shanghai_day
from auction.services.approvals import propose
from risk.models import InterestFinding, InterestReview, LiftedHit
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert
from risk.services.interest import bodies_of

from ..models import RegisteredIdentity, Registration
from ..queries.conflicts import BARRED, conflicts, review_column
from .rooms import lock_auctions
from .settlement import WINNER_BARRED, confirm_held_winner

KIND = "hit_lifted"


def look_up_conflicts(unit: Unit, actor: Actor, bidder_id: str, lot_id: str, purpose: str) -> dict[str, object]:
    """What bars a bidder from a lot, with its sources; the look-up and its purpose are journaled.

    DomainError not_found also where it may not be told yet: nobody learns which of the two it is.
    """
    require(actor, "conflict.read")
    lot = unit.session.get(Lot, lot_id)
    if lot is None:
        raise DomainError("not_found")
    found = conflicts(unit.session, unit.vault, bidder_id, lot, bodies_of(unit, lot))
    account = unit.session.get_one(Account, bidder_id)
    unit.record(
        "ConflictsLookedUp",
        stream=f"person:{account.person_id}",
        private=True,
        body={"lot_id": lot_id, "purpose": purpose, "by": actor.id},
    )
    return found


def ask_review(unit: Unit, actor: Actor, registration_id: str, text: str) -> InterestReview:
    """Ask for a review of an own refusal for the interest bar; the regulators are alerted.

    DomainError not_found for anybody else's registration, wrong_state unless it was refused or barred for that.
    """
    registration = unit.session.get(Registration, registration_id, with_for_update=True, populate_existing=True)
    if registration is None:
        raise DomainError("not_found")
    require(actor, "registration.own", owner=registration.account_id)
    if BARRED not in (registration.refusal, registration.barred):
        raise DomainError("wrong_state", status=registration.status)
    person = unit.session.get_one(Person, registration.person_id)
    if person.wrapped_key is None:
        raise DomainError("identity_unverified")
    review_id = unit.new_id()
    sealed = unit.vault.seal(person.wrapped_key, person.id, review_column(review_id), text)
    review = InterestReview(id=review_id, registration_id=registration.id, text=sealed, at=unit.now)
    unit.session.add(review)
    auction = unit.session.get_one(Auction, registration.auction_id)
    raise_alert(
        unit,
        "interest_review",
        key=f"interest_review:{registration.id}:{shanghai_day(unit.now).isoformat()}",
        reasons=[Reason("review_requested")],
        court_code=auction.lot.court_code,
        lot_id=auction.lot_id,
        auction_id=auction.id,
        registration_id=registration.id,
        account_id=registration.account_id,
    )
    unit.record(
        "InterestReviewRequested",
        stream=f"person:{registration.person_id}",
        private=True,
        body={"registration_id": registration.id, "review_id": review.id},
    )
    return review


def propose_lifting(unit: Unit, actor: Actor, bidder_id: str, lot_id: str, *, hit: str, reason: str) -> Approval:
    """Propose to lift one hit on a bidder for one lot; another regulator approves.

    DomainError not_found where the hit may not be told of, wrong_state once it is lifted, already_proposed.
    """
    require(actor, "conflict.lift")
    lot = unit.session.get(Lot, lot_id)
    if lot is None:
        raise DomainError("not_found")
    told = conflicts(unit.session, unit.vault, bidder_id, lot, bodies_of(unit, lot))
    registration_id = next(
        (one["id"] for one in told["registrations"] for known in one["hits"] if known["hit"] == hit), None
    )
    if registration_id is None:
        raise DomainError("not_found")
    if unit.session.get(LiftedHit, (lot.id, hit)) is not None:
        raise DomainError("wrong_state", status="lifted")
    return propose(
        unit,
        actor,
        kind=KIND,
        subject_id=registration_id,
        court_code=lot.court_code,
        proposal={"lot_id": lot.id, "hit": hit},
        reason=reason,
        needs=[Need("regulator", 1)],
    )


def carry_out_hit_lifted(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The second regulator: the hit bars no more, and whom it held is checked anew at once."""
    lot_id, key = approval.proposal["lot_id"], approval.proposal["hit"]
    finding = unit.session.get_one(InterestFinding, (approval.subject_id, key))
    if unit.session.get(LiftedHit, (lot_id, key)) is not None:
        raise DomainError("wrong_state", status="lifted")
    unit.session.add(
        LiftedHit(
            lot_id=lot_id,
            hit_key=key,
            id_match=finding.id_match,
            approval_id=approval.id,
            reason=approval.reason,
            at=unit.now,
        )
    )
    unit.session.flush()
    touched = (
        select(Registration.id)
        .join(RegisteredIdentity, RegisteredIdentity.registration_id == Registration.id)
        .join(Auction, Auction.id == Registration.auction_id)
        .where(Auction.lot_id == lot_id)
    )
    registrations = unit.session.execute(
        select(Registration.id, Registration.auction_id, Registration.person_id).where(Registration.id.in_(touched))
    ).all()
    registration = next(row for row in registrations if row.id == approval.subject_id)
    unit.record(
        "InterestHitLifted",
        stream=f"person:{registration.person_id}",
        private=True,
        body={
            "registration_id": approval.subject_id,
            "lot_id": lot_id,
            "hit": key,
            "reason": approval.reason,
            "approval_id": approval.id,
            "by": [approval.proposed_by, actor.id],
        },
    )
    auctions = lock_auctions(unit, {row.auction_id for row in registrations})
    unit.session.execute(
        update(Registration).where(Registration.id.in_([r.id for r in registrations])).values(cleared_version=-1)
    )
    for auction in auctions.values():
        if auction.status == "suspended" and (auction.suspension or {}).get("cause") == WINNER_BARRED:
            confirm_held_winner(unit, auction)

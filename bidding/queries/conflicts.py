"""Why somebody is barred from a lot: the chain with its sources, for a regulator (PRECISIONS 15).

Names are opened here and nowhere else. Before the end of an auction this answers only for applicants who were refused
or are held for the interest bar, so that nobody learns who stands behind a code.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.crypto import Vault
from auction.kernel.errors import DomainError
from auction.models import Account, Auction, Lot, Person
from auction.rules.lot import ENDED
from risk.models import InterestFinding, InterestReview, LiftedHit
from risk.queries.sources import Opener, chain_of
from risk.rules.interest import Bodies, Hit

from ..models import Registration
from .identities import identities

BARRED = "barred_interest"
HOLDS = ("identity_unmatchable", "identity_review")


def told_before_the_end(registration: Registration) -> bool:
    """Whether a registration was refused, or is held, for the interest bar: such a one has no part in the bidding."""
    refused = registration.status == "refused" and registration.refusal == BARRED
    return refused or (registration.status == "awaiting_court" and registration.hold in HOLDS)


def conflicts(session: Session, vault: Vault, bidder_id: str, lot: Lot, bodies: Bodies) -> dict[str, Any]:
    """What bars a bidder from a lot, hit by hit, with every record it rests on and where that record came from.

    DomainError not_found where the bidder has no registration for the lot that may be told of now.
    """
    account = session.get(Account, bidder_id)
    person = session.get(Person, account.person_id) if account and account.person_id else None
    if account is None or person is None:
        raise DomainError("not_found")
    shown = _shown(session, account.id, lot.id)
    if not shown:
        raise DomainError("not_found")
    opener = Opener(session, vault)
    for registration in shown:
        for behind in identities(session, vault, registration):
            opener.name(vault.match_key(behind.id_type, behind.id_number), behind.name)
    return {
        "bidder_id": account.id,
        "lot_id": lot.id,
        "lot_title": lot.title,
        "court_code": lot.court_code,
        "registrations": [_registration(session, vault, opener, person, one, bodies) for one in shown],
    }


def _shown(session: Session, account_id: str, lot_id: str) -> list[Registration]:
    rows = session.execute(
        select(Registration, Auction)
        .join(Auction, Auction.id == Registration.auction_id)
        .where(Registration.account_id == account_id, Auction.lot_id == lot_id)
        .order_by(Registration.created_at, Registration.id)
    )
    return [
        registration
        for registration, auction in rows
        if auction.closed_at is not None or auction.status in ENDED or told_before_the_end(registration)
    ]


def _registration(
    session: Session, vault: Vault, opener: Opener, person: Person, registration: Registration, bodies: Bodies
) -> dict[str, Any]:
    found = session.scalars(
        select(InterestFinding)
        .where(InterestFinding.registration_id == registration.id)
        .order_by(InterestFinding.found_at, InterestFinding.hit_key)
    ).all()
    reviews = session.scalars(
        select(InterestReview).where(InterestReview.registration_id == registration.id).order_by(InterestReview.at)
    )
    key = person.wrapped_key
    return {
        "id": registration.id,
        "auction_id": registration.auction_id,
        "status": registration.status,
        "refusal": registration.refusal,
        "hold": registration.hold,
        "filed_at": iso(registration.created_at),
        "hits": [_hit(session, opener, finding, bodies) for finding in found],
        "reviews": [
            {
                "text": vault.open(key, person.id, review_column(review.id), review.text) if key else None,
                "at": iso(review.at),
            }
            for review in reviews
        ],
    }


def review_column(review_id: str) -> str:
    """The place a request for review is bound to: it opens nowhere else."""
    return f"interest_review\0{review_id}"


def _hit(session: Session, opener: Opener, finding: InterestFinding, bodies: Bodies) -> dict[str, Any]:
    hit = hit_of(finding)
    lifted = session.get(LiftedHit, (finding.lot_id, finding.hit_key))
    return {
        "hit": finding.hit_key,
        "ground": hit.ground,
        "rule": hit.relation if hit.ground == "controlled_company" else None,
        "relation": hit.relation if hit.ground == "near_relative" else None,
        "person": opener.of(hit.match),
        "body_type": hit.body_type,
        "body_code": hit.body_code,
        "basis": ["OJA 34", "practice"] if hit.ground == "controlled_company" else ["OJA 34"],
        "registry_version": finding.registry_version,
        "found_at": iso(finding.found_at),
        "review_due_at": iso(finding.review_due_at) if finding.review_due_at else None,
        "chain": chain_of(session, opener, hit, bodies, version=finding.registry_version, at=finding.found_at),
        "lifted": {"reason": lifted.reason, "at": iso(lifted.at)} if lifted else None,
    }


def hit_of(finding: InterestFinding) -> Hit:
    """The hit as it was found."""
    return Hit(**{**finding.hit, "through": tuple(finding.hit["through"])})


def refusal_facts(session: Session, registration_id: str) -> dict[str, Any]:
    """What a refusal adds for the applicant: that it rests on the practice on companies alone, if so."""
    grounds = set(
        session.scalars(select(InterestFinding.ground).where(InterestFinding.registration_id == registration_id))
    )
    return {"reason": "controlled_company"} if grounds == {"controlled_company"} else {}


def open_conflicts(session: Session, now: datetime, limit: int = 200) -> list[dict[str, Any]]:
    """Who was refused or is held for the interest bar, the latest first, without names: for the regulator's list."""
    rows = session.execute(
        select(Registration, Auction, Lot)
        .join(Auction, Auction.id == Registration.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(
            or_(
                (Registration.status == "refused") & (Registration.refusal == BARRED),
                (Registration.status == "awaiting_court") & Registration.hold.in_(HOLDS),
                (Registration.barred == BARRED) & Auction.closed_at.is_not(None),
            )
        )
        .order_by(Registration.created_at.desc(), Registration.id)
        .limit(limit)
    ).all()
    grounds = _grounds(session, [registration.id for registration, _, _ in rows])
    return [
        {
            "registration_id": registration.id,
            "bidder_id": registration.account_id,
            "lot_id": lot.id,
            "lot_title": lot.title,
            "court_code": lot.court_code,
            "status": registration.status,
            "hold": registration.hold,
            "filed_at": registration.created_at,
            "held_winner": (auction.suspension or {}).get("cause") == "winner_barred",
            **grounds.get(registration.id, {"grounds": [], "review_due_at": None, "open": 0}),
        }
        for registration, auction, lot in rows
    ]


def _grounds(session: Session, registration_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    rows: Any = session.execute(
        select(InterestFinding, LiftedHit.hit_key)
        .outerjoin(
            LiftedHit,
            (LiftedHit.lot_id == InterestFinding.lot_id) & (LiftedHit.hit_key == InterestFinding.hit_key),
        )
        .where(InterestFinding.registration_id.in_(registration_ids))
    )
    for finding, lifted in rows:
        one = found.setdefault(finding.registration_id, {"grounds": [], "review_due_at": None, "open": 0})
        if finding.ground not in one["grounds"]:
            one["grounds"].append(finding.ground)
        if lifted is None:
            one["open"] += 1
            one["review_due_at"] = one["review_due_at"] or finding.review_due_at
    return found

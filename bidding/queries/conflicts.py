"""Why somebody is barred from a lot: the chain with its sources, for a regulator (PRECISIONS 15).

Names are opened here and nowhere else. Before the end of an auction this answers only for applicants who were refused
or are held for a bar, and for whoever is barred while bidding runs and asked for a review himself; it never says a
code.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.crypto import Vault
from auction.kernel.errors import DomainError
from auction.models import Account, Auction, Lot, Person
from auction.rules.calendar import shanghai_day
from auction.rules.identity import mask
from auction.rules.lot import ENDED
from risk.models import Alert, InterestFinding, InterestReview, LiftedHit
from risk.queries.sources import Opener, body_name, chain_of, stakes_between
from risk.rules.interest import Bodies, Hit
from risk.rules.reneger import BOUND

from ..models import RegisteredIdentity, Registration
from .held import is_held
from .identities import identities
from .reneges import barred_buyers, buyers_of, renegers_of_lot, reneges_with_buyers
from .sanctions import bar_facts

BARRED, RENEGER = "barred_interest", "barred_reneger"
HOLDS = ("identity_unmatchable", "identity_review")


def told_before_the_end(session: Session, registration: Registration) -> bool:
    """Whether a registration was refused or is held for a bar, and so never had a part in the bidding; or its bidder
    asked for a review, and so told of himself.
    """
    held = registration.status == "awaiting_court" and registration.hold in HOLDS
    if held or (registration.status == "refused" and is_reviewed(session, registration)):
        return True
    asked = select(InterestReview.id).where(InterestReview.registration_id == registration.id).limit(1)
    return session.scalar(asked) is not None


def is_reviewed(session: Session, registration: Registration) -> bool:
    """Whether what bars a registration is reviewed: the interest bar, or the practice on a reneger's companies."""
    bars = {registration.barred, registration.refusal}
    return BARRED in bars or (RENEGER in bars and through_reneger(session, registration.id))


def through_reneger(session: Session, registration_id: str) -> bool:
    """Whether only control of companies binds a registration to who reneged on its lot: nobody behind it did himself.

    Declarations that were revoked since count too: this says why it was refused.
    """
    lot_id = session.scalar(
        select(Auction.lot_id)
        .join(Registration, Registration.auction_id == Auction.id)
        .where(Registration.id == registration_id)
    )
    behind = session.scalars(
        select(RegisteredIdentity.id_match).where(RegisteredIdentity.registration_id == registration_id)
    )
    if lot_id is None:
        return False
    own = renegers_of_lot(session, lot_id, revoked=True) | barred_buyers(session, lot_id)
    return own.isdisjoint(behind)


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


def found_on(session: Session, account_id: str, lot_id: str, hit: str) -> str | None:
    """The first registration of a bidder for a lot that may be told of now and has the hit; None without one."""
    return next(
        (
            registration.id
            for registration in _shown(session, account_id, lot_id)
            if session.get(InterestFinding, (registration.id, hit)) is not None
        ),
        None,
    )


def _shown(session: Session, account_id: str, lot_id: str) -> list[Registration]:
    rows = session.execute(
        select(Registration, Auction)
        .join(Auction, Auction.id == Registration.auction_id)
        .where(Registration.account_id == account_id, Auction.lot_id == lot_id)
        .order_by(Registration.created_at, Registration.id)
    )
    return [registration for registration, auction in rows if is_told(session, auction, registration)]


def is_told(session: Session, auction: Auction, registration: Registration) -> bool:
    """Whether a regulator may be told of a registration now."""
    over = auction.closed_at is not None or auction.status in ENDED
    return over or told_before_the_end(session, registration)


def _registration(
    session: Session, vault: Vault, opener: Opener, person: Person, registration: Registration, bodies: Bodies
) -> dict[str, Any]:
    found = session.scalars(
        select(InterestFinding)
        .where(InterestFinding.registration_id == registration.id)
        .order_by(InterestFinding.found_at, InterestFinding.hit_key)
    ).all()
    key = person.wrapped_key
    return {
        "id": registration.id,
        "auction_id": registration.auction_id,
        "status": registration.status,
        "refusal": registration.refusal,
        "hold": registration.hold,
        "filed_at": iso(registration.created_at),
        "people": [
            {"part": one.part, "name": one.name, "id_type": one.id_type, "id_number": mask(one.id_type, one.id_number)}
            for one in identities(session, vault, registration)
        ],
        "hits": [_hit(session, vault, opener, finding, bodies) for finding in found],
        "reviews": [
            {
                "text": vault.open(key, person.id, review_column(asked.review.id), asked.review.text) if key else None,
                "at": iso(asked.review.at),
                "state": asked.state,
                "answered_at": iso(asked.answered_at) if asked.answered_at else None,
            }
            for asked in reviews_of(session, registration.id)
        ],
    }


def review_column(review_id: str) -> str:
    """The place a request for review is bound to: it opens nowhere else."""
    return f"interest_review\0{review_id}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a review and where it stands: `open`, `lifted`, or `closed` where nothing was lifted."""

    review: InterestReview
    state: Literal["open", "lifted", "closed"]
    answered_at: datetime | None


def review_alert(review_id: str) -> str:
    """The key of the alert by which the regulators are told of a request; resolving it answers the request."""
    return f"interest_review:{review_id}"


def reviews_of(session: Session, registration_id: str) -> list[Asked]:
    """The requests for a review of a registration, in the order they were made."""
    reviews = session.scalars(
        select(InterestReview)
        .where(InterestReview.registration_id == registration_id)
        .order_by(InterestReview.at, InterestReview.id)
    ).all()
    lifted_at = lifted_at_of(session, registration_id) if reviews else None
    keys = [review_alert(review.id) for review in reviews]
    alerts = session.execute(select(Alert.key, Alert.resolved_at).where(Alert.key.in_(keys)))
    answered = {alert.key: alert.resolved_at for alert in alerts}
    found = []
    for review in reviews:
        closed_at = answered.get(review_alert(review.id))
        if lifted_at is not None and lifted_at >= review.at:
            found.append(Asked(review, "lifted", lifted_at))
        else:
            found.append(Asked(review, "closed" if closed_at else "open", closed_at))
    return found


def lifted_at_of(session: Session, registration_id: str) -> datetime | None:
    """When the last hit on a registration was lifted; None while one stands, and where there was none."""
    lifted = session.scalars(
        select(LiftedHit.at)
        .select_from(InterestFinding)
        .outerjoin(
            LiftedHit,
            (LiftedHit.lot_id == InterestFinding.lot_id) & (LiftedHit.hit_key == InterestFinding.hit_key),
        )
        .where(InterestFinding.registration_id == registration_id)
    ).all()
    return max(lifted) if lifted and None not in lifted else None


def _hit(session: Session, vault: Vault, opener: Opener, finding: InterestFinding, bodies: Bodies) -> dict[str, Any]:
    hit = hit_of(finding)
    version, at = finding.registry_version, finding.found_at
    lifted = session.get(LiftedHit, (finding.lot_id, finding.hit_key))
    if hit.ground in BOUND:
        basis = ["OJA 24(2)", "practice"]
        chain = _bound_chain(session, vault, opener, finding.lot_id, hit, version, at)
    else:
        basis = ["OJA 34", "practice"] if hit.ground == "controlled_company" else ["OJA 34"]
        chain = chain_of(session, opener, hit, bodies, version=version, at=at)
    return {
        "hit": finding.hit_key,
        "ground": hit.ground,
        "rule": hit.relation if hit.ground in ("controlled_company", *BOUND) else None,
        "relation": hit.relation if hit.ground == "near_relative" else None,
        "person": opener.of(hit.match),
        "body_type": hit.body_type or None,
        "body_code": hit.body_code or None,
        "body_name": body_name(session, hit.body_type, hit.body_code),
        "basis": basis,
        "registry_version": version,
        "found_at": iso(at),
        "review_due_at": iso(finding.review_due_at) if finding.review_due_at else None,
        "chain": chain,
        "lifted": {"reason": lifted.reason, "at": iso(lifted.at)} if lifted else None,
    }


def _bound_chain(
    session: Session, vault: Vault, opener: Opener, lot_id: str, hit: Hit, version: int, at: datetime
) -> list[dict[str, Any]]:
    """From the buyer who reneged, with the declaration that says so, to who is barred for being bound to him.

    The sale he bought in has ended, and its confirmation names him.
    """
    steps: list[dict[str, Any]] = []
    for renege, registration in reneges_with_buyers(session, lot_id):
        names = {
            vault.match_key(one.id_type, one.id_number): one.name for one in identities(session, vault, registration)
        }
        for match in sorted(buyers_of(session, registration.id) & {hit.via, *hit.through}):
            if match in names:
                opener.name(match, names[match])
            steps.append(
                {
                    "record": "renege",
                    "person": opener.of(match),  # None, so his role alone, once his data were erased
                    "auction_id": renege.auction_id,
                    "from": shanghai_day(renege.declared_at).isoformat(),
                    "source": None,
                }
            )
    if hit.ground == "reneger_company":
        return steps + stakes_between(session, opener, hit, version=version, at=at)
    above = replace(hit, match=hit.via, via=hit.match)
    return steps + stakes_between(session, opener, above, version=version, at=at)[::-1]


def hit_of(finding: InterestFinding) -> Hit:
    """The hit as it was found."""
    return Hit(**{**finding.hit, "through": tuple(finding.hit["through"])})


def refusal_facts(session: Session, registration_id: str, code: str, moment: datetime) -> dict[str, Any]:
    """What a refusal adds for the applicant: that it rests on the practice on companies alone, or which decision bars.

    `moment`: when it was, or is, given. Never who.
    """
    if code == "barred_sanction":
        return dict(bar_facts(session, registration_id, moment))
    if code == BARRED:
        company = _grounds_at(session, registration_id, moment) == {"controlled_company"}
    else:
        if code == RENEGER and _failed_before(session, registration_id):
            return {"reason": "unqualified"}
        company = code == RENEGER and through_reneger(session, registration_id)
    return {"reason": "controlled_company"} if company else {}


def _failed_before(session: Session, registration_id: str) -> bool:
    """Whether somebody behind a registration bought the lot before and got no approval for it (EQ 15(2))."""
    registration = session.get(Registration, registration_id)
    if registration is None:
        return False
    lot_id = session.get_one(Auction, registration.auction_id).lot_id
    return not barred_buyers(session, lot_id).isdisjoint(one.id_match for one in registration.identities)


def _grounds_at(session: Session, registration_id: str, moment: datetime) -> set[str]:
    """The grounds of the interest bar that stood against a registration at a moment; where none did, all ever found."""
    rows: Any = session.execute(
        select(InterestFinding.ground, InterestFinding.found_at, LiftedHit.at)
        .outerjoin(
            LiftedHit,
            (LiftedHit.lot_id == InterestFinding.lot_id) & (LiftedHit.hit_key == InterestFinding.hit_key),
        )
        .where(InterestFinding.registration_id == registration_id, InterestFinding.ground.not_in(BOUND))
    ).all()
    stood = {ground for ground, found_at, at in rows if found_at <= moment and (at is None or at > moment)}
    return stood or {ground for ground, _, _ in rows}


def open_conflicts(session: Session, limit: int = 200) -> list[dict[str, Any]]:
    """Who was refused, is held or barred, the latest first, without names: for the regulator's list."""
    rows = session.execute(
        select(Registration, Auction, Lot)
        .join(Auction, Auction.id == Registration.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(
            or_(
                Registration.refusal.in_((BARRED, RENEGER)),
                Registration.barred.in_((BARRED, RENEGER)),
                (Registration.status == "awaiting_court") & Registration.hold.in_(HOLDS),
            )
        )
        .order_by(Registration.created_at.desc(), Registration.id)
        .limit(limit)
    ).all()
    ids = [registration.id for registration, _, _ in rows]
    grounds = _grounds(session, ids)
    asked = set(session.scalars(select(InterestReview.registration_id).where(InterestReview.registration_id.in_(ids))))
    return [
        {
            "registration_id": registration.id,
            "bidder_id": registration.account_id,
            "lot_id": lot.id,
            "lot_title": lot.title,
            "court_code": lot.court_code,
            "status": registration.status,
            "hold": registration.hold if registration.status == "awaiting_court" else None,
            "reneger": RENEGER in (registration.refusal, registration.barred),
            "barred": registration.status not in ("refused", "awaiting_court"),
            "filed_at": registration.created_at,
            "held_winner": is_held(auction) and auction.leader_registration_id == registration.id,
            "review_open": registration.id in asked
            and any(one.state == "open" for one in reviews_of(session, registration.id)),
            **grounds.get(registration.id, {"grounds": [], "review_due_at": None, "open": 0}),
        }
        for registration, auction, lot in rows
        if is_told(session, auction, registration)
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

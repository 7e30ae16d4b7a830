"""A refused applicant's remedy, and lifting a mistaken hit: two regulators, never the enforcing court (PRECISIONS 15).

A lifted hit bars one person from one lot no more; every other hit stands. What was decided on it is undone where it can
be: the person may register again, and a winner who was held is confirmed.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Account, Approval, Auction, Lot, Person
from auction.rules.access import Actor, require
from auction.rules.approvals import Need
from auction.rules.calendar import shanghai_day
from auction.services.approvals import lapse, propose
from auction.services.locking import lock_auctions
from risk.models import InterestFinding, InterestReview, LiftedHit
from risk.queries.interest import companies_below, registry_version
from risk.queries.sources import Opener
from risk.rules.alerts import Reason
from risk.rules.reneger import BOUND
from risk.services.alerts import raise_alert, settle_alerts
from risk.services.interest import Asked, bodies_of, check_many

from ..models import RegisteredIdentity, Registration
from ..queries.conflicts import (
    BARRED,
    RENEGER,
    conflicts,
    found_on,
    is_reviewed,
    is_told,
    lifted_at_of,
    review_alert,
    review_column,
    reviews_of,
)
from ..queries.held import is_held
from ..queries.reneges import reneges_with_buyers
from ..queries.rooms import ruleset_of
from ..rules.registration import STANDING
from .interest import check_anew, recheck, standing_to_renegers
from .look_up_watch import watch
from .settlement import confirm_held_winner

KIND = "hit_lifted"
#: The alerts that are answered where nothing bars a registration any more; and once every hit on it was lifted.
_MOOT = ("winner_barred", "controlled_company", "barred_bidder_had_bid")
_ANSWERED = (*_MOOT, "interest_review")


def look_up_conflicts(unit: Unit, actor: Actor, bidder_id: str, lot_id: str, purpose: str) -> dict[str, object]:
    """What bars a bidder from a lot, with its sources; the look-up and its purpose are journaled.

    DomainError not_found also where it may not be told yet: nobody learns which of the two it is.
    """
    require(actor, "conflict.read")
    lot = unit.session.get(Lot, lot_id)
    if lot is None:
        raise DomainError("not_found")
    found = conflicts(unit.session, unit.vault, bidder_id, lot, bodies_of(unit, lot))
    for registration in found["registrations"]:
        for hit in registration["hits"]:
            hit["frees"] = None if hit["lifted"] else _told_freed(unit, lot, registration["id"], hit["hit"])
    watch(unit, actor)
    account = unit.session.get_one(Account, bidder_id)
    people = {account.person_id}
    if any(hit["ground"] in BOUND for one in found["registrations"] for hit in one["hits"]):
        people |= {buyer.person_id for _, buyer in reneges_with_buyers(unit.session, lot_id)}  # they are named too
    for person_id in sorted(filter(None, people)):
        unit.record(
            "ConflictsLookedUp",
            stream=f"person:{person_id}",
            private=True,
            body={"lot_id": lot_id, "purpose": purpose, "by": actor.id},
        )
    return found


def _told_freed(unit: Unit, lot: Lot, registration_id: str, hit: str) -> dict[str, object]:
    """Whom the lifting of a hit frees beside: bidders by account, companies of the registry by name."""
    freed = freed_by(unit, lot, unit.session.get_one(InterestFinding, (registration_id, hit)))
    opener = Opener(unit.session, unit.vault)
    names = (opener.open(match, "control.company_name", name) for match, name in freed.companies.items())
    return {"bidders": sorted(freed.bidders), "further_bidders": len(freed.sealed), "companies": sorted(names)}


def ask_review(unit: Unit, actor: Actor, registration_id: str, text: str) -> InterestReview:
    """Ask for a review of an own refusal for the interest bar; the regulators are alerted.

    DomainError not_found for anybody else's registration, wrong_state unless it was refused or barred for that (or by
    the practice on a reneger's companies; wrong_state/own_renege says to who reneged himself what ends his bar),
    review_open while an earlier request waits for its answer.
    """
    registration = unit.session.get(Registration, registration_id, with_for_update=True, populate_existing=True)
    if registration is None:
        raise DomainError("not_found")
    require(actor, "registration.own", owner=registration.account_id)
    if not is_reviewed(unit.session, registration):
        if RENEGER in (registration.barred, registration.refusal):
            raise DomainError("wrong_state", reason="own_renege")
        raise DomainError("wrong_state", status=registration.status)
    if any(asked.state == "open" for asked in reviews_of(unit.session, registration.id)):
        raise DomainError("review_open")
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
        key=review_alert(review_id),
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

    The proposal says whom else it frees: bidders (`also_frees`), and how many companies that have not registered and
    bidders who may not be told of yet.
    DomainError not_found where the hit may not be told of, wrong_state once it is lifted, already_proposed.
    """
    require(actor, "conflict.lift")
    lot = unit.session.get(Lot, lot_id)
    if lot is None:
        raise DomainError("not_found")
    registration_id = found_on(unit.session, bidder_id, lot.id, hit)
    if registration_id is None:
        raise DomainError("not_found")
    if unit.session.get(LiftedHit, (lot.id, hit)) is not None:
        raise DomainError("wrong_state", status="lifted")
    freed = freed_by(unit, lot, unit.session.get_one(InterestFinding, (registration_id, hit)))
    return propose(
        unit,
        actor,
        kind=KIND,
        subject_id=registration_id,
        court_code=lot.court_code,
        proposal={
            "lot_id": lot.id,
            "hit": hit,
            "bidder_id": bidder_id,
            "also_frees": sorted(freed.bidders),
            "further_bidders": len(freed.sealed),
            "further_companies": len(freed.companies),
        },
        reason=reason,
        needs=[Need("regulator", 1)],
        apart=("hit",),
    )


@dataclass(frozen=True, slots=True)
class Freed:
    """Whom the lifting of a hit frees beside the one it is on, because nothing else bars them.

    `bidders`: accounts that were refused or barred; `sealed`: those of whom nobody may be told before the end;
    `companies`: those in the registry that nobody registered, by keyed hash, each with its sealed name.
    """

    bidders: frozenset[str]
    sealed: frozenset[str]
    companies: Mapping[str, bytes]


def freed_by(unit: Unit, lot: Lot, finding: InterestFinding) -> Freed:
    """Who else is free once the hit of a finding is lifted for its lot: what its holder controls, and their bidders."""
    numbers = ruleset_of(unit.session, unit.session.get_one(Auction, finding.auction_id))
    version, today = registry_version(unit.session), shanghai_day(unit.now)
    if finding.ground in BOUND:
        registered = _registered(unit, lot, RENEGER)
        free = _freed_of_renegers(unit, registered, version, finding.hit_key)
        return _freed(unit, finding, free, {})
    below = companies_below(unit.session, finding.id_match, version=version, today=today)
    registered = _registered(unit, lot, BARRED)
    known = frozenset().union(below, *registered.values())
    before, after = check_many(
        unit,
        [Asked(lot, known, numbers), Asked(lot, known, numbers, without=frozenset((finding.hit_key,)))],
        unit.now,
    )
    barred, still = ({hit.match for hit in clearance.hits} for clearance in (before, after))
    free = [one for one, matches in registered.items() if matches & barred and not matches & still]
    companies = {
        match: name
        for match, name in below.items()
        if match in barred - still and not any(match in matches for matches in registered.values())
    }
    return _freed(unit, finding, free, companies)


def _registered(unit: Unit, lot: Lot, code: str) -> dict[Registration, set[str]]:
    """The registrations for a lot that a bar reached, each with those behind it."""
    registered: dict[Registration, set[str]] = defaultdict(set)
    for registration, match in unit.session.execute(
        select(Registration, RegisteredIdentity.id_match)
        .join(RegisteredIdentity, RegisteredIdentity.registration_id == Registration.id)
        .join(Auction, Auction.id == Registration.auction_id)
        .where(Auction.lot_id == lot.id, or_(Registration.refusal == code, Registration.barred == code))
    ):
        registered[registration].add(match)
    return registered


def _freed_of_renegers(
    unit: Unit, registered: Mapping[Registration, set[str]], version: int, hit: str
) -> list[Registration]:
    """Which registrations only this hit binds to who reneged on their lot."""
    free = []
    for registration, matches in registered.items():
        auction = _auction(unit, registration)
        before, after = (
            standing_to_renegers(unit, auction, matches, version=version, without=without) for without in ((), (hit,))
        )
        if before.barred and not after.barred:
            free.append(registration)
    return free


def _freed(unit: Unit, finding: InterestFinding, free: list[Registration], companies: Mapping[str, bytes]) -> Freed:
    own = unit.session.get_one(Registration, finding.registration_id).account_id
    told = {one.account_id for one in free if is_told(unit.session, _auction(unit, one), one)}
    return Freed(frozenset(told - {own}), frozenset({one.account_id for one in free} - told - {own}), companies)


def _auction(unit: Unit, registration: Registration) -> Auction:
    return unit.session.get_one(Auction, registration.auction_id)


def carry_out_hit_lifted(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The second regulator: the hit bars no more, whom it held is checked anew at once, and the alerts are resolved.

    DomainError wrong_state where it was lifted meanwhile, and where it would now free a bidder of whom the proposal did
    not tell.
    """
    lot_id, key = approval.proposal["lot_id"], approval.proposal["hit"]
    finding = unit.session.get_one(InterestFinding, (approval.subject_id, key))
    if unit.session.get(LiftedHit, (lot_id, key)) is not None:
        raise DomainError("wrong_state", status="lifted")
    registrations = unit.session.scalars(
        select(Registration).join(Auction, Auction.id == Registration.auction_id).where(Auction.lot_id == lot_id)
    ).all()
    auctions = lock_auctions(unit, {one.auction_id for one in registrations})
    freed = freed_by(unit, unit.session.get_one(Lot, lot_id), finding)
    untold = (freed.bidders | freed.sealed).difference(approval.proposal["also_frees"])
    if len(untold) > approval.proposal["further_bidders"]:
        raise DomainError("wrong_state", reason="frees_more")
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
    registration = next(one for one in registrations if one.id == approval.subject_id)
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
            "also_frees": len(freed.bidders | freed.sealed),
            "further_companies": len(freed.companies),
        },
    )
    lapse(unit, (KIND,), [one.id for one in registrations], lot_id=lot_id, hit=key)
    check_anew(unit, lot_id)
    for one in registrations:
        auction = auctions[one.auction_id]
        held = is_held(auction) and auction.leader_registration_id == one.id
        if held:
            free = confirm_held_winner(unit, auction)
        else:
            standing = one.status in STANDING and one.barred in (BARRED, RENEGER)
            free = standing and recheck(unit, auction, one.id, one) is None
        lifted = lifted_at_of(unit.session, one.id) is not None and (free or not held)
        kinds = _ANSWERED if lifted else _MOOT if free else ()
        settle_alerts(unit, actor, kinds, one.id, outcome="unfounded", reason=approval.reason)

"""Registration: who is behind a bidder code, and by what right.

The interest bar is checked when a person registers and again when the code is issued (OJA 34). A refusal for it is
kept: it is returned as a registration with status `refused`, not raised.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from auction.kernel.clock import SHANGHAI, iso
from auction.kernel.errors import Breach, DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Auction, Party, Person
from auction.rules import identity
from auction.rules.access import Actor, require
from auction.rules.access import decide as may
from auction.services.locking import lock_auction
from disclosure.queries.sheets import working_sheet
from disclosure.rules.sheet import is_restricted
from risk.rules.interest import Clearance
from risk.services.interest import check_interest, find_namesakes

from ..models import Acknowledgement, RegisteredIdentity, Registration
from ..queries.auctions import has_ended
from ..queries.conflicts import BARRED, RENEGER
from ..queries.held import identity_due
from ..queries.leaving import may_leave
from ..queries.reneges import Bound
from ..queries.rooms import ruleset_of
from ..rules import registration as rules
from ..rules.objection import OBJECTION_ACCEPTED
from ..rules.signals import Origin
from .findings import keep_bound, keep_findings
from .identities import sealed_identity
from .interest import recheck, sanction_bar, standing_to_renegers
from .looks import await_look
from .noting import state_of
from .payments import held_deposit, refund_excess
from .release import release_registration
from .signals import keep_contacts, keep_origin


@dataclass(frozen=True, slots=True)
class _Identity:
    part: str
    name: str
    id_type: str
    number: str
    match: str
    share: str | None = None


def register(
    unit: Unit, actor: Actor, auction_id: str, application: rules.Application, origin: Origin | None = None
) -> Registration:
    """Register the actor's person for an auction. `origin`: where the request came from, as the door saw it.

    Answers the registration; status `refused` with `refusal` where the interest bar or a bar for a term holds (kept
    as evidence).
    DomainError with every breach at once for undertakings, principals and identities; with a single code for
    `auction_closed`, `too_late_agent`, `stale_disclosure`, `identity_unverified`, `under_age`,
    `capacity_missing` (a creditor who is not the case's applicant) and `duplicate_registration`.
    """
    require(actor, "registration.create")
    auction = lock_auction(unit, auction_id)
    _check_open(unit, auction, application)
    person = _person(unit, actor)
    identities = _identities(unit, person, application)
    _check_application(unit, auction, application, identities)
    creditor = _creditor_party(unit, auction, identities[0]) if application.claim == "creditor" else None
    _check_duplicates(unit, auction, identities)
    found = _bars(unit, auction, identities)
    registration = Registration(
        id=unit.new_id(),
        auction_id=auction.id,
        account_id=actor.id,
        person_id=person.id,
        capacity=application.capacity,
        claim=application.claim,
        claim_status="pending" if application.claim in rules.CLAIMS else None,
        claim_fen=creditor.claim_fen if creditor else None,
        status="refused" if found.refusal else rules.first_status(application, found.hold),
        refusal=found.refusal,
        deposit_due_fen=auction.deposit_fen,
        undertakings=list(application.undertakings),
        seal=application.seal,
        cleared_version=found.clearance.version,
        cleared_on=found.clearance.on,
        barred=found.refusal,
        hold=found.hold,
        created_at=unit.now,
    )
    unit.session.add(registration)
    unit.session.flush()
    _keep_identities(unit, person, registration, identities, live=found.refusal is None)
    unit.session.add(Acknowledgement(registration_id=registration.id, seal=application.seal, at=unit.now))
    keep_contacts(unit, registration, person)
    keep_origin(unit, registration, origin)
    _tell(unit, auction, registration, found)
    _note_filed(unit, registration, application)
    return registration


def _check_open(unit: Unit, auction: Auction, application: rules.Application) -> None:
    """Whether the auction takes registrations now, and by this sheet."""
    if auction.announced_at is None:
        raise DomainError("not_found")
    late = closed_to(auction, application.capacity, unit.now)
    if late:
        raise DomainError(late)
    if application.seal != auction.seal:
        raise DomainError("stale_disclosure", seal=auction.seal)


def closed_to(auction: Auction, capacity: str, now: datetime) -> str | None:
    """Why an announced auction takes no registration in this capacity any more; None while it does."""
    if auction.closed_at is not None:  # also where it was suspended at its close for a barred winner
        return "auction_closed"
    if auction.status == "suspended" and (auction.suspension or {}).get("cause") == OBJECTION_ACCEPTED:
        return "auction_closed"  # it can only be withdrawn
    return rules.timing_refusal(auction.status, auction.opens_at, auction.closes_at, capacity, now)


@dataclass(frozen=True, slots=True)
class _Bars:
    """What the registry and the bars for a term say of everybody behind a registration."""

    clearance: Clearance
    bound: Bound | None
    refusal: str | None
    hold: str | None


def _bars(unit: Unit, auction: Auction, identities: list[_Identity]) -> _Bars:
    matches = frozenset(i.match for i in identities)
    clearance = check_interest(unit, auction.lot, matches, unit.now, ruleset_of(unit.session, auction))
    bound = None if clearance.hits else standing_to_renegers(unit, auction, matches, version=clearance.version)
    refusal = BARRED if bound is None else RENEGER if bound.barred else sanction_bar(unit, auction.lot, matches)
    return _Bars(clearance, bound, refusal, None if refusal else _hold(unit, identities, clearance))


def _tell(unit: Unit, auction: Auction, registration: Registration, found: _Bars) -> None:
    """Keep what was found as evidence, and tell the regulators what they are to look at."""
    keep_findings(unit, auction, auction.lot, registration.id, found.clearance)
    if found.bound is not None:
        keep_bound(unit, auction, auction.lot, registration.id, found.bound)
    if found.refusal is None:
        await_look(unit, "names", registration.id)


def _note_filed(unit: Unit, registration: Registration, application: rules.Application) -> None:
    unit.record(
        "RegistrationRefused" if registration.refusal else "RegistrationFiled",
        stream=f"person:{registration.person_id}",
        private=True,
        body={
            "registration_id": registration.id,
            "auction_id": registration.auction_id,
            "capacity": application.capacity,
            "claim": application.claim,
            "refusal": registration.refusal,
            "hold": registration.hold,
            "registry_version": registration.cleared_version,
            "seal": application.seal,
            "undertakings": list(application.undertakings),
            "account_id": registration.account_id,
            "created_at": iso(registration.created_at),
            "state": state_of(registration),
        },
    )


def _hold(unit: Unit, identities: list[_Identity], clearance: Clearance) -> str | None:
    """Why the registry cannot answer for somebody behind a registration (PRECISIONS 13)."""
    people = {i.match: (i.name, i.number) for i in identities if i.id_type == identity.RESIDENT_ID}
    unknown = any(i.id_type == identity.USCC and i.match not in clearance.companies for i in identities)
    namesakes = find_namesakes(unit, people, version=clearance.version)
    return rules.hold_of([i.id_type for i in identities], unknown_company=unknown, namesake=bool(namesakes))


def _person(unit: Unit, actor: Actor) -> Person:
    person = unit.session.get(Person, actor.person_id) if actor.person_id else None
    if person is None or person.wrapped_key is None or not person.verified:
        raise DomainError("identity_unverified")
    return person


def _open(unit: Unit, person: Person, column: str, sealed: bytes) -> str:
    if person.wrapped_key is None:
        raise DomainError("identity_unverified")
    return unit.vault.open(person.wrapped_key, person.id, column, sealed)


def _identities(unit: Unit, person: Person, application: rules.Application) -> list[_Identity]:
    own = _Identity(
        application.capacity,
        _open(unit, person, "name", person.name),
        person.id_type,
        _open(unit, person, "id_number", person.id_number),
        person.id_match,
    )
    found, wrong = [own], []
    for number, principal in enumerate(application.principals):
        try:
            normal = identity.check(principal.id_type, principal.id_number, _today(unit))
        except DomainError:
            wrong.append(Breach("identity_invalid", f"principals.{number}.id_number"))
            continue
        match = unit.vault.match_key(principal.id_type, normal)
        part = "joint" if application.capacity == "joint" else "principal"
        found.append(_Identity(part, principal.name, principal.id_type, normal, match, principal.share))
    if len({i.match for i in found}) != len(found):
        wrong.append(Breach("duplicate_registration", "principals"))
    if wrong:
        raise DomainError(wrong[0].code, wrong)
    return found


def _today(unit: Unit) -> date:
    return unit.now.astimezone(SHANGHAI).date()


def _check_application(
    unit: Unit, auction: Auction, application: rules.Application, identities: list[_Identity]
) -> None:
    full_age = ruleset_of(unit.session, auction).years("full_age")
    restricted = is_restricted(working_sheet(unit.session, auction.lot_id))
    breaches = [
        *rules.undertaking_breaches(application.undertakings, restricted=restricted),
        *rules.party_breaches(application),
        *rules.share_breaches(application.principals),
    ]
    breaches += [
        Breach("under_age", f"principals.{n - 1}.id_number" if n else None, facts={"age": full_age})
        for n, person in enumerate(identities)
        if rules.is_under_age(person.id_type, person.number, _today(unit), full_age)
    ]
    if breaches:
        unsaid = [breach.facts["undertaking"] for breach in breaches if breach.code == "undertaking_missing"]
        if unsaid:  # they come first
            raise DomainError("undertaking_missing", breaches, undertaking=unsaid)
        raise DomainError(breaches[0].code, breaches)


def _creditor_party(unit: Unit, auction: Auction, applicant: _Identity) -> Party:
    """The case's applicant creditor with this identity (OJA 17(2)); DomainError capacity_missing otherwise."""
    party = unit.session.scalar(
        select(Party).where(
            Party.case_id == auction.lot.case_id, Party.role == "applicant", Party.id_match == applicant.match
        )
    )
    if party is None:
        raise DomainError("capacity_missing", [Breach("capacity_missing", "claim", facts={"reason": "creditor"})])
    return party


def _check_duplicates(unit: Unit, auction: Auction, identities: list[_Identity]) -> None:
    taken = unit.session.scalar(
        select(RegisteredIdentity.id_match).where(
            RegisteredIdentity.auction_id == auction.id,
            RegisteredIdentity.live,
            RegisteredIdentity.id_match.in_([i.match for i in identities]),
        )
    )
    if taken is not None:
        raise DomainError("duplicate_registration")


def _keep_identities(
    unit: Unit, person: Person, registration: Registration, identities: list[_Identity], *, live: bool
) -> None:
    for one in identities:
        row = sealed_identity(
            unit,
            person,
            registration_id=registration.id,
            auction_id=registration.auction_id,
            part=one.part,
            id_type=one.id_type,
            id_number=one.number,
            name=one.name,
            share=one.share,
        )
        row.live = live
        unit.session.add(row)


def lock_registration(unit: Unit, actor: Actor, registration_id: str, action: str) -> tuple[Auction, Registration]:
    """Lock a registration's auction and load both, if the actor may do `action`; DomainError not_found otherwise."""
    auction_id = unit.session.scalar(select(Registration.auction_id).where(Registration.id == registration_id))
    if auction_id is None:
        raise DomainError("not_found")
    auction = lock_auction(unit, auction_id)
    registration = unit.session.get_one(Registration, registration_id, populate_existing=True)
    require(actor, action, court=auction.lot.court_code, owner=registration.account_id)
    return auction, registration


def acknowledge(unit: Unit, actor: Actor, registration_id: str, seal: str) -> Registration:
    """Acknowledge the sheet in force; DomainError stale_disclosure for any other seal, wrong_state after the end."""
    auction, registration = lock_registration(unit, actor, registration_id, "registration.own")
    if registration.status not in rules.STANDING:
        raise DomainError("wrong_state", status=registration.status)
    if seal != auction.seal:
        raise DomainError("stale_disclosure", seal=auction.seal)
    if registration.seal != seal:
        registration.seal = seal
        if unit.session.get(Acknowledgement, (registration.id, seal)) is None:
            unit.session.add(Acknowledgement(registration_id=registration.id, seal=seal, at=unit.now))
        unit.record(
            "DisclosureAcknowledged",
            stream=f"person:{registration.person_id}",
            private=True,
            body={"registration_id": registration.id, "seal": seal, "state": state_of(registration)},
        )
    return registration


def leave(unit: Unit, actor: Actor, registration_id: str) -> Registration:
    """Leave: the whole deposit back, no mark (PRECISIONS 11).

    Before the first own bid and before bidding opens; after a material change as long as bidding lasts, but not with a
    bid that stands. DomainError wrong_state otherwise.
    """
    auction, registration = lock_registration(unit, actor, registration_id, "registration.own")
    if registration.status not in rules.STANDING:
        raise DomainError("wrong_state", status=registration.status)
    if has_ended(auction, unit.now):
        raise DomainError("wrong_state", status="ended")
    if not may_leave(unit.session, auction, registration, unit.now):
        raise DomainError("wrong_state", status="bidding_open")
    release_registration(unit, auction, registration, status="released")
    return registration


def decide(
    unit: Unit,
    actor: Actor,
    registration_id: str,
    *,
    approve: bool,
    reason: str,
    rank: int | None = None,
    claim_fen: int | None = None,
) -> Registration:
    """The court's decision on an agent, joint bidders, a preferential purchaser or a creditor (OJA 14, 17, 19).

    `rank` is required to approve a preferential purchaser, `claim_fen` a creditor. A refused claim leaves an
    ordinary bidder; a refused agent or joint group is out, money back. DomainError wrong_state when nothing
    is to be decided or bidding has opened for an agent; wrong_state/identity_held, with `decision_due_at`, where what
    waits is an identity that the regulator or a clerk of another court decides on (PRECISIONS 13).
    """
    auction, registration = lock_registration(unit, actor, registration_id, "registration.answer")
    outside = actor.court_code != auction.lot.court_code and may(actor, "registration.identify") is None
    if registration.hold is not None and outside:
        return _decide_identity(unit, actor, auction, registration, approve=approve, reason=reason)
    require(actor, "registration.decide", court=auction.lot.court_code)
    represented = registration.capacity in rules.REPRESENTED and registration.status == "awaiting_court"
    pending = registration.claim_status == "pending"
    if not (represented or pending) or registration.status not in rules.STANDING:
        due_at = identity_due(unit.session, auction, registration)
        if due_at is not None:
            raise DomainError("wrong_state", reason="identity_held", decision_due_at=iso(due_at))
        raise DomainError("wrong_state", status=registration.status)
    if represented and unit.now >= auction.opens_at:
        raise DomainError("too_late_agent")
    if pending and unit.now >= auction.closes_at:
        raise DomainError("auction_closed")
    if approve and pending:
        _approve_claim(unit, auction, registration, rank, claim_fen)
    elif pending:
        registration.claim_status = "refused"
        registration.claim_fen = None
    registration.decided_by, registration.decision_reason = actor.id, reason
    unit.record(
        "RegistrationDecided",
        stream=f"person:{registration.person_id}",
        private=True,
        body={
            "registration_id": registration.id,
            "approve": approve,
            "reason": reason,
            "rank": registration.rank,
            "claim_fen": registration.claim_fen,
            "by": actor.id,
            "state": state_of(registration),
        },
    )
    if represented and not approve:
        release_registration(unit, auction, registration, status="refused", refusal="unconfirmed_agent")
    elif registration.status == "awaiting_court":
        _go_on(unit, registration, represented=False)
    return registration


def _decide_identity(
    unit: Unit, actor: Actor, auction: Auction, registration: Registration, *, approve: bool, reason: str
) -> Registration:
    """Decide on an identity the registry cannot match: the regulator, or a clerk of another court (PRECISIONS 13)."""
    if registration.status != "awaiting_court":
        raise DomainError("wrong_state", status=registration.status)
    if approve:
        registration.hold = None
    unit.record(
        "IdentityDecided",
        stream=f"person:{registration.person_id}",
        private=True,
        body={
            "registration_id": registration.id,
            "approve": approve,
            "reason": reason,
            "by": actor.id,
            "state": state_of(registration),
        },
    )
    if not approve:
        release_registration(unit, auction, registration, status="refused", refusal="identity_unverified")
        return registration
    undecided = registration.capacity in rules.REPRESENTED and registration.decided_by is None
    _go_on(unit, registration, represented=undecided)
    return registration


def _go_on(unit: Unit, registration: Registration, *, represented: bool) -> None:
    """Ask for the deposit once nobody has to decide any more, or qualify where nothing is due."""
    if registration.hold is not None or represented or registration.claim_status == "pending":
        return
    registration.status = "awaiting_deposit"
    if held_deposit(unit, registration) >= registration.deposit_due_fen:
        deposit_confirmed(unit, registration)
        return
    unit.record(
        "DepositAwaited",
        stream=f"person:{registration.person_id}",
        private=True,
        body={"registration_id": registration.id, "state": state_of(registration)},
    )


def _approve_claim(
    unit: Unit, auction: Auction, registration: Registration, rank: int | None, claim_fen: int | None
) -> None:
    if registration.claim == "preferential":
        if rank is None:
            raise invalid("rank", "required")
        registration.rank = rank
        unit.record("PreferentialPurchaserConfirmed", stream=f"auction:{auction.id}", body={"rank": rank})
    else:
        if claim_fen is None:
            raise invalid("claim_fen", "required")
        registration.claim_fen = claim_fen
        registration.deposit_due_fen = rules.deposit_due(auction.deposit_fen, claim_fen)
        due_at = unit.now + ruleset_of(unit.session, auction).span("deposit_refund")
        refund_excess(unit, registration, due_at=due_at)
    registration.claim_status = "approved"


def deposit_confirmed(unit: Unit, registration: Registration) -> None:
    """The deposit is there (or none is due): check the bar once more, then issue the bidder code.

    The auction's row is locked by the caller. Somebody now barred is refused and the money goes back.
    """
    auction = unit.session.get_one(Auction, registration.auction_id)
    barred = recheck(unit, auction, registration.id, registration)
    if barred:
        release_registration(unit, auction, registration, status="refused", refusal=barred)
        return
    codes = unit.session.scalars(select(Registration.bidder_code).where(Registration.auction_id == auction.id))
    taken = {code for code in codes if code is not None}
    registration.status = "qualified"
    registration.bidder_code = unit.ids.bidder_code(taken)
    unit.record(
        "BidderQualified",
        stream=f"auction:{auction.id}",
        private=True,
        body={
            "registration_id": registration.id,
            "bidder_code": registration.bidder_code,
            "seal": registration.seal,
            "at": iso(unit.now),
            "state": state_of(registration),
        },
    )

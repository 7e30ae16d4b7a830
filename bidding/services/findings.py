"""What the interest bar found: kept as evidence, told the regulator, and looked for again when the registry changes.

A hit bars at once; the finding is what a regulator may look up and two may lift. Nothing here names anybody.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, Lot
from auction.rules.calendar import PeriodEnd, shanghai_day, working_days_end
from auction.rules.lot import LIVE
from auction.rules.published_holidays import published_calendar
from auction.services.locking import lock_auctions
from risk.models import InterestFinding
from risk.rules.alerts import Reason
from risk.rules.interest import Clearance
from risk.services.alerts import raise_alert
from risk.services.interest import Asked, check_many

from ..models import RegisteredIdentity, Registration
from ..queries.conflicts import BARRED, RENEGER
from ..queries.reneges import Bound, bound, lots_with_renegers
from ..queries.rooms import OpenRoom, ruleset_of

#: How many registrations are checked in one go when the registry changes.
_CHUNK = 1_000


def keep_findings(
    unit: Unit,
    auction: Auction | OpenRoom,
    lot: Lot,
    registration_id: str,
    clearance: Clearance,
    *,
    had_bid: bool = False,
) -> None:
    """Keep each hit of a check once, and tell the regulator what is to be told.

    Alerts: a hit by the court's practice on controlled companies, to be reviewed within the ruleset's working days; a
    hit on somebody who has bid; parts in a company that bar nobody.
    """
    where = {
        "court_code": lot.court_code,
        "lot_id": lot.id,
        "auction_id": auction.id,
        "registration_id": registration_id,
    }
    if clearance.traces and not clearance.hits:
        _tell_traces(unit, clearance, where)
    if not clearance.hits:
        return
    end = review_end(unit, auction) if clearance.through_company else None
    if end is not None:
        ways = " ".join(sorted({hit.relation for hit in clearance.hits}))
        raise_alert(
            unit,
            "controlled_company",
            key=f"controlled_company:{registration_id}:{clearance.hits[0].key}",
            reasons=[Reason("company_controlled", {"ways": ways, "due_on": end.last_day.isoformat()})],
            **where,
        )
    due_at = None if end is None else end.ends_at - timedelta(seconds=1)
    _keep(unit, clearance, due_at, lot_id=lot.id, auction_id=auction.id, registration_id=registration_id)
    if had_bid:
        _tell_had_bid(unit, clearance, where)


def keep_bound(
    unit: Unit,
    auction: Auction | OpenRoom,
    lot: Lot,
    registration_id: str,
    found: Bound,
    *,
    had_bid: bool = False,
) -> None:
    """Keep each way in which a registration is bound to who reneged on its lot, and have the regulators review it.

    A reneger himself is not told: his bar is the declaration's, and nobody lifts it but by revoking that.
    """
    if not found.hits:
        return
    where = {
        "court_code": lot.court_code,
        "lot_id": lot.id,
        "auction_id": auction.id,
        "registration_id": registration_id,
    }
    end = review_end(unit, auction)
    raise_alert(
        unit,
        "controlled_company",
        key=f"reneger_company:{registration_id}",
        reasons=[Reason("reneger_company", {"due_on": end.last_day.isoformat()})],
        **where,
    )
    clearance = Clearance(found.version, found.on, found.hits)
    due_at = end.ends_at - timedelta(seconds=1)
    _keep(unit, clearance, due_at, lot_id=lot.id, auction_id=auction.id, registration_id=registration_id)
    if had_bid:
        _tell_had_bid(unit, clearance, where)


def _tell_had_bid(unit: Unit, clearance: Clearance, where: Mapping[str, str]) -> None:
    """That somebody is barred who has bid (PRECISIONS 14)."""
    grounds = " ".join(sorted({hit.ground for hit in clearance.hits}))
    raise_alert(
        unit,
        "barred_bidder_had_bid",
        key=f"barred_bidder_had_bid:{where['registration_id']}:{clearance.version}",
        reasons=[Reason("barred_after_bid", {"grounds": grounds})],
        **where,
    )


def review_end(unit: Unit, auction: Auction | OpenRoom) -> PeriodEnd:
    """By when a bar by the practice on controlled companies is reviewed, counted from now (PRECISIONS 12)."""
    numbers = ruleset_of(unit.session, auction)
    days = numbers.working_days("interest_review")
    return working_days_end(shanghai_day(unit.now), days, published_calendar(numbers))


def _keep(unit: Unit, clearance: Clearance, due_at: datetime | None, *, registration_id: str, **where: str) -> None:
    """Each hit that was not found on this registration before."""
    known = set(
        unit.session.scalars(select(InterestFinding.hit_key).where(InterestFinding.registration_id == registration_id))
    )
    unit.session.add_all(
        InterestFinding(
            registration_id=registration_id,
            hit_key=hit.key,
            id_match=hit.match,
            ground=hit.ground,
            hit={**asdict(hit), "through": list(hit.through)},
            registry_version=clearance.version,
            found_at=unit.now,
            review_due_at=due_at,
            **where,
        )
        for hit in clearance.hits
        if hit.key not in known
    )


def _tell_traces(unit: Unit, clearance: Clearance, where: Mapping[str, str]) -> None:
    """Parts in a company that bar nobody."""
    counts = {code: len({t.holder for t in clearance.traces if t.code == code}) for code in _TRACES}
    raise_alert(
        unit,
        "company_interest",
        key=f"company_interest:{where['registration_id']}:" + " ".join(f"{code}={n}" for code, n in counts.items()),
        reasons=[Reason(_TRACES[code], {"count": count}) for code, count in counts.items() if count],
        **where,
    )


#: What does not bar, and the reason of an alert that tells of it.
_TRACES: Mapping[str, str] = {
    "director": "company_director",
    "minor_holding": "company_minor_holding",
    "unknown_share": "company_unknown_share",
}


def note_hit(unit: Unit, auction_id: str, registration_id: str, clearance: Clearance | Bound, *, had_bid: bool) -> None:
    """Journal that somebody registered is barred now; sealed, and without saying who or by whom."""
    unit.record(
        "InterestHitFound",
        stream=f"auction:{auction_id}",
        private=True,
        body={
            "registration_id": registration_id,
            "registry_version": clearance.version,
            "grounds": sorted({hit.ground for hit in clearance.hits}),
            "had_bid": had_bid,
            "state": {"barred": RENEGER if isinstance(clearance, Bound) else BARRED},
        },
    )


def note_bar(unit: Unit, auction_id: str, registration_id: str, barred: str | None) -> None:
    """Journal that a bar without a hit holds against somebody registered now, or none any more; sealed."""
    unit.record(
        "BarChanged",
        stream=f"auction:{auction_id}",
        private=True,
        body={"registration_id": registration_id, "state": {"barred": barred}},
    )


def flag_barred(unit: Unit, lot_id: str | None = None) -> int:
    """Find who of those admitted to a running sale is barred by the registry in force; answers how many who had bid.

    By the interest bar, or for control of companies between him and who reneged on the lot.
    In the transaction that changes the registry (or the bodies of `lot_id`): a bid accepted before stays in the log,
    and is journaled and raised as an alert once (PRECISIONS 14). Only the auctions of somebody found are locked:
    whoever bids there meanwhile is either seen here, or meets the new registry.
    """
    wanted = (
        select(Registration.id, Registration.auction_id, Auction.lot_id, RegisteredIdentity.id_match)
        .join(Auction, Auction.id == Registration.auction_id)
        .join(RegisteredIdentity, RegisteredIdentity.registration_id == Registration.id)
        .where(
            Auction.status.in_(sorted(status.value for status in LIVE)),
            Registration.status == "qualified",
            Registration.barred.is_distinct_from(BARRED),
        )
        .order_by(Registration.auction_id, Registration.id)
    )
    if lot_id is not None:
        wanted = wanted.where(Auction.lot_id == lot_id)
    rows = iter(unit.session.execute(wanted).all())
    flagged = 0
    while chunk := list(islice(rows, _CHUNK)):
        people: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for row in chunk:
            people[row.auction_id][row.id].add(row.id_match)
        flagged += _flag(unit, people)
    return flagged


def _flag(unit: Unit, people: Mapping[str, Mapping[str, set[str]]]) -> int:
    auctions = {one.id: one for one in unit.session.scalars(select(Auction).where(Auction.id.in_(people)))}
    asked = [
        Asked(auctions[key].lot, frozenset().union(*behind.values()), ruleset_of(unit.session, auctions[key]))
        for key, behind in people.items()
    ]
    reneged = lots_with_renegers(unit.session, {one.lot_id for one in auctions.values()})
    barred: dict[str, list[tuple[str, Clearance | Bound]]] = {}
    for key, whole in zip(people, check_many(unit, asked, unit.now), strict=True):
        found: dict[str, Clearance | Bound] = {}
        for registration_id, matches in people[key].items():
            own = tuple(hit for hit in whole.hits if hit.match in matches)
            if own:
                found[registration_id] = Clearance(whole.version, whole.on, own)
        if auctions[key].lot_id in reneged:
            rest = {one: matches for one, matches in people[key].items() if one not in found}
            ways = bound_to_renegers(unit, auctions[key], rest, version=whole.version)
            found |= {one: way for one, way in ways.items() if way.barred}
        if found:
            barred[key] = list(found.items())
    return sum(_bar(unit, auction, barred[key]) for key, auction in lock_auctions(unit, barred).items())


def bound_to_renegers(
    unit: Unit,
    auction: Auction | OpenRoom,
    groups: Mapping[str, Collection[str]],
    *,
    version: int,
    without: Collection[str] = (),
) -> dict[str, Bound]:
    """How groups of people stand to who reneged on an auction's lot, by the registry of `version`, today.

    DomainError fault where that cannot be read: nobody passes a check that cannot be made.
    """
    numbers = ruleset_of(unit.session, auction)
    day = shanghai_day(unit.now)
    try:
        return bound(unit.session, auction.lot_id, groups, version=version, today=day, ruleset=numbers, without=without)
    except SQLAlchemyError as error:
        raise DomainError("fault") from error


def _bar(unit: Unit, auction: Auction, found: Iterable[tuple[str, Clearance | Bound]]) -> int:
    """Bar those who had bid in a locked auction; the others are found by their own next step."""
    flagged = 0
    for registration_id, why in found:
        code = RENEGER if isinstance(why, Bound) else BARRED
        state: Any = unit.session.execute(
            select(Registration.has_bid, Registration.barred).where(Registration.id == registration_id)
        ).one()
        if not state.has_bid or state.barred in (code, BARRED):
            continue
        unit.session.execute(
            update(Registration)
            .where(Registration.id == registration_id)
            .values(cleared_version=why.version, cleared_on=why.on, barred=code)
        )
        note_hit(unit, auction.id, registration_id, why, had_bid=True)
        if isinstance(why, Bound):
            keep_bound(unit, auction, auction.lot, registration_id, why, had_bid=True)
        else:
            keep_findings(unit, auction, auction.lot, registration_id, why, had_bid=True)
        flagged += 1
    return flagged

"""Lots of a kind that are for sale at once, and how the platform has sold such lots."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.models import Auction, Lot
from auction.rules.findings import Finding
from auction.rules.lot import LIVE, PRIVATE
from auction.rules.ruleset import Ruleset

from ..rules.clearance.bulk import Advice, Kind, advise, kind_of


@dataclass(frozen=True, slots=True)
class Group:
    """Lots of one kind a court sells at once: the rounds in the order of their ends, and the advice on the last."""

    kind: Kind
    address: str
    auctions: tuple[Auction, ...]
    advice: Advice


def findings(session: Session, auction: Auction, ruleset: Ruleset, now: datetime) -> tuple[Finding, ...]:
    """A warning `bulk_sale` where many lots of the kind are for sale at once, or end within the gap of each other.

    Facts: `together`, `crowded`, `ended`, `sold`, `free_end` and, where enough were sold to say, `a_month`, `months`;
    `reason` is `pace` or `too_few`.
    """
    told = advice(session, auction, ruleset, now)
    if told.together < ruleset.count("bulk_at_once") and not told.crowded:
        return ()
    facts: dict[str, int | str] = {
        "reason": "too_few" if told.a_month is None else "pace",
        "together": told.together,
        "crowded": told.crowded,
        "ended": told.ended,
        "sold": told.sold,
        "days": ruleset.days("bulk_period"),
        "free_end": iso(told.free_end),
    }
    if told.a_month is not None:
        facts |= {"a_month": told.a_month, "months": _tenths(told.months_tenths)}
    return (Finding("bulk_sale", "warning", "closes_at", ruleset.basis("bulk_at_once"), facts),)


def _tenths(value: int | None) -> str:
    return "—" if value is None else f"{value // 10}.{value % 10}"


def advice(session: Session, auction: Auction, ruleset: Ruleset, now: datetime) -> Advice:
    """What is known of selling this round beside the others of its kind: announced ones, and its own court's drafts."""
    kind = _kind(auction.lot)
    around = timedelta(days=ruleset.days("bulk_around"))
    near = (Auction.closes_at >= auction.closes_at - around, Auction.closes_at <= auction.closes_at + around)
    rows = session.execute(
        select(Auction.closes_at, Lot)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(
            Lot.asset_type == kind.asset_type,
            Lot.region == kind.region,
            Lot.id != auction.lot_id,
            or_(
                Auction.status.in_(LIVE),
                and_(Auction.status.in_(PRIVATE), Lot.court_code == auction.lot.court_code),
            ),
            *near,
        )
    )
    others = [closes_at for closes_at, lot in rows if _kind(lot) == kind]
    return _advise(session, kind, auction.closes_at, others, ruleset, now)


def groups(session: Session, court_code: str, ruleset: Ruleset, now: datetime) -> list[Group]:
    """The kinds of which a court has so many lots in hand at once that it is warned, the largest first."""
    rows = session.execute(
        select(Auction, Lot)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(Lot.court_code == court_code, Auction.status.in_([*LIVE, *PRIVATE]))
        .order_by(Auction.closes_at, Auction.id)
    )
    by_kind: dict[Kind, list[tuple[Auction, Lot]]] = defaultdict(list)
    for auction, lot in rows:
        by_kind[_kind(lot)].append((auction, lot))
    found = []
    for kind, members in by_kind.items():
        last = members[-1][0]
        others = [auction.closes_at for auction, lot in members if lot.id != last.lot_id]
        told = _advise(session, kind, last.closes_at, others, ruleset, now)
        if told.together >= ruleset.count("bulk_at_once"):
            found.append(Group(kind, members[0][1].address, tuple(auction for auction, _ in members), told))
    return sorted(found, key=lambda group: (-group.advice.together, group.kind))


def _kind(lot: Lot) -> Kind:
    return kind_of(lot.asset_type, lot.region, lot.address, lot.attributes)


def _advise(
    session: Session, kind: Kind, end: datetime, others: Iterable[datetime], ruleset: Ruleset, now: datetime
) -> Advice:
    period = timedelta(days=ruleset.days("bulk_period"))
    ended, sold = _sales(session, kind, now - period, now)
    return advise(
        end,
        others,
        ended=ended,
        sold=sold,
        around=timedelta(days=ruleset.days("bulk_around")),
        period=period,
        gap=ruleset.span("bulk_end_gap"),
        sales_min=ruleset.count("bulk_sales_min"),
    )


def _sales(session: Session, kind: Kind, since: datetime, until: datetime) -> tuple[int, int]:
    """How many rounds of that type ended in the region in the period, and how many of them sold."""
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(case((Auction.status == "sold", 1), else_=0)), 0))
        .join(Lot, Lot.id == Auction.lot_id)
        .where(
            Lot.asset_type == kind.asset_type,
            Lot.region == kind.region,
            Auction.status.in_(("sold", "unsold")),
            Auction.closes_at >= since,
            Auction.closes_at <= until,
        )
    ).one()
    return row[0], int(row[1])

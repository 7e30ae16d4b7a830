"""Objections to a sale: for who objects, for the court that decides. Nothing here is public."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.crypto import Vault
from auction.kernel.errors import DomainError
from auction.models import Account, Auction, Lot, Person
from auction.queries.approvals import proposals_about
from auction.rules.access import Actor, require
from auction.rules.calendar import shanghai_day
from auction.rules.identity import mask
from auction.rules.published_holidays import as_published

from ..models import SaleObjection
from ..rules.objection import BARS, OWNERSHIP, Bar, Suit, bars_sale, outcome, remedy_of
from .papers import papers

#: The kind of approval by which an objection is decided.
DECISION = "sale_objection"
#: Where a sale whose objection was accepted still has to be withdrawn or revoked.
_UNANSWERED = ("announced", "open", "suspended", "sold")


def objections_of(session: Session, auction_id: str) -> list[SaleObjection]:
    """The objections to one sale, in the order they were filed."""
    rows = select(SaleObjection).where(SaleObjection.auction_id == auction_id)
    return list(session.scalars(rows.order_by(SaleObjection.filed_at, SaleObjection.id)))


def suit_of(row: SaleObjection) -> Suit:
    """What is known of the suit an outsider may file; its last day as the holidays are published by now."""
    until = as_published(row.remedy_until).last_day if row.remedy_until else None
    return Suit(until, row.suit_filed_on, row.suit_outcome)


def bar_of(row: SaleObjection, now: datetime) -> Bar | None:
    """Why an objection keeps its sale now, None where it does not."""
    return bars_sale(row.kind, row.status, shanghai_day(now), row.review_status, suit_of(row))


def barring_objection(
    session: Session, lot_id: str, auction_id: str | None, now: datetime, *, received: bool = False
) -> Bar | None:
    """Why a lot may not be sold now, None where it may; of several days the latest.

    An outsider's claim in any of its sales, undecided (where asked so: `received` by a judge), accepted, or rejected
    with a suit still to come or tried; of the sale `auction_id` also an accepted objection to its conduct, which is no
    reason against another sale.
    """
    rows = session.scalars(
        select(SaleObjection)
        .join(Auction, Auction.id == SaleObjection.auction_id)
        .where(Auction.lot_id == lot_id, (SaleObjection.kind == OWNERSHIP) | (SaleObjection.auction_id == auction_id))
    )
    bars = [bar_of(row, now) for row in rows if not received or row.received_at is not None]
    found = [bar for bar in bars if bar is not None]
    return min(found, key=lambda bar: (BARS.index(bar.code), -(bar.day or date.min).toordinal()), default=None)


def refuse_barred(session: Session, lot_id: str, auction_id: str | None, now: datetime) -> None:
    """DomainError of the bar's code, naming its day, where an objection keeps the lot from being sold."""
    bar = barring_objection(session, lot_id, auction_id, now)
    if bar is not None:
        raise DomainError(bar.code, day=bar.day.isoformat()) if bar.day else DomainError(bar.code)


def whose_act(auction: Auction) -> set[str]:
    """Who may not decide on an objection to a sale: its panel, and whoever set it up (OBJ 11)."""
    return {auction.created_by, *(member.account_id for member in auction.panel)}


def objection_dict(session: Session, row: SaleObjection, now: datetime) -> dict[str, Any]:
    """An objection as its objector sees it; its days as the holidays are published by now."""
    auction = session.get_one(Auction, row.auction_id)
    due, remedy = as_published(row.due_on), as_published(row.remedy_until) if row.remedy_until else None
    return {
        "id": row.id,
        "auction_id": row.auction_id,
        "lot_id": auction.lot_id,
        "kind": row.kind,
        "grounds": row.grounds,
        "attachments": papers(session, row.attachments),
        "status": outcome(row.status, row.review_status, row.suit_outcome),
        "filed_at": iso(row.filed_at),
        "due_on": due.last_day.isoformat(),
        "overdue": shanghai_day(row.decided_at or now) > due.last_day,
        "provisional": (due if remedy is None else remedy).provisional,
        "received_at": iso(row.received_at) if row.received_at else None,
        "decided_at": iso(row.decided_at) if row.decided_at else None,
        "reason": row.decision_reason,
        "remedy": remedy_of(row.kind),
        "remedy_until": remedy.last_day.isoformat() if remedy else None,
        "review": _review(row, now),
        "suit": _suit(row),
    }


def _suit(row: SaleObjection) -> dict[str, Any] | None:
    if row.suit_filed_on is None:
        return None
    return {
        "status": row.suit_outcome or "filed",
        "filed_on": row.suit_filed_on.isoformat(),
        "ended_on": row.suit_ended_on.isoformat() if row.suit_ended_on else None,
        "reason": row.suit_reason,
    }


def _review(row: SaleObjection, now: datetime) -> dict[str, Any] | None:
    if row.review_status is None or row.review_filed_at is None or row.review_due_on is None:
        return None
    due = as_published(row.review_due_on)
    return {
        "status": row.review_status,
        "grounds": row.review_grounds,
        "filed_at": iso(row.review_filed_at),
        "due_on": due.last_day.isoformat(),
        "provisional": due.provisional,
        "extended": row.review_extended,
        "overdue": (row.review_decided_on or shanghai_day(now)) > due.last_day,
        "decided_on": row.review_decided_on.isoformat() if row.review_decided_on else None,
        "reason": row.review_reason,
    }


def own_objections(session: Session, account_id: str, now: datetime) -> list[dict[str, Any]]:
    """What an account has filed, the latest first."""
    rows = select(SaleObjection).where(SaleObjection.account_id == account_id)
    found = session.scalars(rows.order_by(SaleObjection.filed_at.desc(), SaleObjection.id.desc()))
    return [objection_dict(session, row, now) for row in found]


def own_objection(session: Session, actor: Actor, objection_id: str, now: datetime) -> dict[str, Any]:
    """One objection for who filed it. DomainError not_found for anybody else."""
    row = session.get(SaleObjection, objection_id)
    if row is None or row.account_id != actor.id:
        raise DomainError("not_found")
    return objection_dict(session, row, now)


def court_objections(
    session: Session, vault: Vault, actor: Actor, auction_id: str, now: datetime
) -> list[dict[str, Any]]:
    """The objections to a sale for its court, each with who objects. DomainError not_found for another court's."""
    auction = session.get(Auction, auction_id)
    if auction is None:
        raise DomainError("not_found")
    require(actor, "objection.read", court=auction.lot.court_code)
    barred = whose_act(auction)
    return [
        {
            **objection_dict(session, row, now),
            "objector": _objector(session, vault, row.account_id),
            "may_decide": actor.id not in barred and actor.role in ("judge", "president"),
            "proposed": _proposed(session, row.id),
        }
        for row in objections_of(session, auction_id)
    ]


def _proposed(session: Session, objection_id: str) -> bool:
    return any(one.status == "pending" for one in proposals_about(session, DECISION, objection_id))


def _objector(session: Session, vault: Vault, account_id: str) -> dict[str, str | None]:
    account = session.get_one(Account, account_id)
    person = session.get(Person, account.person_id) if account.person_id else None
    if person is None or person.wrapped_key is None:
        return {"name": None, "id_type": None, "id_number": None}

    def opened(column: str, sealed: bytes) -> str:
        return vault.open(person.wrapped_key or b"", person.id, column, sealed)

    number = mask(person.id_type, opened("id_number", person.id_number))
    return {"name": opened("name", person.name), "id_type": person.id_type, "id_number": number}


def objected_before(session: Session, auction_id: str, kind: str, id_match: str) -> bool:
    """Whether somebody of this identity has objected in this way before, from whichever account (OBJ 15)."""
    row = session.scalar(
        select(SaleObjection.id)
        .join(Account, Account.id == SaleObjection.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(SaleObjection.auction_id == auction_id, SaleObjection.kind == kind, Person.id_match == id_match)
        .limit(1)
    )
    return row is not None


def open_of_court(session: Session, court_code: str, now: datetime) -> list[tuple[SaleObjection, Auction, Lot]]:
    """Objections a court still has to do with: undecided, under review, or accepted while the sale stands; and claims
    it rejected, while a suit may still be filed or is tried.

    The most urgent first.
    """
    rows = session.execute(
        select(SaleObjection, Auction, Lot)
        .join(Auction, Auction.id == SaleObjection.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(
            Lot.court_code == court_code,
            (SaleObjection.status == "filed")
            | (SaleObjection.review_status == "filed")
            | Auction.status.in_(_UNANSWERED)
            | ((SaleObjection.kind == OWNERSHIP) & Lot.disposal.is_(None)),
        )
        .order_by(SaleObjection.due_on, SaleObjection.id)
    )
    found = [(row.SaleObjection, row.Auction, row.Lot) for row in rows]
    return [
        one
        for one in found
        if "filed" in (one[0].status, one[0].review_status) or is_unanswered(*one[:2]) or waits_for_suit(*one[:2], now)
    ]


def waits_for_suit(row: SaleObjection, auction: Auction, now: datetime) -> Bar | None:
    """Why a rejected claim still keeps the lot, None where it does not or the lot is handed over."""
    bar = bar_of(row, now) if auction.settlement != "handed_over" else None
    return bar if bar is not None and bar.code in ("suit_days", "suit_pending") else None


def is_unanswered(row: SaleObjection, auction: Auction) -> bool:
    """Whether an objection was accepted and its sale still stands, so that it has to be withdrawn or revoked."""
    stands = auction.status in _UNANSWERED and auction.settlement != "reneged"
    return stands and outcome(row.status, row.review_status, row.suit_outcome) == "accepted"

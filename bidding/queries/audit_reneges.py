"""Recomputing reneges and revocations: rows, entries and ledger must tell the same of what was forfeited and undone."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.models import Auction, JournalRow
from auction.queries.audit import Report

from ..models import Allocation, Posting, Renege, Revocation, TopUpOrder
from ..rules.ledger import USES, Kind

RENEGED, REVOKED, ALLOCATED, ORDERED = "BuyerReneged", "RenegeRevoked", "ForfeitAllocated", "TopUpOrdered"
SALE_REVOKED = "SaleRevoked"


@dataclass(slots=True)
class _Told:
    """What the entries say of one declaration: price, amount forfeited, time; whether it stands; its allocation."""

    price_fen: int
    forfeited_fen: int
    at: str
    standing: bool = True
    allocation: dict[str, Any] | None = None


@dataclass(slots=True)
class _Journal:
    told: dict[str, list[_Told]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[str, tuple[int, Any]] = field(default_factory=dict)
    kept: Counter[str] = field(default_factory=Counter)


def check_reneges(session: Session, report: Report) -> None:
    """Check every declaration, allocation, top-up order and revocation against what made it and the ledger."""
    journal = _read(session, report)
    rows: dict[str, list[Renege]] = defaultdict(list)
    for renege in session.scalars(select(Renege).order_by(Renege.auction_id, Renege.declared_at, Renege.id)):
        rows[renege.auction_id].append(renege)
    reneged = set(session.scalars(select(Auction.id).where(Auction.settlement == "reneged")))
    sums = _sums(session)
    for auction_id in sorted({*rows, *journal.told, *reneged, *journal.kept}):
        where, told, stored = f"reneges {auction_id}", journal.told[auction_id], rows[auction_id]
        right = [_stored(row) for row in stored] == [_said(one) for one in told]
        report.that(right, where, "are not the declarations the entries tell of")
        standing = any(one.standing for one in told)
        report.that((auction_id in reneged) == standing, where, "leave another settlement")
        report.checked["reneges"] += len(stored)
        _check_forfeit(report, auction_id, told, sums[auction_id], journal.kept[auction_id])
        _check_allocations(session, report, auction_id, stored, told, sums[auction_id])
    _check_orders(session, report, journal)
    _check_revocations(session, report, sums)


def _check_revocations(session: Session, report: Report, sums: dict[str, Counter[str]]) -> None:
    """What a revoked sale gave back and kept is what its ledger moved, and nothing of the price is left there."""
    for row in session.scalars(select(Revocation).order_by(Revocation.auction_id)):
        where, moved = f"revocations {row.auction_id}", sums[row.auction_id]
        lines = {line["code"]: line for line in row.lines}
        balance = lines.get("balance", {}).get("return_fen", 0)
        report.that(moved[Kind.BALANCE_RELEASED] >= balance, where, "gave back less of the balance than it says")
        left = moved[Kind.BALANCE_RECEIVED] + moved[Kind.DEPOSIT_APPLIED]
        left -= moved[Kind.BALANCE_RELEASED] + moved[Kind.APPLICATION_REVERSED]
        report.that(left == 0, where, f"leaves {left} of the price with the court")
        report.that(session.get_one(Auction, row.auction_id).status == "revoked", where, "is of a sale that stands")
        report.checked["revocations"] += 1


def _read(session: Session, report: Report) -> _Journal:
    journal = _Journal()
    query = (
        select(JournalRow.stream, JournalRow.number, JournalRow.kind, JournalRow.entry)
        .where(JournalRow.kind.in_((RENEGED, REVOKED, ALLOCATED, ORDERED, SALE_REVOKED)))
        .order_by(JournalRow.stream, JournalRow.number)
    )
    for stream, number, kind, text in session.execute(query):
        entry = orjson.loads(text)
        body, where = entry["body"], f"journal {stream} {number}"
        if kind == ORDERED:
            journal.orders[body["order_id"]] = (body["order_fen"], body["lines"])
            continue
        if kind == SALE_REVOKED:
            journal.kept[stream.removeprefix("auction:")] += body["forfeited_fen"]
            continue
        told = journal.told[stream.removeprefix("auction:")]
        if kind == RENEGED:
            report.that(not any(one.standing for one in told), where, "declares what stands declared")
            told.append(_Told(body["price_fen"], body["forfeited_fen"], entry["at"]))
        elif not told or not told[-1].standing:
            report.that(False, where, "follows no declaration that stands")
        elif kind == REVOKED:
            report.that(body["reversed_fen"] == told[-1].forfeited_fen, where, "reverses another amount")
            report.that(told[-1].allocation is None, where, "revokes what was put to its use")
            told[-1].standing = False
        else:
            report.that(told[-1].allocation is None, where, "puts the same deposit to its use twice")
            report.that(_adds_up(body), where, "has lines that are not the deposit")
            told[-1].allocation = body
    return journal


def _adds_up(body: dict[str, Any]) -> bool:
    """Each line leaves what the one before left, less its own; the last leaves nothing."""
    left = body["forfeited_fen"]
    for line in body["lines"]:
        left -= line["amount_fen"]
        if line["left_fen"] != left or not 0 <= line["amount_fen"] <= line["claim_fen"]:
            return False
    return bool(left == 0)


def _stored(row: Renege) -> tuple[Any, ...]:
    return (row.price_fen, row.forfeited_fen, iso(row.declared_at), row.status == "in_force")


def _said(told: _Told) -> tuple[Any, ...]:
    return (told.price_fen, told.forfeited_fen, told.at, told.standing)


def _sums(session: Session) -> dict[str, Counter[str]]:
    """How much the ledger moved in each auction, by kind of movement."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    rows = select(Posting.auction_id, Posting.kind, func.sum(Posting.amount_fen)).group_by(
        Posting.auction_id, Posting.kind
    )
    for auction_id, kind, fen in session.execute(rows):
        sums[auction_id][kind] = int(fen)
    return sums


def _check_forfeit(report: Report, auction_id: str, told: list[_Told], sums: Counter[str], kept: int) -> None:
    """`kept`: what was kept of a deposit as the sale was revoked."""
    where = f"postings {auction_id}"
    forfeited = kept + sum(one.forfeited_fen for one in told)
    reversed_ = sum(one.forfeited_fen for one in told if not one.standing)
    moved = (sums[Kind.DEPOSIT_FORFEITED], sums[Kind.FORFEIT_REVERSED])
    report.that(
        moved == (forfeited, reversed_), where, f"forfeit and reverse {moved}, entries {(forfeited, reversed_)}"
    )


def _check_allocations(
    session: Session, report: Report, auction_id: str, stored: list[Renege], told: list[_Told], sums: Counter[str]
) -> None:
    where = f"allocations {auction_id}"
    used: Counter[str] = Counter()
    for row, one in zip(stored, told, strict=False):
        allocation = session.get(Allocation, row.id)
        said = one.allocation
        if allocation is None or said is None:
            report.that(allocation is None and said is None, where, "is decided in one place only")
            continue
        right = (allocation.final_fen, allocation.liable_fen, allocation.lines) == (
            said["final_fen"],
            said["liable_fen"],
            said["lines"],
        )
        report.that(right, where, "tells other lines than its entry")
        used.update({line["code"]: 0 for line in said["lines"]})
        for line in said["lines"]:
            used[line["code"]] += line["amount_fen"]
        report.checked["allocations"] += 1
    for code, (kind, _) in USES.items():
        report.that(sums[kind] == used[code], where, f"the ledger moved {sums[kind]} for {code}, entries {used[code]}")
    topped = sums[Kind.TOP_UP_TO_COSTS] + sums[Kind.TOP_UP_TO_SHORTFALL]
    report.that(topped == sums[Kind.TOP_UP_RECEIVED], where, "the ledger holds a top-up that went nowhere")


def _check_orders(session: Session, report: Report, journal: _Journal) -> None:
    told = dict(journal.orders)
    for order in session.scalars(select(TopUpOrder).order_by(TopUpOrder.id)):
        right = told.pop(order.id, None) == (order.amount_fen, order.lines)
        report.that(right, f"top_up_orders {order.id}", "is not the order that was recorded")
        report.checked["top_up_orders"] += 1
    for name in sorted(told):
        report.that(False, f"top_up_orders {name}", "was recorded but is not there")

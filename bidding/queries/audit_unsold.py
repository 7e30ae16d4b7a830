"""Recomputing what followed unsold rounds: rows, entries, drawings and ledger must tell the same."""

from collections import defaultdict
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auction.models import JournalRow, Lot, LotDrawing, LotReturn, OwnSale, Taking, TakingQuestion
from auction.queries.audit import Report
from auction.rules.unsold import HOLDING, commitment, draw

from ..models import Posting
from ..rules.ledger import Kind

ASKED, DRAWN, TAKEN, LAPSED = "CreditorsAsked", "LotsDrawn", "LotTaken", "TakingLapsed"
OWN_SALE, RETURNED = "OwnSaleRecorded", "LotReturned"
_KINDS = (ASKED, DRAWN, TAKEN, LAPSED, OWN_SALE, RETURNED)
Bodies = dict[str, dict[str, list[dict[str, Any]]]]


def check_unsold(session: Session, report: Report) -> None:
    """Check questions, drawings, takings, own sales and returns against the entries that made them and the ledger."""
    bodies = _read(session)
    _check_drawings(session, report, bodies)
    _check_takings(session, report, bodies)
    _check_own_sales(session, report, bodies)
    returned = {row.auction_id: (row.kind, row.reason) for row in session.scalars(select(LotReturn))}
    told = {key: (one["kind"], one["reason"]) for key, kinds in bodies.items() for one in kinds[RETURNED]}
    for key in sorted({*returned, *told}):
        report.that(returned.get(key) == told.get(key), f"lot_returns {key}", "is not the return the entry tells of")
    _check_disposals(session, report)


def _read(session: Session) -> Bodies:
    bodies: Bodies = defaultdict(lambda: defaultdict(list))
    rows = (
        select(JournalRow.stream, JournalRow.kind, JournalRow.entry)
        .where(JournalRow.kind.in_(_KINDS))
        .order_by(JournalRow.stream, JournalRow.number)
    )
    for stream, kind, text in session.execute(rows):
        bodies[stream.removeprefix("auction:")][kind].append(orjson.loads(text)["body"])
    return bodies


def _check_drawings(session: Session, report: Report, bodies: Bodies) -> None:
    questions = {row.auction_id: row for row in session.scalars(select(TakingQuestion))}
    for auction_id in sorted({*questions, *(key for key, kinds in bodies.items() if kinds[ASKED] or kinds[DRAWN])}):
        where, question, told = f"taking_questions {auction_id}", questions.get(auction_id), bodies[auction_id]
        said = [one["commitment"] for one in told[ASKED]]
        right = question is not None and said == [question.commitment] == [commitment(question.seed)]
        report.that(right, where, "is not what was committed to")
        until = question and question.until_on.isoformat()
        report.that([one["until_on"] for one in told[ASKED]] == [until], where, "gives the creditors another day")
        rows = session.scalars(select(LotDrawing).where(LotDrawing.auction_id == auction_id))
        stored = {row.rank: row.drawn for row in rows}
        report.that(stored == {one["rank"]: one["drawn"] for one in told[DRAWN]}, where, "has other drawings")
        for one in told[DRAWN]:
            order = list(draw(one["seed"], auction_id, one["among"]))
            follows = [commitment(one["seed"])] == said and order == one["drawn"]
            report.that(follows, where, "has a drawing that does not follow from its seed")
            report.checked["drawings"] += 1


def _check_takings(session: Session, report: Report, bodies: Bodies) -> None:
    rows: dict[str, list[Taking]] = defaultdict(list)
    for row in session.scalars(select(Taking).where(Taking.status.in_((*HOLDING, "lapsed")))):
        rows[row.auction_id].append(row)
    moved = _moved(session, Kind.DIFFERENCE_RECEIVED, Kind.DIFFERENCE_RELEASED)
    for auction_id in sorted({*rows, *moved, *(key for key, kinds in bodies.items() if kinds[TAKEN])}):
        where, told = f"takings {auction_id}", bodies[auction_id]
        stored = sorted((row.price_fen, row.difference_fen) for row in rows[auction_id])
        report.that(
            stored == sorted((one["price_fen"], one["difference_fen"]) for one in told[TAKEN]),
            where,
            "are not the takings the entries tell of",
        )
        holding = [row for row in rows[auction_id] if row.status in HOLDING]
        report.that(len(holding) == len(told[TAKEN]) - len(told[LAPSED]) <= 1, where, "hold the lot otherwise")
        paid = moved.get(auction_id, 0)
        owed = sum(row.difference_fen or 0 for row in holding)
        complete = all(row.status != "awarded" for row in holding)
        report.that(paid == owed if complete else paid < owed, where, f"the ledger holds {paid} of {owed}")
        report.checked["takings"] += len(rows[auction_id])


def _check_own_sales(session: Session, report: Report, bodies: Bodies) -> None:
    sold = {row.auction_id: row.price_fen for row in session.scalars(select(OwnSale).where(OwnSale.status == "sold"))}
    told = {key: one["price_fen"] for key, kinds in bodies.items() for one in kinds[OWN_SALE]}
    moved = _moved(session, Kind.OWN_SALE_RECEIVED)
    for key in sorted({*sold, *told, *moved}):
        where, price = f"own_sales of {key}", told.get(key)
        report.that(sold.get(key) == price, where, "are not the sale the entry tells of")
        report.that(moved.get(key) == price, where, "the ledger received another price")


def _check_disposals(session: Session, report: Report) -> None:
    """How a lot is said to be disposed of is what its rows say."""
    due: dict[str, str] = {row.lot_id: row.kind for row in session.scalars(select(LotReturn))}
    taken = select(Taking.lot_id).where(Taking.status.in_(HOLDING))
    due |= dict.fromkeys(session.scalars(taken), "taken")
    due |= dict.fromkeys(session.scalars(select(OwnSale.lot_id).where(OwnSale.status == "sold")), "own_sale")
    said = {key: disposal for key, disposal in session.execute(select(Lot.id, Lot.disposal)) if disposal}
    report.that(said == due, "lots", "are said to be disposed of otherwise")


def _moved(session: Session, received: Kind, released: Kind | None = None) -> dict[str, int]:
    """What the ledger received of a kind in each auction, less what it released again."""
    rows = (
        select(Posting.auction_id, Posting.kind, func.sum(Posting.amount_fen))
        .where(Posting.kind.in_([kind for kind in (received, released) if kind]))
        .group_by(Posting.auction_id, Posting.kind)
    )
    sums: dict[str, int] = {}
    for auction_id, kind, fen in session.execute(rows):
        sums[auction_id] = sums.get(auction_id, 0) + (int(fen) if kind == received else -int(fen))
    return sums

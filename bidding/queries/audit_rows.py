"""Comparing auctions, registrations, payments, ledger and acts, column by column, with what the journal tells of them.

A row that no entry tells of is an invented one, and an entry without its row a deleted one. The exceptions are older
than the entries: movements and notices from before each of them was journaled.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.crypto import canonical, sha256_hex
from auction.models import Auction, LotGroup, LotGroupMember, OwnSale, Taking
from auction.queries.audit import Report
from auction.services.auctions import shard_of

from ..models import GatewayNotice, Payment, Posting, Qualification, Registration, Revocation, SaleObjection
from .audit_columns import TOLD
from .audit_told import Row, Told, read_told

_PAGE = 2000
#: Acts of which each entry says the whole row.
ACTS: tuple[Any, ...] = (LotGroup, LotGroupMember, Taking, OwnSale, SaleObjection, Qualification, Revocation)
#: Columns told by the hash of their canonical JSON only.
_HASHED = frozenset(("ruleset", "announcement"))


def check_rows(session: Session, report: Report, only: str | None = None) -> None:
    """Check every declared column (`audit_columns.TOLD`) of every row; `only`: those of one auction."""
    lot_id = session.scalar(select(Auction.lot_id).where(Auction.id == only)) if only else None
    told = read_told(session, only, lot_id)
    for auction_id, row in told.auctions.items():
        row["shard"] = shard_of(auction_id)
    first = min(told.postings, default=None)
    for model, rows, older in (
        (Auction, told.auctions, _never),
        (Registration, told.registrations, lambda row: row.claim == "taking" and row.auction_id in told.unentered),
        (Payment, told.payments, _never),
        (GatewayNotice, told.gateway_notices, lambda row: row.payment_id not in told.whole),
        (Posting, told.postings, lambda row: first is None or row.id < first),
    ):
        _compare(session, report, model, _of(rows, told, only), older, only)
    for model in ACTS:
        entries = told.acts[model.__tablename__]
        _compare(session, report, model, _of(entries, told, only), _named(model, entries), only)


def _never(row: Any) -> bool:
    return False


def _named(model: Any, entries: Mapping[Any, Row]) -> Callable[[Any], bool]:
    """Whether an entry names an act, be it one that is too old to say of which auction it was."""
    key = _key(model.__table__).name
    return lambda row: getattr(row, key) in entries


def _key(table: Any) -> Any:
    return next(iter(table.primary_key))


def _of(rows: Mapping[Any, Row], told: Told, only: str | None) -> dict[Any, Row]:
    """The told rows of one auction, or all of them."""
    if only is None:
        return dict(rows)

    def auction_of(key: Any, row: Row) -> Any:
        if "payment_id" in row:
            return told.payments.get(row["payment_id"], {}).get("auction_id")
        return row.get("auction_id", key)

    return {key: row for key, row in rows.items() if auction_of(key, row) == only}


def _compare(
    session: Session,
    report: Report,
    model: Any,
    told: dict[Any, Row],
    older: Callable[[Any], bool],
    only: str | None,
) -> None:
    table = model.__table__
    key = _key(table)
    query = select(*(table.c[name] for name in TOLD[table.name])).order_by(key).limit(_PAGE)
    if only is not None and "auction_id" not in table.c and model not in (Auction, GatewayNotice):
        return  # tells of more than one auction
    if only is not None:
        query = query.where(_within(model, only))
    page, last = session.execute(query).all(), None
    while page:
        for row in page:
            report.checked[table.name] += table.name != "auctions"  # these are counted where their prices are checked
            last = getattr(row, key.name)
            where, said = f"{table.name} {last}", told.pop(last, None)
            if said is None:
                report.that(older(row), where, "is there, but no entry tells of it")
                continue
            for name in TOLD[table.name]:
                if name in said:
                    _match(report, where, name, said[name], getattr(row, name))
        page = session.execute(query.where(key > last)).all()
    for name in sorted(told):
        report.that(False, f"{table.name} {name}", "was recorded but is not there")


def _within(model: Any, auction_id: str) -> Any:
    if model is Auction:
        return Auction.id == auction_id
    if model is GatewayNotice:
        return GatewayNotice.payment_id.in_(select(Payment.id).where(Payment.auction_id == auction_id))
    return model.auction_id == auction_id


def _match(report: Report, where: str, name: str, said: Any, value: Any) -> None:
    if name in _HASHED:
        right = _digest(value) == said
        report.that(right, where, f"its {name} is not the one that was recorded")
        return
    plain = _plain(value)
    report.that(plain == said, where, f"its {name} is {plain!r}, its entries say {said!r}")


def _digest(value: Any) -> str | None:
    try:
        return None if value is None else sha256_hex(canonical(value))
    except (TypeError, ValueError):  # holds what no entry's hash was ever made of
        return ""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return value.isoformat() if isinstance(value, date) else value

"""An auction as the rules of terms want to see it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..kernel.events import RoomEvent
from ..models import Account, Auction, Lot, Notice, Party, ReferencePrice
from ..rules import reference_price as price_rules
from ..rules import rounds, terms
from ..rules.lot import AssetType, AuctionStatus, PartyRole, Round
from ..rules.notices import Addressee, NoticeRecipient, NoticeStatus
from ..rules.panel import PanelMember
from ..rules.pricing import with_record
from ..rules.published_holidays import published_calendar
from ..rules.ruleset import Ruleset
from .pricing import price_steps
from .unsold import standstill


def reference_price(session: Session, lot_id: str) -> price_rules.ReferencePrice | None:
    """The lot's reference price as a value; None before it is set."""
    row = session.get(ReferencePrice, lot_id)
    return None if row is None else price_of(row)


def recorded_price(session: Session, lot_id: str, ruleset: Ruleset) -> price_rules.ReferencePrice | None:
    """The lot's reference price with the steps recorded one by one; None before it is set."""
    price, steps = reference_price(session, lot_id), price_steps(session, [lot_id]).get(lot_id, [])
    return None if price is None else with_record(price, steps, ruleset, published_calendar(ruleset))


def price_of(row: ReferencePrice) -> price_rules.ReferencePrice:
    """A stored reference price as a value."""
    return price_rules.ReferencePrice(
        method=price_rules.PriceMethod(row.method),
        amount_fen=row.amount_fen,
        effective_on=row.effective_on,
        valid_until=row.valid_until,
        results=tuple(_result(result) for result in row.results),
        steps=tuple(_step(step) for step in row.steps),
    )


def _result(data: dict[str, Any]) -> price_rules.PriceResult:

    reported = data.get("reported_on")
    return price_rules.PriceResult(
        data["source"], data["amount_fen"], date.fromisoformat(reported) if reported else None
    )


def _step(data: dict[str, Any]) -> price_rules.PriceStep:

    return price_rules.PriceStep(data["code"], date.fromisoformat(data["on"]), data.get("detail") or "")


def earlier_rounds(session: Session, lot_id: str, but: str | None = None) -> tuple[rounds.EarlierRound, ...]:
    """The lot's other auctions in order of making, with the days that do not count towards the next one's time."""
    rows = session.scalars(
        select(Auction)
        .where(Auction.lot_id == lot_id, Auction.id != (but or ""))
        .order_by(Auction.created_at, Auction.id)
    ).all()
    stood = stays(session, rows)
    return tuple(earlier_round(row, stood.get(row.id, ())) for row in rows)


def earlier_round(row: Auction, stood: Sequence[tuple[datetime, datetime]] = ()) -> rounds.EarlierRound:
    """A stored auction as the rules of rounds see it; `stood`: from when to when it was suspended, as `stays` tells."""
    return rounds.EarlierRound(
        auction_id=row.id,
        round=Round(row.round),
        status=AuctionStatus(row.status),
        reserve_price_fen=row.reserve_price_fen,
        deposit_fen=row.deposit_fen,
        announced_at=row.announced_at,
        ended_at=row.closed_at,
        reneged=row.settlement == "reneged",
        paused_days=rounds.stayed_days(stood),
    )


def stays(session: Session, rows: Iterable[Auction]) -> dict[str, list[tuple[datetime, datetime]]]:
    """From when to when auctions that came to no decision were suspended, by their rooms' public events."""
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    since: dict[str, datetime] = {}
    undecided = [row.id for row in rows if row.status in ("withdrawn", "revoked")]
    events = (
        select(RoomEvent.auction_id, RoomEvent.at, RoomEvent.data)
        .where(RoomEvent.auction_id.in_(undecided), RoomEvent.type == "status")
        .order_by(RoomEvent.auction_id, RoomEvent.version)
    )
    for auction_id, at, data in session.execute(events) if undecided else ():
        if data["status"] == AuctionStatus.SUSPENDED:
            since[auction_id] = at
        elif auction_id in since:
            found.setdefault(auction_id, []).append((since.pop(auction_id), at))
    return found


def recipient_of(row: Notice) -> NoticeRecipient:
    """A stored notice as the rules of notices see it: a file proves as well as a text does."""
    proof = row.proof or row.proof_file
    return NoticeRecipient(row.name, PartyRole(row.role), NoticeStatus(row.status), row.at, proof, row.proof_file)


def proposal(session: Session, auction: Auction, barred: Collection[str], ruleset: Ruleset) -> terms.Proposal:
    """The whole proposal: terms, price, addressees, notices, panel (`barred`: account ids OJA 34 keeps out), rounds."""
    stored = terms.Terms.of(auction)
    ids = [member.account_id for member in auction.panel]
    seats = session.scalars(select(Account).where(Account.id.in_(ids)))
    accounts = {account.id: account for account in seats}
    return proposed(session, auction.lot, stored, [accounts[one] for one in ids], barred, ruleset, auction.id)


def proposed(
    session: Session,
    lot: Lot,
    asked: terms.Terms,
    panel: Sequence[Account],
    barred: Collection[str],
    ruleset: Ruleset,
    auction_id: str | None = None,
) -> terms.Proposal:
    """The same of terms and a panel that may not be stored yet; `auction_id`: the round they are for, if any."""
    parties = session.scalars(select(Party).where(Party.case_id == lot.case_id).order_by(Party.position)).all()
    notices = session.scalars(select(Notice).where(Notice.lot_id == lot.id).order_by(Notice.position)).all()
    return terms.Proposal(
        terms=asked,
        asset_type=AssetType(lot.asset_type),
        court_code=lot.court_code,
        reference_price=recorded_price(session, lot.id, ruleset),
        addressees=tuple(Addressee(party.name, PartyRole(party.role)) for party in parties),
        recipients=tuple(recipient_of(notice) for notice in notices),
        panel=tuple(
            PanelMember(username=a.username, role=a.role, court_code=a.court_code or "", barred=a.id in barred)
            for a in panel
        ),
        earlier=earlier_rounds(session, lot.id, auction_id),
        standstill=standstill(session, lot),
    )

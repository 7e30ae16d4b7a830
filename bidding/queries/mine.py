"""A bidder's own registrations, with their auctions, money and what follows. Shown to nobody else."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.models import Auction, Court, Lot, LotListing

from ..models import AfterSaleStep, Bid, Payment, Registration
from ..rules.debt import OWING
from ..rules.registration import STANDING, stayed
from .payments import owed_fen, payments, refund_dict
from .rooms import ruleset_of


@dataclass(frozen=True, slots=True)
class Own:
    """One registration of the reader. `buyer`: the sale was made to it. `refunds`: what goes back, by payment id.
    `photo`: the file that shows the lot on lists.

    `owed_fen`: what a buyer still owes of the price. `stayed`: released by the end of the sale, not by leaving it.
    """

    registration: Registration
    auction: Auction
    lot: Lot
    photo: str | None
    court_name: str
    payments: list[Payment]
    refunds: dict[str, dict[str, Any]]
    steps: list[AfterSaleStep]
    owed_fen: int
    stayed: bool

    @property
    def leads(self) -> bool:
        """Whether the highest bid is its own: while bidding runs, and afterwards."""
        return self.auction.leader_registration_id == self.registration.id

    @property
    def buyer(self) -> bool:
        return self.auction.status == "sold" and self.leads

    @property
    def current(self) -> bool:
        """Whether the sheet in force was acknowledged."""
        return self.registration.seal == self.auction.seal

    @property
    def live(self) -> bool:
        """Whether the registration still stands."""
        return self.registration.status in STANDING

    def payment(self, purpose: str) -> Payment | None:
        """The payment that matters now for a purpose: one under way or paid, else the latest."""
        asked = [payment for payment in self.payments if payment.purpose == purpose]
        standing = [payment for payment in asked if payment.status in ("pending", "paid")]
        return next(reversed(standing or asked), None)

    def pending(self, purpose: str) -> Payment | None:
        """What is asked for and not paid yet; a debt may be paid in parts."""
        asked = (one for one in self.payments if (one.purpose, one.status) == (purpose, "pending"))
        return next(asked, None)


def mine(session: Session, account_id: str, now: datetime) -> list[Own]:
    """All registrations of an account, the latest first."""
    rows = session.scalars(
        select(Registration).where(Registration.account_id == account_id).order_by(Registration.created_at.desc())
    )
    return [_own(session, row, now) for row in rows]


def own(session: Session, account_id: str, registration_id: str, now: datetime) -> Own | None:
    """One registration of an account; None where it is somebody else's or there is none."""
    row = session.get(Registration, registration_id)
    if row is None or row.account_id != account_id:
        return None
    return _own(session, row, now)


def own_bids(session: Session, registration: Registration, most: int = 20) -> list[Bid]:
    """The latest accepted bids of a registration, each with a receipt; the newest first."""
    accepted = (Bid.registration_id == registration.id, Bid.outcome == "accepted")
    rows = select(Bid).where(Bid.auction_id == registration.auction_id, *accepted)
    return list(session.scalars(rows.order_by(Bid.seq.desc()).limit(most)))


def _own(session: Session, row: Registration, now: datetime) -> Own:
    auction = session.get_one(Auction, row.auction_id)
    lot = session.get_one(Lot, auction.lot_id)
    asked = payments(session, row.id)
    refunds = {payment.id: refund for payment in asked if (refund := refund_dict(payment, now))}
    steps = session.scalars(
        select(AfterSaleStep).where(AfterSaleStep.auction_id == auction.id).order_by(AfterSaleStep.at)
    )
    owes = auction.leader_registration_id == row.id and auction.settlement in OWING
    return Own(
        registration=row,
        auction=auction,
        lot=lot,
        photo=session.scalar(select(LotListing.photo).where(LotListing.lot_id == lot.id)),
        court_name=session.get_one(Court, lot.court_code).name,
        payments=asked,
        refunds=refunds,
        steps=list(steps) if auction.leader_registration_id == row.id else [],
        owed_fen=owed_fen(session, auction) if owes else 0,
        stayed=_stayed(session, row, auction),
    )


def _stayed(session: Session, row: Registration, auction: Auction) -> bool:
    if row.status != "released" or row.release_due_at is None or auction.status in ("announced", "open"):
        return False
    released_at = row.release_due_at - ruleset_of(session, auction).span("deposit_refund")
    return stayed(released_at, auction.closes_at, auction.closed_at)

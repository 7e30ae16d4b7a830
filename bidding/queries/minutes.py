"""What the panel of a sale decided, and why each member voted so: as its minutes tell it (OJA 27, PRECISIONS 34)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from auction.models import Account, Approval, ApprovalVote, Auction, PanelMember, ReferencePrice
from auction.rules.lot import PRIVATE, AuctionStatus
from disclosure.models import SheetVersion
from disclosure.queries.sheets import working_sheet
from disclosure.rules.catalogue import load
from disclosure.rules.changing import SHEET_CHANGE
from disclosure.rules.sheet import sheet_of

from ..models import SaleObjection
from .held import REVOCATION

#: The decision on terms and sheet, which goes before the announcement: it has no proposal of its own.
ANNOUNCEMENT = "announcement"
#: What a panel decides about a sale by a proposal and the answers to it.
PROPOSED = (SHEET_CHANGE, REVOCATION, "sale_objection")


@dataclass(frozen=True, slots=True)
class Vote:
    """A member's vote with its reason; who proposed an act approves of it by that. `approve` None: has not voted."""

    name: str
    approve: bool | None
    reason: str
    at: datetime | None
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of a panel. `id`: `announcement`, or the proposal's; `proposal`: how, as the proposal says it; before
    an announcement the terms, price and preferential purchasers decided on. `panel`: who sits on one that was
    named for this decision alone."""

    id: str
    kind: str
    approved: bool
    decided_at: datetime
    votes: tuple[Vote, ...]
    proposal: Mapping[str, Any]
    panel: tuple[str, ...] = ()


def decisions_of(session: Session, auction: Auction) -> list[Decision]:
    """What the panel of a round has decided, in order; the caller decides who may see it. Proposals that wait or
    have lapsed are no decisions."""
    objections = select(SaleObjection.id).where(SaleObjection.auction_id == auction.id)
    rows = session.scalars(
        select(Approval)
        .where(
            Approval.kind.in_(PROPOSED),
            Approval.status.in_(("approved", "rejected")),
            or_(Approval.subject_id == auction.id, Approval.subject_id.in_(objections)),
        )
        .order_by(Approval.decided_at, Approval.id)
    )
    return [*_announcement(session, auction), *(_proposed(session, one) for one in rows)]


def _announcement(session: Session, auction: Auction) -> list[Decision]:
    """The vote on terms and sheet, once a majority approved. What was voted down leaves no votes: they are void."""
    if auction.status in PRIVATE and auction.status != AuctionStatus.APPROVED:
        return []
    rows = session.execute(
        select(Account.display_name, PanelMember)
        .join(Account, Account.id == PanelMember.account_id)
        .where(PanelMember.auction_id == auction.id)
        .order_by(PanelMember.position)
    )
    votes = tuple(Vote(name, seat.approve, seat.reason or "", seat.voted_at) for name, seat in rows)
    given = [vote.at for vote in votes if vote.at is not None]
    if not given:
        return []
    return [Decision(ANNOUNCEMENT, ANNOUNCEMENT, True, max(given), votes, _decided_on(session, auction, max(given)))]


def _decided_on(session: Session, auction: Auction, decided_at: datetime) -> dict[str, Any]:
    """What the panel decided on before the announcement (OJA 27): any change of it afterwards voids the votes.

    `first_buyers`: the preferential purchasers of the sheet sealed then, else of the one worked on, empty where none
    is named; `price_method` and `reference_price_fen` are left out where another price was set since.
    """
    told: dict[str, Any] = {
        name: getattr(auction, name) for name in ("round", "reserve_price_fen", "increment_fen", "deposit_fen")
    }
    sealed = session.scalar(
        select(SheetVersion)
        .where(SheetVersion.lot_id == auction.lot_id, SheetVersion.at >= decided_at)
        .order_by(SheetVersion.version)
        .limit(1)
    )
    known = load(auction.lot.asset_type)
    sheet = sheet_of(sealed.facts, known) if sealed else working_sheet(session, auction.lot_id)
    told["first_buyers"] = sheet.value("preferential_purchasers", "names") or ""
    price = session.get(ReferencePrice, auction.lot_id)
    if price is not None and price.set_at <= decided_at:
        told |= {"price_method": price.method, "reference_price_fen": price.amount_fen}
    return told


def _proposed(session: Session, approval: Approval) -> Decision:
    rows = session.execute(
        select(Account.display_name, ApprovalVote)
        .join(Account, Account.id == ApprovalVote.account_id)
        .where(ApprovalVote.approval_id == approval.id)
        .order_by(ApprovalVote.at, ApprovalVote.account_id)
    )
    proposer = session.get_one(Account, approval.proposed_by).display_name
    votes = (
        Vote(proposer, True, approval.reason, approval.proposed_at, proposed=True),
        *(Vote(name, vote.approve, vote.reason, vote.at) for name, vote in rows),
    )
    decided = approval.decided_at or approval.proposed_at
    return Decision(
        approval.id,
        approval.kind,
        approval.status == "approved",
        decided,
        votes,
        approval.proposal,
        _named(session, approval),
    )


def _named(session: Session, approval: Approval) -> tuple[str, ...]:
    """The proposer and whom the proposal names to decide with him, by name; nobody where it names none."""
    asked = [account for need in approval.needs for account in need.get("among", ())]
    if not asked:
        return ()
    rows = select(Account.display_name).where(Account.id.in_([approval.proposed_by, *asked]))
    return tuple(session.scalars(rows.order_by(Account.display_name, Account.id)))

"""What a court sees of its own lots: the board, one lot, one round. Never who is behind a bidder code."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from auction.kernel.crypto import Vault
from auction.models import Account, Agency, Auction, Case, Court, Lot, Notice, PanelMember, ReferencePrice, Task
from auction.queries.proposals import earlier_rounds
from auction.rules.calendar import shanghai_day
from auction.rules.findings import Finding
from auction.rules.lot import LIVE, PRIVATE
from auction.rules.published_holidays import published_calendar
from auction.rules.rounds import board_warning
from auction.rules.ruleset import Ruleset
from disclosure.queries import FileFacts, files, working_sheet
from disclosure.rules.catalogue import Catalogue, load
from disclosure.rules.gaps import gaps
from disclosure.rules.sheet import Sheet

from ..models import AfterSaleStep, Confirmation, Registration
from .held import identity_due
from .identities import OpenIdentity, identities
from .lot_page import SHOWN, BidFacts, bids
from .market import registrations

#: The columns of the board, in the order of a lot's life.
STAGES = ("pricing", "disclosure", "panel", "notice", "bidding", "settlement", "done")


@dataclass(frozen=True, slots=True)
class BoardItem:
    """A lot on the board, with its latest round where there is one. `warning`: a further round is about to be late."""

    lot: Lot
    case_number: str
    auction: Auction | None
    stage: str
    gaps: int
    votes: tuple[int, int]
    registrations: int
    warning: Finding | None


@dataclass(frozen=True, slots=True)
class LotDesk:
    """A lot as its court works on it."""

    lot: Lot
    case: Case
    court: Court
    reference: ReferencePrice | None
    sheet: Sheet
    catalogue: Catalogue
    gaps: tuple[Finding, ...]
    notices: list[Notice]
    files: tuple[FileFacts, ...]
    auctions: list[Auction]
    tasks: list[Task]


@dataclass(frozen=True, slots=True)
class Seat:
    """A member of the panel and the vote given."""

    account: Account
    member: PanelMember


@dataclass(frozen=True, slots=True)
class Pending:
    """A registration the court has to decide, with the applicant's papers in the clear."""

    registration: Registration
    people: list[OpenIdentity]


@dataclass(frozen=True, slots=True)
class RoundDesk:
    """A round as its court works on it."""

    auction: Auction
    lot: Lot
    case_number: str
    panel: list[Seat]
    registrations: int
    steps: list[AfterSaleStep]
    confirmed: bool
    bids: list[BidFacts]


def board(session: Session, court_code: str, now: datetime, ruleset: Ruleset) -> list[BoardItem]:
    """Every lot of a court by stage, within a stage the most urgent first."""
    lots = session.scalars(select(Lot).where(Lot.court_code == court_code).options(selectinload(Lot.case))).all()
    rounds = _latest(session, [lot.id for lot in lots])
    counts = registrations(session, [auction.id for auction in rounds.values()])
    failed = set(session.scalars(select(Auction.lot_id).where(Auction.status == "unsold")))
    priced = set(session.scalars(select(ReferencePrice.lot_id)))
    items = []
    for lot in lots:
        auction = rounds.get(lot.id)
        stage = "done" if lot.disposal else _stage(auction, lot.id in priced)
        warning = _late(session, lot, now, ruleset) if lot.id in failed else None
        early = stage in ("pricing", "disclosure", "panel")
        missing = len(gaps(working_sheet(session, lot.id), load(lot.asset_type))) if early else 0
        given = [member.approve is True for member in auction.panel] if auction else []
        items.append(
            BoardItem(
                lot,
                lot.case.number,
                auction,
                stage,
                missing,
                (sum(given), len(given)),
                counts.get(auction.id, 0) if auction else 0,
                warning,
            )
        )
    return sorted(items, key=lambda item: (STAGES.index(item.stage), _urgency(item)))


def _late(session: Session, lot: Lot, now: datetime, ruleset: Ruleset) -> Finding | None:
    """Whether the round after an unsold one is about to be late, or is (PRECISIONS 17)."""
    if lot.disposal:
        return None
    earlier = earlier_rounds(session, lot.id)
    return board_warning(earlier, shanghai_day(now), ruleset, published_calendar(ruleset))


def _latest(session: Session, lot_ids: Iterable[str]) -> dict[str, Auction]:
    rows = session.scalars(
        select(Auction)
        .where(Auction.lot_id.in_(list(lot_ids)))
        .options(selectinload(Auction.panel))
        .order_by(Auction.created_at, Auction.id)
    )
    return {auction.lot_id: auction for auction in rows}


def _stage(auction: Auction | None, priced: bool) -> str:
    if auction is None:
        return "disclosure" if priced else "pricing"
    if auction.status in PRIVATE:
        return "panel"
    if auction.status == "announced":
        return "notice"
    if auction.status in LIVE:
        return "bidding"
    if auction.status == "sold" and auction.settlement != "handed_over":
        return "settlement"
    return "settlement" if auction.status == "unsold" else "done"


def _urgency(item: BoardItem) -> tuple[float, str]:
    auction = item.auction
    if auction is None:
        return item.lot.created_at.timestamp(), item.lot.id
    at = auction.balance_due_at if item.stage == "settlement" else None
    if at is None:
        at = auction.closes_at if item.stage == "bidding" else auction.opens_at
    return at.timestamp(), item.lot.id


def cases(session: Session, court_code: str) -> list[Case]:
    """The court's cases, the latest first."""
    rows = select(Case).where(Case.court_code == court_code).order_by(Case.entered_at.desc(), Case.number)
    return list(session.scalars(rows))


def judges(session: Session, court_code: str) -> list[Account]:
    """The judges of a court, who may sit on its panels."""
    rows = select(Account).where(Account.court_code == court_code, Account.role == "judge")
    return list(session.scalars(rows.order_by(Account.username)))


def agencies(session: Session) -> list[Agency]:
    """The auxiliary agencies there are."""
    return list(session.scalars(select(Agency).order_by(Agency.name)))


def lot_desk(session: Session, lot_id: str) -> LotDesk | None:
    """One lot with everything entered so far; the caller decides who may see it. None where there is none."""
    lot = session.get(Lot, lot_id)
    if lot is None:
        return None
    case = session.scalar(select(Case).where(Case.id == lot.case_id).options(selectinload(Case.parties)))
    catalogue, sheet = load(lot.asset_type), working_sheet(session, lot_id)
    rounds = select(Auction).where(Auction.lot_id == lot_id).order_by(Auction.created_at.desc(), Auction.id.desc())
    assert case is not None  # noqa: S101 - a foreign key says so
    return LotDesk(
        lot=lot,
        case=case,
        court=session.get_one(Court, lot.court_code),
        reference=session.get(ReferencePrice, lot_id),
        sheet=sheet,
        catalogue=catalogue,
        gaps=gaps(sheet, catalogue),
        notices=list(session.scalars(select(Notice).where(Notice.lot_id == lot_id).order_by(Notice.position))),
        files=files(session, lot_id),
        auctions=list(session.scalars(rounds)),
        tasks=list(session.scalars(select(Task).where(Task.lot_id == lot_id).order_by(Task.created_at))),
    )


def round_desk(session: Session, auction_id: str) -> RoundDesk | None:
    """One round; the caller decides who may see it. None where there is none."""
    auction = session.scalar(select(Auction).where(Auction.id == auction_id).options(selectinload(Auction.panel)))
    if auction is None:
        return None
    lot = session.get_one(Lot, auction.lot_id)
    accounts = {
        account.id: account
        for account in session.scalars(
            select(Account).where(Account.id.in_([member.account_id for member in auction.panel]))
        )
    }
    steps = select(AfterSaleStep).where(AfterSaleStep.auction_id == auction_id).order_by(AfterSaleStep.at)
    return RoundDesk(
        auction=auction,
        lot=lot,
        case_number=session.get_one(Case, lot.case_id).number,
        panel=[Seat(accounts[member.account_id], member) for member in auction.panel],
        registrations=registrations(session, [auction_id]).get(auction_id, 0),
        steps=list(session.scalars(steps)),
        confirmed=session.get(Confirmation, auction_id) is not None,
        bids=bids(session, auction_id, most=SHOWN),
    )


def pending(session: Session, vault: Vault, auction_id: str) -> list[Pending]:
    """Registrations that wait for the court: agents, joint bidders, claims. The applicant's papers, never a code."""
    rows = session.scalars(
        select(Registration)
        .where(
            Registration.auction_id == auction_id,
            Registration.status.in_(("awaiting_court", "awaiting_deposit", "qualified")),
            (Registration.claim_status == "pending")
            | (Registration.capacity.in_(("agent", "joint")) & (Registration.status == "awaiting_court")),
        )
        .order_by(Registration.created_at)
    )
    return [Pending(row, identities(session, vault, row)) for row in rows]


@dataclass(frozen=True, slots=True)
class HeldIdentity:
    """A registration whose identity somebody outside the enforcing court decides on, by `due_at`; never a code."""

    waiting: Pending
    lot: Lot
    court: Court
    due_at: datetime | None


def held_identities(session: Session, vault: Vault, court_code: str | None) -> list[HeldIdentity]:
    """What the registry cannot match, in sales of every court but this one, the oldest first (PRECISIONS 13)."""
    rows = (
        select(Registration, Auction, Lot, Court)
        .join(Auction, Auction.id == Registration.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .join(Court, Court.code == Lot.court_code)
        .where(Registration.status == "awaiting_court", Registration.hold.is_not(None), Auction.closed_at.is_(None))
        .order_by(Registration.created_at, Registration.id)
    )
    if court_code is not None:
        rows = rows.where(Lot.court_code != court_code)
    return [
        HeldIdentity(Pending(row, identities(session, vault, row)), lot, court, identity_due(session, auction, row))
        for row, auction, lot, court in session.execute(rows)
    ]

"""What a court sees of its own lots: one lot, one round. Never who is behind a bidder code."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from auction.kernel.crypto import Vault
from auction.models import Account, Agency, Auction, Case, Court, Lot, Notice, PanelMember, ReferencePrice, Task
from auction.rules.findings import Finding
from disclosure.queries.sheets import FileFacts, catalogue_of, files, working_sheet
from disclosure.rules.catalogue import Catalogue
from disclosure.rules.gaps import gaps
from disclosure.rules.sheet import Sheet

from ..models import AfterSaleStep, Confirmation, Registration
from .held import identity_due
from .identities import OpenIdentity, identities
from .lot_page import SHOWN, BidFacts, bids
from .market import registrations


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
    catalogue, sheet = catalogue_of(session, lot), working_sheet(session, lot_id)
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

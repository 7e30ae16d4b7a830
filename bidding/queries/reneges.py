"""Declared reneges: who is barred from a lot by them, what stands against an auction, what became of the money."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from auction.models import Account, Approval, Auction, Person
from auction.queries.approvals import took_part
from auction.rules.published_holidays import due_as_published, published_calendar
from auction.rules.ruleset import Ruleset
from risk.queries.interest import lifted_hits, stakes_behind
from risk.rules.interest import Hit
from risk.rules.reneger import bound_hits

from ..models import (
    Allocation,
    AllocationEntry,
    RegisteredIdentity,
    Registration,
    Renege,
    RenegeObjection,
    ResaleDeposit,
    Revocation,
    TopUpOrder,
)
from ..rules.debt import DebtClock, debt_clock
from .identities import buyers_behind

IN_FORCE = "in_force"
#: Kinds of approval: a finding of malice, and the revocation of a declaration.
RENEGE, RENEGE_REVOKED = "renege", "renege_revoked"
#: A sale whose price is with the court: what the lot brought is known.
PAID = ("paid", "ruled", "handed_over")
#: A top-up order by which money is still asked.
STANDING_ORDER = ("ordered", "enforced")


def renege_of(session: Session, auction_id: str) -> Renege | None:
    """The declaration in force against an auction's buyer."""
    return session.scalar(select(Renege).where(Renege.auction_id == auction_id, Renege.status == IN_FORCE))


def declarations(session: Session, auction_id: str) -> list[Renege]:
    """Every declaration of an auction, revoked ones too, the latest first."""
    rows = select(Renege).where(Renege.auction_id == auction_id)
    return list(session.scalars(rows.order_by(Renege.declared_at.desc(), Renege.id.desc())))


def reneges_of_lot(session: Session, lot_id: str) -> list[tuple[Renege, Auction]]:
    """The declarations in force of a lot with their auctions, the latest sale first."""
    rows = (
        select(Renege, Auction)
        .join(Auction, Auction.id == Renege.auction_id)
        .where(Renege.lot_id == lot_id, Renege.status == IN_FORCE)
        .order_by(Auction.created_at.desc(), Auction.id.desc())
    )
    return [(row.Renege, row.Auction) for row in session.execute(rows)]


def renegers_of_lot(session: Session, lot_id: str, *, revoked: bool = False) -> set[str]:
    """The match keys of those who bought the lot and reneged, by the declarations in force; by `revoked` ones too.

    Where somebody bid for others, they are the buyers and not he: the sale was theirs.
    """
    statuses = (IN_FORCE, "revoked") if revoked else (IN_FORCE,)
    reneged = select(Renege.registration_id).where(Renege.lot_id == lot_id, Renege.status.in_(statuses))
    return _buyers(session, RegisteredIdentity.registration_id.in_(reneged))


def reneges_with_buyers(session: Session, lot_id: str) -> list[tuple[Renege, Registration]]:
    """Every declaration of a lot, revoked ones too, with the buyer's registration, the earliest first."""
    rows = (
        select(Renege, Registration)
        .join(Registration, Registration.id == Renege.registration_id)
        .where(Renege.lot_id == lot_id)
        .order_by(Renege.declared_at, Renege.id)
    )
    return [(row.Renege, row.Registration) for row in session.execute(rows)]


def buyers_of(session: Session, registration_id: str) -> set[str]:
    """The match keys of those a registration bought for."""
    return _buyers(session, RegisteredIdentity.registration_id == registration_id)


def lots_with_renegers(session: Session, lot_ids: Collection[str]) -> set[str]:
    """Which of some lots were reneged on, by the declarations in force."""
    wanted = select(Renege.lot_id).where(Renege.lot_id.in_(lot_ids), Renege.status == IN_FORCE)
    return set(session.scalars(wanted.distinct()))


def reneged_before(session: Session, auction: Auction) -> bool:
    """Whether a declaration in force says that one of an auction's buyers reneged in another sale of the platform."""
    buyers = _buyers(session, RegisteredIdentity.registration_id == auction.leader_registration_id)
    others = (
        select(Renege.registration_id)
        .join(RegisteredIdentity, RegisteredIdentity.registration_id == Renege.registration_id)
        .where(
            Renege.status == IN_FORCE, Renege.auction_id != auction.id, RegisteredIdentity.id_match.in_(sorted(buyers))
        )
    )
    return not buyers.isdisjoint(_buyers(session, RegisteredIdentity.registration_id.in_(others)))


def _buyers(session: Session, registrations: ColumnElement[bool]) -> set[str]:
    return set().union(*buyers_behind(session, registrations).values())


def barred_buyers(session: Session, lot_id: str) -> set[str]:
    """The match keys of those whose purchase of the lot failed for want of an approval (EQ 15(2))."""
    failed = select(Revocation.registration_id).where(Revocation.lot_id == lot_id, Revocation.barred)
    return _buyers(session, RegisteredIdentity.registration_id.in_(failed))


@dataclass(frozen=True, slots=True)
class Bound:
    """How people stand to the renegers of a lot: one of them himself, or bound to one by control of companies.

    Who bought the lot and got no approval for it counts as one himself (EQ 15(2), which speaks of the buyer alone).

    `version` and `on`: the registry and the day in Shanghai for which alone that holds.
    """

    version: int
    on: date
    himself: bool = False
    hits: tuple[Hit, ...] = ()

    @property
    def barred(self) -> bool:
        """Whether they are barred from every resale of the lot."""
        return self.himself or bool(self.hits)


def bound(
    session: Session,
    lot_id: str,
    groups: Mapping[str, Collection[str]],
    *,
    version: int,
    today: date,
    ruleset: Ruleset,
    without: Collection[str] = (),
) -> dict[str, Bound]:
    """How each group of people stands to who reneged on the lot (OJA 24(2); companies by the court's practice).

    `version` is the registry's; hits lifted for the lot do not count, nor do those of `without`. As many statements
    whatever the number. Raises what reading the registry raises: nobody passes a check that cannot be made.
    """
    failed, renegers = barred_buyers(session, lot_id), renegers_of_lot(session, lot_id)
    if not renegers:
        return {key: Bound(version, today, himself=not failed.isdisjoint(who)) for key, who in groups.items()}
    behind = renegers.union(*groups.values())
    stakes = stakes_behind(session, behind, version=version, today=today)
    lifted = lifted_hits(session, {lot_id}).get(lot_id, frozenset()).union(without)
    limit = ruleset.ratio("company_control")
    return {
        key: Bound(version, today, himself=True)
        if not failed.isdisjoint(matches) or not renegers.isdisjoint(matches)
        else Bound(version, today, hits=bound_hits(renegers, matches, stakes, more_than=limit, lifted=lifted))
        for key, matches in groups.items()
    }


def standing_order(session: Session, auction_id: str) -> TopUpOrder | None:
    """The top-up order by which money is still asked of an auction's buyer who reneged."""
    return session.scalar(
        select(TopUpOrder)
        .join(Renege, Renege.id == TopUpOrder.renege_id)
        .where(Renege.auction_id == auction_id, TopUpOrder.status.in_(STANDING_ORDER))
    )


def top_up_order(session: Session, renege_id: str) -> TopUpOrder | None:
    """The order made on a declaration, unless it was cancelled."""
    return session.scalar(select(TopUpOrder).where(TopUpOrder.renege_id == renege_id, TopUpOrder.status != "cancelled"))


def waiting_proposals(session: Session, auction_id: str) -> list[Approval]:
    """What is proposed about an auction's renege and waits for another judge, oldest first."""
    rows = select(Approval).where(
        Approval.subject_id == auction_id,
        Approval.kind.in_((RENEGE, RENEGE_REVOKED)),
        Approval.status == "pending",
    )
    return list(session.scalars(rows.order_by(Approval.proposed_at, Approval.id)))


def declarers(session: Session, auction_id: str) -> set[str]:
    """Whoever declared a renege in a sale or approved the finding of malice: none of them decides what is said against.

    Whoever carried an enforcement out takes no part in an objection to it (OBJ 11).
    """
    declared = session.scalars(select(Renege.declared_by).where(Renege.auction_id == auction_id))
    return {*declared, *took_part(session, RENEGE, auction_id)}


def objections(session: Session, renege_id: str) -> list[RenegeObjection]:
    """The objections to a declaration, in the order they were filed."""
    rows = select(RenegeObjection).where(RenegeObjection.renege_id == renege_id)
    return list(session.scalars(rows.order_by(RenegeObjection.filed_at, RenegeObjection.id)))


def entry_of(session: Session, renege_id: str) -> AllocationEntry | None:
    """What the court entered last for the use of a forfeited deposit."""
    return session.scalar(
        select(AllocationEntry)
        .where(AllocationEntry.renege_id == renege_id)
        .order_by(AllocationEntry.at.desc(), AllocationEntry.id.desc())
        .limit(1)
    )


def allocation_of(session: Session, renege_id: str) -> Allocation | None:
    """The decided use of a forfeited deposit."""
    return session.get(Allocation, renege_id)


def resale_deposit(session: Session, auction_id: str) -> ResaleDeposit | None:
    """Why an auction asks a higher deposit than the one before; None where it does not."""
    return session.get(ResaleDeposit, auction_id)


@dataclass(frozen=True, slots=True)
class Final:
    """What the lot brought in the end: the sale that was paid, or what the court stated where there was none."""

    fen: int
    auction_id: str | None


def final_of(session: Session, lot_id: str) -> Final | None:
    """The sale of the lot whose price was paid; None while there is none."""
    row = session.execute(
        select(Auction.price_fen, Auction.id)
        .where(Auction.lot_id == lot_id, Auction.status == "sold", Auction.settlement.in_(PAID))
        .order_by(Auction.created_at.desc(), Auction.id.desc())
        .limit(1)
    ).one_or_none()
    return Final(row.price_fen or 0, row.id) if row is not None else None


def rounds_after(session: Session, auction: Auction) -> list[Auction]:
    """The lot's rounds made after this one, drafts too, in their order."""
    later = or_(
        Auction.created_at > auction.created_at,
        (Auction.created_at == auction.created_at) & (Auction.id > auction.id),
    )
    rows = select(Auction).where(Auction.lot_id == auction.lot_id, later)
    return list(session.scalars(rows.order_by(Auction.created_at, Auction.id)))


def clock_of(auction: Auction, ruleset: Ruleset) -> DebtClock | None:
    """The clock of a sold auction's balance; None before a sale."""
    if auction.balance_due_at is None:
        return None
    return debt_clock(due_as_published(auction.balance_due_at), ruleset, published_calendar(ruleset))


def concerned(session: Session, renege: Renege, account_id: str) -> bool:
    """Whether an account is the buyer's, or that of somebody whose identity stands behind the buyer."""
    own = select(Registration.account_id).where(Registration.id == renege.registration_id)
    if session.scalar(own) == account_id:
        return True
    return session.scalar(_behind(renege.registration_id, account_id)) is not None


def is_buyer(session: Session, auction: Auction, account_id: str) -> bool:
    """Whether the auction was sold to this account, or to somebody it stands for."""
    if auction.status != "sold" or auction.leader_registration_id is None:
        return False
    registration = session.get(Registration, auction.leader_registration_id)
    if registration is None:
        return False
    return registration.account_id == account_id or session.scalar(_behind(registration.id, account_id)) is not None


def _behind(registration_id: str, account_id: str) -> Select[str]:
    return (
        select(Account.id)
        .join(Person, Person.id == Account.person_id)
        .join(RegisteredIdentity, RegisteredIdentity.id_match == Person.id_match)
        .where(Account.id == account_id, RegisteredIdentity.registration_id == registration_id)
    )

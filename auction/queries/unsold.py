"""What followed a lot's unsold rounds, as the rules want to see it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from ..models import Auction, Lot, LotDrawing, LotGroup, LotGroupMember, OwnSale, Party, Taking, TakingQuestion
from ..rules.lot import PRIVATE, AuctionStatus
from ..rules.published_holidays import as_published
from ..rules.unsold import HOLDING, WILLING, Asked, GroupLot, Standstill, is_asked, is_satisfied

#: Where the settlement of a sale stands once its whole price is there.
_PAID = ("paid", "ruled", "handed_over")


def creditors(session: Session, case_id: str) -> list[Party]:
    """The enforcement creditors of a case, by their places in it."""
    parties = session.scalars(select(Party).where(Party.case_id == case_id).order_by(Party.position))
    return [party for party in parties if is_asked(party.role, party.claim_fen)]


def takings(session: Session, auction_id: str) -> list[Taking]:
    """The creditors' answers after a round, the best rank first."""
    rows = select(Taking).where(Taking.auction_id == auction_id).order_by(Taking.rank, Taking.answered_at, Taking.id)
    return list(session.scalars(rows))


def taken_by(session: Session, auction_id: str) -> Taking | None:
    """The taking by which somebody holds, or is to hold, the lot after a round; None where nobody does."""
    rows = select(Taking).where(Taking.auction_id == auction_id, Taking.status.in_(HOLDING))
    return session.scalars(rows).one_or_none()


def drawings(session: Session, auction_id: str) -> dict[int, Sequence[int]]:
    """The places drawn after a round, by rank."""
    rows = select(LotDrawing).where(LotDrawing.auction_id == auction_id)
    return {row.rank: row.drawn for row in session.scalars(rows)}


def asked(session: Session, auction: Auction) -> Asked | None:
    """How far the question after an unsold round has come; None where nobody was asked."""
    question = session.get(TakingQuestion, auction.id)
    if question is None:
        return None
    answers = takings(session, auction.id)
    willing = sum(answer.status == WILLING for answer in answers)
    until_on = as_published(question.until_on).last_day
    return Asked(until_on, len(creditors(session, auction.lot.case_id)), len(answers), willing)


def own_sale(session: Session, lot_id: str) -> OwnSale | None:
    """The debtor's own sale that is running; None where none is."""
    return session.scalar(select(OwnSale).where(OwnSale.lot_id == lot_id, OwnSale.status == "allowed"))


def last_unsold(session: Session, lot_id: str) -> Auction | None:
    """The lot's latest unsold round."""
    rows = select(Auction).where(Auction.lot_id == lot_id, Auction.status == "unsold")
    return session.scalar(rows.order_by(Auction.created_at.desc(), Auction.id.desc()).limit(1))


def standstill(session: Session, lot: Lot) -> Standstill:
    """What stands against a further round of a lot."""
    unsold, running, group = last_unsold(session, lot.id), own_sale(session, lot.id), group_of(session, lot.id)
    return Standstill(
        disposal=lot.disposal,
        asked=asked(session, unsold) if unsold is not None else None,
        own_sale_until=running.until_on if running is not None else None,
        satisfied=group is not None and is_group_satisfied(session, group),
        group_ends=() if group is None or group.sell_all else _group_ends(session, group.id, lot.id),
    )


def _group_ends(session: Session, group_id: str, lot_id: str) -> tuple[datetime, ...]:
    """When the rounds of a group's other lots end, as drafted or announced; a suspended one has no end."""
    planned = (*PRIVATE, AuctionStatus.ANNOUNCED, AuctionStatus.OPEN)
    rows = (
        select(Auction.closes_at)
        .join(LotGroupMember, LotGroupMember.lot_id == Auction.lot_id)
        .where(LotGroupMember.group_id == group_id, Auction.lot_id != lot_id, Auction.status.in_(planned))
    )
    return tuple(session.scalars(rows.order_by(Auction.closes_at)))


def group_of(session: Session, lot_id: str) -> LotGroup | None:
    """The group a lot belongs to; None where it stands alone."""
    return session.scalar(
        select(LotGroup)
        .join(LotGroupMember, LotGroupMember.group_id == LotGroup.id)
        .where(LotGroupMember.lot_id == lot_id)
    )


def bars_resumption(session: Session, lot_id: str) -> bool:
    """Whether a stopped sale of the lot stays stopped because its group has enough (SALE 14)."""
    group = group_of(session, lot_id)
    return group is not None and is_group_satisfied(session, group)


def is_group_satisfied(session: Session, group: LotGroup) -> bool:
    """Whether what a group's lots brought covers claim and costs."""
    return is_satisfied(group_lots(session, group.id), group.claim_fen, group.costs_fen, sell_all=group.sell_all)


def closes_after_another(session: Session, group_id: str, auction: Auction) -> bool:
    """Whether another lot of the group is to be decided first: it ends earlier, or then too and was drafted earlier."""
    sooner = or_(
        Auction.closes_at < auction.closes_at,
        and_(Auction.closes_at == auction.closes_at, Auction.id < auction.id),
    )
    first = exists().where(
        Auction.lot_id == LotGroupMember.lot_id,
        LotGroupMember.group_id == group_id,
        Auction.id != auction.id,
        Auction.status.in_(("announced", "open")),
        sooner,
    )
    return bool(session.scalar(select(first)))


def group_lots(session: Session, group_id: str) -> list[GroupLot]:
    """The lots of a group, with what each brought: a sale that stands, the reserve it was taken at, an own sale."""
    lots = session.scalars(
        select(Lot)
        .join(LotGroupMember, LotGroupMember.lot_id == Lot.id)
        .where(LotGroupMember.group_id == group_id)
        .order_by(Lot.id)
    )
    return [_group_lot(session, lot) for lot in lots]


def _group_lot(session: Session, lot: Lot) -> GroupLot:
    rounds = list(
        session.scalars(
            select(Auction)
            .where(Auction.lot_id == lot.id, Auction.announced_at.is_not(None))
            .order_by(Auction.announced_at, Auction.id)
        )
    )
    sold = [one for one in rounds if one.status == "sold" and one.settlement != "reneged"]
    own = _own_sale_fen(session, lot.id)  # recorded once its price is in the court's account
    brought = sum(one.price_fen or 0 for one in sold) or _taken_fen(session, lot.id, HOLDING) or own
    settled = sum(one.price_fen or 0 for one in sold if one.settlement in _PAID)
    paid = settled or _taken_fen(session, lot.id, ("taken", "ruled")) or own
    if not rounds:
        return GroupLot(lot.id, brought, paid)
    last = rounds[-1]
    return GroupLot(lot.id, brought, paid, last.id, last.status, last.closed_at is not None)


def _taken_fen(session: Session, lot_id: str, statuses: Collection[str]) -> int:
    held = select(func.sum(Taking.price_fen)).where(Taking.lot_id == lot_id, Taking.status.in_(statuses))
    return int(session.scalar(held) or 0)


def _own_sale_fen(session: Session, lot_id: str) -> int:
    sold = select(func.sum(OwnSale.price_fen)).where(OwnSale.lot_id == lot_id, OwnSale.status == "sold")
    return int(session.scalar(sold) or 0)

"""What followed an unsold round, for the court, for a creditor, and for the public."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Auction, Lot, LotGroup, LotReturn, OwnSale, Party, Person, Taking, TakingQuestion
from auction.queries.unsold import asked, creditors, drawings, group_lots, own_sale, takings
from auction.rules.access import Actor, require
from auction.rules.calendar import shanghai_day
from auction.rules.published_holidays import as_published, due_as_published
from auction.rules.ruleset import Ruleset
from auction.rules.unsold import HOLDING, is_answerable, is_asked, is_paid, is_satisfied, legal_rank

from .payments import difference_owed_fen


def taking_dict(session: Session, taking: Taking) -> dict[str, Any]:
    """A creditor's answer and what became of it."""
    owed = difference_owed_fen(session, taking.registration_id) if taking.registration_id else 0
    return {
        "id": taking.id,
        "auction_id": taking.auction_id,
        "creditor": taking.party_id,
        "status": taking.status,
        "rank": taking.rank,
        "price_fen": taking.price_fen,
        "claim_fen": taking.claim_fen,
        "difference_fen": taking.difference_fen,
        "owed_fen": owed,
        "due_at": iso(due_as_published(taking.due_at)) if taking.due_at else None,
        "provisional": taking.due_at is not None and as_published(shanghai_day(taking.due_at)).provisional,
        "answered_at": iso(taking.answered_at),
        "decided_at": iso(taking.decided_at) if taking.decided_at else None,
        "reason": taking.reason,
    }


def takings_of(session: Session, actor: Actor, auction_id: str, ruleset: Ruleset, now: datetime) -> dict[str, Any]:
    """The question after an unsold round with the creditors and their answers; a creditor sees itself alone.

    DomainError not_found for another court's, for who is no creditor, and where nobody was asked.
    """
    auction = session.get(Auction, auction_id)
    question = session.get(TakingQuestion, auction_id)
    if auction is None or question is None:
        raise DomainError("not_found")
    require(actor, "taking.read", court=auction.lot.court_code)
    known = creditors(session, auction.lot.case_id)
    if actor.role in ("bidder", "party"):
        known = [party for party in known if _is_own(session, actor, party)]
        if not known:
            raise DomainError("not_found")
    answers = {taking.party_id: taking for taking in takings(session, auction_id)}
    drawn = drawings(session, auction_id)
    state, until = asked(session, auction), as_published(question.until_on)
    return {
        "auction_id": auction_id,
        "price_fen": auction.reserve_price_fen,
        "asked_at": iso(question.asked_at),
        "until_on": until.last_day.isoformat(),
        "provisional": until.provisional,
        "waits": state is not None and state.waits(shanghai_day(now)),
        "answerable": auction.lot.disposal is None
        and is_answerable(until.last_day, shanghai_day(now), drawn=bool(drawn)),
        "commitment": question.commitment,
        "seed": question.seed if drawn else None,
        "drawings": [{"rank": rank, "drawn": list(order)} for rank, order in sorted(drawn.items())],
        "creditors": [_creditor(session, party, answers.get(party.id), ruleset) for party in known],
    }


def _creditor(session: Session, party: Party, taking: Taking | None, ruleset: Ruleset) -> dict[str, Any]:
    return {
        "creditor": party.id,
        "position": party.position,
        "name": party.name,
        "role": party.role,
        "claim_fen": party.claim_fen,
        "rank": taking.rank if taking else legal_rank(party.role, ruleset),
        "taking": taking_dict(session, taking) if taking else None,
    }


def _is_own(session: Session, actor: Actor, party: Party) -> bool:
    person = session.get(Person, actor.person_id) if actor.person_id else None
    return person is not None and person.verified and party.id_match == person.id_match


def questions_to(session: Session, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """The questions whether somebody takes a lot of whose case he is an enforcement creditor, the latest first.

    Known by the checked identity alone: empty for an account that has none. `open`: he may answer and has not.
    """
    person = session.get(Person, actor.person_id) if actor.person_id else None
    if person is None or not person.verified:
        return []
    rows = session.execute(
        select(TakingQuestion, Auction, Lot, Party)
        .join(Auction, Auction.id == TakingQuestion.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .join(Party, Party.case_id == Lot.case_id)
        .where(Party.id_match == person.id_match)
        .order_by(TakingQuestion.asked_at.desc(), TakingQuestion.auction_id, Party.position)
    )
    return [_own_question(session, *row, now=now) for row in rows if is_asked(row.Party.role, row.Party.claim_fen)]


def _own_question(
    session: Session, question: TakingQuestion, auction: Auction, lot: Lot, party: Party, *, now: datetime
) -> dict[str, Any]:
    rows = select(Taking).where(Taking.auction_id == auction.id, Taking.party_id == party.id)
    taking, drawn = session.scalar(rows), bool(drawings(session, auction.id))
    until = as_published(question.until_on)
    answerable = lot.disposal is None and is_answerable(until.last_day, shanghai_day(now), drawn=drawn)
    return {
        "auction_id": auction.id,
        "round": auction.round,
        "title": lot.title,
        "role": party.role,
        "price_fen": auction.reserve_price_fen,
        "until_on": until.last_day,
        "provisional": until.provisional,
        "status": taking.status if taking else None,
        "open": answerable and taking is None,
    }


def own_sale_dict(sale: OwnSale) -> dict[str, Any]:
    """A debtor's own sale, for the court."""
    return {
        "id": sale.id,
        "auction_id": sale.auction_id,
        "status": sale.status,
        "above_fen": sale.above_fen,
        "offer_fen": sale.offer_fen,
        "until_on": sale.until_on.isoformat(),
        "price_fen": sale.price_fen,
        "reason": sale.reason,
        "allowed_at": iso(sale.allowed_at),
        "ended_at": iso(sale.ended_at) if sale.ended_at else None,
        "ended_reason": sale.ended_reason,
    }


def own_sales_of(session: Session, auction_id: str) -> list[OwnSale]:
    """The debtor's own sales allowed after a round, the latest first."""
    rows = select(OwnSale).where(OwnSale.auction_id == auction_id).order_by(OwnSale.allowed_at.desc(), OwnSale.id)
    return list(session.scalars(rows))


def disposal_of(session: Session, lot: Lot) -> dict[str, Any] | None:
    """How a lot was disposed of without a sale to a bidder, as the public reads it; None where it was not.

    Of a return the reason is public. Nobody is named.
    """
    if lot.disposal is None:
        return None
    back = session.get(LotReturn, lot.id)
    if back is not None:
        return _disposal(lot.disposal, back.auction_id, None, back.at, back.reason)
    if lot.disposal == "taken":
        taking = session.scalars(select(Taking).where(Taking.lot_id == lot.id, Taking.status.in_(HOLDING))).one()
        return _disposal(lot.disposal, taking.auction_id, taking.price_fen, taking.decided_at, None)
    sale = session.scalars(select(OwnSale).where(OwnSale.lot_id == lot.id, OwnSale.status == "sold")).one()
    return _disposal(lot.disposal, sale.auction_id, sale.price_fen, sale.ended_at, None)


def _disposal(
    kind: str, auction_id: str, price_fen: int | None, at: datetime | None, reason: str | None
) -> dict[str, Any]:
    return {
        "kind": kind,
        "auction_id": auction_id,
        "price_fen": price_fen,
        "at": iso(at) if at else None,
        "reason": reason,
    }


def after_unsold(session: Session, auction: Auction, now: datetime) -> dict[str, Any] | None:
    """What the public is told on the page of an unsold round: the question, an own sale, the end. None elsewhere."""
    if auction.status != "unsold":
        return None
    running = own_sale(session, auction.lot_id)
    state = asked(session, auction)
    disposal = disposal_of(session, auction.lot)
    return {
        "asked_until": state.until_on if state and state.waits(shanghai_day(now)) else None,
        "drawn": _drawn(session, auction),
        "own_sale_until": running.until_on if running and running.auction_id == auction.id else None,
        "disposal": disposal if disposal and disposal["auction_id"] == auction.id else None,
    }


def _drawn(session: Session, auction: Auction) -> dict[str, Any] | None:
    """The drawings of lots among creditors of one rank, with what they can be computed from; nobody is named."""
    orders, question = drawings(session, auction.id), session.get(TakingQuestion, auction.id)
    if not orders or question is None:
        return None
    return {
        "commitment": question.commitment,
        "seed": question.seed,
        "auction_id": auction.id,
        "orders": [list(order) for _, order in sorted(orders.items())],
    }


def group_dict(session: Session, group: LotGroup) -> dict[str, Any]:
    """A group of lots, with what each brought, and whether that is enough."""
    lots = group_lots(session, group.id)
    return {
        "id": group.id,
        "claim_fen": group.claim_fen,
        "costs_fen": group.costs_fen,
        "sell_all": group.sell_all,
        "proceeds_fen": sum(lot.brought_fen for lot in lots),
        "paid_fen": sum(lot.paid_fen for lot in lots),
        "satisfied": is_satisfied(lots, group.claim_fen, group.costs_fen, sell_all=group.sell_all),
        "paid": is_paid(lots, group.claim_fen, group.costs_fen, sell_all=group.sell_all),
        "lots": [{"lot_id": lot.lot_id, "brought_fen": lot.brought_fen, "paid_fen": lot.paid_fen} for lot in lots],
    }


def group_resource(session: Session, actor: Actor, group_id: str) -> dict[str, Any]:
    """`GET /lot-groups/{id}`; DomainError not_found for another court's."""
    group = session.get(LotGroup, group_id)
    if group is None:
        raise DomainError("not_found")
    lot = session.get(Lot, group_lots(session, group_id)[0].lot_id)
    require(actor, "lot.group", court=lot.court_code if lot else None)
    return group_dict(session, group)

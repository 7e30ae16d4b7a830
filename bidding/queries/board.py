"""The board of a court: all its lots by stage, with what is due on each. Never who is behind a bidder code."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, Literal, TypeVar

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, selectinload

from auction.kernel.clock import parse
from auction.models import Auction, Lot, Notice, Party, ReferencePrice
from auction.queries.pricing import price_steps
from auction.queries.proposals import earlier_round, price_of, recipient_of, stays
from auction.rules.calendar import WorkingDays, shanghai_day
from auction.rules.lot import LIVE, PRIVATE, AssetType, AuctionStatus, PartyRole, Round
from auction.rules.notices import Addressee
from auction.rules.pricing import Step, with_record
from auction.rules.published_holidays import as_published, due_as_published, published_calendar
from auction.rules.ruleset import Ruleset
from disclosure.models import Question, QuestionMerge
from disclosure.queries.findings import all_addressees
from disclosure.queries.sheets import catalogue_of, working_sheet
from disclosure.rules.gaps import gaps
from disclosure.rules.sheet import addressees

from ..models import AfterSaleStep, Payment, Registration, Renege, RenegeObjection, TopUpOrder
from ..rules.clocks import Clock, DisposalFacts, LotFacts, OpenObjection, SaleFacts, clocks, urgency
from ..rules.handover import RULING, SERVED
from ..rules.stages import Stage, stage
from .handover import cleared_step, disposals, due
from .held import is_held, resume_day
from .market import registrations
from .objections import is_unanswered, open_of_court, waits_for_suit
from .rooms import ruleset_of

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class BoardItem:
    """A lot on the board with its latest round, and the clocks that run on it, the most urgent first."""

    lot: Lot
    case_number: str
    auction: Auction | None
    stage: Stage
    clocks: tuple[Clock, ...]
    gaps: int
    votes: tuple[int, int]
    registrations: int


@dataclass(frozen=True, slots=True)
class _Open(Generic[R]):
    """How many of something are open on a lot, and when the first of them is due."""

    number: int
    due: R


def board(session: Session, court_code: str, ruleset: Ruleset, now: datetime) -> list[BoardItem]:
    """Every lot of a court: whatever is most urgent first, then in the order of stages."""
    lots = session.scalars(select(Lot).where(Lot.court_code == court_code).options(selectinload(Lot.case))).all()
    ids = [lot.id for lot in lots]
    rounds = _rounds(session, ids)
    latest = {lot_id: held[-1] for lot_id, held in rounds.items()}
    known = _Known.of(session, court_code, ids, [auction for held in rounds.values() for auction in held], now)
    counts = registrations(session, [auction.id for auction in latest.values()])
    calendar = published_calendar(ruleset)
    items = []
    for lot in lots:
        auction = latest.get(lot.id)
        facts = _facts(session, lot, rounds.get(lot.id, []), known, ruleset, calendar)
        announced = ruleset_of(session, auction) if auction is not None and _runs(auction) else None
        given = [member.approve is True for member in auction.panel] if auction else []
        items.append(
            BoardItem(
                lot=lot,
                case_number=lot.case.number,
                auction=auction,
                stage=stage(facts, now, ruleset, calendar),
                clocks=clocks(facts, now, ruleset, calendar, announced),
                gaps=facts.gaps,
                votes=(sum(given), len(given)),
                registrations=counts.get(auction.id, 0) if auction else 0,
            )
        )
    return sorted(items, key=lambda item: _order(item, now))


def _order(item: BoardItem, now: datetime) -> tuple[tuple[int, float, str], int, str]:
    first = urgency(item.clocks[0], now) if item.clocks else (99, 0.0, "")
    return first, list(Stage).index(item.stage), item.lot.id


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read for all lots of a court at once, by lot."""

    prices: Mapping[str, ReferencePrice]
    pricing: Mapping[str, list[Step]]
    notices: Mapping[str, list[Notice]]
    parties: Mapping[str, list[Party]]
    undecided: Mapping[str, int]
    refunds: Mapping[str, _Open[datetime]]
    objections: Mapping[str, _Open[date]]
    sale_objections: Mapping[str, list[OpenObjection]]
    questions: Mapping[str, _Open[datetime]]
    top_ups: Mapping[str, _Open[datetime]]
    stays: Mapping[str, list[tuple[datetime, datetime]]]
    paid: Mapping[str, datetime]
    ruled: Mapping[str, AfterSaleStep]
    disposals: Mapping[str, DisposalFacts]

    @classmethod
    def of(
        cls, session: Session, court_code: str, lot_ids: list[str], rounds: list[Auction], now: datetime
    ) -> "_Known":
        ours = select(Auction.id).join(Lot, Lot.id == Auction.lot_id).where(Lot.court_code == court_code)
        prices = session.scalars(select(ReferencePrice).where(ReferencePrice.lot_id.in_(lot_ids)))
        notices = session.scalars(select(Notice).where(Notice.lot_id.in_(lot_ids)).order_by(Notice.position))
        parties = session.scalars(
            select(Party)
            .where(Party.case_id.in_(select(Lot.case_id).where(Lot.court_code == court_code)))
            .order_by(Party.position)
        )
        undecided = session.execute(
            select(Registration.auction_id, func.count())
            .where(
                Registration.auction_id.in_(ours),
                Registration.status == "awaiting_court",
                Registration.capacity.in_(("agent", "joint")),
            )
            .group_by(Registration.auction_id)
        )
        paid = session.execute(
            select(Payment.auction_id, func.max(Payment.paid_at))
            .where(Payment.auction_id.in_(ours), Payment.purpose == "balance", Payment.status == "paid")
            .group_by(Payment.auction_id)
        )
        ruled = session.scalars(  # the service, from which the handover's days run, after its ruling: the later stands
            select(AfterSaleStep)
            .where(AfterSaleStep.auction_id.in_(ours), AfterSaleStep.code.in_((RULING, SERVED)))
            .order_by(AfterSaleStep.code == SERVED)
        )
        return cls(
            prices={price.lot_id: price for price in prices},
            pricing=price_steps(session, lot_ids),
            notices=_grouped(notices, lambda notice: notice.lot_id),
            parties=_grouped(parties, lambda party: party.case_id),
            undecided={row[0]: row[1] for row in undecided},
            refunds=_refunds(session, court_code),
            objections=_objections(session, court_code),
            sale_objections=_sale_objections(session, court_code, now),
            questions=_questions(session, court_code),
            top_ups=_top_ups(session, court_code),
            stays=stays(session, rounds),
            paid={auction_id: at for auction_id, at in paid if at is not None},
            ruled={step.auction_id: step for step in ruled},
            disposals=disposals(session, court_code),
        )


def _grouped(rows: Iterable[R], key: Callable[[R], str]) -> dict[str, list[R]]:
    found: dict[str, list[R]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _refunds(session: Session, court_code: str) -> dict[str, _Open[datetime]]:
    rows = session.execute(
        select(Auction.lot_id, func.count(), func.min(Payment.refund_due_at))
        .join(Auction, Auction.id == Payment.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(Lot.court_code == court_code, Payment.refund_due_at.is_not(None), Payment.refunded_at.is_(None))
        .group_by(Auction.lot_id)
    )
    return {lot_id: _Open(number, due_at) for lot_id, number, due_at in rows if due_at is not None}


def _objections(session: Session, court_code: str) -> dict[str, _Open[date]]:
    rows = session.execute(
        select(Renege.lot_id, func.count(), func.min(RenegeObjection.due_on))
        .join(Renege, Renege.id == RenegeObjection.renege_id)
        .join(Lot, Lot.id == Renege.lot_id)
        .where(Lot.court_code == court_code, RenegeObjection.status == "filed")
        .group_by(Renege.lot_id)
    )
    return {lot_id: _Open(number, due_on) for lot_id, number, due_on in rows}


def _sale_objections(session: Session, court_code: str, now: datetime) -> dict[str, list[OpenObjection]]:
    found: dict[str, list[OpenObjection]] = defaultdict(list)
    for row, auction, lot in open_of_court(session, court_code, now):
        if row.status == "filed":
            act: Literal["receive", "decide"] = "receive" if row.received_at is None else "decide"
            found[lot.id].append(OpenObjection(auction.id, act, as_published(row.due_on).last_day, row.kind))
        if row.review_status == "filed" and row.review_due_on is not None:
            found[lot.id].append(OpenObjection(auction.id, "review", as_published(row.review_due_on).last_day))
        if is_unanswered(row, auction):
            found[lot.id].append(OpenObjection(auction.id, "answer", None, row.kind))
        if (bar := waits_for_suit(row, auction, now)) is not None:
            due_on = bar.day if bar.code == "suit_days" else None
            found[lot.id].append(OpenObjection(auction.id, "sue" if due_on else "suit", due_on, row.kind))
    return found


def _questions(session: Session, court_code: str) -> dict[str, _Open[datetime]]:
    rows = session.execute(
        select(Question.lot_id, func.count(), func.min(Question.due_at))
        .join(Lot, Lot.id == Question.lot_id)
        .where(Lot.court_code == court_code, Question.answered_at.is_(None))
        .where(~exists().where(QuestionMerge.question_id == Question.id))
        .group_by(Question.lot_id)
    )
    return {lot_id: _Open(number, due_at) for lot_id, number, due_at in rows}


def _top_ups(session: Session, court_code: str) -> dict[str, _Open[datetime]]:
    rows = session.execute(
        select(Renege.lot_id, func.count(), func.min(TopUpOrder.due_at))
        .join(Renege, Renege.id == TopUpOrder.renege_id)
        .join(Lot, Lot.id == Renege.lot_id)
        .where(Lot.court_code == court_code, TopUpOrder.status == "ordered")
        .group_by(Renege.lot_id)
    )
    return {lot_id: _Open(number, due_at) for lot_id, number, due_at in rows}


def _rounds(session: Session, lot_ids: list[str]) -> dict[str, list[Auction]]:
    rows = session.scalars(
        select(Auction)
        .where(Auction.lot_id.in_(lot_ids))
        .options(selectinload(Auction.panel))
        .order_by(Auction.created_at, Auction.id)
    )
    return _grouped(rows, lambda auction: auction.lot_id)


def _runs(auction: Auction) -> bool:
    """Whether clocks of the announced round may still run."""
    return auction.status in LIVE or (auction.status == "sold" and auction.settlement != "handed_over")


def _facts(
    session: Session, lot: Lot, held: list[Auction], known: _Known, ruleset: Ruleset, calendar: WorkingDays
) -> LotFacts:
    """A lot as the rules of the board see it; its sheet is read only while it may still be announced."""
    auction = held[-1] if held else None
    parties = [Addressee(party.name, PartyRole(party.role)) for party in known.parties.get(lot.case_id, [])]
    announced = [each.announced_at for each in held if each.announced_at is not None]
    price = known.prices.get(lot.id)
    missing, begun = 0, False
    if auction is None or auction.status in PRIVATE:
        catalogue, sheet = catalogue_of(session, lot), working_sheet(session, lot.id)
        missing, begun = len(gaps(sheet, catalogue)), bool(sheet.items)
        parties = list(all_addressees(parties, addressees(sheet, catalogue)))
    refunds, objections = known.refunds.get(lot.id), known.objections.get(lot.id)
    top_up, questions = known.top_ups.get(lot.id), known.questions.get(lot.id)
    return LotFacts(
        asset_type=AssetType(lot.asset_type),
        entered_at=lot.created_at,
        seized_on=lot.seized_on,
        disposed=lot.disposal is not None,
        disposal=known.disposals.get(lot.id),
        price=with_record(price_of(price), known.pricing.get(lot.id, ()), ruleset, calendar) if price else None,
        pricing=tuple(known.pricing.get(lot.id, ())),
        addressees=tuple(parties),
        recipients=tuple(recipient_of(notice) for notice in known.notices.get(lot.id, [])),
        gaps=missing,
        sheet_begun=begun,
        announced_on=shanghai_day(min(announced)) if announced else None,
        earlier=tuple(earlier_round(each, known.stays.get(each.id, ())) for each in held),
        sale=_sale(session, auction, known) if auction else None,
        refunds=refunds.number if refunds else 0,
        refunds_due_at=refunds.due if refunds else None,
        objections=objections.number if objections else 0,
        objections_due_on=objections.due if objections else None,
        sale_objections=tuple(known.sale_objections.get(lot.id, ())),
        questions=questions.number if questions else 0,
        questions_due_at=questions.due if questions else None,
        top_up_due_at=top_up.due if top_up else None,
    )


def _sale(session: Session, auction: Auction, known: _Known) -> SaleFacts:
    suspension = auction.suspension or {}
    paid_at = known.paid.get(auction.id) or auction.closed_at
    ruling = known.ruled.get(auction.id)
    owed = auction.settlement in ("paid", "ruled")
    promise = due(session, auction) if owed else None
    return SaleFacts(
        auction_id=auction.id,
        round=Round(auction.round),
        status=AuctionStatus(auction.status),
        opens_at=auction.opens_at,
        closes_at=auction.closes_at,
        undecided=known.undecided.get(auction.id, 0),
        suspended_at=parse(suspension["at"]) if "at" in suspension else None,
        resume_by=resume_day(auction),
        held=is_held(auction),
        settlement=auction.settlement,
        balance_due_at=due_as_published(auction.balance_due_at) if auction.balance_due_at else None,
        paid_on=shanghai_day(paid_at) if owed and paid_at else None,
        ruled_on=ruling.on if ruling else None,
        promised_on=promise.due_on if promise and promise.applies else None,
        cleared=owed and cleared_step(session, auction.id) is not None,
    )

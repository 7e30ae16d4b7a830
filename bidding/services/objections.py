"""Objecting to a sale and deciding on it (OJA 36; CPL 236, 238; OBJ 11, 15): nothing public names who objects.

An outsider's objection stops the sale as soon as a judge has received it; the sale cannot go on while it is undecided,
nor once it was accepted. What follows from a decision (going on, withdrawing, revoking) are acts of their own.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Auction, Person
from auction.rules.access import Actor, require
from auction.rules.calendar import shanghai_day
from auction.rules.published_holidays import published_calendar

from ..models import SaleObjection
from ..queries.auctions import has_ended
from ..queries.objections import barring_objection, objected_before, whose_act
from ..queries.papers import check_own
from ..queries.rooms import ruleset_of
from ..rules import objection as rules
from .life import end_cause, suspend_locked
from .noting import row_of
from .rooms import lock_auction

#: Why a sale stands still while an outsider's claim is examined.
OWNERSHIP_OBJECTION = "ownership_objection"
_REASON = "案外人对拍卖标的主张权利，审查期间暂缓拍卖"


def file_objection(
    unit: Unit, actor: Actor, auction_id: str, *, kind: str, grounds: str, attachments: Sequence[str] = ()
) -> SaleObjection:
    """Object to an announced sale: to its `conduct`, or with a claim to the lot (`ownership`).

    DomainError not_found, wrong_state once the lot is handed over (OBJ 6) or the same person has objected in this way
    before (all grounds at once, OBJ 15); invalid for papers that are not his own.
    """
    require(actor, "objection.file")
    auction = lock_auction(unit, auction_id)
    if auction.announced_at is None:
        raise DomainError("not_found")
    if auction.settlement == "handed_over":
        raise DomainError("wrong_state", status=auction.settlement)
    person = unit.session.get_one(Person, actor.person_id)
    if objected_before(unit.session, auction.id, kind, person.id_match):
        raise DomainError("wrong_state", reason="objected_before")
    check_own(unit.session, actor.id, attachments)
    numbers = ruleset_of(unit.session, auction)
    due = rules.decision_due(kind, shanghai_day(unit.now), numbers, published_calendar(numbers))
    row = SaleObjection(
        id=unit.new_id(),
        auction_id=auction.id,
        account_id=actor.id,
        kind=kind,
        grounds=grounds,
        attachments=list(dict.fromkeys(attachments)),
        status="filed",
        filed_at=unit.now,
        due_on=due.last_day,
        review_extended=False,
    )
    unit.session.add(row)
    _note(unit, row, "ObjectionFiled", objection=kind, grounds=grounds, papers=row.attachments)
    return row


def receive_objection(unit: Unit, actor: Actor, objection_id: str) -> SaleObjection:
    """A judge has received an objection; an outsider's claim stops a sale that is announced or open, at once.

    DomainError not_found for another court's, wrong_state where it was received before.
    """
    auction, row = _locked(unit, actor, objection_id, "objection.receive")
    if row.received_at is not None or row.status != "filed":
        raise DomainError("wrong_state", status="received")
    row.received_by, row.received_at = actor.id, unit.now
    _note(unit, row, "ObjectionReceived", by=actor.id)
    runs = auction.status in ("announced", "open") and not has_ended(auction, unit.now)
    if row.kind == rules.OWNERSHIP and runs:
        suspend_locked(unit, auction, kind="stay", reason=_REASON, cause=OWNERSHIP_OBJECTION)
    return row


def decide_objection(unit: Unit, actor: Actor, objection_id: str, *, accept: bool, reason: str) -> SaleObjection:
    """Decide on an objection that was received: a judge or the president, none of whose acts are objected to.

    Once no outsider's claim keeps the sale from going on, the days to resume it run. DomainError not_found,
    own_act for the panel and whoever set the sale up, wrong_state where it is decided or was not received.
    """
    auction, row = _locked(unit, actor, objection_id, "objection.decide")
    if actor.id in whose_act(auction):
        raise DomainError("own_act")
    if row.status != "filed" or row.received_at is None:
        raise DomainError("wrong_state", status=row.status if row.received_at else "not_received")
    numbers = ruleset_of(unit.session, auction)
    due = rules.remedy_due(row.kind, shanghai_day(unit.now), numbers, published_calendar(numbers))
    row.status, row.decided_at = "accepted" if accept else "rejected", unit.now
    row.decided_by, row.decision_reason, row.remedy_until = actor.id, reason, due.last_day
    _note(unit, row, "ObjectionDecided", status=row.status, reason=reason, by=actor.id)
    _let_go_on(unit, auction)
    return row


def ask_for_review(unit: Unit, actor: Actor, objection_id: str, *, grounds: str) -> SaleObjection:
    """The objector asks the higher court to review the decision, within the days (CPL 236); once.

    DomainError not_found for anybody else's, wrong_state before the decision, after a review was asked for or its days
    are over, and for an outsider's claim, against whose decision a suit lies (CPL 238).
    """
    require(actor, "objection.file")
    auction, row = _row(unit, objection_id)
    if row.account_id != actor.id:
        raise DomainError("not_found")
    if rules.remedy_of(row.kind) != "review":
        raise DomainError("wrong_state", reason="suit")
    if row.remedy_until is None or row.review_status is not None:
        raise DomainError("wrong_state", status=row.review_status or row.status)
    if shanghai_day(unit.now) > row.remedy_until:
        raise DomainError("wrong_state", reason="review_too_late")
    row.review_status, row.review_grounds, row.review_filed_at = "filed", grounds, unit.now
    row.review_due_on = _review_due(unit, auction, row)
    _note(unit, row, "ObjectionReviewAsked", grounds=grounds)
    return row


def extend_review(unit: Unit, actor: Actor, objection_id: str) -> SaleObjection:
    """Record that the higher court has extended its time, once (EXEC 8). DomainError not_found, wrong_state."""
    auction, row = _locked(unit, actor, objection_id, "objection.record")
    if row.review_status != "filed" or row.review_extended:
        raise DomainError("wrong_state", status=row.review_status or row.status)
    row.review_extended = True
    row.review_due_on = _review_due(unit, auction, row)
    _note(unit, row, "ObjectionReviewExtended", by=actor.id)
    return row


def record_review(unit: Unit, actor: Actor, objection_id: str, *, outcome: str, on: date, reason: str) -> SaleObjection:
    """Record what the higher court decided on a day: `upheld` or `reversed`.

    DomainError not_found, wrong_state; invalid for a day before the review was asked for, or that has not come.
    """
    auction, row = _locked(unit, actor, objection_id, "objection.record")
    if row.review_status != "filed" or row.review_filed_at is None:
        raise DomainError("wrong_state", status=row.review_status or row.status)
    if on > shanghai_day(unit.now):
        raise invalid("on", "in_future", value=on.isoformat())
    if on < shanghai_day(row.review_filed_at):
        raise invalid("on", "too_early", earliest=shanghai_day(row.review_filed_at).isoformat())
    row.review_status, row.review_decided_on, row.review_reason = outcome, on, reason
    row.review_recorded_by = actor.id
    _note(unit, row, "ObjectionReviewRecorded", outcome=outcome, on=on.isoformat(), reason=reason, by=actor.id)
    _let_go_on(unit, auction)
    return row


def _let_go_on(unit: Unit, auction: Auction) -> None:
    """Where an outsider's claim had stopped the sale and none keeps it any more, its cause has ended."""
    unit.session.flush()
    stopped = (auction.suspension or {}).get("cause") == OWNERSHIP_OBJECTION
    if stopped and "ended_at" not in (auction.suspension or {}) and not barring_objection(unit.session, auction.lot_id):
        end_cause(unit, auction, reason="案外人异议已处理")


def _review_due(unit: Unit, auction: Auction, row: SaleObjection) -> date:
    assert row.review_filed_at is not None  # noqa: S101 - a review was asked for
    numbers = ruleset_of(unit.session, auction)
    filed_on = shanghai_day(row.review_filed_at)
    return rules.review_due(filed_on, numbers, published_calendar(numbers), extended=row.review_extended).last_day


def _row(unit: Unit, objection_id: str) -> tuple[Auction, SaleObjection]:
    auction_id = unit.session.scalar(select(SaleObjection.auction_id).where(SaleObjection.id == objection_id))
    if auction_id is None:
        raise DomainError("not_found")
    auction = lock_auction(unit, auction_id)
    return auction, unit.session.get_one(SaleObjection, objection_id, populate_existing=True)


def _locked(unit: Unit, actor: Actor, objection_id: str, action: str) -> tuple[Auction, SaleObjection]:
    auction, row = _row(unit, objection_id)
    require(actor, action, court=auction.lot.court_code)
    return auction, row


def _note(unit: Unit, row: SaleObjection, kind: str, **facts: Any) -> None:
    """Journal an act on an objection, sealed, in a stream of its own: it tells nobody that a sale was objected to."""
    unit.record(
        kind,
        stream=f"objection:{row.id}",
        private=True,
        body={"objection_id": row.id, "auction_id": row.auction_id, "row": row_of(row), **facts},
    )

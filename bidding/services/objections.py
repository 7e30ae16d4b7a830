"""Objecting to a sale and deciding on it (OJA 36; CPL 236, 238; OBJ 11, 15): nothing public names who objects.

An outsider's objection stops the sale as soon as a judge has received it; the sale cannot go on while it is undecided,
nor, once it was rejected, within the days he has to sue and while a suit filed in them is tried (CPLI 463(2), 313).
A panel of judges who had no part in the sale decides. Once an objection of either kind is accepted the sale stands
still and is neither confirmed nor ruled on; withdrawing or revoking it are acts of their own.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from auction.kernel.errors import Breach, DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Account, Approval, Auction, Person
from auction.rules.access import Actor, require
from auction.rules.approvals import Need
from auction.rules.calendar import midnight, shanghai_day
from auction.rules.panel import PanelMember, panel_findings
from auction.rules.published_holidays import as_published, published_calendar
from auction.services.approvals import propose
from auction.services.locking import lock_auction

from ..models import SaleObjection
from ..queries.auctions import has_ended
from ..queries.held import is_held
from ..queries.objections import DECISION, barring_objection, objected_before, suit_of, whose_act
from ..queries.papers import check_own
from ..queries.rooms import ruleset_of
from ..rules import objection as rules
from .life import CLAIMED_REASON, OWNERSHIP_OBJECTION, end_cause, restate, suspend_locked
from .looks import await_look, count_again, taken
from .noting import row_of

#: What the public reads once an objection was accepted; nobody is named.
_ACCEPTED = {
    rules.OWNERSHIP: "案外人对拍卖标的的异议成立，本次拍卖不再进行，待撤回",
    rules.CONDUCT: "对拍卖行为的异议成立，本次拍卖不再进行，待撤回或者重新公告",
}


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
        suspend_locked(unit, auction, kind="stay", reason=CLAIMED_REASON, cause=OWNERSHIP_OBJECTION)
    return row


def propose_decision(
    unit: Unit, actor: Actor, objection_id: str, *, accept: bool, reason: str, panel: Sequence[str]
) -> Approval:
    """Propose how to decide an objection that was received; a panel decides by its majority (OBJ 11).

    The panel is the proposer, a judge or the president, and the judges named in `panel` by username, none of whose acts
    are objected to; nobody else is asked. DomainError not_found, own_act for the panel of the sale and whoever set it
    up, wrong_state where it is decided or was not received, already_proposed; invalid for a panel as the rule
    `panel_findings`, or an unknown name (`unknown_judge`).
    """
    auction, row = _locked(unit, actor, objection_id, "objection.decide")
    own = frozenset(whose_act(auction))
    if actor.id in own:
        raise DomainError("own_act")
    _check_undecided(row)
    others = _named(unit, auction, actor, panel, own)
    return propose(
        unit,
        actor,
        kind=DECISION,
        subject_id=row.id,
        court_code=auction.lot.court_code,
        proposal={"accept": accept, "auction_id": auction.id},
        reason=reason,
        needs=[Need("judge", (len(others) + 1) // 2, among=others, but=own, panel=len(others) + 1)],
    )


def _named(unit: Unit, auction: Auction, actor: Actor, panel: Sequence[str], own: frozenset[str]) -> frozenset[str]:
    """The accounts of the judges who are to decide with the proposer; whose acts are objected to does not sit."""
    found = {
        account.username: account
        for account in unit.session.scalars(select(Account).where(Account.username.in_(panel)))
    }
    wrong = [
        Breach("unknown_judge", f"panel.{number}", facts={"value": name[:64]})
        for number, name in enumerate(panel)
        if name not in found
    ]
    if wrong:
        raise DomainError("invalid", wrong)
    proposer = unit.session.get_one(Account, actor.id)
    seats = [
        *(PanelMember(name, found[name].role, found[name].court_code, found[name].id in own) for name in panel),
        PanelMember(proposer.username, "judge", proposer.court_code),
    ]
    faults = panel_findings(seats, auction.lot.court_code, ruleset_of(unit.session, auction))
    if faults:
        raise DomainError("invalid", [finding.breach() for finding in faults])
    return frozenset(account.id for account in found.values())


def _check_undecided(row: SaleObjection) -> None:
    if row.status != "filed" or row.received_at is None:
        raise DomainError("wrong_state", status=row.status if row.received_at else "not_received")


def carry_out_decision(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The panel's majority has decided. What was accepted stops the sale for good, or bars its confirmation.

    Once nothing keeps the sale from going on, the days to resume it run. DomainError wrong_state where it is decided.
    """
    auction, row = _locked(unit, actor, approval.subject_id, "objection.decide")
    _check_undecided(row)
    numbers = ruleset_of(unit.session, auction)
    due = rules.remedy_due(row.kind, shanghai_day(unit.now), numbers, published_calendar(numbers))
    row.status, row.decided_at = "accepted" if approval.proposal["accept"] else "rejected", unit.now
    row.decided_by, row.decision_reason, row.remedy_until = approval.proposed_by, approval.reason, due.last_day
    by = [approval.proposed_by, actor.id]
    _note(unit, row, "ObjectionDecided", status=row.status, reason=approval.reason, by=by, approval_id=approval.id)
    if row.kind == rules.OWNERSHIP and row.status == "rejected":
        _await_suit(unit, row)
    _take_effect(unit, auction, row)


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
    if shanghai_day(unit.now) > as_published(row.remedy_until).last_day:
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
    _check_day(unit, on, shanghai_day(row.review_filed_at))
    row.review_status, row.review_decided_on, row.review_reason = outcome, on, reason
    row.review_recorded_by = actor.id
    _note(unit, row, "ObjectionReviewRecorded", outcome=outcome, on=on.isoformat(), reason=reason, by=actor.id)
    _take_effect(unit, auction, row)
    return row


def record_suit(unit: Unit, actor: Actor, objection_id: str, *, on: date) -> SaleObjection:
    """Record that an outsider whose claim was rejected has sued, on a day: the lot is kept until the suit has ended.

    DomainError not_found; wrong_state for any other objection or where it was recorded before; invalid for a day before
    the decision, after the days to sue, or that has not come.
    """
    auction, row = _locked(unit, actor, objection_id, "objection.record_suit")
    until = suit_of(row).until
    if row.kind != rules.OWNERSHIP or row.status != "rejected" or row.decided_at is None or until is None:
        raise DomainError("wrong_state", status=row.status)
    if row.suit_filed_on is not None:
        raise DomainError("wrong_state", status=row.suit_outcome or "suit_filed")
    _check_day(unit, on, shanghai_day(row.decided_at))
    if on > until:
        raise invalid("on", "suit_too_late", latest=until.isoformat())
    row.suit_filed_on = on
    _note(unit, row, "ObjectionSuitFiled", on=on.isoformat(), by=actor.id)
    suspension = auction.suspension or {}
    if auction.status in ("announced", "open") and not has_ended(auction, unit.now):
        suspend_locked(unit, auction, kind="stay", reason=CLAIMED_REASON, cause=OWNERSHIP_OBJECTION)
    elif auction.status == "suspended" and "resume_by" in suspension:
        restate(unit, auction, reason=CLAIMED_REASON, cause=OWNERSHIP_OBJECTION)
    return row


def end_suit(unit: Unit, actor: Actor, objection_id: str, *, outcome: str, on: date, reason: str) -> SaleObjection:
    """Record how an outsider's suit ended on a day: `dismissed` (also given up), or `upheld`.

    DomainError not_found, wrong_state where none is tried; invalid for a day before it was filed, or not come.
    """
    auction, row = _locked(unit, actor, objection_id, "objection.record_suit")
    if row.suit_filed_on is None or row.suit_outcome is not None:
        raise DomainError("wrong_state", status=row.suit_outcome or row.status)
    _check_day(unit, on, row.suit_filed_on)
    row.suit_outcome, row.suit_ended_on, row.suit_reason = outcome, on, reason
    _note(unit, row, "ObjectionSuitEnded", outcome=outcome, on=on.isoformat(), reason=reason, by=actor.id)
    _take_effect(unit, auction, row)
    return row


def _check_day(unit: Unit, on: date, earliest: date) -> None:
    if on > shanghai_day(unit.now):
        raise invalid("on", "in_future", value=on.isoformat())
    if on < earliest:
        raise invalid("on", "too_early", earliest=earliest.isoformat())


def _await_suit(unit: Unit, row: SaleObjection) -> None:
    """Look again once the days to sue are over."""
    until = suit_of(row).until
    assert until is not None  # noqa: S101 - a decided claim has its days
    await_look(unit, "suit", row.id, at=midnight(until + timedelta(days=1)))


def watch_suit(unit: Unit, objection_id: str) -> bool:
    """The days to sue are over and no suit is known: the days to resume a sale that nothing else keeps run from then.

    False where the look is not due.
    """
    auction, row = _row(unit, objection_id)
    if not taken(unit, "suit", objection_id):
        return False
    until = suit_of(row).until
    if until is not None and shanghai_day(unit.now) <= until:  # the holidays were published meanwhile
        _await_suit(unit, row)
    elif until is not None:
        _let_go(unit, auction, kept_until=midnight(until + timedelta(days=1)))
    return True


def _take_effect(unit: Unit, auction: Auction, row: SaleObjection) -> None:
    """What follows from what holds of an objection now.

    Accepted: a sale that is announced, open or stopped stands still with that reason. Where objections had stopped it
    and none keeps it any more, its cause has ended.
    """
    unit.session.flush()
    if rules.outcome(row.status, row.review_status, row.suit_outcome) == "accepted":
        if auction.status in ("announced", "open"):
            suspend_locked(unit, auction, kind="halt", reason=_ACCEPTED[row.kind], cause=rules.OBJECTION_ACCEPTED)
        elif auction.status == "suspended" and not is_held(auction):
            restate(unit, auction, reason=_ACCEPTED[row.kind], cause=rules.OBJECTION_ACCEPTED)
        return
    _let_go(unit, auction)


def _let_go(unit: Unit, auction: Auction, kept_until: datetime | None = None) -> None:
    """End the cause of each sale of the lot that objections had stopped, where none keeps it any more."""
    stopped = select(Auction.id).where(Auction.lot_id == auction.lot_id, Auction.status == "suspended")
    for auction_id in unit.session.scalars(stopped.order_by(Auction.id)).all():
        held = lock_auction(unit, auction_id)
        suspension = held.suspension or {}
        objected = suspension.get("cause") in (OWNERSHIP_OBJECTION, rules.OBJECTION_ACCEPTED)
        if not objected or "ended_at" in suspension:
            continue
        if barring_objection(unit.session, held.lot_id, held.id, unit.now) is None:
            end_cause(unit, held, reason="异议已处理", kept_until=kept_until)
    count_again(unit, auction.lot_id)  # its group may keep it, or may have waited for this


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

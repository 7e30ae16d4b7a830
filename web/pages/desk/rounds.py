"""Rounds: check, panel, announcement; stopping; decisions on registrations; what follows the sale."""

from datetime import date, datetime
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.access import decide
from auction.rules.findings import Finding
from auction.rules.lot import PRIVATE
from auction.rules.ruleset import load
from auction.services import auctions as services
from auction.services.locking import lock_round
from bidding.models import Registration
from bidding.queries.court import Pending, RoundDesk, pending
from bidding.queries.handover import handover as handover_of
from bidding.queries.handover import handover_needs
from bidding.queries.held import WINNER_BARRED
from bidding.queries.minutes import Decision, decisions_of
from bidding.queries.objections import objections_of
from bidding.queries.papers import papers, proofs
from bidding.queries.renege_view import debt_of, earlier_reneges
from bidding.queries.reneges import resale_deposit
from bidding.queries.rooms import ruleset_of
from bidding.rules.handover import Way, steps_now
from bidding.services import life
from bidding.services.handover import record_handover
from bidding.services.qualification import rule as rule_on
from bidding.services.registration import decide as decide_registration
from bidding.services.relist import relist as relist_lot
from bidding.services.revocation import propose_revocation
from disclosure.queries.findings import check_round
from disclosure.rules.catalogue import Item

from ... import errors
from ...auth import house, me, policy
from ...schemas.conflicts import SaleRevocationIn
from ...schemas.rounds import (
    DecisionIn,
    DiscardIn,
    HandoverStepIn,
    RelistIn,
    ResumptionIn,
    RulingIn,
    SuspensionEndIn,
    SuspensionIn,
    VoteIn,
    WithdrawalIn,
)
from .. import clearance_view, debt_view, forms, labels
from ..forms import Entry
from ..held_view import held_view
from ..language import _, language, today
from ..lot_view import round_view
from .court import attempt, blueprint, lot_of, round_of, way_to
from .letters import sale_links, words_used
from .unsold import unsold_state

#: Where a finding about an input can be put right.
_SHEET, _PRICE, _NOTICES, _TERMS_PAGE = "disclosure", "reference_price", "notices", "terms"
_PLAN, _VIEWINGS = "clearance_plan", "viewings"


@blueprint.get("/auctions/<auction_id>", endpoint="round")
@policy("lot.read_draft")
def show(auction_id: str) -> str:
    """A round as its court works on it."""
    return _page(auction_id, Entry())


def _page(auction_id: str, form: Entry) -> str:
    desk, now = round_of(auction_id), house().now()
    private = desk.auction.status in PRIVATE
    found = house().read(check_round, me(), auction_id, load(house().settings.ruleset), now) if private else ()
    findings = [finding for finding in found if not _is_vote(finding)]
    seat = next((seat for seat in desk.panel if seat.account.id == me().id), None)
    status = desk.auction.status
    return render_template(
        "desk/round.html",
        desk=desk,
        lot=desk.lot,
        auction=round_view(desk.auction, now),
        now=now,
        form=form,
        empty=Entry(),
        private=private,
        findings=_finding_views(desk, findings),
        errors_count=sum(finding.is_error for finding in findings),
        warnings_count=sum(not finding.is_error for finding in findings),
        waiting=_waiting(auction_id) if status in ("announced", "open") else [],
        may=lambda action: decide(me(), action, court=desk.lot.court_code) is None,
        may_vote=private and seat is not None and seat.member.approve is None,
        may_announce=private and seat is not None,
        suspension=desk.auction.suspension,
        held=held_view(desk, now),
        late_resume=(desk.auction.suspension or {}).get("resume_by", "9999") < today(now).isoformat(),
        objections=sum(one.status == "filed" for one in house().read(objections_of, auction_id)),
        relist=_relist_reasons(desk),
        debt=_debt(desk, now),
        earlier=house().read(earlier_reneges, desk.lot.id) if private else [],
        raised=house().read(resale_deposit, auction_id) if private else None,
        tracker=_tracker(desk, today(now)),
        next_steps=[
            (code, labels.HANDOVER_STEP[code])
            for code in steps_now(Way.SALE, {s.code: s.on for s in desk.steps}, _needs(auction_id))
        ],
        minutes=house().read(_minutes, auction_id),
        after=unsold_state(desk.auction),
        proofs=house().read(lambda session: papers(session, proofs(session, auction_id))),
        words=words_used(desk.lot.court_code) if private else [],
        letters=sale_links(desk.lot.id, auction_id, desk.auction.settlement),
    )


def _needs(auction_id: str) -> tuple[str, ...]:
    """The steps that the handover of the lot waits for."""
    return house().read(lambda session: handover_needs(session, session.get_one(Auction, auction_id)))


def _minutes(session: Session, auction_id: str) -> list[Decision]:
    return decisions_of(session, session.get_one(Auction, auction_id))


def _tracker(desk: RoundDesk, day: date) -> dict[str, Any] | None:
    """The handover beside what was promised, once the lot is sold."""
    found = house().read(lambda session: handover_of(session, session.get_one(Auction, desk.auction.id), day))
    return clearance_view.tracker(found) if found else None


def _debt(desk: RoundDesk, now: datetime) -> dict[str, Any] | None:
    """Where the price of a sold round stands."""
    if desk.auction.status != "sold" or desk.auction.balance_due_at is None:
        return None
    numbers = house().read(ruleset_of, desk.auction)
    return debt_view.view(house().read(debt_of, me(), desk.auction.id, now), now, numbers)


def _waiting(auction_id: str) -> list[Pending]:
    """The registrations to decide on, for those who may."""
    if decide(me(), "registration.decide") is not None:
        return []
    return house().read(pending, house().vault, auction_id)


def _is_vote(finding: Finding) -> bool:
    """Votes still missing are no defect of the round: the panel's card says so."""
    return finding.code == "panel_incomplete" and finding.facts.get("reason") == "votes"


def _finding_views(desk: RoundDesk, findings: list[Finding]) -> list[dict[str, Any]]:
    """The findings as the page lists them: each with its place; those on the sheet together, one line an item."""
    catalogue = lot_of(desk.lot.id).catalogue
    views: list[dict[str, Any]] = []
    for finding in findings:
        view = _finding_view(desk, finding, catalogue.find(str(finding.facts.get("item", ""))))
        together = next((one for one in views if one["lines"] and one["severity"] == finding.severity), None)
        if not view["lines"] or together is None:
            views.append(view)
        else:
            together["lines"] += view["lines"]
    return views


def _finding_view(desk: RoundDesk, finding: Finding, item: Item | None) -> dict[str, Any]:
    tongue = language()
    lot_id, part = desk.lot.id, finding.field.split(".")[0]
    text = errors.sentence(finding.code, finding.facts, tongue)
    basis = errors.cited(finding.basis, tongue)
    lines: list[dict[str, str | None]] = []
    href: str | None
    if item is not None:
        line = {"text": text, "basis": basis, "href": way_to("desk.item", lot_id=lot_id, code=item.code)}
        lines, title, href = [line], _("调查情况表"), url_for("desk.lot", lot_id=lot_id, _anchor="sheet")
    elif part == _PLAN:
        title, href = _("腾空预案"), url_for("desk.lot", lot_id=lot_id, _anchor="clearance")
    elif part == _VIEWINGS:
        title, href = _("看样"), url_for("desk.lot", lot_id=lot_id, _anchor="desk-viewings")
    elif part in (_PRICE, _NOTICES):
        title = _("处置参考价") if part == _PRICE else _("通知")
        href = url_for("desk.lot", lot_id=lot_id, _anchor="price" if part == _PRICE else "notices")
    else:
        title, href = _("拍卖方案"), way_to("desk.edit_round", auction_id=desk.auction.id)
    return {
        "severity": finding.severity,
        "title": title,
        "href": href,
        "text": text,
        "basis": basis,
        "lines": lines,
    }


def _relist_reasons(desk: RoundDesk) -> list[tuple[str, Any]]:
    auction = desk.auction
    if auction.announced_at is None:  # a draft, or one given up: the round before is what is followed
        return []
    reasons: list[str] = [name for name in ("unsold", "withdrawn", "revoked") if auction.status == name]
    if auction.settlement == "reneged":
        reasons = ["renege"]
    return [(reason, labels.RELIST_REASON[reason]) for reason in reasons]


def _act(auction_id: str, act: Any, fields: tuple[str, ...], said: str) -> Any:
    round_of(auction_id)
    return attempt(
        act,
        lambda form: _page(auction_id, form),
        fields,
        lambda _done: url_for("desk.round", auction_id=auction_id),
        said,
    )


@blueprint.post("/auctions/<auction_id>/votes")
@policy("auction.vote")
def vote(auction_id: str) -> Any:
    """Give the own vote."""
    payload, wrong = forms.read({"approve": forms.yes, "reason": forms.text})

    def act() -> Auction:
        data = forms.load(VoteIn(), payload, wrong)

        def give(unit: Unit) -> Auction:
            return services.vote(unit, me(), lock_round(unit, me(), auction_id, "auction.vote"), **data)

        return house().perform(give)

    return _act(auction_id, act, ("reason",), _("表决已记录。"))


@blueprint.post("/auctions/<auction_id>/discard")
@policy("auction.create")
def discard(auction_id: str) -> Any:
    """Give up a draft."""
    payload, wrong = forms.read({"reason": forms.text})

    def act() -> Auction:
        data = forms.load(DiscardIn(), payload, wrong)

        def give_up(unit: Unit) -> Auction:
            return services.discard(unit, me(), lock_round(unit, me(), auction_id, "auction.create"), **data)

        return house().perform(give_up)

    return _act(auction_id, act, ("reason",), _("草案已放弃。"))


@blueprint.post("/auctions/<auction_id>/announcement")
@policy("auction.announce")
def announce(auction_id: str) -> Any:
    """Announce the round, or say everything that is missing."""
    return _act(
        auction_id,
        lambda: house().perform(life.announce, me(), auction_id),
        (),
        _("公告已发布，调查情况表已封存。"),
    )


@blueprint.post("/auctions/<auction_id>/suspension")
@policy("auction.stop")
def suspend(auction_id: str) -> Any:
    """Stop the sale for a public reason."""
    payload, wrong = forms.read({"kind": forms.text, "reason": forms.text})
    return _act(
        auction_id,
        lambda: house().perform(life.suspend, me(), auction_id, **forms.load(SuspensionIn(), payload, wrong)),
        ("kind", "reason"),
        _("已停止竞价，原因已公开。"),
    )


@blueprint.post("/auctions/<auction_id>/resumption")
@policy("auction.stop")
def resume(auction_id: str) -> Any:
    """Resume with a newly announced end."""
    payload, wrong = forms.read({"closes_at": forms.moment, "reason": forms.text, "late_reason": forms.text})
    return _act(
        auction_id,
        lambda: house().perform(life.resume, me(), auction_id, **forms.load(ResumptionIn(), payload, wrong)),
        ("closes_at", "reason", "late_reason"),
        _("已恢复，新的结束时间已公开。"),
    )


@blueprint.post("/auctions/<auction_id>/suspension-end")
@policy("auction.stop")
def end_suspension(auction_id: str) -> Any:
    """Record that why the sale was stopped has ended."""
    payload, wrong = forms.read({"reason": forms.text})
    return _act(
        auction_id,
        lambda: house().perform(life.end_suspension, me(), auction_id, **forms.load(SuspensionEndIn(), payload, wrong)),
        ("reason",),
        _("已记录，恢复的期限自今日起算。"),
    )


@blueprint.post("/auctions/<auction_id>/withdrawal")
@policy("auction.stop")
def withdraw(auction_id: str) -> Any:
    """Take the lot out of the sale; every deposit goes back."""
    payload, wrong = forms.read({"ground": forms.text, "reason": forms.text})
    return _act(
        auction_id,
        lambda: house().perform(life.withdraw, me(), auction_id, **forms.load(WithdrawalIn(), payload, wrong)),
        ("ground", "reason"),
        _("已撤回。"),
    )


@blueprint.post("/auctions/<auction_id>/revocation")
@policy("auction.revoke")
def revoke(auction_id: str) -> Any:
    """Propose to revoke a sale held for its barred winner."""
    payload, wrong = forms.read({"knowingly_false": forms.yes, "reason": forms.text})
    payload["ground"] = WINNER_BARRED

    def act() -> Any:
        data = forms.load(SaleRevocationIn(), payload, wrong)
        return house().perform(propose_revocation, me(), auction_id, **data)

    return _act(auction_id, act, ("reason", "knowingly_false"), _("已提请合议庭，过半数同意后撤销。"))


@blueprint.post("/registrations/<registration_id>/decision")
@policy("registration.decide")
def decide_on(registration_id: str) -> Any:
    """Confirm or refuse an agent, joint bidders, a preferential purchaser or a creditor."""
    payload, wrong = forms.read(
        {"approve": forms.yes, "rank": forms.whole, "claim_fen": forms.money, "reason": forms.text}
    )
    auction_id = house().read(_auction_of, registration_id)
    return _act(
        auction_id,
        lambda: house().perform(decide_registration, me(), registration_id, **forms.load(DecisionIn(), payload, wrong)),
        (),
        _("决定已记录，并通知申请人。"),
    )


def _auction_of(session: Session, registration_id: str) -> str:
    found = session.get(Registration, registration_id)
    return found.auction_id if found else ""


@blueprint.post("/auctions/<auction_id>/ruling")
@policy("auction.settle")
def rule(auction_id: str) -> Any:
    """Record the closing ruling."""
    payload, wrong = forms.read({"qualification": forms.text, "reason": forms.text})
    payload["evidence"] = request.form.getlist("evidence")
    return _act(
        auction_id,
        lambda: house().perform(rule_on, me(), auction_id, **forms.load(RulingIn(), payload, wrong)),
        (),
        _("成交裁定已记录。"),
    )


@blueprint.post("/auctions/<auction_id>/handover")
@policy("auction.settle")
def handover(auction_id: str) -> Any:
    """Record a step of the handover."""
    payload, wrong = forms.read({"code": forms.text, "on": forms.text, "detail": forms.text})
    return _act(
        auction_id,
        lambda: house().perform(record_handover, me(), auction_id, **forms.load(HandoverStepIn(), payload, wrong)),
        (),
        _("步骤已记录。"),
    )


@blueprint.post("/auctions/<auction_id>/relist")
@policy("auction.relist")
def relist(auction_id: str) -> Any:
    """Draft the next round with everything carried over."""
    payload, wrong = forms.read({"reason": forms.text})
    round_of(auction_id)
    return attempt(
        lambda: house().perform(relist_lot, me(), auction_id, **forms.load(RelistIn(), payload, wrong)),
        lambda form: _page(auction_id, form),
        (),
        lambda made: url_for("desk.edit_round", auction_id=made.id),
        _("下一轮草稿已生成，请核对方案。"),
    )

"""A bidder's way into a sale: registration, deposit, acknowledgement; and what is his: my auctions."""

from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for

from auction.kernel.errors import DomainError
from auction.kernel.money import yuan
from auction.rules.ruleset import load
from bidding.models import Payment, Registration
from bidding.queries.conflicts import BARRED, RENEGER, is_reviewed, reviews_of
from bidding.queries.held import decision_due
from bidding.queries.leaving import may_leave as leaving
from bidding.queries.lot_page import LotPage, SheetFacts, lot_page, sealed_sheet
from bidding.queries.messages import unread_count
from bidding.queries.mine import Own, mine, own, own_bids
from bidding.queries.papers import papers, proofs
from bidding.queries.payments import difference_owed_fen
from bidding.queries.renege_view import debt_of
from bidding.queries.restricted import is_restricted_sale
from bidding.queries.room_page import own_registration
from bidding.queries.rooms import ruleset_of
from bidding.queries.unsold_view import questions_to
from bidding.rules.registration import PURCHASE_UNDERTAKING, UNDERTAKINGS
from bidding.services import lifting
from bidding.services import registration as services
from bidding.services.papers import keep_paper
from bidding.services.qualification import PROVABLE, submit_qualification
from bidding.services.renege_objections import file_objection
from bidding.services.takings import TAKING
from bidding.services.unwinding import SALE_REVOKED
from disclosure.rules.sheet import is_restricted
from risk.queries.standing import own_record

from .. import errors
from ..auth import house, me, policy
from ..origin import origin_here
from ..paying import ask_balance, ask_deposit, ask_own_difference, ask_top_up, simulate_payment
from ..schemas.bidding import RegistrationIn
from ..schemas.conflicts import ReviewIn
from ..schemas.reneges import PartIn, RenegeObjectionIn
from . import debt_view, forms, labels, lot_view, mine_view
from .desk.unwinding import revocation_view
from .forms import Entry
from .language import _, language, local
from .lot_view import heading, round_view
from .papers import uploaded_paper
from .refusals import refusal_sentence

blueprint = Blueprint("enrol", __name__)

_PRINCIPAL = {"name": forms.text, "id_type": forms.text, "id_number": forms.text, "share": forms.text}


@blueprint.get("/auctions/<auction_id>/register")
@policy("registration.create")
def apply(auction_id: str) -> Any:
    """The registration form; somebody already registered sees the registration."""
    page = _lot(auction_id)
    present = house().read(own_registration, auction_id, me().id)
    if present is not None and present.status not in ("refused", "released"):
        return redirect(url_for("enrol.show", registration_id=present.id))
    return _apply_page(page, Entry({"capacity": "self", "claim": "ordinary"}))


def _closed(page: LotPage, now: datetime) -> str:
    """Why nobody can register any more; empty while somebody can."""
    code = services.closed_to(page.auction, "self", now)
    return errors.sentence(code, {}, language()) if code else ""


def _lot(auction_id: str) -> LotPage:
    page = house().read(lot_page, auction_id)
    if page is None:
        raise DomainError("not_found")
    return page


def _apply_page(page: LotPage, form: Entry) -> str:
    restricted, now = is_restricted(page.sheet.sheet), house().now()
    return render_template(
        "enrol/apply.html",
        **heading(page, now),
        closed=_closed(page, now),
        form=form,
        sheet=page.sheet,
        special=lot_view.special_notices(page.announcement),
        undertakings=(*UNDERTAKINGS, *((PURCHASE_UNDERTAKING,) if restricted else ())),
    )


@blueprint.post("/auctions/<auction_id>/register")
@policy("registration.create")
def submit(auction_id: str) -> Any:
    """Register for an auction."""
    payload, wrong = forms.read({"capacity": forms.text, "claim": forms.text, "seal": forms.text})
    principals, unreadable = forms.rows("principals", _PRINCIPAL)
    payload |= {"principals": principals, "undertakings": request.form.getlist("undertakings")}
    try:
        application = forms.load(RegistrationIn(), payload, [*wrong, *unreadable])
        registration = house().perform(services.register, me(), auction_id, application, origin_here())
    except DomainError as error:
        if error.code in ("not_found", "fault"):
            raise
        form = forms.refused(error, ("capacity", "claim", "seal", "undertakings", "principals"))
        return _apply_page(_lot(auction_id), form), errors.status_of(error.code)
    return redirect(url_for("enrol.show", registration_id=registration.id), 303)


@blueprint.get("/me", endpoint="mine")
@policy("me.read")
def mine_list() -> str:
    """What is mine: registrations with what is to be done next, money on its way, papers, record, what I was told."""
    wired = house()
    now, person_id = wired.now(), me().person_id
    record = wired.read(own_record, load(wired.settings.ruleset), person_id, now) if person_id else None
    asked = wired.read(questions_to, me(), now)
    return render_template(
        "enrol/mine.html",
        owns=[mine_view.card(row, now) for row in wired.read(mine, me().id, now)],
        now=now,
        unread=wired.read(unread_count, me().id, now),
        points=record.score if record else None,
        asked=asked,
        unanswered=sum(one["open"] for one in asked),
    )


@blueprint.get("/registrations/<registration_id>")
@policy("registration.own")
def show(registration_id: str) -> str:
    """One registration: state, deposit, what is to be confirmed, what follows the sale."""
    return _show(_own(registration_id), Entry())


def _own(registration_id: str) -> Own:
    found = house().read(own, me().id, registration_id, house().now())
    if found is None:
        raise DomainError("not_found")
    return found


def _show(found: Own, form: Entry) -> str:
    now = house().now()
    page = _lot(found.auction.id)
    auction = round_view(found.auction, now)
    debt = _debt(found, now) if found.buyer else None
    return render_template(
        "enrol/show.html",
        own=found,
        lot=found.lot,
        auction=auction,
        now=now,
        form=form,
        sheet=lot_view.sheet_view(_against(page, found), found.lot.id),
        standing=_standing(found),
        must_confirm=mine_view.must_confirm(found, auction),
        pay=_pay(found, auction, debt),
        debt=debt,
        may_object=debt is not None and _may_object(debt),
        warning=debt_view.warning(debt) if debt and debt["stage"] in ("balance_due", "overdue", "declarable") else "",
        documents=mine_view.documents(found, house().read(own_bids, found.registration)),
        **_reviews(found),
        **_qualification(found),
        may_leave=found.live and not auction["ended"] and house().read(leaving, found.auction, found.registration, now),
        material=found.auction.material_at is not None and found.registration.created_at < found.auction.material_at,
    )


def _against(page: LotPage, found: Own) -> SheetFacts:
    """The sheet in force beside the version the registrant acknowledged last."""
    if found.current:
        return page.sheet
    return house().read(sealed_sheet, page.lot, page.auction.seal, found.registration.seal)


def _qualification(found: Own) -> dict[str, Any]:
    """The buyer's proof that he may buy, and what became of a sale that was revoked."""
    revoked = found.registration.refusal == SALE_REVOKED
    mine = found.auction.leader_registration_id == found.registration.id
    return {
        "proofs": house().read(lambda s: papers(s, proofs(s, found.auction.id))) if mine else [],
        "may_prove": found.buyer and found.auction.settlement in PROVABLE,
        "restricted": found.buyer and house().read(is_restricted_sale, found.auction),
        "unwound": revocation_view(found.auction.id) if revoked else None,
    }


def _reviews(found: Own) -> dict[str, Any]:
    """What was asked for against the bar, and whether something may be asked for now."""
    reviews = house().read(reviews_of, found.registration.id)
    waits = any(asked.state == "open" for asked in reviews)
    return {"reviews": reviews, "may_ask_review": not waits and house().read(is_reviewed, found.registration)}


def _debt(found: Own, now: datetime) -> dict[str, Any]:
    numbers = house().read(ruleset_of, found.auction)
    return debt_view.view(house().read(debt_of, me(), found.auction.id, now), now, numbers)


def _may_object(debt: dict[str, Any]) -> bool:
    """Whether the buyer may still object to the declaration."""
    return debt["declaration"] is not None and not debt["declaration"]["objections"]


def _standing(found: Own) -> dict[str, str]:
    registration = found.registration
    if registration.claim == TAKING:
        return _taker(registration)
    head = mine_view.standing(found)
    if registration.status == "refused":
        code = registration.refusal or "forbidden"
        text = refusal_sentence(code, registration.id, registration.created_at)
        return {"kind": "out", "sign": "stop", "head": head, "text": text}
    if registration.refusal == SALE_REVOKED:
        text = _("法院撤销了本次拍卖，您的款项按下列决定处理。")
        return {"kind": "out", "sign": "stop", "head": str(labels.STATUS["revoked"]), "text": text}
    if registration.status == "forfeited" and registration.refusal in (BARRED, RENEGER):
        text = _("法院认定您明知自己属于不得竞买的人而作出承诺，拍卖已撤销，保证金不予退还。")
        return {"kind": "out", "sign": "stop", "head": head, "text": _with_reason(text, registration)}
    if registration.status == "released" and registration.refusal:
        text = refusal_sentence(registration.refusal, registration.id)
        return {"kind": "info", "sign": "stop", "head": head, "text": _with_reason(text, registration)}
    due = house().read(decision_due, found.auction) if found.leads else None
    if due:
        text = _(
            "竞价结束时查到您可能属于不得竞买的人，未制作成交确认书，保证金暂不退还。"
            "法院应于 %(time)s 前决定：查明有误的，自决定之日成交；否则撤销本次拍卖。您可以在本页申请复核。",
            time=local(due[0]),
        )
        return {"kind": "wait", "sign": "pause", "head": str(labels.HOLD["winner_barred"]), "text": text}
    if registration.barred and found.live:
        text = refusal_sentence(registration.barred, registration.id)
        return {"kind": "out", "sign": "stop", "head": _("不能继续出价"), "text": text}
    if found.buyer and found.auction.settlement != "reneged":
        settlement = found.auction.settlement or "balance_due"
        kind, sign = ("wait", "clock") if settlement == "overdue" else ("lead", "check")
        return {"kind": kind, "sign": sign, "head": _("竞买成功"), "text": str(labels.SETTLEMENT[settlement])}
    texts = {
        "awaiting_court": ("wait", "clock", _("法院确认后通知您；未在开拍前确认的，报名终止，已交款项退还。")),
        "awaiting_deposit": ("wait", "clock", _("保证金到账后取得竞买资格和竞买代码。")),
        "qualified": ("lead", "check", _("您可以在竞价期内以竞买代码出价。")),
        "released": ("info", "stop", _("本次报名已结束，已交的保证金按期退还。")),
        "applied": ("lead", "check", _("保证金已转为价款。")),
        "forfeited": ("out", "stop", _("悔拍的，保证金不予退还。")),
    }
    kind, sign, text = texts[registration.status]
    return {"kind": kind, "sign": sign, "head": head, "text": text}


def _taker(registration: Registration) -> dict[str, str]:
    """How it stands for a creditor who takes the lot and owes a difference."""
    owed = house().read(difference_owed_fen, registration.id)
    if registration.status == "released":
        kind, sign, text = "info", "stop", _("差价未在期限内付清，抵债已失效，已付的部分退还。")
    elif owed:
        kind, sign = "wait", "clock"
        text = _("法院已将标的交您抵债，尚须补交差价 ¥%(amount)s。", amount=yuan(owed))
    else:
        kind, sign, text = "lead", "check", _("差价已付清，标的随抵债裁定归您。")
    return {"kind": kind, "sign": sign, "head": _("以物抵债"), "text": text}


def _with_reason(text: str, registration: Registration) -> str:
    """The sentence, and the court's reason where one was given."""
    if not registration.decision_reason:
        return text
    return text + " " + _("理由：%(text)s", text=registration.decision_reason)


def _pay(found: Own, auction: dict[str, Any], debt: dict[str, Any] | None) -> dict[str, Any] | None:
    registration = found.registration
    claims = registration.claim_status == "pending" and registration.capacity == "self"
    waits = registration.status == "awaiting_deposit" or (registration.status == "awaiting_court" and claims)
    if waits and auction["status"] in ("announced", "open", "suspended") and not auction["ended"]:
        return {
            "title": _("交纳保证金"),
            "payment": found.payment("deposit"),
            "text": _("应交 ¥%(amount)s，竞价结束前到账有效。", amount=yuan(registration.deposit_due_fen)),
            "action": url_for("enrol.deposit", registration_id=registration.id),
            "label": _("取得付款账户"),
        }
    if registration.claim == TAKING:
        owed = house().read(difference_owed_fen, registration.id)
        if not owed:
            return None
        return {
            "title": _("补交抵债差价"),
            "payment": found.pending("difference"),
            "text": _("尚欠 ¥%(amount)s，可以分次支付。", amount=yuan(owed)),
            "action": url_for("enrol.difference", registration_id=registration.id),
            "label": _("取得付款账户"),
            "parts": True,
        }
    if debt is not None and debt["owed_fen"]:
        return {
            "title": _("付尾款"),
            "payment": found.pending("balance"),
            "text": _("尚欠 ¥%(amount)s，可以分次支付。", amount=yuan(debt["owed_fen"])),
            "action": url_for("enrol.balance", registration_id=registration.id),
            "label": _("取得付款账户"),
            "parts": True,
        }
    if debt is not None and debt["top_up"] and debt["top_up"]["owed_fen"] and debt["top_up"]["status"] != "paid":
        return {
            "title": _("补交差价和费用"),
            "payment": found.pending("top_up"),
            "text": _("法院责令补交，尚欠 ¥%(amount)s，可以分次支付。", amount=yuan(debt["top_up"]["owed_fen"])),
            "action": url_for("enrol.top_up", registration_id=registration.id),
            "label": _("取得付款账户"),
            "parts": True,
        }
    return None


def _act(registration_id: str, act: Any, said: str = "") -> Any:
    """Do something to an own registration and show it again; a refusal is shown on the same page."""
    found = _own(registration_id)
    try:
        act(found)
    except DomainError as error:
        if error.code in ("not_found", "fault"):
            raise
        return _show(_own(registration_id), forms.refused(error, ())), errors.status_of(error.code)
    if said:
        flash(said, "lead")
    return redirect(url_for("enrol.show", registration_id=registration_id), 303)


@blueprint.post("/registrations/<registration_id>/deposit")
@policy("registration.own")
def deposit(registration_id: str) -> Any:
    """Ask where to pay the deposit."""
    return _act(registration_id, lambda found: ask_deposit(me(), registration_id))


def _part() -> int | None:
    """How much the buyer wants to pay now; None for all that is owed."""
    payload, wrong = forms.read({"amount_fen": forms.money})
    amount: int | None = forms.load(PartIn(), payload, wrong).get("amount_fen")
    return amount


@blueprint.post("/registrations/<registration_id>/balance")
@policy("registration.own")
def balance(registration_id: str) -> Any:
    """Ask where to pay the balance, or a part of it."""
    return _act(registration_id, lambda found: ask_balance(me(), found.auction.id, _part()))


@blueprint.post("/registrations/<registration_id>/top-up")
@policy("registration.own")
def top_up(registration_id: str) -> Any:
    """Ask where to pay what a top-up order asks, or a part of it."""
    return _act(registration_id, lambda found: ask_top_up(me(), found.auction.id, _part()))


@blueprint.post("/registrations/<registration_id>/difference")
@policy("registration.own")
def difference(registration_id: str) -> Any:
    """Ask for the account to pay the difference, or a part of it, into."""
    return _act(registration_id, lambda found: ask_own_difference(me(), registration_id, _part()))


@blueprint.post("/registrations/<registration_id>/renege-objection")
@policy("renege.object")
def object_to_renege(registration_id: str) -> Any:
    """Object to the declaration that the own purchase was reneged on."""
    payload, wrong = forms.read({"grounds": forms.text})
    return _act(
        registration_id,
        lambda found: house().perform(
            file_objection, me(), found.auction.id, **forms.load(RenegeObjectionIn(), payload, wrong)
        ),
        _("异议已提交，由另一名法官审查。"),
    )


@blueprint.post("/registrations/<registration_id>/review")
@policy("registration.own")
def ask_review(registration_id: str) -> Any:
    """Ask for a review of an own refusal for the interest bar."""
    payload, wrong = forms.read({"text": forms.text})
    return _act(
        registration_id,
        lambda found: house().perform(
            lifting.ask_review, me(), registration_id, **forms.load(ReviewIn(), payload, wrong)
        ),
        _("复核申请已提交，由监管人员复核。"),
    )


@blueprint.post("/registrations/<registration_id>/qualification")
@policy("paper.keep")
def prove(registration_id: str) -> Any:
    """Hand in a file as proof that one may buy."""

    def hand_in(found: Own) -> None:
        clean = uploaded_paper()
        paper = house().perform(keep_paper, me(), clean)
        house().perform(submit_qualification, me(), found.auction.id, attachments=[paper.id])

    return _act(registration_id, hand_in, _("证明材料已提交。"))


@blueprint.post("/registrations/<registration_id>/acknowledgements")
@policy("registration.own")
def acknowledge(registration_id: str) -> Any:
    """Confirm the sheet in force."""
    seal = request.form.get("seal", "")[:64]
    return _act(
        registration_id,
        lambda found: house().perform(services.acknowledge, me(), registration_id, seal),
        _("已确认。"),
    )


@blueprint.post("/registrations/<registration_id>/leave")
@policy("registration.own")
def leave(registration_id: str) -> Any:
    """Leave before bidding opens."""
    return _act(
        registration_id, lambda found: house().perform(services.leave, me(), registration_id), _("已退出报名。")
    )


@blueprint.post("/registrations/<registration_id>/simulated-payment")
@policy("sandbox.pay")
def simulate(registration_id: str) -> Any:
    """In the sandbox: let the own payment arrive, as the gateway would tell it."""
    if not current_app.config["SANDBOX"]:
        raise DomainError("not_found")

    def pay(found: Own) -> None:
        payment: Payment | None = next((p for p in found.payments if p.id == request.form.get("payment")), None)
        if payment is None:
            raise DomainError("not_found")
        simulate_payment(found.registration, payment)

    return _act(registration_id, pay, _("付款已模拟到账。"))

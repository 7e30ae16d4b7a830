"""The bid room, and the way to bid without scripts: field, confirmation, result. A bid goes through the desk's door."""

from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from auction.kernel.crypto import canonical
from auction.kernel.errors import DomainError
from auction.kernel.money import is_amount, parse_yuan, yuan
from bidding.models import Bid
from bidding.queries.lot_page import sealed_sheet
from bidding.queries.receipts import receipt
from bidding.queries.room_page import RoomPage, answer_to, room_page
from bidding.services.bids import BARS

from .. import errors
from ..auth import current_actor, house, me, policy
from ..door import door
from . import cost_view
from .forms import fault_sentence
from .language import _, today
from .lot_view import round_view
from .refusals import refusal_sentence
from .room_view import far_sentence, room_view

blueprint = Blueprint("room", __name__)

#: What the quick buttons of the field stand for, in increments above the least bid.
_STEPS = {"least": 0, "plus3": 3, "plus5": 5}
_CHANGED = ("below_minimum", "below_reserve", "equal_not_preferred")


def _page(auction_id: str) -> RoomPage:
    actor = current_actor()
    page = house().read(room_page, auction_id, actor.id if actor else None)
    if page is None:
        raise DomainError("not_found")
    return page


@blueprint.get("/auctions/<auction_id>/room")
@policy("public.read")
def show(auction_id: str) -> str:
    """The room; anybody may watch."""
    page, now = _page(auction_id), house().now()
    shown, typed = room_view(page, now, current_actor(), _typed(page)), _typed(page)
    if shown["me"]["can_bid"]:
        shown["total"] = _total(page, typed["amount_fen"], now)
        shown["words"]["total"] = {**cost_view.total_words(), **shown["total"]}
    return render_template("room/room.html", **shown)


def _total(page: RoomPage, amount_fen: int, now: datetime) -> dict[str, Any]:
    """What the bidder would pay in all, by the sheet in force."""
    sheet = house().read(sealed_sheet, page.lot, page.auction.seal).sheet
    found = cost_view.total(sheet, page.lot.asset_type, amount_fen, today(now))
    return {**found, "said": cost_view.said_total(found)}


def _typed(page: RoomPage) -> dict[str, Any]:
    """The amount in the field: what was typed, else the least bid; and why it cannot be sent as it is."""
    given = request.args.get("amount", "")
    if not given:
        return {"amount_fen": page.minimum_fen, "error": None}
    try:
        amount = parse_yuan(given)
    except ValueError:
        return {"amount_fen": page.minimum_fen, "error": fault_sentence("amount_invalid")}
    return {"amount_fen": amount, "error": request.args.get("wrong") and _fault_sentence(page, amount)}


def _fault_sentence(page: RoomPage, amount_fen: int) -> str | None:
    code = page.fault_of(amount_fen)
    return fault_sentence(code) if code else None


@blueprint.get("/auctions/<auction_id>/bid")
@policy("bid.place")
def offer(auction_id: str) -> Any:
    """What the room's form asks without scripts: another step, or the confirmation page."""
    page = _page(auction_id)
    typed = _typed(page)
    amount, least, step = typed["amount_fen"], page.minimum_fen, page.auction.increment_fen
    wanted = request.args.get("do", "confirm")
    if wanted in _STEPS:
        return _back(auction_id, least + _STEPS[wanted] * step)
    if wanted in ("minus", "plus"):
        return _back(auction_id, max(least, amount + (step if wanted == "plus" else -step)))
    if typed["error"] or page.fault_of(amount):
        given = request.args.get("amount", "")[:30]
        return redirect(url_for("room.show", auction_id=auction_id, amount=given, wrong=1))
    now = house().now()
    return render_template(
        "room/confirm.html",
        lot=page.lot,
        auction=round_view(page.auction, now),
        now=now,
        amount_fen=amount,
        key=token_urlsafe(18),
        total=_total(page, amount, now),
        leading=page.leading,
        far=far_sentence(amount, page.auction) if page.is_far(amount) else None,
    )


def _back(auction_id: str, amount_fen: int) -> Any:
    return redirect(url_for("room.show", auction_id=auction_id, amount=yuan(amount_fen)))


@blueprint.post("/auctions/<auction_id>/bid")
@policy("bid.place")
def place(auction_id: str) -> Any:
    """Put the confirmed bid through the desk; its key makes a repeated click harmless."""
    amount, key = request.form.get("amount_fen", ""), request.form.get("key", "")[:100]
    if not key or not key.isprintable() or not amount.isdigit() or not is_amount(int(amount)):
        raise DomainError("malformed")
    answer = door().take_offer(
        me(),
        auction_id,
        int(amount),
        key,
        raise_own=request.form.get("raise_own") == "1",
        confirm_implausible=request.form.get("confirm_implausible") == "1",
    )
    stored = house().read(answer_to, auction_id, me().id, key)
    if stored is not None:
        return redirect(url_for("room.result", auction_id=auction_id, key=key), 303)
    return _result(auction_id, answer), errors.status_of(answer.code or "fault")


@blueprint.get("/auctions/<auction_id>/bids/<key>")
@policy("bid.own")
def result(auction_id: str, key: str) -> str:
    """What became of the own bid with this key."""
    stored = house().read(answer_to, auction_id, me().id, key)
    if stored is None:
        raise DomainError("not_found")
    return _result(auction_id, stored)


def _result(auction_id: str, answer: Any) -> str:
    page = _page(auction_id)
    accepted = answer.outcome == "accepted"
    if accepted:
        kind, sign, head = "lead", "check", _("出价成功")
        leads = page.auction.price_fen == answer.amount_fen and page.leading
        text = _("您目前领先，凭证已签发。") if leads else _("出价已被接受，但随后又有更高出价。")
    else:
        kind, sign = "out", "up"
        head = _("价格已变化，请重新确认") if answer.code in _CHANGED else _("出价未被接受")
        text = _refused(answer)
    return render_template(
        "room/result.html",
        lot=page.lot,
        auction=round_view(page.auction, house().now()),
        answer=answer,
        accepted=accepted,
        kind=kind,
        sign=sign,
        head=head,
        text=text,
        bid_id=getattr(answer, "id", None) or getattr(answer, "bid_id", None),
        again_fen=page.minimum_fen if answer.code in _CHANGED else None,
    )


def _refused(answer: Any) -> str:
    """Why; a stored offer that a bar refused names what it rested on then."""
    if isinstance(answer, Bid) and answer.code in BARS:
        return refusal_sentence(answer.code, answer.registration_id, answer.decided_at)
    return fault_sentence(answer.code or "fault")


@blueprint.get("/auctions/<auction_id>/room/receipt")
@policy("bid.place")
def latest_receipt(auction_id: str) -> Any:
    """The receipt card of the own latest bid, for a page that is already open."""
    page = _page(auction_id)
    if page.receipt is None:
        return Response(status=204)
    return render_template("room/_receipt.html", receipt=page.receipt)


@blueprint.get("/auctions/<auction_id>/room/receipt/paper")
@policy("bid.place")
def paper_receipt(auction_id: str) -> str:
    """The own latest receipt to be printed: whole signature and entry, for somebody who takes paper home."""
    page = _page(auction_id)
    if page.receipt is None:
        raise DomainError("not_found")
    proof = house().read(receipt, page.receipt.bid_id)
    return render_template(
        "room/receipt.html",
        lot=page.lot,
        auction=round_view(page.auction, house().now()),
        receipt=page.receipt,
        entry=canonical(proof["entry"]).decode(),
        key_id=proof["key_id"],
    )

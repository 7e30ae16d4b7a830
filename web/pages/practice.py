"""Practice: the real room's page over a sale that exists in the reader's browser alone. No state, no journal."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, url_for

from auction.models import Auction, Lot
from auction.rules.lot import AuctionStatus, Round
from auction.rules.ruleset import load
from bidding.models import Registration
from bidding.queries.course import Course
from bidding.queries.room_page import RoomPage
from bidding.queries.rooms import room_of
from bidding.rules.room import RoomRules

from .. import errors
from ..auth import house, policy
from .language import _, language
from .room_view import room_view

blueprint = Blueprint("practice", __name__)

_ID, _CODE, _SEAL = "practice", "K4827", "0" * 64
_RESERVE, _STEP, _DEPOSIT, _REFERENCE = 100_000_000, 1_000_000, 10_000_000, 125_000_000
#: Before it opens, while it runs, and the last stretch with what a bid in it adds: short, so that nobody waits.
_AHEAD, _LENGTH, _STRETCH = timedelta(seconds=8), timedelta(minutes=2), timedelta(seconds=30)
#: Every reason for which a bid is refused, in the order in which the room looks (PRECISIONS 5).
_REFUSALS = (
    "amount_invalid", "rate_limited", "idempotency_conflict", "not_open", "not_started", "suspended", "closed",
    "not_registered", "barred_interest", "barred_reneger", "barred_sanction", "deposit_unpaid", "stale_disclosure",
    "below_reserve", "not_whole_increment", "already_leading", "equal_not_preferred", "below_minimum",
    "implausible_amount", "fault",
)  # fmt: skip
_TRIED = frozenset(
    {"below_reserve", "not_whole_increment", "below_minimum", "already_leading", "implausible_amount", "not_started"}
    | {"closed"}
)


@blueprint.get("/practice")
@policy("public.read")
def show() -> str:
    """The room, practised: anybody may."""
    now, tongue = house().now(), language()
    page = _page(now)
    view = room_view(page, now, None, {"amount_fen": page.minimum_fen, "error": None})
    view["words"] = _harmless(view["words"])
    view["me"] = {**view["me"], "checks": []}
    return render_template(
        "room/practice.html",
        **view,
        practising=True,
        minutes=_LENGTH // timedelta(minutes=1),
        practice={
            "window": int(_STRETCH.total_seconds()),
            "length": int(_STRETCH.total_seconds()),
            "details": {code: errors.sentence(code, {}, tongue) for code in (*_REFUSALS, "accepted")},
            "notNow": _("现在的情形下试不出来：要看“已领先”须先领先，要看“低于最低价”须先有人出价。"),
            "accepted": _("已接受。"),
            "refused": _("被拒绝。"),
        },
        refusals=[
            {
                "code": code,
                "text": errors.sentence(code, {}, tongue),
                "basis": errors.basis_of(code, tongue),
                "tried": code in _TRIED,
            }
            for code in _REFUSALS
        ],
    )


def _page(now: datetime) -> RoomPage:
    """A room nobody stored, in which the reader is a bidder with a deposit."""
    opens = now + _AHEAD
    auction = Auction(
        id=_ID,
        lot_id=_ID,
        round=Round.FIRST.value,
        status=AuctionStatus.ANNOUNCED.value,
        version=0,
        reserve_price_fen=_RESERVE,
        increment_fen=_STEP,
        deposit_fen=_DEPOSIT,
        reference_price_fen=_REFERENCE,
        opens_at=opens,
        closes_at=opens + _LENGTH,
        scheduled_closes_at=opens + _LENGTH,
        balance_days=15,
        seal=_SEAL,
        bid_count=0,
        extensions=0,
        lapsed_seq=0,
    )
    own = Registration(
        id=_ID, status="qualified", bidder_code=_CODE, deposit_due_fen=_DEPOSIT, seal=_SEAL, has_bid=False
    )
    return RoomPage(
        auction=auction,
        lot=Lot(id=_ID, title=_("练习标的：示例住宅一套")),
        room=room_of(auction),
        rules=RoomRules.of(load(house().settings.ruleset)),
        course=Course((), ()),
        registration=own,
        receipt=None,
    )


def _harmless(words: dict[str, Any]) -> dict[str, Any]:
    """The room's words without what leads to a sale: every next step is to practise again."""
    again = [_("再练一次"), url_for("practice.show")]
    standing = {
        how: [*told[:4], again] if how in ("won", "lost", "sold", "unsold") else told[:4]
        for how, told in words["standing"].items()
    }
    standing["won"][3] = _("成交价 ¥{price}。真实拍卖中，接着按公告的期限付清尾款。")
    standing["lost"][3] = _("成交价 ¥{price}。真实拍卖中，保证金会按规定的时限退还。")
    accepted = [*words["offer"]["accepted"][:3], _("¥{price}·{time}·真实拍卖会签发凭证")]
    offer = {**words["offer"], "accepted": accepted}
    return {**words, "standing": standing, "offer": offer, "receiptHref": None, "reviewHref": None}

"""A creditor's pages: that he is asked whether he takes an unsold lot at its reserve, and his answer (SALE 16)."""

from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, url_for
from sqlalchemy.orm import Session

from auction.models import Auction
from auction.rules.calendar import shanghai_day
from auction.rules.lot import AssetType
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import load
from auction.rules.unsold import HOLDING
from bidding.queries.handover import Handover, disposal_facts, handover
from bidding.queries.lot_page import lot_page
from bidding.queries.unsold_view import questions_to, takings_of
from bidding.rules.clocks import DisposalFacts, after_disposal
from bidding.services import takings

from .. import board_words, errors
from ..auth import house, me, policy
from ..schemas.unsold import TakingIn
from . import clearance_view, forms
from .desk.court import attempt
from .forms import Entry
from .language import _, language

blueprint = Blueprint("taking", __name__, url_prefix="/me/takings")


@blueprint.get("")
@policy("taking.own")
def mine() -> str:
    """The questions put to me."""
    return render_template("takings/mine.html", questions=house().read(questions_to, me(), house().now()))


@blueprint.get("/<auction_id>")
@policy("taking.own")
def show(auction_id: str) -> str:
    """One question, my answer, and what became of it."""
    return _page(auction_id, Entry())


def _page(auction_id: str, form: Entry) -> str:
    wired = house()
    numbers = load(wired.settings.ruleset)
    asked = wired.read(takings_of, me(), auction_id, numbers, wired.now())
    page = wired.read(lot_page, auction_id)
    return render_template(
        "takings/show.html",
        asked=asked,
        auction=page.auction if page else None,
        lot=page.lot if page else None,
        case_number=page.case_number if page else "",
        court_name=page.court.name if page else "",
        basis=errors.cited(numbers.basis("taking_at_reserve"), language()),
        difference_days=numbers.days("taking_difference"),
        form=form,
        **_handover(auction_id, asked),
    )


def _handover(auction_id: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What follows the taking, for the taker himself: the steps taken, what is due, by when the court clears."""
    mine = any(one["taking"] and one["taking"]["status"] in HOLDING for one in asked["creditors"])
    wired, now = house(), house().now()
    if not mine:
        return {"gone": None}

    def read(session: Session) -> tuple[DisposalFacts | None, Handover | None, str]:
        auction = session.get_one(Auction, auction_id)
        return (
            disposal_facts(session, auction),
            handover(session, auction, shanghai_day(now)),
            auction.lot.asset_type,
        )

    gone, found, asset_type = wired.read(read)
    return {
        "gone": gone,
        "due": due_after(gone, asset_type, now) if gone else [],
        "tracker": clearance_view.tracker(found) if found else None,
    }


def due_after(gone: DisposalFacts, asset_type: str, now: datetime) -> list[dict[str, Any]]:
    """What the court still owes after a taking or the debtor's own sale, in words, the most urgent first."""
    numbers = load(house().settings.ruleset)
    soon, tongue = numbers.days("board_soon"), language()
    running = after_disposal(gone, AssetType(asset_type), now, numbers, published_calendar(numbers))
    told = [board_words.said_clock(clock, now, soon, tongue) for clock in running]
    return [{**one, "badge": board_words.word("states", one["state"], tongue)} for one in told]


@blueprint.post("/<auction_id>")
@policy("taking.own")
def answer(auction_id: str) -> Any:
    """Answer, or answer otherwise."""
    payload, wrong = forms.read({"creditor": forms.text, "decision": forms.text})
    return attempt(
        lambda: house().perform(takings.answer, me(), auction_id, **forms.load(TakingIn(), payload, wrong)),
        lambda form: _page(auction_id, form),
        ("creditor", "decision"),
        lambda _done: url_for("taking.show", auction_id=auction_id),
        _("答复已记录。"),
    )

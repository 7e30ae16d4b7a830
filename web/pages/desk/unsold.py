"""After an unsold round, on the judge's desk: the creditors' answers, awards, the debtor's own sale, the return."""

from collections.abc import Callable
from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.models import Auction
from auction.queries.unsold import own_sale
from auction.rules.access import decide
from auction.rules.lot import AssetType, NoticeClass, notice_class
from auction.rules.ruleset import load
from bidding.queries.handover import disposal_facts, handover_needs
from bidding.queries.unsold_view import disposal_of, own_sale_dict, own_sales_of, takings_of
from bidding.rules.clocks import DisposalFacts
from bidding.rules.handover import steps_now
from bidding.services import own_sales, takings
from bidding.services.handover import record_handover
from bidding.services.returning import return_lot

from ...auth import house, me, policy
from ...schemas.reneges import ReasonIn
from ...schemas.rounds import HandoverStepIn
from ...schemas.unsold import AwardIn, OwnSaleIn, OwnSalePriceIn, ReturnIn, TakingIn
from .. import forms, labels
from ..forms import Entry
from ..language import _
from ..takings import due_after
from .court import attempt, blueprint, round_of
from .letters import disposal_links

#: The page's forms that are shown again as they were typed.
_PARTS = ("answer", "award", "own_sale", "sold", "return", "step")
_FIELDS = (
    *("creditor", "decision", "rank", "claim_fen", "offer_fen", "until_on", "price_fen", "kind", "reason"),
    *("code", "on", "detail"),
)


@blueprint.get("/auctions/<auction_id>/unsold")
@policy("desk.read")
def unsold(auction_id: str) -> str:
    """What may follow an unsold round, and what has."""
    return _page(auction_id, "", Entry())


def _page(auction_id: str, part: str, form: Entry) -> str:
    """The page with what was typed into one `part` of it."""
    wired, desk = house(), round_of(auction_id)
    if desk.auction.status != "unsold":
        raise DomainError("not_found")
    asked = wired.read(_asked, auction_id)
    taking = [one["taking"] for one in asked["creditors"] if one["taking"]] if asked else []
    movable = notice_class(AssetType(desk.lot.asset_type)) is NoticeClass.MOVABLE
    disposal = wired.read(lambda session: disposal_of(session, session.merge(desk.lot, load=False)))
    running = wired.read(own_sale, desk.lot.id)
    gone = wired.read(lambda session: disposal_facts(session, session.get_one(Auction, auction_id)))
    return render_template(
        "desk/unsold.html",
        desk=desk,
        lot=desk.lot,
        auction=desk.auction,
        now=wired.now(),
        problem=form,
        entries={name: form if name == part else Entry() for name in _PARTS},
        empty=Entry(),
        asked=asked,
        decided=any(one["status"] in ("awarded", "taken", "ruled") for one in taking),
        willing=sum(one["status"] == "willing" for one in taking),
        own_sales=[own_sale_dict(one) for one in wired.read(own_sales_of, auction_id)],
        running=running,
        disposal=disposal,
        gone=gone,
        due=due_after(gone, desk.lot.asset_type, wired.now()) if gone else [],
        next_steps=[(code, labels.HANDOVER_STEP[code]) for code in _next(gone)],
        letters=disposal_links(desk.lot.id, gone) if gone else [],
        may_return=desk.auction.round == "sell_off" or (desk.auction.round == "second" and movable),
        may=lambda action: decide(me(), action, court=desk.lot.court_code) is None,
    )


def _next(gone: DisposalFacts | None) -> tuple[str, ...]:
    """The steps that may be recorded now: none before a taking was ruled on."""
    if gone is None or gone.status not in ("ruled", "sold"):
        return ()
    needs = house().read(lambda session: handover_needs(session, session.get_one(Auction, gone.auction_id)))
    return steps_now(gone.way, gone.steps, needs)


def _asked(session: Session, auction_id: str) -> dict[str, Any] | None:
    try:
        return takings_of(session, me(), auction_id, load(house().settings.ruleset), house().now())
    except DomainError as error:
        if error.code != "not_found":
            raise
        return None


def _act(auction_id: str, part: str, act: Callable[[], Any], said: str) -> Any:
    round_of(auction_id)
    return attempt(
        act,
        lambda form: _page(auction_id, part, form),
        _FIELDS,
        lambda _done: url_for("desk.unsold", auction_id=auction_id),
        said,
    )


@blueprint.post("/auctions/<auction_id>/unsold/answers")
@policy("taking.answer")
def answer_for(auction_id: str) -> Any:
    """Record a creditor's answer."""
    payload, wrong = forms.read(
        {"creditor": forms.text, "decision": forms.text, "rank": forms.whole, "reason": forms.text}
    )
    return _act(
        auction_id,
        "answer",
        lambda: house().perform(takings.answer, me(), auction_id, **forms.load(TakingIn(), payload, wrong)),
        _("债权人的答复已记录；另行认定的顺位经另一名法官同意后生效。"),
    )


@blueprint.post("/auctions/<auction_id>/unsold/drawing")
@policy("auction.unsold")
def draw_lots(auction_id: str) -> Any:
    """Draw lots among creditors of one rank."""
    return _act(
        auction_id,
        "",
        lambda: house().perform(takings.draw_lots, me(), auction_id),
        _("已抽签，种子和结果已公开。"),
    )


@blueprint.post("/auctions/<auction_id>/unsold/<taking_id>/award")
@policy("auction.unsold")
def award_to(auction_id: str, taking_id: str) -> Any:
    """Give the lot to a creditor."""
    payload, wrong = forms.read({"claim_fen": forms.money, "qualification": forms.text, "reason": forms.text})
    evidence, bad = forms.read({"evidence": forms.text})
    payload["evidence"] = evidence.get("evidence", "").split()
    return _act(
        auction_id,
        "award",
        lambda: house().perform(
            takings.award, me(), auction_id, taking_id, **forms.load(AwardIn(), payload, [*wrong, *bad])
        ),
        _("已交该债权人抵债，须补交差价的，付清后作出裁定。"),
    )


@blueprint.post("/auctions/<auction_id>/unsold/<taking_id>/<any(refusal, lapse, ruling):act>")
@policy("auction.unsold")
def decide_taking(auction_id: str, taking_id: str, act: str) -> Any:
    """Refuse a willing creditor, let an unpaid award fall, or record the ruling."""
    services = {"refusal": takings.refuse, "lapse": takings.lapse, "ruling": takings.rule_taking}
    payload, wrong = forms.read({"reason": forms.text})
    return _act(
        auction_id,
        "",
        lambda: house().perform(services[act], me(), auction_id, taking_id, **forms.load(ReasonIn(), payload, wrong)),
        _("决定已记录。"),
    )


@blueprint.post("/auctions/<auction_id>/unsold/steps")
@policy("auction.settle")
def take_handover_step(auction_id: str) -> Any:
    """Record a step of the handover after a taking or the debtor's own sale."""
    payload, wrong = forms.read({"code": forms.text, "on": forms.text, "detail": forms.text})
    return _act(
        auction_id,
        "step",
        lambda: house().perform(record_handover, me(), auction_id, **forms.load(HandoverStepIn(), payload, wrong)),
        _("步骤已记录。"),
    )


@blueprint.post("/auctions/<auction_id>/unsold/own-sale")
@policy("auction.unsold")
def allow_own_sale(auction_id: str) -> Any:
    """Let the debtor sell the lot himself."""
    payload, wrong = forms.read({"offer_fen": forms.money, "until_on": forms.text, "reason": forms.text})
    return _act(
        auction_id,
        "own_sale",
        lambda: house().perform(own_sales.allow, me(), auction_id, **forms.load(OwnSaleIn(), payload, wrong)),
        _("已准许被执行人自行变卖，期间不以物抵债，也不公告下一轮。"),
    )


@blueprint.post("/auctions/<auction_id>/unsold/own-sale/sale")
@policy("auction.unsold")
def record_own_sale(auction_id: str) -> Any:
    """Record the debtor's sale and its price."""
    payload, wrong = forms.read({"price_fen": forms.money, "reason": forms.text})
    return _act(
        auction_id,
        "sold",
        lambda: house().perform(
            own_sales.record_sale, me(), auction_id, **forms.load(OwnSalePriceIn(), payload, wrong)
        ),
        _("自行变卖已记录，价款已入账。"),
    )


@blueprint.post("/auctions/<auction_id>/unsold/own-sale/end")
@policy("auction.unsold")
def end_own_sale(auction_id: str) -> Any:
    """End the debtor's own sale early."""
    payload, wrong = forms.read({"reason": forms.text})
    return _act(
        auction_id,
        "",
        lambda: house().perform(own_sales.end_early, me(), auction_id, **forms.load(ReasonIn(), payload, wrong)),
        _("自行变卖已终止。"),
    )


@blueprint.post("/auctions/<auction_id>/unsold/return")
@policy("auction.unsold")
def give_back(auction_id: str) -> Any:
    """Decide what becomes of a lot nobody bought or takes."""
    payload, wrong = forms.read({"kind": forms.text, "reason": forms.text})
    return _act(
        auction_id,
        "return",
        lambda: house().perform(return_lot, me(), auction_id, **forms.load(ReturnIn(), payload, wrong)),
        _("决定已记录并公开。"),
    )


def unsold_state(auction: Auction) -> dict[str, Any] | None:
    """What the round's own page says of what follows: the question's last day, and how the lot was disposed of."""
    if auction.status != "unsold":
        return None
    asked = house().read(_asked, auction.id)
    return {"until_on": asked["until_on"] if asked and asked["waits"] else None}

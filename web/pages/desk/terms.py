"""The terms of a round, drafted or changed: the form with what the law asks of each, and the linter while typing."""

from math import ceil
from typing import Any

from flask import render_template, request, url_for

from auction.kernel.errors import Breach, DomainError
from auction.kernel.money import yuan
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.access import Actor
from auction.rules.calendar import earliest_opening
from auction.rules.lot import AssetType, Round
from auction.rules.ruleset import load
from auction.rules.terms import Terms, key_of_kind, notice_days
from auction.services import auctions as services
from auction.services.locking import lock_round
from auction.services.lots import lock_lot
from bidding.queries.court import LotDesk, RoundDesk, judges
from bidding.queries.kept import Part, terms_tag
from bidding.services.made_from import unless_changed
from disclosure.queries.findings import typed_terms_findings

from ...auth import house, me, policy
from ...schemas.rounds import AuctionChangeIn, AuctionIn
from .. import forms, labels, lint_view
from ..forms import Entry
from ..language import _, local
from ..stale import MADE_FROM, Stale, made_from, stale
from .court import attempt, blueprint, lot_of, round_of

_TERMS: dict[str, forms.Read] = {
    "round": forms.text,
    "reserve_price_fen": forms.money,
    "deposit_fen": forms.money,
    "increment_fen": forms.money,
    "balance_days": forms.whole,
    "opens_at": forms.moment,
    "closes_at": forms.moment,
    "forfeit_fen": forms.money,
    "late_reason": forms.text,
    "late_reason_text": forms.text,
}


@blueprint.get("/lots/<lot_id>/auction")
@policy("auction.create")
def new_round(lot_id: str) -> str:
    """The form of a new round."""
    desk = lot_of(lot_id)
    return _terms_page(desk, Entry({"round": "first", "balance_days": "10"}))


def _terms_page(desk: LotDesk, form: Entry, auction_id: str | None = None) -> str:
    """The form of a round's terms; `auction_id`: the round that is changed, None for a new one."""
    numbers = load(house().settings.ruleset)
    key = key_of_kind("reserve_min", AssetType(desk.lot.asset_type), numbers)
    low, high, least = (numbers.ratio(name) for name in ("deposit_min", "deposit_max", key))
    floor = f"（¥{yuan(ceil(least * desk.reference.amount_fen))}）" if desk.reference else ""
    days, _key = notice_days(Round.FIRST, AssetType(desk.lot.asset_type), numbers)
    first = local(earliest_opening(house().now(), days))
    hints = {
        "reserve": _("首次拍卖不低于参考价的 %(percent)s", percent=f"{float(least):.0%}")
        + floor
        + (_("。船舶保留价依船舶规定不公开，网络拍卖须公示起拍价，故不设保密保留价") if key != "reserve_min" else ""),
        "deposit": _("起拍价的 %(low)s 至 %(high)s", low=f"{float(low):.0%}", high=f"{float(high):.0%}"),
        "panel": _("%(n)s 人以上、单数，均为本院法官。", n=numbers.count("panel_min")),
        "opens": _("公告满 %(n)s 个整日之后；首次拍卖现在公告的，最早 %(time)s", n=days, time=first),
        "closes": _("竞价时间不少于 %(n)s 小时", n=int(numbers.span("window_min").total_seconds() // 3600)),
    }
    return render_template(
        "desk/terms.html",
        lot=desk.lot,
        reference=desk.reference,
        form=form,
        action=url_for("desk.change_round", auction_id=auction_id)
        if auction_id
        else url_for("desk.create_round", lot_id=desk.lot.id),
        findings=url_for("desk.round_findings", auction_id=auction_id)
        if auction_id
        else url_for("desk.new_round_findings", lot_id=desk.lot.id),
        hints=hints,
        judges=house().read(judges, desk.lot.court_code),
    )


def _terms_payload() -> tuple[dict[str, Any], list[Breach]]:
    payload, wrong = forms.read(_TERMS)
    return {**payload, "panel": request.form.getlist("panel")}, wrong


@blueprint.post("/lots/<lot_id>/auction")
@policy("auction.create")
def create_round(lot_id: str) -> Any:
    """Draft a round."""
    payload, wrong = _terms_payload()

    def act() -> Auction:
        data = forms.load(AuctionIn(), payload, wrong)
        panel = data.pop("panel")

        def draft(unit: Unit) -> Auction:
            lot = lock_lot(unit, me(), lot_id, "auction.create")
            return services.create_auction(unit, me(), lot, Terms(**data), panel)

        return house().perform(draft)

    return attempt(
        act,
        lambda form: _terms_page(lot_of(lot_id), form),
        (*_TERMS, "panel"),
        lambda made: url_for("desk.round", auction_id=made.id),
        _("方案已保存，请检查后提交合议庭表决。"),
    )


@blueprint.get("/auctions/<auction_id>/terms")
@policy("auction.create")
def edit_round(auction_id: str) -> str:
    """The form of a round's terms, filled."""
    desk = round_of(auction_id)
    return _terms_page(lot_of(desk.lot.id), _terms_entry(desk), auction_id)


def _terms_entry(desk: RoundDesk) -> Entry:
    """The form of a round's terms as they stand."""
    values = forms.shown({name: getattr(desk.auction, name) for name in _TERMS})
    values["panel"] = [seat.account.username for seat in desk.panel]
    values[MADE_FROM] = terms_tag(desk.auction, (seat.member for seat in desk.panel))
    return Entry(values)


@blueprint.post("/auctions/<auction_id>/terms")
@policy("auction.create")
def change_round(auction_id: str) -> Any:
    """Change a round's terms; votes given on the old ones fall."""
    desk = round_of(auction_id)
    payload, wrong = _terms_payload()

    def act() -> Auction:
        data = forms.load(AuctionChangeIn(), payload, wrong)
        panel = data.pop("panel", None)

        def change(unit: Unit, actor: Actor) -> Auction:
            auction = lock_round(unit, actor, auction_id, "auction.create")
            return services.change_terms(unit, actor, auction, data, panel)

        return house().perform(unless_changed, made_from(), Part("terms", auction_id), change, me())

    def changed(error: DomainError) -> Stale:
        seats = {seat.username: seat.display_name for seat in house().read(judges, desk.lot.court_code)}
        back = url_for("desk.edit_round", auction_id=auction_id)
        stored = _terms_entry(round_of(auction_id))
        return stale(error, stored, _("拍卖方案"), back, said=lambda _name, value: seats.get(value, value))

    return attempt(
        act,
        lambda form: _terms_page(lot_of(desk.lot.id), form, auction_id),
        (*_TERMS, "panel"),
        lambda _done: url_for("desk.round", auction_id=auction_id),
        _("方案已更改，原表决失效。"),
        changed,
    )


@blueprint.post("/lots/<lot_id>/auction/findings")
@policy("auction.create")
def new_round_findings(lot_id: str) -> str:
    """What the linter finds in the terms of a new round while they are typed. Nothing is stored."""
    return _typed_findings(lot_of(lot_id))


@blueprint.post("/auctions/<auction_id>/terms/findings")
@policy("auction.create")
def round_findings(auction_id: str) -> str:
    """What the linter finds in a round's terms while they are typed. Nothing is stored."""
    return _typed_findings(lot_of(round_of(auction_id).lot.id), auction_id)


def _typed_findings(desk: LotDesk, auction_id: str | None = None) -> str:
    payload, unread = _terms_payload()
    try:
        data = forms.load(AuctionIn(), payload, unread)
    except DomainError as refused:
        lacking = [one for one in refused.errors if one.code == "required" and one.field not in payload]
        wrong = [lint_view.unread(one, labels.TERMS) for one in refused.errors if one not in lacking]
        unfilled = {one.field for one in lacking}
        return lint_view.fragment(wrong, [str(name) for field, name in labels.TERMS.items() if field in unfilled])
    panel = data.pop("panel")
    now, numbers = house().now(), load(house().settings.ruleset)
    found = house().read(typed_terms_findings, desk.lot, Terms(**data), panel, auction_id, numbers, now)
    return lint_view.fragment([lint_view.line(one, one.field.split(".")[0], labels.TERMS) for one in found])

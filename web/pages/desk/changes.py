"""Changing an announced sheet: the draft item by item, the difference, and what the panel is asked (PRECISIONS 11)."""

from typing import Any

from flask import flash, redirect, render_template, url_for

from auction.kernel.errors import DomainError
from auction.models import Auction
from auction.rules.access import decide
from auction.rules.calendar import shanghai_day
from bidding.queries.changes import change_of
from bidding.queries.kept import Part, drafted_item
from bidding.queries.questions import questions_of
from bidding.services.changes import draft_item as write_draft
from bidding.services.changes import drop_item, propose_change
from bidding.services.made_from import unless_changed
from disclosure.queries.sheets import DraftedChange, drafted_change
from disclosure.rules.changing import SUPPLEMENT
from disclosure.services.drafting import publish_draft

from ...auth import house, me, policy
from ...schemas.changes import ChangeProposalIn
from .. import auxiliary_view, forms, item_form, labels, lot_view
from ..forms import Entry
from ..language import _
from ..proposal_view import proposal_view
from ..stale import Stale, made_from
from .court import attempt, blueprint, lot_of, round_of
from .sheet import fact_told, item_page, with_file

_FIELDS = ("choice", "reason", "for_the_worse", "opens_at", "closes_at")


@blueprint.get("/auctions/<auction_id>/change")
@policy("lot.read_draft")
def change(auction_id: str) -> str:
    """The drafted change of a round under way, and what was proposed."""
    return _page(auction_id, Entry())


def _page(auction_id: str, form: Entry) -> str:
    desk, wired = round_of(auction_id), house()
    found = wired.read(change_of, me(), auction_id, wired.now())
    drafted = _draft(auction_id)
    proposals = [proposal_view(one, me().role) for one in found["proposals"]]
    waits = any(one["status"] == "pending" for one in proposals)
    seated = any(seat.account.id == me().id for seat in desk.panel)
    catalogue = lot_of(desk.lot.id).catalogue
    asked = wired.read(questions_of, me(), desk.lot.id, wired.now())
    questions = auxiliary_view.question_views(asked, catalogue)
    return render_template(
        "desk/change.html",
        desk=desk,
        lot=desk.lot,
        auction=desk.auction,
        now=wired.now(),
        form=form,
        items=_items(drafted),
        titles=[(item.code, lot_view.in_language(item)) for item in catalogue.items],
        choices=[(code, labels.SHEET_CHOICE[code]) for code in found["choices"]],
        asks_word=found["needs_word"] and SUPPLEMENT in found["choices"],
        may_put_off=SUPPLEMENT in found["choices"] and wired.now() < desk.auction.opens_at,
        earliest_at=found["earliest_at"],
        proposals=proposals,
        held=[one for one in questions if one["held"]],
        may_publish=decide(me(), "sheet.publish", court=desk.lot.court_code) is None,
        may_draft=decide(me(), "lot.edit", court=desk.lot.court_code) is None,
        may_propose=seated and not waits and bool(found["choices"]),
    )


def _draft(auction_id: str) -> DraftedChange | None:
    return house().read(lambda session: drafted_change(session, session.get_one(Auction, auction_id)))


def _items(drafted: DraftedChange | None) -> list[dict[str, Any]]:
    """The drafted items, each with its changes."""
    if drafted is None:
        return []
    views = []
    for code in dict.fromkeys(one.code for one in drafted.changes):
        item = drafted.catalogue.find(code)
        own = [one for one in drafted.changes if one.code == code]
        title = lot_view.in_language(item) if item else code
        views.append({"code": code, "title": title, "changes": lot_view.changes_view(drafted.catalogue, own)})
    return views


@blueprint.post("/auctions/<auction_id>/change")
@policy("auction.change")
def decide_change(auction_id: str) -> Any:
    """Propose to the panel how the draft is dealt with."""
    round_of(auction_id)
    readers = {"choice": forms.text, "reason": forms.text, "for_the_worse": forms.yes}
    payload, wrong = forms.read({**readers, "opens_at": forms.moment, "closes_at": forms.moment})

    def act() -> Any:
        data = forms.load(ChangeProposalIn(), payload, wrong)
        return house().perform(propose_change, me(), auction_id, **data)

    return attempt(
        act,
        lambda form: _page(auction_id, form),
        _FIELDS,
        lambda _done: url_for("desk.change", auction_id=auction_id),
        _("已提请合议庭，过半数同意后生效。"),
    )


@blueprint.get("/auctions/<auction_id>/change/<code>")
@policy("lot.edit")
def draft_item(auction_id: str, code: str) -> str:
    """The form of one item of the draft, filled with what is drafted, else with what is published."""
    desk = lot_of(round_of(auction_id).lot.id)
    entry = _draft_entry(auction_id, code, fact_told(desk, code))
    return item_page(desk, desk.catalogue.item(code), entry, auction_id)


def _draft_entry(auction_id: str, code: str, fact: str = "") -> Entry:
    """The form of what is drafted of an item, else of what is published."""
    facts = house().read(drafted_item, auction_id, code)
    return item_form.entry_of(facts, shanghai_day(house().now()), fact)


@blueprint.post("/auctions/<auction_id>/change/<code>")
@policy("lot.edit")
def keep_draft(auction_id: str, code: str) -> Any:
    """Keep one item of the draft."""
    lot_id = round_of(auction_id).lot.id
    wanted = lot_of(lot_id).catalogue.item(code)
    payload, wrong = item_form.payload_of(wanted)

    def act() -> Any:
        if wrong:
            raise DomainError("invalid", wrong)
        part, write = Part("draft", auction_id, code), with_file(write_draft)
        return house().perform(unless_changed, made_from(), part, write, me(), auction_id, code, payload)

    def stale(error: DomainError) -> Stale:
        back = url_for("desk.draft_item", auction_id=auction_id, code=code)
        return item_form.changed(error, _draft_entry(auction_id, code), wanted, lot_of(lot_id).files, back)

    return attempt(
        act,
        lambda form: item_page(lot_of(lot_id), wanted, form, auction_id),
        item_form.field_names(wanted),
        lambda _done: url_for("desk.change", auction_id=auction_id),
        _("已存入变更草稿。"),
        stale,
    )


@blueprint.post("/auctions/<auction_id>/change/publication")
@policy("sheet.publish")
def publish_drafted(auction_id: str) -> Any:
    """Publish a draft of which nothing is material."""
    round_of(auction_id)
    return attempt(
        lambda: house().perform(publish_draft, me(), auction_id),
        lambda form: _page(auction_id, form),
        (),
        lambda _done: url_for("desk.change", auction_id=auction_id),
        _("改动已公开，报名人须确认新版。"),
    )


@blueprint.post("/auctions/<auction_id>/change/<code>/findings")
@policy("lot.edit")
def draft_findings(auction_id: str, code: str) -> str:
    """What the linter finds in a drafted item while it is typed, on the sheet as drafted. Nothing is stored."""
    desk, drafted = lot_of(round_of(auction_id).lot.id), _draft(auction_id)
    sheet = drafted.new if drafted else desk.sheet
    today = shanghai_day(house().now())
    return item_form.findings_typed(sheet, desk.catalogue, desk.catalogue.item(code), desk.files, me().name, today)


@blueprint.post("/auctions/<auction_id>/change/<code>/drop")
@policy("lot.edit")
def drop_draft(auction_id: str, code: str) -> Any:
    """Take an item out of the draft."""
    round_of(auction_id)
    house().perform(drop_item, me(), auction_id, code)
    flash(_("已移出变更草稿。"), "lead")
    return redirect(url_for("desk.change", auction_id=auction_id), 303)

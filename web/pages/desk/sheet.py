"""The disclosure sheet, one item a page: what the catalogue asks, its hints and example, what is still missing."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, render_template, request, url_for

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from auction.rules.lot import LIVE
from bidding.queries.court import LotDesk
from bidding.queries.kept import Part
from bidding.services.made_from import unless_changed
from disclosure.rules.catalogue import Item
from disclosure.services.attachments import clean_lot_file, put_file
from disclosure.services.items import put_item as write_item

from ... import errors
from ...auth import house, me, policy
from .. import auxiliary_view, item_form, lot_view
from ..forms import Entry
from ..language import _, language
from ..stale import Stale, made_from
from .court import attempt, blueprint, lot_of

R = TypeVar("R")


@blueprint.get("/lots/<lot_id>/sheet/<code>")
@policy("lot.edit")
def item(lot_id: str, code: str) -> str:
    """The form of one item."""
    desk = lot_of(lot_id)
    wanted = desk.catalogue.item(code)
    return item_page(
        desk, wanted, item_form.entry_of(desk.sheet.get(code), shanghai_day(house().now()), fact_told(desk, code))
    )


def fact_told(desk: LotDesk, code: str) -> str:
    """The text of the answer that led to the form of an item, which is to be told by it."""
    return house().read(auxiliary_view.with_fact, desk.lot.id, code, request.args.get("question"))


def item_page(desk: LotDesk, wanted: Item, form: Entry, drafting: str | None = None) -> str:
    """The form of one item. `drafting`: the round for whose change it is drafted; else it is saved to the sheet."""
    following = _next_gap(desk, wanted.code)
    return render_template(
        "desk/item.html",
        lot=desk.lot,
        form=form,
        drafting=drafting,
        fact=fact_told(desk, wanted.code),
        owed=_notice_owed(wanted),
        live=next((one.id for one in desk.auctions if one.status in LIVE), None),
        action=url_for("desk.keep_draft", auction_id=drafting, code=wanted.code)
        if drafting
        else url_for("desk.put_item", lot_id=desk.lot.id, code=wanted.code),
        back=url_for("desk.change", auction_id=drafting)
        if drafting
        else url_for("desk.lot", lot_id=desk.lot.id, _anchor="sheet"),
        findings=url_for("desk.draft_findings", auction_id=drafting, code=wanted.code)
        if drafting
        else url_for("desk.item_findings", lot_id=desk.lot.id, code=wanted.code),
        item=item_form.item_view(wanted),
        files=[lot_view.file_view(desk.lot.id, file) for file in desk.files],
        example=item_form.example_view(wanted),
        next_gap={"title": lot_view.in_language(following)} if following else None,
    )


def _notice_owed(wanted: Item) -> str:
    """That whoever the item names has to be notified, where it names anybody."""
    if not any(spec.notifies for spec in wanted.fields):
        return ""
    basis = errors.basis_cited("OJA 16(1)", language())
    return _("此处写入的权利人，应当通知其拍卖事项并登记送达情况（%(basis)s）。", basis=basis)


def with_file(service: Callable[..., R]) -> Callable[..., R]:
    """A service that writes an item (`unit, actor, owner, code, payload`), which first keeps the file that came with
    the form and puts it among the item's; both or neither. DomainError as `clean_lot_file` and `put_file` say."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return service
    clean = current_app.extensions["beside"](clean_lot_file, sent.read(), sent.filename, sent.mimetype or "")

    def write(unit: Unit, actor: Actor, owner: str, code: str, payload: dict[str, Any]) -> R:
        auction = unit.session.get(Auction, owner)
        kept = put_file(unit, actor, auction.lot_id if auction else owner, clean)
        unit.session.flush()
        return service(unit, actor, owner, code, {**payload, "attachments": [*payload["attachments"], kept.id]})

    return write


def _next_gap(desk: LotDesk, code: str) -> Item | None:
    """The next item that still lacks something, after this one and around."""
    return item_form.next_of(desk.catalogue, code, {str(gap.facts.get("item")) for gap in desk.gaps})


@blueprint.post("/lots/<lot_id>/sheet/<code>")
@policy("lot.edit")
def put_item(lot_id: str, code: str) -> Any:
    """Write one item; then the lot, or the next item that lacks something."""
    desk = lot_of(lot_id)
    wanted = desk.catalogue.item(code)
    payload, wrong = item_form.payload_of(wanted)

    def act() -> Any:
        if wrong:
            raise DomainError("invalid", wrong)
        part = Part("item", lot_id, code)
        return house().perform(unless_changed, made_from(), part, with_file(write_item), me(), lot_id, code, payload)

    def after(_written: Any) -> str:
        following = _next_gap(lot_of(lot_id), code) if request.form.get("then") == "next" else None
        if following is not None:
            return url_for("desk.item", lot_id=lot_id, code=following.code)
        return url_for("desk.lot", lot_id=lot_id, _anchor="sheet")

    fields = item_form.field_names(wanted)

    def stale(error: DomainError) -> Stale:
        now = lot_of(lot_id)
        stored = item_form.entry_of(now.sheet.get(code), shanghai_day(house().now()))
        return item_form.changed(error, stored, wanted, now.files, url_for("desk.item", lot_id=lot_id, code=code))

    return attempt(act, lambda form: item_page(lot_of(lot_id), wanted, form), fields, after, _("已保存。"), stale)


@blueprint.post("/lots/<lot_id>/sheet/<code>/findings")
@policy("lot.edit")
def item_findings(lot_id: str, code: str) -> str:
    """What the linter finds in an item while it is typed. Nothing is stored."""
    desk = lot_of(lot_id)
    today = shanghai_day(house().now())
    return item_form.findings_typed(desk.sheet, desk.catalogue, desk.catalogue.item(code), desk.files, me().name, today)

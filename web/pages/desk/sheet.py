"""The disclosure sheet, one item a page: what the catalogue asks, its hints and example, what is still missing."""

from typing import Any

from flask import render_template, request, url_for

from auction.kernel.errors import Breach, DomainError
from auction.kernel.money import parse_yuan
from auction.rules.calendar import shanghai_day
from auction.rules.lot import LIVE
from bidding.queries.court import LotDesk
from disclosure.rules.catalogue import Field, Item
from disclosure.rules.sheet import Sheet
from disclosure.services.items import put_item as write_item

from ...auth import house, me, policy
from .. import forms, labels, lot_view
from ..forms import Entry
from ..language import _, language
from .court import attempt, blueprint, lot_of


@blueprint.get("/lots/<lot_id>/sheet/<code>")
@policy("lot.edit")
def item(lot_id: str, code: str) -> str:
    """The form of one item."""
    desk = lot_of(lot_id)
    return item_page(desk, desk.catalogue.item(code), stored(desk.sheet, code))


def item_page(desk: LotDesk, wanted: Item, form: Entry, drafting: str | None = None) -> str:
    """The form of one item. `drafting`: the round for whose change it is drafted; else it is saved to the sheet."""
    tongue = language()
    following = _next_gap(desk, wanted.code)
    example = wanted.example
    fields = [(spec, example.data[spec.name]) for spec in wanted.fields if spec.name in example.data]
    return render_template(
        "desk/item.html",
        lot=desk.lot,
        form=form,
        drafting=drafting,
        live=next((one.id for one in desk.auctions if one.status in LIVE), None),
        action=url_for("desk.keep_draft", auction_id=drafting, code=wanted.code)
        if drafting
        else url_for("desk.put_item", lot_id=desk.lot.id, code=wanted.code),
        back=url_for("desk.change", auction_id=drafting)
        if drafting
        else url_for("desk.lot", lot_id=desk.lot.id, _anchor="sheet"),
        item={
            "code": wanted.code,
            "title": lot_view.in_language(wanted),
            "hint": wanted.hint_en if tongue == "en" else wanted.hint,
            "basis": "；".join(one.en if tongue == "en" else one.zh for one in wanted.basis),
            "evidence": wanted.evidence,
            "states": [(state, labels.ITEM_STATE[state]) for state in wanted.states],
            "fields": [_field_view(wanted, spec) for spec in wanted.fields],
        },
        files=[lot_view.file_view(desk.lot.id, file) for file in desk.files],
        example={
            "state": example.state,
            "statement": example.statement,
            "data": [(lot_view.in_language(spec), lot_view.field_text(spec, value)) for spec, value in fields],
        },
        next_gap={"title": lot_view.in_language(following)} if following else None,
    )


def _field_view(wanted: Item, spec: Field) -> dict[str, Any]:
    tongue = language()
    money = spec.name.endswith("_fen")
    label = lot_view.in_language(spec).replace("（分）", "").replace(" (fen)", "")
    return {
        "name": spec.name,
        "type": spec.type,
        "label": label + (_("（元）") if money else ""),
        "asked": spec.required,
        "hint": _asked_when(wanted, spec) if spec.required else "",
        "choices": [(choice.code, choice.en if tongue == "en" else choice.zh) for choice in spec.choices],
    }


def _asked_when(wanted: Item, spec: Field) -> str:
    """When a field has to be filled, in words."""
    other = wanted.field(spec.when.field) if spec.when else None
    if spec.when is None or other is None:
        return _("“已查明”时必填")
    value = lot_view.field_text(other, spec.when.value)
    return _("“%(field)s”为“%(value)s”时必填", field=lot_view.in_language(other), value=value)


def stored(sheet: Sheet, code: str) -> Entry:
    """The form of an item, filled with what a sheet says of it."""
    facts = sheet.get(code)
    if facts is None:
        return Entry({"checked_on": shanghai_day(house().now()).isoformat()})
    data = {f"data.{name}": value for name, value in forms.shown(facts.data).items()}
    return Entry(
        {
            **data,
            "state": facts.state,
            "statement": facts.statement,
            "source": facts.source,
            "checked_on": facts.checked_on.isoformat() if facts.checked_on else "",
            "attachments": [file.id for file in facts.attachments],
        }
    )


def _next_gap(desk: LotDesk, code: str) -> Item | None:
    """The next item that still lacks something, after this one and around."""
    lacking = {gap.facts.get("item") for gap in desk.gaps} - {code}
    codes = [each.code for each in desk.catalogue.items]
    here = codes.index(code)
    for other in codes[here + 1 :] + codes[:here]:
        if other in lacking:
            return desk.catalogue.item(other)
    return None


@blueprint.post("/lots/<lot_id>/sheet/<code>")
@policy("lot.edit")
def put_item(lot_id: str, code: str) -> Any:
    """Write one item; then the lot, or the next item that lacks something."""
    desk = lot_of(lot_id)
    wanted = desk.catalogue.item(code)
    payload, wrong = item_payload(wanted)

    def act() -> Any:
        if wrong:
            raise DomainError("invalid", wrong)
        return house().perform(write_item, me(), lot_id, code, payload)

    def after(_written: Any) -> str:
        following = _next_gap(lot_of(lot_id), code) if request.form.get("then") == "next" else None
        if following is not None:
            return url_for("desk.item", lot_id=lot_id, code=following.code)
        return url_for("desk.lot", lot_id=lot_id, _anchor="sheet")

    return attempt(act, lambda form: item_page(lot_of(lot_id), wanted, form), fields_of(wanted), after, _("已保存。"))


def fields_of(wanted: Item) -> tuple[str, ...]:
    """The fields of an item's form."""
    return ("state", "statement", "source", "checked_on", "attachments", *(f"data.{one.name}" for one in wanted.fields))


def item_payload(wanted: Item) -> tuple[dict[str, Any], list[Breach]]:
    """The posted item as the interface's own body. Fields are converted to the types the catalogue names."""
    readers = {spec.name: _reader(spec) for spec in wanted.fields}
    data, wrong = forms.read(readers, "data.")
    payload, _none = forms.read(dict.fromkeys(("state", "statement", "source", "checked_on"), forms.text))
    return {**payload, "data": data, "attachments": request.form.getlist("attachments")}, wrong


def _reader(spec: Field) -> forms.Read:
    if spec.type == "boolean":
        return forms.yes
    if spec.name.endswith("_fen"):
        return lambda typed: 0 if typed.strip() in ("0", "0.00") else parse_yuan(typed)
    if spec.type == "integer":
        return forms.whole
    return forms.number if spec.type == "number" else forms.text

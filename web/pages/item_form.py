"""The form of one item of a disclosure sheet, led by the catalogue: for a court that writes it, an agency that reports.

What is shown of an item (hints, articles, fields, example), and the interface's own body of what was typed.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from flask import request

from auction.kernel.errors import Breach, DomainError
from auction.kernel.money import parse_yuan
from auction.rules.findings import Finding
from bidding.queries.kept import item_tag
from disclosure.queries.sheets import FileFacts
from disclosure.rules.catalogue import Catalogue, Field, Item
from disclosure.rules.linter import lint_typed
from disclosure.rules.sheet import File, ItemFacts, Sheet

from . import forms, labels, lint_view, lot_view
from .forms import Entry
from .language import _, language
from .stale import MADE_FROM, Stale, stale


def item_view(wanted: Item) -> dict[str, Any]:
    """What the form says of the item."""
    tongue = language()
    return {
        "code": wanted.code,
        "title": lot_view.in_language(wanted),
        "hint": wanted.hint_en if tongue == "en" else wanted.hint,
        "basis": "；".join(one.en if tongue == "en" else one.zh for one in wanted.basis),
        "evidence": wanted.evidence,
        "states": [(state, labels.ITEM_STATE[state]) for state in wanted.states],
        "fields": [_field_view(wanted, spec) for spec in wanted.fields],
    }


def example_view(wanted: Item) -> dict[str, Any]:
    """The catalogue's example of the item, in words."""
    example = wanted.example
    fields = [(spec, example.data[spec.name]) for spec in wanted.fields if spec.name in example.data]
    return {
        "state": example.state,
        "statement": example.statement,
        "data": [(lot_view.field_title(spec), lot_view.field_text(spec, value)) for spec, value in fields],
    }


def _field_view(wanted: Item, spec: Field) -> dict[str, Any]:
    tongue = language()
    money = spec.name.endswith("_fen")
    label = lot_view.field_title(spec)
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


def entry_of(facts: ItemFacts | None, today: date, fact: str = "") -> Entry:
    """The form of what is known of an item; of nothing, with today as the day of checking. `fact` is added to it.

    It carries the tag of what it was made from.
    """
    if facts is None:
        return Entry({"checked_on": today.isoformat(), "statement": fact, MADE_FROM: item_tag(facts)})
    data = {f"data.{name}": value for name, value in forms.shown(facts.data).items()}
    return Entry(
        {
            **data,
            MADE_FROM: item_tag(facts),
            "state": facts.state,
            "statement": f"{facts.statement}{fact if fact not in facts.statement else ''}",
            "source": facts.source,
            "checked_on": facts.checked_on.isoformat() if facts.checked_on else "",
            "attachments": [file.id for file in facts.attachments],
        }
    )


def next_of(catalogue: Catalogue, code: str, wanted: Collection[str]) -> Item | None:
    """The next of the wanted items, after this one and around; this one is none of them."""
    codes = [each.code for each in catalogue.items]
    here = codes.index(code)
    for other in codes[here + 1 :] + codes[:here]:
        if other in wanted:
            return catalogue.item(other)
    return None


def payload_of(wanted: Item) -> tuple[dict[str, Any], list[Breach]]:
    """The posted item as the interface's own body. Fields are converted to the types the catalogue names."""
    readers = {spec.name: _reader(spec) for spec in wanted.fields}
    data, wrong = forms.read(readers, "data.")
    payload, _none = forms.read(dict.fromkeys(("state", "statement", "source", "checked_on"), forms.text))
    return {**payload, "data": data, "attachments": request.form.getlist("attachments")}, wrong


def findings_typed(
    sheet: Sheet, catalogue: Catalogue, wanted: Item, files: Iterable[FileFacts], checker: str, today: date
) -> str:
    """The fragment that says what the linter finds in the posted item; nothing is stored."""
    payload, wrong = payload_of(wanted)
    given = [File(file.id, file.sha256) for file in files if file.id in payload["attachments"]]
    found = lint_typed(sheet, catalogue, wanted, payload, given, checker=checker, today=today)
    missing = [] if "state" in payload else [str(labels.ITEM_PART["state"])]
    if missing:
        found = tuple(one for one in found if one.code != "state_invalid")
    labels_of = {spec.name: _field_view(wanted, spec)["label"] for spec in wanted.fields}
    named = {**labels.ITEM_PART, **{f"data.{name}": label for name, label in labels_of.items()}}
    unread = [lint_view.unread(breach, named) for breach in wrong]
    lines = [*unread, *(_typed_view(one, wanted, catalogue, named) for one in found)]
    return lint_view.fragment(lines, missing)


def _typed_view(finding: Finding, wanted: Item, catalogue: Catalogue, named: Mapping[str, Any]) -> lint_view.Line:
    """A finding beside its field; one on another item, which this one brings about, beside that item's title."""
    code, _dot, field = finding.field.removeprefix("disclosure.").partition(".")
    if not finding.field.startswith("disclosure."):
        return lint_view.line(finding, finding.field, named)
    other = catalogue.find(code) if code != wanted.code else None
    if other is not None:
        return lint_view.line(finding, "", {"": lot_view.in_language(other)})
    return lint_view.line(finding, field, named)


def changed(error: DomainError, stored: Entry, wanted: Item, files: Iterable[FileFacts], back: str) -> Stale:
    """The posted item beside the one `stored` meanwhile."""
    fields = {f"data.{spec.name}": spec for spec in wanted.fields}
    names = {file.id: file.filename for file in files}

    def said(name: str, value: str) -> str:
        spec = fields.get(name)
        if spec is None:
            return names.get(value, value)
        return lot_view.field_text(spec, value == "true" if spec.type == "boolean" else value)

    named = {name: _field_view(wanted, spec)["label"] for name, spec in fields.items()}
    return stale(error, stored, lot_view.in_language(wanted), back, named, said)


def field_names(wanted: Item) -> tuple[str, ...]:
    """The names of the form's fields."""
    names = tuple(f"data.{spec.name}" for spec in wanted.fields)
    return ("state", "statement", "source", "checked_on", "attachments", "file", *names)


def _reader(spec: Field) -> forms.Read:
    if spec.type == "boolean":
        return forms.yes
    if spec.name.endswith("_fen"):
        return lambda typed: 0 if typed.strip() in ("0", "0.00") else parse_yuan(typed)
    if spec.type == "integer":
        return forms.whole
    return forms.number if spec.type == "number" else forms.text

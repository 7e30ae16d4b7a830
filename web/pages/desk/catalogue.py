"""What a court asks beyond the catalogue: its own items by kind of lot."""

from typing import Any

from flask import render_template, request, url_for

from auction.rules.lot import AssetType
from disclosure.queries.sheets import court_items
from disclosure.services.court_items import put_court_item

from ...auth import house, me, policy
from ...schemas.court_items import CourtItemIn
from .. import forms
from ..forms import Entry
from ..language import _
from .court import attempt, blueprint

_TEXTS = ("title", "title_en", "hint", "hint_en", "example")


def _kind() -> str:
    asked = request.values.get("asset_type", "")
    return asked if asked in set(AssetType) else AssetType.REAL_ESTATE.value


@blueprint.get("/catalogue")
@policy("catalogue.extend")
def catalogue() -> str:
    """The court's items of a kind of lot, and the form of one."""
    kind = _kind()
    row = next((each for each in _rows(kind) if each.code == request.args.get("code")), None)
    if row is None:
        return _page(kind, Entry({"in_use": "true", "code": "court_"}))
    shown = {**row.item, "example": row.item["example"]["statement"], "code": row.code, "in_use": row.in_use}
    return _page(kind, Entry(forms.shown({name: shown[name] for name in (*_TEXTS, "code", "required", "in_use")})))


def _rows(kind: str) -> list[Any]:
    return list(house().read(court_items, me().court_code or "", kind))


def _page(kind: str, form: Entry) -> str:
    return render_template("desk/catalogue.html", kind=kind, form=form, rows=_rows(kind))


@blueprint.post("/catalogue")
@policy("catalogue.extend")
def put_item_of_court() -> Any:
    """Keep one item as its next version."""
    kind = _kind()
    payload, wrong = forms.read(dict.fromkeys(_TEXTS, forms.text))
    payload |= {name: request.form.get(name) == "true" for name in ("required", "in_use")}

    def act() -> Any:
        data = forms.load(CourtItemIn(), payload, wrong)
        return house().perform(put_court_item, me(), kind, request.form.get("code", "").strip(), **data)

    return attempt(
        act,
        lambda form: _page(kind, form),
        (*_TEXTS, "code"),
        lambda _kept: url_for("desk.catalogue", asset_type=kind),
        _("事项已保存，以后公告的标的须填写。"),
    )

"""A group of lots of one case, on the judge's desk: claim and costs, what was brought, whether enough is sold."""

from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.models import Lot
from auction.queries.unsold import group_of
from auction.rules.access import decide
from bidding.queries.unsold_view import group_dict
from bidding.services import groups

from ...auth import house, me, policy
from ...schemas.unsold import LotGroupChangeIn, LotGroupIn
from .. import forms
from ..forms import Entry
from ..language import _
from .court import attempt, blueprint, lot_of

_AMOUNTS: dict[str, forms.Read] = {"claim_fen": forms.money, "costs_fen": forms.money}
_FIELDS = (*_AMOUNTS, "lots", "sell_all")


@blueprint.get("/lots/<lot_id>/group")
@policy("desk.read")
def group(lot_id: str) -> str:
    """The group a lot belongs to, or the form of a new one."""
    return _page(lot_id, Entry())


def _page(lot_id: str, form: Entry) -> str:
    desk = lot_of(lot_id)
    lots = house().read(_lots_of_case, desk.case.id)
    found = house().read(_group, lot_id)
    if found is not None and form.problem is None:
        form = Entry(forms.shown({name: found[name] for name in (*_AMOUNTS, "sell_all")}))
    return render_template(
        "desk/group.html",
        lot=desk.lot,
        case=desk.case,
        group=found,
        form=form,
        lots=lots,
        titles=dict(lots),
        may=decide(me(), "lot.group", court=desk.lot.court_code) is None,
    )


def _group(session: Session, lot_id: str) -> dict[str, Any] | None:
    found = group_of(session, lot_id)
    return group_dict(session, found) if found is not None else None


def _lots_of_case(session: Session, case_id: str) -> list[tuple[str, str]]:
    rows = session.execute(select(Lot.id, Lot.title).where(Lot.case_id == case_id).order_by(Lot.created_at, Lot.id))
    return [(key, title) for key, title in rows]


@blueprint.post("/lots/<lot_id>/group")
@policy("lot.group")
def save_group(lot_id: str) -> Any:
    """Make the group, or change what is known of it."""
    desk = lot_of(lot_id)
    payload, wrong = forms.read(_AMOUNTS)
    payload["sell_all"] = forms.yes(request.form.get("sell_all", ""))
    known = house().read(group_of, lot_id)

    def act() -> Any:
        if known is not None:
            data = forms.load(LotGroupChangeIn(), payload, wrong)
            return house().perform(groups.change_group, me(), known.id, **data)
        body = {**payload, "case_number": desk.case.number, "lots": request.form.getlist("lots")}
        return house().perform(groups.make_group, me(), **forms.load(LotGroupIn(), body, wrong))

    return attempt(
        act,
        lambda form: _page(lot_id, form),
        _FIELDS,
        lambda _done: url_for("desk.group", lot_id=lot_id),
        _("标的组已保存；价款足以清偿时，其余标的自动停止拍卖。"),
    )

"""Leading a judge through the four ways to a reference price, step by step, on the page of the lot."""

from datetime import date
from typing import Any

from flask import url_for

from auction.kernel.errors import Breach
from auction.queries.pricing import price_lead
from auction.rules.calendar import shanghai_day
from auction.rules.pricing import CODES, UNDONE, Lead
from auction.rules.reference_price import PriceStep
from auction.rules.ruleset import load
from auction.services.pricing import take_price_step
from bidding.queries.court import LotDesk

from ... import errors
from ...auth import house, me, policy
from ...schemas.pricing import PriceStepIn
from .. import forms, labels
from ..language import _, language
from .court import attempt, blueprint, lot_of

_STEP = {
    "code": forms.text,
    "on": forms.text,
    "detail": forms.text,
    "source": forms.text,
    "amount_fen": forms.money,
}
_TONES = {"open": "acc", "running": "warn", "delivered": "ok", "failed": "", "skipped": "", "waits": ""}


def led(desk: LotDesk) -> dict[str, Any]:
    """What the page shows of the pricing: the methods in their order, what is due, the steps taken, those to take."""
    found = house().read(price_lead, desk.lot.id, load(house().settings.ruleset))
    today, tongue = shanghai_day(house().now()), language()
    return {
        "lead": found,
        "serve_by": found.serve_by.last_day if found.serve_by else None,
        "late": bool(found.serve_by and today > found.serve_by.last_day),
        "methods": [
            {
                "name": labels.PRICE_METHOD[each.method],
                "state": labels.PRICE_STATE[each.state],
                "tone": _TONES[each.state],
                "reason": each.reason,
                "due_on": each.due.last_day if each.due and each.state == "running" else None,
                "late": bool(each.due and each.state == "running" and today > each.due.last_day),
                "results": len(each.results),
                "left_out": each.late,
                "until": each.due.last_day if each.due else None,
                "basis": errors.cited(each.basis, tongue),
            }
            for each in found.methods
        ],
        "steps": found.steps,
        "choices": [(code, labels.PRICE_STEP[code]) for code in CODES if code != UNDONE],
        "today": today.isoformat(),
    }


def proposed(found: Lead) -> dict[str, Any]:
    """What the form of the price begins with, from the steps taken; nothing before a method has delivered.

    It holds from the day of its latest result: what is valid for a time is so from then (REF 27).
    """
    if found.method is None:
        return {}
    delivered = next(each for each in found.methods if each.method is found.method)
    values: dict[str, Any] = forms.shown({"method": found.method.value, "amount_fen": found.amount_fen})
    values["effective_on"] = max(result.reported_on or date.min for result in delivered.results).isoformat()
    for index, result in enumerate(delivered.results):
        row = {"source": result.source, "amount_fen": result.amount_fen, "reported_on": result.reported_on}
        values |= {f"results.{index}.{name}": value for name, value in forms.shown(row).items()}
    taken = [PriceStep(step.code, step.on, step.detail) for step in found.steps if step.source is None]
    for index, step in enumerate(taken):
        values |= {f"steps.{index}.{name}": getattr(step, name) for name in ("code", "on", "detail")}
    return values


@blueprint.post("/lots/<lot_id>/price-steps")
@policy("lot.edit")
def take_step(lot_id: str) -> Any:
    """Record a step of the pricing."""
    payload, wrong = forms.read(_STEP)
    return _take(lot_id, payload, wrong)


@blueprint.post("/lots/<lot_id>/price-steps/undoing")
@policy("lot.edit")
def undo_step(lot_id: str) -> Any:
    """Undo a step: nothing recorded is changed, a further step says that it does not count."""
    payload, wrong = forms.read({"detail": forms.text})
    today = shanghai_day(house().now()).isoformat()
    return _take(lot_id, {**payload, "code": UNDONE, "on": today}, wrong)


def _take(lot_id: str, payload: dict[str, Any], wrong: list[Breach]) -> Any:
    from .lots import lot_page

    def act() -> Any:
        data = forms.load(PriceStepIn(), payload, wrong)
        return house().perform(take_price_step, me(), lot_id, **data)

    return attempt(
        act,
        lambda form: lot_page(lot_of(lot_id), form, "pricing"),
        tuple(_STEP),
        lambda _done: url_for("desk.lot", lot_id=lot_id, _anchor="price"),
        _("步骤已记录；未公告的方案已有的表决失效。"),
    )

"""The orientation on the pages of a lot, beside the appraisal; and the card of the model it comes from."""

from typing import Any

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from auction.rules.ruleset import load
from risk.models import ValuationModel
from risk.queries.valuation import deviations_of, estimate_of, model_named

from .. import valuation
from ..auth import house, policy
from .language import _, language

blueprint = Blueprint("valuation", __name__)

_NO_CHANGE = ("+0.0%", "-0.0%")


def of_lot(session: Session, lot_id: str, ruleset_name: str) -> dict[str, Any] | None:
    """What the page of a lot shows; None where no model was ever asked. The caller decided who may read the lot."""
    estimate = estimate_of(session, lot_id)
    if estimate is None:
        return None
    model = session.get_one(ValuationModel, estimate.model_id)
    told = valuation.reading(estimate, model, language()) or {}
    far = deviations_of(session, lot_id, load(ruleset_name))
    return {
        **told,
        "asset_type": model.asset_type,
        "comparables": [_comparable(each) for each in estimate.comparables],
        "drivers": [
            {"name": each["name"], "change": shown}
            for each in told["drivers"]
            if (shown := f"{each['change']:+.1%}") not in _NO_CHANGE
        ],
        "card": {
            "id": model.id,
            "rows": model.rows,
            "trained_at": model.trained_at,
            "sample": model.prices == "sample",
        },
        "orientation": valuation.ORIENTATION[language()],
        "prices": valuation.PRICES[model.prices][language()],
        "far": abs(far[0].mille) // 10 if far else None,
    }


def _comparable(each: dict[str, Any]) -> dict[str, Any]:
    """A comparable lot: its name, its facts in a line, its price, whether it is of the same community or series."""
    facts = dict(each["facts"])
    title = facts.pop("community", None) or facts.pop("model", None) or "—"
    words = [
        f"{valuation.named(name, language())} {_plain(facts[name])}" for name in valuation.NAMES if name in facts
    ]  # in our order: a database keeps the keys in its own
    return {"title": title, "words": words, "price_fen": each["price_fen"], "same_group": each["same_group"]}


def _plain(value: str | float) -> str | float:
    return int(value) if isinstance(value, float) and value.is_integer() else value


@blueprint.get("/valuation/models/<model_id>")
@policy("public.read")
def model_card(model_id: str) -> str:
    """What a model was learned from, how far it errs, and what it is not."""
    model = house().read(model_named, model_id)
    card = model.card
    errors = card["errors"]
    edges = errors["fifths_fen"]
    fifths = [
        {"low_fen": edges[n], "high_fen": edges[n + 1], "coverage": covered, "mape": wrong}
        for n, (covered, wrong) in enumerate(zip(errors["coverage_by_fifth"], errors["mape_by_fifth"], strict=True))
    ]
    return render_template(
        "valuation/card.html",
        model=model,
        card=card,
        fifths=fifths,
        group=_("小区") if card["split"]["group"] == "community" else _("车系"),
        orientation=valuation.ORIENTATION[language()],
        prices=valuation.PRICES[model.prices][language()],
        limits=valuation.LIMITS[language()],
        behind=valuation.behind(model, language()) if model.shortfalls else None,
    )

"""Keeping a trained model, in force or not, and what it says of lots; alerts for prices that are far off."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from auction.kernel.unit import Unit
from auction.models import Auction, Lot, ReferencePrice
from auction.rules.access import Actor
from auction.rules.lot import LIVE, PRIVATE
from auction.rules.ruleset import load
from auction.services import lots

from ..models import ValuationEstimate, ValuationModel
from ..queries.valuation import deviations_of, model_in_force
from ..rules.alerts import Reason
from ..rules.valuation import shortfalls
from .alerts import raise_alert


def register_model(
    unit: Unit,
    model_id: str,
    asset_type: str,
    *,
    file: str,
    file_sha256: str,
    card: Mapping[str, Any],
    force: bool = False,
) -> ValuationModel:
    """Keep a trained model, whose file lies under FAPAI_DATA already, and put it in force for its asset type.

    One that falls short of the model in force by its own measures is kept only, unless `force` is asked for.
    """
    data, errors = card["data"], card["errors"]
    before = model_in_force(unit.session, asset_type)
    short = shortfalls(card, before.card) if before else ()
    model = ValuationModel(
        id=model_id,
        asset_type=asset_type,
        file=file,
        file_sha256=file_sha256,
        data_sha256=data["sha256"],
        rows=data["rows"],
        prices=data["prices"],
        card=dict(card),
        shortfalls=list(short),
        in_force=force or not short,
        trained_at=unit.now,
    )
    unit.session.add(model)
    unit.session.flush()
    unit.record(
        "ModelTrained",
        stream="system",
        body={
            "model_id": model_id,
            "asset_type": asset_type,
            "rows": data["rows"],
            "prices": data["prices"],
            "data_sha256": data["sha256"],
            "file_sha256": file_sha256,
            "mape_mille": round(errors["mape"] * 1000),
            "coverage_mille": round(errors["coverage"] * 1000),
            "shortfalls": list(short),
            "in_force": model.in_force,
        },
    )
    return model


def keep_estimate(
    unit: Unit, lot: Lot, model_id: str, asked_sha256: str, said: Mapping[str, Any], abstained_facts: Mapping[str, Any]
) -> ValuationEstimate:
    """Keep what a model says of a lot, as `Estimate.as_data` tells it, beside the facts it was asked with."""
    estimate = ValuationEstimate(
        id=unit.new_id(),
        lot_id=lot.id,
        model_id=model_id,
        asked_sha256=asked_sha256,
        at=unit.now,
        low_fen=said["low_fen"],
        mid_fen=said["mid_fen"],
        high_fen=said["high_fen"],
        coverage_mille=round(said["coverage"] * 1000),
        comparables=said["comparables"],
        drivers=[{"feature": each["feature"], "effect": round(each["effect"] * 10_000)} for each in said["drivers"]],
        abstained=said["abstained"],
        abstained_facts=dict(abstained_facts),
    )
    unit.session.add(estimate)
    unit.session.flush()
    unit.record(
        "LotValued",
        stream=f"lot:{lot.id}",
        private=True,
        body={
            "model_id": model_id,
            "asked_sha256": asked_sha256,
            "low_fen": estimate.low_fen,
            "mid_fen": estimate.mid_fen,
            "high_fen": estimate.high_fen,
            "abstained": estimate.abstained,
        },
    )
    return estimate


def set_reference_price(unit: Unit, actor: Actor, lot_id: str, /, **price: Any) -> ReferencePrice:
    """Set or replace the reference price of a lot, as `auction.services.lots` does, and tell the regulator of one that
    is far from the lot's estimate."""
    entered = lots.set_reference_price(unit, actor, lot_id, **price)
    alert_deviations(unit, unit.session.get_one(Lot, lot_id))
    return entered


def alert_deviations(unit: Unit, lot: Lot) -> None:
    """Tell the regulator of prices of a lot, and of its round in hand, beyond the ruleset's limit: once for each
    amount. To be called whenever an estimate, a reference price or an announcement is new."""
    auction = unit.session.scalar(
        select(Auction)
        .where(Auction.lot_id == lot.id, Auction.status.in_((*LIVE, *PRIVATE)))
        .order_by(Auction.created_at.desc())
        .limit(1)
    )
    for each in deviations_of(unit.session, lot.id, load(unit.settings.ruleset), auction):
        raise_alert(
            unit,
            "price_far_from_estimate",
            key=f"price_far_from_estimate:{lot.id}:{each.what}:{each.amount_fen}",
            reasons=[
                Reason(
                    "reference_far" if each.what == "reference_price" else "reserve_far",
                    {"amount_fen": each.amount_fen, "percent": abs(each.mille) // 10},
                )
            ],
            court_code=lot.court_code,
            lot_id=lot.id,
            auction_id=auction.id if auction else None,
        )

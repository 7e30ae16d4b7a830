"""Putting a trained model in force, and keeping what it says of lots; alerts for prices that are far off."""

from collections.abc import Mapping
from typing import Any

from auction.kernel.unit import Unit
from auction.models import Lot
from auction.rules.ruleset import Ruleset

from ..models import ValuationEstimate, ValuationModel
from ..queries.valuation import deviations_of
from ..rules.alerts import Reason
from .alerts import raise_alert


def register_model(
    unit: Unit, model_id: str, asset_type: str, *, file: str, file_sha256: str, card: Mapping[str, Any]
) -> ValuationModel:
    """Put a trained model in force for its asset type; its file lies under FAPAI_DATA already."""
    data, errors = card["data"], card["errors"]
    model = ValuationModel(
        id=model_id,
        asset_type=asset_type,
        file=file,
        file_sha256=file_sha256,
        data_sha256=data["sha256"],
        rows=data["rows"],
        prices=data["prices"],
        card=dict(card),
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
            "mape_mille": errors["mape"],
            "coverage_mille": errors["coverage"],
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


def alert_deviations(
    unit: Unit, lot: Lot, ruleset: Ruleset, *, auction_id: str | None, reserve_fen: int | None, first: bool
) -> None:
    """Tell the regulator of prices beyond the ruleset's limit: once for each amount."""
    for each in deviations_of(unit.session, lot.id, ruleset, reserve_fen=reserve_fen, first=first):
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
            auction_id=auction_id,
        )

"""Models in force, the estimates of lots, and what speaks of a price that is far from its estimate."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.models import Auction, ReferencePrice
from auction.rules.findings import Finding
from auction.rules.ruleset import Ruleset

from ..models import ValuationEstimate, ValuationModel
from ..rules.valuation import Deviation, deviations


def model_in_force(session: Session, asset_type: str) -> ValuationModel | None:
    """The newest model of an asset type that was put in force; None where none ever was."""
    return session.scalar(
        select(ValuationModel)
        .where(ValuationModel.asset_type == asset_type, ValuationModel.in_force)
        .order_by(ValuationModel.trained_at.desc(), ValuationModel.id.desc())
        .limit(1)
    )


def models_in_force(session: Session) -> list[ValuationModel]:
    """The model in force of every asset type that has one."""
    kinds = session.scalars(select(ValuationModel.asset_type).distinct().order_by(ValuationModel.asset_type))
    return [model for kind in kinds.all() if (model := model_in_force(session, kind)) is not None]


def model_named(session: Session, model_id: str) -> ValuationModel:
    """A model, in force or not; DomainError not_found."""
    model = session.get(ValuationModel, model_id)
    if model is None:
        raise DomainError("not_found")
    return model


def estimate_of(session: Session, lot_id: str) -> ValuationEstimate | None:
    """The newest estimate of a lot, also one without an amount; None where it was never asked for."""
    return session.scalar(
        select(ValuationEstimate)
        .where(ValuationEstimate.lot_id == lot_id)
        .order_by(ValuationEstimate.at.desc(), ValuationEstimate.id.desc())
        .limit(1)
    )


def deviations_of(
    session: Session, lot_id: str, ruleset: Ruleset, auction: Auction | None = None
) -> tuple[Deviation, ...]:
    """Which of a lot's prices deviate from its newest estimate beyond the ruleset's limit: its reference price, and
    the reserve of a round where one is given."""
    estimate = estimate_of(session, lot_id)
    if estimate is None or estimate.mid_fen is None:
        return ()
    price = session.get(ReferencePrice, lot_id)
    first = auction is None or auction.round == "first"
    floor = ruleset.ratio("reserve_min") * (1 if first else 1 - ruleset.ratio("cut_max"))
    return deviations(
        estimate.mid_fen,
        ruleset.ratio("valuation_deviation"),
        reference_fen=price.amount_fen if price else None,
        reserve_fen=auction.reserve_price_fen if auction else None,
        floor=floor,
    )


def findings(session: Session, auction: Auction, ruleset: Ruleset) -> tuple[Finding, ...]:
    """The same of a round's terms, as warnings to its panel."""
    found = deviations_of(session, auction.lot_id, ruleset, auction)
    estimate = estimate_of(session, auction.lot_id)
    mid = estimate.mid_fen if estimate and estimate.mid_fen else 0
    return tuple(
        Finding(
            "reference_far_from_estimate" if each.what == "reference_price" else "reserve_far_from_estimate",
            "warning",
            "reference_price" if each.what == "reference_price" else "reserve_price_fen",
            ruleset.basis("valuation_deviation"),
            {"amount_fen": each.amount_fen, "estimate_fen": mid, "percent": abs(each.mille) // 10},
        )
        for each in found
    )

"""Estimates of lots from what is known of them: asked when a model is trained or the sheet changes, kept, compared."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Auction, Lot
from auction.rules.calendar import shanghai_day
from auction.services.lots import lock_bare
from risk.models import ValuationEstimate, ValuationModel
from risk.queries.valuation import models_in_force
from risk.rules.valuation import Drift, Sale, drift
from risk.services.valuation import alert_deviations, keep_estimate

from ..models import SheetItem
from ..queries.sheets import working_sheet
from ..rules.valued import asked, fingerprint, unlike

#: Lots asked for at once.
_AT_ONCE = 200
#: Where a model's files lie under FAPAI_DATA.
MODELS = "models"
#: Sales that count as recent.
_RECENT = timedelta(days=365)

#: Asks a model: file, its hash, the lots' cells, the day; answers `estimates` in order.
Ask = Callable[[Path, str, Sequence[Mapping[str, Any]], date], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Question:
    """A lot and what its model is asked; `unlike` is why it need not be asked."""

    lot_id: str
    cells: dict[str, str]
    unlike: str | None
    asked_sha256: str


@dataclass(frozen=True, slots=True)
class Asking:
    """The lots waiting for one model."""

    model_id: str
    path: str
    sha256: str
    questions: tuple[Question, ...]


def waiting(session: Session, most: int = _AT_ONCE, without: Collection[str] = ()) -> list[Asking]:
    """The lots whose estimate is missing, of an older model, or of facts that have changed since; by model, the newest
    lots first. `without`: models that are not to be asked."""
    return [
        Asking(model.id, f"{MODELS}/{model.asset_type}/{model.file}", model.file_sha256, found)
        for model in models_in_force(session)
        if model.id not in without and (found := tuple(_questions(session, model, most)))
    ]


def _questions(session: Session, model: ValuationModel, most: int) -> list[Question]:
    estimate = ValuationEstimate
    latest = select(func.max(estimate.at)).where(estimate.lot_id == Lot.id, estimate.model_id == model.id)
    changed = exists().where(SheetItem.lot_id == Lot.id, SheetItem.updated_at > latest.scalar_subquery())
    current = exists().where(estimate.lot_id == Lot.id, estimate.model_id == model.id)
    lots = session.scalars(
        select(Lot)
        .where(Lot.asset_type == model.asset_type, or_(~current, changed))
        .order_by(Lot.id.desc())
        .limit(most)
    )
    return [question(session, lot) for lot in lots.all()]


def question(session: Session, lot: Lot) -> Question:
    """What a model would be asked of a lot as it is known now."""
    sheet = working_sheet(session, lot.id)
    cells = asked(lot.asset_type, lot.attributes, sheet)
    reason = unlike(lot.asset_type, sheet)
    return Question(lot.id, cells, reason, fingerprint(cells, reason))


def value_waiting(house: House, ask: Ask) -> int:
    """Estimate every lot that waits, by whoever `ask` is; answers how many. Raises what a model that could not be
    asked said, after the others."""
    count = 0
    failed: DomainError | None = None
    for asking in house.read(waiting):
        try:
            count += value(house, asking, ask)
        except DomainError as error:  # the other models go on
            failed = error
    if failed is not None:
        raise failed
    return count


def value(house: House, asking: Asking, ask: Ask) -> int:
    """Estimate the lots waiting for one model; answers how many. Nothing is locked while it is asked, and it is not
    asked at all where none of them is like what it has learned."""
    wanted = [each for each in asking.questions if each.unlike is None]
    path, cells = house.settings.data / asking.path, [each.cells for each in wanted]
    answers = ask(path, asking.sha256, cells, shanghai_day(house.now()))["estimates"] if wanted else []
    said = dict(zip((each.lot_id for each in wanted), answers, strict=True))
    for each in asking.questions:
        house.perform(_keep, asking.model_id, each, said.get(each.lot_id))
    return len(asking.questions)


def _keep(unit: Unit, model_id: str, asked_of: Question, said: Mapping[str, Any] | None) -> None:
    lot = lock_bare(unit, asked_of.lot_id)
    if lot is None:
        raise DomainError("not_found")
    answer = said if said is not None else _nothing(asked_of.unlike or "cells_few")
    keep_estimate(unit, lot, model_id, asked_of.asked_sha256, answer, answer["abstained_facts"])
    alert_deviations(unit, lot)


def _nothing(reason: str) -> dict[str, Any]:
    return {
        "low_fen": None,
        "mid_fen": None,
        "high_fen": None,
        "coverage": 0.8,
        "comparables": [],
        "drivers": [],
        "abstained": reason,
        "abstained_facts": {},
    }


def sold_cells(session: Session, asset_type: str) -> list[dict[str, Any]]:
    """The platform's own closed sales of an asset type as training rows: cells, price, day; reneged ones left out."""
    rows = session.execute(
        select(Auction, Lot)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(Lot.asset_type == asset_type, Auction.status == "sold", _stands())
        .order_by(Auction.closed_at, Auction.id)
    ).all()
    found = []
    for auction, lot in rows:
        asking = question(session, lot)
        if asking.unlike is None and auction.closed_at is not None:
            sold_on = shanghai_day(auction.closed_at).isoformat()
            found.append({**asking.cells, "price_fen": str(auction.price_fen), "sold_on": sold_on})
    return found


def drift_of(session: Session, asset_type: str, now: datetime) -> Drift:
    """How the last year's closed sales lay in the intervals that stood when their bidding ended."""
    rows = session.execute(
        select(Auction.lot_id, Auction.price_fen, Auction.closes_at)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(Lot.asset_type == asset_type, Auction.status == "sold", _stands(), Auction.closed_at >= now - _RECENT)
    ).all()
    sales = []
    for lot_id, price, closes_at in rows:
        before = session.scalar(
            select(ValuationEstimate)
            .where(ValuationEstimate.lot_id == lot_id, ValuationEstimate.at < closes_at)
            .order_by(ValuationEstimate.at.desc(), ValuationEstimate.id.desc())
            .limit(1)
        )
        if before is not None and before.mid_fen and before.low_fen and before.high_fen and price:
            sales.append(Sale(price, before.low_fen, before.mid_fen, before.high_fen))
    return drift(sales)


def _stands() -> Any:
    return or_(Auction.settlement.is_(None), Auction.settlement != "reneged")

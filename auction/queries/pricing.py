"""The steps of a lot's pricing, and where they have led."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..models import PriceStep
from ..rules.pricing import Lead, Step, lead
from ..rules.published_holidays import published_calendar
from ..rules.ruleset import Ruleset


def price_steps(session: Session, lot_ids: Iterable[str]) -> dict[str, list[Step]]:
    """The recorded steps of some lots, each in the order in which they were recorded."""
    found: dict[str, list[Step]] = {}
    rows = select(PriceStep).where(PriceStep.lot_id.in_(list(lot_ids))).order_by(PriceStep.number)
    for row in session.scalars(rows):
        step = Step(row.id, row.code, row.on, row.detail, row.source, row.amount_fen)
        found.setdefault(row.lot_id, []).append(step)
    return found


def price_lead(session: Session, lot_id: str, ruleset: Ruleset) -> Lead:
    """Where the pricing of a lot stands."""
    return lead(price_steps(session, [lot_id]).get(lot_id, []), ruleset, published_calendar(ruleset))

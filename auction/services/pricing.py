"""Recording the steps to a reference price, one by one, as they are taken (REF 4-23)."""

from datetime import date

from sqlalchemy import select

from ..kernel.errors import DomainError
from ..kernel.unit import Unit
from ..models import Auction, PriceStep
from ..queries.pricing import price_steps
from ..rules.access import Actor
from ..rules.calendar import shanghai_day
from ..rules.lot import LIVE
from ..rules.pricing import Step, check_step
from ..rules.published_holidays import published_calendar
from ..rules.ruleset import load
from .auctions import void_votes
from .lots import lock_lot


def take_price_step(
    unit: Unit,
    actor: Actor,
    lot_id: str,
    *,
    code: str,
    on: date,
    detail: str = "",
    source: str | None = None,
    amount_fen: int | None = None,
) -> PriceStep:
    """Record one step of the pricing of a lot. Nothing recorded is changed: a mistake is undone by a further step.

    Votes given before it fall: the panel has not seen it (PRECISIONS 34). DomainError as `pricing.check_step`;
    wrong_state while a round announced on the price is under way.
    """
    lot = lock_lot(unit, actor, lot_id)
    if unit.session.scalar(select(Auction.id).where(Auction.lot_id == lot.id, Auction.status.in_(LIVE))):
        raise DomainError("wrong_state", status="round_live")
    ruleset = load(unit.settings.ruleset)
    step = Step(unit.new_id(), code, on, detail, source, amount_fen)
    before = price_steps(unit.session, [lot.id]).get(lot.id, [])
    check_step(step, before, shanghai_day(unit.now), ruleset, published_calendar(ruleset))
    row = PriceStep(
        id=step.id,
        lot_id=lot.id,
        number=len(before) + 1,
        code=code,
        on=on,
        detail=detail,
        source=source,
        amount_fen=amount_fen,
        at=unit.now,
        by=actor.id,
    )
    unit.session.add(row)
    void_votes(unit, lot.id)
    unit.record(
        "PriceStepTaken",
        stream=f"lot:{lot.id}",
        private=True,
        body={"code": code, "on": on.isoformat(), "by": actor.id, "amount_fen": amount_fen},
    )
    return row

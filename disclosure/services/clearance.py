"""The court's plan to clear a lot, before the announcement and after it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from auction.kernel.errors import Breach, DomainError
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from auction.rules.findings import errors
from auction.services.auctions import void_votes
from auction.services.lots import lock_lot
from risk.models import ClearancePlan
from risk.queries.clearance import plan as plan_in_force
from risk.rules.clearance.plan import Plan, Step, misplaced
from risk.services.clearance import keep_plan

from ..queries.sheets import latest_version
from ..rules.catalogue import load
from ..rules.clearance import is_cleared, plan_words, promised_on
from ..rules.sheet import sheet_of


def put_plan(
    unit: Unit,
    actor: Actor,
    lot_id: str,
    *,
    owner: str,
    promised_on: date,
    steps: Sequence[Mapping[str, Any]],
    resources: str,
) -> ClearancePlan:
    """Write the plan of a lot as a whole, as its next version; earlier ones stay. `steps`: {"what", "on"}.

    Votes given on an older plan fall. Once a promise was published its day stays (`clearance_promise_published`).
    DomainError clearance_not_applicable for a kind of lot that is not cleared, invalid with every wrong field: a
    promise already past, steps out of order, words that put the clearing on somebody else.
    """
    lot = lock_lot(unit, actor, lot_id)
    if not is_cleared(lot.asset_type):
        raise DomainError("clearance_not_applicable")
    plan = Plan(owner.strip(), promised_on, tuple(Step(s["what"].strip(), s["on"]) for s in steps), resources.strip())
    wrong = [Breach("step_misplaced", f"steps.{number}.on") for number in misplaced(plan.steps, promised_on)]
    public = _published(unit, lot_id, lot.asset_type)
    if public is not None and public != promised_on:
        wrong.append(Breach("clearance_promise_published", "promised_on", facts={"promised_on": public.isoformat()}))
    elif public is None and promised_on < shanghai_day(unit.now):
        said = {"title": "腾空预案", "title_en": "The plan", "day": promised_on.isoformat()}
        wrong.append(Breach("date_passed", "promised_on", facts=said))
    for finding in errors(plan_words(plan)):
        breach = finding.breach()
        wrong.append(
            Breach(breach.code, (breach.field or "").removeprefix("clearance_plan."), breach.basis, breach.facts)
        )
    if wrong:
        raise DomainError("invalid", wrong)
    void_votes(unit, lot.id)
    return keep_plan(
        unit,
        lot,
        owner=plan.owner,
        promised_on=promised_on,
        steps=[{"what": step.what, "on": step.on.isoformat()} for step in plan.steps],
        resources=plan.resources,
        by=actor.id,
    )


def _published(unit: Unit, lot_id: str, asset_type: str) -> date | None:
    """The day the public was told, while a round stands on it or a buyer relies on it; None where it may still move."""
    standing = select(Auction.id).where(
        Auction.lot_id == lot_id,
        Auction.status.in_(("announced", "open", "suspended", "sold")),
        or_(Auction.settlement.is_(None), Auction.settlement != "reneged"),
    )
    version = latest_version(unit.session, lot_id)
    if version is None or unit.session.scalar(standing.limit(1)) is None:
        return None
    told = promised_on(sheet_of(version.facts, load(asset_type)))
    if told is not None:
        return date.fromisoformat(told)
    row = plan_in_force(unit.session, lot_id)
    return row.promised_on if row else None

"""Keeping what is known of clearance: the assessment under each seal, plans, outcomes."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from auction.kernel.unit import Unit
from auction.models import Lot

from ..models import ClearanceAssessment, ClearanceModel, ClearanceOutcome, ClearancePlan
from ..queries import clearance as queries
from ..rules.clearance.assessment import Assessment


def keep_assessment(unit: Unit, lot: Lot, assessed: Assessment, *, seal: str) -> ClearanceAssessment:
    """Keep what the card says of the sheet just sealed, beside the seal. The lot is locked; publicly recorded."""
    row = ClearanceAssessment(
        lot_id=lot.id,
        sheet_version=lot.sheet_version,
        seal=seal,
        card=assessed.card,
        facts=dict(assessed.facts),
        factors=[weighed.as_data() for weighed in assessed.factors],
        score=assessed.score,
        band=assessed.band,
        plan_required=assessed.plan_required,
        at=unit.now,
    )
    unit.session.add(row)
    unit.record(
        "ClearanceAssessed",
        stream=f"lot:{lot.id}",
        body={
            "sheet_version": lot.sheet_version,
            "seal": seal,
            "card": assessed.card,
            "score": assessed.score,
            "band": assessed.band,
            "plan_required": assessed.plan_required,
            "factors": row.factors,
        },
    )
    return row


def keep_plan(
    unit: Unit, lot: Lot, *, owner: str, promised_on: date, steps: Sequence[dict[str, Any]], resources: str, by: str
) -> ClearancePlan:
    """Keep a new version of a lot's plan; earlier ones stay. The lot is locked. `steps`: [{"what", "on"}]."""
    before = queries.plan(unit.session, lot.id)
    row = ClearancePlan(
        lot_id=lot.id,
        version=(before.version if before else 0) + 1,
        owner=owner,
        promised_on=promised_on,
        steps=list(steps),
        resources=resources,
        at=unit.now,
        by=by,
    )
    unit.session.add(row)
    unit.session.flush()
    unit.record(
        "ClearancePlanned",
        stream=f"lot:{lot.id}",
        body={"version": row.version, "promised_on": promised_on.isoformat(), "steps": [step["on"] for step in steps]},
    )
    return row


def keep_outcome(
    unit: Unit,
    *,
    auction_id: str,
    lot: Lot,
    assessed: ClearanceAssessment | None,
    manner: str | None,
    due_on: date | None,
    promised: bool,
    cleared_on: date | None,
) -> ClearanceOutcome:
    """Keep how the clearing of a sold lot went; `due_on` None: there was nothing to clear.

    In time is on the day due or before it.
    """
    late: timedelta | None = cleared_on - due_on if cleared_on is not None and due_on is not None else None
    result = "not_applicable" if late is None else "late" if late > timedelta(0) else "on_time"
    row = ClearanceOutcome(
        auction_id=auction_id,
        lot_id=lot.id,
        court_code=lot.court_code,
        card=assessed.card if assessed else None,
        facts=dict(assessed.facts) if assessed else {},
        score=assessed.score if assessed else None,
        band=assessed.band if assessed else None,
        result=result,
        manner=manner if late is not None else None,
        due_on=due_on,
        promised=promised,
        cleared_on=cleared_on,
        days_late=None if late is None else max(0, late.days),
        at=unit.now,
    )
    unit.session.add(row)
    unit.record(
        "ClearanceDecided",
        stream=f"auction:{auction_id}",
        body={
            "lot_id": lot.id,
            "court": lot.court_code,
            "band": row.band,
            "result": result,
            "manner": row.manner,
            "due_on": due_on.isoformat() if due_on else None,
            "promised": promised,
            "cleared_on": cleared_on.isoformat() if cleared_on else None,
            "days_late": row.days_late,
        },
    )
    return row


def keep_model(
    unit: Unit,
    *,
    card: str,
    outcomes: int,
    late: int,
    intercept: float,
    weights: Mapping[str, float],
    metrics: Mapping[str, float],
    beats_card: bool,
) -> ClearanceModel:
    """Keep a model trained on outcomes; it is shown beside the card only where it beats it, and never sets a band."""
    row = ClearanceModel(
        id=unit.new_id(),
        card=card,
        outcomes=outcomes,
        late=late,
        intercept=intercept,
        weights=dict(weights),
        metrics=dict(metrics),
        beats_card=beats_card,
        at=unit.now,
    )
    unit.session.add(row)
    numbers = {name: f"{value:.6f}" for name, value in metrics.items()}
    body = {"model_id": row.id, "card": card, "outcomes": outcomes, "late": late, "beats_card": beats_card, **numbers}
    unit.record("ClearanceModelTrained", stream="system", body=body)
    return row

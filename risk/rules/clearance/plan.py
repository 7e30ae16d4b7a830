"""The plan to clear a lot: who of the court, in which steps, with what, by when; and what one lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from auction.rules.findings import Finding
from auction.rules.ruleset import Ruleset

#: What a plan may lack: all of it; one of its parts; a promise that has not passed; the day that the sheet tells.
Lack = Literal["plan", "owner", "steps", "resources", "passed", "differs"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step and its day."""

    what: str
    on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: `owner` of the court who answers for it, steps, the day by which the lot will be cleared, resources."""

    owner: str
    promised_on: date
    steps: tuple[Step, ...]
    resources: str


def lacks(plan: Plan | None, *, today: date | None, told_on: date | None) -> tuple[Lack, ...]:
    """What a plan lacks on that day (Asia/Shanghai); `told_on` is the day the disclosure sheet tells, if it tells one.

    The public must not be told two days. `today` None: its day was published and stays, whether or not it has passed.
    """
    if plan is None:
        return ("plan",)
    lacking: list[Lack] = []
    if not plan.owner.strip():
        lacking.append("owner")
    if not plan.steps or not all(step.what.strip() for step in plan.steps):
        lacking.append("steps")
    if not plan.resources.strip():
        lacking.append("resources")
    if today is not None and plan.promised_on < today:
        lacking.append("passed")
    if told_on is not None and told_on != plan.promised_on:
        lacking.append("differs")
    return tuple(lacking)


def misplaced(steps: Sequence[Step], promised_on: date) -> tuple[int, ...]:
    """The numbers of the steps whose day lies after the promise, or before the day of the step before."""
    wrong = []
    latest = date.min
    for number, step in enumerate(steps):
        if step.on > promised_on or step.on < latest:
            wrong.append(number)
        latest = max(latest, step.on)
    return tuple(wrong)


def late_promise(
    promised_on: date | None, *, ends_on: date, balance_days: int, ruleset: Ruleset
) -> tuple[Finding, ...]:
    """A warning `clearance_promised_late` where the court promises later than it must hand over (SALE 20, 27).

    `ends_on`: the day bidding ends; the buyer has `balance_days` to pay, and then the ruleset's days run.
    """
    latest = ends_on + timedelta(days=balance_days + ruleset.days("ruling_service") + ruleset.days("handover"))
    if promised_on is None or promised_on <= latest:
        return ()
    facts: dict[str, int | str] = {"promised_on": promised_on.isoformat(), "latest": latest.isoformat()}
    return (Finding("clearance_promised_late", "warning", "clearance_plan", ruleset.basis("handover"), facts),)

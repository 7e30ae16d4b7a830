"""Leading a court through the four ways to a reference price: what may be tried now, what is due, what came out.

Source: REF 4-7, 10-14, 19, 21-23. The steps are those recorded, in order; a step that was undone counts for nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from ..kernel.errors import DomainError, invalid
from .calendar import PeriodEnd, WorkingDays, period_end
from .reference_price import (
    LAW_REQUIRES,
    OBJECTION_DECIDED,
    OBJECTION_FILED,
    PARTIES_CHOSE,
    REPORT_DAYS,
    REPORT_PUBLISHED,
    REPORT_RECEIVED,
    REPORT_SERVED,
    REPORTED,
    PriceMethod,
    PriceResult,
    PriceStep,
    ReferencePrice,
    mean_fen,
    reports_due,
    source_key,
)
from .ruleset import Citation, Ruleset

State = Literal["open", "waits", "running", "delivered", "failed", "skipped"]
UNDONE = "undone"
#: How a method is taken on, and how it ends.
_PARTS = ("asked", "result", "failed", "skipped")
_EXTENSIONS = {
    "network_inquiry_extended": PriceMethod.NETWORK_INQUIRY,
    "appraisal_extended": PriceMethod.APPRAISAL,
}
CODES: tuple[str, ...] = (
    *(f"{method}_{part}" for method in PriceMethod for part in _PARTS),
    *_EXTENSIONS,
    REPORT_RECEIVED,
    REPORT_SERVED,
    REPORT_PUBLISHED,
    OBJECTION_FILED,
    OBJECTION_DECIDED,
    PARTIES_CHOSE,
    LAW_REQUIRES,
    UNDONE,
)
_REASONED = frozenset((PARTIES_CHOSE, LAW_REQUIRES, UNDONE))


@dataclass(frozen=True, slots=True)
class Step:
    """A step as recorded; a result has its `source` and `amount_fen`. Of an undoing, `detail` is the id of what it
    undoes."""

    id: str
    code: str
    on: date
    detail: str = ""
    source: str | None = None
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True)
class MethodLead:
    """Where one method stands. `reason`: why it failed or was skipped; `due`: until when its results are expected.

    `late`: results of a network inquiry that came after it, and count for nothing.
    """

    method: PriceMethod
    state: State
    basis: Citation
    reason: str = ""
    due: PeriodEnd | None = None
    results: tuple[PriceResult, ...] = ()
    late: tuple[PriceResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Lead:
    """What a court does next. `amount_fen`: what the results of `method` come to, None where they do not yet.

    `serve_by`: until when a report that came has to be sent to the parties.
    """

    methods: tuple[MethodLead, ...]
    method: PriceMethod | None
    amount_fen: int | None
    serve_by: PeriodEnd | None
    steps: tuple[Step, ...]


def standing(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that count: neither undoings nor what they undid."""
    undone = {step.detail for step in steps if step.code == UNDONE}
    return tuple(step for step in steps if step.code != UNDONE and step.id not in undone)


def late_results(steps: Sequence[Step], ruleset: Ruleset, calendar: WorkingDays) -> frozenset[str]:
    """The ids of results of a network inquiry that came too late to count (REF 11, 13).

    One that replaces a result undone is its correction, and in time where that was (REF 12).
    """
    method, counted = PriceMethod.NETWORK_INQUIRY, standing(steps)
    asked = next((step.on for step in reversed(counted) if step.code == f"{method}_asked"), None)
    if asked is None:
        return frozenset()
    extended = sum(step.code == f"{method}_extended" for step in counted)
    due = reports_due(method, asked, extended, ruleset, calendar)
    results = [step for step in steps if step.code == f"{method}_result"]
    in_time = {source_key(step.source or "") for step in results if due is None or step.on <= due.last_day}
    return frozenset(step.id for step in results if source_key(step.source or "") not in in_time)


def with_record(
    price: ReferencePrice, steps: Sequence[Step], ruleset: Ruleset, calendar: WorkingDays
) -> ReferencePrice:
    """The price as saved together with the steps recorded one by one, also since.

    Of a kind of step that both tell the record holds, and what was undone there is undone. The results recorded, those
    that came too late left out, are its `recorded`, and its results where none were saved with it.
    """
    late = late_results(steps, ruleset, calendar)
    told = {step.code for step in steps}
    counted = standing(steps)
    recorded = tuple(_result(step) for step in counted if step.code == f"{price.method}_result" and step.id not in late)
    taken = (PriceStep(step.code, step.on, step.detail) for step in counted if not step.code.endswith("_result"))
    return replace(
        price,
        steps=(*(step for step in price.steps if step.code not in told), *taken),
        results=price.results or recorded,
        recorded=recorded,
    )


def _result(step: Step) -> PriceResult:
    return PriceResult(step.source or "", step.amount_fen or 0, step.on)


def lead(steps: Sequence[Step], ruleset: Ruleset, calendar: WorkingDays) -> Lead:
    """Where the pricing of a lot stands."""
    counted = standing(steps)
    methods = tuple(_methods(steps, ruleset, calendar))
    delivered = next((each for each in reversed(methods) if each.state == "delivered"), None)
    amount = _amount(delivered) if delivered else None
    received = [step.on for step in counted if step.code == REPORT_RECEIVED]
    served = any(step.code in (REPORT_SERVED, REPORT_PUBLISHED) for step in counted)
    serve_by = period_end(max(received), ruleset.days("report_service"), calendar) if received and not served else None
    return Lead(methods, delivered.method if delivered else None, amount, serve_by, counted)


def _methods(steps: Sequence[Step], ruleset: Ruleset, calendar: WorkingDays) -> Iterator[MethodLead]:
    counted, late = standing(steps), late_results(steps, ruleset, calendar)
    free = any(step.code in (PARTIES_CHOSE, LAW_REQUIRES) for step in counted)
    reachable = True
    for name in ruleset.texts("price_method_order"):
        method = PriceMethod(name)
        found = _method(method, counted, late, ruleset, calendar)
        if found.state == "open" and not (reachable or free):
            found = replace(found, state="waits")
        reachable = reachable and found.state in ("failed", "skipped")
        yield found


def _method(
    method: PriceMethod, steps: Sequence[Step], late: Collection[str], ruleset: Ruleset, calendar: WorkingDays
) -> MethodLead:
    basis = ruleset.basis(REPORT_DAYS.get(method, "price_method_order"))
    mine = [step for step in steps if step.code.startswith(f"{method}_")]
    reported = [step for step in mine if step.code.endswith("_result")]
    results = tuple(_result(step) for step in reported if step.id not in late)
    too_late = tuple(_result(step) for step in reported if step.id in late)
    ended = next((step for step in reversed(mine) if step.code.endswith(("_failed", "_skipped"))), None)
    if ended is not None:
        state: State = "failed" if ended.code.endswith("_failed") else "skipped"
        return MethodLead(method, state, basis, ended.detail, None, results, too_late)
    asked = next((step.on for step in reversed(mine) if step.code.endswith("_asked")), None)
    if asked is None:
        return MethodLead(method, "open", basis)
    extended = sum(step.code.endswith("_extended") for step in mine)
    due = reports_due(method, asked, extended, ruleset, calendar)
    return MethodLead(method, "delivered" if results else "running", basis, "", due, results, too_late)


def _amount(found: MethodLead) -> int | None:
    """What the results come to: all alike of an agreement (REF 4), the mean of an inquiry of platforms (REF 13)."""
    amounts = [result.amount_fen for result in found.results]
    if found.method is PriceMethod.NETWORK_INQUIRY:
        return mean_fen(amounts)
    if found.method is PriceMethod.AGREEMENT and (len(amounts) < 2 or len(set(amounts)) > 1):
        return None
    return amounts[-1]


def check_step(step: Step, before: Sequence[Step], today: date, ruleset: Ruleset, calendar: WorkingDays) -> None:
    """Refuse a step that cannot be taken after those before it.

    DomainError invalid: `code` not_a_choice; `on` in_future; `detail` required (a reason, or what is undone);
    `source`/`amount_fen` required or not_allowed; `price_method_waits` (which method has to be dealt with first),
    `price_not_asked`, `price_extension` (REF 11(2), 19(2)); `price_result_repeated` on `source`, where a result of it
    stands (one corrected is recorded after the first was undone: REF 12, 20); `price_step_reversed` on `on`, before the
    step it answers; wrong_state where a method is over.
    """
    if step.code not in CODES:
        raise invalid("code", "not_a_choice", allowed=CODES)
    if step.on > today:
        raise invalid("on", "in_future", value=step.on.isoformat())
    is_result = step.code.endswith("_result")
    for name, value in (("source", step.source), ("amount_fen", step.amount_fen)):
        if (value is not None) != is_result:
            raise invalid(name, "required" if is_result else "not_allowed", role=step.code)
    if (step.code in _REASONED or step.code.endswith(("_failed", "_skipped"))) and not step.detail.strip():
        raise invalid("detail", "required")
    counted = standing(before)
    if step.code == UNDONE and step.detail not in {each.id for each in counted}:
        raise invalid("detail", "unknown", value=step.detail[:64])
    _check_method(step, before, ruleset, calendar)
    answered = min(_answered(step, counted), key=lambda each: each.on, default=None)
    if answered is not None and step.on < answered.on:
        facts = {"step": step.code, "on": step.on.isoformat()}
        raise invalid("on", "price_step_reversed", **facts, earlier=answered.code, earlier_on=answered.on.isoformat())


#: What cannot come before what: a report that nobody asked for, an objection to what nobody was sent (REF 21-23).
_ANSWERS: Mapping[str, tuple[str, ...]] = {
    **{f"{method}_{part}": (f"{method}_asked",) for method in PriceMethod for part in ("result", "failed")},
    **{code: (f"{method}_asked",) for code, method in _EXTENSIONS.items()},
    REPORT_RECEIVED: tuple(f"{method}_asked" for method in PriceMethod if method in REPORTED),
    REPORT_SERVED: (REPORT_RECEIVED,),
    REPORT_PUBLISHED: (REPORT_RECEIVED,),
    OBJECTION_FILED: (REPORT_SERVED, REPORT_PUBLISHED),
    OBJECTION_DECIDED: (OBJECTION_FILED,),
}


def _answered(step: Step, counted: Sequence[Step]) -> Iterator[Step]:
    """The steps of which the first has to come before this one; of an undoing, what it undoes."""
    if step.code == UNDONE:
        yield from (each for each in counted if each.id == step.detail)
    yield from (each for each in counted if each.code in _ANSWERS.get(step.code, ()))


def _check_method(step: Step, before: Sequence[Step], ruleset: Ruleset, calendar: WorkingDays) -> None:
    method = next((each for each in PriceMethod if step.code.startswith(f"{each}_")), None)
    if method is None:
        return
    counted, methods = standing(before), tuple(_methods(before, ruleset, calendar))
    found = next(each for each in methods if each.method is method)
    part = step.code.removeprefix(f"{method}_")
    if found.state == "waits" and part in ("asked", "failed"):
        first = next(each.method for each in methods if each.state in ("open", "running", "delivered"))
        raise invalid("code", "price_method_waits", method=method.value, first=first.value)
    if found.state in ("failed", "skipped"):
        raise DomainError("wrong_state", status=f"{method}_{found.state}")
    if part in ("result", "extended") and found.state not in ("running", "delivered"):
        raise invalid("code", "price_not_asked", method=method.value)
    if part == "result":
        source = source_key(step.source or "")
        same = [each for each in counted if each.code == step.code and source_key(each.source or "") == source]
        if same:
            facts = {"source": same[0].source, "on": same[0].on.isoformat(), "amount_fen": same[0].amount_fen}
            raise invalid("source", "price_result_repeated", **facts)
    if part == "extended":
        most = 1 if method is PriceMethod.NETWORK_INQUIRY else ruleset.count("valuation_extensions_max")
        taken = sum(each.code == step.code for each in counted)
        if taken >= most or (method is PriceMethod.NETWORK_INQUIRY and found.results):
            raise invalid("code", "price_extension", method=method.value, most=most)

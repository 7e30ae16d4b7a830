"""The reference price (处置参考价): how it was found, how long it holds, and what bars an announcement on it.

Source: Provisions on Determining Reference Prices (2018), articles 4-7, 13, 14, 21-24, 27.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from .calendar import PeriodEnd, WorkingDays, add_months, period_end
from .findings import Finding
from .ruleset import Ruleset


class PriceMethod(StrEnum):
    """The four ways, in the order in which the law wants them tried."""

    AGREEMENT = "agreement"
    DIRECTED_INQUIRY = "directed_inquiry"
    NETWORK_INQUIRY = "network_inquiry"
    APPRAISAL = "appraisal"


#: Ways that end in reports, which are served and may be objected to (REF 21-23); none lies against the others (REF 24).
REPORTED = frozenset({PriceMethod.NETWORK_INQUIRY, PriceMethod.APPRAISAL})

#: Step codes that do not belong to one method; beside them `METHOD_asked`, `METHOD_failed`, `METHOD_skipped`.
REPORT_RECEIVED = "report_received"
REPORT_SERVED = "report_served"
REPORT_PUBLISHED = "report_published"
OBJECTION_FILED = "objection_filed"
OBJECTION_DECIDED = "objection_decided"
#: The parties jointly went straight to the method used (REF 5(2), 7(2), 14), or the law requires it (REF 14).
PARTIES_CHOSE = "parties_chose"
LAW_REQUIRES = "law_requires"


@dataclass(frozen=True, slots=True)
class PriceResult:
    """What one source answered: platform, valuer, authority, or a party."""

    source: str
    amount_fen: int
    reported_on: date | None


@dataclass(frozen=True, slots=True)
class PriceStep:
    """One step on the way to the price; `detail` is the reason where the step needs one."""

    code: str
    on: date
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReferencePrice:
    """The price in fen, the days it holds (both inclusive), and how it came about.

    `recorded`: the results of its method among the steps recorded one by one (`pricing.with_record`), if any.
    """

    method: PriceMethod
    amount_fen: int
    effective_on: date
    valid_until: date
    results: tuple[PriceResult, ...] = ()
    steps: tuple[PriceStep, ...] = ()
    recorded: tuple[PriceResult, ...] = ()


@dataclass(frozen=True, slots=True)
class SaleDays:
    """The Shanghai days a price is held against: today, the first round's announcement, the opening."""

    today: date
    first_announced_on: date
    opens_on: date


#: The parameters that give a method its time, and more of it.
REPORT_DAYS = {PriceMethod.NETWORK_INQUIRY: "net_inquiry", PriceMethod.APPRAISAL: "valuation"}
_LONGER = {PriceMethod.NETWORK_INQUIRY: "net_inquiry_extension", PriceMethod.APPRAISAL: "valuation_extension"}


def reports_due(
    method: PriceMethod, asked: date, extended: int, ruleset: Ruleset, calendar: WorkingDays
) -> PeriodEnd | None:
    """Until when platforms or valuers report (REF 11, 19); for the other two the court sets the time itself."""
    if method not in REPORTED:
        return None
    days = ruleset.days(REPORT_DAYS[method]) + extended * ruleset.days(_LONGER[method])
    return period_end(asked, days, calendar)


def mean_fen(amounts: Sequence[int]) -> int:
    """The mean of results in fen, rounded half up (REF 13). ValueError without any."""
    if not amounts:
        raise ValueError("no results")
    return (2 * sum(amounts) + len(amounts)) // (2 * len(amounts))


def usable_until(price: ReferencePrice, ruleset: Ruleset) -> date:
    """The last day on which an auction announced in time may open on this price (REF 27(3))."""
    return add_months(price.valid_until, ruleset.months("ref_grace"))


def entry_findings(price: ReferencePrice, ruleset: Ruleset, calendar: WorkingDays) -> tuple[Finding, ...]:
    """What is wrong with a price as entered, whatever it is used for; all errors.

    `amount_out_of_range`, `validity_reversed`, `result_out_of_range`, and `not_the_mean` for a network inquiry whose
    amount is not the mean of its results, those that came too late left out (REF 11, 13).
    """
    found = []
    if price.amount_fen < 1:
        found.append(_error("amount_out_of_range", "amount_fen", "price_method_order", ruleset, minimum_fen=1))
    if price.valid_until < price.effective_on:
        found.append(_error("validity_reversed", "valid_until", "ref_validity_max", ruleset))
    amounts = [result.amount_fen for result in price.results]
    for index, amount in enumerate(amounts):
        if amount < 1:
            field = f"results.{index}.amount_fen"
            found.append(_error("result_out_of_range", field, "price_method_order", ruleset, minimum_fen=1))
    counted = [result.amount_fen for result in _counted(price, ruleset, calendar)]
    if price.method is PriceMethod.NETWORK_INQUIRY and counted and price.amount_fen != mean_fen(counted):
        found.append(_error("not_the_mean", "amount_fen", "net_inquiry_mean", ruleset, mean_fen=mean_fen(counted)))
    return tuple(found)


def _inquiry_due(price: ReferencePrice, ruleset: Ruleset, calendar: WorkingDays) -> PeriodEnd | None:
    asked = max((step.on for step in price.steps if step.code == f"{price.method}_asked"), default=None)
    if price.method is not PriceMethod.NETWORK_INQUIRY or asked is None:
        return None
    extended = sum(step.code == f"{price.method}_extended" for step in price.steps)
    return reports_due(price.method, asked, extended, ruleset, calendar)


def _counted(price: ReferencePrice, ruleset: Ruleset, calendar: WorkingDays) -> list[PriceResult]:
    """The results that count: in time, or of a source whose report was in time, by these or the recorded ones."""
    due = _inquiry_due(price, ruleset, calendar)
    if due is None:
        return list(price.results)
    in_time = {source_key(each.source) for each in price.results if not _is_late(each, due)}
    in_time |= {source_key(each.source) for each in price.recorded}
    return [each for each in price.results if source_key(each.source) in in_time]


def _is_late(result: PriceResult, due: PeriodEnd) -> bool:
    return result.reported_on is not None and result.reported_on > due.last_day


def price_findings(
    price: ReferencePrice | None, days: SaleDays, ruleset: Ruleset, calendar: WorkingDays
) -> tuple[Finding, ...]:
    """What bars an announcement on this price, and what the panel should see (PRECISIONS 33).

    Errors have the code `reference_price_expired` with a fact `reason`: `missing`,
    `announced_after_validity`, `opens_too_late`, `validity_too_long`, `objection_open`; or are those of
    `entry_findings`; or `reference_price_record_differs` of a network inquiry, whose price is the mean of all results
    (REF 13), else a warning; or `reference_price_result_late` where no result came in time, else a warning.
    Warnings: `reference_price_steps_missing`, `reference_price_results_missing`,
    `reference_price_result_differs`, `reference_price_effective_after_result`,
    `reference_price_source_repeated`, `reference_price_step_in_future`,
    `reference_price_steps_reversed`, `reference_price_method_skipped`, `reference_price_objection_period`.
    """
    if price is None:
        return (_expired("missing", "ref_start", ruleset),)
    return (
        *_validity_findings(price, days, ruleset),
        *entry_findings(price, ruleset, calendar),
        *_result_warnings(price, ruleset),
        *_differing_warnings(price, ruleset),
        *_late_findings(price, ruleset, calendar),
        *_effective_warnings(price, ruleset),
        *_repeated_warnings(price, ruleset),
        *_record_findings(price, ruleset, calendar),
        *_step_warnings(price, ruleset),
        *_future_warnings(price, days.today, ruleset),
        *_reversed_warnings(price, ruleset),
        *_skipped_warnings(price, ruleset),
        *_objection_findings(price, days.today, ruleset, calendar),
    )


def _validity_findings(price: ReferencePrice, days: SaleDays, ruleset: Ruleset) -> Iterable[Finding]:
    limit = usable_until(price, ruleset)
    longest = add_months(price.effective_on, ruleset.months("ref_validity_max"))
    if days.first_announced_on > price.valid_until:
        yield _expired(
            "announced_after_validity",
            "ref_grace",
            ruleset,
            valid_until=price.valid_until.isoformat(),
            announced_on=days.first_announced_on.isoformat(),
        )
    if days.opens_on > limit:
        yield _expired(
            "opens_too_late", "ref_grace", ruleset, limit=limit.isoformat(), opens_on=days.opens_on.isoformat()
        )
    if price.valid_until > longest:
        yield _expired(
            "validity_too_long",
            "ref_validity_max",
            ruleset,
            limit=longest.isoformat(),
            valid_until=price.valid_until.isoformat(),
        )


def _result_warnings(price: ReferencePrice, ruleset: Ruleset) -> Iterable[Finding]:
    if not price.results:
        yield _warning(
            "reference_price_results_missing", "results", "price_method_order", ruleset, method=price.method.value
        )
    for index, result in enumerate(price.results):
        if not result.source.strip() or result.reported_on is None:
            yield _warning(
                "reference_price_results_missing",
                f"results.{index}",
                "price_method_order",
                ruleset,
                method=price.method.value,
                number=index + 1,
            )


def _step_warnings(price: ReferencePrice, ruleset: Ruleset) -> Iterable[Finding]:
    taken = {step.code for step in price.steps}
    wanted = [{f"{price.method}_asked"}]
    if price.method in REPORTED:
        wanted += [{REPORT_RECEIVED}, {REPORT_SERVED, REPORT_PUBLISHED}]
    for choice in wanted:
        if not choice & taken:
            steps = " ".join(sorted(choice))
            basis = "report_service" if len(choice) > 1 else "price_method_order"
            yield _warning("reference_price_steps_missing", "steps", basis, ruleset, steps=steps)


def _differing_warnings(price: ReferencePrice, ruleset: Ruleset) -> Iterable[Finding]:
    """A network inquiry has its mean; every other way has one result, which is the price (REF 4-6, 20)."""
    if price.method is PriceMethod.NETWORK_INQUIRY:
        return
    for index, result in enumerate(price.results):
        if result.amount_fen > 0 and result.amount_fen != price.amount_fen:
            yield _warning(
                "reference_price_result_differs",
                f"results.{index}.amount_fen",
                "price_method_order",
                ruleset,
                number=index + 1,
                result_fen=result.amount_fen,
                amount_fen=price.amount_fen,
            )


def _late_findings(price: ReferencePrice, ruleset: Ruleset, calendar: WorkingDays) -> Iterable[Finding]:
    """Only what a platform reports in time counts in the mean, unless it corrects what was (REF 11-13).

    An error where nothing came in time: then there is no mean, and the price rests on nothing.
    """
    due = _inquiry_due(price, ruleset, calendar)
    told = _warning if _counted(price, ruleset, calendar) else _error
    for index, result in enumerate(price.results):
        if due is not None and result.reported_on is not None and _is_late(result, due):
            yield told(
                "reference_price_result_late",
                f"results.{index}.reported_on",
                "net_inquiry",
                ruleset,
                source=result.source.strip(),
                reported_on=result.reported_on.isoformat(),
                last_day=due.last_day.isoformat(),
            )


def _effective_warnings(price: ReferencePrice, ruleset: Ruleset) -> Iterable[Finding]:
    """How long a result holds counts from the result: a price cannot begin to hold after the last it rests on."""
    latest = max((result.reported_on for result in price.results if result.reported_on is not None), default=None)
    if latest is not None and price.effective_on > latest:
        yield _warning(
            "reference_price_effective_after_result",
            "effective_on",
            "ref_validity_max",
            ruleset,
            effective_on=price.effective_on.isoformat(),
            reported_on=latest.isoformat(),
        )


def _repeated_warnings(price: ReferencePrice, ruleset: Ruleset) -> Iterable[Finding]:
    """A platform entered twice counts twice in the mean of a network inquiry (REF 8, 13)."""
    if price.method is not PriceMethod.NETWORK_INQUIRY:
        return
    first: dict[str, int] = {}
    for number, result in enumerate(price.results, start=1):
        source = result.source.strip()
        earlier = first.setdefault(source_key(source), number)
        if source and earlier != number:
            yield _warning(
                "reference_price_source_repeated",
                f"results.{number - 1}.source",
                "net_inquiry_mean",
                ruleset,
                source=source,
                earlier=earlier,
                later=number,
            )


def _record_findings(price: ReferencePrice, ruleset: Ruleset, calendar: WorkingDays) -> Iterable[Finding]:
    """Results are saved with the price and recorded one by one; both are kept of one pricing (REF 13, 34)."""
    counted = _counted(price, ruleset, calendar)
    saved, recorded = (Counter(_answer(each) for each in told) for told in (counted, price.recorded))
    if not price.recorded or saved == recorded:
        return
    differing = (saved - recorded) + (recorded - saved)
    names = (each.source.strip() for each in (*counted, *price.recorded) if _answer(each) in differing)
    facts: dict[str, int | str] = {"sources": "、".join(dict.fromkeys(names)), "recorded": len(price.recorded)}
    if price.method is PriceMethod.NETWORK_INQUIRY:
        mean = mean_fen([each.amount_fen for each in price.recorded])
        yield _error("reference_price_record_differs", "results", "net_inquiry_mean", ruleset, mean_fen=mean, **facts)
    else:
        yield _warning("reference_price_record_differs", "results", "price_method_order", ruleset, **facts)


def _answer(result: PriceResult) -> tuple[str, int]:
    return source_key(result.source), result.amount_fen


def source_key(source: str) -> str:
    """By what one source is known from another, however its name was typed."""
    return source.strip().casefold()


def _future_warnings(price: ReferencePrice, today: date, ruleset: Ruleset) -> Iterable[Finding]:
    for index, step in enumerate(price.steps):
        if step.on > today:
            yield _warning(
                "reference_price_step_in_future",
                f"steps.{index}.on",
                "price_method_order",
                ruleset,
                step=step.code,
                on=step.on.isoformat(),
                today=today.isoformat(),
            )


def _reversed_warnings(price: ReferencePrice, ruleset: Ruleset) -> Iterable[Finding]:
    """The first day of each step, held against the latest of those that go before it (REF 21-23).

    A report is served on some and published for others: neither comes before it was received.
    """
    course = (
        (f"{price.method}_asked",),
        (REPORT_RECEIVED,),
        (REPORT_SERVED, REPORT_PUBLISHED),
        (OBJECTION_FILED,),
        (OBJECTION_DECIDED,),
    )
    first: dict[str, date] = {}
    for step in price.steps:
        first[step.code] = min(step.on, first.get(step.code, step.on))
    before: PriceStep | None = None
    for codes in course:
        taken = [PriceStep(code, first[code]) for code in codes if code in first]
        for step in taken:
            if before is not None and step.on < before.on:
                yield _warning(
                    "reference_price_steps_reversed",
                    "steps",
                    "report_service",
                    ruleset,
                    step=step.code,
                    on=step.on.isoformat(),
                    earlier=before.code,
                    earlier_on=before.on.isoformat(),
                )
        here = min(taken, key=lambda step: step.on, default=None)
        before = max((step for step in (before, here) if step), key=lambda step: step.on, default=None)


def _skipped_warnings(price: ReferencePrice, ruleset: Ruleset) -> Iterable[Finding]:
    reasoned = {step.code for step in price.steps if step.detail.strip()}
    order = ruleset.texts("price_method_order")
    if reasoned & {PARTIES_CHOSE, LAW_REQUIRES}:
        return
    for method in order[: order.index(price.method)]:
        if not reasoned & {f"{method}_failed", f"{method}_skipped"}:
            yield _warning("reference_price_method_skipped", "steps", "price_method_order", ruleset, method=method)


def undecided_objections(price: ReferencePrice) -> int:
    """How many objections to the reports are recorded and not yet decided (REF 22-23)."""
    codes = [step.code for step in price.steps]
    return max(0, codes.count(OBJECTION_FILED) - codes.count(OBJECTION_DECIDED))


def objections_end(price: ReferencePrice, ruleset: Ruleset, calendar: WorkingDays) -> PeriodEnd | None:
    """Until when the reports may be objected to; None where no report was served or published (REF 21-23)."""
    publicity = timedelta(days=ruleset.days("report_publicity"))
    received = [step.on for step in price.steps if step.code == REPORT_SERVED]
    received += [step.on + publicity for step in price.steps if step.code == REPORT_PUBLISHED]
    return period_end(max(received), ruleset.days("report_objection"), calendar) if received else None


def _objection_findings(
    price: ReferencePrice, today: date, ruleset: Ruleset, calendar: WorkingDays
) -> Iterable[Finding]:
    undecided = undecided_objections(price)
    if undecided and ruleset.flag("price_objection_open"):
        yield _expired("objection_open", "price_objection_open", ruleset, open=undecided)
    end = objections_end(price, ruleset, calendar) if price.method in REPORTED else None
    if end is not None and today <= end.last_day:
        yield _warning(
            "reference_price_objection_period",
            "steps",
            "report_objection",
            ruleset,
            last_day=end.last_day.isoformat(),
            provisional=int(end.provisional),
        )


def _expired(reason: str, basis: str, ruleset: Ruleset, **facts: int | str) -> Finding:
    return Finding(
        "reference_price_expired", "error", "reference_price", ruleset.basis(basis), {"reason": reason, **facts}
    )


def _error(code: str, field: str, basis: str, ruleset: Ruleset, **facts: int | str) -> Finding:
    return Finding(code, "error", f"reference_price.{field}", ruleset.basis(basis), facts)


def _warning(code: str, field: str, basis: str, ruleset: Ruleset, **facts: int | str) -> Finding:
    return Finding(code, "warning", f"reference_price.{field}", ruleset.basis(basis), facts)

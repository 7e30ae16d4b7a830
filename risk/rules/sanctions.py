"""Sanctions against malicious reneging: which a court may decide, within what bounds, from when and until when.

Pure. Sources: civil procedure law (2023) 114-119 and its interpretation (2022) 185 for fine, detention and review;
publication is the court's practice. A bar for a term exists only where the ruleset names the written rule it rests
on: document, article, date, and a file that is kept and public. No text allows it otherwise (OJA 24 bars from the
resale of the one lot).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from auction.kernel.errors import Breach
from auction.rules.approvals import Need
from auction.rules.calendar import WorkingDays, add_months, midnight, period_end, shanghai_day
from auction.rules.ruleset import Citation, Ruleset

KINDS = ("fine", "detention", "publication", "term_bar")
STATUSES = ("proposed", "approved", "in_force", "lifted", "expired")
SCOPES = ("court", "all")
#: Coercive measures: these need the president of the court (CPL 119).
COERCIVE = frozenset(("fine", "detention"))
#: What runs until a day; a fine has no term.
WITH_TERM = frozenset(("detention", "publication", "term_bar"))
Liable = Literal["person", "unit"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A sanction as asked for. `amount_fen`: of a fine. `until`: the last day of a term. `scope`: of a term bar."""

    kind: str
    amount_fen: int | None = None
    until: date | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """The written rule a term bar rests on: its citation, its day, the SHA-256 of its text, its longest term."""

    citation: Citation
    dated: str
    file: str
    months: int


def liable(id_type: str) -> Liable:
    """Whether an identity is a natural person's or a unit's: the bounds of a fine differ (CPL 118)."""
    return "unit" if id_type == "uscc" else "person"


def written_rule(ruleset: Ruleset) -> WrittenRule | None:
    """The written rule under which this ruleset allows bars for a term; None where it allows none, or names none."""
    if not ruleset.flag("measure_term_bar") or "term_bar_max" not in ruleset.parameters:
        return None
    parameter = ruleset.parameters["measure_term_bar"]
    document = ruleset.documents.get(parameter.document or "")
    if document is None or not document.dated or not document.file:
        return None
    return WrittenRule(ruleset.basis("measure_term_bar"), document.dated, document.file, ruleset.months("term_bar_max"))


def basis_of(ruleset: Ruleset, kind: str) -> Citation:
    """What a sanction of this kind is to cite."""
    return ruleset.basis(f"measure_{kind}")


def breaches(ruleset: Ruleset, measure: Measure, who: Liable, today: date, *, rule_kept: bool = False) -> list[Breach]:
    """Everything that speaks against a measure, by field. `rule_kept`: the written rule's file is kept and public."""
    if not ruleset.flag(f"measure_{measure.kind}"):
        return [Breach("measure_off", "kind", facts={"kind": measure.kind})]
    found = [*_surplus(measure)]
    if measure.kind == "fine":
        found += _fine(ruleset, measure.amount_fen, who)
    elif measure.kind == "detention":
        found += _detention(ruleset, measure.until, who, today)
    elif measure.kind == "publication":
        found += _term(measure.until, today, add_months(today, ruleset.months("publication_max")))
    else:
        rule = written_rule(ruleset)
        if rule is None or not rule_kept:
            return [Breach("written_rule_missing", "kind")]
        found += _term(measure.until, today, add_months(today, rule.months))
    return found


def _surplus(measure: Measure) -> list[Breach]:
    belongs = {
        "amount_fen": measure.kind == "fine",
        "until": measure.kind in WITH_TERM,
        "scope": measure.kind == "term_bar",
    }
    return [
        Breach("not_allowed", field)
        for field, does in belongs.items()
        if not does and getattr(measure, field) is not None
    ]


def _fine(ruleset: Ruleset, amount_fen: int | None, who: Liable) -> list[Breach]:
    if amount_fen is None:
        return [Breach("required", "amount_fen")]
    least = ruleset.fen("fine_unit_min") if who == "unit" else 1
    key = "fine_unit_max" if who == "unit" else "fine_person_max"
    if least <= amount_fen <= ruleset.fen(key):
        return []
    facts = {"least_fen": least, "most_fen": ruleset.fen(key)}
    return [Breach("fine_out_of_range", "amount_fen", ruleset.basis(key), facts)]


def _detention(ruleset: Ruleset, until: date | None, who: Liable, today: date) -> list[Breach]:
    if who == "unit":
        return [Breach("detention_of_unit", "kind", ruleset.basis("detention_max"))]
    days = ruleset.days("detention_max")
    found = _term(until, today, today + timedelta(days=days))
    if found and found[0].code == "term_too_long":
        return [Breach("detention_too_long", "until", ruleset.basis("detention_max"), {"days": days})]
    return found


def _term(until: date | None, today: date, latest: date) -> list[Breach]:
    if until is None:
        return [Breach("required", "until")]
    if until <= today:
        return [Breach("date_passed", "until", facts={"day": until.isoformat()})]
    if until > latest:
        return [Breach("term_too_long", "until", facts={"latest": latest.isoformat()})]
    return []


def needs(kind: str) -> Sequence[Need]:
    """Whose approval a sanction needs besides its proposer (PRECISIONS 25): a judge; for coercion the president too."""
    return (Need("judge"), Need("president")) if kind in COERCIVE else (Need("judge"),)


def waits_for_review(ruleset: Ruleset, kind: str) -> bool:
    """Whether a sanction takes effect only once the time for a review is over or the review upheld it."""
    return kind in ruleset.texts("effect_after_review")


def review_until(ruleset: Ruleset, served_at: datetime, holidays: WorkingDays) -> datetime:
    """The first moment at which it is too late to ask for a review."""
    return period_end(shanghai_day(served_at), ruleset.days("sanction_review_request"), holidays).ends_at


def review_due(ruleset: Ruleset, filed_at: datetime, holidays: WorkingDays) -> datetime:
    """The moment by which a review is to be decided."""
    return period_end(shanghai_day(filed_at), ruleset.days("sanction_review_decision"), holidays).ends_at


def ends_at(until: date) -> datetime:
    """The moment at which a term whose last day is `until` is over."""
    return midnight(until + timedelta(days=1))

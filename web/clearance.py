"""Clearance in words: what the card's factors say, in the reader's language, for the interface and the pages."""

from typing import Any

from disclosure.queries import ClearanceReading
from disclosure.rules.citations import cite
from risk.rules.clearance.assessment import Assessment
from risk.rules.clearance.card import load


def weighed(assessed: Assessment, tongue: str) -> list[dict[str, Any]]:
    """Every factor looked at, in words: title, what its level means, what would lower it, its article."""
    card = load(assessed.card)
    said = []
    for each in assessed.factors:
        factor = card.factor(each.code)
        basis = cite(factor.basis)
        said.append(
            {
                **each.as_data(),
                "title": factor.title[tongue],
                "detail": factor.level(each.level).says[tongue],
                "lowers": factor.lowers[tongue],
                "basis": basis.en if tongue == "en" else basis.zh,
            }
        )
    return said


def reading(read: ClearanceReading, tongue: str) -> dict[str, Any]:
    """`clearance` of the interface."""
    assessed = read.assessed
    record = {"outcomes": read.record.outcomes, "in_time": read.record.in_time}
    if assessed is None:
        return {
            "applicable": False,
            "score": None,
            "band": None,
            "factors": [],
            "plan_required": False,
            "detail": _NOTHING_TO_CLEAR[tongue],
            "card": None,
            "card_dated": None,
            "sheet_version": read.version,
            "assessed_at": None,
            "promise": None,
            "court_record": record,
            "model": None,
        }
    return {
        "applicable": True,
        "score": assessed.score,
        "band": assessed.band,
        "factors": weighed(assessed, tongue),
        "plan_required": assessed.plan_required,
        "detail": BANDS[assessed.band][tongue],
        "card": assessed.card,
        "card_dated": load(assessed.card).dated,
        "sheet_version": read.version,
        "assessed_at": read.at,
        "promise": promise(read),
        "court_record": record,
        "model": None,
    }


def promise(read: ClearanceReading) -> dict[str, Any] | None:
    """The day promised and the public part of the plan; None where nothing is promised. Resources are not public."""
    if read.promised_on is None:
        return None
    return {"promised_on": read.promised_on, "steps": read.plan.steps if read.plan else []}


_NOTHING_TO_CLEAR = {
    "zh": "此类标的不存在腾空问题，按交付步骤移交。",
    "en": "Lots of this kind are not cleared; they are handed over step by step.",
}
#: What a band means.
BANDS = {
    "A": {"zh": "可以直接交付", "en": "Can be handed over at once"},
    "B": {"zh": "腾空难度较低", "en": "Should be cleared without difficulty"},
    "C": {"zh": "有一定腾空难度", "en": "Some difficulty in clearing"},
    "D": {"zh": "腾空难度较大，法院须有预案", "en": "Hard to clear: the court must have a plan"},
    "E": {"zh": "腾空难度很大，法院须有预案", "en": "Very hard to clear: the court must have a plan"},
}

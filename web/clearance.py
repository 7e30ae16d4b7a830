"""Clearance in words: what the card's factors say, in the reader's language, for the interface and the pages."""

from typing import Any

from auction.kernel.clock import iso
from disclosure.queries.clearance import ClearanceReading
from disclosure.rules.citations import cite
from risk.models import ClearanceModel
from risk.queries.clearance import Report
from risk.rules.clearance.assessment import Assessment
from risk.rules.clearance.card import PRESENT, load


def weighed(assessed: Assessment, tongue: str) -> list[dict[str, Any]]:
    """Every factor looked at, in words: title, what its level means, what would lower it, its article."""
    card = load(assessed.card)
    said = []
    for each in assessed.factors:
        factor = card.factor(each.code)
        basis, level = cite(factor.basis), factor.level(each.level).says[tongue]
        said.append(
            {
                **each.as_data(),
                "title": factor.title[tongue],
                "detail": _UNTOLD[tongue].format(level) if each.assumed else level,
                "lowers": factor.lowers[tongue],
                "basis": basis.en if tongue == "en" else basis.zh,
            }
        )
    return said


def reading(read: ClearanceReading, tongue: str) -> dict[str, Any]:
    """`clearance` of the interface. `draft`: the same of the sheet as it stands now, for the lot's court."""
    return _reading(read, tongue) | {"draft": _reading(read.draft, tongue) if read.draft else None}


def _reading(read: ClearanceReading, tongue: str) -> dict[str, Any]:
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
        "model": None if read.chance is None else {"in_time": round(read.chance, 3)},
    }


def promise(read: ClearanceReading) -> dict[str, Any] | None:
    """The day promised and the public part of the plan; None where nothing is promised. Resources are not public."""
    if read.promised_on is None:
        return None
    return {"promised_on": read.promised_on, "steps": read.plan.steps if read.plan else []}


def report_data(report: Report, tongue: str) -> dict[str, Any]:
    """The calibration report as JSON values; shares are 0 to 1."""
    told = report.calibration
    return {
        "card": PRESENT,
        "outcomes": told.outcomes,
        "in_time": told.in_time,
        "falls": told.falls,
        "bands": [
            {
                "band": record.band,
                "outcomes": record.outcomes,
                "in_time": record.in_time,
                "share": record.interval.share if record.interval else None,
                "low": record.interval.low if record.interval else None,
                "high": record.interval.high if record.interval else None,
                "enough": record.enough,
            }
            for record in told.bands
        ],
        "courts": [
            {
                "court": court.court_code,
                "outcomes": court.record.outcomes,
                "in_time": court.record.in_time,
                "forced": court.forced,
                "days_late": court.days_late,
            }
            for court in report.courts
        ],
        "model": _model(report, tongue),
        "labels": _NO_LABELS[tongue],
    }


def _model(report: Report, tongue: str) -> dict[str, Any]:
    row = report.model
    if row is None:
        words = _NO_MODEL[tongue] if report.missing or report.missing_rare else _NOT_TRAINED[tongue]
        detail = words.format(missing=report.missing, rare=report.missing_rare)
        return {"trained": None, "missing": report.missing, "missing_rare": report.missing_rare, "detail": detail}
    return {
        "trained": _trained(row),
        "missing": report.missing,
        "missing_rare": report.missing_rare,
        "detail": (_BEATS if row.beats_card else _LOSES)[tongue].format(n=row.outcomes),
    }


def _trained(row: ClearanceModel) -> dict[str, Any]:
    return {
        "id": row.id,
        "card": row.card,
        "at": iso(row.at),
        "outcomes": row.outcomes,
        "late": row.late,
        "beats_card": row.beats_card,
        "metrics": row.metrics,
    }


def too_few(tongue: str) -> str:
    """What is said of a band with too few outcomes."""
    return {"zh": "结果太少，不能下结论", "en": "too few outcomes to conclude anything"}[tongue]


_NO_LABELS = {
    "zh": "腾空结果没有公开的标注数据，本报告和模型只依据本平台自己的交付结果。",
    "en": "There are no public labels of clearing: all of this rests on this platform's own handovers alone.",
}
_NO_MODEL = {
    "zh": "尚无模型：还差 {missing} 件结果，其中较少的一类（按期或者逾期）还差 {rare} 件。",
    "en": "No model yet: {missing} more outcomes are needed, and {rare} more of the rarer kind (in time or late).",
}
_NOT_TRAINED = {"zh": "结果已够，模型尚未训练。", "en": "There are enough outcomes; the model has not been trained."}
_BEATS = {
    "zh": "模型依据 {n} 件结果训练，交叉验证优于评分卡，在评分卡旁显示；不改变等级。",
    "en": "The model, trained on {n} outcomes, beats the card in cross-validation; it never sets the band.",
}
_LOSES = {
    "zh": "模型依据 {n} 件结果训练，交叉验证不优于评分卡，不显示。",
    "en": "The model, trained on {n} outcomes, does not beat the card in cross-validation and is not shown.",
}
_NOTHING_TO_CLEAR = {
    "zh": "此类标的不存在腾空问题，按交付步骤移交。",
    "en": "Lots of this kind are not cleared; they are handed over step by step.",
}
#: A fact nobody told is never stated as one.
_UNTOLD = {"zh": "未核查，按“{}”计", "en": "not checked, counted as “{}”"}
#: What a band means.
BANDS = {
    "A": {"zh": "可以直接交付", "en": "Can be handed over at once"},
    "B": {"zh": "腾空难度较低", "en": "Should be cleared without difficulty"},
    "C": {"zh": "有一定腾空难度", "en": "Some difficulty in clearing"},
    "D": {"zh": "腾空难度较大，法院须有预案", "en": "Hard to clear: the court must have a plan"},
    "E": {"zh": "腾空难度很大，法院须有预案", "en": "Very hard to clear: the court must have a plan"},
}

"""Clearance on the pages: the band with its reasons, the court's promise, the handover beside it, and the record."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.models import Auction, Court
from auction.rules.ruleset import Ruleset
from bidding.queries.handover import Handover, handover
from bidding.queries.kept import version_tag
from disclosure.queries.clearance import ClearanceReading, read_clearance
from risk.models import ClearancePlan
from risk.queries.bulk import Group
from risk.queries.clearance import Report, report
from risk.rules.clearance.card import BANDS, load

from .. import clearance
from ..clearance import report_data
from . import forms, labels
from .forms import Entry
from .language import _, language, local, plural
from .stale import MADE_FROM

#: Steps a form offers beyond those already filled.
SPARE = 2


@dataclass(frozen=True, slots=True)
class LotClearance:
    """What the page of a lot tells: the sealed assessment, None before a seal, and the tracker of a sale."""

    read: ClearanceReading | None
    handover: Handover | None


def of_round(session: Session, auction_id: str, ruleset: Ruleset, today: date) -> LotClearance:
    """The clearance of a round's lot, for everybody."""
    auction = session.get_one(Auction, auction_id)
    read = read_clearance(session, None, auction.lot_id, ruleset) if auction.lot.sheet_version else None
    return LotClearance(read, handover(session, auction, today))


def public(found: LotClearance) -> dict[str, Any]:
    """What the page of a lot shows."""
    return {
        "risk": view(found.read) if found.read else None,
        "tracker": tracker(found.handover) if found.handover else None,
    }


def view(read: ClearanceReading) -> dict[str, Any]:
    """The assessment in words; what weighs most first, what nobody told marked."""
    if read.assessed is None:
        return {"applicable": False}
    told = clearance.reading(read, language())
    weighty = sorted(told["factors"], key=lambda each: -each["points"])
    return {
        "applicable": True,
        "band": read.assessed.band,
        "score": read.assessed.score,
        "bands": [(band, labels.BAND[band]) for band in BANDS],
        "heavy": [each for each in weighty if each["points"] > 0],
        "light": [each for each in reversed(weighty) if each["points"] <= 0],
        "assumed": len(read.assessed.assumed),
        "plan_required": read.assessed.plan_required,
        "card": load(read.assessed.card).title[language()],
        "card_dated": load(read.assessed.card).dated,
        "promised_on": read.promised_on,
        "steps": read.plan.steps if read.plan else [],
        "record": record(read),
        "chance": None if read.chance is None else f"{read.chance:.0%}",
    }


def record(read: ClearanceReading) -> str:
    """The court's own record in a sentence."""
    told = read.record
    if told.outcomes == 0:
        return _("本院在本平台尚无腾空结果。")
    return _("本院已腾空 %(n)s 件，其中按期 %(m)s 件。", n=told.outcomes, m=told.in_time)


def tracker(found: Handover) -> dict[str, Any]:
    """The promise beside what was done: the day due, the steps with their days, met or missed."""
    tones = {"met": "lead", "missed": "out", "overdue": "out", "waiting": "wait"}
    words = {
        "met": _("按期腾空"),
        "missed": plural("逾期 %(num)s 天腾空", found.days_late or 0),
        "overdue": _("已过承诺日期，尚未腾空"),
        "waiting": _("等待腾空"),
        "not_applicable": _("公告时无人占有，不需要腾空"),
        "by_owner": _("被执行人自行变卖，由其向买受人交付"),
    }
    return {
        "state": found.state,
        "tone": tones.get(found.state, "info"),
        "head": words[found.state],
        "due_on": found.due_on,
        "promised": found.promised,
        "cleared_on": found.cleared_on,
        "forced": found.manner == "forced",
        "steps": [{"label": step_label(step.code), "on": step.on} for step in found.steps],
    }


def step_label(code: str) -> str:
    """What a step after the sale is called."""
    return str(labels.HANDOVER_STEP.get(code, code))  # courts once named steps freely


def plan_entry(plan: ClearancePlan | None, told_on: date | None, responsible: str) -> Entry:
    """The form of a plan: the plan in force, else what the disclosure sheet already tells."""
    if plan is None:
        told = told_on.isoformat() if told_on else ""
        return Entry({"owner": responsible, "promised_on": told, MADE_FROM: version_tag(plan)})
    values: dict[str, Any] = {
        MADE_FROM: version_tag(plan),
        "owner": plan.owner,
        "promised_on": plan.promised_on.isoformat(),
        "resources": plan.resources,
    }
    for index, step in enumerate(plan.steps):
        values |= {f"steps.{index}.{name}": value for name, value in forms.shown(step).items()}
    return Entry(values)


def bulk(found: list[Group]) -> list[dict[str, Any]]:
    """Lots of a kind a court sells at once, for its board."""
    return [
        {
            "address": group.address,
            "asset_type": labels.ASSET_TYPE[group.kind.asset_type],
            "together": group.advice.together,
            "crowded": group.advice.crowded,
            "text": _pace(group),
            "free_end": local(group.advice.free_end),
            "rounds": [
                {"href": url_for("desk.round", auction_id=auction.id), "ends": local(auction.closes_at)}
                for auction in group.auctions
            ],
        }
        for group in found
    ]


def _pace(group: Group) -> str:
    told = group.advice
    if told.a_month is None:
        return _("近期同类同地区结束 %(n)s 件，太少，无法估计消化速度。", n=told.ended)
    facts = {"n": told.ended, "m": told.sold, "pace": told.a_month}
    return _("近期同类同地区结束 %(n)s 件、成交 %(m)s 件，约每月成交 %(pace)s 件。", **facts)


@dataclass(frozen=True, slots=True)
class NamedReport:
    """The calibration report with the names of the courts in it."""

    report: Report
    names: dict[str, str]


def of_platform(session: Session, ruleset: Ruleset) -> NamedReport:
    """The calibration report."""
    found = report(session, ruleset)
    codes = [court.court_code for court in found.courts]
    rows = session.execute(select(Court.code, Court.name).where(Court.code.in_(codes)))
    return NamedReport(found, {row.code: row.name for row in rows})


def report_view(found: NamedReport) -> dict[str, Any]:
    """The report in words; shares as per cent."""
    data = report_data(found.report, language())

    def per_cent(value: float | None) -> str:
        return "—" if value is None else f"{value:.0%}"

    return {
        **data,
        "title": load().title[language()],
        "dated": load().dated,
        "bands": [
            {**band, **{name: per_cent(band[name]) for name in ("share", "low", "high")}} for band in data["bands"]
        ],
        "courts": [{**court, "name": found.names.get(court["court"], court["court"])} for court in data["courts"]],
    }

"""Sanctions and records as pages show them: sentences made of plain facts, the same for every reader."""

from datetime import datetime
from typing import Any

from auction.kernel.money import yuan
from bidding.queries.sanctions import Decision
from risk.models import Sanction
from risk.queries.standing import Record

from . import labels
from .language import _, language

_TONES = {"proposed": "warn", "approved": "warn", "in_force": "stop", "lifted": "", "expired": ""}


def decision_view(one: Decision, now: datetime) -> dict[str, Any]:
    """A decision with its order, law and state in the page's language, and whether its review may still be asked."""
    sanction, review = one.sanction, one.review
    failed = sanction.status == "proposed" and one.approval != "pending"
    return {
        "id": sanction.id,
        "one": one,
        "sanction": sanction,
        "review": review,
        "person": one.person,
        "order": order_of(sanction),
        "law": law_of(sanction.law),
        "title": str(labels.SANCTION[sanction.kind]),
        "status": str(labels.APPROVAL_STATUS[one.approval] if failed else labels.SANCTION_STATUS[sanction.status]),
        "tone": "" if failed else _TONES[sanction.status],
        "failed": failed,
        "factors": [str(labels.MALICE.get(factor, factor)) for factor in sanction.factors],
        "may_ask": sanction.status in ("approved", "in_force")
        and review is None
        and sanction.review_until is not None
        and now < sanction.review_until,
    }


def order_of(sanction: Sanction) -> str:
    """What a sanction orders, in one sentence."""
    return order(
        sanction.kind, sanction.amount_fen, sanction.until.isoformat() if sanction.until else None, sanction.scope
    )


def order(kind: str, amount_fen: int | None, until: str | None, scope: str | None) -> str:
    """The same from plain values, as they are published."""
    if kind == "fine":
        return _("罚款 ¥%(amount)s", amount=yuan(amount_fen or 0))
    if kind == "detention":
        return _("拘留至 %(day)s", day=until)
    if kind == "publication":
        return _("公开本决定至 %(day)s", day=until)
    if scope == "all":
        return _("至 %(day)s 止，不得参加各级法院在本平台的竞买", day=until)
    return _("至 %(day)s 止，不得参加本院在本平台的竞买", day=until)


def law_of(law: dict[str, Any]) -> str:
    """The citation in the page's language."""
    return str(law["en"] if language() == "en" else law["zh"])


def _signed(points: int) -> str:
    return f"{points:+d}".replace("-", "−") if points else "0"


def record_view(record: Record) -> dict[str, Any]:
    """A record: points, scale, and each entry with what it counts and why."""
    return {
        "points": record.score.points,
        "start": record.scale.start,
        "most": record.scale.most,
        "half_life": record.scale.half_life.days,
        "share": f"{float(record.scale.contested):.0%}",
        "kept": record.scale.kept.days // 365,
        "entries": [
            {
                "entry": one.entry,
                "title": one.title,
                "line": one.line,
                "signed": _signed(one.line.points),
                "full": _signed(one.line.full),
                "kind": str(labels.STANDING[one.entry.kind]),
                "state": str(labels.STANDING_STATE[one.line.state]),
                "tone": "ok" if one.line.full > 0 else "stop" if one.line.points < 0 else "",
                "objection": one.objection,
            }
            for one in record.entries
        ],
    }

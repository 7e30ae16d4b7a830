"""What the pages show of a buyer's debt and of a renege: words for its states, lines and reasons to wait."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from auction.kernel.clock import parse
from auction.kernel.money import yuan
from auction.rules.ruleset import Ruleset

from .. import errors
from . import labels
from .language import _, language


def view(debt: Mapping[str, Any], now: datetime, ruleset: Ruleset) -> dict[str, Any]:
    """The answer of `debt_of` as a template shows it: times as moments, states and lines in words, the articles."""
    due_at, declarable_at = parse(debt["due_at"]), parse(debt["declarable_at"])
    declared = debt["declaration"]
    return {
        **debt,
        "due_at": due_at,
        "declarable_at": declarable_at,
        "tone": {"balance_due": "info", "overdue": "wait", "declarable": "out", "reneged": "out"}.get(
            debt["stage"], "lead"
        ),
        "head": str(labels.DEBT_STAGE[debt["stage"]]),
        "declaration": _declaration(declared) if declared else None,
        "revoked": [_declaration(one) for one in debt["revoked"]],
        "allocation": _allocation(debt["allocation"]) if debt["allocation"] else None,
        "top_up": _top_up(debt["top_up"]) if debt["top_up"] else None,
        "late": now > due_at,
        "bases": {name: _basis(ruleset, f"measure_{name}") for name in ("forfeiture", "top_up")},
    }


def _basis(ruleset: Ruleset, key: str) -> str:
    citation = ruleset.basis(key)
    return citation.en if language() == "en" else citation.zh


def _declaration(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **data,
        "declared_at": parse(data["declared_at"]),
        "revoked_at": parse(data["revoked_at"]) if data["revoked_at"] else None,
        "factors": [str(labels.MALICE.get(factor, factor)) for factor in data["malicious_factors"]],
        "objections": [
            {
                **one,
                "filed_at": parse(one["filed_at"]),
                "decided_at": parse(one["decided_at"]) if one["decided_at"] else None,
                "label": str(labels.RENEGE_OBJECTION[one["status"]]),
            }
            for one in data["objections"]
        ],
        "open": [one for one in data["objections"] if one["status"] == "filed"],
    }


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {**line, "title": str(labels.FORFEIT_USE[line["code"]])}


def _allocation(data: Mapping[str, Any]) -> dict[str, Any]:
    words = errors.filled("{waits:word}", {"waits": " ".join(data["waits"])}, language()) if data["waits"] else ""
    return {
        **data,
        "lines": [_line(line) for line in data["lines"]],
        "decided_at": parse(data["decided_at"]) if data["decided_at"] else None,
        "waits_for": words,
        "covered_fen": sum(line["amount_fen"] for line in data["lines"] if line["code"] != "kept"),
    }


def _top_up(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **data,
        "lines": [_line(line) for line in data["lines"]],
        "due_at": parse(data["due_at"]),
        "ordered_at": parse(data["ordered_at"]),
        "ended_at": parse(data["ended_at"]) if data["ended_at"] else None,
        "label": str(labels.TOP_UP[data["status"]]),
    }


def factors(ruleset: Ruleset) -> list[tuple[str, str]]:
    """The factors of malice a judge may find, with their words."""
    return [(code, str(labels.MALICE.get(code, code))) for code in ruleset.texts("malicious_factors")]


def warning(debt: Mapping[str, Any]) -> str:
    """What happens if the balance is not paid, told to the buyer."""
    kept, back = debt["would_forfeit_fen"], debt["would_return_fen"]
    text = _("逾期未付清并经法院认定悔拍的，不予退还 ¥%(kept)s，标的再次拍卖时您不得参加。", kept=yuan(kept))
    if back:
        text += _("已付的其余 ¥%(back)s 在 24 小时内退还。", back=yuan(back))
    return text + _("再次拍卖少卖的价款和费用超过该数额的，法院可以责令补交。")

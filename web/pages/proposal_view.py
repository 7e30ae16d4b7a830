"""A proposal as an approver reads it: what is to be done, in words, and where its subject can be looked at."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import url_for

from auction.kernel.money import yuan

from .. import errors
from . import labels
from .language import _, language, local

_CODE = re.compile(r"[a-z][a-z_]*")
#: Ids that mean nothing to a reader: the link leads there.
_SILENT = frozenset(("lot_id", "hit", "renege_id", "objection_id", "auction_id", "digest", "evidence", "taking_id"))
#: Fields whose codes have labels of their own.
_WORDS: Mapping[str, labels.Words] = {
    "kind": labels.SANCTION,
    "role": labels.ROLE,
    "scope": labels.SCOPE,
    "malicious_factors": labels.MALICE,
    "choice": labels.SHEET_CHOICE,
    "ground": labels.REVOCATION,
}


def _round(approval: Mapping[str, Any], _role: str) -> tuple[str, str]:
    return url_for("desk.round", auction_id=approval["subject_id"]), _("查看本轮拍卖")


def _unsold(approval: Mapping[str, Any], _role: str) -> tuple[str, str]:
    return url_for("desk.unsold", auction_id=approval["subject_id"], _anchor="h-taking"), _("查看债权人的答复")


def _change(approval: Mapping[str, Any], _role: str) -> tuple[str, str]:
    return url_for("desk.change", auction_id=approval["subject_id"]), _("查看变更前后对照")


def _objection(approval: Mapping[str, Any], _role: str) -> tuple[str, str]:
    return url_for("desk.objections", auction_id=approval["proposal"]["auction_id"]), _("查看异议与材料")


def _sanction(approval: Mapping[str, Any], role: str) -> tuple[str, str]:
    page = "regulator.sanction" if role == "regulator" else "desk.sanction"
    return url_for(page, sanction_id=approval["subject_id"]), _("被处罚人与全部材料")


def _conflict(approval: Mapping[str, Any], _role: str) -> tuple[str, str]:
    said = approval["proposal"]
    page = url_for("regulator.conflict", bidder_id=said["bidder_id"], lot_id=said["lot_id"])
    return page, _("查看报名人、链条与来源（须写明目的）")


def _unsealing(approval: Mapping[str, Any], _role: str) -> tuple[str, str]:
    return url_for("site.auction", auction_id=approval["subject_id"]), _("查看本次拍卖")


#: kind -> where its subject is shown: address and label.
LINKS: Mapping[str, Callable[[Mapping[str, Any], str], tuple[str, str]]] = {
    "renege": _round,
    "renege_revoked": _round,
    "revocation": _round,
    "sheet_change": _change,
    "sanction": _sanction,
    "sanction_lifted": _sanction,
    "hit_lifted": _conflict,
    "break_glass": _unsealing,
    "sale_objection": _objection,
    "taking_rank": _unsold,
}


def proposal_view(approval: Mapping[str, Any], role: str) -> dict[str, Any]:
    """The approval with its `lines` (label, text; what is empty is left out) and the `link` to its subject, if any."""
    link = LINKS.get(approval["kind"])
    lines = [
        (labels.PROPOSAL.get(name, name), _said(name, value))
        for name, value in approval["proposal"].items()
        if name not in _SILENT and value is not None and value not in ("", [], {})
    ]
    return {**approval, "lines": lines, "link": link(approval, role) if link else None}


def _said(name: str, value: Any) -> str:
    words = _WORDS.get(name, {})
    if name == "lines":
        return _("；").join(_kept(line) for line in value)
    if isinstance(value, list):
        return _("、").join(_said(name, one) for one in value)
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if name in ("opens_at", "closes_at"):
        return local(value)
    if name.endswith("_fen"):
        return f"¥{yuan(value)}"
    if isinstance(value, str) and value in words:
        return str(words[value])
    if isinstance(value, str) and _CODE.fullmatch(value):
        return errors.filled("{value:word}", {"value": value}, language())
    return str(value)


def _kept(line: Mapping[str, Any]) -> str:
    """What becomes of a part of the money, by which article, and why."""
    basis = errors.basis_cited(line["basis"], language()) if line["basis"] else ""
    kept = _("不退还 ¥%(amount)s", amount=yuan(line["keep_fen"])) if line["keep_fen"] else _("全部退还")
    return f"{labels.MONEY_PART[line['code']]} {kept} {basis} {line['reason']}".strip()

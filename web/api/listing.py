"""Answers that several parts of the interface share: lists, created things, findings in the reader's language."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response, jsonify

from auction.models import Approval
from auction.queries.approvals import told_needs
from auction.rules.findings import Finding

from .. import errors
from .spec import language


def listed(items: Sequence[Any], query: dict[str, int] | None = None) -> dict[str, Any]:
    """A page of a list; without a query all of it on one page."""
    if query is None:
        return {"items": list(items), "page": 1, "page_size": len(items), "total": len(items)}
    page, size = query["page"], query["page_size"]
    shown = list(items[(page - 1) * size : page * size])
    return {"items": shown, "page": page, "page_size": size, "total": len(items)}


def created(data: Any) -> Response:
    """201 with the resource."""
    response = jsonify(data)
    response.status_code = 201
    return response


def proposed(approval: Approval, **more: Any) -> Response:
    """202: the act waits for others and has no effect before (PRECISIONS 25)."""
    needs = told_needs(approval)
    response = jsonify(approval_id=approval.id, needs=needs[0], all_needs=needs, **more)
    response.status_code = 202
    return response


def said(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings with their sentence and basis in the reader's language; `item` is the sheet's item they concern."""
    tongue = language()
    return [
        {
            "code": finding.code,
            "severity": finding.severity,
            "field": finding.field,
            "item": finding.facts.get("item"),
            "detail": errors.sentence(finding.code, finding.facts, tongue),
            "basis": errors.cited(finding.basis, tongue),
        }
        for finding in findings
    ]

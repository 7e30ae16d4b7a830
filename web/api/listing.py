"""Answers that several parts of the interface share: lists, created things, findings in the reader's language."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

from flask import Response, jsonify, request

from auction.kernel.unit import Unit
from auction.models import Approval
from auction.queries.approvals import told_needs
from auction.rules.findings import Finding
from bidding.queries.kept import Part, kept
from bidding.services.made_from import ANY, unless_changed

from .. import errors
from ..auth import house, me
from .spec import language

R = TypeVar("R")


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


def tagged(data: Any, tag: str) -> Response:
    """The resource with the tag of its value, which `If-Match` takes."""
    response = jsonify(data)
    response.set_etag(tag)
    return response


def written(part: Part, service: Callable[..., R], *args: Any, **facts: Any) -> tuple[R, str]:
    """Have the actor write a part of a lot anew, if the request's `If-Match` lets him; with the tag it has then.

    DomainError as `unless_changed`, and whatever the service refuses.
    """
    made_from = _if_match()

    def write(unit: Unit) -> tuple[R, str]:
        done = unless_changed(unit, made_from, part, service, me(), *args, **facts)
        unit.session.flush()
        return done, kept(unit.session, part).tag

    return house().perform(write)


def _if_match() -> Collection[str] | None:
    """The tags the request wants to find stored; None where it does not ask."""
    if "If-Match" not in request.headers:
        return None
    asked = request.if_match
    return {*asked.as_set(), ANY} if asked.star_tag else asked.as_set()


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

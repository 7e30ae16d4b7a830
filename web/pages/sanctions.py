"""Decisions for everybody: those published, and the printable decision for those it concerns."""

from typing import Any

from flask import Blueprint, render_template

from auction.kernel.errors import DomainError
from bidding.queries.sanctions import decision, published_decisions

from ..auth import house, me, policy
from . import labels
from .language import language
from .sanction_view import decision_view, law_of, order

blueprint = Blueprint("decisions", __name__)


@blueprint.get("/sanctions")
@policy("public.read")
def published() -> str:
    """The decisions in force whose publication was ordered."""
    wired = house()
    now = wired.now()
    rows = wired.read(published_decisions, wired.vault, now)
    return render_template("sanctions/published.html", now=now, items=[_published(row) for row in rows])


def _published(row: dict[str, Any]) -> dict[str, Any]:
    """A published decision; the order to publish it goes without saying."""
    measures = [
        {
            **measure,
            "order": order(measure["kind"], measure["amount_fen"], measure["until"], measure["scope"]),
            "law_text": law_of(measure["law"]),
            "review_text": str(labels.REVIEW[measure["review"] or "none"]),
        }
        for measure in row["measures"]
    ]
    return {
        **row,
        "measures": [measure for measure in measures if measure["kind"] != "publication"],
        "publication": next(measure for measure in measures if measure["number"] == row["number"]),
        "factors": [str(labels.MALICE.get(factor, factor)) for factor in row["factors"]],
    }


@blueprint.get("/sanctions/<sanction_id>/decision")
@policy("me.read")
def document(sanction_id: str) -> str:
    """The decision as a document to print: for its subject once served, its court, a regulator."""
    wired = house()
    found = wired.read(decision, wired.vault, me(), sanction_id)
    if found is None or found.sanction.served_at is None:
        raise DomainError("not_found")
    return render_template(
        "sanctions/decision.html", view=decision_view(found, wired.now()), tongue=language(), now=wired.now()
    )

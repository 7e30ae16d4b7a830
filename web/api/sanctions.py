"""Sanctions against malicious reneging: proposing, publishing, reviewing, lifting."""

import io
from typing import Any

from flask import Response, jsonify, send_file

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.rules.access import decide
from bidding.queries import sanctions as queries
from bidding.services import sanctions as services
from risk.models import SanctionReview
from risk.queries.sanctions import rule_text
from risk.rules.sanctions import Measure

from ..auth import current_actor, house, me, policy
from ..idempotency import act
from ..schemas.approvals import ProposedOut
from ..schemas.base import PageQuery
from ..schemas.sanctions import (
    LiftingIn,
    PublishedListOut,
    ReviewDecisionIn,
    ReviewOut,
    SanctionIn,
    SanctionListOut,
    SanctionProposedOut,
    SanctionWithApprovalsOut,
)
from ..schemas.standing import GroundsIn
from .listing import created, listed, proposed
from .spec import Blueprint

blueprint = Blueprint("sanctions", __name__, description="Sanctions against malicious reneging")

#: Seconds a kept text may be kept by others: it never changes under its hash.
_KEPT = 86_400


@blueprint.post("/bidders/<bidder_id>/sanctions")
@policy("sanction.propose")
@blueprint.arguments(SanctionIn)
@blueprint.response(202, SanctionProposedOut)
def propose(data: dict[str, Any], bidder_id: str) -> Response:
    """Propose a sanction that rests on a finding of malice; it needs a second judge, fine and detention the president.

    Nothing happens before.
    """
    measure = Measure(**{name: data.pop(name, None) for name in ("kind", "amount_fen", "until", "scope")})

    def put(unit: Unit) -> Any:
        return services.propose_sanction(unit, me(), bidder_id, measure, **data)

    sanction, approval = act(put)
    return proposed(approval, sanction_id=sanction.id)


@blueprint.get("/sanctions")
@policy("public.read")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, PublishedListOut)
def list_published(query: dict[str, Any]) -> Response:
    """The decisions in force whose publication was ordered; one that ends or is lifted is gone from here."""
    wired = house()
    return jsonify(listed(wired.read(queries.published_decisions, wired.vault, wired.now()), query))


@blueprint.get("/me/sanctions")
@policy("sanction.own")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, SanctionListOut)
def list_mine(query: dict[str, Any]) -> Response:
    """The decisions served on me, the latest first."""
    wired = house()
    found = wired.read(queries.decisions_of_person, wired.vault, me().person_id or "")
    return jsonify(listed([queries.sanction_dict(one, private=True) for one in found], query))


@blueprint.get("/court/sanctions")
@policy("sanction.read")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, SanctionListOut)
def list_of_court(query: dict[str, Any]) -> Response:
    """The court's sanctions, proposals too; for a regulator those of all courts."""
    wired = house()
    found = wired.read(queries.decisions_of_court, wired.vault, me().court_code)
    return jsonify(listed([queries.sanction_dict(one, private=True) for one in found], query))


@blueprint.get("/sanctions/<sanction_id>")
@policy("public.read")
@blueprint.response(200, SanctionWithApprovalsOut)
def get_sanction(sanction_id: str) -> Response:
    """One sanction: in full for somebody it concerns, and with its approvals for the court and regulators.

    Everybody else reads what is published of it, while that is in force: then only the fields of the public list.
    """
    wired, reader = house(), current_actor()
    found = wired.read(queries.decision, wired.vault, reader, sanction_id) if reader else None
    if found is None:
        published = wired.read(queries.published_decision, wired.vault, sanction_id, wired.now())
        if published is None:
            raise DomainError("not_found")
        return jsonify(published)
    approvals = wired.read(queries.approvals_for, sanction_id) if decide(reader, "sanction.read") is None else []
    return jsonify(queries.sanction_dict(found, private=True) | {"approvals": approvals})


@blueprint.post("/sanctions/<sanction_id>/reviews")
@policy("sanction.own")
@blueprint.arguments(GroundsIn)
@blueprint.response(201, ReviewOut)
def ask_review(data: dict[str, Any], sanction_id: str) -> Response:
    """Ask for the one review, within the days the ruleset gives from service."""
    return created(_review(act(services.ask_review, me(), sanction_id, data["grounds"])))


def _review(review: SanctionReview) -> dict[str, Any]:
    return {
        "id": review.id,
        "sanction_id": review.sanction_id,
        "grounds": review.grounds,
        "status": review.status,
        "filed_at": iso(review.filed_at),
        "due_at": iso(review.due_at),
        "reason": review.reason,
        "decided_at": iso(review.decided_at) if review.decided_at else None,
    }


@blueprint.post("/sanctions/<sanction_id>/reviews/decision")
@policy("sanction.review")
@blueprint.arguments(ReviewDecisionIn)
@blueprint.response(200, ReviewOut)
def decide_review(data: dict[str, Any], sanction_id: str) -> Response:
    """Record the decision of the higher court: by the court's president or a regulator, never by who imposed it."""
    return jsonify(_review(act(services.decide_review, me(), sanction_id, **data)))


@blueprint.post("/sanctions/<sanction_id>/lifting")
@policy("sanction.propose")
@blueprint.arguments(LiftingIn)
@blueprint.response(202, ProposedOut)
def propose_lifting(data: dict[str, Any], sanction_id: str) -> Response:
    """Propose to lift a sanction; it needs the approvals that imposing it needed."""
    return proposed(act(services.propose_lifting, me(), sanction_id, data["reason"]))


@blueprint.get("/written-rules/<sha256>")
@policy("public.read")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def get_written_rule(sha256: str) -> Response:
    """The text of a written rule that a bar for a term rests on."""
    kept = house().read(rule_text, sha256)
    if kept is None:
        raise DomainError("not_found")
    return send_file(
        io.BytesIO(kept.content),
        mimetype=kept.media_type,
        download_name=kept.filename,
        as_attachment=True,
        etag=kept.sha256,
        max_age=_KEPT,
    )

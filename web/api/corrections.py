"""Correcting personal data: the own contact, asking for a correction, deciding on one (PIPL 46); erasing (PIPL 47)."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Account
from auction.rules.ruleset import load
from bidding.queries.corrections import corrections_to_decide, own_corrections
from bidding.queries.erasure import barriers_of
from bidding.services.corrections import ask_correction, change_contact, decide_correction
from bidding.services.erasure import erase_own

from ..auth import house, me, password_matches, policy
from ..idempotency import act
from ..schemas.base import PageQuery
from ..schemas.own_data import (
    ContactIn,
    ContactOut,
    CorrectionDecisionIn,
    CorrectionFiledOut,
    CorrectionIn,
    CorrectionListOut,
    ErasedOut,
    ErasureIn,
    ErasureOut,
)
from .listing import created, listed
from .spec import Blueprint

blueprint = Blueprint("corrections", __name__, description="Correcting personal data")


@blueprint.put("/me/contact")
@policy("data.own")
@blueprint.arguments(ContactIn)
@blueprint.response(200, ContactOut)
def put_contact(data: dict[str, Any]) -> Response:
    """Change one's own phone, e-mail or address; what was there before is kept, sealed."""
    return jsonify(changed=house().perform(change_contact, me(), data))


@blueprint.get("/me/corrections")
@policy("data.own")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, CorrectionListOut)
def list_own(query: dict[str, Any]) -> Response:
    """One's own changes and requests, the latest first."""
    person_id = me().person_id or ""
    return jsonify(listed(house().read(own_corrections, house().vault, person_id), query))


@blueprint.post("/me/corrections")
@policy("data.own")
@blueprint.arguments(CorrectionIn)
@blueprint.response(201, CorrectionFiledOut)
def ask(data: dict[str, Any]) -> Response:
    """Ask for a correction of one's name or identity number, with proof; a clerk or a regulator decides."""

    def file(unit: Unit) -> dict[str, str]:
        row = ask_correction(unit, me(), **data)
        return {"id": row.id, "status": row.status}

    return created(act(file))


@blueprint.get("/corrections")
@policy("correction.decide")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, CorrectionListOut)
def list_waiting(query: dict[str, Any]) -> Response:
    """What waits for a decision; of who takes part in a sale nothing before it has ended (OJA 18(2))."""
    return jsonify(listed(house().read(corrections_to_decide, house().vault), query))


@blueprint.post("/corrections/<correction_id>")
@policy("correction.decide")
@blueprint.arguments(CorrectionDecisionIn)
@blueprint.response(200, CorrectionFiledOut)
def decide(data: dict[str, Any], correction_id: str) -> Response:
    """Decide on a correction; the person is told."""

    def settle(unit: Unit) -> dict[str, str]:
        row = decide_correction(unit, me(), correction_id, **data)
        return {"id": row.id, "status": row.status}

    return jsonify(act(settle))


def erase(password: str) -> None:
    """Erase one's own data, or raise the refusal; shared by the interface and the page."""
    account = house().read(lambda session: session.get_one(Account, me().id))
    refused = house().perform(erase_own, me(), matches=password_matches(account, password))
    if refused == "bad_credentials":
        raise invalid("password", "password_wrong")
    if refused is not None:
        raise DomainError(refused)


@blueprint.get("/me/erasure")
@policy("data.own")
@blueprint.response(200, ErasureOut)
def get_erasure() -> Response:
    """Whether one's data may be erased now, and what stands against it."""
    found = house().read(barriers_of, me().person_id or "", load(house().settings.ruleset), house().now())
    told = [{"why": one.why, "until": iso(one.until) if one.until else None} for one in found]
    return jsonify(allowed=not found, barriers=told)


@blueprint.post("/me/erasure")
@policy("data.own")
@blueprint.arguments(ErasureIn)
@blueprint.response(200, ErasedOut)
def post_erasure(data: dict[str, str]) -> Response:
    """Erase one's own data for good: account, identity, messages, papers, and what opens one's entries in the log."""
    erase(data["password"])
    return jsonify(erased=True)

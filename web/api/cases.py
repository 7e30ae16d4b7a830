"""A court's entries: cases, lots, reference prices, notices."""

from typing import Any

from flask import Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Case, Notice, ReferencePrice
from auction.queries.proposals import recipient_of
from auction.rules.lot import AssetType
from auction.rules.notices import service_of
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import load
from auction.services import lots as services
from bidding.queries.kept import Part, notices_tag, price_tag
from bidding.queries.lots import lot_resource
from disclosure.queries.sheets import asset_type_of, require_drafts
from disclosure.services.notices import put_notices as record_notices
from risk.services.valuation import set_reference_price

from .. import errors
from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.cases import CaseEntryIn, CaseIn, CaseOut, LotIn, NoticesIn, NoticesOut, PriceOut, ReferencePriceIn
from ..schemas.public import LotOut
from .listing import created, listed, tagged, written
from .spec import Blueprint, language

blueprint = Blueprint("cases", __name__, description="What a court enters before a sale")


@blueprint.post("/cases")
@policy("case.create")
@blueprint.arguments(CaseIn)
@blueprint.response(201, CaseOut)
def create_case(data: dict[str, Any]) -> Response:
    """Enter a case with its parties."""

    def enter(unit: Unit) -> dict[str, Any]:
        return _case(services.create_case(unit, me(), **data))

    return created(act(enter))


def _case(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "number": case.number,
        "court": case.court_code,
        "entered_at": iso(case.entered_at),
        "parties": [
            {"name": party.name, "role": party.role, "id_type": party.id_type, "claim_fen": party.claim_fen}
            for party in case.parties
        ],
    }


@blueprint.post("/lots")
@policy("lot.create")
@blueprint.arguments(LotIn)
@blueprint.response(201, LotOut)
def create_lot(data: dict[str, Any]) -> Response:
    """Enter a lot under a case of the court."""

    def enter(unit: Unit) -> dict[str, Any]:
        lot = services.create_lot(unit, me(), **data)
        unit.session.flush()
        return lot_resource(unit.session, lot.id, unit.now, me())

    return created(act(enter))


@blueprint.get("/lots/<lot_id>/reference-price")
@policy("lot.read_draft")
@blueprint.response(200, PriceOut)
def get_reference_price(lot_id: str) -> Response:
    """The reference price as it was set, with its tag as `ETag`."""
    price = house().read(_price_of, lot_id)
    if price is None:
        raise DomainError("not_found")
    return tagged(_price(price), price_tag(price))


def _price_of(session: Session, lot_id: str) -> ReferencePrice | None:
    require_drafts(session, me(), lot_id)
    return session.get(ReferencePrice, lot_id)


@blueprint.put("/lots/<lot_id>/case-entry")
@policy("lot.edit")
@blueprint.arguments(CaseEntryIn)
@blueprint.response(200, CaseOut)
def correct_entry(data: dict[str, Any], lot_id: str) -> Response:
    """Correct the day on which the lot's case was entered; not while a round of any lot of the case is under way."""
    return jsonify(act(lambda unit: _case(services.correct_entry(unit, me(), lot_id, **data))))


@blueprint.put("/lots/<lot_id>/reference-price")
@policy("lot.edit")
@blueprint.arguments(ReferencePriceIn)
@blueprint.response(200, PriceOut)
def put_reference_price(data: dict[str, Any], lot_id: str) -> Response:
    """Set the reference price and how it came about. Votes given on older terms fall.

    With `If-Match` only if it still is what the tag was given for.
    """
    price, tag = written(Part("price", lot_id), set_reference_price, lot_id, **data)
    return tagged(_price(price), tag)


def _price(price: ReferencePrice) -> dict[str, Any]:
    return {
        "lot_id": price.lot_id,
        "method": price.method,
        "amount_fen": price.amount_fen,
        "results": price.results,
        "effective_on": price.effective_on.isoformat(),
        "valid_until": price.valid_until.isoformat(),
        "steps": price.steps,
        "set_at": iso(price.set_at),
    }


@blueprint.get("/lots/<lot_id>/notices")
@policy("lot.read_draft")
@blueprint.response(200, NoticesOut)
def get_notices(lot_id: str) -> Response:
    """Who was notified, how and when, with the list's tag as `ETag`."""
    notices = house().read(_notices_of, lot_id)
    return tagged(_notices(notices, lot_id), notices_tag(notices))


def _notices_of(session: Session, lot_id: str) -> list[Notice]:
    require_drafts(session, me(), lot_id)
    return list(session.scalars(select(Notice).where(Notice.lot_id == lot_id).order_by(Notice.position)))


@blueprint.put("/lots/<lot_id>/notices")
@policy("lot.edit")
@blueprint.arguments(NoticesIn)
@blueprint.response(200, NoticesOut)
def put_notices(data: dict[str, Any], lot_id: str) -> Response:
    """Replace the list of who was notified, how and when. With `If-Match` only if it still is as the tag says."""
    notices, tag = written(Part("notices", lot_id), record_notices, lot_id, data["recipients"])
    return tagged(_notices(notices, lot_id), tag)


def _notices(notices: list[Notice], lot_id: str) -> dict[str, Any]:
    kind = house().read(asset_type_of, lot_id)
    return listed([_notice(notice, kind) for notice in notices])


def _notice(notice: Notice, asset_type: AssetType) -> dict[str, Any]:
    ruleset = load(house().settings.ruleset)
    served = service_of(recipient_of(notice), asset_type, ruleset, published_calendar(ruleset))
    return {
        "name": notice.name,
        "role": notice.role,
        "status": notice.status,
        "at": iso(notice.at) if notice.at else None,
        "proof": notice.proof,
        "proof_file": notice.proof_file,
        "served_on": served.served_on.isoformat() if served.served_on else None,
        "deemed": served.deemed,
        "announce_from": iso(served.announce_from) if served.announce_from else None,
        "open_from": iso(served.open_from) if served.open_from else None,
        "basis": errors.cited(served.basis, language()),
    }

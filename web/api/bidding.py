"""The bidder's side: registering, paying, bidding, and what is the bidder's own."""

from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session
from webargs.core import missing

from auction.kernel.errors import Breach, DomainError
from auction.models import Auction
from bidding.models import Payment, Registration
from bidding.queries import receipts, registrations
from bidding.queries.conflicts import BARRED, refusal_facts
from bidding.queries.payments import payment_dict
from bidding.rules.registration import Application
from bidding.services import registration as services
from bidding.services.bids import Answer, stored_answer

from ..auth import house, me, policy
from ..door import door
from ..idempotency import act
from ..origin import origin_here
from ..paying import ask_balance, ask_deposit
from ..schemas.acknowledgement import AcknowledgementOut, acknowledgement, status_of
from ..schemas.base import PageQuery
from ..schemas.bidding import (
    BidIn,
    Nothing,
    PaymentOut,
    RegistrationIn,
    RegistrationOut,
    RegistrationsOut,
    SealIn,
)
from ..schemas.reneges import PartIn
from .spec import Blueprint, Problem, json_body, language

blueprint = Blueprint("bidding", __name__, description="The bidder's side")

_LONGEST_KEY = 100
_BID_FIELDS = ("amount_fen", "key", "raise_own", "confirm_implausible")
_REFUSED = {409: "The key was used for another amount", 429: "Too many offers", 503: "No answer could be given"}
#: What did not come as far as the desk is answered as everywhere else.
_OR_A_PROBLEM = {"content": {"application/problem+json": {"schema": Problem}}}


def _shown(registration: Registration, status: int = 200) -> Response:
    wired = house()
    found = wired.read(registrations.own_registration, wired.vault, me().id, registration.id, wired.now())
    response = jsonify(found)
    response.status_code = status
    return response


def _payment(payment: Payment, status: int) -> Response:
    response = jsonify(payment_dict(payment))
    response.status_code = status
    return response


@blueprint.post("/auctions/<auction_id>/registrations")
@policy("registration.create")
@blueprint.arguments(RegistrationIn)
@blueprint.response(201, RegistrationOut)
def create_registration(application: Application, auction_id: str) -> Response:
    """Register for an auction. A refusal for the interest bar is kept, and answered as a problem."""
    registration = act(services.register, me(), auction_id, application, origin_here())
    if registration.status == "refused":
        raise refused(registration)
    return _shown(registration, 201)


def refused(registration: Registration) -> DomainError:
    """The refusal a registration was answered with, and what it rests on."""
    code = registration.refusal or BARRED
    return DomainError(code, **house().read(refusal_facts, registration.id, code, registration.created_at))


@blueprint.get("/registrations/<registration_id>")
@policy("registration.own")
@blueprint.response(200, RegistrationOut)
def get_registration(registration_id: str) -> Response:
    """An own registration, bidder code included."""
    wired = house()
    return jsonify(wired.read(registrations.own_registration, wired.vault, me().id, registration_id, wired.now()))


@blueprint.post("/registrations/<registration_id>/deposit")
@policy("registration.own")
@blueprint.arguments(Nothing)
@blueprint.response(201, PaymentOut)
def create_deposit(_: dict[str, Any], registration_id: str) -> Response:
    """Ask where to pay the deposit: the payment that stands, or a new one."""
    return _payment(ask_deposit(me(), registration_id), 201)


@blueprint.post("/registrations/<registration_id>/acknowledgements")
@policy("registration.own")
@blueprint.arguments(SealIn)
@blueprint.response(201, RegistrationOut)
def create_acknowledgement(data: dict[str, Any], registration_id: str) -> Response:
    """Acknowledge the sheet in force."""
    return _shown(act(services.acknowledge, me(), registration_id, data["seal"]), 201)


@blueprint.post("/registrations/<registration_id>/withdrawal")
@policy("registration.own")
@blueprint.arguments(Nothing)
@blueprint.response(200, RegistrationOut)
def withdraw(_: dict[str, Any], registration_id: str) -> Response:
    """Leave before bidding opens: the whole deposit goes back."""
    return _shown(act(services.leave, me(), registration_id))


@blueprint.post("/auctions/<auction_id>/bids")
@policy("bid.place")
@blueprint.doc(requestBody={"required": True, "content": {"application/json": {"schema": BidIn}}})
@blueprint.response(201, AcknowledgementOut)
@blueprint.alt_response(422, schema=AcknowledgementOut, description="Refused; a problem where a field is wrong")
@blueprint.alt_response(409, schema=AcknowledgementOut, description=_REFUSED[409])
@blueprint.alt_response(429, schema=AcknowledgementOut, description=_REFUSED[429])
@blueprint.alt_response(503, schema=AcknowledgementOut, description=_REFUSED[503])
@blueprint.doc(responses=dict.fromkeys((409, 422, 429, 503), _OR_A_PROBLEM))
def create_bid(auction_id: str) -> Response:
    """Bid. The answer is always the acknowledgement; `Idempotency-Key` is not looked at, the bid has its own key."""
    offer = _offer(json_body())
    house().read(_known, auction_id)
    answer = door().take_offer(
        me(),
        auction_id,
        offer.get("amount_fen"),
        offer["key"],
        raise_own=offer.get("raise_own", False),
        confirm_implausible=offer.get("confirm_implausible", False),
    )
    return _acknowledged(answer, status_of(answer))


def _offer(body: Any) -> dict[str, Any]:
    """The fields of an offer, all but its amount checked. DomainError malformed or invalid."""
    if body is missing or not isinstance(body, dict):
        raise DomainError("malformed")
    wrong = [Breach("unknown_field", name) for name in body if name not in _BID_FIELDS]
    key = body.get("key")
    if key is None:
        wrong.append(Breach("required", "key"))
    elif not isinstance(key, str) or not 1 <= len(key) <= _LONGEST_KEY or not key.isprintable():
        wrong.append(Breach("invalid", "key"))
    wrong += [
        Breach("invalid", name)
        for name in ("raise_own", "confirm_implausible")
        if type(body.get(name, False)) is not bool
    ]
    if wrong:
        raise DomainError("invalid", wrong)
    return body


def _known(session: Session, auction_id: str) -> None:
    """DomainError not_found where there is no such auction; what state it is in is the desk's to say."""
    if session.get(Auction, auction_id) is None:
        raise DomainError("not_found")


def _acknowledged(answer: Answer, status: int) -> Response:
    response = jsonify(acknowledgement(answer, language(), house().now()))
    response.status_code = status
    if status == 429:
        response.headers["Retry-After"] = "1"
    return response


@blueprint.get("/auctions/<auction_id>/bids/by-key/<path:key>")
@policy("bid.own")
@blueprint.response(200, AcknowledgementOut)
def get_bid_by_key(auction_id: str, key: str) -> Response:
    """What became of an own offer: its acknowledgement again. 404 when it was never received."""
    return _acknowledged(house().read(_answer_by_key, auction_id, me().id, key), 200)


def _answer_by_key(session: Session, auction_id: str, account_id: str, key: str) -> Answer:
    return stored_answer(session, receipts.bid_by_key(session, auction_id, account_id, key))


@blueprint.post("/auctions/<auction_id>/balance")
@policy("registration.own")
@blueprint.arguments(PartIn)
@blueprint.response(201, PaymentOut)
def create_balance(data: dict[str, Any], auction_id: str) -> Response:
    """Ask where to pay the balance, or a part of it: for the buyer. Parts count, and the rest stays owed."""
    return _payment(ask_balance(me(), auction_id, data.get("amount_fen")), 201)


@blueprint.get("/me/registrations")
@policy("registration.own")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, RegistrationsOut)
def list_my_registrations(query: dict[str, Any]) -> Response:
    """My registrations, the latest first."""
    wired = house()
    return jsonify(
        wired.read(
            registrations.own_registrations,
            wired.vault,
            me().id,
            wired.now(),
            query["page"],
            query["page_size"],
        )
    )

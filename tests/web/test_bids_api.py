"""Bids over HTTP: the acknowledgement, its codes and statuses, keys, limits, faults."""

from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House
from bidding.models import Bid
from tests.factories import a_bidder
from tests.web.caller import SignIn, code_of, fields_of
from tests.web.sale import RESERVE, STEP, Sale, a_sale, offer
from web import door
from web.schemas.acknowledgement import AcknowledgementOut


@pytest.fixture
def sale(house: House) -> Sale:
    return house.perform(a_sale)


def acknowledged(answer: TestResponse) -> dict[str, Any]:
    """The acknowledgement an answer must be, with every key of the interface."""
    assert answer.mimetype == "application/json", answer.get_data(as_text=True)
    body = answer.get_json()
    assert set(body) == set(AcknowledgementOut().fields)
    return dict(body)


def stored(house: House) -> int:
    """How many offers are kept."""
    return house.read(lambda session: session.scalar(select(func.count()).select_from(Bid)) or 0)


def test_an_accepted_bid_is_acknowledged_with_everything(sale: Sale, sign_in: SignIn, house: House) -> None:
    answer = offer(sign_in(sale.bidders[0]), sale, RESERVE)
    assert answer.status_code == 201
    found = acknowledged(answer)
    expected = {
        "outcome": "accepted",
        "code": None,
        "seq": 1,
        "amount_fen": RESERVE,
        "bidder_code": sale.codes[0],
        "price_fen": RESERVE,
        "minimum_fen": RESERVE + STEP,
    }
    assert expected.items() <= found.items()
    assert found["receipt"]["entry"]["body"]["amount_fen"] == RESERVE
    assert found["receipt"]["key_id"] == house.vault.key_id
    assert found["detail"] == "出价有效，已记录。"
    english = sign_in(sale.bidders[1]).post(
        f"/auctions/{sale.auction_id}/bids", {"amount_fen": 1, "key": "e"}, headers={"Accept-Language": "en"}
    )
    assert english.get_json()["detail"].startswith("The bid is below the reserve price")


def test_a_refused_bid_is_acknowledged_with_its_code(sale: Sale, sign_in: SignIn, house: House) -> None:
    first, second = (sign_in(bidder) for bidder in sale.bidders)
    assert offer(first, sale, RESERVE).status_code == 201
    stranger = sign_in(house.perform(a_bidder))
    for caller, amount_fen, code in (
        (second, RESERVE - STEP, "below_reserve"),
        (second, RESERVE + 1, "not_whole_increment"),
        (second, RESERVE, "below_minimum"),
        (first, RESERVE + STEP, "already_leading"),
        (second, RESERVE + 21 * STEP, "implausible_amount"),
        (stranger, RESERVE + STEP, "not_registered"),
    ):
        answer = offer(caller, sale, amount_fen, code)
        found = acknowledged(answer)
        assert (answer.status_code, found["outcome"], found["code"]) == (422, "refused", code)
        assert (found["price_fen"], found["minimum_fen"]) == (RESERVE, RESERVE + STEP) or code == "already_leading"
        assert (found["receipt"], found["seq"]) == (None, None)
    assert offer(second, sale, RESERVE + 21 * STEP, "sure", confirm_implausible=True).status_code == 201
    assert offer(second, sale, RESERVE + 22 * STEP, "own", raise_own=True).status_code == 201


@pytest.mark.parametrize("status", ["draft", "withdrawn", "suspended", "sold", "announced"])
def test_what_state_the_auction_is_in_is_the_desk_s_to_say(house: House, sign_in: SignIn, status: str) -> None:
    sale = house.perform(a_sale, status=status, bidders=1)
    codes = {"draft": "not_open", "withdrawn": "not_open", "sold": "closed", "announced": "not_started"}
    answer = offer(sign_in(sale.bidders[0]), sale, RESERVE)
    assert (answer.status_code, acknowledged(answer)["code"]) == (422, codes.get(status, status))


@pytest.mark.parametrize(
    "amount",
    [0, -1, 1.0, 1e300, 10**15 + 1, 10**30, True, "100000000", "1e8", None, [], {}, [RESERVE], {"fen": 1}],
)
def test_an_amount_that_cannot_be_read_is_refused_and_not_stored(
    sale: Sale, sign_in: SignIn, house: House, amount: Any
) -> None:
    body = b'{"key":"k","amount_fen":%s}' % (str(amount).encode() if type(amount) is int else orjson.dumps(amount))
    answer = sign_in(sale.bidders[0]).call(
        "POST", f"/auctions/{sale.auction_id}/bids", data=body, content_type="application/json"
    )
    assert (answer.status_code, acknowledged(answer)["code"]) == (422, "amount_invalid")
    assert stored(house) == 0
    absent = sign_in(sale.bidders[0]).post(f"/auctions/{sale.auction_id}/bids", {"key": "k"})
    assert acknowledged(absent)["code"] == "amount_invalid"


def test_a_bid_that_cannot_be_understood_is_a_problem_with_its_field(sale: Sale, sign_in: SignIn, house: House) -> None:
    caller, path = sign_in(sale.bidders[0]), f"/auctions/{sale.auction_id}/bids"
    good = {"amount_fen": RESERVE, "key": "k"}
    for body, fields in (
        ({"amount_fen": RESERVE}, {"key": "required"}),
        (good | {"key": ""}, {"key": "invalid"}),
        (good | {"key": 1}, {"key": "invalid"}),
        (good | {"key": "k" * 101}, {"key": "invalid"}),
        (good | {"key": "a\nb"}, {"key": "invalid"}),
        (good | {"raise_own": 1}, {"raise_own": "invalid"}),
        (good | {"confirm_implausible": "true"}, {"confirm_implausible": "invalid"}),
        (good | {"max_fen": RESERVE}, {"max_fen": "unknown_field"}),
    ):
        answer = caller.post(path, body)
        assert (answer.status_code, code_of(answer)) == (422, "invalid")
        assert fields_of(answer) == fields
    for data, kind, code, status in (
        (b"{", "application/json", "malformed", 400),
        (b"[]", "application/json", "malformed", 400),
        (b"", "application/json", "malformed", 400),
        (orjson.dumps(good), "text/plain", "unsupported_media_type", 415),
    ):
        answer = caller.call("POST", path, data=data, content_type=kind)
        assert (answer.status_code, code_of(answer)) == (status, code)
    assert code_of(caller.post("/auctions/nosuch/bids", good)) == "not_found"
    assert code_of(sign_in(None).post(path, good)) == "unauthenticated"
    assert code_of(sign_in(sale.judge).post(path, good)) == "forbidden"
    assert stored(house) == 0


def test_a_repeated_key_repeats_the_first_answer(sale: Sale, sign_in: SignIn, clock: FixedClock, house: House) -> None:
    first, second = (sign_in(bidder) for bidder in sale.bidders)
    accepted = offer(first, sale, RESERVE, "a/b 中")
    clock.advance(seconds=7)
    refused = offer(second, sale, RESERVE, "low")
    clock.advance(seconds=7)
    again = offer(first, sale, RESERVE, "a/b 中", raise_own=True)
    assert (again.status_code, again.get_json()) == (201, accepted.get_json())
    assert offer(second, sale, RESERVE, "low").get_json() == refused.get_json()
    conflict = offer(first, sale, RESERVE + STEP, "a/b 中", raise_own=True)
    assert (conflict.status_code, acknowledged(conflict)["code"]) == (409, "idempotency_conflict")
    path = f"/auctions/{sale.auction_id}/bids/by-key"
    found = first.get(f"{path}/a/b 中")
    assert (found.status_code, found.get_json()) == (200, accepted.get_json())
    assert second.get(f"{path}/low").get_json() == refused.get_json()
    assert code_of(second.get(f"{path}/a/b 中")) == "not_found"
    assert code_of(first.get(f"{path}/never")) == "not_found"
    assert code_of(sign_in(None).get(f"{path}/low")) == "unauthenticated"
    assert stored(house) == 2


def test_too_many_offers_are_turned_away(sale: Sale, sign_in: SignIn, app: Flask, house: House) -> None:
    app.extensions["door"].limit = door.Limit(house.clock, 1.0)
    caller = sign_in(sale.bidders[0])
    answers = [offer(caller, sale, RESERVE, "k") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert acknowledged(answers[2])["code"] == "rate_limited"
    assert answers[2].headers["Retry-After"] == "1"
    assert acknowledged(answers[2])["server_time"] is not None


def test_an_offer_nobody_answers_in_time_is_a_fault(
    sale: Sale, sign_in: SignIn, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent:
        def take(self, *_: Any, **__: Any) -> None:
            """Take an offer, and never reply."""

    monkeypatch.setattr(app.extensions["door"], "desk", Silent())
    monkeypatch.setattr(door, "PATIENCE", 0.01)
    answer = offer(sign_in(sale.bidders[0]), sale, RESERVE)
    assert (answer.status_code, acknowledged(answer)["code"]) == (503, "fault")

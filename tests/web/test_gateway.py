"""The gateway's door: only what is signed and fresh is believed, and the sandbox says what it is."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auction.kernel.errors import DomainError
from auction.kernel.events import Published
from auction.kernel.unit import House, Unit
from bidding.models import Payment
from bidding.queries.payments import balances, due_refunds
from bidding.rules.payment import PaymentNotice
from bidding.services import payments
from tests.factories import a_paid_deposit, a_registration, an_auction
from web.gateway import SandboxGateway, notice_from_body, notice_from_json, sign, verify

SECRET = "g" * 43
T = 1_772_416_800
NOW = datetime.fromtimestamp(T, UTC)
NOTICE = {
    "id": "n1",
    "payment_id": "p1",
    "outcome": "paid",
    "amount_fen": 10_000_000,
    "payer_name": "张三",
    "payer_id_number": "320102198501010077",
}
BODY = json.dumps(NOTICE, ensure_ascii=False).encode()


def refused(code: str, call: Any, *args: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        call(*args)
    assert caught.value.code == code
    return caught.value


def test_a_signature_is_the_hmac_of_time_dot_body() -> None:
    mac = hmac.new(SECRET.encode(), f"{T}.".encode() + BODY, hashlib.sha256).hexdigest()
    assert sign(SECRET, BODY, T) == f"t={T},v1={mac}"


def test_what_was_signed_is_verified() -> None:
    verify(SECRET, sign(SECRET, BODY, T), BODY, NOW)
    verify(SECRET, sign(SECRET, b"", T), b"", NOW)


@pytest.mark.parametrize(
    ("seconds", "fresh"), [(0, True), (300, True), (-300, True), (301, False), (-301, False), (300.5, False)]
)
def test_a_signature_holds_for_five_minutes(seconds: float, fresh: bool) -> None:
    now = NOW + timedelta(seconds=seconds)
    if fresh:
        verify(SECRET, sign(SECRET, BODY, T), BODY, now)
    else:
        refused("unauthenticated", verify, SECRET, sign(SECRET, BODY, T), BODY, now)


GOOD = sign(SECRET, BODY, T)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=,v1=",
        GOOD + " ",
        GOOD.upper(),
        GOOD.replace("t=", "t=0"),
        GOOD.replace(f"t={T}", f"t={T + 1}"),  # another time than the signed one
        GOOD.replace(f"t={T}", "t=-1"),
        GOOD.replace(f"t={T}", "t=" + "9" * 40),
        GOOD.replace(f"t={T}", f"t={T}.0"),
        GOOD[:-1],
        GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"),
        GOOD + "," + GOOD,
        GOOD.split(",")[1],
        GOOD.replace("v1=", "v0="),
        sign("other", BODY, T),
        GOOD.replace("v1=", "v1=é"),
    ],
)
def test_any_other_header_is_refused(header: str | None) -> None:
    refused("unauthenticated", verify, SECRET, header, BODY, NOW)


def test_a_changed_body_is_refused() -> None:
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        refused("unauthenticated", verify, SECRET, GOOD, changed, NOW)


def test_without_a_secret_nothing_is_believed() -> None:
    refused("unauthenticated", verify, "", sign("", BODY, T), BODY, NOW)


def test_a_notice_is_read_from_its_body() -> None:
    assert notice_from_body(BODY) == PaymentNotice(**NOTICE)  # type: ignore[arg-type]
    failed = notice_from_json({"id": "n1", "payment_id": "p1", "outcome": "failed"})
    assert failed == PaymentNotice("n1", "p1", "failed", 0, "", "")


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"\xff", b"null", b"[" * 100_000])
def test_a_body_that_is_no_object_is_malformed(body: bytes) -> None:
    refused("malformed", notice_from_body, body)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"amount_fen": 1.0}, "amount_fen", "amount_invalid"),
        ({"amount_fen": "1"}, "amount_fen", "amount_invalid"),
        ({"amount_fen": True}, "amount_fen", "amount_invalid"),
        ({"amount_fen": 0}, "amount_fen", "amount_invalid"),
        ({"amount_fen": -1}, "amount_fen", "amount_invalid"),
        ({"amount_fen": 10**15 + 1}, "amount_fen", "amount_invalid"),
        ({"amount_fen": None}, "amount_fen", "amount_invalid"),
        ({"outcome": "failed", "amount_fen": False}, "amount_fen", "amount_invalid"),
        ({"outcome": "maybe"}, "outcome", "invalid"),
        ({"outcome": None}, "outcome", "invalid"),
        ({"id": ""}, "id", "invalid"),
        ({"id": 7}, "id", "invalid"),
        ({"id": "x" * 129}, "id", "invalid"),
        ({"payment_id": ["p1"]}, "payment_id", "invalid"),
        ({"payment_id": "a\0b"}, "payment_id", "invalid"),
        ({"payer_name": {}}, "payer_name", "invalid"),
        ({"payer_name": "张\ud800"}, "payer_name", "invalid"),
        ({"payer_id_number": "1" * 65}, "payer_id_number", "invalid"),
        ({"note": "hello"}, "note", "unknown"),
    ],
)
def test_each_wrong_field_of_a_notice_is_named(change: dict[str, Any], field: str, code: str) -> None:
    error = refused("invalid", notice_from_json, NOTICE | change)
    assert [(breach.field, breach.code) for breach in error.errors] == [(field, code)]


def test_all_that_is_wrong_with_a_notice_is_said_at_once() -> None:
    error = refused("invalid", notice_from_json, {"outcome": "paid", "amount_fen": 0.5, "x": 1})
    assert {(breach.field, breach.code) for breach in error.errors} == {
        ("x", "unknown"),
        ("id", "required"),
        ("payment_id", "required"),
        ("payer_name", "required"),
        ("payer_id_number", "required"),
        ("amount_fen", "amount_invalid"),
    }


def test_a_sandbox_account_says_that_it_is_simulated(house: House) -> None:
    gateway = SandboxGateway(house)
    assert gateway.simulated
    one, other = gateway.open_account("a"), gateway.open_account("b")
    assert one.startswith("模拟账户 ")
    assert one != other
    assert gateway.open_account("a") == one


def test_each_simulated_notice_has_an_id_of_its_own(house: House) -> None:
    gateway = SandboxGateway(house)
    told = [
        gateway.notice("p1", outcome="paid", amount_fen=5, payer_name="张三", payer_id_number="1") for _ in range(2)
    ]
    assert told[0].id != told[1].id
    assert (told[0].payment_id, told[0].outcome, told[0].amount_fen) == ("p1", "paid", 5)


def test_the_sandbox_sends_a_released_deposit_back_after_the_commit(house: House) -> None:
    gateway = SandboxGateway(house)
    house.subscribe("refund", gateway.on_refund)

    def story(unit: Unit) -> tuple[str, str]:
        auction = an_auction(unit)
        registration = a_registration(unit, auction, status="qualified")
        payment = a_paid_deposit(unit, registration)
        payments.release_deposit(unit, registration, due_at=unit.now + timedelta(hours=24), reason="unsold")
        assert payment.status == "refunding"
        return auction.id, payment.id

    auction_id, payment_id = house.perform(story)
    payment = house.read(lambda session: session.get_one(Payment, payment_id))
    assert (payment.status, payment.refunded_at) == ("refunded", house.now())
    assert house.read(due_refunds, house.now()) == []
    assert not any(house.read(balances, auction_id).values())

    # The same message again, or one about nothing, asks for nothing.
    gateway.on_refund(Published("refund", {"payment_id": payment_id}))
    gateway.on_refund(Published("refund", {"payment_id": "nobody"}))

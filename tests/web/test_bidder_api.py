"""The bidder's side of the interface: registering, paying, bidding, and what is the bidder's own."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from auction.kernel.unit import House, Unit
from auction.models import Account, Auction, JournalRow
from bidding.models import Payment, Registration
from risk.imports import import_staff
from tests.factories import a_bidder, a_registration, a_resident_id
from tests.web.caller import API, Caller, SignIn, code_of, fields_of
from tests.web.sale import DEPOSIT, RESERVE, STEP, Sale, a_sale, offer
from web.gateway import SIGNATURE_HEADER, sign
from web.schemas.bidding import PaymentOut, RegistrationOut
from web.schemas.standing import StandingOut

UNDERTAKINGS = ["full_capacity", "not_barred", "accept_defects"]
NAME, NUMBER = "司马测试", a_resident_id(77)


@pytest.fixture
def sale(house: House) -> Sale:
    return house.perform(a_sale)


@pytest.fixture
def coming(house: House) -> Sale:
    return house.perform(a_sale, status="announced", bidders=0)


@pytest.fixture
def bidder(house: House) -> Account:
    return house.perform(a_bidder, name=NAME, id_number=NUMBER)


def application(sale: Sale, **changes: Any) -> dict[str, Any]:
    body = {"capacity": "self", "principals": [], "claim": "ordinary", "seal": sale.seal, "undertakings": UNDERTAKINGS}
    return body | changes


def registered(caller: Caller, sale: Sale, **changes: Any) -> dict[str, Any]:
    answer = caller.post(f"/auctions/{sale.auction_id}/registrations", application(sale, **changes))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return dict(answer.get_json())


def paid(caller: Caller, payment: dict[str, Any], **changes: Any) -> dict[str, Any]:
    body = {
        "outcome": "paid",
        "payer_name": NAME,
        "payer_id_number": NUMBER,
        "amount_fen": payment["amount_fen"],
    }
    answer = caller.post(f"/sandbox/payments/{payment['id']}", body | changes)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def count(house: House, table: type[Any]) -> int:
    return house.read(lambda session: len(session.scalars(select(table)).all()))


# --- registering -----------------------------------------------------------------------------------------------------


def test_a_bidder_registers_pays_and_gets_a_code_only_the_owner_sees(
    coming: Sale, bidder: Account, sign_in: SignIn, anybody: Caller, house: House
) -> None:
    caller = sign_in(bidder)
    registration = registered(caller, coming)
    assert set(registration) == set(RegistrationOut().fields)
    assert (registration["status"], registration["deposit_due_fen"]) == ("awaiting_deposit", DEPOSIT)
    assert (registration["payment"], registration["bidder_code"]) == (None, None)
    path = f"/registrations/{registration['id']}"
    asked = caller.post(f"{path}/deposit")
    assert asked.status_code == 201
    payment = asked.get_json()
    assert set(payment) == set(PaymentOut().fields)
    assert (payment["amount_fen"], payment["status"]) == (DEPOSIT, "pending")
    assert "模拟账户" in payment["account"]
    assert caller.post(f"{path}/deposit", {}).get_json() == payment
    assert paid(caller, payment)["status"] == "paid"
    qualified = caller.get(path).get_json()
    assert (qualified["status"], qualified["payment"]["status"]) == ("qualified", "paid")
    assert qualified["bidder_code"]
    assert [one["name"] for one in qualified["identities"]] == [NAME]
    assert NUMBER not in orjson.dumps(qualified).decode()
    stranger = sign_in(house.perform(a_bidder))
    for other in (stranger, sign_in(coming.judge), anybody):
        assert other.get(path).status_code in (401, 403, 404)
    assert stranger.get(path).data == stranger.get("/registrations/nosuch").data


def test_money_from_somebody_else_or_of_another_amount_goes_back(
    coming: Sale, bidder: Account, sign_in: SignIn
) -> None:
    caller = sign_in(bidder)
    path = f"/registrations/{registered(caller, coming)['id']}"
    for changes, status in (
        ({"payer_name": "别人"}, "wrong_payer"),
        ({"amount_fen": DEPOSIT - 1}, "wrong_amount"),
        ({"outcome": "failed"}, "failed"),
    ):
        assert paid(caller, caller.post(f"{path}/deposit").get_json(), **changes)["status"] == status
        assert caller.get(path).get_json()["status"] == "awaiting_deposit"
    refunds = caller.get(path).get_json()["refunds"]
    assert sorted(one["amount_fen"] for one in refunds) == [DEPOSIT - 1, DEPOSIT]
    assert all(one["refunded_at"] and len(one["receipt_sha256"]) == 64 for one in refunds)


def test_a_registration_is_refused_with_the_code_and_its_field(
    coming: Sale, bidder: Account, sign_in: SignIn, house: House
) -> None:
    caller = sign_in(bidder)
    path = f"/auctions/{coming.auction_id}/registrations"
    principal = {"name": "李四", "id_type": "resident_id", "id_number": a_resident_id(5)}
    for changes, code, fields in (
        ({"seal": "0" * 64}, "stale_disclosure", {}),
        ({"undertakings": UNDERTAKINGS[:2]}, "undertaking_missing", {"undertakings": "undertaking_missing"}),
        ({"capacity": "agent"}, "capacity_missing", {"principals": "capacity_missing"}),
        ({"principals": [principal]}, "capacity_missing", {"principals": "capacity_missing"}),
        ({"claim": "creditor"}, "capacity_missing", {"claim": "capacity_missing"}),
        (
            {"capacity": "agent", "principals": [principal | {"id_number": "110101199001011234"}]},
            "identity_invalid",
            {"principals.0.id_number": "identity_invalid"},
        ),
        (
            {"capacity": "joint", "principals": [principal | {"share": 1.5}]},
            "share_invalid",
            {"principals.0.share": "share_invalid"},
        ),
        ({"undertakings": ["nosuch"]}, "invalid", {"undertakings.0": "invalid"}),
        ({"nosuch": 1}, "invalid", {"nosuch": "unknown_field"}),
        ({"capacity": None}, "invalid", {"capacity": "required"}),
    ):
        answer = caller.post(path, application(coming, **changes))
        assert (answer.status_code, code_of(answer)) == (422, code)
        assert fields_of(answer) == fields
    assert count(house, Registration) == 0
    registered(caller, coming)
    assert code_of(caller.post(path, application(coming))) == "duplicate_registration"
    assert code_of(caller.post("/auctions/nosuch/registrations", application(coming))) == "not_found"
    assert code_of(sign_in(coming.judge).post(path, application(coming))) == "forbidden"


def test_a_registration_is_refused_with_its_own_article_and_every_undertaking(
    coming: Sale, bidder: Account, sign_in: SignIn
) -> None:
    caller, path = sign_in(bidder), f"/auctions/{coming.auction_id}/registrations"
    for changes, article in (
        ({"capacity": "agent"}, "OJA 14(2)"),
        ({"capacity": "joint"}, "OJA 14(2)"),
        ({"claim": "creditor"}, "OJA 17(2)"),
    ):
        told = caller.post(path, application(coming, **changes)).get_json()
        assert article in told["basis"] and article in told["errors"][0]["basis"]
        assert told["detail"] == told["errors"][0]["detail"]
    told = caller.post(path, application(coming, undertakings=["accept_defects"])).get_json()
    assert "full_capacity, not_barred" in told["detail"]
    assert [error["code"] for error in told["errors"]] == ["undertaking_missing"] * 2


def test_an_agent_waits_for_the_court_with_everybody_he_bids_for(
    coming: Sale, bidder: Account, sign_in: SignIn
) -> None:
    number = a_resident_id(9)
    principal = {"name": "王五", "id_type": "resident_id", "id_number": number, "share": 0.5}
    registration = registered(sign_in(bidder), coming, capacity="agent", principals=[principal])
    assert registration["status"] == "awaiting_court"
    assert [(one["part"], one["name"], one["share"]) for one in registration["identities"]] == [
        ("agent", NAME, None),
        ("principal", "王五", "0.5"),
    ]
    refused = sign_in(bidder).post(f"/registrations/{registration['id']}/deposit")
    assert (refused.status_code, code_of(refused)) == (409, "wrong_state")


def test_a_barred_applicant_is_told_the_article_and_never_the_official(
    coming: Sale, bidder: Account, sign_in: SignIn, house: House, tmp_path: Path
) -> None:
    staff = tmp_path / "staff.csv"
    staff.write_text(
        f"body_type,body_code,name,id_number,position,from,to\ncourt,3201,{NAME},{NUMBER},法官,2020-01-01,\n",
        encoding="utf-8",
    )
    import_staff(house, staff)
    caller = sign_in(bidder)
    answer = caller.post(f"/auctions/{coming.auction_id}/registrations", application(coming))
    assert (answer.status_code, code_of(answer)) == (422, "barred_interest")
    assert "OJA 34" in answer.get_json()["basis"]
    assert NAME not in answer.get_data(as_text=True)
    [kept] = caller.get("/me/registrations").get_json()["items"]
    assert (kept["status"], kept["refusal"], kept["bidder_code"]) == ("refused", "barred_interest", None)
    assert code_of(caller.post(f"/registrations/{kept['id']}/deposit")) == "wrong_state"


def test_a_registrant_may_leave_until_bidding_opens(coming: Sale, bidder: Account, sign_in: SignIn) -> None:
    caller = sign_in(bidder)
    path = f"/registrations/{registered(caller, coming)['id']}"
    paid(caller, caller.post(f"{path}/deposit").get_json())
    left = caller.post(f"{path}/withdrawal")
    assert (left.status_code, left.get_json()["status"]) == (200, "released")
    assert [one["amount_fen"] for one in left.get_json()["refunds"]] == [DEPOSIT]
    assert code_of(caller.post(f"{path}/withdrawal")) == "wrong_state"
    again = registered(caller, coming)
    sign_in(coming.operator).post("/sandbox/clock", {"advance_seconds": 31 * 86400})
    assert code_of(caller.post(f"/registrations/{again['id']}/withdrawal")) == "wrong_state"


def test_only_the_sheet_in_force_can_be_acknowledged(sale: Sale, sign_in: SignIn, house: House) -> None:
    caller = sign_in(sale.bidders[0])
    path = f"/registrations/{sale.registrations[0]}/acknowledgements"

    def change(unit: Unit) -> None:
        unit.session.get_one(Auction, sale.auction_id).seal = "f" * 64

    house.perform(change)
    assert offer(caller, sale, RESERVE).get_json()["code"] == "stale_disclosure"
    assert code_of(caller.post(path, {"seal": sale.seal})) == "stale_disclosure"
    current = caller.post(path, {"seal": "f" * 64})
    assert (current.status_code, current.get_json()["current"]) == (201, True)
    assert offer(caller, sale, RESERVE, "new").get_json()["outcome"] == "accepted"
    assert code_of(sign_in(sale.bidders[1]).post(path, {"seal": "f" * 64})) == "not_found"


def test_a_keyed_request_is_carried_out_once(coming: Sale, bidder: Account, sign_in: SignIn, house: House) -> None:
    caller, path = sign_in(bidder), f"/auctions/{coming.auction_id}/registrations"
    headers = {"Idempotency-Key": "once"}
    first = caller.post(path, application(coming), headers=headers)
    again = caller.post(path, application(coming), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json()
    other = caller.post(path, application(coming, capacity="agent"), headers=headers)
    assert (other.status_code, code_of(other)) == (409, "idempotency_conflict")
    assert count(house, Registration) == 1


@pytest.mark.parametrize("blank", [" ", "\u3000", "\u200b"])
def test_a_name_in_which_nothing_can_be_seen_is_refused(
    coming: Sale, bidder: Account, sign_in: SignIn, anybody: Caller, house: House, blank: str
) -> None:
    person = {"username": "nobody", "password": "long enough", "id_type": "resident_id", "id_number": NUMBER}
    asked = person | {"name": blank, "phone": "13800000000", "email": "a@example.com"}
    answer = anybody.post("/bidders", asked)
    assert (answer.status_code, fields_of(answer)) == (422, {"name": "required"})
    principal = {"name": blank, "id_type": "resident_id", "id_number": a_resident_id(78)}
    agent = application(coming, capacity="agent", principals=[principal])
    answer = sign_in(bidder).post(f"/auctions/{coming.auction_id}/registrations", agent)
    assert (answer.status_code, fields_of(answer)) == (422, {"principals.0.name": "required"})
    assert count(house, Registration) == 0


# --- the gateway -----------------------------------------------------------------------------------------------------


def test_the_gateway_is_believed_only_by_its_signature_and_once(
    coming: Sale, bidder: Account, sign_in: SignIn, app: Flask, house: House
) -> None:
    caller = sign_in(bidder)
    path = f"/registrations/{registered(caller, coming)['id']}"
    payment = caller.post(f"{path}/deposit").get_json()
    told = {"id": "g1", "payment_id": payment["id"], "outcome": "paid", "amount_fen": DEPOSIT}
    body = orjson.dumps(told | {"payer_name": NAME, "payer_id_number": NUMBER})
    t = int(house.clock.machine().timestamp())

    def notify(body: bytes, secret: str, t: int) -> TestResponse:
        return app.test_client().post(
            f"{API}/gateway/notifications", data=body, headers={SIGNATURE_HEADER: sign(secret, body, t)}
        )

    secret = house.settings.gateway_secret
    for wrong in (notify(body, "x" * 43, t), notify(body, secret, t - 301)):
        assert (wrong.status_code, code_of(wrong)) == (401, "unauthenticated")
    assert code_of(app.test_client().post(f"{API}/gateway/notifications", data=body)) == "unauthenticated"
    assert caller.get(path).get_json()["status"] == "awaiting_deposit"
    for _ in range(2):
        taken = notify(body, secret, t)
        assert (taken.status_code, taken.get_json()) == (200, {"payment_id": payment["id"], "status": "paid"})
    assert caller.get(path).get_json()["status"] == "qualified"
    changed = body.replace(b'"paid"', b'"failed"')
    assert code_of(notify(changed, secret, t)) == "idempotency_conflict"
    assert code_of(notify(b"[1]", secret, t)) == "malformed"
    assert code_of(notify(body.replace(payment["id"].encode(), b"nosuch"), secret, t)) == "not_found"


# --- after the hammer ------------------------------------------------------------------------------------------------


def test_the_buyer_pays_the_balance(sale: Sale, sign_in: SignIn, house: House, anybody: Caller) -> None:
    buyer, loser = (sign_in(bidder) for bidder in sale.bidders)
    path = f"/auctions/{sale.auction_id}/balance"
    assert offer(loser, sale, RESERVE).status_code == 201
    assert offer(buyer, sale, RESERVE + STEP).status_code == 201
    early = buyer.post(path)
    assert (early.status_code, code_of(early)) == (409, "wrong_state")
    sign_in(sale.operator).post("/sandbox/clock", {"advance_seconds": 30 * 3600})
    assert code_of(loser.post(path)) == "forbidden"
    assert code_of(buyer.post("/auctions/nosuch/balance")) == "not_found"
    payment = buyer.post(path)
    assert payment.status_code == 201
    assert payment.get_json()["amount_fen"] == RESERVE + STEP - DEPOSIT
    owed = anybody.get(f"/auctions/{sale.auction_id}").get_json()["settlement"]["balance_fen"]
    assert owed == RESERVE + STEP - DEPOSIT
    assert buyer.post(path).get_json() == payment.get_json()
    name, number = sale.secrets[0], sale.secrets[1]
    assert paid(buyer, payment.get_json(), payer_name=name, payer_id_number=number)["status"] == "paid"
    settled = anybody.get(f"/auctions/{sale.auction_id}").get_json()["settlement"]
    assert (settled["status"], settled["balance_fen"]) == ("paid", 0)
    own = buyer.get(f"/registrations/{sale.registrations[0]}").get_json()
    assert (own["status"], own["buyer"], own["balance"]["status"]) == ("applied", True, "paid")
    lost = loser.get(f"/registrations/{sale.registrations[1]}").get_json()
    assert (lost["status"], lost["buyer"], [one["amount_fen"] for one in lost["refunds"]]) == (
        "released",
        False,
        [DEPOSIT],
    )
    standing = buyer.get("/me/standing").get_json()
    assert set(standing) == set(StandingOut().fields)
    entries = standing.pop("entries")
    assert standing == {
        "registrations": {"applied": 1},
        "accepted_bids": 1,
        "won": 1,
        "reneged": 0,
        "score": {"points": 84, "start": 80, "most": 100, "half_life_days": 365},
    }
    assert [(one["kind"], one["points"], one["auction_id"]) for one in entries] == [
        ("paid_in_time", 4, sale.auction_id)
    ]


def test_my_registrations_are_mine_and_paged(sale: Sale, sign_in: SignIn, house: House) -> None:
    def more(unit: Unit) -> None:
        for _ in range(2):
            other = a_sale(unit, bidders=0)
            a_registration(unit, unit.session.get_one(Auction, other.auction_id), unit.session.merge(sale.bidders[0]))

    house.perform(more)
    mine = sign_in(sale.bidders[0])
    everything = mine.get("/me/registrations").get_json()
    assert (everything["total"], everything["page"], everything["page_size"]) == (3, 1, 50)
    pages = [mine.get(f"/me/registrations?page_size=2&page={page}").get_json()["items"] for page in (1, 2)]
    assert pages[0] + pages[1] == everything["items"]
    [other] = sign_in(sale.bidders[1]).get("/me/registrations").get_json()["items"]
    assert other["id"] == sale.registrations[1]
    assert code_of(sign_in(sale.judge).get("/me/registrations")) == "forbidden"


# --- the sandbox -----------------------------------------------------------------------------------------------------


def test_the_clock_is_moved_by_an_operator_and_what_falls_due_is_done(
    sale: Sale, sign_in: SignIn, anybody: Caller, house: House
) -> None:
    for other in (sale.judge, sale.bidders[0]):
        assert code_of(sign_in(other).post("/sandbox/clock", {"advance_seconds": 1})) == "forbidden"
        assert sign_in(other).get("/sandbox/clock").status_code == 200
    assert code_of(anybody.post("/sandbox/clock", {"advance_seconds": 1})) == "unauthenticated"
    operator = sign_in(sale.operator)
    before = anybody.get("/sandbox/clock").get_json()
    assert before["offset_seconds"] == 0
    for wrong in (0, -5, 1.5, "60", True, None, 10**12):
        answer = operator.post("/sandbox/clock", {"advance_seconds": wrong})
        assert set(fields_of(answer)) == {"advance_seconds"}
    assert operator.get("/sandbox/clock").get_json() == before
    moved = operator.post("/sandbox/clock", {"advance_seconds": 86400 * 2})
    assert (moved.status_code, moved.get_json()["offset_seconds"]) == (200, 86400 * 2)
    assert anybody.get(f"/auctions/{sale.auction_id}").get_json()["status"] == "unsold"


def test_only_a_payment_that_exists_can_be_simulated(
    coming: Sale, bidder: Account, sign_in: SignIn, house: House
) -> None:
    caller = sign_in(bidder)
    body = {"outcome": "paid", "payer_name": NAME, "payer_id_number": NUMBER, "amount_fen": DEPOSIT}
    assert code_of(caller.post("/sandbox/payments/nosuch", body)) == "not_found"
    assert code_of(sign_in(None).post("/sandbox/payments/nosuch", body)) == "unauthenticated"
    payment = caller.post(f"/registrations/{registered(caller, coming)['id']}/deposit").get_json()
    path = f"/sandbox/payments/{payment['id']}"
    assert set(fields_of(caller.post(path, {"outcome": "paid"}))) == {"payer_name", "payer_id_number", "amount_fen"}
    assert set(fields_of(caller.post(path, body | {"amount_fen": 1.5}))) == {"amount_fen"}
    assert set(fields_of(caller.post(path, body | {"outcome": "maybe"}))) == {"outcome"}
    assert house.read(lambda session: session.get_one(Payment, payment["id"]).status) == "pending"


def test_entries_about_persons_are_private(coming: Sale, bidder: Account, sign_in: SignIn, house: House) -> None:
    caller = sign_in(bidder)
    path = f"/registrations/{registered(caller, coming)['id']}"
    paid(caller, caller.post(f"{path}/deposit").get_json())
    rows = house.read(lambda session: list(session.execute(select(JournalRow.kind, JournalRow.private))))
    assert {"RegistrationFiled", "DepositRequested", "DepositPaid", "BidderQualified"} <= {row.kind for row in rows}
    of_the_lot = {"ClearanceAssessed", "DisclosureSealed"}
    assert [row.kind for row in rows if not row.private and row.kind not in of_the_lot] == []

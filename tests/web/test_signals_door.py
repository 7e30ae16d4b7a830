"""Signs of straw men through the doors: what a request leaves, and what the regulator is told after the end."""

import json
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction
from bidding.models import Registration, RegistrationSignal
from bidding.rules.registration import UNDERTAKINGS
from bidding.rules.signals import Origin
from bidding.services.signals import keep_origin
from tests.factories import a_bidder, an_account, an_auction
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.reader import Reader
from tests.web.sale import RESERVE, a_sale, offer
from tests.web.test_pages import signed_in
from web.origin import COOKIE
from web.timekeeping import tick

IP = "101.6.6.6"
NAMES = ("欧阳守密", "司马慎言")


class Sale(NamedTuple):
    """An open auction and two people who know nothing of each other, but for what a test lets them share."""

    auction_id: str
    seal: str
    people: list[Account]


@pytest.fixture
def sale(house: House) -> Sale:
    def story(unit: Unit) -> Sale:
        auction = an_auction(unit)
        people = [
            a_bidder(unit, name=name, phone=f"1380000000{n}", email=f"b{n}@example.cn") for n, name in enumerate(NAMES)
        ]
        return Sale(auction.id, str(auction.seal), people)

    return house.perform(story)


def register(caller: Caller, sale: Sale, ip: str = IP) -> str:
    body = {"capacity": "self", "claim": "ordinary", "seal": sale.seal, "undertakings": list(UNDERTAKINGS)}
    path = f"/auctions/{sale.auction_id}/registrations"
    answer = caller.post(path, body, environ_overrides={"REMOTE_ADDR": ip})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return str(answer.get_json()["id"])


def end(house: House, sign_in: SignIn) -> None:
    """Let the end pass; what falls due is done before the sandbox's clock answers."""
    operator = sign_in(house.perform(an_account, "operator"))
    assert operator.post("/sandbox/clock", {"advance_seconds": 26 * 3600}).status_code == 200


def alerts(house: House, sign_in: SignIn) -> tuple[Caller, list[dict[str, Any]]]:
    regulator = sign_in(house.perform(an_account, "regulator"))
    return regulator, regulator.get("/alerts").get_json()["items"]


def test_one_account_at_the_bank_and_one_address_are_told_after_the_end(
    house: House, sign_in: SignIn, sale: Sale
) -> None:
    for person in sale.people:
        caller = sign_in(person)
        registration = register(caller, sale)
        payment = caller.post(f"/registrations/{registration}/deposit", {}).get_json()
        paid = {
            "outcome": "paid",
            "payer_name": "某人",
            "payer_id_number": f"N{registration[-6:]}",
            "payer_account": "6222 0000 1234 5678",
            "amount_fen": payment["amount_fen"],
        }
        assert caller.post(f"/sandbox/payments/{payment['id']}", paid).get_json()["status"] == "wrong_payer"
    tick(house)
    assert alerts(house, sign_in)[1] == []
    end(house, sign_in)
    regulator, (alert,) = alerts(house, sign_in)
    assert [reason["detail"] for reason in alert["reasons"]] == [
        "本场拍卖有 2 个报名使用同一付款账户。",
        "本场拍卖有 2 个报名使用同一网络地址。",
    ]
    assert not any(name in regulator.get("/alerts").get_data(as_text=True) for name in NAMES)


def test_a_browser_is_marked_when_somebody_signs_in_and_known_again(
    app: Flask, house: House, sign_in: SignIn, sale: Sale
) -> None:
    for person in sale.people:
        reader = signed_in(app, house, person)
        reader.client.set_cookie(COOKIE, "m" * 40)
        form = {"capacity": "self", "claim": "ordinary", "seal": sale.seal, "undertakings": list(UNDERTAKINGS)}
        page = Reader(reader.client).get(f"/auctions/{sale.auction_id}/register")
        token = dict(page.form("/register").fields)["csrf_token"]
        answer = reader.client.post(f"/auctions/{sale.auction_id}/register", data={**form, "csrf_token": token})
        assert answer.status_code == 303
    rows = house.read(lambda session: session.scalars(select(RegistrationSignal)).all())
    assert sum(row.kind == "device" for row in rows) == 2
    assert not any(row.kind == "ip" for row in rows), "an address of no public network is not kept"
    end(house, sign_in)
    assert [reason["code"] for reason in alerts(house, sign_in)[1][0]["reasons"]] == ["shared_device"]


def test_what_a_buyer_leaves_when_he_pays_after_the_end_is_compared_once_more(house: House, sign_in: SignIn) -> None:
    ended = house.perform(a_sale)
    other = ended.registrations[1]
    house.perform(lambda unit: keep_origin(unit, unit.session.get_one(Registration, other), Origin(IP, None)))
    own = sign_in(ended.bidders[0])
    assert offer(own, ended, RESERVE).status_code == 201
    sign_in(ended.operator).post("/sandbox/clock", {"advance_seconds": 30 * 3600})
    assert alerts(house, sign_in)[1] == []
    answer = own.post(f"/auctions/{ended.auction_id}/balance", environ_overrides={"REMOTE_ADDR": IP})
    assert answer.status_code == 201
    tick(house)
    assert [reason["code"] for reason in alerts(house, sign_in)[1][0]["reasons"]] == ["shared_ip"]


def test_signing_in_marks_a_browser_once(app: Flask) -> None:
    reader = Reader(app.test_client())
    number = "110101199003070134"
    reader.get("/register")
    typed = {"username": "newcomer", "password": "a-password", "password_again": "a-password", "name": "新人"}
    typed |= {"id_number": number, "phone": "13800000001", "email": "n@example.cn", "address": "南京市玄武区1号"}
    reader.send("/register", typed)
    mark = reader.client.get_cookie(COOKIE)
    assert mark is not None and len(mark.value) > 40
    reader.client.delete_cookie("fapai_session")
    reader.get("/login")
    reader.send("/login", {"username": "newcomer", "password": "a-password"})
    again = reader.client.get_cookie(COOKIE)
    assert again is not None and again.value == mark.value


def shared_and_ended(house: House, sign_in: SignIn, sale: Sale) -> str:
    for person in sale.people:
        register(sign_in(person), sale)
    end(house, sign_in)
    return str(alerts(house, sign_in)[1][0]["id"])


def test_who_they_are_is_told_to_a_regulator_with_a_purpose_and_on_record(
    house: House, sign_in: SignIn, sale: Sale
) -> None:
    alert_id = shared_and_ended(house, sign_in, sale)
    regulator = sign_in(house.perform(an_account, "regulator"))
    assert fields_of(regulator.post(f"/alerts/{alert_id}/persons", {"purpose": ""})) == {"purpose": "required"}
    found = regulator.post(f"/alerts/{alert_id}/persons", {"purpose": "核查串通"}).get_json()["items"]
    assert {one["name"] for one in found} == set(NAMES)
    assert all("*" in one["masked_number"] for one in found)
    for person in sale.people:
        query = select(JournalRow).where(
            JournalRow.stream == f"person:{person.person_id}", JournalRow.kind == "IdentityLookedUp"
        )
        (row,) = house.read(lambda session, query=query: session.scalars(query).all())
        assert row.private and json.loads(row.entry)["body"]["purpose"] == "核查串通"


def test_who_they_are_is_told_to_nobody_before_the_end_and_to_nobody_else_after_it(
    house: House, sign_in: SignIn, sale: Sale
) -> None:
    alert_id = shared_and_ended(house, sign_in, sale)
    for role in ("judge", "president", "operator", "clerk"):
        stranger = sign_in(house.perform(an_account, role))
        assert code_of(stranger.post(f"/alerts/{alert_id}/persons", {"purpose": "x"})) == "forbidden", role

    def again(unit: Unit) -> None:  # as if it had not ended
        auction = unit.session.get_one(Auction, sale.auction_id)
        auction.status, auction.closed_at = "open", None
        auction.closes_at = unit.now + timedelta(days=1)

    house.perform(again)
    regulator = sign_in(house.perform(an_account, "regulator"))
    answer = regulator.post(f"/alerts/{alert_id}/persons", {"purpose": "核查串通"})
    assert code_of(answer) == "wrong_state"
    assert not any(name in answer.get_data(as_text=True) for name in NAMES)
    assert code_of(regulator.post("/alerts/nowhere/persons", {"purpose": "x"})) == "not_found"


def test_the_page_shows_them_once(app: Flask, house: House, sign_in: SignIn, sale: Sale) -> None:
    alert_id = shared_and_ended(house, sign_in, sale)
    reader = signed_in(app, house, house.perform(an_account, "regulator"))
    assert not any(name in reader.get(f"/regulator/alerts/{alert_id}").html for name in NAMES)
    assert "有几处需要更正" in reader.send("/persons", {"purpose": ""}, status=422).text
    shown = reader.send("/persons", {"purpose": "核查串通"})
    assert all(name in shown.text for name in NAMES)
    assert not any(name in reader.get(f"/regulator/alerts/{alert_id}").html for name in NAMES)

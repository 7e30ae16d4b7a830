"""Alerts at the door, raised by real sales: what is read before and after the end, and who may read at all."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from auction.kernel.journal import ARE_LOOK_UPS, LOOKED_UP
from auction.kernel.unit import House, Unit
from auction.models import Account
from bidding.services.bids import BidOffer, place_bids
from risk.imports import import_staff
from tests.factories import (
    a_bidder,
    a_paid_deposit,
    a_registration,
    a_resident_id,
    an_account,
    an_auction,
)
from tests.web.caller import Caller, SignIn, code_of, fields_of
from web.timekeeping import tick

PHONE, NAME = "+8613912345678", "欧阳守密"


class Sale(NamedTuple):
    """An open auction and its two bidders; whatever must not be read before the end stands in `secrets`."""

    auction_id: str
    accounts: list[str]
    secrets: list[str]
    number: str


@pytest.fixture
def sale(house: House) -> Sale:
    number = a_resident_id()

    def story(unit: Unit) -> Sale:
        auction = an_auction(unit)
        people = [a_bidder(unit, name=NAME, phone=PHONE, id_number=number), a_bidder(unit, name="司马慎言")]
        made = [a_registration(unit, auction, person, status="qualified") for person in people]
        for one in made:
            a_paid_deposit(unit, one)
        secrets = [NAME, "司马慎言", PHONE[3:], number]
        secrets += [text for one in made for text in (one.id, one.account_id, one.person_id, str(one.bidder_code))]
        secrets += [person.username for person in people]
        return Sale(auction.id, [person.id for person in people], secrets, number)

    return house.perform(story)


@pytest.fixture
def regulator(house: House, sign_in: SignIn) -> Caller:
    return sign_in(house.perform(an_account, "regulator", display_name="甲监管"))


def bar_the_first(house: House, sale: Sale, folder: Path) -> None:
    """The first bidder bids, appears in the registry, and bids again."""
    offer = BidOffer(sale.auction_id, sale.accounts[0], 100_000_000, "k1", house.now())
    house.perform(place_bids, [offer])
    staff = folder / "staff.csv"
    staff.write_text(
        f"body_type,body_code,name,id_number,position,from,to\ncourt,3201,{NAME},{sale.number},法官,2020-01-01,\n",
        encoding="utf-8",
    )
    assert import_staff(house, staff).accepted == 1
    again = BidOffer(sale.auction_id, sale.accounts[0], 100_500_000, "k2", house.now(), raise_own=True)
    assert house.perform(place_bids, [again])[0].code == "barred_interest"


def everything(regulator: Caller) -> str:
    """All a regulator can read of alerts, in both languages."""
    texts = []
    for language in ("zh-CN", "en"):
        listed = regulator.get("/alerts", headers={"Accept-Language": language})
        texts.append(listed.get_data(as_text=True))
        for item in listed.get_json()["items"]:
            one = regulator.get(f"/alerts/{item['id']}", headers={"Accept-Language": language})
            texts.append(one.get_data(as_text=True))
    return "\n".join(texts)


def test_before_the_end_an_alert_shows_no_code_account_or_name(
    house: House, sale: Sale, regulator: Caller, sign_in: SignIn, tmp_path: Path
) -> None:
    bar_the_first(house, sale, tmp_path)
    before = everything(regulator)
    assert sale.auction_id in before
    assert [secret for secret in sale.secrets if secret in before] == []
    item = regulator.get("/alerts").get_json()["items"][0]
    assert (item["kind"], item["title"], item["persons_sealed"]) == (
        "barred_bidder_had_bid",
        "禁止竞买的人曾经出价",
        True,
    )
    assert "工作人员" in item["reasons"][0]["detail"]

    operator = sign_in(house.perform(an_account, "operator"))
    assert operator.post("/sandbox/clock", {"advance_seconds": 30 * 3600}).status_code == 200
    assert regulator.get(f"/auctions/{sale.auction_id}").get_json()["status"] == "suspended"
    kinds = {one["kind"]: one for one in regulator.get("/alerts").get_json()["items"]}
    assert set(kinds) == {"barred_bidder_had_bid", "winner_barred"}
    held = kinds["winner_barred"]
    assert not held["persons_sealed"]
    assert (held["registration_id"], held["reasons"][0]["facts"]) == (sale.secrets[4], {"days": 5})
    assert "5 个工作日" in held["reasons"][0]["detail"]
    after = everything(regulator)
    assert not any(secret in after for secret in (NAME, PHONE[3:], sale.number))  # persons by their registration only
    assert regulator.get("/alerts").get_json()["total"] == 2


def test_a_regulator_takes_over_and_resolves(house: House, sale: Sale, regulator: Caller, tmp_path: Path) -> None:
    bar_the_first(house, sale, tmp_path)
    alert_id = regulator.get("/alerts", query_string={"status": "open"}).get_json()["items"][0]["id"]
    nobody = regulator.post(f"/alerts/{alert_id}/assignment", {"username": "nobody"})
    assert fields_of(nobody) == {"username": "unknown_regulator"}
    taken = regulator.post(f"/alerts/{alert_id}/assignment", {})
    assert taken.get_json()["assigned_to"] == "甲监管"
    assert regulator.get("/alerts?assigned=me").get_json()["total"] == 1
    wrong = regulator.post(f"/alerts/{alert_id}/resolution", {"outcome": "maybe", "reason": " ", "note": 1})
    assert fields_of(wrong) == {"outcome": "invalid", "reason": "required", "note": "unknown_field"}
    done = regulator.post(f"/alerts/{alert_id}/resolution", {"outcome": "confirmed", "reason": "登记属实"})
    assert (done.status_code, done.get_json()["outcome"]) == (200, "confirmed")
    again = regulator.post(f"/alerts/{alert_id}/resolution", {"outcome": "confirmed", "reason": "登记属实"})
    assert code_of(again) == "wrong_state"
    assert code_of(regulator.post("/alerts/nowhere/resolution", {"outcome": "confirmed", "reason": "x"})) == "not_found"
    assert code_of(regulator.get("/alerts/nowhere")) == "not_found"


@pytest.mark.parametrize("role", ["bidder", "judge", "clerk", "president", "operator", "agency"])
def test_nobody_but_a_regulator_reads_or_resolves(house: House, sign_in: SignIn, role: str) -> None:
    def made(unit: Unit) -> Account:
        return a_bidder(unit) if role == "bidder" else an_account(unit, role)

    stranger = sign_in(house.perform(made))
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/alerts", None),
        ("GET", "/alerts/x", None),
        ("POST", "/alerts/x/assignment", {}),
        ("POST", "/alerts/x/resolution", {"outcome": "confirmed", "reason": "x"}),
    ]
    for method, path, body in calls:
        assert code_of(stranger.call(method, path, body)) == "forbidden", path
        assert code_of(sign_in(None).call(method, path, body)) == "unauthenticated", path


def test_a_bad_question_names_its_field(regulator: Caller) -> None:
    assert fields_of(regulator.get("/alerts?status=new&page=0&colour=red")) == {
        "status": "invalid",
        "page": "invalid",
        "colour": "unknown_field",
    }


def test_who_looks_up_again_and_again_is_told_of_with_the_purposes_and_settles_nothing_himself(
    house: House, sale: Sale, regulator: Caller, sign_in: SignIn, tmp_path: Path
) -> None:
    bar_the_first(house, sale, tmp_path)
    operator, other = (sign_in(house.perform(an_account, role)) for role in ("operator", "regulator"))
    assert operator.post("/sandbox/clock", {"advance_seconds": 30 * 3600}).status_code == 200
    alert_id = regulator.get("/alerts?kind=barred_bidder_had_bid").get_json()["items"][0]["id"]
    for number in range(4):
        answer = regulator.post(f"/alerts/{alert_id}/persons", {"purpose": f"核对第{number}次"})
        assert answer.status_code == 200
    tick(house)
    items = other.get("/alerts?kind=unusual_look_ups").get_json()["items"]
    assert {one["reasons"][0]["code"] for one in items} >= {"look_ups_same_person", "look_ups_outside_cases"}
    told = next(one for one in items if one["reasons"][0]["code"] == "look_ups_same_person")
    shown = other.get(f"/alerts/{told['id']}").get_json()
    assert [one["purpose"] for one in shown["look_ups"]] == [f"核对第{number}次" for number in range(4)]
    assert {(one["by"], one["role"]) for one in shown["look_ups"]} == {("甲监管", "regulator")}
    assert [secret for secret in sale.secrets if secret in str(shown)] == []
    for path, body in (("assignment", {}), ("resolution", {"outcome": "no_action", "reason": "无妨"})):
        assert code_of(regulator.post(f"/alerts/{told['id']}/{path}", body)) == "forbidden", path
    assert other.post(f"/alerts/{told['id']}/assignment", {}).status_code == 200
    done = other.post(f"/alerts/{told['id']}/resolution", {"outcome": "no_action", "reason": "已核实"})
    assert done.get_json()["outcome"] == "no_action"
    tick(house)
    assert other.get("/alerts?kind=unusual_look_ups").get_json()["total"] == len(items)


def test_look_ups_in_a_sale_of_an_own_alert_are_of_an_own_case(
    house: House, sale: Sale, regulator: Caller, sign_in: SignIn, tmp_path: Path
) -> None:
    bar_the_first(house, sale, tmp_path)
    operator = sign_in(house.perform(an_account, "operator"))
    assert operator.post("/sandbox/clock", {"advance_seconds": 30 * 3600}).status_code == 200
    alert_id = regulator.get("/alerts?kind=barred_bidder_had_bid").get_json()["items"][0]["id"]
    assert regulator.post(f"/alerts/{alert_id}/assignment", {}).status_code == 200
    for _ in range(4):
        assert regulator.post(f"/alerts/{alert_id}/persons", {"purpose": "核对"}).status_code == 200
    tick(house)
    items = regulator.get("/alerts?kind=unusual_look_ups").get_json()["items"]
    assert "look_ups_outside_cases" not in {one["reasons"][0]["code"] for one in items}
    assert "look_ups_same_person" in {one["reasons"][0]["code"] for one in items}


def test_the_index_of_look_ups_holds_every_kind_of_them() -> None:
    assert str(ARE_LOOK_UPS) == f"kind IN {LOOKED_UP}"

"""Identities the registry cannot match, at the door: found and decided outside the enforcing court, which is told."""

from dataclasses import dataclass

import pytest
from flask import Flask

from auction.kernel.unit import House, Unit
from auction.models import Account, Auction
from bidding.models import Registration
from bidding.rules.registration import UNDERTAKINGS, Application
from bidding.services.registration import register
from tests import factories as make
from tests.web.caller import SignIn, code_of, fields_of
from tests.web.test_pages import signed_in


@dataclass
class Held:
    """A passport held in a sale of court 3201, a bidder admitted to the same sale, and clerks of both courts."""

    auction: Auction
    registration: Registration
    admitted_code: str
    own: Account
    other: Account
    regulator: Account


@pytest.fixture
def held(house: House) -> Held:
    def story(unit: Unit) -> Held:
        auction = make.an_auction(unit, status="announced")
        admitted = make.a_registration(unit, auction, make.a_bidder(unit, name="另一竞买人"), status="qualified")
        bidder = make.a_bidder(unit, name="JOHN SMITH", id_type="passport", id_number="E12345678")
        application = Application("self", "ordinary", auction.seal or "", UNDERTAKINGS)
        make.a_court(unit, "9900", "示例乙法院")
        return Held(
            auction,
            register(unit, bidder.actor, auction.id, application),
            admitted.bidder_code or "",
            make.an_account(unit, "clerk", court_code=auction.lot.court_code),
            make.an_account(unit, "clerk", court_code="9900"),
            make.an_account(unit, "regulator"),
        )

    return house.perform(story)


def test_who_may_decide_finds_what_is_held_and_the_papers_alone(held: Held, sign_in: SignIn) -> None:
    for account in (held.other, held.regulator):
        answer = sign_in(account).get("/held-registrations")
        (one,) = answer.get_json()["items"]
        assert (one["id"], one["hold"], one["court_code"]) == (held.registration.id, "identity_unmatchable", "3201")
        assert one["decision_due_at"] == "2026-03-03T15:59:59.000000+00:00"
        assert [(person["name"], person["id_number"]) for person in one["applicants"]] == [("JOHN SMITH", "E12345678")]
        text = answer.get_data(as_text=True)
        assert "bidder_code" not in text and held.admitted_code not in text and "另一竞买人" not in text
    assert sign_in(held.own).get("/held-registrations").get_json()["items"] == []


@pytest.mark.parametrize("who", ["other", "regulator"])
def test_the_identity_is_decided_through_the_interface(held: Held, sign_in: SignIn, who: str) -> None:
    decided = sign_in(getattr(held, who)).post(
        f"/registrations/{held.registration.id}/decision", {"approve": True, "reason": "护照核对无误"}
    )
    assert (decided.status_code, decided.get_json()["status"]) == (200, "awaiting_deposit")
    assert "bidder_code" not in decided.get_json()


def test_the_enforcing_court_is_told_who_decides_and_by_when(held: Held, house: House, sign_in: SignIn) -> None:
    body = {"approve": True, "reason": "r"}
    address = f"/registrations/{held.registration.id}/decision"
    refused = sign_in(held.own).post(address, body)
    assert (refused.status_code, code_of(refused)) == (409, "wrong_state")
    assert "另一法院的书记员" in refused.get_json()["detail"]
    assert "2026 年 3 月 3 日 23:59 前决定" in refused.get_json()["detail"]
    foreign = sign_in(house.perform(lambda unit: make.an_account(unit, "judge", court_code="9900")))
    assert foreign.post(address, body).data == foreign.post("/registrations/nowhere/decision", body).data


def test_the_other_courts_clerk_decides_on_her_page(app: Flask, house: House, held: Held, sign_in: SignIn) -> None:
    clerk = signed_in(app, house, held.other)
    assert "待核身份" in clerk.get("/desk/").text
    page = clerk.follow("待核身份")
    assert "JOHN SMITH" in page.text and "E12345678" in page.text and held.admitted_code not in page.html
    refused = clerk.send(f"/{held.registration.id}", {"reason": " ", "approve": "true"}, status=422)
    assert "必须填写" in refused.text
    done = clerk.send(f"/{held.registration.id}", {"reason": "护照核对无误", "approve": "true"})
    assert "决定已记录" in done.text and "没有待核身份的报名" in done.text
    missing = f"/desk/identities/{held.registration.id}"
    assert app.test_client().post(missing).status_code in (302, 400, 401, 403)
    assert fields_of(sign_in(held.own).get("/held-registrations?page=0")) == {"page": "invalid"}

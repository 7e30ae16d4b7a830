"""A person's own data: all of it, what opens the log's commitments, and nothing of anybody else."""

import hashlib

import pytest
from flask import Flask

from auction.kernel.clock import FixedClock
from auction.kernel.crypto import canonical
from auction.kernel.unit import House, Unit
from bidding.services.alerted import look_up_persons
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert
from tests.bidding.sale import closed
from tests.factories import an_account, an_actor
from tests.web.caller import Caller, SignIn
from tests.web.court import fine
from tests.web.sale import RESERVE, STEP, Sale, a_sale, offer
from tests.web.test_pages import signed_in
from web.timekeeping import seal_all, tell_news, tick


@pytest.fixture
def sale(house: House) -> Sale:
    return house.perform(a_sale)


def both_bid(sale: Sale, sign_in: SignIn) -> list[Caller]:
    callers = [sign_in(account) for account in sale.bidders]
    for number, caller in enumerate(callers):
        fine(offer(caller, sale, RESERVE + number * STEP), 201)
    assert offer(callers[1], sale, RESERVE, "low").status_code == 422
    return callers


def looked_up(unit: Unit, sale: Sale) -> None:
    """A regulator looks after the end who stands behind the first registration."""
    regulator = an_account(unit, "regulator")
    alert = raise_alert(
        unit,
        "shared_signal",
        key="x",
        reasons=[Reason("shared_phone", {"count": 2})],
        court_code="3201",
        lot_id=sale.lot_id,
        auction_id=sale.auction_id,
        registration_id=sale.registrations[0],
    )
    look_up_persons(unit, an_actor(regulator), alert.id, purpose="核对串通线索")


def test_it_holds_everything_of_his_and_nothing_of_others(
    house: House, clock: FixedClock, sale: Sale, sign_in: SignIn
) -> None:
    own, other = both_bid(sale, sign_in)
    half = len(sale.secrets) // 2
    mine, theirs = sale.secrets[:half], sale.secrets[half:]
    answer = own.get("/me/data")
    assert "attachment" in answer.headers["Content-Disposition"]
    text, data = answer.get_data(as_text=True), fine(answer)
    name, number = mine[:2]
    assert (data["person"]["name"], data["person"]["id_number"], data["account"]["id"]) == (name, number, mine[2])
    assert [one["name"] for one in data["registrations"][0]["identities"]] == [name]
    assert [(bid["amount_fen"], bid["outcome"]) for bid in data["bids"]] == [(RESERVE, "accepted")]
    assert len(data["payments"]) == 1 and data["payments"][0]["status"] == "paid"
    assert [one["entry"]["kind"] for one in data["journal"]] == ["BidAccepted"]
    refused = fine(other.get("/me/data"))["journal"]
    assert [one["entry"]["kind"] for one in refused] == ["BidAccepted", "BidRefused"]
    assert not [secret for secret in (*theirs, sale.codes[1]) if secret in text]
    for word in ("password", "token_hash", "id_match", "wrapped_key"):
        assert word not in text

    clock.advance(days=2)
    assert closed(house, sale.auction_id, settled=True) == "sold"
    house.perform(looked_up, sale)
    tick(house)
    seal_all(house)
    tell_news(house)
    data = fine(sign_in(sale.bidders[0]).get("/me/data"))
    assert data["look_ups"] == [data["look_ups"][0] | {"role": "regulator", "purpose": "核对串通线索"}]
    assert {"result_lost", "refund_ordered"} <= {one["kind"] for one in data["messages"]}
    private = [one for one in data["journal"] if one["private"]]
    assert private
    for one in private:
        opened = hashlib.sha256(bytes.fromhex(one["salt"]) + canonical(one["entry"])).hexdigest()
        shown = fine(own_log(sign_in, one["index"]))["items"][0]["entry"]
        assert shown["commitment"] == one["commitment"] == opened
    assert fine(sign_in(sale.bidders[1]).get("/me/data"))["look_ups"] == []


def own_log(sign_in: SignIn, index: int):  # type: ignore[no-untyped-def]
    """What anybody reads at that place of the public log."""
    return sign_in(None).get(f"/log/entries?start={index}&end={index + 1}")


def test_an_opening_is_told_after_the_end_and_not_before(
    house: House, clock: FixedClock, sale: Sale, sign_in: SignIn
) -> None:
    judge, regulator = sign_in(sale.judge), sign_in(house.perform(an_account, "regulator"))
    asked = {"bidder_code": sale.codes[0], "reason": "举报串通"}
    approval_id = fine(judge.post(f"/auctions/{sale.auction_id}/identities", asked), 202)["approval_id"]
    fine(regulator.post(f"/approvals/{approval_id}", {"approve": True, "reason": "同意"}))
    fine(judge.post(f"/identities/{approval_id}", {}))
    before = sign_in(sale.bidders[0]).get("/me/data").get_data(as_text=True)
    assert approval_id not in before and "IdentityOpened" not in before
    clock.advance(days=2)
    closed(house, sale.auction_id, settled=True)
    [looked] = fine(sign_in(sale.bidders[0]).get("/me/data"))["look_ups"]
    assert (looked["kind"], looked["role"], looked["purpose"]) == ("IdentityOpened", "judge", "举报串通")
    assert fine(sign_in(sale.bidders[1]).get("/me/data"))["look_ups"] == []


@pytest.mark.parametrize("role", ["judge", "regulator", "operator", "bidder"])
def test_the_page_is_for_everybody_and_leads_to_the_file(app: Flask, house: House, sale: Sale, role: str) -> None:
    account = sale.bidders[0] if role == "bidder" else house.perform(an_account, role)
    page = signed_in(app, house, account).get("/me/data")
    assert "/api/v1/me/data" in [href for _, href in page.links]
    assert (sale.secrets[1] in page.html) == (role == "bidder")

"""The regulator's pages and the page of approvals, without scripts: sifting, taking over, resolving, approving."""

from typing import Any, NamedTuple

import pytest
from flask import Flask

from auction.kernel.unit import House, Unit
from auction.models import Account, Approval, Auction
from auction.rules.access import Actor
from auction.rules.approvals import Need
from auction.services.approvals import Act, propose
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert
from tests.factories import a_bidder, a_court, a_registration, an_account, an_actor, an_auction
from tests.web.reader import Reader
from tests.web.test_pages import signed_in
from web.pages import approvals as page


class Raised(NamedTuple):
    """An alert about a registration of an open auction, and the code that must not be seen before the end."""

    alert_id: str
    auction_id: str
    code: str
    registration_id: str


@pytest.fixture
def raised(house: House) -> Raised:
    def story(unit: Unit) -> Raised:
        auction = an_auction(unit)
        made = a_registration(unit, auction, a_bidder(unit, name="司马慎言"), status="qualified")
        alert = raise_alert(
            unit,
            "barred_bidder_had_bid",
            key="k1",
            reasons=[Reason("barred_after_bid", {"grounds": "staff"}, {"registrations": [made.id]})],
            court_code=auction.lot.court_code,
            lot_id=auction.lot_id,
            auction_id=auction.id,
            registration_id=made.id,
        )
        return Raised(alert.id, auction.id, str(made.bidder_code), made.id)

    return house.perform(story)


@pytest.fixture
def regulator(house: House, app: Flask) -> Reader:
    return signed_in(app, house, house.perform(an_account, "regulator", display_name="甲监管"))


def test_an_alert_is_found_taken_over_and_resolved(house: House, raised: Raised, regulator: Reader) -> None:
    listed = regulator.get("/regulator/")
    assert "禁止竞买的人曾经出价" in listed.text and "拍卖未结束" in listed.text
    assert "没有符合条件" in regulator.send("/regulator/alerts", {"status": "resolved"}).text
    regulator.get("/regulator/alerts?kind=barred_bidder_had_bid&court=3201&assigned=")
    shown = regulator.follow("禁止竞买的人曾经出价")
    assert "参与处置单位的工作人员" in shown.text
    assert raised.code not in shown.html and raised.registration_id not in shown.html
    assert "甲监管" in regulator.send("/assignment").text
    refused = regulator.send("/resolution", {"outcome": "confirmed", "reason": " "}, status=422)
    assert "有几处需要更正" in refused.text
    done = regulator.send("/resolution", {"outcome": "unfounded", "reason": "登记有误，已更正"})
    assert "查无实据" in done.text and "登记有误，已更正" in done.text
    assert not [form for form in done.forms if form.action.endswith("/resolution")]
    assert "没有符合条件" in regulator.get("/regulator/alerts").text


def test_after_the_end_the_codes_are_shown_and_still_no_name(house: House, raised: Raised, regulator: Reader) -> None:
    def end(unit: Unit) -> None:
        unit.session.get_one(Auction, raised.auction_id).status = "unsold"

    assert raised.code not in regulator.get(f"/regulator/alerts/{raised.alert_id}").html
    house.perform(end)
    shown = regulator.get(f"/regulator/alerts/{raised.alert_id}")
    assert raised.code in shown.text
    assert "司马慎言" not in shown.html


def test_the_pages_speak_english(app: Flask, house: House, raised: Raised) -> None:
    account = house.perform(an_account, "regulator", display_name="Regulator A")
    reader = signed_in(app, house, account)
    reader.language = "en"
    assert "A barred person had bid" in reader.get("/regulator/alerts").text
    shown = reader.get(f"/regulator/alerts/{raised.alert_id}")
    assert "staff of a body that takes part in the sale" in shown.text
    assert "Nothing waits" in reader.get("/regulator/approvals").text


@pytest.mark.parametrize("role", ["bidder", "judge", "president", "operator", None])
def test_nobody_else_sees_them(app: Flask, house: House, raised: Raised, role: str | None) -> None:
    def made(unit: Unit) -> Account:
        return a_bidder(unit) if role == "bidder" else an_account(unit, role or "judge")

    reader = signed_in(app, house, house.perform(made)) if role else Reader(app.test_client())
    for address in ("/regulator/alerts", f"/regulator/alerts/{raised.alert_id}"):
        answer = reader.client.get(address)
        assert answer.status_code == (403 if role else 302), address
    posted = reader.client.post(f"/regulator/alerts/{raised.alert_id}/resolution", data={"outcome": "confirmed"})
    assert posted.status_code in (401, 403)


def test_what_is_no_filter_is_said_not_broken(regulator: Reader) -> None:
    for query in ("status=new", "page=0", "page=x", "assigned=somebody"):
        assert "应为" in regulator.get(f"/regulator/alerts?{query}", 422).text, query
    regulator.get("/regulator/alerts?page=999")
    regulator.get("/regulator/alerts/nowhere", 404)


class Bench(NamedTuple):
    """A proposal, its proposer, and two who must approve."""

    approval_id: str
    asker: Account
    judge: Account
    president: Account


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    acts: list[str] = []

    def act(unit: Unit, actor: Actor, approval: Approval) -> None:
        acts.append(approval.subject_id)

    monkeypatch.setattr(page, "ACTS", {"sanction": Act(lambda unit, approval: None, act)})
    return acts


@pytest.fixture
def bench(house: House) -> Bench:
    def story(unit: Unit) -> Bench:
        asker, judge = an_account(unit, display_name="王法官"), an_account(unit, display_name="李法官")
        proposal: dict[str, Any] = {"kind": "fine", "amount_fen": 5_000_000, "until": None, "basis": "CPL 114"}
        made = propose(
            unit,
            an_actor(asker),
            kind="sanction",
            subject_id="s1",
            court_code=a_court(unit).code,
            proposal=proposal,
            reason="恶意竞买后不付尾款",
            needs=(Need("judge"), Need("president")),
        )
        return Bench(made.id, asker, judge, an_account(unit, "president", display_name="赵院长"))

    return house.perform(story)


def test_judge_and_president_approve_one_after_the_other(
    app: Flask, house: House, bench: Bench, done: list[str]
) -> None:
    judge = signed_in(app, house, bench.judge)
    listed = judge.get("/desk/approvals")
    assert "恶意竞买后不付尾款" in listed.text and "¥50,000" in listed.text and "王法官" in listed.text
    assert any(label.startswith("待我批准") and label.endswith("1") for label, _ in listed.links)
    refused = judge.send(f"/{bench.approval_id}", {"reason": ""}, button=("approve", "true"), status=422)
    assert "恶意竞买后不付尾款" in refused.text
    judge.get("/desk/approvals")
    after = judge.send(f"/{bench.approval_id}", {"reason": "事实清楚"}, button=("approve", "true"))
    assert "没有等待您批准的事项" in after.text and done == []
    president = signed_in(app, house, bench.president)
    assert "李法官" in president.get("/desk/approvals").text
    president.send(f"/{bench.approval_id}", {"reason": "同意"}, button=("approve", "true"))
    assert done == ["s1"]


def test_a_proposal_is_not_shown_to_its_proposer_and_not_taken_from_him(
    app: Flask, house: House, bench: Bench, done: list[str]
) -> None:
    president = signed_in(app, house, bench.president)
    president.get("/desk/approvals")
    asker = signed_in(app, house, bench.asker)
    assert "没有等待您批准的事项" in asker.get("/desk/approvals").text
    clerk = signed_in(app, house, house.perform(an_account, "clerk"))
    clerk.get("/desk/approvals", 403)
    president.send(f"/{bench.approval_id}", {"reason": "证据不足"}, button=("approve", "false"))
    assert house.read(lambda session: session.get_one(Approval, bench.approval_id)).status == "rejected"
    assert done == []

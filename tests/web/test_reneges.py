"""A buyer who does not pay, through the doors: the interface from the first day overdue to the top-up; the pages."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from auction.kernel.clock import SHANGHAI, FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction, Lot
from auction.services import accounts
from bidding.models import Payment
from bidding.rules.registration import UNDERTAKINGS
from bidding.services import allocation
from risk.models import Control
from tests.bidding.services.debtor import DEPOSIT, PRICE, Debtor, Desk
from tests.factories import a_bidder, a_uscc, an_account, an_auction
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.reader import Reader
from web.auth import COOKIE


@pytest.fixture
def desk(house: House, clock: FixedClock) -> Desk:
    return Desk(house, clock)


def fine(response: TestResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_json()


def overdue(desk: Desk, **terms: Any) -> tuple[Debtor, str]:
    buyer = desk.sell(**terms)
    desk.past_grace(buyer)
    return buyer, f"/auctions/{buyer.auction_id}"


def again(sign_in: SignIn, desk: Desk, number: int) -> Caller:
    """A judge signed in anew: a session does not outlive the days a test lets pass."""
    return sign_in(desk.house.read(lambda session: session.get_one(Account, desk.judges[number].id)))


def test_the_declaration_waits_for_the_grace_and_says_from_when(
    desk: Desk, sign_in: SignIn, anybody: Caller, house: House
) -> None:
    buyer = desk.sell()
    address = f"/auctions/{buyer.auction_id}"
    due_at = desk.auction(buyer.auction_id).balance_due_at
    assert due_at is not None
    desk.at(due_at + timedelta(seconds=1))
    judge = again(sign_in, desk, 0)
    early = judge.post(f"{address}/renege", {"reason": "逾期"})
    assert (code_of(early), early.status_code) == ("renege_too_early", 409)
    assert "2026 年 3 月 17 日 00:00 起方可认定" in early.get_json()["detail"]
    debt = fine(judge.get(f"{address}/renege"))
    assert (debt["stage"], debt["owed_fen"], debt["would_forfeit_fen"]) == ("overdue", PRICE - DEPOSIT, DEPOSIT)
    assert fine(anybody.get(address))["settlement"]["status"] == "overdue"
    desk.past_grace(buyer)
    judge = again(sign_in, desk, 0)
    assert fine(judge.get(f"{address}/renege"))["stage"] == "declarable"
    unlisted = judge.post(f"{address}/renege", {"reason": "逾期", "malicious_factors": ["no"]})
    assert fields_of(unlisted) == {"malicious_factors.0": "not_one_of"}
    assert "no_means, delay_for_debtor, repeated" in unlisted.get_json()["errors"][0]["detail"]
    answer = fine(judge.post(f"{address}/renege", {"reason": "逾期未付"}), 201)
    assert (answer["settlement"]["status"], answer["settlement"]["balance_fen"]) == ("reneged", 0)
    assert code_of(judge.post(f"{address}/renege", {"reason": "again"})) == "wrong_state"


def test_malice_is_proposed_and_carried_out_by_another_judge(desk: Desk, sign_in: SignIn, anybody: Caller) -> None:
    _, address = overdue(desk)
    first, second = again(sign_in, desk, 0), again(sign_in, desk, 1)
    proposal = fine(first.post(f"{address}/renege", {"reason": "无履行能力", "malicious_factors": ["no_means"]}), 202)
    assert proposal["needs"] == {"role": "judge", "count": 1}
    plain = first.post(f"{address}/renege", {"reason": "逾期未付"})
    assert (plain.status_code, code_of(plain)) == (409, "already_proposed")
    assert fine(anybody.get(address))["settlement"]["status"] == "overdue"
    answer = {"approve": True, "reason": "同意"}
    assert code_of(first.post(f"/approvals/{proposal['approval_id']}", answer)) == "four_eyes"
    fine(second.post(f"/approvals/{proposal['approval_id']}", answer))
    assert fine(anybody.get(address))["settlement"]["status"] == "reneged"
    assert fine(first.get(f"{address}/renege"))["declaration"]["malicious_factors"] == ["no_means"]


def test_only_the_buyer_and_the_court_see_the_debt(desk: Desk, sign_in: SignIn, anybody: Caller, house: House) -> None:
    buyer, address = overdue(desk)
    assert code_of(anybody.get(f"{address}/renege")) == "unauthenticated"
    stranger = sign_in(house.perform(lambda unit: a_bidder(unit)))
    assert code_of(stranger.get(f"{address}/renege")) == "not_found"
    regulator = sign_in(house.perform(lambda unit: an_account(unit, "regulator")))
    assert code_of(regulator.get(f"{address}/renege")) == "forbidden"
    assert fine(sign_in(buyer.account).get(f"{address}/renege"))["owed_fen"] == PRICE - DEPOSIT


def test_parts_objection_revocation_and_payment(desk: Desk, sign_in: SignIn, anybody: Caller) -> None:
    buyer, address = overdue(desk)
    own = sign_in(buyer.account)
    part = fine(own.post(f"{address}/balance", {"amount_fen": 30_000_000}), 201)
    assert fine(anybody.get(address))["settlement"]["balance_fen"] == PRICE - DEPOSIT
    desk.arrive(buyer, _payment(desk, part["id"]))
    assert fine(anybody.get(address))["settlement"]["balance_fen"] == PRICE - DEPOSIT - 30_000_000
    assert fine(own.get(f"{address}/renege"))["owed_fen"] == PRICE - DEPOSIT - 30_000_000
    assert fields_of(own.post(f"{address}/balance", {"amount_fen": PRICE})) == {"amount_fen": "above_owed"}
    judges = [again(sign_in, desk, n) for n in range(3)]
    fine(judges[0].post(f"{address}/renege", {"reason": "逾期未付"}), 201)
    filed = fine(own.post(f"{address}/renege/objections", {"grounds": "银行故障"}), 201)
    assert filed["status"] == "filed"
    body = {"objection_id": filed["id"], "reason": "理由成立"}
    assert code_of(judges[0].post(f"{address}/renege/revocation", body)) == "own_declaration"
    proposal = fine(judges[1].post(f"{address}/renege/revocation", body), 202)
    fine(judges[2].post(f"/approvals/{proposal['approval_id']}", {"approve": True, "reason": "同意"}))
    assert fine(anybody.get(address))["settlement"]["status"] == "balance_due"
    debt = fine(own.get(f"{address}/renege"))
    assert (debt["stage"], debt["declaration"], len(debt["revoked"])) == ("balance_due", None, 1)
    rest = fine(own.post(f"{address}/balance", {}), 201)
    assert rest["amount_fen"] == PRICE - DEPOSIT
    desk.arrive(buyer, _payment(desk, rest["id"]))
    settled = fine(anybody.get(address))["settlement"]
    assert (settled["status"], settled["balance_fen"]) == ("paid", 0)


def _payment(desk: Desk, payment_id: str) -> Any:
    return desk.house.read(lambda session: session.get_one(Payment, payment_id))


def test_allocation_and_top_up(desk: Desk, sign_in: SignIn) -> None:
    buyer, address = overdue(desk)
    judge = again(sign_in, desk, 0)
    fine(judge.post(f"{address}/renege", {"reason": "逾期未付"}), 201)
    entered = {"costs": [{"label": "评估费", "amount_fen": 300_000}], "case_debt_fen": 5_000_000, "reason": "据案卷"}
    debt = fine(judge.put(f"{address}/allocation", entered))
    assert debt["allocation"]["waits"] == ["resale_open"]
    waiting = judge.post(f"{address}/allocation/decision", {"reason": "r"})
    assert code_of(waiting) == "allocation_waits"
    assert "重新拍卖的价款" in waiting.get_json()["detail"]
    desk.pay(desk.sell(price_fen=PRICE - 20_000_000))
    judge = again(sign_in, desk, 0)
    debt = fine(judge.post(f"{address}/allocation/decision", {"reason": "依次支付"}))
    lines = [(line["code"], line["amount_fen"], line["basis"]) for line in debt["allocation"]["lines"]]
    assert lines == [
        ("costs", 300_000, "OJA 24(1)"),
        ("shortfall", 9_700_000, "OJA 24(1)"),
        ("case_debt", 0, "OJA 24(1)"),
    ]
    due_on = (desk.clock.moment + timedelta(days=10)).date().isoformat()
    ordered = fine(judge.post(f"{address}/top-up", {"reason": "差价", "due_on": due_on}), 201)
    assert (ordered["top_up"]["status"], ordered["top_up"]["owed_fen"]) == ("ordered", 10_300_000)
    own = sign_in(buyer.account)
    paid = fine(own.post(f"{address}/top-up/payment", {"amount_fen": 10_300_000}), 201)
    desk.arrive(buyer, _payment(desk, paid["id"]))
    assert fine(own.get(f"{address}/renege"))["top_up"]["status"] == "paid"


def shortfall_ordered(desk: Desk, days: int) -> str:
    """A reneged sale whose deposit was used and left a loss, which the buyer is ordered to make up."""
    buyer, address = overdue(desk)
    desk.declare(buyer)
    desk.perform(
        allocation.enter_allocation,
        desk.judges[0],
        buyer.auction_id,
        costs=[],
        case_debt_fen=0,
        related_debts=[],
        reason="据案卷",
    )
    desk.pay(desk.sell(price_fen=PRICE - 20_000_000))
    desk.perform(allocation.decide_allocation, desk.judges[0], buyer.auction_id, reason="依次支付")
    due_on = (desk.clock.moment + timedelta(days=days)).date()
    desk.perform(allocation.order_top_up, desk.judges[0], buyer.auction_id, reason="差价", due_on=due_on)
    return address


def test_a_company_of_the_reneger_is_told_of_the_practice_and_he_is_not(
    app: Flask, desk: Desk, house: House, sign_in: SignIn
) -> None:
    firm = a_uscc()
    buyer = desk.sell()
    desk.declared(buyer)

    def resale(unit: Unit) -> tuple[Auction, Account]:
        unit.session.add(
            Control(
                company_match=unit.vault.match_key("uscc", firm),
                company_name=b"",
                holder_match=unit.vault.match_key("resident_id", buyer.number),
                role="actual_controller",
                from_on=date(2020, 1, 1),
                from_version=0,
            )
        )
        lot = unit.session.get_one(Lot, desk.lot_id)
        return an_auction(unit, lot=lot, status="announced"), a_bidder(unit, id_type="uscc", id_number=firm)

    auction, company = house.perform(resale)
    body = {
        "capacity": "self",
        "principals": [],
        "claim": "ordinary",
        "seal": auction.seal,
        "undertakings": list(UNDERTAKINGS),
    }
    for account, practice in ((company, True), (buyer.account, False)):
        caller = sign_in(account)
        refused = caller.post(f"/auctions/{auction.id}/registrations", body, headers={"Accept-Language": "en"})
        assert (refused.status_code, code_of(refused)) == (422, "barred_reneger")
        assert ("controlled companies" in refused.get_json()["detail"]) is practice
        assert ("court's practice" in refused.get_json()["basis"]) is practice
        own = caller.get("/me/registrations").get_json()["items"][0]
        page = reader(app, desk, account.id).get(f"/registrations/{own['id']}")
        assert "悔拍的原买受人不得参加" in page.text and ("对受控公司的惯例" in page.text) is practice
        assert any(form.action.endswith("/review") for form in page.forms) is practice
    himself = caller.post(f"/registrations/{own['id']}/review", {"text": "我没有悔拍"})
    assert code_of(himself) == "wrong_state"
    assert "随悔拍认定存在" in himself.get_json()["detail"]
    regulator = house.perform(an_account, "regulator")
    looked = sign_in(regulator).get(f"/bidders/{company.id}/conflicts/{desk.lot_id}", query_string={"purpose": "复核"})
    (hit,) = fine(looked)["registrations"][0]["hits"]
    assert (hit["ground"], hit["basis"], hit["body_type"]) == ("reneger_company", ["OJA 24(2)", "practice"], None)
    assert [(step["record"], step.get("auction_id")) for step in hit["chain"]] == [
        ("renege", buyer.auction_id),
        ("control", None),
    ]
    page = reader(app, desk, regulator.id).get(f"/regulator/conflicts/{company.id}/{desk.lot_id}?purpose=复核")
    assert "本标的悔拍的原买受人" in page.text and "悔拍的原买受人控制的公司" in page.text
    assert f"{buyer.name}是" in page.text and any(form.action.endswith(desk.lot_id) for form in page.forms)


def test_what_enforcement_does_not_bring_is_asked_no_more(desk: Desk, sign_in: SignIn) -> None:
    address = shortfall_ordered(desk, 10)
    desk.clock.advance(hours=24 * 20)
    judge = again(sign_in, desk, 0)
    assert code_of(judge.post(f"{address}/top-up/enforcement-end", {"reason": "r"})) == "wrong_state"
    fine(judge.post(f"{address}/top-up/enforcement", {"reason": "逾期未补交"}))
    order = fine(judge.post(f"{address}/top-up/enforcement-end", {"reason": "无财产可供执行"}))["top_up"]
    assert (order["status"], order["ended_reason"]) == ("in_vain", "无财产可供执行")
    too_far = judge.post(f"{address}/top-up", {"reason": "r", "due_on": "2099-01-01"})
    assert code_of(too_far) == "wrong_state"  # one order is made


def test_a_day_too_far_off_is_refused_with_the_latest(desk: Desk, sign_in: SignIn) -> None:
    address = shortfall_ordered(desk, 10)
    judge = again(sign_in, desk, 0)
    fine(judge.post(f"{address}/top-up/cancellation", {"reason": "重新确定期限"}))
    latest = (desk.clock.moment.astimezone(SHANGHAI) + timedelta(days=60)).date().isoformat()
    refused = judge.post(f"{address}/top-up", {"reason": "r", "due_on": "2099-01-01"})
    assert fields_of(refused) == {"due_on": "too_far"}
    assert latest in refused.get_json()["errors"][0]["detail"]
    fine(judge.post(f"{address}/top-up", {"reason": "r", "due_on": latest}), 201)


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "renege", {}, "reason"),
        ("POST", "renege", {"reason": "r", "malicious_factors": "no_means"}, "malicious_factors"),
        ("PUT", "allocation", {"reason": "r", "costs": [{"label": "x", "amount_fen": 1.5}]}, "costs.0.amount_fen"),
        ("PUT", "allocation", {"reason": "r", "case_debt_fen": -1}, "case_debt_fen"),
        ("POST", "top-up", {"reason": "r", "due_on": "tomorrow"}, "due_on"),
        ("POST", "renege/revocation", {"reason": "r"}, "objection_id"),
    ],
)
def test_bad_input_names_its_field(
    desk: Desk, sign_in: SignIn, method: str, path: str, body: dict[str, Any], field: str
) -> None:
    _, address = overdue(desk)
    assert field in fields_of(again(sign_in, desk, 0).call(method, f"{address}/{path}", body))


# The pages


def reader(app: Flask, desk: Desk, account_id: str, tongue: str = "zh-CN") -> Reader:
    """Somebody signed in to the pages."""
    opened = desk.house.perform(accounts.open_session, account_id, matches=True, code_holds=lambda _: None)
    assert isinstance(opened, accounts.Opened)
    client = app.test_client()
    client.set_cookie(COOKIE, opened.token)
    return Reader(client, tongue)


def test_the_judge_declares_allocates_and_sells_again_by_pages(app: Flask, desk: Desk) -> None:
    _, address = overdue(desk)
    judge = reader(app, desk, desk.judges[0].id)
    page = judge.get(f"/desk{address}")
    assert "宽限期已满" in page.text
    page = judge.get(f"/desk{address}/debt")
    assert "不予退还" in page.text and "100,000" in page.text
    page = judge.send("/debt/renege", {"reason": "逾期未付"})
    assert "已认定悔拍" in page.text
    page = judge.send(
        "/debt/allocation", {"reason": "据案卷", "costs.0.label": "评估费", "costs.0.amount_fen": "3,000"}
    )
    assert "3,000" in page.text and "重新拍卖的价款尚未到账" in page.text
    judge.send("/debt/resale", {"deposit_fen": "900000", "deposit_reason": "悔拍"}, status=422)
    page = judge.send("/debt/resale", {"deposit_fen": "200000", "deposit_reason": "上一买受人悔拍"})
    assert "200,000" in page.html


def test_the_judge_ends_an_order_in_vain_by_pages(app: Flask, desk: Desk) -> None:
    address = shortfall_ordered(desk, 10)
    desk.clock.advance(hours=24 * 20)
    judge = reader(app, desk, desk.judges[0].id)
    judge.get(f"/desk{address}/debt")
    page = judge.send("/debt/top-up-enforcement", {"reason": "逾期未补交"})
    assert "强制执行中" in page.text
    page = judge.send("/debt/top-up-enforcement-end", {"reason": "无财产可供执行"})
    assert "强制执行未果，余额不再追缴" in page.text
    assert not any("top-up" in form.action for form in page.forms)
    page = judge.get(f"/desk{address}")
    assert "价款已付清" not in page.text and "尾款 ¥" not in page.text


def test_while_malice_waits_the_page_offers_no_second_declaration(app: Flask, desk: Desk) -> None:
    buyer, address = overdue(desk)
    judge = reader(app, desk, desk.judges[0].id)
    assert any("/debt/renege" in form.action for form in judge.get(f"/desk{address}/debt").forms)
    desk.declare(buyer, "no_means")
    page = judge.get(f"/desk{address}/debt")
    assert "等待另一名法官批准" in page.text
    assert not any("/debt/renege" in form.action for form in page.forms)


def test_the_buyer_sees_what_is_owed_and_what_happens_otherwise(app: Flask, desk: Desk) -> None:
    buyer, _ = overdue(desk)
    own = reader(app, desk, buyer.account.id)
    page = own.get(f"/registrations/{buyer.registration_id}")
    assert "尚欠" in page.text and "可以分次支付" in page.text and "您不得参加" in page.text
    page = own.send("/balance", {"amount_fen": "300,000"})
    assert "300,000" in page.text
    desk.declare(buyer)
    page = own.get(f"/registrations/{buyer.registration_id}")
    assert "悔拍认定" in page.text
    assert "付清尾款" not in page.text
    page = own.send("/renege-objection", {"grounds": "银行故障"})
    assert "待审查" in page.text
    english = reader(app, desk, buyer.account.id, "en").get(f"/registrations/{buyer.registration_id}")
    assert "Declaration of renege" in english.text

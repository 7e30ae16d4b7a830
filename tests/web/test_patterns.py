"""Patterns of bidding at the doors: who may read them, when, in which words, and what the page says of itself."""

import re

import pytest
from flask import Flask

from auction.kernel.unit import House
from tests.bidding.ended import a_friend_in_need, an_ended_auction, look
from tests.factories import a_bidder, an_account
from tests.web.caller import Caller, SignIn, code_of
from tests.web.reader import Reader
from tests.web.test_pages import signed_in


@pytest.fixture
def told(house: House) -> str:
    """An ended auction with something to tell, looked at."""
    auction_id = house.perform(a_friend_in_need)
    assert look(house, auction_id)
    return auction_id


@pytest.fixture
def regulator(house: House, sign_in: SignIn) -> Caller:
    return sign_in(house.perform(an_account, "regulator", display_name="甲监管"))


@pytest.fixture
def reader(app: Flask, house: House) -> Reader:
    return signed_in(app, house, house.perform(an_account, "regulator", display_name="甲监管"))


def test_the_regulator_reads_findings_in_both_languages(regulator: Caller, told: str) -> None:
    answer = regulator.get(f"/auctions/{told}/patterns", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    found = answer.get_json()
    assert found["history"] == 5
    assert [one["alert"] for one in found["findings"]] == [True, True, False]
    sentences = [reason["detail"] for one in found["findings"] for reason in one["reasons"]]
    assert "Of 6 auctions joined, this bidder met the same other in 6, and never won; the other won 6." in " ".join(
        sentences
    )
    assert found["findings"][0]["features"]["Bidding_Ratio"] == 0.333333
    chinese = regulator.get(f"/auctions/{told}/patterns").get_data(as_text=True)
    assert "从未竞得" in chinese and "{" not in "".join(re.findall(r'"detail": ?"([^"]*)"', chinese))


@pytest.mark.parametrize("role", ["judge", "clerk", "president", "operator", "agency"])
def test_nobody_else_reads_them(house: House, sign_in: SignIn, told: str, role: str) -> None:
    more = {"court_code": "3201"} if role in ("judge", "clerk", "president") else {}
    other = sign_in(house.perform(an_account, role, **more))
    assert code_of(other.get(f"/auctions/{told}/patterns")) == "forbidden"


def test_before_the_end_and_of_nothing_there_is_nothing(house: House, regulator: Caller) -> None:
    running = house.perform(lambda unit: an_ended_auction(unit, [a_bidder(unit)], days_ago=0, status="open"))
    assert code_of(regulator.get(f"/auctions/{running}/patterns")) == "wrong_state"
    assert code_of(regulator.get("/auctions/nothing/patterns")) == "not_found"


def test_an_ended_auction_not_yet_looked_at_says_so(house: House, regulator: Caller) -> None:
    ended = house.perform(lambda unit: an_ended_auction(unit, [a_bidder(unit)], days_ago=0))
    found = regulator.get(f"/auctions/{ended}/patterns").get_json()
    assert (found["screened_at"], found["findings"], found["alert_id"]) == (None, [], None)


def test_the_pages_lead_from_the_list_to_the_alert_and_say_what_they_are_not(reader: Reader, told: str) -> None:
    listed = reader.get("/regulator/patterns")
    assert "竞价进行中不作任何监控" in listed.text and "2 名竞买人有提示" in listed.text
    shown = reader.follow("珠江路88号")
    for text in (
        "不会拒绝任何人，也不等于认定串通",
        "值得查看",
        "从未竞得",
        "本场相关代码",
        "不足千分之一",
        "逐条列出（3 条）",
    ):
        assert text in shown.text, text
    assert shown.html.count("<circle") == 3
    assert "竞价规律值得查看" in reader.follow("处理这条警示").text
    assert "Worth a look" in reader.get(f"/regulator/patterns/{told}?lang=en").text


def test_the_page_of_a_running_sale_shows_nothing(house: House, reader: Reader) -> None:
    running = house.perform(lambda unit: an_ended_auction(unit, [a_bidder(unit)], days_ago=0, status="open"))
    shown = reader.get(f"/regulator/patterns/{running}", status=409)
    assert "<circle" not in shown.html

"""Messages at the doors: one's own, in the language asked for, read one by one or all at once; the page."""

import re
from datetime import timedelta

from flask import Flask

from auction.kernel.unit import House
from auction.models import Account
from bidding.services.messages import tell
from tests.factories import a_bidder
from tests.web.caller import SignIn, code_of
from tests.web.test_pages import signed_in
from web.timekeeping import advance

REFUND = {"title": "房产", "amount_fen": 1_000_000, "due_at": "2026-03-03T02:00:00.000000+00:00", "auction_id": "a1"}


def somebody(house: House, *kinds: str) -> Account:
    account: Account = house.perform(lambda unit: a_bidder(unit, username="told-bidder"))
    for kind in kinds:
        house.perform(tell, account.id, kind, REFUND, kind)
    return account


def test_ones_own_messages_in_ones_own_language(house: House, sign_in: SignIn) -> None:
    account = somebody(house, "refund_ordered", "deposit_received")
    ahead = house.now() + timedelta(hours=1)
    house.perform(tell, account.id, "outbid", REFUND, "later", at=ahead)
    caller, other = sign_in(account), sign_in(house.perform(a_bidder))
    listed = caller.get("/me/messages").get_json()
    assert (listed["total"], listed["unread"], listed["mailed"]) == (2, 2, False)
    assert {one["kind"] for one in listed["items"]} == {"refund_ordered", "deposit_received"}
    [refund] = [one for one in listed["items"] if one["kind"] == "refund_ordered"]
    assert refund["text"] == "《房产》应退您 ¥10,000，最迟 2026 年 3 月 3 日 10:00 退还。"
    assert refund["address"] == "/auctions/a1" and refund["read"] is False
    english = caller.get("/me/messages?page_size=1", headers={"Accept-Language": "en"}).get_json()
    assert len(english["items"]) == 1 and english["total"] == 2
    assert "go back to you" in str(caller.get("/me/messages", headers={"Accept-Language": "en"}).get_json())

    named = {"messages": [refund["id"]]}
    assert code_of(other.post("/me/messages/reading", named)) == "not_found"
    assert caller.post("/me/messages/reading", named).get_json() == {"read": 1}
    left = caller.get("/me/messages?unread=true").get_json()
    assert [one["kind"] for one in left["items"]] == ["deposit_received"] and left["unread"] == 1
    assert caller.post("/me/messages/reading", {}).get_json() == {"read": 1}
    assert caller.get("/me/messages").get_json()["unread"] == 0
    assert code_of(sign_in(None).get("/me/messages")) == "unauthenticated"
    advance(house, 3600)
    assert caller.get("/me/messages").get_json()["unread"] == 1, "the one that lay ahead"


def test_the_page_shows_what_is_unread_and_marks_it_as_read(app: Flask, house: House) -> None:
    account = somebody(house)
    for number in range(3):
        house.perform(tell, account.id, "sanction_ended", {"number": str(number), "status": "expired"}, str(number))
    reader = signed_in(app, house, account)
    page = reader.get("/me/messages")
    assert "3 条未读" in page.text and page.text.count("未读") >= 4 and "本站未接通邮件" in page.text
    assert "惩戒决定（2）已终止：期满。" in page.text and page.link("消息 3") == "/me/messages"
    assert "2 条未读" in reader.send(page.forms[3].action).text
    assert "0 条未读" in reader.send("/me/messages").text
    assert "没有消息" in reader.get("/me/messages?unread=1").text
    reader.language = "en"
    english = reader.get("/me/messages").text
    assert "has ended: expired" in english and not re.search(r"[\u3400-\u9fff]", english)

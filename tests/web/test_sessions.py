"""Sessions, as their holder sees and ends them; and that an ended one has no rights left, on live sockets too."""

import json
from typing import Any

import pytest
from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from flask import Flask
from werkzeug.test import create_environ

from auction.kernel.clock import FixedClock, iso
from auction.kernel.errors import DomainError
from auction.kernel.unit import House
from auction.models import Account, JournalRow, LoginSession
from auction.queries.sessions import own_sessions
from auction.services import accounts
from tests.conftest import PRODUCT_HASHER
from tests.factories import a_bidder, an_account
from tests.web.caller import API, Caller, SignIn, code_of, fields_of
from tests.web.sale import RESERVE, Sale, a_sale
from tests.web.test_pages import signed_in
from web.auth import _NOBODY, HASHER
from web.pages.sessions import device
from web.sockets import Rooms

PASSWORD = "correct horse"
NEW = "battery staple"


@pytest.fixture
def rooms(app: Flask, house: House, monkeypatch: pytest.MonkeyPatch) -> Rooms:
    """Rooms whose messages to clients are kept in `said`."""
    made = Rooms(house, app.extensions["door"], app.extensions["uses"])
    made.said = []  # type: ignore[attr-defined]
    monkeypatch.setattr(made, "emit", lambda *told, to, **_: made.said.append((to, *told)))  # type: ignore[attr-defined]
    return made


@pytest.fixture
def sale(house: House) -> Sale:
    return house.perform(a_sale)


def opened(house: House, account: Account, **origin: Any) -> str:
    """The token of a new session."""
    found = house.perform(accounts.open_session, account.id, matches=True, code_holds=lambda _: None, **origin)
    assert isinstance(found, accounts.Opened)
    return found.token


def with_password(house: House, account: Account) -> None:
    house.perform(lambda unit: setattr(unit.session.get(Account, account.id), "password_hash", HASHER.hash(PASSWORD)))


ENDS = {
    "signed_out": lambda caller, house, who: caller.call("DELETE", "/sessions/current"),
    "ended_elsewhere": lambda caller, house, who: caller.call("DELETE", "/sessions/others"),
    "password_changed": lambda caller, house, who: caller.put("/me/password", {"current": PASSWORD, "password": NEW}),
    "account_disabled": lambda caller, house, who: house.perform(accounts.disable_account, who.username, reason="调离"),
    "expired": lambda caller, house, who: house.clock.advance(hours=12),
}


@pytest.mark.parametrize("elsewhere", [False, True], ids=["this process", "another process"])
@pytest.mark.parametrize("reason", sorted(ENDS))
def test_a_live_socket_loses_its_rights_with_its_session(
    rooms: Rooms, house: House, app: Flask, sale: Sale, sign_in: SignIn, reason: str, elsewhere: bool
) -> None:
    bidder, other = sale.bidders
    with_password(house, bidder)
    token, kept = opened(house, bidder), opened(house, other)
    caller = Caller(app.test_client(), token) if reason == "signed_out" else sign_in(bidder)
    for sid, shown in (("s", token), ("o", kept)):
        rooms.on_connect(sid, create_environ(), {"token": shown})
    offer = {"auction_id": sale.auction_id, "amount_fen": RESERVE, "key": "k"}
    assert rooms.on_bid("s", offer)["outcome"] == "accepted"
    if elsewhere:  # nobody tells this process: it has to see for itself
        house._listeners["sessions_ended"].clear()
    ENDS[reason](caller, house, bidder)
    if elsewhere or reason == "expired":
        rooms._look_for_ends()
    assert [(to, event, told["code"], told["reason"]) for to, event, told in rooms.said if to == "s"] == [  # type: ignore[attr-defined]
        ("s", "signed_out", "unauthenticated", reason)
    ]
    answer = rooms.on_bid("s", offer | {"key": "k2"})
    assert (answer["outcome"], answer["code"], answer["bid_id"]) == ("refused", "unauthenticated", None)
    assert not rooms.bid_at_once("s", offer | {"key": "k3"}, lambda _: None)
    assert ("o" in {to for to, *_ in rooms.said}) == (reason == "expired")  # type: ignore[attr-defined]
    rooms.said.clear()  # type: ignore[attr-defined]
    rooms._look_for_ends()
    assert rooms.said == [], "it is said once"  # type: ignore[attr-defined]
    assert code_of(Caller(app.test_client(), token).get("/me")) == "unauthenticated"


def test_who_comes_with_the_cookie_of_a_dead_session_looks_on_and_is_told(rooms: Rooms, house: House) -> None:
    token = opened(house, house.perform(a_bidder))
    house.perform(accounts.close_session, token)
    rooms.server = type(
        "Server", (), {"start_background_task": lambda _, task, *given: task(*given), "sleep": lambda *_: 0}
    )()
    rooms.on_connect("s", create_environ(headers={"Cookie": f"fapai_session={token}"}))
    assert [event for _, event, _ in rooms.said] == ["signed_out"]  # type: ignore[attr-defined]
    assert rooms.on_bid("s", {})["code"] == "unauthenticated"


def test_sessions_are_listed_to_their_holder_and_ended_one_by_one(
    app: Flask, house: House, sign_in: SignIn, clock: FixedClock
) -> None:
    bidder = house.perform(a_bidder)
    with_password(house, bidder)
    signing = {"username": bidder.username, "password": PASSWORD}
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
    first = app.test_client().post(f"{API}/sessions", json=signing, headers=browser).get_json()["token"]
    clock.advance(hours=1)
    caller, stranger = sign_in(bidder), sign_in(house.perform(a_bidder))
    latest, earlier = caller.get("/sessions").get_json()["items"]
    assert (latest["current"], earlier["current"], earlier["used_at"]) == (True, False, None)
    assert (earlier["address"], earlier["browser"]) == ("127.0.0.1", browser["User-Agent"])
    assert code_of(stranger.call("DELETE", f"/sessions/{earlier['id']}")) == "not_found"
    assert Caller(app.test_client(), first).get("/me").status_code == 200
    house.perform(accounts.note_uses, app.extensions["uses"].take())
    assert caller.get("/sessions").get_json()["items"][1]["used_at"] == iso(clock.machine())
    assert caller.call("DELETE", f"/sessions/{earlier['id']}").status_code == 204
    assert code_of(caller.call("DELETE", f"/sessions/{earlier['id']}")) == "not_found"
    assert code_of(Caller(app.test_client(), first).get("/me")) == "unauthenticated"
    assert [one["current"] for one in caller.get("/sessions").get_json()["items"]] == [True]


def test_where_one_signed_in_is_kept_sealed_and_only_while_the_session_lives(house: House) -> None:
    bidder = house.perform(a_bidder)
    token = opened(house, bidder, origin=("203.0.113.9", "Firefox"))

    def kept(session: Any) -> bytes | None:
        origin: bytes | None = session.query(LoginSession).one().origin
        return origin

    assert b"203.0.113.9" not in (house.read(kept) or b"")
    assert house.read(own_sessions, house.vault, bidder.id, house.clock.machine())[0].address == "203.0.113.9"
    house.perform(accounts.close_session, token)
    assert house.read(kept) is None


def test_a_password_is_changed_by_who_knows_it_and_wrong_ones_lock_out(
    app: Flask, house: House, sign_in: SignIn
) -> None:
    bidder = house.perform(a_bidder)
    with_password(house, bidder)
    caller, other = sign_in(bidder), sign_in(bidder)
    assert fields_of(caller.put("/me/password", {"current": "wrong", "password": NEW})) == {"current": "password_wrong"}
    assert "password" in fields_of(caller.put("/me/password", {"current": PASSWORD, "password": "short"}))
    assert other.get("/me").status_code == 200
    assert caller.put("/me/password", {"current": PASSWORD, "password": NEW}).status_code == 204
    assert caller.get("/me").status_code == 200 and code_of(other.get("/me")) == "unauthenticated"
    for _ in range(accounts.FREE_FAILURES):
        caller.put("/me/password", {"current": PASSWORD, "password": NEW})
    assert code_of(caller.put("/me/password", {"current": NEW, "password": PASSWORD})) == "rate_limited"


def test_a_disabled_account_signs_in_no_more_until_it_is_enabled(app: Flask, house: House, sign_in: SignIn) -> None:
    judge = house.perform(an_account, "judge")
    with_password(house, judge)
    caller, body = sign_in(judge), {"username": judge.username, "password": PASSWORD}
    for wrong in ("", " "):
        with pytest.raises(DomainError, match="invalid"):
            house.perform(accounts.disable_account, judge.username, wrong)
    with pytest.raises(DomainError, match="invalid"):
        house.perform(accounts.disable_account, "nobody-there", "调离")
    house.perform(accounts.disable_account, judge.username, "调离")
    assert code_of(caller.get("/me")) == "unauthenticated"
    assert code_of(Caller(app.test_client()).post("/sessions", body | {"password": "wrong"})) == "unauthenticated"
    assert code_of(Caller(app.test_client()).post("/sessions", body)) == "forbidden"
    with pytest.raises(DomainError, match="wrong_state"):
        house.perform(accounts.disable_account, judge.username, "调离")
    house.perform(accounts.enable_account, judge.username, "调回")
    assert Caller(app.test_client()).post("/sessions", body).status_code == 201
    assert code_of(caller.get("/me")) == "unauthenticated", "what was ended stays so"
    kinds = house.read(lambda session: [json.loads(row.entry)["kind"] for row in session.query(JournalRow)])
    assert {"AccountDisabled", "AccountEnabled", "SessionsEnded"} <= set(kinds)


def test_the_page_ends_sessions_and_changes_the_password(app: Flask, house: House) -> None:
    bidder = house.perform(a_bidder)
    with_password(house, bidder)
    lost = opened(house, bidder, origin=("203.0.113.9", "Mozilla/5.0 (iPhone; x) Safari/604.1"))
    reader = signed_in(app, house, bidder)
    page = reader.get("/me/sessions")
    assert "Safari·iPhone" in page.text and "203.0.113.9" in page.text
    assert page.html.count("本设备") == 1
    assert "已退出其他 1 处登录" in reader.send("/me/sessions/end-others").text
    assert code_of(Caller(app.test_client(), lost).get("/me")) == "unauthenticated"
    typed = {"current": "wrong", "password": NEW, "password_again": NEW}
    refused = reader.send("/me/password", typed, status=422)
    assert "现在的密码不正确" in refused.text and NEW not in refused.html
    assert "密码已更改" in reader.send("/me/password", typed | {"current": PASSWORD}).text


@pytest.mark.parametrize(
    ("browser", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/120.0 Safari/537.36 Edg/120.0", "Edge·Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit Chrome/120 Mobile Safari", "Chrome·Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17 Safari/605", "Safari·macOS"),
        ("python-httpx/0.27", "python-httpx"),
    ],
)
def test_a_browser_is_named_as_people_know_it(browser: str, said: str) -> None:
    assert device(browser) == said


def test_the_hasher_takes_the_work_it_ought_to_with_an_account_and_without() -> None:
    """The tests hash with less: this is the one that is served."""
    hashed = PRODUCT_HASHER.hash(PASSWORD)
    assert extract_parameters(hashed) == extract_parameters(_NOBODY) == RFC_9106_LOW_MEMORY
    assert PRODUCT_HASHER.verify(hashed, PASSWORD)
    assert extract_parameters(HASHER.hash(PASSWORD)) != RFC_9106_LOW_MEMORY

"""Sessions of staff end when nobody uses them; bidders who watch their sale stay; what was typed comes back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import create_environ

from auction.kernel.clock import FixedClock
from auction.kernel.settings import Settings, SettingsError
from auction.kernel.unit import House
from auction.models import Account, Auction, LoginSession, Lot
from auction.services import accounts
from bidding.models import Registration
from bidding.services.staying import let_stay
from tests.factories import a_case, an_account
from tests.web.caller import SignIn, code_of
from tests.web.doors import doors
from tests.web.reader import Reader
from tests.web.sale import Sale, a_sale
from tests.web.test_pages import signed_in
from tests.web.test_sessions import opened, rooms, with_password  # noqa: F401
from web.auth import HASHER
from web.scheduler import end_idle_sessions, keep_uses, keep_watchers
from web.sockets import Rooms

PASSWORD = "correct horse"


@pytest.fixture
def app(house: House) -> Iterator[Flask]:
    house.settings = replace(house.settings, staff_idle=timedelta(minutes=15))
    with doors(house) as made:
        yield made


@pytest.fixture
def judge(house: House) -> Account:
    return house.perform(lambda unit: an_account(unit, "judge", password_hash=HASHER.hash(PASSWORD)))


def ended(house: House, token_hash: str) -> str | None:
    return house.read(lambda session: session.get_one(LoginSession, token_hash).ended_reason)


def test_staff_who_do_nothing_for_fifteen_minutes_are_signed_out(
    house: House, clock: FixedClock, judge: Account, sign_in: SignIn
) -> None:
    caller = sign_in(judge)
    for _ in range(3):
        clock.advance(minutes=14, seconds=59)
        assert caller.get("/me").status_code == 200
    clock.advance(minutes=15)
    answer = caller.get("/me")
    assert code_of(answer) == "unauthenticated" and "长时间未使用" in answer.get_json()["detail"]
    clock.advance(hours=-1)
    assert code_of(caller.get("/me")) == "unauthenticated", "what was ended stays so"


def test_a_use_that_another_process_saw_counts_here(
    app: Flask, house: House, clock: FixedClock, judge: Account, sign_in: SignIn
) -> None:
    caller = sign_in(judge)
    clock.advance(minutes=14)
    assert caller.get("/me").status_code == 200  # after a long rest it is written at once
    app.extensions["uses"].take()  # this process knows nothing of it any more
    clock.advance(minutes=14)
    assert caller.get("/me").status_code == 200


def test_a_socket_of_an_idle_session_ends_and_counts_as_no_use(
    rooms: Rooms,  # noqa: F811
    app: Flask,
    house: House,
    clock: FixedClock,
    judge: Account,
) -> None:
    token = opened(house, judge)
    rooms.on_connect("s", create_environ(), {"token": token})
    session_id = str(rooms._clients["s"].session_id)
    for _ in range(5):
        clock.advance(minutes=3)
        rooms._session(token)
        rooms._refresh()
        keep_uses(house, app.extensions["uses"])
        end_idle_sessions(house)
    assert ended(house, session_id) is None, "the use of another process may not be written yet"
    clock.advance(minutes=2)
    end_idle_sessions(house)
    assert ended(house, session_id) == "idle"
    assert [told["reason"] for _, event, told in rooms.said if event == "signed_out"] == ["idle"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("watched", "status", "stays"), [
    (True, "qualified", True), (True, "released", False), (False, "qualified", False),
])  # fmt: skip
def test_a_bidder_stays_while_he_watches_the_sale_he_is_registered_in(
    rooms: Rooms,  # noqa: F811
    house: House,
    clock: FixedClock,
    watched: bool,
    status: str,
    stays: bool,
) -> None:
    sale: Sale = house.perform(a_sale)
    bidder = sale.bidders[0]

    def story(unit: Any) -> None:
        for row in unit.session.query(Registration).filter_by(account_id=bidder.id):
            row.status = status
        unit.session.get_one(Auction, sale.auction_id).closes_at = clock.moment + timedelta(days=3)

    house.perform(story)
    token = opened(house, bidder)
    rooms.on_connect("s", create_environ(), {"token": token})
    if watched:
        rooms._clients["s"].watched.add(sale.auction_id)
    clock.advance(hours=11)
    keep_watchers(house, rooms.staying)
    assert rooms._clients["s"].expires_at == clock.moment + timedelta(hours=1), "not before its end is near"
    clock.advance(minutes=45)
    keep_watchers(house, rooms.staying)
    clock.advance(minutes=15)
    rooms._look_for_ends()
    said = [told["reason"] for _, event, told in rooms.said if event == "signed_out"]  # type: ignore[attr-defined]
    assert said == ([] if stays else ["expired"])
    clock.advance(minutes=45)
    rooms._look_for_ends()
    assert not rooms._clients["s"].token, "it ends once nobody prolongs it"


def test_staff_are_kept_by_no_room(house: House, clock: FixedClock, judge: Account) -> None:
    sale: Sale = house.perform(a_sale)
    token_hash = house.perform(lambda unit: accounts.open_session(
        unit, judge.id, matches=True, code_holds=lambda _: None)).session.token_hash  # type: ignore[union-attr]  # fmt: skip
    clock.advance(hours=11, minutes=50)
    assert house.perform(let_stay, {(token_hash, sale.auction_id)}) == 0


def test_what_was_typed_comes_back_after_signing_in(
    app: Flask, house: House, clock: FixedClock, judge: Account
) -> None:
    house.perform(a_case)
    reader = signed_in(app, house, judge)
    reader.get("/desk/lots/new")
    clock.advance(minutes=16)
    page = reader.send("/lots/new", {"title": "望江路<18>号", "region": "示例市"}, status=401)
    assert "所填内容还没有提交" in page.text
    page = reader.send("/login", {"username": judge.username, "password": PASSWORD})
    assert "继续提交" in page.text and "望江路<18>号" in page.text
    assert house.read(lambda session: session.query(Lot).count()) == 0, "nothing is done unasked"
    refused = reader.send("/lots/new", status=422)  # its address is still missing
    assert dict(refused.form("/lots/new").fields)["title"] == "望江路<18>号"


def test_no_password_is_carried(app: Flask, house: House, clock: FixedClock, judge: Account) -> None:
    reader = signed_in(app, house, judge)
    reader.get("/me/sessions")
    clock.advance(minutes=16)
    typed = {"current": "geheim-1", "password": "geheim-2", "password_again": "geheim-2"}
    assert "geheim" not in reader.send("/me/password", typed, status=401).html


def test_a_draft_leads_nowhere_else(app: Flask, house: House, judge: Account) -> None:
    for draft in ('["https://evil.example/", [["a", "b"]]]', '["//evil.example/", []]', "[1", '["/x"]', "7"):
        reader = Reader(app.test_client())
        token = dict(reader.get("/login").form("/login").fields)["csrf_token"]
        typed = {"csrf_token": token, "username": judge.username, "password": PASSWORD, "draft": draft}
        answer = reader.client.post("/login", data=typed, follow_redirects=True)
        assert answer.status_code == 200 and "evil.example" not in answer.get_data(as_text=True), draft


def test_the_page_warns_before_the_end(app: Flask, house: House, judge: Account) -> None:
    html = signed_in(app, house, judge).get("/me/messages").html
    assert 'data-idle="900"' in html and 'data-warning="120"' in html
    sale: Sale = house.perform(a_sale)
    assert "data-idle" not in signed_in(app, house, sale.bidders[0]).get("/me/messages").html


@pytest.mark.parametrize("minutes", ["0", "4", "121", "x"])
def test_a_time_that_cannot_be_one_is_refused_at_the_start(minutes: str, tmp_path: Any) -> None:
    environ = {"FAPAI_DATA": str(tmp_path), "FAPAI_SANDBOX": "1"}
    with pytest.raises(SettingsError, match="FAPAI_STAFF_IDLE"):
        Settings.from_environ(environ | {"FAPAI_STAFF_IDLE": minutes})
    assert Settings.from_environ(environ).staff_idle is None
    assert Settings.from_environ(environ | {"FAPAI_STAFF_IDLE": "15"}).staff_idle == timedelta(minutes=15)

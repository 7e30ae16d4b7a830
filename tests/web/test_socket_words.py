"""What the sockets make of a message before anybody judges it."""

import math

import pytest
from socketio.exceptions import ConnectionRefusedError
from werkzeug.test import create_environ

from auction.kernel.unit import House
from auction.services.accounts import Opened, open_session
from bidding.desk import Desk
from tests.web.sale import a_sale
from web.broadcasting import Json
from web.door import Door
from web.sockets import Rooms, _wrong_field

GOOD = {"auction_id": "a", "amount_fen": 1, "key": "k"}


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (GOOD, None),
        ({**GOOD, "raise_own": True, "confirm_implausible": False}, None),
        ([GOOD], ("", "malformed")),
        ("bid", ("", "malformed")),
        (None, ("", "malformed")),
        ({**GOOD, "foo": 1}, ("foo", "unknown_field")),
        ({"amount_fen": 1, "key": "k"}, ("auction_id", "required")),
        ({**GOOD, "auction_id": 7}, ("auction_id", "invalid")),
        ({"auction_id": "a", "amount_fen": 1}, ("key", "required")),
        ({**GOOD, "key": ""}, ("key", "invalid")),
        ({**GOOD, "key": "x" * 101}, ("key", "invalid")),
        ({**GOOD, "key": "a\nb"}, ("key", "invalid")),
        ({**GOOD, "key": 5}, ("key", "invalid")),
        ({**GOOD, "raise_own": 1}, ("raise_own", "invalid")),
        ({**GOOD, "confirm_implausible": "yes"}, ("confirm_implausible", "invalid")),
    ],
)
def test_the_first_wrong_field_is_named(data: object, wrong: tuple[str, str] | None) -> None:
    assert _wrong_field(data) == wrong


def test_numbers_beyond_json_are_read_so_that_they_can_be_answered() -> None:
    assert math.isnan(Json.loads("[NaN]")[0])
    assert Json.loads("[1" + "0" * 400 + "]")[0] == 10**400
    with pytest.raises(ValueError, match="Expecting"):
        Json.loads("{bad")


# --- events that are no bids ------------------------------------------------------------------------------------------


@pytest.fixture
def rooms(house: House) -> Rooms:
    """The rooms without a server, and one client in English."""
    made = Rooms(house, Door(Desk(house, "words:1"), house.clock, 250))
    made.on_connect("s", create_environ(headers={"Accept-Language": "en"}))
    return made


@pytest.mark.parametrize("since", ["x", -1, 10**30, 1.5, True])
def test_a_version_that_is_none_is_named(rooms: Rooms, since: object) -> None:
    answer = rooms.trigger_event("watch", "s", {"auction_id": "a", "since": since})
    assert (answer["code"], answer["field"]) == ("invalid", "since")
    assert "whole number from 0 to 9007199254740991" in answer["detail"]


@pytest.mark.parametrize("event", ["watch", "unwatch"])
def test_an_event_without_a_readable_auction_is_told_which_field(rooms: Rooms, event: str) -> None:
    for auction_id in (7, None):
        answer = rooms.trigger_event(event, "s", {"auction_id": auction_id})
        assert (answer["code"], answer["field"]) == ("invalid", "auction_id")
    assert rooms.trigger_event(event, "s", "a")["code"] == "malformed"


def test_an_unknown_event_is_told_so(rooms: Rooms) -> None:
    answer = rooms.trigger_event("shout", "s", {})
    assert answer["code"] == "malformed"
    assert "no such event" in answer["detail"]


@pytest.mark.parametrize("auth", [{"token": 5}, {"token": None}, {"token": ""}, {"token": "nobody's"}, "str", [1], 7])
def test_what_is_no_token_lets_nobody_in(rooms: Rooms, auth: object) -> None:
    with pytest.raises(ConnectionRefusedError, match="unauthenticated"):
        rooms.on_connect("t", create_environ(), auth)


@pytest.mark.parametrize("auth", [None, {}])
def test_who_shows_no_token_may_watch(rooms: Rooms, auth: object) -> None:
    rooms.on_connect("t", create_environ(), auth)
    assert rooms._clients["t"].token is None


def test_who_watches_which_room_is_known_while_he_does(
    rooms: Rooms, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("enter_room", "leave_room"):
        monkeypatch.setattr(rooms, name, lambda *_: None)
    sale = house.perform(a_sale)
    bidder = sale.bidders[0].id
    opened = house.perform(open_session, bidder, matches=True, code_holds=lambda _: None)
    assert isinstance(opened, Opened)
    rooms.on_connect("t", create_environ(), {"token": opened.token})
    for sid in ("s", "t"):
        assert rooms.trigger_event("watch", sid, {"auction_id": sale.auction_id})["status"] == "open"
    assert rooms.trigger_event("watch", "t", {"auction_id": "nosuch"})["code"] == "not_found"
    assert rooms.watching() == {(bidder, sale.auction_id)}, "but for who is not signed in, and rooms there are not"
    rooms.trigger_event("unwatch", "t", {"auction_id": sale.auction_id})
    assert rooms.watching() == set()
    rooms.trigger_event("watch", "t", {"auction_id": sale.auction_id})
    rooms.on_disconnect("t")
    assert rooms.watching() == set()

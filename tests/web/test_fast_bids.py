"""The fast way of a bid says what the library's way says; and the wire under it keeps frames whole."""

from collections.abc import Callable, Iterator
from queue import Queue
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from engineio.packet import MESSAGE, PING, Packet
from engineio.socket import Socket
from flask import Flask
from flask_socketio import SocketIO
from gevent import socket
from geventwebsocket.websocket import Header
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from auction.kernel.journal import Stream
from auction.kernel.unit import House
from auction.services import accounts
from bidding.services.bids import Answer
from tests.web.sale import RESERVE, STEP, Sale, a_sale
from web.broadcasting import write_at_once
from web.sockets import Rooms, _Client
from web.wire import Wire, schedule_ping, text_frame, unmask

#: What a bidder sends: amount (in steps above the reserve, or as it stands), key, what he confirms.
SENT: list[dict[str, Any]] = [
    {"amount_fen": RESERVE - STEP, "key": "1"},
    {"amount_fen": RESERVE + 1, "key": "2"},
    {"amount_fen": RESERVE, "key": "3"},
    {"amount_fen": RESERVE, "key": "3"},
    {"amount_fen": RESERVE + STEP, "key": "3"},
    {"amount_fen": RESERVE + STEP, "key": "4"},
    {"amount_fen": RESERVE + STEP, "key": "5", "raise_own": True},
    {"amount_fen": RESERVE, "key": "6", "raise_own": True},
    {"amount_fen": RESERVE + 40 * STEP, "key": "7", "raise_own": True},
    {"amount_fen": RESERVE + 40 * STEP, "key": "8", "raise_own": True, "confirm_implausible": True},
    {"amount_fen": 1.5, "key": "9"},
    {"amount_fen": "1", "key": "10"},
    {"amount_fen": None, "key": "11"},
    {"key": "12"},
]
#: What stands in an acknowledgement for this very bid and moment.
OWN = ("bid_id", "bidder_code", "server_time", "closes_at", "receipt")


@pytest.fixture
def rooms(app: Flask, house: House) -> Rooms:
    return Rooms(house, app.extensions["door"])


def seat(rooms: Rooms, house: House, sale: Sale, language: str = "zh") -> str:
    """The first bidder of a sale at a socket, his session seen just now."""
    opened = house.perform(accounts.open_session, sale.bidders[0].id, matches=True, code_holds=lambda _: None)
    assert isinstance(opened, accounts.Opened)
    sid = f"sid-{sale.auction_id}"
    rooms._clients[sid] = _Client(language, opened.token)
    assert rooms._session(opened.token) is not None
    return sid


def at_once(rooms: Rooms, sid: str, data: Any) -> dict[str, Any]:
    """The acknowledgement that comes the fast way."""
    told: Queue[dict[str, Any]] = Queue()
    assert rooms.bid_at_once(sid, data, told.put)
    return told.get(timeout=30)


def compared(told: dict[str, Any]) -> dict[str, Any]:
    receipt = told["receipt"]
    return {
        **{name: value for name, value in told.items() if name not in OWN},
        "kept": told["bid_id"] is not None,
        "receipt": None if receipt is None else sorted(receipt["entry"]["body"]),
    }


@pytest.mark.parametrize("language", ["zh", "en"])
def test_both_ways_give_the_same_acknowledgements(rooms: Rooms, house: House, language: str) -> None:
    slow, fast = house.perform(a_sale), house.perform(a_sale)
    slow_sid, fast_sid = seat(rooms, house, slow, language), seat(rooms, house, fast, language)
    for sent in SENT:
        usual = rooms.on_bid(slow_sid, {"auction_id": slow.auction_id, **sent})
        quick = at_once(rooms, fast_sid, {"auction_id": fast.auction_id, **sent})
        assert compared(quick) == compared(usual), sent
    assert usual.keys() == quick.keys()


@pytest.mark.parametrize("data", [None, [], {"key": "k"}, {"auction_id": 1, "amount_fen": 1, "key": "k"}, {"foo": 1}])
def test_what_cannot_be_read_is_left_to_the_library(rooms: Rooms, house: House, data: Any) -> None:
    assert not rooms.bid_at_once(seat(rooms, house, house.perform(a_sale)), data, _never)


def test_who_is_not_known_to_be_signed_in_is_left_to_the_library(rooms: Rooms, house: House) -> None:
    sale = house.perform(a_sale)
    sid = seat(rooms, house, sale)
    offer = {"auction_id": sale.auction_id, "amount_fen": RESERVE, "key": "k"}
    assert not rooms.bid_at_once("stranger", offer, _never)
    token = rooms._clients[sid].token
    assert token is not None
    rooms._alive[token].asked -= 60  # seen too long ago
    assert not rooms.bid_at_once(sid, offer, _never)
    rooms._refresh()
    assert at_once(rooms, sid, offer)["outcome"] == "accepted"
    house.perform(accounts.close_session, token)
    rooms._refresh()
    assert not rooms.bid_at_once(sid, offer, _never)


def test_a_desk_that_fails_or_never_answers_is_a_fault(
    rooms: Rooms, house: House, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = house.perform(a_sale)
    sid = seat(rooms, house, sale)
    offer = {"auction_id": sale.auction_id, "amount_fen": RESERVE, "key": "k"}

    def broken(*_: Any, **__: Any) -> None:
        raise OSError("no database")

    monkeypatch.setattr(app.extensions["door"].desk, "take", broken)
    assert at_once(rooms, sid, offer)["code"] == "fault"
    held: list[Callable[[Answer], None]] = []
    monkeypatch.setattr(app.extensions["door"].desk, "take", lambda *given, **_: held.append(given[4]))
    told: list[dict[str, Any]] = []
    assert rooms.bid_at_once(sid, offer, told.append)
    rooms._answer_late()
    assert told == []
    for ticket, (due, answered) in list(rooms._replies.items()):
        rooms._replies[ticket] = (due - 60, answered)
    rooms._answer_late()
    held[0](Answer("refused", "closed"))  # too late: one offer has one acknowledgement
    assert [answer["code"] for answer in told] == ["fault"]


def test_an_offer_for_an_auction_that_is_not_there_leaves_nothing(rooms: Rooms, house: House) -> None:
    sid = seat(rooms, house, house.perform(a_sale))

    def streams() -> set[str]:
        return set(house.read(lambda session: session.scalars(select(Stream.stream)).all()))

    before = streams()
    assert at_once(rooms, sid, {"auction_id": "nosuch", "amount_fen": RESERVE, "key": "k"})["code"] == "not_open"
    assert streams() == before


def _never(told: dict[str, Any]) -> None:
    raise AssertionError(told)


@given(st.binary(min_size=1, max_size=300), st.binary(min_size=4, max_size=4))
def test_unmasking_is_what_the_library_does(payload: bytes, mask: bytes) -> None:
    header = Header(length=len(payload))
    header.mask = mask
    assert unmask(header, payload) == bytes(header.mask_payload(payload))


@pytest.fixture
def ends() -> Iterator[tuple[Wire, Any]]:
    """A wire on one end of a connection, and the other end."""
    near, far = socket.socketpair()
    owner = SimpleNamespace(socket=near)
    wire = Wire({}, SimpleNamespace(handler=owner, write=near.sendall, read=near.recv), owner)
    yield wire, far
    wire.closed = True
    near.close()
    far.close()


def test_frames_stay_whole_whoever_writes_them(ends: tuple[Wire, Any]) -> None:
    wire, far = ends
    large, small = text_frame(b"l" * 3_000_000), text_frame(b"s")
    assert wire.write_at_once(small)
    assert wire.write_at_once(large)  # more than the buffer holds: the rest follows
    assert not wire.write_at_once(small)
    waiting = gevent.spawn(wire.send, "library")
    expected = small + large + text_frame(b"library")
    received = b""
    with gevent.Timeout(30):
        while len(received) < len(expected):
            received += far.recv(65536)
            gevent.sleep(0)
        waiting.join()
    assert received == expected
    assert wire.write_at_once(small)


def test_a_dead_connection_takes_nothing_at_once(ends: tuple[Wire, Any]) -> None:
    wire, far = ends
    far.close()
    wire.write_at_once(text_frame(b"x"))
    assert not wire.write_at_once(text_frame(b"x"))
    wire.closed = True
    assert not wire.write_at_once(text_frame(b"x"))


def test_an_update_is_written_at_once_where_nothing_waits_and_queued_where_something_does(
    ends: tuple[Wire, Any],
) -> None:
    wire, far = ends
    sockets = SocketIO(Flask("bare"), async_mode="threading")
    write_at_once(sockets)
    server = sockets.server
    for client in ("socket", "polling"):
        server.eio.sockets[client] = Socket(server.eio, client)
        server.eio.sockets[client].connected = True
    server.environ["socket"] = {"wsgi.websocket": wire}
    first, second, third = (Packet(MESSAGE, data) for data in ("2first", "2second", "2third"))

    def queued(client: str) -> list[str]:
        return [packet.data for packet in list(server.eio.sockets[client].queue.queue)]

    server._send_eio_packet("socket", first)
    assert far.recv(100) == text_frame(b"42first")
    wire._turn.acquire()  # somebody is writing
    server._send_eio_packet("socket", second)
    wire._turn.release()
    server._send_eio_packet("socket", third)  # must not overtake
    server._send_eio_packet("polling", third)
    server._send_eio_packet("gone", third)
    assert queued("socket") == ["2second", "2third"] and queued("polling") == ["2third"]


def test_a_client_is_pinged_once_a_turn_and_not_after_its_end() -> None:
    server = SocketIO(Flask("bare"), async_mode="threading").server.eio
    server.ping_interval = 0.01
    client, gone = Socket(server, "here"), Socket(server, "gone")
    for _ in range(2):  # the second asks while the first waits
        schedule_ping(client)
        schedule_ping(gone)
    gone.closed = True
    with gevent.Timeout(30):
        while client.last_ping is None:
            gevent.sleep(0.01)
    gevent.sleep(0.03)
    assert [packet.packet_type for packet in list(client.queue.queue)] == [PING]
    assert gone.queue.empty() and gone.last_ping is None

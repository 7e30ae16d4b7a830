"""What is no message of ours, on the sockets: frames, packets and events from a grammar of what goes wrong (F16 of the
reliability bar). Each is answered or its connection ended, and nobody else notices.
"""

import json
import random
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.faults.counts import SEEDS, done, often
from tests.hostile.target import Line, Target, frame

pytestmark = [pytest.mark.faults, pytest.mark.slow]

TEXT, BINARY, MORE, CLOSE, PING = 0x81, 0x82, 0x80, 0x88, 0x89
NAMESPACES = ("/auctions", "/", "/nosuch", "/auctions/x", "/" + "x" * 3000, "/\0", "/拍卖", "/auctions?x=1", "")
NUMBERS = ("", "7", "0", "-1", "9" * 400, "٣", "1.5", "7-", "1-", "51-", "99999999999-", "-")
SCALARS = (
    *("NaN", "-NaN", "Infinity", "-Infinity", "1e400", "-1e400", "-0", "-0.0", "0.1", "9223372036854775808", "null"),
    *("true", "[]", "{}", "١", "0x10", '""', '"x"', '"\\ud800"', '"\\u0000"', '{"a":1,"a":2}', "1" + "0" * 400),
    *('{"_placeholder":true,"num":0}', '{"_placeholder":true,"num":-1}', '"' + "x" * 9000 + '"', "[" * 4000),
    *('{"a":' * 2000, "[" * 500 + "]" * 500),
)
EVENTS = ("bid", "watch", "unwatch", "connect", "disconnect", "message", "__class__", "", "x" * 5000, "\0", "update")
NAMES = ("auction_id", "amount_fen", "key", "raise_own", "confirm_implausible", "since", "token", "__proto__", "")


def a_value(rng: random.Random, auction_id: str) -> str:
    """A JSON value, or what is nearly one."""
    return rng.choice((*SCALARS, f'"{auction_id}"', "100", '"k"'))


def an_event(rng: random.Random, auction_id: str) -> str:
    """The body of an event: its name and data, one of them off."""
    name = json.dumps(rng.choice(EVENTS)) if rng.random() < 0.8 else a_value(rng, auction_id)
    fields = {"auction_id": f'"{auction_id}"', "amount_fen": "100", "key": '"k"'}
    for _ in range(rng.randrange(3)):
        fields[rng.choice(NAMES)] = a_value(rng, auction_id)
    data = "{" + ",".join(f'"{field}":{value}' for field, value in fields.items()) + "}"
    parts = [name, data if rng.random() < 0.7 else a_value(rng, auction_id)]
    body = "[" + ",".join(parts[: rng.choice((1, 2, 2, 2))]) + "]"
    return rng.choice((body, body, body, body[:-1], body + "x", a_value(rng, auction_id), ""))


def a_packet(rng: random.Random, auction_id: str) -> bytes:
    """A message of the two protocols above the websocket, or nearly one."""
    if rng.random() < 0.15:
        return rng.choice(
            (b"", b"0", b"1", b"5", b"6", b"7", b"9", b"x", b"-1", b"b", b"bAAA", b"b!!!", b"4", b"44", b"49", b"4x")
        )
    kind = rng.choice("0122222222222222233456789x")
    space = rng.choice(NAMESPACES) if rng.random() < 0.4 else NAMESPACES[0]
    attached, asked = (rng.choice(NUMBERS) if rng.random() < odds else usual for usual, odds in (("", 0.2), ("7", 0.4)))
    text = f"4{kind}{attached}{space},{asked}{an_event(rng, auction_id)}"
    data = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.2:
        cut = rng.randrange(len(data) + 1)
        data = data[:cut] + rng.choice((b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\0")) + data[cut:]
    return data


def some_frames(rng: random.Random, auction_id: str) -> bytes:
    """A frame around a packet, right or nearly so."""
    data = a_packet(rng, auction_id)[:16_000]
    odd: tuple[Callable[[], bytes], ...] = (
        lambda: frame(data, BINARY),
        lambda: frame(data, rng.choice((0x83, 0x87, 0x8B, 0x8F))),
        lambda: frame(data, rng.choice((0xC1, 0xA1, 0x91))),
        lambda: frame(data, TEXT, masked=False),
        lambda: frame(data[:125], rng.choice((CLOSE, PING, 0x8A))),
        lambda: frame(data, rng.choice((CLOSE, PING))),
        lambda: frame(data, MORE),
        lambda: frame(data, 0x01) + frame(data, MORE),
        lambda: frame(data, 0x01) + frame(data, TEXT),
        lambda: frame(b"4" * 17_000, TEXT),
    )
    return rng.choice(odd)() if rng.random() < 0.35 else frame(data)


def join(target: Target, rng: random.Random) -> Line:
    """A websocket: outside the namespace, in it without a session, or with one."""
    line = Line(target.server).upgrade()
    who = rng.randrange(3)
    if who:
        auth = {} if who == 1 else {"token": target.server.token(target.hostile.username)}
        line.send(frame(f"40/auctions,{json.dumps(auth)}".encode()))
        assert line.until(b"40/auctions,"), line.read
    return line


def test_what_is_no_message_is_answered_or_ends_its_connection(target: Target) -> None:
    for number in SEEDS:
        rng, sent, ended = random.Random(number), 0, 0
        with target.unharmed():
            for at in range(often(250, 100_000)):
                line = join(target, rng)
                for _ in range(rng.randrange(1, 6)):
                    sent += 1
                    if not line.send(some_frames(rng, target.auction_id)):
                        break
                mark = f"44/still-here-{at},".encode()
                line.send(frame(b"40" + mark[2:]))
                if at % 10 == 0:  # what may be the beginning of a frame, whose rest never comes
                    line.send(rng.randbytes(rng.randrange(1, 200)))
                    with suppress(OSError):  # ended already
                        line.wire.shutdown(socket.SHUT_WR)
                ended += not line.until(mark)
                assert b'"code":"fault"' not in line.read, line.read[-500:]
                line.close()
                if at % 50 == 0:
                    target.goes_on()
        assert 0 < ended < often(250, 100_000), "some are answered, some are not"
        done("frames from the grammar", number, frames=sent, connections_ended=ended)


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(lambda: frame(b"42", TEXT, length=2**40), id="a frame of a terabyte"),
        pytest.param(lambda: frame(b"42", BINARY, length=17_000), id="a binary frame over the limit"),
        pytest.param(lambda: frame(b"42", 0x01) + frame(b"x" * 1000, 0x00) * 17, id="a message in frames without end"),
        pytest.param(lambda: frame(b"", 0x01) + frame(b"", 0x00, length=2**63), id="a frame that goes on for ever"),
    ],
)
def test_what_is_too_long_is_cut_off_before_it_has_come(target: Target, begun: Callable[[], bytes]) -> None:
    with target.unharmed():
        line = Line(target.server).upgrade()
        line.send(begun())
        assert line.ended()
        line.close()

"""A site asks its witnesses (c2sp.org/tlog-witness): what a witness answers, and what the site makes of each answer."""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.add_checkpoint import SIZE_TYPE, Addition
from auction.kernel.checkpoint import (
    Checkpoint,
    VerifierKey,
    add_signature,
    cosigned_at,
    format_checkpoint,
    parse_note,
    sign_note,
)
from auction.kernel.clock import FixedClock
from auction.kernel.tree import EMPTY_ROOT
from auction.kernel.unit import House, Unit
from auction.queries.log import behind, checkpoint, consistency_hashes, log_key, uncosigned, witnesses
from auction.services.log import seal
from auction.services.witnessing import name_witness, take_cosignatures
from risk.models.alerts import Alert
from tests.flows.server import Place, Server, free_port, serving, wait_until
from tests.web.caller import Caller
from tests.web.reader import Reader
from tests.web.test_following_log import KEY, SIGNER, grow, signed
from web.alert_words import said_reasons
from web.cosigning import Cosigners, Refuses, ask, await_witnesses
from web.following_log import kept_head
from web.witness_server import witness_app

URL = "http://witness.test/w"
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def log(house: House) -> VerifierKey:
    """A log of six leaves, and a witness of it that is asked."""
    grow(house, 3)
    house.perform(name_witness, str(KEY), f"{URL}/")
    return house.read(log_key, house.vault.public_key)


@pytest.fixture
def witness(log: VerifierKey, tmp_path: Path, clock: FixedClock) -> Flask:
    return witness_app([log], tmp_path / "witness.json", SIGNER, clock)


@pytest.fixture
def asked(witness: Flask) -> Iterator[httpx.Client]:
    """The site's client, which reaches the witness."""

    class Prefixed(httpx.BaseTransport):
        inner = httpx.WSGITransport(app=witness, script_name="/w")

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            request.url = request.url.copy_with(path=request.url.path.removeprefix("/w"))
            return self.inner.handle_request(request)

    with httpx.Client(transport=Prefixed()) as client:
        yield client


def answering(answer: Answer) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))


def post(witness: Flask, body: str) -> tuple[int, str, str]:
    answer = witness.test_client().post("/add-checkpoint", data=body.encode())
    return answer.status_code, answer.mimetype, answer.get_data(as_text=True)


def own_note(house: House) -> str:
    return house.read(lambda session: uncosigned(session, newest=True)[0].note)


def test_a_witness_cosigns_what_is_proven_to_append_and_answers_each_other_request_by_the_book(
    house: House, log: VerifierKey, witness: Flask, tmp_path: Path, clock: FixedClock
) -> None:
    first = own_note(house)
    status, _, line = post(witness, str(Addition(0, [], first)))
    [mine] = parse_note(first + line).signatures[1:]
    assert (status, mine.name, cosigned_at(mine)) == (200, KEY.name, int(clock.moment.timestamp()))
    assert post(witness, str(Addition(6, [], first)))[0] == 200  # the same again
    grow(house)
    second = own_note(house)
    size = int(second.split("\n")[1])
    proof = house.read(consistency_hashes, 6, size)
    assert post(witness, str(Addition(0, [], second))) == (409, SIZE_TYPE, "6\n")
    assert post(witness, str(Addition(5, proof, second)))[0] == 409
    assert post(witness, str(Addition(6, proof[:-1], second)))[0] == 422
    assert post(witness, str(Addition(6, [bytes(32), *proof[1:]], second)))[0] == 422
    assert post(witness, str(Addition(6, [], signed(house, 6))))[0] == 409
    assert post(witness, str(Addition(6, proof, signed(house, size))))[0] == 422
    assert post(witness, str(Addition(size + 1, [], second)))[0] == 400
    assert kept_head(tmp_path / "witness.json", [log]).size == 6  # type: ignore[union-attr]
    assert (tmp_path / "witness.json.refused").exists()
    assert post(witness, str(Addition(6, proof, second)))[0] == 200
    other = VerifierKey("another.example", log.public_key)
    text = format_checkpoint(Checkpoint(other.name, 0, EMPTY_ROOT))
    assert post(witness, str(Addition(0, [], sign_note(text, other, house.vault.sign_raw))))[0] == 404
    forged = sign_note(format_checkpoint(Checkpoint(log.name, 9, bytes(32))), log, SIGNER.sign)
    assert post(witness, str(Addition(size, [], forged)))[0] == 403
    hash_line = base64.b64encode(bytes(32)).decode()
    for body in (
        "",
        "old 6",
        f"old 06\n\n{second}",
        f"old 6\nx\n\n{second}",
        f"old 6\n{hash_line[:-4]}\n\n{second}",
        "old 6\n\nx\n",
        f"old 6\n{(hash_line + chr(10)) * 64}\n{second}",
        f"new 6\n\n{second}",
    ):
        assert post(witness, body)[0] == 400, body
    assert witness.test_client().post("/add-checkpoint", data=b"old 0\n\n\xff").status_code == 400
    assert witness.test_client().post("/add-checkpoint", data=b"o" * 70_000).status_code == 413


def test_the_example_of_the_specification_reads_and_is_written_the_same() -> None:
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    )
    proof = (
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=",
        "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=",
        "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=",
        "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=",
    )
    text = "\n".join(("old 20852014", *proof, "", note))
    asked = Addition.parse(text)
    assert (asked.old, len(asked.proof), asked.note, str(asked)) == (20852014, 4, note, text)


def test_the_site_asks_keeps_the_line_and_serves_it_and_goes_on_from_what_the_witness_knows(
    house: House, asked: httpx.Client, witness: Flask, clock: FixedClock
) -> None:
    [one] = house.read(uncosigned)
    ask(house, asked, one)
    assert house.read(uncosigned) == []
    assert [line.name for line in parse_note(house.read(checkpoint)).signatures] == [one.note.split("\n")[0], KEY.name]
    grow(house)
    [one] = house.read(uncosigned)
    assert (one.old, one.url) == (6, URL)
    # The answer was lost: the witness has gone on, the site does not know.
    proof = house.read(consistency_hashes, 6, one.size)
    assert post(witness, str(Addition(6, proof, one.note)))[0] == 200
    ask(house, asked, one)
    assert house.read(uncosigned) == []
    assert house.read(witnesses)[0]["size"] == one.size


def alerts(house: House) -> list[Alert]:
    return list(house.read(lambda session: session.scalars(select(Alert).order_by(Alert.raised_at)).all()))


def settle(cosigners: Cosigners) -> None:
    cosigners()
    cosigners._pool.shutdown(wait=True)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(422, text="no"),
        httpx.Response(409, text="another root"),
        httpx.Response(409, headers={"Content-Type": SIZE_TYPE}, text="4000\n"),
    ],
)
def test_a_witness_that_refuses_is_told_to_the_regulators_once_and_shown(
    app: Flask, house: House, log: VerifierKey, answer: httpx.Response, anybody: Caller
) -> None:
    for _ in range(2):
        settle(Cosigners(house, httpx.MockTransport(lambda _: answer)))
    [alert] = alerts(house)
    assert (alert.kind, alert.court_code, alert.reasons[0]["who"]) == ("witness_refuses", None, {"witness": KEY.name})
    assert "6" in said_reasons(alert.reasons, "en")[0]["detail"]
    assert anybody.get("/log/witnesses").get_json()["items"][0]["refused_at"] is not None
    page = Reader(app.test_client()).get("/log")
    assert "拒绝共同签名" in page.text and "cosigned=true" not in page.html  # there is none yet
    house.perform(lambda unit: take(unit, house))
    assert anybody.get("/log/witnesses").get_json()["items"][0]["refused_at"] is None


def take(unit: Unit, house: House) -> None:
    """The witness cosigns after all."""
    take_cosignatures(unit, add_signature(own_note(house), KEY, SIGNER.sign, int(unit.machine_now.timestamp())))


@pytest.mark.parametrize("broken", [403, "down", "another's line"])
def test_a_witness_that_is_silent_for_long_is_told_of_and_never_before(
    house: House, log: VerifierKey, clock: FixedClock, broken: object
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if broken == "down":
            raise httpx.ConnectError("down", request=request)
        line = f"— other.example {base64.b64encode(bytes(76)).decode()}\n"
        return httpx.Response(broken if isinstance(broken, int) else 200, text=line)

    def once() -> None:
        settle(Cosigners(house, httpx.MockTransport(answer)))

    once()
    clock.moment += timedelta(minutes=14)
    once()
    assert alerts(house) == [] and house.read(witnesses)[0]["unanswered_since"] is not None
    clock.moment += timedelta(minutes=2)
    once()
    once()
    [alert] = alerts(house)
    assert (alert.kind, alert.court_code, alert.reasons[0]["facts"]["minutes"]) == ("witness_silent", None, 16)


def test_a_witness_that_looks_by_itself_is_silent_only_while_the_log_grows(house: House, clock: FixedClock) -> None:
    grow(house)
    house.perform(name_witness, str(KEY))
    for minutes in (0, 2, 20):
        clock.moment += timedelta(minutes=minutes)
        await_witnesses(house)
    [alert] = alerts(house)
    assert (alert.kind, alert.reasons[0]["facts"]["minutes"]) == ("witness_silent", 20)
    while house.perform(seal):
        pass
    house.perform(lambda unit: take_cosignatures(unit, _line(house, unit)))
    clock.moment += timedelta(hours=9)
    await_witnesses(house)
    assert house.read(behind)[0].since is None and house.read(witnesses)[0]["unanswered_since"] is None
    assert len(alerts(house)) == 1


def _line(house: House, unit: Unit) -> str:
    return add_signature(house.read(checkpoint), KEY, SIGNER.sign, int(unit.machine_now.timestamp()))


def test_sealing_never_waits_for_a_slow_witness_which_is_asked_by_one_thread_at_a_time(
    house: House, log: VerifierKey
) -> None:
    held, begun, ended = threading.Event(), [], []

    def slow(request: httpx.Request) -> httpx.Response:
        begun.append(request)
        held.wait(10)
        ended.append(request)
        raise httpx.ReadTimeout("slow", request=request)

    cosigners = Cosigners(house, httpx.MockTransport(slow))
    try:
        for _ in range(3):
            cosigners()
            grow(house)
        assert (house.perform(seal), ended) == (0, [])
        deadline = time.monotonic() + 20
        while not begun and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(begun) == 1
    finally:
        held.set()
        cosigners._pool.shutdown(wait=True)


def test_a_served_site_asks_a_served_witness_which_dies_and_comes_back(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.fapai("db", "upgrade")
    with serving(place) as server:
        key = wait_until(lambda: server.get("/log/key")["verifier_key"], "the first seal")
        port = free_port()
        args = ("witness", "--serve", f"127.0.0.1:{port}", "--log", key, "--state", str(tmp_path / "w.json"))
        own_key = ("--key", str(tmp_path / "w.key"), "--name", "w.example/1")
        witness = place.start(*args, *own_key, log="w.log")
        try:
            own = wait_until(lambda: (tmp_path / "w.log").read_text().partition("\n")[0], "its key")
            place.fapai("log", "witness", "name", own, "--url", f"http://127.0.0.1:{port}")
            first = wait_until(lambda: cosigned(server), "a cosigned head")
            witness.kill()
            place.fapai("court", "add", "3202", "另一法院")  # sealed without it
            sealed = wait_until(lambda: newest(server) > first and newest(server), "a grown log")
            witness = place.start(*args, *own_key, log="w.log")
            wait_until(lambda: (cosigned(server) or 0) >= sealed, "the next cosigned head")
            watched = ("monitor", server.address, "--log", key, "--state", str(tmp_path / "m.json"), "--once")
            assert "consistent" in place.fapai(*watched, "--witness", own)
        finally:
            witness.end()
        server.process.stop()


def newest(server: Server) -> int:
    return int(server.ask(None, "GET", "/log/checkpoint").text.split("\n")[1])


def cosigned(server: Server) -> int | None:
    """The leaves of the newest head that the witness has cosigned."""
    answer = server.ask(None, "GET", "/log/checkpoint?cosigned=true")
    return int(answer.text.split("\n")[1]) if answer.is_success else None


def test_a_refusal_is_no_silence_and_an_address_is_one(house: House, log: VerifierKey) -> None:
    [one] = house.read(uncosigned)
    with answering(lambda _: httpx.Response(422)) as client, pytest.raises(Refuses):
        ask(house, client, one)
    for wrong in ("witness.test", "file:///x", "https://u@w.test/", "https://w.test/?x"):
        with pytest.raises(Exception, match="invalid"):
            house.perform(name_witness, str(KEY), wrong)
    house.perform(name_witness, str(KEY), "https://elsewhere.test/")
    assert house.read(uncosigned)[0].url == "https://elsewhere.test"

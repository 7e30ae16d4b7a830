"""A witness and a monitor outside: they follow an honest log, and nothing that a dishonest one does gets past them."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from auction.kernel.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    VerifierKey,
    format_checkpoint,
    open_note,
    parse_note,
    sign_note,
)
from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.queries.log import checkpoint, entry_proof, log_key
from auction.services.log import seal
from auction.services.witnessing import name_witness
from tests.flows.server import Place
from tests.web.caller import Caller, fields_of
from web import following_log as follow
from web.commands import fapai
from web.following_log import Refused, Site, Unreachable

SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey("witness.example/court", SECRET.public_key().public_bytes_raw(), COSIGNATURE)
SIGNER = follow.Signer(KEY, SECRET.sign)


def note(unit: Unit) -> None:
    unit.record("Noted", stream="system", body={})
    unit.record("Noted", stream="system", body={"secret": 1}, private=True)


def grow(house: House, times: int = 1) -> None:
    for _ in range(times):
        house.perform(note)
    house.perform(seal)


@pytest.fixture
def log(house: House) -> VerifierKey:
    grow(house, 3)
    house.perform(name_witness, str(KEY))
    return house.read(log_key, house.vault.public_key)


@pytest.fixture
def now(clock: FixedClock) -> datetime:
    return clock.moment


@pytest.fixture
def site(app: Flask) -> Iterator[Site]:
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://fapai.test") as client:
        yield Site(client)


class Liar(Site):
    """A site that answers as it is told to, and as the real one otherwise."""

    def __init__(self, site: Site, **lies: object) -> None:
        super().__init__(site._client)
        self.lies, self.handed_in = lies, []

    def checkpoint(self, *, cosigned: bool = False) -> str:
        return self.lies.get("cosigned" if cosigned else "note") or super().checkpoint(cosigned=cosigned)

    def leaves(self, start: int, end: int) -> Iterator[bytes]:
        alter: Callable[[int, bytes], bytes] = self.lies.get("leaf") or (lambda _, value: value)
        for index, value in enumerate(super().leaves(start, end), start):
            yield alter(index, value)

    def hand_in(self, note: str) -> None:
        self.handed_in.append(note)
        super().hand_in(note)


def signed(house: House, size: int, root: bytes = bytes(32)) -> str:
    """A head of any content, with the log's real signature: what a dishonest platform could make."""
    log = house.read(log_key, house.vault.public_key)
    return sign_note(format_checkpoint(Checkpoint(log.name, size, root)), log, house.vault.sign_raw)


def test_a_witness_cosigns_what_appends_and_hands_each_head_in_once(
    house: House, site: Site, log: VerifierKey, tmp_path: Path, now: datetime
) -> None:
    path, watched = tmp_path / "witness.json", Liar(site)
    head = follow.witness(watched, log, path, SIGNER, now)
    assert head.size == 6 and follow.witness(watched, log, path, SIGNER, now) == head
    assert len(watched.handed_in) == 1
    grow(house)
    assert follow.witness(watched, log, path, SIGNER, now).size > 6 and len(watched.handed_in) == 2
    _, signers = open_note(house.read(checkpoint), [log, KEY])
    assert signers == (log.name, KEY.name)


@pytest.mark.parametrize(("size", "code"), [(5, "shrunk"), (6, "forked"), (7, "forked")])
def test_a_witness_never_cosigns_what_does_not_append_and_keeps_what_it_knew(
    house: House, site: Site, log: VerifierKey, tmp_path: Path, now: datetime, size: int, code: str
) -> None:
    path = tmp_path / "witness.json"
    follow.witness(site, log, path, SIGNER, now)
    before = path.read_bytes()
    grow(house)
    liar = Liar(site, note=signed(house, size))
    with pytest.raises(Refused) as refused:
        follow.witness(liar, log, path, SIGNER, now)
    assert refused.value.code == code and liar.handed_in == [] and path.read_bytes() == before
    assert parse_note(refused.value.shown).signatures, "both signed heads together prove what was done"


def test_a_line_of_nobody_named_is_refused_with_what_would_be_right(app: Flask, house: House, log: VerifierKey) -> None:
    answer = Caller(app.test_client()).post("/log/cosignatures", {"note": house.read(checkpoint)})
    assert fields_of(answer) == {"note": "not_a_cosignature"} and "见证人" in answer.get_json()["errors"][0]["detail"]


def test_a_head_that_could_not_be_handed_in_is_handed_in_the_next_time(
    site: Site, log: VerifierKey, tmp_path: Path, now: datetime
) -> None:
    class Broken(Liar):
        def hand_in(self, note: str) -> None:
            self.handed_in.append(note)
            raise Unreachable("cut off")

    path = tmp_path / "witness.json"
    with pytest.raises(Unreachable):
        follow.witness(Broken(site), log, path, SIGNER, now)
    again = Liar(site)
    follow.witness(again, log, path, SIGNER, now)
    assert len(again.handed_in) == 1


def test_a_head_of_another_key_is_refused(site: Site, log: VerifierKey, tmp_path: Path, now: datetime) -> None:
    stranger = VerifierKey(log.name, KEY.public_key)
    with pytest.raises(Refused) as refused:
        follow.witness(site, stranger, tmp_path / "w", SIGNER, now)
    assert refused.value.code == "not_signed" and not (tmp_path / "w").exists()


def test_a_monitor_computes_the_root_from_the_entries_themselves(
    house: House, site: Site, log: VerifierKey, tmp_path: Path
) -> None:
    path = tmp_path / "monitor.json"
    assert follow.monitor(site, log, path).size == 6
    grow(house, 2)
    grown = follow.monitor(site, log, path)
    kept = path.read_bytes()
    assert follow.monitor(site, log, path) == grown
    grow(house)
    for changed in (grown.size, grown.size + 1):

        def altered(index: int, value: bytes, changed: int = changed) -> bytes:
            return bytes(32) if index == changed else value

        with pytest.raises(Refused) as refused:
            follow.monitor(Liar(site, leaf=altered), log, path)
        assert refused.value.code == "root_differs" and path.read_bytes() == kept
    for size, code in ((grown.size - 1, "shrunk"), (grown.size, "forked"), (grown.size + 1, "forked")):
        with pytest.raises(Refused) as refused:
            follow.monitor(Liar(site, note=signed(house, size)), log, path)
        assert refused.value.code == code
    assert follow.monitor(site, log, path).size > grown.size


def test_a_monitor_asks_for_its_witnesses_and_finds_a_second_view(
    house: House, site: Site, log: VerifierKey, tmp_path: Path, clock: FixedClock
) -> None:
    head = follow.monitor(site, log, tmp_path / "m")
    with pytest.raises(Unreachable):
        follow.witnessed(site, log, head, [KEY], clock.moment)
    follow.witness(site, log, tmp_path / "w", SIGNER, clock.moment)
    follow.witnessed(site, log, head, [KEY], clock.moment)
    other = VerifierKey("other.example/w", KEY.public_key, COSIGNATURE)
    with pytest.raises(Refused, match="not cosigned by other"):
        follow.witnessed(site, log, head, [KEY, other], clock.moment)
    grow(house)
    clock.advance(hours=24)
    head = follow.monitor(site, log, tmp_path / "m")
    follow.witnessed(site, log, head, [KEY], clock.moment)
    clock.advance(seconds=1)
    with pytest.raises(Refused) as refused:
        follow.witnessed(site, log, head, [KEY], clock.moment)
    assert refused.value.code == "witness_behind"
    view = follow.add_signature(signed(house, 4), KEY, SECRET.sign, int(clock.moment.timestamp()))
    with pytest.raises(Refused) as refused:
        follow.witnessed(Liar(site, cosigned=view), log, head, [KEY], clock.moment)
    assert refused.value.code == "forked", "what the witness was shown is not what the monitor sees"


def test_a_saved_receipt_is_found_at_its_place_or_missed(
    house: House, site: Site, log: VerifierKey, tmp_path: Path
) -> None:
    head = follow.monitor(site, log, tmp_path / "m")
    proof, _ = house.read(entry_proof, "system", 1)
    assert proof is not None
    entry = site._json("/log/entries", start=proof["index"], end=proof["index"] + 1)["items"][0]["entry"]
    assert follow.included(site, {"entry": entry, "inclusion": proof}, head)
    assert not follow.included(site, {"entry": entry, "inclusion": None}, head)
    for wrong in (
        {"entry": entry | {"number": 9}, "inclusion": proof},
        {"entry": entry, "inclusion": proof | {"index": 99}},
    ):
        with pytest.raises(Refused) as refused:
            follow.included(site, wrong, head)
        assert refused.value.code == "not_included"


@pytest.mark.parametrize("answer", ["", "[]", "{", '{"items": []}', '{"items": [{"index": 5}]}', '{"hashes": [1]}'])
def test_an_answer_in_another_form_is_no_answer(answer: str) -> None:
    def reply(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=answer)

    with httpx.Client(transport=httpx.MockTransport(reply), base_url="http://fapai.test") as client:
        for ask in (lambda at: list(at.leaves(0, 1)), lambda at: at.consistency(1, 2), lambda at: at.inclusion(0, 1)):
            with pytest.raises(Unreachable):
                ask(Site(client))


def test_state_that_is_none_of_this_log_is_named(site: Site, log: VerifierKey, tmp_path: Path) -> None:
    path = tmp_path / "state"
    for wrong in ("{", "[]", '{"note": "x"}', '{"frontier": []}'):
        path.write_text(wrong)
        with pytest.raises(ValueError):
            follow.monitor(site, log, path)
        assert path.read_text() == wrong


def test_two_processes_never_use_one_state(tmp_path: Path) -> None:
    with follow.alone_with(tmp_path / "s"), pytest.raises(BlockingIOError), follow.alone_with(tmp_path / "s"):
        pass


def test_the_commands_make_a_key_follow_and_end_with_what_they_saw(
    site: Site, house: House, log: VerifierKey, tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Here:
        @staticmethod
        def at(address: str) -> "Here":
            return Here()

        def __enter__(self) -> Site:
            return shown[0]

        def __exit__(self, *_: object) -> None:
            pass

    shown: list[Site] = [site]
    monkeypatch.setattr(follow, "Site", Here)
    clock.moment = datetime.now(UTC)  # the commands go by the machine's
    run = CliRunner()
    key, state = tmp_path / "key.json", tmp_path / "state.json"
    args = ["witness", "http://x", "--log", str(log), "--state", str(state), "--key", str(key), "--once", "--json"]
    assert run.invoke(fapai, args).exit_code == 2, "a new key needs a name"
    made = run.invoke(fapai, [*args, "--name", "w.example/1"])
    own = VerifierKey.parse(made.stderr.splitlines()[0])
    assert (own.kind, own.name, key.stat().st_mode & 0o777) == (COSIGNATURE, "w.example/1", 0o600)
    assert made.exit_code == 1 and "unreachable" in made.stdout, "its operator has not named it yet"
    house.perform(name_witness, str(own))
    done = run.invoke(fapai, args)
    assert done.exit_code == 0 and json.loads(done.stdout)["outcome"] == "consistent"
    assert run.invoke(fapai, [*args, "--name", "w.example/2"]).exit_code == 2
    shown[0] = Liar(site, note=signed(house, 1))
    refused = run.invoke(fapai, args)
    told = json.loads(refused.stdout)
    assert refused.exit_code == 1 and (told["outcome"], told["code"]) == ("refused", "shrunk")
    assert json.loads(Path(told["evidence"]).read_text())["shown"] == signed(house, 1)
    shown[0] = site
    watch = ["monitor", "http://x", "--log", str(log), "--state", str(tmp_path / "m.json"), "--once"]
    assert run.invoke(fapai, watch).exit_code == 0
    assert run.invoke(fapai, [*watch, "--witness", str(own)]).exit_code == 0
    assert run.invoke(fapai, [*watch, "--witness", "nonsense"]).exit_code == 2


def test_a_key_is_replaced_by_command_and_the_site_goes_on_with_the_new_one(tmp_path: Path) -> None:
    place = Place(tmp_path / "site")
    place.fapai("db", "upgrade")
    place.fapai("court", "add", "3201", "某法院")
    new = tmp_path / "new.key"
    new.write_text("nonsense")
    place.fapai("log", "rotate", str(new), status=2)
    new.write_text(base64.b64encode(bytes(range(32))).decode())
    told = json.loads(place.fapai("log", "rotate", str(new), "--json"))["verifier_key"]
    assert VerifierKey.parse(told).public_key == SECRET.public_key().public_bytes_raw()
    assert (place.folder / "keys" / "log.key").read_text() == new.read_text()
    assert place.fapai("audit", "verify") == "verified\n"
    place.fapai("log", "rotate", str(new), status=1)

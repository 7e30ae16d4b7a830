"""The log's key is replaced: what was signed before stays good, what comes after is the new key's alone."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.checkpoint import NoteError, VerifierKey, open_checkpoint, parse_note, sign_note
from auction.kernel.clock import FixedClock
from auction.kernel.crypto import Vault
from auction.kernel.errors import DomainError
from auction.kernel.rotation import read_rotation
from auction.kernel.settings import SettingsError
from auction.kernel.unit import House
from auction.models import Intake
from auction.queries.log import checkpoint, log_key, log_keys, rotations
from auction.services.key_rotation import rotate
from auction.services.log import seal
from bidding.desk import Desk
from bidding.evidence import export
from bidding.models import Bid
from bidding.queries.audit import verify_all
from bidding.queries.receipts import receipt
from tests.bidding.sale import RESERVE, STEP, a_contest, an_open_sale, bid
from web.app import create_app
from web.following_log import Refused, Site, monitor
from web.gateway import SandboxGateway
from web.wiring import check, open_house

VERIFIER = Path(__file__).parents[2] / "tools" / "fapai_verify.py"
NEW = bytes(range(100, 132))


def all_sealed(house: House) -> None:
    while house.perform(seal):
        pass


def with_key(house: House, clock: FixedClock, key: bytes) -> House:
    """The same house with another key of its log."""
    settings = replace(house.settings, keys=replace(house.settings.keys, log=key))
    return open_house(settings, clock=clock)


def verified(path: Path, key: VerifierKey, *more: str) -> bool:
    command = [sys.executable, str(VERIFIER), str(path), "--key", str(key), "--all", *more]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def sale(house: House, clock: FixedClock) -> tuple[str, list[str]]:
    made = house.perform(an_open_sale)
    a_contest(house, clock, *made, bids=3)
    all_sealed(house)
    return made


@pytest.fixture
def after(house: House, clock: FixedClock, sale: tuple[str, list[str]]) -> Iterator[House]:
    """The house with its new key, in which a bid of its own was taken."""
    clock.advance(seconds=5)
    fresh = with_key(house, clock, NEW)
    house.perform(rotate, fresh.vault)
    auction_id, accounts = sale
    clock.advance(seconds=5)
    assert bid(fresh, clock, auction_id, accounts[0], RESERVE + 20 * STEP).outcome == "accepted"
    all_sealed(fresh)
    yield fresh
    fresh.engine.dispose()
    fresh.reader.dispose()


def test_the_new_key_signs_from_then_on_and_the_audit_knows_which_key_signed_what(
    house: House, after: House, clock: FixedClock
) -> None:
    old, new = house.read(log_key, house.vault.public_key), after.read(log_key, after.vault.public_key)
    assert old.name == new.name, "the log keeps its name"
    open_checkpoint(after.read(checkpoint), [new])
    with pytest.raises(NoteError):
        open_checkpoint(after.read(checkpoint), [old])
    report = after.read(verify_all, after.vault.public_key)
    assert report.ok and report.checked["receipts"] >= 4 and report.checked["checkpoints"] >= 2
    assert not after.read(verify_all, house.vault.public_key).ok
    check(after)
    with pytest.raises(SettingsError, match="FAPAI_LOG_KEY"):
        check(house)
    with pytest.raises(DomainError) as refused:
        house.perform(seal)
    assert refused.value.code == "log_key_replaced"


def test_a_receipt_of_after_by_the_key_of_before_is_found(
    after: House, house: House, clock: FixedClock, sale: tuple[str, list[str]]
) -> None:
    """Whoever stole the old key signs with it what only the new one may."""
    auction_id, accounts = sale
    assert bid(house, clock, auction_id, accounts[1], RESERVE + 30 * STEP).outcome == "accepted"
    [failure] = after.read(verify_all, after.vault.public_key).failures
    assert failure.what == "its receipt's signature is wrong"


def test_which_key_is_whose_at_the_edge(after: House, house: House) -> None:
    keys = after.read(log_keys, after.vault.public_key)
    [(leaf, at)] = keys.replaced_at
    assert leaf is not None
    old, new = (key.public_key for key in keys.keys)
    assert (old, new) == (house.vault.public_key, after.vault.public_key)
    assert (keys.of_head(leaf).public_key, keys.of_head(leaf + 1).public_key) == (old, new)
    moment = timedelta(microseconds=1)
    assert (keys.of_entry(at - moment).public_key, keys.of_entry(at).public_key) == (old, new)


def test_packages_and_receipts_verify_by_the_key_of_before_and_of_after(
    after: House, house: House, sale: tuple[str, list[str]], tmp_path: Path
) -> None:
    old, new = house.read(log_key, house.vault.public_key), after.read(log_key, after.vault.public_key)
    stranger = VerifierKey(old.name, Vault(replace(house.settings.keys, log=bytes(32)), bytes).public_key)
    whole, one = tmp_path / "log", tmp_path / "auction"
    export(after, whole)
    export(after, one, sale[0])
    for package in (whole, one):
        assert verified(package, old) and verified(package, new) and not verified(package, stranger)
        (package / "keys.json").write_bytes(b"[]")
        assert not verified(package, old) and not verified(package, new)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"items": after.read(rotations)}))
    first, last = after.read(_ends)
    for bid_id, alone in ((first, old), (last, new)):
        path = tmp_path / f"{bid_id}.json"
        path.write_text(json.dumps(after.read(receipt, bid_id)))
        assert verified(path, old, "--keys", str(keys)) and verified(path, new, "--keys", str(keys))
        assert not verified(path, stranger, "--keys", str(keys))
        assert verified(path, alone) is (alone is new), "the head of today is the new key's"


def _ends(session: Session) -> tuple[str, str]:
    """The first and the last accepted bid."""
    ids = session.scalars(select(Bid.id).where(Bid.outcome == "accepted").order_by(Bid.seq)).all()
    return ids[0], ids[-1]


@pytest.mark.parametrize("field", ["origin", "old_key", "new_key", "at", "old_signature", "new_signature"])
def test_a_statement_of_which_anything_was_changed_is_none(after: House, tmp_path: Path, field: str) -> None:
    [body] = after.read(rotations)
    read_rotation(body)
    other = {"old_key": body["new_key"], "new_key": body["old_key"], "old_signature": body["new_signature"]}
    for wrong in (other.get(field, "x"), "", None):
        with pytest.raises(NoteError):
            read_rotation(body | {field: wrong})


def test_a_key_is_not_replaced_while_anything_is_at_work(house: House, clock: FixedClock, sale: Any) -> None:
    new = with_key(house, clock, NEW).vault

    def refused() -> str:
        with pytest.raises(DomainError) as error:
            house.perform(rotate, new)
        return error.value.code

    house.perform(lambda unit: unit.record("Noted", stream="system", body={}))
    assert refused() == "log_in_use", "an entry is not sealed"
    all_sealed(house)
    lease = Intake(
        process="p", mark=clock.moment, beat_at=clock.moment, lease_until=clock.moment + timedelta(seconds=1)
    )
    house.perform(lambda unit: unit.session.add(lease))
    assert refused() == "log_in_use", "a process takes bids"
    clock.advance(seconds=1)
    with pytest.raises(DomainError) as same:
        house.perform(rotate, house.vault)
    assert same.value.code == "same_key"
    house.perform(rotate, new)
    assert house.read(lambda session: session.scalars(select(Intake.lost)).all()) == [True]


def test_a_monitor_goes_on_with_the_key_that_the_old_one_names(
    house: House, sale: Any, clock: FixedClock, tmp_path: Path
) -> None:
    old, state = house.read(log_key, house.vault.public_key), tmp_path / "state.json"

    def look(at: House) -> int:
        app = create_app(at, SandboxGateway(at), Desk(at, "test:1"))
        with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://fapai.test") as client:
            return monitor(Site(client), old, state).size

    before = look(house)
    fresh = with_key(house, clock, NEW)
    house.perform(rotate, fresh.vault)
    all_sealed(fresh)
    assert look(fresh) == before + 1 == look(fresh)
    stolen = with_key(house, clock, bytes(32))
    with pytest.raises(Refused) as refused:
        app = create_app(stolen, SandboxGateway(stolen), Desk(stolen, "test:1"))
        with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://fapai.test") as client:
            site = Site(client)
            forged = sign_note(
                parse_note(site.checkpoint()).text,
                VerifierKey(old.name, stolen.vault.public_key),
                stolen.vault.sign_raw,
            )
            site.checkpoint = lambda **_: forged  # type: ignore[method-assign]
            monitor(site, old, state)
    assert refused.value.code == "not_signed"

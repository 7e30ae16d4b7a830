"""Erasing a person: refused with reason and day while the law keeps the data; afterwards nothing names him."""

import sqlite3
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, JournalRow, LogLeaf, Person, Salt
from bidding.evidence import export
from bidding.models import RegisteredIdentity
from bidding.queries.audit import verify_all
from tests.bidding.sale import an_open_sale, bid, hammer
from tests.bidding.test_evidence import verify
from tests.factories import a_bidder
from tests.web.caller import Caller, SignIn, code_of
from tests.web.court import fine
from tests.web.test_pages import signed_in
from web.auth import hash_password
from web.timekeeping import seal_all, tell_news

PASSWORD = "secret-words"
NAME, PHONE = "司马删名", "+8613666660000"


def with_password(app: Flask, house: House, account_id: str) -> Account:
    with app.app_context():
        hashed = hash_password(PASSWORD)

    def keep(unit: Unit) -> Account:
        account = unit.session.get_one(Account, account_id)
        account.password_hash = hashed
        return account

    return house.perform(keep)


@pytest.fixture
def loser(app: Flask, house: House, clock: FixedClock) -> tuple[str, Account]:
    """A sale that ended, its refunds sent, and who lost it."""
    auction_id, accounts = house.perform(an_open_sale)
    for number, account_id in enumerate(accounts[:2]):
        bid(house, clock, auction_id, account_id, 100_000_000 + number * 500_000)
    assert hammer(house, clock, auction_id) == "sold"
    seal_all(house)
    tell_news(house)
    return auction_id, with_password(app, house, accounts[0])


def erase(caller: Caller, password: str = PASSWORD):  # type: ignore[no-untyped-def]
    return caller.post("/me/erasure", {"password": password})


def test_who_never_registered_is_erased_at_once(app: Flask, house: House, sign_in: SignIn, tmp_path: Path) -> None:
    account = with_password(app, house, house.perform(lambda unit: a_bidder(unit, name=NAME, phone=PHONE)).id)
    caller = sign_in(account)
    assert fine(caller.get("/me/erasure")) == {"allowed": True, "barriers": []}
    assert erase(caller, "wrong-words").status_code == 422
    before = house.read(lambda session: session.get_one(Person, account.person_id).wrapped_key)
    assert fine(erase(caller)) == {"erased": True}
    assert code_of(caller.get("/me")) == "unauthenticated"
    again = caller.post("/sessions", {"username": account.username, "password": PASSWORD})
    assert code_of(again) == "unauthenticated"

    def left(unit: Unit) -> tuple[Person, Account]:
        return unit.session.get_one(Person, account.person_id), unit.session.get_one(Account, account.id)

    person, kept = house.perform(left)
    assert (person.wrapped_key, person.name, person.phone, person.id_number) == (None, b"", None, b"")
    assert (kept.username, kept.display_name) == (f"erased-{account.id}", "已删除")
    if house.engine.dialect.name == "sqlite":
        with sqlite3.connect(tmp_path / "fapai.db") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert before and before not in (tmp_path / "fapai.db").read_bytes()


def test_the_law_keeps_a_sale_ten_years_and_then_nothing_names_him(
    app: Flask, house: House, clock: FixedClock, loser: tuple[str, Account], sign_in: SignIn, tmp_path: Path
) -> None:
    auction_id, account = loser
    refused = erase(sign_in(account))
    assert code_of(refused) == "erasure_barred"
    assert {one["code"] for one in refused.get_json()["errors"]} >= {"erasure_kept"}
    assert "2036" in refused.get_data(as_text=True)
    page = signed_in(app, house, account).get("/me/data")
    assert "2036" in page.text and "永久删除" not in page.text
    clock.advance(days=3660)
    assert fine(erase(sign_in(account))) == {"erased": True}
    seal_all(house)

    def left(unit: Unit) -> tuple[list[RegisteredIdentity], list[str]]:
        mine = select(RegisteredIdentity).where(RegisteredIdentity.id_match.startswith("erased:"))
        stream = f"person:{account.person_id}"
        sealed = select(Salt.stream).join(LogLeaf, (LogLeaf.stream == Salt.stream) & (LogLeaf.number == Salt.number))
        return list(unit.session.scalars(mine)), list(unit.session.scalars(sealed.where(Salt.stream == stream)))

    identities, salts = house.perform(left)
    assert [(one.name, one.id_number, one.live) for one in identities] == [(b"", b"", False)]
    kinds = house.read(
        lambda s: s.scalars(select(JournalRow.kind).where(JournalRow.stream.startswith("person:"))).all()
    )
    assert "PersonErased" in kinds and len(salts) <= 1  # that of the erasure itself, sealed just now
    report = house.read(verify_all, house.vault.public_key)
    assert report.failures == []
    export(house, tmp_path / "evidence", auction_id)
    assert verify(tmp_path / "evidence", house, "--all")["failures"] == []
    assert fine(sign_in(None).get(f"/auctions/{auction_id}"))["status"] == "sold"


def test_the_page_erases_and_signs_out(app: Flask, house: House) -> None:
    account = with_password(app, house, house.perform(lambda unit: a_bidder(unit, name=NAME)).id)
    reader = signed_in(app, house, account)
    reader.get("/me/data")
    assert "永久删除" in reader.send("/erasure", {"password": "wrong-words"}, status=422).html
    assert "您的信息已删除" in reader.send("/erasure", {"password": PASSWORD}).text
    assert reader.client.get("/me").status_code == 302

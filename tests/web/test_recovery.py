"""A lost second factor: recovery codes used once, an app enrolled and replaced on its page, a reset by two persons."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House
from auction.models import Account, JournalRow, Message, RecoveryCode
from tests.factories import a_court, an_account
from tests.web.caller import Caller, code_of, fields_of
from tests.web.doors import doors
from tests.web.reader import Reader
from web.auth import HASHER

PASSWORD = "correct horse"


@pytest.fixture
def app(house: House) -> Iterator[Flask]:
    house.settings = replace(house.settings, staff_mfa=True)
    with doors(house) as made:
        yield made


@pytest.fixture
def judge(house: House) -> Account:
    return staff(house, "judge")


def staff(house: House, role: str) -> Account:
    return house.perform(lambda unit: an_account(unit, role, password_hash=HASHER.hash(PASSWORD)))


def enter(app: Flask, who: Account, **more: Any) -> Any:
    return Caller(app.test_client()).post("/sessions", {"username": who.username, "password": PASSWORD, **more})


def now(clock: FixedClock, secret: str) -> str:
    """The code of the present moment, which a further half minute makes another."""
    clock.advance(seconds=30)
    return pyotp.TOTP(secret).at(clock.machine())


def enrolled(app: Flask, clock: FixedClock, who: Account) -> tuple[Caller, str]:
    caller = Caller(app.test_client(), enter(app, who).get_json()["token"])
    secret = caller.post("/me/factors/totp", {}).get_json()["secret"]
    assert caller.post("/me/factors/totp/confirmation", {"otp": now(clock, secret)}).status_code == 200
    return caller, secret


def codes_of(caller: Caller, clock: FixedClock, secret: str) -> list[str]:
    made = caller.post("/me/factors/recovery", {"current": PASSWORD, "otp": now(clock, secret)})
    assert made.status_code == 201, made.get_data(as_text=True)
    return list(made.get_json()["codes"])


def kinds(house: House) -> list[str]:
    return house.read(lambda session: list(session.scalars(select(JournalRow.kind).order_by(JournalRow.id))))


def told(house: House, who: Account) -> list[str]:
    wanted = select(Message.kind).where(Message.account_id == who.id)
    return house.read(lambda session: list(session.scalars(wanted)))


def test_a_recovery_code_lets_in_once_and_its_owner_is_told(
    app: Flask, house: House, clock: FixedClock, judge: Account
) -> None:
    caller, secret = enrolled(app, clock, judge)
    codes = codes_of(caller, clock, secret)
    assert len(set(codes)) == 10 and all(re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", code) for code in codes)
    stored = house.read(lambda session: [row.id for row in session.scalars(select(RecoveryCode))])
    assert not any(code in row or code.replace("-", "") in row for code in codes for row in stored)
    assert code_of(enter(app, judge)) == "otp_required"
    inside = enter(app, judge, recovery_code=codes[3].lower().replace("-", " "))
    assert Caller(app.test_client(), inside.get_json()["token"]).get("/desk/board").status_code == 200
    assert told(house, judge) == ["recovery_code_used"]
    assert code_of(enter(app, judge, recovery_code=codes[3])) == "otp_invalid", "each works once"
    assert caller.get("/me/factors").get_json()["recovery_codes"] == 9
    assert {"RecoveryCodesMade", "RecoveryCodeUsed"} <= set(kinds(house))
    other = staff(house, "judge")
    enrolled(app, clock, other)
    assert code_of(enter(app, other, recovery_code=codes[0])) == "otp_invalid", "of another account"
    fresh = codes_of(caller, clock, secret)
    assert code_of(enter(app, judge, recovery_code=codes[0])) == "otp_invalid", "made void by new ones"
    assert enter(app, judge, recovery_code=fresh[0]).status_code == 201


def test_codes_are_made_for_password_and_factor_and_wrong_ones_lock_out(
    app: Flask, house: House, clock: FixedClock, judge: Account
) -> None:
    caller = Caller(app.test_client(), enter(app, judge).get_json()["token"])
    ask = {"current": PASSWORD, "otp": "000000"}
    assert fields_of(caller.post("/me/factors/recovery", ask)) == {"otp": "otp_required"}
    caller, secret = enrolled(app, clock, judge)
    assert fields_of(caller.post("/me/factors/recovery", {"current": PASSWORD})) == {"otp": "otp_required"}
    wrong = {"current": "wrong", "otp": now(clock, secret)}
    assert fields_of(caller.post("/me/factors/recovery", wrong)) == {"current": "password_wrong"}
    good = {"current": PASSWORD, "otp": now(clock, secret)}
    for _ in range(4):
        assert fields_of(caller.post("/me/factors/recovery", ask)) == {"otp": "otp_invalid"}
    assert code_of(caller.post("/me/factors/recovery", good)) == "rate_limited"
    assert house.read(lambda session: session.scalars(select(RecoveryCode)).all()) == []


def test_an_app_is_enrolled_and_replaced_on_its_page_and_the_old_one_holds_until_then(
    app: Flask, house: House, clock: FixedClock, judge: Account
) -> None:
    reader = Reader(app.test_client())
    reader.get("/login")
    page = reader.send("/login", {"username": judge.username, "password": PASSWORD})
    assert page.address.startswith("/me/sessions") and "验证器应用" in page.text
    page = reader.send("/me/factors/app", {})
    assert "data:image/svg+xml" in page.html
    first = secret_of(page.text)
    assert "不正确" in reader.send("/me/factors/app/confirmation", {"otp": "000000"}, status=422).text
    page = reader.send("/me/factors/app/confirmation", {"otp": now(clock, first)})
    assert "验证器应用已启用" in page.text
    assert "第二因素" in reader.send("/me/factors/app", {}, status=409).text
    second = secret_of(reader.send("/me/factors/app", {"otp": now(clock, first)}).text)
    assert second != first
    assert enter(app, judge, otp=now(clock, first)).status_code == 201, "not confirmed: the old one holds"
    reader.send("/me/factors/app/confirmation", {"otp": now(clock, second)})
    assert code_of(enter(app, judge, otp=now(clock, first))) == "otp_invalid"
    assert enter(app, judge, otp=now(clock, second)).status_code == 201
    assert "SecondFactorReplaced" in kinds(house)
    page = reader.send("/me/factors/recovery", {"password": PASSWORD, "otp": now(clock, second)})
    codes = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", page.html)
    assert len(codes) == 10
    assert codes[0] not in reader.get("/me/sessions").html, "shown once"
    other = Reader(app.test_client())
    other.get("/login")
    typed = {"username": judge.username, "password": PASSWORD, "otp": codes[0]}
    assert "恢复代码被使用" in other.send("/login", typed).text or "恢复代码被使用" in other.get("/me/messages").text


def secret_of(text: str) -> str:
    found = re.search(r"密钥 ((?:[A-Z2-7]{4} ?){8})", text)
    assert found is not None, text
    return found[1].replace(" ", "")


def test_a_lost_factor_is_reset_by_two_and_opens_nothing_but_enrolling(
    app: Flask, house: House, clock: FixedClock, judge: Account
) -> None:
    caller, secret = enrolled(app, clock, judge)
    codes = codes_of(caller, clock, secret)
    president, first, second = (
        enrolled(app, clock, staff(house, role))[0] for role in ("president", "regulator", "regulator")
    )
    path, why = f"/staff/{judge.username}/factor-reset", {"reason": "手机遗失，已当面核实"}
    assert code_of(caller.post(path, why)) == "forbidden"
    assert fields_of(first.post("/staff/nobody-there/factor-reset", why)) == {"username": "unknown_account"}
    proposed = president.post(path, why)
    assert proposed.status_code == 202, proposed.get_data(as_text=True)
    assert code_of(first.post(path, why)) == "already_proposed"
    assert caller.get("/me").status_code == 200, "nothing happens before the second person"
    decided = first.post(f"/approvals/{proposed.get_json()['id']}", {"approve": True, "reason": "属实"})
    assert decided.get_json()["status"] == "approved"
    assert code_of(caller.get("/me")) == "unauthenticated"
    again = Caller(app.test_client(), enter(app, judge).get_json()["token"])
    assert code_of(again.get("/desk/board")) == "mfa_enrolment_required"
    assert house.read(lambda session: session.scalars(select(RecoveryCode)).all()) == []
    with_code = Caller(app.test_client(), enter(app, judge, recovery_code=codes[0]).get_json()["token"])
    assert code_of(with_code.get("/desk/board")) == "mfa_enrolment_required"
    assert told(house, judge) == ["factor_reset"] and "SecondFactorReset" in kinds(house)
    own = first.post(f"/staff/{named(house, first)}/factor-reset", why)
    assert code_of(own) == "forbidden"
    assert second.get("/approvals").get_json()["total"] == 0


def named(house: House, caller: Caller) -> str:
    return str(caller.get("/me").get_json()["username"])


def test_a_president_resets_nobody_of_another_court_and_nobody_approves_alone(
    app: Flask, house: House, clock: FixedClock
) -> None:
    def elsewhere(unit: Any) -> Account:
        a_court(unit, "3202", "无锡市中级人民法院")
        return an_account(unit, "judge", court_code="3202", password_hash=HASHER.hash(PASSWORD))

    other = house.perform(elsewhere)
    enrolled(app, clock, other)
    president, _ = enrolled(app, clock, staff(house, "president"))
    answer = president.post(f"/staff/{other.username}/factor-reset", {"reason": "遗失"})
    assert fields_of(answer) == {"username": "unknown_account"}
    owner, _ = enrolled(app, clock, lost := staff(house, "regulator"))
    regulator, _ = enrolled(app, clock, staff(house, "regulator"))
    proposed = regulator.post(f"/staff/{lost.username}/factor-reset", {"reason": "遗失"}).get_json()["id"]
    for alone in (regulator, owner):  # neither who proposed it nor whose factor it is
        answer = alone.post(f"/approvals/{proposed}", {"approve": True, "reason": "属实"})
        assert code_of(answer) == ("four_eyes" if alone is regulator else "own_declaration")
    assert "第二因素" in answer.get_json()["detail"]

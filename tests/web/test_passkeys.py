"""Security keys as second factors: what a key of software signs is taken once, here, by whom it is for, or refused."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House
from auction.models import Account
from auction.services import accounts
from tests.factories import an_account
from tests.web.caller import Caller, code_of, fields_of
from tests.web.doors import doors
from web.auth import HASHER

SITE, ORIGIN = "fapai.example", "https://fapai.example"
PASSWORD = "correct horse"


class Key:
    """An authenticator of software (P-256, no attestation)."""

    def __init__(self) -> None:
        self.private, self.id, self.count = ec.generate_private_key(ec.SECP256R1()), os.urandom(16), 0

    def create(
        self, asked: dict[str, Any], *, origin: str = ORIGIN, site: str = SITE, kind: str = "webauthn.create"
    ) -> Any:
        """What the browser would answer when asked to make a credential."""
        point = self.private.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        held = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        data = self._data(site, 0x41) + held
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(_said(asked, kind, origin), attestationObject=bytes_to_base64url(made))

    def get(self, asked: dict[str, Any], *, origin: str = ORIGIN, site: str = SITE, grows: bool = True) -> Any:
        """What the browser would answer when asked to sign in."""
        self.count += grows
        client, data = _said(asked, "webauthn.get", origin), self._data(site, 0x01)
        signed = self.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        told = {"authenticatorData": bytes_to_base64url(data), "signature": bytes_to_base64url(signed)}
        return self._answer(client, **told)

    def _data(self, site: str, flags: int) -> bytes:
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _answer(self, client: bytes, **response: str) -> dict[str, Any]:
        name = bytes_to_base64url(self.id)
        told = {"clientDataJSON": bytes_to_base64url(client), **response}
        return {"id": name, "rawId": name, "type": "public-key", "response": told, "clientExtensionResults": {}}


def _said(asked: dict[str, Any], kind: str, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": asked["challenge"], "origin": origin, "crossOrigin": False}).encode()


@pytest.fixture
def app(house: House) -> Iterator[Flask]:
    house.settings = replace(house.settings, public_url=ORIGIN, staff_mfa=True)
    with doors(house) as made:
        yield made


@pytest.fixture
def judge(house: House) -> Account:
    return house.perform(lambda unit: an_account(unit, "judge", password_hash=HASHER.hash(PASSWORD)))


SignsIn = Callable[..., Any]


@pytest.fixture
def enter(app: Flask, judge: Account) -> SignsIn:
    """Signs in by password, with whatever else is given; the answer."""

    def made(who: Account = judge, **more: Any) -> Any:
        return Caller(app.test_client()).post("/sessions", {"username": who.username, "password": PASSWORD, **more})

    return made


def caller_of(app: Flask, answer: Any) -> Caller:
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return Caller(app.test_client(), answer.get_json()["token"])


def enrol(caller: Caller, key: Key, name: str = "桌上的密钥") -> Any:
    asked = caller.post("/me/factors/webauthn", {}).get_json()
    return caller.post("/me/factors/webauthn/confirmation", {"name": name, "credential": key.create(asked)})


def ask(app: Flask, who: Account, password: str = PASSWORD) -> Any:
    return Caller(app.test_client()).post("/sessions/webauthn", {"username": who.username, "password": password})


def test_staff_enrol_a_key_and_sign_in_with_it(app: Flask, judge: Account, enter: SignsIn) -> None:
    caller, key = caller_of(app, enter()), Key()
    assert code_of(caller.get("/tasks")) == "mfa_enrolment_required"
    made = enrol(caller, key)
    assert (made.status_code, made.get_json()["name"]) == (201, "桌上的密钥")
    assert caller.get("/tasks").status_code == 200, "the session has the second factor now"
    assert code_of(enter()) == "otp_required" == code_of(enter(otp="123456"))
    asked = ask(app, judge).get_json()
    assert (asked["rpId"], [one["id"] for one in asked["allowCredentials"]]) == (SITE, [made.get_json()["id"]])
    further = caller_of(app, enter(webauthn=key.get(asked)))
    assert further.get("/tasks").status_code == 200
    assert [one["second_factor"] for one in further.get("/sessions").get_json()["items"]] == [True, True]
    path = f"/me/factors/webauthn/{made.get_json()['id']}"
    assert further.put(path, {"name": "备用"}).get_json()["name"] == "备用"
    told = further.get("/me/factors").get_json()
    assert (told["totp"], [one["name"] for one in told["webauthn"]]) == (False, ["备用"])
    assert told["webauthn"][0]["used_at"] is not None
    assert code_of(further.call("DELETE", path)) == "wrong_state", "the last one stays where one is required"
    assert enrol(further, Key(), "第二把").status_code == 201
    assert further.call("DELETE", path).status_code == 204
    assert code_of(ask(app, judge, "wrong")) == "unauthenticated"
    assert code_of(enter(webauthn=key.get(ask(app, judge).get_json()))) == "webauthn_invalid"


WRONG_CREATIONS: dict[str, Callable[[Key, dict[str, Any]], Any]] = {
    "another origin": lambda key, asked: key.create(asked, origin="https://fapai.example.evil"),
    "the site without TLS": lambda key, asked: key.create(asked, origin="http://fapai.example"),
    "another site": lambda key, asked: key.create(asked, site="evil.example"),
    "another ceremony": lambda key, asked: key.create(asked, kind="webauthn.get"),
    "a challenge of its own": lambda key, asked: key.create({"challenge": bytes_to_base64url(bytes(32))}),
    "no credential": lambda key, asked: {},
    "no response": lambda key, asked: key.create(asked) | {"response": None},
    "another id": lambda key, asked: key.create(asked) | {"id": "AAAA"},
    "no attestation": lambda key, asked: key.create(asked) | {"response": {"clientDataJSON": "e30"}},
}


@pytest.mark.parametrize("wrong", sorted(WRONG_CREATIONS))
def test_what_proves_no_key_here_enrols_none(app: Flask, judge: Account, enter: SignsIn, wrong: str) -> None:
    caller = caller_of(app, enter())
    asked = caller.post("/me/factors/webauthn", {}).get_json()
    body = {"name": "密钥", "credential": WRONG_CREATIONS[wrong](Key(), asked)}
    assert fields_of(caller.post("/me/factors/webauthn/confirmation", body)) == {"credential": "webauthn_invalid"}
    assert caller.get("/me/factors").get_json()["webauthn"] == []


def test_a_challenge_is_signed_once_in_its_session_within_five_minutes(
    app: Flask, judge: Account, enter: SignsIn, clock: FixedClock
) -> None:
    caller, other, key = caller_of(app, enter()), caller_of(app, enter()), Key()

    def confirmed(by: Caller, asked: Any, name: str = "密钥") -> Any:
        return by.post("/me/factors/webauthn/confirmation", {"name": name, "credential": key.create(asked)})

    refused = {"credential": "webauthn_invalid"}
    asked = caller.post("/me/factors/webauthn", {}).get_json()
    assert fields_of(confirmed(other, asked)) == refused, "another session's"
    clock.advance(minutes=5)
    assert fields_of(confirmed(caller, asked)) == refused, "too late"
    asked = caller.post("/me/factors/webauthn", {}).get_json()
    clock.advance(minutes=4, seconds=59)
    assert confirmed(caller, asked).status_code == 201
    assert fields_of(confirmed(caller, asked)) == refused, "used up"
    assert code_of(other.post("/me/factors/webauthn", {})) == "forbidden", "it never showed the factor there is"
    assert code_of(other.post("/me/factors/totp", {})) == "forbidden"
    name = caller.get("/me/factors").get_json()["webauthn"][0]["id"]
    assert code_of(other.call("DELETE", f"/me/factors/webauthn/{name}")) == "forbidden"


WRONG_SIGNINGS: dict[str, Callable[[Key, Any], Any]] = {
    "another origin": lambda key, asked: key.get(asked, origin="https://evil.example"),
    "another site": lambda key, asked: key.get(asked, site="evil.example"),
    "a copied key": lambda key, asked: key.get(asked, grows=False),
    "another key under its name": lambda key, asked: _as(key).get(asked),
    "a challenge of its own": lambda key, asked: key.get({"challenge": bytes_to_base64url(bytes(32))}),
    "nothing": lambda key, asked: {},
    "a number for an id": lambda key, asked: key.get(asked) | {"id": 7},
    "no signature": lambda key, asked: _without(key.get(asked), "signature"),
}


def _as(key: Key) -> Key:
    other = Key()
    other.id, other.count = key.id, key.count
    return other


def _without(answer: Any, name: str) -> Any:
    return answer | {"response": {one: told for one, told in answer["response"].items() if one != name}}


@pytest.mark.parametrize("wrong", sorted(WRONG_SIGNINGS))
def test_what_the_key_did_not_sign_here_and_now_lets_nobody_in(
    app: Flask, judge: Account, enter: SignsIn, wrong: str
) -> None:
    key = Key()
    enrol(caller_of(app, enter()), key)
    caller_of(app, enter(webauthn=key.get(ask(app, judge).get_json())))
    answer = enter(webauthn=WRONG_SIGNINGS[wrong](key, ask(app, judge).get_json()))
    assert (answer.status_code, code_of(answer)) == (401, "webauthn_invalid")


def test_an_assertion_is_taken_once_in_time_and_for_its_own_account(
    app: Flask, house: House, judge: Account, enter: SignsIn, clock: FixedClock
) -> None:
    key = Key()
    enrol(caller_of(app, enter()), key)
    clerk = house.perform(lambda unit: an_account(unit, "clerk", password_hash=HASHER.hash(PASSWORD)))
    enrol(caller_of(app, enter(clerk)), Key())
    signed = key.get(ask(app, judge).get_json())
    assert code_of(enter(clerk, webauthn=signed)) == "webauthn_invalid"
    assert enter(webauthn=signed).status_code == 201
    assert code_of(enter(webauthn=signed)) == "webauthn_invalid"
    signed = key.get(ask(app, judge).get_json())
    clock.advance(minutes=5)
    assert code_of(enter(webauthn=signed)) == "webauthn_invalid"
    for _ in range(accounts.FREE_FAILURES):
        ask(app, judge, "wrong")
    assert code_of(ask(app, judge)) == "rate_limited"


def test_others_keys_are_not_there_and_a_site_without_an_address_has_none(
    app: Flask, house: House, judge: Account, enter: SignsIn
) -> None:
    made = enrol(caller_of(app, enter()), Key()).get_json()
    clerk = house.perform(lambda unit: an_account(unit, "clerk", password_hash=HASHER.hash(PASSWORD)))
    caller = caller_of(app, enter(clerk))
    assert code_of(ask(app, clerk)) == "wrong_state"
    assert code_of(caller.call("DELETE", f"/me/factors/webauthn/{made['id']}")) == "not_found"
    assert code_of(caller.put(f"/me/factors/webauthn/{made['id']}", {"name": "我的"})) == "not_found"
    house.settings = replace(house.settings, public_url=None)
    assert code_of(caller.post("/me/factors/webauthn", {})) == "wrong_state"
    assert base64url_to_bytes(made["id"])

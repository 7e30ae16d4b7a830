"""How requests are read, and what the interface says of itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from webargs.core import missing

from auction.kernel.errors import DomainError
from auction.rules.access import POLICY
from auction.rules.ruleset import load
from bidding.desk import Desk
from bidding.rules.revocation import GROUNDS
from tests.conftest import settings_for
from tests.web.caller import API, Caller, code_of
from web.api.spec import json_body
from web.app import create_app
from web.errors import sentence
from web.gateway import SandboxGateway
from web.wiring import open_house


def made(folder: Path, **settings: Any) -> Flask:
    """An application that needs no database to be asked how it is made."""
    house = open_house(settings_for("sqlite://", folder, **settings))
    return create_app(house, SandboxGateway(house), Desk(house, "spec:1"))


@pytest.fixture
def plain(tmp_path: Path) -> Flask:
    return made(tmp_path)


def deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [
        (b"{", "application/json", "malformed"),
        (b"NaN", "application/json", "malformed"),
        (b'"\\ud800"', "application/json", "malformed"),
        (b'{"a":"\\u0000"}', "application/json", "malformed"),
        (b'{"a\\u0000":1}', "application/json", "malformed"),
        (b'{"a":[{"b":"c\\u0000"}]}', "application/json", "malformed"),
        (deep(34), "application/json", "malformed"),
        (deep(100_000), "application/json", "malformed"),
        (b'{"a":1,"a":1}', "application/json", "malformed"),
        (b"{}", "text/plain", "unsupported_media_type"),
        (b"{}", "", "unsupported_media_type"),
    ],
)
def test_a_body_that_is_not_ours_to_read_is_refused(plain: Flask, data: bytes, kind: str, code: str) -> None:
    asked = plain.test_request_context(API + "/lots", method="POST", data=data, content_type=kind)
    with asked, pytest.raises(DomainError) as refused:
        json_body()
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b'{"amount_fen":1,"key":"k","amount_fen":2}', "amount_fen"),
        (b'{"a":[{"b":{"c":1,"c":1}}]}', "c"),
        (b'{"a":1,"\\u0061":2}', "a"),
        (b'{"' + b"x" * 500 + b'":1,"' + b"x" * 500 + b'":2}', "x" * 64),
    ],
)
def test_a_key_twice_in_one_object_is_refused_by_its_name(plain: Flask, data: bytes, key: str) -> None:
    asked = plain.test_request_context(API + "/lots", method="POST", data=data, content_type="application/json")
    with asked, pytest.raises(DomainError) as refused:
        json_body()
    assert (refused.value.code, refused.value.facts["key"]) == ("malformed", key)
    assert key in sentence("malformed", refused.value.facts, "zh")
    assert [breach.field for breach in refused.value.errors] == [key]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a":{"b":1},"c":{"b":1},"d":[{"b":1},{"b":1}]}', {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}] * 2}),
        (b'{"a":"\\\\u0000"}', {"a": "\\u0000"}),
        (deep(3), [[[]]]),
        (b"[" + b'{"a":[]},' * 50 + b"1]", [{"a": []}] * 50 + [1]),
        (b"", missing),
    ],
)
def test_a_body_is_read_as_it_is(plain: Flask, data: bytes, value: Any) -> None:
    with plain.test_request_context(API + "/lots", method="POST", data=data, content_type="application/json"):
        assert json_body() == value


def test_openapi_describes_every_endpoint_its_refusals_and_who_may_call_it(plain: Flask) -> None:
    answer = plain.test_client().get(API + "/openapi.json")
    spec = answer.get_json()
    assert spec["openapi"] == "3.1.0"
    problem = spec["components"]["responses"]["DEFAULT_ERROR"]["content"]
    assert list(problem) == ["application/problem+json"]
    assert spec["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
    undescribed = []
    for rule in plain.url_map.iter_rules():
        if not rule.rule.startswith(API) or rule.endpoint.startswith("api-docs"):
            continue
        path = _openapi_path(rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            operation = spec["paths"][path][method.lower()]
            open_to_all = POLICY[plain.view_functions[rule.endpoint].policy].roles is None  # type: ignore[attr-defined]
            good = [status for status in operation["responses"] if status.startswith("2")]
            if (
                not operation.get("summary")
                or not good
                or operation["responses"]["default"] != {"$ref": "#/components/responses/DEFAULT_ERROR"}
                or ("security" in operation) == open_to_all
                or (method in ("POST", "PUT", "PATCH") and "requestBody" not in operation)
            ):
                undescribed.append(f"{method} {path}")
    assert undescribed == []
    wanted = set(_refs(spec))
    assert [ref for ref in wanted if not _found(spec, ref)] == []


def _openapi_path(rule: str) -> str:
    parts = rule.split("/")
    return "/".join(f"{{{part.strip('<>').rpartition(':')[2]}}}" if part.startswith("<") else part for part in parts)


def _refs(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for inner in value.values() for ref in _refs(inner)]
    return [ref for inner in value for ref in _refs(inner)] if isinstance(value, list) else []


def _found(spec: Any, ref: str) -> bool:
    for name in ref.removeprefix("#/").split("/"):
        spec = spec.get(name)
        if spec is None:
            return False
    return True


def test_the_sandbox_is_not_there_outside_it(tmp_path: Path) -> None:
    app = made(tmp_path, sandbox=False)
    client = app.test_client()
    for method, path in (("GET", "/sandbox/clock"), ("POST", "/sandbox/clock"), ("POST", "/sandbox/payments/1")):
        answer = client.open(API + path, method=method)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    assert [rule.rule for rule in app.url_map.iter_rules() if "sandbox" in rule.rule] == []


def test_a_problem_speaks_the_language_asked_for(anybody: Caller) -> None:
    chinese = anybody.get("/lots/nosuch")
    english = anybody.get("/lots/nosuch", headers={"Accept-Language": "en"})
    assert (code_of(chinese), code_of(english)) == ("not_found", "not_found")
    assert chinese.get_json()["detail"] == "没有这个对象。"
    assert english.get_json()["detail"] == "Nothing was found here."
    assert json.loads(chinese.data)["type"] == "urn:fapai:problem:not_found"


def test_lists_of_the_house_are_in_the_description(plain: Flask) -> None:
    """What a field may say stands in the interface's own description, where the door itself lets any text in."""
    described = plain.test_client().get(f"{API}/openapi.json").get_json()["components"]["schemas"]
    factors = described["RenegeIn"]["properties"]["malicious_factors"]["items"]["enum"]
    assert sorted(factors) == sorted(load("spc-2016").texts("malicious_factors"))
    assert described["SaleRevocationIn"]["properties"]["ground"]["enum"] == ["winner_barred", *GROUNDS]

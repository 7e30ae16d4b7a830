"""Somebody who calls the interface."""

from collections.abc import Callable, Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.routing.converters import AnyConverter, NumberConverter
from werkzeug.test import TestResponse

from auction.models import Account

API = "/api/v1"


class Caller:
    """A client, signed in where it has a token: paths are below `/api/v1`, bodies are JSON."""

    def __init__(self, client: FlaskClient, token: str | None = None) -> None:
        self._client = client
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> TestResponse:
        """Send one request; `json` None sends no body, other keywords go to the client."""
        headers = {**self.headers, **more.pop("headers", {})}
        if json is not None:
            more["json"] = json
        return self._client.open(API + path, method=method, headers=headers, **more)

    def outside(self, method: str, path: str, **more: Any) -> TestResponse:
        """Send one request to an address anywhere on the site."""
        return self._client.open(path, method=method, headers=self.headers, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.call("POST", path, json, **more)

    def put(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.call("PUT", path, json, **more)


SignIn = Callable[[Account | None], Caller]


def code_of(response: TestResponse) -> str:
    """The code of a problem document, which it must be."""
    assert response.mimetype == "application/problem+json", response.get_data(as_text=True)
    problem = response.get_json()
    assert set(problem) == {"type", "title", "status", "code", "detail", "basis", "errors"}
    assert problem["status"] == response.status_code
    return str(problem["code"])


def fields_of(response: TestResponse) -> dict[str, str]:
    """The fields a problem document complains of, with their codes."""
    code_of(response)
    return {error["field"]: error["code"] for error in response.get_json()["errors"]}


def path_of(rule: Rule, ids: Mapping[str, str], other: str = "1") -> str:
    """A path of a route, its variables filled with `ids` by name; the others with `other`, or what they can be."""
    values: dict[str, Any] = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        if isinstance(converter, NumberConverter):
            values[name] = 1
        elif isinstance(converter, AnyConverter):
            values[name] = sorted(converter.items)[0]
        else:
            values[name] = ids.get(name, other)
    built = rule.build(values)
    assert built is not None
    return built[1]

"""Headers that every response bears, whatever it is: pages, the interface, files, refusals, faults."""

import pytest
from flask import Flask

from tests.web.caller import API, path_of
from web.app import LARGEST

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def wanting(answer: object) -> list[str]:
    """What a response lacks."""
    headers = answer.headers  # type: ignore[attr-defined]
    policy = headers.get("Content-Security-Policy", "")
    lacking = [name for name, value in EVERYWHERE.items() if headers.get(name) != value]
    lacking += [part for part in ("default-src", "object-src 'none'", "frame-ancestors 'none'") if part not in policy]
    lacking += ["inline" for part in ("unsafe-inline", "unsafe-eval") if part in policy]
    return lacking + ["Cache-Control"] * ("Cache-Control" not in headers) + ["Server"] * ("Server" in headers)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_route_answers_with_the_headers(app: Flask) -> None:
    client, wrong, asked = app.test_client(), [], 0
    for rule in app.url_map.iter_rules():
        for method in ("GET", "POST"):
            answer = client.open(path_of(rule, {"filename": "nosuch"}), method=method)
            asked += 1
            if lacking := wanting(answer):
                wrong.append((method, rule.rule, answer.status_code, lacking))
    assert wrong == []
    assert asked > 500
    for answer in (
        client.get("/nosuch"),
        client.get(f"{API}/nosuch"),
        client.get("/static/js/nosuch.js"),
        client.post(f"{API}/sessions", headers={"Content-Length": str(LARGEST + 1)}),
        client.post("/login", headers={"Content-Length": str(LARGEST + 1)}),
    ):
        assert wanting(answer) == [], answer.request.path

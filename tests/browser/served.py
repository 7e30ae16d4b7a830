"""A real `fapai serve` on SQLite in the sandbox, and a court that has announced a lot through the interface."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

PASSWORD = "demo-password"
COURT = "示0101"
CASE = "（2026）示0101执218号"
TITLE = "示例市云溪区望江路 18 号 3 幢 1202 室住宅"
SHANGHAI = ZoneInfo("Asia/Shanghai")
_JUDGES = ("judge1", "judge2", "judge3")


@dataclass
class Site:
    """A running site; `call` speaks to its interface as somebody."""

    address: str
    _tokens: dict[str, str] = field(default_factory=dict)

    def call(self, who: str | None, method: str, path: str, **more: Any) -> Any:
        """One request, which must succeed; answers its JSON."""
        headers = {"Authorization": f"Bearer {self.token(who)}"} if who else {}
        answer = httpx.request(method, f"{self.address}/api/v1{path}", headers=headers, timeout=30, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def token(self, who: str) -> str:
        if who not in self._tokens:
            opened = httpx.post(
                f"{self.address}/api/v1/sessions", json={"username": who, "password": PASSWORD}, timeout=30
            )
            self._tokens[who] = opened.json()["token"]
        return self._tokens[who]

    def now(self) -> datetime:
        """The platform's time."""
        return datetime.fromisoformat(self.call("operator", "GET", "/sandbox/clock")["now"])

    def advance(self, **delta: float) -> None:
        """Move the platform's clock forward; what falls due on the way is done when this answers."""
        seconds = int(timedelta(**delta).total_seconds())
        self.call("operator", "POST", "/sandbox/clock", json={"advance_seconds": seconds})


@contextmanager
def serving(folder: Path) -> Iterator[Site]:
    """Make a database with a court's people, serve it, and stop the server at the end."""
    program = [sys.executable, "-m", "web.cli"]
    environment = {**os.environ, "FAPAI_SANDBOX": "1", "FAPAI_DATA": str(folder), "LANG": "C.UTF-8"}
    environment.pop("FAPAI_DATABASE_URL", None)

    def fapai(*arguments: str, typed: str = "") -> None:
        subprocess.run(
            [*program, *arguments], env=environment, input=typed, text=True, check=True, capture_output=True, timeout=60
        )

    fapai("db", "upgrade")
    fapai("court", "add", COURT, "示例市云溪区人民法院")
    for name in _JUDGES:
        role = ("--role", "judge", "--name", f"示例法官{name[-1]}", "--court", COURT)
        fapai("user", "add", name, *role, "--password-stdin", typed=PASSWORD)
    fapai("user", "add", "operator", "--role", "operator", "--name", "示例运维", "--password-stdin", typed=PASSWORD)
    port = _free_port()
    server = subprocess.Popen(
        [*program, "serve", "--bind", f"127.0.0.1:{port}"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        site = Site(f"http://127.0.0.1:{port}")
        _wait_for(site, server)
        yield site
    finally:
        server.terminate()
        server.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _wait_for(site: Site, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(240):
        assert server.poll() is None, "the server ended"
        try:
            if httpx.get(site.address, timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.25)
    raise AssertionError("the server does not answer")


def announced_lot(site: Site, before: Callable[[str], None] = lambda _lot: None) -> str:
    """Everything a court does up to the announcement; answers the auction's id. Bidding opens in 31 days.

    `before` is called with the lot's id once its sheet is filled, before a round is drafted.
    """
    now = site.now()
    today = now.astimezone(SHANGHAI).date()
    parties = [{"name": "示例银行", "role": "applicant"}, {"name": "示例甲", "role": "debtor"}]
    site.call("judge1", "POST", "/cases", json={"number": CASE, "parties": parties})
    lot = site.call(
        "judge1",
        "POST",
        "/lots",
        json={
            "case_number": CASE,
            "title": TITLE,
            "asset_type": "real_estate",
            "region": "示例市云溪区",
            "address": "望江路 18 号 3 幢 1202 室",
            "attributes": {},
        },
    )["id"]
    price = {
        "method": "agreement",
        "amount_fen": 268_000_000,
        "results": [],
        "steps": [],
        "effective_on": str(today),
        "valid_until": str(today + timedelta(days=300)),
    }
    site.call("judge1", "PUT", f"/lots/{lot}/reference-price", json=price)
    for item in site.call("judge1", "GET", "/disclosure/catalogue?asset_type=real_estate")["items"]:
        _fill(site, lot, item, str(today))
    recipients = [{**party, "status": "received", "at": (now - timedelta(days=6)).isoformat()} for party in parties]
    site.call("judge1", "PUT", f"/lots/{lot}/notices", json={"recipients": recipients})
    before(lot)
    opens = now + timedelta(days=31)
    terms = {
        "round": "first",
        "reserve_price_fen": 214_400_000,
        "increment_fen": 1_000_000,
        "deposit_fen": 22_000_000,
        "opens_at": opens.isoformat(),
        "closes_at": (opens + timedelta(days=1)).isoformat(),
        "balance_days": 10,
        "panel": list(_JUDGES),
    }
    auction: str = site.call("judge1", "POST", f"/lots/{lot}/auctions", json=terms)["id"]
    for judge in _JUDGES[:2]:
        site.call(judge, "POST", f"/auctions/{auction}/votes", json={"approve": True, "reason": "同意"})
    site.call("judge1", "POST", f"/auctions/{auction}/announcement", json={})
    return auction


def _fill(site: Site, lot: str, item: dict[str, Any], today: str) -> None:
    example = item["example"]
    data = dict(example["data"])
    if item["code"] == "statutory_publication":
        data["published_on"] = today
    body = {
        "state": example["state"],
        "statement": example["statement"],
        "data": data,
        "source": "现场笔录",
        "checked_on": today,
        "attachments": [],
    }
    site.call("judge1", "PUT", f"/lots/{lot}/disclosure/items/{item['code']}", json=body)

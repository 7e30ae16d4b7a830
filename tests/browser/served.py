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

from auction.kernel.settings import Settings
from auction.services import accounts
from web.auth import HASHER
from web.wiring import open_house, upgrade

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
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def call(self, who: str | None, method: str, path: str, **more: Any) -> Any:
        """One request, which must succeed; answers its JSON."""
        headers = {"Authorization": f"Bearer {self.token(who)}"} if who else {}
        answer = self.http.request(method, f"{self.address}/api/v1{path}", headers=headers, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def token(self, who: str) -> str:
        if who not in self._tokens:
            opened = self.http.post(f"{self.address}/api/v1/sessions", json={"username": who, "password": PASSWORD})
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
def serving(folder: Path, *, named: bool = False) -> Iterator[Site]:
    """Make a database with a court's people, serve it, and stop the server at the end. `named`: under a public name."""
    environment = {**os.environ, "FAPAI_SANDBOX": "1", "FAPAI_DATA": str(folder), "LANG": "C.UTF-8"}
    environment.pop("FAPAI_DATABASE_URL", None)
    _staff(environment)
    port = _free_port()
    address = f"http://{'localhost' if named else '127.0.0.1'}:{port}"
    if named:
        environment["FAPAI_PUBLIC_URL"] = address
    server = subprocess.Popen(
        [sys.executable, "-m", "web.cli", "serve", "--bind", f"127.0.0.1:{port}"],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    site = Site(address)
    try:
        _wait_for(site, server)
        yield site
    finally:
        site.http.close()
        server.terminate()
        server.wait(timeout=20)


def _staff(environment: dict[str, str]) -> None:
    """The database and its people, written by the services: the command line has its own story."""
    house = open_house(Settings.from_environ(environment))
    upgrade(house)
    house.anchor()
    hashed = HASHER.hash(PASSWORD)
    house.perform(accounts.add_court, COURT, "示例市云溪区人民法院")
    for name in _JUDGES:
        named: dict[str, Any] = {"username": name, "role": "judge", "name": f"示例法官{name[-1]}"}
        house.perform(accounts.create_staff, **named, password_hash=hashed, court=COURT)
    operator: dict[str, Any] = {"username": "operator", "role": "operator", "name": "示例运维", "password_hash": hashed}
    house.perform(accounts.create_staff, **operator, court=None)
    house.engine.dispose()
    house.reader.dispose()


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

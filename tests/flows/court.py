"""A court at work through the doors: its people by the command line, everything else over HTTP."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.factories import a_uscc
from tests.flows.server import PASSWORD, Place, Server

COURT, COURT_NAME = "示0101", "示例市云溪区人民法院"
AGENCY, AGENCY_NAME = a_uscc(701), "示例拍辅服务有限公司"
JUDGES = ("judge1", "judge2", "judge3")
DAY = timedelta(days=1)
#: Yuan in fen, for sums as people say them.
YUAN = 100
SHANGHAI = ZoneInfo("Asia/Shanghai")


def staff(place: Place) -> None:
    """A court, an agency and their people, made on the command line."""
    place.fapai("court", "add", COURT, COURT_NAME)
    place.fapai("agency", "add", AGENCY, AGENCY_NAME)
    for name in JUDGES:
        _account(place, name, "judge", "--court", COURT)
    _account(place, "clerk", "clerk", "--court", COURT)
    _account(place, "operator", "operator")
    _account(place, "regulator", "regulator")
    _account(place, "agency", "agency", "--agency", AGENCY)


def _account(place: Place, username: str, role: str, *belongs: str) -> None:
    arguments = ("--role", role, "--name", f"示例{username}", *belongs, "--password-stdin")
    place.fapai("user", "add", username, *arguments, typed=f"{PASSWORD}\n")


@dataclass
class LotFacts:
    """What a court sells, and for how much; amounts in fen."""

    case: str
    title: str
    asset_type: str
    reference_fen: int
    reserve_fen: int
    increment_fen: int
    deposit_fen: int
    notice: timedelta
    parties: list[dict[str, Any]] = field(
        default_factory=lambda: [{"name": "示例银行", "role": "applicant"}, {"name": "示例甲", "role": "debtor"}]
    )


FLAT = LotFacts(
    "（2026）示0101执218号",
    "望江路18号3幢1202室住宅",
    "real_estate",
    2_680_000 * YUAN,
    2_144_000 * YUAN,
    10_000 * YUAN,
    220_000 * YUAN,
    31 * DAY,
)
CAR = LotFacts(
    "（2026）示0101执305号",
    "示例牌小型轿车一辆",
    "vehicle",
    86_000 * YUAN,
    60_200 * YUAN,
    500 * YUAN,
    6_000 * YUAN,
    16 * DAY,
)


class Court:
    """Three judges and a clerk who bring one lot to its sale; every step is a request."""

    def __init__(self, server: Server, facts: LotFacts) -> None:
        self.server, self.facts = server, facts
        self.lot_id = self.auction_id = ""

    @property
    def auction(self) -> dict[str, Any]:
        """The round as the public sees it."""
        found: dict[str, Any] = self.server.get(f"/auctions/{self.auction_id}")
        return found

    @property
    def today(self) -> str:
        return self.server.now().astimezone(SHANGHAI).date().isoformat()

    def enter(self, case: bool = True) -> None:
        """The case (unless it is there) and the lot."""
        if case:
            self.server.post("judge1", "/cases", {"number": self.facts.case, "parties": self.facts.parties})
        lot = {
            "case_number": self.facts.case,
            "title": self.facts.title,
            "asset_type": self.facts.asset_type,
            "region": "示例市云溪区",
            "address": f"示例市云溪区{self.facts.title}",
            "attributes": {},
        }
        self.lot_id = self.server.post("judge1", "/lots", lot)["id"]

    def price(self) -> None:
        """A reference price by appraisal."""
        today = self.server.now().astimezone(SHANGHAI).date()
        results = [
            {"source": "示例评估有限公司", "amount_fen": self.facts.reference_fen, "reported_on": today.isoformat()}
        ]
        price = {
            "method": "appraisal",
            "amount_fen": self.facts.reference_fen,
            "results": results,
            "effective_on": today.isoformat(),
            "valid_until": (today + 300 * DAY).isoformat(),
            "steps": [{"code": "report_received", "on": today.isoformat(), "detail": "评估报告已送达"}],
        }
        self.server.put("judge1", f"/lots/{self.lot_id}/reference-price", price)

    def fill(self) -> None:
        """The sheet, with the catalogue's own examples."""
        for item in self.server.get(f"/disclosure/catalogue?asset_type={self.facts.asset_type}")["items"]:
            self.write(item["code"], **item["example"])

    def write(
        self, code: str, *, state: str, statement: str, data: dict[str, Any], by: str = "clerk"
    ) -> dict[str, Any]:
        """One item of the sheet."""
        dated = {"published_on": self.today} if code == "statutory_publication" else {}
        body = {
            "state": state,
            "statement": statement,
            "data": data | dated,
            "source": "现场勘查及登记查询",
            "checked_on": self.today,
            "attachments": [],
        }
        written: dict[str, Any] = self.server.put(by, f"/lots/{self.lot_id}/disclosure/items/{code}", body)
        return written

    def notify(self) -> None:
        """Everybody of the case received the notice six days ago."""
        at = (self.server.now() - 6 * DAY).isoformat()
        recipients = [
            {"name": party["name"], "role": party["role"], "status": "received", "at": at, "proof": "送达回证"}
            for party in self.facts.parties
        ]
        self.server.put("clerk", f"/lots/{self.lot_id}/notices", {"recipients": recipients})

    def terms(self, **changes: Any) -> dict[str, Any]:
        """Terms that hold: opening after the notice, a day of bidding."""
        opens_at: datetime = changes.pop("opens_at", self.server.now() + self.facts.notice)
        return {
            "round": "first",
            "reserve_price_fen": self.facts.reserve_fen,
            "increment_fen": self.facts.increment_fen,
            "deposit_fen": self.facts.deposit_fen,
            "opens_at": opens_at.isoformat(),
            "closes_at": (opens_at + changes.pop("window", DAY)).isoformat(),
            "balance_days": 10,
            "panel": list(JUDGES),
        } | changes

    def draft(self, **changes: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.server.post("judge1", f"/lots/{self.lot_id}/auctions", self.terms(**changes))
        self.auction_id = made["id"]
        return made

    def vote(self) -> list[str]:
        """All three judges approve; the status after each vote."""
        vote = {"approve": True, "reason": "合议庭评议一致同意"}
        return [self.server.post(judge, f"/auctions/{self.auction_id}/votes", vote)["status"] for judge in JUDGES]

    def announce(self) -> dict[str, Any]:
        announced: dict[str, Any] = self.server.post("judge1", f"/auctions/{self.auction_id}/announcement", status=200)
        return announced

    def refused_announcement(self) -> list[dict[str, Any]]:
        """Every gap and breach that is told at once."""
        problem = self.server.refused("judge1", f"/auctions/{self.auction_id}/announcement", {}, 422)
        assert problem["code"] == problem["errors"][0]["code"]
        errors: list[dict[str, Any]] = problem["errors"]
        return errors

    def announced(self, *, case: bool = True, **changes: Any) -> str:
        """The whole way; the auction's id."""
        self.enter(case)
        self.price()
        self.fill()
        self.notify()
        self.draft(**changes)
        self.vote()
        self.announce()
        return self.auction_id

    def events(self) -> list[dict[str, Any]]:
        """All of the room's public events."""
        found: list[dict[str, Any]] = []
        while True:
            since = found[-1]["version"] if found else 0
            page = self.server.get(f"/auctions/{self.auction_id}/events?since={since}")
            found += page["items"]
            if not page["more"]:
                return found

    def bids(self) -> list[dict[str, Any]]:
        """All accepted bids."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.server.get(f"/auctions/{self.auction_id}/bids?since_seq={found[-1]['seq'] if found else 0}")
            found += page["items"]
            if not page["more"]:
                return found

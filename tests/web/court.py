"""A court that works through the interface alone: from a case to an announced sale, with the catalogue's examples."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from auction.kernel.clock import iso
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction, Case, JournalRow, Lot, PanelMember
from bidding.models import Registration
from tests.factories import a_court, a_uscc, an_account
from tests.web.caller import Caller, SignIn

CASE = "（2026）苏01执1号"
DAY = timedelta(days=1)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def fine(response: TestResponse, status: int = 200) -> Any:
    """The answer's JSON, which must have this status."""
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_json()


@dataclass
class CourtRoom:
    """Three judges and a clerk of one court, signed in; every step is a request."""

    house: House
    sign_in: SignIn
    asset_type: str = "real_estate"
    judges: list[Caller] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    lot_id: str = ""
    auction_id: str = ""

    def __post_init__(self) -> None:
        def staff(unit: Unit) -> list[Account]:
            a_court(unit)
            judges = [an_account(unit, "judge", display_name=f"法官{n}") for n in "甲乙丙"]
            return [*judges, an_account(unit, "clerk", display_name="书记员"), an_account(unit, "operator")]

        *judges, clerk, operator = self.house.perform(staff)
        self.names = [account.username for account in judges]
        self.judges = [self.sign_in(account) for account in judges]
        self.clerk = self.sign_in(clerk)
        self.operator = self.sign_in(operator)

    @property
    def judge(self) -> Caller:
        return self.judges[0]

    @property
    def now(self) -> datetime:
        return self.house.now()

    def wait(self, span: timedelta) -> None:
        """Let platform time pass; what falls due on the way is done."""
        fine(self.operator.post("/sandbox/clock", {"advance_seconds": int(span.total_seconds())}))

    def enter(self, **parties: Any) -> None:
        case = {
            "number": CASE,
            "parties": [
                {"name": "某银行", "role": "applicant", **parties},
                {"name": "示例甲", "role": "debtor"},
            ],
        }
        fine(self.clerk.post("/cases", case), 201)
        self.lot_id = fine(self.clerk.post("/lots", self.lot_facts()), 201)["id"]

    def lot_facts(self, **changes: Any) -> dict[str, Any]:
        return {
            "case_number": CASE,
            "title": "珠江路88号2幢301室房产",
            "asset_type": self.asset_type,
            "region": "320102",
            "address": "南京市玄武区珠江路88号2幢301室",
            "attributes": {"area_m2": 89.5},
        } | changes

    def price_facts(self, **changes: Any) -> dict[str, Any]:
        return {
            "method": "appraisal",
            "amount_fen": 200_000_000,
            "results": [{"source": "示例评估公司", "amount_fen": 200_000_000, "reported_on": "2026-01-10"}],
            "effective_on": "2026-01-10",
            "valid_until": "2027-01-09",
            "steps": [{"code": "appraisal_asked", "on": "2025-12-01", "detail": "双方同意"}],
        } | changes

    def price(self, **changes: Any) -> None:
        fine(self.judge.put(f"/lots/{self.lot_id}/reference-price", self.price_facts(**changes)))

    def catalogue(self) -> list[dict[str, Any]]:
        found = fine(self.judge.get(f"/disclosure/catalogue?asset_type={self.asset_type}"))
        return list(found["items"])

    def item_facts(self, code: str, **changes: Any) -> dict[str, Any]:
        example = next(item["example"] for item in self.catalogue() if item["code"] == code)
        return {**example, "source": "现场勘查及登记查询", "checked_on": "2026-03-01", "attachments": []} | changes

    def put(self, code: str, by: Caller | None = None, **changes: Any) -> TestResponse:
        return (by or self.clerk).put(f"/lots/{self.lot_id}/disclosure/items/{code}", self.item_facts(code, **changes))

    def fill(self) -> None:
        for item in self.catalogue():
            fine(self.put(item["code"]))

    def notify(self) -> None:
        at = iso(self.now - 5 * DAY)
        recipients = [
            {"name": "某银行", "role": "applicant", "status": "received", "at": at},
            {"name": "示例甲", "role": "debtor", "status": "sent", "at": at, "proof": "邮政回执"},
        ]
        fine(self.clerk.put(f"/lots/{self.lot_id}/notices", {"recipients": recipients}))

    def terms(self, **changes: Any) -> dict[str, Any]:
        opens_at = changes.pop("opens_at", self.now + 40 * DAY)
        return {
            "round": "first",
            "reserve_price_fen": 140_000_000,
            "increment_fen": 500_000,
            "deposit_fen": 14_000_000,
            "opens_at": iso(opens_at),
            "closes_at": iso(opens_at + DAY),
            "balance_days": 10,
            "panel": self.names,
        } | changes

    def draft(self, **changes: Any) -> dict[str, Any]:
        made: dict[str, Any] = fine(self.judge.post(f"/lots/{self.lot_id}/auctions", self.terms(**changes)), 201)
        self.auction_id = made["id"]
        return made

    def vote(self, approve: bool = True) -> str:
        """The first two judges vote; answers the status."""
        status = ""
        for judge in self.judges[:2]:
            vote = {"approve": approve, "reason": "合议庭评议"}
            status = fine(judge.post(f"/auctions/{self.auction_id}/votes", vote), 201)["status"]
        return status

    def announce(self) -> TestResponse:
        return self.judge.post(f"/auctions/{self.auction_id}/announcement")

    def ready(self, **changes: Any) -> None:
        """Everything up to the announcement."""
        self.enter()
        self.price()
        self.fill()
        self.notify()
        self.draft(**changes)
        assert self.vote() == "approved"

    def announced(self, **changes: Any) -> dict[str, Any]:
        """The whole way; answers the auction."""
        self.ready(**changes)
        auction: dict[str, Any] = fine(self.announce())
        return auction


def plan_facts(room: CourtRoom, **changes: Any) -> dict[str, Any]:
    """A plan to clear the lot, by a day 70 days on."""
    due = (room.now + 70 * DAY).date()
    return {
        "owner": "执行法官甲",
        "promised_on": due.isoformat(),
        "steps": [{"what": "张贴限期迁出公告", "on": (due - 40 * DAY).isoformat()}],
        "resources": "法警四名，搬运车两辆",
    } | changes


def calls_of(room: CourtRoom) -> list[tuple[str, str, Any]]:
    """One readable call of everything the court may do."""
    lot, auction = f"/lots/{room.lot_id}", f"/auctions/{room.auction_id}"
    return [
        ("PUT", f"{lot}/reference-price", room.price_facts()),
        ("GET", f"{lot}/reference-price", None),
        ("PUT", f"{lot}/disclosure/items/defects", room.item_facts("defects")),
        ("GET", f"{lot}/disclosure/items/defects", None),
        ("GET", f"{lot}/disclosure/gaps", None),
        ("PUT", f"{lot}/notices", {"recipients": []}),
        ("GET", f"{lot}/notices", None),
        ("PUT", f"{lot}/clearance-plan", plan_facts(room)),
        ("GET", f"{lot}/clearance-plan", None),
        ("POST", f"{lot}/tasks", {"agency": a_uscc(), "kind": "photos", "due_at": iso(room.now)}),
        ("POST", f"{lot}/auctions", room.terms()),
        ("PATCH", auction, {"balance_days": 5}),
        ("GET", f"{auction}/check", None),
        ("POST", f"{auction}/votes", {"approve": True, "reason": "同意"}),
        ("POST", f"{auction}/announcement", None),
        ("POST", f"{auction}/discard", {"reason": "r"}),
        ("POST", f"{auction}/suspension", {"kind": "stay", "reason": "r"}),
        ("POST", f"{auction}/resumption", {"closes_at": iso(room.now + 50 * DAY), "reason": "r"}),
        ("POST", f"{auction}/withdrawal", {"ground": "other", "reason": "r"}),
        ("POST", f"{auction}/ruling", {"qualification": "not_required", "reason": "r"}),
        ("POST", f"{auction}/handover-steps", {"code": "keys", "on": "2026-03-01", "detail": "d"}),
        ("POST", f"{auction}/relist", {"reason": "unsold"}),
        ("GET", f"{auction}/registrations", None),
    ]


def rows(house: House) -> dict[str, int]:
    """How many of everything there are."""
    tables = (Case, Lot, Auction, PanelMember, JournalRow, Registration)
    return house.read(
        lambda session: {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables
        }
    )


def send(caller: Caller, lot_id: str, data: bytes, name: str = "file.pdf", kind: str = "application/pdf") -> Any:
    """Upload a file. The body is put together here: the test client would spool a large one and leave it open."""
    head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    return caller.post(
        f"/lots/{lot_id}/attachments",
        data=head.encode() + data + b"\r\n--edge--\r\n",
        content_type="multipart/form-data; boundary=edge",
    )

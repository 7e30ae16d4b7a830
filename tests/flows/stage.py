"""One court and its people for the stories of single rounds: in-process, every step a request, its end all checked."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from flask import Flask

from auction.kernel.unit import House, Unit
from auction.models import Account
from auction.rules.calendar import shanghai_day
from auction.services import accounts
from bidding.queries import payments as money
from bidding.queries.audit import verify_all
from bidding.rules import ledger
from bidding.rules.registration import UNDERTAKINGS
from tests.factories import a_bidder, a_court, a_resident_id, an_account
from tests.web.caller import Caller
from tests.web.court import CASE, DAY, CourtRoom, fine

#: Who decides on the sale, and who had no part in it.
PANEL, OTHERS = ("judge1", "judge2", "judge3"), ("judge4", "judge5", "judge6")
BIDDERS = ("张三", "赵六")
_OFFICES = ("clerk", "operator", "regulator")
RESERVE, STEP, DEPOSIT = 140_000_000, 500_000, 14_000_000
HOUR = timedelta(hours=1)
_keys = count(1)


@dataclass
class Cast:
    """Who is there and how they come in: it outlives an application, so that stories begin on copies of one house."""

    tokens: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    registrations: dict[tuple[str, str], str] = field(default_factory=dict)
    lot_id: str = ""
    auction_id: str = ""
    parties: list[dict[str, Any]] = field(default_factory=list)


class Stage(CourtRoom):
    """A court's people and bidders by their names. `lot_id` and `auction_id`: what is being sold just now."""

    def __init__(self, app: Flask, house: House, cast: Cast, asset_type: str = "real_estate") -> None:
        self.app, self.cast, self._items = app, cast, list[dict[str, Any]]()
        super().__init__(house, self._sign_in, asset_type, lot_id=cast.lot_id, auction_id=cast.auction_id)

    def __post_init__(self) -> None:
        if not self.cast.tokens:
            roles = [*((name, "judge") for name in (*PANEL, *OTHERS)), *((one, one) for one in _OFFICES)]

            def staff(unit: Unit) -> list[Account]:
                a_court(unit)
                return [an_account(unit, role, username=name, display_name=name) for name, role in roles]

            for account in self.house.perform(staff):
                self._sign_in(account)
        self.names = list(PANEL)
        self.judges = [self.at(name) for name in PANEL]
        self.clerk, self.operator = self.at("clerk"), self.at("operator")

    def _sign_in(self, account: Account | None) -> Caller:
        assert account is not None
        opened = self.house.perform(accounts.open_session, account.id, matches=True, code_holds=lambda _: None)
        assert isinstance(opened, accounts.Opened)
        self.cast.tokens[account.username] = opened.token
        return self.at(account.username)

    def at(self, name: str | None = None) -> Caller:
        """Somebody at the interface; nobody signed in where no name is given."""
        return Caller(self.app.test_client(), self.cast.tokens[name] if name else None)

    @property
    def path(self) -> str:
        return f"/auctions/{self.auction_id}"

    @property
    def auction(self) -> dict[str, Any]:
        """The round as the public sees it."""
        return dict(fine(self.at().get(self.path)))

    # The court

    def enter(self, **parties: Any) -> None:
        """The case, whose creditors have accounts, and the lot."""
        if not self.cast.parties:
            for name in ("李四", "王五"):
                self.enrol(name)
                identity = {"id_type": "resident_id", "id_number": self.cast.numbers[name]}
                self.cast.parties.append({"name": name, "role": "applicant", "claim_fen": RESERVE, **identity})
            self.cast.parties.append({"name": "示例甲", "role": "debtor"})
            fine(self.clerk.post("/cases", {"number": CASE, "parties": self.cast.parties}), 201)
        self.lot_id = fine(self.clerk.post("/lots", self.lot_facts()), 201)["id"]

    def catalogue(self) -> list[dict[str, Any]]:
        """What a sheet has to tell, asked for once."""
        self._items = self._items or super().catalogue()
        return deepcopy(self._items)

    def notify(self, days: int = 6) -> None:
        """Everybody of the case has received the notice so many days ago."""
        at = (self.now - days * DAY).isoformat()
        recipients = [
            {"name": one["name"], "role": one["role"], "status": "received", "at": at, "proof": "送达回证"}
            for one in self.cast.parties
        ]
        fine(self.clerk.put(f"/lots/{self.lot_id}/notices", {"recipients": recipients}))

    def order(self, path: str, body: Any, *, by: str = PANEL[0], status: int = 0) -> Any:
        """Something the court does to the round; done at once unless another status is expected."""
        answer = self.at(by).post(f"{self.path}/{path}", body)
        return fine(answer, status or (201 if answer.status_code == 201 else 200))

    def decided(self, path: str, body: Any, *, by: str = PANEL[0], approved_by: tuple[str, ...] = PANEL[1:2]) -> Any:
        """The same where several have to agree; nothing has happened before the last of them has."""
        proposal = self.order(path, body, by=by, status=202)
        self.approve(proposal, *approved_by)
        return proposal

    def approve(self, proposal: Any, *judges: str) -> None:
        for judge in judges:
            answer = {"approve": True, "reason": "同意"}
            fine(self.at(judge).post(f"/approvals/{proposal['approval_id']}", answer))

    def relist(self, reason: str, **changes: Any) -> dict[str, Any]:
        """Draft the round that follows, have the panel approve and announce it; answers the draft."""
        drafted: dict[str, Any] = self.order("relist", {"reason": reason, **changes}, status=201)
        self.auction_id = drafted["id"]
        self.publish()
        assert self.vote() == "approved"
        fine(self.announce())
        return drafted

    def publish(self) -> None:
        """The statutory publication of an announcement of today."""
        example = self.item_facts("statutory_publication")
        today = shanghai_day(self.now).isoformat()
        published = {**example, "checked_on": today, "data": {**example["data"], "published_on": today}}
        fine(self.clerk.put(f"/lots/{self.lot_id}/disclosure/items/statutory_publication", published))

    def open(self) -> None:
        """Let time pass until an hour after the opening."""
        self.until("opens_at", HOUR)

    def close(self) -> dict[str, Any]:
        """Let time pass until an hour after the end; answers the round."""
        self.until("closes_at", HOUR)
        return self.auction

    def until(self, moment: str, more: timedelta) -> None:
        self.wait(datetime.fromisoformat(self.auction[moment]) + more - self.now)

    # The bidders

    def enrol(self, name: str) -> None:
        """An account with a checked identity, signed in."""
        self.cast.numbers[name] = number = a_resident_id()

        def made(unit: Unit) -> Account:
            return a_bidder(unit, name=name, id_number=number, username=name)

        self._sign_in(self.house.perform(made))

    def application(self, **changes: Any) -> dict[str, Any]:
        return {"capacity": "self", "seal": self.auction["seal"], "undertakings": list(UNDERTAKINGS)} | changes

    def register(self, name: str, **changes: Any) -> str:
        """A registration with its deposit paid; answers its id."""
        if name not in self.cast.tokens:
            self.enrol(name)
        made = fine(self.at(name).post(f"{self.path}/registrations", self.application(**changes)), 201)["id"]
        self.cast.registrations[self.auction_id, name] = made
        self.pay(name, f"/registrations/{made}/deposit")
        assert self.registration(name)["status"] == "qualified"
        return str(made)

    def pay(self, name: str, asked_at: str, body: Any = None) -> int:
        """Ask for money at an address and let it arrive from the person's own account; answers how much."""
        asked = fine(self.at(name).post(asked_at, body), 201)
        notice = {"payer_name": name, "payer_id_number": self.cast.numbers[name], "amount_fen": asked["amount_fen"]}
        paid = fine(self.at(name).post(f"/sandbox/payments/{asked['id']}", {"outcome": "paid", **notice}))
        assert paid["status"] == "paid"
        return int(asked["amount_fen"])

    def bid(self, name: str, amount_fen: int, outcome: str = "accepted", **flags: bool) -> None:
        offer = {"amount_fen": amount_fen, "key": f"k{next(_keys)}", **flags}
        answer = self.at(name).post(f"{self.path}/bids", offer).get_json()
        assert outcome in (answer["outcome"], answer["code"]), answer

    def sold_to(self, name: str, amount_fen: int = RESERVE) -> None:
        """The round opens, this bidder alone bids, and has bought."""
        self.open()
        self.bid(name, amount_fen)
        closed = self.close()
        assert (closed["status"], closed["price_fen"]) == ("sold", amount_fen)

    def registration(self, name: str, auction_id: str = "") -> dict[str, Any]:
        """A registration as its owner sees it."""
        known = self.cast.registrations[auction_id or self.auction_id, name]
        return dict(fine(self.at(name).get(f"/registrations/{known}")))

    def told(self, name: str) -> list[str]:
        """The kinds of messages somebody was given, the earliest first."""
        found = fine(self.at(name).get("/me/messages?page_size=100"))["items"]
        for message in found:
            assert message["title"] and message["text"]
        return [message["kind"] for message in reversed(found)]

    def alerts(self) -> list[str]:
        """The kinds of alerts the regulator has."""
        return [alert["kind"] for alert in fine(self.at("regulator").get("/alerts?page_size=100"))["items"]]

    # The end

    def check_end(self, rounds: list[str], told: dict[str, set[str]], **statuses: str) -> None:
        """What holds at the end of every story.

        `rounds`: the status of each of the lot's rounds; `told`: kinds of messages that people were given, at least;
        `statuses`: of the registrations, by name; of one who took part in several rounds, of all of them in order,
        joined by `+`. Money sums to nothing and is owed to nobody; every chain, signature and row agrees; the lot's
        pages answer in both languages.
        """
        self.wait(HOUR)
        lot = fine(self.at().get(f"/lots/{self.lot_id}"))
        assert [one["status"] for one in lot["auctions"]] == rounds
        standing: dict[str, list[str]] = {}
        for (auction_id, name), _ in self.cast.registrations.items():
            found = self.registration(name, auction_id)
            standing.setdefault(name, []).append(found["status"])
            assert all(refund["refunded_at"] and not refund["overdue"] for refund in found["refunds"])
        assert {name: "+".join(many) for name, many in standing.items()} == statuses
        for name, kinds in told.items():
            assert kinds <= set(self.told(name)), name
        self.check_books()
        report = self.house.read(lambda session: verify_all(session, self.house.vault.public_key))
        assert report.failures == []
        client = self.app.test_client()
        for language in ("zh-CN", "en"):
            for page in (f"/lots/{self.lot_id}", f"/auctions/{lot['auctions'][-1]['id']}/room"):
                answer = client.get(page, headers={"Accept-Language": language}, follow_redirects=True)
                assert answer.status_code == 200, page

    def check_books(self) -> None:
        """The books balance, follow from their movements, and hold nothing that is due to somebody."""
        totals = self.house.read(money.balances)
        assert sum(totals.values()) == 0 and ledger.overdrawn(totals) == []
        assert totals == ledger.check(self.house.read(money.transfers))
        assert not [one for one, fen in totals.items() if fen and one.startswith(("deposit_held:", "refund_due:"))]

    def booked(self, account: str) -> int:
        """What an account holds, over all rounds."""
        totals = self.house.read(money.balances)
        return sum(fen for one, fen in totals.items() if one.partition(":")[0] == account)

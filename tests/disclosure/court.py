"""A court at work, through the services: a lot with everything the law wants before its announcement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Auction, Lot
from auction.rules.access import Actor
from auction.rules.terms import Terms
from auction.services import auctions, lots
from auction.services.locking import lock_round
from auction.services.lots import NoticeFacts, PartyFacts
from disclosure.rules.catalogue import load
from disclosure.services.items import Written, put_item
from disclosure.services.publish import publish
from tests.factories import a_court, an_account, an_actor

DAY = timedelta(days=1)


def called(code: str) -> dict[str, Any]:
    """The example of an item with another telephone: a change that one person may publish."""
    return {"data": {**example_of(code)["data"], "phone": "000-00000009"}}


def example_of(code: str, asset_type: str = "real_estate") -> dict[str, Any]:
    """The catalogue's own example of an item, as the interface takes it."""
    example = load(asset_type).item(code).example
    return {
        "state": example.state,
        "statement": example.statement,
        "data": dict(example.data),
        "source": "现场勘查笔录及登记簿查询",
        "checked_on": "2026-03-01",
        "attachments": [],
    }


@dataclass
class CourtDesk:
    """A judge, a panel of three and one lot; every step through its service, each in its own transaction."""

    house: House
    clock: FixedClock
    asset_type: str = "real_estate"
    panel: list[Actor] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    lot_id: str = ""
    auction_id: str = ""

    def __post_init__(self) -> None:
        def staff(unit: Unit) -> list[tuple[Actor, str]]:
            a_court(unit, "3201")
            accounts = [an_account(unit, "judge", display_name=f"法官{n}") for n in "甲乙丙"]
            return [(an_actor(account), account.username) for account in accounts]

        made = self.house.perform(staff)
        self.panel, self.names = [actor for actor, _ in made], [name for _, name in made]

    @property
    def judge(self) -> Actor:
        return self.panel[0]

    def enter(self) -> None:
        parties = [PartyFacts("某银行", "applicant"), PartyFacts("示例甲", "debtor")]
        self.house.perform(lots.create_case, self.judge, "（2026）苏01执1号", parties)
        lot = self.house.perform(
            lots.create_lot,
            self.judge,
            case_number="（2026）苏01执1号",
            title="珠江路88号2幢301室房产",
            asset_type=self.asset_type,
            region="320102",
            address="南京市玄武区珠江路88号2幢301室",
            attributes={},
        )
        self.lot_id = lot.id

    def price(self, amount_fen: int = 200_000_000) -> None:
        self.house.perform(
            lots.set_reference_price,
            self.judge,
            self.lot_id,
            method="appraisal",
            amount_fen=amount_fen,
            results=[{"source": "示例评估公司", "amount_fen": amount_fen, "reported_on": "2026-01-10"}],
            steps=[],
            effective_on=date(2026, 1, 10),
            valid_until=date(2027, 1, 9),
        )

    def put(self, code: str, **changes: Any) -> Written:
        payload = example_of(code, self.asset_type) | changes
        return self.house.perform(put_item, self.judge, self.lot_id, code, payload)

    def fill(self, but: Sequence[str] = ()) -> None:
        for item in load(self.asset_type).items:
            if item.code not in but:
                self.put(item.code)

    def notify(self, days_ago: int = 5) -> None:
        at = self.house.now() - days_ago * DAY
        told = [NoticeFacts("某银行", "applicant", "received", at), NoticeFacts("示例甲", "debtor", "received", at)]
        self.house.perform(lots.put_notices, self.judge, self.lot_id, told)

    def draft(self, **changes: Any) -> str:
        opens_at = self.house.now() + 40 * DAY
        values: dict[str, Any] = {
            "round": "first",
            "reserve_price_fen": 140_000_000,
            "increment_fen": 500_000,
            "deposit_fen": 14_000_000,
            "opens_at": opens_at,
            "closes_at": opens_at + DAY,
            "balance_days": 10,
        }

        def create(unit: Unit) -> Auction:
            lot = lots.lock_lot(unit, self.judge, self.lot_id)
            terms = Terms(**(values | changes))
            return auctions.create_auction(unit, self.judge, lot, terms, self.names)

        self.auction_id = self.house.perform(create).id
        return self.auction_id

    def change(self, **changes: Any) -> None:
        def act(unit: Unit) -> None:
            auction = lock_round(unit, self.judge, self.auction_id, "auction.create")
            auctions.change_terms(unit, self.judge, auction, changes, None)

        self.house.perform(act)

    def cast(self, number: int, approve: bool = True) -> str:
        """One member's vote; answers the status."""
        actor = self.panel[number]

        def act(unit: Unit) -> str:
            auction = lock_round(unit, actor, self.auction_id, "auction.vote")
            return auctions.vote(unit, actor, auction, approve=approve, reason="合议").status

        return self.house.perform(act)

    def vote(self, *votes: bool) -> str:
        """The first members vote, in order; answers the status."""
        return [self.cast(number, approve) for number, approve in enumerate(votes)][-1]

    def publish(self, actor: Actor | None = None) -> Auction:
        return self.house.perform(publish, actor or self.judge, self.auction_id)

    def ready(self, **terms: Any) -> None:
        """Everything up to the announcement, which is the next step."""
        self.enter()
        self.price()
        self.fill()
        self.notify()
        self.draft(**terms)
        assert self.vote(True, True) == "approved"

    def refused(self) -> DomainError:
        """The refusal of announcing now; fails when it is not refused."""
        try:
            self.publish()
        except DomainError as error:
            return error
        raise AssertionError("it was announced")

    def lot(self) -> Lot:
        return self.house.read(lambda session: session.get_one(Lot, self.lot_id))

    def auction(self) -> Auction:
        return self.house.read(lambda session: session.get_one(Auction, self.auction_id))


def codes(error: DomainError) -> list[str]:
    return [breach.code for breach in error.errors]


def facts_of(error: DomainError, code: str) -> list[Mapping[str, Any]]:
    return [breach.facts for breach in error.errors if breach.code == code]

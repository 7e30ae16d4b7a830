"""A demonstration: a fictional court, people and lots in the sandbox, made by the real services at past times.

Nothing is written past the rules: every lot was disclosed, voted on and announced, every bidder registered and paid, in
the order and at the times the law wants. One sale runs live; simulated bidders take part in it.
"""

import os
import random
import sys
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import gevent
from sqlalchemy import select

from auction.kernel.clock import SHANGHAI
from auction.kernel.settings import Settings
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction
from auction.rules.access import COURT_ROLES, Actor
from auction.services import accounts, lots
from auction.services import auctions as rounds
from auction.services.log import seal
from bidding.queries.rooms import room_of
from bidding.rules.payment import PaymentNotice
from bidding.rules.registration import PURCHASE_UNDERTAKING, UNDERTAKINGS, Application
from bidding.rules.room import least_bid
from bidding.services.bids import BidOffer, place_bids
from bidding.services.closing import close
from bidding.services.interest import give_task
from bidding.services.life import open_due
from bidding.services.payments import receive_notice, request_deposit
from bidding.services.registration import register
from disclosure.rules.catalogue import load
from disclosure.services.clearance import put_plan
from disclosure.services.items import put_item
from disclosure.services.publish import publish
from disclosure.services.questions import answer_question, ask_question
from disclosure.services.reports import report
from disclosure.services.viewings import book_viewing, offer_viewing
from risk.services.valuation import set_reference_price

from .auth import HASHER
from .gateway import SandboxGateway
from .serve import Serving, gevent_house
from .wiring import upgrade

PASSWORD = "fapai-demo"  # noqa: S105 - printed on the screen; the sandbox holds nothing of value
COURT = ("SL01", "示例市云溪区人民法院")
AGENCY = ("91320100000000003E", "示例拍卖辅助服务有限公司")
#: The first three judges sit on every panel; the others decide on what is said against it (own_act) or sit anew.
PANEL = ("judge1", "judge2", "judge3")
STAFF = (
    ("judge1", "judge", "示例法官甲"),
    ("judge2", "judge", "示例法官乙"),
    ("judge3", "judge", "示例法官丙"),
    ("judge4", "judge", "示例法官丁"),
    ("judge5", "judge", "示例法官戊"),
    ("judge6", "judge", "示例法官己"),
    ("clerk", "clerk", "示例书记员"),
    ("president", "president", "示例院长"),
    ("regulator", "regulator", "示例监督员"),
    ("operator", "operator", "示例运维员"),
    ("agency", "agency", "示例带看员"),
)
#: Fictional people; the numbers hold by form and check character only. Two of them give one telephone number, which the
#: regulator is told of once their auction has ended.
BIDDERS = (
    ("bidder", "示例竞买人", "110101199003070134", "+86 138 0000 0000"),
    ("bot1", "示例甲", "11010119850512031X", "+86 138 0000 0001"),
    ("bot2", "示例乙", "110101197811230520", "+86 138 0000 0001"),
    ("bot3", "示例丙", "110101199201010749", "+86 138 0000 0003"),
)
PARTIES = (
    lots.PartyFacts("示例银行股份有限公司", "applicant"),
    lots.PartyFacts("示例被执行人", "debtor"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A lot of the demonstration. Money in yuan. `occupied`: a family lives there, whom the court plans to move out."""

    case: str
    title: str
    asset_type: str
    address: str
    reference: int
    reserve: int
    increment: int
    deposit: int
    occupied: bool = False
    place: tuple[float, float] | None = None


FLAT = Sample(
    "（2026）示0101执218号", "望江路18号3幢1202室住宅", "real_estate", "示例市云溪区望江路18号",
    2_680_000, 2_146_000, 10_000, 220_000, place=(30.58, 114.29),
)  # fmt: skip
CAR = Sample(
    "（2026）示0101执305号", "示例牌小型轿车一辆", "vehicle", "示例市云溪区示例停车场",
    86_000, 60_200, 500, 6_000,
)  # fmt: skip
SHOP = Sample(
    "（2026）示0101执322号", "滨河东路66号1层商铺", "real_estate", "示例市云溪区滨河东路66号",
    1_930_000, 1_360_000, 8_000, 150_000, place=(30.61, 114.33),
)  # fmt: skip
HOUSE = Sample(
    "（2026）示0101执340号", "南湖巷7号5幢301室住宅", "real_estate", "示例市云溪区南湖巷7号",
    1_520_000, 1_064_000, 5_000, 110_000, occupied=True, place=(30.52, 114.35),
)  # fmt: skip


def _family(due: date) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """What the sheet says of a home in which the debtor's family still lives: statement and fields, by item."""
    there = {
        "occupied": True,
        "occupant": "示例被执行人及家人",
        "since": "2016-03-01",
        "right": "owner",
        "residents": 4,
    }
    people = {"attitude": "undecided", "sole_home": "yes", "low_income": False, "elderly": 1, "children": 1, "ill": 0}
    promise = {
        "responsible": "示例法官甲",
        "due_on": str(due),
        "plan": "公告限期迁出，逾期强制腾空",
        "stage": "notified",
    }
    return {
        "possession": ("示例被执行人及家人自2016年3月起自住，主张所有权。", there),
        "occupants": ("占有人为示例被执行人及其家人，正在协商迁出。", {**people, "attention": "none"}),
        "contents": ("室内有一般家具和生活用品，未发现危险物品。", {"belongings": "few", "hazardous": False}),
        "household_registration": ("标的地址登记户口四人。", {"persons": 4}),
        "clearance": ("由本院负责腾空。", promise),
    }


class Stage:
    """Plays the court and the bidders, each act at its own time."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.actors: dict[str, Actor] = {}

    def people(self, at: datetime) -> None:
        """Court, agency, staff and bidders; one password for all."""
        house, hashed = self.house, HASHER.hash(PASSWORD)
        house.perform_at(at, accounts.add_court, *COURT)
        house.perform_at(at, accounts.add_agency, *AGENCY)
        for username, role, name in STAFF:
            court = COURT[0] if role in COURT_ROLES else None
            agency = AGENCY[0] if role == "agency" else None
            account = house.perform_at(
                at,
                accounts.create_staff,
                username=username,
                role=role,
                name=name,
                password_hash=hashed,
                court=court,
                agency=agency,
            )
            self.actors[username] = account.actor
        for username, name, number, phone in BIDDERS:
            facts = accounts.BidderFacts(username, name, "resident_id", number, phone)
            self.actors[username] = house.perform_at(at, accounts.create_bidder, facts, hashed).actor

    def announce(self, sample: Sample, opens_at: datetime, hours: int, at: datetime) -> str:
        """Enter, disclose, vote on and announce a lot at `at`; answers the auction's id."""
        house, judge = self.house, self.actors["judge1"]
        early = at - timedelta(days=9)
        house.perform_at(early, lots.create_case, judge, sample.case, PARTIES, early - timedelta(days=60))
        lot = house.perform_at(
            early,
            lots.create_lot,
            judge,
            case_number=sample.case,
            title=sample.title,
            asset_type=sample.asset_type,
            region="示例市云溪区",
            address=sample.address,
            attributes=dict(zip(("latitude", "longitude"), sample.place or (), strict=False)),
        )
        self._facts(sample, lot.id, early, opens_at.astimezone(SHANGHAI).date() + timedelta(days=30))
        auction = house.perform_at(
            at - timedelta(hours=3), self._draft, judge, lot.id, sample, opens_at, opens_at + timedelta(hours=hours)
        )
        for name in PANEL:
            house.perform_at(at - timedelta(hours=2), self._vote, self.actors[name], auction.id)
        return house.perform_at(at, publish, judge, auction.id).id

    def _facts(self, sample: Sample, lot_id: str, early: datetime, due: date) -> None:
        house, judge, clerk = self.house, self.actors["judge1"], self.actors["clerk"]
        day = early.astimezone(SHANGHAI).date()
        house.perform_at(
            early,
            set_reference_price,
            judge,
            lot_id,
            method="appraisal",
            amount_fen=sample.reference * 100,
            results=[{"source": "示例评估有限公司", "amount_fen": sample.reference * 100, "reported_on": str(day)}],
            steps=[{"code": "report_received", "on": str(day), "detail": ""}],
            effective_on=day,
            valid_until=day + timedelta(days=365),
        )
        told = _family(due) if sample.occupied else {}
        for item in load(sample.asset_type).items:
            if not item.required and item.code not in (*told, "occupants", "contents"):
                continue
            payload = {
                "state": item.example.state,
                "statement": item.example.statement,
                "data": dict(item.example.data),
                "source": "现场调查笔录、登记机关查询结果",
                "checked_on": str(day),
                "attachments": [],
            }
            if item.code in told:
                payload["state"] = "found"
                payload["statement"], payload["data"] = told[item.code]
            house.perform_at(early, put_item, clerk, lot_id, item.code, payload)
        if sample.occupied:
            self._plan(lot_id, early, due)
        notified = [lots.NoticeFacts(party.name, party.role, "received", early, "送达回证") for party in PARTIES]
        house.perform_at(early, lots.put_notices, clerk, lot_id, notified)

    def _plan(self, lot_id: str, early: datetime, due: date) -> None:
        steps = [
            {"what": "张贴限期迁出公告", "on": due - timedelta(days=30)},
            {"what": "落实周转房并协助搬迁", "on": due - timedelta(days=10)},
            {"what": "逾期未迁出的，强制腾空", "on": due},
        ]
        self.house.perform_at(
            early,
            put_plan,
            self.actors["judge1"],
            lot_id,
            owner="示例法官甲",
            promised_on=due,
            steps=steps,
            resources="执行人员六名，搬运车两辆，周转房一套",
        )

    @staticmethod
    def _draft(
        unit: Unit, actor: Actor, lot_id: str, sample: Sample, opens_at: datetime, closes_at: datetime
    ) -> Auction:
        lot = lots.lock_lot(unit, actor, lot_id, "auction.create")
        terms = rounds.TermsFacts(
            round="first",
            reserve_price_fen=sample.reserve * 100,
            increment_fen=sample.increment * 100,
            deposit_fen=sample.deposit * 100,
            opens_at=opens_at,
            closes_at=closes_at,
            balance_days=10,
        )
        return rounds.create_auction(unit, actor, lot, terms, PANEL)

    @staticmethod
    def _vote(unit: Unit, actor: Actor, auction_id: str) -> None:
        rounds.vote(unit, actor, unit.session.get_one(Auction, auction_id), approve=True, reason="同意")

    def show(self, auction_id: str, opens_at: datetime, at: datetime) -> None:
        """Have the agency survey and show a lot on sale: a report that waits, two viewings, an answer, a question."""
        house, agent, bidder = self.house, self.actors["agency"], self.actors["bidder"]
        lot_id = house.read(lambda session: session.get_one(Auction, auction_id)).lot_id
        task = house.perform_at(
            at, give_task, self.actors["clerk"], lot_id, agency=AGENCY[0], kind="viewing", due_at=opens_at
        )
        item = load("real_estate").item("viewing").example
        found = {"code": "viewing", "state": item.state, "statement": item.statement, "data": dict(item.data)}
        found |= {"source": "现场踏勘笔录", "checked_on": str(at.astimezone(SHANGHAI).date())}
        house.perform_at(at, report, agent, task.id, items=[found], note="已到现场核对")
        for days in (3, 2):
            starts_at = opens_at - timedelta(days=days) + timedelta(hours=4)
            times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2)}
            slot = house.perform_at(at, offer_viewing, agent, task.id, **times, places=8).id
        house.perform_at(at, book_viewing, bidder, lot_id, slot)
        asked = house.perform_at(at, ask_question, bidder, lot_id, question="房屋是否带有固定车位？")
        answer = {"answer": "本标的不含车位，见权属一项。", "tells": "nothing_new", "item": "title"}
        answer["reason"] = "权属一项已按登记簿载明全部附属物"
        house.perform_at(at, answer_question, agent, asked.id, **answer)
        house.perform_at(at, ask_question, bidder, lot_id, question="物业费交到哪一月？")

    def join(self, auction_id: str, username: str, at: datetime) -> None:
        """Register a bidder and pay the deposit."""
        house, actor = self.house, self.actors[username]
        sealed = house.read(lambda session: session.get_one(Auction, auction_id).seal) or ""
        application = Application("self", "ordinary", sealed, (*UNDERTAKINGS, PURCHASE_UNDERTAKING))
        registration = house.perform_at(at, register, actor, auction_id, application)
        account = SandboxGateway(house).open_account(house.ids.token())

        def pay(unit: Unit) -> None:
            payment = request_deposit(unit, unit.session.merge(registration), account=account)
            name, number = next((n, i) for u, n, i, _ in BIDDERS if u == username)
            receive_notice(unit, PaymentNotice(unit.new_id(), payment.id, "paid", payment.amount_fen, name, number))

        house.perform_at(at + timedelta(minutes=5), pay)

    def bid(self, auction_id: str, username: str, at: datetime, steps: int = 0) -> None:
        """Offer the least bid and `steps` increments more."""
        auction = self.house.read(lambda session: session.get_one(Auction, auction_id))
        amount = least_bid(room_of(auction)) + steps * auction.increment_fen
        offer = BidOffer(auction_id, self.actors[username].id, amount, f"demo-{at.timestamp()}", at)
        self.house.perform_at(at, place_bids, [offer])


def stage(house: House, now: datetime) -> tuple[Stage, str]:
    """Set the whole demonstration up to `now`; answers the stage and the auction that runs live."""
    play = Stage(house)
    play.people(now - timedelta(days=80))
    hour = timedelta(hours=1)
    sold_at = now - timedelta(days=8)
    sold = play.announce(CAR, sold_at, 24, sold_at - timedelta(days=18))
    for name in ("bot1", "bot2"):
        play.join(sold, name, sold_at - 5 * hour)
    house.perform_at(sold_at, open_due, sold)
    for number, name in enumerate(("bot1", "bot2", "bot1", "bot2")):
        play.bid(sold, name, sold_at + (number + 1) * hour, number % 2)
    house.perform_at(sold_at + 24 * hour, close, sold, settled=True)
    unsold_at = now - timedelta(days=4)
    unsold = play.announce(SHOP, unsold_at, 24, unsold_at - timedelta(days=33))
    house.perform_at(unsold_at, open_due, unsold)
    house.perform_at(unsold_at + 24 * hour, close, unsold, settled=True)
    opens_at = now - timedelta(hours=23, minutes=30)
    live = play.announce(FLAT, opens_at, 24, opens_at - timedelta(days=33))
    for name, *_ in BIDDERS:
        play.join(live, name, opens_at - 20 * hour)
    house.perform_at(opens_at, open_due, live)
    for number, name in enumerate(("bot1", "bot3", "bot2", "bot1", "bot2", "bot3")):
        play.bid(live, name, opens_at + (3 * number + 2) * hour, number % 3)
    soon = (now + timedelta(days=6)).astimezone(SHANGHAI).replace(hour=10, minute=0, second=0, microsecond=0)
    coming = play.announce(HOUSE, soon, 24, soon - timedelta(days=33))
    play.show(coming, soon, now - timedelta(minutes=5))
    while house.perform(seal):
        pass
    return play, live


def _bots(serving: Serving, play: Stage, auction_id: str) -> None:
    """Simulated bidders: one of them raises every half minute or so, until the price is where they stop."""
    rng = random.Random()  # noqa: S311 - simulated bidders hold no secrets
    ceiling = FLAT.reference * 115
    while True:
        gevent.sleep(rng.uniform(15, 45))
        auction = serving.house.read(lambda session: session.get_one(Auction, auction_id))
        if auction.status != "open":
            return
        least = least_bid(room_of(auction))
        rivals = serving.house.read(_rivals, [f"bot{n}" for n in (1, 2, 3)])
        leader = auction.leader_registration_id
        free = [account for account, registrations in rivals.items() if leader not in registrations]
        if least <= ceiling and free:
            serving.desk.submit(auction_id, rng.choice(free), least, f"bot-{serving.house.ids.token()}")


def _rivals(session: Any, names: list[str]) -> dict[str, set[str]]:
    from bidding.models import Registration

    rows = session.execute(
        select(Account.id, Registration.id)
        .join(Registration, Registration.account_id == Account.id)
        .where(Account.username.in_(names))
    )
    found: dict[str, set[str]] = {}
    for account, registration in rows:
        found.setdefault(account, set()).add(registration)
    return found


def run(port: int, data: Path | None, *, bots: bool) -> None:
    """Make the demonstration and serve it until it is stopped."""
    keeping = nullcontext(str(data)) if data else tempfile.TemporaryDirectory(prefix="fapai-demo-")
    with keeping as folder:
        environ = {"FAPAI_DATA": folder, "FAPAI_SANDBOX": "1", "FAPAI_TIMEZONE": os.environ.get("FAPAI_TIMEZONE", "")}
        house = gevent_house(Settings.from_environ(environ))
        upgrade(house)
        if house.read(lambda session: session.scalar(select(Account.id).limit(1))) is None:
            play, live = stage(house, house.now())
        else:
            play, live = Stage(house), ""
        serving = Serving(house)
        if bots and live:
            gevent.spawn(_bots, serving, play, live)
        try:
            serving.run(f"127.0.0.1:{port}", ready=lambda: _greet(port, live))
        except OSError as error:
            click.echo(f"127.0.0.1:{port}: {error.strerror}", err=True)
            sys.exit(1)


def _greet(port: int, live: str) -> None:
    base = f"http://127.0.0.1:{port}"
    click.echo(f"法拍演示 / Fapai demo: {base}/")
    if live:
        click.echo(f"  竞价中 / live sale:   {base}/auctions/{live}/room")
    click.echo(f"  竞买人 / bidder:      bidder, bot1, bot2, bot3   密码 / password: {PASSWORD}")
    click.echo(f"  法院   / court:       judge1 … judge6, clerk, president   {PASSWORD}")
    click.echo(f"  其他   / others:      regulator, operator, agency   {PASSWORD}")
    click.echo("  Ctrl-C 结束 / stops it. 沙箱：支付为模拟，不得用于实际拍卖。")

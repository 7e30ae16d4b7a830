"""Plays the court, the agency and the bidders of the demonstration through the real services, each act at its time."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from auction.kernel.clock import SHANGHAI
from auction.kernel.unit import House, Unit
from auction.models import Auction
from auction.rules.access import COURT_ROLES, Actor
from auction.rules.lot import Round
from auction.rules.terms import Terms
from auction.services import accounts, lots
from auction.services import auctions as rounds
from auction.services.log import seal
from bidding.queries.payments import due_refunds
from bidding.queries.rooms import room_of
from bidding.rules.payment import PaymentNotice
from bidding.rules.registration import PURCHASE_UNDERTAKING, UNDERTAKINGS, Application
from bidding.rules.room import least_bid
from bidding.services.bids import BidOffer, place_bids
from bidding.services.closing import close
from bidding.services.interest import give_task
from bidding.services.life import open_due, suspend
from bidding.services.payments import receive_notice, refund_executed, request_deposit
from bidding.services.registration import register
from bidding.services.relist import relist
from disclosure.rules.catalogue import load
from disclosure.services.attachments import CleanFile, clean_file, put_file
from disclosure.services.clearance import put_plan
from disclosure.services.items import put_item
from disclosure.services.publish import publish
from disclosure.services.questions import answer_question, ask_question
from disclosure.services.reports import report
from disclosure.services.viewings import book_viewing, offer_viewing
from risk.services.valuation import set_reference_price

from ..auth import HASHER
from ..gateway import SandboxGateway, simulated_receipt
from .people import AGENCY, APPRAISER, BIDDERS, COURT, PANEL, PARTIES, PASSWORD, STAFF
from .pictures import drawing
from .samples import Sample, filled, report_pdf, samples

Files = Mapping[str, CleanFile]

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
#: Between the entry of a lot and its announcement.
_BEFORE = timedelta(days=9)


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

    def announce(self, sample: Sample, opens_at: datetime, at: datetime) -> str:
        """Enter, disclose, vote on and announce a lot at `at`, for a day of bidding; answers the auction's id."""
        house, judge = self.house, self.actors["judge1"]
        early = at - _BEFORE
        house.perform_at(
            early - timedelta(minutes=20), lots.create_case, judge, sample.case, PARTIES, early - timedelta(days=60)
        )
        lot = house.perform_at(
            early - timedelta(minutes=20),
            lots.create_lot,
            judge,
            case_number=sample.case,
            title=sample.title,
            asset_type=sample.asset_type,
            region="示例市云溪区",
            address=sample.address,
            attributes=dict(sample.attributes) | dict(zip(("latitude", "longitude"), sample.place, strict=True)),
        )
        house.perform_at(early, self._disclose, sample, lot.id, self._keep(sample, lot.id, early), opens_at)
        auction = house.perform_at(at - 3 * _HOUR, self._draft, judge, lot.id, sample, opens_at)
        return self._agree(auction.id, at)

    def again(self, auction_id: str, sample: Sample, at: datetime) -> Auction:
        """Announce the next round of a lot that found no buyer; answers the round."""
        judge = self.actors["judge1"]
        draft = self.house.perform_at(at - 4 * _HOUR, relist, judge, auction_id, reason="unsold")
        early = at - 3 * _HOUR
        words: dict[str, str | date] = {"announced": str(_day(at)), "day": _day(early)}
        self.house.perform_at(early, self._put, draft.lot_id, sample, "statutory_publication", words, {})
        self._agree(draft.id, at)
        return self.house.read(lambda session: session.get_one(Auction, draft.id))

    def _agree(self, auction_id: str, at: datetime) -> str:
        for name in PANEL:
            self.house.perform_at(at - 2 * _HOUR, self._vote, self.actors[name], auction_id)
        return self.house.perform_at(at, publish, self.actors["judge1"], auction_id).id

    def _keep(self, sample: Sample, lot_id: str, early: datetime) -> dict[str, str]:
        """Keep a lot's files, a minute apart: they are shown in the order in which they came. Answers ids by name."""
        kept = {}
        for number, (name, file) in enumerate(_files(sample, _day(early)).items()):
            at = early - timedelta(minutes=10 - number)
            kept[name] = self.house.perform_at(at, put_file, self.actors["clerk"], lot_id, file).id
        return kept

    def _disclose(self, unit: Unit, sample: Sample, lot_id: str, kept: Mapping[str, str], opens_at: datetime) -> None:
        """Reference price, sheet, plan and notices of a lot, all on the day of the unit; `kept`: its files by name."""
        judge, clerk, day = self.actors["judge1"], self.actors["clerk"], _day(unit.now)
        set_reference_price(
            unit,
            judge,
            lot_id,
            method="appraisal",
            amount_fen=sample.reference * 100,
            results=[{"source": APPRAISER, "amount_fen": sample.reference * 100, "reported_on": str(day)}],
            steps=[{"code": "report_received", "on": str(day), "detail": f"{sample.report_number}（示例）"}],
            effective_on=day,
            valid_until=day + timedelta(days=365),
        )
        due = _day(opens_at) + timedelta(days=30)
        words: dict[str, str | date] = {"day": day, "due": str(due), "announced": str(_day(unit.now + _BEFORE))}
        words |= {"report": f"{sample.report_number}评估报告（示例）", "address": sample.address}
        for item in load(sample.asset_type).items:
            if item.required or item.code in sample.items:
                self._put(unit, lot_id, sample, item.code, words, kept)
        if sample.occupied:
            self._plan(unit, lot_id, due)
        notified = [lots.NoticeFacts(party.name, party.role, "received", unit.now, "送达回证") for party in PARTIES]
        lots.put_notices(unit, clerk, lot_id, notified)

    def _put(
        self, unit: Unit, lot_id: str, sample: Sample, code: str, words: Mapping[str, str | date],
        kept: Mapping[str, str],
    ) -> None:  # fmt: skip
        example, told = load(sample.asset_type).item(code).example, sample.items.get(code, {})
        payload = {
            "state": told.get("state", example.state),
            "statement": filled(told.get("statement", example.statement), words),
            "data": filled(dict(told.get("data", example.data)), words),
            "source": "现场调查笔录、登记机关查询结果",
            "checked_on": str(words["day"]),
            "attachments": [kept[name] for name in told.get("files", ())],
        }
        put_item(unit, self.actors["clerk"], lot_id, code, payload)

    def _plan(self, unit: Unit, lot_id: str, due: date) -> None:
        steps = [
            {"what": "张贴限期迁出公告", "on": due - timedelta(days=30)},
            {"what": "落实周转房并协助搬迁", "on": due - timedelta(days=10)},
            {"what": "逾期未迁出的，强制腾空", "on": due},
        ]
        put_plan(
            unit,
            self.actors["judge1"],
            lot_id,
            owner="示例法官甲",
            promised_on=due,
            steps=steps,
            resources="执行人员六名，搬运车两辆，周转房一套",
        )

    @staticmethod
    def _draft(unit: Unit, actor: Actor, lot_id: str, sample: Sample, opens_at: datetime) -> Auction:
        lot = lots.lock_lot(unit, actor, lot_id, "auction.create")
        terms = Terms(
            round=Round.FIRST,
            reserve_price_fen=sample.reserve * 100,
            increment_fen=sample.increment * 100,
            deposit_fen=sample.deposit * 100,
            opens_at=opens_at,
            closes_at=opens_at + _DAY,
            balance_days=10,
        )
        return rounds.create_auction(unit, actor, lot, terms, list(PANEL))

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
        found |= {"source": "现场踏勘笔录", "checked_on": str(_day(at))}
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

    def end(self, auction_id: str, at: datetime) -> None:
        """Close a sale, and have the losers' deposits sent back two hours later."""
        self.house.perform_at(at, close, auction_id, settled=True)
        for order in self.house.read(due_refunds, at):
            proof = simulated_receipt(order)
            self.house.perform_at(at + 2 * _HOUR, refund_executed, order.payment_id, receipt_sha256=proof)


def _files(sample: Sample, day: date) -> Files:
    """A lot's drawings and its report, by name."""
    made = {name: (drawing(name), f"{title}（示例图）.jpg") for name, title in sample.pictures}
    made["report"] = report_pdf(sample, COURT[1], day), "评估报告（示例）.pdf"
    return {name: clean_file(data, filename) for name, (data, filename) in made.items()}


def stage(house: House, now: datetime) -> tuple[Stage, str]:
    """Set the whole demonstration up to `now`; answers the stage and the auction that runs live."""
    play, told = Stage(house), samples()
    play.people(now - timedelta(days=130))
    _unsold_twice(play, told["shop"], now)
    _sold(play, told["car"], now - 8 * _DAY)
    _suspended(play, told["lathe"], now - 20 * _HOUR)
    live = _running(play, told["flat"], now - timedelta(hours=23, minutes=30))
    _waiting(play, told["office"], now - 5 * _HOUR, 2)
    _waiting(play, told["garden_flat"], now - 2 * _HOUR, 0)
    soon = _at_ten(now + 6 * _DAY)
    play.show(play.announce(told["house"], soon, soon - 33 * _DAY), soon, now - timedelta(minutes=5))
    while house.perform(seal):
        pass
    return play, live


def _sold(play: Stage, sample: Sample, opens_at: datetime) -> None:
    auction = play.announce(sample, opens_at, opens_at - 18 * _DAY)
    for name in ("bot1", "bot2"):
        play.join(auction, name, opens_at - 5 * _HOUR)
    play.house.perform_at(opens_at, open_due, auction)
    for number, name in enumerate(("bot1", "bot2", "bot1", "bot2")):
        play.bid(auction, name, opens_at + (number + 1) * _HOUR, number % 2)
    play.end(auction, opens_at + _DAY)


def _unsold_twice(play: Stage, sample: Sample, now: datetime) -> None:
    """A first round a month and a half ago, and a second that has just ended; nobody bid."""
    opens_at = now - 34 * _DAY
    first = play.announce(sample, opens_at, opens_at - 33 * _DAY)
    play.house.perform_at(opens_at, open_due, first)
    play.end(first, opens_at + _DAY)
    second = play.again(first, sample, now - 21 * _DAY)
    play.house.perform_at(second.opens_at, open_due, second.id)
    play.end(second.id, second.closes_at)


def _suspended(play: Stage, sample: Sample, opens_at: datetime) -> None:
    auction = play.announce(sample, opens_at, opens_at - 18 * _DAY)
    for name in ("bot2", "bot3"):
        play.join(auction, name, opens_at - 5 * _HOUR)
    play.house.perform_at(opens_at, open_due, auction)
    for number, name in enumerate(("bot2", "bot3")):
        play.bid(auction, name, opens_at + (number + 1) * _HOUR, number)
    reason = "案外人对标的权属提出书面异议，审查期间停止拍卖。"
    play.house.perform_at(opens_at + 6 * _HOUR, suspend, play.actors["judge1"], auction, kind="stay", reason=reason)


def _waiting(play: Stage, sample: Sample, opens_at: datetime, bids: int) -> None:
    """A sale that ends tomorrow, which nobody or few have found."""
    auction = play.announce(sample, opens_at, opens_at - 33 * _DAY)
    names = ("bot1", "bot3")[:bids]
    for name in names:
        play.join(auction, name, opens_at - 5 * _HOUR)
    play.house.perform_at(opens_at, open_due, auction)
    for number, name in enumerate(names):
        play.bid(auction, name, opens_at + (number + 1) * _HOUR, number)


def _running(play: Stage, sample: Sample, opens_at: datetime) -> str:
    auction = play.announce(sample, opens_at, opens_at - 33 * _DAY)
    for name, *_ in BIDDERS:
        play.join(auction, name, opens_at - 20 * _HOUR)
    play.house.perform_at(opens_at, open_due, auction)
    for number, name in enumerate(("bot1", "bot3", "bot2", "bot1", "bot2", "bot3")):
        play.bid(auction, name, opens_at + (3 * number + 2) * _HOUR, number % 3)
    return auction


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _at_ten(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI).replace(hour=10, minute=0, second=0, microsecond=0)

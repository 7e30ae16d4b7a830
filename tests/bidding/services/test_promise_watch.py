"""A promised day of clearance that passes: the regulators and whoever waits for the lot are told, once."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from auction.kernel.unit import Unit
from auction.models import Auction, Taking
from auction.rules.access import Actor
from auction.rules.calendar import midnight
from bidding.models import Payment, Registration
from bidding.queries.due import due_acts
from bidding.rules.payment import PaymentNotice
from bidding.services import payments
from bidding.services.closing import close
from bidding.services.handover import record_handover
from bidding.services.promise_watch import await_promise, watch_promise
from bidding.services.settlement import balance_confirmed
from disclosure.rules.sheet import Sheet
from disclosure.services.sealing import seal_facts
from risk.models import Alert
from tests.bidding.hall import RESERVE, Hall
from tests.bidding.services.test_clearing import THERE, item
from tests.bidding.services.unsold import Unsold, an_unsold_lot
from tests.factories import an_account, an_actor

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
PROMISE = date(2026, 4, 20)
PROMISED = item("clearance", responsible="法官甲", due_on=PROMISE.isoformat(), plan="限期迁出")


class Waiting:
    """A lot that somebody lives in, promised to be cleared, and paid for by a buyer or given to a creditor."""

    def __init__(self, hall: Hall, auction_id: str, judge: Actor) -> None:
        self.hall, self.auction_id, self.judge = hall, auction_id, judge

    def look(self) -> None:
        """What the scheduler does."""
        for due in self.hall.house.read(due_acts, self.hall.clock.moment):
            if (due.act, due.subject_id) == ("promise", self.auction_id):
                self.hall.house.perform(watch_promise, self.auction_id)

    def alerts(self) -> list[str]:
        wanted = select(Alert).where(Alert.kind == "clearance_overdue", Alert.auction_id == self.auction_id)
        rows = self.hall.house.read(lambda session: list(session.scalars(wanted)))
        return [str(row.reasons[0]["facts"]["due_on"]) for row in rows]

    def told(self) -> list[str]:
        streams = (f"auction:{self.auction_id}", f"lot:{self.hall.row(self.auction_id).lot_id}")
        kinds = [row.kind for stream in streams for row in self.hall.journal(stream)]
        return [kind for kind in kinds if kind.endswith("ClearanceOverdue")]

    def step(self, code: str) -> None:
        day = {"on": date(2026, 4, 20), "detail": "见笔录"}
        self.hall.house.perform(record_handover, self.judge, self.auction_id, code=code, **day)


def occupy(hall: Hall, auction_id: str) -> None:
    def seal(unit: Unit) -> None:
        auction = unit.session.get_one(Auction, auction_id)
        auction.seal = seal_facts(unit, auction.lot, Sheet((THERE, PROMISED)), (), material=False).seal

    hall.house.perform(seal)


def a_sale(hall: Hall) -> Waiting:
    auction_id = hall.auction(status="open")
    occupy(hall, auction_id)
    buyer = hall.bidder(auction_id)
    assert hall.bid(buyer, RESERVE).outcome == "accepted"
    hall.clock.moment = hall.row(auction_id).closes_at
    assert hall.house.perform(close, auction_id, settled=True) == "sold"

    def ask(unit: Unit) -> Payment:
        auction = unit.session.get_one(Auction, auction_id)
        registration = unit.session.get_one(Registration, buyer.registration_id)
        return payments.request_balance(unit, auction, registration, account="6222")

    asked = hall.house.perform(ask)
    notice = PaymentNotice(f"{asked.id}-1", asked.id, "paid", asked.amount_fen, "张三", buyer.id_number)
    hall.house.perform(payments.receive_notice, notice, on_balance=balance_confirmed)
    assert hall.row(auction_id).settlement == "paid"
    judge = hall.house.perform(lambda unit: an_actor(an_account(unit, "judge")))
    return Waiting(hall, auction_id, judge)


def _award(hall: Hall, claim_fen: int) -> tuple[Unsold, Taking]:
    story = an_unsold_lot(hall, "applicant")
    hall.told.discard(story.auction_id)  # it gets another seal than its entries tell
    occupy(hall, story.auction_id)
    taking = story.award(story.answer(story.creditors[0]), claim_fen)
    return story, taking


def a_taking(hall: Hall) -> Waiting:
    story, taking = _award(hall, RESERVE)
    assert taking.status == "taken"
    return Waiting(hall, story.auction_id, story.judge)


def a_taking_paid_up(hall: Hall) -> Waiting:
    story, taking = _award(hall, RESERVE - 500)
    story.pay(story.creditors[0], taking)
    assert story.taking(taking).status == "taken"
    return Waiting(hall, story.auction_id, story.judge)


Made = Callable[[Hall], Waiting]


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (a_sale, "ClearanceOverdue"),
        (a_taking, "TakingClearanceOverdue"),
        (a_taking_paid_up, "TakingClearanceOverdue"),
    ],
)
def test_after_the_last_second_of_the_day_it_is_told_once(hall: Hall, made: Made, kind: str) -> None:
    case = made(hall)
    for moment, told in (
        (midnight(PROMISE + DAY) - SECOND, 0),
        (midnight(PROMISE + DAY), 1),
        (midnight(PROMISE + 9 * DAY), 1),
    ):
        hall.clock.moment = moment
        case.look()
        assert case.alerts() == [PROMISE.isoformat()] * told
        assert case.told() == [kind] * told


def the_sale_fell(case: Waiting) -> None:
    case.hall.change(case.auction_id, settlement="reneged")


def it_is_owed_again(case: Waiting) -> None:
    case.hall.change(case.auction_id, settlement="balance_due")


def ruled_and(*codes: str) -> Callable[[Waiting], None]:
    def act(case: Waiting) -> None:
        case.hall.change(case.auction_id, settlement="ruled")
        for code in codes:
            case.step(code)

    return act


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (ruled_and("ruling_served"), 1),
        (ruled_and("ruling_served", "cleared"), 0),
        (ruled_and("ruling_served", "cleared", "keys", "handed_over"), 0),
        (the_sale_fell, 0),
        (it_is_owed_again, 0),
    ],
    ids=["served alone", "cleared", "handed over", "reneged on", "owed again"],
)
def test_nobody_is_told_where_nobody_waits(hall: Hall, before: Callable[[Waiting], Any], told: int) -> None:
    case = a_sale(hall)
    hall.clock.moment = midnight(PROMISE) + 10 * SECOND
    before(case)
    hall.clock.moment = midnight(PROMISE + DAY)
    case.look()
    assert (len(case.alerts()), len(case.told())) == (told, told)


def test_a_price_that_comes_after_the_day_is_told_at_once_and_without_a_promise_nothing_is(hall: Hall) -> None:
    case = a_sale(hall)
    hall.clock.moment = midnight(PROMISE + 5 * DAY)
    hall.house.perform(lambda unit: await_promise(unit, unit.session.get_one(Auction, case.auction_id)))
    case.look()
    assert case.alerts() == [PROMISE.isoformat()]
    bare = hall.auction(status="open")
    hall.house.perform(lambda unit: await_promise(unit, unit.session.get_one(Auction, bare)))
    due = [one for one in hall.house.read(due_acts, midnight(PROMISE + 99 * DAY)) if one.act == "promise"]
    assert bare not in {one.subject_id for one in due}

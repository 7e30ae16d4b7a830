"""Two who change the same things from different ends at the same time wait in line: neither is broken off by a ring."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import event, text

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Approval
from auction.services.approvals import vote
from auction.services.locking import lock_auction
from bidding.services import changes, sanctions
from bidding.services.approved import ACTS
from disclosure.services import drafting
from risk.models import Sanction
from risk.rules.alerts import Reason
from risk.rules.sanctions import Measure
from risk.services.alerts import raise_alert
from tests.bidding.reneged import a_reneged_sale
from tests.disclosure.court import CourtDesk, example_of
from tests.factories import an_actor

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
#: How long anything may take before the test gives up on it: a bound against hanging, not a measure.
PATIENCE = 30
LEAKS = {"state": "found", "statement": "屋面渗漏，已拍照。"}
_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


class Crossing:
    """Lets one act hold what it has locked until another has met it; notes what the database broke off."""

    def __init__(self, house: House) -> None:
        self.house, self.broken = house, list[str]()
        self._held, self._go = Event(), Event()
        event.listen(house.engine, "handle_error", self._note)

    def _note(self, context: Any) -> None:
        self.broken.append(getattr(context.original_exception, "sqlstate", None) or "?")

    def pause(self) -> None:
        """Called by the first act where it has its locks: once, a repetition passes."""
        self._held.set()
        assert self._go.wait(PATIENCE)

    def pausing(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """The same act, after a pause."""

        def paused(*args: Any, **kwargs: Any) -> Any:
            self.pause()
            return act(*args, **kwargs)

        return paused

    def run(self, first: Callable[[], Any], second: Callable[[], Any]) -> list[str]:
        """Both at once; what became of each: `done`, or the code it was refused with."""
        with ThreadPoolExecutor(2) as pool:
            try:
                one = pool.submit(outcome, first)
                assert self._held.wait(PATIENCE)
                two = pool.submit(outcome, second)
                self._until_it_waits(two)
            finally:
                self._go.set()
            return [one.result(PATIENCE), two.result(PATIENCE)]

    def _until_it_waits(self, second: Future[str]) -> None:
        give_up = time.monotonic() + PATIENCE
        while not second.done() and time.monotonic() < give_up:
            if self.house.read(lambda session: session.execute(_WAITING).scalar_one()):
                return
            time.sleep(0.01)


def outcome(act: Callable[[], Any]) -> str:
    try:
        act()
    except DomainError as error:
        return error.code
    return "done"


@pytest.fixture
def crossing(house: House) -> Crossing:
    return Crossing(house)


@pytest.fixture
def desk(house: House, clock: FixedClock) -> CourtDesk:
    """An announced sale of which a change is drafted."""
    made = CourtDesk(house, clock)
    made.ready()
    made.publish()
    draft(made)
    return made


def draft(desk: CourtDesk, **more: str) -> None:
    payload = example_of("defects") | LEAKS | more
    desk.house.perform(changes.draft_item, desk.judge, desk.auction_id, "defects", payload)


def answer(desk: CourtDesk, approval_id: str) -> None:
    desk.house.perform(vote, desk.panel[1], approval_id, approve=True, reason="同意", acts=ACTS)


def test_drafting_anew_and_answering_what_was_proposed(desk: CourtDesk, crossing: Crossing) -> None:
    said = {"choice": "supplement", "reason": "发现渗漏"}
    proposal: Approval = desk.house.perform(changes.propose_change, desk.judge, desk.auction_id, **said)
    with patch.object(drafting, "lapse", crossing.pausing(drafting.lapse)):
        became = crossing.run(lambda: draft(desk, statement="屋面渗漏，另有裂缝。"), lambda: answer(desk, proposal.id))
    assert (became, crossing.broken) == (["done", "wrong_state"], [])


def test_a_sanction_that_ends_and_the_answer_to_lifting_it(house: House, clock: FixedClock, crossing: Crossing) -> None:
    sale = house.perform(a_reneged_sale)
    measure = Measure("publication", until=date(2026, 6, 1))

    def propose(unit: Unit) -> tuple[Sanction, Approval]:
        how = {"basis": "民事诉讼法第一百一十四条", "reason": "多次竞得后不付款"}
        return sanctions.propose_sanction(unit, an_actor(sale.judge), sale.buyer.id, measure, **how)

    sanction, approval = house.perform(propose)
    approve = {"approve": True, "reason": "同意", "acts": ACTS}
    house.perform(vote, an_actor(sale.second), approval.id, **approve)
    clock.advance(days=30)
    house.perform(sanctions.enforce_due, sanction.id)
    lifting: Approval = house.perform(sanctions.propose_lifting, an_actor(sale.judge), sanction.id, "已改正")
    clock.moment += timedelta(days=365)
    with patch.object(sanctions, "lapse", crossing.pausing(sanctions.lapse)):
        became = crossing.run(
            lambda: house.perform(sanctions.expire_due, sanction.id),
            lambda: house.perform(vote, an_actor(sale.second), lifting.id, **approve),
        )
    assert (became, crossing.broken) == (["done", "wrong_state"], [])


def test_an_alert_about_a_lot_raised_under_its_round_and_a_change_of_the_lot(
    desk: CourtDesk, crossing: Crossing
) -> None:
    def alert(unit: Unit) -> None:
        auction = lock_auction(unit, desk.auction_id)
        crossing.pause()
        raise_alert(
            unit,
            "outage",
            key="outage:crossed",
            reasons=[Reason("outage_event", {"seconds": 20})],
            court_code=auction.lot.court_code,
            lot_id=auction.lot_id,
            auction_id=auction.id,
        )

    became = crossing.run(lambda: desk.house.perform(alert), lambda: draft(desk, statement="屋面渗漏，另有裂缝。"))
    assert (became, crossing.broken) == (["done", "done"], [])

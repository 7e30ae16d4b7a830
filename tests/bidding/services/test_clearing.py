"""The clearing of a sold lot, on each database: in time or late, by whose will, and the court's record of it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Auction, Lot
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from auction.rules.ruleset import load
from bidding.models import AfterSaleStep
from bidding.queries.board import board
from bidding.queries.handover import Handover, handover
from bidding.services.handover import record_handover
from disclosure.queries.clearance import clearance_draft
from disclosure.rules.sheet import ItemFacts, Sheet
from disclosure.services.sealing import seal_facts
from risk.models import ClearanceOutcome
from risk.queries import clearance
from risk.services.clearance import keep_outcome
from tests.factories import a_bidder, a_lot, a_registration, an_account, an_actor, an_auction

DAY = timedelta(days=1)
#: The Shanghai day on which the tests begin; the promise is twenty days on.
TODAY = date(2026, 3, 2)
PROMISE = TODAY + 20 * DAY


def item(code: str, state: str = "found", **data: Any) -> ItemFacts:
    return ItemFacts(code, state, "写明", data, "现场勘查", "书记员", date(2026, 2, 1))  # type: ignore[arg-type]


THERE = item("possession", occupied=True, occupant="示例甲", since="2020-01-01", right="owner")
PROMISED = item("clearance", responsible="法官甲", due_on=PROMISE.isoformat(), plan="限期迁出")
EMPTY = item("possession", occupied=False, keys_held=True)


@dataclass
class Sold:
    """A lot sold and ruled on today, and the judge who hands it over."""

    house: House
    clock: FixedClock
    judge: Actor
    auction_id: str

    def step(self, code: str, days: int) -> None:
        """Take a step so many days on."""
        day = TODAY + days * DAY
        while shanghai_day(self.clock.moment) < day:
            self.clock.advance(days=1)
        self.clock.advance(seconds=1)
        self.house.perform(record_handover, self.judge, self.auction_id, code=code, on=day, detail="见笔录")

    def outcome(self) -> ClearanceOutcome | None:
        return self.house.read(clearance.outcome, self.auction_id)

    def tracker(self) -> Handover | None:
        today = shanghai_day(self.clock.moment)
        return self.house.read(lambda session: handover(session, session.get_one(Auction, self.auction_id), today))


def sold(
    house: House,
    clock: FixedClock,
    *items: ItemFacts,
    settlement: str = "ruled",
    served: bool = True,
    **lot_fields: Any,
) -> Sold:
    def build(unit: Unit) -> tuple[Actor, str]:
        judge = an_account(unit, "judge")
        lot = a_lot(unit, created_by=judge.id, **lot_fields)
        version = seal_facts(unit, lot, Sheet(items), (), material=False)
        ended = unit.now - 20 * DAY
        auction = an_auction(unit, lot=lot, status="sold", seal=version.seal, opens_at=ended - DAY, closes_at=ended)
        auction.settlement, auction.price_fen = settlement, 100_000_000
        buyer = a_registration(unit, auction, a_bidder(unit), status="applied")
        auction.leader_registration_id = buyer.id
        for code in ("ruling", "ruling_served")[: 2 if served else 1]:
            step = {"id": unit.new_id(), "auction_id": auction.id, "code": code, "on": TODAY, "detail": {}}
            unit.session.add(AfterSaleStep(**step, at=unit.now, by=judge.id))
        return an_actor(judge), auction.id

    return Sold(house, clock, *house.perform(build))


@pytest.mark.parametrize(
    ("steps", "result", "manner", "days_late"),
    [
        ([("clearing_notice", 1), ("cleared", 20), ("keys", 24), ("handed_over", 25)], "on_time", "voluntary", 0),
        ([("clearing_notice", 2), ("cleared_by_force", 21), ("keys", 22), ("handed_over", 22)], "late", "forced", 1),
        ([("cleared", 20), ("keys", 20), ("handed_over", 20)], "on_time", "voluntary", 0),
        ([("cleared", 33), ("keys", 33), ("handed_over", 33)], "late", "voluntary", 13),
        (
            [("cleared", 5), ("clearing_notice", 6), ("cleared_by_force", 30), ("keys", 30), ("handed_over", 31)],
            *("late", "forced", 10),
        ),
    ],
)
def test_a_handover_decides_whether_the_promise_was_kept(
    house: House, clock: FixedClock, steps: list[tuple[str, int]], result: str, manner: str, days_late: int
) -> None:
    sale = sold(house, clock, THERE, PROMISED)
    for code, days in steps:
        sale.step(code, days)
    row = sale.outcome()
    assert row is not None
    assert (row.result, row.manner, row.days_late, row.due_on) == (result, manner, days_late, PROMISE)
    assert (row.promised, row.band, row.facts["occupation"]) == (True, "E", "occupied")
    seen = sale.tracker()
    assert seen is not None and seen.state == {"on_time": "met", "late": "missed"}[result]
    codes = [step.code for step in seen.steps]
    assert (set(codes[:2]), codes[2:]) == ({"ruling", "ruling_served"}, [code for code, _ in steps])
    kinds = house.read(
        lambda session: session.scalars(
            select(JournalRow.kind).where(JournalRow.stream == f"auction:{sale.auction_id}").order_by(JournalRow.number)
        ).all()
    )
    assert kinds.count("ClearanceDecided") == 1


def test_the_tracker_stands_beside_the_promise_before_the_end(house: House, clock: FixedClock) -> None:
    sale = sold(house, clock, THERE, PROMISED)
    seen = sale.tracker()
    assert seen is not None and (seen.state, seen.due_on, seen.promised) == ("waiting", PROMISE, True)
    sale.step("clearing_notice", 3)
    clock.advance(days=18)
    late = sale.tracker()
    assert late is not None and late.state == "overdue"
    sale.step("cleared", 22)
    missed = sale.tracker()
    assert missed is not None and (missed.state, missed.days_late, missed.cleared_on) == ("missed", 2, TODAY + 22 * DAY)
    assert sale.outcome() is None


def test_without_a_promise_the_law_says_when(house: House, clock: FixedClock) -> None:
    sale = sold(house, clock, THERE)
    with pytest.raises(DomainError) as refused:
        sale.step("handed_over", 14)
    assert [(one.code, one.facts) for one in refused.value.errors] == [("step_out_of_order", {"needs": "cleared"})]
    for code in ("cleared", "keys", "handed_over"):
        sale.step(code, 15)
    row = sale.outcome()
    assert row is not None
    assert (row.result, row.due_on, row.promised) == ("on_time", TODAY + 15 * DAY, False)


@pytest.mark.parametrize(("items", "asset_type"), [((EMPTY,), "real_estate"), ((THERE,), "vehicle")])
def test_what_needs_no_clearing_has_no_outcome_in_time_or_late(
    house: House, clock: FixedClock, items: tuple[ItemFacts, ...], asset_type: str
) -> None:
    sale = sold(house, clock, *items, asset_type=asset_type)
    seen = sale.tracker()
    assert seen is not None and seen.state == "not_applicable"
    sale.step("handed_over", 40)
    row = sale.outcome()
    assert row is not None and (row.result, row.days_late, row.manner) == ("not_applicable", None, None)
    assert house.read(clearance.court_record, "3201") == (0, 0)


def test_a_reneged_sale_has_no_tracker(house: House, clock: FixedClock) -> None:
    assert sold(house, clock, THERE, PROMISED, settlement="reneged").tracker() is None


def outcomes(house: House, in_time: int, late: int, **changes: Any) -> None:
    """So many outcomes of the default court."""

    def build(unit: Unit) -> None:
        for number in range(in_time + late):
            auction = an_auction(unit, status="sold")
            keep_outcome(
                unit,
                auction_id=auction.id,
                lot=unit.session.get_one(Lot, auction.lot_id),
                assessed=None,
                manner="voluntary",
                due_on=PROMISE,
                promised=True,
                cleared_on=PROMISE if number < in_time else PROMISE + DAY,
            )

    house.perform(build)


@pytest.mark.parametrize(
    ("in_time", "late", "level"),
    [(9, 0, "few"), (9, 1, "good"), (4, 6, "bad")],
)
def test_a_courts_own_record_weighs_once_it_has_enough_outcomes(
    house: House, in_time: int, late: int, level: str
) -> None:
    outcomes(house, in_time, late)

    def build(unit: Unit) -> str:
        return a_lot(unit).id

    lot_id = house.perform(build)
    rules = load("spc-2016")
    read = house.read(lambda session: clearance_draft(session, session.get_one(Lot, lot_id), rules))
    assert read.assessed is not None and read.record == (in_time + late, in_time)
    [found] = [each for each in read.assessed.factors if each.code == "court_record"]
    assert (found.level, found.assumed) == (level, False)


def test_the_report_counts_by_band_and_court_and_says_what_is_missing(house: House, clock: FixedClock) -> None:
    outcomes(house, 3, 2)
    sale = sold(house, clock, THERE, PROMISED)
    for code in ("cleared", "keys", "handed_over"):
        sale.step(code, 20)
    found = house.read(clearance.report, load("spc-2016"))
    assert (found.calibration.outcomes, found.calibration.in_time) == (6, 4)
    by_band = {record.band: (record.outcomes, record.in_time, record.enough) for record in found.calibration.bands}
    assert by_band["E"] == (1, 1, False) and by_band["A"] == (0, 0, False)
    assert [(court.court_code, court.record, court.days_late) for court in found.courts] == [("3201", (6, 4), 2)]
    assert (found.missing, found.missing_rare, found.model) == (194, 28, None)


def test_the_days_of_the_handover_run_from_the_service_of_the_ruling(house: House, clock: FixedClock) -> None:
    sale = sold(house, clock, EMPTY, served=False)

    def due_on() -> date:
        lots = house.read(lambda session: board(session, "3201", load("spc-2016"), clock.moment))
        (end,) = [one.due_at for lot in lots for one in lot.clocks if one.code == "handover"]
        assert end is not None
        return shanghai_day(end)

    assert due_on() == TODAY + 15 * DAY
    sale.step("ruling_served", 3)
    assert due_on() == TODAY + 18 * DAY

"""From a buyer who does not pay, over the finding of malice, to a sanction; and back, should the finding fall."""

from datetime import timedelta
from typing import Any

import pytest

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.unit import House
from auction.rules.calendar import shanghai_day
from auction.rules.ruleset import load
from bidding.queries.sanctions import decisions_of_person
from bidding.services.sanctions import propose_sanction
from risk.queries.standing import own_record
from risk.rules.sanctions import Measure
from tests.bidding.services.debtor import Debtor, Desk


@pytest.fixture
def desk(house: House, clock: FixedClock) -> Desk:
    return Desk(house, clock)


def propose(desk: Desk, buyer: Debtor, judge: int = 0) -> Any:
    until = shanghai_day(desk.clock.moment + timedelta(days=90))
    return desk.perform(
        propose_sanction,
        desk.judges[judge],
        buyer.account.id,
        Measure("publication", until=until),
        basis="民事诉讼法第一百一十四条",
        reason="多次竞得后不付款",
    )


def statuses(desk: Desk, buyer: Debtor) -> list[tuple[str, str | None]]:
    found = desk.house.read(decisions_of_person, desk.house.vault, str(buyer.account.person_id))
    return [(one.sanction.status, one.sanction.end_reason) for one in found]


def record(desk: Desk, buyer: Debtor) -> tuple[int, list[tuple[str, int, str]]]:
    rules = load(desk.house.settings.ruleset)
    found = desk.house.read(own_record, rules, str(buyer.account.person_id), desk.clock.moment)
    return found.score.points, [(line.entry.kind, line.points, line.state) for line in found.score.lines]


def test_a_renege_without_malice_supports_no_sanction(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    with pytest.raises(DomainError, match="finding_missing"):
        propose(desk, buyer)
    assert record(desk, buyer) == (40, [("reneged", -40, "counts")])


def test_a_sanction_falls_with_the_finding_it_rests_on(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer, "no_means", "collusion")
    assert record(desk, buyer) == (0, [("reneged_maliciously", -80, "counts")])
    _, approval = propose(desk, buyer)
    desk.approve(approval, judge=2)
    assert statuses(desk, buyer) == [("approved", None)]
    desk.revoked(buyer)
    assert statuses(desk, buyer) == [("lifted", "finding_revoked")]
    points, lines = record(desk, buyer)
    assert (points, lines[0]) == (80, ("reneged_maliciously", 0, "cancelled"))
    with pytest.raises(DomainError, match="finding_missing"):
        propose(desk, buyer)


def test_a_finding_that_waits_for_the_second_judge_supports_nothing(desk: Desk) -> None:
    buyer = desk.sell()
    desk.past_grace(buyer)
    desk.declare(buyer, "no_means")
    with pytest.raises(DomainError, match="finding_missing"):
        propose(desk, buyer)
    assert record(desk, buyer) == (80, [])


def test_what_was_paid_in_time_and_what_was_paid_late_is_on_record(desk: Desk) -> None:
    early = desk.sell()
    desk.pay(early)
    assert record(desk, early) == (84, [("paid_in_time", 4, "counts")])

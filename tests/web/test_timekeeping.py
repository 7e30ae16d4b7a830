"""What is due is done in time: no closing is tried in vain, and none waits for what only informs somebody."""

from datetime import timedelta

import pytest

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Auction
from bidding.models import AwaitedLook
from tests.factories import an_auction
from web import timekeeping
from web.timekeeping import act, look_around


def test_a_closing_is_tried_once_it_can_be_settled_and_its_looks_come_after(
    house: House, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    auction = house.perform(lambda unit: an_auction(unit, closes_at=unit.now + timedelta(seconds=1)))
    tried: list[str] = []

    def close(unit: Unit, auction_id: str, *, settled: bool) -> str | None:
        tried.append(auction_id)
        return timekeeping_close(unit, auction_id, settled=settled)

    timekeeping_close = timekeeping.close
    monkeypatch.setattr(timekeeping, "close", close)
    clock.moment += timedelta(seconds=1.9)
    act(house)
    assert not tried
    clock.moment += timedelta(seconds=0.1)
    act(house)
    act(house)
    assert tried == [auction.id]
    assert house.read(lambda session: session.get_one(Auction, auction.id).status) == "unsold"

    def waits(kind: str) -> bool:
        return house.read(lambda session: session.get_one(AwaitedLook, (kind, auction.lot_id)).done_at is None)

    assert waits("relist")
    clock.moment += timedelta(days=400)
    look_around(house, lambda: False)
    assert waits("relist")
    look_around(house)
    assert not waits("relist")

"""One scheduler works; another does so when it has not shown itself for two seconds, or has left."""

from datetime import timedelta

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House
from auction.services.duty import DUTY, hand_back_duty, take_duty


def test_one_scheduler_works_and_the_next_takes_over_when_it_is_silent_or_leaves(
    house: House, clock: FixedClock
) -> None:
    assert timedelta(seconds=2) == DUTY
    assert (house.perform(take_duty, "one"), house.perform(take_duty, "two")) == (True, False)
    clock.advance(seconds=1)
    assert house.perform(take_duty, "one") is True
    clock.advance(seconds=1.5)
    assert house.perform(take_duty, "two") is False, "the first has renewed it since"
    clock.advance(seconds=0.5)
    assert (house.perform(take_duty, "two"), house.perform(take_duty, "one")) == (True, False)
    house.perform(hand_back_duty, "one")
    assert house.perform(take_duty, "one") is False, "it was not its own to give back"
    house.perform(hand_back_duty, "two")
    assert house.perform(take_duty, "one") is True

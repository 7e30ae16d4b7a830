"""The timers work while their process has the duty, and on a slow database too."""

from types import SimpleNamespace
from typing import Any

import pytest

from auction.kernel.unit import House
from auction.services.duty import DUTY, take_duty
from web import scheduler
from web.scheduler import Timers


def test_a_duty_that_took_long_to_get_still_lets_it_work(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, perform = SimpleNamespace(now=0.0), house.perform

    def slow(*args: Any) -> Any:
        clock.now += 2 * DUTY.total_seconds()
        return perform(*args)

    monkeypatch.setattr(scheduler, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(house, "perform", slow)
    timers, other = Timers(house), Timers(house)
    assert not timers.works()
    timers.renew()
    assert timers.works()
    other.renew()
    assert not other.works(), "another has it"
    clock.now += DUTY.total_seconds()
    assert not timers.works(), "it was not renewed"


def test_one_that_stands_by_does_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    timers = Timers(house)
    timers._every(1, done.append, "tick")
    [job] = timers.scheduler.get_jobs()
    house.perform(take_duty, "another")
    timers.renew()
    job.func(*job.args)
    assert done == []
    monkeypatch.setattr(timers, "works", lambda: True)
    job.func(*job.args)
    assert done == ["tick"]


def test_what_only_informs_waits_while_due_acts_take_long(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, done = SimpleNamespace(now=0.0), list[str]()
    timers = Timers(house)

    def act(_house: House) -> None:
        timers._at_leisure(done.append, "at first")
        clock.now += 1
        timers._at_leisure(done.append, "later")
        raise ValueError

    monkeypatch.setattr(scheduler, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(scheduler, "act", act)
    with pytest.raises(ValueError):
        timers._act()
    timers._at_leisure(done.append, "after")
    assert done == ["at first", "after"]

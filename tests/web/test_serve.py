"""What a serving process does beside its loop."""

from contextvars import ContextVar
from threading import Event

import gevent
import pytest

from web.serve import beside_loop


def test_what_takes_time_is_done_on_another_thread_while_the_loop_goes_on() -> None:
    beside, served = beside_loop(1), Event()
    gevent.spawn(served.set)
    assert beside(served.wait, 10), "the loop had to wait"


def test_it_knows_whose_request_it_belongs_to_and_its_error_is_the_callers() -> None:
    beside = beside_loop(1)
    request: ContextVar[str] = ContextVar("request")
    request.set("r1")
    assert beside(request.get) == "r1"
    with pytest.raises(ValueError, match="invalid literal"):
        beside(int, "x")

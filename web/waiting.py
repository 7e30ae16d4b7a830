"""How PostgreSQL's driver waits under gevent.

The driver's own way there goes through the loop for every step, also where the socket is ready already; on the way of
a bid that costs more than the questions do. Here the socket is asked first, and only what has to wait goes through the
loop.
"""

import select
from typing import TypeVar

import gevent
from gevent import monkey
from psycopg import waiting
from psycopg.abc import PQGen

R = TypeVar("R")

_poll = monkey.get_original("select", "poll")
_EVENTS = {
    waiting.WAIT_R: select.POLLIN,
    waiting.WAIT_W: select.POLLOUT,
    waiting.WAIT_RW: select.POLLIN | select.POLLOUT,
}
#: A socket that has failed is ready for both: reading or writing it tells what happened.
_FAILED = select.POLLERR | select.POLLHUP | select.POLLNVAL
#: What gevent's loop calls reading and writing.
_READ, _WRITE = 1, 2


def install() -> None:
    """Have the driver wait so, in a process that gevent has patched."""
    waiting.wait = wait


def wait(gen: PQGen[R], fileno: int, interval: float = 0.0, timeout: float | None = None) -> R:
    """Drive a generator of the driver to its end and answer its value, as the driver's own `wait` does.

    `timeout` in seconds is the driver's business: what has one takes its way. `interval` is not needed: the loop hears
    of interrupts by itself.
    """
    if timeout is not None:
        return waiting.wait_poll(gen, fileno, interval, timeout)
    poll, asked = _poll(), 0
    try:
        wanted = next(gen)
        while True:
            events = _EVENTS[wanted]
            if events != asked:
                poll.register(fileno, events)
                asked = events
            happened = poll.poll(0)
            if happened:
                wanted = gen.send(_ready(happened[0][1]))
            else:
                _in_the_loop(fileno, events)
    except StopIteration as end:
        value: R = end.value
        return value


def _ready(events: int) -> waiting.Ready:
    readable, writable = events & (select.POLLIN | _FAILED), events & (select.POLLOUT | _FAILED)
    if readable and writable:
        return waiting.READY_RW
    return waiting.READY_R if readable else waiting.READY_W


def _in_the_loop(fileno: int, events: int) -> None:
    hub = gevent.get_hub()
    watched = (_READ if events & select.POLLIN else 0) | (_WRITE if events & select.POLLOUT else 0)
    watcher = hub.loop.io(fileno, watched)
    try:
        hub.wait(watcher)
    finally:
        watcher.close()

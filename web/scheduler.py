"""The scheduler: wakes the house once a second. It decides nothing; the stored times do."""

import os
import socket
import time
from collections.abc import Callable

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask_socketio import SocketIO
from sqlalchemy.exc import SQLAlchemyError

from auction.kernel.errors import DomainError
from auction.kernel.unit import House
from auction.services.accounts import end_idle, note_uses
from auction.services.duty import DUTY, hand_back_duty, take_duty
from bidding.queries.payments import due_refunds
from bidding.services.following import add_views, alert_followers, remind_of_openings
from bidding.services.retention import expire_data
from bidding.services.staying import let_stay
from bidding.services.turned_away import record_turned_away
from risk.learning.valuation.worker import ask

from .auth import Uses
from .broadcasting import Broadcaster, Json
from .bulk import write_due
from .cosigning import Cosigners, await_witnesses
from .door import TurnedAway
from .gateway import PaymentGateway, SandboxGateway
from .mailing import send_mails
from .timekeeping import Beside, CheckWatch, Watching, act, look_around, look_at_bids, seal_all, tell_news
from .valuing import Valuer
from .views import Views

log = structlog.get_logger(__name__)

#: Transactions of telling followers in one go: bids and closings come in between.
_TELLINGS = 100
#: The duty is renewed once in so many seconds.
_RENEWED = 0.5
#: Seconds from which on due acts take long.
_LONG = 0.25


def process_name(house: House) -> str:
    """This process, as no other that ever ran is called."""
    return f"{socket.gethostname()}:{os.getpid()}:{house.ids.token()[:8]}"


class Timers:
    """The house's timers in this process. They work while it has the duty; else it stands by (`services.duty`)."""

    def __init__(self, house: House) -> None:
        self._house, self._process = house, process_name(house)
        self.scheduler = _scheduler()
        self._until = 0.0
        self._acting_since: float | None = None

    def start(self, gateway: PaymentGateway, beside: Beside, watching: Watching = tuple) -> None:
        """Due acts twice a second; looks, sealing, telling and asking witnesses every second, mail every few; every
        minute refunds not asked and valuing. `watching` answers who has which room open in this process.

        Refunds are asked at once too: whoever closed before may have been killed before asking. So are the models of
        value. What computes for long does so `beside` a loop.
        """
        house, value_lots = self._house, Valuer(self._house, ask)
        _safely(self.renew)
        self.scheduler.add_job(_safely, "interval", [self.renew], seconds=_RENEWED)
        self._every(0.5, self._act)
        self._every(1, self._at_leisure, look_around, house, self.is_at_leisure)
        self._every(1, self._at_leisure, look_at_bids, house, beside)
        self._every(1, seal_and_tell, house, watching)
        self._every(1, Cosigners(house))
        self._every(60, await_witnesses, house)
        self._every(5, CheckWatch(house))
        self._every(5, send_mails, house)
        self._every(10, self._at_leisure, tell_followers, house, self.is_at_leisure)
        for seconds, work, args in (
            (60, ask_refunds, (house, gateway)),
            (60, value_lots, ()),
            (600, write_due, (house,)),
        ):
            self.scheduler.add_job(self._on_duty, args=[work, *args])
            self._every(seconds, work, *args)
        self._every(600, forget, house)
        self._every(60, end_idle_sessions, house)
        self.scheduler.start()

    def stop(self) -> None:
        """No more work; whoever stands by begins at once."""
        self.scheduler.shutdown(wait=False)
        _safely(self._house.perform, hand_back_duty, self._process)

    def works(self) -> bool:
        """Whether this process has the duty."""
        return time.monotonic() < self._until

    def renew(self) -> None:
        """Take the duty, or keep it, or find that another has it.

        It counts from when it is here: on a busy database that takes longer than the duty lasts, and nobody would ever
        work. That two may, for a moment, does no harm.
        """
        worked = self.works()
        self._house.anchor()
        taken = self._house.perform(take_duty, self._process)
        self._until = time.monotonic() + DUTY.total_seconds() if taken else 0.0
        if self.works() != worked:
            log.info("scheduler on duty" if not worked else "scheduler stands by", process=self._process)

    def is_at_leisure(self) -> bool:
        """Whether due acts take no long time just now: while a thousand lots close, what only informs waits."""
        return self._acting_since is None or time.monotonic() - self._acting_since < _LONG

    def _act(self) -> None:
        self._acting_since = time.monotonic()
        try:
            act(self._house)
        finally:
            self._acting_since = None

    def _at_leisure(self, work, *args) -> None:  # type: ignore[no-untyped-def]
        if self.is_at_leisure():
            work(*args)

    def _every(self, seconds: float, work: object, *args: object) -> None:
        self.scheduler.add_job(self._on_duty, "interval", [work, *args], seconds=seconds)

    def _now_and_every(self, seconds: float, work: object, *args: object) -> None:
        self.scheduler.add_job(self._on_duty, args=[work, *args])
        self._every(seconds, work, *args)

    def _on_duty(self, work, *args) -> None:  # type: ignore[no-untyped-def]
        if self.works():
            _safely(work, *args)


def start_counting(
    house: House, turned_away: TurnedAway, views: Views, uses: Uses, staying: Watching = tuple
) -> BackgroundScheduler:
    """Start what every serving process does for itself, with or without the house's timers: it alone has its counts,
    and knows whose session has which room open (`staying`).
    """
    scheduler = _scheduler()
    _every(scheduler, 60, journal_counts, house, turned_away)
    _every(scheduler, 60, count_views, house, views)
    _every(scheduler, 60, keep_uses, house, uses)
    _every(scheduler, 60, keep_watchers, house, staying)
    scheduler.start()
    return scheduler


def _scheduler() -> BackgroundScheduler:
    return BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30}
    )


def _every(scheduler: BackgroundScheduler, seconds: float, work: object, *args: object) -> None:
    scheduler.add_job(_safely, "interval", [work, *args], seconds=seconds)


def start_alone(house: House, beside: Beside) -> Timers:
    """Start the timers of a process that serves nobody: what follows from its acts reaches the gateway and the rooms.

    The rooms are told through the message queue, and hear nothing of it where there is none (FAPAI_REDIS_URL).
    """
    gateway = SandboxGateway(house)
    house.subscribe("refund", gateway.on_refund)
    if house.settings.redis_url is not None:
        sockets = SocketIO(message_queue=house.settings.redis_url, async_mode="gevent", json=Json)
        broadcaster = Broadcaster(sockets, house.settings.redis_url)
        house.subscribe("room", broadcaster.take)
        broadcaster.start()
    timers = Timers(house)
    timers.start(gateway, beside)
    return timers


def _safely(work, *args) -> None:  # type: ignore[no-untyped-def]
    try:
        work(*args)
    except (SQLAlchemyError, DomainError, OSError):
        log.exception("scheduled work failed", work=getattr(work, "__name__", str(work)))


def forget(house: House) -> None:
    """Delete what has been held as long as it may be."""
    house.perform(expire_data)


def seal_and_tell(house: House, watching: Watching) -> None:
    """Seal what was committed, then tell whom it concerns."""
    seal_all(house)
    tell_news(house, watching)


def ask_refunds(house: House, gateway: PaymentGateway) -> None:
    """Ask the gateway again for every refund not yet sent: the message after the commit may have been lost."""
    for order in house.read(due_refunds, house.now()):
        gateway.refund(order)


def journal_counts(house: House, turned_away: TurnedAway) -> None:
    """Journal how many offers were turned away since the last minute."""
    counts = turned_away.take()
    if not counts:
        return
    try:
        house.perform(record_turned_away, counts)
    except Exception:  # the database is away, which is when there are most of them: they are journaled once it is back
        for (auction_id, code), number in counts.items():
            turned_away.add(auction_id, code, number)
        raise


def count_views(house: House, views: Views) -> None:
    """Write how often lots were looked at since the last minute."""
    counts = views.take()
    if counts:
        house.perform(add_views, counts)


def keep_uses(house: House, uses: Uses) -> None:
    """Write when sessions were last used."""
    taken = uses.take()
    if taken:
        house.perform(note_uses, taken)


def keep_watchers(house: House, staying: Watching) -> None:
    """Prolong the sessions of bidders who watch their sale."""
    watching = staying()
    if watching:
        house.perform(let_stay, watching)


def end_idle_sessions(house: House) -> None:
    """End the sessions of staff that nobody uses."""
    house.perform(end_idle)


def tell_followers(house: House, may_go_on: Callable[[], bool] = lambda: True) -> None:
    """Tell whoever waits of openings that come near and of what has changed, few people at a time."""
    house.perform(remind_of_openings)
    for _ in range(_TELLINGS):
        if not may_go_on() or not house.perform(alert_followers):
            break

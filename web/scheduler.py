"""The scheduler: wakes the house once a second. It decides nothing; the stored times do."""

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask_socketio import SocketIO
from sqlalchemy.exc import SQLAlchemyError

from auction.kernel.errors import DomainError
from auction.kernel.unit import House
from auction.services.accounts import note_uses
from bidding.queries.payments import due_refunds
from bidding.services.following import add_views, alert_followers, remind_of_openings
from bidding.services.retention import expire_data
from bidding.services.turned_away import record_turned_away
from risk.learning.valuation.worker import ask

from .auth import Uses
from .bulk import write_due
from .door import TurnedAway
from .gateway import PaymentGateway, SandboxGateway
from .mailing import send_mails
from .sockets import Broadcaster, Json
from .timekeeping import Beside, Watching, look_at_bids, seal_all, tell_news, tick
from .valuing import Valuer
from .views import Views

log = structlog.get_logger(__name__)

#: Transactions of telling followers in one go: bids and closings come in between.
_TELLINGS = 100


def start(house: House, gateway: PaymentGateway, beside: Beside, watching: Watching = tuple) -> BackgroundScheduler:
    """Start the house's timers: due acts, sealing and telling every second, mail every few; every minute refunds not
    asked and valuing. `watching` answers who has which room open in this process.

    Refunds are asked at once too: whoever closed before may have been killed before asking. So are the models of value.
    What computes for long does so `beside` a loop.
    """
    scheduler = _scheduler()
    value_lots = Valuer(house, ask)
    _every(scheduler, 1, tick, house)
    _every(scheduler, 1, look_at_bids, house, beside)
    _every(scheduler, 1, seal_and_tell, house, watching)
    _every(scheduler, 5, send_mails, house)
    _every(scheduler, 10, tell_followers, house)
    scheduler.add_job(_safely, args=[ask_refunds, house, gateway])
    _every(scheduler, 60, ask_refunds, house, gateway)
    scheduler.add_job(_safely, args=[value_lots])
    _every(scheduler, 60, value_lots)
    scheduler.add_job(_safely, args=[write_due, house])
    _every(scheduler, 600, write_due, house)
    _every(scheduler, 600, forget, house)
    scheduler.start()
    return scheduler


def start_counting(house: House, turned_away: TurnedAway, views: Views, uses: Uses) -> BackgroundScheduler:
    """Start what every serving process does for itself, with or without the house's timers: it alone has its counts."""
    scheduler = _scheduler()
    _every(scheduler, 60, journal_counts, house, turned_away)
    _every(scheduler, 60, count_views, house, views)
    _every(scheduler, 60, keep_uses, house, uses)
    scheduler.start()
    return scheduler


def _scheduler() -> BackgroundScheduler:
    return BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30}
    )


def _every(scheduler: BackgroundScheduler, seconds: float, work: object, *args: object) -> None:
    scheduler.add_job(_safely, "interval", [work, *args], seconds=seconds)


def start_alone(house: House, beside: Beside) -> BackgroundScheduler:
    """Start the timers of a process that serves nobody: what follows from its acts reaches the gateway and the rooms.

    The rooms are told through the message queue, and hear nothing of it where there is none (FAPAI_REDIS_URL).
    """
    gateway = SandboxGateway(house)
    house.subscribe("refund", gateway.on_refund)
    if house.settings.redis_url is not None:
        sockets = SocketIO(message_queue=house.settings.redis_url, async_mode="gevent", json=Json)
        broadcaster = Broadcaster(sockets)
        house.subscribe("room", broadcaster.take)
        broadcaster.start()
    return start(house, gateway, beside)


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
    if counts:
        house.perform(record_turned_away, counts)


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


def tell_followers(house: House) -> None:
    """Tell whoever waits of openings that come near and of what has changed, few people at a time."""
    house.perform(remind_of_openings)
    for _ in range(_TELLINGS):
        if not house.perform(alert_followers):
            break

"""Whether the process lives, whether it may be given work, and what can be measured of it. Outside the interface."""

import hmac
import ipaddress
import time
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy import Engine, QueuePool, and_, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from auction.kernel.clock import parse
from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow, Stream
from auction.kernel.migrate import current, head, known
from auction.kernel.unit import House
from auction.models import Auction, Checkpoint, Intake, Platform
from auction.queries.log import behind
from auction.services.duty import DUTY
from auction.services.duty import KEY as SCHEDULER
from bidding.desk import Desk
from bidding.models import Payment
from bidding.queries.due import due_acts
from bidding.queries.messages import failures, mails_by_state
from bidding.queries.news import TOLD_SIZE
from bidding.services.bids import Answer

from .auth import house, policy

blueprint = Blueprint("health", __name__)

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


@blueprint.get("/healthz")
@policy("public.read")
def healthz() -> Response:
    """The process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
@policy("public.read")
def readyz() -> Response:
    """The process may be given work: it does not stop, agrees with its database on the time, and knows its schema.

    Or a later one: it was this program's when the process started (`wiring.check`), and what was added since leaves it
    alone (docs/operating.md). Else every process would be taken away in the moment between migrating and restarting.
    """
    try:
        busy = current_app.extensions["leaving"] or house().clock.skewed
        ready = not busy and house().read(_at_head)
    except (SQLAlchemyError, DomainError, OSError):
        ready = False
    response = jsonify({"status": "ready" if ready else "not_ready"})
    response.status_code = 200 if ready else 503
    return response


def _at_head(session: Session) -> bool:
    session.execute(select(1))
    at = current(house().reader)
    return at == head() or (at is not None and at not in known())


@blueprint.get("/metrics")
@policy("metrics.read")
def metrics() -> Response:
    """Prometheus metrics: for whoever has the token, without one for this machine alone."""
    token = house().settings.metrics_token
    allowed = _from_here() if token is None else _has(token)
    if not allowed:
        raise DomainError("not_found")
    return Response(generate_latest(_counted().registry), content_type=CONTENT_TYPE_LATEST)


def _has(token: str) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def _from_here() -> bool:
    """Whether the request comes from this machine, and not through a proxy on it that we were not told of."""
    if not house().settings.trusted_proxies and any(
        name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP")
    ):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class Metrics:
    """What is counted of this process's requests and bids, and how it stands; to be read, the database is asked how the
    house stands. No label holds anything of a person, a lot or a sale.
    """

    def __init__(self, wired: House, desk: Desk) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Standing(wired))
        self.registry.register(_Process(wired, desk))
        self.sockets = Gauge("fapai_sockets", "Sockets connected to this process", registry=self.registry)
        self._bids = Counter(
            "fapai_bids_total", "Offers answered by this process", ("outcome", "code"), registry=self.registry
        )
        self._bid_seconds = Histogram(
            "fapai_bid_seconds", "From an offer's arrival to its answer", buckets=_BUCKETS, registry=self.registry
        )
        self.requests = Counter(
            "fapai_http_requests_total", "Requests answered", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "fapai_http_request_seconds",
            "Time to answer",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def answered(self, answer: Answer, seconds: float) -> None:
        """Count an answered offer."""
        self._bids.labels(answer.outcome, answer.code or "").inc()
        self._bid_seconds.observe(seconds)


def _counted() -> Metrics:
    kept: Metrics = current_app.extensions["metrics"]
    return kept


def measure(app: Flask) -> None:
    """Count and time every request."""

    @app.before_request
    def _begin() -> None:
        g.begun = time.monotonic()

    @app.after_request
    def _end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        counted = _counted()
        counted.requests.labels(request.method, route, response.status_code).inc()
        if "begun" in g:
            counted.seconds.labels(request.method, route).observe(time.monotonic() - g.begun)
        return response


class _Process(Collector):
    """Gauges of this process alone."""

    def __init__(self, wired: House, desk: Desk) -> None:
        self._house, self._desk = wired, desk

    def collect(self) -> Iterator[Metric]:
        waiting, oldest = self._desk.waiting()
        yield GaugeMetricFamily("fapai_desk_waiting", "Offers not answered yet", value=waiting)
        yield GaugeMetricFamily("fapai_desk_oldest_seconds", "How long the oldest of them has waited", value=oldest)
        used = GaugeMetricFamily("fapai_database_connections", "Connections in use", labels=["use"])
        most = GaugeMetricFamily("fapai_database_connections_most", "As many as there may be", labels=["use"])
        for use, engine in (("writing", self._house.engine), ("reading", self._house.reader)):
            if isinstance(engine.pool, QueuePool):
                used.add_metric([use], engine.pool.checkedout())
                most.add_metric([use], _most(engine, engine.pool))
        yield used
        yield most

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand."""
        return iter(())


def _most(engine: Engine, pool: QueuePool) -> int:
    return pool.size() + int(pool._max_overflow)


class _Standing(Collector):
    """Gauges read from the database when they are asked for."""

    def __init__(self, wired: House) -> None:
        self._house = wired

    def collect(self) -> Iterator[Metric]:
        try:
            found = self._house.read(_figures, self._house)
        except (SQLAlchemyError, OSError):
            yield GaugeMetricFamily("fapai_database_up", "Whether the database answered", value=0)
            return
        yield GaugeMetricFamily("fapai_database_up", "Whether the database answered", value=1)
        auctions = GaugeMetricFamily("fapai_auctions", "Auctions by status", labels=["status"])
        for status, count in found.pop("auctions").items():
            auctions.add_metric([status], count)
        yield auctions
        mails = GaugeMetricFamily("fapai_mails", "Mails by state: dead and unsure ones need a look", labels=["state"])
        for state, count in found.pop("mails").items():
            mails.add_metric([state], count)
        yield mails
        failed = GaugeMetricFamily(
            "fapai_work_failed",
            "Own work that failed and was passed over, see the log: raise an alarm",
            labels=["work"],
        )
        for work, count in found.pop("failed").items():
            failed.add_metric([work], count)
        yield failed
        yield from _of_witnesses(found.pop("witnesses"))
        for name, (text, value) in found.items():
            yield GaugeMetricFamily(name, text, value=value)

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: registering must not ask the database."""
        return iter(())


def _of_witnesses(found: dict[str, tuple[float, float]]) -> Iterator[Metric]:
    behind = GaugeMetricFamily("fapai_witness_behind", "Leaves that a witness has not cosigned", labels=["witness"])
    silent = GaugeMetricFamily(
        "fapai_witness_silent_seconds", "Age of the oldest head that a witness has not cosigned", labels=["witness"]
    )
    for name, (leaves, seconds) in found.items():
        behind.add_metric([name], leaves)
        silent.add_metric([name], seconds)
    yield behind
    yield silent


def _figures(session: Session, wired: House) -> dict[str, Any]:
    machine = wired.clock.machine()
    now = wired.now(session)
    counts = select(Auction.status, func.count()).group_by(Auction.status)
    due = select(func.count()).select_from(Auction).where(Auction.status == "open", Auction.closes_at <= now)
    leases = select(func.count()).select_from(Intake).where(Intake.lost.is_(False), Intake.lease_until >= machine)
    unsealed = select(func.coalesce(func.sum(Stream.number - Stream.sealed_number), 0)).where(Stream.unsealed)
    overdue = (
        select(func.count()).select_from(Payment).where(Payment.refund_due_at < now, Payment.refunded_at.is_(None))
    )

    first = and_(JournalRow.stream == Stream.stream, JournalRow.number == Stream.sealed_number + 1)
    oldest = session.scalar(select(func.min(JournalRow.at)).join(Stream, first).where(Stream.unsealed))
    late = due_acts(session, now)
    newest = session.scalar(select(func.max(Checkpoint.size))) or 0
    facts = select(Platform).where(Platform.key.in_((SCHEDULER, TOLD_SIZE)))
    kept = {row.key: row.value for row in session.scalars(facts)}

    def figure(query: Any) -> float:
        return float(session.scalar(query) or 0)

    found: dict[str, Any] = {
        "auctions": {str(status): count for status, count in session.execute(counts)},
        "mails": mails_by_state(session),
        "failed": failures(session),
        "witnesses": {
            one.name: (one.leaves, (now - one.since).total_seconds() if one.since else 0.0) for one in behind(session)
        },
        "fapai_closings_due": ("Auctions past their end and not yet decided", figure(due)),
        "fapai_intake_leases": ("Processes that take bids", figure(leases)),
        "fapai_clock_skewed": (
            "Whether this process and the database disagree on the time by more than a second: it takes no bids",
            float(wired.clock.skewed),
        ),
        "fapai_journal_unsealed": ("Journal entries not yet in the public log", figure(unsealed)),
        "fapai_seal_lag_seconds": ("Age of the oldest of them", (now - oldest).total_seconds() if oldest else 0.0),
        "fapai_log_size": ("Leaves under the newest checkpoint", newest),
        "fapai_untold": ("Leaves of which nobody was told yet", newest - int(kept.get(TOLD_SIZE, 0))),
        "fapai_due_late_seconds": (
            "How late the oldest due act is",
            (now - late[0].at).total_seconds() if late else 0.0,
        ),
        "fapai_refunds_overdue": ("Refunds past their time", figure(overdue)),
    }
    if SCHEDULER in kept:
        shown = parse(kept[SCHEDULER].rpartition(" ")[2]) - DUTY
        silent = ("Since a scheduler on duty showed itself", (machine - shown).total_seconds())
        found["fapai_scheduler_silent_seconds"] = silent
    return found

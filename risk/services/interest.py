"""Checking people against the registry: who of them is barred from a lot, as of now, or no answer at all."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import SHANGHAI
from auction.kernel.crypto import Vault
from auction.kernel.errors import DomainError
from auction.models import Lot, Task
from auction.rules.identity import USCC

from ..queries import interest as queries
from ..rules.interest import PLATFORM, Bodies, Body, Clearance

log = structlog.get_logger(__name__)


class Reading(Protocol):
    """What a check needs of its surroundings: a transaction and the keys. A `Unit` is one."""

    @property
    def session(self) -> Session: ...

    @property
    def vault(self) -> Vault: ...


def bodies_of(reading: Reading, lot: Lot) -> Bodies:
    """The enforcing court, the provider, and every agency that ever had a task on the lot; and since when they count.

    An agency is barred itself too, so it comes with the keyed hash of its social credit code.
    """
    agencies = reading.session.scalars(select(Task.agency_uscc).where(Task.lot_id == lot.id).distinct())
    return Bodies(
        (
            Body("court", lot.court_code),
            Body("provider", PLATFORM),
            *(Body("agency", code, reading.vault.match_key(USCC, code)) for code in sorted(agencies)),
        ),
        since=lot.case.entered_at.astimezone(SHANGHAI).date(),
    )


def check_interest(reading: Reading, lot: Lot, matches: Collection[str], now: datetime) -> Clearance:
    """Which of `matches` (applicant, principals, joint bidders, payer: keyed hashes) OJA 34 bars from the lot.

    Fails closed: DomainError("fault") where the registry cannot be read, whatever the cause, and nobody is cleared.
    The answer holds for its registry version and its day only (`is_current`).
    """
    today = now.astimezone(SHANGHAI).date()
    reading.session.flush()  # a clash of the caller's own rows is his to retry, not an unreadable registry
    try:
        version = queries.registry_version(reading.session)
        bodies = bodies_of(reading, lot)
        hits = queries.find_hits(reading.session, bodies.all, matches, bodies.since, today, version=version)
    except Exception as error:
        log.exception("the interest bar could not be checked", lot=lot.id)
        raise DomainError("fault") from error
    return Clearance(version, today, hits)

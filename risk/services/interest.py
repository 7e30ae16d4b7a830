"""Checking people against the registry: who of them is barred from a lot, as of now, or no answer at all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import SHANGHAI
from auction.kernel.crypto import Vault
from auction.kernel.errors import DomainError
from auction.models import Lot, Task
from auction.rules.identity import USCC, birth_date
from auction.rules.ruleset import Ruleset, load

from ..queries import interest as queries
from ..rules.interest import PLATFORM, Bodies, Body, Clearance, Facts, Limits, hits, told
from ..rules.namesakes import NAMESAKE, namesake_text

log = structlog.get_logger(__name__)

#: The set whose limits hold where no auction's own copy is at hand.
RULESET = "spc-2016"


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


def check_interest(
    reading: Reading, lot: Lot, matches: Collection[str], now: datetime, ruleset: Ruleset | None = None
) -> Clearance:
    """Which of `matches` (applicant, principals, agent, joint bidders, payer: keyed hashes) are barred from the lot.

    OJA 34, and the court's practice on controlled companies by the limits of `ruleset` (the auction's own copy; else
    the shipped one). Hits that were lifted for this lot do not count. Fails closed: DomainError("fault") where the
    registry cannot be read, whatever the cause, and nobody is cleared. The answer holds for its registry version and
    its day only.
    """
    return check_many(reading, [Asked(lot, frozenset(matches), ruleset)], now)[0]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the registry: whether these people are barred from this lot, were hits (`without`) lifted too."""

    lot: Lot
    matches: frozenset[str]
    ruleset: Ruleset | None = None
    without: frozenset[str] = frozenset()


def check_many(reading: Reading, asked: Sequence[Asked], now: datetime) -> list[Clearance]:
    """`check_interest` for many lots at once, in order: as many statements as lots, and six more."""
    today = now.astimezone(SHANGHAI).date()
    reading.session.flush()  # a clash of the caller's own rows is his to retry, not an unreadable registry
    try:
        version = queries.registry_version(reading.session)
        people = frozenset[str]().union(*(one.matches for one in asked))
        facts = queries.find_facts(reading.session, people, today, version=version)
        lifted = queries.lifted_hits(reading.session, {one.lot.id for one in asked})
        bodies = {lot.id: bodies_of(reading, lot) for lot in {one.lot.id: one.lot for one in asked}.values()}
        return [
            _judge(one, bodies[one.lot.id], facts, lifted.get(one.lot.id, frozenset()) | one.without, version, today)
            for one in asked
        ]
    except Exception as error:
        log.exception("the interest bar could not be checked", lots=[one.lot.id for one in asked])
        raise DomainError("fault") from error


def _judge(one: Asked, bodies: Bodies, facts: Facts, lifted: frozenset[str], version: int, today: date) -> Clearance:
    numbers = one.ruleset or load(RULESET)
    limits = Limits(numbers.ratio("company_control"), numbers.ratio("company_alert"))
    where = (one.matches, bodies.all, bodies.since, today, facts)
    return Clearance(
        version,
        today,
        hits(*where, limits=limits, lifted=lifted),
        told(*where, limits=limits, lifted=lifted),
        facts.companies & one.matches,
    )


def find_namesakes(reading: Reading, people: Mapping[str, tuple[str, str]], *, version: int) -> frozenset[str]:
    """Who of some people has the name and the day of birth of somebody else in the registry.

    `people`: name and resident number in the clear, by the keyed hash of the number. PRECISIONS 13.
    """
    marks = {
        match: reading.vault.match_key(NAMESAKE, namesake_text(name, birth_date(number)))
        for match, (name, number) in people.items()
    }
    return frozenset(queries.namesakes(reading.session, marks, version=version))

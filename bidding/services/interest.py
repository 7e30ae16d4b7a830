"""The interest bar at the desk: who stands where in an auction, checked against the registry in force (OJA 34).

A registration remembers the registry version and the day on which nothing was found; any later version or day
means a new check, inside the same transaction. If the check cannot be made, the offer is answered `fault`.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import aliased

from auction.kernel.clock import SHANGHAI
from auction.kernel.db import Question, ask
from auction.kernel.unit import Unit
from auction.models import Auction, Lot, Task
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from auction.services.lots import create_task
from risk.queries.interest import IN_FORCE
from risk.queries.sanctions import term_bar_of
from risk.rules.interest import Clearance
from risk.services.interest import check_interest

from ..models import Bid, RegisteredIdentity, Registration
from ..queries.conflicts import BARRED, RENEGER
from ..queries.reneges import Bound
from ..queries.rooms import OpenRoom, ruleset_of
from ..rules.room import Standing
from .findings import bound_to_renegers, flag_barred, keep_bound, keep_findings, note_bar, note_hit

_TABLE = Registration.__table__
_COLUMNS = tuple(
    _TABLE.c[name]
    for name in (
        "id",
        "auction_id",
        "account_id",
        "status",
        "rank",
        "bidder_code",
        "seal",
        "barred",
        "has_bid",
        "cleared_version",
        "cleared_on",
    )
)
_EARLIER = aliased(Bid)
#: The registrations of people (`account_id`) for auctions (`auction_id`), the latest of each pair last; with each the
#: registry in force, and the bid that was made under a `key`. A question more costs more than these two columns.
REGISTERED = Question(
    ("auction_id", "account_id", "key"),
    lambda rows, given: (
        select(
            *_COLUMNS,
            IN_FORCE.scalar_subquery().label("in_force"),
            select(_EARLIER.id)
            .where(_EARLIER.registration_id == _TABLE.c.id, _EARLIER.key == given["key"])
            .scalar_subquery()
            .label("earlier"),
        )
        .join_from(
            rows,
            _TABLE,
            and_(_TABLE.c.auction_id == given["auction_id"], _TABLE.c.account_id == given["account_id"]),
        )
        .order_by(_TABLE.c.created_at, _TABLE.c.id)
    ),
)
_ADMITTED = frozenset(("awaiting_court", "awaiting_deposit", "qualified", "applied"))


class Standings:
    """The registrations behind the offers of one transaction.

    They are found by `question`, which whoever holds the auctions' locks asks together with his own.
    """

    def __init__(self, unit: Unit, offers: Iterable[tuple[str, str, str]]) -> None:
        """`offers`: auction, account and key of each."""
        self._unit = unit
        self._offers = [{"auction_id": auction, "account_id": who, "key": key} for auction, who, key in offers]
        self._found: dict[tuple[str, str], Any] = {}
        self._bars: dict[str, str | None] = {}
        #: The bids that were made under one of the keys.
        self.earlier: list[str] = []

    @property
    def question(self) -> tuple[Question, list[dict[str, str]]]:
        """The registrations."""
        return REGISTERED, self._offers

    def found(self, registrations: Iterable[Any]) -> None:
        """Take the answer to the question."""
        for row in registrations:
            self._found[(row.auction_id, row.account_id)] = row
            if row.earlier is not None:
                self.earlier.append(row.earlier)

    def registration(self, auction_id: str, account_id: str | None) -> Any:
        """The person's latest registration for the auction, as plain columns; None if there is none."""
        return self._found.get((auction_id, account_id)) if account_id else None

    def refresh(self, auction_id: str) -> None:
        """Read the auction's registrations again, after its opening changed some."""
        self._unit.session.flush()
        here = [offer for offer in self._offers if offer["auction_id"] == auction_id]
        self.found(*ask(self._unit.session, (REGISTERED, here)))

    def standing(self, auction: OpenRoom, registration: Any) -> Standing:
        """What the room's rules need to know of a bidder."""
        if registration is None:
            return Standing(None)
        return Standing(
            registration=registration.id,
            rank=registration.rank,
            bar=self._bar(auction, registration),
            admitted=registration.status in _ADMITTED,
            qualified=registration.status == "qualified",
            current=registration.seal == auction.seal,
        )

    def _bar(self, auction: OpenRoom, registration: Any) -> str | None:
        today = self._unit.now.astimezone(SHANGHAI).date()
        if registration.cleared_version == (registration.in_force or 0) and registration.cleared_on == today:
            barred: str | None = registration.barred
            return barred
        if registration.id not in self._bars:
            self._bars[registration.id] = recheck(self._unit, auction, registration.id, registration)
        return self._bars[registration.id]


def recheck(unit: Unit, auction: Auction | OpenRoom, registration_id: str, registration: Any) -> str | None:
    """Check every identity behind a registration against the registry in force, and remember the answer.

    Answers `barred_interest`, `barred_reneger`, `barred_sanction` (a bar for a term, in force today) or None. A hit on
    somebody who has already bid is journaled and raised as an alert in the same transaction. Raises what the check
    raises: nobody passes an unreadable registry.
    """
    matches = frozenset(
        unit.session.scalars(
            select(RegisteredIdentity.id_match).where(RegisteredIdentity.registration_id == registration_id)
        )
    )
    lot = unit.session.get_one(Lot, auction.lot_id)  # a desk's auction may belong to no session
    clearance = check_interest(unit, lot, matches, unit.now, ruleset_of(unit.session, auction))
    bound = None if clearance.hits else standing_to_renegers(unit, auction, matches, version=clearance.version)
    barred = BARRED if bound is None else RENEGER if bound.barred else sanction_bar(unit, lot, matches)
    before, had_bid = registration.barred, bool(registration.has_bid)  # the update reaches a loaded row
    unit.session.execute(
        update(Registration)
        .where(Registration.id == registration_id)
        .values(cleared_version=clearance.version, cleared_on=clearance.on, barred=barred)
    )
    new = before != barred
    hits: Clearance | Bound = clearance if bound is None else bound
    if hits.hits and new:
        note_hit(unit, auction.id, registration_id, hits, had_bid=had_bid)
    elif new:
        note_bar(unit, auction.id, registration_id, barred)
    if bound is not None:
        keep_bound(unit, auction, lot, registration_id, bound, had_bid=had_bid and new)
    keep_findings(unit, auction, lot, registration_id, clearance, had_bid=had_bid and new)
    return barred


def standing_to_renegers(
    unit: Unit, auction: Auction | OpenRoom, matches: Collection[str], *, version: int, without: Collection[str] = ()
) -> Bound:
    """Whether one of `matches` reneged on the auction's lot, or is bound to who did, by the registry of `version`.

    `without`: keys of hits that are taken for lifted. DomainError fault where that cannot be read.
    """
    return bound_to_renegers(unit, auction, {"": matches}, version=version, without=without)[""]


def sanction_bar(unit: Unit, lot: Lot, matches: Collection[str]) -> str | None:
    """`barred_sanction` where a bar for a term holds against one of `matches` today, before the lot's court."""
    held = term_bar_of(unit.session, matches, lot.court_code, shanghai_day(unit.now))
    return None if held is None else "barred_sanction"


def give_task(
    unit: Unit, actor: Actor, lot_id: str, *, agency: str, kind: str, due_at: datetime, description: str | None = None
) -> Task:
    """Give auxiliary work to an agency, and have everybody registered for the lot checked anew.

    The agency and its staff are barred from now on, though the registry itself has not changed; a bid that one of them
    made before is flagged at once.
    """
    task = create_task(unit, actor, lot_id, agency=agency, kind=kind, due_at=due_at, description=description)
    check_anew(unit, lot_id)
    flag_barred(unit, lot_id)
    return task


def check_anew(unit: Unit, lot_id: str) -> None:
    """Have everybody registered for the lot checked before they do anything more: who is barred has changed."""
    unit.session.execute(
        update(Registration)
        .where(Registration.auction_id.in_(select(Auction.id).where(Auction.lot_id == lot_id)))
        .values(cleared_version=-1)
    )

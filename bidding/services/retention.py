"""What is held no longer than it is needed (PIPL 19): each kind with its period from the ruleset, journaled as counts.

What the law keeps longer (sales, the journal) is not touched. Sessions and keys go by machine time, as written.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, delete, exists, func, or_, select, tuple_, update

from auction.kernel.db import Base
from auction.kernel.unit import Unit
from auction.models import Account, Auction, Correction, Idempotency, LoginSession, Mail, Person
from auction.rules.calendar import add_months, midnight, shanghai_day
from auction.rules.lot import ENDED
from auction.rules.ruleset import Ruleset, load
from disclosure.models import DraftedItem

from ..models import AwaitedLook, Paper, Qualification, Registration, SaleObjection
from ..queries.erasure import idle_persons
from .erasure import destroy_salts, erase_unneeded

#: Rows of a kind that go in one transaction: a bid never waits for long.
MOST = 500
#: Persons looked at in one run.
_FEW = 20
_Expired = Callable[[datetime], Any]


def _sessions(before: datetime) -> Any:
    return or_(LoginSession.expires_at < before, LoginSession.ended_at < before)


#: By the parameter `keep_KIND` of the ruleset: the rows, whether machine time rules them, and which have run out.
EXPIRED: Mapping[str, tuple[type[Base], bool, _Expired]] = MappingProxyType(
    {
        "sessions": (LoginSession, True, _sessions),
        "idempotency": (Idempotency, True, lambda before: Idempotency.created_at < before),
        "mails": (Mail, True, lambda before: (Mail.due_at < before) & Mail.state.in_(("sent", "dead", "unsure"))),
        "looks": (AwaitedLook, False, lambda before: AwaitedLook.done_at < before),
        "drafts": (
            DraftedItem,
            False,
            lambda before: exists().where(
                Auction.id == DraftedItem.auction_id,
                Auction.status.in_([status.value for status in ENDED]),
                Auction.closed_at < before,
            ),
        ),
    }
)


def expire_data(unit: Unit) -> dict[str, int]:
    """Delete what its period has run out of, so many rows of a kind at most; answers and journals how many went."""
    numbers = load(unit.settings.ruleset)
    counts = {kind: _expire(unit, kind, numbers) for kind in EXPIRED}
    counts["codes"] = _forget_codes(unit, unit.now - timedelta(days=numbers.days("keep_codes")))
    counts["failures"] = _forget_failures(unit, unit.machine_now - timedelta(days=numbers.days("keep_failures")))
    counts["papers"] = _forget_papers(unit, unit.now - timedelta(days=numbers.days("keep_papers")))
    counts["persons"] = _forget_persons(unit, numbers)
    counts["salts"] = _forget_salts(unit)
    gone = {kind: count for kind, count in counts.items() if count}
    if gone:
        unit.record("DataExpired", stream="system", body={"counts": gone})
    return gone


def _expire(unit: Unit, kind: str, numbers: Ruleset) -> int:
    model, machine, expired = EXPIRED[kind]
    before = (unit.machine_now if machine else unit.now) - timedelta(days=numbers.days(f"keep_{kind}"))
    keys = list(model.__mapper__.primary_key)
    found = unit.session.execute(select(*keys).where(expired(before)).order_by(*keys).limit(MOST)).all()
    if found:
        these = tuple_(*keys).in_([tuple(row) for row in found])
        unit.session.execute(delete(model).where(these).execution_options(synchronize_session=False))
    return len(found)


def _forget_codes(unit: Unit, before: datetime) -> int:
    """Second factors that were offered and never confirmed."""
    seen = func.coalesce(Account.seen_at, Account.created_at)
    found = unit.session.scalars(
        select(Account.id).where(Account.factor_offered.is_not(None), seen < before).limit(MOST)
    ).all()
    gone = update(Account).where(Account.id.in_(found)).values(factor_offered=None)
    unit.session.execute(gone)
    return len(found)


def _forget_failures(unit: Unit, before: datetime) -> int:
    """Counters of failed sign-ins whose waiting is long over."""
    found = unit.session.scalars(select(Account.id).where(Account.locked_until < before).limit(MOST)).all()
    gone = update(Account).where(Account.id.in_(found)).values(failures=0, locked_until=None)
    unit.session.execute(gone)
    return len(found)


def _forget_papers(unit: Unit, before: datetime) -> int:
    """Papers that no objection, no proof of a buyer and no open correction refers to, as of a refused registration.

    Who refers to them is asked in the same statement: what stays is old too, and would be asked about one by one anew
    in every run.
    """
    old = select(Paper.id).where(Paper.uploaded_at < before, *(~exists(rows) for rows in _referring()))
    found = unit.session.scalars(old.order_by(Paper.uploaded_at, Paper.id).limit(MOST)).all()
    unit.session.execute(delete(Paper).where(Paper.id.in_(found)))
    return len(found)


def _referring() -> tuple[Select[Any], ...]:
    """What refers to a paper, of whoever uploaded it. An id is opaque and stands in no other."""
    return (
        select(SaleObjection.id).where(
            SaleObjection.account_id == Paper.account_id, _names_paper(SaleObjection.attachments)
        ),
        select(Registration.id)
        .join(Qualification, Qualification.registration_id == Registration.id)
        .where(Registration.account_id == Paper.account_id, _names_paper(Qualification.attachments)),
        select(Correction.id)
        .join(Account, Account.person_id == Correction.person_id)
        .where(Account.id == Paper.account_id, Correction.status == "filed", _names_paper(Correction.attachments)),
    )


def _names_paper(attachments: Any) -> ColumnElement[bool]:
    return cast(attachments, Text).contains(Paper.id)


def _forget_persons(unit: Unit, numbers: Ruleset) -> int:
    """Persons unseen for long whom nothing keeps: each is erased like one who asked for it."""
    unseen = unit.now - timedelta(days=numbers.days("keep_idle_persons"))
    kept_since = midnight(add_months(shanghai_day(unit.now), -12 * numbers.years("auction_data_retention")))
    idle = idle_persons(unit.session, unseen, kept_since, _FEW)
    return sum(erase_unneeded(unit, person_id) for person_id in idle)


def _forget_salts(unit: Unit) -> int:
    """What still opens entries of erased persons: those that were not sealed yet when they were erased."""
    erased = unit.session.scalars(
        select(Person.id).where(Person.erased_at > unit.now - timedelta(days=2)).order_by(Person.id).limit(_FEW)
    ).all()
    return sum(
        destroy_salts(
            unit,
            person_id,
            unit.session.scalars(select(Registration.id).where(Registration.person_id == person_id)).all(),
        )
        for person_id in erased
    )

"""Everything held about an account and the person behind it, for himself (PIPL 45): nothing about anybody else.

Keyed hashes of his identity stay out: they say nothing without the platform's key. What is withheld is named, with why.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import and_, inspect, or_, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.crypto import Vault
from auction.kernel.db import Base
from auction.kernel.journal import LOOKED_UP, JournalRow, Salt
from auction.models import (
    Account,
    Auction,
    CourtFollow,
    LoginSession,
    LogLeaf,
    LotFollow,
    Message,
    Passkey,
    Person,
    SavedSearch,
)
from auction.queries.sessions import origin_of
from auction.rules.access import Actor
from disclosure.models import Question, ViewingBooking
from risk.models import InterestReview, Sanction, SanctionReview, StandingEntry, StandingObjection
from risk.rules.alerts import may_tell_who

from ..models import (
    Acknowledgement,
    Bid,
    Paper,
    Payment,
    Qualification,
    RegisteredIdentity,
    Registration,
    RegistrationSignal,
    RenegeObjection,
    SaleObjection,
)
from .break_glass import approved_openings
from .conflicts import review_column
from .corrections import own_corrections
from .identities import sealed_column

M = TypeVar("M", bound=Base)
FORM = "fapai-own-data-1"
#: Entries of a sale that are about whose code they carry.
_OFFERS = ("BidAccepted", "BidRefused")
#: Columns that say nothing of their subject: what the program goes by, and other people's accounts.
_NOT_HIS = frozenset(
    (
        *("password_hash", "token_hash", "factor", "factor_id", "factor_step", "factor_offered"),
        *("id_match", "value_match", "person_match", "cleared_version", "cleared_on", "wrapped_key", "content"),
        *("key", "shard", "decided_by", "received_by", "review_recorded_by", "proposed_by", "answered_by"),
        *("machine_at", "told_at", "journal_number", "live"),
    )
)
#: What is held and not in it: the sentence is the door's.
WITHHELD = ("alerts", "other_people", "keyed_hashes")


def own_data(session: Session, vault: Vault, actor: Actor, now: datetime) -> dict[str, Any]:
    """All of it as JSON values: {"form", "made_at", "account", "person", ..., "journal", "look_ups", "withheld"}.

    Of staff the account alone. Messages that lie ahead and what a running sale keeps from everybody are left out.
    """
    account = session.get_one(Account, actor.id)
    person = session.get(Person, actor.person_id) if actor.person_id else None
    registrations = _rows(session, Registration, Registration.account_id == actor.id)
    ids = [row.id for row in registrations]
    mine = {
        "sessions": [
            _row(row) | dict(zip(("address", "browser"), origin_of(row, vault), strict=True))
            for row in _rows(session, LoginSession, LoginSession.account_id == actor.id)
        ],
        "security_keys": _of(session, Passkey, Passkey.account_id == actor.id),
        "registrations": [_registration(session, vault, person, row) for row in registrations],
        "acknowledgements": _of(session, Acknowledgement, Acknowledgement.registration_id.in_(ids)),
        "payments": _of(session, Payment, Payment.registration_id.in_(ids)),
        "bids": _of(session, Bid, Bid.registration_id.in_(ids)),
        "signals": _of(session, RegistrationSignal, RegistrationSignal.registration_id.in_(ids)),
        "messages": _of(session, Message, Message.account_id == actor.id, Message.at <= now),
        "lot_follows": _of(session, LotFollow, LotFollow.account_id == actor.id),
        "court_follows": _of(session, CourtFollow, CourtFollow.account_id == actor.id),
        "searches": _of(session, SavedSearch, SavedSearch.account_id == actor.id),
        "papers": _of(session, Paper, Paper.account_id == actor.id),
        "qualifications": _of(session, Qualification, Qualification.registration_id.in_(ids)),
        "objections": _of(session, SaleObjection, SaleObjection.account_id == actor.id),
        "renege_objections": _of(session, RenegeObjection, RenegeObjection.account_id == actor.id),
    }
    journal: list[dict[str, Any]] = []
    if person is not None:
        entries = _of(session, StandingEntry, StandingEntry.person_id == person.id)
        sanctions = _of(session, Sanction, Sanction.person_id == person.id, Sanction.status != "proposed")
        mine |= {
            "interest_reviews": [
                _row(row) | {"text": _opened(vault, person, review_column(row.id), row.text)}
                for row in _rows(session, InterestReview, InterestReview.registration_id.in_(ids))
            ],
            "questions": _of(session, Question, Question.person_id == person.id),
            "viewings": _of(session, ViewingBooking, ViewingBooking.person_id == person.id),
            "standing": entries,
            "standing_objections": _of(
                session, StandingObjection, StandingObjection.entry_id.in_([one["id"] for one in entries])
            ),
            "corrections": own_corrections(session, vault, person.id),
            "sanctions": sanctions,
            "sanction_reviews": _of(
                session, SanctionReview, SanctionReview.sanction_id.in_([one["id"] for one in sanctions])
            ),
        }
        journal = _journal(session, person, registrations)
    return {
        "form": FORM,
        "made_at": iso(now),
        "account": _row(account),
        "person": _person(vault, person) if person else None,
        **mine,
        "journal": journal,
        "look_ups": _look_ups(session, journal),
        "withheld": list(WITHHELD),
    }


def _rows(session: Session, model: type[M], *where: Any) -> Sequence[M]:
    return session.scalars(select(model).where(*where).order_by(*inspect(model).primary_key)).all()


def _of(session: Session, model: type[Base], *where: Any) -> list[dict[str, Any]]:
    return [_row(row) for row in _rows(session, model, *where)]


def _row(row: Base) -> dict[str, Any]:
    """What a row says of its subject; what is sealed is opened apart."""
    found = ((column.key, getattr(row, column.key)) for column in row.__table__.columns if column.key not in _NOT_HIS)
    return {name: _value(value) for name, value in found if not isinstance(value, bytes)}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return value.isoformat() if isinstance(value, date) else value


def _opened(vault: Vault, person: Person, column: str, sealed: bytes | None) -> str | None:
    if person.wrapped_key is None or sealed is None:
        return None
    return vault.open(person.wrapped_key, person.id, column, sealed)


def _person(vault: Vault, person: Person) -> dict[str, Any]:
    sealed = ("name", "id_number", "phone", "email", "address")
    return _row(person) | {name: _opened(vault, person, name, getattr(person, name)) for name in sealed}


def _registration(session: Session, vault: Vault, person: Person | None, row: Registration) -> dict[str, Any]:
    """A registration, and as what he stands in it; of whom he named beside himself only how many they are."""
    identities = _rows(session, RegisteredIdentity, RegisteredIdentity.registration_id == row.id)
    own = [one for one in identities if person is not None and one.id_match == person.id_match]
    told = []
    for one in own:
        opened = {
            name: _opened(vault, person, sealed_column(row.id, one.id_match, name), getattr(one, name))
            for name in ("name", "id_number")
            if person is not None
        }
        told.append({"part": one.part, "share": one.share, "id_type": one.id_type, **opened})
    return _row(row) | {"identities": told, "others": len(identities) - len(own)}


def _journal(session: Session, person: Person, registrations: Sequence[Registration]) -> list[dict[str, Any]]:
    """Entries about him with what opens them: of private ones the salt, whose commitment the public log shows."""
    ids, codes = {row.id for row in registrations}, {row.bidder_code for row in registrations} - {None}
    in_sales = [
        and_(JournalRow.stream == f"auction:{row.auction_id}", JournalRow.entry.contains(name, autoescape=True))
        for row in registrations
        for name in (row.id, row.bidder_code)
        if name
    ]
    rows = session.execute(
        select(JournalRow, Salt.salt, LogLeaf.index, LogLeaf.commitment)
        .outerjoin(Salt, and_(Salt.stream == JournalRow.stream, Salt.number == JournalRow.number))
        .outerjoin(LogLeaf, and_(LogLeaf.stream == JournalRow.stream, LogLeaf.number == JournalRow.number))
        .where(
            or_(
                JournalRow.stream == f"person:{person.id}",
                *in_sales,
                and_(JournalRow.stream.in_(_ended_openings(session, registrations)), JournalRow.kind == LOOKED_UP[-1]),
            )
        )
        .order_by(JournalRow.id)
    )
    found = []
    for row, salt, index, commitment in rows:
        entry = orjson.loads(row.entry)
        body = entry["body"]
        if row.stream.startswith("auction:"):
            if body.get("registration_id") not in ids and not (row.kind in _OFFERS and body["bidder_code"] in codes):
                continue
        elif row.stream.startswith("approval:") and body["person_id"] != person.id:
            continue
        opening = {"index": index, "commitment": commitment, "salt": salt.hex() if salt else None}
        found.append({"private": row.private, "hash": row.hash, **opening, "entry": entry})
    return found


def _ended_openings(session: Session, registrations: Iterable[Registration]) -> list[str]:
    """The streams of identities opened before the end, of sales that have ended: before it he is not told."""
    streams = []
    for auction_id in dict.fromkeys(row.auction_id for row in registrations):
        auction = session.get_one(Auction, auction_id)
        if may_tell_who(auction.status, auction.closed_at):
            streams += [f"approval:{one.id}" for one in approved_openings(session, auction_id)]
    return streams


def _look_ups(session: Session, journal: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Who looked him up, by role, when and what for."""
    looked = [one["entry"] for one in journal if one["entry"]["kind"] in LOOKED_UP]
    by = {entry["body"]["by"] for entry in looked}
    staff = session.execute(select(Account.id, Account.role).where(Account.id.in_(by)))
    roles = {row.id: row.role for row in staff}
    return [
        {
            "at": entry["at"],
            "kind": entry["kind"],
            "role": roles.get(entry["body"]["by"]),
            "purpose": entry["body"]["purpose"],
        }
        for entry in looked
    ]

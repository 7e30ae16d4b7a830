"""Signs of straw men: kept as keyed hashes when people register and pay, compared once the auction has ended.

Nothing is compared while bidding runs (OJA 8(2)). What is found is told to the regulator with its reasons and bars
nobody; values too common to say anything are passed over, and all are deleted when their time is over.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, func, select, tuple_

from auction.kernel.unit import Unit
from auction.models import Auction, Lot, Person
from auction.rules.identity import RESIDENT_ID
from auction.rules.ruleset import Ruleset, load
from risk.queries.interest import registry_version
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert
from risk.services.interest import check_interest
from risk.services.near_names import find_near_names

from ..models import Registration, RegistrationSignal, SignalScreening
from ..rules.signals import KINDS, Origin, Shared, Signal, comparable, shared
from .rooms import lock_auction


def keep_signals(unit: Unit, registration: Registration, values: Mapping[str, str | None]) -> None:
    """Keep the keyed hash of each value (by its kind) beside a registration; one that says nothing is not kept."""
    person_match = None
    for kind, value in values.items():
        plain = comparable(kind, value)
        if plain is None:
            continue
        value_match = unit.vault.match_key(f"signal:{kind}", plain)
        if unit.session.get(RegistrationSignal, (registration.id, kind, value_match)) is not None:
            continue
        if person_match is None:
            person_match = unit.session.get_one(Person, registration.person_id).id_match
        unit.session.add(
            RegistrationSignal(
                registration_id=registration.id,
                kind=kind,
                value_match=value_match,
                auction_id=registration.auction_id,
                person_match=person_match,
                at=unit.now,
            )
        )
    unit.session.flush()


def keep_contacts(unit: Unit, registration: Registration, person: Person) -> None:
    """Keep what the person's account says of how to reach him."""
    key = person.wrapped_key
    if key is None:
        return
    sealed = {"phone": person.phone, "email": person.email, "address": person.address}
    opened = {kind: unit.vault.open(key, person.id, kind, value) for kind, value in sealed.items() if value is not None}
    keep_signals(unit, registration, opened)


def keep_origin(unit: Unit, registration: Registration, origin: Origin | None) -> None:
    """Keep where the request came from; None where there was no door (a script, a demonstration)."""
    if origin is not None:
        keep_signals(unit, registration, {"ip": origin.ip, "device": origin.device})


def watch_names(unit: Unit, registration: Registration, lot: Lot, people: Mapping[str, tuple[str, str, str]]) -> None:
    """Tell the regulator where somebody nearly has the name, and the day of birth, of somebody barred from the lot.

    `people`: id type, number and name in the clear, by the keyed hash of the number. The same name and day is not told
    here: it holds the registration.
    """
    numbers = load(unit.settings.ruleset)
    natural = {match: (name, number) for match, (kind, number, name) in people.items() if kind == RESIDENT_ID}
    near = find_near_names(unit, natural, numbers, version=registry_version(unit.session))
    barred = {
        hit.match: hit
        for hit in (check_interest(unit, lot, frozenset().union(*near.values()), unit.now).hits if near else ())
    }
    reasons = [
        Reason(
            "near_name",
            {"ground": barred[other].ground, "body": f"{barred[other].body_type}_body"},
            {"registrations": [registration.id]},
        )
        for others in near.values()
        for other in sorted(others & barred.keys())
    ]
    if reasons:
        raise_alert(
            unit,
            "identity_near_match",
            key=f"identity_near_match:{registration.id}",
            reasons=reasons,
            court_code=lot.court_code,
            lot_id=lot.id,
            auction_id=registration.auction_id,
            registration_id=registration.id,
        )


def await_screening(unit: Unit, auction: Auction) -> None:
    """The auction has just ended: have its signs compared, after this transaction."""
    unit.session.add(SignalScreening(auction_id=auction.id, due_at=unit.now))


def screen_signals(unit: Unit, auction_id: str) -> int | None:
    """Compare the signs of an auction that has ended, once; how many things were told, None where it is not due.

    Told are registrations of the auction that share a value, and people of different ended auctions who do.
    """
    auction = lock_auction(unit, auction_id)
    screening = unit.session.get(SignalScreening, auction_id, populate_existing=True)
    if screening is None or screening.done_at is not None:
        return None
    screening.done_at = unit.now
    numbers = load(unit.settings.ruleset)
    _forget(unit, numbers)
    most = {kind: numbers.count(f"signal_most_{kind}") for kind in KINDS}
    found = shared(auction_id, _comparable_signals(unit, auction_id, max(most.values())), most)
    for one in found:
        _tell(unit, auction, one)
    return len(found)


def _forget(unit: Unit, numbers: Ruleset) -> None:
    oldest = unit.now - timedelta(days=numbers.days("signal_kept"))
    unit.session.execute(delete(RegistrationSignal).where(RegistrationSignal.at < oldest))


def _comparable_signals(unit: Unit, auction_id: str, most: int) -> list[Signal]:
    """The signals of an auction that others share, and theirs, where they belong to ended auctions.

    Values of more people than any kind allows are left out before they are read.
    """
    table = RegistrationSignal
    value = (table.kind, table.value_match)
    own = select(*value).where(table.auction_id == auction_id)
    ended = select(table).join(Auction, Auction.id == table.auction_id).where(Auction.closed_at.is_not(None))
    persons = func.count(func.distinct(table.person_match))
    telling = (
        ended.with_only_columns(*value)
        .where(tuple_(*value).in_(own))
        .group_by(*value)
        .having(persons > 1, persons <= most)
    )
    rows = unit.session.scalars(ended.where(tuple_(*value).in_(telling)))
    return [Signal(row.registration_id, row.auction_id, row.person_match, row.kind, row.value_match) for row in rows]


def _tell(unit: Unit, auction: Auction, one: Shared) -> None:
    facts = {"registrations": len(one.registrations), "persons": len(one.persons), "auctions": one.auctions}
    raise_alert(
        unit,
        "shared_signal_across" if one.across else "shared_signal",
        key=_key(auction.id, one),
        reasons=[
            Reason(
                f"shared_{kind}_across" if one.across else f"shared_{kind}",
                facts,
                {"registrations": list(one.registrations)},
            )
            for kind in one.kinds
        ],
        court_code=auction.lot.court_code,
        lot_id=auction.lot_id,
        auction_id=auction.id,
    )


def _key(auction_id: str, one: Shared) -> str:
    """The occasion: within an auction its registrations; across auctions the people and what they share."""
    if one.across:
        return f"shared_signal_across:{_digest(one.persons)}:{'+'.join(one.kinds)}"
    return f"shared_signal:{auction_id}:{_digest(one.registrations)}"


def _digest(names: Collection[str]) -> str:
    return sha256("\0".join(names).encode()).hexdigest()[:32]

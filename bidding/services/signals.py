"""Signs of straw men: kept as keyed hashes when people register and pay, compared once the auction has ended.

Nothing is compared while bidding runs (OJA 8(2)). What is found is told to the regulator with its reasons and bars
nobody; values too common to say anything are passed over, and all are deleted when their time is over.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, func, select, tuple_

from auction.kernel.unit import Unit
from auction.models import Auction, Person
from auction.rules.identity import RESIDENT_ID
from auction.rules.ruleset import Ruleset, load
from auction.services.locking import lock_auction
from risk.queries.interest import registry_version
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert
from risk.services.interest import check_interest
from risk.services.near_names import find_near_names

from ..models import Registration, RegistrationSignal
from ..queries.identities import identities
from ..rules.signals import KINDS, Origin, Shared, Signal, comparable, shared
from .looks import await_look, taken


def keep_signals(
    unit: Unit, registration: Registration, values: Mapping[str, str | None], *, whose: str | None = None
) -> None:
    """Keep the keyed hash of each value (by its kind) beside a registration; one that says nothing is not kept.

    `whose`: the keyed hash of the person behind the registration whose values they are, by default the applicant's.
    What comes after the end has the auction's signs compared once more.
    """
    plain = {kind: comparable(kind, value) for kind, value in values.items()}
    told = {kind: unit.vault.match_key(f"signal:{kind}", value) for kind, value in plain.items() if value is not None}
    new = [
        (kind, value)
        for kind, value in told.items()
        if unit.session.get(RegistrationSignal, (registration.id, kind, value)) is None
    ]
    if not new:
        return
    person_match = whose or unit.session.get_one(Person, registration.person_id).id_match
    for kind, value in new:
        unit.session.add(
            RegistrationSignal(
                registration_id=registration.id,
                kind=kind,
                value_match=value,
                auction_id=registration.auction_id,
                person_match=person_match,
                at=unit.now,
            )
        )
    if unit.session.get_one(Auction, registration.auction_id).closed_at is not None:
        await_look(unit, "screen", registration.auction_id)
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


def watch_names(unit: Unit, registration_id: str) -> bool:
    """Tell the regulator where somebody nearly has the name, and the day of birth, of somebody barred from the lot.

    Once for a registration, and after its transaction: all the names of those born that day are opened. The same name
    and day is not told here: it holds the registration. False where the look is not due.
    """
    if not taken(unit, "names", registration_id):
        return False
    registration = unit.session.get_one(Registration, registration_id)
    lot = unit.session.get_one(Auction, registration.auction_id).lot
    numbers = load(unit.settings.ruleset)
    natural = {
        unit.vault.match_key(one.id_type, one.id_number): (one.name, one.id_number)
        for one in identities(unit.session, unit.vault, registration)
        if one.id_type == RESIDENT_ID
    }
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
    return True


def screen_signals(unit: Unit, auction_id: str) -> int | None:
    """Compare the signs of an auction that has ended, once; how many things were told, None where it is not due.

    Told are registrations of the auction that share a value, and people of different ended auctions who do.
    """
    auction = lock_auction(unit, auction_id)
    if not taken(unit, "screen", auction_id):
        return None
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

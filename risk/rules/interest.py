"""The interest bar in its direct form: bodies of the sale, their staff, and these people's near relatives.

OJA 34: the enforcing court, the provider, the auxiliary agencies, their staff and the staff's near relatives may
not bid. Near relatives are those of CIV 1045(2) and nobody else: in-laws, uncles and cousins are not barred.
People and bodies are known here only by the keyed hash of their identity (`match`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

BodyType = Literal["court", "provider", "agency"]
Ground = Literal["body", "staff", "near_relative"]

BODY_TYPES: tuple[BodyType, ...] = ("court", "provider", "agency")
#: The provider's `body_code`: there is one, and it is always there (PRECISIONS 32).
PLATFORM = "PLATFORM"

#: CIV 1045(2), each with what the person is to the relative.
INVERSE = {
    "spouse": "spouse",
    "parent": "child",
    "child": "parent",
    "sibling": "sibling",
    "grandparent": "grandchild",
    "grandchild": "grandparent",
}
NEAR_RELATIONS = tuple(INVERSE)


@dataclass(frozen=True, slots=True)
class Body:
    """A court, agency or provider that has to do with a lot; `match` where the body itself has an identity number."""

    type: BodyType
    code: str
    match: str | None = None


@dataclass(frozen=True, slots=True)
class Bodies:
    """The bodies of one lot, and the day of the case's entry, from which on offices in them count."""

    all: tuple[Body, ...]
    since: date


@dataclass(frozen=True, slots=True)
class Office:
    """A term of office, both days inclusive; `to_on` None: still in office."""

    body_type: str
    body_code: str
    id_match: str
    from_on: date
    to_on: date | None


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation as recorded: `relative_match` is the `relation` (say, the parent) of `id_match`."""

    id_match: str
    relative_match: str
    relation: str


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """One way in which `match` is barred: the ground, the body it leads to, and for relatives through whom.

    `relation` says what `match` is to `via`, the member of staff.
    """

    match: str
    ground: Ground
    body_type: str
    body_code: str
    via: str = ""
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Clearance:
    """What a check found, with the registry version and the day in Shanghai for which alone it holds."""

    version: int
    on: date
    hits: tuple[Hit, ...]

    @property
    def clear(self) -> bool:
        """Whether nobody is barred."""
        return not self.hits


def is_current(cleared_version: int, cleared_on: date, version: int, today: date) -> bool:
    """Whether a clearance still says anything: same registry, same day. A task given to an agency voids it too."""
    return cleared_version == version and cleared_on == today


def in_office(office: Office, since: date, until: date) -> bool:
    """Whether the office was held on any day from `since` to `until`, both inclusive (PRECISIONS 32)."""
    return office.from_on <= until and (office.to_on is None or office.to_on >= since)


def near_relatives(people: Collection[str], relations: Iterable[Relation]) -> frozenset[tuple[str, str, str]]:
    """The near relatives of some people, one step away, as (person, relative, what the person is to the relative).

    A relation recorded from either side counts for both. What CIV 1045(2) does not name is passed over.
    """
    found = set()
    for record in relations:
        inverse = INVERSE.get(record.relation)
        if inverse is None:
            continue
        if record.id_match in people:
            found.add((record.id_match, record.relative_match, inverse))
        if record.relative_match in people:
            found.add((record.relative_match, record.id_match, record.relation))
    return frozenset(found)


def hits(
    matches: Collection[str],
    bodies: Iterable[Body],
    since: date,
    until: date,
    offices: Iterable[Office],
    relations: Iterable[Relation],
) -> tuple[Hit, ...]:
    """Every way in which one of `matches` is barred from a lot with these `bodies`, in a fixed order; empty if none.

    `offices` and `relations` are the registry's rows that touch the matches and their relatives; more do no harm.
    """
    bodies = tuple(bodies)
    codes = {(body.type, body.code) for body in bodies}
    held: dict[str, set[tuple[str, str]]] = {}
    for office in offices:
        body = (office.body_type, office.body_code)
        if body in codes and in_office(office, since, until):
            held.setdefault(office.id_match, set()).add(body)
    found = {Hit(body.match, "body", body.type, body.code) for body in bodies if body.match and body.match in matches}
    found |= {Hit(match, "staff", *body) for match in matches for body in held.get(match, ())}
    found |= {
        Hit(match, "near_relative", *body, via=relative, relation=relation)
        for match, relative, relation in near_relatives(matches, relations)
        for body in held.get(relative, ())
    }
    return tuple(sorted(found))

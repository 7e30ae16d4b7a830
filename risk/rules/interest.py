"""The interest bar: bodies of the sale, their staff, these people's near relatives, and companies they control.

OJA 34: the enforcing court, the provider, the auxiliary agencies, their staff and the staff's near relatives may
not bid. Near relatives are those of CIV 1045(2) and nobody else: in-laws, uncles and cousins are not barred. OJA names
no companies; those that barred people control are barred by a court's practice (`rules.control`).
People and bodies are known here only by the keyed hash of their identity (`match`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from hashlib import sha256
from itertools import product
from typing import Literal

from .control import Chain, Stake, Trace, traces, ways

BodyType = Literal["court", "provider", "agency"]
#: The last two are those of the bar on a reneger's companies (`rules.reneger`), and no ground of OJA 34.
Ground = Literal["body", "staff", "near_relative", "controlled_company", "reneger_company", "reneger_controller"]

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

    `relation` says what `match` is to `via`, the member of staff; for a controlled company it is the rule of control,
    and `via` the first of those who control it. `through`: who stands between (the parent through whom one is a
    grandchild; the others who control a company, and the companies between).
    """

    match: str
    ground: Ground
    body_type: str
    body_code: str
    via: str = ""
    relation: str = ""
    through: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name of exactly this hit: lifting it lifts no other, and a new fact makes a new one."""
        fields = (self.match, self.ground, self.body_type, self.body_code, self.via, self.relation, *self.through)
        return sha256("\0".join(fields).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Facts:
    """The registry's rows that touch some people: stakes in companies above them, relations, offices. More do no harm.

    `stakes` hold every stake in a company of theirs, and in the companies that hold it, up to the last holder.
    """

    offices: tuple[Office, ...] = ()
    relations: tuple[Relation, ...] = ()
    stakes: tuple[Stake, ...] = ()

    @property
    def companies(self) -> frozenset[str]:
        """The companies of which the registry knows who is behind them."""
        return frozenset(stake.company for stake in self.stakes)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a company counts as controlled, and from which holding on the regulator is told (court's practice)."""

    control: Fraction = Fraction(1, 2)
    told: Fraction = Fraction(1, 10)


@dataclass(frozen=True, slots=True)
class Clearance:
    """What a check found, with the registry version and the day in Shanghai for which alone it holds.

    `traces` bar nobody: the regulator is told of them. `companies`: of whom the registry knows who is behind them.
    """

    version: int
    on: date
    hits: tuple[Hit, ...]
    traces: tuple[Trace, ...] = ()
    companies: frozenset[str] = frozenset()

    @property
    def clear(self) -> bool:
        """Whether nobody is barred."""
        return not self.hits

    @property
    def through_company(self) -> bool:
        """Whether only the court's practice on controlled companies bars, and OJA 34 by its own words does not."""
        return bool(self.hits) and all(hit.ground == "controlled_company" for hit in self.hits)


def is_current(cleared_version: int, cleared_on: date, version: int, today: date) -> bool:
    """Whether a clearance still says anything: same registry, same day. A task given to an agency voids it too."""
    return cleared_version == version and cleared_on == today


def in_office(office: Office, since: date, until: date) -> bool:
    """Whether the office was held on any day from `since` to `until`, both inclusive (PRECISIONS 32)."""
    return office.from_on <= until and (office.to_on is None or office.to_on >= since)


#: What follows from two records, parents and children only: to whose what one is then what (CIV 1045(2)).
_DERIVED = {("parent", "parent"): "grandchild", ("parent", "child"): "sibling", ("child", "child"): "grandparent"}


@dataclass(frozen=True, slots=True, order=True)
class Kinship:
    """`person` is the `relation` (say, the child) of `relative`; `through` the one between where it is derived."""

    person: str
    relative: str
    relation: str
    through: str = ""


def near_relatives(people: Collection[str], relations: Iterable[Relation]) -> frozenset[Kinship]:
    """The near relatives of some people: recorded ones, and those that follow from two records.

    A relation recorded from either side counts for both. A parent's parent is a grandparent, a parent's other child a
    sibling, a child's child a grandchild. What CIV 1045(2) does not name is passed over, and nothing follows from it.
    """
    known: dict[str, dict[str, set[str]]] = {}  # person -> relative -> what the relative is to the person
    for record in relations:
        inverse = INVERSE.get(record.relation)
        if inverse is not None and record.id_match != record.relative_match:
            known.setdefault(record.id_match, {}).setdefault(record.relative_match, set()).add(record.relation)
            known.setdefault(record.relative_match, {}).setdefault(record.id_match, set()).add(inverse)
    found = set()
    for person in people:
        direct = known.get(person, {})
        found |= {Kinship(person, kin, INVERSE[relation]) for kin, said in direct.items() for relation in said}
        derived: dict[tuple[str, str], str] = {}
        for between in sorted(direct):
            for kin, said in known[between].items():
                for pair in product(direct[between], said):
                    if pair in _DERIVED and kin != person and kin not in direct:
                        derived.setdefault((kin, _DERIVED[pair]), between)
        found |= {Kinship(person, kin, relation, between) for (kin, relation), between in derived.items()}
    return frozenset(found)


def hits(
    matches: Collection[str],
    bodies: Iterable[Body],
    since: date,
    until: date,
    facts: Facts,
    *,
    limits: Limits | None = None,
    lifted: Collection[str] = (),
) -> tuple[Hit, ...]:
    """Every way in which one of `matches` is barred from a lot with these `bodies`, in a fixed order; empty if none.

    `lifted`: keys of hits that are known to be mistaken for this lot. Who is barred by a lifted hit alone controls
    nothing either.
    """
    listed = tuple(bodies)
    wanted = frozenset(matches)
    direct = _direct(wanted | {stake.holder for stake in facts.stakes}, listed, since, until, facts, lifted)
    seeds = {hit.match: hit for hit in reversed(direct)}
    found = {hit for hit in direct if hit.match in wanted}
    if facts.stakes and seeds:
        chains = ways(seeds, facts.stakes, (limits or Limits()).control, among=wanted - seeds.keys())
        found |= {_company_hit(chain, seeds[chain.seeds[0]]) for each in chains.values() for chain in each}
    return tuple(sorted(hit for hit in found if hit.key not in lifted))


def _company_hit(chain: Chain, first: Hit) -> Hit:
    others = {*chain.seeds[1:], *chain.companies} - {chain.company}
    return Hit(
        chain.company,
        "controlled_company",
        first.body_type,
        first.body_code,
        via=first.match,
        relation=chain.rule,
        through=tuple(sorted(others)),
    )


def told(
    matches: Collection[str],
    bodies: Iterable[Body],
    since: date,
    until: date,
    facts: Facts,
    *,
    limits: Limits | None = None,
    lifted: Collection[str] = (),
) -> tuple[Trace, ...]:
    """What the regulator is told of companies among `matches` that are not barred (arguments as `hits`)."""
    if not facts.stakes:
        return ()
    limits = limits or Limits()
    holders = {stake.holder for stake in facts.stakes}
    seeds = {hit.match for hit in _direct(holders, tuple(bodies), since, until, facts, lifted)}
    companies = sorted(facts.companies & frozenset(matches))
    return traces(seeds, facts.stakes, companies, least=limits.told, more_than=limits.control) if seeds else ()


def _direct(
    people: Collection[str],
    bodies: tuple[Body, ...],
    since: date,
    until: date,
    facts: Facts,
    lifted: Collection[str],
) -> list[Hit]:
    """The hits on bodies, staff and near relatives, sorted, without lifted ones."""
    held = _held({(body.type, body.code) for body in bodies}, since, until, facts.offices)
    found = {Hit(body.match, "body", body.type, body.code) for body in bodies if body.match and body.match in people}
    found |= {Hit(match, "staff", *body) for match in people for body in held.get(match, ())}
    if held:
        found |= {
            Hit(
                kin.person,
                "near_relative",
                *body,
                via=kin.relative,
                relation=kin.relation,
                through=(kin.through,) if kin.through else (),
            )
            for kin in near_relatives(people, facts.relations)
            for body in held.get(kin.relative, ())
        }
    return sorted(hit for hit in found if hit.key not in lifted)


def _held(
    codes: Collection[tuple[str, str]], since: date, until: date, offices: Iterable[Office]
) -> dict[str, set[tuple[str, str]]]:
    """Who holds an office in one of the bodies."""
    held: dict[str, set[tuple[str, str]]] = {}
    for office in offices:
        body = (office.body_type, office.body_code)
        if body in codes and in_office(office, since, until):
            held.setdefault(office.id_match, set()).add(body)
    return held

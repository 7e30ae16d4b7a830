"""What the registry in force says, read set-wise and never kept between transactions."""

from base64 import b64decode
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, union
from sqlalchemy.orm import Session

from auction.models import Platform

from ..models import Control, LiftedHit, RegistryVersion, Relative, Staff
from ..rules.control import Stake
from ..rules.interest import Facts, Office, Relation

#: Where the registry's own data key lies in `platform`, wrapped by the master key, in base64.
REGISTRY_KEY = "registry_key"
#: Whom the registry's names are sealed for, where a person's own fields name the person.
SEALED_FOR = "registry"
#: The relations from which others follow.
_GENERATIONS = ("parent", "child")


#: The version of the registry in force; None before the first import.
IN_FORCE = select(func.max(RegistryVersion.version))


def registry_version(session: Session) -> int:
    """The version of the registry in force; 0 before the first import."""
    return session.scalar(IN_FORCE) or 0


def in_force(table: type[Staff] | type[Relative] | type[Control], version: int) -> ColumnElement[bool]:
    """The rows that count in a version: not those staged for a later one, not those ended by it or before."""
    return (table.from_version <= version) & or_(table.until_version.is_(None), table.until_version > version)


def find_facts(session: Session, matches: Collection[str], today: date, *, version: int) -> Facts:
    """What the registry of `version` says that may bar one of `matches`; four statements, whatever the number.

    Stakes in companies up to the last holder, near relations two steps away, and the offices of all of these people.
    """
    stakes = stakes_behind(session, matches, version=version, today=today)
    people = {*matches, *(stake.holder for stake in stakes)}
    relations = _relations(session, people, version)
    kin = {*people, *(match for record in relations for match in (record.id_match, record.relative_match))}
    return Facts(tuple(_offices(session, kin, version)), tuple(relations), stakes)


def stakes_behind(session: Session, companies: Iterable[str], *, version: int, today: date) -> tuple[Stake, ...]:
    """Every stake in these companies, in the companies that hold them, and so on up; in one statement.

    Who is no company in the registry has no stakes, so people may be among `companies`.
    """
    counts = stakes_of(version, today)
    columns = (Control.id, Control.company_match, Control.holder_match, Control.role, Control.share)
    above = select(*columns).where(Control.company_match.in_(companies), *counts).cte("above", recursive=True)
    # UNION, not UNION ALL: companies that hold each other are visited once.
    above = above.union(select(*columns).join(above, Control.company_match == above.c.holder_match).where(*counts))
    return tuple(
        Stake(row.company_match, row.holder_match, row.role, row.share, row.id)
        for row in session.execute(select(above).order_by(above.c.id))
    )


def companies_below(session: Session, holder: str, *, version: int, today: date) -> dict[str, bytes]:
    """Every company in which somebody has a part, directly or through companies, each with its sealed name."""
    counts = stakes_of(version, today)
    columns = (Control.company_match, Control.company_name)
    below = select(*columns).where(Control.holder_match == holder, *counts).cte("below", recursive=True)
    below = below.union(select(*columns).join(below, Control.holder_match == below.c.company_match).where(*counts))
    return {row.company_match: row.company_name for row in session.execute(select(below))}


def stakes_of(version: int, today: date) -> tuple[ColumnElement[bool], ...]:
    """The stakes that count in a version of the registry on a day."""
    return (
        in_force(Control, version),
        Control.from_on <= today,
        or_(Control.to_on.is_(None), Control.to_on >= today),
    )


def lifted_hits(session: Session, lot_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """The keys of the hits that two regulators lifted, by lot."""
    found: dict[str, set[str]] = {}
    for lot_id, key in session.execute(
        select(LiftedHit.lot_id, LiftedHit.hit_key).where(LiftedHit.lot_id.in_(lot_ids))
    ):
        found.setdefault(lot_id, set()).add(key)
    return {lot_id: frozenset(keys) for lot_id, keys in found.items()}


def namesakes(session: Session, marks: Mapping[str, str], *, version: int) -> set[str]:
    """Who of some people has the name and the day of birth of somebody else in the registry.

    `marks`: the keyed hash of name and birth of each person, by the keyed hash of his number.
    """
    if not marks:
        return set()
    rows = session.execute(
        union(
            select(Staff.birth_match, Staff.id_match).where(
                Staff.birth_match.in_(marks.values()), in_force(Staff, version)
            ),
            select(Relative.birth_match, Relative.relative_match).where(
                Relative.birth_match.in_(marks.values()), in_force(Relative, version)
            ),
        )
    )
    others = {(mark, match) for mark, match in rows}
    return {
        person for person, mark in marks.items() if any(known == mark and match != person for known, match in others)
    }


def registry_key(session: Session) -> bytes | None:
    """The wrapped key under which the registry's names are sealed; None before the first import."""
    value = session.scalar(select(Platform.value).where(Platform.key == REGISTRY_KEY))
    return b64decode(value) if value else None


def _relations(session: Session, people: Collection[str], version: int) -> list[Relation]:
    """The relations recorded of these people, and those of their parents and children in which these two stand."""
    near = _recorded(session, people, version)
    generations = [record for record in near if record.relation in _GENERATIONS]
    between = {record.relative_match for record in generations if record.id_match in people}
    between |= {record.id_match for record in generations if record.relative_match in people}
    return [*near, *(_recorded(session, between, version, Relative.relation.in_(_GENERATIONS)) if between else ())]


def _recorded(session: Session, people: Collection[str], version: int, *which: ColumnElement[bool]) -> list[Relation]:
    columns = (Relative.id_match, Relative.relative_match, Relative.relation)
    counts = (in_force(Relative, version), *which)
    either = union(  # two searches by index, where an OR may become a scan
        select(*columns).where(Relative.id_match.in_(people), *counts),
        select(*columns).where(Relative.relative_match.in_(people), *counts),
    )
    return [Relation(*row) for row in session.execute(either)]


def _offices(session: Session, people: Collection[str], version: int) -> list[Office]:
    columns: tuple[Any, ...] = (Staff.body_type, Staff.body_code, Staff.id_match, Staff.from_on, Staff.to_on)
    found = session.execute(select(*columns).where(Staff.id_match.in_(people), in_force(Staff, version)))
    return [Office(*row) for row in found]

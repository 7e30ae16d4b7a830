"""What the registry in force says, read set-wise and never kept between transactions."""

from base64 import b64decode
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, union
from sqlalchemy.orm import Session

from auction.models import Platform

from ..models import Control, RegistryVersion, Relative, Staff
from ..rules.interest import Body, Hit, Office, Relation, hits

#: Where the registry's own data key lies in `platform`, wrapped by the master key, in base64.
REGISTRY_KEY = "registry_key"


_IN_FORCE = select(func.max(RegistryVersion.version))


def registry_version(session: Session) -> int:
    """The version of the registry in force; 0 before the first import."""
    return session.scalar(_IN_FORCE) or 0


def in_force(table: type[Staff] | type[Relative] | type[Control], version: int) -> ColumnElement[bool]:
    """The rows that count in a version: not those staged for a later one, not those ended by it or before."""
    return (table.from_version <= version) & or_(table.until_version.is_(None), table.until_version > version)


def find_hits(
    session: Session, bodies: Iterable[Body], matches: Collection[str], since: date, until: date, *, version: int
) -> tuple[Hit, ...]:
    """Every way in which one of `matches` is barred, by the registry of `version`; two statements, whatever the number.

    `since` and `until`: the days between which an office counts, inclusive.
    """
    relations = _relations(session, matches, version)
    people = {*matches}.union(*((record.id_match, record.relative_match) for record in relations))
    return hits(matches, bodies, since, until, _offices(session, people, version), relations)


def registry_key(session: Session) -> bytes | None:
    """The wrapped key under which the registry's names are sealed; None before the first import."""
    value = session.scalar(select(Platform.value).where(Platform.key == REGISTRY_KEY))
    return b64decode(value) if value else None


def _relations(session: Session, matches: Collection[str], version: int) -> list[Relation]:
    columns = (Relative.id_match, Relative.relative_match, Relative.relation)
    either = union(  # two searches by index, where an OR may become a scan
        select(*columns).where(Relative.id_match.in_(matches), in_force(Relative, version)),
        select(*columns).where(Relative.relative_match.in_(matches), in_force(Relative, version)),
    )
    return [Relation(*row) for row in session.execute(either)]


def _offices(session: Session, people: Collection[str], version: int) -> list[Office]:
    columns: tuple[Any, ...] = (Staff.body_type, Staff.body_code, Staff.id_match, Staff.from_on, Staff.to_on)
    found = session.execute(select(*columns).where(Staff.id_match.in_(people), in_force(Staff, version)))
    return [Office(*row) for row in found]

"""The registered people born on some days: the only ones whose sealed names are opened for a comparison."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from ..models import Relative, Staff
from .interest import in_force


class Registered(NamedTuple):
    """A row of the registry: whom it names (keyed hash, sealed name, the column it is sealed for), born when."""

    id_match: str
    born_match: str | None
    name: bytes
    context: str


def born_on(session: Session, born: Collection[str], *, version: int) -> list[Registered]:
    """The people of a registry version whose keyed hash of the day of birth is one of `born`; one statement."""
    if not born:
        return []
    rows = session.execute(
        union_all(
            select(Staff.id_match, Staff.born_match, Staff.name, literal("staff.name")).where(
                Staff.born_match.in_(born), in_force(Staff, version)
            ),
            select(
                Relative.relative_match,
                Relative.born_match,
                Relative.relative_name,
                literal("relatives.relative_name"),
            ).where(Relative.born_match.in_(born), in_force(Relative, version)),
        )
    )
    return [Registered(*row) for row in rows]

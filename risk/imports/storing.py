"""Putting a registry file in force: rows are staged in small commits, then one row switches to the new version.

Staged rows carry the next version, and rows they replace are marked as ended by it; neither changes anything for a
reader until that version exists in `registry_versions`. A mark in `platform` names the import under way: each of its
commits checks the mark, so an import that another one has overtaken cannot go on, and one that broke leaves the mark
behind, by which the next import knows that there are leftovers to remove.
"""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from auction.kernel.clock import SHANGHAI
from auction.kernel.crypto import Vault
from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Agency, Court, Platform
from auction.rules.identity import RESIDENT_ID, USCC, birth_date
from auction.rules.ruleset import load

from ..models import Control, RegistryVersion, Relative, Staff
from ..queries.interest import REGISTRY_KEY, SEALED_FOR, in_force, registry_key, registry_version
from ..rules.namesakes import NAMESAKE, namesake_text
from ..rules.near_names import BORN, born_text
from ..rules.shares import Holding, first_above_whole
from .lines import RefusedRow
from .reading import ControlRow, RelativeRow, StaffRow, read_control, read_relatives, read_staff
from .spooled import Refusals

#: What is to happen in the transaction that puts a new version in force: whom it bars is for the floors above to say.
Switched = Callable[[Unit], object]
_Table = type[Staff] | type[Relative] | type[Control]

CHUNK = 1_000
MARK = "registry_import"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file. `accepted` counts its rows now in force, repeated and unchanged ones included;
    `stored` those that were new or corrected. `version` is the registry's version in force afterwards.
    """

    accepted: int
    refused: Collection[RefusedRow]
    version: int
    stored: int = 0


@dataclass(frozen=True, slots=True)
class _Work:
    """An import under way: its mark, the version it prepares, the registry's wrapped key."""

    token: str
    version: int
    key: bytes


@dataclass(frozen=True, slots=True)
class _Fact:
    """A row as it is stored, but for its name, which is still to be sealed. `about` and `said` are column names."""

    columns: dict[str, Any]
    name: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of file and its table: `about` tells rows apart, a change of `said` or of the name is a correction.

    The first column of `about` is the one by which rows that stand already are found.
    """

    name: str
    table: _Table
    about: tuple[str, ...]
    said: tuple[str, ...]
    sealed: str
    read: Callable[[BinaryIO, date], Iterable[Any]]
    fact: Callable[[Vault, Any], _Fact]

    @property
    def context(self) -> str:
        return f"{self.name}.{self.sealed}"


def import_file(
    house: House, kind: str, path: str | Path, partial: bool = False, switched: Switched | None = None
) -> Report:
    """Import a file of `staff`, `relatives` or `control` in CONTRACT's columns.

    Any refused row means that nothing is stored, unless `partial`. `switched` is called in the transaction in which a
    new version comes into force. Raises DomainError `wrong_state` when another import has begun meanwhile (nothing of
    this one is in force then), OSError when the file cannot be read.
    """
    return {"staff": import_staff, "relatives": import_relatives, "control": import_control}[kind](
        house, path, partial, switched
    )


def import_staff(house: House, path: str | Path, partial: bool = False, switched: Switched | None = None) -> Report:
    """Terms of office. The same body, person, position and first day with another end or name is a correction."""
    courts, agencies = house.read(_known_bodies)

    def read(stream: BinaryIO, today: date) -> Iterator[StaffRow | RefusedRow]:
        for row in read_staff(stream, today):
            if isinstance(row, StaffRow) and row.body_type == "court" and row.body_code not in courts:
                yield RefusedRow(row.line, "body_code", "unknown_court", {"value": row.body_code})
            elif isinstance(row, StaffRow) and row.body_type == "agency" and row.body_code not in agencies:
                yield RefusedRow(row.line, "body_code", "unknown_agency", {"value": row.body_code})
            else:
                yield row

    about = ("id_match", "body_type", "body_code", "position", "from_on")
    kind = _Kind("staff", Staff, about, ("to_on", "birth_match"), "name", read, _staff_fact)
    return _import(house, kind, path, partial, switched)


def import_relatives(house: House, path: str | Path, partial: bool = False, switched: Switched | None = None) -> Report:
    """Near relations. The same two people with another relation or name is a correction."""
    about, said = ("id_match", "relative_match"), ("relation", "birth_match")
    kind = _Kind("relatives", Relative, about, said, "relative_name", read_relatives, _relative_fact)
    return _import(house, kind, path, partial, switched)


def import_control(house: House, path: str | Path, partial: bool = False, switched: Switched | None = None) -> Report:
    """Who is behind companies. The same company, holder, role and first day with another share, end or name of the
    company is a correction.

    Companies that hold each other are taken as they are. Where more than the whole of a company would be held on some
    day, the earlier files counted in, all the file's shareholdings in it are refused.
    """
    own_most = load(house.settings.ruleset).ratio("company_own_shares")

    def read(stream: BinaryIO, today: date) -> Iterator[ControlRow | RefusedRow]:
        return read_control(stream, today, own_most)

    about, said = ("company_match", "holder_match", "role", "from_on"), ("share", "to_on")
    kind = _Kind("control", Control, about, said, "company_name", read, _control_fact)
    return _import(house, kind, path, partial, switched)


def _known_bodies(session: Session) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(session.scalars(select(Court.code))), frozenset(session.scalars(select(Agency.uscc)))


def _staff_fact(vault: Vault, row: StaffRow) -> _Fact:
    columns = {
        "body_type": row.body_type,
        "body_code": row.body_code,
        "id_match": vault.match_key(RESIDENT_ID, row.id_number),
        "position": row.position,
        "from_on": row.from_on,
        "to_on": row.to_on,
        "birth_match": _birth_match(vault, row.name, row.id_number),
        "born_match": vault.match_key(BORN, born_text(birth_date(row.id_number))),
    }
    return _Fact(columns, row.name)


def _relative_fact(vault: Vault, row: RelativeRow) -> _Fact:
    columns = {
        "id_match": vault.match_key(RESIDENT_ID, row.id_number),
        "relative_match": vault.match_key(RESIDENT_ID, row.relative_id_number),
        "relation": row.relation,
        "birth_match": _birth_match(vault, row.relative_name, row.relative_id_number),
        "born_match": vault.match_key(BORN, born_text(birth_date(row.relative_id_number))),
    }
    return _Fact(columns, row.relative_name)


def _control_fact(vault: Vault, row: ControlRow) -> _Fact:
    columns = {
        "company_match": vault.match_key(USCC, row.company_uscc),
        "holder_match": vault.match_key(row.holder_type, row.holder_id),
        "role": row.role,
        "share": row.share,
        "from_on": row.from_on,
        "to_on": row.to_on,
    }
    return _Fact(columns, row.company_name)


def _birth_match(vault: Vault, name: str, number: str) -> str:
    return vault.match_key(NAMESAKE, namesake_text(name, birth_date(number)))


def _import(house: House, kind: _Kind, path: str | Path, partial: bool, switched: Switched | None) -> Report:
    today = house.now().astimezone(SHANGHAI).date()
    with Path(path).open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        work, leftovers = house.perform(_begin)
        if leftovers:
            _clean(house, work)
        refused = Refusals()
        accepted = stored = ended = 0
        rows = iter(kind.read(stream, today))
        while chunk := list(islice(rows, CHUNK)):
            good = []
            for row in chunk:
                if isinstance(row, RefusedRow):
                    refused.add(row)
                else:
                    good.append(row)
            accepted += len(good)
            if partial or not refused:
                new, old = _stage(house, work, kind, [kind.fact(house.vault, row) for row in good])
                stored, ended = stored + new, ended + old
        if kind.table is Control and stored and (partial or not refused) and _any_overheld(house, work):
            stream.seek(0)
            for refusal in _above_whole(house, work, kind.read(stream, today)):
                refused.add(refusal)
                accepted -= 1
            if partial:
                new, old = _take_back(house, work)
                stored, ended = stored - new, ended - old
    if refused and not partial:
        _clean(house, work)
        accepted = stored = 0
    if not stored:
        return Report(accepted, refused, house.perform(_close, work))
    body = {"file": digest, "kind": kind.name, "rows": accepted, "version": work.version}
    body |= {"stored": stored, "ended": ended, "refused": len(refused)}
    return Report(accepted, refused, house.perform(_put_in_force, work, body, switched), stored)


def _begin(unit: Unit) -> tuple[_Work, bool]:
    """Mark a new import, which stops any other, and answer whether there may be leftovers of one."""
    key = registry_key(unit.session)
    if key is None:
        key = unit.vault.new_person_key(SEALED_FOR)
        unit.session.add(Platform(key=REGISTRY_KEY, value=b64encode(key).decode("ascii")))
    token = unit.ids.token()
    mark = unit.session.get(Platform, MARK, with_for_update=True)
    if mark is None:
        unit.session.add(Platform(key=MARK, value=token))
    else:
        mark.value = token
    return _Work(token, registry_version(unit.session) + 1, key), mark is not None


def _stage(house: House, work: _Work, kind: _Kind, facts: Sequence[_Fact]) -> tuple[int, int]:
    """Store what is new or corrected in a chunk; how many rows, and how many end with them.

    Reading, opening and sealing names takes longer than writing: only the writing holds the database.
    """
    matches = {fact.columns[kind.about[0]] for fact in facts}
    standing = house.read(_standing, house.vault, work, kind, matches)
    rows: list[dict[str, Any]] = []
    ends: list[int] = []
    for fact in facts:
        about = tuple(fact.columns[name] for name in kind.about)
        said = (*(fact.columns[name] for name in kind.said), fact.name)
        row_id, earlier = standing.get(about, (None, None))
        if earlier == said:
            continue
        if row_id is not None:
            ends.append(row_id)
        standing[about] = (None, said)
        sealed = house.vault.seal(work.key, SEALED_FOR, kind.context, fact.name)
        rows.append({**fact.columns, kind.sealed: sealed, "from_version": work.version, "until_version": None})
    if rows:
        house.perform(_write, work, kind.table, rows, ends)
    return len(rows), len(ends)


def _any_overheld(house: House, work: _Work) -> bool:
    return any(house.read(_overheld, work, companies) for companies in _staged_companies(house, work))


def _staged_companies(house: House, work: _Work) -> Iterator[Sequence[str]]:
    """The companies of which the version under way has new rows, some at a time."""
    after = ""
    while companies := house.read(_some_companies, work, after):
        yield companies
        after = companies[-1]


def _some_companies(session: Session, work: _Work, after: str) -> Sequence[str]:
    return session.scalars(
        select(Control.company_match)
        .where(Control.from_version == work.version, Control.company_match > after)
        .distinct()
        .order_by(Control.company_match)
        .limit(CHUNK)
    ).all()


def _overheld(session: Session, work: _Work, companies: Collection[str]) -> dict[str, date]:
    """Those companies of which more than the whole would be held, each with the first such day."""
    holdings: dict[str, list[Holding]] = defaultdict(list)
    for row in session.execute(
        select(Control.company_match, Control.holder_match, Control.share, Control.from_on, Control.to_on).where(
            Control.company_match.in_(companies),
            Control.role == "shareholder",
            Control.share > 0,
            in_force(Control, work.version),
        )
    ):
        holdings[row.company_match].append(Holding(row.holder_match, row.share, row.from_on, row.to_on))
    days = {company: first_above_whole(held) for company, held in holdings.items()}
    return {company: day for company, day in days.items() if day is not None}


def _above_whole(house: House, work: _Work, rows: Iterable[ControlRow | RefusedRow]) -> Iterator[RefusedRow]:
    """The shareholdings of a file, read again, in companies of which more than the whole would be held."""
    held = (row for row in rows if isinstance(row, ControlRow) and row.role == "shareholder")
    while chunk := list(islice(held, CHUNK)):
        company_of = {row.line: house.vault.match_key(USCC, row.company_uscc) for row in chunk}
        days = house.read(_overheld, work, set(company_of.values()))
        for line, company in company_of.items():
            if company in days:
                yield RefusedRow(line, "share", "above_whole", {"day": days[company].isoformat()})


def _take_back(house: House, work: _Work) -> tuple[int, int]:
    """Undo what is staged of shareholdings in companies of which more than the whole would be held; how many rows, and
    how many that had ended with them.
    """
    new = old = 0
    for companies in _staged_companies(house, work):
        found = house.read(_overheld, work, companies)
        if found:
            taken = house.perform(_unhold, work, list(found))
            new, old = new + taken[0], old + taken[1]
    return new, old


def _unhold(unit: Unit, work: _Work, companies: Collection[str]) -> tuple[int, int]:
    _hold(unit, work)
    there = Control.company_match.in_(companies) & (Control.role == "shareholder")
    staged: Any = unit.session.execute(delete(Control).where(there, Control.from_version == work.version))
    ended: Any = unit.session.execute(
        update(Control).where(there, Control.until_version == work.version).values(until_version=None)
    )
    return staged.rowcount, ended.rowcount


def _standing(
    session: Session, vault: Vault, work: _Work, kind: _Kind, matches: Iterable[str]
) -> dict[tuple[Any, ...], tuple[int | None, tuple[Any, ...] | None]]:
    """The rows about these people or companies in the version under way: their id, and what they say."""
    table: Any = kind.table
    found = getattr(table, kind.about[0])
    rows = session.scalars(select(table).where(found.in_(matches), in_force(table, work.version)))
    return {
        tuple(getattr(row, name) for name in kind.about): (
            row.id,
            (
                *(getattr(row, name) for name in kind.said),
                vault.open(work.key, SEALED_FOR, kind.context, getattr(row, kind.sealed)),
            ),
        )
        for row in rows
    }


def _hold(unit: Unit, work: _Work) -> None:
    """Make sure that no other import has begun, until this transaction ends."""
    mark = unit.session.scalar(select(Platform.value).where(Platform.key == MARK).with_for_update())
    if mark != work.token:
        raise DomainError("wrong_state", reason="another_import")


def _write(unit: Unit, work: _Work, table: _Table, rows: Sequence[dict[str, Any]], ends: Sequence[int]) -> None:
    _hold(unit, work)
    if ends:
        unit.session.execute(update(table).where(table.id.in_(ends)).values(until_version=work.version))
    unit.session.execute(insert(table.__table__), rows)  # type: ignore[arg-type]


def _put_in_force(unit: Unit, work: _Work, body: dict[str, Any], switched: Switched | None = None) -> int:
    """The switch: one row makes the staged version the registry, for every check that begins afterwards."""
    _hold(unit, work)
    unit.session.add(
        RegistryVersion(
            version=work.version,
            kind=body["kind"],
            rows=body["rows"],
            file_hash=body["file"],
            at=unit.now,
            detail={name: body[name] for name in ("stored", "ended", "refused")},
        )
    )
    unit.record("RegistryImported", stream="system", body=body, private=True)
    unit.session.execute(delete(Platform).where(Platform.key == MARK))
    unit.session.flush()
    if switched is not None:
        switched(unit)
    unit.publish("registry", version=work.version)
    return work.version


def _close(unit: Unit, work: _Work) -> int:
    """End an import that changed nothing; the version that stays in force."""
    _hold(unit, work)
    unit.session.execute(delete(Platform).where(Platform.key == MARK))
    return registry_version(unit.session)


def _clean(house: House, work: _Work) -> None:
    """Take back everything staged for the coming version, in small commits."""
    for table in (Staff, Relative, Control):
        for change, column in ((_unstage, table.from_version), (_unend, table.until_version)):
            while chunk := house.read(_some_ids, table.id, column >= work.version):
                house.perform(change, work, table, chunk)


def _some_ids(session: Session, column: Any, condition: Any) -> list[int]:
    return list(session.scalars(select(column).where(condition).limit(CHUNK)))


def _unstage(unit: Unit, work: _Work, table: _Table, ids: Sequence[int]) -> None:
    _hold(unit, work)
    unit.session.execute(delete(table).where(table.id.in_(ids)))


def _unend(unit: Unit, work: _Work, table: _Table, ids: Sequence[int]) -> None:
    _hold(unit, work)
    unit.session.execute(update(table).where(table.id.in_(ids)).values(until_version=None))

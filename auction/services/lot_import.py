"""Entering many lots from one table: all of them or none, unless somebody asked for those that can be."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from ..imports.tables import Table
from ..kernel.errors import Breach, DomainError
from ..kernel.unit import Unit
from ..models import Case, Lot
from ..rules.access import Actor, require
from ..rules.calendar import shanghai_day
from ..rules.lot_rows import Entered, LotRow, Refusal, check_rows, columns_of
from ..rules.ruleset import load
from .lots import create_lot


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file: how many rows can be entered, every refusal, and the lots made of them, in order."""

    accepted: int
    refused: tuple[Refusal, ...]
    lots: tuple[Lot, ...]
    dry_run: bool


def import_lots(
    unit: Unit, actor: Actor, table: Table, *, file_sha256: str, dry_run: bool = True, partial: bool = False
) -> Imported:
    """Enter the lots of a table under cases of the actor's court; with `dry_run` only say what would happen.

    DomainError `rows_refused` with every wrong cell (field `rows.LINE.COLUMN`) and nothing stored when any row is
    refused, unless `partial` asks for the others. A header that is not right refuses the file either way.
    """
    require(actor, "lot.create")
    if actor.court_code is None:
        raise DomainError("forbidden")
    columns, wrong = columns_of(table.header)
    rows: tuple[LotRow, ...] = ()
    if not wrong:
        most = load(unit.settings.ruleset).count("import_rows_max")
        lines = [(line.number, line.cells) for line in table.lines]
        rows, wrong = check_rows(columns, lines, _entered(unit, actor.court_code), most)
        if not lines:
            wrong = (Refusal(1, None, "rows_missing", {}),)
    if dry_run:
        return Imported(len(rows), wrong, (), True)
    if wrong and not (partial and rows):
        raise DomainError("rows_refused", breaches(wrong), count=len({each.line for each in wrong}))
    lots = tuple(_enter(unit, actor, row) for row in rows)
    unit.record(
        "LotsImported",
        stream="system",
        private=True,
        body={
            "by": actor.id,
            "court": actor.court_code,
            "file_sha256": file_sha256,
            "lots": [lot.id for lot in lots],
            "refused": len(wrong),
        },
    )
    return Imported(len(rows), wrong, lots, False)


def _entered(unit: Unit, court_code: str) -> Entered:
    cases = unit.session.scalars(select(Case.number).where(Case.court_code == court_code))
    lots = unit.session.execute(
        select(Case.number, Lot.title, Lot.address)
        .join(Case, Case.id == Lot.case_id)
        .where(Lot.court_code == court_code)
    )
    known = frozenset((row[0], row[1], row[2]) for row in lots)
    return Entered(frozenset(cases), known, shanghai_day(unit.now))


def _enter(unit: Unit, actor: Actor, row: LotRow) -> Lot:
    return create_lot(
        unit,
        actor,
        case_number=row.case_number,
        title=row.title,
        asset_type=row.asset_type,
        region=row.region,
        address=row.address,
        attributes=row.attributes,
        seized_on=row.seized_on,
    )


def breaches(refused: Sequence[Refusal]) -> list[Breach]:
    """Refusals as breaches of the file: `rows.LINE.COLUMN`, or `rows.LINE` for a row as a whole."""
    return [
        Breach(each.code, f"rows.{each.line}" + (f".{each.column}" if each.column else ""), facts=each.facts)
        for each in refused
    ]

"""A file of lots at any door: read beside the loop, entered by the service, told in the reader's language."""

from collections.abc import Callable
from typing import Any

from auction.imports.tables import Table, read_table
from auction.kernel.crypto import sha256_hex
from auction.rules.access import Actor
from auction.services.lot_import import Imported, import_lots

from . import errors

Perform = Callable[..., Imported]


def take_file(
    perform: Perform, actor: Actor, data: bytes, *, beside: Callable[..., Any], dry_run: bool, partial: bool
) -> Imported:
    """Read a file and enter its lots, or only say what would happen. DomainError as the reading and the service say."""
    table: Table = beside(read_table, data)
    return perform(import_lots, actor, table, file_sha256=sha256_hex(data), dry_run=dry_run, partial=partial)


def report(imported: Imported, language: str) -> dict[str, Any]:
    """What became of the file, as JSON values."""
    return {
        "dry_run": imported.dry_run,
        "accepted": imported.accepted,
        "refused": [
            {
                "line": each.line,
                "column": each.column,
                "code": each.code,
                "detail": errors.sentence(each.code, each.facts, language),
            }
            for each in imported.refused
        ],
        "lots": [lot.id for lot in imported.lots],
    }

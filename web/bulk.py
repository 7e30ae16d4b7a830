"""The nightly files of open data: all announced lots with their results, as JSON lines and as CSV.

A set of files is written beside the last one and put in force by one small file, which is replaced as a whole: a reader
gets the data and the hash of one night. The set before stays for who is still reading it.
"""

import csv
import hashlib
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

import orjson

from auction.kernel.clock import SHANGHAI, iso, parse
from auction.kernel.unit import House
from bidding.queries.open_data import all_open_lots

from .statistics import plain

#: The files of a set, with their types.
TYPES: Mapping[str, str] = {"lots.jsonl": "application/x-ndjson", "lots.csv": "text/csv"}
#: When a new set is due, in Shanghai.
DUE = time(2, 30)
_MANIFEST = "manifest.json"
_LOT = ("id", "title", "asset_type", "region", "address", "case_number")
_MARKS = ("reference_price_fen", "disposal", "sheet_version")
_ROUND = (
    *("id", "round", "status", "announced_at", "opens_at", "closes_at", "closed_at", "reserve_price_fen"),
    *("increment_fen", "deposit_fen", "price_fen", "bidder_code", "bid_count", "extensions", "ended_reason"),
    *("settlement", "resale_of", "seal"),
)
COLUMNS = (
    *(f"lot_{name}" for name in _LOT),
    *("court_code", "court_name", *_MARKS, "flags", "changed_at"),
    *(f"auction_{name}" for name in _ROUND),
)


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a line of `lots.jsonl`."""
    found: dict[str, Any] = orjson.loads(files("web").joinpath("lots.schema.json").read_bytes())
    return found


def folder(house: House) -> Path:
    """Where the sets lie."""
    return house.settings.data / "open"


def manifest(house: House) -> dict[str, Any] | None:
    """The set in force: {"made_at","lots","files":{name:{"file","sha256","size"}}}; None before the first."""
    try:
        found: dict[str, Any] = orjson.loads((folder(house) / _MANIFEST).read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    return found


def write_due(house: House) -> bool:
    """Write a set where the last is from before tonight's time; answers whether it did.

    Nights are the platform's, as all times in the files; a set from a time to come is of another database.
    """
    now, last = house.now(), manifest(house)
    here = now.astimezone(SHANGHAI)
    due = datetime.combine(here.date(), DUE, SHANGHAI)
    due -= timedelta(days=1) if here < due else timedelta(0)
    if last is not None and due.astimezone(UTC) <= parse(last["made_at"]) <= now:
        return False
    write(house)
    return True


def write(house: House) -> dict[str, Any]:
    """Write a set now, and put it in force."""
    where, made_at = folder(house), house.now()
    where.mkdir(parents=True, exist_ok=True)
    before = manifest(house)
    stamp = made_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    names = {name: f"{name.partition('.')[0]}-{stamp}.{name.partition('.')[2]}" for name in TYPES}
    count = 0
    with (
        (where / names["lots.jsonl"]).open("wb") as lines,
        (where / names["lots.csv"]).open("w", encoding="utf-8-sig", newline="") as table,
    ):
        rows = csv.writer(table)
        rows.writerow(COLUMNS)
        for lot in all_open_lots(house.read, house.now()):
            lines.write(orjson.dumps(lot) + b"\n")
            rows.writerows(csv_rows(lot))
            count += 1
        for file in (lines, table):
            _to_disk(file)
    made = {
        "made_at": iso(made_at),
        "lots": count,
        "files": {name: {"file": file, **_measured(where / file)} for name, file in names.items()},
    }
    fresh = where / f"{_MANIFEST}.{stamp}"
    with fresh.open("wb") as file:
        file.write(orjson.dumps(made))
        _to_disk(file)
    os.replace(fresh, where / _MANIFEST)
    _forget(where, made, before)
    return made


def _to_disk(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _measured(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "size": path.stat().st_size}


def _forget(where: Path, *sets: dict[str, Any] | None) -> None:
    """Remove the files of older sets, and what a killed process left behind."""
    kept = {_MANIFEST, *(file["file"] for one in sets if one for file in one["files"].values())}
    for path in where.iterdir():
        if path.name not in kept:
            path.unlink(missing_ok=True)


def csv_rows(lot: Mapping[str, Any]) -> Iterator[list[str]]:
    """A row of `COLUMNS` for each round of a lot."""
    first = [*(lot[name] for name in _LOT), lot["court"]["code"], lot["court"]["name"]]
    first += [*(lot[name] for name in _MARKS), " ".join(lot["flags"]), lot["changed_at"]]
    for auction in lot["auctions"]:
        yield [_cell(value) for value in (*first, *(auction[name] for name in _ROUND))]


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return text if isinstance(value, int) else plain(text)

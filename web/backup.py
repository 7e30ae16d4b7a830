"""`fapai backup` and `fapai restore`: the whole database in one file, and whether what comes back is what was there.

A backup is a tar of a manifest, the database (SQLite's own file, or pg_dump's custom format) and the models of value.
It is taken while the site serves, as of one moment. The keys are never in it: without FAPAI_MASTER_KEY a stolen backup
tells no name, and without keeping them elsewhere a backup cannot be used.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from sqlalchemy import URL, Connection, func, inspect, make_url, select
from sqlalchemy.orm import Session

from auction.kernel.checkpoint import NoteError, open_checkpoint
from auction.kernel.clock import SystemClock, iso
from auction.kernel.db import open_engine
from auction.kernel.errors import DomainError
from auction.kernel.migrate import head, known
from auction.kernel.settings import Settings, SettingsError
from auction.kernel.tree import Frontier, frontier_nodes
from auction.kernel.unit import House
from auction.models import Checkpoint, JournalRow, Platform
from auction.queries.log import latest_checkpoint, log_keys, read_nodes
from bidding.models import Bid
from bidding.queries.audit import verify_all
from disclosure.services.valuation import MODELS

from .terminal import answered, say, tell, the_house
from .wiring import check, open_house, upgrade

FORMAT = "fapai-backup-1"
_DATABASE, _MANIFEST = "database", "manifest.json"
_PART = 2**20
#: Failures told one by one.
_TOLD = 20


@dataclass(frozen=True, slots=True)
class Found:
    """What a restored database is: its manifest, and everything in it that is not as it was (empty: nothing)."""

    manifest: Mapping[str, Any]
    checked: Mapping[str, int]
    wrong: tuple[str, ...]


def back_up(house: House, path: Path) -> dict[str, Any]:
    """Write a backup of the house as it stands at one moment, for its owner alone to read; answers its manifest.

    The site may serve meanwhile. The file appears whole, or not at all. Raises SettingsError where pg_dump is missing
    or fails, FileExistsError where the file is there.
    """
    if path.exists():
        raise FileExistsError(f"{path} is there already")
    with tempfile.TemporaryDirectory(prefix=".fapai-backup-", dir=path.parent) as folder:
        dump, whole = Path(folder) / _DATABASE, Path(folder) / "whole"
        url = make_url(house.settings.database_url)
        facts = _dump_sqlite(url, dump) if url.drivername.startswith("sqlite") else _dump_postgresql(house, url, dump)
        manifest = {
            "format": FORMAT,
            "database": url.get_backend_name(),
            "taken_at": iso(SystemClock().machine()),
            "sha256": _digest(dump),
            **facts,
        }
        told = Path(folder) / _MANIFEST
        told.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")
        with tarfile.open(whole, "w", format=tarfile.PAX_FORMAT) as tar:
            os.chmod(whole, 0o600)
            tar.add(told, _MANIFEST)
            tar.add(dump, _DATABASE)
            models = house.settings.data / MODELS
            if models.is_dir():
                tar.add(models, str(MODELS))
        with whole.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(whole, path)
    return manifest


def _dump_sqlite(url: URL, dump: Path) -> dict[str, Any]:
    """Copy the file as of one moment, while others write; the copy is looked at, not the original."""
    source = f"file:{url.database}?mode=ro"
    with closing(sqlite3.connect(source, uri=True)) as reading, closing(sqlite3.connect(dump)) as copy:
        reading.backup(copy)
        sound = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if sound != "ok":
            raise SettingsError(f"the database is damaged: {sound}")
    engine = open_engine(f"sqlite:///{dump}", writing=False)
    try:
        with engine.connect() as connection:
            facts = _facts(connection)
    finally:
        engine.dispose()
    return facts


def _dump_postgresql(house: House, url: URL, dump: Path) -> dict[str, Any]:
    """Dump one snapshot, in which the facts are read too."""
    with house.reader.connect() as opened:
        connection = opened.execution_options(isolation_level="REPEATABLE READ")
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        facts = _facts(connection)
        _program("pg_dump", url, "--format=custom", f"--snapshot={snapshot}", f"--file={dump}")
    return facts


def _facts(connection: Connection) -> dict[str, Any]:
    ids = select(Platform.key, Platform.value).where(Platform.key.startswith("key_id:"))
    return {
        "revision": connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one(),
        "key_ids": {key.removeprefix("key_id:"): value for key, value in connection.execute(ids)},
        "journal": connection.scalar(select(func.count()).select_from(JournalRow)),
        "bids": connection.scalar(select(func.count()).select_from(Bid)),
        "checkpoint": connection.scalar(select(Checkpoint.note).order_by(Checkpoint.size.desc()).limit(1)),
    }


def _program(name: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on a database; where it is and the password go by the environment."""
    found = shutil.which(name)
    if found is None:
        raise SettingsError(f"{name} is not here. On Debian: apt-get install postgresql-client")
    given = {"HOST": url.host, "PORT": url.port, "USER": url.username, "PASSWORD": url.password}
    where = {f"PG{key}": str(value) for key, value in given.items() if value is not None}
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs, arguments of ours
        [found, "--no-password", "--no-owner", "--no-privileges", *arguments],
        env=dict(os.environ) | where | {"PGDATABASE": url.database or ""},
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise SettingsError(f"{name}: {done.stderr.decode(errors='replace').strip()}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _opened(path: Path, beside: Path) -> Iterator[Path]:
    """The parts of a backup in a folder beside where they will lie. ValueError for what is no backup."""
    with tempfile.TemporaryDirectory(prefix=".fapai-restore-", dir=beside) as folder:
        try:
            with tarfile.open(path, "r:") as tar:
                tar.extractall(folder, filter="data")
        except (tarfile.TarError, EOFError) as error:
            raise SettingsError(f"{path} is no backup: {error}") from None
        yield Path(folder)


def restore(settings: Settings, path: Path, seen: str | None = None, *, receipts: bool = True) -> Found:
    """Bring a backup into the settings' database, which must be empty, and look at everything that came back.

    `seen`: a signed head of the log that somebody outside has kept. `receipts=False` leaves the signatures under
    bids to `fapai audit verify`: more than half of the time. The data are there afterwards whatever was found.
    Raises SettingsError, and has changed nothing, for another kind of database, other keys, a schema this program does
    not know, a damaged file, or a database that is not empty.
    """
    url = make_url(settings.database_url)
    on_sqlite = url.drivername.startswith("sqlite")
    with _opened(path, Path(url.database or "").parent if on_sqlite else settings.data) as folder:
        manifest = _manifest(folder, path)
        _refuse_others(settings, manifest)
        dump = folder / _DATABASE
        if _digest(dump) != manifest["sha256"]:
            raise SettingsError(f"{path} is damaged: its database is not the one it was made with")
        _refuse_full(settings)
        if on_sqlite:
            with dump.open("rb") as written:
                os.fsync(written.fileno())
            os.replace(dump, str(url.database))
        else:
            _program(
                "pg_restore", url, "--exit-on-error", "--single-transaction", f"--dbname={url.database}", str(dump)
            )
        if (folder / MODELS).is_dir():
            shutil.copytree(folder / MODELS, settings.data / MODELS, dirs_exist_ok=True)
    house = open_house(settings)
    try:
        if manifest["revision"] != head():
            upgrade(house)
        check(house)
        return _look(house, manifest, seen, receipts)
    finally:
        house.engine.dispose()
        house.reader.dispose()


def _manifest(folder: Path, path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text("utf-8"))
        told = manifest["format"]
    except (OSError, ValueError, LookupError) as error:
        raise SettingsError(f"{path} is no backup: {error!r}") from None
    if told != FORMAT:
        raise SettingsError(f"{path} is a backup of the form {told!r}, this program reads {FORMAT!r}")
    return manifest


def _refuse_others(settings: Settings, manifest: Mapping[str, Any]) -> None:
    kind = make_url(settings.database_url).get_backend_name()
    if manifest["database"] != kind:
        raise SettingsError(f"the backup is of {manifest['database']}, FAPAI_DATABASE_URL names {kind}")
    if manifest["revision"] not in known():
        raise SettingsError(f"the backup is of schema {manifest['revision']}, which this program does not know")
    house = open_house(settings)
    for name, key in house.vault.key_ids().items():
        if manifest["key_ids"].get(name) != key:
            raise SettingsError(
                f"FAPAI_{name.upper()}_KEY: the backup was made with another key ({manifest['key_ids'].get(name)})"
            )


def _refuse_full(settings: Settings) -> None:
    engine = open_engine(settings.database_url)
    try:
        names = inspect(engine).get_table_names()
    finally:
        engine.dispose()
    if names:
        raise SettingsError(f"the database is not empty ({len(names)} tables): a backup comes into an empty one only")
    url = make_url(settings.database_url)
    if url.drivername.startswith("sqlite"):
        for tail in ("-wal", "-shm"):
            Path(f"{url.database}{tail}").unlink(missing_ok=True)


def _look(house: House, manifest: Mapping[str, Any], seen: str | None, receipts: bool) -> Found:
    """Everything that `fapai audit verify` looks at, the manifest's own figures, and the heads known from before."""
    report = house.read(verify_all, house.vault.public_key, signatures=receipts)
    wrong = [f"{failure.where}: {failure.what}" for failure in report.failures]
    if not report.ok and not wrong:
        wrong.append(f"{report.failed} checks failed")
    with house.reader.connect() as connection:
        facts = _facts(connection)
    for name in ("journal", "bids", "checkpoint"):
        if facts[name] != manifest[name]:
            wrong.append(f"{name}: is not what the manifest tells")
    for whose, note in (("the backup's", manifest["checkpoint"]), ("the one seen outside", seen)):
        if note is not None and (told := house.read(against, note, house.vault.public_key)) is not None:
            wrong.append(f"signed head ({whose}): {told}")
    return Found(manifest, report.checked, tuple(wrong))


def against(session: Session, note: str, public_key: bytes) -> str | None:
    """What contradicts a signed head of the log, None where the log holds it."""
    newest = latest_checkpoint(session)
    size = newest.size if newest else 0
    try:
        signed = open_checkpoint(note, log_keys(session, public_key).keys)
    except (NoteError, DomainError) as error:
        return f"is not signed by this log's key ({error})"
    if signed.size > size:
        return f"covers {signed.size} leaves, here are {size}: what the {signed.size - size} others tell is lost"
    nodes = frontier_nodes(signed.size)
    found = read_nodes(session, nodes)
    root = Frontier(signed.size, tuple(found[node] for node in nodes)).root()
    return None if root == signed.root else f"has another root over the first {signed.size} leaves"


seen_outside = click.option(
    "--head",
    "seen",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A signed head of the log kept outside: a note, or the state of `fapai witness` or `fapai monitor`.",
)


def note_in(path: Path) -> str:
    """The signed note in a file that was given with `--head`."""
    note = path.read_text("utf-8")
    return str(json.loads(note)["note"]) if note.lstrip().startswith("{") else note


@click.command("backup")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@answered
def backup_command(path: Path, as_json: bool) -> None:
    """Write a backup of the running site into FILE. The keys are not in it: keep them elsewhere."""
    manifest = back_up(the_house(), path)
    tell(manifest, as_json)
    say(f"{path}: {manifest['journal']} journal entries, {manifest['bids']} bids, schema {manifest['revision']}")
    say("the keys are not in it: FAPAI_MASTER_KEY, FAPAI_MATCH_KEY and FAPAI_LOG_KEY are needed to use it")


@click.command("restore")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@seen_outside
@click.option(
    "--no-receipts", is_flag=True, help="Leave the bids' signatures to `fapai audit verify`, to serve sooner."
)
@click.option("--json", "as_json", is_flag=True)
@answered
def restore_command(path: Path, seen: Path | None, no_receipts: bool, as_json: bool) -> None:
    """Bring a backup into an empty database and verify it. Exit status 1 where something is not as it was."""
    note = None if seen is None else note_in(seen)
    found = restore(Settings.from_environ(), path, note, receipts=not no_receipts)
    tell(
        {
            "taken_at": found.manifest["taken_at"],
            "verified": not found.wrong,
            "checked": dict(found.checked),
            "failures": list(found.wrong),
        },
        as_json,
    )
    for failure in found.wrong[:_TOLD]:
        say(failure)
    checked = ", ".join(f"{count} {name}" for name, count in found.checked.items())
    say(f"restored the state of {found.manifest['taken_at']}: {checked}")
    if note is None:
        say("no head from outside was given (--head): that nothing newer was acknowledged is not shown")
    say("verified" if not found.wrong else f"FAILED ({len(found.wrong)}): do not serve this database")
    if found.wrong:
        raise SystemExit(1)

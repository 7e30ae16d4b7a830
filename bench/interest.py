"""How long the interest bar takes with a whole country's registry: at a registration, at a bid, beside a bare lookup.

One million people in office, two million near relations, 200,000 stakes in companies, made set-wise in a database of
its own on PostgreSQL and on SQLite; who is asked about is drawn from these people, their relatives and companies, and
from strangers. A registration's check is all that registering asks: the bar, namesakes, names nearly the same among
those born that day. A bid is checked by the version of the registry alone while nothing changed, and anew by its first
bid after an import. A process of its own measures each size, so that its memory can be compared.
"""

import os
import random
import resource
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from multiprocessing import get_context
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Any

from sqlalchemy import Engine, Index, Table, create_engine, make_url, text
from sqlalchemy.orm import Session

from auction.kernel.crypto import Vault
from auction.kernel.settings import Settings
from auction.kernel.unit import House, Unit
from auction.models import Account, Case, Court, Lot, Platform
from auction.rules.ruleset import load
from risk.models import Control, Relative, Staff
from risk.queries.interest import REGISTRY_KEY, SEALED_FOR, registry_version
from risk.rules.near_names import BORN, born_text
from risk.services.interest import check_interest, find_namesakes
from risk.services.near_names import find_near_names
from web.wiring import open_house, upgrade

_SERVER = os.environ.get("TEST_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
_NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
#: People were born on so many days, from this one on.
_DAYS, _FIRST_DAY = 20_000, date(1950, 1, 1)
#: The smaller registry is so many times smaller; memory at both says whether it grows with it.
_SMALLER = 20


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows of each kind."""

    people: int
    relations: int
    stakes: int


COUNTRY = Size(1_000_000, 2_000_000, 200_000)

#: person n, his relatives, company n: `{h}` is a hash of text, so that keys are spread as real ones are.
_ROWS = (
    (
        (
            "INSERT INTO staff (body_type, body_code, id_match, name, position, from_on, from_version, birth_match, "
            "born_match) "
        ),
        (
            "'court', 'C' || (s.n % 3000), {h}('p' || s.n), :staff_name, 'judge', {day}, 1, {h}('b' || s.n), "
            "born_days.born_match"
        ),
        "people",
    ),
    (
        (
            "INSERT INTO relatives (id_match, relative_match, relative_name, relation, from_version, birth_match, "
            "born_match) "
        ),
        (
            "{h}('p' || (s.n % {people})), {h}('r' || s.n), :relative_name, "
            "CASE s.n % 2 WHEN 0 THEN 'child' ELSE 'parent' END, 1, {h}('c' || s.n), born_days.born_match"
        ),
        "relations",
    ),
    (
        "INSERT INTO control (company_match, company_name, holder_match, role, share, from_on, from_version) ",
        (
            "{h}('f' || (s.n / 2)), :company_name, "
            "CASE s.n % 2 WHEN 0 THEN {h}('p' || s.n) ELSE {h}('f' || (s.n / 4)) END, 'shareholder', 400000, {day}, 1"
        ),
        "stakes",
    ),
)
#: The numbers from 0 to `last`, as each database makes them.
_SERIES = {
    "postgresql": "generate_series(0, {last}) AS s(n)",
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s) AS s",
}


def interest(seconds: float, seed: int) -> dict[str, Any]:
    """Milliseconds of a registration's check and of a bid's, and of the bare lookup, on both databases."""
    found: dict[str, Any] = {"seed": seed, "unit": "ms", "people": COUNTRY.people, "relations": COUNTRY.relations}
    found["stakes"] = COUNTRY.stakes
    smaller = Size(*(n // _SMALLER for n in (COUNTRY.people, COUNTRY.relations, COUNTRY.stakes)))
    for kind, opened in (("postgresql", on_postgresql), ("sqlite", on_sqlite)):
        memory = []
        for size in (smaller, COUNTRY):
            with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as url:
                environ = environ_on(url, folder)
                lot_id = _prepare(environ, size)
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
                    times, resident_mb = apart.submit(_measure, environ, size, lot_id, seconds, seed).result()
            memory.append(resident_mb)
        found |= {f"{kind}_{name}": value for name, value in times.items()}
        found |= {f"{kind}_rss_mb_small": memory[0], f"{kind}_rss_mb": memory[1]}
    found["p50_ms"], found["p99_ms"] = found["postgresql_registration_p50"], found["postgresql_registration_p99"]
    found["ours"], found["reference"] = found["p50_ms"], found["postgresql_lookup_p50"]
    return {"ratio": round(found["reference"] / found["ours"], 3), **found}


@dataclass(frozen=True, slots=True)
class _Reading:
    session: Session
    vault: Vault


def _measure(
    environ: dict[str, str], size: Size, lot_id: str, seconds: float, seed: int
) -> tuple[dict[str, float], int]:
    """The times on a prepared database, and the most memory it took, in megabytes. Runs in a process of its own."""
    house = open_house(Settings.from_environ(environ))
    dice, numbers = random.Random(seed), load(house.settings.ruleset)
    lookup = text("SELECT id FROM staff WHERE id_match = :who")

    def somebody() -> str:
        kind, most = dice.choice((("p", size.people), ("r", size.relations), ("f", size.stakes // 2), ("x", 1 << 30)))
        return _hash(f"{kind}{dice.randrange(most)}")

    def bar(reading: _Reading, who: str) -> int:
        return check_interest(reading, lot, [who], _NOW, numbers).version

    def registration(reading: _Reading) -> None:
        who, day = somebody(), _FIRST_DAY + timedelta(days=dice.randrange(_DAYS))
        version = bar(reading, who)
        people = {who: ("张某某", f"320102{day:%Y%m%d}0010")}
        find_namesakes(reading, people, version=version)
        find_near_names(reading, people, numbers, version=version)

    asked: dict[str, Callable[[_Reading], object]] = {
        "lookup": lambda reading: reading.session.execute(lookup, {"who": somebody()}).all(),
        "registration": registration,
        "bid": lambda reading: registry_version(reading.session),
        "bid_after_import": lambda reading: bar(reading, somebody()),
    }
    found = {}
    with Session(house.engine) as session:
        reading, lot = _Reading(session, house.vault), session.get_one(Lot, lot_id)  # whoever registers has read it
        for name, ask in asked.items():
            times = _timed(lambda ask=ask: ask(reading), seconds / 2)  # type: ignore[misc]
            found |= {f"{name}_p50": times[len(times) // 2], f"{name}_p99": times[len(times) * 99 // 100]}
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {name: round(value, 3) for name, value in found.items()}, resident


def _timed(act: Callable[[], object], seconds: float) -> list[float]:
    for _ in range(20):
        act()
    times, end = [], time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        act()
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


def _hash(value: str) -> str:
    return md5(value.encode(), usedforsecurity=False).hexdigest()


def environ_on(url: str, folder: str) -> dict[str, str]:
    return {
        **{f"FAPAI_{name}_KEY": b64encode(token_bytes(32)).decode() for name in ("MASTER", "MATCH", "LOG")},
        "FAPAI_DATABASE_URL": url,
        "FAPAI_DATA": folder,
        "FAPAI_SECRET_KEY": token_hex(32),
        "FAPAI_GATEWAY_SECRET": token_hex(32),
    }


def _prepare(environ: dict[str, str], size: Size) -> str:
    """A lot of court C7, and the registry in force as version 1; the lot's id."""
    house = open_house(Settings.from_environ(environ))
    try:
        upgrade(house)
        lot_id, key = house.perform(_lot)
        _fill(house, size, key)
        return lot_id
    finally:
        house.engine.dispose()
        house.reader.dispose()


def _lot(unit: Unit) -> tuple[str, bytes]:
    key = unit.vault.new_person_key(SEALED_FOR)
    entered_at = _NOW - timedelta(days=270)
    clerk, case, lot = unit.new_id(), unit.new_id(), unit.new_id()
    signed = {"username": "clerk", "display_name": "", "role": "clerk", "password_hash": ""}
    said = {"title": "", "asset_type": "goods", "region": "320102", "address": "", "attributes": {}}
    rows: list[Any] = [
        Platform(key=REGISTRY_KEY, value=b64encode(key).decode("ascii")),
        Court(code="C7", name="第七法院"),
        Account(id=clerk, court_code="C7", created_at=entered_at, **signed),
        Case(id=case, number="1", court_code="C7", entered_at=entered_at),
        Lot(id=lot, case_id=case, court_code="C7", sheet_version=0, created_at=entered_at, created_by=clerk, **said),
    ]
    for row in rows:
        unit.session.add(row)
        unit.session.flush()
    return lot, key


def _fill(house: House, size: Size, key: bytes) -> None:
    """The registry, by one statement a table; indexes are made once the rows are there."""
    tables: list[Table] = [model.__table__ for model in (Staff, Relative, Control)]  # type: ignore[misc]
    indexes: list[Index] = [index for table in tables for index in table.indexes]
    with house.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            words = {"h": "md5", "day": "DATE '2020-01-01'"}
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        else:
            words = {"h": "md5", "day": "'2020-01-01'"}
            driver: Any = connection.connection.driver_connection
            driver.create_function("md5", 1, _hash, deterministic=True)
        connection.execute(text("CREATE TABLE born_days (n INTEGER PRIMARY KEY, born_match TEXT)"))
        days = (_FIRST_DAY + timedelta(days=n) for n in range(_DAYS))
        connection.execute(
            text("INSERT INTO born_days VALUES (:n, :born)"),
            [{"n": n, "born": house.vault.match_key(BORN, born_text(day))} for n, day in enumerate(days)],
        )
        names = {
            "staff_name": house.vault.seal(key, SEALED_FOR, "staff.name", "李某某"),
            "relative_name": house.vault.seal(key, SEALED_FOR, "relatives.relative_name", "王某某"),
            "company_name": house.vault.seal(key, SEALED_FOR, "control.company_name", "某公司"),
        }
        for index in indexes:
            index.drop(connection)
        for target, columns, counted in _ROWS:
            series = _SERIES[connection.dialect.name].format(last=getattr(size, counted) - 1)
            shown = columns.format(people=size.people, **words)
            joined = f"{series} JOIN born_days ON born_days.n = s.n % {_DAYS}"
            statement = f"{target} SELECT {shown} FROM {joined}"  # noqa: S608 - all of it is ours
            connection.execute(text(statement), {name: value for name, value in names.items() if f":{name}" in shown})
        for index in indexes:
            index.create(connection)
        connection.execute(
            text("INSERT INTO registry_versions VALUES (1, 'staff', 0, '', :at, '{}')"),
            {"at": "2026-01-01T00:00:00Z" if connection.dialect.name == "postgresql" else 0},
        )
    with house.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")


@contextmanager
def on_sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'interest.db'}"


@contextmanager
def on_postgresql(_: Path) -> Iterator[str]:
    name = f"fapai_bench_{os.getpid()}"
    admin: Engine = create_engine(make_url(_SERVER), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield make_url(_SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()

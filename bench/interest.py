"""How long the interest bar takes with a whole country's registry: at a registration, at a bid, beside a bare lookup.

One million people in office, two million near relations, 200,000 stakes in companies, made set-wise in a database of
its own on PostgreSQL and on SQLite. A bid is checked by the version of the registry alone while nothing changed.
"""

import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import md5
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from auction.kernel.db import open_engine
from auction.kernel.migrate import migrate
from risk.queries import interest as queries
from risk.rules.interest import Body, hits

PEOPLE, RELATIONS, STAKES = 1_000_000, 2_000_000, 200_000
_TODAY, _SINCE = date(2026, 3, 2), date(2025, 6, 1)
_SERVER = os.environ.get("TEST_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")

#: person n, his relatives, company n: `{h}` is a hash of text, so that keys are spread as real ones are.
_ROWS = (
    (
        "INSERT INTO staff (body_type, body_code, id_match, name, position, from_on, from_version, birth_match) ",
        "'court', 'C' || (n % 3000), {h}('p' || n), {blob}, 'judge', '2020-01-01', 1, {h}('b' || n)",
        PEOPLE,
    ),
    (
        "INSERT INTO relatives (id_match, relative_match, relative_name, relation, from_version, birth_match) ",
        (
            "{h}('p' || (n % 1000000)), {h}('r' || n), {blob}, CASE n % 2 WHEN 0 THEN 'child' ELSE 'parent' END, 1, "
            "{h}('c' || n)"
        ),
        RELATIONS,
    ),
    (
        "INSERT INTO control (company_match, company_name, holder_match, role, share, from_on, from_version) ",
        (
            "{h}('f' || (n / 2)), {blob}, CASE n % 2 WHEN 0 THEN {h}('p' || n) ELSE {h}('f' || (n / 4)) END, "
            "'shareholder', 400000, '2020-01-01', 1"
        ),
        STAKES,
    ),
)


#: The numbers from 0 to `last`, as each database makes them.
_SERIES = {
    "postgresql": "generate_series(0, {last}) AS s(n)",
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s)",
}


def interest(seconds: float, seed: int) -> dict[str, Any]:
    """Milliseconds of a registration's check and of a bid's, and of the bare lookup, on both databases."""
    found: dict[str, Any] = {"seed": seed, "unit": "ms", "people": PEOPLE, "relations": RELATIONS, "stakes": STAKES}
    with tempfile.TemporaryDirectory() as folder:
        for kind, opened in (("postgresql", _postgresql()), ("sqlite", _sqlite(Path(folder)))):
            with opened as engine:
                _fill(engine)
                before = _resident_mb()
                found |= {f"{kind}_{name}": value for name, value in _measure(engine, seconds, seed).items()}
                found[f"{kind}_rss_growth_mb"] = _resident_mb() - before
    found["p50_ms"], found["p99_ms"] = found["postgresql_registration_p50"], found["postgresql_registration_p99"]
    found["ours"], found["reference"] = found["p50_ms"], found["postgresql_lookup_p50"]
    return {"ratio": found["reference"] / found["ours"], **found}


def _measure(engine: Engine, seconds: float, seed: int) -> dict[str, float]:
    dice = random.Random(seed)
    bodies = (Body("court", "C7"), Body("provider", "PLATFORM"))

    def somebody() -> str:
        kind, most = dice.choice((("p", PEOPLE), ("r", RELATIONS), ("f", STAKES // 2), ("x", PEOPLE)))
        return md5(f"{kind}{dice.randrange(most)}".encode(), usedforsecurity=False).hexdigest()

    def registration(session: Session) -> None:
        who = somebody()
        version = queries.registry_version(session)
        facts = queries.find_facts(session, [who], _TODAY, version=version)
        lifted = queries.lifted_hits(session, ["lot"]).get("lot", frozenset())
        hits([who], bodies, _SINCE, _TODAY, facts, lifted=lifted)
        queries.namesakes(session, {who: who}, version=version)

    def bid(session: Session) -> None:
        queries.registry_version(session)

    lookup = text("SELECT id FROM staff WHERE id_match = :who")
    asked: dict[str, Callable[[Session], object]] = {
        "lookup": lambda session: session.execute(lookup, {"who": somebody()}).all(),
        "registration": registration,
        "bid": bid,
    }
    found = {}
    with Session(engine) as session:
        for name, ask in asked.items():
            times = _timed(lambda ask=ask: ask(session), seconds / 2)  # type: ignore[misc]
            found |= {f"{name}_p50": times[len(times) // 2], f"{name}_p99": times[len(times) * 99 // 100]}
    return {name: round(value, 3) for name, value in found.items()}


def _timed(act: Callable[[], object], seconds: float) -> list[float]:
    for _ in range(20):
        act()
    times, end = [], time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        act()
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


def _fill(engine: Engine) -> None:
    """The registry in force, version 1, by one statement a table."""
    postgresql = engine.dialect.name == "postgresql"
    words = {"h": "md5", "blob": "''::bytea" if postgresql else "x''"}
    with engine.begin() as connection:
        if postgresql:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        else:
            driver: Any = connection.connection.driver_connection
            driver.create_function("md5", 1, lambda value: md5(value.encode(), usedforsecurity=False).hexdigest())
        for target, columns, count in _ROWS:
            series = _SERIES[engine.dialect.name]
            shown = columns.format(**words)
            if postgresql:
                shown = shown.replace("'2020-01-01'", "DATE '2020-01-01'")
            statement = f"{target} SELECT {shown} FROM {series.format(last=count - 1)}"  # noqa: S608 - all of it is ours
            connection.execute(text(statement))
        connection.execute(
            text("INSERT INTO registry_versions VALUES (1, 'staff', 0, '', :at, '{}')"),
            {"at": "2026-01-01T00:00:00Z" if postgresql else 0},
        )
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")


@contextmanager
def _sqlite(folder: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{folder / 'interest.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


@contextmanager
def _postgresql() -> Iterator[Engine]:
    name = f"fapai_bench_{os.getpid()}"
    admin = create_engine(make_url(_SERVER), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine = open_engine(make_url(_SERVER).set(database=name).render_as_string(hide_password=False))
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


def _resident_mb() -> int:
    """The most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

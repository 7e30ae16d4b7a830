"""The only place where real parts are chosen: database, clock, keys; and the checks before a process may serve."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from auction.kernel.clock import Clock, SystemClock
from auction.kernel.crypto import Vault
from auction.kernel.db import open_engine
from auction.kernel.ids import Ids
from auction.kernel.migrate import current, head, migrate
from auction.kernel.settings import Settings, SettingsError
from auction.kernel.unit import House
from auction.models import Platform
from auction.rules import ruleset
from bidding.services.listing import keep_listings, list_all

_OFF = text(
    "SELECT name FROM pg_settings WHERE setting = 'off'"
    " AND name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name"
)


def open_house(
    settings: Settings,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    run: Callable[[Callable[[], Any]], Any] | None = None,
) -> House:
    """Wire a house on the settings' database. `run` carries out a writing attempt (another thread, where needed)."""
    ids = ids or Ids()
    house = House(
        settings,
        open_engine(settings.database_url),
        open_engine(settings.database_url, writing=False),
        clock or SystemClock(),
        ids,
        Vault(settings.keys, ids.bytes),
        run or (lambda attempt: attempt()),
    )
    keep_listings(house)
    return house


def upgrade(house: House) -> str:
    """Bring the database to the present schema and bind it to the keys in use; answers the schema's revision.

    Raises SettingsError when the database was made with other keys.
    """
    migrate(house.engine)
    with Session(house.engine) as session, session.begin():
        stored = {row.key: row.value for row in session.scalars(select(Platform))}
        for name, key in house.vault.key_ids().items():
            if f"key_id:{name}" not in stored:
                session.add(Platform(key=f"key_id:{name}", value=key))
        if "clock_offset_us" not in stored:
            session.add(Platform(key="clock_offset_us", value="0"))
    check(house)
    list_all(house)
    return head()


def check(house: House) -> None:
    """Refuse another schema, other keys, an unknown ruleset. Raises SettingsError saying which."""
    if house.settings.ruleset not in ruleset.available():
        known = ", ".join(ruleset.available())
        raise SettingsError(f"FAPAI_RULESET: no ruleset named {house.settings.ruleset!r}; known: {known}")
    if not house.settings.sandbox:
        _keeps_its_word(house)
    at = current(house.reader)
    if at != head():
        raise SettingsError(f"the database is at schema {at}, this program needs {head()}: run `fapai db upgrade`")
    with Session(house.reader) as session:
        stored = {row.key: row.value for row in session.scalars(select(Platform))}
    for name, key in house.vault.key_ids().items():
        if stored.get(f"key_id:{name}") != key:
            raise SettingsError(
                f"FAPAI_{name.upper()}_KEY: this database was made with another key ({stored.get(f'key_id:{name}')})"
            )


def _keeps_its_word(house: House) -> None:
    """Refuse a PostgreSQL that may lose what it has said to be committed. Raises SettingsError naming what is off."""
    if house.reader.dialect.name != "postgresql":
        return
    with Session(house.reader) as session:
        off = session.scalars(_OFF).all()
    if off:
        raise SettingsError(f"the database may lose what it has committed: {', '.join(off)} must not be off")

"""What is checked before a process may work on a database."""

from dataclasses import replace
from pathlib import Path

import pytest

from auction.kernel.crypto import Keys
from auction.kernel.settings import SettingsError
from auction.kernel.unit import House
from tests.conftest import settings_for
from web.wiring import check, open_house


def opened_again(house: House, **changes: object) -> House:
    """Another process's view of the same database."""
    return open_house(replace(settings_for(house.settings.database_url, house.settings.data), **changes))


def close(*houses: House) -> None:
    for house in houses:
        house.engine.dispose()
        house.reader.dispose()


def test_a_command_may_start_while_another_process_is_writing(house: House, tmp_path: Path) -> None:
    beside = opened_again(house)
    with house.engine.begin():
        check(beside)
    close(beside)


def test_other_keys_than_the_databases_are_refused(house: House) -> None:
    keys = replace(house.settings.keys, log=b"x" * 32)
    assert isinstance(keys, Keys)
    beside = opened_again(house, keys=keys)
    with pytest.raises(SettingsError, match="FAPAI_LOG_KEY"):
        check(beside)
    close(beside)

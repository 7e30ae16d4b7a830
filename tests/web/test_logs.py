"""What the program writes of itself is JSON, whoever wrote it, and holds nothing of a row."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from auction.kernel.unit import House
from auction.models import Platform
from web import logs

CANARY = "示例金丝雀"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root, kept = logging.getLogger(), list(logging.getLogger().handlers)
    level, before = root.level, structlog.get_config()
    out = io.StringIO()
    logs.configure(out)
    yield out
    structlog.configure(**before)
    root.handlers[:] = kept
    root.setLevel(level)


def test_a_failed_statement_is_told_without_the_values_it_was_about(house: House, out: io.StringIO) -> None:
    house.perform(lambda unit: unit.session.add(Platform(key=CANARY, value=CANARY)))
    with pytest.raises(IntegrityError) as failure:
        house.perform(lambda unit: unit.session.add(Platform(key=CANARY, value=CANARY)))
    try:
        raise failure.value
    except IntegrityError:
        structlog.get_logger("x").exception("unhandled", path="/p")
        logging.getLogger("library").exception("library failed")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"] for line in lines[-2:]] == ["unhandled", "library failed"]
    assert all("IntegrityError" in line["exception"] for line in lines[-2:])
    assert lines[0]["event"] == "uniqueness clash, trying again"
    assert CANARY not in out.getvalue()
    assert json.dumps(CANARY)[1:-1] not in out.getvalue()


def test_what_libraries_say_is_json_from_warnings_on(out: io.StringIO) -> None:
    logging.getLogger("apscheduler").warning("a job was %s", "skipped")
    logging.getLogger("apscheduler").info("a job was run")
    [line] = out.getvalue().splitlines()
    assert {**json.loads(line), "timestamp": ""} == {"event": "a job was skipped", "level": "warning", "timestamp": ""}

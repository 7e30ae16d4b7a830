"""What the program writes of itself: one JSON object a line on stderr, and nothing of anybody.

The database's errors name the values they are about (a name, a number): those go before a line is written.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

#: Where PostgreSQL's messages name the values of a row, such as `DETAIL:  Key (name)=(…) already exists.`
_VALUES = re.compile(r"^\s*(DETAIL|CONTEXT|HINT|LINE \d+):.*$", re.MULTILINE)


def without_values(_logger: Any, _name: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take the values of rows out of everything that is told of an error."""
    for key, value in told.items():
        if isinstance(value, str):
            told[key] = _VALUES.sub(r"\1: (left out)", value)
    return told


def configure(out: TextIO | None = None) -> None:
    """Write JSON lines to `out` (stderr), also of what libraries log by Python's own means, from warnings on."""
    out = out or sys.stderr
    first: list[Any] = [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]
    last: list[Any] = [
        structlog.processors.format_exc_info,
        without_values,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(processors=[*first, *last], logger_factory=structlog.PrintLoggerFactory(out))
    handler = logging.StreamHandler(out)
    formatter = structlog.stdlib.ProcessorFormatter
    handler.setFormatter(formatter(foreign_pre_chain=first, processors=[formatter.remove_processors_meta, *last]))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)

"""From a code to what a person reads: one table, one place that renders, two languages."""

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from auction.kernel.errors import Breach, DomainError
from auction.kernel.money import yuan

#: Where a code has no row of its own, its field is simply wrong.
_UNKNOWN = {"status": 422, "zh": "填写有误。", "en": "This value is not right."}


@cache
def table() -> Mapping[str, Mapping[str, Any]]:
    """The table of codes: status, zh, en, basis."""
    return tomllib.loads(files("web").joinpath("messages.toml").read_text("utf-8"))


class _Sentence(string.Formatter):
    """Fills facts in; a fact that is missing is left out rather than failing a refusal."""

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key), "")

    def format_field(self, value: Any, spec: str) -> str:
        if spec == "yuan":
            return yuan(value) if isinstance(value, int) else ""
        return str(value)


_SENTENCE = _Sentence()


def sentence(code: str, facts: Mapping[str, Any], language: str) -> str:
    """The sentence of a code in `zh` or `en`, its facts filled in."""
    row = table().get(code, _UNKNOWN)
    return _SENTENCE.format(row["en" if language == "en" else "zh"], **facts)


def status_of(code: str) -> int:
    """The HTTP status of a code."""
    return int(table().get(code, _UNKNOWN)["status"])


def basis_of(code: str) -> str | None:
    """The article a refusal rests on, if it is a legal one."""
    return table().get(code, {}).get("basis")


def problem(error: DomainError, language: str) -> dict[str, Any]:
    """The problem document (RFC 9457) of a refusal, with every single breach."""
    detail = sentence(error.code, error.facts, language)
    return {
        "type": f"urn:fapai:problem:{error.code}",
        "title": detail,
        "status": status_of(error.code),
        "code": error.code,
        "detail": detail,
        "basis": error.basis or basis_of(error.code),
        "errors": [_breach(breach, language) for breach in error.errors],
    }


def _breach(breach: Breach, language: str) -> dict[str, Any]:
    return {
        "field": breach.field,
        "code": breach.code,
        "detail": sentence(breach.code, breach.facts, language),
        "basis": breach.basis or basis_of(breach.code),
    }

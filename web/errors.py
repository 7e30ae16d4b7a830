"""From a code to what a person reads: one table, one place that renders, two languages."""

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from auction.kernel.clock import SHANGHAI, parse
from auction.kernel.errors import Breach, Cited, DomainError
from auction.kernel.money import yuan
from disclosure.rules.citations import cite

#: Where a code has no row of its own, its field is simply wrong.
_UNKNOWN = {"status": 422, "zh": "填写有误。", "en": "This value is not right."}


@cache
def table() -> Mapping[str, Mapping[str, Any]]:
    """The table of codes: status, zh, en, basis."""
    return tomllib.loads(files("web").joinpath("messages.toml").read_text("utf-8"))


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("web").joinpath("words.toml").read_text("utf-8"))


class _Sentence(string.Formatter):
    """Fills facts in; a fact that is missing is left out rather than failing a refusal.

    Formats: `yuan` (fen), `moment` (an RFC 3339 time, shown as Beijing time), `span` (seconds), `word` (a code).
    """

    def __init__(self, language: str) -> None:
        self._language = language

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key), "")

    def format_field(self, value: Any, spec: str) -> str:
        if spec == "yuan":
            return yuan(value) if isinstance(value, int) else ""
        if spec == "moment":
            return self._moment(value) if value else ""
        if spec == "span":
            return self._span(value) if isinstance(value, int) else ""
        if spec == "word":
            said = [_words().get(code, {}).get(self._language, code) for code in str(value).split()]
            return (" or " if self._language == "en" else "或").join(said)
        return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)

    def _moment(self, value: str) -> str:
        local = parse(value).astimezone(SHANGHAI)
        if self._language == "en":
            return f"{local:%Y-%m-%d %H:%M} Beijing time"
        return f"{local.year} 年 {local.month} 月 {local.day} 日 {local:%H:%M}"

    def _span(self, seconds: int) -> str:
        for length, zh, en in ((86400, "日", "days"), (3600, "小时", "hours"), (60, "分钟", "minutes")):
            if seconds >= 2 * length and seconds % length == 0:
                return f"{seconds // length} {en}" if self._language == "en" else f" {seconds // length} {zh}"
        return f"{seconds} seconds" if self._language == "en" else f" {seconds} 秒"


_SENTENCES = {language: _Sentence(language) for language in ("zh", "en")}


def row_of(code: str, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row of a code: `code/reason` or `code/fact` where there is one for its reason or for a fact it has."""
    for name in (facts.get("reason"), *(name for name, value in facts.items() if value)):
        found = table().get(f"{code}/{name}")
        if found is not None:
            return found
    return table().get(code, _UNKNOWN)


def sentence(code: str, facts: Mapping[str, Any], language: str) -> str:
    """The sentence of a code in `zh` or `en`, its facts filled in."""
    tongue = "en" if language == "en" else "zh"
    return _SENTENCES[tongue].format(row_of(code, facts)[tongue], **facts)


def filled(text: str, facts: Mapping[str, Any], language: str) -> str:
    """A sentence of another table than that of refusals, in the language it is written in, its facts filled in."""
    return _SENTENCES["en" if language == "en" else "zh"].format(text, **facts)


def status_of(code: str) -> int:
    """The HTTP status of a code."""
    return int(table().get(code, _UNKNOWN)["status"])


def basis_of(code: str, language: str, facts: Mapping[str, Any] | None = None) -> str | None:
    """What a refusal rests on: articles with the title of their document, or practice; None where there is none."""
    written = row_of(code, facts or {}).get("basis")
    if written is None:
        return None
    return ("; " if language == "en" else "；").join(_cited(each.strip(), language) for each in written.split(";"))


def _cited(written: str, language: str) -> str:
    citation = cite(written)
    said = cited(citation, language)
    if not citation.by_law:
        return said
    return f"{said} ({citation.code})" if language == "en" else f"{said}（{citation.code}）"


def basis_cited(written: str, language: str) -> str:
    """A citation written short, as `OJA 31[4]`, in `zh` or `en`."""
    return cited(cite(written), language)


def cited(basis: Cited, language: str) -> str:
    """A citation in `zh` or `en`."""
    return basis.en if language == "en" else basis.zh


def basis_said(refusal: DomainError | Breach, language: str) -> str | None:
    """What a refusal, or one breach of it, rests on: its own citation, else its code's."""
    if refusal.basis is not None:
        return cited(refusal.basis, language)
    return basis_of(refusal.code, language, facts_of(refusal))


def facts_of(refusal: DomainError | Breach) -> Mapping[str, Any]:
    """The facts of a refusal, or of its first breach of the same code where it has none of its own."""
    if refusal.facts or isinstance(refusal, Breach):
        return refusal.facts
    return next((breach.facts for breach in refusal.errors if breach.code == refusal.code), {})


def problem(error: DomainError, language: str) -> dict[str, Any]:
    """The problem document (RFC 9457) of a refusal, with every single breach."""
    detail = sentence(error.code, facts_of(error), language)
    return {
        "type": f"urn:fapai:problem:{error.code}",
        "title": detail,
        "status": status_of(error.code),
        "code": error.code,
        "detail": detail,
        "basis": basis_said(error, language),
        "errors": [_breach(breach, language) for breach in error.errors],
    }


def _breach(breach: Breach, language: str) -> dict[str, Any]:
    return {
        "field": breach.field,
        "code": breach.code,
        "detail": sentence(breach.code, breach.facts, language),
        "basis": basis_said(breach, language),
    }

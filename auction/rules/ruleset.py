"""The law as data: named, dated sets of numbers, each beside the article it comes from.

`load` reads a set that is shipped with the program (`auction/rulesets/NAME.toml`). An auction carries its own copy
(`as_data`, JSON without floats), taken when it is announced, and is judged by that copy for ever (`from_data`).
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import cn2an

from ..kernel.errors import DomainError

#: The basis of a number that no text gives.
PRACTICE = "court's practice"
UNITS = frozenset(
    {"count", "days", "fen", "flag", "hours", "list", "minutes", "months", "ratio", "seconds", "working_days", "years"}
)
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}
_ARTICLE = re.compile(r"(\d{1,4})(?:\((\d{1,2})\))?")
_RATIO = re.compile(r"\d{1,6}(?:\.\d{1,6})?")


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a rule stands, as machines (`code`, e.g. `OJA 12(1)`) and readers (`zh`, `en`) want it.

    `by_law` is False for the court's practice, which is never passed off as an article.
    """

    code: str
    zh: str
    en: str
    by_law: bool

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class Document:
    """A legal text: titles, the version its article numbers belong to, and how a citation names that version.

    `dated` (its day) and `file` (SHA-256 of the text kept and shown here) are there for texts nobody else publishes.
    """

    zh: str
    en: str
    version: str
    edition_zh: str
    edition_en: str
    dated: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number (flag, list) of the law: its section, value, unit, articles (none: court's practice) and note."""

    section: str
    value: int | str | bool | tuple[str, ...]
    unit: str
    document: str | None
    articles: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A frozen set of parameters. A key that is unknown, or asked for in the wrong unit, is a KeyError: our mistake."""

    name: str
    dated: str
    title_zh: str
    title_en: str
    documents: Mapping[str, Document]
    parameters: Mapping[str, Parameter]

    def days(self, key: str) -> int:
        """Calendar days."""
        return self._integer(key, "days")

    def working_days(self, key: str) -> int:
        return self._integer(key, "working_days")

    def months(self, key: str) -> int:
        return self._integer(key, "months")

    def years(self, key: str) -> int:
        return self._integer(key, "years")

    def count(self, key: str) -> int:
        return self._integer(key, "count")

    def fen(self, key: str) -> int:
        return self._integer(key, "fen")

    def seconds(self, key: str) -> int:
        """A running time given in seconds, minutes or hours, as seconds."""
        parameter = self._of(key, *_SECONDS)
        return int(parameter.value) * _SECONDS[parameter.unit]  # type: ignore[arg-type]

    def span(self, key: str) -> timedelta:
        """The same running time as a timedelta."""
        return timedelta(seconds=self.seconds(key))

    def number(self, key: str) -> int:
        """Any integer parameter as it is written, whatever its unit."""
        return int(self._of(key, *(UNITS - {"ratio", "flag", "list"})).value)  # type: ignore[arg-type]

    def ratio(self, key: str) -> Fraction:
        """An exact ratio; "0.70" is 7/10."""
        return Fraction(str(self._of(key, "ratio").value))

    def flag(self, key: str) -> bool:
        return bool(self._of(key, "flag").value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._of(key, "list").value
        return value if isinstance(value, tuple) else ()

    def note(self, key: str) -> str:
        return self.parameters[key].note

    def basis(self, key: str) -> Citation:
        """What to cite for this parameter: its articles, or the court's practice."""
        parameter = self.parameters[key]
        if parameter.document is None:
            return Citation(PRACTICE, "法院惯例", "the court's practice", by_law=False)
        return cite(parameter.document, self.documents[parameter.document], parameter.articles)

    def as_data(self) -> dict[str, Any]:
        """The whole set as JSON values (no floats), in the shape of the TOML file, for keeping on an auction."""
        sections: dict[str, dict[str, Any]] = {}
        for key, parameter in self.parameters.items():
            sections.setdefault(parameter.section, {})[key] = self._entry(parameter)
        return {
            "name": self.name,
            "dated": self.dated,
            "title": {"zh": self.title_zh, "en": self.title_en},
            "documents": {
                code: {
                    field: getattr(document, field)
                    for field in Document.__slots__
                    if field not in ("dated", "file") or getattr(document, field)
                }
                for code, document in self.documents.items()
            },
            "parameters": sections,
        }

    def _entry(self, parameter: Parameter) -> dict[str, Any]:
        basis: str | dict[str, Any] = PRACTICE
        if parameter.document is not None:
            articles = list(parameter.articles)
            basis = {
                "document": parameter.document,
                "version": self.documents[parameter.document].version,
                "article": articles if len(articles) > 1 else articles[0],
            }
        value = list(parameter.value) if isinstance(parameter.value, tuple) else parameter.value
        return {"value": value, "unit": parameter.unit, "basis": basis, "note": parameter.note}

    def _of(self, key: str, *units: str) -> Parameter:
        parameter = self.parameters[key]
        if parameter.unit not in units:
            raise KeyError(f"{key} is given in {parameter.unit}")
        return parameter

    def _integer(self, key: str, unit: str) -> int:
        return int(self._of(key, unit).value)  # type: ignore[arg-type]


@lru_cache(maxsize=16)
def load(name: str) -> Ruleset:
    """The shipped ruleset of that name. DomainError `ruleset_unknown` where there is none."""
    if name not in available():
        raise DomainError("ruleset_unknown", name=name)
    source = files("auction").joinpath("rulesets", f"{name}.toml")
    ruleset = from_data(tomllib.loads(source.read_text(encoding="utf-8")))
    if ruleset.name != name:
        raise ValueError(f"the file of ruleset {name} names itself {ruleset.name}")
    return ruleset


def available() -> tuple[str, ...]:
    """The names of the shipped rulesets, sorted."""
    folder = files("auction").joinpath("rulesets")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def from_data(data: Mapping[str, Any]) -> Ruleset:
    """A ruleset from its data (a TOML file, or the copy kept on an auction). ValueError says what is wrong with it."""
    try:
        documents = {code: Document(**fields) for code, fields in data["documents"].items()}
        parameters: dict[str, Parameter] = {}
        for section, entries in data["parameters"].items():
            for key, entry in entries.items():
                if key in parameters:
                    raise ValueError(f"{key} stands twice")
                parameters[key] = _parameter(section, key, entry, documents)
        title = data["title"]
        return Ruleset(
            name=data["name"],
            dated=data["dated"],
            title_zh=title["zh"],
            title_en=title["en"],
            documents=MappingProxyType(documents),
            parameters=MappingProxyType(parameters),
        )
    except (KeyError, TypeError, AttributeError) as fault:
        raise ValueError(f"not a ruleset: {fault}") from fault


def _parameter(section: str, key: str, entry: Mapping[str, Any], documents: Mapping[str, Document]) -> Parameter:
    unit, basis = entry["unit"], entry["basis"]
    if unit not in UNITS or not entry.keys() <= {"value", "unit", "basis", "note"}:
        raise ValueError(f"{key}: unknown unit or field")
    code: str | None = None
    articles: tuple[str, ...] = ()
    if basis != PRACTICE:
        code, article = basis["document"], basis["article"]
        articles = (article,) if isinstance(article, str) else tuple(article)
        if basis["version"] != documents[code].version:
            raise ValueError(f"{key}: cites {code} in a version this set does not hold")
        if not articles or not all(_ARTICLE.fullmatch(each) for each in articles):
            raise ValueError(f"{key}: not an article")
    return Parameter(section, _value(key, unit, entry["value"]), unit, code, articles, entry.get("note", ""))


def _value(key: str, unit: str, value: object) -> int | str | bool | tuple[str, ...]:
    match unit, value:
        case "flag", bool():
            return value
        case "ratio", str() if _RATIO.fullmatch(value):
            return value
        case "list", [_, *_] if all(isinstance(each, str) for each in value):
            return tuple(str(each) for each in value)
        case (("flag" | "ratio" | "list"), _):
            pass
        case _, int() if not isinstance(value, bool) and value >= 0:
            return value
    raise ValueError(f"{key}: {value!r} is no value in {unit}")


def cite(code: str, document: Document, articles: tuple[str, ...]) -> Citation:
    """The citation of one or more articles ("20(2)" is article 20, paragraph 2) of a document."""
    zh_edition = f"（{document.edition_zh}）" if document.edition_zh else ""
    en_edition = f" ({document.edition_en})" if document.edition_en else ""
    parts = [_ARTICLE.fullmatch(article) for article in articles]
    numbers = [(int(part[1]), int(part[2]) if part[2] else None) for part in parts if part]
    zh = "、".join(
        f"第{_numeral(article)}条" + (f"第{_numeral(paragraph)}款" if paragraph else "")
        for article, paragraph in numbers
    )
    en = " and ".join(
        f"article {article}" + (f", paragraph {paragraph}" if paragraph else "") for article, paragraph in numbers
    )
    return Citation(
        f"{code} {', '.join(articles)}", f"《{document.zh}》{zh_edition}{zh}", f"{document.en}{en_edition}, {en}", True
    )


def _numeral(number: int) -> str:
    return str(cn2an.an2cn(number))

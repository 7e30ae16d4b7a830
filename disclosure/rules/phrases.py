"""Finding, in what people write, words that tell nothing and words that may not be said.

Matching runs on squeezed text, so that spaces, punctuation, full-width or traditional forms put into a phrase do not
hide it. The patterns are data: `disclosure/catalogue/_phrases.toml`.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from auction.rules.ruleset import Citation

from .citations import cite

_SIMPLIFIED = str.maketrans(
    "佔稅費負責買騰場詳擔繳盡賣拋屋產權屬賃當嚴為無與對發現處門開東車",
    "占税费负责买腾场详担缴尽卖抛屋产权属赁当严为无与对发现处门开东车",
)
_CLAUSES = re.compile(r"[，,。.；;：:！!？?、\n\r|]+")
#: Clause by clause, the delimiters kept so that positions add up.
_SENTENCES = re.compile(r"([，,。；;：:！!？?\n\r]+)")
_WIDE_GAP = ".{0,10}?"
_SHORT = 60


class Squeezed(NamedTuple):
    """Letters and digits only, folded; `origin[i]` is where in the original the i-th of them stood."""

    text: str
    origin: tuple[int, ...]


class Match(NamedTuple):
    """A forbidden phrase found: which, and the original words from `start` to `end`."""

    phrase: "Phrase"
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A thing that may not be said, with the article and what to write instead."""

    code: str
    severity: Literal["error", "warning"]
    basis: Citation
    title: str
    title_en: str
    fix: str
    fix_en: str
    in_clause: tuple[re.Pattern[str], ...]
    in_whole: tuple[re.Pattern[str], ...]
    not_after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Unknown:
    core: re.Pattern[str]
    innocent: re.Pattern[str]
    denial: re.Pattern[str]
    topic: re.Pattern[str]
    vague_person: re.Pattern[str]
    vague_possession: re.Pattern[str]
    deferral: re.Pattern[str]
    filler: re.Pattern[str]


def squeeze(text: str) -> Squeezed:
    """Fold width, case and traditional forms and drop everything that is neither letter nor digit."""
    letters: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        for folded in unicodedata.normalize("NFKC", character).casefold().translate(_SIMPLIFIED):
            if folded.isalnum():
                letters.append(folded)
                origin.append(index)
    return Squeezed("".join(letters), tuple(origin))


def says_unknown(text: str) -> bool:
    """Whether anything in the text amounts to "not known"; denials count too, as they should be put another way."""
    return bool(_words().core.search(_words().innocent.sub("", squeeze(text).text)))


def leaves_unknown(text: str) -> bool:
    """Whether the text tells nothing but that a fact is not known, or leaves the very thing in question unknown.

    "里程表读数 6 万公里，此前维修记录不详" tells something; "租赁情况不详" and "经查，占有不明" do not.
    """
    words = _words()
    whole = words.denial.sub("", words.innocent.sub("", squeeze(text).text))
    if words.topic.search(whole):
        return True
    clauses = [words.denial.sub("告", words.innocent.sub("告", squeeze(part).text)) for part in _CLAUSES.split(text)]
    telling = [clause for clause in clauses if clause]
    empty = [words.core.search(clause) or words.deferral.search(clause) for clause in telling]
    return any(empty) and all(
        hit or (len(clause) <= _SHORT and words.filler.fullmatch(clause))
        for hit, clause in zip(empty, telling, strict=True)
    )


def is_empty(text: str) -> bool:
    """Whether there is not one letter or digit in it."""
    return not squeeze(text).text


def names_nobody(text: str) -> bool:
    """Whether somebody is named only as "another person" and the like, or not at all."""
    whole = squeeze(text).text
    return not whole or bool(_words().vague_person.fullmatch(whole)) or says_unknown(text)


def possessed_by_nobody_named(text: str) -> bool:
    """Whether the text says "occupied by others" without saying by whom."""
    return bool(_words().vague_possession.search(squeeze(text).text))


def forbidden(text: str) -> tuple[Match, ...]:
    """Every forbidden phrase in the text, each once, where it first stands and as long as it is there."""
    whole, found = squeeze(text), []
    for phrase in phrases():
        spans = sorted(_spans(phrase, text, whole), key=lambda span: (span[0], -span[1]))
        if spans:
            start, end = spans[0]
            found.append(Match(phrase, start, end, text[start:end]))
    return tuple(sorted(found, key=lambda match: match.start))


def _spans(phrase: Phrase, text: str, whole: Squeezed) -> Iterator[tuple[int, int]]:
    position = 0
    for clause in _SENTENCES.split(text):
        yield from _matches(phrase, phrase.in_clause, squeeze(clause), position)
        position += len(clause)
    yield from _matches(phrase, phrase.in_whole, whole, 0)


def _matches(
    phrase: Phrase, patterns: tuple[re.Pattern[str], ...], squeezed: Squeezed, offset: int
) -> Iterator[tuple[int, int]]:
    for pattern in patterns:
        for match in pattern.finditer(squeezed.text):
            start, end = match.span(pattern.groups)
            if not squeezed.text[:start].endswith(phrase.not_after):
                yield offset + squeezed.origin[start], offset + squeezed.origin[end - 1] + 1


@lru_cache(maxsize=1)
def phrases() -> tuple[Phrase, ...]:
    """The forbidden phrases, in the order of the data."""
    data = _data()
    lists = data["words"]
    return tuple(_phrase(entry, lists) for entry in data["forbidden"])


def _phrase(entry: Mapping[str, Any], lists: Mapping[str, str]) -> Phrase:
    wide = entry.get("gap", _WIDE_GAP)
    narrow = entry.get("gap", lists["filler"])
    return Phrase(
        code=entry["code"],
        severity=entry["severity"],
        basis=cite(entry["basis"]),
        title=entry["title"],
        title_en=entry["title_en"],
        fix=entry["fix"],
        fix_en=entry["fix_en"],
        in_clause=tuple(_compiled(pattern, lists, wide) for pattern in entry["patterns"]),
        in_whole=tuple(_compiled(pattern, lists, narrow) for pattern in entry["patterns"]),
        not_after=tuple(entry.get("not_after", ())),
    )


def _compiled(pattern: str, lists: Mapping[str, str], gap: str) -> re.Pattern[str]:
    written = pattern.replace("{gap}", gap)
    for name, words in lists.items():
        written = written.replace("{" + name + "}", words)
    return re.compile(written)


@lru_cache(maxsize=1)
def _words() -> _Unknown:
    data = _data()["unknown"]
    core = "(?:" + "|".join(data["core"]) + ")"
    return _Unknown(
        core=re.compile(core),
        innocent=re.compile("|".join(data["innocent"])),
        denial=re.compile(data["denial"]),
        topic=re.compile(f"(?:{data['topic']}|{data['doubt']}){core}"),
        vague_person=re.compile(data["vague_person"]),
        vague_possession=re.compile(data["vague_possession"]),
        deferral=re.compile(data["deferral"]),
        filler=re.compile(data["filler"]),
    )


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads(files("disclosure").joinpath("catalogue", "_phrases.toml").read_text(encoding="utf-8"))

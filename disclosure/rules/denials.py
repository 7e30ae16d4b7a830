"""Whether a statement only denies: the words to the state "none" must be such, clause by clause.

No list of what may be there is ever complete, so this goes the other way round: a clause must say, in a closed
grammar, that something is not there, that it is over, or how that was found out. Any other clause tells something.
The words are data: `disclosure/catalogue/_denials.toml`.
"""

import re
import tomllib
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from .phrases import squeeze

#: What joins a second sentence to a denial, or hides one in brackets, begins a clause of its own. A comma or point
#: between digits ends none, a pause in an enumeration (、) neither.
_ENDS = re.compile(r"(?<!\d)[,.]|[,.](?!\d)|[，。；;：:！!？?（）()【】\[\]\n\r]|而?且(?!慢)|同时|\band\b|\bbut\b")
_WORD = re.compile(r"[a-z0-9']+")
_HAN = re.compile(r"[\u3400-\u9fff]")


class _Words(NamedTuple):
    neutral: re.Pattern[str]
    before: re.Pattern[str]
    denial: re.Pattern[str]
    turned: re.Pattern[str]
    over: re.Pattern[str]
    neutral_en: frozenset[str]
    denial_en: re.Pattern[str]
    turned_en: re.Pattern[str]
    over_en: re.Pattern[str]


def telling(text: str) -> str | None:
    """The first clause of a statement that does more than deny, as it is written; None if there is none."""
    folded = unicodedata.normalize("NFKC", text)
    start = 0
    for stop in [*(match.span() for match in _ENDS.finditer(folded.casefold())), (len(folded), len(folded))]:
        clause = folded[start : stop[0]]
        start = stop[1]
        if squeeze(clause).text and not _only_denies(clause):
            return clause.strip()
    return None


def denied(clause: str) -> bool:
    """Whether a clause denies anything, wherever in it the denial stands."""
    words = _words()
    return bool(words.denial.search(squeeze(clause).text) or words.denial_en.search(clause.casefold()))


def _only_denies(clause: str) -> bool:
    words, said = _words(), squeeze(clause).text
    if not _HAN.search(said):
        return _denies_in_english(clause.casefold())
    if words.neutral.fullmatch(said) or words.over.fullmatch(said):
        return True
    denial = words.denial.search(said)
    if denial is None or words.before.fullmatch(said[: denial.start()]) is None:
        return False
    return words.turned.search(said[denial.end() :]) is None


def _denies_in_english(clause: str) -> bool:
    words = _words()
    denial = words.denial_en.search(clause)
    before = _WORD.findall(clause[: denial.start()] if denial else clause)
    if words.over_en.fullmatch(clause.strip()):
        return True
    if any(word not in words.neutral_en and not word.isdecimal() for word in before):
        return False
    return denial is None or words.turned_en.search(clause[denial.end() :]) is None


@lru_cache(maxsize=1)
def _words() -> _Words:
    said = tomllib.loads(files("disclosure").joinpath("catalogue", "_denials.toml").read_text(encoding="utf-8"))
    alone = sorted(said["neutral"], key=len, reverse=True)
    return _Words(
        re.compile(rf"(?:{'|'.join(alone)}|\d)*"),
        re.compile(rf"(?:{'|'.join((*alone, *said['before']))}|\d)*"),
        re.compile(said["denial"]),
        re.compile(said["turned"]),
        re.compile(said["over"]),
        frozenset(said["neutral_en"].split()),
        re.compile(said["denial_en"]),
        re.compile(said["turned_en"]),
        re.compile(said["over_en"]),
    )

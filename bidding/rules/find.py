"""Finding lots: the words of a search, the grams a text is found by, the marks a lot is filtered by.

Chinese is written without blanks, so a text is cut into every letter and every pair of neighbouring letters, whatever
the script. What is found by its grams is then looked at for the word itself. Everything but letters and digits parts
two words, in texts and in searches alike: no sign of a search can mean anything to a database.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from disclosure.rules.sheet import Sheet, flags

#: Words of a search that are looked at, and letters of a word.
MOST_WORDS, LONGEST_WORD = 8, 64
#: A part of a word has so many letters at least; places after it are not tried.
_PART, _PLACES = 2, 12
#: A hash as pages and texts write it.
_HASH = re.compile(r"\b[0-9a-fA-F]{32,}\b")
#: How far around a place may be searched, km.
FARTHEST_KM = 500
#: Kilometres in a degree of latitude.
DEGREE_KM = 111.195

#: What a list may be filtered by: marks of the sheet, of who may buy, of earlier rounds, of loans, clearance bands.
FLAGS = (
    *("arrears", "burdened", "defective", "leased", "occupied", "preferential", "restricted", "share", "vacant"),
    *("sole_share", "restricted_buyers", "failed_rounds", "loan"),
    *("band_a", "band_b", "band_c", "band_d", "band_e"),
)


#: Marks that answer one question: whoever asks for several means any of them.
_CHOICES = (frozenset({"leased", "occupied", "vacant"}), frozenset(flag for flag in FLAGS if flag.startswith("band_")))


def grouped(asked: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """What a lot must have: of each group at least one mark."""
    groups: dict[object, tuple[str, ...]] = {}
    for flag in dict.fromkeys(asked):
        kind = next((choice for choice in _CHOICES if flag in choice), flag)
        groups[kind] = (*groups.get(kind, ()), flag)
    return tuple(groups.values())


def normal(text: str) -> str:
    """The text as it is searched: compatibility forms made one, small letters, words parted by single blanks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(char if char.isalnum() else " " for char in folded).split())


def words(query: str) -> tuple[str, ...]:
    """The words of a search, each once. Empty where the query has neither letter nor digit."""
    found = (word[:LONGEST_WORD] for word in normal(query).split())
    return tuple(dict.fromkeys(found))[:MOST_WORDS]


def grams(text: str) -> frozenset[str]:
    """The grams of a normal text: every letter, and every pair of neighbours within a word."""
    pairs = {word[n : n + 2] for word in text.split() for n in range(len(word) - 1)}
    return frozenset(pairs.union(text) - {" "})


def grams_of_word(word: str) -> tuple[str, ...]:
    """The grams every text has in which the word stands."""
    return (word,) if len(word) == 1 else tuple(sorted({word[n : n + 2] for n in range(len(word) - 1)}))


def marks(sheet: Sheet, *, band: str | None, failed: bool) -> tuple[str, ...]:
    """The flags of a lot, sorted: what its sealed sheet says, its clearance band, whether an earlier round failed."""
    found = set(flags(sheet))
    if sheet.get("title") is not None and "share" not in found:
        found.add("sole_share")
    if "restricted" in found:
        found.add("restricted_buyers")
    if sheet.found("loan"):
        found.add("loan")
    if failed:
        found.add("failed_rounds")
    if band is not None:
        found.add(f"band_{band.lower()}")
    return tuple(sorted(found))


def searched(parts: Iterable[str]) -> str:
    """The text a lot is found by: its parts, normal, without hashes, no two parts running into each other."""
    return " ".join(filter(None, (normal(_HASH.sub(" ", part)) for part in parts)))


def parted(query: str) -> Iterator[str]:
    """A search of one long word, in two words each: people write 望江路住宅 where a text has 望江路18号住宅."""
    asked = words(query)
    if len(asked) == 1:
        [word] = asked
        for place in range(_PART, min(len(word) - _PART, _PLACES) + 1):
            yield f"{word[:place]} {word[place:]}"


def said_of(sheet: Sheet) -> Iterable[str]:
    """What a sealed sheet tells in words: statements, and the texts of their fields."""
    for facts in sheet.items:
        yield facts.statement or ""
        yield from (value for value in facts.data.values() if isinstance(value, str))

"""Names that differ by a slip of the pen: an alert, never a bar, where the day of birth is the same.

The same name and day hold the registration (`namesakes`); here one character is wrong, missing, added or exchanged
with its neighbour. Optimal string alignment, as rapidfuzz computes it.
"""

import unicodedata
from datetime import date
from fractions import Fraction

from rapidfuzz.distance import OSA

#: The kind of keyed hash of a day of birth kept beside the registry's rows: it finds the few whose names are compared.
BORN = "born_on"


def born_text(born: date) -> str:
    """The day of birth as it is hashed."""
    return born.isoformat()


def letters(name: str) -> str:
    """A name's letters and digits alone, whatever their width or case."""
    return "".join(mark for mark in unicodedata.normalize("NFKC", name) if mark.isalnum()).casefold()


def nearly_equal(name: str, other: str, *, edits: int, ratio: Fraction) -> bool:
    """Whether two names are not the same and differ by at most `edits`, or are alike to `ratio` where they are long.

    A name of one character is near to none.
    """
    one, two = letters(name), letters(other)
    if one == two or min(len(one), len(two)) < 2:
        return False
    distance, longest = OSA.distance(one, two), max(len(one), len(two))
    return distance <= edits or Fraction(longest - distance, longest) >= ratio

"""What no text that is entered may hold, whoever enters it, and what is no text at all."""

import unicodedata

#: Marks, embeddings, overrides and isolates of writing direction (Unicode standard annex 9): with one of them a name, a
#: title or a statement can read as another than it is.
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

#: Categories of what cannot be seen by itself. Private use is not among them: rare characters of names live there.
_UNSEEN = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Mn", "Mc", "Me"))
#: Letters by their category that leave the paper white: Hangul fillers and the empty Braille cell.
_WHITE = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def says_something(text: str) -> bool:
    """Whether anything of a text can be seen: not only spaces of any width, controls, and what has no shape."""
    return any(unicodedata.category(char) not in _UNSEEN and char not in _WHITE for char in text)

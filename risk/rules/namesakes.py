"""Namesakes born the same day: one text for a name and a day of birth, the same however the name was typed."""

import unicodedata
from datetime import date

#: The kind of keyed hash under which such a text is kept beside the registry's rows.
NAMESAKE = "name_and_birth"


def namesake_text(name: str, born: date) -> str:
    """The name's letters and digits alone (no spaces, dots or hyphens, whatever their width or case), and the day."""
    letters = "".join(mark for mark in unicodedata.normalize("NFKC", name) if mark.isalnum())
    return f"{letters.casefold()}\0{born.isoformat()}"

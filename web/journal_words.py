"""Kinds of journal entries said in the reader's language."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from .pages.labels import EVENT


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """The words of private kinds, each in `zh` and `en`."""
    return tomllib.loads(files("web").joinpath("journal.toml").read_text("utf-8"))


def kinds(language: str) -> dict[str, str]:
    """Every kind there is a word for, public ones too, in the order of the words."""
    found = {kind: str(word) for kind, word in EVENT.items()} | {kind: row[language] for kind, row in table().items()}
    return dict(sorted(found.items(), key=lambda row: row[1]))


def said_kind(kind: str, language: str) -> str:
    """What happened; the kind itself where it has no word."""
    return str(EVENT[kind]) if kind in EVENT else table().get(kind, {}).get(language, kind)

"""Messages said in the reader's language: the title and the sentence of each kind, its facts filled in."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from auction.kernel.clock import iso
from auction.models import Message

from .errors import filled, sentence


@cache
def table() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The sentences: by kind `title` and `text`, each in `zh` and `en`."""
    return tomllib.loads(files("web").joinpath("told.toml").read_text("utf-8"))


def said(kind: str, subject: Mapping[str, Any], language: str, *, mailed: bool = False) -> tuple[str, str]:
    """Title and text of a message in `zh` or `en`, as shown or as mailed; an unknown kind says itself and nothing."""
    row = table().get(kind)
    if row is None:
        return kind, ""
    code = subject.get("code")
    why = sentence(code, {}, language) if code else ""
    text = row.get("mail", row["text"]) if mailed else row["text"]
    return row["title"][language], filled(text[language], {**subject, "why": why}, language)


def address(subject: Mapping[str, Any]) -> str | None:
    """The path of the page a message is about, the most particular one; None where there is none."""
    for name, path in _PAGES:
        if subject.get(name):
            return path.format(subject[name])
    return None


_PAGES = (
    ("registration_id", "/registrations/{}"),
    ("objection_id", "/me/objections/{}"),
    ("correction_id", "/me/data"),
    ("auction_id", "/auctions/{}"),
    ("lot_id", "/lots/{}"),
)


def message_dict(message: Message, language: str) -> dict[str, Any]:
    """A message as JSON values, said in `language`."""
    title, text = said(message.kind, message.subject, language)
    return {
        "id": message.id,
        "kind": message.kind,
        "at": iso(message.at),
        "read": message.read_at is not None,
        "read_at": iso(message.read_at) if message.read_at else None,
        "title": title,
        "text": text,
        "subject": message.subject,
        "address": address(message.subject),
    }

"""Alerts said in the reader's language: what each is called, and the sentence of each reason."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from .errors import filled


@cache
def table() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The sentences: `kinds` and `reasons`, each by code in `zh` and `en`."""
    return tomllib.loads(files("web").joinpath("alerts.toml").read_text("utf-8"))


def kind_title(kind: str, language: str) -> str:
    """What alerts of a kind are called; the code itself where it has no name."""
    return table()["kinds"].get(kind, {}).get(language, kind)


def said_alert(alert: Mapping[str, Any], language: str) -> dict[str, Any]:
    """An alert as the query describes it, with its title and the sentence (`detail`) of every reason."""
    reasons = said_reasons(alert["reasons"], language)
    return {**alert, "title": kind_title(alert["kind"], language), "reasons": reasons}


def said_reasons(reasons: Iterable[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """Reasons with their sentence (`detail`); the code itself where it has none."""
    rows = table()["reasons"]
    return [
        {
            **reason,
            "detail": filled(rows.get(reason["code"], {}).get(language, reason["code"]), reason["facts"], language),
        }
        for reason in reasons
    ]

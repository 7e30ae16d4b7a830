"""The board of a court said in the reader's language: stages, urgency, and what is due with its article and day."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from auction.kernel.clock import iso
from auction.rules.calendar import shanghai_day
from bidding.queries.board import BoardItem
from bidding.rules.clocks import Clock

from .errors import cited, filled


@cache
def table() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The words: `stages`, `states` and `clocks`, each by code in `zh` and `en`."""
    return tomllib.loads(files("web").joinpath("board.toml").read_text("utf-8"))


def word(kind: str, code: str, language: str) -> str:
    """A stage or a state in `zh` or `en`."""
    return table()[kind][code][language]


def said_clock(clock: Clock, now: datetime, soon_days: int, language: str) -> dict[str, Any]:
    """A clock as JSON values: `days` are the Shanghai days left, negative once they have passed."""
    return {
        "code": clock.code,
        "nature": clock.nature,
        "state": clock.state(now, soon_days),
        "due_at": iso(clock.due_at) if clock.due_at else None,
        "day": clock.day.isoformat() if clock.day else None,
        "days": (clock.day - shanghai_day(now)).days if clock.day else None,
        "provisional": clock.provisional,
        "detail": filled(table()["clocks"][clock.code][language], clock.facts, language),
        "basis": cited(clock.basis, language),
        "basis_code": clock.basis.code,
    }


def said_item(item: BoardItem, now: datetime, soon_days: int, language: str) -> dict[str, Any]:
    """A lot on the board as JSON values."""
    auction = item.auction
    return {
        "lot_id": item.lot.id,
        "title": item.lot.title,
        "asset_type": item.lot.asset_type,
        "case_number": item.case_number,
        "stage": item.stage.value,
        "stage_title": word("stages", item.stage.value, language),
        "gaps": item.gaps,
        "registrations": item.registrations,
        "auction": None
        if auction is None
        else {
            "id": auction.id,
            "round": auction.round,
            "status": auction.status,
            "settlement": auction.settlement,
            "opens_at": iso(auction.opens_at),
            "closes_at": iso(auction.closes_at),
            "price_fen": auction.price_fen,
        },
        "clocks": [said_clock(clock, now, soon_days, language) for clock in item.clocks],
    }

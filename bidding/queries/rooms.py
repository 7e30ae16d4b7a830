"""A room as the rules see it, and the law it runs under."""

from datetime import datetime
from functools import lru_cache
from typing import Protocol

import orjson
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.models import Auction
from auction.rules import ruleset
from auction.rules.ruleset import Ruleset

from ..rules.room import Room, RoomRules


class RoomRow(Protocol):
    """What makes a room: an auction, or the columns of one that bidding reads. Nothing here changes it."""

    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reserve_price_fen(self) -> int: ...
    @property
    def increment_fen(self) -> int: ...
    @property
    def opens_at(self) -> datetime: ...
    @property
    def closes_at(self) -> datetime: ...
    @property
    def reference_price_fen(self) -> int | None: ...
    @property
    def price_fen(self) -> int | None: ...
    @property
    def leader_registration_id(self) -> str | None: ...
    @property
    def leader_rank(self) -> int | None: ...
    @property
    def last_bid_at(self) -> datetime | None: ...
    @property
    def bid_count(self) -> int: ...
    @property
    def extensions(self) -> int: ...


#: A ruleset never changes once it is copied onto an auction, so the room's numbers may be remembered.
_rules: dict[str, RoomRules] = {}
_MOST_REMEMBERED = 10_000


@lru_cache(maxsize=64)
def _read(text: str) -> Ruleset:
    """Few rulesets are in use at a time, and reading one takes longer than judging a hundred offers."""
    return ruleset.from_data(orjson.loads(text))


def ruleset_of(session: Session, auction: Auction | RoomRow) -> Ruleset:
    """The ruleset the auction was announced under. DomainError wrong_state before it was announced."""
    text = session.scalar(select(cast(Auction.ruleset, Text)).where(Auction.id == auction.id))
    if text is None or text == "null":
        raise DomainError("wrong_state", status=auction.status)
    return _read(text)


def room_rules(session: Session, auction: RoomRow) -> RoomRules:
    """The room's numbers, remembered per auction."""
    found = _rules.get(auction.id)
    if found is None:
        if len(_rules) >= _MOST_REMEMBERED:
            _rules.clear()
        found = _rules[auction.id] = RoomRules.of(ruleset_of(session, auction))
    return found


def room_of(auction: RoomRow) -> Room:
    """The room as the auction's row holds it."""
    return Room(
        status=auction.status,
        reserve_fen=auction.reserve_price_fen,
        increment_fen=auction.increment_fen,
        opens_at=auction.opens_at,
        closes_at=auction.closes_at,
        reference_fen=auction.reference_price_fen,
        price_fen=auction.price_fen,
        leader=auction.leader_registration_id,
        leader_rank=auction.leader_rank,
        last_received_at=auction.last_bid_at,
        bid_count=auction.bid_count,
        extensions=auction.extensions,
    )

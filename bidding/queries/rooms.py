"""A room as the rules see it, and the law it runs under."""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from auction.kernel.db import Question
from auction.kernel.errors import DomainError
from auction.models import Auction
from auction.rules import ruleset
from auction.rules.lot import Round
from auction.rules.ruleset import Ruleset

from ..rules.room import Room, RoomRules


@dataclass(slots=True)
class OpenRoom:
    """What bidding needs of an auction's row, as plain values: loading whole auctions costs more than judging bids."""

    id: str
    lot_id: str
    shard: int
    round: str
    status: str
    version: int
    reserve_price_fen: int
    increment_fen: int
    reference_price_fen: int | None
    opens_at: datetime
    closes_at: datetime
    seal: str | None
    price_fen: int | None
    leader_registration_id: str | None
    leader_code: str | None
    leader_rank: int | None
    last_bid_at: datetime | None
    bid_count: int
    extensions: int

    @classmethod
    def of(cls, row: Any) -> "OpenRoom":
        """From an auction, or a row of these columns."""
        return cls(**{name: getattr(row, name) for name in _NAMES})


_NAMES = tuple(field.name for field in fields(OpenRoom))
#: The rooms of auctions given by `id`, locked in order of id.
ROOMS = Question(
    ("id",),
    lambda rows, given: (
        select(*(Auction.__table__.c[name] for name in _NAMES))
        .join_from(rows, Auction, Auction.id == given["id"])
        .order_by(Auction.id)
        .with_for_update(of=Auction, key_share=True)
    ),
)

#: A ruleset never changes once it is copied onto an auction, so the room's numbers may be remembered.
_rules: dict[str, RoomRules] = {}
_MOST_REMEMBERED = 10_000


@lru_cache(maxsize=64)
def _read(text: str) -> Ruleset:
    """Few rulesets are in use at a time, and reading one takes longer than judging a hundred offers."""
    return ruleset.from_data(orjson.loads(text))


def ruleset_of(session: Session, auction: Auction | OpenRoom) -> Ruleset:
    """The ruleset the auction was announced under, asked once in a transaction. DomainError wrong_state before that."""
    known: dict[str, Ruleset] = session.info.setdefault("rulesets", {})
    if auction.id in known:
        return known[auction.id]
    text = session.scalar(select(cast(Auction.ruleset, Text)).where(Auction.id == auction.id))
    if text is None or text == "null":
        raise DomainError("wrong_state", status=auction.status)
    found = known[auction.id] = _read(text)
    return found


def room_rules(session: Session, auction: Auction | OpenRoom) -> RoomRules:
    """The room's numbers, remembered per auction."""
    found = _rules.get(auction.id)
    if found is None:
        if len(_rules) >= _MOST_REMEMBERED:
            _rules.clear()
        found = _rules[auction.id] = RoomRules.of(ruleset_of(session, auction))
    return found


def room_of(auction: Auction | OpenRoom) -> Room:
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
        sell_off=auction.round == Round.SELL_OFF,
    )

"""What leaves a unit of work after its commit, and the rooms' public events, which are stored and gap-free.

A socket message is a hint that may be lost; `room_events` is the truth a client asks again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from .db import Base, insert_only


@insert_only
class RoomEvent(Base):
    """One public event of a room: `type` is bid, extension, status, disclosure or notice."""

    __tablename__ = "room_events"

    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    type: Mapped[str]
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Published:
    """A message to the world outside the transaction: `topic` names who listens."""

    topic: str
    payload: dict[str, Any]


Listener = Callable[[Published], None]

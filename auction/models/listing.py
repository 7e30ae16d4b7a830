"""What lists of lots are found, filtered and sorted by, made of what is announced; and who waits for it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from ..kernel.db import Base


class LotListing(Base):
    """A lot of which a round was announced, with what lists need of its latest announced round; no draft is in here.

    `status`: of that round, or how the lot was disposed of. `price_fen`: the standing price, the reserve before a bid.
    `flags`: the marks, each between two blanks. `photo`: the file that shows it on lists. `made_of`: a digest of what
    text, marks and photo were made of. `changed_at`: when that or the status last changed, where that is known.
    `soon_for`: the opening its followers were last reminded of.
    """

    __tablename__ = "lot_listings"

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), unique=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), unique=True)
    asset_type: Mapped[str]
    court_code: Mapped[str] = mapped_column(ForeignKey("courts.code"))
    region: Mapped[str]
    round: Mapped[str]
    status: Mapped[str]
    price_fen: Mapped[int] = mapped_column(BigInteger)
    announced_at: Mapped[datetime]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    flags: Mapped[str]
    photo: Mapped[str | None]
    followers: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    views: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    made_of: Mapped[str]
    changed_at: Mapped[datetime | None]
    soon_for: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "announced_at", "number"),
        Index(None, "opens_at", "number"),
        Index(None, "closes_at", "number"),
        Index(None, "price_fen", "number"),
        Index(None, "followers", "number"),
        Index(None, "status", "opens_at"),
        Index(None, "status", "closes_at"),
        Index(None, "court_code", "status"),
        Index(None, "asset_type", "status"),
        Index(None, "region"),
        Index(None, "latitude", "longitude"),
    )


class LotWords(Base):
    """The text a listed lot is found by, normal. Its grams lie in `lot_grams`, which each database has its own of."""

    __tablename__ = "lot_words"

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), ForeignKey("lot_listings.number"), primary_key=True
    )
    text: Mapped[str]


class ListingChange(Base):
    """A change of a listing that somebody may be waiting for, until everybody concerned was told.

    `kind`: announced, changed or opening_soon. `stage` says who is told now (followers of the lot, of its court, saved
    searches), `after` whom that has reached.
    """

    __tablename__ = "listing_changes"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"))
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"))
    kind: Mapped[str]
    status: Mapped[str]
    at: Mapped[datetime]
    stage: Mapped[str] = mapped_column(default="lot")
    after: Mapped[str] = mapped_column(default="")


class LotFollow(Base):
    """An account that follows a lot."""

    __tablename__ = "lot_follows"

    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class CourtFollow(Base):
    """An account that follows what a court announces."""

    __tablename__ = "court_follows"

    court_code: Mapped[str] = mapped_column(ForeignKey("courts.code"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class SavedSearch(Base):
    """A search whose new matches its account is told of. `query`: what is looked for, by the names of the interface.

    `asset_type` and `court_code` are taken out of it, so that most searches need not be looked at for a lot.
    """

    __tablename__ = "saved_searches"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str]
    query: Mapped[dict[str, Any]]
    asset_type: Mapped[str | None]
    court_code: Mapped[str | None]
    at: Mapped[datetime]

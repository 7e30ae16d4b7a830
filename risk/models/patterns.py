"""What the bids of ended auctions looked like: that they were looked at, and what was found of whom."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from auction.kernel.db import Base, insert_only


@insert_only
class BidScreening(Base):
    """That the bids of an ended auction were screened, once: by which limits, and against how many other auctions.

    `pairs`: [{"a", "b" (registrations), "clashes", "joint", "a_won", "b_won", "overlap_percent", "by_chance",
    "joint_clashes", "joint_raises", "joint_single_steps", "joint_response_s"}], where `joint` and what follows are None
    or lacking for two who have not met often enough; the last four are over all their meetings.
    """

    __tablename__ = "bid_screenings"

    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    at: Mapped[datetime]
    history: Mapped[int] = mapped_column(Integer)
    limits: Mapped[dict[str, Any]]
    pairs: Mapped[list[Any]]


@insert_only
class BidPattern(Base):
    """What was found of one bidder of a screened auction. `score_permille`: 0 to 1000; `alert`: a regulator was told.

    `reasons`: [{"code", "facts", "others"}], `others` being registrations of the same auction. It refuses nobody.
    """

    __tablename__ = "bid_patterns"

    registration_id: Mapped[str] = mapped_column(primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("bid_screenings.auction_id"), index=True)
    bidder_code: Mapped[str]
    score_permille: Mapped[int] = mapped_column(Integer)
    alert: Mapped[bool]
    features: Mapped[dict[str, Any]]
    reasons: Mapped[list[Any]]

    __table_args__ = (CheckConstraint("score_permille BETWEEN 0 AND 1000", "score_in_range"),)

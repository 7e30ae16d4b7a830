"""The room: which offer is accepted, at what price, and when the bidding ends.

Pure. An offer is judged against frozen values; the answer is an outcome and the room as it is afterwards.
Sources: OJA 18-21, 24, 34 (法释〔2016〕18号); a sell-off's contest, the order of the reasons and the bounds of an
implausible offer are the court's practice, their numbers come from the ruleset.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal

from auction.rules.ruleset import Ruleset

#: Statuses in which the end has been decided by a sale or by nobody bidding.
_CLOSED = ("sold", "unsold")


@dataclass(frozen=True, slots=True)
class RoomRules:
    """The numbers of one ruleset that the room needs."""

    extension_window: timedelta
    extension_length: timedelta
    implausible_increments: int
    implausible_multiple: Fraction
    contest: timedelta

    @classmethod
    def of(cls, ruleset: Ruleset) -> "RoomRules":
        """Read them from the ruleset copied onto the auction."""
        return cls(
            extension_window=ruleset.span("extension_window"),
            extension_length=ruleset.span("extension_length"),
            implausible_increments=ruleset.count("implausible_increments"),
            implausible_multiple=ruleset.ratio("implausible_ratio"),
            contest=ruleset.span("sell_off_contest"),
        )


@dataclass(frozen=True, slots=True)
class Room:
    """The state of one auction's bidding. `leader` names a registration; `leader_rank` None means ordinary.

    `sell_off`: until somebody bids it runs for its weeks; the first accepted bid starts the contest (PRECISIONS 19).
    """

    status: str
    reserve_fen: int
    increment_fen: int
    opens_at: datetime
    closes_at: datetime
    reference_fen: int | None = None
    price_fen: int | None = None
    leader: str | None = None
    leader_rank: int | None = None
    last_received_at: datetime | None = None
    bid_count: int = 0
    extensions: int = 0
    sell_off: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What a bidder is in this auction. `registration` None: not registered. `bar`: the code of a bar that holds.

    `qualified` means admitted with the deposit paid; `current` that the sheet in force was acknowledged.
    """

    registration: str | None
    rank: int | None = None
    bar: str | None = None
    admitted: bool = False
    qualified: bool = False
    current: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What a bidder asks: an amount in fen, its arrival at our server, and the confirmations given."""

    amount_fen: int
    arrived_at: datetime
    raise_own: bool = False
    confirm_implausible: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The offer became bid number `seq`. `moved`: why it moved the end, None where it did not.

    `bid`: it came in the last minutes, and the extension counts. `contest`: it was the first of a sell-off.
    """

    seq: int
    received_at: datetime
    moved: Literal["bid", "contest"] | None

    @property
    def extended(self) -> bool:
        """Whether it counts as an extension."""
        return self.moved == "bid"


@dataclass(frozen=True, slots=True)
class Refused:
    """The offer changed nothing; `code` is the first reason that applies."""

    code: str
    received_at: datetime


def outranks(rank: int | None, other: int | None) -> bool:
    """Whether a preferential rank beats another at the same price: 1 first, ordinary (None) last (OJA 21)."""
    return rank is not None and (other is None or rank < other)


def least_bid(room: Room, rank: int | None = None, *, leading: bool = False) -> int:
    """The least amount in fen this bidder may offer now: the reserve, the standing price, or one increment above."""
    if room.price_fen is None:
        return room.reserve_fen
    if not leading and outranks(rank, room.leader_rank):
        return room.price_fen
    return room.price_fen + room.increment_fen


def received_at(room: Room, arrived_at: datetime) -> datetime:
    """The time a bid counts at: its arrival, but never before the last accepted bid of the room."""
    return max(arrived_at, room.last_received_at) if room.last_received_at else arrived_at


def closed_to(room: Room, arrived_at: datetime) -> str | None:
    """The refusal owed to the auction's state alone. Half open: an arrival at `closes_at` is late (OJA 20)."""
    if room.status in _CLOSED:
        return "closed"
    if room.status == "suspended":
        return "suspended"
    if room.status not in ("announced", "open"):
        return "not_open"
    if arrived_at < room.opens_at:
        return "not_started"
    if room.status == "announced":
        # The opening is due: whoever judges this offer opens the auction first.
        return "not_started"
    return "closed" if arrived_at >= room.closes_at else None


def _standing_refusal(standing: Standing) -> str | None:
    if standing.registration is None or not standing.admitted:
        return "not_registered"
    if standing.bar is not None:
        return standing.bar
    if not standing.qualified:
        return "deposit_unpaid"
    return None if standing.current else "stale_disclosure"


def _amount_refusal(rules: RoomRules, room: Room, standing: Standing, offer: Offer) -> str | None:
    if offer.amount_fen < room.reserve_fen:
        return "below_reserve"
    if (offer.amount_fen - room.reserve_fen) % room.increment_fen:
        return "not_whole_increment"
    leading = room.leader is not None and room.leader == standing.registration
    if leading and not offer.raise_own:
        return "already_leading"
    if offer.amount_fen < least_bid(room, standing.rank, leading=leading):
        equal = room.price_fen is not None and offer.amount_fen == room.price_fen
        return "equal_not_preferred" if equal and standing.rank is not None else "below_minimum"
    if is_implausible(rules, room, offer.amount_fen) and not offer.confirm_implausible:
        return "implausible_amount"
    return None


def is_implausible(rules: RoomRules, room: Room, amount_fen: int) -> bool:
    """Whether an amount needs a second, express confirmation: a leap, or far above the reference price."""
    base = room.reserve_fen if room.price_fen is None else room.price_fen
    if amount_fen > base + rules.implausible_increments * room.increment_fen:
        return True
    return room.reference_fen is not None and amount_fen > rules.implausible_multiple * room.reference_fen


def judge(rules: RoomRules, room: Room, standing: Standing, offer: Offer) -> tuple[Accepted | Refused, Room]:
    """Answer one offer: the outcome and the room afterwards (the same room when refused).

    The first reason that applies is the answer: the auction's state, registration, bars, deposit, disclosure,
    reserve, grid, own lead, least bid, implausible amount. An accepted bid received in the last minutes moves
    the end to a full extension after it (OJA 20(2)); the first of a sell-off moves it to the end of the contest.
    """
    moment = received_at(room, offer.arrived_at)
    code = (
        closed_to(room, offer.arrived_at)
        or _standing_refusal(standing)
        or _amount_refusal(rules, room, standing, offer)
    )
    if code is not None:
        return Refused(code, moment), room
    closes_at, moved = _end_after(rules, room, moment)
    after = replace(
        room,
        price_fen=offer.amount_fen,
        leader=standing.registration,
        leader_rank=standing.rank,
        last_received_at=moment,
        closes_at=closes_at,
        bid_count=room.bid_count + 1,
        extensions=room.extensions + (moved == "bid"),
    )
    return Accepted(after.bid_count, moment, moved), after


def _end_after(rules: RoomRules, room: Room, moment: datetime) -> tuple[datetime, Literal["bid", "contest"] | None]:
    """The end once a bid received at `moment` is accepted, and why it moved.

    A sell-off's contest is as long whenever it begins: it ends before the weeks are over, or after them.
    """
    if room.sell_off and room.price_fen is None:
        return moment + rules.contest, "contest"
    if moment >= room.closes_at - rules.extension_window and moment + rules.extension_length > room.closes_at:
        return moment + rules.extension_length, "bid"
    return room.closes_at, None


def outcome_at_close(room: Room) -> str:
    """`sold` when a bid stands (one bidder is enough, OJA 11), else `unsold` (OJA 26); bids may have lapsed."""
    return "unsold" if room.price_fen is None else "sold"

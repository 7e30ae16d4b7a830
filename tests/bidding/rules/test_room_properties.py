"""Random histories of one room, held against the invariants I-B1 to I-B6 and against a second reading of the rules.

The second reading below keeps nothing but the list of accepted bids and works everything out from it anew each time;
it shares no code with the room.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from auction.rules import ruleset
from bidding.rules import room as rules
from tests.bidding.budget import budget

SPC = rules.RoomRules.of(ruleset.load("spc-2016"))
OPENS = datetime(2026, 4, 2, 2, 0, tzinfo=UTC)
FIVE, DAY = timedelta(minutes=5), timedelta(hours=24)
#: Bidders and their ranks; a larger number is a weaker claim, None none at all.
RANKS = {"ann": None, "bo": None, "cho": 1, "dee": 2, "eli": 2, "fay": 1}


class Taken(NamedTuple):
    """An accepted bid."""

    who: str
    fen: int
    at: datetime


@dataclass
class Reading:
    """What the rules say, read a second time."""

    reserve: int
    step: int
    planned_end: datetime
    reference: int | None
    sell_off: bool = False
    taken: list[Taken] = field(default_factory=list)

    def ends(self) -> list[datetime]:
        """E0, E1, ... after each accepted bid."""
        ends = [self.planned_end]
        for number, bid in enumerate(self.taken):
            if self.sell_off and number == 0:
                ends.append(bid.at + DAY)
            else:
                ends.append(bid.at + FIVE if bid.at >= ends[-1] - FIVE else ends[-1])
        return ends

    def counted(self) -> int:
        """How many bids extended the bidding; the contest of a sell-off is no extension."""
        ends = self.ends()[1:] if self.sell_off else self.ends()
        return sum(one != other for one, other in pairwise(ends))

    def answer(self, who: str, fen: int, arrived: datetime, raise_own: bool, confirmed: bool) -> str | None:
        """None when the offer is to be accepted, else the reason why not."""
        if arrived < OPENS:
            return "not_started"
        if arrived >= self.ends()[-1]:
            return "closed"
        if fen < self.reserve:
            return "below_reserve"
        if (fen - self.reserve) % self.step != 0:
            return "not_whole_increment"
        base = self.reserve
        if self.taken:
            leader, price, _ = self.taken[-1]
            base = price
            if who == leader and not raise_own:
                return "already_leading"
            if fen < price + self.step:
                mine, theirs = (99 if RANKS[name] is None else RANKS[name] for name in (who, leader))
                if fen != price or mine == 99:
                    return "below_minimum"
                if not mine < theirs:
                    return "equal_not_preferred"
        too_much = fen - base > 20 * self.step or (self.reference is not None and fen > 2 * self.reference)
        return "implausible_amount" if too_much and not confirmed else None

    def take(self, who: str, fen: int, arrived: datetime) -> Taken:
        bid = Taken(who, fen, max([arrived, *(earlier.at for earlier in self.taken)]))
        self.taken.append(bid)
        return bid


def check_invariants(reading: Reading) -> None:
    """I-B1 to I-B6, as RELIABILITY writes them, on the accepted bids."""
    bids, ends = reading.taken, reading.ends()
    assert all(bid.fen >= reading.reserve and (bid.fen - reading.reserve) % reading.step == 0 for bid in bids)
    assert all(OPENS <= bid.at < end for bid, end in zip(bids, ends, strict=False))
    for earlier, later in pairwise(bids):
        rank, before = RANKS[later.who], RANKS[earlier.who]
        equalled = later.fen == earlier.fen and rank is not None and (before is None or rank < before)
        assert later.fen >= earlier.fen + reading.step or equalled
        assert earlier.at <= later.at
    if bids:
        best = max(range(len(bids)), key=lambda n: (bids[n].fen, -(RANKS[bids[n].who] or 99), -n))
        assert best == len(bids) - 1
    later = ends[1:] if reading.sell_off else ends  # a sell-off's contest may end before its weeks are over
    assert later == sorted(later)


WHO = st.sampled_from(sorted(RANKS))
#: Amounts as distances from what stands: in increments (None: at twice the reference price), and fen beside the grid.
JUMPS = st.tuples(st.sampled_from([-1, 0, 0, 1, 1, 1, 2, 20, 21, 60, None]), st.sampled_from([0, 0, 0, 0, 1, -1]))
#: Times: a pause since the last arrival, or a moment near one of the limits.
LIMITS = st.sampled_from(["opens", "window", "end"])
NEAR = st.sampled_from([timedelta(microseconds=n) for n in (-1000, -1, 0, 1, 1000)])
PAUSES = st.sampled_from([timedelta(0), timedelta(seconds=-2), timedelta(seconds=1), timedelta(minutes=3), 4 * FIVE])
TIMES = st.one_of(PAUSES, PAUSES, PAUSES, st.tuples(LIMITS, NEAR))
STEPS = st.lists(st.tuples(WHO, JUMPS, TIMES, st.booleans(), st.booleans()), min_size=5, max_size=40)
ROOMS = st.tuples(
    st.sampled_from([1, 999, 1_000_000, 10**15]),
    st.sampled_from([1, 7, 5_000]),
    st.sampled_from([timedelta(minutes=5), timedelta(minutes=7), timedelta(hours=24), timedelta(days=60)]),
    st.sampled_from([None, 1, 505, 500_002, 10**15]),
)


@budget(400)
@given(ROOMS, STEPS, st.booleans())
def test_any_history_ends_as_a_second_reading_of_the_rules_says(
    made: tuple[int, int, timedelta, int | None],
    steps: list[tuple[str, tuple[int | None, int], timedelta | tuple[str, timedelta], bool, bool]],
    sell_off: bool,
) -> None:
    reserve, step, length, reference = made
    reading = Reading(reserve, step, OPENS + length, reference, sell_off)
    room = rules.Room("open", reserve, step, OPENS, OPENS + length, reference, sell_off=sell_off)
    now = OPENS + timedelta(seconds=1)
    for who, (increments, beside), moment, raise_own, confirmed in steps:
        end = reading.ends()[-1]
        if isinstance(moment, timedelta):
            now += moment
        else:
            now = {"opens": OPENS, "window": end - FIVE, "end": end}[moment[0]] + moment[1]
        standing = reading.taken[-1].fen if reading.taken else reserve
        fen = (standing + increments * step if increments is not None else 2 * (reference or reserve)) + beside
        expected = reading.answer(who, fen, now, raise_own, confirmed)
        outcome, after = rules.judge(
            SPC,
            room,
            rules.Standing(who, RANKS[who], admitted=True, qualified=True, current=True),
            rules.Offer(fen, now, raise_own, confirmed),
        )
        if isinstance(outcome, rules.Refused):
            assert (outcome.code, after) == (expected, room)
        else:
            assert expected is None
            bid = reading.take(who, fen, now)
            assert (outcome.seq, outcome.received_at) == (len(reading.taken), bid.at)
            contest = reading.sell_off and len(reading.taken) == 1
            assert outcome.moved == ("contest" if contest else "bid" if reading.ends()[-1] != end else None)
        room = after
        check_invariants(reading)
        last = reading.taken[-1] if reading.taken else None
        assert room == rules.Room(
            "open",
            reserve,
            step,
            OPENS,
            reading.ends()[-1],
            reference,
            price_fen=last.fen if last else None,
            leader=last.who if last else None,
            leader_rank=RANKS[last.who] if last else None,
            last_received_at=last.at if last else None,
            bid_count=len(reading.taken),
            extensions=reading.counted(),
            sell_off=reading.sell_off,
        )


@budget(100)
@given(STEPS)
def test_the_same_offers_give_the_same_room(
    steps: list[tuple[str, tuple[int | None, int], timedelta | tuple[str, timedelta], bool, bool]],
) -> None:
    def run() -> list[object]:
        room = rules.Room("open", 1_000_000, 5_000, OPENS, OPENS + 3 * FIVE)
        seen: list[object] = []
        for who, (increments, beside), _, raise_own, confirmed in steps:
            fen = rules.least_bid(room, RANKS[who]) + (increments or 0) * 5_000 + beside
            standing = rules.Standing(who, RANKS[who], admitted=True, qualified=True, current=True)
            outcome, room = rules.judge(SPC, room, standing, rules.Offer(fen, OPENS, raise_own, confirmed))
            seen += [outcome, room]
        return seen

    assert run() == run()

"""The room, number by number: for every reason of refusal one step on each side of its limit, and the order of reasons.

The order is the law of the desk: PRECISIONS counts the reasons, and an offer with several faults gets the first.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from auction.rules import ruleset
from bidding.rules import room as rules
from bidding.rules.room import Accepted, Offer, Refused, Room, RoomRules, Standing

SPC = RoomRules.of(ruleset.load("spc-2016"))
OPENS = datetime(2026, 4, 2, 2, 0, tzinfo=UTC)
NOON = OPENS + timedelta(hours=4)
CLOSES = OPENS + timedelta(hours=24)
MICRO = timedelta(microseconds=1)
FIVE = timedelta(minutes=5)
RESERVE, STEP = 1_000_000, 5_000
PRICE = RESERVE + 7 * STEP


def a_room(**changes: Any) -> Room:
    """An open room without a bid and without a reference price."""
    values: dict[str, Any] = {
        "status": "open",
        "reserve_fen": RESERVE,
        "increment_fen": STEP,
        "opens_at": OPENS,
        "closes_at": CLOSES,
    }
    return Room(**(values | changes))


def led(rank: int | None = None, by: str = "other", **changes: Any) -> Room:
    """An open room in which somebody's seventh bid stands."""
    standing = {"price_fen": PRICE, "leader": by, "leader_rank": rank, "bid_count": 7, "last_received_at": OPENS}
    return a_room(**(standing | changes))


def a_standing(**changes: Any) -> Standing:
    """Somebody against whom nothing speaks."""
    return replace(Standing("me", admitted=True, qualified=True, current=True), **changes)


def judged(
    room: Room,
    amount: int,
    at: datetime = NOON,
    numbers: RoomRules = SPC,
    *,
    raise_own: bool = False,
    confirmed: bool = False,
    **standing: Any,
) -> tuple[str | None, Room]:
    """The code of the answer (None: accepted) and the room afterwards; a refusal must leave the very same room."""
    outcome, after = rules.judge(numbers, room, a_standing(**standing), Offer(amount, at, raise_own, confirmed))
    if isinstance(outcome, Refused):
        assert after is room
        return outcome.code, after
    assert outcome.seq == after.bid_count == room.bid_count + 1
    assert (after.price_fen, after.leader, after.leader_rank) == (amount, "me", standing.get("rank"))
    return None, after


def code(*args: Any, **kwargs: Any) -> str | None:
    return judged(*args, **kwargs)[0]


def test_the_numbers_of_the_room_are_those_of_the_ruleset() -> None:
    assert (SPC.extension_window, SPC.extension_length) == (FIVE, FIVE)
    assert (SPC.implausible_increments, SPC.implausible_multiple) == (20, 2)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (1, "below_reserve"),
        (RESERVE - STEP, "below_reserve"),
        (RESERVE - 1, "below_reserve"),
        (RESERVE, None),
        (RESERVE + 1, "not_whole_increment"),
        (RESERVE + STEP - 1, "not_whole_increment"),
        (RESERVE + STEP, None),
        (RESERVE + STEP + 1, "not_whole_increment"),
    ],
)
def test_a_first_bid_is_the_reserve_or_whole_increments_above_it(amount: int, expected: str | None) -> None:
    assert code(a_room(), amount) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (RESERVE - 1, "below_reserve"),
        (RESERVE, "below_minimum"),
        (PRICE - STEP, "below_minimum"),
        (PRICE - 1, "not_whole_increment"),
        (PRICE, "below_minimum"),
        (PRICE + 1, "not_whole_increment"),
        (PRICE + STEP - 1, "not_whole_increment"),
        (PRICE + STEP, None),
        (PRICE + STEP + 1, "not_whole_increment"),
        (PRICE + 2 * STEP, None),
    ],
)
def test_a_later_bid_is_at_least_an_increment_above_the_price_and_on_the_grid(
    amount: int, expected: str | None
) -> None:
    assert code(led(), amount) == expected


def test_the_grid_is_counted_from_the_reserve_and_not_from_zero() -> None:
    odd = a_room(reserve_fen=1_000_003, increment_fen=1_000)
    assert code(odd, 1_001_003) is None
    assert code(odd, 1_001_000) == "not_whole_increment"


@pytest.mark.parametrize(
    ("leader", "own", "expected"),
    [
        (None, None, "below_minimum"),
        (None, 1, None),
        (None, 9, None),
        (1, None, "below_minimum"),
        (1, 1, "equal_not_preferred"),
        (1, 2, "equal_not_preferred"),
        (2, 1, None),
        (2, 2, "equal_not_preferred"),
        (2, 3, "equal_not_preferred"),
    ],
)
def test_only_a_better_rank_may_equal_the_price(leader: int | None, own: int | None, expected: str | None) -> None:
    room = led(leader)
    assert code(room, PRICE, rank=own) == expected
    assert code(room, PRICE - STEP, rank=own) == "below_minimum"
    assert code(room, PRICE + STEP, rank=own) is None


def test_a_rank_does_not_lower_the_first_bid() -> None:
    assert code(a_room(), RESERVE - STEP, rank=1) == "below_reserve"
    assert code(a_room(), RESERVE, rank=1) is None


@pytest.mark.parametrize(
    ("amount", "raise_own", "expected"),
    [
        (PRICE + STEP, False, "already_leading"),
        (PRICE + STEP, True, None),
        (PRICE, False, "already_leading"),
        (PRICE, True, "below_minimum"),
        (PRICE - STEP, True, "below_minimum"),
        (PRICE + 21 * STEP, False, "already_leading"),
        (PRICE + 21 * STEP, True, "implausible_amount"),
    ],
)
def test_a_leader_raises_the_own_bid_only_on_purpose(amount: int, raise_own: bool, expected: str | None) -> None:
    assert code(led(by="me"), amount, raise_own=raise_own) == expected


def test_the_purpose_to_raise_the_own_bid_does_nothing_for_others() -> None:
    assert code(led(), PRICE, raise_own=True) == "below_minimum"
    assert code(led(), PRICE + STEP, raise_own=True) is None


def test_a_preferential_leader_cannot_equal_the_own_bid() -> None:
    """His rank does not beat the leader's, which is his own (PRECISIONS 5, number 12)."""
    assert code(led(1, by="me"), PRICE, raise_own=True, rank=1) == "equal_not_preferred"
    assert code(led(1, by="me"), PRICE - STEP, raise_own=True, rank=1) == "below_minimum"


@pytest.mark.parametrize(
    ("room", "amount", "expected"),
    [
        (a_room(), RESERVE + 20 * STEP, None),
        (a_room(), RESERVE + 21 * STEP, "implausible_amount"),
        (led(), PRICE + 20 * STEP, None),
        (led(), PRICE + 21 * STEP, "implausible_amount"),
        # Increments of one fen, so that the reference price alone decides: twice 500,005 is 1,000,010.
        (a_room(increment_fen=1, reference_fen=500_005), 1_000_010, None),
        (a_room(increment_fen=1, reference_fen=500_005), 1_000_011, "implausible_amount"),
        (a_room(increment_fen=1, reference_fen=None), 1_000_011, None),
    ],
)
def test_a_leap_or_more_than_twice_the_reference_price_needs_a_second_confirmation(
    room: Room, amount: int, expected: str | None
) -> None:
    assert code(room, amount) == expected
    assert code(room, amount, confirmed=True) is None


def test_the_second_confirmation_excuses_nothing_else() -> None:
    assert code(led(), PRICE, confirmed=True) == "below_minimum"
    assert code(led(by="me"), PRICE + STEP, confirmed=True) == "already_leading"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (OPENS - timedelta(days=1), "not_started"),
        (OPENS - MICRO, "not_started"),
        (OPENS, None),
        (OPENS + MICRO, None),
        (CLOSES - MICRO, None),
        (CLOSES, "closed"),
        (CLOSES + MICRO, "closed"),
        (CLOSES + timedelta(days=1), "closed"),
    ],
)
def test_the_window_is_half_open(at: datetime, expected: str | None) -> None:
    assert code(a_room(), RESERVE, at) == expected


@pytest.mark.parametrize("status", ["draft", "in_review", "approved", "withdrawn", "revoked"])
@pytest.mark.parametrize("at", [OPENS - MICRO, NOON, CLOSES])
def test_what_is_not_on_sale_is_not_open_at_any_time(status: str, at: datetime) -> None:
    assert code(a_room(status=status), RESERVE, at) == "not_open"


@pytest.mark.parametrize(
    ("status", "before", "inside", "after"),
    [
        ("announced", "not_started", "not_started", "not_started"),  # whoever judges at its time opens it first
        ("open", "not_started", None, "closed"),
        ("suspended", "suspended", "suspended", "suspended"),
        ("sold", "closed", "closed", "closed"),
        ("unsold", "closed", "closed", "closed"),
    ],
)
def test_each_status_answers_for_itself(status: str, before: str, inside: str | None, after: str) -> None:
    room = a_room(status=status)
    assert [code(room, RESERVE, at) for at in (OPENS - MICRO, NOON, CLOSES)] == [before, inside, after]


@pytest.mark.parametrize(
    ("at", "end", "counted"),
    [
        (CLOSES - FIVE - MICRO, CLOSES, 0),
        (CLOSES - FIVE, CLOSES, 0),  # the full five minutes are left: nothing moves
        (CLOSES - FIVE + MICRO, CLOSES + MICRO, 1),
        (CLOSES - timedelta(minutes=1), CLOSES + timedelta(minutes=4), 1),
        (CLOSES - MICRO, CLOSES + FIVE - MICRO, 1),
    ],
)
def test_a_bid_of_the_last_five_minutes_leaves_five_more(at: datetime, end: datetime, counted: int) -> None:
    for room, amount, rank in ((a_room(), RESERVE, None), (led(), PRICE + STEP, None), (led(), PRICE, 1)):
        outcome, after = rules.judge(SPC, room, a_standing(rank=rank), Offer(amount, at))
        assert isinstance(outcome, Accepted)
        assert (after.closes_at, after.extensions, outcome.extended) == (end, counted, bool(counted))


def test_an_extension_is_followed_by_another_and_each_counts() -> None:
    room, ends = a_room(), []
    for number in range(3):
        refusal, room = judged(room, RESERVE + number * STEP, room.closes_at - MICRO, raise_own=True)
        assert refusal is None
        ends.append(room.closes_at)
    assert ends == [CLOSES + n * FIVE - n * MICRO for n in (1, 2, 3)]
    assert room.extensions == 3
    assert code(room, PRICE, room.closes_at) == "closed"


def test_a_refused_offer_of_the_last_minutes_moves_nothing() -> None:
    for amount in (RESERVE - 1, PRICE, PRICE + 1, PRICE + 21 * STEP):
        refusal, after = judged(led(), amount, CLOSES - MICRO)
        assert refusal is not None
        assert after.closes_at == CLOSES


def test_an_offer_that_was_overtaken_counts_at_the_time_of_the_last_bid() -> None:
    last = CLOSES - timedelta(minutes=2)
    room = led(last_received_at=last, closes_at=last + FIVE)
    outcome, after = rules.judge(SPC, room, a_standing(), Offer(PRICE + STEP, last - timedelta(seconds=3)))
    assert outcome == Accepted(8, last, None)
    assert (after.last_received_at, after.closes_at) == (last, last + FIVE)


def test_only_the_arrival_is_held_against_opening_and_end() -> None:
    room = led(last_received_at=CLOSES - MICRO, closes_at=CLOSES)
    assert code(room, PRICE + STEP, CLOSES) == "closed"
    assert code(room, PRICE + STEP, OPENS) is None
    assert code(room, PRICE + STEP, OPENS - MICRO) == "not_started"


SECOND = timedelta(seconds=1)
DAY, WEEKS = timedelta(hours=24), OPENS + timedelta(days=60)


@pytest.mark.parametrize(
    ("at", "expected", "end"),
    [
        (OPENS - SECOND, "not_started", WEEKS),
        (OPENS, None, OPENS + DAY),
        (OPENS + SECOND, None, OPENS + SECOND + DAY),
        (WEEKS - DAY - SECOND, None, WEEKS - SECOND),
        (WEEKS - DAY, None, WEEKS),
        (WEEKS - DAY + SECOND, None, WEEKS + SECOND),
        (WEEKS - FIVE, None, WEEKS - FIVE + DAY),
        (WEEKS - SECOND, None, WEEKS - SECOND + DAY),
        (WEEKS, "closed", WEEKS),
    ],
    ids=["early", "at once", "a second later", "in the weeks", "to their end", "past", "last minutes", "last", "late"],
)
def test_the_first_bid_of_a_sell_off_starts_a_contest_of_24_hours(
    at: datetime, expected: str | None, end: datetime
) -> None:
    """Court's practice (PRECISIONS 19): also where the 60 days are over before it; it is no extension."""
    refusal, after = judged(a_room(sell_off=True, closes_at=WEEKS), RESERVE, at)
    assert (refusal, after.closes_at, after.extensions) == (expected, end, 0)


@pytest.mark.parametrize(
    ("before", "moves"),
    [(FIVE + SECOND, None), (FIVE, None), (FIVE - SECOND, "bid"), (SECOND, "bid")],
)
def test_in_the_contest_of_a_sell_off_the_last_minutes_extend_and_count(before: timedelta, moves: str | None) -> None:
    _, contest = judged(a_room(sell_off=True, closes_at=WEEKS), RESERVE, NOON)
    at = contest.closes_at - before
    outcome, after = rules.judge(SPC, contest, a_standing(), Offer(RESERVE + STEP, at, raise_own=True))
    assert outcome == Accepted(2, at, moves)
    assert after.closes_at == (at + FIVE if moves else contest.closes_at)
    assert after.extensions == (moves is not None)


def test_only_an_accepted_bid_starts_the_contest_and_only_in_a_sell_off() -> None:
    weeks = a_room(sell_off=True, closes_at=WEEKS)
    assert judged(weeks, RESERVE - 1) == ("below_reserve", weeks)
    assert judged(weeks, RESERVE, qualified=False) == ("deposit_unpaid", weeks)
    assert judged(a_room(closes_at=WEEKS), RESERVE)[1].closes_at == WEEKS
    lapsed = a_room(sell_off=True, closes_at=WEEKS, bid_count=3, last_received_at=OPENS)
    assert judged(lapsed, RESERVE)[1].closes_at == NOON + DAY  # bids that lapsed left nothing to contend with


def test_other_numbers_of_a_ruleset_give_other_limits() -> None:
    ratio = SPC.implausible_multiple / 4 * 3
    numbers = RoomRules(timedelta(minutes=2), timedelta(minutes=7), 3, ratio, timedelta(hours=2))
    for at, end in ((CLOSES - timedelta(minutes=2) - MICRO, CLOSES), (CLOSES - timedelta(minutes=2), CLOSES + FIVE)):
        assert judged(a_room(), RESERVE, at, numbers)[1].closes_at == end
    assert judged(a_room(sell_off=True), RESERVE, NOON, numbers)[1].closes_at == NOON + timedelta(hours=2)
    assert code(led(), PRICE + 3 * STEP, numbers=numbers) is None
    assert code(led(), PRICE + 4 * STEP, numbers=numbers) == "implausible_amount"
    # One and a half times 690,001 is 1,035,001.5.
    cheap = a_room(reference_fen=690_001, increment_fen=1, price_fen=1_035_000, leader="other")
    assert code(cheap, 1_035_001, numbers=numbers) is None
    assert code(cheap, 1_035_002, numbers=numbers) == "implausible_amount"


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        ({}, None),
        ({"registration": None}, "not_registered"),
        ({"admitted": False}, "not_registered"),
        ({"bar": "barred_interest"}, "barred_interest"),
        ({"bar": "barred_reneger"}, "barred_reneger"),
        ({"bar": "barred_sanction"}, "barred_sanction"),
        ({"qualified": False}, "deposit_unpaid"),
        ({"current": False}, "stale_disclosure"),
    ],
)
def test_who_may_not_bid_is_told_why(standing: dict[str, Any], expected: str | None) -> None:
    outcome, _ = rules.judge(SPC, a_room(), a_standing(**standing), Offer(RESERVE, NOON))
    assert (outcome.code if isinstance(outcome, Refused) else None) == expected


#: PRECISIONS 5, from the auction's state on; what the desk decides before is tested with the services.
STATES = {
    None: {},
    "not_open": {"status": "withdrawn"},
    "not_started": {"opens_at": NOON + MICRO},
    "suspended": {"status": "suspended"},
    "closed": {"closes_at": NOON},
}
PERSONS = {
    "not_registered": {"admitted": False},
    "barred_interest": {"bar": "barred_interest"},
    "deposit_unpaid": {"qualified": False},
    "stale_disclosure": {"current": False},
}
AMOUNTS = ("below_reserve", "not_whole_increment", "already_leading", "below_minimum", "implausible_amount")
ORDER = (*filter(None, STATES), *PERSONS, *AMOUNTS)


def test_an_offer_with_several_faults_is_answered_with_the_first() -> None:
    """Every combination that can exist of a state, four faults of the person and five of the amount."""
    tried = 0
    for state, *flags in product(STATES, *[(False, True)] * (len(PERSONS) + len(AMOUNTS))):
        wrong = {fault for fault, present in zip((*PERSONS, *AMOUNTS), flags, strict=True) if present}
        if "below_reserve" in wrong and "below_minimum" not in wrong:
            continue  # what is under the reserve is under the least bid
        amount = RESERVE - STEP if "below_reserve" in wrong else PRICE if "below_minimum" in wrong else PRICE + STEP
        room = led(
            by="me" if "already_leading" in wrong else "other",
            reference_fen=1 if "implausible_amount" in wrong else None,
            **STATES[state],
        )
        standing: dict[str, Any] = {}
        for fault in PERSONS.keys() & wrong:
            standing |= PERSONS[fault]
        outcome, after = rules.judge(
            SPC, room, a_standing(**standing), Offer(amount + ("not_whole_increment" in wrong), NOON)
        )
        expected = next((fault for fault in ORDER if fault == state or fault in wrong), None)
        assert (outcome.code if isinstance(outcome, Refused) else None) == expected, (state, wrong)
        assert (after is room) is (expected is not None)
        tried += 1
    assert tried == len(STATES) * 2 ** len(PERSONS) * 24


@pytest.mark.parametrize(("price", "bids", "outcome"), [(None, 0, "unsold"), (RESERVE, 1, "sold"), (PRICE, 8, "sold")])
def test_one_bid_at_the_reserve_is_a_sale(price: int | None, bids: int, outcome: str) -> None:
    assert rules.outcome_at_close(a_room(price_fen=price, bid_count=bids)) == outcome


@pytest.mark.parametrize(
    ("room", "rank", "leading", "least"),
    [
        (a_room(), None, False, RESERVE),
        (a_room(), 1, False, RESERVE),
        (led(), None, False, PRICE + STEP),
        (led(), 1, False, PRICE),
        (led(1), 1, False, PRICE + STEP),
        (led(2), 1, False, PRICE),
        (led(2), 1, True, PRICE + STEP),
    ],
)
def test_the_least_bid_that_is_told_is_one_that_is_taken(
    room: Room, rank: int | None, leading: bool, least: int
) -> None:
    assert rules.least_bid(room, rank, leading=leading) == least
    mine = replace(room, leader="me") if leading else room
    assert code(mine, least, rank=rank, raise_own=leading) is None
    assert code(mine, least - STEP, rank=rank, raise_own=leading) is not None

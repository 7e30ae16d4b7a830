"""The steps of a handover: which belong to a sale, a taking, the debtor's own sale, which comes first, on which day."""

from datetime import date, timedelta

import pytest

from auction.kernel.errors import DomainError
from bidding.rules.handover import STEPS, STEPS_OF, Way, check_step, steps_now

DAY = timedelta(days=1)
TODAY = date(2026, 4, 20)
RULED, SERVED = TODAY - 9 * DAY, TODAY - 5 * DAY


def said(way: Way, code: str, on: date = TODAY, **taken: date) -> str:
    """The code of the breach, or `taken`."""
    try:
        check_step(way, code, on, today=TODAY, since=RULED, taken=taken)
    except DomainError as refused:
        (breach,) = refused.errors
        return f"{breach.field} {breach.code}"
    return "taken"


#: By step (a row): of a sale, of a taking before and after its ruling was served, of an own sale before and after the
#: seizure was lifted. x is taken, - belongs to another way, o comes too early, ! was taken before.
TABLE = """
ruling_served    x x ! - -
unsealed         - - - x !
notice_served    x o x o x
clearing_notice  x o x - -
cleared          x o x - -
cleared_by_force x o x - -
keys             x o x o x
registered       x o x o x
handed_over      x o x o x
"""
_ANSWERS = {"x": "taken", "-": "code not_one_of", "o": "code step_out_of_order", "!": "code step_taken"}


def test_each_way_has_its_steps_and_begins_with_its_own() -> None:
    rows = [line.split() for line in TABLE.strip().splitlines()]
    assert [row[0] for row in rows] == list(STEPS)
    for code, *marks in rows:
        found = [
            said(Way.SALE, code),
            said(Way.TAKING, code),
            said(Way.TAKING, code, ruling_served=SERVED),
            said(Way.OWN_SALE, code),
            said(Way.OWN_SALE, code, unsealed=SERVED),
        ]
        assert found == [_ANSWERS[mark] for mark in marks], code


@pytest.mark.parametrize(
    ("way", "code", "first", "earliest"),
    [
        (Way.SALE, "keys", {}, RULED),
        (Way.SALE, "ruling_served", {}, RULED),
        (Way.SALE, "keys", {"ruling_served": SERVED}, SERVED),
        (Way.TAKING, "ruling_served", {}, RULED),
        (Way.TAKING, "keys", {"ruling_served": SERVED}, SERVED),
        (Way.OWN_SALE, "unsealed", {}, RULED),
        (Way.OWN_SALE, "handed_over", {"unsealed": SERVED}, SERVED),
    ],
)
def test_a_step_is_not_before_what_it_rests_on_nor_after_today(
    way: Way, code: str, first: dict[str, date], earliest: date
) -> None:
    assert said(way, code, earliest - DAY, **first) == "on too_early"
    assert said(way, code, earliest, **first) == "taken"
    assert said(way, code, TODAY, **first) == "taken"
    assert said(way, code, TODAY + DAY, **first) == "on in_future"


def test_a_form_offers_what_may_be_recorded_now() -> None:
    assert steps_now(Way.TAKING, {"ruling": RULED}) == ("ruling_served",)
    assert steps_now(Way.TAKING, {"ruling_served": SERVED}) == STEPS_OF[Way.TAKING][1:]
    assert steps_now(Way.SALE, {}) == STEPS_OF[Way.SALE]
    assert steps_now(Way.SALE, {"ruling_served": SERVED}) == STEPS_OF[Way.SALE][1:]
    for way in Way:
        over = {"ruling_served": SERVED, "unsealed": SERVED, "handed_over": TODAY}
        assert steps_now(way, over) == ("notice_served", "registered")
        assert steps_now(way, {**over, "notice_served": TODAY, "registered": TODAY}) == ()


def test_a_ruling_is_served_on_a_buyer_once() -> None:
    assert said(Way.SALE, "ruling_served", ruling_served=SERVED) == "code step_taken"


@pytest.mark.parametrize(
    ("taken", "on", "told"),
    [
        ({}, 0, "code step_out_of_order"),
        ({"clearing_notice": RULED}, 0, "code step_out_of_order"),
        ({"cleared": SERVED}, 0, "code step_out_of_order"),  # no keys
        ({"keys": SERVED}, 0, "code step_out_of_order"),  # nobody has left
        ({"cleared": SERVED, "keys": SERVED}, 0, "taken"),
        ({"cleared_by_force": SERVED, "keys": SERVED}, 0, "taken"),
        ({"cleared_by_force": TODAY - DAY, "keys": SERVED}, 1, "taken"),
        ({"cleared_by_force": TODAY - DAY, "keys": SERVED}, 2, "on too_early"),
    ],
)
def test_a_lot_somebody_was_in_is_handed_over_once_he_has_left_and_the_keys_are_given(
    taken: dict[str, date], on: int, told: str
) -> None:
    needs, day = ("cleared", "keys"), TODAY - on * DAY
    found = "taken"
    try:
        check_step(Way.SALE, "handed_over", day, today=TODAY, since=RULED, taken=taken, needs=needs)
    except DomainError as refused:
        found = f"{refused.errors[0].field} {refused.errors[0].code}"
    assert found == told
    assert ("handed_over" in steps_now(Way.SALE, taken, needs)) == (told != "code step_out_of_order")

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


#: By step (a row): of a sale and of a taking before and after its ruling was served, of an own sale before and after
#: the seizure was lifted. x is taken, - belongs to another way, o comes too early, ! was taken before.
TABLE = """
ruling_served    x ! x ! - -
unsealed         - - - - x !
notice_served    x x o x o x
clearing_notice  o x o x - -
cleared          o x o x - -
cleared_by_force o o o o - -
keys             o x o x o x
registered       o x o x o x
handed_over      o x o x o x
"""
_ANSWERS = {"x": "taken", "-": "code not_one_of", "o": "code step_out_of_order", "!": "code step_taken"}


def test_each_way_has_its_steps_and_begins_with_its_own() -> None:
    rows = [line.split() for line in TABLE.strip().splitlines()]
    assert [row[0] for row in rows] == list(STEPS)
    for code, *marks in rows:
        found = [
            said(Way.SALE, code),
            said(Way.SALE, code, ruling_served=SERVED),
            said(Way.TAKING, code),
            said(Way.TAKING, code, ruling_served=SERVED),
            said(Way.OWN_SALE, code),
            said(Way.OWN_SALE, code, unsealed=SERVED),
        ]
        assert found == [_ANSWERS[mark] for mark in marks], code


@pytest.mark.parametrize(
    ("way", "code", "first", "earliest"),
    [
        (Way.SALE, "notice_served", {}, RULED),
        (Way.SALE, "cleared_by_force", {"ruling_served": SERVED, "clearing_notice": SERVED}, SERVED + DAY),
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
    begun = [code for code in STEPS_OF[Way.SALE] if code not in ("ruling_served", "cleared_by_force")]
    assert steps_now(Way.TAKING, {"ruling": RULED}) == ("ruling_served",)
    assert steps_now(Way.TAKING, {"ruling_served": SERVED}) == tuple(begun)
    assert steps_now(Way.SALE, {}) == ("ruling_served", "notice_served")
    assert steps_now(Way.SALE, {"ruling_served": SERVED}) == tuple(begun)
    for way in Way:
        over = {"ruling_served": SERVED, "unsealed": SERVED, "handed_over": TODAY}
        assert steps_now(way, over) == ("notice_served", "registered")
        assert steps_now(way, {**over, "notice_served": TODAY, "registered": TODAY}) == ()


@pytest.mark.parametrize(
    ("code", "taken", "told"),
    [
        ("ruling_served", {}, "step_taken"),
        ("keys", {"keys": SERVED}, "step_taken"),
        ("registered", {"registered": SERVED}, "step_taken"),
        ("notice_served", {"notice_served": SERVED}, "taken"),
        ("clearing_notice", {"clearing_notice": SERVED}, "taken"),
        ("cleared", {"cleared": SERVED}, "step_taken"),
        ("cleared", {"cleared_by_force": SERVED, "clearing_notice": SERVED}, "step_taken"),
        ("cleared_by_force", {"cleared": SERVED, "clearing_notice": SERVED}, "step_taken"),
        # Somebody came back and was told to leave again.
        ("cleared_by_force", {"cleared": SERVED, "clearing_notice": SERVED + DAY}, "taken"),
        ("clearing_notice", {"keys": SERVED}, "step_taken"),
        ("cleared", {"keys": SERVED}, "step_taken"),
    ],
)
def test_nothing_is_done_twice_nor_its_contrary_after_it(code: str, taken: dict[str, date], told: str) -> None:
    assert said(Way.SALE, code, ruling_served=SERVED, **taken).removeprefix("code ") == told
    assert (code in steps_now(Way.SALE, {"ruling_served": SERVED, **taken})) == (told == "taken")


def test_the_keys_of_an_occupied_lot_are_given_once_everybody_has_left() -> None:
    served, needs = {"ruling_served": SERVED}, ("cleared", "keys")
    assert "keys" not in steps_now(Way.SALE, served, needs)
    assert "keys" in steps_now(Way.SALE, {**served, "cleared": SERVED}, needs)
    with pytest.raises(DomainError):
        check_step(Way.SALE, "keys", SERVED, today=TODAY, since=RULED, taken=served, needs=needs)


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
    taken = {"ruling_served": RULED, **taken}
    found = "taken"
    try:
        check_step(Way.SALE, "handed_over", day, today=TODAY, since=RULED, taken=taken, needs=needs)
    except DomainError as refused:
        found = f"{refused.errors[0].field} {refused.errors[0].code}"
    assert found == told
    assert ("handed_over" in steps_now(Way.SALE, taken, needs)) == (told != "code step_out_of_order")

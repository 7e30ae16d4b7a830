"""What the sockets make of a message before anybody judges it."""

import math

import pytest

from web.sockets import Json, _wrong_field

GOOD = {"auction_id": "a", "amount_fen": 1, "key": "k"}


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (GOOD, None),
        ({**GOOD, "raise_own": True, "confirm_implausible": False}, None),
        ([GOOD], ("", "malformed")),
        ("bid", ("", "malformed")),
        (None, ("", "malformed")),
        ({**GOOD, "foo": 1}, ("foo", "unknown_field")),
        ({"amount_fen": 1, "key": "k"}, ("auction_id", "required")),
        ({**GOOD, "auction_id": 7}, ("auction_id", "invalid")),
        ({"auction_id": "a", "amount_fen": 1}, ("key", "required")),
        ({**GOOD, "key": ""}, ("key", "invalid")),
        ({**GOOD, "key": "x" * 101}, ("key", "invalid")),
        ({**GOOD, "key": "a\nb"}, ("key", "invalid")),
        ({**GOOD, "key": 5}, ("key", "invalid")),
        ({**GOOD, "raise_own": 1}, ("raise_own", "invalid")),
        ({**GOOD, "confirm_implausible": "yes"}, ("confirm_implausible", "invalid")),
    ],
)
def test_the_first_wrong_field_is_named(data: object, wrong: tuple[str, str] | None) -> None:
    assert _wrong_field(data) == wrong


def test_numbers_beyond_json_are_read_so_that_they_can_be_answered() -> None:
    assert math.isnan(Json.loads("[NaN]")[0])
    assert Json.loads("[1" + "0" * 400 + "]")[0] == 10**400
    with pytest.raises(ValueError, match="Expecting"):
        Json.loads("{bad")

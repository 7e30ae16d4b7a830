"""The cursor of the change feed: opaque, its own, and nobody else's."""

import pytest

from bidding.rules.changes_feed import CHANGES, cursor_at, public_facts, size_at
from bidding.rules.news import TOLD


@pytest.mark.parametrize("size", [0, 1, 250, 10**12])
def test_a_cursor_comes_back_as_what_it_was_made_of(size: int) -> None:
    assert size_at(cursor_at(size)) == size
    assert "=" not in cursor_at(size)


@pytest.mark.parametrize("text", ["", "7", "x" * 50, "YzE6", "YzE6LTE", "YzI6Nw", "YzE6MDc", "YzE6N===", "ÿ"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no cursor"):
        size_at(text)


def test_what_concerns_a_person_is_no_public_change() -> None:
    private = {
        kind for kind in TOLD if kind.startswith(("Registration", "Payment", "Deposit", "Sanction", "Objection"))
    }
    assert private and private.isdisjoint(CHANGES)
    assert public_facts("AuctionAnnounced", {"lot_id": "l", "court": "3201", "round": "first"}) == {"round": "first"}

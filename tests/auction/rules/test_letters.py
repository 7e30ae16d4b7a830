"""The characters that turn the direction of writing are those of the standard, and what is blank says nothing."""

import unicodedata

import pytest

from auction.rules.letters import TURNING, says_something


def test_every_character_that_turns_the_direction_is_known() -> None:
    turning = {chr(code) for code in range(0x3000) if unicodedata.bidirectional(chr(code)) in (
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
    )}  # fmt: skip
    assert turning | {"\u061c", "\u200e", "\u200f"} == TURNING
    assert TURNING.isdisjoint("南京市 A-1\u200d\u00a0é")


@pytest.mark.parametrize("blank", ["", " ", "\u3000", "\u00a0\t\n", "\u200b\u2060\ufeff", "\u3164", "\u2800", "\ufe0f"])
def test_a_blank_says_nothing(blank: str) -> None:
    assert not says_something(blank)
    assert says_something(f"{blank}王{blank}")

"""The characters that turn the direction of writing are those of the standard, and no others."""

import unicodedata

from auction.rules.letters import TURNING


def test_every_character_that_turns_the_direction_is_known() -> None:
    turning = {chr(code) for code in range(0x3000) if unicodedata.bidirectional(chr(code)) in (
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
    )}  # fmt: skip
    assert turning | {"\u061c", "\u200e", "\u200f"} == TURNING
    assert TURNING.isdisjoint("南京市 A-1\u200d\u00a0é")

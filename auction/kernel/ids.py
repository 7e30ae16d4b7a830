"""Ids, codes and tokens: every random byte of the program comes from here, so that a test can seed it."""

import os
from base64 import b32hexencode
from collections.abc import Callable, Container
from datetime import datetime

#: Letters and digits of a bidder code leave out what is misread aloud or on paper (I, O).
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


class Ids:
    """Opaque ids that sort by time of making, bidder codes, codes of visitors, secret tokens."""

    def __init__(self, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self.bytes = entropy

    def new(self, now: datetime) -> str:
        """A 26-character id: 48 bits of milliseconds, 80 random bits, so that rows made together lie together."""
        raw = int(now.timestamp() * 1000).to_bytes(6, "big") + self.bytes(10)
        return b32hexencode(raw).decode("ascii").rstrip("=").lower()

    def token(self) -> str:
        """A bearer secret of 256 bits, URL-safe."""
        return b32hexencode(self.bytes(32)).decode("ascii").rstrip("=").lower()

    def bidder_code(self, taken: Container[str]) -> str:
        """A random code such as `K4827` that is not in `taken`; it is derived from nothing (PRECISIONS 4)."""
        width = 4
        for attempt in range(10_000):
            if attempt and attempt % 50 == 0:
                width += 1
            number = int.from_bytes(self.bytes(8), "big")
            code = f"{_LETTERS[number % len(_LETTERS)]}{number // 64 % 10**width:0{width}d}"
            if code not in taken:
                return code
        raise RuntimeError("no free bidder code")

    def visit_code(self, taken: Container[str]) -> str:
        """A random code such as `28K-417` that is not in `taken`; no bidder code looks like it or leads to it."""
        for _ in range(10_000):
            number = int.from_bytes(self.bytes(8), "big")
            letter = _LETTERS[number % len(_LETTERS)]
            code = f"{number // 64 % 100:02d}{letter}-{number // 8192 % 1000:03d}"
            if code not in taken:
                return code
        raise RuntimeError("no free visit code")

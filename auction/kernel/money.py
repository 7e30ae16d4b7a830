"""Money is integer fen. This module reads and shows it; it never rounds."""

import re

import cn2an

#: One offer or price may not exceed this (PRECISIONS 5).
MOST_FEN = 10**15
_YUAN = re.compile(r"\s*[¥￥]?\s*(\d{1,13}(?:[,，]\d{3})*|\d{1,13})(?:\.(\d{1,2}))?\s*(?:元)?\s*")


def is_amount(value: object) -> bool:
    """Whether `value` is an integer amount of 1 .. 10^15 fen; True and 1.0 are not."""
    return type(value) is int and 1 <= value <= MOST_FEN


def yuan(fen: int) -> str:
    """`2,566,000` or `2,566,000.50`: yuan with thousands, fen only where there are any."""
    whole, rest = divmod(abs(fen), 100)
    sign = "-" if fen < 0 else ""
    return f"{sign}{whole:,}" + (f".{rest:02d}" if rest else "")


def parse_yuan(text: str) -> int:
    """Fen of an amount typed in yuan, with or without separators; ValueError if it is not one."""
    found = _YUAN.fullmatch(text)
    if not found:
        raise ValueError("not an amount in yuan")
    whole = int(re.sub(r"\D", "", found[1]))
    return whole * 100 + int((found[2] or "0").ljust(2, "0"))


def in_words(fen: int) -> str:
    """The amount in Chinese capital numerals, as documents spell it: 人民币贰佰伍拾陆万陆仟元整."""
    return "人民币" + str(cn2an.an2cn(f"{fen / 100:.2f}" if fen % 100 else str(fen // 100), "rmb"))

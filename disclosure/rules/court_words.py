"""What a court adds of its own to announcement and bidder notice (本院补充说明), beside what is written from data.

A section of its own, last in the text: what the law asks for is written from the facts and not changed by it. Like a
letter it is plain text in which named values are filled in (`letters`), here in Chinese and in English, paragraph by
paragraph; it may not say what a sheet may not say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

from auction.kernel.errors import Breach, DomainError

from .letters import VALUES as OF_LETTERS
from .letters import check_wording, set_in
from .wording import Text

#: The texts a court may add to, as `publication` names them.
KINDS: Mapping[str, Text] = MappingProxyType(
    {"announcement": Text("拍卖公告", "Announcement"), "bidder_notice": Text("竞买须知", "Bidder notice")}
)
#: Of what letters may name, what is known at the announcement.
_SHARED = (
    "court",
    "case_number",
    "lot_title",
    "address",
    "round",
    "reference_price",
    "reserve_price",
    "deposit",
    "increment",
    "opens_at",
    "closes_at",
    "balance_days",
    "platform",
)
#: What it may name, as a court reads it.
VALUES: Mapping[str, str] = MappingProxyType(
    {name: OF_LETTERS[name] for name in _SHARED}
    | {
        "is_sell_off": "本次为变卖",
        "is_house": "标的为房屋",
        "is_occupied": "标的有人占有",
        "is_restricted": "对竞买人有资格要求",
    }
)
_MARKS = tuple(name for name in VALUES if name.startswith("is_"))
_YES = Text("是", "yes")
#: A made-up sale, to see a text before it is taken into use.
SAMPLE: Mapping[str, Text] = MappingProxyType(
    {
        "court": Text("示例市云溪区人民法院", "示例市云溪区人民法院"),
        "case_number": Text("（2026）示0101执1号", "（2026）示0101执1号"),
        "lot_title": Text("示例路1号1幢101室住宅", "示例路1号1幢101室住宅"),
        "address": Text("示例市云溪区示例路1号", "示例市云溪区示例路1号"),
        "round": Text("第一次拍卖", "first auction"),
        "reference_price": Text("2,000,000 元", "CNY 2,000,000"),
        "reserve_price": Text("1,400,000 元", "CNY 1,400,000"),
        "deposit": Text("140,000 元", "CNY 140,000"),
        "increment": Text("5,000 元", "CNY 5,000"),
        "opens_at": Text("2026年6月1日10时00分", "1 June 2026, 10:00 (Beijing time)"),
        "closes_at": Text("2026年6月2日10时00分", "2 June 2026, 10:00 (Beijing time)"),
        "balance_days": Text("10", "10"),
        "platform": Text("法拍司法拍卖平台", "法拍司法拍卖平台"),
        **dict.fromkeys(_MARKS, _YES),
    }
)


@dataclass(frozen=True, slots=True)
class CourtWords:
    """A version of a court's own words for one of the texts, in both languages."""

    version: int
    zh: str
    en: str


def check_words(zh: str, en: str) -> None:
    """Refuse words that could not stand in the text they are for.

    DomainError invalid on `text` (Chinese) and `text_en`: as `check_wording`; on `text_en` `paragraphs_differ` where a
    paragraph of one language has none in the other, whatever holds of the lot (`zh`, `en`: how many there are).
    """
    wrong: list[Breach] = []
    for field, text in (("text", zh), ("text_en", en)):
        try:
            check_wording(text, field, VALUES)
        except DomainError as error:
            wrong += error.errors
    if wrong:
        raise DomainError("invalid", wrong)
    for marks in product(("", _YES.zh), repeat=len(_MARKS)):
        values = {**{name: text.zh for name, text in SAMPLE.items()}, **dict(zip(_MARKS, marks, strict=True))}
        numbers = [len(set_in(text, values, VALUES)) for text in (zh, en)]
        if numbers[0] != numbers[1]:
            facts = {"zh": numbers[0], "en": numbers[1]}
            raise DomainError("invalid", [Breach("paragraphs_differ", "text_en", facts=facts)])


def said(words: CourtWords, values: Mapping[str, Text]) -> Sequence[Text]:
    """The paragraphs of a court's words, with the values of a sale filled in; `is_…` hold where they have a text.

    What may not be said was asked when they were kept and when they were announced: a supplement repeats them.
    """
    zh = set_in(words.zh, {name: text.zh for name, text in values.items()}, VALUES)
    en = set_in(words.en, {name: text.en for name, text in values.items()}, VALUES)
    return tuple(Text(*pair) for pair in zip(zh, en, strict=True))


def preview(zh: str, en: str) -> Sequence[Text]:
    """The paragraphs as they would read in a made-up sale; DomainError as `check_words`."""
    check_words(zh, en)
    return said(CourtWords(0, zh, en), SAMPLE)

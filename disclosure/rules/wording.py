"""Showing facts of a sheet as words: values, items, amounts and moments, in Chinese and in English."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from auction.kernel.clock import SHANGHAI
from auction.kernel.money import yuan

from .catalogue import Field, Item, Scalar
from .sheet import ItemFacts

_FEN = re.compile(r"（分）$| \(fen\)$")
_YES_NO = {True: ("是", "yes"), False: ("否", "no")}
_ENDS = "。！？.!?"


@dataclass(frozen=True, slots=True)
class Text:
    """One text in Chinese, which is the official one, and in English."""

    zh: str
    en: str

    def as_data(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


def shown(spec: Field, value: Scalar) -> Text:
    """A field's value for readers: choices by name, money in yuan, days written out; texts as they are."""
    if isinstance(value, bool):
        return Text(*_YES_NO[value])
    if isinstance(value, int) and spec.name.endswith("_fen"):
        return Text(f"{yuan(value)} 元", f"CNY {yuan(value)}")
    if isinstance(value, int | float):
        plain = format(Decimal(repr(value)), "f")
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
        return Text(plain, plain)
    if spec.type == "choice":
        return next((Text(choice.zh, choice.en) for choice in spec.choices if choice.code == value), Text(value, value))
    if spec.type == "date":
        return day(date.fromisoformat(value))
    return Text(value, value)


def described(item: Item, facts: ItemFacts) -> Text:
    """An item as one paragraph: its title, what was stated, and the filled fields."""
    fields = [(spec, facts.data[spec.name]) for spec in item.fields if spec.name in facts.data]
    zh = "；".join(f"{_FEN.sub('', spec.title)}：{shown(spec, value).zh}" for spec, value in fields)
    en = "; ".join(f"{_FEN.sub('', spec.title_en)}: {shown(spec, value).en}" for spec, value in fields)
    stated = facts.statement if not facts.statement or facts.statement[-1] in _ENDS else f"{facts.statement}。"
    return Text(
        f"{item.title}：{stated}" + (f"（{zh}）" if zh else ""),
        f"{item.title_en}: {stated}" + (f" ({en})" if en else ""),
    )


def day(value: date) -> Text:
    """2026年3月1日; 1 March 2026."""
    return Text(f"{value.year}年{value.month}月{value.day}日", f"{value.day} {value:%B} {value.year}")


def moment(value: datetime) -> Text:
    """A moment in Beijing time, to the minute, seconds only where there are any."""
    local = value.astimezone(SHANGHAI)
    on = day(local.date())
    seconds_zh, seconds_en = (f"{local.second}秒", f":{local.second:02d}") if local.second else ("", "")
    return Text(
        f"{on.zh}{local.hour}时{local.minute:02d}分{seconds_zh}",
        f"{local.hour:02d}:{local.minute:02d}{seconds_en} on {on.en} (Beijing time)",
    )

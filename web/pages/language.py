"""The language a page speaks, and how it writes times: Beijing time, 24 hours."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from flask_babel import get_locale, gettext, ngettext
from markupsafe import Markup

from auction.kernel.clock import SHANGHAI

#: How a moment is written, by what a page needs of it.
STYLES = {
    "clock": "%H:%M:%S",
    "hour": "%H:%M",
    "date": "%Y-%m-%d",
    "minute": "%Y-%m-%d %H:%M",
    "second": "%Y-%m-%d %H:%M:%S",
}
#: From the first Chinese character to the last.
_CHINESE = re.compile("[\u3400-\u9fff\uff00-\uffef](?:.*[\u3000-\u9fff\uff00-\uffef])?", re.DOTALL)
#: The last stretch of a countdown is red: the time in which a bid moves the end is what bidders look for.
SOON = 300


def _(source: str, **facts: Any) -> str:
    """The page's words for a Chinese source text; `%(name)s` in it names facts."""
    return str(gettext(source, **facts))


def plural(source: str, number: int) -> str:
    """The page's words for a number of things; `%(num)s` in the text is the number."""
    return str(ngettext(source, source, number))


def language() -> str:
    """`zh` or `en`."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def zh(text: object) -> object:
    """A text that somebody wrote, for a page in English: what is Chinese of it marked so, for who hears it read out."""
    if language() != "en" or not isinstance(text, str) or isinstance(text, Markup):
        return text
    found = _CHINESE.search(text)
    if found is None:
        return text
    before, after = text[: found.start()], text[found.end() :]
    return Markup('{}<span lang="zh-CN">{}</span>{}').format(before, found[0], after)


def local(moment: datetime | str, style: str = "minute") -> str:
    """A moment in Beijing time. `millis`: time with milliseconds; `stamp`: the same with its date."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    here = moment.astimezone(SHANGHAI)
    if style in ("millis", "stamp"):
        shape = STYLES["clock" if style == "millis" else "second"]
        return f"{here.strftime(shape)}.{here.microsecond // 1000:03d}"
    return here.strftime(STYLES[style])


def machine(moment: datetime | str) -> str:
    """A moment for machines: RFC 3339 in UTC, to the millisecond, which is the finest that HTML knows."""
    told = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return told.astimezone(UTC).isoformat(timespec="milliseconds")


class Left(NamedTuple):
    """What is left of a countdown: its parts with units, as one text, and whether it is the last stretch."""

    parts: list[tuple[str, str]]
    text: str
    soon: bool


def left(until: datetime, now: datetime) -> Left:
    """What is left until a moment, cut to the unit that matters; scripts show the same."""
    total = max(0, -(-(until - now) // timedelta(seconds=1)))
    days, hours, minutes, seconds = total // 86400, total // 3600 % 24, total // 60 % 60, total % 60
    day, hour, minute, second = _("天"), _("时"), _("分"), _("秒")
    if days:
        parts = [(str(days), day), (f"{hours:02d}", hour), (f"{minutes:02d}", minute)]
    elif hours:
        parts = [(f"{hours:02d}", hour), (f"{minutes:02d}", minute), (f"{seconds:02d}", second)]
    else:
        parts = [(f"{minutes:02d}", minute), (f"{seconds:02d}", second)]
    text = " ".join(f"{int(number)} {unit}" for number, unit in parts)
    return Left(parts, text, total <= SOON)


def month(day: date) -> str:
    """The month: its number, in English its short name."""
    return day.strftime("%b") if language() == "en" else str(day.month)


def weekday(day: date) -> str:
    """The day of the week."""
    return [_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")][day.weekday()]


def distance(day: date, today: date) -> str:
    """How far away a day is: today, tomorrow, in n days."""
    days = (day - today).days
    if days <= 0:
        return _("今天")
    if days == 1:
        return _("明天")
    return plural("%(num)s 天后", days)


def percent(part: int | None, whole: int | None) -> str | None:
    """`95.4%`: how much of `whole` a part is; None where there is nothing to compare."""
    if not part or not whole:
        return None
    tenths = round(1000 * part / whole)
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths / 10:.1f}%"


def size(octets: int) -> str:
    """`4.2 MB`, `310 kB`."""
    if octets >= 1_000_000:
        return f"{octets / 1_000_000:.1f} MB"
    return f"{max(1, octets // 1000)} kB"


def today(now: datetime) -> date:
    """The Shanghai day of a moment."""
    return now.astimezone(SHANGHAI).date()


def said(value: Any) -> str:
    """A stored value as a page shows it."""
    if value is True:
        return _("是")
    if value is False:
        return _("否")
    if isinstance(value, list):
        return _("、").join(said(one) for one in value)
    return "—" if value is None else str(value)

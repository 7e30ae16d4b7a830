"""Written questions on a lot: what may stand in one, and the clock of its answer.

A question is published with its answer, and nobody may learn from it who means to bid (OJA 18(2)): it must not say how
to reach whoever asked.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from rapidfuzz import fuzz

from auction.kernel.errors import Breach
from auction.rules.calendar import PeriodEnd, WorkingDays, shanghai_day, working_days_end
from auction.rules.ruleset import Ruleset

from .diff import ItemChange

#: Technical limits, in characters.
MOST_QUESTION = 500
MOST_ANSWER = 2000
#: What an answer tells: nothing that the sheet ought to tell, or a fact that belongs to one of its items.
NOTHING_NEW, NEW_FACT = "nothing_new", "new_fact"
TELLS = (NOTHING_NEW, NEW_FACT)
#: From how many parts of a hundred two questions count as alike, and how many such are shown to who is about to ask.
ALIKE, _MOST_ALIKE = 60, 3
#: What every question has, and tells nothing of what it asks.
_PLEASANTRIES = re.compile(
    r"请问|你好|您好|谢谢|我想|想问|咨询|一下|吗|呢|呀|的|了|could you|please|tell me|thank you|thanks"
)
#: Addresses on the web and of mail, numbers of six digits or more that are no amount, and names of messengers.
_CONTACT = re.compile(
    r"[^\s@]+@[^\s@]+\.[a-z]{2,}|https?://|www\."
    r"|(?:微信|weixin|wechat|vx|qq|扣扣|手机|电话|phone|call me)\W{0,4}(?:号|号码|是|为|at|is)?\W{0,4}[a-z0-9_-]{5,}"
    r"|(?<![\d.,，.])(?:\+?86[\s-]?)?1[3-9]\d(?:[\s-]?\d){8}(?!\d)"
    r"|(?<!\d)0\d{2,3}[\s-]?\d{7,8}(?!\d)"
    r"|(?<!\d)\d{17}[\dx](?!\d)",
    re.IGNORECASE,
)


def contact_in(text: str) -> str | None:
    """What in a text tells how to reach somebody or who he is (telephone, mail, messenger, identity number)."""
    folded = text.translate(_WIDE)
    found = _CONTACT.search(folded)
    return None if found is None else found[0]


#: Full-width digits and letters, which hide a number from nobody but a machine.
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}


def unstated(tells: str, item: str | None, reason: str | None) -> Sequence[Breach]:
    """What an answer must name: a fact the sheet lacks the item it belongs to, any other why it is none (OJA 13, 15).

    A sheet is told to everybody and sealed; an answer must not tell beside it what decides whether one buys.
    """
    if tells == NEW_FACT:
        return [] if item else [Breach("required", "item")]
    return [] if (reason or "").strip() else [Breach("required", "reason")]


def tells_now(item: str, changes: Iterable[ItemChange]) -> bool:
    """Whether these changes of a sheet change what the item says, and not only who checked it or when."""
    said = ("state", "statement")
    return any(each.code == item and (each.field in said or each.field.startswith("data.")) for each in changes)


def answer_due(asked_at: datetime, ruleset: Ruleset, holidays: WorkingDays) -> PeriodEnd:
    """Until when a question asked then is to be answered: working days, the day of asking not counted."""
    return working_days_end(shanghai_day(asked_at), ruleset.working_days("question_answer"), holidays)


def is_late(due_at: datetime, answered_at: datetime | None, now: datetime) -> bool:
    """Whether an answer came, or is still missing, at or after the first moment at which it is too late."""
    return (answered_at or now) >= due_at


def alike(question: str, known: Iterable[tuple[str, str]]) -> list[str]:
    """The ids of the known questions (id, wording) that ask about the same, the likeliest first, at most three.

    By the letters they share once pleasantries, spaces and signs are gone: it helps who asks, and decides nothing.
    """
    asked = _core(question)
    if not asked:
        return []
    scored = [(max(fuzz.ratio(asked, core), fuzz.token_sort_ratio(asked, core)), id) for id, core in _cores(known)]
    return [id for score, id in sorted(scored, key=lambda pair: -pair[0]) if score >= ALIKE][:_MOST_ALIKE]


def _cores(known: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(id, core) for id, wording in known if (core := _core(wording))]


def _core(text: str) -> str:
    """A question without what says nothing: signs become spaces, a Chinese question keeps its letters alone."""
    plain = _PLEASANTRIES.sub("", unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(char if char.isalnum() else " " for char in plain).split())

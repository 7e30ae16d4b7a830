"""The announcement, the seven special notices and the bidder notice, written from the facts (OJA 12(2), 14, 15(2)).

The wording is data (`disclosure/texts/*.toml`); every number in it comes from the terms and the ruleset, every fact of
the lot from its sheet. The Chinese text is the official one.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from auction.kernel.clock import SHANGHAI
from auction.kernel.money import in_words, yuan
from auction.rules.lot import Round
from auction.rules.ruleset import Citation, Ruleset
from auction.rules.terms import Terms

from .catalogue import Catalogue, Item
from .citations import cite
from .court_words import CourtWords, said
from .sheet import ItemFacts, Sheet, is_occupied, is_restricted
from .wording import Text, day, described, moment

#: What the platform is called wherever it is named in a text.
PLATFORM = "法拍司法拍卖平台"
_ROUNDS = {
    Round.FIRST: Text("第一次拍卖", "first auction"),
    Round.SECOND: Text("第二次拍卖", "second auction"),
    Round.SELL_OFF: Text("变卖", "sell-off"),
}
METHODS = {
    "agreement": Text("当事人议价", "agreement of the parties"),
    "directed_inquiry": Text("定向询价", "directed inquiry"),
    "network_inquiry": Text("网络询价", "network inquiry"),
    "appraisal": Text("委托评估", "appraisal"),
}
#: The code of the section a court writes itself, its heading, and what stands before its words.
COURT_SECTION = "court"
_COURT_HEADING = Text("本院补充说明", "Further notes of the court")
_COURT_PREAMBLE = Text(
    "以下是本院的补充说明，与前述内容不一致的，以前述内容为准。",
    "These are further notes of the court; where they differ from what stands above, that holds.",
)
_RESTRICTIONS = ("purchase_restriction", "approval", "buyer_licence")
_BURDEN_KINDS = frozenset({"defects", "burdens", "lease", "residence_right"})
_HOUR, _MINUTE = 3600, 60
#: What `_numbers` fills in.
_COUNTS = frozenset(
    (
        *("window", "length", "refund_hours", "transfer_hours", "ruling_days", "handover_days", "resume_days"),
        *("supplement_days", "sell_off_days", "contest_hours", "platform", "platform_url", "act", "deposit_word"),
    )
)


@dataclass(frozen=True, slots=True)
class AnnouncementFacts:
    """Everything the texts are written from. `seal` is that of `sheet`; `resale`: an earlier buyer has reneged.

    `words`: what the court adds of its own, by text.
    """

    lot_title: str
    region: str
    address: str
    case_number: str
    court: str
    platform: str
    platform_url: str
    terms: Terms
    ruleset: Ruleset
    catalogue: Catalogue
    sheet: Sheet
    seal: str
    announced_at: datetime
    reference_price_fen: int | None = None
    reference_method: str | None = None
    resale: bool = False
    words: Mapping[str, CourtWords] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part of a text. `wording`: the version of the court's own words it was written from."""

    code: str
    heading: Text
    paragraphs: tuple[Text, ...]
    wording: int | None = None

    def as_data(self) -> dict[str, Any]:
        told: dict[str, Any] = {} if self.wording is None else {"wording": self.wording}
        return {
            "code": self.code,
            "heading": self.heading.as_data(),
            "paragraphs": [paragraph.as_data() for paragraph in self.paragraphs],
            **told,
        }


@dataclass(frozen=True, slots=True)
class Writing:
    """A whole text: its heading and sections."""

    heading: Text
    sections: tuple[Section, ...]

    def as_data(self) -> dict[str, Any]:
        return {"heading": self.heading.as_data(), "sections": [section.as_data() for section in self.sections]}


@dataclass(frozen=True, slots=True)
class SpecialNotice:
    """One of the seven special notices, with its item of OJA 14."""

    code: str
    basis: Citation
    text: Text

    def as_data(self) -> dict[str, Any]:
        return {"code": self.code, "basis": {"zh": self.basis.zh, "en": self.basis.en}, **self.text.as_data()}


def announcement(facts: AnnouncementFacts) -> Writing:
    """The announcement (拍卖公告)."""
    return _written("announcement", facts)


def bidder_notice(facts: AnnouncementFacts) -> Writing:
    """The bidder notice (竞买须知)."""
    return _written("bidder_notice", facts)


def special_notices(facts: AnnouncementFacts) -> tuple[SpecialNotice, ...]:
    """The seven special notices (特别提示), in the order of OJA 14."""
    values = _values(facts)
    return tuple(
        SpecialNotice(entry["code"], cite(entry["basis"]), _filled(entry, values))
        for entry in _texts("special_notices")["notices"]
    )


def publication(facts: AnnouncementFacts) -> dict[str, Any]:
    """All three as JSON values, to be kept on the auction: `announcement`, `bidder_notice`, `special_notices`."""
    return {
        "announcement": announcement(facts).as_data(),
        "bidder_notice": bidder_notice(facts).as_data(),
        "special_notices": [notice.as_data() for notice in special_notices(facts)],
    }


def particulars(published: Mapping[str, Any]) -> list[str]:
    """Those Chinese paragraphs of a kept announcement that tell of its lot: what stands in all of them is left out."""
    sections = published.get("announcement", {}).get("sections", ())
    own = [section for section in sections if section["code"] != COURT_SECTION]  # the same in all of a court's lots
    paragraphs = [paragraph["zh"] for section in own for paragraph in section["paragraphs"]]
    return [paragraph for paragraph in paragraphs if not _common().fullmatch(paragraph)]


@lru_cache(maxsize=1)
def _common() -> re.Pattern[str]:
    """The paragraphs in which nothing is filled in but numbers of the ruleset."""
    plain = [
        re.sub(r"\\\{[a-z_]+\\\}", r"\\d+", re.escape(paragraph["zh"]))
        for section in _texts("announcement")["sections"]
        for paragraph in section["paragraphs"]
        if "zh" in paragraph and set(re.findall(r"\{([a-z_]+)\}", paragraph["zh"])) <= _COUNTS
    ]
    return re.compile("|".join(plain))


@lru_cache(maxsize=4)
def _texts(name: str) -> dict[str, Any]:
    return tomllib.loads(files("disclosure").joinpath("texts", f"{name}.toml").read_text(encoding="utf-8"))


def _written(name: str, facts: AnnouncementFacts) -> Writing:
    source, values, marks = _texts(name), _values(facts), _marks(facts)
    sections = []
    for entry in source["sections"]:
        paragraphs = tuple(
            text
            for paragraph in entry["paragraphs"]
            if _holds(paragraph.get("when", ()), marks)
            for text in _paragraphs(paragraph, facts, values)
        )
        if paragraphs:
            sections.append(Section(entry["code"], _filled(entry, values), paragraphs))
    if (words := facts.words.get(name)) is not None:
        told = (_COURT_PREAMBLE, *said(words, _court_values(values, marks)))
        sections.append(Section(COURT_SECTION, _COURT_HEADING, told, words.version))
    return Writing(_filled(source["heading"], values), tuple(sections))


def _court_values(values: Mapping[str, Text], marks: frozenset[str]) -> dict[str, Text]:
    """What a court's own words may name (`court_words.VALUES`)."""
    money = {"reference_price": "reference", "reserve_price": "reserve", "deposit": "deposit", "increment": "increment"}
    named = {"case_number": "case", "lot_title": "lot", "address": "place", "opens_at": "opens", "closes_at": "closes"}
    plain = ("court", "round", "balance_days", "platform")
    kinds = ("sell_off", "house", "occupied", "restricted")
    return {
        **{name: values[name] for name in plain},
        **{name: values[key] for name, key in named.items()},
        **{name: Text(f"{values[key].zh} 元", f"CNY {values[key].en}") for name, key in money.items()},
        **{f"is_{mark}": Text("是", "yes") if mark in marks else Text("", "") for mark in kinds},
    }


def wording_of(published: Mapping[str, Any], kind: str) -> int | None:
    """The version of the court's own words that stands in a kept text; None where there are none."""
    sections = published.get(kind, {}).get("sections", ())
    return next((section["wording"] for section in sections if section["code"] == COURT_SECTION), None)


def _holds(when: Iterable[str], marks: frozenset[str]) -> bool:
    return all((mark.removeprefix("!") in marks) != mark.startswith("!") for mark in when)


def _paragraphs(entry: Mapping[str, Any], facts: AnnouncementFacts, values: Mapping[str, Text]) -> Iterable[Text]:
    if "items" not in entry:
        return (_filled(entry, values),)
    return (described(item, stated) for item, stated in _stated(facts, entry["items"]))


def _stated(facts: AnnouncementFacts, codes: Iterable[str]) -> list[tuple[Item, ItemFacts]]:
    """Those of the items that the catalogue has and the sheet tells; what does not apply is left to the sheet."""
    pairs = ((facts.catalogue.find(code), facts.sheet.get(code)) for code in codes)
    return [(item, stated) for item, stated in pairs if item and stated and stated.state != "not_applicable"]


def _filled(entry: Mapping[str, str], values: Mapping[str, Text]) -> Text:
    """A text with its braces filled: `{name}` is the Chinese and `{name_en}` the English of a value."""
    words = {name: text.zh for name, text in values.items()} | {f"{name}_en": text.en for name, text in values.items()}
    english = {name: text.en for name, text in values.items()}
    return Text(entry["zh"].format_map(words), entry["en"].format_map(words | english))


def _marks(facts: AnnouncementFacts) -> frozenset[str]:
    sheet = facts.sheet
    marks = {
        "sell_off": facts.terms.round is Round.SELL_OFF,
        "resale": facts.resale,
        "has_reference": facts.reference_price_fen is not None,
        "house": facts.catalogue.asset_type == "real_estate",
        "restricted": is_restricted(sheet),
        "approval": sheet.found("approval") is not None,
        "occupied": is_occupied(sheet),
        "court_taxes": sheet.value("taxes", "allocation") == "court_decided",
        "frozen": sheet.value("payment_accounts", "deposit_method") == "platform_freeze",
    }
    return frozenset(name for name, holds in marks.items() if holds)


def _values(facts: AnnouncementFacts) -> dict[str, Text]:
    """What the braces of the texts name."""
    terms = facts.terms
    sell_off = terms.round is Round.SELL_OFF
    plain = {
        "court": facts.court,
        "platform": facts.platform,
        "lot": facts.lot_title,
        "case": facts.case_number,
        "seal": facts.seal,
        "reserve": yuan(terms.reserve_price_fen),
        "reserve_words": in_words(terms.reserve_price_fen),
        "increment": yuan(terms.increment_fen),
        "deposit": yuan(terms.deposit_fen),
        "deposit_words": in_words(terms.deposit_fen),
        "balance_days": str(terms.balance_days),
        "reference": yuan(facts.reference_price_fen) if facts.reference_price_fen is not None else "",
        "reference_words": in_words(facts.reference_price_fen) if facts.reference_price_fen is not None else "",
    }
    return {
        **{name: Text(value, value) for name, value in plain.items()},
        **_numbers(facts.ruleset),
        **_forfeit(terms),
        "platform_url": Text(facts.platform_url or "本站", facts.platform_url or "this site"),
        "place": _place(facts.region, facts.address),
        "round": _ROUNDS[terms.round],
        "act": Text("变卖", "sell-off") if sell_off else Text("拍卖", "auction"),
        "deposit_word": Text("预缴款", "prepayment") if sell_off else Text("保证金", "deposit"),
        "reserve_word": Text("变卖价", "sale price") if sell_off else Text("起拍价", "reserve price"),
        "method": METHODS.get(facts.reference_method or "", Text("", "")),
        "opens": moment(terms.opens_at),
        "closes": moment(terms.closes_at),
        "announced_day": day(facts.announced_at.astimezone(SHANGHAI).date()),
        "requirement": _requirement(facts),
        "qualification": _qualification(facts),
        "defects": _known_defects(facts),
        "viewing": _joined([described(*pair) for pair in _stated(facts, ("viewing",))]),
    }


def _place(region: str, address: str) -> Text:
    """Where the property lies: many an address begins with its region already."""
    if address.startswith(region):
        return Text(address, address)
    return Text(f"{region}{address}", f"{region} {address}")


def _numbers(ruleset: Ruleset) -> dict[str, Text]:
    numbers = {
        "window": ruleset.seconds("extension_window") // _MINUTE,
        "length": ruleset.seconds("extension_length") // _MINUTE,
        "refund_hours": ruleset.seconds("deposit_refund") // _HOUR,
        "transfer_hours": ruleset.seconds("winner_deposit_transfer") // _HOUR,
        "ruling_days": ruleset.days("ruling_service"),
        "handover_days": ruleset.days("handover"),
        "resume_days": ruleset.days("resume"),
        "supplement_days": ruleset.days("supplement"),
        "sell_off_days": ruleset.days("sell_off_window"),
        "contest_hours": ruleset.seconds("sell_off_contest") // _HOUR,
    }
    return {name: Text(str(number), str(number)) for name, number in numbers.items()}


def _forfeit(terms: Terms) -> dict[str, Text]:
    """What a buyer who reneges loses: the deposit, or the announced part of a sell-off's prepayment."""
    if terms.round is not Round.SELL_OFF:
        lost = Text(f"保证金 {yuan(terms.deposit_fen)} 元", f"the deposit of CNY {yuan(terms.deposit_fen)}")
        return {"forfeit": lost, "forfeited": lost}
    if terms.forfeit_fen is None:
        return {
            "forfeit": Text("法院确定的金额", "the amount the court sets"),
            "forfeited": Text("预缴款中法院确定的金额", "the part of the prepayment the court sets"),
        }
    amount = yuan(terms.forfeit_fen)
    return {
        "forfeit": Text(f" {amount} 元", f"CNY {amount}"),
        "forfeited": Text(f"预缴款中的 {amount} 元", f"CNY {amount} of the prepayment"),
    }


def _requirement(facts: AnnouncementFacts) -> Text:
    return _joined(
        [described(item, stated) for item, stated in _stated(facts, _RESTRICTIONS) if stated.state == "found"]
    )


def _qualification(facts: AnnouncementFacts) -> Text:
    if is_restricted(facts.sheet):
        return _requirement(facts)
    return Text("本标的对买受人没有其他资格要求。", "This lot asks for no further qualification.")


def _known_defects(facts: AnnouncementFacts) -> Text:
    """Every defect and burden found, possession by somebody included; else that none was, and where that stands."""
    codes = [item.code for item in facts.catalogue.items if item.kind in _BURDEN_KINDS and item.adverse]
    found = [described(item, stated) for item, stated in _stated(facts, codes) if stated.state == "found"]
    if is_occupied(facts.sheet):
        found += [described(*pair) for pair in _stated(facts, ("possession",))]
    if found:
        return _joined(found)
    return Text(
        "经核查未发现已知瑕疵和权利负担，核查来源和日期见调查情况表。",
        "none was found; source and date of every check stand in the disclosure sheet.",
    )


def _joined(texts: Iterable[Text]) -> Text:
    listed = tuple(texts)
    return Text("".join(text.zh for text in listed), " ".join(text.en for text in listed))

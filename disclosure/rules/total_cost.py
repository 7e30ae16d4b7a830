"""What a lot costs its buyer in the end, at a price: from what the sheet discloses and a dated table of rates.

Taxes are borne by whom the tax law names, and the court decides only where it is silent or unclear (OJA 30, OJA 13(9)).
What nobody knows is said to be unknown and never counts as zero. Arrears that the court pays from the price, by its
written arrangement on the sheet, are not the buyer's (OJA 13(5), 30).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from auction.rules.lot import AssetType

from .cost_rates import CostLine, CostTable, Rate, Words
from .sheet import Sheet, is_occupied

#: Who pays what enters the buyer's total: he, or whom the law leaves open.
_COUNTED = frozenset({"buyer", "unclear"})
_SMALL_HOME_M2 = 140
#: An arrangement that says without reserve that the arrears are paid from the price. Any other wording decides nothing.
_FROM_PRICE = re.compile(
    r"从[^，。；不]{0,8}(?:价款|成交款|拍卖款|变卖款|变价款|所得款项?)"
    r"[^，。；不]{0,6}(?:结清|清偿|支付|缴纳|扣除|扣付)"
)
_RESERVED = re.compile(r"买受人|竞买人|不足|部分|未|不予|不从|可|协商")
_SETTLED: Words = {
    "zh": "调查情况表“欠费情况”清偿安排：{told}；"
    "《网络司法拍卖规定》第十三条第（五）项、第三十条（法律没有规定的，由法院决定）",
    "en": "the sheet on arrears, how they are settled: “{told}” (paid from the price); Online Judicial Auctions, "
    "articles 13(5) and 30 (where the law is silent the court decides)",
}
_UNTOLD: Words = {
    "zh": "调查情况表未填写本项数额（无欠缴的应填0），填写前不能按零计",
    "en": "the sheet gives no amount for this (where nothing is owed it must say 0): till then it is not zero",
}

Amounts = tuple[int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class CostFacts:
    """A line at a price, in fen; None is unknown. `depends`: what is not disclosed and the amount hangs on.

    `source`: the item of the sheet an amount was taken from. `as_of`: the day it was proven, where the sheet says it.
    """

    code: str
    payer: str
    title: Words
    low_fen: int | None
    likely_fen: int | None
    high_fen: int | None
    basis: Words
    depends: Words | None
    source: str | None = None
    as_of: str | None = None

    @property
    def unknown(self) -> bool:
        """Whether one of the three is not known."""
        return None in (self.low_fen, self.likely_fen, self.high_fen)

    @property
    def is_counted(self) -> bool:
        """Whether the line enters the buyer's total."""
        return self.payer in _COUNTED


@dataclass(frozen=True, slots=True)
class TotalCost:
    """All lines at a price, and what they come to for the buyer: the sum of what is known of the lines he may pay.

    `unknown`: the codes of those of his lines of which one amount is not known; the totals leave it out.
    """

    price_fen: int
    table: str
    low_fen: int
    likely_fen: int
    high_fen: int
    lines: tuple[CostFacts, ...]
    unknown: tuple[str, ...]


def total_cost(sheet: Sheet, asset_type: str, price_fen: int, today: date, table: CostTable) -> TotalCost:
    """What the buyer of a lot of that kind pays at `price_fen`; ValueError for a price that is none.

    `today`: the Shanghai day on which it is reckoned, for how long the debtor has held the lot.
    """
    if type(price_fen) is not int or price_fen < 1:
        raise ValueError("a price is an integer of at least 1 fen")
    told = circumstances(sheet, asset_type, today)
    lines = [_line(line, line.rate(told), sheet, price_fen) for line in table.lines if line.is_of(asset_type, told)]
    mine = [line for line in lines if line.is_counted]
    return TotalCost(
        price_fen,
        table.name,
        sum(line.low_fen or 0 for line in mine),
        sum(line.likely_fen or 0 for line in mine),
        sum(line.high_fen or 0 for line in mine),
        tuple(lines),
        tuple(line.code for line in mine if line.unknown),
    )


def _line(line: CostLine, rate: Rate, sheet: Sheet, price_fen: int) -> CostFacts:
    item, _, field = rate.of.partition(".") if "." in rate.of else (None, "", "")
    as_of = sheet.value(item, "as_of") if item else None
    low, likely, high = _amounts(rate, sheet, price_fen)
    facts = CostFacts(
        line.code,
        line.payer,
        line.title,
        low,
        likely,
        high,
        rate.basis,
        rate.depends,
        item,
        as_of if isinstance(as_of, str) else None,
    )
    if item != "arrears" or line.payer != "unclear":
        return facts
    owed, arranged = _told(sheet, item, field), _paid_from_price(sheet)
    if owed is None:
        return replace(facts, depends=_joined(_UNTOLD, rate.depends)) if sheet.found(item) else facts
    if owed and arranged:
        basis = {tongue: words.format(told=arranged) for tongue, words in _SETTLED.items()}
        return replace(facts, payer="debtor", low_fen=owed, likely_fen=owed, high_fen=owed, basis=basis)
    return facts


def _paid_from_price(sheet: Sheet) -> str | None:
    """The court's arrangement in its own words, where it says that the arrears are paid from the price."""
    arranged = sheet.value("arrears", "settlement")
    if not isinstance(arranged, str) or not _FROM_PRICE.search(arranged) or _RESERVED.search(arranged):
        return None
    return arranged.strip().rstrip("。；")


def _joined(first: Words, then: Words | None) -> Words:
    return first if then is None else {"zh": f"{first['zh']}；{then['zh']}", "en": f"{first['en']}; {then['en']}"}


def _amounts(rate: Rate, sheet: Sheet, price_fen: int) -> Amounts:
    if rate.of == "fen":
        base: int | None = 1
    elif rate.of == "price":
        base = price_fen
    else:
        base = _told(sheet, *rate.of.split("."))
    low, likely, high = (None if part is None or base is None else _rounded(part * base) for part in rate.parts)
    return low, likely, high


def _told(sheet: Sheet, item: str, field: str) -> int | None:
    """An amount the sheet tells: 0 where it says there is none, None where it does not tell."""
    facts = sheet.get(item)
    if facts is not None and facts.state in ("none", "not_applicable"):
        return 0
    value = sheet.value(item, field)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _rounded(amount: Fraction) -> int:
    """To the nearest fen, half up."""
    return int(amount + Fraction(1, 2))


def circumstances(sheet: Sheet, asset_type: str, today: date) -> Mapping[str, str]:
    """What the sheet tells of those circumstances that rates hang on; `unknown` where it does not."""
    return {
        "use": _use(sheet, asset_type),
        "size": _size(sheet),
        "held": _held(sheet, today),
        "premium": _premium(sheet),
        "occupied": _occupied(sheet),
        "belongings": _belongings(sheet),
        "allocation": _one_of(sheet.value("taxes", "allocation"), "statutory", "court_decided"),
        "energy": _energy(sheet),
    }


def _use(sheet: Sheet, asset_type: str) -> str:
    if asset_type != AssetType.REAL_ESTATE:
        return "other"
    use = sheet.value("area_and_use", "planned_use")
    return "unknown" if use is None else "residential" if use == "residential" else "other"


def _size(sheet: Sheet) -> str:
    area = sheet.value("area_and_use", "building_area_m2")
    if isinstance(area, bool) or not isinstance(area, int | float):
        return "unknown"
    return "up_to_140" if area <= _SMALL_HOME_M2 else "over_140"


def _held(sheet: Sheet, today: date) -> str:
    """For how many whole years the debtor has held it, by the day of registration."""
    written = sheet.value("title", "registered_on")
    try:
        since = date.fromisoformat(str(written))
    except ValueError:
        return "unknown"
    years = today.year - since.year - ((today.month, today.day) < (since.month, since.day))
    return "under_two" if years < 2 else "two_to_five" if years < 5 else "over_five"


def _premium(sheet: Sheet) -> str:
    """Whether a land premium is due, and whether the sheet tells how much."""
    due, told = sheet.value("land_type", "premium_due"), _told(sheet, "arrears", "land_premium_fen")
    if told:
        return "due_told"
    if due is True:
        return "due_untold"
    paid = sheet.value("land_type", "nature") == "granted" and told == 0
    return "not_due" if due is False or paid else "unknown"


def _occupied(sheet: Sheet) -> str:
    if is_occupied(sheet):
        return "yes"
    facts = sheet.get("possession")
    vacant = sheet.value("possession", "occupied") is False or (facts is not None and facts.state == "none")
    return "no" if vacant else "unknown"


def _belongings(sheet: Sheet) -> str:
    facts = sheet.get("contents")
    if facts is not None and facts.state == "none":
        return "none"
    return _one_of(sheet.value("contents", "belongings"), "none", "few", "bulky")


def _energy(sheet: Sheet) -> str:
    standard = sheet.value("emission", "standard")
    return "unknown" if standard is None else "electric" if standard == "electric" else "fuel"


def _one_of(value: object, *known: str) -> str:
    return value if isinstance(value, str) and value in known else "unknown"

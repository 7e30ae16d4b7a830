"""A lot in plain words, made from its facts: what one buys, what one would pay, what is risky.

Every sentence follows from a fact of the sealed sheet, the terms, or a reckoning; what nobody checked is said.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from auction.kernel.money import yuan
from auction.rules.lot import Round
from bidding.queries.lot_page import LotPage
from disclosure.rules.sheet import Sheet, flags

from . import labels
from .language import _, local, plural
from .lot_view import is_shown


def summary(
    page: LotPage, now: datetime, cost: dict[str, Any], risk: dict[str, Any] | None, worth: dict[str, Any] | None
) -> dict[str, Any]:
    """Sentences under the three questions, and the four figures that matter most."""
    return {
        "buy": list(_buy(page)),
        "pay": list(_pay(page, now, cost)),
        "risky": list(_risky(page, risk)),
        "glance": _glance(page, cost, risk, worth),
    }


def _buy(page: LotPage) -> Iterator[str]:
    sheet, kind = page.sheet.sheet, str(labels.ASSET_TYPE[page.lot.asset_type])
    yield _("法院处置的%(kind)s：%(title)s。", kind=kind, title=page.lot.title)
    share = sheet.value("title", "share")
    if isinstance(share, int | float) and share < 1:
        yield _("只卖其中一份：%(share)s。买受人与其他共有人共有。", share=f"{share:.2%}")
    area = sheet.value("area_and_use", "building_area_m2") or sheet.value("area_and_use", "area_m2")
    if isinstance(area, int | float):
        yield _("面积 %(area)s 平方米。", area=f"{area:g}")
    model = sheet.value("title", "model")
    if isinstance(model, str):
        yield _("型号：%(model)s。", model=model)
    yield _possession(sheet)
    yield _("按现状卖：看得见和看不见的瑕疵都随标的一起接受，请先看样。")


def _possession(sheet: Sheet) -> str:
    marks = flags(sheet)
    if "occupied" in marks:
        return _("现在有人占有使用，由法院负责移交。")
    if "vacant" in marks:
        return _("现在没有人占有使用。")
    if sheet.value("possession", "controlled") is True:
        return _("现在由法院控制。")
    return _("占有情况见调查情况表。")


def _pay(page: LotPage, now: datetime, cost: dict[str, Any]) -> Iterator[str]:
    auction = page.auction
    if page.lot.disposal is not None:
        yield _("%(what)s，不再拍卖，也不再接受报名。", what=labels.DISPOSAL[page.lot.disposal])
        return
    if auction.status in ("unsold", "withdrawn", "revoked"):
        yield _("本场%(what)s，不再接受报名；再拍卖的，另行公告。", what=labels.STATUS[auction.status])
        return
    deposit = yuan(auction.deposit_fen)
    if auction.round == Round.SELL_OFF:
        yield _("报名时预缴全款 ¥%(amount)s；没有买到的，退还。", amount=deposit)
    else:
        yield _("报名时交保证金 ¥%(amount)s；没有买到的，退还。", amount=deposit)
    if auction.status == "sold":
        yield _("已经成交，成交价 ¥%(amount)s。", amount=yuan(cost["least_fen"]))
    elif auction.status in ("announced", "open") and now < auction.closes_at:
        yield _(
            "现在最低出价 ¥%(amount)s，竞价到 %(time)s 为止。",
            amount=yuan(cost["least_fen"]),
            time=local(auction.closes_at),
        )
    yield _(
        "按 ¥%(price)s 成交，连同税费大约要付 ¥%(likely)s（¥%(low)s 至 ¥%(high)s）。",
        price=yuan(cost["price_fen"]),
        likely=yuan(cost["likely_fen"]),
        low=yuan(cost["low_fen"]),
        high=yuan(cost["high_fen"]),
    )
    if cost["unknowns"]:
        yield _("另有 %(n)s 项费用没有查明，不在其中。", n=cost["unknowns"])
    yield plural("成交后 %(num)s 日内付清尾款；不付的，保证金不退，还可能补差价。", auction.balance_days)


def _risky(page: LotPage, risk: dict[str, Any] | None) -> Iterator[str]:
    sheet = page.sheet.sheet
    if risk and risk["applicable"]:
        yield _(
            "腾空风险 %(band)s 级（A 最好，E 最差）：%(what)s。",
            band=risk["band"],
            what=dict(risk["bands"])[risk["band"]],
        )
    said = {
        "leased": _("有租约，见调查情况表：租约可能在成交后继续有效。"),
        "burdened": _("有抵押、查封等负担，见调查情况表。"),
        "arrears": _("有欠费，见总费用。"),
        "defective": _("有已知瑕疵。"),
        "restricted": _("不是人人能买：须符合购买资格。"),
        "preferential": _("有优先购买权人，可以按同样的价格优先买到。"),
    }
    found = [text for mark, text in said.items() if mark in flags(sheet)]
    yield from found
    unchecked = unchecked_items(page)
    if unchecked:
        yield _("调查情况表中有 %(n)s 个事项没有核查。", n=unchecked)
    if page.auction.status == "suspended":
        yield _("本场已中止。")
    if not found and not unchecked:
        yield _("调查情况表没有记载租约、负担、欠费和瑕疵。")


def unchecked_items(page: LotPage) -> int:
    """How many rows of the sheet say that nobody checked them."""
    facts = page.sheet
    return sum(is_shown(item, facts.sheet) and facts.sheet.get(item.code) is None for item in facts.catalogue.items)


def _glance(
    page: LotPage, cost: dict[str, Any], risk: dict[str, Any] | None, worth: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "band": risk["band"] if risk and risk["applicable"] else None,
        "worth": (worth["low_fen"], worth["high_fen"]) if worth and worth["low_fen"] is not None else None,
        "likely_fen": cost["likely_fen"],
        "incomplete": cost["incomplete"],
        "checked": len(page.sheet.sheet.items),
        "unchecked": unchecked_items(page),
    }

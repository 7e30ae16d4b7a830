"""Valuation in words, for interface, pages and terminal: why there is no estimate, what moved one, the model card."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from auction.kernel.clock import iso
from risk.models import ValuationEstimate, ValuationModel

Said = Mapping[str, str]
#: Columns that are not known, named one by one.
_MOST_COLUMNS = 50

#: What every estimate is called, and what it is not.
ORIENTATION: Said = {
    "zh": "参考估值由统计模型根据训练数据推算，仅供参考，不是评估结论，也不代替处置参考价。",
    "en": "An orientation computed by a statistical model from what it was trained on. It is no appraisal and does not "
    "take the place of the reference price.",
}
#: What the prices of the records are.
PRICES: Mapping[str, Said] = {
    "asking": {
        "zh": "依据挂牌价训练：挂牌价不是司法拍卖成交价，后者通常更低。",
        "en": "Learned from asking prices, which are not what judicial sales bring: those are usually lower.",
    },
    "sample": {
        "zh": "依据程序生成的示例数据训练：相近标的和价格都是虚构的，不是任何真实的挂牌价或者成交价。",
        "en": "Learned from sample rows made by a program: comparable lots and their prices are invented; none of them "
        "was ever asked or paid.",
    },
    "sold": {"zh": "依据成交价训练。", "en": "Learned from prices paid."},
    "mixed": {
        "zh": "依据挂牌价和本平台成交价训练：挂牌价不是司法拍卖成交价。",
        "en": "Learned from asking prices and this platform's sales: asking prices are not what judicial sales bring.",
    },
}
#: What no model here sees or promises.
LIMITS: Mapping[str, tuple[str, ...]] = {
    "zh": (
        "不看照片、装修质量、租赁、占用、瑕疵和权利负担。",
        "与训练数据不相像的标的、缺少必要信息的标的不作估计，并说明理由。",
        "价格随时间变化；训练之后的行情不在其中。",
        "估值从不拒绝任何人、任何公告或者出价。",
    ),
    "en": (
        "It does not look at photographs, quality, leases, occupants, defects or burdens.",
        "For lots unlike the training data, or without what is needed, there is no estimate, and the reason is told.",
        "Prices move; what happened after training is not in it.",
        "An estimate never refuses anybody, any announcement or any bid.",
    ),
}
_REASONS: Mapping[str, Said] = {
    "cell_missing": {"zh": "缺少必要信息：{column}。", "en": "What is needed is missing: {column}."},
    "required": {"zh": "缺少必要信息：{column}。", "en": "What is needed is missing: {column}."},
    "cell_unreadable": {"zh": "必要信息无法读取：{column}。", "en": "What is needed cannot be read: {column}."},
    "number_invalid": {"zh": "必要信息无法读取：{column}。", "en": "What is needed cannot be read: {column}."},
    "word_unknown": {
        "zh": "训练数据中没有这样的标的：{column} {value}。",
        "en": "The training data have no such lot: {column} {value}.",
    },
    "out_of_reach": {
        "zh": "与训练数据相差太远：{column} 为 {value}，数据范围 {least} 至 {most}。",
        "en": "Too unlike the training data: {column} is {value}, the data reach from {least} to {most}.",
    },
    "after_today": {
        "zh": "不可能的信息：{column} 为 {value}，晚于今天。",
        "en": "This cannot be: {column} is {value}, which is after today.",
    },
    "after_sale": {
        "zh": "不可能的信息：{column} 为 {value}，晚于成交时间。",
        "en": "This cannot be: {column} is {value}, which is after the sale.",
    },
    "cells_few": {
        "zh": "已知信息太少，无法推算。",
        "en": "Too little is known of it to estimate anything.",
    },
    "use_unlike": {
        "zh": "模型只适用于住宅，本标的规划用途不是住宅。",
        "en": "The model is for homes; this lot is planned for another use.",
    },
    "share_only": {
        "zh": "拍卖的是部分份额，模型只适用于整体。",
        "en": "Only a share is sold; the model is for whole lots.",
    },
}
_SHORTFALLS: Mapping[str, Said] = {
    "rows": {"zh": "数据行数少得多", "en": "far fewer rows"},
    "mape": {"zh": "误差更大", "en": "larger errors"},
    "coverage": {"zh": "区间覆盖率更低", "en": "less coverage"},
}
_NOT_IN_FORCE: Said = {
    "zh": "模型已保存，未启用：不如训练时在用的模型（{}）。",
    "en": "The model is kept and not in force: it is behind the one in force when it was trained ({}).",
}
_FORCED: Said = {
    "zh": "模型按要求启用，尽管不如此前在用的模型（{}）。",
    "en": "The model was put in force as asked, though it is behind the one before it ({}).",
}
_BESIDE: Said = {"zh": "以下各列不认识，未使用：{}", "en": "columns not known, and not used: {}"}
_UNUSED: Said = {"zh": "；以下各项无法使用：{}", "en": "; cells that could not be used: {}"}
_UNREADABLE: Said = {"zh": "此行无法读取。", "en": "This line cannot be read."}
#: Columns and parts of an estimate as readers call them.
NAMES: Mapping[str, Said] = {
    "area_m2": {"zh": "面积", "en": "area"},
    "city": {"zh": "城市", "en": "city"},
    "district": {"zh": "区县", "en": "district"},
    "community": {"zh": "小区名称", "en": "name of the community"},
    "rooms": {"zh": "室", "en": "rooms"},
    "halls": {"zh": "厅", "en": "halls"},
    "floor": {"zh": "楼层", "en": "storey"},
    "floors": {"zh": "总楼层", "en": "storeys in all"},
    "built_year": {"zh": "建成年份", "en": "year built"},
    "direction": {"zh": "朝向", "en": "direction"},
    "decoration": {"zh": "装修", "en": "decoration"},
    "elevator": {"zh": "电梯", "en": "lift"},
    "latitude": {"zh": "位置", "en": "place"},
    "longitude": {"zh": "经度", "en": "longitude"},
    "sold_on": {"zh": "成交时间", "en": "time of sale"},
    "brand": {"zh": "品牌", "en": "brand"},
    "model": {"zh": "车型名称", "en": "name of the model"},
    "registered_on": {"zh": "登记时间", "en": "first registration"},
    "mileage_km": {"zh": "里程", "en": "mileage"},
    "displacement_l": {"zh": "排量", "en": "displacement"},
    "transmission": {"zh": "变速箱", "en": "gearbox"},
    "new_price_fen": {"zh": "新车价", "en": "price when new"},
    "price_fen": {"zh": "价格", "en": "price"},
    "group_record": {"zh": "同小区或者同车系的记录", "en": "record of the community or series"},
    "interplay": {"zh": "其余因素及相互作用", "en": "the rest, and how they act together"},
}


def named(column: str, tongue: str) -> str:
    """A column or part of an estimate as a reader calls it; itself where it has no name."""
    return NAMES.get(column, {}).get(tongue, column)


def abstained(code: str, facts: Mapping[str, Any], tongue: str) -> str:
    """Why there is no estimate, in a sentence."""
    told = {**facts, "column": named(str(facts.get("column", "")), tongue)}
    return _REASONS.get(code, _UNREADABLE)[tongue].format_map(_Blank(told))


def unknown_columns(columns: Sequence[str], tongue: str) -> str:
    """That a file has columns that are not known, in one line."""
    return _BESIDE[tongue].format(", ".join(column[:40] for column in columns[:_MOST_COLUMNS]))


def unused(columns: Sequence[str], tongue: str) -> str:
    """The cells of a row that were not used, as the end of a line; nothing where there are none."""
    return _UNUSED[tongue].format(", ".join(columns)) if columns else ""


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def reading(estimate: ValuationEstimate | None, model: ValuationModel | None, tongue: str) -> dict[str, Any] | None:
    """`valuation` of the interface; None where no model was ever asked.

    `average_fen` is what the average lot of that size would be worth; it is multiplied by 1 + `change` of every driver
    to the middle. An `effect` is the same as a part of the middle's logarithm.
    """
    if estimate is None or model is None:
        return None
    effects = {each["feature"]: each["effect"] / 10_000 for each in estimate.drivers}
    average = effects.pop("average_lot", None)
    return {
        "low_fen": estimate.low_fen,
        "mid_fen": estimate.mid_fen,
        "high_fen": estimate.high_fen,
        "coverage": estimate.coverage_mille / 1000,
        "comparables": estimate.comparables,
        "average_fen": None if average is None else round(math.exp(average) / 100) * 100,
        "drivers": [
            {"feature": name, "effect": effect, "change": round(math.expm1(effect), 4), "name": named(name, tongue)}
            for name, effect in effects.items()
        ],
        "abstained": abstained(estimate.abstained, estimate.abstained_facts, tongue) if estimate.abstained else None,
        "abstained_code": estimate.abstained,
        "model_id": model.id,
        "trained_at": iso(model.trained_at),
        "estimated_at": iso(estimate.at),
        "prices": model.prices,
        "detail": said_of(model.prices, tongue),
    }


def said_of(prices: str, tongue: str) -> str:
    """What an estimate is, and what prices it was learned from."""
    return f"{ORIENTATION[tongue]}{'' if tongue == 'zh' else ' '}{PRICES[prices][tongue]}"


def card(model: ValuationModel, tongue: str) -> dict[str, Any]:
    """A model card as JSON values. `shortfalls`: in what it was worse than the model in force when it was trained;
    `detail` and `limits`: what its estimates are and are not, in sentences."""
    return {
        "id": model.id,
        "trained_at": iso(model.trained_at),
        "file_sha256": model.file_sha256,
        "put_in_force": model.in_force,
        "shortfalls": model.shortfalls,
        "card": model.card,
        "detail": said_of(model.prices, tongue),
        "limits": list(LIMITS[tongue]),
    }


def behind(model: ValuationModel, tongue: str) -> str:
    """In what a model was worse than the one in force when it was trained, and whether it took its place."""
    told = ("、" if tongue == "zh" else ", ").join(_SHORTFALLS[each][tongue] for each in model.shortfalls)
    return (_FORCED if model.in_force else _NOT_IN_FORCE)[tongue].format(told)


def card_lines(card: Mapping[str, Any], tongue: str) -> list[str]:
    """A model card as lines for a terminal."""
    data, errors, plain = card["data"], card["errors"], card["ridge"]
    lines = [
        f"{card['asset_type']}  {data['name']}  sha256 {data['sha256']}",
        f"rows {data['rows']}  refused {data['refused']}  groups {data['groups']}  cells unread {data['cells_unread']}",
        "split: {folds} folds of whole groups ({group}), seed {seed}".format_map(card["split"]),
        f"MAPE {_share(errors['mape'])} (ridge alone {_share(plain['mape'])}), median {_share(errors['median'])}",
        f"coverage of the {_share(card['promised'])} interval {_share(errors['coverage'])}; by fifth of price "
        + " ".join(_share(each) for each in errors["coverage_by_fifth"]),
        "MAPE by fifth of price " + " ".join(_share(each) for each in errors["mape_by_fifth"]),
    ]
    if card["known_groups"]:
        lines.append(f"known groups: MAPE {_share(card['known_groups']['mape'])}")
    return [*lines, PRICES[data["prices"]][tongue], *LIMITS[tongue]]


def _share(part: float) -> str:
    return f"{part:.1%}"

"""Documents as PDF: the confirmation of a sale, letters; set with typst. Data goes in as JSON and comes out as text.

PDF/A-2b with embedded fonts, tagged. The same document gives the same bytes: its date is that of the sale, not of the
printing. A character that no font at hand has cannot stand in an archival file; such a document is made as plain PDF.
"""

import json
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import typst

from auction.kernel.clock import SHANGHAI, parse
from auction.kernel.money import yuan
from auction.rules.calendar import midnight

_TEMPLATES = Path(__file__).resolve().parent / "templates" / "documents"
FONT_PACKAGE = "noto_cjk_sans_otc"
FONT_FILE = "NotoSansCJK-Regular.ttc"

_ROUNDS = {
    "first": "第一次拍卖（一拍） First auction",
    "second": "第二次拍卖（二拍） Second auction",
    "sell_off": "变卖 Sell-off",
}
_ASSET_TYPES = {
    "real_estate": "不动产 Real estate",
    "vehicle": "机动车 Vehicle",
    "machinery": "机器设备 Machinery",
    "equity": "股权 Equity",
    "land_use_right": "土地使用权 Land use right",
    "intellectual_property": "知识产权 Intellectual property",
    "receivable": "债权 Receivable",
    "goods": "货物 Goods",
    "vessel": "船舶 Vessel",
    "other": "其他 Other",
}
_ID_TYPES = {
    "resident_id": "居民身份证 Resident identity card",
    "uscc": "统一社会信用代码 Unified social credit code",
    "passport": "护照 Passport",
}


def confirmation_pdf(document: dict[str, Any]) -> bytes:
    """The PDF of a document made by `bidding.rules.confirmation.confirmation_document`.

    Takes some milliseconds of processor time (the first call about a hundred); the last few are remembered.
    """
    return set_in("confirmation", _view(document), parse(document["closed_at"]))


def letter_pdf(letter: Mapping[str, Any], day: date) -> bytes:
    """The PDF of a letter of that Shanghai day: `court title title_en case_number paragraphs wording sandbox`."""
    view = {
        **letter,
        "day": f"{day.year}年{day.month}月{day.day}日",
        "sandbox": "沙盒演示 SANDBOX" if letter["sandbox"] else None,
        "paragraphs": [paragraph.split("\n") for paragraph in letter["paragraphs"]],
    }
    return set_in("letter", view, midnight(day))


def set_in(template: str, view: Mapping[str, Any], at: datetime) -> bytes:
    """The PDF of a view in a template, dated `at`. The last few are remembered."""
    return _rendered(template, json.dumps(_plain(view), ensure_ascii=False, sort_keys=True), int(at.timestamp()))


@lru_cache(maxsize=64)
def _rendered(template: str, view: str, timestamp: int) -> bytes:
    try:
        return _compiled(template, view, timestamp, ["a-2b"])
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        return _compiled(template, view, timestamp, [])


def _compiled(template: str, view: str, timestamp: int, standards: list[Any]) -> bytes:
    made = typst.compile(
        str(_TEMPLATES / f"{template}.typ"),
        root=str(_TEMPLATES),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"view": view},
        pdf_standards=standards,
        timestamp=timestamp,
    )
    if not isinstance(made, bytes):
        raise TypeError("a document is one file")
    return made


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """The CJK font of the installed package, and the fonts typst brings along; never the machine's own."""
    with as_file(files(FONT_PACKAGE).joinpath(FONT_FILE)) as font:
        return typst.Fonts(include_system_fonts=False, font_paths=[str(font.parent)])


def _view(document: dict[str, Any]) -> dict[str, Any]:
    """The document as the template wants it: labels, and values as text in reading order."""
    return {
        "title": document["title"],
        "court": document["court"]["name"],
        "case_number": document["case_number"],
        "keywords": [document["auction_id"], document["bidder_code"]],
        "sandbox": "沙盒演示 SANDBOX" if document["sandbox"] else None,
        "price": {
            "zh": "成交价",
            "en": "Hammer price",
            "figures": f"¥{yuan(document['price_fen'])}",
            "words": document["price_words"],
        },
        "revoked": _revoked(document),
        "sections": [
            {"title": {"zh": "买受人", "en": "Buyer"}, "rows": _buyer_rows(document)},
            {"title": {"zh": "标的物与竞价", "en": "Lot and bidding"}, "rows": _lot_rows(document)},
            {"title": {"zh": "价款交付", "en": "Payment of the price"}, "rows": _money_rows(document)},
            {"title": {"zh": "验证", "en": "Verification"}, "rows": _proof_rows(document)},
        ],
        "notes_title": {"zh": "说明与法律依据", "en": "Notes and legal basis"},
        "source": _source(document),
        "notes": [_note_view(note) for note in document["notes"] if not (_is_revoked(document) and _asks(note))],
        "footer": f"{document['title']['zh']} · {document['case_number']} · {document['bidder_code']}",
    }


def _is_revoked(document: dict[str, Any]) -> bool:
    return bool(document.get("revoked"))


def _asks(note: dict[str, Any]) -> bool:
    """Whether a note asks for the price, or says what follows where it is not paid (OJA 23 to 25)."""
    code: str = note["basis"]["code"]
    return code.split(" ")[1].startswith(("23", "24", "25"))


def _revoked(document: dict[str, Any]) -> dict[str, str] | None:
    if not _is_revoked(document):
        return None
    at = moment_said(document["revoked"]["at"])
    return {
        "zh": f"本次拍卖已于 {at} 被法院撤销，本确认书不再有效，不再要求交付尾款。",
        "en": "The court has revoked this sale: this confirmation is no longer valid, and no balance is asked for.",
    }


def _row(zh: str, en: str, *values: str, mono: bool = False, note: str | None = None) -> dict[str, Any]:
    return {"zh": zh, "en": en, "values": list(values), "mono": mono, "note": note}


def _buyer_rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    joint = len(document["buyers"]) > 1
    rows = []
    for number, buyer in enumerate(document["buyers"], start=1):
        zh, en = ("买受人", "Buyer") if not joint else (f"共同买受人{number}", f"Joint buyer {number}")
        rows.append(_person_row(zh, en, buyer))
    if document["agent"] is not None:
        rows.append(_person_row("代理人", "Agent", document["agent"]))
    code = document["bidder_code"]
    if document["rank"] is not None:
        code += f"（优先购买权人，第{document['rank']}顺位 Preferential purchaser, rank {document['rank']}）"
    return [*rows, _row("竞买代码", "Bidder code", code)]


def _person_row(zh: str, en: str, person: dict[str, Any]) -> dict[str, Any]:
    share = f"份额 Share {person['share']}" if person["share"] else None
    number = f"{_ID_TYPES.get(person['id_type'], person['id_type'])} {person['id_number']}"
    return _row(zh, en, person["name"], note=" · ".join(part for part in (number, share) if part))


def _lot_rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    lot = document["lot"]
    return [
        _row("标的物", "Lot", lot["title"], note=_ASSET_TYPES.get(lot["asset_type"], lot["asset_type"])),
        _row("所在地", "Address", lot["address"]),
        _row("拍卖阶段", "Round", _ROUNDS.get(document["round"], document["round"])),
        _row(
            "竞价结束时间",
            "Bidding closed at",
            moment_said(document["closed_at"]),
            note=f"有效出价 Bids {document['bids']} · 延时 Extensions {document['extensions']}",
        ),
    ]


def _money_rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [_row("保证金", "Deposit", f"¥{yuan(document['deposit_fen'])}", note="充抵价款 Counts toward the price")]
    if not document["deposit_fen"]:
        rows = [_row("保证金", "Deposit", "免交 Exempt", note="申请执行人以债权抵交 Creditor of the case")]
    if _is_revoked(document):
        return rows
    if not document["balance_fen"]:
        return [*rows, _row("尾款", "Balance", "¥0", note="价款已全额预交 The price was prepaid in full")]
    # Confirmations made before the field was there do not tell.
    note = "暂定，当年假日安排尚未公布 Provisional" if document.get("provisional") else None
    return [
        *rows,
        _row("尾款", "Balance", f"¥{yuan(document['balance_fen'])}"),
        _row("尾款交付期限", "Balance due by", moment_said(document["balance_due_at"]), note=note),
    ]


def _proof_rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [_row("公示封存", "Disclosure seal", document["seal"], mono=True)]
    entry, checkpoint = document["entry"], document["checkpoint"]
    if entry is not None:
        place = f"{entry['stream']} #{entry['number']}"
        rows.append(_row("流水记录", "Journal entry", entry["hash"], mono=True, note=place))
    if checkpoint is not None:
        place = f"{checkpoint['origin']} · {checkpoint['size']}"
        rows.append(_row("日志检查点", "Log checkpoint", checkpoint["root"], mono=True, note=place))
    return [*rows, _row("规则集", "Ruleset", document["ruleset"])]


def _source(document: dict[str, Any]) -> str:
    """The instrument that the notes cite, said once: `《…》 · OJA: …`."""
    basis = document["notes"][0]["basis"]
    title, mark, _ = basis["zh"].partition("》")
    code, english = basis["code"].split(" ")[0], basis["en"].partition(", article")[0]
    return f"{title}{mark} · {code}: {english}"


def _note_view(note: dict[str, Any]) -> dict[str, str]:
    basis = note["basis"]
    return {
        "zh": note["zh"],
        "en": note["en"],
        "basis_zh": basis["zh"].rpartition("》")[2],
        "basis_en": basis["code"],
    }


def moment_said(text: str) -> str:
    """A moment in Beijing time, to the millisecond where it has one."""
    local: datetime = parse(text).astimezone(SHANGHAI)
    fraction = f".{local.microsecond // 1000:03d}" if local.microsecond else ""
    return f"{local:%Y-%m-%d %H:%M:%S}{fraction}（北京时间 UTC+8）"


def _plain(value: Any) -> Any:
    """Text as it may stand on paper: one line, without control characters and without marks that turn it around."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if not isinstance(value, str):
        return value
    kept = (" " if unicodedata.category(mark) in ("Cc", "Zl", "Zp") else mark for mark in value)
    shown = (mark for mark in kept if unicodedata.category(mark) not in ("Cf", "Cs"))
    return " ".join("".join(shown).split(" "))

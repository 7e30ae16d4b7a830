"""What the templates of a lot show, made from what the queries answer: words, ratios, the next step of the reader."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from flask import url_for

from auction.kernel.money import yuan
from auction.models import Auction
from auction.rules.access import Actor, decide
from auction.rules.lot import Round
from auction.rules.ruleset import from_data
from bidding.models import Registration
from bidding.queries.auctions import has_ended, status_at
from bidding.queries.editions import Edition
from bidding.queries.lot_page import LotPage, Revision, SheetFacts
from bidding.services.registration import closed_to
from disclosure.queries.sheets import FileFacts
from disclosure.rules.catalogue import Catalogue, Field, Item, Scalar
from disclosure.rules.diff import ItemChange
from disclosure.rules.sheet import ItemFacts, Sheet, is_asked, is_restricted

from . import labels
from .language import _, language, local, percent, plural, size

_WEIGHTS = {"defects": "wait", "acceptance": "wait", "deposit_not_returned": "out"}
_KINDS = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP", "video/mp4": "MP4"}


def view(page: LotPage, now: datetime, actor: Actor | None, own: Registration | None) -> dict[str, Any]:
    """Everything `lot/lot.html` needs."""
    files = [file_view(page.lot.id, file) for file in page.sheet.files.values()]
    sheet = sheet_view(page.sheet, page.lot.id)
    return {
        **heading(page, now),
        "contact": _contact(page),
        "registrations": page.registrations,
        "terms": _terms(page),
        "texts": texts(page.announcement),
        "editions": [edition_view(one) for one in reversed(page.editions)],
        "special": special_notices(page.announcement),
        "suspension": page.auction.suspension,
        "withdrawn_because": page.withdrawn_because,
        "sheet": sheet,
        "revisions": [_revision_view(page.sheet.catalogue, one, page.editions) for one in page.revisions],
        "files": files,
        "photos": _photos(files, sheet["items"], page.lot.title),
        "films": [file for file in files if file["is_film"]],
        "reference": page.reference,
        "preferential": _preferential(page),
        "notices": page.notices,
        "rounds": [round_view(one, now) for one in page.rounds],
        "bids": page.bids,
        "first_is_leader": page.auction.leader_code is not None,
        "my_code": own.bidder_code if own else None,
        "actions": actions(page.auction, now, actor, own),
        "may_object": actor is None or decide(actor, "objection.file") is None,
    }


def heading(page: LotPage, now: datetime) -> dict[str, Any]:
    """The lot and the round as the head of every page of a lot names them."""
    return {
        "lot": {
            "id": page.lot.id,
            "title": page.lot.title,
            "asset_type": page.lot.asset_type,
            "region": page.lot.region,
            "address": page.lot.address,
            "case_number": page.case_number,
            "court_code": page.court.code,
            "court_name": page.court.name,
        },
        "auction": round_view(page.auction, now),
        "now": now,
    }


def round_view(auction: Auction, now: datetime) -> dict[str, Any]:
    """A round with the words and ratios shown beside its numbers."""
    status, ended = status_at(auction, now), has_ended(auction, now)
    running = status == "open" and not ended
    shown = auction.price_fen or auction.reserve_price_fen
    countdown = auction.closes_at if running else auction.opens_at if status == "announced" else None
    return {
        "id": auction.id,
        "round": auction.round,
        "status": status,
        "version": auction.version,
        "ended": ended,
        "paused": status == "suspended" and not ended,
        "price_fen": auction.price_fen,
        "shown_fen": shown,
        "reserve_price_fen": auction.reserve_price_fen,
        "reference_price_fen": auction.reference_price_fen,
        "deposit_fen": auction.deposit_fen,
        "increment_fen": auction.increment_fen,
        "minimum_fen": auction.price_fen + auction.increment_fen if auction.price_fen else auction.reserve_price_fen,
        "ratio": percent(shown, auction.reference_price_fen),
        "reserve_ratio": percent(auction.reserve_price_fen, auction.reference_price_fen),
        "price_label": price_label(status, auction.price_fen, auction.round),
        "reserve_label": reserve_label(auction.round),
        "deposit_label": deposit_label(auction.round),
        "leader_label": leader_label(status, auction.leader_code),
        "countdown": countdown,
        "countdown_label": _("距结束") if running else _("距开拍"),
        "countdown_short": _("剩") if running else _("距开拍"),
        "end_label": _("已截止，结果确认中") if status == "open" and ended else _("结束时间"),
        "leader_code": auction.leader_code,
        "leader_rank": auction.leader_rank,
        "bid_count": auction.bid_count,
        "lapsed_seq": auction.lapsed_seq,
        "extensions": auction.extensions,
        "opens_at": auction.opens_at,
        "closes_at": auction.closes_at,
        "announced_at": auction.announced_at,
        "late_reason": auction.late_reason,
        "late_reason_text": auction.late_reason_text,
        "ended_reason": auction.ended_reason,
        "settlement": auction.settlement,
    }


def price_label(status: str, price_fen: int | None, round_: str) -> str:
    """What the price on show is."""
    if status == "sold":
        return _("成交价")
    if price_fen and status in ("withdrawn", "revoked"):
        return _("最高出价")
    if price_fen:
        return _("当前价")
    return _("变卖价") if round_ == Round.SELL_OFF else _("起拍价")


def reserve_label(round_: str) -> str:
    """What the reserve of such a round is called."""
    return _("变卖价") if round_ == Round.SELL_OFF else _("起拍价（保留价）")


def deposit_label(round_: str) -> str:
    """What must be paid before bidding: a deposit, in a sell-off the whole price (PRECISIONS 19)."""
    return _("变卖预缴款（全款）") if round_ == Round.SELL_OFF else _("保证金")


def enrol_label(auction: Auction) -> str:
    """The call to register and pay, with the amount."""
    amount = yuan(auction.deposit_fen)
    if auction.round == Round.SELL_OFF:
        return _("报名预缴全款 ¥%(amount)s", amount=amount)
    return _("报名交保证金 ¥%(amount)s", amount=amount)


def contest(auction: Auction, length: timedelta) -> str | None:
    """How long a sell-off is contested once somebody has bid, in words that hold before and after; None otherwise."""
    if auction.round != Round.SELL_OFF:
        return None
    return _("首次有效出价起竞价 %(length)s，此后末段出价再延时", length=span(length))


def leader_label(status: str, code: str | None) -> str:
    """Who leads or has bought; empty where nobody does."""
    if not code or status not in ("announced", "open", "suspended", "sold"):
        return ""
    return _("买受人代码 %(code)s", code=code) if status == "sold" else _("%(code)s 领先", code=code)


def _contact(page: LotPage) -> Mapping[str, Any]:
    facts = page.sheet.sheet.found("court_contact")
    return facts.data if facts else {}


def _terms(page: LotPage) -> list[tuple[str, str]]:
    auction = page.auction
    ruleset = from_data(page.ruleset) if page.ruleset else None
    rows = [
        (reserve_label(auction.round), f"¥{yuan(auction.reserve_price_fen)}"),
        (_("处置参考价"), f"¥{yuan(auction.reference_price_fen)}" if auction.reference_price_fen else "—"),
        (deposit_label(auction.round), f"¥{yuan(auction.deposit_fen)}"),
        (_("增价幅度"), _("¥%(amount)s 的整数倍", amount=yuan(auction.increment_fen))),
        (_("轮次"), str(labels.ROUND[auction.round])),
        (_("开拍时间"), local(auction.opens_at)),
        (
            _("变卖期") if auction.round == Round.SELL_OFF else _("竞价周期"),
            span(auction.scheduled_closes_at - auction.opens_at),
        ),
    ]
    if ruleset:
        contested = contest(auction, ruleset.span("sell_off_contest"))
        rows += [(_("变卖竞价"), contested)] if contested else []
        window, length = span(ruleset.span("extension_window")), span(ruleset.span("extension_length"))
        rows.append((_("延时"), _("末 %(window)s内出价，延至出价后 %(length)s", window=window, length=length)))
    held = page.sheet.sheet.found("preferential_purchasers") is not None
    rows += [
        (_("优先购买权人"), _("有") if held else _("无")),
        (_("购买资格"), _("有限制，见特别提示") if is_restricted(page.sheet.sheet) else _("无特别限制")),
        (_("贷款支持"), _("有，见调查情况表") if page.sheet.sheet.found("loan") else _("未载明")),
        (_("尾款期限"), plural("成交后 %(num)s 日内", auction.balance_days)),
        (_("报名截止"), _("竞价结束前")),
    ]
    return rows


def span(length: timedelta) -> str:
    """A length in the unit that fits it: days, hours, minutes."""
    minutes = int(length.total_seconds() // 60)
    if minutes >= 2 * 1440 and minutes % 1440 == 0:
        return plural("%(num)s 天", minutes // 1440)
    if minutes >= 60 and minutes % 60 == 0:
        return plural("%(num)s 小时", minutes // 60)
    return plural("%(num)s 分钟", minutes)


def texts(publication: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Announcement and bidder notice as they were published, in the page's language; the Chinese text is official."""
    tongue = language()
    return [
        {
            "title": title,
            "heading": writing["heading"][tongue],
            "parts": [
                {
                    "title": section["heading"][tongue],
                    "paragraphs": [paragraph[tongue] for paragraph in section["paragraphs"]],
                }
                for section in writing["sections"]
            ],
        }
        for title, writing in (
            (_("拍卖公告（全文）"), (publication or {}).get("announcement")),
            (_("竞买须知（全文）"), (publication or {}).get("bidder_notice")),
        )
        if writing
    ]


def edition_view(edition: Edition) -> dict[str, Any]:
    """An edition of the texts, and what it changed against the one before, in the page's language."""
    tongue = language()
    parts = {
        "announcement": _("拍卖公告"),
        "bidder_notice": _("竞买须知"),
        "special_notices": _("特别提示"),
    }
    titles = _notice_titles()
    return {
        "number": edition.number,
        "written_at": edition.written_at,
        "replaced_at": edition.replaced_at,
        "changes": [
            {
                "title": f"{parts[one.part]}·{one.heading[tongue] if one.heading else titles.get(one.code, one.code)}",
                "before": one.before[tongue] if one.before else "",
                "after": one.after[tongue] if one.after else "",
            }
            for one in edition.changes
        ],
    }


def _notice_titles() -> dict[str, str]:
    """What each of the seven special notices is about."""
    return {
        "capacity": _("竞买人资格"),
        "agency": _("委托竞买须先经法院确认"),
        "defects": _("已知瑕疵和权利负担"),
        "as_it_stands": _("以实物现状为准"),
        "acceptance": _("接受一切已知和未知瑕疵"),
        "identity_published": _("成交后公示买受人身份"),
        "deposit_not_returned": _("悔拍的后果"),
    }


def special_notices(publication: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The seven special notices (OJA 14), each with the colour its weight asks for."""
    tongue, titles = language(), _notice_titles()
    return [
        {
            "title": titles.get(notice["code"], notice["code"]),
            "text": notice[tongue],
            "basis": notice["basis"][tongue],
            "kind": _WEIGHTS.get(notice["code"], "info"),
        }
        for notice in (publication or {}).get("special_notices", [])
    ]


def file_view(lot_id: str, file: FileFacts) -> dict[str, Any]:
    """An attachment with its address and its size in words."""
    return {
        "id": file.id,
        "filename": file.filename,
        "kind": _KINDS.get(file.media_type, file.media_type),
        "is_photo": file.media_type.startswith("image/"),
        "is_film": file.media_type.startswith("video/"),
        "size_text": size(file.size),
        "sha256": file.sha256,
        "href": f"/api/v1/lots/{lot_id}/attachments/{file.id}",
    }


def is_shown(item: Item, sheet: Sheet) -> bool:
    """Whether a sheet's page has a row for an item: stated, asked for, or one that every lot of the kind may have."""
    return sheet.get(item.code) is not None or is_asked(item, sheet) or item.when is None


def _photos(files: list[dict[str, Any]], items: list[dict[str, Any]], title: str) -> list[dict[str, Any]]:
    """The photos, each with what it shows in words: the item of the sheet it proves, and the lot."""
    proves = {file["sha256"]: item["title"] for item in items for file in item["files"]}
    photos = [file for file in files if file["is_photo"]]
    return [
        photo | {"alt": _("照片 %(n)s：%(title)s", n=n, title="·".join([title, *_of(proves.get(photo["sha256"]))]))}
        for n, photo in enumerate(photos, 1)
    ]


def _of(item: str | None) -> list[str]:
    return [item] if item else []


def sheet_view(facts: SheetFacts, lot_id: str) -> dict[str, Any]:
    """The sheet, item by item in the order of the catalogue; what nobody checked is said to be unchecked."""
    items = [
        _item_view(item, facts.sheet.get(item.code), lot_id, facts.files)
        for item in facts.catalogue.items
        if is_shown(item, facts.sheet)
    ]
    changes = None
    if facts.changes:
        changes = {"since": facts.against, "items": changes_view(facts.catalogue, facts.changes)}
    return {"version": facts.version, "seal": facts.seal, "at": facts.at, "items": items, "changes": changes}


def changes_view(catalogue: Catalogue, changes: Iterable[ItemChange]) -> list[dict[str, Any]]:
    """Those changes that say something to a reader: what is stated, and everything material."""
    shown = [change for change in changes if change.field in ("state", "statement") or change.material]
    return [_change_view(catalogue, change) for change in shown]


def _revision_view(catalogue: Catalogue, revision: Revision, editions: Iterable[Edition]) -> dict[str, Any]:
    """A revision of the sheet; `texts`: the edition of announcement and notices that was written with it."""
    texts = next((new for old, new in pairwise(editions) if old.until_version == revision.version - 1), None)
    return {
        "texts": edition_view(texts) if texts else None,
        "version": revision.version,
        "since": revision.version - 1,
        "at": revision.at,
        "material": revision.material,
        "seal": revision.seal,
        "changes": changes_view(catalogue, revision.changes),
    }


def _item_view(item: Item, facts: ItemFacts | None, lot_id: str, files: Mapping[str, FileFacts]) -> dict[str, Any]:
    attached = [files[file.sha256] for file in facts.attachments if file.sha256 in files] if facts else []
    return {
        "code": item.code,
        "title": in_language(item),
        "state": facts.state if facts else "missing",
        "statement": facts.statement if facts else "",
        "data": list(_data_view(item, facts)) if facts else [],
        "source": facts.source if facts else "",
        "checker": facts.checker if facts else "",
        "checked_on": facts.checked_on if facts else None,
        "files": [file_view(lot_id, file) for file in attached],
    }


def in_language(named: Item | Field) -> str:
    """The title of an item or field in the page's language."""
    return named.title_en if language() == "en" else named.title


def field_title(spec: Field) -> str:
    """A field's title beside its value: amounts are shown in yuan, so their title names no fen."""
    return in_language(spec).replace("（分）", "").replace(" (fen)", "")


def _data_view(item: Item, facts: ItemFacts) -> Iterator[tuple[str, str]]:
    for spec in item.fields:
        value = facts.data.get(spec.name)
        if value not in (None, ""):
            yield field_title(spec), field_text(spec, value)


def field_text(spec: Field, value: Scalar) -> str:
    """A field's value as a person reads it."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if spec.type == "choice":
        found = next((choice for choice in spec.choices if choice.code == value), None)
        return (found.en if language() == "en" else found.zh) if found else str(value)
    if spec.name.endswith("_fen") and isinstance(value, int):
        return f"¥{yuan(value)}"
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() else str(value)
    return str(value)


def _change_view(catalogue: Catalogue, change: ItemChange) -> dict[str, Any]:
    item = catalogue.find(change.code)
    title = in_language(item) if item else change.code
    spec = item.field(change.field.removeprefix("data.")) if item and change.field.startswith("data.") else None
    if spec:
        title = f"{title}·{field_title(spec)}"

    def shown(value: Any) -> str:
        if value is None:
            return _("（空）")
        if change.field == "state":
            return str(labels.ITEM_STATE.get(value, value))
        if isinstance(value, tuple):
            return "、".join(digest[:8] for digest in value) or _("（空）")
        return field_text(spec, value) if spec else str(value)

    return {
        "title": title,
        "before": shown(change.before),
        "after": shown(change.after),
        "material": change.material,
        "worse": change.worse,
        "unclear": change.unclear,
    }


def _preferential(page: LotPage) -> dict[str, Any]:
    facts = page.sheet.sheet.get("preferential_purchasers")
    return {"holders": bool(facts and facts.state == "found"), "statement": facts.statement if facts else ""}


def actions(auction: Auction, now: datetime, actor: Actor | None, own: Registration | None) -> list[dict[str, Any]]:
    """What the reader can do next, the main thing first: `{label, href, quiet, note}`."""
    room = {"label": _("进入竞价室"), "href": url_for("room.show", auction_id=auction.id)}
    status = auction.status
    if status == "sold":
        return [{"label": _("成交确认书"), "href": url_for("site.confirmation", auction_id=auction.id)}]
    if status not in ("announced", "open", "suspended") or (status != "suspended" and now >= auction.closes_at):
        return []
    if actor is not None and actor.role not in ("bidder", "party"):
        return [{**room, "label": _("旁观竞价室")}]
    if own is None or own.status == "released":
        if closed_to(auction, "self", now) is not None:
            return [{**room, "label": _("旁观竞价室")}]
        enrol = {
            "label": enrol_label(auction),
            "short": _("报名"),
            "href": url_for("enrol.apply", auction_id=auction.id),
        }
        return [enrol, {**room, "quiet": True}]
    return [*_own_actions(auction, own, room)]


def _own_actions(auction: Auction, own: Registration, room: dict[str, Any]) -> Iterator[dict[str, Any]]:
    page = url_for("enrol.show", registration_id=own.id)
    if own.status == "awaiting_deposit":
        yield {"label": _("交纳保证金"), "href": page, "note": _("已报名，待交保证金。")}
        yield {**room, "quiet": True}
    elif own.status == "awaiting_court":
        yield {**room, "note": _("已报名，待法院确认。")}
        yield {"label": _("我的报名"), "href": page, "quiet": True}
    elif own.status == "refused":
        yield {"label": _("查看报名结果"), "href": page, "quiet": True, "note": _("您的报名未通过。")}
    elif own.seal != auction.seal:
        yield {"label": _("确认新版情况表"), "href": page, "note": _("情况表已更新，确认后才能出价。")}
        yield {**room, "quiet": True}
    else:
        yield {**room, "note": _("您已取得竞买资格，代码 %(code)s。", code=own.bidder_code)}

"""What the bid room shows: the reader's own standing, and the words its script needs in the page's language."""

from datetime import datetime
from typing import Any

from flask import url_for

from auction.kernel.money import yuan
from auction.models import Auction
from auction.rules.access import Actor
from bidding.models import Registration
from bidding.queries.room_page import RoomPage

from .. import errors
from . import labels
from .course_view import course_view, course_words
from .forms import fault_sentence
from .language import _, language, local
from .lot_view import contest, enrol_label, round_view
from .refusals import refusal_sentence

_FAULTS = ("amount_invalid", "below_reserve", "below_minimum", "not_whole_increment")


def room_view(page: RoomPage, now: datetime, actor: Actor | None, typed: dict[str, Any]) -> dict[str, Any]:
    """Everything `room/room.html` needs."""
    auction = round_view(page.auction, now)
    far = page.rules.implausible_multiple * page.room.reference_fen if page.room.reference_fen else None
    return {
        "lot": page.lot,
        "auction": auction,
        "now": now,
        "bids": page.bids,
        "course": course_view(page),
        "first_is_leader": page.auction.leader_code is not None,
        "me": _me(page, auction, actor),
        "own": own_state(page, auction, now),
        "stopped": stopped(page, auction),
        "contest": contest(page.auction, page.rules.contest),
        "form": typed,
        "receipt": page.receipt,
        "limits": {"increments": page.rules.implausible_increments, "above_fen": int(far) if far else None},
        "words": words(page),
    }


def _me(page: RoomPage, auction: dict[str, Any], actor: Actor | None) -> dict[str, Any]:
    own = page.registration
    live = auction["status"] in ("announced", "open") and not auction["ended"]
    qualified = own is not None and own.status == "qualified" and own.seal == page.auction.seal
    return {
        "code": own.bidder_code if own else None,
        "rank": own.rank if own else None,
        "has_bid": _has_bid(page),
        "can_bid": qualified and live and own is not None and own.barred is None,
        "minimum_fen": page.minimum_fen,
        "checks": _checks(page, own, live) if own else [],
        "action": _action(page, own, actor, live),
    }


def _has_bid(page: RoomPage) -> bool:
    """Whether the reader has bid, and not only what fell with a change of the sheet."""
    if page.registration is None or not page.registration.has_bid:
        return False
    return page.receipt is None or page.receipt.seq > page.auction.lapsed_seq


def stopped(page: RoomPage, auction: dict[str, Any]) -> dict[str, str] | None:
    """What stands in the place of the countdown while nothing is counted down: `{label, text, reason}`, else None."""
    status = auction["status"]
    if status == "suspended":
        return {
            "label": _("竞价状态"),
            "text": str(labels.STATUS[status]),
            "reason": (page.auction.suspension or {}).get("reason", ""),
        }
    if status in ("withdrawn", "revoked"):
        return {"label": _("竞价状态"), "text": str(labels.STATUS[status]), "reason": ""}
    if auction["countdown"] is None:
        return {"label": auction["end_label"], "text": local(page.auction.closes_at, "clock"), "reason": ""}
    return None


def _checks(page: RoomPage, own: Registration, live: bool) -> list[dict[str, Any]]:
    """What a bidder must have done to bid; afterwards only where the deposit is."""
    mine = url_for("enrol.show", registration_id=own.id)
    if own.status in ("released", "forfeited"):
        amount = yuan(own.deposit_due_fen)
        back = own.status == "released"
        text = (
            _("保证金 ¥%(amount)s 已退还或正在退还", amount=amount)
            if back
            else _("保证金 ¥%(amount)s 不予退还", amount=amount)
        )
        return [{"ok": back, "text": text, "href": mine, "action": _("查看")}]
    if not live and own.status in ("refused", "awaiting_court", "awaiting_deposit"):
        return []
    paid = own.status in ("qualified", "applied")
    deposit = yuan(own.deposit_due_fen)
    current = own.seal == page.auction.seal
    checks: list[dict[str, Any]] = [
        {
            "ok": paid,
            "text": _("保证金 ¥%(amount)s 已到账", amount=deposit) if paid else _("保证金 ¥%(amount)s", amount=deposit),
            "href": None if paid else mine,
            "action": _("交纳"),
        }
    ]
    if live or current:
        checks.append(
            {
                "ok": current,
                "text": _("已确认现行情况表") if current else _("情况表已更新"),
                "href": None if current else mine,
                "action": _("查看并确认"),
            }
        )
    if own.claim_status == "approved" and own.rank:
        checks.append({"ok": True, "text": _("优先购买权人，顺位 %(n)s", n=own.rank)})
    elif own.claim_status == "pending":
        checks.append({"ok": False, "text": _("主张待法院确认，先按普通竞买人出价")})
    return checks


def _action(page: RoomPage, own: Registration | None, actor: Actor | None, live: bool) -> dict[str, Any] | None:
    """What stands in the place of the bid field for somebody who cannot bid."""
    if not live or (actor is not None and actor.role not in ("bidder", "party")):
        return None
    apply = url_for("enrol.apply", auction_id=page.auction.id)
    if own is None or own.status == "released":
        return {
            "title": _("报名后出价"),
            "text": _("竞价结束前都可以报名。须作出承诺、确认情况表并交纳保证金。"),
            "href": apply,
            "label": enrol_label(page.auction),
        }
    mine = url_for("enrol.show", registration_id=own.id)
    if own.status == "awaiting_deposit":
        return {
            "title": _("交纳保证金后出价"),
            "text": _("您已报名，保证金到账后即取得竞买代码。"),
            "href": mine,
            "label": _("交纳保证金"),
        }
    if own.status == "qualified" and own.seal != page.auction.seal:
        return {
            "title": _("须先确认新版情况表"),
            "text": errors.sentence("stale_disclosure", {}, language()),
            "href": mine,
            "label": _("查看差异并确认"),
        }
    code = own.refusal or own.barred or "deposit_unpaid"
    text = refusal_sentence(code, own.id, own.created_at if own.refusal else None)
    return {"title": _("您不能出价"), "text": text, "href": mine, "label": _("我的报名")}


def own_state(page: RoomPage, auction: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The state of the reader as the page is made; scripts keep it up to date by the same words."""
    own, status = page.registration, auction["status"]
    mine = own is not None and own.bidder_code is not None and own.bidder_code == auction["leader_code"]
    has_bid = _has_bid(page)
    if status in ("suspended", "unsold"):
        how = status
    elif status in ("withdrawn", "revoked"):
        how = "stopped"
    elif status == "sold":
        how = "won" if mine else "lost" if has_bid else "sold"
    elif now < page.auction.opens_at:
        how = "waiting"
    elif auction["ended"]:
        how = "ended"
    elif mine:
        how = "leading"
    elif has_bid:
        how = "outbid"
    else:
        how = "none" if own is not None and own.status == "qualified" else "watching"
    kind, sign, head, text, *_rest = standing_words(page)[how]
    facts = {
        "price": yuan(auction["shown_fen"]),
        "least": yuan(page.minimum_fen),
        "time": local(page.auction.opens_at),
        "reason": (page.auction.suspension or {}).get("reason", ""),
    }
    filled = [part.format(**facts) for part in (head, text)]
    return {"how": how, "kind": kind, "sign": sign, "head": filled[0], "text": filled[1], "short": filled[0]}


def standing_words(page: RoomPage) -> dict[str, list[Any]]:
    """How somebody stands: colour, sign, headline, sentence, and a link where there is a next step."""
    own, auction_id = page.registration, page.auction.id
    confirmation = [_("成交确认书"), url_for("site.confirmation", auction_id=auction_id)]
    reload = [_("刷新（不用脚本）"), url_for("room.show", auction_id=auction_id)]
    mine = [_("付款与手续"), url_for("enrol.show", registration_id=own.id)] if own else confirmation
    enrolled = [_("我的报名"), mine[1]] if own else confirmation
    again = "not_before" in (page.auction.suspension or {})
    lost = _("成交价 ¥{price}。保证金将按规定的时限原路退还。")
    if own is not None and own.status == "released":
        lost = _("成交价 ¥{price}。您的保证金已退还或正在退还。")
    return {
        "waiting": ["info", "clock", _("尚未开拍"), _("{time} 开始竞价。")],
        "none": ["info", "clock", _("您还没有出价"), _("最低可出 ¥{least}。")],
        "watching": ["info", "clock", _("您在旁观"), _("报名并交纳保证金后才能出价。")],
        "leading": ["lead", "check", _("您领先"), _("您的出价是当前最高价。")],
        "outbid": ["out", "up", _("已被超越"), _("当前价 ¥{price}，最低可出 ¥{least}。")],
        "ended": ["wait", "clock", _("竞价已截止"), _("正在确认结果，请稍候。")],
        "won": ["lead", "check", _("竞买成功"), _("成交价 ¥{price}。请按公告的期限付清尾款。"), mine],
        "lost": ["info", "stop", _("您未竞得"), lost, enrolled],
        "sold": ["info", "check", _("已成交"), _("成交价 ¥{price}。"), confirmation],
        "disconnected": ["wait", "offline", _("连接中断，正在重连"), _("下面是 {time} 的价格，可能已变。"), reload],
        "offline": ["wait", "offline", _("网络已断开"), _("恢复后立即重连。下面是 {time} 的价格，可能已变。")],
        "unsold": ["info", "stop", _("本场已流拍"), _("竞价期内无人出价。")],
        "suspended": [
            "info",
            "pause",
            _("竞价已中止"),
            _("{reason}。恢复前另行公告。") if again else _("{reason} 次序与价格保留，恢复前另行公告。"),
        ],
        "stopped": ["info", "stop", _("本场拍卖已撤回或撤销"), _("已交的保证金将按规定的时限退还。")],
    }


def words(page: RoomPage) -> dict[str, Any]:
    """Every word the room's script may say."""
    tongue, auction_id = language(), page.auction.id
    own = page.registration
    review = url_for("enrol.show", registration_id=own.id) if own else url_for("site.auction", auction_id=auction_id)
    return {
        "units": [_("天"), _("时"), _("分"), _("秒")],
        "price": _("当前价"),
        "reserve": _("起拍价"),
        "soldFor": _("成交价"),
        "highest": _("最高出价"),
        "buyer": _("买受人代码 {code}"),
        "leads": _("{code} 领先"),
        "ratio": _("参考价的 {percent}%·"),
        "bids": _("{n} 次出价"),
        "extended": _("已延时 {n} 次"),
        "until": _("至 {time}"),
        "version": _("第 {n} 版"),
        "toOpen": _("距开拍"),
        "toClose": _("距结束"),
        "endedAt": _("结束时间"),
        "confirming": _("已截止，结果确认中"),
        "condition": _("竞价状态"),
        "status": {code: str(labels.STATUS[code]) for code in ("suspended", "withdrawn", "revoked")},
        "spelled": tongue == "zh",
        "connected": _("连接正常"),
        "trip": _("{ms} 毫秒"),
        "connecting": _("正在连接"),
        "disconnected": _("连接中断，正在重连·{time} 的价格，可能已变"),
        "noNetwork": _("网络已断开·{time} 的价格，可能已变"),
        "offline": _("断线"),
        "leading": _("领先"),
        "passed": _("出局"),
        "lapsed": _("已失效"),
        "sold": _("成交"),
        "you": _("您"),
        "rank": _("优先 {n}"),
        "saidBid": _("{code} 出价 {price} 元"),
        "saidEnd": _("已延时，结束时间改为 {time}"),
        "bid": _("出价 ¥{amount}"),
        "raise": _("仍要提高到 ¥{amount}"),
        "busy": _("等待服务器答复"),
        "closed": _("现在不能出价"),
        "lost": _("断线，暂时不能出价"),
        "withoutLine": _("不用实时连接出价"),
        "go": _("去出价"),
        "firstBid": _("目前无人出价，这是第一口。"),
        "above": _("当前价 ¥{price}，您高出 ¥{more}。"),
        "changed": {
            "below_minimum": _("价格已变化：现在最低可出 ¥{least}，这个金额已不够。请返回修改。"),
            "closed": _("现在不能出价。请返回。"),
        },
        **far_words(),
        "askShut": _("竞价已截止，确认窗口已关闭，这次没有出价。"),
        "tooLate": _("您的出价 ¥{amount} 没有送达，竞价已截止，不再送出。"),
        "again": _("再次送出"),
        "leave": _("放弃"),
        "review": _("查看差异并确认"),
        "reviewHref": review,
        "receiptHref": url_for("room.latest_receipt", auction_id=auction_id),
        "course": course_words(),
        "alerts": alert_words(),
        "standing": standing_words(page),
        "offer": _offer_words(),
        **_notices(review, auction_id),
        "faults": {code: fault_sentence(code) for code in _FAULTS},
    }


def far_words() -> dict[str, str]:
    """What an amount far above the price is said to risk (OJA 24, SALE 22). `farExample`: where it is above the
    reference price, with the shortfall of a resale at that price, which is an example and called one.
    """
    return {
        "far": _(
            "比当前价高 {times} 个增价幅度。悔拍的，保证金 ¥{deposit} 不予退还；"
            "重新拍卖的价款低于本价，保证金不足以弥补的，差额可能由您补交。"
        ),
        "farExample": _(
            "比当前价高 {times} 个增价幅度。悔拍的，保证金 ¥{deposit} 不予退还；"
            "重新拍卖的价款低于本价，保证金不足以弥补的，差额可能由您补交。"
            "举例：按处置参考价 ¥{reference} 重新成交，差额为 ¥{gap}，保证金弥补后还须补交 ¥{owed}。"
        ),
    }


def far_sentence(amount_fen: int, auction: Auction) -> str:
    """The same for one amount, as the page without scripts says it."""
    base, reference = auction.price_fen or auction.reserve_price_fen, auction.reference_price_fen
    gap = amount_fen - reference if reference and amount_fen > reference else 0
    return far_words()["farExample" if gap else "far"].format(
        times=(amount_fen - base) // auction.increment_fen,
        deposit=yuan(auction.deposit_fen),
        reference=yuan(reference or 0),
        gap=yuan(gap),
        owed=yuan(max(0, gap - auction.deposit_fen)),
    )


def alert_words() -> dict[str, Any]:
    """What sound and notification are about, and what choosing them says."""
    return {
        "outbid": _("已被超越：当前价 ¥{price}"),
        "soon": _("距结束不到 5 分钟"),
        "won": _("竞买成功：成交价 ¥{price}"),
        "over": _("竞价已结束"),
        "denied": _("浏览器不允许本站发送通知，请在浏览器设置中更改。"),
    }


def _notices(review: str, auction_id: str) -> dict[str, Any]:
    """What takes the place of the own standing until it is dealt with, with the way to do so."""
    return {
        "disclosed": {
            "kind": "info",
            "icon": "clock",
            "head": _("情况表已更新"),
            "text": _("看过差异并确认后才能继续出价。"),
            "actions": [{"label": _("查看差异并确认"), "href": review}],
        },
        "signedOut": {
            "kind": "wait",
            "icon": "offline",
            "head": _("登录已失效"),
            "text": _("请重新登录后出价。"),
            "actions": [
                {
                    "label": _("登录"),
                    "href": url_for("people.login", next=url_for("room.show", auction_id=auction_id)),
                }
            ],
        },
    }


def _offer_words() -> dict[str, list[str]]:
    """The course of one's own bid."""
    changed = ["out", "up", _("价格已变化，请重新确认"), ""]
    return {
        "sent": ["wait", "clock", _("已送出，正在确认"), _("请勿重复出价。确认后以凭证为准。")],
        "unsure": ["wait", "offline", _("结果确认中"), _("连接曾中断，正在向服务器查询您的出价 ¥{amount}。")],
        "offline": [
            "wait",
            "offline",
            _("网络已断开"),
            _("您的出价 ¥{amount} 还没有结果。网络恢复后立即向服务器查询，请勿重复出价。"),
        ],
        "unsent": [
            "wait",
            "offline",
            _("服务器没有收到这次出价"),
            _("¥{amount} 没有送达。再次送出的是同一出价，只会计一次。"),
        ],
        "accepted": ["lead", "check", _("出价成功，您领先"), _("¥{price}·{time}·凭证已签发")],
        "refused": ["out", "stop", _("出价未被接受"), ""],
        "below_minimum": changed,
        "below_reserve": changed,
        "equal_not_preferred": changed,
        "stale": ["info", "clock", _("须先确认新版情况表"), ""],
    }

"""What is mine, as its page shows it: what is to be done next, the clock of each refund, the papers of a sale."""

from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from auction.kernel.money import yuan
from auction.rules.published_holidays import due_as_published
from bidding.models import Bid, Payment, Registration
from bidding.queries.mine import Own

from . import labels
from .language import _, local
from .lot_view import round_view

_BADGES = {"qualified": "ok", "awaiting_deposit": "warn", "awaiting_court": "warn", "refused": "stop", "applied": "ok"}
_RUNNING = ("announced", "open")


def card(row: Own, now: datetime) -> dict[str, Any]:
    """One registration on the page of what is mine."""
    registration, auction = row.registration, round_view(row.auction, now)
    leads = registration.bidder_code is not None and registration.bidder_code == auction["leader_code"]
    live = row.live and auction["status"] in _RUNNING and not auction["ended"]
    return {
        "row": row,
        "view": auction,
        "standing": standing(row),
        "badge": _BADGES.get(registration.status, ""),
        "leads": leads,
        "live_room": live and registration.status == "qualified",
        "next": _next(row, auction, leads=leads),
        "links": _links(row, auction),
        "money": _money(row, now),
    }


def standing(row: Own) -> str:
    """How a registration stands, in a word or two. One that is over says whether it lost or was left."""
    registration = row.registration
    if registration.status != "released" or registration.refusal:
        return str(labels.REGISTRATION[registration.status])
    if not row.stayed:
        return _("已退出")
    lost = row.auction.status in ("sold", "revoked") and registration.bidder_code is not None
    words = _("未竞得") if lost else str(labels.REGISTRATION["released"])
    deposit = row.payment("deposit")
    refund = row.refunds.get(deposit.id) if deposit else None
    if refund is None:
        return words
    back = _("保证金已退") if refund["refunded_at"] else _("保证金退还中")
    return f"{words}·{back}"


def must_confirm(row: Own, auction: dict[str, Any]) -> bool:
    """Whether a changed sheet stands between the bidder and his next bid; after the end there is no next bid."""
    return row.live and not row.current and not auction["ended"]


def _links(row: Own, auction: dict[str, Any]) -> list[dict[str, Any]]:
    registration = row.registration
    page, links = url_for("enrol.show", registration_id=registration.id), []
    if registration.status == "awaiting_deposit":
        links.append({"label": _("交纳保证金"), "href": page, "main": True})
    elif must_confirm(row, auction):
        links.append({"label": _("确认新版情况表"), "href": page, "main": True})
    elif row.buyer:
        links.append({"label": _("付款与手续"), "href": page, "main": True})
    if row.buyer:
        confirmation = url_for("site.confirmation", auction_id=row.auction.id)
        links.append({"label": _("成交确认书"), "href": confirmation, "main": False})
    return links


def _next(row: Own, auction: dict[str, Any], *, leads: bool) -> str:
    """What is to be done next, or what is waited for; empty where nothing is."""
    registration, status = row.registration, auction["status"]
    if row.buyer:
        return _after_sale(row)
    if registration.status == "refused":
        return _("报名未通过，理由见报名页面。")
    if not row.live:
        waits = any(not refund["refunded_at"] for refund in row.refunds.values())
        return _("等待退款。") if waits else ""
    if auction["ended"] and status in _RUNNING:
        return _("竞价已截止，等待结果。")
    if status == "suspended":
        return _("拍卖已暂停，等待法院恢复；恢复时有消息。")
    return _before_end(registration, row, status, leads=leads)


def _before_end(registration: Registration, row: Own, status: str, *, leads: bool) -> str:
    if not row.current:
        return _("情况表已变更：查看并确认，或者退出报名；未确认前不能出价。")
    if registration.status == "awaiting_deposit":
        return _("交纳保证金 ¥%(amount)s，竞价结束前到账有效。", amount=yuan(registration.deposit_due_fen))
    if registration.status == "awaiting_court":
        return _("等待法院审核；未在开拍前确认的，报名终止，已交款项退还。")
    if status == "announced":
        return _("等待 %(time)s 开拍，届时以竞买代码出价。", time=local(row.auction.opens_at))
    if leads:
        return _("您领先；被超越时有消息。")
    return _("已被超越，可以再次出价。") if registration.has_bid else _("可以出价。")


def _after_sale(row: Own) -> str:
    auction = row.auction
    return {
        "balance_due": _("付清尾款，逾期可能被认定悔拍。"),
        "overdue": _("尾款已逾期，请立即付清。"),
        "paid": _("价款已付清，等待法院作出成交裁定。"),
        "ruled": _("成交裁定已作出，等待交付。"),
        "handed_over": _("交付完毕。"),
        "reneged": _("已认定悔拍，可以提出异议。"),
    }.get(auction.settlement or "", "")


def _money(row: Own, now: datetime) -> list[dict[str, Any]]:
    """Each refund with its clock (`until`, while it runs), then what is owed."""
    lines: list[dict[str, Any]] = []
    for payment in row.payments:
        refund = row.refunds.get(payment.id)
        if refund is None:
            continue
        amount, due_at, what = yuan(payment.refund_fen or payment.amount_fen), payment.refund_due_at, _what(payment)
        if refund["refunded_at"]:
            text = _(
                "%(what)s ¥%(amount)s 已于 %(time)s 退还", what=what, amount=amount, time=local(refund["refunded_at"])
            )
            lines.append({"kind": "grn", "text": text, "receipt": refund["receipt_sha256"]})
        elif refund["overdue"] and due_at is not None:
            late = max(1, (now - due_at) // timedelta(hours=1))
            text = _(
                "%(what)s ¥%(amount)s 应于 %(time)s 前退还，已逾期 %(hours)s 小时，监管人员可见",
                what=what,
                amount=amount,
                time=local(refund["due_at"]),
                hours=late,
            )
            lines.append({"kind": "red", "text": text})
        else:
            text = _(
                "%(what)s ¥%(amount)s 退款中，应于 %(time)s 前退还",
                what=what,
                amount=amount,
                time=local(refund["due_at"]),
            )
            lines.append({"kind": "amb", "text": text, "until": due_at})
    if row.auction.settlement in ("balance_due", "overdue") and row.buyer and row.auction.balance_due_at:
        text = _(
            "尾款 ¥%(amount)s，不迟于 %(time)s",
            amount=yuan(row.owed_fen),
            time=local(due_as_published(row.auction.balance_due_at)),
        )
        lines.append({"kind": "red" if row.auction.settlement == "overdue" else "amb", "text": text})
    return lines


def _what(payment: Payment) -> str:
    """What went back: money that never counted is not taken for the deposit."""
    if payment.purpose not in ("excess", "rest") and payment.paid_at is None:
        return str(labels.STRAY.get(payment.status, _("未计入的付款")))
    return str(labels.PURPOSE.get(payment.purpose, payment.purpose))


def documents(row: Own, bids: list[Bid]) -> list[dict[str, str]]:
    """The papers of a registration: the confirmation and the result where there are, and the receipts of its bids."""
    auction, found = row.auction, []
    if row.leads and auction.status in ("sold", "revoked"):
        found.append({"label": _("成交确认书"), "href": url_for("site.confirmation", auction_id=auction.id)})
        pdf = url_for("site.confirmation_file", auction_id=auction.id)
        found.append({"label": _("成交确认书（PDF）"), "href": pdf})
    found += [
        {"label": _("成交裁定（%(day)s）", day=step.on), "href": url_for("site.auction", auction_id=auction.id)}
        for step in row.steps
        if step.code == "ruling"
    ]
    if auction.status in ("sold", "unsold", "withdrawn", "revoked"):
        found.append({"label": _("签名的拍卖结果"), "href": f"/api/v1/auctions/{auction.id}/result"})
    return found + [
        {
            "label": _("出价凭证：第 %(seq)s 次，¥%(amount)s", seq=bid.seq, amount=yuan(bid.amount_fen)),
            "href": f"/api/v1/bids/{bid.id}/receipt",
        }
        for bid in bids
    ]

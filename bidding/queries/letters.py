"""The letters of a sale, written from what is stored: to whom, about which round, of which sale."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import SHANGHAI
from auction.kernel.errors import DomainError, invalid
from auction.kernel.money import in_words, yuan
from auction.models import (
    Account,
    Auction,
    Case,
    Court,
    JournalRow,
    LetterTemplate,
    Lot,
    Notice,
    PanelMember,
    Party,
    Person,
    ReferencePrice,
    Taking,
)
from auction.queries.proposals import recipient_of
from auction.queries.unsold import taken_by
from auction.rules.access import COURT_ROLES, Actor, require
from auction.rules.calendar import shanghai_day
from auction.rules.lot import AssetType
from auction.rules.notices import service_of
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import Ruleset
from disclosure.queries.sheets import lot_named
from disclosure.rules.announcement import METHODS, PLATFORM
from disclosure.rules.letters import Letter, filled, letters

from ..models import AfterSaleStep, Confirmation, Registration
from ..rules.handover import RULING, Way
from .handover import days_of, owner_sale, way_of
from .minutes import ANNOUNCEMENT, Decision, Vote, decisions_of

_ROUNDS = {"first": "第一次拍卖", "second": "第二次拍卖", "sell_off": "变卖"}
_ROLES = {
    "applicant": "申请执行人",
    "debtor": "被执行人",
    "secured_creditor": "担保物权人",
    "preferential": "优先购买权人",
    "co_owner": "共有人",
    "lessee": "承租人",
    "other": "其他",
}
#: The steps of a handover, as its record says them.
STEPS_IN_LETTERS = {
    "ruling_served": "送达裁定",
    "unsealed": "解除查封",
    "notice_served": "协助执行通知书送达登记机构",
    "clearing_notice": "张贴腾空公告",
    "cleared": "腾空",
    "cleared_by_force": "强制腾空",
    "keys": "移交钥匙、资料",
    "registered": "办理过户登记",
    "handed_over": "交付完毕",
}
#: What a panel decides on, as its minutes say it.
_MATTERS = {
    ANNOUNCEMENT: "拍卖方案和调查情况表，是否公告",
    "sheet_change": "公告后情况表的重要变更",
    "revocation": "撤销拍卖",
    "sale_objection": "对拍卖的异议的裁定",
}
_WAYS = {"withdrawal": "撤回拍卖，重新公告", "supplement": "补充公示"}
#: The panel's word on a change no machine can tell, and on an objection.
_WORSE = {True: "，认定对买受人更为不利", False: "，认定对买受人不更为不利"}
_ANSWERS = {True: "异议成立", False: "驳回异议"}
_YES = "是"
_RULED = ("ruled", "handed_over")
#: The letters that are made for whoever gets the lot.
_RULINGS = ("closing_ruling", "taking_ruling")
#: Where the buyer of the debtor's own sale is named, whom the court does not know.
_BLANK = "＿＿＿＿＿＿＿＿"


@dataclass(frozen=True, slots=True)
class Wording:
    """The wording a court uses: its own version, or 0 for the shipped one."""

    letter: Letter
    version: int
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which letter of a lot: to which recipient (its place in the list of notices), about which round, of which
    decision of its panel (the latest where it is left out)."""

    kind: str
    recipient: int | None = None
    auction_id: str | None = None
    decision: str | None = None


def wordings(session: Session, court_code: str) -> dict[str, Wording]:
    """Every letter of a court as it is worded now."""
    rows = session.scalars(
        select(LetterTemplate).where(LetterTemplate.court_code == court_code).order_by(LetterTemplate.version)
    )
    own = {row.kind: row for row in rows}
    found = {}
    for kind, letter in letters().items():
        row = own.get(kind)
        adapted = row is not None and bool(row.text)
        version = row.version if row is not None and adapted else 0
        text = row.text if row is not None and adapted else letter.text
        found[kind] = Wording(letter, version, text, row.at if row is not None else None)
    return found


def letter(
    session: Session, actor: Actor, lot_id: str, asked: Asked, ruleset: Ruleset, now: datetime
) -> dict[str, Any]:
    """A letter ready to be set, for the lot's own court, a ruling for its buyer or taker too: what `letter_pdf` takes
    but for `sandbox`.

    DomainError forbidden for a letter addressed to somebody else, not_found for a lot, letter or round there is not;
    invalid on `recipient`; wrong_state before there is a round, or a ruling, that the letter tells of.
    """
    if actor.role not in COURT_ROLES and not _is_addressed(session, actor.person_id, lot_id, asked):
        raise DomainError("forbidden")
    lot = lot_named(session, lot_id)
    require(actor, "letter.read", court=lot.court_code)
    wording = wordings(session, lot.court_code).get(asked.kind)
    if wording is None:
        raise DomainError("not_found")
    court, case = session.get_one(Court, lot.court_code), session.get_one(Case, lot.case_id)
    values = {
        "court": court.name,
        "case_number": case.number,
        "lot_title": lot.title,
        "address": lot.address,
        "platform": PLATFORM,
        "today": _day(shanghai_day(now)),
    }
    asks = wording.letter.asks
    if "recipient" in asks:
        values |= _recipient(session, lot, asked.recipient, ruleset)
    if asks & {"taking", "own_sale"}:
        auction = _came_by(session, lot, asked.auction_id, (Way.TAKING, Way.OWN_SALE), "not_disposed")
        values |= _round(session, auction)
        values |= _taking(session, auction) if "taking" in asks else _own_sale(session, auction)
    if "handover" in asks:
        auction = _came_by(session, lot, asked.auction_id, tuple(Way), "not_ruled")
        values |= _round(session, auction) | _handed(session, auction)
    if asks & {"round", "sale"}:
        auction = _auction(session, lot, asked.auction_id)
        values |= _round(session, auction)
        if "sale" in asks:
            values |= _sale(session, auction)
        if "decision" in asks:
            values |= _decided(session, auction, asked.decision)
    version = f"第{wording.version}版" if wording.version else "通用文本"
    return {
        "court": court.name,
        "title": wording.letter.title,
        "title_en": wording.letter.title_en,
        "case_number": case.number,
        "paragraphs": filled(wording.text, values),
        "wording": f"{wording.letter.title} · {version}",
        "wording_version": wording.version,
        "recipient_role": row.role if (row := _noticed(session, lot, asked.recipient)) else None,
    }


def _is_addressed(session: Session, person_id: str | None, lot_id: str, asked: Asked) -> bool:
    """Whether a letter is the ruling that was made for this person: on a sale its buyer, on a taking its taker."""
    if person_id is None or asked.kind not in _RULINGS:
        return False
    if asked.kind == "closing_ruling":
        rounds = (
            select(Auction.id)
            .join(Registration, Registration.id == Auction.leader_registration_id)
            .where(Auction.lot_id == lot_id, Auction.status == "sold", Auction.settlement.in_(_RULED))
            .where(Registration.person_id == person_id)
        )
    else:
        rounds = (
            select(Taking.auction_id)
            .join(Party, Party.id == Taking.party_id)
            .join(Person, Person.id_match == Party.id_match)
            .where(Taking.lot_id == lot_id, Taking.status == "ruled", Person.id == person_id, Person.verified)
        )
    own = session.scalars(rounds).all()
    return bool(own) and asked.auction_id in (None, *own)


def _noticed(session: Session, lot: Lot, position: int | None) -> Notice | None:
    return session.get(Notice, (lot.id, position)) if position is not None else None


@dataclass(frozen=True, slots=True)
class Printed:
    """A letter that was printed: when and by whom, which, for whom (the role), in what version of its wording."""

    at: datetime
    by: str
    kind: str
    role: str | None
    version: int


def printed_letters(session: Session, lot_id: str) -> list[Printed]:
    """Every printing of a letter of a lot, the latest first; the caller decides who may see it."""
    rows = select(JournalRow.at, JournalRow.entry).where(
        JournalRow.stream == f"lot:{lot_id}", JournalRow.kind == "LetterPrinted"
    )
    printed = session.execute(rows.order_by(JournalRow.number.desc()))
    found = [(at, orjson.loads(entry)["body"]) for at, entry in printed]
    people = select(Account.id, Account.display_name).where(Account.id.in_({body["by"] for _, body in found}))
    names = {row.id: row.display_name for row in session.execute(people)}
    return [Printed(at, names[body["by"]], body["kind"], body["role"], body["version"]) for at, body in found]


def _recipient(session: Session, lot: Lot, position: int | None, ruleset: Ruleset) -> Mapping[str, str]:
    row = _noticed(session, lot, position)
    if row is None:
        raise invalid("recipient", "required" if position is None else "unknown", value=position)
    served = service_of(recipient_of(row), AssetType(lot.asset_type), ruleset, published_calendar(ruleset))
    shareholder = row.role == "preferential" and lot.asset_type == "equity"
    return {
        "recipient": row.name,
        "recipient_role": _ROLES[row.role],
        "is_secured_creditor": _YES if row.role == "secured_creditor" else "",
        "is_lessee": _YES if row.role == "lessee" else "",
        "is_shareholder": _YES if shareholder else "",
        "answer_until": _day(shanghai_day(served.open_from) - timedelta(days=1)) if served.open_from else "",
    }


def _auction(session: Session, lot: Lot, auction_id: str | None) -> Auction:
    rows = select(Auction).where(Auction.lot_id == lot.id).order_by(Auction.created_at.desc(), Auction.id.desc())
    if auction_id is not None:
        rows = rows.where(Auction.id == auction_id)
    found = session.scalars(rows.limit(1)).first()
    if found is None and auction_id is not None:
        raise DomainError("not_found")
    if found is None:
        raise DomainError("wrong_state", reason="not_drafted")
    return found


def _round(session: Session, auction: Auction) -> dict[str, str]:
    price = session.get(ReferencePrice, auction.lot_id)
    reference = auction.reference_price_fen or (price.amount_fen if price else None)
    return {
        "round": _ROUNDS[auction.round],
        "reference_price": _money(reference),
        "reserve_price": _money(auction.reserve_price_fen),
        "deposit": _money(auction.deposit_fen),
        "increment": _money(auction.increment_fen),
        "opens_at": _moment(auction.opens_at),
        "closes_at": _moment(auction.closes_at),
        "balance_days": str(auction.balance_days),
    }


def _sale(session: Session, auction: Auction) -> dict[str, str]:
    confirmed = session.get(Confirmation, auction.id)
    if auction.status != "sold" or auction.settlement not in _RULED or confirmed is None:
        raise DomainError("wrong_state", reason="not_ruled")
    ruling = days_of(session, auction.id).get(RULING)
    return {
        "buyer": "、".join(buyer["name"] for buyer in confirmed.document["buyers"]),
        "price": _money(auction.price_fen),
        "ruled_on": _day(ruling) if ruling else "",
        "handover_steps": _steps(session, auction),
    }


def _decided(session: Session, auction: Auction, decision_id: str | None) -> dict[str, str]:
    known = decisions_of(session, auction)
    if decision_id is not None:
        known = [one for one in known if one.id == decision_id]
    if not known:
        raise DomainError("wrong_state", reason="not_decided") if decision_id is None else DomainError("not_found")
    decision = known[-1]
    return {
        "panel": "、".join(_members(session, auction, decision)),
        "matter": _MATTERS[decision.kind],
        "proposed": _way(decision.proposal),
        "votes": "\n\n".join(_voted(vote) for vote in decision.votes),
        "outcome": "合议庭过半数同意" if decision.approved else "未获合议庭过半数同意",
        "decided_on": _moment(decision.decided_at),
    }


def _way(proposal: Mapping[str, Any]) -> str:
    """What the panel was asked to do, where its matter leaves a choice."""
    if "reserve_price_fen" in proposal:
        return _terms_decided(proposal)
    if "accept" in proposal:
        return _ANSWERS[proposal["accept"]]
    if "choice" not in proposal:
        return ""
    return _WAYS[proposal["choice"]] + _WORSE.get(proposal["for_the_worse"], "")


def _terms_decided(told: Mapping[str, Any]) -> str:
    """What OJA 27 has the panel decide, with what it rests on."""
    price = told.get("reference_price_fen")
    lines = [
        f"起拍价{_money(told['reserve_price_fen'])}",
        f"加价幅度{_money(told['increment_fen'])}",
        f"保证金{_money(told['deposit_fen'])}",
        f"优先购买权人及顺位：{told['first_buyers'] or '无'}",
        *([f"定价依据：{METHODS[told['price_method']].zh}，处置参考价{_money(price)}"] if price else []),
    ]
    return "；".join(lines)


def _members(session: Session, auction: Auction, decision: Decision) -> list[str]:
    if decision.kind == "sale_objection":  # other judges than the sale's own decide on it
        return list(decision.panel) or [vote.name for vote in decision.votes]
    seats = (
        select(Account.display_name)
        .join(PanelMember, PanelMember.account_id == Account.id)
        .where(PanelMember.auction_id == auction.id)
        .order_by(PanelMember.position)
    )
    return list(session.scalars(seats))


def _voted(vote: Vote) -> str:
    if vote.approve is None or vote.at is None:
        return f"{vote.name}：未表决。"
    said = "提请，同意" if vote.proposed else "同意" if vote.approve else "不同意"
    return f"{vote.name}：{said}。理由：{vote.reason}（{_moment(vote.at)}）"


def _handed(session: Session, auction: Auction) -> dict[str, str]:
    """What a record of the handover tells of a sale, a taking or the debtor's own sale, whichever it was."""
    told = {"taker": "", "debtor": "", "sold_on": "", "ruled_on": "", "handover_steps": _steps(session, auction)}
    way = way_of(session, auction)
    if way is Way.OWN_SALE:
        return told | {"buyer": _BLANK} | _own_sale(session, auction)
    if way is Way.SALE:
        return told | _sale(session, auction)
    taking, taken = taken_by(session, auction.id), _taking(session, auction)
    if taking is None or taking.status != "ruled":
        raise DomainError("wrong_state", reason="not_ruled")
    return told | {"buyer": taken["taker"], "ruled_on": taken["taking_ruled_on"]} | taken


def _steps(session: Session, auction: Auction) -> str:
    rows = select(AfterSaleStep).where(AfterSaleStep.auction_id == auction.id, AfterSaleStep.code != RULING)
    return "；".join(_told(step) for step in session.scalars(rows.order_by(AfterSaleStep.on, AfterSaleStep.at)))


def _told(step: AfterSaleStep) -> str:
    parts = (step.on.isoformat(), STEPS_IN_LETTERS.get(step.code, ""), step.detail.get("detail", ""))
    return " ".join(part for part in parts if part)


def _came_by(session: Session, lot: Lot, auction_id: str | None, ways: Collection[Way], reason: str) -> Auction:
    """The round by which somebody came to the lot in one of these ways; DomainError not_found, wrong_state/`reason`."""
    rounds = select(Auction).where(Auction.lot_id == lot.id).order_by(Auction.created_at.desc(), Auction.id.desc())
    known = list(session.scalars(rounds))
    if auction_id is not None and auction_id not in {one.id for one in known}:
        raise DomainError("not_found")
    for auction in known:
        if auction_id in (None, auction.id) and way_of(session, auction) in ways:
            return auction
    raise DomainError("wrong_state", reason=reason)


def _taking(session: Session, auction: Auction) -> dict[str, str]:
    taking = taken_by(session, auction.id)
    if taking is None or taking.status not in ("taken", "ruled"):
        raise DomainError("wrong_state", reason="not_disposed")
    ruled = days_of(session, auction.id).get(RULING)
    return {
        "taker": session.get_one(Party, taking.party_id).name,
        "price": _money(taking.price_fen),
        "claim": _money(taking.claim_fen),
        "difference": _money(taking.difference_fen),
        "taking_ruled_on": _day(ruled) if ruled else "",
    }


def _own_sale(session: Session, auction: Auction) -> dict[str, str]:
    sale = owner_sale(session, auction)
    if sale is None or sale.ended_at is None:
        raise DomainError("wrong_state", reason="not_disposed")
    debtors = select(Party.name).where(Party.case_id == auction.lot.case_id, Party.role == "debtor")
    return {
        "debtor": "、".join(session.scalars(debtors.order_by(Party.position))),
        "price": _money(sale.price_fen),
        "sold_on": _day(shanghai_day(sale.ended_at)),
    }


def _money(fen: int | None) -> str:
    return f"{in_words(fen)}（¥{yuan(fen)}）" if fen else ""


def _moment(at: datetime) -> str:
    here = at.astimezone(SHANGHAI)
    return f"{here.year}年{here.month}月{here.day}日{here:%H:%M}"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"

"""The protocol of a sale on paper: what an evidence package tells, in Chinese, for people who read no JSON.

Made of the lines of the journal and of nothing else but the names of lot, court and case: codes stand for bidders.
The same package gives the same bytes: it is dated by its last line.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from auction.kernel.clock import parse
from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.money import yuan

from .documents import moment_said, set_in
from .journal_words import said_kind
from .pages.labels import ASSET_TYPE, NOTICE_STATUS, REVOCATION, ROUND, SETTLEMENT, STATUS, SUSPENSION, WITHDRAWAL

Line = Mapping[str, Any]
_OFFERS = ("BidAccepted", "BidRefused")
_REFUSED: Mapping[str, str] = {
    "not_open": "拍卖未在进行",
    "not_started": "竞价尚未开始",
    "closed": "竞价已结束",
    "suspended": "拍卖暂缓或中止期间",
    "not_registered": "未报名或者报名已终止",
    "deposit_unpaid": "保证金未到账",
    "barred_interest": "依法不得参加竞买",
    "barred_reneger": "悔拍人不得参加再次拍卖",
    "barred_sanction": "处罚决定限制竞买",
    "stale_disclosure": "未确认现行调查情况表",
    "below_reserve": "低于起拍价",
    "not_whole_increment": "不是增价幅度的整数倍",
    "already_leading": "领先者未确认提高自己的出价",
    "equal_not_preferred": "顺位不优于领先者，同价不成立",
    "below_minimum": "低于当前价加一个增价幅度",
    "implausible_amount": "金额异常且未再次确认",
    "amount_invalid": "金额无法识别",
    "rate_limited": "操作过于频繁",
}
_POSTED: Mapping[str, str] = {
    "deposit_received": "收到保证金",
    "deposit_released": "保证金应退",
    "deposit_refunded": "退还保证金",
    "deposit_applied": "保证金抵作价款",
    "deposit_forfeited": "没收保证金",
    "excess_released": "债权人多交部分应退",
    "excess_refunded": "退还债权人多交部分",
    "stray_received": "收到不能计入的款项",
    "stray_refunded": "退还不能计入的款项",
    "balance_received": "收到尾款",
    "balance_released": "尾款应退",
    "balance_refunded": "退还尾款",
    "rest_released": "预交余额应退",
    "rest_refunded": "退还预交余额",
    "forfeit_reversed": "冲回没收",
    "application_reversed": "冲回抵作价款",
    "costs_covered": "冲抵费用损失",
    "shortfall_covered": "冲抵差价",
    "case_debt_covered": "冲抵本案债务",
    "related_debt_covered": "冲抵与标的有关的债务",
    "top_up_received": "收到补差款",
    "top_up_to_costs": "补差款抵费用",
    "top_up_to_shortfall": "补差款抵差价",
    "difference_received": "收到抵债差价",
    "difference_released": "抵债差价应退",
    "difference_refunded": "退还抵债差价",
    "own_sale_received": "收到自行变卖价款",
}
_ACCOUNTS: Mapping[str, str] = {
    "bank_clearing": "银行往来",
    "deposit_held": "在管保证金",
    "refund_due": "应退款",
    "court_price": "法院价款",
    "court_forfeit": "没收保证金",
    "court_top_up": "补差款",
    "court_costs": "费用损失",
    "court_shortfall": "差价",
    "case_debt": "本案债务",
    "related_debt": "与标的有关的债务",
}
#: What of an entry is said beside its kind, and how it is called.
_SAID: Mapping[str, str] = {
    "version": "版本",
    "sheet_version": "版本",
    "edition": "版次",
    "material": "重大变化",
    "kind": "种类",
    "ground": "事由",
    "reason": "理由",
    "late_reason": "逾期理由",
    "opens_at": "开始",
    "closes_at": "结束",
    "not_before": "不早于",
    "resume_by": "至迟恢复",
    "first_seq": "首次失效出价",
    "last_seq": "末次失效出价",
    "status": "状态",
    "price_fen": "价款",
    "bidder_code": "竞买代码",
    "bids": "出价次数",
    "extensions": "延时次数",
    "balance_fen": "尾款",
    "balance_due_at": "尾款期限",
    "forfeited_fen": "没收保证金",
    "rank": "顺位",
    "amount_fen": "金额",
    "valid_until": "有效期至",
    "approve": "同意",
}
_WORDS: Mapping[str, Mapping[str, Any]] = {
    "status": STATUS,
    "kind": SUSPENSION,
    "ground": {**WITHDRAWAL, **REVOCATION},
}
#: Told in parts of their own.
_ELSEWHERE = {*_OFFERS, "BidderQualified", "OffersTurnedAway", "VoteGiven", "NoticesRecorded"}
#: What is no step of the sale.
_NOISE = {"SheetItemWritten", "FileKept", "AlertRaised"}


def protocol_pdf(told: Mapping[str, Any], *, sandbox: bool = False) -> bytes:
    """The PDF of what `bidding.evidence` hands a printer: auction, sheet, confirmation, protocol, checkpoint, key_id,
    and after the end the ledger."""
    auction, lines = told["auction"], told["protocol"]["lines"]
    parts = [
        _lot(auction),
        _terms(auction),
        _sheet(told["sheet"], auction),
        _announced(auction, lines),
        _votes(lines),
        _registered(lines),
        _offers(lines),
        _turned_away(lines),
        _course(lines),
        _end(auction, told["confirmation"]),
        _ledger(told.get("ledger")),
        _proof(told),
    ]
    view = {
        "title": "网络司法拍卖笔录",
        "court": auction["court"]["name"],
        "case_number": auction["case_number"],
        "keywords": [auction["id"]],
        "sandbox": "沙盒演示" if sandbox else None,
        "parts": [part for part in parts if part["rows"] or part["cells"] or part["note"]],
        "footer": f"网络司法拍卖笔录 · {auction['case_number']} · {auction['id']}",
    }
    return set_in("protocol", view, parse(lines[-1]["at"]))


def _part(
    title: str,
    rows: Iterable[tuple[str, str]] = (),
    *,
    columns: Iterable[tuple[str, int]] = (),
    cells: Iterable[Iterable[str]] = (),
    note: str | None = None,
) -> dict[str, Any]:
    names, widths = [name for name, _ in columns], [width for _, width in columns]
    listed = [list(row) for row in cells]
    return {
        "title": title,
        "rows": [list(row) for row in rows],
        "columns": names,
        "widths": widths,
        "cells": listed,
        "note": note,
    }


def _fen(fen: int | None) -> str:
    return "无" if fen is None else f"¥{yuan(fen)}"


def _at(moment: str | None) -> str:
    return "无" if moment is None else moment_said(moment).removesuffix("（北京时间 UTC+8）")


def _place(line: Line) -> str:
    """Where in the journal: the number in the stream of the auction or of its lot."""
    stream, _, number = line["journal"].rpartition("/")
    return f"{'拍卖' if stream.startswith('auction:') else '标的'} {number}"


def _lot(auction: Mapping[str, Any]) -> dict[str, Any]:
    lot = auction["lot"]
    rows = [
        ("标的物", lot["title"]),
        ("类别", str(ASSET_TYPE.get(lot["asset_type"], lot["asset_type"]))),
        ("所在地", lot["address"]),
        ("执行法院", f"{auction['court']['name']}（{auction['court']['code']}）"),
        ("案号", auction["case_number"]),
        ("拍卖阶段", str(ROUND.get(auction["round"], auction["round"]))),
        ("拍卖编号", auction["id"]),
    ]
    again = auction["resale_of"]
    return _part(
        "一、标的与案件", rows + ([("再次拍卖，前次", again)] if again else []), note="时间均为北京时间（UTC+8）。"
    )


def _terms(auction: Mapping[str, Any]) -> dict[str, Any]:
    terms, law = auction["terms"], auction["ruleset"]
    rows = [
        ("起拍价", _fen(terms["reserve_price_fen"])),
        ("增价幅度", _fen(terms["increment_fen"])),
        ("保证金", _fen(terms["deposit_fen"])),
        ("竞价开始", _at(terms["opens_at"])),
        ("预定结束", _at(terms["closes_at"])),
        ("尾款期限", f"{terms['balance_days']} 日"),
        ("规则集", f"{law['title']['zh']}（{law['name']}，{law['dated']}）"),
        ("规则集 SHA-256", sha256_hex(canonical(law))),
    ]
    return _part("二、拍卖条件", rows)


def _sheet(sheet: Iterable[Mapping[str, Any]], auction: Mapping[str, Any]) -> dict[str, Any]:
    cells = [
        (
            str(row["version"]),
            _at(row["at"]),
            "是" if row["material"] else "否",
            f"{len(row['facts']['items'])}",
            row["seal"],
        )
        for row in sheet
    ]
    columns = (("版本", 2), ("封存时间", 6), ("重大变化", 3), ("事项", 2), ("封存值", 18))
    return _part("三、公示封存", [("现行封存值", auction["seal"] or "无")], columns=columns, cells=cells)


def _announced(auction: Mapping[str, Any], lines: Iterable[Line]) -> dict[str, Any]:
    document = auction["announcement"]
    rows = [
        ("公告时间", _at(auction["announced_at"])),
        ("公告 SHA-256", sha256_hex(canonical(document)) if document else "无"),
        ("此前公告", f"{len(auction['former_announcements'])} 版"),
    ]
    for line in lines:
        if line["kind"] == "NoticesRecorded":
            states = Counter(row["status"] for row in line["facts"].get("recipients", ()))
            said = "，".join(f"{NOTICE_STATUS.get(state, state)} {count} 人" for state, count in sorted(states.items()))
            rows.append((f"通知记录 {_at(line['at'])}", said or "无"))
    return _part("四、公告与通知", rows)


def _votes(lines: Iterable[Line]) -> dict[str, Any]:
    cells = [
        (_at(line["at"]), "同意" if line["facts"]["approve"] else "不同意", _place(line))
        for line in lines
        if line["kind"] == "VoteGiven"
    ]
    columns = (("时间", 4), ("表决", 4), ("流水", 4))
    return _part("五、合议庭表决", columns=columns, cells=cells, note="表决人和理由不在笔录中。" if cells else None)


def _registered(lines: Iterable[Line]) -> dict[str, Any]:
    kinds = Counter(line["kind"] for line in lines)
    codes = [line["facts"]["bidder_code"] for line in lines if line["kind"] == "BidderQualified"]
    rows = [("取得竞买资格", f"{len(codes)} 人"), ("竞买代码", "、".join(codes) or "无")]
    if kinds["RegistrationFiled"] or kinds["RegistrationRefused"]:
        rows.insert(0, ("报名", f"{kinds['RegistrationFiled']} 人，另不予受理 {kinds['RegistrationRefused']} 人"))
    return _part("六、报名", rows)


def _offers(lines: Iterable[Line]) -> dict[str, Any]:
    cells = []
    for line in lines:
        if line["kind"] not in _OFFERS:
            continue
        facts = line["facts"]
        code = facts.get("code")
        result = f"受理，第 {facts['seq']} 次" if code is None else f"不予受理：{_REFUSED.get(code, code)}"
        rank = "" if facts["rank"] is None else f"（第 {facts['rank']} 顺位）"
        place = line["journal"].rpartition("/")[2]
        end = _at(facts.get("closes_at"))
        cells.append(
            (place, _at(facts["received_at"]), facts["bidder_code"] + rank, _fen(facts["amount_fen"]), result, end)
        )
    columns = (("流水号", 2), ("时间", 5), ("竞买代码", 4), ("金额", 4), ("结果", 7), ("结束时间", 5))
    none = None if cells else "没有出价。"
    return _part("七、出价（受理和不予受理）", columns=columns, cells=cells, note=none)


def _turned_away(lines: Iterable[Line]) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    for line in lines:
        if line["kind"] == "OffersTurnedAway":
            counts.update(line["facts"]["codes"])
    rows = [(_REFUSED.get(code, code), f"{count} 次") for code, count in sorted(counts.items())]
    return _part("八、未受理而只计数的出价", rows)


def _course(lines: Iterable[Line]) -> dict[str, Any]:
    cells = [
        (_at(line["at"]), said_kind(line["kind"], "zh"), _details(line["facts"]), _place(line))
        for line in lines
        if line["kind"] not in _ELSEWHERE | _NOISE and not line["journal"].startswith("person:")
    ]
    columns = (("时间", 5), ("事项", 5), ("内容", 11), ("流水", 3))
    return _part("九、经过（延时见出价的结束时间）", columns=columns, cells=cells)


def _details(facts: Mapping[str, Any]) -> str:
    said = ((word, _value(name, facts.get(name))) for name, word in _SAID.items())
    return "；".join(f"{word} {value}" for word, value in said if value is not None)


def _value(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "是" if value else "否"
    if name.endswith("_fen"):
        return _fen(value)
    if name.endswith("_at") or name == "not_before":
        return _at(value)
    return str(_WORDS.get(name, {}).get(value, value))


def _end(auction: Mapping[str, Any], confirmation: Mapping[str, Any] | None) -> dict[str, Any]:
    outcome = auction["outcome"]
    rows = [
        ("状态", str(STATUS.get(outcome["status"], outcome["status"]))),
        ("价款", _fen(outcome["price_fen"])),
        ("买受人竞买代码", outcome["bidder_code"] or "无"),
        ("出价次数", f"{outcome['bids']} 次，其中失效至第 {outcome['lapsed_seq']} 次"),
        ("延时", f"{outcome['extensions']} 次"),
        ("竞价结束", _at(outcome["closes_at"])),
        ("了结", str(SETTLEMENT.get(outcome["settlement"], outcome["settlement"] or "无"))),
    ]
    if confirmation is not None:
        rows += [
            ("成交确认书", f"{confirmation['price_words']}（{_fen(confirmation['price_fen'])}）"),
            ("确认书 SHA-256", sha256_hex(canonical(confirmation))),
        ]
    rows += [
        (f"悔拍认定 {_at(row['declared_at'])}", f"没收 {_fen(row['forfeited_fen'])}") for row in auction["reneges"]
    ]
    return _part("十、结果与确认", rows)


def _ledger(ledger: Mapping[str, Any] | None) -> dict[str, Any]:
    if ledger is None:
        return _part("十一、账目", note="竞价结束前不列账目：不得据以对应竞买代码与竞买人。")
    numbers: dict[str, int] = {}

    def account(name: str) -> str:
        family, _, key = name.partition(":")
        said = _ACCOUNTS.get(family, family)
        mine = family in ("deposit_held", "refund_due")
        return f"{said} {numbers.setdefault(key, len(numbers) + 1)}" if mine else said

    cells = [
        (
            _at(posting["at"]),
            _POSTED.get(posting["kind"], posting["kind"]),
            account(posting["source"]),
            account(posting["destination"]),
            _fen(posting["amount_fen"]),
        )
        for posting in ledger["postings"]
    ]
    rows = [(account(name), _fen(fen)) for name, fen in ledger["balances"].items() if fen and name != "bank_clearing"]
    columns = (("时间", 5), ("事项", 5), ("自", 4), ("至", 4), ("金额", 4))
    note = "账户后的数字是报名的次序，不是竞买代码。上列为各账户余额，余额为零的不列。"
    return _part("十一、账目", rows, columns=columns, cells=cells, note=note)


def _proof(told: Mapping[str, Any]) -> dict[str, Any]:
    head, own = told["checkpoint"], f"auction:{told['auction']['id']}/"
    last = [line for line in told["protocol"]["lines"] if line["journal"].startswith(own)][-1]
    rows = [
        ("日志", head["origin"]),
        ("日志条目数", str(head["size"])),
        ("日志根（SHA-256）", head["root"]),
        ("公钥标识", told["key_id"]),
        ("末条流水", last["journal"]),
        ("其 SHA-256", last["hash"]),
        ("验证", "python fapai_verify.py 证据包文件夹 --key 公钥"),
        ("重放", "fapai replay 证据包文件夹"),
    ]
    note = (
        "本笔录由同一证据包的 protocol.json、auction.json、ledger.json 排印，以其为准。"
        "公钥须另行取得，不以证据包内的为准；"
        "验证程序不依赖本平台，核对签名、日志根、每条流水及其次序、出价、账目；重放以同一规则重新判断每次出价并逐项对照。"
    )
    return _part("十二、验证", rows, note=note)

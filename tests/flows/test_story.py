"""The whole story through the doors alone: command line, HTTP, sockets and time, on SQLite and on PostgreSQL.

A flat is disclosed, announced, bid for, sold, paid, ruled on and handed over; a car finds nobody in its first round and
is sold in its second. What remains is proven to an outsider.
"""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest

from tests.factories import a_resident_id, a_uscc
from tests.flows import evidence, room
from tests.flows.bidders import Bidder
from tests.flows.court import AGENCY, CAR, COURT, COURT_NAME, FLAT, YUAN, Court
from tests.flows.room import Room
from tests.flows.server import Server, wait_until

pytestmark = pytest.mark.slow

#: Staff whom the registry knows, and who belongs to them.
JUDGE_ID, VIEWER_ID, SPOUSE_ID, CHILD_ID = (a_resident_id(number) for number in (801, 802, 803, 804))
SPOUSE, CHILD = Bidder("spouse", "示例配偶", SPOUSE_ID), Bidder("child", "示例子女", CHILD_ID)
VIEWER = Bidder("viewer", "示例看样员", VIEWER_ID)
ANN = Bidder("ann", "示例张三", a_resident_id(811))
COMPANY = Bidder("company", "示例建设有限公司", a_uscc(811), "uscc")
AGENT = Bidder("agent", "示例李四", a_resident_id(812))
PRINCIPAL = Bidder("principal", "示例王五", a_resident_id(813))
LATE_AGENT = Bidder("late-agent", "示例赵六", a_resident_id(814))
CO_OWNER = Bidder("co-owner", "示例孙七", a_resident_id(815))
LESSEE = Bidder("lessee", "示例周八", a_resident_id(816))
BANK = Bidder("bank", "示例银行股份有限公司", a_uscc(812), "uscc")
UNPAID = Bidder("unpaid", "示例吴九", a_resident_id(817))
STRANGER = Bidder("stranger", "示例郑十", a_resident_id(818))
MINOR = Bidder("minor", "示例冯小", a_resident_id(820, born=date(2015, 6, 1)))
ANYBODY = Bidder("anybody", "示例冯一", a_resident_id(821))
CLAIM = 100_000 * YUAN
PARTIES: list[dict[str, Any]] = [
    {"name": BANK.name, "role": "applicant", "id_type": "uscc", "id_number": BANK.id_number, "claim_fen": CLAIM},
    {"name": "示例甲", "role": "debtor"},
    {"name": CO_OWNER.name, "role": "preferential", "id_type": "resident_id", "id_number": CO_OWNER.id_number},
    {"name": LESSEE.name, "role": "preferential", "id_type": "resident_id", "id_number": LESSEE.id_number},
]


def test_a_flat_is_disclosed_bid_for_sold_paid_and_handed_over(server: Server, tmp_path: Path) -> None:
    court = Court(server, replace(FLAT, parties=PARTIES))
    _registry(server, tmp_path)
    _announcing_is_refused_until_everything_holds(court)
    registrations = _bidders_register(court)
    codes = {
        who.username: who.registration(server, registrations[who.username])["bidder_code"]
        for who in (ANN, COMPANY, AGENT, CO_OWNER, LESSEE, BANK, CHILD)
    }
    assert len(set(codes.values())) == len(codes) and None not in codes.values()
    bidding = Room(court, codes)
    try:
        _bidding(bidding, registrations, tmp_path)
        _after_the_hammer(court, bidding, registrations)
    finally:
        bidding.leave()
    _proof(server, bidding, tmp_path)
    assert server.faults == []
    assert set(server.statuses) <= {200, 201, 401, 403, 404, 409, 422}


def test_a_car_without_a_bidder_is_relisted_and_sold_in_its_second_round(server: Server, tmp_path: Path) -> None:
    court = Court(server, CAR)
    first = court.announced()
    problem = server.refused("judge1", f"/auctions/{first}/relist", {"reason": "unsold"}, 409)
    assert problem["code"] == "wrong_state"
    server.advance_to(court.auction["closes_at"], before=timedelta(seconds=2))
    wait_until(lambda: court.auction["status"] == "unsold", "the closing")
    result = server.get(f"/auctions/{first}/result")
    assert (result["status"], result["bid_count"], result["price_fen"]) == ("unsold", 0, None)
    assert [event.get("status") for event in court.events()] == ["announced", "open", "unsold"]
    assert server.ask(None, "GET", f"/auctions/{first}/confirmation").status_code == 404
    ANYBODY.enrol(server)
    late = server.refused("anybody", f"/auctions/{first}/registrations", ANYBODY.application(server, first), 422)
    assert late["code"] == "auction_closed"

    draft = server.post("judge1", f"/auctions/{first}/relist", {"reason": "unsold"})
    assert (draft["round"], draft["status"], draft["resale_of"]) == ("second", "draft", first)
    assert draft["reserve_price_fen"] * 10 >= CAR.reserve_fen * 8 and draft["reserve_price_fen"] < CAR.reserve_fen
    assert draft["increment_fen"] == CAR.increment_fen and draft["balance_days"] == 10
    assert [seat["username"] for seat in draft["panel"]] == ["judge1", "judge2", "judge3"]
    court.auction_id = draft["id"]
    # The sheet is carried over; only the day of its statutory publication is that of the new announcement.
    catalogue = server.get("/disclosure/catalogue?asset_type=vehicle")["items"]
    publication = next(item for item in catalogue if item["code"] == "statutory_publication")
    court.write("statutory_publication", **publication["example"])
    assert court.vote()[-1] == "approved"
    second = court.announce()
    assert (second["round"], second["status"]) == ("second", "announced")

    code = _qualified(ANYBODY, court)
    bidding = Room(court, {"anybody": code})
    try:
        bidding.reserve = second["reserve_price_fen"]
        bidding.open_by_itself()
        bidding.take(ANYBODY, bidding.reserve)
        closed = bidding.close_by_itself()
        assert (closed["status"], closed["price_fen"]) == ("sold", second["reserve_price_fen"])
        bidding.check_log()
    finally:
        bidding.leave()
    rounds = [(each["round"], each["status"]) for each in server.get(f"/lots/{court.lot_id}")["auctions"]]
    assert sorted(rounds) == [("first", "unsold"), ("second", "sold")]
    key = evidence.public_key(server, tmp_path)
    evidence.check_receipts(server, bidding.bid_ids, key, tmp_path)
    for auction_id in (first, court.auction_id):
        evidence.check_package(server, tmp_path / auction_id, key, auction_id)
    evidence.audit(server.place)
    assert server.faults == []


def _registry(server: Server, folder: Path) -> None:
    """The CSV imports: a wrong row stores nothing; then the judge, his spouse, and the agency's viewer are known."""
    columns = ("body_type", "body_code", "name", "id_number", "position", "from", "to")
    judge = ("court", COURT, "示例法官甲", JUDGE_ID, "审判员", "2020-01-01", "")
    viewer = ("agency", AGENCY, VIEWER.name, VIEWER_ID, "看样员", "2021-01-01", "")
    wrong = ("court", COURT, "示例错号", JUDGE_ID[:-1] + ("1" if JUDGE_ID[-1] != "1" else "2"), "", "2020-01-01", "")
    path = _csv(folder / "staff.csv", [columns, judge, wrong])
    said = json.loads(server.place.fapai("people", "import", "staff", str(path), "--json", status=1))
    assert said["refused"][0] | {"detail": ""} == {
        "line": 3,
        "field": "id_number",
        "code": "identity_invalid",
        "detail": "",
    }
    said = json.loads(
        server.place.fapai("people", "import", "staff", str(_csv(path, [columns, judge, viewer])), "--json")
    )
    assert said == {"accepted": 2, "refused": []}
    related = [("id_number", "relative_name", "relative_id_number", "relation"), _spouse()]
    server.place.fapai("people", "import", "relatives", str(_csv(folder / "relatives.csv", related)))
    control = [("company_uscc", "company_name", "holder_id", "role", "share", "from", "to")]
    for number, firm in enumerate((COMPANY, BANK)):  # without such data a company waits for a clerk's decision
        holder = a_resident_id(830 + number)
        control.append((firm.id_number, firm.name, holder, "legal_representative", "", "2020-01-01", ""))
    server.place.fapai("people", "import", "control", str(_csv(folder / "control.csv", control)))


def _spouse() -> tuple[str, ...]:
    return (JUDGE_ID, SPOUSE.name, SPOUSE_ID, "spouse")


def _csv(path: Path, rows: Iterable[Iterable[str]]) -> Path:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    path.write_text(text.getvalue(), "utf-8")
    return path


def _announcing_is_refused_until_everything_holds(court: Court) -> None:
    server = court.server
    court.enter()
    bad_terms = {
        "opens_at": server.now() + timedelta(days=3),
        "window": timedelta(hours=2),
        "reserve_price_fen": FLAT.reference_fen // 2,
        "deposit_fen": FLAT.reference_fen // 2,
        "panel": ["judge1", "judge2"],
    }
    court.draft(**bad_terms)
    assert server.ask(None, "GET", f"/auctions/{court.auction_id}").status_code == 404
    everything = court.refused_announcement()
    assert {error["code"] for error in everything} == {
        "reference_price_expired",
        "notice_outstanding",
        "panel_incomplete",
        "disclosure_incomplete",
        "notice_too_short",
        "bidding_too_short",
        "deposit_out_of_range",
    }
    assert all(error["basis"] and error["detail"] and error["field"] for error in everything)
    required = [
        item for item in server.get("/disclosure/catalogue?asset_type=real_estate")["items"] if item["required"]
    ]
    gaps = {error["field"] for error in everything if error["code"] == "disclosure_incomplete"}
    assert gaps == {f"disclosure.{item['code']}" for item in required}
    # Two of the four parties have been forgotten: both are named, and the price now tells that the reserve is too low.
    court.price()
    court.fill()
    everybody, court.facts.parties = court.facts.parties, court.facts.parties[:2]
    court.notify()
    court.facts.parties = everybody
    left = court.refused_announcement()
    assert [error["code"] for error in left].count("notice_outstanding") == 2
    assert {error["code"] for error in left} >= {"reserve_below_floor", "panel_incomplete", "deposit_out_of_range"}
    assert "disclosure_incomplete" not in {error["code"] for error in left}
    court.notify()
    good = {name: value for name, value in court.terms().items() if name != "round"}
    changed = server.ask("judge1", "PATCH", f"/auctions/{court.auction_id}", good)
    assert changed.status_code == 200, changed.text
    only_votes = court.refused_announcement()
    assert [error["code"] for error in only_votes] == ["panel_incomplete"]
    assert court.vote() == ["in_review", "approved", "approved"]
    for path in ("/desk/", f"/desk/lots/{court.lot_id}", f"/desk/auctions/{court.auction_id}"):
        assert FLAT.title in server.page(path, "judge1")
    # An agency's task: its people are barred from then on.
    due_at = (server.now() + timedelta(days=20)).isoformat()
    server.post("judge1", f"/lots/{court.lot_id}/tasks", {"agency": AGENCY, "kind": "viewing", "due_at": due_at})
    announced = court.announce()
    assert (announced["status"], announced["version"], len(announced["seal"])) == ("announced", 1, 64)
    for path in ("/", f"/lots/{court.lot_id}", f"/auctions/{court.auction_id}"):
        assert FLAT.title in server.page(path)


def _bidders_register(court: Court) -> dict[str, str]:
    """Everybody who may takes part, everybody who may not is told why; answers the registrations by username."""
    server, auction = court.server, court.auction_id
    _identities_are_checked(server)
    everybody = (ANN, COMPANY, AGENT, LATE_AGENT, CO_OWNER, LESSEE, BANK, UNPAID, STRANGER, MINOR)
    for who in (*everybody, SPOUSE, VIEWER, CHILD):
        who.enrol(server)
    path = f"/auctions/{auction}/registrations"

    def refused(who: Bidder, **changes: Any) -> dict[str, Any]:
        return server.refused(who.username, path, who.application(server, auction, **changes), 422)

    assert refused(ANN, undertakings=["full_capacity"])["code"] == "undertaking_missing"
    assert refused(ANN, seal="0" * 64)["code"] == "stale_disclosure"
    assert refused(ANN, claim="creditor")["code"] == "capacity_missing"
    assert refused(MINOR)["code"] == "under_age"
    for barred in (SPOUSE, VIEWER):
        told = refused(barred)
        assert told["code"] == "barred_interest" and "OJA 34" in told["basis"]
        assert "异议" in told["detail"]
        for secret in ("示例法官甲", SPOUSE.name, VIEWER.name, JUDGE_ID, SPOUSE_ID, VIEWER_ID):
            assert secret not in json.dumps(told, ensure_ascii=False)
    principals = [{"name": PRINCIPAL.name, "id_type": "resident_id", "id_number": PRINCIPAL.id_number}]
    barred_principal = [{"name": SPOUSE.name, "id_type": "resident_id", "id_number": SPOUSE_ID}]
    assert refused(AGENT, capacity="agent", principals=barred_principal)["code"] == "barred_interest"

    made = {who.username: who.register(server, auction) for who in (ANN, COMPANY, UNPAID, CHILD)}
    assert refused(ANN)["code"] == "duplicate_registration"
    made["agent"] = AGENT.register(server, auction, capacity="agent", principals=principals)
    made["late-agent"] = LATE_AGENT.register(
        server, auction, capacity="agent", principals=[principals[0] | {"id_number": a_resident_id(819)}]
    )
    for who in (CO_OWNER, LESSEE):
        made[who.username] = who.register(server, auction, claim="preferential")
    made["bank"] = BANK.register(server, auction, claim="creditor")
    assert {name: one["status"] for name, one in made.items() if name in ("ann", "company", "unpaid", "child")} == (
        dict.fromkeys(("ann", "company", "unpaid", "child"), "awaiting_deposit")
    )
    assert {made[name]["status"] for name in ("agent", "late-agent", "co-owner", "lessee", "bank")} == {
        "awaiting_court"
    }
    ids = {name: one["id"] for name, one in made.items()}
    _the_court_decides(server, auction, ids)
    _deposits(server, ids)
    for who in (ANN, COMPANY, AGENT, CO_OWNER, LESSEE, BANK):
        registration = who.registration(server, ids[who.username])
        assert registration["status"] == "qualified"
        assert registration["bidder_code"] in server.page(f"/registrations/{ids[who.username]}", who.username)
    return ids


def _identities_are_checked(server: Server) -> None:
    """A wrong check character, a birthday that has not come, a company code that is none: no account is made."""
    last = ANN.id_number[-1]
    for wrong, id_type in (
        (ANN.id_number[:-1] + ("0" if last != "0" else "1"), "resident_id"),
        (a_resident_id(1, born=date(2190, 1, 1)), "resident_id"),
        ("91320100000000000A", "uscc"),
    ):
        account = Bidder("nobody", "示例无名", wrong, id_type).account()
        problem = server.refused(None, "/bidders", account, 422)
        assert [(error["field"], error["code"]) for error in problem["errors"]] == [("id_number", "identity_invalid")]
    assert server.ask(None, "POST", "/sessions", {"username": "nobody", "password": "x" * 12}).status_code == 401


def _the_court_decides(server: Server, auction: str, ids: dict[str, str]) -> None:
    waiting = server.get(f"/auctions/{auction}/registrations", "clerk")["items"]
    assert {one["id"] for one in waiting} == {
        ids[name] for name in ("agent", "late-agent", "co-owner", "lessee", "bank")
    }
    assert all("bidder_code" not in one for one in waiting)

    def decision(name: str, **more: Any) -> dict[str, Any]:
        return {"approve": True, "reason": "材料齐全", **more}

    def decide(name: str, **more: Any) -> Any:
        return server.post("clerk", f"/registrations/{ids[name]}/decision", decision(name, **more), 200)

    lacking = server.refused("clerk", f"/registrations/{ids['co-owner']}/decision", decision("co-owner"), 422)
    assert [(error["field"], error["code"]) for error in lacking["errors"]] == [("rank", "required")]
    refused = server.refused("ann", f"/registrations/{ids['co-owner']}/decision", decision("co-owner", rank=1), 403)
    assert refused["code"] == "forbidden"
    assert server.refused("agent", f"/registrations/{ids['agent']}/deposit", {}, 409)["code"] == "wrong_state"
    assert decide("agent")["status"] == "awaiting_deposit"
    assert decide("co-owner", rank=1)["rank"] == 1
    assert decide("bank", claim_fen=CLAIM)["deposit_due_fen"] == FLAT.deposit_fen - CLAIM
    # The lessee pays first, is an ordinary bidder until the court has decided, and takes the rank then.
    LESSEE.pay(server, LESSEE.deposit(server, ids["lessee"]))
    before = LESSEE.registration(server, ids["lessee"])
    assert (before["status"], before["claim_status"], before["rank"]) == ("qualified", "pending", None)
    assert decide("lessee", rank=2)["claim_status"] == "approved"
    assert LESSEE.registration(server, ids["lessee"])["bidder_code"] == before["bidder_code"]


def _deposits(server: Server, ids: dict[str, str]) -> None:
    """The wrong payer's and the wrong amount's money goes back and counts for nothing; the right one makes a code."""
    payment = ANN.deposit(server, ids["ann"])
    assert payment["amount_fen"] == FLAT.deposit_fen and payment["status"] == "pending"
    assert ANN.deposit(server, ids["ann"]) == payment
    assert ANN.pay(server, payment, payer_name=COMPANY.name, payer_id_number=COMPANY.id_number)["status"] == (
        "wrong_payer"
    )
    second = ANN.deposit(server, ids["ann"])
    assert second["id"] != payment["id"]
    assert ANN.pay(server, second, amount_fen=FLAT.deposit_fen - 1)["status"] == "wrong_amount"
    standing = ANN.registration(server, ids["ann"])
    assert (standing["status"], standing["bidder_code"]) == ("awaiting_deposit", None)
    assert sorted(refund["amount_fen"] for refund in standing["refunds"]) == [FLAT.deposit_fen - 1, FLAT.deposit_fen]
    assert all(refund["refunded_at"] for refund in standing["refunds"])
    failed = ANN.deposit(server, ids["ann"])
    assert ANN.pay(server, failed, outcome="failed")["status"] == "failed"
    assert ANN.pay(server, ANN.deposit(server, ids["ann"]))["status"] == "paid"
    for who in (COMPANY, CO_OWNER, BANK, CHILD):
        assert who.pay(server, who.deposit(server, ids[who.username]))["status"] == "paid"
    # For an agent the principal may pay.
    order = AGENT.deposit(server, ids["agent"])
    paid = AGENT.pay(server, order, payer_name=PRINCIPAL.name, payer_id_number=PRINCIPAL.id_number)
    assert paid["status"] == "paid"
    UNPAID.deposit(server, ids["unpaid"])


def _qualified(who: Bidder, court: Court) -> str:
    registration = who.register(court.server, court.auction_id)
    who.pay(court.server, who.deposit(court.server, registration["id"]))
    code: str = who.registration(court.server, registration["id"])["bidder_code"]
    return code


def _bidding(bidding: Room, ids: dict[str, str], folder: Path) -> None:
    server, court = bidding.server, bidding.court
    room.before_the_opening(bidding, ANN, STRANGER, UNPAID)
    bidding.open_by_itself()
    undecided = LATE_AGENT.registration(server, ids["late-agent"])
    assert (undecided["status"], undecided["refusal"]) == ("refused", "unconfirmed_agent")
    room.every_refusal(bidding, ANN, COMPANY, STRANGER, UNPAID)
    room.equal_offers(bidding, ANN, CO_OWNER, LESSEE)
    bidding.take(AGENT, bidding.at(25))
    bidding.take(BANK, bidding.at(26), http=True)
    room.a_supplement(bidding, ANN, ids["ann"])
    for who in (COMPANY, AGENT, BANK, CO_OWNER, LESSEE, CHILD):
        seal = court.auction["seal"]
        server.post(who.username, f"/registrations/{ids[who.username]}/acknowledgements", {"seal": seal})
    room.a_stop(bidding, BANK)
    related = [("id_number", "relative_name", "relative_id_number", "relation"), _spouse()]
    child = (JUDGE_ID, CHILD.name, CHILD_ID, "child")
    room.somebody_becomes_barred(bidding, CHILD, _csv(folder / "relatives.csv", [*related, child]))
    room.a_cut_connection(bidding, AGENT, [COMPANY, BANK, LESSEE])
    for path in (f"/auctions/{court.auction_id}/room", f"/auctions/{court.auction_id}/bids"):
        for reader in (None, "ann", "judge1"):
            assert bidding.codes["agent"] in server.page(path, reader)
    room.extensions(bidding, COMPANY, AGENT)


def _after_the_hammer(court: Court, bidding: Room, ids: dict[str, str]) -> None:
    server, path = court.server, f"/auctions/{court.auction_id}"
    price = bidding.accepted[-1][1]
    closed = bidding.close_by_itself()
    assert (closed["status"], closed["ended"], closed["extensions"]) == ("sold", True, 2)
    assert (closed["price_fen"], closed["leader_code"]) == (price, bidding.codes["agent"])
    bidding.refuse(ANN, price + bidding.step, "closed")
    bidding.check_log()
    told = json.dumps(bidding.watcher.updates, ensure_ascii=False)
    assert not any(who.name in told or who.id_number in told for who in (ANN, COMPANY, AGENT, PRINCIPAL, BANK, CHILD))
    assert [event["status"] for event in court.events() if event["type"] == "status"] == [
        "announced",
        "open",
        "suspended",
        "open",
        "sold",
    ]
    result = server.get(f"{path}/result")
    assert (result["status"], result["price_fen"], result["confirmed"]) == ("sold", price, True)
    assert result["bidder_code"] == bidding.codes["agent"]
    _losers_get_their_money(server, ids)
    _confirmation(server, path, bidding, price)

    # The balance: nobody else's to pay, from nobody else's account.
    balance = price - FLAT.deposit_fen
    assert (closed["settlement"]["status"], closed["settlement"]["balance_fen"]) == ("balance_due", balance)
    assert server.refused("ann", f"{path}/balance", {}, 403)["code"] == "forbidden"
    ruling = {"qualification": "not_required", "reason": "价款已付清"}
    assert server.refused("judge1", f"{path}/ruling", ruling, 409)["code"] == "wrong_state"
    order = server.post("agent", f"{path}/balance")
    assert order["amount_fen"] == balance
    wrong = AGENT.pay(server, order, payer_name=ANN.name, payer_id_number=ANN.id_number)
    assert wrong["status"] == "wrong_payer"
    paid = AGENT.pay(server, server.post("agent", f"{path}/balance"))
    assert paid["status"] == "paid"
    assert AGENT.registration(server, ids["agent"])["status"] == "applied"
    assert court.auction["settlement"]["status"] == "paid"
    assert server.post("judge1", f"{path}/ruling", ruling)["settlement"]["status"] == "ruled"
    for code, settlement in (("ruling_served", "ruled"), ("keys", "ruled"), ("handed_over", "handed_over")):
        step = {"code": code, "on": court.today, "detail": "钥匙及移交清单"}
        assert server.post("judge1", f"{path}/handover-steps", step)["settlement"] == settlement
    assert court.auction["settlement"]["status"] == "handed_over"
    for page in (f"/lots/{court.lot_id}", path, f"{path}/room", f"{path}/confirmation", "/", "/log"):
        server.page(page)
    assert FLAT.title in server.page("/me", "ann") and FLAT.title in server.page("/me", "agent")


def _losers_get_their_money(server: Server, ids: dict[str, str]) -> None:
    """Everybody but the buyer is released, and the whole deposit has gone back to where it came from (OJA 23)."""
    for who in (ANN, COMPANY, CO_OWNER, LESSEE, BANK, CHILD):
        registration = who.registration(server, ids[who.username])
        assert registration["status"] == "released", who.username
        assert registration["payment"]["status"] == "refunded"
        back = registration["refunds"][-1]
        assert back["amount_fen"] == (FLAT.deposit_fen - CLAIM if who is BANK else FLAT.deposit_fen)
        assert back["refunded_at"] <= back["due_at"] and not back["overdue"]
    assert UNPAID.registration(server, ids["unpaid"])["status"] == "released"
    buyer = AGENT.registration(server, ids["agent"])
    assert (buyer["status"], buyer["buyer"], buyer["payment"]["status"]) == ("qualified", True, "paid")


def _confirmation(server: Server, path: str, bidding: Room, price: int) -> None:
    document = server.get(f"{path}/confirmation")
    assert (document["price_fen"], document["bidder_code"]) == (price, bidding.codes["agent"])
    assert [buyer["name"] for buyer in document["buyers"]] == [PRINCIPAL.name]
    assert document["agent"]["name"] == AGENT.name
    assert PRINCIPAL.id_number not in json.dumps(document)
    assert (document["deposit_fen"], document["bids"]) == (FLAT.deposit_fen, len(bidding.accepted))
    for get in (
        lambda: server.ask(None, "GET", f"{path}/confirmation", headers={"Accept": "application/pdf"}),
        lambda: server.http.get(f"{server.address}{path}/confirmation.pdf"),
    ):
        answer = get()
        assert answer.headers["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
        text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
        text = "".join(text.split())
        for expected in ("成交确认书", COURT_NAME, FLAT.case, FLAT.title, PRINCIPAL.name, AGENT.name):
            assert expected in text
        assert document["price_words"] in text and bidding.codes["agent"] in text
        assert ANN.name not in text and PRINCIPAL.id_number not in text


def _proof(server: Server, bidding: Room, folder: Path) -> None:
    """Receipts, the package of the auction and that of the whole log verify offline; what was changed does not."""
    key = evidence.public_key(server, folder)
    evidence.check_receipts(server, bidding.bid_ids, key, folder)
    said = evidence.check_package(server, folder / "auction", key, bidding.court.auction_id)
    assert said["checked"]["receipts"] == len(bidding.accepted)
    evidence.check_package(server, folder / "log", key)
    audited = evidence.audit(server.place)
    assert audited["checked"]["bids"] >= len(bidding.accepted)
    document = server.get(f"/auctions/{bidding.court.auction_id}/confirmation")
    assert document["checkpoint"]["size"] > 0
    assert datetime.fromisoformat(document["balance_due_at"]) > datetime.fromisoformat(document["closed_at"])

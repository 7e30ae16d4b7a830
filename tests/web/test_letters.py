"""Printable letters: what stands in each, for whom, in the court's own words; proofs of service are never published."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from auction.kernel.clock import iso
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction, JournalRow, Notice, OwnSale, Person, Taking, TakingQuestion
from bidding.models import AfterSaleStep, Confirmation
from tests.factories import a_bidder, a_case, a_court, a_lot, a_party, a_registration, an_account, an_auction
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import PDF, CourtRoom, fine, send
from tests.web.reader import Reader
from tests.web.test_pages import signed_in

DAY = timedelta(days=1)
TODAY = date(2026, 3, 2)
CASE = "（2026）苏01执9号"


def text_of(answer: Any) -> str:
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), answer.get_data(as_text=True)[:300]
    assert answer.headers["Cache-Control"] == "no-store"
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages).replace("\n", "")


def a_lot_with_notices(unit: Unit, asset_type: str = "equity", **sale: Any) -> tuple[Account, Auction]:
    judge = an_account(unit, "judge")
    lot = a_lot(unit, case=a_case(unit, number=CASE), asset_type=asset_type)
    people = [("某银行#[x]*_$", "secured_creditor"), ("示例股东", "preferential"), ("示例承租人", "lessee")]
    for position, (name, role) in enumerate(people):
        told = {"name": name, "role": role, "status": "received", "at": unit.now}
        unit.session.add(Notice(lot_id=lot.id, position=position, **told))
    auction = an_auction(unit, lot=lot, **({"status": "draft"} | sale))
    unit.session.flush()
    return judge, auction


def test_a_notice_names_its_recipient_the_round_and_what_holds_for_this_one(house: House, sign_in: SignIn) -> None:
    judge, auction = house.perform(a_lot_with_notices)
    caller, lot = sign_in(judge), f"/lots/{auction.lot_id}/letters"
    bank = text_of(caller.get(f"{lot}/auction_notice?recipient=0"))
    assert all(one in bank for one in ("某银行#[x]*_$：", CASE, "第一次拍卖", "¥1,000,000", "担保物权", "通用文本"))
    assert "承租人享有" not in bank and "公司法" not in bank
    holder = text_of(caller.get(f"{lot}/preferential_notice?recipient=1&auction={auction.id}"))
    assert "第八十五条" in holder and "满二十日" in holder and "2026年3月23日届满" in holder
    assert "视为放弃优先购买权" in text_of(caller.get(f"{lot}/auction_notice?recipient=2"))
    assert "受送达人：示例承租人（承租人）" in text_of(caller.get(f"{lot}/delivery_receipt?recipient=2"))


def test_what_cannot_be_printed_is_refused_by_name(house: House, sign_in: SignIn) -> None:
    judge, auction = house.perform(a_lot_with_notices)
    bare = house.perform(lambda unit: a_lot(unit).id)
    caller, lot = sign_in(judge), f"/lots/{auction.lot_id}/letters"
    assert fields_of(caller.get(f"{lot}/auction_notice")) == {"recipient": "required"}
    assert fields_of(caller.get(f"{lot}/auction_notice?recipient=9")) == {"recipient": "unknown"}
    assert code_of(caller.get(f"{lot}/nothing")) == "not_found"
    assert code_of(caller.get(f"{lot}/auction_notice?recipient=0&auction=x")) == "not_found"
    assert code_of(caller.get(f"{lot}/assistance_notice")) == "wrong_state"
    assert code_of(caller.get(f"/lots/{bare}/letters/handover_record")) == "wrong_state"


def test_letters_are_for_the_lots_own_court(house: House, sign_in: SignIn) -> None:
    _, auction = house.perform(a_lot_with_notices)
    path = f"/lots/{auction.lot_id}/letters/auction_notice?recipient=0"

    def other(unit: Unit) -> Account:
        return an_account(unit, "judge", court_code=a_court(unit, "3202", "无锡市中级人民法院").code)

    assert sign_in(house.perform(other)).get(path).status_code == 404
    for role, wanted in (("president", 200), ("clerk", 200), ("regulator", 403), ("bidder", 403)):
        account = house.perform(lambda unit, role=role: an_account(unit, role))
        assert sign_in(account).get(path).status_code == wanted
    assert sign_in(None).get(path).status_code == 401


def test_after_the_ruling_the_assistance_notice_names_the_buyer(house: House, sign_in: SignIn) -> None:
    sale = {"status": "sold", "settlement": "ruled", "price_fen": 256_600_000}
    judge, auction = house.perform(a_lot_with_notices, "real_estate", **sale)

    def ruled(unit: Unit) -> None:
        document = {"buyers": [{"name": "示例买受人"}]}
        unit.session.add(Confirmation(auction_id=auction.id, document=document, at=unit.now))
        for number, code in enumerate(("ruling", "keys")):
            step = {"code": code, "on": unit.now.date(), "detail": {"detail": "移交钥匙两把"}, "by": judge.id}
            unit.session.add(AfterSaleStep(id=str(number), auction_id=auction.id, at=unit.now, **step))

    house.perform(ruled)
    caller = sign_in(judge)
    notice = text_of(caller.get(f"/lots/{auction.lot_id}/letters/assistance_notice"))
    assert "买受人示例买受人以贰佰伍拾陆万陆仟元" in notice.replace("人民币", "") and "2026年3月2日作出" in notice
    path = f"/lots/{auction.lot_id}/letters/closing_ruling"
    ruling = text_of(caller.get(path))
    assert "自本裁定送达买受人时起转移" in ruling and "第二十六条" in ruling
    assert "移交钥匙两把" in text_of(caller.get(f"/lots/{auction.lot_id}/letters/handover_record"))


def test_the_closing_ruling_is_read_by_its_buyer_and_nobody_elses_letters_are(house: House, sign_in: SignIn) -> None:
    sale = {"status": "sold", "settlement": "paid", "price_fen": 256_600_000}
    _, auction = house.perform(a_lot_with_notices, "real_estate", **sale)

    def bought(unit: Unit) -> tuple[Account, Account]:
        buyer, other = a_bidder(unit), a_bidder(unit)
        known = unit.session.get_one(Auction, auction.id)
        known.leader_registration_id = a_registration(unit, known, buyer, status="applied").id
        a_registration(unit, known, other, status="released")
        document = {"buyers": [{"name": "示例买受人"}]}
        unit.session.add(Confirmation(auction_id=auction.id, document=document, at=unit.now))
        return buyer, other

    def rule(unit: Unit) -> None:
        unit.session.get_one(Auction, auction.id).settlement = "ruled"

    buyer, other = (sign_in(account) for account in house.perform(bought))
    path = f"/lots/{auction.lot_id}/letters"
    assert buyer.get(f"{path}/closing_ruling").status_code == 403  # there is none yet
    house.perform(rule)
    assert "示例买受人" in text_of(buyer.get(f"{path}/closing_ruling?auction={auction.id}"))
    assert buyer.get(f"{path}/closing_ruling?auction=x").status_code == 403
    assert buyer.get(f"{path}/assistance_notice").status_code == 403
    assert other.get(f"{path}/closing_ruling").status_code == 403


def test_after_a_taking_and_an_own_sale_their_own_letters_are_printed(house: House, sign_in: SignIn) -> None:
    judge, auction = house.perform(a_lot_with_notices, "real_estate", status="unsold")
    caller, lot = sign_in(judge), f"/lots/{auction.lot_id}/letters"
    for kind in ("taking_ruling", "taking_notice", "own_sale_notice"):
        assert code_of(caller.get(f"{lot}/{kind}")) == "wrong_state"

    def taken(unit: Unit) -> Auction:
        known = unit.session.get_one(Auction, auction.id)
        known.lot.disposal = "taken"
        party = a_party(unit, known.lot.case, "applicant", name="示例承受人")
        made = Taking(id="t", auction_id=known.id, lot_id=known.lot_id, party_id=party.id, status="ruled", rank=1)
        made.price_fen, made.claim_fen, made.difference_fen = 256_600_000, 250_000_000, 6_600_000
        made.answered_by, made.answered_at, made.decided_at = judge.id, unit.now, unit.now
        for number, code in enumerate(("ruling", "ruling_served")):
            step = {"code": code, "on": unit.now.date(), "detail": {}, "by": judge.id}
            unit.session.add(AfterSaleStep(id=str(number), auction_id=known.id, at=unit.now, **step))
        unit.session.add(made)
        return known

    def before_the_ruling(unit: Unit) -> None:
        unit.session.get_one(Taking, "t").status = "taken"

    assert code_of(caller.get(f"{lot}/handover_record")) == "wrong_state"
    house.perform(taken)
    ruling = text_of(caller.get(f"{lot}/taking_ruling"))
    assert "承受人示例承受人" in ruling and "¥2,566,000" in ruling and "陆万陆仟元" in ruling
    notice = text_of(caller.get(f"{lot}/taking_notice"))
    assert "2026年3月2日裁定" in notice and "示例承受人名下" in notice
    assert code_of(caller.get(f"{lot}/own_sale_notice")) == "wrong_state"
    assert code_of(caller.get(f"{lot}/assistance_notice")) == "wrong_state"
    record = text_of(caller.get(f"{lot}/handover_record"))
    assert "承受人：示例承受人" in record and "抵债裁定作出日期：2026年3月2日" in record
    assert "2026-03-02 送达裁定" in record and "承受人签名" in record and "买受人" not in record
    house.perform(before_the_ruling)
    assert code_of(caller.get(f"{lot}/handover_record")) == "wrong_state"


def test_the_record_of_handover_of_an_own_sale_names_the_debtor_who_hands_over(house: House, sign_in: SignIn) -> None:
    judge, auction = house.perform(a_lot_with_notices, "real_estate", status="unsold")

    def sold(unit: Unit) -> None:
        known = unit.session.get_one(Auction, auction.id)
        known.lot.disposal = "own_sale"
        a_party(unit, known.lot.case, "debtor", name="示例被执行人")
        sale = {"status": "sold", "price_fen": 260_000_000, "ends_at": unit.now, "ended_at": unit.now}
        facts = {"lot_id": known.lot_id, "until_on": TODAY, "reason": "准许", "above_fen": 1, "offer_fen": 2}
        allowed = {"allowed_by": judge.id, "allowed_at": unit.now}
        unit.session.add(OwnSale(id="o", auction_id=known.id, **sale, **facts, **allowed))
        step = {"code": "unsealed", "on": unit.now.date(), "detail": {"detail": "函告登记机构"}, "by": judge.id}
        unit.session.add(AfterSaleStep(id="s", auction_id=known.id, at=unit.now, **step))

    house.perform(sold)
    record = text_of(sign_in(judge).get(f"/lots/{auction.lot_id}/letters/handover_record"))
    assert "出卖人（被执行人）：示例被执行人" in record and "¥2,600,000" in record and "2026年3月2日" in record
    assert "解除查封 函告登记机构" in record and "由被执行人移交其买受人" in record and "第二十七条" not in record


def test_the_ruling_of_a_taking_is_read_by_its_taker_alone(app: Flask, house: House, sign_in: SignIn) -> None:
    judge, auction = house.perform(a_lot_with_notices, "real_estate", status="unsold")

    def taken(unit: Unit) -> tuple[Account, Account]:
        known = unit.session.get_one(Auction, auction.id)
        known.lot.disposal = "taken"
        taker, other = a_bidder(unit), a_bidder(unit)
        person = unit.session.get_one(Person, taker.person_id)
        party = a_party(unit, known.lot.case, "applicant", name="示例承受人")
        party.id_match = person.id_match
        unit.session.add(
            TakingQuestion(auction_id=known.id, asked_at=unit.now, until_on=TODAY, seed="s", commitment="c")
        )
        made = Taking(id="t", auction_id=known.id, lot_id=known.lot_id, party_id=party.id, status="taken", rank=1)
        made.price_fen, made.claim_fen, made.difference_fen = 256_600_000, 256_600_000, 0
        made.answered_by, made.answered_at, made.decided_at = judge.id, unit.now, unit.now
        unit.session.add(made)
        return taker, other

    def rule(unit: Unit) -> None:
        unit.session.get_one(Taking, "t").status = "ruled"

    people = house.perform(taken)
    taker, other = (sign_in(account) for account in people)
    path = f"/lots/{auction.lot_id}/letters"
    assert taker.get(f"{path}/taking_ruling").status_code == 403  # there is none yet
    house.perform(rule)
    assert "示例承受人" in text_of(taker.get(f"{path}/taking_ruling?auction={auction.id}"))
    assert taker.get(f"{path}/taking_ruling?auction=x").status_code == 403
    for kind in ("taking_notice", "handover_record", "closing_ruling"):
        assert taker.get(f"{path}/{kind}").status_code == 403, kind
    assert other.get(f"{path}/taking_ruling").status_code == 403
    page = signed_in(app, house, people[0]).get(f"/me/takings/{auction.id}")
    assert f"/letters/taking_ruling?auction={auction.id}" in page.html


def test_a_court_words_its_letters_in_versions_that_are_journaled(house: House, sign_in: SignIn) -> None:
    judge, auction = house.perform(a_lot_with_notices)
    caller, path = sign_in(judge), f"/lots/{auction.lot_id}/letters/auction_notice?recipient=0"
    kept = fine(caller.put("/letter-wordings/auction_notice", {"text": "致{{ recipient }}：本院自拟。"}))
    assert kept["version"] == 1
    assert "致某银行#[x]*_$：本院自拟。" in text_of(caller.get(path))
    refused = caller.put("/letter-wordings/auction_notice", {"text": "{{ recipient.__class__ }}"})
    assert fields_of(refused) == {"text": "wording_forbidden"}
    assert code_of(caller.put("/letter-wordings/none", {"text": "x"})) == "not_found"
    for empty in ("", " \n "):
        assert fields_of(caller.put("/letter-wordings/auction_notice", {"text": empty})) == {"text": "required"}
    assert fine(caller.call("DELETE", "/letter-wordings/auction_notice"))["version"] == 0
    assert "通用文本" in text_of(caller.get(path))
    listed = fine(caller.get("/letter-wordings"))
    assert {item["kind"] for item in listed["items"]} >= {"handover_record"} and "buyer" in listed["values"]
    kinds = house.read(lambda session: [row.kind for row in session.query(JournalRow) if row.kind == "LetterWorded"])
    assert kinds == ["LetterWorded"] * 2


WORDS = {
    "text": "看样请先预约。起拍价{{ reserve_price }}。",
    "text_en": "Book the viewing. Reserve {{ reserve_price }}.",
}


@pytest.fixture
def room(app: Flask, house: House, sign_in: SignIn) -> CourtRoom:
    return CourtRoom(house, sign_in)


def test_a_court_adds_words_in_both_languages_to_its_texts(room: CourtRoom, sign_in: SignIn, house: House) -> None:
    listed = fine(room.clerk.get("/court-words"))
    assert [(one["kind"], one["version"]) for one in listed["items"]] == [("announcement", 0), ("bidder_notice", 0)]
    assert "reserve_price" in listed["values"] and "buyer" not in listed["values"]
    path = "/court-words/announcement"
    assert fields_of(room.clerk.put(path, WORDS | {"text_en": ""})) == {"text_en": "required"}
    assert fields_of(room.clerk.put(path, WORDS | {"text": "腾退由买受人自行负责。"})) == {"text": "phrase_forbidden"}
    assert fields_of(room.clerk.put(path, WORDS | {"text_en": "One.\n\nTwo."})) == {"text_en": "paragraphs_differ"}
    assert fields_of(room.clerk.post(f"{path}/preview", WORDS | {"text": "{{ x }}"})) == {
        "text": "wording_unknown_value"
    }
    [shown] = fine(room.clerk.post(f"{path}/preview", WORDS))["paragraphs"]
    assert shown == {
        "zh": "看样请先预约。起拍价1,400,000 元。",
        "en": "Book the viewing. Reserve CNY 1,400,000.",
    }
    assert code_of(room.clerk.put("/court-words/special_notices", WORDS)) == "not_found"
    assert code_of(room.clerk.post("/court-words/special_notices/preview", WORDS)) == "not_found"
    assert fine(room.clerk.get("/court-words"))["items"][0]["version"] == 0, "a preview keeps nothing"
    assert fine(room.clerk.put(path, WORDS))["version"] == 1
    other = house.perform(lambda unit: an_account(unit, "clerk", court_code=a_court(unit, "3202").code))
    assert fine(sign_in(other).get("/court-words"))["items"][0]["version"] == 0
    regulator = sign_in(house.perform(an_account, "regulator"))
    assert code_of(regulator.put(path, WORDS)) == "forbidden"


def test_the_courts_words_are_previewed_kept_and_read_on_the_lots_page(
    app: Flask, house: House, room: CourtRoom
) -> None:
    clerk = signed_in(app, house, house.perform(an_account, "clerk", court_code="3201"))
    assert "没有补充" in clerk.get("/desk/letters").text
    clerk.follow("竞买须知")
    where = "/desk/court-words/bidder_notice"
    shown = clerk.send(where, WORDS, button=("then", "preview"))
    assert "尚未保存" in shown.text and "起拍价1,400,000 元" in shown.text and "没有补充" in shown.text
    wrong = clerk.send(where, WORDS | {"text_en": "{{ buyer }}"}, button=("then", "preview"), status=422)
    assert "没有这个名称" in wrong.text or "buyer" in wrong.text
    assert "本院第 1 版" in clerk.send(where, WORDS).text
    room.announced()
    for language, said in (("zh-CN", "看样请先预约。"), ("en", "Book the viewing.")):
        public = Reader(app.test_client(), language).get(f"/lots/{room.lot_id}").text
        assert public.count(said) == 1 and ("本院补充说明" in public or "Further notes of the court" in public)
    assert "场拍卖用的不是目前的版本" not in clerk.get(where).text
    assert "现有 1 场拍卖用的不是目前的版本" in clerk.send(where, {"text": "改了。", "text_en": "Changed."}).text
    assert "看样请先预约。" in Reader(app.test_client()).get(f"/lots/{room.lot_id}").text


def test_the_wording_of_a_ruling_is_a_judges(app: Flask, house: House, sign_in: SignIn) -> None:
    judge, _auction = house.perform(a_lot_with_notices)
    clerk = house.perform(lambda unit: an_account(unit, "clerk"))
    for kind in ("closing_ruling", "taking_ruling"):
        said = {"text": "裁定：{{ court }}"}
        assert code_of(sign_in(clerk).put(f"/letter-wordings/{kind}", said)) == "forbidden"
        assert code_of(sign_in(clerk).call("DELETE", f"/letter-wordings/{kind}")) == "forbidden"
        assert fine(sign_in(judge).put(f"/letter-wordings/{kind}", said))["version"] == 1
    assert "由法官修改" in signed_in(app, house, clerk).get("/desk/letters/closing_ruling").text
    reader = signed_in(app, house, judge)
    assert "本院第 1 版" in reader.get("/desk/letters/closing_ruling").text
    reader.send("/desk/letters/closing_ruling", {"text": " "}, status=422)
    page = reader.send("/desk/letters/closing_ruling", {}, button=("restore", "1"))
    assert "恢复通用文本" not in page.text


def test_the_pages_print_and_word(app: Flask, house: House) -> None:
    judge, auction = house.perform(a_lot_with_notices)
    reader = signed_in(app, house, judge)
    page = reader.get(f"/desk/lots/{auction.lot_id}")
    assert "视为收悉" in page.text and "开拍 2026-03-24" in page.text
    assert reader.client.get(page.link("优先购买权通知书")).mimetype == "application/pdf"
    reader.get("/desk/letters")
    reader.follow("送达回证")
    page = reader.send("/desk/letters/delivery_receipt", {"text": "{% for x in court %}{% endfor %}"}, status=422)
    assert "不允许的写法" in page.text
    page = reader.send("/desk/letters/delivery_receipt", {"text": "回证：{{ recipient }}"})
    assert "本院第 1 版" in page.text


def a_proof(room: CourtRoom, caller: Caller) -> str:
    return str(fine(send(caller, room.lot_id, PDF), 201)["id"])


def test_a_proof_of_service_counts_and_is_never_published(house: House, sign_in: SignIn, anybody: Caller) -> None:
    room = CourtRoom(house, sign_in)
    room.enter()
    room.price()
    room.fill()
    file_id = a_proof(room, room.clerk)
    at = iso(room.now - 5 * DAY)
    parties = [("某银行", "applicant"), ("示例甲", "debtor")]
    told = [{"name": name, "role": role, "status": "sent", "at": at, "proof_file": file_id} for name, role in parties]
    answer = fine(room.clerk.put(f"/lots/{room.lot_id}/notices", {"recipients": told}))["items"][0]
    assert (answer["proof_file"], answer["deemed"], answer["served_on"]) == (file_id, False, "2026-02-25")
    room.draft()
    room.vote()
    fine(room.announce())
    assert file_id not in [one["id"] for one in fine(anybody.get(f"/lots/{room.lot_id}/disclosure"))["attachments"]]
    assert anybody.get(f"/lots/{room.lot_id}/attachments/{file_id}").status_code == 404
    assert room.clerk.get(f"/lots/{room.lot_id}/attachments/{file_id}").status_code == 200
    emptied = room.clerk.put(f"/lots/{room.lot_id}/notices", {"recipients": []})
    assert fields_of(emptied) == {"recipients": "recipients_missing"}
    assert "某银行、示例甲" in emptied.get_json()["errors"][0]["detail"]
    fine(room.clerk.put(f"/lots/{room.lot_id}/notices", {"recipients": [told[0], {**told[1], "status": "received"}]}))
    wrong = [{**told[0], "proof_file": "none"}]
    refused = room.clerk.put(f"/lots/{room.lot_id}/notices", {"recipients": wrong})
    assert fields_of(refused) == {"recipients.0.proof_file": "unknown_attachment"}


def test_every_printing_is_recorded_privately_and_shown_to_the_court(house: House, sign_in: SignIn, app: Flask) -> None:
    judge, auction = house.perform(a_lot_with_notices)
    caller, lot = sign_in(judge), f"/lots/{auction.lot_id}/letters"
    fine_pdf = text_of(caller.get(f"{lot}/auction_notice?recipient=0"))
    assert fine_pdf and code_of(caller.get(f"{lot}/auction_notice?recipient=9")) == "invalid"
    rows = house.read(lambda session: [row for row in session.query(JournalRow) if row.kind == "LetterPrinted"])
    assert [(row.stream, row.private) for row in rows] == [(f"lot:{auction.lot_id}", True)]
    assert '"role":"secured_creditor"' in rows[0].entry and "某银行" not in rows[0].entry
    page = signed_in(app, house, judge).get(f"/desk/lots/{auction.lot_id}")
    assert "文书打印记录（1 次）" in page.text and "担保物权人 通用文本" in page.text


def test_a_proof_of_service_is_attached_to_no_item_not_even_its_bytes_under_another_name(
    house: House, sign_in: SignIn
) -> None:
    room = CourtRoom(house, sign_in)
    room.enter()
    proof, copy = a_proof(room, room.clerk), a_proof(room, room.clerk)
    told = {"name": "示例甲", "role": "debtor", "status": "received", "at": iso(room.now), "proof_file": proof}
    fine(room.clerk.put(f"/lots/{room.lot_id}/notices", {"recipients": [told]}))
    for file_id in (proof, copy):
        facts = room.item_facts("defects", attachments=[file_id])
        refused = room.clerk.put(f"/lots/{room.lot_id}/disclosure/items/defects", facts)
        assert fields_of(refused) == {"attachments.0": "proof_disclosed"}


def test_the_panels_minutes_tell_who_voted_how_and_why(room: CourtRoom, app: Flask, house: House) -> None:
    """OJA 27: what the law leaves to the panel is minuted, for the announcement as for a change of it."""
    room.enter()
    room.price()
    room.fill()
    room.notify()
    room.draft()
    letters = f"/lots/{room.lot_id}/letters/panel_minutes?auction={room.auction_id}"
    assert code_of(room.judge.get(letters)) == "wrong_state"
    for judge, reason in zip(room.judges, ("价格公允", "材料齐全", "程序合法"), strict=True):
        fine(judge.post(f"/auctions/{room.auction_id}/votes", {"approve": True, "reason": reason}), 201)
    minutes = text_of(room.clerk.get(letters))
    assert all(said in minutes for said in ("合议庭成员：法官甲、法官乙、法官丙", "是否公告", "过半数同意"))
    decided_on = ("起拍价", "¥1,400,000", "加价幅度", "保证金", "优先购买权人及顺位：无", "定价依据：委托评估")
    assert all(said in minutes for said in decided_on), minutes
    assert all(
        f"{name}：同意。理由：{why}（" in minutes for name, why in (("法官甲", "价格公允"), ("法官丙", "程序合法"))
    )
    fine(room.announce())
    leaks = room.item_facts("defects", state="found", statement="屋面渗漏。")
    change = f"/auctions/{room.auction_id}/disclosure-change"
    fine(room.clerk.put(f"{change}/items/defects", leaks))
    asked = fine(room.judge.post(change, {"choice": "supplement", "reason": "复勘发现渗漏"}), 202)["approval_id"]
    assert code_of(room.judge.get(f"{letters}&decision={asked}")) == "not_found"
    fine(room.judges[1].post(f"/approvals/{asked}", {"approve": True, "reason": "补充公示足矣"}))
    told = text_of(room.judge.get(f"{letters}&decision={asked}"))
    assert all(said in told for said in ("重要变更", "补充公示", "法官甲：提请，同意。理由：复勘发现渗漏"))
    assert "法官乙：同意。理由：补充公示足矣" in told and "价格公允" not in told
    assert "价格公允" in text_of(room.judge.get(f"{letters}&decision=announcement"))
    clerk = house.perform(lambda unit: an_account(unit, "clerk"))
    page = signed_in(app, house, clerk).get(f"/desk/auctions/{room.auction_id}")
    assert "评议笔录" in page.text and "补充公示足矣" in page.text and "程序合法" in page.text
    assert "优先购买权人：无。" in page.text and "定价依据：委托评估" in page.text
    assert page.link("打印评议笔录").endswith("decision=announcement")

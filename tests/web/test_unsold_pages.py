"""The judge's and the public's pages after an unsold round, and a sell-off's words, in Chinese and English."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, Lot, LotDrawing, Taking, TakingQuestion
from auction.rules.calendar import shanghai_day
from bidding.services import takings
from tests.bidding.hall import RESERVE, STEP, Hall
from tests.bidding.services.unsold import Creditor, Unsold, an_unsold_lot
from tests.factories import a_bidder, a_lot
from tests.web.reader import Reader
from tests.web.sale import a_sale
from tests.web.test_pages import signed_in

CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.fixture
def story(house: House, clock: FixedClock) -> Unsold:
    return an_unsold_lot(Hall(house, clock), "applicant", "applicant", round_="sell_off")


def judge(app: Flask, house: House, story: Unsold) -> Reader:
    return signed_in(app, house, house.read(lambda session: session.get_one(Account, story.judge.id)))


def test_a_judge_leads_a_debt_for_asset_by_its_page(app: Flask, house: House, story: Unsold) -> None:
    reader = judge(app, house, story)
    at = f"/desk/auctions/{story.auction_id}/unsold"
    assert "以物抵债、自行变卖、退还" in reader.get(f"/desk/auctions/{story.auction_id}").text
    for creditor in story.creditors:
        assert "未答复" in reader.get(at).text
        page = reader.send(f"{at}/answers", {"creditor": creditor.party_id, "decision": "take"})
        assert "债权人的答复已记录" in page.text
    page = reader.send(f"{at}/drawing")
    assert "已公开的种子" in page.text
    place = house.read(lambda session: session.get_one(LotDrawing, (story.auction_id, 2)).drawn)
    by_place = {one.position: one for one in story.creditors}
    second, first = (takings_of(house, story, by_place[n]) for n in reversed(place))
    typed = {"claim_fen": "995,000", "reason": "交其抵债"}
    page = reader.send(f"{second}/award", typed, status=409)
    assert "抽签在先" in page.text and "995,000" in page.html
    page = reader.send(f"{first}/award", typed)
    assert "待补交差价" in page.text and "已交债权人抵债" in page.text
    assert "已交债权人抵债" in Reader(app.test_client()).get(f"/auctions/{story.auction_id}").text
    assert "已交债权人抵债" in reader.get("/desk/").text
    account = by_place[place[0]].account
    assert account is not None
    own = signed_in(app, house, account)
    own.get("/me")
    own.get(own.page.link("301室"))
    assert "尚须补交差价 ¥5,000" in own.page.text
    own.send("/difference")
    page = own.send("/simulated-payment")
    assert "标的随抵债裁定归您" in page.text
    assert "差价付清后作出并送达抵债裁定" in reader.get(at).text
    assert "向承受人送达抵债裁定" in reader.send(f"{first}/ruling", {"reason": "已抵偿债务"}).text
    served = {"code": "ruling_served", "on": shanghai_day(story.hall.clock.moment).isoformat(), "detail": "送达回证"}
    assert "抵债裁定送达后，将标的移交承受人" in reader.send(f"{at}/steps", served).text
    page = own.get(f"/me/takings/{story.auction_id}")
    assert "裁定已送达" in page.text and "将标的移交承受人" in page.text
    reader.get(at)
    assert "交付完毕" in reader.send(f"{at}/steps", served | {"code": "handed_over", "detail": "移交清单"}).text
    for code in ("notice_served", "registered"):  # the registry often follows the handover
        reader.get(at)
        reader.send(f"{at}/steps", served | {"code": code, "detail": "回执"})
    reader.get(at)
    assert f"{at}/steps" not in [form.action for form in reader.page.forms]


def takings_of(house: House, story: Unsold, creditor: Creditor) -> str:
    """The id of a creditor's answer."""
    wanted = select(Taking.id).where(Taking.auction_id == story.auction_id, Taking.party_id == creditor.party_id)
    return house.read(lambda session: session.scalars(wanted).one())


def test_a_taken_lot_says_so_in_plain_words_and_shows_the_drawing_to_check(
    app: Flask, house: House, story: Unsold
) -> None:
    public = Reader(app.test_client())
    open_ = public.get(f"/lots/{story.lot().id}").text
    assert "本场流拍，不再接受报名" in open_ and "报名时交保证金" not in open_ and "成交，连同税费" not in open_
    answers = {one.position: story.answer(one) for one in story.creditors}
    drawing = story.perform(takings.draw_lots, story.judge, story.auction_id)
    question = house.read(lambda session: session.get_one(TakingQuestion, story.auction_id))
    drawn = public.get(f"/lots/{story.lot().id}").text
    assert "、".join(map(str, drawing.drawn)) in drawn
    assert question.seed in drawn and question.commitment in drawn and story.auction_id in drawn
    story.award(answers[drawing.drawn[0]], RESERVE)
    taken = public.get(f"/lots/{story.lot().id}").text
    assert "不再拍卖，也不再接受报名" in taken and "报名时交保证金" not in taken


def test_a_creditor_sees_on_his_own_pages_that_he_is_asked_and_answers_himself(
    app: Flask, house: House, story: Unsold
) -> None:
    first, second = story.creditors
    assert first.account is not None and second.account is not None
    own = signed_in(app, house, first.account)
    assert "法院征询您是否以物抵债" in own.get("/me").text
    own.follow("去答复")
    assert "未答复" in own.page.text
    page = own.get(f"/me/takings/{story.auction_id}")
    assert "¥1,000,000" in page.text and page.text.count("您的答复") == 1
    at = f"/me/takings/{story.auction_id}"
    assert "请" in own.send(at, {}, status=422).text
    assert "愿意接受" in own.send(at, {"decision": "take"}).text
    assert "法院征询您是否以物抵债" not in own.get("/me").text
    own.get(at)
    own.send(at, {"decision": "decline"})
    assert takings_answer(house, story, first) == ("declined", first.account.id)
    own.get(at)
    own.send(at, {"decision": "take"})
    own.get(at)
    other = signed_in(app, house, second.account)
    other.get(at)
    other.send(at, {"decision": "take"})
    story.perform(takings.draw_lots, story.judge, story.auction_id)
    assert "已经抽签" in own.send(at, {"decision": "decline"}, status=409).text
    assert at not in [form.action for form in own.get(at).forms] and "已公开的种子" in own.page.text
    english = signed_in(app, house, first.account)
    english.language = "en"
    for address in (at, "/me/takings", "/me"):
        left = english.get(address).text
        for name in ("李四", "南京市玄武区珠江路88号2幢301室房产", "南京市中级人民法院", "竞买人"):
            left = left.replace(name, "")
        assert not CHINESE.search(re.sub(r"（2026）苏01执\d+号", "", left)), left


def test_nobody_else_is_asked_and_a_judge_has_no_such_page(app: Flask, house: House, story: Unsold) -> None:
    stranger = signed_in(app, house, house.perform(a_bidder))
    assert "以物抵债" not in stranger.get("/me").text
    assert "目前没有向您的征询" in stranger.get("/me/takings").text
    stranger.get(f"/me/takings/{story.auction_id}", 404)
    judge(app, house, story).get("/me/takings", 403)


def takings_answer(house: House, story: Unsold, creditor: Creditor) -> tuple[str, str]:
    """How a creditor's answer stands, and who gave it."""
    wanted = select(Taking).where(Taking.auction_id == story.auction_id, Taking.party_id == creditor.party_id)
    taking = house.read(lambda session: session.scalars(wanted).one())
    return taking.status, taking.answered_by


def test_own_sale_and_return_by_their_page_with_the_refusal_beside_what_was_typed(
    app: Flask, house: House, story: Unsold
) -> None:
    reader = judge(app, house, story)
    at = f"/desk/auctions/{story.auction_id}/unsold"
    reader.get(at)
    low = {"offer_fen": "1,000,000", "until_on": "2026-04-30", "reason": "有买家"}
    page = reader.send(f"{at}/own-sale", low, status=422)
    assert "须高于流拍价 1,000,000 元" in page.text
    assert "2026-04-30" in page.html and page.html.count("有买家") == 1
    page = reader.send(f"{at}/own-sale", low | {"offer_fen": "1,000,000.01"})
    assert "被执行人自行变卖中" in page.text
    public = Reader(app.test_client()).get(f"/auctions/{story.auction_id}").text
    assert "法院准许被执行人自行变卖" in public
    reader.get(at)
    page = reader.send(f"{at}/own-sale/end", {"reason": "买家反悔"})
    assert "正在征询债权人" in Reader(app.test_client()).get(f"/auctions/{story.auction_id}").text
    for creditor in story.creditors:
        story.answer(creditor, "decline")
    reader.get(at)
    page = reader.send(f"{at}/return", {"kind": "returned", "reason": "无人接受，解除查封"})
    assert "决定已记录并公开" in page.text
    assert "无人接受，解除查封" in Reader(app.test_client()).get(f"/auctions/{story.auction_id}").text


def test_a_group_is_made_and_read_on_the_desk(app: Flask, house: House, story: Unsold) -> None:
    reader = judge(app, house, story)
    at = f"/desk/lots/{story.lot_id}/group"
    page = reader.get(at)
    assert "同案标的组" in page.text
    assert "一组至少两件标的" in reader.send(at, {"claim_fen": "10", "costs_fen": "1"}, status=422).text

    def beside(unit: Unit) -> str:
        return a_lot(unit, case=unit.session.get_one(Lot, story.lot_id).case, title="车位").id

    other = house.perform(beside)
    reader.get(at)
    page = reader.send(at, {"lots": [story.lot_id, other], "claim_fen": "10", "costs_fen": "1"})
    assert "尚未足额" in page.text and "成交价款 ¥0，其中已付 ¥0，需 ¥11" in page.text and "车位" in page.text
    page = reader.send(at, {"claim_fen": "20", "costs_fen": "1", "sell_all": "true"})
    assert "需 ¥21" in page.text


def test_the_board_names_what_is_about_to_be_late(app: Flask, house: House, clock: FixedClock) -> None:
    story = an_unsold_lot(Hall(house, clock))
    due = "流拍后第二次拍卖开拍"
    assert due not in judge(app, house, story).get("/desk/").text
    clock.advance(days=26)
    assert re.search(due + r"[^·]*·\S+ ?临近", judge(app, house, story).get("/desk/").text)
    clock.advance(days=20)
    assert re.search(due + r"[^·]*·\S+ ?逾期 \d+ 天", judge(app, house, story).get("/desk/").text)


def test_a_sell_off_says_prepayment_and_contest(app: Flask, house: House) -> None:
    sale = house.perform(a_sale, round="sell_off", deposit_fen=RESERVE, forfeit_fen=STEP)
    for language, words in (
        ("zh", ("变卖价", "变卖预缴款（全款）", "首次有效出价起竞价")),
        ("en", ("Sale price", "Prepayment (the whole price)", "starts a contest of 24 hours")),
    ):
        page = Reader(app.test_client(), language).get(f"/auctions/{sale.auction_id}").text
        assert all(word in page for word in words), language
        assert words[2] in Reader(app.test_client(), language).get(f"/auctions/{sale.auction_id}/room").text


def test_the_pages_after_an_unsold_round_have_no_chinese_left_in_english(
    app: Flask, house: House, story: Unsold
) -> None:
    account = house.read(lambda session: session.get_one(Account, story.judge.id))
    reader = signed_in(app, house, account)
    reader.language = "en"
    for page in (f"auctions/{story.auction_id}/unsold", f"lots/{story.lot_id}/group", f"auctions/{story.auction_id}"):
        left = reader.get(f"/desk/{page}").text
        for name in ("李四", "南京市玄武区珠江路88号2幢301室房产", "法官"):
            left = left.replace(name, "")
        left = re.sub(r"（2026）苏01执\d+号", "", left)
        assert not CHINESE.search(left), left

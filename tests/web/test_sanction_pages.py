"""The pages of sanctions and records, read and filled in as people do."""

import re
from dataclasses import dataclass

import pytest
from flask import Flask

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account
from auction.rules.access import POLICY
from bidding.queries.due import due_acts
from bidding.rules.registration import UNDERTAKINGS
from disclosure.services.sealing import seal_facts
from risk.services.standing import enter
from tests.bidding.reneged import Reneged, a_reneged_sale
from tests.factories import a_bidder, a_lot, an_auction
from tests.web.reader import Page, Reader
from tests.web.sale import SHEET
from tests.web.test_pages import signed_in
from web.timekeeping import carry_out

CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass
class Hall:
    """The application, one reneged sale, and readers signed in as its people."""

    app: Flask
    house: House
    clock: FixedClock
    sale: Reneged

    def reader(self, account: Account, language: str = "zh-CN") -> Reader:
        reader = signed_in(self.app, self.house, account)
        reader.language = language
        return reader

    def propose(self, kind: str, status: int = 200, **typed: str) -> Page:
        judge = self.reader(self.sale.judge)
        judge.get(f"/desk/auctions/{self.sale.auction.id}/sanctions")
        assert "欧阳悔拍" in judge.page.text
        facts = {"kind": kind, "basis": "民事诉讼法第一百一十四条", "reason": "多次竞得后不付款"}
        return judge.send(f"/desk/auctions/{self.sale.auction.id}/sanctions", {**facts, **typed}, status=status)

    def approve(self, *people: Account) -> None:
        for person in people:
            reader = self.reader(person)
            page = reader.get("/desk/approvals")
            form = page.forms[[form.action for form in page.forms].index(_approval(page))]
            reader.send(form.action, {"reason": "同意"}, button=("approve", "true"))

    def wait(self, days: int) -> None:
        self.clock.advance(days=days)
        for due in self.house.read(due_acts, self.house.now()):
            carry_out(self.house, due)


def _approval(page: Page) -> str:
    return next(form.action for form in page.forms if re.search(r"/desk/approvals/\w+$", form.action))


@pytest.fixture
def hall(app: Flask, house: House, clock: FixedClock) -> Hall:
    def make(unit: Unit) -> Reneged:
        sale = a_reneged_sale(unit)
        person = str(sale.buyer.person_id)
        enter(unit, person, "reneged_maliciously", subject_id=sale.auction.id, facts={"reason": "x"})
        return sale

    return Hall(app, house, clock, house.perform(make))


def test_a_fine_is_proposed_approved_served_reviewed_and_set_aside(hall: Hall) -> None:
    assert "罚款金额应在" in hall.propose("fine", amount_fen="200000", status=422).text
    page = hall.propose("fine", amount_fen="50000")
    assert "提请批准" in page.text and "罚款 ¥50,000" in page.text
    hall.approve(hall.sale.second, hall.sale.president)
    buyer = hall.reader(hall.sale.buyer)
    buyer.get("/me")
    text = buyer.follow("我的信用记录").text
    assert "罚款 ¥50,000" in text and "可以申请复议一次" in text and "恶意悔拍" in text
    document = buyer.follow("查看决定书").text
    assert "罚款决定书" in document and "（2026）3201司惩1号" in document and "第一百一十四条" in document
    buyer.get("/me/standing")
    assert "复议申请已提交" in buyer.send("/reviews", {"grounds": "本人并非恶意"}).text
    president = hall.reader(hall.sale.president)
    president.get("/desk/sanctions")
    assert "本人并非恶意" in president.page.text
    regulator = hall.reader(hall.sale.regulator)
    regulator.get("/regulator/sanctions")
    regulator.follow("罚款 ¥50,000")
    done = regulator.send("/review", {"outcome": "lifted", "reason": "上级法院撤销"})
    assert "已解除" in done.text
    assert "复议撤销" in buyer.get("/me/standing").text


def test_a_publication_is_public_while_it_is_in_force(hall: Hall) -> None:
    hall.propose("publication", until="2026-05-01")
    hall.approve(hall.sale.second)
    visitor = Reader(hall.app.test_client())
    assert "现在没有公开的决定" in visitor.get("/sanctions").text
    hall.wait(4)
    text = visitor.get("/sanctions").text
    assert "欧阳悔拍" in text and "多次悔拍" in text and "公开至 2026-05-01" in text
    assert str(hall.sale.buyer.id) not in visitor.page.html
    judge = hall.reader(hall.sale.second)
    judge.get("/desk/")
    judge.follow("惩戒与信用")
    judge.follow("公开本决定至")
    assert "已提请批准" in judge.send("/lifting", {"reason": "已履行"}).text
    hall.approve(hall.sale.judge)
    assert "现在没有公开的决定" in visitor.get("/sanctions").text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_record_names_everybody_whom_the_policy_lets_read_it(hall: Hall, language: str) -> None:
    words = {
        "judge": ("法官", "judge"),
        "president": ("院长", "president"),
        "regulator": ("监管人员", "regulator"),
    }
    text = hall.reader(hall.sale.buyer, language).get("/me/standing").text
    readers = (POLICY["standing.read"].roles or frozenset()) | (POLICY["standing.answer"].roles or frozenset())
    assert readers == set(words), "the sentence is made for these"
    assert [role for role in readers if words[role][language == "en"] not in text] == []
    assert "只有您本人" not in text and "Only you" not in text


def test_an_entry_is_contested_and_answered_on_the_pages(hall: Hall) -> None:
    buyer = hall.reader(hall.sale.buyer)
    buyer.get("/me/standing")
    refused = buyer.send("/objections", {"grounds": " "}, status=422)
    assert "必须填写" in refused.text
    assert "异议已提交" in buyer.send("/objections", {"grounds": "付款被银行退回"}).text
    assert "有异议，部分计分" in buyer.page.text
    declared = hall.reader(hall.sale.judge).get("/desk/sanctions")
    assert "付款被银行退回" in declared.text and "由作出认定以外的法官处理" in declared.text
    assert not any("/desk/standing/" in form.action for form in declared.forms)
    judge = hall.reader(hall.sale.second)
    judge.get("/desk/sanctions")
    assert "付款被银行退回" in judge.page.text
    form = next(form for form in judge.page.forms if "/desk/standing/" in form.action)
    judge.send(form.action, {"reason": "查证属实"}, button=("accept", "true"))
    assert "异议成立" in buyer.get("/me/standing").text
    assert "查证属实" in buyer.page.text


def test_another_court_and_strangers_see_nothing_of_it(hall: Hall) -> None:
    hall.propose("publication", until="2026-05-01")
    hall.approve(hall.sale.second)
    judge = hall.reader(hall.sale.judge)
    judge.get("/desk/sanctions")
    address = judge.page.link("公开本决定至")
    other = hall.reader(hall.house.perform(lambda unit: a_reneged_sale(unit, court="3299").judge))
    stranger = hall.reader(hall.house.perform(a_bidder))
    document = address.replace("/desk", "") + "/decision"
    refused = [
        other.get(address, 404),
        other.get(document, 404),
        other.get(f"/desk/auctions/{hall.sale.auction.id}/sanctions", 404),
        stranger.get(document, 404),
        stranger.get("/desk/sanctions", 403),
        other.get("/desk/sanctions"),
    ]
    told = ("欧阳悔拍", "多次竞得后不付款", "公开本决定至")
    assert [(page.address, word) for page in refused for word in told if word in page.text] == []
    own = hall.reader(hall.sale.buyer).get(document).text
    assert [word for word in told if word not in own] == []


def test_a_bar_for_a_term_is_proposed_where_the_ruleset_has_one_and_named_where_it_refuses(
    app: Flask, house: House, clock: FixedClock
) -> None:
    hall = Hall(app, house, clock, house.perform(a_reneged_sale, term_bar=True))
    hall.propose("term_bar", until="2026-05-01", scope="all")
    hall.approve(hall.sale.second)
    hall.wait(4)

    def open_sale(unit: Unit) -> tuple[str, str]:
        lot = a_lot(unit, created_by=hall.sale.judge.id)
        sealed = seal_facts(unit, lot, SHEET, (), material=False)
        return an_auction(unit, lot=lot, seal=sealed.seal).id, sealed.seal

    auction_id, seal = house.perform(open_sale)
    buyer = hall.reader(hall.sale.buyer)
    buyer.get(f"/auctions/{auction_id}/register")
    text = buyer.send("/register", {"seal": seal, "undertakings": list(UNDERTAKINGS)}).text
    assert "《示例高级人民法院关于网络司法拍卖竞买人管理的规定》（2025年）第七条（法院惯例）" in text
    assert "2026-05-01" in buyer.get(f"/auctions/{auction_id}/room").text


def test_without_malice_there_is_no_form(app: Flask, house: House, clock: FixedClock) -> None:
    sale = house.perform(a_reneged_sale, factors=[])
    page = Hall(app, house, clock, sale).reader(sale.judge).get(f"/desk/auctions/{sale.auction.id}/sanctions")
    assert "不能提请惩戒" in page.text
    assert not any(form.action.endswith("/sanctions") for form in page.forms)


def test_english_pages_have_no_chinese_but_names_and_entered_words(hall: Hall) -> None:
    hall.propose("publication", until="2026-05-01")
    hall.approve(hall.sale.second)
    hall.wait(4)
    entered = "多次竞得后不付款|民事诉讼法第一百一十四条"
    names = f"{entered}|欧阳悔拍|南京市玄武区珠江路88号2幢301室房产|法院3201|（2026）\\w+号|法官\\w"
    pages = [
        hall.reader(hall.sale.buyer, "en").get("/me/standing"),
        hall.reader(hall.sale.judge, "en").get("/desk/sanctions"),
        hall.reader(hall.sale.judge, "en").get(f"/desk/auctions/{hall.sale.auction.id}/sanctions"),
        hall.reader(hall.sale.regulator, "en").get("/regulator/sanctions"),
        Reader(hall.app.test_client(), "en").get("/sanctions"),
    ]
    for page in pages:
        assert not CHINESE.search(re.sub(names, "", page.text)), page.text

"""Objections at the doors: filed by anybody signed in, received and decided by the court, told to nobody else."""

import re
from io import BytesIO

from flask import Flask

from auction.kernel.unit import House, Unit
from auction.models import Account, Auction, PanelMember
from auction.queries.sessions import account_named
from auction.services.approvals import vote
from bidding.services.approved import ACTS
from bidding.services.objections import file_objection, propose_decision, receive_objection
from tests.factories import a_bidder, an_account, an_actor
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import PDF, fine
from tests.web.reader import Reader
from tests.web.sale import Sale, a_sale
from tests.web.test_pages import signed_in

PANEL = ("judge_fifth", "judge_sixth")


def a_case(unit: Unit) -> tuple[Sale, Account, Account]:
    """A running sale with a panel of three; another judge of the court; an outsider."""
    sale = a_sale(unit)
    auction = unit.session.get_one(Auction, sale.auction_id)
    auction.panel.append(PanelMember(account_id=sale.judge.id, position=0))
    for name, username in (("法官戊", "judge_fifth"), ("法官己", "judge_sixth")):
        an_account(unit, "judge", display_name=name, username=username)
    return sale, an_account(unit, "judge", display_name="法官丁"), a_bidder(unit, name="欧阳案外")


def a_fifth(house: House) -> Account:
    """A further judge who had no part in the sale."""
    found = house.read(account_named, "judge_fifth")
    assert found is not None
    return found


def test_a_claim_is_filed_received_and_decided_and_its_clock_is_told(
    app: Flask, house: House, sign_in: SignIn, anybody: Caller
) -> None:
    sale, other, account = house.perform(a_case)
    panel, judge, outsider = sign_in(sale.judge), sign_in(other), sign_in(account)
    path = f"/auctions/{sale.auction_id}/objections"
    said = {"kind": "ownership", "grounds": "标的系本人所有"}
    assert code_of(anybody.post(path, said)) == "unauthenticated"
    assert code_of(judge.post(path, said)) == "forbidden"
    assert fields_of(outsider.post(path, {"kind": "odd", "grounds": " "})) == {"kind": "invalid", "grounds": "required"}
    sent = {"file": (BytesIO(PDF), "title.pdf", "application/pdf")}
    paper = fine(outsider.post("/me/papers", data=sent), 201)
    filed = fine(outsider.post(path, {**said, "attachments": [paper["id"]]}), 201)
    assert (filed["status"], filed["due_on"], filed["remedy"], filed["review"]) == ("filed", "2026-03-17", "suit", None)
    assert code_of(outsider.post(path, said)) == "wrong_state"
    stranger = sign_in(sale.bidders[0])
    assert code_of(stranger.get(f"/objections/{filed['id']}")) == "not_found"
    assert code_of(stranger.get(path)) == "forbidden"
    [seen] = fine(panel.get(path))["items"]
    assert (seen["objector"]["name"], seen["may_decide"], seen["grounds"]) == ("欧阳案外", False, "标的系本人所有")
    assert panel.get(f"/papers/{paper['id']}").data == PDF
    one = f"/objections/{filed['id']}"
    fine(panel.post(f"{one}/receipt"))
    public = fine(anybody.get(f"/auctions/{sale.auction_id}"))
    assert (public["status"], public["suspension"]["kind"]) == ("suspended", "stay")
    assert filed["id"] not in str(public) and "欧阳" not in str(public)
    again = {"closes_at": "2027-01-01T00:00:00+00:00", "reason": "r"}
    refused = panel.post(f"/auctions/{sale.auction_id}/resumption", again)
    assert (refused.status_code, code_of(refused)) == (409, "objection_open")
    assert "第三十六条" in refused.get_json()["basis"]
    decision = {"accept": False, "reason": "不足以排除执行", "panel": ["judge_fifth", "judge_sixth"]}
    assert code_of(panel.post(f"{one}/decision", decision)) == "own_act"
    for few in (["judge_fifth"], ["judge_fifth", "judge_nobody"], ["judge_fifth", sale.judge.username]):
        assert code_of(judge.post(f"{one}/decision", decision | {"panel": few})) == "invalid"
    proposal = fine(judge.post(f"{one}/decision", decision), 202)
    assert proposal["needs"] == {"role": "judge", "count": 1}
    answer = f"/approvals/{proposal['approval_id']}", {"approve": True, "reason": "同意"}
    assert code_of(panel.post(*answer)) == "own_declaration"
    assert fine(panel.get(path))["items"][0]["proposed"] is True
    assert fine(outsider.get(one))["status"] == "filed"
    fine(sign_in(a_fifth(house)).post(*answer))
    assert fine(outsider.get(one))["remedy_until"] == "2026-03-17"
    mine = fine(outsider.get("/me/objections"))
    assert (mine["total"], mine["items"][0]["reason"]) == (1, "不足以排除执行")
    assert code_of(outsider.post(f"{one}/review", {"grounds": "g"})) == "wrong_state"
    refused = panel.post(f"/auctions/{sale.auction_id}/resumption", again)
    assert (refused.status_code, code_of(refused)) == (409, "suit_days")
    assert "2026-03-17" in refused.get_json()["detail"]
    assert code_of(judge.post(f"{one}/suit-end", {"outcome": "dismissed", "on": "2026-03-02", "reason": "r"}))
    sued = fine(judge.post(f"{one}/suit", {"on": "2026-03-02"}))
    assert (sued["status"], sued["suit"]["status"], sued["suit"]["filed_on"]) == ("rejected", "filed", "2026-03-02")
    refused = panel.post(f"/auctions/{sale.auction_id}/resumption", again)
    assert (refused.status_code, code_of(refused)) == (409, "suit_pending")
    said = {"outcome": "dismissed", "on": "2026-03-02", "reason": "按撤诉处理"}
    assert fine(judge.post(f"{one}/suit-end", said))["suit"]["reason"] == "按撤诉处理"
    assert fine(panel.post(f"/auctions/{sale.auction_id}/resumption", again))["status"] == "open"


def test_an_objection_is_filed_and_decided_on_the_pages_and_reviewed(app: Flask, house: House) -> None:
    sale, other, account = house.perform(a_case)
    reader = signed_in(app, house, account)
    reader.get(f"/auctions/{sale.auction_id}")
    reader.follow("对本次拍卖提出异议")
    reader.send("/object", {"kind": "conduct", "grounds": " "}, status=422)
    reader.send("/object", {"kind": "conduct", "grounds": "公告期不足"}, file=(BytesIO(PDF), "a.pdf"))
    assert "2026-03-17" in reader.page.text and "a.pdf" in reader.page.text
    mine = reader.page.address.split("?")[0]
    judge = signed_in(app, house, other)
    judge.get("/desk/")
    judge.follow("签收对拍卖的异议 1 件并审查")
    judge.send("/receipt", {})
    judge.send("/decision", {"reason": "公告期合法", "panel": "judge_fifth、judge_sixth"}, button=("accept", "false"))
    assert "已提请合议庭" in judge.page.html
    fifth = signed_in(app, house, a_fifth(house))
    fifth.get("/desk/approvals")
    assert "对拍卖的异议的裁定" in fifth.page.text and "公告期合法" in fifth.page.text
    fifth.send(fifth.page.forms[-1].action, {"reason": "同意"}, button=("approve", "true"))
    judge.get(f"/desk/auctions/{sale.auction_id}/objections")
    assert "异议驳回" in judge.page.text
    reader.get(mine)
    assert "公告期合法" in reader.page.text
    reader.send("/review", {"grounds": "计算有误"})
    assert "复议申请已提交" in reader.page.html and "复议中" in reader.page.text
    judge.get(f"/desk/auctions/{sale.auction_id}/objections")
    judge.send("/review-extension", {})
    judge.send("/review-decision", {"outcome": "upheld", "on": "2026-03-02", "reason": "（2026）苏执复1号"})
    assert "复议维持" in judge.page.text
    reader.language = "en"
    assert "upheld" in reader.get(mine).text.lower()


def test_after_an_accepted_claim_the_page_says_so_and_offers_no_registration(app: Flask, house: House) -> None:
    sale, other, account = house.perform(a_case)
    visitor = Reader(app.test_client())
    assert "报名交保证金" in visitor.get(f"/auctions/{sale.auction_id}").text
    row = house.perform(file_objection, an_actor(account), sale.auction_id, kind="ownership", grounds="标的系本人所有")
    house.perform(receive_objection, an_actor(sale.judge), row.id)
    assert "报名交保证金" in visitor.get(f"/auctions/{sale.auction_id}").text
    proposal = house.perform(propose_decision, an_actor(other), row.id, accept=True, reason="属实", panel=PANEL)
    answer = {"approve": True, "reason": "同意", "acts": ACTS}
    house.perform(vote, an_actor(a_fifth(house)), proposal.id, **answer)
    text = visitor.get(f"/auctions/{sale.auction_id}").text
    assert "异议成立" in text and "报名交保证金" not in text
    judge = signed_in(app, house, sale.judge)
    judge.get("/desk/")
    judge.follow("异议成立 1 件：撤回或者撤销拍卖，纠正后重新公告")
    assert "异议成立：不得恢复" in judge.page.text
    judge.follow("去处理")
    assert judge.page.address.startswith(f"/desk/auctions/{sale.auction_id}")


def test_the_desk_records_that_a_cause_has_ended_and_shows_by_when_to_resume(app: Flask, house: House) -> None:
    sale, other, _ = house.perform(a_case)
    judge = signed_in(app, house, other)
    judge.get(f"/desk/auctions/{sale.auction_id}")
    judge.send("/suspension", {"kind": "halt", "reason": "据以执行的文书再审"})
    judge.send("/suspension-end", {"reason": "再审维持"})
    assert "应于 2026-03-09 前恢复" in judge.page.text
    judge.get("/desk/")
    assert re.search(r"恢复拍卖·.{0,80}临近 ?2026-03-09", judge.page.text)

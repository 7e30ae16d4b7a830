"""A sale that does not stand, at the doors: the buyer's proof, the panel's revocation, what people are told."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from auction.kernel.clock import FixedClock, iso
from auction.kernel.unit import House, Unit
from auction.models import Account, Approval, Auction, PanelMember
from bidding.models import Confirmation
from tests.bidding.sale import closed
from tests.factories import a_bidder, an_account
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import PDF, fine
from tests.web.sale import Sale, a_sale, offer
from tests.web.test_pages import signed_in


@dataclass
class Won:
    """A sold auction with its panel; the second of two bidders has bought."""

    sale: Sale
    panel: list[Account]

    @property
    def buyer(self) -> Account:
        return self.sale.bidders[1]

    @property
    def path(self) -> str:
        return f"/auctions/{self.sale.auction_id}"


@pytest.fixture
def won(app: Flask, house: House, clock: FixedClock, sign_in: SignIn) -> Won:
    def story(unit: Unit) -> Won:
        sale = a_sale(unit)
        panel = [an_account(unit, "judge", display_name=f"法官{name}") for name in "甲乙丙"]
        auction = unit.session.get_one(Auction, sale.auction_id)
        for place, account in enumerate(panel):
            auction.panel.append(PanelMember(account_id=account.id, position=place))
        return Won(sale, panel)

    made = house.perform(story)
    for number, account in enumerate(made.sale.bidders):
        assert offer(sign_in(account), made.sale, 100_000_000 + number * 500_000).status_code == 201
    clock.advance(days=2)
    assert closed(house, made.sale.auction_id, settled=True) == "sold"
    return made


def a_paper(caller: Caller) -> dict[str, Any]:
    sent = {"file": (BytesIO(PDF), "proof.pdf", "application/pdf")}
    answer: dict[str, Any] = fine(caller.post("/me/papers", data=sent), 201)
    return answer


def test_a_buyer_proves_and_the_court_finds_that_he_may_not_buy(won: Won, house: House, sign_in: SignIn) -> None:
    buyer, judge = sign_in(won.buyer), sign_in(won.panel[0])
    other = sign_in(house.perform(a_bidder))
    paper = a_paper(buyer)
    assert (paper["filename"], set(paper)) == ("proof.pdf", {"id", "filename", "media_type", "size", "sha256"})
    assert code_of(judge.get(f"/papers/{paper['id']}")) == "not_found"  # kept, and handed in to nobody yet
    handed = {"attachments": [paper["id"]]}
    assert code_of(other.post(f"{won.path}/qualification", handed)) == "forbidden"
    assert fields_of(buyer.post(f"{won.path}/qualification", {"attachments": ["x"]})) == {
        "attachments.0": "unknown_attachment"
    }
    fine(buyer.post(f"{won.path}/qualification", handed), 201)
    assert judge.get(f"/papers/{paper['id']}").data == PDF
    assert code_of(other.get(f"/papers/{paper['id']}")) == "not_found"
    kept = [{"code": "deposit", "keep_fen": 1, "basis": "EQ 15(3)", "reason": "r"}]
    failed = {"qualification": "failed", "evidence": [paper["id"]], "reason": "限购地区已有住房"}
    assert fields_of(judge.post(f"{won.path}/ruling", {**failed, "lines": kept})) == {"lines.0": "keep_not_allowed"}
    assert fields_of(judge.post(f"{won.path}/ruling", failed)) == {"lines": "line_missing"}
    failed["lines"] = [{"code": "deposit", "keep_fen": 0, "reason": "并非虚构资格"}]
    assert code_of(buyer.post(f"{won.path}/ruling", failed)) == "forbidden"
    proposal = fine(judge.post(f"{won.path}/ruling", failed), 202)
    assert fine(judge.get(won.path))["status"] == "sold"
    second = sign_in(won.panel[1])
    fine(second.post(f"/approvals/{proposal['approval_id']}", {"approve": True, "reason": "同意"}))
    answer = fine(judge.get(won.path))
    assert (answer["status"], answer["ended_reason"], answer["settlement"]) == ("revoked", "unqualified", None)
    mine = fine(buyer.get(f"/registrations/{won.sale.registrations[1]}"))
    assert (mine["status"], mine["refusal"], mine["decision_reason"]) == (
        "released",
        "sale_revoked",
        "限购地区已有住房",
    )
    assert [refund["purpose"] for refund in mine["refunds"]] == ["deposit"]


def test_a_failed_qualification_is_put_to_the_panel_by_its_page(won: Won, app: Flask, house: House) -> None:
    judge = signed_in(app, house, won.panel[0])
    judge.get(f"/desk{won.path}/unwinding")
    page = judge.send("/unqualified", {"reason": "限购"}, status=422)
    assert "限购" in page.html
    judge.send("/unqualified", {"reason": "限购", "keep_fen": "1,000", "keep_reason": "虚构购房资格"})
    assert "等待批准" in judge.page.text and "不退还 ¥1,000" in judge.page.text
    assert house.read(lambda session: session.get_one(Auction, won.sale.auction_id)).status == "sold"


def test_a_panel_revokes_by_the_pages_and_buyer_and_public_read_it_in_both_languages(
    won: Won, app: Flask, house: House
) -> None:
    first, second = (signed_in(app, house, account) for account in won.panel[:2])
    first.get(f"/desk{won.path}")
    first.follow("买受人资格不符，或者撤销拍卖")
    first.send("/unwinding", {"ground": "misdescribed", "reason": ""}, status=422)
    first.send("/unwinding", {"ground": "misdescribed", "reason": "面积严重失实"})
    assert "等待批准" in first.page.text
    second.get("/desk/approvals")
    assert "文字、视频、照片或者瑕疵说明严重失实" in second.page.text
    [proposal] = house.read(lambda session: [one.id for one in session.query(Approval)])
    second.send(f"/approvals/{proposal}", {"reason": "同意"}, button=("approve", "true"))
    first.get(f"/desk{won.path}/unwinding")
    assert "退还（元）" in first.page.text and "国家赔偿" in first.page.text
    reader = signed_in(app, house, won.buyer)
    reader.get(f"/registrations/{won.sale.registrations[1]}")
    assert "法院撤销了本次拍卖" in reader.page.text and "面积严重失实" in reader.page.text
    anybody = Caller(app.test_client())
    result, document = (fine(anybody.get(f"{won.path}/{name}")) for name in ("result", "confirmation"))
    assert result["revoked"] == document["revoked"] == {"at": iso(house.now()), "ground": "misdescribed"}
    kept = house.read(lambda session: session.get_one(Confirmation, won.sale.auction_id).document)
    assert "revoked" not in kept
    public = signed_in(app, house, won.sale.bidders[0])
    assert "确认书不再有效" in public.get(f"{won.path}/confirmation").text
    public.language = "en"
    assert "were seriously false" in public.get(won.path).text
    assert "面积严重失实" not in public.page.text  # the finding is told to the buyer

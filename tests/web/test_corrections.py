"""Correcting one's own data: contact at once, identity on proof and by others, and never while a sale goes on."""

import io

import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, Correction, JournalRow, Message, Person
from bidding.models import Paper
from tests.bidding.sale import closed
from tests.factories import a_bidder, a_resident_id, an_account, id_number_of, name_of
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import PDF, fine
from tests.web.sale import Sale, a_sale
from tests.web.test_pages import signed_in
from web.timekeeping import seal_all, tell_news

WRONG = "王小朋"


@pytest.fixture
def bidder(house: House) -> Account:
    return house.perform(lambda unit: a_bidder(unit, name=WRONG, phone="+8613812340000"))


@pytest.fixture
def caller(bidder: Account, sign_in: SignIn) -> Caller:
    return sign_in(bidder)


def a_paper(caller: Caller) -> str:
    sent = {"file": (io.BytesIO(PDF), "户口簿.pdf", "application/pdf")}
    return str(fine(caller.post("/me/papers", data=sent, content_type="multipart/form-data"), 201)["id"])


def asked(caller: Caller, **wanted: str) -> str:
    body = {"reason": "登记时写错", "attachments": [a_paper(caller)], **wanted}
    return str(fine(caller.post("/me/corrections", body), 201)["id"])


def test_contact_is_changed_at_once_and_what_was_before_is_kept(house: House, bidder: Account, caller: Caller) -> None:
    body = {"phone": "+8613999990000", "email": "new@example.cn"}
    assert fine(caller.put("/me/contact", body)) == {"changed": ["phone", "email"]}
    assert fields_of(caller.put("/me/contact", body)) == {"phone": "nothing_changed"}
    assert fields_of(caller.put("/me/contact", {"phone": "x"})) == {"phone": "phone_invalid"}
    [kept] = fine(caller.get("/me/corrections"))["items"]
    assert (kept["status"], kept["fields"], kept["before"]["phone"]) == (
        "accepted",
        ["email", "phone"],
        "+8613812340000",
    )
    assert fine(caller.get("/me/data"))["person"]["phone"] == "+8613999990000"

    def stored(unit: Unit) -> str:
        rows = unit.session.scalars(select(JournalRow.entry).where(JournalRow.kind == "ContactChanged"))
        row = unit.session.scalars(select(Correction)).one()
        return "".join(rows) + row.before.decode("latin-1") + row.wanted.decode("latin-1")

    assert "13999990000" not in house.perform(stored) and "13812340000" not in house.perform(stored)


def test_a_name_is_corrected_on_proof_by_a_clerk_or_a_regulator(
    house: House, bidder: Account, caller: Caller, sign_in: SignIn
) -> None:
    correction_id = asked(caller, name="王小鹏")
    again = {"name": "王大鹏", "reason": "x", "attachments": [a_paper(caller)]}
    assert code_of(caller.post("/me/corrections", again)) == "already_asked"
    clerk = sign_in(house.perform(an_account, "clerk"))
    [waiting] = fine(clerk.get("/corrections"))["items"]
    assert (waiting["id"], waiting["before"], waiting["wanted"]) == (correction_id, {"name": WRONG}, {"name": "王小鹏"})
    assert clerk.get(f"/papers/{waiting['attachments'][0]}").get_data() == PDF
    judge = sign_in(house.perform(an_account, "judge"))
    assert judge.get(f"/papers/{waiting['attachments'][0]}").status_code == 404
    assert code_of(judge.post(f"/corrections/{correction_id}", {"approve": True, "reason": "x"})) == "forbidden"
    assert code_of(caller.post(f"/corrections/{correction_id}", {"approve": True, "reason": "x"})) == "forbidden"
    decided = {"approve": True, "reason": "与户口簿相符"}
    assert fine(clerk.post(f"/corrections/{correction_id}", decided))["status"] == "accepted"
    assert code_of(clerk.post(f"/corrections/{correction_id}", decided)) == "wrong_state"
    assert fine(clerk.get("/corrections"))["items"] == []
    assert fine(caller.get("/me"))["name"] == "王小鹏"
    [mine] = fine(caller.get("/me/corrections"))["items"]
    assert (mine["before"], mine["decision_reason"]) == ({"name": WRONG}, "与户口簿相符")
    seal_all(house)
    tell_news(house)
    kinds = house.read(lambda session: session.scalars(select(Message.kind)).all())
    assert kinds == ["correction_decided"]
    papers = house.read(lambda session: session.scalars(select(Paper)).all())
    assert papers and not any(PDF[:8] in paper.content for paper in papers)


def test_a_refused_correction_changes_nothing(house: House, bidder: Account, caller: Caller, sign_in: SignIn) -> None:
    correction_id = asked(caller, name="李四")
    regulator = sign_in(house.perform(an_account, "regulator"))
    refused = {"approve": False, "reason": "证明不符"}
    assert fine(regulator.post(f"/corrections/{correction_id}", refused))["status"] == "rejected"
    assert fine(caller.get("/me"))["name"] == WRONG


def test_a_number_is_corrected_only_where_no_registration_was_made_with_it(
    house: House, bidder: Account, caller: Caller, sign_in: SignIn
) -> None:
    right = a_resident_id()
    proof = {"reason": "x", "attachments": [a_paper(caller)]}
    wrong = caller.post("/me/corrections", {"id_number": "123", **proof})
    assert fields_of(wrong) == {"id_number": "identity_invalid"}
    regulator = sign_in(house.perform(an_account, "regulator"))
    done = {"approve": True, "reason": "相符"}
    fine(regulator.post(f"/corrections/{asked(caller, id_number=right)}", done))

    def number(unit: Unit) -> tuple[str, bool]:
        person = unit.session.get_one(Person, bidder.person_id)
        return id_number_of(unit, person), person.id_match == unit.vault.match_key("resident_id", right)

    assert house.perform(number) == (right, True)
    sale = house.perform(a_sale)
    used = sign_in(sale.bidders[0])
    proof = {"reason": "x", "attachments": [a_paper(used)]}
    assert fields_of(used.post("/me/corrections", {"id_number": a_resident_id(), **proof})) == {
        "id_number": "number_used"
    }
    assert fields_of(used.post("/me/corrections", proof)) == {"name": "required"}
    assert fields_of(used.post("/me/corrections", {"name": "x", "reason": "x", "attachments": []})) == {
        "attachments": "invalid"
    }


def test_nobody_reads_or_decides_it_while_a_sale_goes_on(house: House, clock: FixedClock, sign_in: SignIn) -> None:
    sale: Sale = house.perform(a_sale)
    caller = sign_in(sale.bidders[0])
    correction_id = asked(caller, name="更名人")
    paper = fine(caller.get("/me/corrections"))["items"][0]["attachments"][0]
    for role in ("clerk", "regulator"):
        decider = sign_in(house.perform(an_account, role))
        assert fine(decider.get("/corrections"))["items"] == []
        assert decider.get(f"/papers/{paper}").status_code == 404
        decided = decider.post(f"/corrections/{correction_id}", {"approve": True, "reason": "x"})
        assert code_of(decided) == "wrong_state"
    clock.advance(days=2)
    closed(house, sale.auction_id, settled=True)
    clerk = sign_in(house.perform(an_account, "clerk"))
    assert [one["id"] for one in fine(clerk.get("/corrections"))["items"]] == [correction_id]
    fine(clerk.post(f"/corrections/{correction_id}", {"approve": True, "reason": "相符"}))

    def name(unit: Unit) -> str:
        return name_of(unit, unit.session.get_one(Person, sale.bidders[0].person_id))

    assert house.perform(name) == "更名人"


def test_the_pages(app: Flask, house: House, bidder: Account) -> None:
    own = signed_in(app, house, bidder)
    own.get("/me/data")
    assert "已更改" in own.send("/me/data/contact", {"phone": "+8613700000000", "address": "南京市"}).text
    assert "有几处需要更正" in own.send("/me/data/corrections", {"reason": "x"}, status=422).text
    proof = (io.BytesIO(PDF), "证明.pdf", "application/pdf")
    sent = own.send("/me/data/corrections", {"name": "王小鹏", "reason": "写错"}, file=proof)
    assert "申请已提交" in sent.text
    clerk = signed_in(app, house, house.perform(an_account, "clerk"))
    page = clerk.get("/desk/corrections")
    assert "王小鹏" in page.text and WRONG in page.text
    assert "没有等待决定" in clerk.send(page.forms[-1].action, {"reason": "相符"}, button=("approve", "true")).text
    assert (
        "更正申请" in signed_in(app, house, house.perform(an_account, "regulator")).get("/regulator/corrections").text
    )
    assert "王小鹏" in own.get("/me/data").text

"""Break-glass: two persons open one identity before the end, for a short time; nobody else, and no other way."""

import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House
from auction.models import Account, Message
from auction.rules.identity import mask
from tests.bidding.sale import closed
from tests.factories import a_court, an_account
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import fine
from tests.web.sale import Sale, a_sale, offer
from tests.web.test_pages import signed_in
from web.timekeeping import tick

WHY = {"reason": "举报有人串通，须即刻核实"}


@pytest.fixture
def sale(house: House) -> Sale:
    return house.perform(a_sale)


@pytest.fixture
def judge(sale: Sale, sign_in: SignIn) -> Caller:
    return sign_in(sale.judge)


@pytest.fixture
def regulator(house: House, sign_in: SignIn) -> Caller:
    return sign_in(house.perform(an_account, "regulator"))


def proposed(judge: Caller, sale: Sale) -> str:
    asked = judge.post(f"/auctions/{sale.auction_id}/identities", {"bidder_code": sale.codes[0], **WHY})
    body = fine(asked, 202)
    assert body["needs"] == {"role": "regulator", "count": 1}
    return str(body["approval_id"])


def approve(regulator: Caller, approval_id: str) -> None:
    fine(regulator.post(f"/approvals/{approval_id}", {"approve": True, "reason": "确有必要"}))


def entries(house: House, *kinds: str) -> list[JournalRow]:
    wanted = select(JournalRow).where(JournalRow.kind.in_(kinds)).order_by(JournalRow.id)
    return house.read(lambda session: list(session.scalars(wanted)))


def test_two_persons_open_one_identity_for_a_short_time(
    house: House, clock: FixedClock, sale: Sale, judge: Caller, regulator: Caller, sign_in: SignIn
) -> None:
    approval_id = proposed(judge, sale)
    assert code_of(judge.post(f"/identities/{approval_id}", {})) == "wrong_state"
    again = judge.post(f"/auctions/{sale.auction_id}/identities", {"bidder_code": sale.codes[0], **WHY})
    assert code_of(again) == "already_proposed"
    assert code_of(judge.post(f"/approvals/{approval_id}", {"approve": True, "reason": "同意"})) == "four_eyes"
    other = sign_in(house.perform(an_account, "judge"))
    assert code_of(other.post(f"/approvals/{approval_id}", {"approve": True, "reason": "同意"})) == "forbidden"
    approve(regulator, approval_id)
    found = fine(judge.post(f"/identities/{approval_id}", {}, headers={"Idempotency-Key": "k"}))
    name, number = sale.secrets[:2]
    shown = [(one["name"], one["masked_number"]) for one in found["people"]]
    assert shown == [(name, mask("resident_id", number))]
    assert code_of(other.post(f"/identities/{approval_id}", {})) == "forbidden"
    assert code_of(regulator.post(f"/identities/{approval_id}", {})) == "forbidden"
    public, private = entries(house, "IdentityUnsealed", "IdentityOpened")
    assert (public.private, private.private) == (False, True)
    assert not any(secret in public.entry for secret in (*sale.secrets, *sale.codes))
    assert not private.stream.startswith("person:") and name not in private.entry
    [alert] = fine(regulator.get("/alerts"))["items"]
    assert (alert["kind"], alert["persons_sealed"]) == ("identity_unsealed", True)
    assert sale.registrations[0] not in str(alert)
    clock.advance(minutes=31)
    assert code_of(judge.post(f"/identities/{approval_id}", {})) == "wrong_state"
    [told] = fine(regulator.get("/identities"))["items"]
    assert (told["status"], told["open"], told["bidder_code"]) == ("approved", False, sale.codes[0])


def test_the_person_is_told_after_the_end_and_not_before(
    house: House, clock: FixedClock, sale: Sale, judge: Caller, regulator: Caller, sign_in: SignIn
) -> None:
    fine(offer(sign_in(sale.bidders[1]), sale, 100_000_000), 201)
    approval_id = proposed(judge, sale)
    approve(regulator, approval_id)
    second = judge.post(f"/auctions/{sale.auction_id}/identities", {"bidder_code": sale.codes[1], **WHY})
    waiting = fine(second, 202)["approval_id"]

    def messages() -> list[tuple[str, str]]:
        rows = select(Message).where(Message.kind == "identity_unsealed")
        return house.read(lambda session: [(row.account_id, row.subject["reason"]) for row in session.scalars(rows)])

    tick(house)
    assert messages() == []
    clock.advance(days=2)
    assert closed(house, sale.auction_id, settled=True) == "sold"
    tick(house)
    assert messages() == [(sale.bidders[0].id, WHY["reason"])]
    judge, regulator = sign_in(sale.judge), sign_in(house.perform(an_account, "regulator"))  # the old sessions are over
    late = regulator.post(f"/approvals/{waiting}", {"approve": True, "reason": "确有必要"})
    assert code_of(late) == "wrong_state"
    asked = judge.post(f"/auctions/{sale.auction_id}/identities", {"bidder_code": sale.codes[0], **WHY})
    assert code_of(asked) == "wrong_state"


def test_who_may_propose_and_for_which_code(house: House, sale: Sale, judge: Caller, sign_in: SignIn) -> None:
    path = f"/auctions/{sale.auction_id}/identities"
    nobody = judge.post(path, {"bidder_code": "nobody", "reason": "x"})
    assert fields_of(nobody) == {"bidder_code": "unknown_bidder_code"}
    assert fields_of(judge.post(path, {"bidder_code": sale.codes[0], "reason": " "})) == {"reason": "required"}

    def foreign() -> Account:
        return house.perform(lambda unit: an_account(unit, court_code=a_court(unit, "3202", "无锡市中级人民法院").code))

    asked = {"bidder_code": sale.codes[0], **WHY}
    assert code_of(sign_in(foreign()).post(path, asked)) == "not_found"
    for role in ("clerk", "president", "regulator", "operator", "agency"):
        assert code_of(sign_in(house.perform(an_account, role)).post(path, asked)) == "forbidden", role
    for account in (sale.bidders[0], sale.bidders[1]):
        assert code_of(sign_in(account).post(path, asked)) == "forbidden"
    assert code_of(judge.post("/auctions/nowhere/identities", asked)) == "not_found"
    assert code_of(judge.post("/identities/nowhere", {})) == "not_found"


def test_the_pages_of_desk_and_regulator(app: Flask, house: House, clock: FixedClock, sale: Sale) -> None:
    name = sale.secrets[0]
    desk, watch = signed_in(app, house, sale.judge), signed_in(app, house, house.perform(an_account, "regulator"))
    address = f"/desk/auctions/{sale.auction_id}/identities"
    assert address in [href for _, href in desk.get(f"/desk/auctions/{sale.auction_id}").links]
    desk.get(address)
    assert "没有竞买代码" in desk.send("/identities", {"bidder_code": "nobody", **WHY}, status=422).text
    assert "等待批准" in desk.send("/identities", {"bidder_code": sale.codes[0], **WHY}).text
    [waiting] = [form for form in watch.get("/regulator/approvals").forms if "/regulator/approvals/" in form.action]
    watch.send(waiting.action, {"reason": "确有必要"}, button=("approve", "true"))
    listed = watch.get("/regulator/identities")
    assert sale.codes[0] in listed.text and name not in listed.html
    page = desk.get(address)
    assert name not in page.html
    [look] = [form for form in page.forms if form.action.startswith(address + "/")]
    assert name in desk.send(look.action).text
    clock.advance(minutes=31)
    assert name not in desk.get(address).html

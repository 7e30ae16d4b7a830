"""After an unsold round by the interface: takings with their payment, own sale, return, groups; who may what."""

from typing import Any

import pytest

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, Lot
from tests.bidding.hall import RESERVE, STEP, Hall
from tests.bidding.services.unsold import Unsold, an_unsold_lot
from tests.factories import a_bidder, a_court, a_lot, an_account
from tests.web.caller import Caller, SignIn, code_of


@pytest.fixture
def story(house: House, clock: FixedClock) -> Unsold:
    """A flat unsold in its sell-off, with two applicants."""
    return an_unsold_lot(Hall(house, clock), "applicant", "applicant", round_="sell_off")


@pytest.fixture
def judge(house: House, story: Unsold, sign_in: SignIn) -> Caller:
    return sign_in(house.read(lambda session: session.get_one(Account, story.judge.id)))


def test_the_court_asks_draws_awards_and_rules_and_the_taker_pays(
    story: Unsold, judge: Caller, house: House, sign_in: SignIn, anybody: Caller
) -> None:
    at = f"/auctions/{story.auction_id}/takings"
    asked = judge.get(at).json
    assert (asked["waits"], asked["seed"], len(asked["creditors"])) == (True, None, 2)
    assert [one["taking"] for one in asked["creditors"]] == [None, None]
    for one in asked["creditors"]:
        answer = judge.post(at, {"creditor": one["creditor"], "decision": "take"})
        assert (answer.status_code, answer.json["status"]) == (201, "willing")
    first = judge.get(at).json["creditors"][0]["taking"]["id"]
    award = {"claim_fen": RESERVE - STEP, "reason": "交其抵债"}
    assert code_of(judge.post(f"{at}/{first}/award", award)) == "taking_undrawn"
    drawn = judge.post(f"{at}/drawing", {})
    assert drawn.status_code == 201 and drawn.json["seed"]
    place = drawn.json["drawings"][0]["drawn"][0]
    taker = next(one for one in drawn.json["creditors"] if one["position"] == place)
    taking = f"{at}/{taker['taking']['id']}"
    given = judge.post(f"{taking}/award", award)
    assert (given.status_code, given.json["status"], given.json["owed_fen"]) == (200, "awarded", STEP)
    lot = anybody.get(f"/lots/{story.lot_id}").json
    assert (lot["status"], lot["disposal"]["kind"], lot["disposal"]["price_fen"]) == ("taken", "taken", RESERVE)
    assert anybody.get("/lots?status=taken").json["total"] == 1
    assert anybody.get("/lots?status=unsold").json["total"] == 0
    creditor = next(one for one in story.creditors if one.position == place)
    assert creditor.account is not None
    own = sign_in(creditor.account)
    assert [one["creditor"] for one in own.get(at).json["creditors"]] == [creditor.party_id]
    payment = own.post(f"{taking}/difference", {})
    assert (payment.status_code, payment.json["amount_fen"]) == (201, STEP)
    paid = {"outcome": "paid", "payer_name": "李四", "payer_id_number": creditor.number, "amount_fen": STEP}
    assert own.post(f"/sandbox/payments/{payment.json['id']}", paid).status_code == 200
    ruled = judge.post(f"{taking}/ruling", {"reason": "已抵偿"})
    assert (ruled.status_code, ruled.json["status"], ruled.json["owed_fen"]) == (200, "ruled", 0)
    stranger = sign_in(house.perform(lambda unit: a_bidder(unit)))
    assert code_of(stranger.get(at)) == "not_found"
    assert code_of(stranger.post(f"{taking}/difference", {})) == "not_found"
    assert code_of(anybody.get(at)) == "unauthenticated"


def test_an_own_sale_is_allowed_above_the_failed_price_and_recorded(
    story: Unsold, judge: Caller, anybody: Caller
) -> None:
    at = f"/auctions/{story.auction_id}/own-sale"
    body: dict[str, Any] = {"offer_fen": RESERVE, "until_on": "2026-04-30", "reason": "有买家"}
    low = judge.post(at, body)
    assert [error["code"] for error in low.json["errors"]] == ["not_above_failed"]
    assert "1,000,000" in low.json["errors"][0]["detail"]
    allowed = judge.post(at, body | {"offer_fen": RESERVE + 1})
    assert (allowed.status_code, allowed.json["status"]) == (201, "allowed")
    assert code_of(judge.post(f"/auctions/{story.auction_id}/return", {"kind": "returned", "reason": "r"})) == (
        "own_sale_open"
    )
    slip = judge.post(f"{at}/sale", {"price_fen": 10**15, "reason": "回单"})
    assert [error["code"] for error in slip.json["errors"]] == ["own_sale_implausible"]
    sold = judge.post(f"{at}/sale", {"price_fen": RESERVE + 1, "reason": "回单"})
    assert (sold.status_code, sold.json["status"]) == (200, "sold")
    assert anybody.get(f"/lots/{story.lot_id}").json["status"] == "own_sale"


def test_a_return_is_public_with_its_reason(story: Unsold, judge: Caller, anybody: Caller) -> None:
    at = f"/auctions/{story.auction_id}/return"
    body = {"kind": "returned", "reason": "无人接受抵债，解除查封"}
    early = judge.post(at, body)
    assert code_of(early) == "taking_open" and "SALE" in early.json["basis"]
    for creditor in story.creditors:
        story.answer(creditor, "decline")
    assert judge.post(at, body).status_code == 201
    disposal = anybody.get(f"/lots/{story.lot_id}").json["disposal"]
    assert (disposal["kind"], disposal["reason"]) == ("returned", "无人接受抵债，解除查封")
    assert code_of(judge.post(at, body)) == "lot_disposed"


def test_a_group_is_made_changed_and_read_by_its_court_alone(
    story: Unsold, judge: Caller, house: House, sign_in: SignIn
) -> None:
    def beside(unit: Unit) -> tuple[str, str, str]:
        case = unit.session.get_one(Lot, story.lot_id).case
        return case.number, a_lot(unit, case=case).id, a_lot(unit).id

    number, other, stranger = house.perform(beside)
    body = {"case_number": number, "lots": [story.lot_id, stranger], "claim_fen": 5, "costs_fen": 0}
    assert [error["code"] for error in judge.post("/lot-groups", body).json["errors"]] == ["unknown_lot"]
    assert judge.post("/lot-groups", body | {"lots": [other]}).status_code == 422
    made = judge.post("/lot-groups", body | {"lots": [story.lot_id, other]})
    assert (made.status_code, made.json["satisfied"], made.json["sell_all"]) == (201, False, False)
    at = f"/lot-groups/{made.json['id']}"
    assert judge.call("PATCH", at, {"sell_all": True}).json["sell_all"] is True
    assert [one["lot_id"] for one in judge.get(at).json["lots"]] == sorted([story.lot_id, other])
    assert code_of(judge.get("/lot-groups/none")) == "not_found"
    court = house.perform(lambda unit: an_account(unit, "judge", court_code=a_court(unit, "3202", "无锡").code))
    assert code_of(sign_in(court).get(at)) == "not_found"
    clerk = sign_in(house.perform(lambda unit: an_account(unit, "clerk")))
    assert code_of(clerk.post("/lot-groups", body)) == "forbidden"


@pytest.mark.parametrize("tail", ["takings", "own-sale", "return", "own-sale/end", "own-sale/sale", "takings/drawing"])
def test_another_courts_round_is_not_there_and_a_clerk_only_records_answers(
    story: Unsold, house: House, sign_in: SignIn, tail: str
) -> None:
    bodies = {
        "takings": {"creditor": story.creditors[0].party_id, "decision": "decline"},
        "own-sale": {"offer_fen": RESERVE + 1, "until_on": "2026-04-30", "reason": "r"},
        "own-sale/sale": {"price_fen": RESERVE + 1, "reason": "r"},
        "own-sale/end": {"reason": "r"},
        "return": {"kind": "returned", "reason": "r"},
        "takings/drawing": {},
    }
    foreign = sign_in(
        house.perform(lambda unit: an_account(unit, "judge", court_code=a_court(unit, "3202", "无锡").code))
    )
    at = f"/auctions/{story.auction_id}/{tail}"
    assert code_of(foreign.post(at, bodies[tail])) == "not_found"
    clerk = sign_in(house.perform(lambda unit: an_account(unit, "clerk")))
    answer = clerk.post(at, bodies[tail])
    assert answer.status_code == 201 if tail == "takings" else code_of(answer) == "forbidden"

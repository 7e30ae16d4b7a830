"""Sanctions and records over HTTP: who may call what, what each answer holds, and what nobody is told."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, Person
from bidding.rules.registration import UNDERTAKINGS
from risk.services.standing import enter
from tests.bidding.reneged import RULE_TEXT, Reneged, a_reneged_sale
from tests.factories import a_bidder, a_lot, an_account, an_auction, id_number_of
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import fine
from web.scheduler import seal_all
from web.schemas.sanctions import MeasureOut, PublishedOut, SanctionOut, SanctionWithApprovalsOut
from web.schemas.standing import EntryOut

CHINESE = re.compile(r"[\u3400-\u9fff]")
UNTIL = "2026-06-01"
WORDS = {"basis": "民事诉讼法第一百一十四条", "reason": "多次竞得后不付款"}


@dataclass
class Doors:
    """One reneged sale and its people at the door."""

    house: House
    clock: FixedClock
    sale: Reneged
    judge: Caller
    second: Caller
    president: Caller
    regulator: Caller
    buyer: Caller

    def propose(self, kind: str = "publication", **more: Any) -> dict[str, Any]:
        body = {"kind": kind, **WORDS, **({} if kind == "fine" else {"until": UNTIL}), **more}
        return dict(fine(self.judge.post(f"/bidders/{self.sale.buyer.id}/sanctions", body), 202))

    def decided(self, kind: str = "publication", **more: Any) -> str:
        proposed = self.propose(kind, **more)
        answers = [self.second, self.president] if kind in ("fine", "detention") else [self.second]
        for caller in answers:
            fine(caller.post(f"/approvals/{proposed['approval_id']}", {"approve": True, "reason": "同意"}))
        return str(proposed["sanction_id"])

    def wait(self, **span: float) -> None:
        operator = self._operator()
        seconds = int(timedelta(**span).total_seconds())
        fine(operator.post("/sandbox/clock", {"advance_seconds": seconds}))

    def _operator(self) -> Caller:
        return self.sign_in(self.house.perform(an_account, "operator"))

    sign_in: SignIn = None  # type: ignore[assignment]


def doors(house: House, clock: FixedClock, sign_in: SignIn, **sale: Any) -> Doors:
    made = house.perform(a_reneged_sale, **sale)
    people = (made.judge, made.second, made.president, made.regulator, made.buyer)
    return Doors(house, clock, made, *(sign_in(account) for account in people), sign_in=sign_in)


@pytest.fixture
def court(house: House, clock: FixedClock, sign_in: SignIn) -> Doors:
    return doors(house, clock, sign_in)


def test_a_fine_goes_its_way_from_proposal_to_the_public_log(court: Doors, anybody: Caller) -> None:
    proposed = court.propose("fine", amount_fen=5_000_000)
    assert proposed["needs"] == {"role": "judge", "count": 1}
    assert proposed["all_needs"] == [{"role": "judge", "count": 1}, {"role": "president", "count": 1}]
    path = f"/sanctions/{proposed['sanction_id']}"
    assert fine(court.judge.get(path))["status"] == "proposed"
    assert code_of(court.buyer.get(path)) == "not_found", "nobody hears of a proposal"
    assert code_of(court.judge.post(f"/approvals/{proposed['approval_id']}", {"approve": True, "reason": "x"})) == (
        "four_eyes"
    )
    for caller in (court.second, court.president):
        fine(caller.post(f"/approvals/{proposed['approval_id']}", {"approve": True, "reason": "同意"}))
    shown = fine(court.buyer.get(path))
    assert set(shown) == set(SanctionWithApprovalsOut().fields)
    assert (shown["status"], shown["number"], shown["approvals"]) == ("in_force", "（2026）3201司惩1号", [])
    assert shown["name"] == "欧阳悔拍" and "*" in shown["id_number"]
    mine = fine(court.buyer.get("/me/sanctions"))
    assert [set(one) for one in mine["items"]] == [set(SanctionOut().fields)]
    assert len(fine(court.regulator.get(path))["approvals"]) == 1
    seal_all(court.house)
    log = fine(anybody.get("/log/entries?start=0&end=1000"))["items"]
    told = [one["entry"] for one in log if one["entry"]["kind"] == "SanctionInForce"]
    assert [one["body"]["number"] for one in told] == [shown["number"]]
    text = anybody.get("/log/entries?start=0&end=1000").get_data(as_text=True)
    assert court.sale.buyer.id not in text and str(court.sale.buyer.person_id) not in text and "欧阳悔拍" not in text


def test_what_a_judge_enters_is_checked_by_field(court: Doors) -> None:
    def sent(**body: Any) -> dict[str, str]:
        return fields_of(court.judge.post(f"/bidders/{court.sale.buyer.id}/sanctions", {**WORDS, **body}))

    assert sent(kind="fine", amount_fen=10_000_001) == {"amount_fen": "fine_out_of_range"}
    assert sent(kind="fine") == {"amount_fen": "required"}
    assert sent(kind="fine", amount_fen=1.5) == {"amount_fen": "invalid"}
    assert sent(kind="detention", until="2026-03-18") == {"until": "detention_too_long"}
    assert sent(kind="publication", until="2026-02-30") == {"until": "not_a_date"}
    assert sent(kind="publication", until=UNTIL, amount_fen=5) == {"amount_fen": "not_allowed"}
    assert sent(kind="exile") == {"kind": "invalid"}
    assert sent(kind="publication", until=UNTIL, reason=" ")["reason"]
    assert sent(kind="term_bar", until=UNTIL) == {"kind": "measure_off"}
    assert sent(kind="publication", until=UNTIL, colour="red") == {"colour": "unknown_field"}


def test_what_is_out_of_bounds_is_said_in_the_language_asked_for(court: Doors) -> None:
    """The article too: it depends on the ruleset of the sale, and comes with the refusal."""

    def refused(tongue: str, **body: Any) -> dict[str, Any]:
        path = f"/bidders/{court.sale.buyer.id}/sanctions"
        answer = court.judge.post(path, {**WORDS, **body}, headers={"Accept-Language": tongue})
        problem: dict[str, Any] = answer.get_json()
        assert (answer.status_code, len(problem["errors"])) == (422, 1)
        return problem | {"error": problem["errors"][0]}

    for body in ({"kind": "fine", "amount_fen": 10_000_001}, {"kind": "detention", "until": UNTIL}):
        english = refused("en", **body)
        assert not CHINESE.search(str(english)), english
        assert english["basis"] == english["error"]["basis"]
        assert english["basis"].startswith("Civil Procedure Law (as amended in 2023), article 118, paragraph ")
        assert refused("zh-CN", **body)["basis"].startswith("《中华人民共和国民事诉讼法》（2023年修正）第一百一十八条")
    past = refused("en", kind="publication", until="2026-03-01")
    assert past["error"]["field"] == "until"
    assert past["error"]["detail"] == "2026-03-01 is not later than today, and the last day must be."
    assert refused("zh-CN", kind="publication", until="2026-03-01")["error"]["detail"].startswith("2026-03-01 ")


def test_who_may_not(court: Doors, anybody: Caller) -> None:
    body = {"kind": "publication", "until": UNTIL, **WORDS}
    path = f"/bidders/{court.sale.buyer.id}/sanctions"
    assert code_of(anybody.post(path, body)) == "unauthenticated"
    for caller in (court.buyer, court.president, court.regulator):
        assert code_of(caller.post(path, body)) == "forbidden"
    assert code_of(court.judge.post("/bidders/nobody/sanctions", body)) == "not_found"
    innocent = court.house.perform(a_bidder)
    assert code_of(court.judge.post(f"/bidders/{innocent.id}/sanctions", body)) == "finding_missing"
    elsewhere = court.sign_in(court.house.perform(lambda unit: a_reneged_sale(unit, court="3299").judge))
    key = court.decided()
    assert code_of(elsewhere.get(f"/sanctions/{key}")) == "not_found"
    assert code_of(elsewhere.post(f"/sanctions/{key}/lifting", {"reason": "x"})) == "not_found"
    assert fine(elsewhere.get("/court/sanctions"))["total"] == 0
    assert fine(court.president.get("/court/sanctions"))["total"] == 1
    assert code_of(court.buyer.get("/court/sanctions")) == "forbidden"


def test_a_publication_appears_and_disappears(court: Doors, anybody: Caller) -> None:
    key = court.decided()
    assert fine(anybody.get("/sanctions"))["items"] == []
    missing = anybody.get("/sanctions/nowhere")
    assert (missing.status_code, missing.data) == (404, anybody.get(f"/sanctions/{key}").data)
    court.wait(days=4)
    (one,) = fine(anybody.get("/sanctions"))["items"]
    assert set(one) == set(PublishedOut().fields)
    assert (one["name"], one["published_until"], one["measures"][0]["review"]) == ("欧阳悔拍", UNTIL, None)
    assert not any("person" in name or name in ("id", "auction_id") for name in one)
    stranger = court.sign_in(court.house.perform(a_bidder))
    for reader in (anybody, stranger):
        public = fine(reader.get(f"/sanctions/{key}"))
        assert set(public) == {*MeasureOut().fields, "name", "id_number", "factors"}
        assert (public["id"], public["name"], public["status"]) == (key, "欧阳悔拍", "in_force")
    assert set(fine(court.buyer.get(f"/sanctions/{key}"))) == set(SanctionWithApprovalsOut().fields)
    assert one["measures"][0]["id"] == key
    fine(court.second.post(f"/sanctions/{key}/lifting", {"reason": "已履行"}), 202)
    (waiting,) = fine(court.judge.get("/approvals"))["items"]
    assert waiting["kind"] == "sanction_lifted"
    fine(court.judge.post(f"/approvals/{waiting['id']}", {"approve": True, "reason": "同意"}))
    assert fine(anybody.get("/sanctions"))["items"] == []
    assert anybody.get(f"/sanctions/{key}").data == missing.data


def test_a_publication_expires_with_the_clock(court: Doors, anybody: Caller) -> None:
    key = court.decided(until="2026-03-10")
    court.wait(days=4)
    assert fine(anybody.get("/sanctions"))["total"] == 1
    court.wait(days=10)
    assert fine(anybody.get("/sanctions"))["total"] == 0
    assert fine(court.buyer.get(f"/sanctions/{key}"))["status"] == "expired"


def test_a_review_is_asked_and_its_outcome_recorded(court: Doors) -> None:
    key = court.decided("fine", amount_fen=5_000_000)
    asked = fine(court.buyer.post(f"/sanctions/{key}/reviews", {"grounds": "本人并非恶意"}), 201)
    assert asked["status"] == "filed"
    assert code_of(court.buyer.post(f"/sanctions/{key}/reviews", {"grounds": "再次"})) == "wrong_state"
    path, lifted = f"/sanctions/{key}/reviews/decision", {"outcome": "lifted", "reason": "上级法院撤销"}
    elsewhere = court.sign_in(court.house.perform(lambda unit: a_reneged_sale(unit, court="3299").president))
    foreign, missing = elsewhere.post(path, lifted), elsewhere.post("/sanctions/nosuch/reviews/decision", lifted)
    assert (foreign.status_code, foreign.data) == (404, missing.data)
    assert code_of(court.president.post(path, lifted)) == "four_eyes"
    assert code_of(court.judge.post(path, lifted)) == "forbidden"
    assert fields_of(court.regulator.post(path, {**lifted, "outcome": "halved"})) == {"outcome": "invalid"}
    assert fine(court.regulator.post(path, lifted))["status"] == "lifted"
    assert fine(court.buyer.get(f"/sanctions/{key}"))["status"] == "lifted"


def test_a_bar_for_a_term_refuses_and_cites_the_written_rule(
    house: House, clock: FixedClock, sign_in: SignIn, anybody: Caller
) -> None:
    court = doors(house, clock, sign_in, term_bar=True)
    key = court.decided("term_bar", scope="all")
    court.wait(days=4)

    def open_sale(unit: Unit) -> tuple[str, str]:
        lot = a_lot(unit, created_by=court.sale.judge.id)
        auction = an_auction(unit, lot=lot)
        return auction.id, auction.seal or ""

    auction_id, seal = house.perform(open_sale)
    body = {"capacity": "self", "seal": seal, "undertakings": list(UNDERTAKINGS)}
    refusal = court.buyer.post(f"/auctions/{auction_id}/registrations", body, headers={"Accept-Language": "en"})
    assert code_of(refusal) == "barred_sanction"
    problem = refusal.get_json()
    assert "Rules of the example High Court on bidders (2025), article 7" in problem["detail"]
    assert "practice" in problem["basis"]
    law = fine(court.buyer.get(f"/sanctions/{key}"))["law"]
    text = anybody.get(f"/written-rules/{law['file']}")
    assert (text.status_code, text.data, law["dated"]) == (200, RULE_TEXT, "2025-03-01")
    assert code_of(anybody.get("/written-rules/" + "0" * 64)) == "not_found"


# --- the record of a bidder -------------------------------------------------------------------------------------------


@pytest.fixture
def entry_id(court: Doors) -> str:
    """An entry of the buyer's record: the renege."""

    def put(unit: Unit) -> str:
        facts = {"due_at": "2026-02-20T00:00:00Z"}
        sale = court.sale
        return enter(unit, str(sale.buyer.person_id), "reneged", subject_id=sale.auction.id, facts=facts).id

    return court.house.perform(put)


def test_a_bidder_reads_and_contests_the_own_record(court: Doors, entry_id: str) -> None:
    standing = fine(court.buyer.get("/me/standing"))
    assert standing["score"]["points"] == 40
    assert [set(one) for one in standing["entries"]] == [set(EntryOut().fields)]
    path = f"/me/standing/{entry_id}/objections"
    assert fields_of(court.buyer.post(path, {"grounds": ""})) == {"grounds": "required"}
    stranger = court.sign_in(court.house.perform(a_bidder))
    assert code_of(stranger.post(path, {"grounds": "x"})) == "not_found"
    filed = fine(court.buyer.post(path, {"grounds": "银行系统故障"}), 201)
    assert filed["status"] == "filed"
    assert code_of(court.buyer.post(path, {"grounds": "再次"})) == "wrong_state"
    assert fine(court.buyer.get("/me/standing"))["score"]["points"] == 60, "half of it counts meanwhile"
    (waiting,) = fine(court.second.get("/standing/objections"))["items"]
    assert (waiting["grounds"], waiting["kind"]) == ("银行系统故障", "reneged")
    elsewhere = court.sign_in(court.house.perform(lambda unit: a_reneged_sale(unit, court="3299").judge))
    answer = f"/standing/objections/{waiting['id']}/answer"
    assert fine(elsewhere.get("/standing/objections"))["total"] == 0
    assert code_of(elsewhere.post(answer, {"accept": True, "reason": "x"})) == "not_found"
    assert code_of(court.buyer.post(answer, {"accept": True, "reason": "x"})) == "forbidden"
    assert fine(court.regulator.get("/standing/objections"))["total"] == 1
    assert code_of(court.judge.post(answer, {"accept": True, "reason": "x"})) == "own_declaration"
    fine(court.second.post(answer, {"accept": True, "reason": "属实"}))
    assert code_of(court.regulator.post(answer, {"accept": False, "reason": "x"})) == "wrong_state"
    after = fine(court.buyer.get("/me/standing"))
    assert (after["score"]["points"], after["entries"][0]["state"]) == (80, "struck")


def test_a_court_reads_its_buyers_record_after_the_end_only(court: Doors, entry_id: str, sign_in: SignIn) -> None:
    path = f"/auctions/{court.sale.auction.id}/buyer-standing"
    assert fine(court.judge.get(path))["entries"][0]["id"] == entry_id
    assert code_of(court.buyer.get(path)) == "forbidden"
    elsewhere = sign_in(court.house.perform(lambda unit: a_reneged_sale(unit, court="3299").judge))
    assert code_of(elsewhere.get(path)) == "not_found"
    running = court.house.perform(lambda unit: an_auction(unit, lot=a_lot(unit, created_by=court.sale.judge.id)).id)
    assert code_of(court.judge.get(f"/auctions/{running}/buyer-standing")) == "not_found"


def test_a_second_account_does_not_show_the_record_but_the_court_sees_it(court: Doors, entry_id: str) -> None:
    def twin(unit: Unit) -> Account:
        number = id_number_of(unit, unit.session.get_one(Person, court.sale.buyer.person_id))
        return a_bidder(unit, id_number=number, name="欧阳悔拍")

    account = court.house.perform(twin)
    assert fine(court.sign_in(account).get("/me/standing"))["entries"] == []
    sale = court.house.perform(a_reneged_sale, buyer=account)
    read = fine(court.judge.get(f"/auctions/{sale.auction.id}/buyer-standing"))
    assert [one["id"] for one in read["entries"]] == [entry_id]

"""Objections to a sale: who files and decides, what stops and what may go on, what nobody else learns."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import pytest

from auction.kernel.clock import parse
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Approval, Lot, PanelMember
from auction.queries.log import entries
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from auction.rules.ruleset import load
from auction.services.approvals import vote
from auction.services.log import seal
from bidding.models import SaleObjection
from bidding.queries.audit import verify_all
from bidding.queries.board import board
from bidding.queries.objections import barring_objection, court_objections, objection_dict, own_objection
from bidding.rules.objection import Bar
from bidding.services import life, objections
from bidding.services.approved import ACTS
from bidding.services.closing import close
from bidding.services.registration import closed_to
from bidding.services.renege import declare
from bidding.services.settlement import rule_sale
from tests.bidding.hall import RESERVE, STEP, Hall
from tests.factories import a_bidder, a_lot, an_account, an_actor, an_auction

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


class Case:
    """A sale with its panel, another judge, and an outsider."""

    def __init__(self, hall: Hall, **terms: Any) -> None:
        self.hall = hall
        hall.house.perform(self._make, terms)
        hall.tell(self.auction_id)

    def _make(self, unit: Unit, terms: dict[str, Any]) -> None:
        judges = [an_account(unit, "judge") for _ in range(6)]
        self.judge, self.seated, _, *self.others = (an_actor(account) for account in judges)
        auction = an_auction(unit, lot=a_lot(unit, created_by=judges[0].id), **terms)
        for place, account in enumerate(judges[:3]):
            auction.panel.append(PanelMember(account_id=account.id, position=place))
        self.names = {account.id: account.username for account in judges}
        self.auction_id = auction.id
        self.outsider = an_actor(a_bidder(unit, name="欧阳案外"))

    def do(self, service: Callable[..., Any], *args: Any, **more: Any) -> Any:
        return self.hall.house.perform(service, *args, **more)

    def file(self, kind: str = "ownership", actor: Actor | None = None) -> SaleObjection:
        said = {"kind": kind, "grounds": "标的系本人所有"}
        return self.do(objections.file_objection, actor or self.outsider, self.auction_id, **said)

    def receive(self, row: SaleObjection) -> None:
        self.do(objections.receive_objection, self.judge, row.id)

    def propose(self, row: SaleObjection, accept: bool, actor: Actor | None = None) -> Approval:
        by = actor or self.others[0]
        facts = {
            "accept": accept,
            "reason": "经审查",
            "panel": [self.names[one.id] for one in self.others if one != by][:2],
        }
        return self.do(objections.propose_decision, actor or self.others[0], row.id, **facts)

    def answer(self, proposal: Approval, actor: Actor, approve: bool) -> None:
        self.do(vote, actor, proposal.id, approve=approve, reason="经合议", acts=ACTS)

    def decide(self, row: SaleObjection, accept: bool) -> SaleObjection:
        """By a panel of judges who had no part in the sale."""
        self.answer(self.propose(row, accept), self.others[1], True)
        return self.hall.house.read(lambda session: session.get_one(SaleObjection, row.id))

    def turn_round(self, row: SaleObjection) -> None:
        """The higher court reverses the decision."""
        self.do(objections.ask_for_review, self.outsider, row.id, grounds="原裁定错误")
        told = {"outcome": "reversed", "on": shanghai_day(self.hall.clock.moment), "reason": "撤销原裁定"}
        self.do(objections.record_review, self.judge, row.id, **told)

    def resume(self, end: datetime | None = None) -> None:
        closes_at = end or self.hall.clock.moment + 30 * DAY
        self.do(life.resume, self.judge, self.auction_id, closes_at=closes_at, reason="恢复")

    @property
    def suspension(self) -> dict[str, Any]:
        found = self.hall.row(self.auction_id).suspension
        assert found is not None
        return found


def refuses(code: str, act: Callable[..., Any], *args: Any, **kwargs: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        act(*args, **kwargs)
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.mark.parametrize("status", ["announced", "open"])
def test_an_outsiders_claim_stops_a_sale_once_a_judge_has_it_and_not_before(hall: Hall, status: str) -> None:
    case = Case(hall, status=status)
    row = case.file()
    assert (row.status, row.due_on, hall.row(case.auction_id).status) == ("filed", date(2026, 3, 17), status)
    refuses("wrong_state", case.decide, row, False)  # nobody has received it
    case.receive(row)
    assert (hall.row(case.auction_id).status, case.suspension["kind"]) == ("suspended", "stay")
    assert case.suspension["cause"] == "ownership_objection"
    refuses("wrong_state", case.receive, row)


def test_an_objection_to_the_conduct_stops_nothing_by_itself(hall: Hall) -> None:
    case = Case(hall)
    case.receive(case.file("conduct"))
    assert hall.row(case.auction_id).status == "open"


def test_the_sale_waits_for_every_claim_and_has_five_days_to_go_on_after_the_last(hall: Hall) -> None:
    case = Case(hall)
    first, second = case.file(), case.file(actor=hall.house.perform(lambda unit: an_actor(a_bidder(unit))))
    case.receive(first)
    case.receive(second)
    case.decide(first, False)
    assert "resume_by" not in case.suspension
    refuses("objection_open", case.resume)
    case.decide(second, False)
    assert "resume_by" not in case.suspension  # the days to sue: 15, to Tuesday 17 March
    assert refuses("suit_days", case.resume).facts == {"day": "2026-03-17"}
    refuses("suit_days", case.do, life.end_suspension, case.judge, case.auction_id, reason="r")
    hall.clock.moment = datetime.fromisoformat("2026-03-18T00:00:00+08:00")
    for row in (first, second):
        case.do(objections.watch_suit, row.id)
    assert case.suspension["resume_by"] == "2026-03-23"  # five days after the last of them, the fifth a Sunday
    assert parse(case.suspension["ended_at"]) == hall.clock.moment
    assert hall.events(case.auction_id)[-1].data == {"notice": "suspension_ended", "resume_by": "2026-03-23"}
    case.resume()
    assert hall.row(case.auction_id).status == "open"


@pytest.mark.parametrize("ended", ["dismissed", "upheld"])
def test_a_suit_filed_in_time_keeps_the_lot_until_a_judge_records_its_end(hall: Hall, ended: str) -> None:
    case = Case(hall)
    row = case.file()
    case.receive(row)
    sue = objections.record_suit
    refuses("wrong_state", case.do, sue, case.judge, row.id, on=date(2026, 3, 2))  # nothing is decided yet
    case.decide(row, False)
    hall.clock.moment = datetime.fromisoformat("2026-03-18T09:00:00+08:00")  # it becomes known after the days are over
    case.do(objections.watch_suit, row.id)
    assert case.suspension["resume_by"] == "2026-03-23"
    wrong = {date(2026, 3, 1): "too_early", date(2026, 3, 18): "suit_too_late", date(2026, 3, 19): "in_future"}
    for on, code in wrong.items():
        assert refuses("invalid", case.do, sue, case.judge, row.id, on=on).errors[0].code == code
    case.resume()
    case.do(sue, case.judge, row.id, on=date(2026, 3, 17))
    assert (hall.row(case.auction_id).status, case.suspension["cause"]) == ("suspended", "ownership_objection")
    assert refuses("suit_pending", case.resume).facts == {"day": "2026-03-17"}
    assert open_clocks(case) == ["sale_objection_suit"]
    refuses("wrong_state", case.do, sue, case.judge, row.id, on=date(2026, 3, 17))
    hall.clock.advance(days=300)
    said = {"outcome": ended, "on": date(2027, 1, 4), "reason": "（2026）苏01民初1号"}
    end = objections.end_suit
    early = said | {"on": date(2026, 3, 16)}
    assert refuses("invalid", case.do, end, case.judge, row.id, **early).errors[0].code == "too_early"
    case.do(end, case.judge, row.id, **said)
    refuses("wrong_state", case.do, end, case.judge, row.id, **said)
    if ended == "dismissed":
        assert "resume_by" in case.suspension and open_clocks(case) == []
        case.resume()
    else:
        refuses("objection_accepted", case.resume)
        assert open_clocks(case) == ["sale_objection_accepted"]
    assert hall.house.read(verify_all, hall.house.vault.public_key).failures == []


def test_a_sale_whose_lot_is_another_persons_is_never_resumed(hall: Hall) -> None:
    case = Case(hall)
    row = case.file()
    case.receive(row)
    case.decide(row, True)
    refuses("objection_accepted", case.resume)
    refuses("objection_accepted", case.do, life.end_suspension, case.judge, case.auction_id, reason="r")
    case.do(life.withdraw, case.judge, case.auction_id, ground="outsider_objection", reason="案外人异议成立")
    assert hall.row(case.auction_id).status == "withdrawn"


def test_nobody_decides_on_what_he_did_himself(hall: Hall) -> None:
    case = Case(hall)
    row = case.file("conduct")
    case.receive(row)
    refuses("own_act", case.propose, row, True, case.judge)
    foreign = Actor("x", "judge", "外院法官", court_code="9999")
    refuses("not_found", case.propose, row, True, foreign)
    proposal = case.propose(row, True)
    refuses("own_declaration", case.answer, proposal, case.seated, True)
    refuses("four_eyes", case.answer, proposal, case.others[0], True)
    refuses("already_proposed", case.propose, row, False, case.others[1])
    assert hall.house.read(lambda session: session.get_one(SaleObjection, row.id).status) == "filed"
    case.answer(proposal, case.others[1], True)
    refuses("wrong_state", case.propose, row, False)
    assert hall.house.read(lambda session: session.get_one(SaleObjection, row.id).status) == "accepted"


def test_a_panel_of_three_decides_by_its_majority(hall: Hall) -> None:
    case = Case(hall)
    row = case.file("conduct")
    case.receive(row)
    proposal = case.propose(row, True)

    def status() -> str:
        return hall.house.read(lambda session: session.get_one(SaleObjection, row.id).status)

    case.answer(proposal, case.others[1], False)
    assert (status(), hall.row(case.auction_id).status) == ("filed", "open")  # one for, one against
    case.answer(proposal, case.others[2], False)
    assert status() == "filed"
    assert case.decide(row, False).status == "rejected"


def test_an_accepted_objection_stops_a_running_sale_until_it_is_withdrawn_and_is_on_the_board(hall: Hall) -> None:
    case = Case(hall)
    row = case.file("conduct")
    case.receive(row)
    case.decide(row, True)
    assert (hall.row(case.auction_id).status, case.suspension["kind"]) == ("suspended", "halt")
    assert "异议成立" in case.suspension["reason"] and case.suspension["cause"] == "objection_accepted"
    assert open_clocks(case) == ["sale_objection_accepted"]
    refuses("conduct_accepted", case.resume)
    refuses("conduct_accepted", case.do, life.end_suspension, case.judge, case.auction_id, reason="r")
    assert closed_to(hall.row(case.auction_id), "self", hall.clock.moment) == "auction_closed"
    case.do(life.withdraw, case.judge, case.auction_id, ground="other", reason="异议成立，纠正后重新公告")
    assert open_clocks(case) == []
    assert hall.house.read(verify_all, hall.house.vault.public_key).failures == []


def test_a_decision_turned_round_on_review_lets_the_sale_go_on_or_stops_it(hall: Hall) -> None:
    accepted, rejected = Case(hall), Case(hall)
    for case, accept in ((accepted, True), (rejected, False)):
        row = case.file("conduct")
        case.receive(row)
        case.decide(row, accept)
        case.turn_round(row)
        own = hall.house.read(own_objection, case.outsider, row.id, hall.clock.moment)
        assert own["status"] == ("rejected" if accept else "accepted")
    assert accepted.suspension["resume_by"] == "2026-03-09" and open_clocks(accepted) == []
    accepted.resume()
    assert rejected.suspension["cause"] == "objection_accepted"
    assert open_clocks(rejected) == ["sale_objection_accepted"]
    refuses("conduct_accepted", rejected.resume)
    assert hall.house.read(verify_all, hall.house.vault.public_key).failures == []


def test_after_the_hammer_an_accepted_objection_bars_ruling_and_renege_and_the_sale_is_revoked(hall: Hall) -> None:
    case = Case(hall)
    hall.told.clear()  # no entry tells of that sale
    row = case.file("conduct")
    case.receive(row)
    hall.change(case.auction_id, status="sold", settlement="paid", price_fen=RESERVE)
    case.decide(row, True)
    assert hall.row(case.auction_id).status == "sold" and open_clocks(case) == ["sale_objection_accepted"]
    said = {"qualification": "not_required", "reason": "r"}
    refuses("conduct_accepted", case.do, rule_sale, case.judge, case.auction_id, **said)
    due = {"settlement": "overdue", "balance_fen": 1, "balance_due_at": hall.clock.moment - 30 * DAY}
    hall.change(case.auction_id, **due)
    refuses("conduct_accepted", case.do, declare, case.judge, case.auction_id, reason="r")
    hall.change(case.auction_id, status="revoked", settlement=None)
    assert open_clocks(case) == []


def test_the_public_reason_says_that_a_claim_was_accepted_and_nobody_can_register_any_more(hall: Hall) -> None:
    case = Case(hall)
    row = case.file()
    case.receive(row)
    assert "审查和诉讼期间" in case.suspension["reason"]
    assert closed_to(hall.row(case.auction_id), "self", hall.clock.moment) is None
    case.decide(row, True)
    assert case.suspension["kind"] == "stay" and "异议成立" in case.suspension["reason"]
    assert closed_to(hall.row(case.auction_id), "self", hall.clock.moment) == "auction_closed"


def test_an_objection_to_one_round_is_no_reason_against_another(hall: Hall) -> None:
    case = Case(hall)
    row = case.file("conduct")
    case.receive(row)
    case.decide(row, True)
    lot_id = hall.row(case.auction_id).lot_id
    assert hall.house.read(barring_objection, lot_id, case.auction_id, hall.clock.moment) == Bar("conduct_accepted")
    assert hall.house.read(barring_objection, lot_id, "another", hall.clock.moment) is None


def open_clocks(case: Case) -> list[str]:
    """What the board asks for on account of objections."""
    items = case.hall.house.read(board, "3201", load("spc-2016"), case.hall.clock.moment)
    [item] = [each for each in items if each.auction and each.auction.id == case.auction_id]
    return [clock.code for clock in item.clocks if clock.code.startswith("sale_objection")]


def test_one_person_objects_in_one_way_once(hall: Hall) -> None:
    case = Case(hall)
    case.file()
    assert refuses("wrong_state", case.file).facts == {"reason": "objected_before"}
    assert case.file("conduct").kind == "conduct"


def test_a_review_is_asked_for_within_ten_days_and_recorded_for_the_higher_court(hall: Hall) -> None:
    case = Case(hall)
    row = case.file("conduct")
    case.receive(row)
    assert case.decide(row, False).remedy_until == date(2026, 3, 12)
    hall.clock.moment = datetime.fromisoformat("2026-03-13T00:00:00+08:00")
    asked = {"grounds": "适用法律错误"}
    late = refuses("wrong_state", case.do, objections.ask_for_review, case.outsider, row.id, **asked)
    assert late.facts == {"reason": "review_too_late"}
    hall.clock.moment -= SECOND
    refuses("not_found", case.do, objections.ask_for_review, an_other(hall), row.id, **asked)
    assert case.do(objections.ask_for_review, case.outsider, row.id, **asked).review_due_on == date(2026, 4, 13)
    refuses("wrong_state", case.do, objections.ask_for_review, case.outsider, row.id, **asked)
    assert case.do(objections.extend_review, case.judge, row.id).review_due_on == date(2026, 5, 11)
    refuses("wrong_state", case.do, objections.extend_review, case.judge, row.id)
    told = {"outcome": "reversed", "on": date(2026, 3, 13), "reason": "原裁定错误"}
    refuses("invalid", case.do, objections.record_review, case.judge, row.id, **told)  # tomorrow
    done = case.do(objections.record_review, case.judge, row.id, **(told | {"on": date(2026, 3, 12)}))
    assert (done.review_status, done.review_decided_on) == ("reversed", date(2026, 3, 12))
    claim = case.file(actor=an_other(hall))
    case.receive(claim)
    case.decide(claim, False)


@pytest.mark.parametrize(("days", "overdue"), [(0, False), (1, True)])
def test_an_objection_decided_late_stays_overdue(hall: Hall, days: int, overdue: bool) -> None:
    case = Case(hall)
    row = case.file()
    case.receive(row)
    due = hall.house.read(lambda session: objection_dict(session, row, hall.clock.moment))["due_on"]
    hall.clock.moment = datetime.fromisoformat(f"{due}T23:59:59+08:00") + days * SECOND
    case.decide(row, False)
    hall.clock.moment += 30 * DAY
    decided = hall.house.read(
        lambda session: objection_dict(session, session.get_one(SaleObjection, row.id), hall.clock.moment)
    )
    assert (decided["status"], decided["overdue"]) == ("rejected", overdue)


def an_other(hall: Hall) -> Actor:
    return hall.house.perform(lambda unit: an_actor(a_bidder(unit)))


def test_against_a_decision_on_a_claim_no_review_lies(hall: Hall) -> None:
    case = Case(hall)
    row = case.file()
    case.receive(row)
    assert case.decide(row, False).remedy_until == date(2026, 3, 17)
    refused = refuses("wrong_state", case.do, objections.ask_for_review, case.outsider, row.id, grounds="g")
    assert refused.facts == {"reason": "suit"}


def test_while_somebody_claims_the_lot_nothing_is_ruled_on(hall: Hall) -> None:
    case = Case(hall)
    hall.told.clear()  # no entry tells of that sale
    hall.change(case.auction_id, status="sold", settlement="paid", price_fen=RESERVE)
    row = case.file()
    case.receive(row)
    assert hall.row(case.auction_id).status == "sold"
    said = {"qualification": "not_required", "reason": "r"}
    refuses("objection_open", case.do, rule_sale, case.judge, case.auction_id, **said)


def test_after_the_end_of_bidding_a_claim_stops_nothing_that_is_over(hall: Hall) -> None:
    case = Case(hall)
    hall.closes_in(case.auction_id, seconds=0)
    case.receive(case.file())
    assert hall.row(case.auction_id).status == "open"


def test_nothing_public_names_who_objects_or_tells_of_him(hall: Hall) -> None:
    case = Case(hall)
    row = case.file()
    case.receive(row)
    case.decide(row, False)
    hall.house.perform(seal)
    public = orjson.dumps(hall.house.read(entries, 0, 1000)).decode()
    told = public + orjson.dumps([event.data for event in hall.events(case.auction_id)]).decode()
    assert row.id not in told and case.outsider.id not in told and "欧阳案外" not in told and "Objection" not in public
    own = hall.house.read(own_objection, case.outsider, row.id, hall.clock.moment)
    assert (own["remedy"], own["remedy_until"], own["due_on"]) == ("suit", "2026-03-17", "2026-03-17")
    refuses("not_found", hall.house.read, own_objection, case.judge, row.id, hall.clock.moment)
    [seen] = hall.house.read(court_objections, hall.house.vault, case.judge, case.auction_id, hall.clock.moment)
    assert (seen["objector"]["name"], seen["may_decide"]) == ("欧阳案外", False)


def test_the_desk_shows_each_clock_and_is_late_a_day_after_its_last(hall: Hall) -> None:
    case = Case(hall, status="announced", opens_at=hall.clock.moment + 90 * DAY)

    def shown() -> list[tuple[str, str, bool]]:
        now, ruleset = hall.clock.moment, load("spc-2016")
        items = hall.house.read(board, "3201", ruleset, now)
        [item] = [each for each in items if each.auction and each.auction.id == case.auction_id]
        found = [clock for clock in item.clocks if clock.code.startswith(("sale_objection", "resume")) and clock.day]
        return [(clock.code, str(clock.day), clock.state(now, 3) == "late") for clock in found]

    row = case.file()
    assert shown() == [("sale_objection_receipt", "2026-03-17", False)]
    case.receive(row)
    hall.clock.moment = datetime.fromisoformat("2026-03-17T23:59:59+08:00")
    assert shown() == [("sale_objection", "2026-03-17", False)]
    hall.clock.advance(seconds=1)
    assert shown() == [("sale_objection", "2026-03-17", True)]
    case.decide(row, False)
    assert shown() == [("sale_objection_suit_wait", "2026-04-03", False)]  # over the days to sue
    hall.clock.moment = datetime.fromisoformat("2026-04-03T00:00:00+08:00")
    case.do(objections.watch_suit, row.id)
    assert shown() == [("resume", "2026-04-07", False)]


@pytest.mark.parametrize("kind", ["stay", "halt", "fault"])
def test_a_sale_of_each_kind_of_stop_goes_on_as_it_stood(hall: Hall, kind: str) -> None:
    case = Case(hall)
    ann, bob = hall.bidders(case.auction_id, None, None)
    assert hall.bid(ann, RESERVE).outcome == "accepted"
    before = hall.row(case.auction_id)
    case.do(life.suspend, case.judge, case.auction_id, kind=kind, reason="公开的原因")
    assert hall.bid(bob, RESERVE + STEP).code == "suspended"
    case.do(life.end_suspension, case.judge, case.auction_id, reason="事由消失")
    refuses("wrong_state", case.do, life.end_suspension, case.judge, case.auction_id, reason="再次")
    assert case.suspension["resume_by"] == "2026-03-09"
    left = timedelta(seconds=case.suspension["remaining_seconds"])
    hall.clock.advance(days=4)
    end = hall.clock.moment + max(DAY, left)
    assert refuses("invalid", case.resume, end - SECOND).errors[0].field == "closes_at"
    case.resume(end)
    after = hall.row(case.auction_id)
    names = ("price_fen", "leader_code", "leader_registration_id", "bid_count", "extensions", "lapsed_seq")
    assert [getattr(after, name) for name in names] == [getattr(before, name) for name in names]
    assert (after.status, after.closes_at, after.suspension) == ("open", end, None)
    assert hall.bid(bob, RESERVE + STEP, at=end - timedelta(microseconds=1)).outcome == "accepted"
    assert hall.row(case.auction_id).closes_at > end  # the last minutes extend as ever


def test_a_fault_at_the_end_leaves_at_least_ten_minutes_after_a_days_notice(hall: Hall) -> None:
    case = Case(hall)
    hall.closes_in(case.auction_id, seconds=0)
    refuses("wrong_state", case.do, life.suspend, case.judge, case.auction_id, kind="stay", reason="r")
    case.do(life.suspend, case.judge, case.auction_id, kind="fault", reason="平台故障")
    assert case.suspension["remaining_seconds"] == 0
    assert hall.house.perform(close, case.auction_id, settled=True) is None
    refuses("invalid", case.resume, hall.clock.moment + DAY - SECOND)
    case.resume(hall.clock.moment + DAY)


def test_a_claim_keeps_a_later_round_of_the_lot_from_opening_and_from_being_announced(hall: Hall) -> None:
    case = Case(hall)
    row = case.file()
    case.receive(row)
    case.decide(row, False)
    hall.told.clear()
    hall.change(case.auction_id, status="withdrawn", suspension=None)
    lot_id = hall.row(case.auction_id).lot_id
    terms = {"status": "announced", "opens_at": hall.clock.moment + DAY, "closes_at": hall.clock.moment + 9 * DAY}
    later = hall.house.perform(lambda unit: an_auction(unit, lot=unit.session.get_one(Lot, lot_id), **terms).id)
    drafted = hall.house.perform(
        lambda unit: an_auction(unit, lot=unit.session.get_one(Lot, lot_id), status="approved").id
    )
    assert refuses("suit_days", case.do, life.announce, case.judge, drafted).facts == {"day": "2026-03-17"}
    hall.clock.advance(days=1)
    case.do(life.open_due, later)
    assert hall.row(later).status == "suspended"
    hall.clock.moment = datetime.fromisoformat("2026-03-18T00:00:00+08:00")
    case.do(objections.watch_suit, row.id)
    suspension = hall.row(later).suspension
    assert suspension is not None and suspension["resume_by"] == "2026-03-23"

"""Clearance at the announcement, on each database: the assessment beside the seal, the plan, what bars and what not."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House
from auction.models import Auction
from auction.rules.calendar import shanghai_day
from auction.rules.ruleset import load as load_ruleset
from auction.services.approvals import vote
from bidding.services.approved import ACTS
from bidding.services.changes import propose_change
from disclosure.queries.clearance import read_clearance
from disclosure.queries.findings import check_round
from disclosure.services.clearance import put_plan
from disclosure.services.drafting import draft_item
from risk.models import ClearanceAssessment, ClearancePlan
from tests.disclosure.court import DAY, CourtDesk, called, codes, example_of, facts_of
from tests.factories import a_lot, an_auction

RULES = load_ruleset("spc-2016")
#: A family in the debtor's only home, in band D.
FAMILY = {"occupied": True, "occupant": "示例甲及家人", "since": "2016-03-01", "right": "owner", "residents": 4}
THERE = {"attitude": "undecided", "sole_home": "yes", "low_income": False, "elderly": 1, "children": 1, "ill": 0}


@pytest.fixture
def desk(house: House, clock: FixedClock) -> CourtDesk:
    return CourtDesk(house, clock)


def due(desk: CourtDesk) -> date:
    """A day by which the court may well have cleared: bidding ends in 41 days."""
    return shanghai_day(desk.house.now()) + 70 * DAY


def occupy(desk: CourtDesk, **changes: Any) -> None:
    """Put the family there, with the court's short promise in the sheet."""
    desk.put("possession", statement="示例甲及家人自2016年3月起自住，声称享有所有权。", data=FAMILY)
    told = THERE | {"attention": "none"} | changes
    desk.put("occupants", state="found", statement="占有人为被执行人及其家人。", data=told)
    desk.put("contents", state="found", statement="一般家具。", data={"belongings": "few", "hazardous": False})
    promise = {"responsible": "执行法官甲", "due_on": due(desk).isoformat(), "plan": "公告限期迁出，逾期强制腾空"}
    desk.put("clearance", state="found", statement="由本院腾空。", data=promise)


def plan(desk: CourtDesk, **changes: Any) -> ClearancePlan:
    values: dict[str, Any] = {
        "owner": "执行法官甲",
        "promised_on": due(desk),
        "steps": [
            {"what": "张贴限期迁出公告", "on": due(desk) - 40 * DAY},
            {"what": "强制腾空", "on": due(desk)},
        ],
        "resources": "法警四名，搬运车两辆，周转房一套",
    }
    return desk.house.perform(put_plan, desk.judge, desk.lot_id, **(values | changes))


def assessments(house: House, lot_id: str) -> list[ClearanceAssessment]:
    rows = select(ClearanceAssessment).where(ClearanceAssessment.lot_id == lot_id)
    return house.read(lambda session: list(session.scalars(rows.order_by(ClearanceAssessment.sheet_version))))


def journal(house: House, stream: str, kind: str) -> list[JournalRow]:
    def query(session: Session) -> list[JournalRow]:
        return list(
            session.scalars(
                select(JournalRow).where(JournalRow.stream == stream, JournalRow.kind == kind).order_by(JournalRow.id)
            )
        )

    return house.read(query)


def test_a_vacant_building_is_announced_with_its_assessment_and_without_a_plan(desk: CourtDesk) -> None:
    desk.ready()
    auction = desk.publish()
    [kept] = assessments(desk.house, desk.lot_id)
    assert (kept.band, kept.score, kept.plan_required, kept.seal) == ("A", 0, False, auction.seal)
    assert (kept.card, kept.facts["occupation"]) == ("clearance-2026", "vacant_keys")
    [entry] = journal(desk.house, f"lot:{desk.lot_id}", "ClearanceAssessed")
    assert not entry.private and '"band":"A"' in entry.entry
    read = desk.house.read(read_clearance, None, desk.lot_id, RULES)
    assert read.assessed is not None and (read.assessed.band, read.version) == ("A", 1)


def test_a_hard_lot_is_not_announced_without_a_plan_and_every_gap_is_told_at_once(desk: CourtDesk) -> None:
    desk.ready()
    occupy(desk)
    desk.put("taxes", statement="一切税费由买受人承担。")
    desk.vote(True, True)
    refused = desk.refused()
    assert codes(refused) == ["phrase_forbidden", "clearance_plan_missing"]
    [facts] = facts_of(refused, "clearance_plan_missing")
    assert (facts["reason"], facts["band"], facts["missing"]) == ("band", "D", "plan")
    assert assessments(desk.house, desk.lot_id) == []
    desk.put("taxes")
    plan(desk)
    assert desk.vote(True, True) == "approved"
    assert desk.publish().status == "announced"
    [kept] = assessments(desk.house, desk.lot_id)
    assert (kept.band, kept.plan_required) == ("D", True)
    read = desk.house.read(read_clearance, None, desk.lot_id, RULES)
    assert read.promised_on == due(desk)


def test_an_easier_lot_needs_the_sheets_promise_only(desk: CourtDesk) -> None:
    desk.ready()
    occupy(desk, attitude="agreed", sole_home="no", elderly=0, children=0)
    desk.vote(True, True)
    assert desk.publish().status == "announced"
    assert [row.band for row in assessments(desk.house, desk.lot_id)] == ["B"]


def test_what_nobody_found_out_about_those_who_are_there_makes_it_hard(desk: CourtDesk) -> None:
    desk.ready()
    occupy(desk)
    desk.put("occupants", state="found", statement="占有人为被执行人及其家人。", data={})
    desk.vote(True, True)
    [facts] = facts_of(desk.refused(), "clearance_plan_missing")
    assert facts["band"] == "E"


def test_a_plan_whose_day_differs_from_the_sheets_or_has_passed_is_none(desk: CourtDesk, clock: FixedClock) -> None:
    desk.ready()
    occupy(desk)
    plan(desk, promised_on=due(desk) + DAY)
    desk.vote(True, True)
    [facts] = facts_of(desk.refused(), "clearance_plan_missing")
    assert facts["missing"] == "differs"
    plan(desk)
    clock.advance(days=71)
    checked = desk.house.read(check_round, desk.judge, desk.auction_id, RULES, desk.house.now())
    missing = [each.facts["missing"] for each in checked if each.code == "clearance_plan_missing"]
    assert missing == ["passed"]


def test_a_promise_later_than_the_handover_is_a_warning_and_bars_nothing(desk: CourtDesk) -> None:
    desk.ready()
    occupy(desk)
    late = shanghai_day(desk.house.now()) + 200 * DAY
    promise = {"responsible": "执行法官甲", "due_on": late.isoformat(), "plan": "限期迁出"}
    desk.put("clearance", state="found", statement="由本院腾空。", data=promise)
    plan(desk, promised_on=late)
    checked = desk.house.read(check_round, desk.judge, desk.auction_id, RULES, desk.house.now())
    assert [each.severity for each in checked if each.code == "clearance_promised_late"] == ["warning"]
    desk.vote(True, True)
    assert desk.publish().status == "announced"


def test_a_plan_is_kept_in_versions_and_voids_the_votes(desk: CourtDesk) -> None:
    desk.ready()
    first, second = plan(desk), plan(desk, resources="法警六名")
    assert (first.version, second.version) == (1, 2)
    assert desk.auction().status == "draft"
    rows = desk.house.read(lambda session: list(session.scalars(select(ClearancePlan))))
    assert sorted(row.resources for row in rows) == ["法警六名", "法警四名，搬运车两辆，周转房一套"]
    entries = journal(desk.house, f"lot:{desk.lot_id}", "ClearancePlanned")
    assert len(entries) == 2 and not any("法官" in entry.entry for entry in entries)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"promised_on": date(2026, 3, 1), "steps": [{"what": "x", "on": date(2026, 2, 1)}]}, {"date_passed"}),
        ({"steps": [{"what": "x", "on": date(2027, 3, 1)}]}, {"step_misplaced"}),
        ({"resources": "由买受人自行腾退"}, {"phrase_forbidden"}),
        (
            {
                "steps": [{"what": "法院不负责腾退", "on": date(2026, 4, 2)}, {"what": "y", "on": date(2026, 4, 1)}],
                "promised_on": date(2026, 3, 1),
            },
            {"phrase_forbidden", "step_misplaced", "date_passed"},
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_every_reason(
    desk: CourtDesk, changes: dict[str, Any], wrong: set[str]
) -> None:
    desk.enter()
    with pytest.raises(DomainError) as refused:
        plan(desk, **changes)
    assert refused.value.code == "invalid" and set(codes(refused.value)) == wrong
    assert desk.house.read(lambda session: session.scalars(select(ClearancePlan)).all()) == []


def test_once_published_the_day_stays_and_the_steps_may_change(desk: CourtDesk) -> None:
    desk.ready()
    occupy(desk)
    plan(desk)
    desk.vote(True, True)
    desk.publish()
    assert plan(desk, resources="法警八名").version == 2
    with pytest.raises(DomainError) as refused:
        plan(desk, promised_on=due(desk) + 30 * DAY)
    assert codes(refused.value) == ["clearance_promise_published"]


def test_a_published_promise_may_come_nearer_but_not_go_away(desk: CourtDesk) -> None:
    desk.ready()
    occupy(desk)
    plan(desk)
    desk.vote(True, True)
    desk.publish()
    promise = {"responsible": "执行法官甲", "plan": "公告限期迁出，逾期强制腾空"}
    for days, version in ((1, None), (-5, 2)):
        data = promise | {"due_on": (due(desk) + days * DAY).isoformat()}
        if version is None:
            with pytest.raises(DomainError) as refused:
                desk.put("clearance", state="found", statement="由本院腾空。", data=data)
            assert (refused.value.code, codes(refused.value)) == ("wrong_state", ["clearance_promise_published"])
        else:
            assert desk.put("clearance", state="found", statement="由本院腾空。", data=data).version == version
    read = desk.house.read(read_clearance, None, desk.lot_id, RULES)
    assert read.promised_on == due(desk) - 5 * DAY


def test_another_kind_of_lot_has_no_plan_and_says_so(house: House, clock: FixedClock) -> None:
    desk = CourtDesk(house, clock, "vehicle")
    desk.ready()
    with pytest.raises(DomainError) as refused:
        plan(desk)
    assert refused.value.code == "clearance_not_applicable"
    assert desk.publish().status == "announced"
    assert assessments(house, desk.lot_id) == []
    read = house.read(read_clearance, None, desk.lot_id, RULES)
    assert read.assessed is None


def test_a_supplement_is_assessed_anew(desk: CourtDesk) -> None:
    desk.ready()
    desk.publish()
    desk.put("court_contact", **called("court_contact"))
    assert [(row.sheet_version, row.band) for row in assessments(desk.house, desk.lot_id)] == [(1, "A"), (2, "A")]


def test_a_supplement_that_makes_a_live_lot_hard_needs_a_plan_first(desk: CourtDesk) -> None:
    desk.ready()
    occupy(desk, attitude="agreed", sole_home="no", elderly=0, children=0)
    desk.vote(True, True)
    desk.publish()
    worse = {"state": "found", "statement": "占有人改变态度，明确拒绝迁出。"}
    data = THERE | {"attention": "none", "attitude": "refuses"}
    with pytest.raises(DomainError) as material:
        desk.put("occupants", **worse, data=data)
    assert material.value.code == "wrong_state"
    payload = example_of("occupants") | worse | {"data": data}
    desk.house.perform(draft_item, desk.judge, desk.auction_id, "occupants", payload)
    said = {"choice": "supplement", "reason": "占有人拒绝迁出"}
    with pytest.raises(DomainError) as refused:
        desk.house.perform(propose_change, desk.judge, desk.auction_id, **said)
    assert refused.value.code == "clearance_plan_missing"
    [facts] = facts_of(refused.value, "clearance_plan_missing")
    assert (facts["band"], facts["missing"]) == ("D", "plan")
    assert [row.band for row in assessments(desk.house, desk.lot_id)] == ["B"]
    plan(desk)
    proposal = desk.house.perform(propose_change, desk.judge, desk.auction_id, **said)
    desk.house.perform(vote, desk.panel[1], proposal.id, approve=True, reason="同意", acts=ACTS)
    told = [(row.band, row.plan_required) for row in assessments(desk.house, desk.lot_id)]
    assert told == [("B", False), ("D", True)]


def test_a_published_day_that_has_passed_bars_no_other_supplement(desk: CourtDesk, clock: FixedClock) -> None:
    desk.ready()
    occupy(desk)
    plan(desk)
    desk.vote(True, True)
    auction = desk.publish()
    desk.house.perform(lambda unit: setattr(unit.session.get_one(Auction, auction.id), "status", "suspended"))
    clock.advance(days=90)
    assert desk.put("court_contact", **called("court_contact")).version == 2


def test_before_a_seal_only_the_court_reads_the_assessment(desk: CourtDesk) -> None:
    desk.enter()
    read = desk.house.read(read_clearance, desk.judge, desk.lot_id, RULES)
    assert read.assessed is not None and (read.assessed.band, read.version) == ("E", None)
    with pytest.raises(DomainError) as refused:
        desk.house.read(read_clearance, None, desk.lot_id, RULES)
    assert refused.value.code == "not_found"


def test_many_lots_of_a_kind_at_once_are_a_warning_that_bars_nothing(desk: CourtDesk, house: House) -> None:
    desk.ready()
    end = desk.auction().closes_at

    def others(unit: Any) -> None:
        for number in range(4):
            lot = a_lot(unit, address=f"南京市玄武区珠江路88号2幢{400 + number}室")
            an_auction(
                unit, lot=lot, status="announced", opens_at=end - DAY, closes_at=end + number * timedelta(hours=1)
            )
        elsewhere = a_lot(unit, address="南京市玄武区中山路1号2幢301室")
        an_auction(unit, lot=elsewhere, status="announced", opens_at=end - DAY, closes_at=end)

    house.perform(others)
    checked = house.read(check_round, desk.judge, desk.auction_id, RULES, house.now())
    [found] = [each for each in checked if each.code == "bulk_sale"]
    assert found.severity == "warning"
    assert (found.facts["together"], found.facts["crowded"], found.facts["reason"]) == (5, 1, "too_few")
    assert desk.publish().status == "announced"


def test_the_platforms_own_sales_say_how_fast_a_kind_sells(desk: CourtDesk, house: House) -> None:
    desk.ready()
    now = house.now()

    def sales(unit: Any) -> None:
        for number in range(12):
            ended = now - timedelta(days=10 + number)
            status = "sold" if number % 2 else "unsold"
            an_auction(unit, status=status, opens_at=ended - DAY, closes_at=ended)
        end = desk_auction(unit, desk).closes_at
        an_auction(unit, lot=a_lot(unit), status="announced", opens_at=end - DAY, closes_at=end)

    house.perform(sales)
    checked = house.read(check_round, desk.judge, desk.auction_id, RULES, house.now())
    [found] = [each for each in checked if each.code == "bulk_sale"]
    assert (found.facts["reason"], found.facts["ended"], found.facts["sold"]) == ("pace", 12, 6)
    assert (found.facts["a_month"], found.facts["crowded"]) == (1, 1)


def desk_auction(unit: Any, desk: CourtDesk) -> Auction:
    found: Auction = unit.session.get_one(Auction, desk.auction_id)
    return found

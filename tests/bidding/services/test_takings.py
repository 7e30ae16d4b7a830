"""Debt-for-asset after an unsold round: asked, answered, drawn, awarded, paid, ruled, lapsed (PRECISIONS 18)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Approval, Auction, Lot, Party, Taking, TakingQuestion
from auction.queries.proposals import proposal
from auction.rules.calendar import midnight, shanghai_day
from auction.rules.ruleset import load
from auction.rules.unsold import Asked, commitment, draw
from auction.services.approvals import vote
from bidding.models import AfterSaleStep, Registration
from bidding.queries.audit import verify_all
from bidding.queries.payments import balances
from bidding.rules.ledger import court_price
from bidding.services import takings
from bidding.services.approved import ACTS
from bidding.services.payments import refund_executed
from bidding.services.relist import relist
from risk.imports import import_file
from tests.bidding.hall import RESERVE, STEP, Hall, refused_with
from tests.bidding.services.unsold import DAY, Unsold, an_unsold_lot
from tests.factories import a_court, a_resident_id, an_account, an_actor, an_auction

SECOND = timedelta(seconds=1)


def sound(hall: Hall) -> None:
    assert hall.house.read(verify_all, hall.house.vault.public_key).failures == []


def question(story: Unsold) -> TakingQuestion:
    return story.hall.house.read(lambda session: session.get_one(TakingQuestion, story.auction_id))


def test_an_unsold_round_asks_its_creditors_and_commits_to_a_seed_before_anybody_answers(hall: Hall) -> None:
    story = an_unsold_lot(hall, "applicant", "secured_creditor")
    asked = question(story)
    (entry,) = [row for row in hall.journal(f"auction:{story.auction_id}") if row.kind == "CreditorsAsked"]
    body = orjson.loads(entry.entry)["body"]
    assert body["creditors"] == 2 and body["commitment"] == asked.commitment == commitment(asked.seed)
    assert asked.seed not in entry.entry
    nobody = an_unsold_lot(hall)
    assert "CreditorsAsked" not in hall.kinds(nobody.auction_id)


def test_an_answer_may_be_changed_until_the_last_day_and_not_after(hall: Hall) -> None:
    story = an_unsold_lot(hall, "applicant")
    (applicant,) = story.creditors
    hall.clock.moment = midnight(question(story).until_on + DAY) - SECOND
    assert story.answer(applicant, "decline").status == "declined"
    assert applicant.account is not None
    own = an_actor(applicant.account)
    args = (takings.answer, own, story.auction_id)
    taking = hall.house.perform(*args, creditor=applicant.party_id, decision="take")
    assert taking.status == "willing"
    assert refused_with(hall.house.perform, *args, creditor=applicant.party_id, decision="take", rank=1) == "invalid"
    hall.clock.advance(seconds=1)
    assert refused_with(story.answer, applicant, "decline") == "taking_late"


def test_nobody_answers_for_another_creditor_or_another_court(hall: Hall) -> None:
    story = an_unsold_lot(hall, "applicant", "secured_creditor")
    first, second = story.creditors
    assert first.account is not None
    args = (hall.house.perform, takings.answer)
    stranger = an_actor(first.account)
    assert refused_with(*args, stranger, story.auction_id, creditor=second.party_id, decision="take") == "not_found"
    elsewhere = an_unsold_lot(hall, "applicant")

    def foreign(unit: Unit) -> None:
        court = a_court(unit, "3202", "无锡市中级人民法院")
        actor = an_actor(an_account(unit, "judge", court_code=court.code))
        takings.answer(unit, actor, elsewhere.auction_id, creditor=elsewhere.creditors[0].party_id, decision="take")

    assert refused_with(hall.house.perform, foreign) == "not_found"


def test_a_secured_creditor_takes_before_the_applicant_and_pays_nothing_where_its_claim_covers_the_price(
    hall: Hall,
) -> None:
    story = an_unsold_lot(hall, "applicant", "secured_creditor", with_accounts=False)
    applicant, secured = (story.answer(one) for one in story.creditors)
    assert refused_with(story.award, applicant, RESERVE) == "taking_outranked"
    assert story.award(secured, RESERVE).status == "taken"
    assert story.lot().disposal == "taken"
    assert hall.row(story.auction_id).status == "unsold"
    assert story.taking(secured).registration_id is None
    assert refused_with(story.award, applicant, RESERVE) == "lot_disposed"
    story.perform(takings.rule_taking, story.judge, story.auction_id, secured.id, reason="已抵偿")
    assert story.taking(secured).status == "ruled"
    steps = select(AfterSaleStep.code).where(AfterSaleStep.auction_id == story.auction_id)
    assert hall.house.read(lambda session: list(session.scalars(steps))) == ["ruling"]
    assert [k for k in hall.kinds(story.auction_id) if "Tak" in k] == ["LotTaken", "TakingRuled"]
    sound(hall)


def test_equals_draw_lots_and_the_drawing_can_be_computed_from_what_was_published(hall: Hall) -> None:
    story = an_unsold_lot(hall, "applicant", "applicant", "applicant")
    assert refused_with(hall.house.perform, takings.draw_lots, story.judge, story.auction_id) == "taking_open"
    answers = {one.position: story.answer(one) for one in story.creditors}
    assert refused_with(story.award, answers[1], RESERVE) == "taking_undrawn"
    drawing = story.perform(takings.draw_lots, story.judge, story.auction_id)
    assert refused_with(hall.house.perform, takings.draw_lots, story.judge, story.auction_id) == "wrong_state"
    bodies = {row.kind: orjson.loads(row.entry)["body"] for row in hall.journal(f"auction:{story.auction_id}")}
    told = bodies["LotsDrawn"]
    assert commitment(told["seed"]) == bodies["CreditorsAsked"]["commitment"]
    assert list(draw(told["seed"], story.auction_id, told["among"])) == told["drawn"] == drawing.drawn
    first, second, _ = drawing.drawn
    assert refused_with(story.award, answers[second], RESERVE) == "taking_outranked"
    assert story.award(answers[first], RESERVE).status == "taken"
    sound(hall)


def test_once_lots_were_drawn_answers_and_ranks_stand_and_the_first_drawn_can_be_given_the_lot(hall: Hall) -> None:
    story = an_unsold_lot(hall, "applicant", "applicant", "applicant", with_accounts=False)
    one, other, declining = story.creditors
    answers = {creditor.position: story.answer(creditor) for creditor in (one, other)}
    hall.clock.moment = midnight(question(story).until_on + DAY) - SECOND
    assert refused_with(story.perform, takings.draw_lots, story.judge, story.auction_id) == "taking_open"
    story.answer(declining, "decline")
    drawing = story.perform(takings.draw_lots, story.judge, story.auction_id)
    for creditor, decision, rank in ((declining, "take", None), (one, "decline", None), (other, "take", 1)):
        assert refused_with(story.answer, creditor, decision, rank=rank) == "taking_drawn"
    assert story.award(answers[drawing.drawn[0]], RESERVE).status == "taken"
    sound(hall)


def test_lots_may_be_drawn_among_who_answered_once_the_time_is_over(hall: Hall) -> None:
    story = an_unsold_lot(hall, "applicant", "applicant", "applicant", with_accounts=False)
    first, second, silent = story.creditors
    answers = {creditor.position: story.answer(creditor) for creditor in (first, second)}
    hall.clock.moment = midnight(question(story).until_on + DAY)
    drawing = story.perform(takings.draw_lots, story.judge, story.auction_id)
    assert sorted(drawing.drawn) == sorted(answers)
    assert refused_with(story.answer, silent) == "taking_drawn"
    story.perform(takings.refuse, story.judge, story.auction_id, answers[drawing.drawn[0]].id, reason="不得竞买")
    assert story.award(answers[drawing.drawn[1]], RESERVE).status == "taken"


def test_a_rank_other_than_by_the_role_needs_a_reason_and_another_judge(hall: Hall) -> None:
    """One judge alone does not decide who comes first (SALE 16)."""
    story = an_unsold_lot(hall, "secured_creditor", "applicant")
    secured, applicant = story.creditors
    first, second = story.answer(secured), story.answer(applicant, rank=2)
    assert isinstance(second, Taking) and (first.rank, second.rank) == (1, 2), "its own rank needs nobody"
    assert refused_with(story.answer, secured, rank=3) == "invalid"
    proposal = story.answer(secured, rank=3, reason="抵押权顺位在后")
    assert isinstance(proposal, Approval) and story.taking(first).rank == 1
    assert refused_with(story.award, first, RESERVE) == "already_proposed"
    say = {"approve": True, "reason": "同意", "acts": ACTS}
    assert refused_with(hall.house.perform, vote, story.judge, proposal.id, **say) == "four_eyes"
    other = hall.house.perform(lambda unit: an_actor(an_account(unit, "judge")))
    hall.house.perform(vote, other, proposal.id, **say)
    assert story.taking(first).rank == 3
    assert refused_with(story.award, first, RESERVE) == "taking_outranked"
    assert story.award(second, RESERVE).status == "taken"
    sound(hall)


def test_the_difference_comes_in_parts_from_the_taker_alone_and_then_the_ruling_is_due(hall: Hall) -> None:
    story = an_unsold_lot(hall, "applicant")
    (applicant,) = story.creditors
    taking = story.award(story.answer(applicant), RESERVE - 3 * STEP)
    assert (taking.status, taking.difference_fen) == ("awarded", 3 * STEP)
    args = (takings.rule_taking, story.judge, story.auction_id, taking.id)
    assert refused_with(hall.house.perform, *args, reason="r") == "wrong_state"
    assert story.pay(applicant, taking, STEP).status == "paid"
    stranger = replace(applicant, number=a_resident_id())
    assert story.pay(stranger, taking, STEP).status == "wrong_payer"
    assert story.taking(taking).status == "awarded"
    story.pay(applicant, taking)
    assert story.taking(taking).status == "taken"
    assert hall.house.read(balances, story.auction_id)[court_price(story.auction_id)] == 3 * STEP
    story.perform(*args, reason="差价已补交")
    assert hall.kinds(story.auction_id)[-2:] == ["DifferenceComplete", "TakingRuled"]
    sound(hall)


def test_an_unpaid_difference_lapses_after_its_day_gives_back_what_came_and_the_next_creditor_takes(hall: Hall) -> None:
    story = an_unsold_lot(hall, "secured_creditor", "applicant")
    secured, applicant = story.creditors
    first, second = story.answer(secured), story.answer(applicant)
    taking = story.award(first, RESERVE - 2 * STEP)
    paid = story.pay(secured, taking, STEP)
    args = (takings.lapse, story.judge, story.auction_id, taking.id)
    assert taking.due_at is not None
    hall.clock.moment = taking.due_at
    assert refused_with(hall.house.perform, *args, reason="r") == "taking_in_time"
    hall.clock.advance(seconds=1)
    story.perform(*args, reason="逾期未补交")
    assert (story.taking(taking).status, story.lot().disposal) == ("lapsed", None)
    registration = hall.house.read(lambda s: s.get_one(Registration, taking.registration_id))
    assert registration.status == "released"
    story.perform(refund_executed, paid.id)
    assert hall.house.read(balances, story.auction_id)[court_price(story.auction_id)] == 0
    assert story.award(second, RESERVE).status == "taken"
    sound(hall)


def test_who_is_barred_or_may_not_buy_cannot_take(hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story = an_unsold_lot(hall, "applicant")
    (applicant,) = story.creditors
    taking = story.answer(applicant)

    with monkeypatch.context() as patched:
        patched.setattr(takings, "is_restricted", lambda _sheet: True)
        assert refused_with(story.award, taking, RESERVE) == "purchase_restricted"
    with pytest.raises(DomainError) as refused:
        story.award(taking, RESERVE, evidence=["no-such-file"])
    assert [(one.field, one.code) for one in refused.value.errors] == [("evidence.0", "unknown_attachment")]
    staff = tmp_path / "staff.csv"
    row = f"court,3201,李四,{applicant.number},法官,2020-01-01,"
    staff.write_text(f"body_type,body_code,name,id_number,position,from,to\n{row}\n", "utf-8")
    assert not import_file(hall.house, "staff", staff).refused
    assert refused_with(story.award, taking, RESERVE) == "barred_interest"
    assert story.lot().disposal is None
    story.perform(takings.refuse, story.judge, story.auction_id, taking.id, reason="属于不得竞买的人")
    assert story.taking(taking).status == "refused"


def test_a_taker_who_owes_a_difference_needs_an_account_and_one_without_a_number_cannot_be_checked(hall: Hall) -> None:
    story = an_unsold_lot(hall, "applicant", with_accounts=False)
    taking = story.answer(story.creditors[0])
    assert refused_with(story.award, taking, RESERVE - STEP) == "taker_without_account"

    def forget(unit: Unit) -> None:
        party = unit.session.get_one(Party, story.creditors[0].party_id)
        party.id_match = None

    hall.house.perform(forget)
    assert refused_with(story.award, taking, RESERVE) == "taker_unidentified"


def test_the_next_round_may_be_drafted_meanwhile_but_waits_for_the_question_and_is_given_up_with_an_award(
    hall: Hall,
) -> None:
    story = an_unsold_lot(hall, "applicant")
    draft = story.perform(relist, story.judge, story.auction_id, reason="unsold")

    def standing(session: Session) -> Asked | None:
        return proposal(session, session.get_one(Auction, draft.id), (), load("spc-2016")).standstill.asked

    asked = hall.house.read(standing)
    assert asked is not None and asked.waits(shanghai_day(hall.clock.moment))
    assert shanghai_day(draft.opens_at) > asked.until_on
    taking = story.answer(story.creditors[0])
    asked = hall.house.read(standing)
    assert asked is not None and asked.willing == 1
    story.award(taking, RESERVE)
    assert hall.row(draft.id).status == "withdrawn"
    assert refused_with(story.perform, relist, story.judge, story.auction_id, reason="unsold") == "lot_disposed"


@pytest.mark.parametrize("before", [SECOND, 0 * SECOND], ids=["a second before it opens", "as it opens"])
def test_a_round_announced_meanwhile_is_withdrawn_for_a_taker_unless_it_has_opened(
    hall: Hall, before: timedelta
) -> None:
    story = an_unsold_lot(hall, "applicant")
    taking = story.answer(story.creditors[0])

    def next_one(unit: Unit) -> str:
        lot = unit.session.get_one(Lot, story.lot_id)
        terms = {"created_at": unit.now + SECOND, "opens_at": unit.now + 9 * DAY}
        return an_auction(unit, lot=lot, round="second", status="announced", **terms).id

    second = hall.house.perform(next_one)
    hall.tell(second)
    bidder = hall.bidder(second)
    hall.clock.moment = hall.row(second).opens_at - before
    if before:
        story.award(taking, RESERVE)
        assert (hall.row(second).status, hall.row(second).ended_reason) == ("withdrawn", "taken")
        assert hall.registration(bidder).status == "released"
    else:
        assert refused_with(story.award, taking, RESERVE) == "wrong_state"
        assert hall.row(second).status == "announced"

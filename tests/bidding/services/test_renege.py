"""Declaring that a buyer reneged, what it does with the money, and undoing it on objection."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Approval, Auction, Court, JournalRow, Lot
from auction.queries.approvals import approvals_of
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from bidding.models import Payment, RenegeObjection
from bidding.queries.payments import owed_fen
from bidding.queries.reneges import resale_deposit
from bidding.services.approved import ACTS
from bidding.services.payments import refund_executed
from bidding.services.relist import relist
from bidding.services.renege import declare
from bidding.services.renege_objections import file_objection, propose_revocation, reject_objection
from bidding.services.settlement import rule_sale
from risk.models import StandingEntry
from tests.bidding.services.debtor import DEPOSIT, PRICE, Debtor, Desk
from tests.bidding.services.till import refuses
from tests.factories import a_bidder, a_registration, a_resident_id, an_account, an_actor, an_auction

BALANCE = PRICE - DEPOSIT


@pytest.fixture
def desk(house: House, clock: FixedClock) -> Desk:
    return Desk(house, clock)


def kinds(house: House, stream: str) -> list[str]:
    def read(session: Session) -> list[str]:
        rows = select(JournalRow.kind).where(JournalRow.stream == stream).order_by(JournalRow.number)
        return list(session.scalars(rows))

    return house.read(read)


# Paying in parts


def test_the_balance_may_be_paid_in_parts_which_all_count(desk: Desk) -> None:
    buyer = desk.sell()
    assert desk.pay(buyer, 30_000_000).status == "paid"
    rest = desk.ask(buyer)
    assert rest.amount_fen == BALANCE - 30_000_000
    short = desk.arrive(buyer, rest, 500_000)  # less than was asked for: it counts, and the rest is asked anew
    assert (short.status, short.paid_fen) == ("paid", 500_000)
    assert desk.auction(buyer.auction_id).settlement == "balance_due"
    refuses("invalid", desk.ask, buyer, BALANCE)
    last = desk.ask(buyer)
    too_much = desk.arrive(buyer, last, last.amount_fen + 1)
    assert (too_much.status, too_much.refund_fen) == ("wrong_amount", last.amount_fen + 1)
    assert desk.pay(buyer).status == "paid"
    assert desk.auction(buyer.auction_id).settlement == "paid"
    desk.perform(refund_executed, too_much.id)
    assert desk.balances(buyer) == {"bank_clearing": -PRICE, "court_price:A0": PRICE}


def test_two_orders_for_the_same_money_do_not_both_count(desk: Desk) -> None:
    buyer = desk.sell()
    first = desk.ask(buyer, BALANCE)
    second = desk.ask(buyer, BALANCE - 1)  # supersedes the first, on which money may still come
    assert desk.arrive(buyer, second).status == "paid"
    assert desk.arrive(buyer, first).status == "refunding"  # more than the fen still owed: all of it goes back
    assert desk.auction(buyer.auction_id).settlement == "balance_due"
    assert desk.pay(buyer).amount_fen == 1
    assert desk.auction(buyer.auction_id).settlement == "paid"


def test_what_is_paid_after_the_grace_but_before_the_declaration_counts(desk: Desk) -> None:
    buyer = desk.sell()
    desk.past_grace(buyer)
    assert desk.auction(buyer.auction_id).settlement == "overdue"
    assert desk.pay(buyer).status == "paid"
    assert desk.auction(buyer.auction_id).settlement == "paid"
    refuses("wrong_state", desk.declare, buyer)


# Declaring


def test_nobody_declares_before_the_grace_is_over(desk: Desk) -> None:
    buyer = desk.sell()
    due_at = desk.auction(buyer.auction_id).balance_due_at
    assert due_at is not None
    for moment in (due_at, due_at + timedelta(seconds=1), due_at + timedelta(days=2)):
        error = refuses("renege_too_early", desk.at(moment).declare, buyer)
        assert error.facts["earliest"] > due_at.isoformat()
    refuses("renege_too_early", desk.declare, buyer, "no_means")
    desk.past_grace(buyer)
    desk.declare(buyer)
    refuses("wrong_state", desk.declare, buyer)


def test_the_deposit_is_lost_and_only_the_deposit(desk: Desk, house: House) -> None:
    buyer = desk.sell()
    part = desk.pay(buyer, 20_000_000)
    pending = desk.ask(buyer)
    renege = desk.declared(buyer)
    assert (renege.forfeited_fen, renege.returned_fen, renege.factors) == (DEPOSIT, 20_000_000, [])
    assert (desk.auction(buyer.auction_id).settlement, desk.registration(buyer).status) == ("reneged", "forfeited")
    assert desk.auction(buyer.auction_id).balance_fen == 0
    back = house.read(lambda session: session.get_one(Payment, part.id))
    assert (back.status, back.refund_fen) == ("refunding", 20_000_000)
    assert back.refund_due_at == desk.clock.moment + timedelta(hours=24)
    assert desk.balances(buyer) == {
        "bank_clearing": -DEPOSIT - 20_000_000,
        "court_forfeit:A0": DEPOSIT,
        "refund_due:R0": 20_000_000,
    }
    late = desk.arrive(buyer, pending)  # money that comes after the declaration goes back
    assert (late.status, late.refund_fen) == ("refunding", BALANCE - 20_000_000)
    for payment in (part, late):
        desk.perform(refund_executed, payment.id)
    assert desk.balances(buyer) == {"bank_clearing": -DEPOSIT, "court_forfeit:A0": DEPOSIT}
    refuses("wrong_state", desk.ask, buyer)
    assert "BuyerReneged" in kinds(house, f"auction:{buyer.auction_id}")
    facts = {"qualification": "proven", "reason": "r"}
    refuses("wrong_state", lambda: desk.perform(rule_sale, desk.judges[0], buyer.auction_id, **facts))


@pytest.mark.parametrize("extra", [0, 5_000_000])
def test_of_a_sell_offs_prepayment_only_the_announced_part_is_kept(desk: Desk, extra: int) -> None:
    reserve = 100_000_000
    buyer = desk.sell(round="sell_off", price_fen=reserve + 10_000_000, deposit_fen=reserve, forfeit_fen=15_000_000)
    if extra:
        desk.pay(buyer, extra)
    renege = desk.declared(buyer)
    assert (renege.forfeited_fen, renege.returned_fen) == (15_000_000, reserve - 15_000_000 + extra)
    assert desk.balances(buyer) == {
        "bank_clearing": -reserve - extra,
        "court_forfeit:A0": 15_000_000,
        "refund_due:R0": reserve - 15_000_000 + extra,
    }
    for order in desk.house.read(lambda session: list(session.scalars(select(Payment)))):
        if order.refund_fen:
            desk.perform(refund_executed, order.id)
    assert desk.balances(buyer) == {"bank_clearing": -15_000_000, "court_forfeit:A0": 15_000_000}


def test_a_creditor_without_deposit_loses_none(desk: Desk) -> None:
    buyer = desk.sell(due_fen=0)
    renege = desk.declared(buyer)
    assert (renege.forfeited_fen, renege.returned_fen) == (0, 0)
    assert desk.balances(buyer) == {}
    assert desk.auction(buyer.auction_id).settlement == "reneged"


def test_malice_needs_another_judge_and_a_listed_factor(desk: Desk, house: House) -> None:
    buyer = desk.sell()
    desk.past_grace(buyer)
    refuses("invalid", desk.declare, buyer, "bad_face")
    proposal = desk.declare(buyer, "no_means", "collusion")
    assert isinstance(proposal, Approval)
    assert desk.auction(buyer.auction_id).settlement == "overdue"  # nothing has happened yet
    refuses("four_eyes", desk.approve, proposal, 0)
    refuses("already_proposed", desk.declare, buyer, "no_means", "collusion")
    desk.approve(proposal, judge=1)
    renege = desk.renege(buyer)
    assert renege is not None
    assert (renege.factors, renege.declared_by) == (["no_means", "collusion"], desk.judges[0].id)
    assert entries(house, buyer) == ["reneged_maliciously"]


def test_a_payment_outruns_the_second_judge(desk: Desk) -> None:
    buyer = desk.sell()
    desk.past_grace(buyer)
    proposal = desk.declare(buyer, "no_means")
    assert waiting(desk) == [proposal.id]
    desk.pay(buyer)
    assert desk.auction(buyer.auction_id).settlement == "paid"
    assert waiting(desk) == []
    for approve in (True, False):
        error = refuses("wrong_state", lambda answer: desk.approve(proposal, 1, approve=answer), approve)
        assert error.facts["status"] == "lapsed"


def waiting(desk: Desk) -> list[str]:
    """What waits for the second judge to answer."""
    return [one["id"] for one in desk.house.read(approvals_of, desk.judges[1])]


def test_while_malice_waits_for_an_answer_nothing_else_is_declared(desk: Desk) -> None:
    buyer = desk.sell()
    desk.past_grace(buyer)
    proposal = desk.declare(buyer, "no_means")
    for judge, factors in ((0, ()), (1, ()), (1, ("collusion",))):
        refuses("already_proposed", lambda who, why: desk.declare(buyer, *why, judge=who), judge, factors)
    assert (desk.renege(buyer), waiting(desk)) == (None, [proposal.id])
    assert desk.approve(proposal, 1, approve=False).status == "rejected"
    desk.declare(buyer)
    renege = desk.renege(buyer)
    assert renege is not None
    assert renege.factors == []


# What the platform knows of malice


def wrong(desk: Desk, buyer: Debtor, *factors: str) -> list[tuple[str, str | None]]:
    return [(one.code, one.field) for one in refuses("invalid", desk.declare, buyer, *factors).errors]


def test_repeated_reneging_needs_an_earlier_declaration_in_force(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    other = Desk(desk.house, desk.clock)  # another lot
    same = other.sell(again=buyer)
    other.past_grace(same)
    proposal = other.declare(same, "collusion", "repeated")
    assert proposal.proposal["malicious_factors"] == ["repeated", "collusion"]
    desk.revoked(buyer)
    error = refuses("invalid", other.approve, proposal, 1)
    assert [one.code for one in error.errors] == ["no_earlier_renege"]
    other.approve(proposal, 1, approve=False)
    assert wrong(other, same, "collusion", "repeated") == [("no_earlier_renege", "malicious_factors.1")]


def test_what_was_bought_for_others_is_not_repeated_by_who_bid_for_them(desk: Desk) -> None:
    agent = desk.sell(principals=[("李四", "resident_id", a_resident_id())])
    desk.declared(agent)
    other = Desk(desk.house, desk.clock)
    himself = other.sell(again=agent)
    other.past_grace(himself)
    assert wrong(other, himself, "repeated") == [("no_earlier_renege", "malicious_factors.0")]


@pytest.mark.parametrize(
    ("reference_fen", "code"),
    [(None, "no_reference_price"), (PRICE // 2, "price_not_above"), (PRICE // 2 - 1, None)],
)
def test_a_price_above_twice_the_valuation_is_held_against_the_reference_price(
    desk: Desk, reference_fen: int | None, code: str | None
) -> None:
    buyer = desk.sell(reference_price_fen=reference_fen)
    desk.past_grace(buyer)
    if code is None:
        assert desk.declare(buyer, "price_above_twice_valuation").status == "pending"
    else:
        assert wrong(desk, buyer, "price_above_twice_valuation") == [(code, "malicious_factors.0")]


# Who declares


def test_only_a_judge_of_the_lots_court_declares(desk: Desk, house: House) -> None:
    buyer = desk.sell()
    desk.past_grace(buyer)

    def others(unit: Unit) -> list[Actor]:
        unit.session.add(Court(code="3202", name="无锡市中级人民法院"))
        unit.session.flush()
        return [an_actor(an_account(unit, "judge", court_code="3202")), an_actor(an_account(unit, "clerk"))]

    stranger, clerk = house.perform(others)
    refuses("not_found", desk.perform, lambda unit: declare(unit, stranger, buyer.auction_id, reason="r"))
    refuses("forbidden", desk.perform, lambda unit: declare(unit, clerk, buyer.auction_id, reason="r"))
    assert (desk.renege(buyer), desk.auction(buyer.auction_id).settlement) == (None, "overdue")


def entries(house: House, buyer: Debtor) -> list[str]:
    def read(session: Session) -> list[str]:
        rows = select(StandingEntry.kind).where(StandingEntry.person_id == buyer.account.person_id)
        return list(session.scalars(rows.order_by(StandingEntry.at)))

    return house.read(read)


# Revoking


def test_a_revoked_declaration_is_undone_by_counter_postings_and_a_new_day(desk: Desk, house: House) -> None:
    buyer = desk.sell()
    part = desk.pay(buyer, 20_000_000)
    desk.declared(buyer)
    desk.revoked(buyer)
    auction = desk.auction(buyer.auction_id)
    assert (auction.settlement, desk.registration(buyer).status) == ("balance_due", "qualified")
    assert auction.balance_due_at is not None
    assert auction.balance_due_at > desk.clock.moment + timedelta(days=auction.balance_days - 1)
    assert auction.balance_fen == BALANCE  # what goes back is owed again
    assert desk.renege(buyer) is None
    assert entries(house, buyer) == ["reneged", "renege_revoked"]
    desk.perform(refund_executed, part.id)
    assert desk.balances(buyer) == {"bank_clearing": -DEPOSIT, "deposit_held:R0": DEPOSIT}
    assert desk.pay(buyer).amount_fen == BALANCE
    assert desk.auction(buyer.auction_id).settlement == "paid"
    assert desk.balances(buyer) == {"bank_clearing": -PRICE, "court_price:A0": PRICE}
    assert kinds(house, f"auction:{buyer.auction_id}")[-2:] == ["RenegeRevoked", "PricePaid"]


def test_after_a_revocation_the_buyer_may_renege_again(desk: Desk, house: House) -> None:
    buyer = desk.sell()
    first = desk.declared(buyer)
    desk.revoked(buyer, due_on=shanghai_day(desk.clock.moment) + timedelta(days=3))
    second = desk.declared(buyer)
    assert first.id != second.id
    assert desk.balances(buyer) == {"bank_clearing": -DEPOSIT, "court_forfeit:A0": DEPOSIT}
    assert desk.objected(buyer)  # against the second declaration there is a second objection
    assert entries(house, buyer) == ["reneged", "renege_revoked", "reneged"]


def test_a_sell_off_revoked_owes_what_went_back(desk: Desk, house: House) -> None:
    buyer = desk.sell(round="sell_off", price_fen=110_000_000, deposit_fen=100_000_000, forfeit_fen=15_000_000)
    desk.declared(buyer)
    desk.revoked(buyer)
    auction = desk.auction(buyer.auction_id)
    assert auction.balance_fen == house.read(owed_fen, auction) == 95_000_000


def test_whoever_declared_decides_on_no_objection(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    objection = desk.objected(buyer)
    facts = {"objection_id": objection, "reason": "理由成立"}
    refuses("own_declaration", lambda: desk.perform(propose_revocation, desk.judges[0], buyer.auction_id, **facts))
    refuses(
        "own_declaration",
        lambda: desk.perform(reject_objection, desk.judges[0], buyer.auction_id, objection, reason="r"),
    )
    proposal = desk.perform(propose_revocation, desk.judges[1], buyer.auction_id, **facts)
    refuses("four_eyes", desk.approve, proposal, 1)
    refuses("own_declaration", desk.approve, proposal, 0)
    assert desk.auction(buyer.auction_id).settlement == "reneged"
    desk.approve(proposal, judge=2)
    assert desk.auction(buyer.auction_id).settlement == "balance_due"


def test_whoever_approved_the_finding_of_malice_decides_on_no_objection_either(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer, "no_means")  # by the first judge, approved by the last
    objection = desk.objected(buyer)
    facts = {"objection_id": objection, "reason": "理由成立"}
    for declared in (0, 3):
        refuses(
            "own_declaration",
            lambda judge: desk.perform(propose_revocation, judge, buyer.auction_id, **facts),
            desk.judges[declared],
        )
        refuses(
            "own_declaration",
            lambda judge: desk.perform(reject_objection, judge, buyer.auction_id, objection, reason="r"),
            desk.judges[declared],
        )
    proposal = desk.perform(propose_revocation, desk.judges[1], buyer.auction_id, **facts)
    refuses("own_declaration", desk.approve, proposal, 3)
    desk.approve(proposal, judge=2)
    assert desk.auction(buyer.auction_id).settlement == "balance_due"


def test_only_those_concerned_object_once_and_a_rejection_is_final(desk: Desk, house: House) -> None:
    buyer = desk.sell()
    refuses("wrong_state", desk.objected, buyer)
    desk.declared(buyer)
    stranger = house.perform(lambda unit: an_actor(a_bidder(unit)))
    refuses("forbidden", lambda: desk.perform(file_objection, stranger, buyer.auction_id, grounds="g"))
    objection = desk.objected(buyer)
    filed = house.read(lambda session: session.get_one(RenegeObjection, objection))
    assert filed.due_on >= shanghai_day(desk.clock.moment) + timedelta(days=15)
    refuses("wrong_state", desk.objected, buyer)
    desk.perform(reject_objection, desk.judges[1], buyer.auction_id, objection, reason="无证据")
    refuses("wrong_state", desk.objected, buyer)
    facts = {"objection_id": objection, "reason": "r"}
    refuses("wrong_state", lambda: desk.perform(propose_revocation, desk.judges[1], buyer.auction_id, **facts))


def test_a_proposal_to_accept_an_objection_lapses_with_its_rejection(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    objection = desk.objected(buyer)
    facts = {"objection_id": objection, "reason": "理由成立"}
    proposal = desk.perform(propose_revocation, desk.judges[2], buyer.auction_id, **facts)
    assert waiting(desk) == [proposal.id]
    desk.perform(reject_objection, desk.judges[1], buyer.auction_id, objection, reason="无证据")
    assert waiting(desk) == []
    assert refuses("wrong_state", desk.approve, proposal, 3).facts["status"] == "lapsed"
    assert desk.auction(buyer.auction_id).settlement == "reneged"


@pytest.mark.parametrize(("days", "code"), [(0, "must_be_later"), (61, "too_far"), (60, None)])
def test_the_new_day_for_the_balance_is_to_come_and_not_too_far(desk: Desk, days: int, code: str | None) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    due_on = shanghai_day(desk.clock.moment) + timedelta(days=days)
    if code is not None:
        error = refuses("invalid", lambda: desk.revoked(buyer, due_on=due_on))
        assert [(one.code, one.field) for one in error.errors] == [(code, "due_on")]
        return
    desk.revoked(buyer, due_on=due_on)
    due_at = desk.auction(buyer.auction_id).balance_due_at
    assert due_at is not None
    assert shanghai_day(due_at) == due_on


# The resale


def resale(desk: Desk, buyer: Debtor) -> Auction:
    draft: Auction = desk.perform(relist, desk.judges[0], buyer.auction_id, reason="renege")
    return draft


def test_the_resale_repeats_the_round_and_a_revocation_gives_its_draft_up(desk: Desk, house: House) -> None:
    buyer = desk.sell(round="second")
    refuses("wrong_state", resale, desk, buyer)
    desk.declared(buyer)
    draft = resale(desk, buyer)
    assert (draft.round, draft.resale_of, draft.status) == ("second", buyer.auction_id, "draft")
    desk.revoked(buyer)
    given_up = desk.auction(draft.id)
    assert (given_up.status, given_up.ended_reason, given_up.version) == ("withdrawn", "renege_revoked", 0)
    desk.declared(buyer)
    assert resale(desk, buyer).round == "second"  # the draft given up is in nobody's way


def test_a_resale_may_ask_everybody_for_a_higher_deposit_with_its_reason(desk: Desk, house: House) -> None:
    buyer = desk.sell(reserve_price_fen=100_000_000)
    desk.declared(buyer)

    def ask(**facts: Any) -> Any:
        return desk.perform(relist, desk.judges[0], buyer.auction_id, reason="renege", **facts)

    def code(**facts: Any) -> list[str]:
        return [breach.code for breach in refuses("invalid", lambda: ask(**facts)).errors]

    assert code(deposit_fen=20_000_001, deposit_reason="r") == ["deposit_out_of_range"]
    assert code(deposit_fen=20_000_000) == ["deposit_reason_missing"]
    draft = ask(deposit_fen=20_000_000, deposit_reason="上一买受人悔拍")
    assert draft.deposit_fen == 20_000_000
    kept = house.read(resale_deposit, draft.id)
    assert kept is not None
    assert kept.reason == "上一买受人悔拍"


@pytest.mark.parametrize("status", ["announced", "open"])
def test_a_resale_under_way_is_withdrawn_and_its_deposits_go_back(desk: Desk, house: House, status: str) -> None:
    buyer = desk.sell()
    desk.declared(buyer)

    def running(unit: Unit) -> tuple[str, str]:
        lot = unit.session.get_one(Lot, desk.lot_id)
        auction = an_auction(unit, lot=lot, status=status, resale_of=buyer.auction_id)
        return auction.id, a_registration(unit, auction, status="awaiting_deposit").id

    auction_id, registration_id = house.perform(running)
    desk.revoked(buyer)
    auction = desk.auction(auction_id)
    assert (auction.status, auction.ended_reason) == ("withdrawn", "renege_revoked")
    other = Debtor(auction_id, registration_id, buyer.account, "", "")
    assert desk.registration(other).status == "released"


def test_once_the_lot_is_sold_again_the_declaration_stands(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    objection = desk.objected(buyer)
    facts = {"objection_id": objection, "reason": "r"}
    proposal = desk.perform(propose_revocation, desk.judges[1], buyer.auction_id, **facts)
    desk.sell(price_fen=90_000_000)
    assert refuses("wrong_state", desk.approve, proposal, 2).facts["status"] == "lapsed"
    refuses("resale_sold", lambda: desk.perform(propose_revocation, desk.judges[1], buyer.auction_id, **facts))
    assert desk.balances(buyer)["court_forfeit:A0"] == DEPOSIT


def test_every_kind_of_proposal_made_here_can_be_carried_out() -> None:
    assert {"renege", "renege_revoked"} <= set(ACTS)

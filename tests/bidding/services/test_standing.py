"""Who answers what a bidder says against an entry of the own record: nobody whose own act it tells of."""

import pytest
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.unit import House
from auction.rules.access import Actor
from bidding.services.standing import answer_objection
from risk.models import StandingEntry, StandingObjection
from risk.services.standing import object_to_entry
from tests.bidding.services.debtor import Debtor, Desk
from tests.factories import an_account, an_actor


@pytest.fixture
def desk(house: House, clock: FixedClock) -> Desk:
    return Desk(house, clock)


def contested(desk: Desk, buyer: Debtor, kind: str) -> str:
    """The id of the buyer's objection to the entry of a kind."""
    entry_id = desk.house.read(
        lambda session: session.scalars(
            select(StandingEntry.id).where(
                StandingEntry.person_id == buyer.account.person_id, StandingEntry.kind == kind
            )
        ).one()
    )
    return str(desk.perform(object_to_entry, an_actor(buyer.account), entry_id, "不属实").id)


def answer(desk: Desk, actor: Actor, objection: str, *, accept: bool = True) -> str:
    """What came of an answer: the objection's status, or the code of the refusal, which leaves it filed."""
    try:
        return str(desk.perform(answer_objection, actor, objection, accept=accept, reason="查证").status)
    except DomainError as refusal:
        kept = desk.house.read(lambda session: session.get_one(StandingObjection, objection))
        assert (kept.status, kept.answered_by) == ("filed", None)
        return refusal.code


@pytest.mark.parametrize("accept", [True, False])
def test_neither_who_declared_nor_who_approved_the_malice_answers(desk: Desk, accept: bool) -> None:
    buyer = desk.sell()
    desk.declared(buyer, "no_means")  # by the first judge, approved by the last
    objection = contested(desk, buyer, "reneged_maliciously")
    assert answer(desk, desk.judges[0], objection, accept=accept) == "own_declaration"
    assert answer(desk, desk.judges[3], objection, accept=accept) == "own_declaration"
    assert answer(desk, desk.judges[1], objection, accept=accept) == ("accepted" if accept else "rejected")


def test_who_refused_the_malice_may_answer(desk: Desk) -> None:
    buyer = desk.sell()
    desk.past_grace(buyer)
    desk.approve(desk.declare(buyer, "no_means"), judge=1, approve=False)
    desk.declare(buyer)
    objection = contested(desk, buyer, "reneged")
    assert answer(desk, desk.judges[0], objection) == "own_declaration"
    assert answer(desk, desk.judges[1], objection) == "accepted"


def test_who_revoked_does_not_answer_for_the_entry_of_the_revocation(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    desk.revoked(buyer)  # proposed by the second judge, approved by the third
    objection = contested(desk, buyer, "renege_revoked")
    assert [answer(desk, desk.judges[n], objection) for n in (1, 2)] == ["own_declaration"] * 2
    assert answer(desk, desk.judges[0], objection) == "accepted"


def test_what_the_platform_entered_any_judge_of_the_court_answers_and_a_regulator(desk: Desk) -> None:
    early, other = desk.sell(), desk.sell()
    for buyer in (early, other):
        desk.pay(buyer)
    objection = contested(desk, early, "paid_in_time")
    stranger = desk.house.perform(lambda unit: an_actor(an_account(unit, "president")))
    assert answer(desk, stranger, objection) == "forbidden"
    assert answer(desk, desk.judges[0], objection) == "accepted"
    regulator = desk.house.perform(lambda unit: an_actor(an_account(unit, "regulator")))
    assert answer(desk, regulator, contested(desk, other, "paid_in_time")) == "accepted"

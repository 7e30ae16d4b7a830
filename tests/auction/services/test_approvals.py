"""Acts of several eyes, on both databases: proposed, answered, carried out once and only whole."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select

from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Approval, ApprovalVote
from auction.queries.approvals import approvals_of, approvals_waiting
from auction.rules.access import Actor
from auction.rules.approvals import Need
from auction.services.approvals import Act, lapse, propose, vote
from tests.factories import a_court, an_account, an_actor


@dataclass
class Bench:
    """A court with two judges and a president, another court's judge, two regulators; and what was carried out."""

    house: House
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        def people(unit: Unit) -> dict[str, Actor]:
            wuxi = a_court(unit, "3202", "无锡市中级人民法院").code
            accounts = {
                "asker": an_account(unit, "judge", display_name="王法官"),
                "judge": an_account(unit, "judge", display_name="李法官"),
                "president": an_account(unit, "president"),
                "stranger": an_account(unit, "judge", court_code=wuxi),
                "regulator": an_account(unit, "regulator"),
                "second": an_account(unit, "regulator"),
                "clerk": an_account(unit, "clerk"),
            }
            return {name: an_actor(account) for name, account in accounts.items()}

        self.people = self.house.perform(people)

    def propose(self, who: str = "asker", *, needs: tuple[Need, ...] = (Need("judge"),), **changes: Any) -> str:
        values: dict[str, Any] = {
            "kind": "trial",
            "subject_id": "s1",
            "court_code": "3201",
            "proposal": {"amount_fen": 100},
            "reason": "拖延付款",
            "needs": needs,
        }
        return self.house.perform(propose, self.people[who], **(values | changes)).id

    def vote(self, who: str, approval_id: str, approve: bool = True) -> str:
        def act(unit: Unit, actor: Actor, approval: Approval) -> None:
            self.done.append(f"{approval.subject_id} by {actor.role}")

        given = self.house.perform(
            vote,
            self.people[who],
            approval_id,
            approve=approve,
            reason="已核",
            acts={"trial": Act(lambda unit, approval: None, act)},
        )
        return given.status

    def refused(self, who: str, approval_id: str, approve: bool = True) -> str:
        with pytest.raises(DomainError) as error:
            self.vote(who, approval_id, approve)
        return error.value.code

    def journal(self, approval_id: str) -> list[tuple[str, bool]]:
        rows = select(JournalRow.kind, JournalRow.private).where(JournalRow.stream == f"approval:{approval_id}")
        found = self.house.read(lambda session: session.execute(rows.order_by(JournalRow.number)).all())
        return [(row.kind, row.private) for row in found]

    def waiting(self, who: str) -> list[str]:
        found = self.house.read(approvals_of, self.people[who])
        assert self.house.read(approvals_waiting, self.people[who]) == len(found)
        return [one["id"] for one in found]


@pytest.fixture
def bench(house: House) -> Bench:
    return Bench(house)


def test_the_last_approval_carries_the_act_out(bench: Bench) -> None:
    approval = bench.propose(needs=(Need("judge"), Need("president")))
    assert bench.vote("judge", approval) == "pending"
    assert bench.done == []
    assert bench.vote("president", approval) == "approved"
    assert bench.done == ["s1 by president"]
    assert bench.refused("president", approval) == "wrong_state"


def test_one_refusal_ends_it(bench: Bench) -> None:
    approval = bench.propose(needs=(Need("judge"), Need("president")))
    assert bench.vote("president", approval, approve=False) == "rejected"
    assert bench.refused("judge", approval) == "wrong_state"
    assert bench.done == []


def test_nobody_approves_the_own_proposal_nor_answers_twice(bench: Bench) -> None:
    approval = bench.propose("regulator", needs=(Need("regulator", 2),))
    assert bench.refused("regulator", approval) == "four_eyes"
    assert bench.vote("second", approval) == "pending"
    assert bench.refused("second", approval) == "already_answered"
    assert bench.refused("second", approval, approve=False) == "already_answered"


def test_another_court_sees_nothing_and_a_role_not_asked_may_not(bench: Bench) -> None:
    approval = bench.propose()
    assert bench.refused("stranger", approval) == "not_found"
    assert bench.refused("stranger", "nowhere") == "not_found"
    assert bench.refused("president", approval) == "forbidden"
    assert bench.refused("clerk", approval) == "forbidden"
    assert bench.refused("regulator", approval) == "forbidden"


def test_a_role_that_owes_no_approval_any_more_may_still_refuse(bench: Bench) -> None:
    def third(unit: Unit) -> Actor:
        return an_actor(an_account(unit, "judge"))

    bench.people["third"] = bench.house.perform(third)
    approval = bench.propose(needs=(Need("judge"), Need("president")))
    bench.vote("judge", approval)
    assert bench.refused("third", approval) == "wrong_state"
    assert bench.vote("third", approval, approve=False) == "rejected"


def test_what_waits_for_whom(bench: Bench) -> None:
    first = bench.propose(needs=(Need("judge"), Need("president")))
    second = bench.propose("judge", subject_id="s2")
    third = bench.propose("regulator", subject_id="s3", needs=(Need("regulator"),))
    assert bench.waiting("judge") == [first]
    assert bench.waiting("asker") == [second]
    assert bench.waiting("president") == [first]
    assert bench.waiting("stranger") == []
    assert (bench.waiting("regulator"), bench.waiting("second")) == ([], [third])
    bench.vote("judge", first)
    assert (bench.waiting("judge"), bench.waiting("president")) == ([], [first])


def test_a_failing_act_leaves_the_proposal_as_it_was(bench: Bench) -> None:
    approval = bench.propose()

    def fails(unit: Unit, actor: Actor, approval: Approval) -> None:
        raise DomainError("wrong_state", status="gone")

    acts = {"trial": Act(lambda unit, approval: None, fails)}
    with pytest.raises(DomainError, match="wrong_state"):
        bench.house.perform(vote, bench.people["judge"], approval, approve=True, reason="已核", acts=acts)
    assert bench.house.read(lambda session: session.scalar(select(func.count()).select_from(ApprovalVote))) == 0
    assert bench.vote("judge", approval) == "approved"


def test_the_same_act_is_not_proposed_twice_while_it_waits(bench: Bench) -> None:
    approval = bench.propose()
    with pytest.raises(DomainError, match="already_proposed"):
        bench.propose("judge")
    with pytest.raises(DomainError, match="already_proposed"):  # on the same subject, with another amount
        bench.propose("judge", proposal={"amount_fen": 200})
    bench.vote("judge", approval, approve=False)
    bench.propose()


def test_acts_on_parts_of_a_subject_wait_beside_each_other(bench: Bench) -> None:
    first = bench.propose(proposal={"hit": "a", "why": "x"}, apart=("hit",))
    bench.propose(proposal={"hit": "b", "why": "x"}, apart=("hit",))
    with pytest.raises(DomainError, match="already_proposed"):
        bench.propose("judge", proposal={"hit": "a", "why": "y"}, apart=("hit",))
    bench.vote("judge", first)
    bench.propose("judge", proposal={"hit": "a", "why": "y"}, apart=("hit",))


def test_what_is_decided_otherwise_lapses_and_waits_for_nobody(bench: Bench) -> None:
    first = bench.propose(proposal={"hit": "a"}, apart=("hit",))
    second = bench.propose(proposal={"hit": "b"}, apart=("hit",))
    other = bench.propose(subject_id="s2")
    bench.house.perform(lapse, ("trial",), ["s1"], hit="a")
    assert bench.waiting("judge") == [second, other]
    assert bench.refused("judge", first) == "wrong_state"
    kinds = bench.journal(first)
    assert kinds == [("ActProposed", True), ("ActLapsed", True)]
    bench.house.perform(lapse, ("trial",), ["s1"])
    bench.house.perform(lapse, ("other",), ["s2"])
    assert bench.waiting("judge") == [other]
    assert len(bench.journal(first)) == 2  # what is over does not lapse again


def test_whose_own_act_is_in_question_and_who_is_not_asked_answer_nothing(bench: Bench) -> None:
    judge, third = bench.people["judge"].id, bench.house.perform(lambda unit: an_actor(an_account(unit, "judge")))
    bench.people["third"] = third
    kept_out = bench.propose(needs=(Need("judge", but=frozenset((judge,))),))
    panel = bench.propose(subject_id="s2", needs=(Need("judge", among=frozenset((judge,))),))
    assert (bench.waiting("judge"), bench.waiting("third")) == ([panel], [kept_out])
    for approve in (True, False):  # a refusal is an answer too
        assert bench.refused("judge", kept_out, approve) == "own_declaration"
        assert bench.refused("third", panel, approve) == "forbidden"
    assert bench.vote("third", kept_out) == bench.vote("judge", panel) == "approved"


def test_every_step_is_journaled_and_none_of_it_in_the_open(bench: Bench) -> None:
    approval = bench.propose()
    bench.vote("judge", approval)
    assert bench.journal(approval) == [("ActProposed", True), ("ActAnswered", True)]

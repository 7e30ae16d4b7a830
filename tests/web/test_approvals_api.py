"""Approvals at the door: what waits, an answer, and who may give it."""

import pytest

from auction.kernel.unit import House, Unit
from auction.models import Account, Approval
from auction.rules.access import Actor
from auction.rules.approvals import Need
from auction.services.approvals import Act, propose
from tests.factories import a_bidder, a_court, an_account, an_actor
from tests.web.caller import SignIn, code_of, fields_of
from web.api import approvals as api


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What approvals of kind `trial` have carried out."""
    acts: list[str] = []

    def act(unit: Unit, actor: Actor, approval: Approval) -> None:
        acts.append(approval.subject_id)

    monkeypatch.setattr(api, "ACTS", {"trial": Act(lambda unit, approval: None, act)})
    return acts


def a_proposal(unit: Unit, asker: Account, **changes: object) -> str:
    values: dict[str, object] = {
        "kind": "trial",
        "subject_id": "s1",
        "court_code": a_court(unit).code,
        "proposal": {"amount_fen": 100},
        "reason": "悔拍恶意",
        "needs": (Need("judge"),),
    }
    return propose(unit, an_actor(asker), **(values | changes)).id  # type: ignore[arg-type]


def test_a_proposal_waits_is_answered_and_carried_out(house: House, sign_in: SignIn, done: list[str]) -> None:
    asker, judge = house.perform(lambda unit: (an_account(unit, display_name="王法官"), an_account(unit)))
    approval = house.perform(a_proposal, asker)
    caller = sign_in(judge)
    listed = caller.get("/approvals").get_json()
    assert (listed["total"], listed["items"][0]["id"]) == (1, approval)
    assert listed["items"][0]["proposed_by"] == "王法官"
    assert sign_in(asker).get("/approvals").get_json()["total"] == 0
    assert code_of(sign_in(asker).post(f"/approvals/{approval}", {"approve": True, "reason": "同意"})) == "four_eyes"
    assert fields_of(caller.post(f"/approvals/{approval}", {"approve": "yes", "reason": " "})) == {
        "approve": "invalid",
        "reason": "required",
    }
    answer = caller.post(
        f"/approvals/{approval}", {"approve": True, "reason": "同意"}, headers={"Idempotency-Key": "k"}
    )
    assert (answer.status_code, answer.get_json()["status"]) == (200, "approved")
    again = caller.post(f"/approvals/{approval}", {"approve": True, "reason": "同意"}, headers={"Idempotency-Key": "k"})
    assert again.get_json() == answer.get_json()
    assert done == ["s1"]
    assert caller.get("/approvals").get_json()["items"] == []


def test_who_may_answer(house: House, sign_in: SignIn, done: list[str]) -> None:
    def people(unit: Unit) -> tuple[Account, Account]:
        return an_account(unit), an_account(unit, court_code=a_court(unit, "3202", "无锡市中级人民法院").code)

    asker, foreign = house.perform(people)
    approval = house.perform(a_proposal, asker)
    answer = {"approve": True, "reason": "同意"}
    theirs, nothing = (sign_in(foreign).post(f"/approvals/{one}", answer) for one in (approval, "nowhere"))
    assert code_of(theirs) == "not_found"
    assert theirs.get_data() == nothing.get_data()
    for role in ("bidder", "clerk", "operator", "agency"):
        someone = house.perform(lambda unit, role=role: a_bidder(unit) if role == "bidder" else an_account(unit, role))
        assert code_of(sign_in(someone).post(f"/approvals/{approval}", answer)) == "forbidden", role
        assert code_of(sign_in(someone).get("/approvals")) == "forbidden", role
    assert code_of(sign_in(None).get("/approvals")) == "unauthenticated"
    assert done == []

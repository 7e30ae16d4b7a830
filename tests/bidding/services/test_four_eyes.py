"""Four eyes, as a table: who may not be the second person of each act, and with whom it takes effect (PRECISIONS 25).

Every kind of act that waits for others stands here: proposed by its own service, answered by everybody. Those whose
stage takes a story to set are answered in the tests named beside them.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Account, Approval
from auction.services.approvals import vote
from bidding.services import sanctions
from bidding.services.approved import ACTS
from bidding.services.break_glass import propose_opening
from risk.models import Sanction
from risk.rules.sanctions import Measure
from tests.bidding.hall import Hall
from tests.bidding.reneged import Reneged, a_reneged_sale
from tests.bidding.services.test_revocation import Sold
from tests.factories import a_bidder, a_court, an_account, an_actor
from tests.web.sale import a_sale

#: Where a kind is asked for four eyes in a story of its own.
IN_A_STORY = {
    "renege": "test_renege.py: test_malice_needs_another_judge_and_a_listed_factor",
    "renege_revoked": "test_renege.py",
    "sheet_change": "test_changes.py",
    "sale_objection": "test_objections.py",
    "hit_lifted": "test_interest_bar.py",
    "taking_rank": "test_takings.py",
    "factor_reset": "../../web/test_recovery.py",
}


def _sanction(kind: str, **measure: Any) -> Callable[[Unit, Reneged], Approval]:
    def proposed(unit: Unit, sale: Reneged) -> Approval:
        known = {"basis": "民事诉讼法第一百一十四条", "reason": "多次竞得后不付款"}
        return sanctions.propose_sanction(unit, an_actor(sale.judge), sale.buyer.id, Measure(kind, **measure), **known)[
            1
        ]

    return proposed


def _lifting(unit: Unit, sale: Reneged) -> Approval:
    made, approval = sanctions.propose_sanction(
        unit,
        an_actor(sale.judge),
        sale.buyer.id,
        Measure("publication", until=date(2026, 6, 1)),
        basis="民事诉讼法第一百一十四条",
        reason="多次竞得后不付款",
    )
    vote(unit, an_actor(sale.second), approval.id, approve=True, reason="同意", acts=ACTS)
    unit.session.get_one(Sanction, made.id).status = "in_force"
    return sanctions.propose_lifting(unit, an_actor(sale.judge), made.id, "已改正")


def _opening(unit: Unit, sale: Reneged) -> Approval:
    running = a_sale(unit)
    why = {"bidder_code": running.codes[0], "reason": "举报有人串通"}
    return propose_opening(unit, an_actor(sale.judge), running.auction_id, **why)


NOT_ASKED = {"asker": "four_eyes", "stranger": "not_found", "clerk": "forbidden", "bidder": "forbidden"}
JUDGE_ALONE = NOT_ASKED | {"president": "forbidden", "regulator": "forbidden"}
#: How the act is proposed; who is refused, with which code; with whose approvals it takes effect, in order.
TABLE: dict[str, tuple[Callable[[Unit, Reneged], Approval], dict[str, str], tuple[str, ...]]] = {
    "sanction: publication": (_sanction("publication", until=date(2026, 6, 1)), JUDGE_ALONE, ("second",)),
    "sanction: fine": (
        _sanction("fine", amount_fen=5_000_000),
        NOT_ASKED | {"regulator": "forbidden"},
        ("president", "second"),
    ),
    "sanction: detention": (
        _sanction("detention", until=date(2026, 3, 12)),
        NOT_ASKED | {"regulator": "forbidden"},
        ("second", "president"),
    ),
    "sanction_lifted": (_lifting, JUDGE_ALONE, ("second",)),
    "break_glass": (_opening, NOT_ASKED | {"second": "forbidden", "president": "forbidden"}, ("regulator",)),
}


class Scene:
    """One proposal, and everybody who might answer it."""

    def __init__(self, house: House, propose: Callable[[Unit, Reneged], Approval]) -> None:
        self.house = house
        sale = house.perform(a_reneged_sale)
        self.approval = house.perform(lambda unit: propose(unit, sale))
        others = house.perform(self._others)
        self.people: dict[str, Account] = others | {
            "asker": sale.judge,
            "second": sale.second,
            "president": sale.president,
            "regulator": sale.regulator,
        }

    def _others(self, unit: Unit) -> dict[str, Account]:
        elsewhere = a_court(unit, "3202", "无锡市中级人民法院").code
        return {
            "stranger": an_account(unit, "judge", court_code=elsewhere),
            "clerk": an_account(unit, "clerk", court_code="3201"),
            "bidder": a_bidder(unit),
        }

    def answer(self, who: str, approve: bool = True) -> str:
        """What the proposal is after an answer, or the code of the refusal."""
        given = {"approve": approve, "reason": "已核", "acts": ACTS}
        try:
            actor = an_actor(self.people[who])
            return self.house.perform(vote, actor, self.approval.id, **given).status
        except DomainError as refused:
            return refused.code


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_same_person_and_the_wrong_role_never_are_the_second(house: House, name: str) -> None:
    propose, wrong, right = TABLE[name]
    scene = Scene(house, propose)
    for who, code in wrong.items():
        for approve in (True, False):
            assert scene.answer(who, approve) == code, (who, approve)
    for number, who in enumerate(right):
        last = number == len(right) - 1
        assert scene.answer(who) == ("approved" if last else "pending"), who
        assert scene.answer(who) == ("wrong_state" if last else "already_answered"), who


def test_a_revocation_is_decided_by_another_of_the_panel_and_by_nobody_else(hall: Hall) -> None:
    sale = Sold(hall)
    proposal = sale.propose("collusion")
    stranger = hall.house.perform(lambda unit: an_actor(an_account(unit, "judge")))
    president = hall.house.perform(lambda unit: an_actor(an_account(unit, "president")))
    for who, code in ((sale.panel[0], "four_eyes"), (stranger, "forbidden"), (president, "forbidden")):
        with pytest.raises(DomainError, match=code):
            hall.house.perform(vote, who, proposal.id, approve=True, reason="同意", acts=ACTS)
    sale.approve(proposal)
    assert hall.house.read(lambda session: session.get_one(Approval, proposal.id)).status == "approved"


def test_every_act_of_several_eyes_stands_in_the_table_or_in_a_story() -> None:
    assert {name.split(":")[0] for name in TABLE} | {"revocation"} | set(IN_A_STORY) == set(ACTS)
    folder = Path(__file__).parent
    for kind, place in IN_A_STORY.items():
        told = (folder / place.split(":")[0]).read_text("utf-8")
        assert '"four_eyes"' in told, kind

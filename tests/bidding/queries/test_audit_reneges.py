"""A renege told otherwise in a row, an entry or the ledger is found, inside the house and from the package outside."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House
from auction.models import Account, Auction
from auction.services.approvals import vote
from auction.services.log import seal
from bidding.evidence import Contradicted, export
from bidding.models import Allocation, Posting, Registration, Renege, TopUpOrder
from bidding.queries.audit import verify_all
from bidding.queries.payments import deposit_of
from bidding.services.allocation import decide_allocation, enter_allocation, order_top_up
from bidding.services.approved import ACTS
from bidding.services.renege import declare
from bidding.services.renege_objections import file_objection, propose_revocation
from tests.bidding.queries.test_audit import remove_guards, tampered
from tests.bidding.sale import a_contest, an_open_sale, hammer
from tests.bidding.test_evidence import verify
from tests.factories import an_account, an_actor

COSTS = [{"label": "评估费", "amount_fen": 300_000}]


@pytest.fixture
def sale(house: House, clock: FixedClock) -> str:
    """A sale reneged on, revoked, reneged on again, its deposit put to its use and a top-up ordered; all sealed."""
    auction_id, accounts = house.perform(an_open_sale)
    a_contest(house, clock, auction_id, accounts)
    assert hammer(house, clock, auction_id) == "sold"
    judges = house.perform(lambda unit: [an_actor(an_account(unit, "judge")) for _ in range(3)])

    def renege() -> None:
        due_at = house.read(lambda session: session.get_one(Auction, auction_id)).balance_due_at
        assert due_at is not None
        clock.moment = due_at + timedelta(days=12)
        house.perform(declare, judges[0], auction_id, reason="逾期未付")

    renege()
    leader = house.read(lambda session: session.get_one(Auction, auction_id)).leader_registration_id
    registration = house.read(lambda session: session.get_one(Registration, leader or ""))
    account = house.read(lambda session: session.get_one(Account, registration.account_id))
    objection = house.perform(file_objection, an_actor(account), auction_id, grounds="银行故障")
    proposal = house.perform(propose_revocation, judges[1], auction_id, objection_id=objection.id, reason="理由成立")
    house.perform(vote, judges[2], proposal.id, approve=True, reason="同意", acts=ACTS)
    assert house.read(deposit_of, registration.id).state == "held"
    renege()
    facts: dict[str, Any] = {"costs": COSTS, "case_debt_fen": 0, "related_debts": [], "reason": "r"}
    house.perform(enter_allocation, judges[0], auction_id, **facts, final_fen=50_000_000)
    house.perform(decide_allocation, judges[0], auction_id, reason="r")
    due_on = clock.moment.date() + timedelta(days=9)
    house.perform(order_top_up, judges[0], auction_id, reason="r", due_on=due_on)
    while house.perform(seal):
        pass
    return auction_id


def test_a_clean_renege_is_verified(house: House, sale: str) -> None:
    report = house.read(verify_all, house.vault.public_key)
    assert report.failures == []
    assert {name: report.checked[name] for name in ("reneges", "allocations", "top_up_orders")} == {
        "reneges": 2,
        "allocations": 1,
        "top_up_orders": 1,
    }


def test_whatever_is_told_otherwise_is_found(house: House, sale: str) -> None:
    with house.engine.begin() as connection:
        remove_guards(connection)
    allocation = house.read(lambda session: session.query(Allocation).one())
    lines = [dict(line) for line in allocation.lines]
    lines[0]["amount_fen"] -= 1
    stray: dict[str, Any] = {"auction_id": sale, "source": f"court_forfeit:{sale}"}
    stray |= {"destination": f"court_costs:{sale}"}
    stray |= {"amount_fen": 5, "kind": "costs_covered", "at": house.now()}
    for edit in (
        update(Renege).where(Renege.status == "in_force").values(status="revoked"),
        update(Renege).values(forfeited_fen=1),
        update(Renege).values(price_fen=1),
        delete(Renege).where(Renege.status == "revoked"),
        update(Auction).where(Auction.id == sale).values(settlement="paid"),
        update(Allocation).values(lines=lines),
        update(Allocation).values(final_fen=1),
        delete(Allocation),
        update(TopUpOrder).values(amount_fen=1),
        delete(TopUpOrder),
        update(Posting).where(Posting.kind == "shortfall_covered").values(amount_fen=1),
        delete(Posting).where(Posting.kind == "forfeit_reversed"),
        insert(Posting).values(**stray),
    ):
        assert not tampered(house, edit).ok, str(edit)
    assert tampered(house).ok


def test_an_outsider_verifies_the_package_and_finds_a_renege_that_was_changed(
    house: House, sale: str, tmp_path: Path
) -> None:
    export(house, tmp_path / "clean", sale)
    said = verify(tmp_path / "clean", house)
    assert said["failures"] == []
    assert said["checked"]["reneges"] == 2
    auction = json.loads((tmp_path / "clean" / "auction.json").read_text())
    assert [one["revoked_at"] is None for one in auction["reneges"]] == [False, True]
    with house.engine.begin() as connection:
        remove_guards(connection)
        connection.execute(update(Renege).where(Renege.status == "in_force").values(forfeited_fen=7))
    with pytest.raises(Contradicted, match=f"reneges {sale}"):
        export(house, tmp_path / "changed", sale)
    export(house, tmp_path / "changed", sale, anyway=True)
    said = verify(tmp_path / "changed", house)
    assert any("reneges" in failure["what"] for failure in said["failures"])

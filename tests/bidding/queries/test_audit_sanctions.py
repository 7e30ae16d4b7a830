"""A sanction, a record or an objection changed behind the journal's back is found, on both databases."""

from typing import Any

import pytest
from sqlalchemy import delete, text, update

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import JournalRow
from auction.queries.audit import Report
from auction.services.approvals import vote
from bidding.queries.audit import verify_all
from bidding.queries.audit_sanctions import check_sanctions
from bidding.queries.due import due_acts
from bidding.services import sanctions as services
from bidding.services.approved import ACTS
from bidding.services.standing import answer_objection
from risk.models import Sanction, StandingEntry, StandingObjection
from risk.rules.sanctions import Measure
from risk.services.standing import enter, object_to_entry
from tests.bidding.queries.test_audit import remove_guards
from tests.bidding.reneged import Reneged, a_reneged_sale
from tests.factories import an_actor
from web.timekeeping import carry_out


@pytest.fixture
def told(house: House, clock: FixedClock) -> House:
    """A fine lifted on review, a publication in force, a contested entry; triggers removed."""
    sale = house.perform(a_reneged_sale)
    judge, buyer = an_actor(sale.judge), an_actor(sale.buyer)

    def decided(measure: Measure) -> Sanction:
        sanction, approval = house.perform(
            services.propose_sanction, judge, sale.buyer.id, measure, basis="b", reason="r"
        )
        for person in (sale.second, sale.president)[: len(approval.needs)]:
            house.perform(vote, an_actor(person), approval.id, approve=True, reason="r", acts=ACTS)
        return sanction

    fine = decided(Measure("fine", amount_fen=5_000_000))
    house.perform(services.ask_review, buyer, fine.id, "不服")
    house.perform(services.decide_review, an_actor(sale.regulator), fine.id, outcome="lifted", reason="撤销")
    decided(Measure("publication", until=clock.moment.date().replace(month=6)))
    entry = house.perform(a_record, sale)
    objection = house.perform(object_to_entry, buyer, entry, "不属实")
    house.perform(answer_objection, an_actor(sale.second), objection.id, accept=False, reason="属实")
    clock.advance(days=4)
    for due in house.read(due_acts, house.now()):
        carry_out(house, due)
    with house.engine.begin() as connection:
        remove_guards(connection)
    return house


def a_record(unit: Unit, sale: Reneged) -> str:
    facts = {"due_at": "2026-02-20T00:00:00Z"}
    return enter(unit, str(sale.buyer.person_id), "reneged", subject_id=sale.auction.id, facts=facts).id


class Undone(Exception):
    pass


def failures(house: House, change: Any) -> list[str]:
    """What is found on the database with a change, which is undone afterwards."""
    report = Report()

    def attempt(unit: Unit) -> None:
        if unit.session.get_bind().dialect.name == "sqlite":
            unit.session.execute(text("PRAGMA defer_foreign_keys = ON"))
        unit.session.execute(change)
        check_sanctions(unit.session, report)
        raise Undone

    with pytest.raises(Undone):
        house.perform(attempt)
    return [failure.what for failure in report.failures]


def test_what_was_done_is_what_the_entries_tell(told: House) -> None:
    report = Report()
    told.read(check_sanctions, report)
    assert report.failures == []
    counted = {"sanctions": 2, "standing_entries": 1, "standing_objections": 1}
    assert dict(report.checked) == counted
    whole = told.read(verify_all, told.vault.public_key)
    assert counted.items() <= whole.checked.items()


CHANGES: dict[str, Any] = {
    "a larger fine": update(Sanction).where(Sanction.kind == "fine").values(amount_fen=9_000_000),
    "a longer term": update(Sanction).where(Sanction.kind == "publication").values(until=None),
    "another person": update(Sanction).values(person_id="p"),
    "another reason": update(Sanction).values(reason="x"),
    "a lifted one in force again": update(Sanction)
    .where(Sanction.kind == "fine")
    .values(status="in_force", ended_at=None),
    "another number": update(Sanction).where(Sanction.kind == "fine").values(number="n"),
    "a sanction gone": delete(Sanction).where(Sanction.kind == "fine"),
    "another kind of entry": update(StandingEntry).values(kind="paid_late"),
    "an entry gone": delete(StandingEntry),
    "an objection accepted": update(StandingObjection).values(status="accepted"),
    "other grounds": update(StandingObjection).values(grounds="x"),
    "a service gone": delete(JournalRow).where(JournalRow.kind == "SanctionServed"),
    "an end gone": delete(JournalRow).where(JournalRow.kind == "SanctionEnded"),
    "an effect gone": delete(JournalRow).where(JournalRow.kind == "SanctionInForce"),
}


def test_whatever_is_changed_is_found(told: House) -> None:
    unseen = [name for name, change in CHANGES.items() if not failures(told, change)]
    assert unseen == []

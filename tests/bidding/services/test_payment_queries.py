"""What is read of the money, and what of it nobody may read."""

from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import FixedClock
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from bidding.models import Registration
from bidding.queries import payments as queries
from bidding.queries.identities import identities
from bidding.services import payments
from tests.bidding.services.till import COMPANY, DEPOSIT, NAME, NUMBER, OTHER, Till
from tests.factories import (
    a_bidder,
    a_person,
    a_registration,
    an_auction,
)


@pytest.fixture
def till(house: House) -> Till:
    return Till(house)


# Reading


def test_due_refunds_are_listed_by_urgency_until_they_are_sent(till: Till, clock: FixedClock) -> None:
    till.open()
    first = till.pay(till.request(), payer_name="李四")
    clock.advance(hours=1)
    second = till.pay(till.request(), amount_fen=5)

    def due(**options: Any) -> list[str]:
        return [order.payment_id for order in till.house.read(queries.due_refunds, till.house.now(), **options)]

    assert due() == [first.id, second.id]
    assert due(overdue=True) == []
    clock.advance(hours=23, seconds=1)
    assert due(overdue=True) == [first.id]
    order = till.house.read(queries.refund_order, second.id)
    assert order is not None
    assert (order.amount_fen, order.account) == (5, "模拟账户 1")
    till.perform(payments.refund_executed, first.id)
    assert due() == [second.id]
    assert till.house.read(queries.refund_order, first.id) is None


def test_a_payment_shows_its_payer_what_is_asked_and_what_goes_back(till: Till, clock: FixedClock) -> None:
    payment = till.open().request()
    assert queries.payment_dict(payment) == {
        "id": payment.id,
        "amount_fen": DEPOSIT,
        "account": "模拟账户 1",
        "status": "pending",
    }
    assert queries.refund_dict(payment, till.house.now()) is None
    wrong = till.pay(payment, amount_fen=5)
    shown = queries.refund_dict(wrong, till.house.now())
    assert shown == {
        "amount_fen": 5,
        "due_at": "2026-03-03T02:00:00.000000+00:00",
        "refunded_at": None,
        "receipt_sha256": None,
        "overdue": False,
    }
    clock.advance(hours=25)
    late = queries.refund_dict(wrong, till.house.now())
    assert late is not None
    assert late["overdue"] is True


def test_the_latest_payment_is_the_live_one_before_a_dead_one(till: Till) -> None:
    till.open()
    assert till.house.read(queries.latest_payment, till.registration_id) is None
    wrong = till.pay(till.request(), amount_fen=5)
    assert till.house.read(queries.latest_payment, till.registration_id).id == wrong.id
    fresh = till.request()
    assert till.house.read(queries.latest_payment, till.registration_id).id == fresh.id


def test_the_extract_of_the_ledger_tells_every_movement_in_order(till: Till) -> None:
    till.pay(till.open().request())
    till.release()
    rows = till.house.read(queries.ledger, till.auction_id)
    assert [(row["kind"], row["amount_fen"]) for row in rows] == [
        ("deposit_received", DEPOSIT),
        ("deposit_released", DEPOSIT),
    ]


def test_the_journal_names_no_payer(till: Till) -> None:
    till.pay(till.open().request(), payer_name="李四", payer_id_number=OTHER)
    entries = till.house.read(lambda session: list(session.scalars(select(JournalRow.entry))))
    assert not [entry for entry in entries for secret in ("李四", OTHER, NAME, NUMBER) if secret in entry]


def test_identities_open_with_the_applicant_first(till: Till) -> None:
    till.open(capacity="joint", principals=[("李四", "resident_id", OTHER), ("某公司", "uscc", COMPANY)])
    vault = till.house.vault

    def read(session: Session) -> list[tuple[str, str, str]]:
        registration = session.get_one(Registration, till.registration_id)
        return [(one.part, one.name, one.id_number) for one in identities(session, vault, registration)]

    found = till.house.read(read)
    assert found[0] == ("applicant", NAME, NUMBER)
    assert set(found[1:]) == {("joint", "李四", OTHER), ("joint", "某公司", COMPANY)}


def test_a_sealed_identity_opens_nowhere_else(house: House) -> None:
    def story(unit: Unit) -> None:
        auction = an_auction(unit)
        one = a_registration(unit, auction, a_bidder(unit, person=a_person(unit)))
        other = a_registration(unit, auction, a_bidder(unit, name="李四"))
        other.identities[0].name = one.identities[0].name
        unit.session.flush()
        with pytest.raises(InvalidTag):
            identities(unit.session, unit.vault, other)

    house.perform(story)

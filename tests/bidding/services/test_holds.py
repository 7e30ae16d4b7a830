"""An identity the registry cannot match waits for somebody outside the enforcing court (PRECISIONS 13)."""

import pytest

from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Account, Court
from auction.rules.access import Actor
from bidding.models import Registration
from bidding.rules.registration import UNDERTAKINGS, Application
from bidding.services.payments import request_deposit
from bidding.services.registration import decide, register
from tests import factories as make


def registered(unit: Unit, id_type: str, number: str) -> tuple[Registration, Account, Account]:
    """A registration of an identity of that kind, the lot's own clerk, and a clerk of another court."""
    auction = make.an_auction(unit, status="announced")
    bidder = make.a_bidder(unit, id_type=id_type, id_number=number)
    own = make.an_account(unit, "clerk", court_code=auction.lot.court_code)
    unit.session.add(Court(code="9900", name="示例乙法院"))
    unit.session.flush()
    other = make.an_account(unit, "clerk", court_code="9900")
    application = Application("self", "ordinary", auction.seal or "", UNDERTAKINGS)
    return register(unit, bidder.actor, auction.id, application), own, other


def test_a_passport_waits_for_somebody_outside_the_enforcing_court(house: House) -> None:
    def service(unit: Unit) -> None:
        registration, own, other = registered(unit, "passport", "E12345678")
        assert (registration.status, registration.hold) == ("awaiting_court", "identity_unmatchable")
        with pytest.raises(DomainError, match="wrong_state"):
            request_deposit(unit, registration, account="x")
        with pytest.raises(DomainError, match="wrong_state") as refused:
            decide(unit, own.actor, registration.id, approve=True, reason="own court")
        assert refused.value.facts == {
            "reason": "identity_held",
            "decision_due_at": "2026-03-03T15:59:59.000000+00:00",
        }
        decide(unit, other.actor, registration.id, approve=True, reason="护照核对无误")
        assert (registration.status, registration.hold) == ("awaiting_deposit", None)
        assert request_deposit(unit, registration, account="x").status == "pending"

    house.perform(service)


def test_the_regulator_may_refuse_such_an_identity(house: House) -> None:
    def service(unit: Unit) -> None:
        registration, _, _ = registered(unit, "passport", "E12345678")
        regulator = Actor("r", "regulator", "监督员")
        decide(unit, regulator, registration.id, approve=False, reason="无法核实")
        assert (registration.status, registration.refusal) == ("refused", "identity_unverified")
        with pytest.raises(DomainError, match="wrong_state"):
            decide(unit, regulator, registration.id, approve=True, reason="again")

    house.perform(service)


def test_a_resident_number_needs_no_such_decision(house: House) -> None:
    def service(unit: Unit) -> None:
        registration, _, other = registered(unit, "resident_id", make.a_resident_id())
        assert (registration.status, registration.hold) == ("awaiting_deposit", None)
        with pytest.raises(DomainError, match="not_found"):
            decide(unit, other.actor, registration.id, approve=True, reason="nothing to decide")

    house.perform(service)

"""Who reneged on a lot takes no part in any resale of it: as himself, for others, beside others, by companies."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Account, Lot
from bidding.models import Registration
from bidding.queries.conflicts import refusal_facts
from bidding.queries.reneges import renegers_of_lot
from bidding.rules.registration import Application, PrincipalFacts
from bidding.services.bids import BidOffer, place_bids
from bidding.services.lifting import ask_review
from bidding.services.registration import register
from risk.models import Alert, Control
from tests.bidding.services.debtor import Debtor, Desk
from tests.factories import (
    a_bidder,
    a_paid_deposit,
    a_registration,
    a_resident_id,
    a_uscc,
    an_actor,
    an_auction,
)

UNDERTAKINGS = ("full_capacity", "not_barred", "accept_defects")


@pytest.fixture
def desk(house: House, clock: FixedClock) -> Desk:
    return Desk(house, clock)


def a_resale(desk: Desk, buyer: Debtor, status: str = "announced") -> str:
    def rows(unit: Unit) -> str:
        lot = unit.session.get_one(Lot, desk.lot_id)
        return an_auction(unit, lot=lot, status=status, resale_of=buyer.auction_id).id

    made: str = desk.perform(rows)
    return made


def apply(desk: Desk, auction_id: str, account: Account, **facts: Any) -> Registration:
    seal = desk.auction(auction_id).seal
    application = Application(
        capacity=facts.pop("capacity", "self"),
        principals=facts.pop("principals", ()),
        claim="ordinary",
        seal=seal or "",
        undertakings=UNDERTAKINGS,
    )
    done: Registration = desk.perform(register, an_actor(account), auction_id, application)
    return done


def somebody(desk: Desk, **facts: Any) -> Account:
    made: Account = desk.perform(a_bidder, **facts)
    return made


def test_the_reneger_is_refused_in_every_capacity(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    auction_id = a_resale(desk, buyer)
    other, number = somebody(desk), a_resident_id()
    reneger = PrincipalFacts("张三", "resident_id", buyer.number)
    third = PrincipalFacts("李四", "resident_id", number)
    for account, facts in (
        (buyer.account, {}),
        (buyer.account, {"capacity": "agent", "principals": (third,)}),
        (other, {"capacity": "agent", "principals": (reneger,)}),
        (other, {"capacity": "joint", "principals": (reneger,)}),
    ):
        refused = apply(desk, auction_id, account, **facts)
        assert (refused.status, refused.refusal) == ("refused", "barred_reneger")
    assert apply(desk, auction_id, other).status == "awaiting_deposit"


def test_the_buyer_is_who_was_bid_for_and_not_the_agent(desk: Desk, house: House) -> None:
    number = a_resident_id()
    buyer = desk.sell(principals=[("李四", "resident_id", number)])
    desk.declared(buyer)
    match = house.vault.match_key("resident_id", number)
    assert house.read(renegers_of_lot, desk.lot_id) == {match}


def test_another_lot_knows_nothing_of_it(desk: Desk, house: House) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    elsewhere = desk.perform(lambda unit: an_auction(unit, status="announced").id)
    assert apply(desk, elsewhere, buyer.account).status == "awaiting_deposit"


def holds(desk: Desk, company: str, holder: tuple[str, str], share: int) -> None:
    """Put a stake into the registry, in parts per million."""

    def rows(unit: Unit) -> None:
        unit.session.add(
            Control(
                company_match=unit.vault.match_key("uscc", company),
                company_name=b"",
                holder_match=unit.vault.match_key(*holder),
                role="shareholder",
                share=share,
                from_on=date(2020, 1, 1),
                from_version=0,
            )
        )

    desk.perform(rows)


@pytest.mark.parametrize(("share", "refusal"), [(500_001, "barred_reneger"), (500_000, None)])
def test_a_company_he_controls_is_refused(desk: Desk, share: int, refusal: str | None) -> None:
    uscc = a_uscc()
    company = somebody(desk, id_type="uscc", id_number=uscc, name="某公司")
    buyer = desk.sell()
    desk.declared(buyer)
    holds(desk, uscc, ("resident_id", buyer.number), share)
    assert apply(desk, a_resale(desk, buyer), company).refusal == refusal


def test_who_controls_the_company_that_reneged_is_refused(desk: Desk) -> None:
    uscc, owner, partner = a_uscc(), a_resident_id(), a_resident_id()
    buyer = desk.sell(principals=[("某公司", "uscc", uscc)])
    desk.declared(buyer)
    holds(desk, uscc, ("resident_id", owner), 700_000)
    holds(desk, uscc, ("resident_id", partner), 300_000)
    auction_id = a_resale(desk, buyer)
    assert apply(desk, auction_id, somebody(desk, id_number=owner)).refusal == "barred_reneger"
    assert apply(desk, auction_id, somebody(desk, id_number=partner)).refusal is None


def test_who_is_bound_to_him_by_companies_alone_is_told_so_and_may_ask_for_a_review(desk: Desk, house: House) -> None:
    uscc = a_uscc()
    company = somebody(desk, id_type="uscc", id_number=uscc, name="某公司")
    buyer = desk.sell()
    desk.declared(buyer)
    holds(desk, uscc, ("resident_id", buyer.number), 600_000)
    auction_id = a_resale(desk, buyer)
    bound, himself = apply(desk, auction_id, company), apply(desk, auction_id, buyer.account)
    for registration, facts in ((bound, {"reason": "controlled_company"}), (himself, {})):
        assert registration.refusal == "barred_reneger"
        assert house.read(refusal_facts, registration.id, "barred_reneger", desk.clock.moment) == facts
    told = house.read(lambda session: [(one.kind, one.registration_id) for one in session.scalars(select(Alert))])
    assert told.count(("controlled_company", bound.id)) == 1 and ("controlled_company", himself.id) not in told
    assert desk.perform(ask_review, an_actor(company), bound.id, "不受其控制").registration_id == bound.id
    with pytest.raises(DomainError, match="wrong_state"):
        desk.perform(ask_review, an_actor(buyer.account), himself.id, "我没有悔拍")
    desk.revoked(buyer)  # why it was refused is said as before
    assert house.read(refusal_facts, bound.id, "barred_reneger", desk.clock.moment) == {"reason": "controlled_company"}


def test_a_declaration_reaches_the_next_bid_and_a_revocation_ends_the_bar(desk: Desk, house: House) -> None:
    buyer = desk.sell()
    end = desk.clock.moment + timedelta(days=90)

    def running(unit: Unit) -> str:
        lot = unit.session.get_one(Lot, desk.lot_id)
        auction = an_auction(unit, lot=lot, status="open", closes_at=end, resale_of=buyer.auction_id)
        registration = a_registration(unit, auction, buyer.account, status="qualified")
        a_paid_deposit(unit, registration)
        return auction.id

    auction_id = desk.perform(running)

    def bid(fen: int) -> tuple[str, str | None]:
        offer = BidOffer(auction_id, buyer.account.id, fen, f"k{fen}", desk.clock.moment, raise_own=True)
        [answer] = desk.perform(place_bids, [offer])
        return answer.outcome, answer.code

    assert bid(100_000_000) == ("accepted", None)
    desk.declared(buyer)
    assert bid(100_500_000) == ("refused", "barred_reneger")
    desk.revoked(buyer)
    assert house.read(renegers_of_lot, desk.lot_id) == set()


def test_a_registry_that_cannot_be_read_lets_nobody_pass(desk: Desk, house: House) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    auction_id = a_resale(desk, buyer)
    stranger = somebody(desk)
    house.perform(lambda unit: unit.session.execute(text("ALTER TABLE control RENAME TO elsewhere")))
    with pytest.raises(DomainError, match="fault"):
        apply(desk, auction_id, stranger)

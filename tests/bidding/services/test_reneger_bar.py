"""Who reneged on a lot takes no part in any resale of it: as himself, for others, beside others, by companies."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Account, Lot
from auction.services.approvals import vote
from bidding.models import Registration
from bidding.queries.audit import contradictions
from bidding.queries.conflicts import refusal_facts
from bidding.queries.reneges import renegers_of_lot
from bidding.rules.registration import Application, PrincipalFacts
from bidding.services.approved import ACTS
from bidding.services.bids import Answer, BidOffer, place_bids
from bidding.services.findings import flag_barred
from bidding.services.lifting import ask_review, look_up_conflicts, propose_lifting
from bidding.services.registration import register
from risk.imports import import_file
from risk.models import Alert, Control
from tests.bidding.sale import false_evidence, tell_auction, tell_registration
from tests.bidding.services.debtor import Debtor, Desk
from tests.factories import (
    a_bidder,
    a_paid_deposit,
    a_registration,
    a_resident_id,
    a_uscc,
    an_account,
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
    with pytest.raises(DomainError, match="wrong_state") as refused:
        desk.perform(ask_review, an_actor(buyer.account), himself.id, "我没有悔拍")
    assert refused.value.facts == {"reason": "own_renege"}
    desk.revoked(buyer)  # why it was refused is said as before
    assert house.read(refusal_facts, bound.id, "barred_reneger", desk.clock.moment) == {"reason": "controlled_company"}


def test_a_declaration_reaches_the_next_bid_and_a_revocation_ends_the_bar(desk: Desk, house: House) -> None:
    buyer = desk.sell()
    end = desk.clock.moment + timedelta(days=90)

    def running(unit: Unit) -> str:
        lot = unit.session.get_one(Lot, desk.lot_id)
        auction = an_auction(unit, lot=lot, status="open", closes_at=end, resale_of=buyer.auction_id)
        registration = a_registration(unit, auction, buyer.account, status="qualified")
        tell_auction(unit, auction)
        tell_registration(unit, registration, a_paid_deposit(unit, registration))
        return auction.id

    auction_id = desk.perform(running)

    assert bid(desk, auction_id, buyer.account, 100_000_000).outcome == "accepted"
    desk.declared(buyer)
    refused = bid(desk, auction_id, buyer.account, 100_500_000)
    assert (refused.code, refused.why) == ("barred_reneger", {})
    assert house.read(contradictions, auction_id).failures == []
    desk.revoked(buyer)
    assert house.read(renegers_of_lot, desk.lot_id) == set()
    assert house.read(contradictions, auction_id).failures == []


def a_bound_bidder(desk: Desk, buyer: Debtor, folder: Path) -> tuple[str, str, Account]:
    """A company that has bid in the resale, and then is told to be the reneger's: auction, registration, account.

    A second bidder is qualified too.
    """
    uscc = a_uscc()
    company = somebody(desk, id_type="uscc", id_number=uscc, name="某公司")
    end = desk.clock.moment + timedelta(days=90)

    def running(unit: Unit) -> tuple[str, str]:
        lot = unit.session.get_one(Lot, desk.lot_id)
        auction = an_auction(unit, lot=lot, status="open", closes_at=end, resale_of=buyer.auction_id)
        tell_auction(unit, auction)
        for account in (company, a_bidder(unit)):
            registration = a_registration(unit, auction, account, status="qualified")
            tell_registration(unit, registration, a_paid_deposit(unit, registration))
            if account is company:
                own = registration.id
        return auction.id, own

    auction_id, registration_id = desk.perform(running)
    assert bid(desk, auction_id, company, 100_000_000).outcome == "accepted"
    path = folder / "control.csv"
    row = f"{uscc},某公司,{buyer.number},shareholder,0.6,2020-01-01,"
    path.write_text(f"company_uscc,company_name,holder_id,role,share,from,to\n{row}\n", encoding="utf-8")
    assert not import_file(desk.house, "control", path, switched=flag_barred).refused
    return auction_id, registration_id, company


def bid(desk: Desk, auction_id: str, account: Account, fen: int, key: str | None = None) -> Answer:
    offer = BidOffer(auction_id, account.id, fen, key or f"k{fen}", desk.clock.moment, raise_own=True)
    [answer] = desk.perform(place_bids, [offer])
    return answer


def alerts(desk: Desk, registration_id: str) -> list[tuple[str, str, str | None]]:
    wanted = select(Alert).where(Alert.registration_id == registration_id).order_by(Alert.kind)
    return desk.house.read(
        lambda session: [(one.kind, one.status, one.resolution_reason) for one in session.scalars(wanted)]
    )


def test_an_import_that_binds_a_standing_bidder_to_the_reneger_is_told_at_once(desk: Desk, tmp_path: Path) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    auction_id, registration_id, company = a_bound_bidder(desk, buyer, tmp_path)
    bars = select(Registration.barred).where(Registration.id == registration_id)
    assert desk.house.read(lambda session: session.scalar(bars)) == "barred_reneger"
    told = [("barred_bidder_had_bid", "open", None), ("controlled_company", "open", None)]
    assert alerts(desk, registration_id) == told
    refused = bid(desk, auction_id, company, 100_500_000, "again")
    assert (refused.code, refused.why) == ("barred_reneger", {"reason": "controlled_company"})
    assert bid(desk, auction_id, company, 100_500_000, "again") == refused
    assert alerts(desk, registration_id) == told
    assert false_evidence(desk.house, tmp_path / "evidence", auction_id) == []


def test_the_regulator_sees_the_reneger_first_and_lifting_ends_a_held_sale(desk: Desk, tmp_path: Path) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    auction_id, registration_id, company = a_bound_bidder(desk, buyer, tmp_path)
    desk.clock.moment = desk.auction(auction_id).closes_at + timedelta(seconds=2)
    assert desk.closed(auction_id) == "suspended"
    desk.perform(ask_review, an_actor(company), registration_id, "不受其控制")
    one, other = (desk.perform(lambda unit: an_actor(an_account(unit, "regulator"))) for _ in range(2))
    found = desk.perform(look_up_conflicts, one, company.id, desk.lot_id, "复核")
    [hit] = found["registrations"][0]["hits"]
    assert (hit["ground"], hit["rule"], hit["person"]) == ("reneger_company", "holdings", "某公司")
    assert hit["frees"] == {"bidders": [], "further_bidders": 0, "companies": []}
    assert [(step["record"], step.get("holder"), step.get("person")) for step in hit["chain"]] == [
        ("renege", None, buyer.name),
        ("control", buyer.name, None),
    ]
    assert hit["chain"][1]["source"]["kind"] == "control"
    approval = desk.perform(propose_lifting, one, company.id, desk.lot_id, hit=hit["hit"], reason="登记有误")
    desk.perform(vote, other, approval.id, approve=True, reason="核对无误", acts=ACTS)
    assert desk.auction(auction_id).status == "sold"
    told = ("barred_bidder_had_bid", "controlled_company", "interest_review", "winner_barred")
    assert alerts(desk, registration_id) == [(kind, "resolved", "登记有误") for kind in told]
    assert false_evidence(desk.house, tmp_path / "evidence", auction_id) == []
    assert apply(desk, a_resale(desk, buyer), buyer.account).refusal == "barred_reneger"


def test_a_registry_that_cannot_be_read_lets_nobody_pass(desk: Desk, house: House) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    auction_id = a_resale(desk, buyer)
    stranger = somebody(desk)
    house.perform(lambda unit: unit.session.execute(text("ALTER TABLE control RENAME TO elsewhere")))
    with pytest.raises(DomainError, match="fault"):
        apply(desk, auction_id, stranger)

"""Revoking a sale on each ground of OJA 31, and a buyer whose qualification fails: money, bars, what follows."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Approval, Auction, PanelMember
from auction.rules.access import Actor
from auction.services.approvals import vote
from bidding.evidence import export
from bidding.models import Payment, Qualification, Registration, Revocation
from bidding.queries.audit import verify_all
from bidding.queries.payments import balances
from bidding.rules.payment import PaymentNotice
from bidding.rules.registration import Application
from bidding.rules.revocation import GROUNDS, Stated
from bidding.services import papers, payments, qualification, registration
from bidding.services.approved import ACTS
from bidding.services.closing import close
from bidding.services.relist import relist
from bidding.services.revocation import propose_revocation
from bidding.services.settlement import rule_sale
from disclosure.models import SheetVersion
from disclosure.services.attachments import CleanFile
from tests.bidding.hall import RESERVE, Bidder, Hall
from tests.bidding.sale import FACTS, tell_auction
from tests.factories import a_lot, an_account, an_actor, an_auction
from tools import fapai_verify

DAY = timedelta(days=1)
#: Of a paid sale all goes back, as the court states it.
RETURNED = (Stated("deposit", 0, None, "并非明知"), Stated("balance", 0, None, "价款未成交"))
UNDERTAKINGS = ("full_capacity", "not_barred", "accept_defects")


class Sold:
    """A sold auction of one bidder, its panel of three, and the ways on."""

    def __init__(self, hall: Hall, asset_type: str = "real_estate", paid: bool = True) -> None:
        self.hall = hall
        self.auction_id = hall.house.perform(lambda unit: self._make(unit, asset_type))
        hall.tell(self.auction_id)
        self.buyer: Bidder = hall.bidder(self.auction_id)
        assert hall.bid(self.buyer, RESERVE).outcome == "accepted"
        hall.closes_in(self.auction_id, seconds=-2)
        assert hall.house.perform(close, self.auction_id, settled=True) == "sold"
        if paid:
            hall.house.perform(self._pay)

    def _make(self, unit: Unit, asset_type: str) -> str:
        accounts = [an_account(unit, "judge", display_name=name) for name in "甲乙丙"]
        self.panel = [an_actor(account) for account in accounts]
        auction = an_auction(unit, lot=a_lot(unit, asset_type=asset_type, created_by=accounts[0].id))
        facts = FACTS | {"lot": auction.lot_id, "items": []}
        auction.seal = sha256_hex(canonical(facts))
        known = {"seal": auction.seal, "facts": facts, "material": False, "at": unit.now}
        unit.session.add(SheetVersion(lot_id=auction.lot_id, version=1, **known))
        for place, account in enumerate(accounts):
            auction.panel.append(PanelMember(account_id=account.id, position=place))
        return auction.id

    def _pay(self, unit: Unit) -> None:
        auction = unit.session.get_one(Auction, self.auction_id)
        winner = unit.session.get_one(Registration, self.buyer.registration_id)
        asked = payments.request_balance(unit, auction, winner, account="1")
        said = PaymentNotice(f"n-{asked.id}", asked.id, "paid", asked.amount_fen, "张三", self.buyer.id_number)
        payments.receive_notice(unit, said)

    @property
    def actor(self) -> Actor:
        row = self.hall.registration(self.buyer)
        return Actor(self.buyer.account_id, "bidder", "竞买人", person_id=row.person_id)

    def propose(self, ground: str, **more: Any) -> Approval:
        stated = {"lines": RETURNED} if ground == "unqualified" else {}
        said = {"ground": ground, "reason": "查明属实", **stated, **more}
        return self.hall.house.perform(propose_revocation, self.panel[0], self.auction_id, **said)

    def revoke(self, ground: str, **more: Any) -> None:
        self.approve(self.propose(ground, **more))

    def approve(self, proposal: Approval) -> None:
        how = {"approve": True, "reason": "同意", "acts": ACTS}
        self.hall.house.perform(vote, self.panel[1], proposal.id, **how)

    def rule(self, said: str, **more: Any) -> Auction:
        how = {"qualification": said, "reason": "经审查", **more}
        return self.hall.house.perform(qualification.rule, self.panel[0], self.auction_id, **how)

    def failed(self, *lines: Stated, actor: Actor | None = None) -> Approval:
        how = {"reason": "未取得批准", "lines": lines}
        return self.hall.house.perform(qualification.propose_failed, actor or self.panel[0], self.auction_id, **how)

    def fail(self, *lines: Stated) -> None:
        """The qualification failed, and the panel's majority revoked the sale."""
        self.approve(self.failed(*lines))

    def money(self) -> dict[str, int]:
        """The balances of the auction's accounts, without ids and without nothing."""
        found = self.hall.house.read(balances, self.auction_id)
        return {account.split(":")[0]: fen for account, fen in found.items() if fen}

    def refunds(self) -> dict[str, tuple[str, int | None]]:
        rows = select(Payment).where(Payment.auction_id == self.auction_id, Payment.refund_fen.is_not(None))
        found = self.hall.house.read(lambda session: session.scalars(rows).all())
        assert all(one.refund_due_at == self.hall.clock.moment + DAY for one in found)
        return {one.purpose: (one.status, one.refund_fen) for one in found}

    def again(self, unit: Unit) -> str:
        """The same lot announced again, past the panel."""
        auction = unit.session.get_one(Auction, self.auction_id)
        again = an_auction(unit, lot=auction.lot)
        tell_auction(unit, again)
        return again.id


def refuses(code: str, act: Callable[..., Any], *args: Any, **kwargs: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        act(*args, **kwargs)
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.mark.parametrize("ground", sorted(GROUNDS))
def test_on_each_ground_the_majority_of_the_panel_unwinds_a_paid_sale(hall: Hall, ground: str) -> None:
    sale = Sold(hall)
    row = hall.row(sale.auction_id)
    assert (row.settlement, sale.money()["court_price"]) == ("paid", RESERVE)
    deposit = row.deposit_fen
    proposal = sale.propose(ground)
    assert (proposal.needs[0]["count"], hall.row(sale.auction_id).status) == (1, "sold")
    how = {"approve": True, "reason": "同意", "acts": ACTS}
    hall.house.perform(vote, sale.panel[1], proposal.id, **how)
    gone, buyer = hall.row(sale.auction_id), hall.registration(sale.buyer)
    assert (gone.status, gone.ended_reason, gone.settlement) == ("revoked", ground, None)
    assert (buyer.status, buyer.refusal, buyer.decision_reason) == ("released", "sale_revoked", "查明属实")
    assert sale.money() == {"bank_clearing": -RESERVE, "refund_due": RESERVE}
    assert sale.refunds() == {"deposit": ("refunding", deposit), "balance": ("refunding", RESERVE - deposit)}
    stored = hall.house.read(lambda session: session.get_one(Revocation, sale.auction_id))
    assert [(line["code"], line["return_fen"], line["basis"]) for line in stored.lines] == [
        ("deposit", deposit, GROUNDS[ground]),
        ("balance", RESERVE - deposit, GROUNDS[ground]),
    ]
    last = hall.events(sale.auction_id)[-1]
    assert (last.type, last.data) == ("status", {"status": "revoked", "ground": ground})
    assert hall.kinds(sale.auction_id)[-1] == "SaleRevoked"
    assert hall.house.read(lambda session: verify_all(session, hall.house.vault.public_key)).failed == 0


def test_before_the_price_is_paid_only_the_deposit_goes_back_and_nobody_is_overdue(hall: Hall) -> None:
    sale = Sold(hall, paid=False)
    deposit = hall.row(sale.auction_id).deposit_fen
    sale.revoke("system_failure")
    assert sale.money() == {"bank_clearing": -deposit, "refund_due": deposit}
    assert (hall.row(sale.auction_id).balance_due_at, hall.row(sale.auction_id).settlement) == (None, None)


def test_a_sale_is_revoked_once_by_its_own_panel_and_with_a_finding(hall: Hall) -> None:
    sale = Sold(hall)
    refuses("invalid", sale.propose, "procedure", reason=" ")
    refuses("invalid", sale.propose, "anything")
    refuses("invalid", sale.propose, "procedure", knowingly_false=True)
    refuses("wrong_state", sale.propose, "winner_barred")
    stranger = hall.house.perform(lambda unit: an_actor(an_account(unit, "judge")))
    said = {"ground": "procedure", "reason": "r"}
    refuses("forbidden", hall.house.perform, propose_revocation, stranger, sale.auction_id, **said)
    assert hall.row(sale.auction_id).status == "sold"
    sale.revoke("procedure")
    refuses("wrong_state", sale.propose, "procedure")
    assert hall.row(sale.auction_id).status == "revoked"
    reneged = Sold(hall)
    hall.change(reneged.auction_id, settlement="reneged")
    refuses("wrong_state", reneged.propose, "procedure")
    hall.change(reneged.auction_id, settlement="paid")


def test_after_a_revocation_the_same_round_is_held_again(hall: Hall) -> None:
    sale = Sold(hall)
    sale.revoke("misdescribed")
    draft = hall.house.perform(relist, sale.panel[0], sale.auction_id, reason="revoked")
    assert (draft.round, draft.resale_of, draft.status) == ("first", sale.auction_id, "draft")


def test_who_got_no_approval_for_equity_gets_no_ruling_and_no_part_in_the_resale(hall: Hall) -> None:
    sale = Sold(hall, "equity", paid=False)
    deposit = hall.row(sale.auction_id).deposit_fen
    sale.fail(Stated("deposit", deposit, "EQ 15(3)", "明知不具备股东资格"))
    gone = hall.row(sale.auction_id)
    assert (gone.status, gone.ended_reason, hall.registration(sale.buyer).status) == (
        "revoked",
        "unqualified",
        "forfeited",
    )
    assert sale.money() == {"bank_clearing": -deposit, "court_forfeit": deposit}
    resale = hall.house.perform(sale.again)
    application = Application("self", "ordinary", hall.row(resale).seal or "", UNDERTAKINGS)
    barred = hall.house.perform(registration.register, sale.actor, resale, application)
    assert (barred.status, barred.refusal) == ("refused", "barred_reneger")
    assert hall.house.read(lambda session: verify_all(session, hall.house.vault.public_key)).failed == 0


def test_a_part_of_the_deposit_of_a_feigned_house_buyer_is_kept_and_he_may_come_again(hall: Hall) -> None:
    sale = Sold(hall)
    deposit = hall.row(sale.auction_id).deposit_fen
    sale.fail(Stated("deposit", 1_000_000, "HOUSE 4", "虚构购房资格"), RETURNED[1])
    assert sale.money() == {"bank_clearing": -RESERVE, "court_forfeit": 1_000_000, "refund_due": RESERVE - 1_000_000}
    assert sale.refunds() == {
        "rest": ("refunding", deposit - 1_000_000),
        "balance": ("refunding", RESERVE - deposit),
    }
    resale = hall.house.perform(sale.again)
    application = Application("self", "ordinary", hall.row(resale).seal or "", UNDERTAKINGS)
    assert hall.house.perform(registration.register, sale.actor, resale, application).status == "awaiting_deposit"
    assert hall.house.read(lambda session: verify_all(session, hall.house.vault.public_key)).failed == 0


def test_auditor_and_verifier_know_a_revoked_sale_by_its_entry(hall: Hall, tmp_path: Path) -> None:
    sale = Sold(hall)
    sale.revoke("collusion")

    def verified(name: str) -> int:
        export(hall.house, tmp_path / name, sale.auction_id, anyway=name != "right")
        return fapai_verify.main([str(tmp_path / name), "--key", str(tmp_path / name / "key.pem")])

    def failed() -> int:
        return hall.house.read(lambda session: verify_all(session, hall.house.vault.public_key)).failed

    assert (verified("right"), failed()) == (0, 0)
    for number, forged in enumerate(({"ended_reason": "procedure"}, {"status": "sold"})):
        before = {name: getattr(hall.row(sale.auction_id), name) for name in forged}
        hall.change(sale.auction_id, **forged)
        assert (verified(f"forged{number}"), failed() > 0) == (1, True)
        hall.change(sale.auction_id, **before)


def test_a_failed_qualification_states_every_part_of_the_money_and_only_the_panel_ends_the_sale(hall: Hall) -> None:
    sale = Sold(hall)
    for lines in ((), RETURNED[:1]):
        found = refuses("invalid", sale.failed, *lines).errors
        assert {breach.code for breach in found} == {"line_missing"}
    proposal = sale.failed(*RETURNED)
    assert (proposal.kind, proposal.needs[0]["count"], hall.row(sale.auction_id).status) == ("revocation", 1, "sold")
    stranger = hall.house.perform(lambda unit: an_actor(an_account(unit, "judge")))
    refuses("forbidden", sale.failed, *RETURNED, actor=stranger)
    refuses("already_proposed", sale.failed, *RETURNED)
    sale.approve(proposal)
    assert sale.money() == {"bank_clearing": -RESERVE, "refund_due": RESERVE}
    person = hall.registration(sale.buyer).person_id
    assert "QualificationFailed" in [row.kind for row in hall.journal(f"person:{person}")]
    refuses("wrong_state", sale.failed, *RETURNED)


def test_the_buyer_hands_in_his_own_papers_and_the_court_rules_on_them(hall: Hall) -> None:
    sale = Sold(hall)
    file = CleanFile("proof.pdf", "application/pdf", b"%PDF-1.4 %%EOF", "0" * 64)
    mine = hall.house.perform(papers.keep_paper, sale.actor, file)
    other = hall.bidder(hall.auction())
    stranger = Actor(other.account_id, "bidder", "竞买人", person_id=hall.registration(other).person_id)
    theirs = hall.house.perform(papers.keep_paper, stranger, file)

    def hand_in(actor: Actor, *ids: str) -> Qualification:
        return hall.house.perform(qualification.submit_qualification, actor, sale.auction_id, attachments=ids)

    refuses("forbidden", hand_in, stranger, theirs.id)
    refuses("invalid", hand_in, sale.actor, mine.id, theirs.id)
    assert hand_in(sale.actor, mine.id, mine.id).attachments == [mine.id]
    refuses("invalid", sale.rule, "proven", evidence=[theirs.id])
    sale.rule("proven", evidence=[mine.id])
    assert hall.row(sale.auction_id).settlement == "ruled"
    refuses("wrong_state", hand_in, sale.actor, mine.id)


def test_where_not_everybody_may_buy_a_ruling_needs_a_proof(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bidding.services.settlement.is_restricted_sale", lambda session, auction: True)
    sale = Sold(hall)

    def rule(said: str) -> list[tuple[str | None, str]]:
        how = {"qualification": said, "reason": "r"}
        error = refuses("invalid", hall.house.perform, rule_sale, sale.panel[0], sale.auction_id, **how)
        return [(breach.field, breach.code) for breach in error.errors]

    assert rule("not_required") == [("qualification", "qualification_required")]
    assert rule("proven") == [("evidence", "qualification_required")]

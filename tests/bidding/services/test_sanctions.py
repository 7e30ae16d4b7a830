"""A sanction from the proposal to its end: who must agree, what it does meanwhile, what undoes it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Account, Approval, Auction, JournalRow
from auction.services.approvals import vote
from bidding.models import Registration, Renege
from bidding.queries import sanctions as queries
from bidding.queries.due import due_acts
from bidding.rules.registration import UNDERTAKINGS, Application
from bidding.services import sanctions as services
from bidding.services.approved import ACTS
from bidding.services.bids import BidOffer, place_bids
from bidding.services.registration import register
from risk.models import Sanction
from risk.queries.sanctions import term_bar_of
from risk.rules.sanctions import Measure
from tests.bidding.reneged import FACTORS, Reneged, a_reneged_sale, barring_rules
from tests.factories import a_bidder, a_lot, a_paid_deposit, a_registration, a_uscc, an_account, an_actor, an_auction
from web.timekeeping import carry_out

DAY = timedelta(days=1)
UNTIL = date(2026, 6, 1)


@dataclass
class Court:
    """The house, one reneged sale, and everything its people do."""

    house: House
    clock: FixedClock
    sale: Reneged

    def propose(
        self, kind: str = "publication", by: Account | None = None, **measure: Any
    ) -> tuple[Sanction, Approval]:
        if kind in ("publication", "term_bar"):
            measure = {"until": UNTIL} | measure
        return self.house.perform(
            services.propose_sanction,
            an_actor(by or self.sale.judge),
            self.sale.buyer.id,
            Measure(kind, **measure),
            basis="民事诉讼法第一百一十四条",
            reason="多次竞得后不付款",
        )

    def approve(self, approval: Approval, *people: Account, approve: bool = True) -> Approval:
        for person in people:
            approval = self.house.perform(
                vote, an_actor(person), approval.id, approve=approve, reason="同意", acts=ACTS
            )
        return approval

    def decided(self, kind: str = "publication", **measure: Any) -> Sanction:
        sanction, approval = self.propose(kind, **measure)
        people = [self.sale.second, self.sale.president] if kind in ("fine", "detention") else [self.sale.second]
        self.approve(approval, *people)
        return self.now_is(sanction)

    def now_is(self, sanction: Sanction) -> Sanction:
        found = self.house.read(lambda session: session.get(Sanction, sanction.id))
        assert found is not None
        return found

    def wait(self, **span: float) -> None:
        """Let time pass; what falls due is done, each at its own time."""
        self.clock.advance(**span)
        for due in self.house.read(due_acts, self.house.now()):
            carry_out(self.house, due)

    def journal(self, kind: str) -> list[tuple[dict[str, Any], bool, str]]:
        rows = self.house.read(
            lambda session: session.scalars(
                select(JournalRow).where(JournalRow.kind == kind).order_by(JournalRow.id)
            ).all()
        )
        return [(json.loads(row.entry)["body"], row.private, row.stream) for row in rows]


@pytest.fixture
def court(house: House, clock: FixedClock) -> Court:
    return Court(house, clock, house.perform(a_reneged_sale))


@pytest.fixture
def barring(house: House, clock: FixedClock) -> Court:
    return Court(house, clock, house.perform(a_reneged_sale, term_bar=True))


def refused(act: Callable[..., Any], *args: Any, **more: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        act(*args, **more)
    return refusal.value.code


def test_a_proposal_has_no_effect_and_a_second_judge_serves_it(court: Court) -> None:
    sanction, approval = court.propose()
    assert (sanction.status, sanction.number, sanction.served_at) == ("proposed", None, None)
    assert approval.needs == [{"role": "judge", "count": 1}]
    mine = court.house.read(queries.decisions_of_person, court.house.vault, court.sale.buyer.person_id)
    assert mine == []
    assert refused(court.approve, approval, court.sale.judge) == "four_eyes"
    court.approve(approval, court.sale.second)
    sanction = court.now_is(sanction)
    assert (sanction.status, sanction.number, sanction.factors) == ("approved", "（2026）3201司惩1号", FACTORS)
    assert [one.sanction.id for one in court.house.read(
        queries.decisions_of_person, court.house.vault, court.sale.buyer.person_id
    )] == [sanction.id]  # fmt: skip
    (served, private, stream), *_ = court.journal("SanctionServed")
    assert private and stream == f"person:{court.sale.buyer.person_id}"
    assert served["number"] == sanction.number


def test_a_fine_needs_judge_and_president_and_runs_at_once(court: Court) -> None:
    sanction, approval = court.propose("fine", amount_fen=5_000_000)
    court.approve(approval, court.sale.second)
    assert court.now_is(sanction).status == "proposed"
    court.approve(approval, court.sale.president)
    assert court.now_is(sanction).status == "in_force"


def test_a_refused_proposal_stays_without_effect_and_may_be_made_again(court: Court) -> None:
    sanction, approval = court.propose()
    assert refused(court.propose) == "already_proposed"
    court.approve(approval, court.sale.second, approve=False)
    assert court.now_is(sanction).status == "proposed"
    assert court.propose()[0].id != sanction.id


@pytest.mark.parametrize("factors", [[], None])
def test_without_malice_nothing_can_be_proposed(house: House, clock: FixedClock, factors: list[str] | None) -> None:
    plain = Court(house, clock, house.perform(a_reneged_sale, factors=[]))
    if factors is None:  # malice was found, by another court
        elsewhere = house.perform(a_reneged_sale, buyer=plain.sale.buyer, court="3202")
        assert refused(plain.propose, by=plain.sale.judge) == "finding_missing"
        assert plain.propose(by=elsewhere.judge)[0].court_code == "3202"
        return
    assert refused(plain.propose) == "finding_missing"


def test_only_a_judge_proposes_and_only_against_somebody(court: Court) -> None:
    assert refused(court.propose, by=court.sale.president) == "forbidden"
    ask = court.house.perform
    measure = Measure("publication", until=UNTIL)
    assert refused(
        ask, services.propose_sanction, an_actor(court.sale.judge), "nobody", measure, basis="b", reason="r"
    ) == "not_found"  # fmt: skip


def test_the_bounds_follow_from_who_is_liable(house: House, clock: FixedClock) -> None:
    unit = Court(house, clock, house.perform(a_reneged_sale, id_type="uscc", id_number=a_uscc(77), name="某公司"))
    assert refused(unit.propose, "fine", amount_fen=4_999_999) == "invalid"
    assert refused(unit.propose, "detention", until=date(2026, 3, 9)) == "detention_of_unit"
    assert unit.propose("fine", amount_fen=100_000_000)[0].amount_fen == 100_000_000


def test_a_bar_for_a_term_is_off_in_the_shipped_ruleset(court: Court) -> None:
    assert refused(court.propose, "term_bar") == "measure_off"


def test_a_bar_for_a_term_needs_the_kept_file(house: House, clock: FixedClock) -> None:
    def without(unit: Unit) -> Reneged:
        sale = a_reneged_sale(unit)
        sale.auction.ruleset = barring_rules(unit, kept=False)
        return sale

    assert refused(Court(house, clock, house.perform(without)).propose, "term_bar") == "written_rule_missing"


def test_publication_waits_until_nobody_may_ask_for_a_review(court: Court) -> None:
    sanction = court.decided()
    published = court.house.read(queries.published_decisions, court.house.vault, court.house.now())
    assert published == []
    court.wait(days=3)
    assert court.now_is(sanction).status == "approved"
    court.wait(days=1)
    sanction = court.now_is(sanction)
    assert (sanction.status, sanction.in_force_at) == ("in_force", court.house.now())
    (one,) = court.house.read(queries.published_decisions, court.house.vault, court.house.now())
    assert (one["name"], one["number"]) == ("欧阳悔拍", sanction.number)
    assert "*" in one["id_number"]
    assert [measure["kind"] for measure in one["measures"]] == ["publication"]
    body, private, stream = court.journal("SanctionInForce")[0]
    assert not private and stream == f"sanction:{sanction.id}"
    secrets = {court.sale.buyer.id, court.sale.buyer.person_id, court.sale.auction.id, "欧阳悔拍"}
    assert not secrets & {str(value) for value in body.values()}


def test_a_published_decision_shows_its_fine_and_is_gone_the_day_after_its_last(court: Court) -> None:
    fine = court.decided("fine", amount_fen=5_000_000)
    publication = court.decided()
    court.wait(days=4)
    (one,) = court.house.read(queries.published_decisions, court.house.vault, court.house.now())
    measures = {measure["kind"]: measure["number"] for measure in one["measures"]}
    assert measures == {"publication": publication.number, "fine": fine.number}
    court.wait(days=(UNTIL - court.house.now().date()).days)
    assert court.now_is(publication).status == "in_force"
    lifting = court.house.perform(services.propose_lifting, an_actor(court.sale.second), publication.id, "已履行")
    court.wait(days=1)
    assert court.now_is(publication).status == "expired"
    assert court.house.read(lambda session: session.get_one(Approval, lifting.id).status) == "lapsed"
    assert court.house.read(queries.published_decisions, court.house.vault, court.house.now()) == []
    assert court.journal("SanctionExpired")[0][0]["number"] == publication.number
    assert court.now_is(fine).status == "in_force"


def test_the_subject_asks_once_in_time_and_an_upheld_review_gives_effect(court: Court) -> None:
    sanction = court.decided()
    ask = court.house.perform
    buyer, stranger = an_actor(court.sale.buyer), an_actor(court.house.perform(a_bidder))
    assert refused(ask, services.ask_review, stranger, sanction.id, "不服") == "not_found"
    review = ask(services.ask_review, buyer, sanction.id, "不服")
    assert (review.status, review.due_at - court.house.now() > 4 * DAY) == ("filed", True)
    assert refused(ask, services.ask_review, buyer, sanction.id, "再次") == "wrong_state"
    court.wait(days=5)
    assert court.now_is(sanction).status == "approved", "a review that is not decided keeps it waiting"
    decide = {"outcome": "upheld", "reason": "上级法院维持"}
    assert refused(ask, services.decide_review, an_actor(court.sale.judge), sanction.id, **decide) == "forbidden"
    ask(services.decide_review, an_actor(court.sale.regulator), sanction.id, **decide)
    assert court.now_is(sanction).status == "in_force"
    assert refused(ask, services.decide_review, an_actor(court.sale.regulator), sanction.id, **decide) == "wrong_state"


def test_a_review_too_late_is_refused(court: Court) -> None:
    sanction = court.decided()
    court.clock.advance(days=4)
    ask = court.house.perform
    assert refused(ask, services.ask_review, an_actor(court.sale.buyer), sanction.id, "不服") == "review_too_late"


def test_who_approved_a_fine_does_not_record_its_review_and_lifting_ends_it(court: Court) -> None:
    sanction = court.decided("fine", amount_fen=5_000_000)
    ask = court.house.perform
    ask(services.ask_review, an_actor(court.sale.buyer), sanction.id, "不服")
    lift = {"outcome": "lifted", "reason": "上级法院撤销"}
    assert refused(ask, services.decide_review, an_actor(court.sale.president), sanction.id, **lift) == "four_eyes"
    other = court.house.perform(an_account, "president", court_code="3201")
    elsewhere = court.house.perform(lambda unit: a_reneged_sale(unit, court="3299").president)
    assert refused(ask, services.decide_review, an_actor(elsewhere), sanction.id, **lift) == "not_found"
    ask(services.decide_review, an_actor(other), sanction.id, **lift)
    ended = court.now_is(sanction)
    assert (ended.status, ended.end_reason) == ("lifted", "review")
    assert len(court.journal("SanctionLifted")) == 1


def test_lifting_needs_the_approvals_that_imposing_needed(court: Court) -> None:
    sanction = court.decided("fine", amount_fen=5_000_000)
    approval = court.house.perform(services.propose_lifting, an_actor(court.sale.second), sanction.id, "已履行")
    court.approve(approval, court.sale.judge)
    assert court.now_is(sanction).status == "in_force"
    assert court.approve(approval, court.sale.president).status == "approved"
    assert court.now_is(sanction).status == "lifted"
    assert refused(
        court.house.perform, services.propose_lifting, an_actor(court.sale.judge), sanction.id, "再次"
    ) == "wrong_state"  # fmt: skip


def test_what_rests_on_a_revoked_declaration_falls(court: Court) -> None:
    fine = court.decided("fine", amount_fen=5_000_000)
    waiting, approval = court.propose()

    def revoke(unit: Unit) -> None:
        unit.session.execute(update(Renege).where(Renege.id == court.sale.renege.id).values(status="revoked"))
        services.fall_with(unit, court.sale.renege)

    court.house.perform(revoke)
    assert (court.now_is(fine).status, court.now_is(fine).end_reason) == ("lifted", "finding_revoked")
    assert refused(court.approve, approval, court.sale.second) == "wrong_state"
    assert court.now_is(waiting).status == "proposed"


def test_an_approval_after_the_declaration_fell_carries_nothing_out(court: Court) -> None:
    sanction, approval = court.propose()
    court.house.perform(lambda unit: unit.session.execute(update(Renege).values(status="revoked")))
    assert refused(court.approve, approval, court.sale.second) == "finding_missing"
    assert court.now_is(sanction).status == "proposed"


# --- a bar for a term -------------------------------------------------------------------------------------------------


def running(court: Court, lot_court: str = "3201") -> tuple[Auction, Registration]:
    """A sale that is open now, in which the buyer of the reneged one is qualified too."""

    def make(unit: Unit) -> tuple[Auction, Registration]:
        place = a_reneged_sale(unit, court=lot_court).auction.lot
        auction = an_auction(unit, lot=a_lot(unit, court_code=place.court_code, created_by=place.created_by))
        registration = a_registration(unit, auction, court.sale.buyer, status="qualified")
        a_paid_deposit(unit, registration)
        return auction, registration

    return court.house.perform(make)


def bid(court: Court, auction: Auction, key: str) -> Any:
    offer = BidOffer(auction.id, court.sale.buyer.id, auction.reserve_price_fen, key, court.house.now())
    return court.house.perform(place_bids, [offer])[0]


@pytest.mark.parametrize(("scope", "lot_court", "barred"), [
    ("court", "3201", True), ("court", "3202", False), ("all", "3202", True),
])  # fmt: skip
def test_a_bar_for_a_term_refuses_registration_within_its_scope(
    barring: Court, scope: str, lot_court: str, barred: bool
) -> None:
    barring.decided("term_bar", scope=scope)
    barring.wait(days=4)

    def ask(unit: Unit) -> Registration:
        lot = a_reneged_sale(unit, court=lot_court).auction.lot
        auction = an_auction(unit, lot=a_lot(unit, court_code=lot.court_code, created_by=lot.created_by))
        application = Application("self", "ordinary", auction.seal or "", UNDERTAKINGS)
        return register(unit, an_actor(barring.sale.buyer), auction.id, application)

    registration = barring.house.perform(ask)
    assert registration.refusal == ("barred_sanction" if barred else None)
    facts = barring.house.read(queries.bar_facts, registration.id, registration.created_at)
    rule = "《示例高级人民法院关于网络司法拍卖竞买人管理的规定》（2025年）第七条"
    assert facts.get("rule") == (rule if barred else None)


def test_a_bar_reaches_a_running_sale_on_the_next_bid_and_falls_again(barring: Court) -> None:
    sanction = barring.decided("term_bar")
    barring.clock.advance(days=3)
    auction, _ = running(barring)
    assert bid(barring, auction, "k1").code is None
    barring.wait(hours=14)
    assert barring.now_is(sanction).status == "in_force"
    answer = bid(barring, auction, "k2")
    assert answer.code == "barred_sanction"
    assert answer.why is not None and answer.why["number"] == sanction.number
    again = bid(barring, auction, "k2")
    assert again == answer, "the same key repeats the refusal, its citation included"
    approval = barring.house.perform(services.propose_lifting, an_actor(barring.sale.judge), sanction.id, "已履行")
    barring.approve(approval, barring.sale.second)
    assert bid(barring, auction, "k3").code == "already_leading"
    assert bid(barring, auction, "k2") == answer, "what it rested on is still what it rested on"


def test_a_bar_ends_with_its_last_day(barring: Court) -> None:
    barring.decided("term_bar", until=date(2026, 3, 20))
    barring.wait(days=4)
    match = barring.house.read(lambda session: session.scalar(select(Sanction.id_match)))

    def holds(day: int) -> bool:
        return barring.house.read(term_bar_of, [match], "3201", date(2026, 3, day)) is not None

    assert [holds(day) for day in (6, 20, 21)] == [True, True, False]
    barring.wait(days=20)
    assert not holds(20), "it has expired"

"""The interest bar from the registration to the end: companies, namesakes, a changed registry, lifting, revocation."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Account, Agency, Approval, Auction
from auction.models.auctions import PanelMember
from auction.rules.access import Actor
from auction.services.approvals import vote
from bidding.models import Confirmation, Payment, Registration
from bidding.queries.conflicts import review_alert, reviews_of
from bidding.queries.payments import deposit_of
from bidding.rules.payment import PaymentNotice
from bidding.rules.registration import UNDERTAKINGS, Application, PrincipalFacts
from bidding.services import lifting, revocation
from bidding.services.approved import ACTS
from bidding.services.closing import close
from bidding.services.findings import flag_barred
from bidding.services.interest import give_task
from bidding.services.life import withdraw
from bidding.services.payments import receive_notice, request_deposit
from bidding.services.registration import deposit_confirmed, register
from bidding.services.relist import relist
from risk.imports import import_file
from risk.models import Alert, InterestFinding
from risk.services.alerts import resolve_alert
from tests import factories as make
from tests.bidding.hall import RESERVE, STEP, Bidder, Hall, refused_with

COLUMNS = {
    "staff": "body_type,body_code,name,id_number,position,from,to",
    "relatives": "id_number,relative_name,relative_id_number,relation",
    "control": "company_uscc,company_name,holder_id,role,share,from,to",
}
Importer = Callable[..., int]


@pytest.fixture
def bring(hall: Hall, tmp_path: Path) -> Importer:
    """Put rows in force, as the command does: what they change is told at once."""

    def file(kind: str, *rows: str) -> int:
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join([COLUMNS[kind], *rows]) + "\n", encoding="utf-8")
        report = import_file(hall.house, kind, path, switched=flag_barred)
        assert not report.refused, list(report.refused)
        return report.version

    return file


def judge(number: str, name: str = "司法明") -> str:
    return f"court,3201,{name},{number},法官,2020-01-01,"


def apply(
    hall: Hall, auction_id: str, account: Account, *principals: PrincipalFacts, capacity: str = "self"
) -> Registration:
    def service(unit: Unit) -> Registration:
        seal = unit.session.get_one(Auction, auction_id).seal or ""
        application = Application(capacity, "ordinary", seal, UNDERTAKINGS, principals)
        return register(unit, account.actor, auction_id, application)

    return hall.house.perform(service)


def a_company(hall: Hall) -> tuple[Account, str]:
    code = make.a_uscc()
    return hall.house.perform(lambda unit: make.a_bidder(unit, id_type="uscc", id_number=code, name="某公司")), code


def an_announced(hall: Hall) -> str:
    return hall.auction(status="announced")


def findings(hall: Hall, registration_id: str) -> list[InterestFinding]:
    wanted = select(InterestFinding).where(InterestFinding.registration_id == registration_id)
    return hall.house.read(lambda session: list(session.scalars(wanted.order_by(InterestFinding.hit_key))))


def alerts(hall: Hall, registration_id: str) -> list[Alert]:
    wanted = select(Alert).where(Alert.registration_id == registration_id).order_by(Alert.id)
    return hall.house.read(lambda session: list(session.scalars(wanted)))


def regulators(hall: Hall) -> tuple[Actor, Actor]:
    return hall.house.perform(
        lambda unit: (make.an_account(unit, "regulator").actor, make.an_account(unit, "regulator").actor)
    )


# Companies at the door


def test_a_company_nobody_knows_waits_and_one_that_is_known_does_not(hall: Hall, bring: Importer) -> None:
    auction_id = an_announced(hall)
    unknown, _ = a_company(hall)
    waiting = apply(hall, auction_id, unknown)
    assert (waiting.status, waiting.hold) == ("awaiting_court", "identity_unmatchable")
    known, code = a_company(hall)
    bring("control", f"{code},某公司,{make.a_resident_id()},shareholder,1,2020-01-01,")
    admitted = apply(hall, auction_id, known)
    assert (admitted.status, admitted.hold) == ("awaiting_deposit", None)
    assert findings(hall, admitted.id) == [] and alerts(hall, admitted.id) == []


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([("firm", "judge", "shareholder", "0.51")], "holdings"),
        ([("firm", "child", "shareholder", "0.3"), ("firm", "judge", "shareholder", "0.3")], "holdings"),
        ([("firm", "child", "legal_representative", "")], "legal_representative"),
        ([("firm", "over", "shareholder", "0.6"), ("over", "child", "actual_controller", "")], "holdings"),
    ],
    ids=["staff", "together", "represented", "chain"],
)
def test_a_controlled_company_is_refused_kept_and_to_be_reviewed_in_a_day(
    hall: Hall, bring: Importer, rows: list[tuple[str, str, str, str]], rule: str
) -> None:
    auction_id = an_announced(hall)
    account, firm = a_company(hall)
    people = {"firm": firm, "over": make.a_uscc(), "judge": make.a_resident_id(), "child": make.a_resident_id()}
    bring("staff", judge(people["judge"]))
    bring("relatives", f"{people['judge']},司法明,{people['child']},child")
    bring("control", *(f"{people[a]},某公司,{people[b]},{role},{share},2020-01-01," for a, b, role, share in rows))
    refused = apply(hall, auction_id, account)
    assert (refused.status, refused.refusal, refused.hold) == ("refused", "barred_interest", None)
    (finding,) = findings(hall, refused.id)
    assert (finding.ground, finding.hit["relation"]) == ("controlled_company", rule)
    assert finding.review_due_at is not None and finding.review_due_at.isoformat() == "2026-03-03T15:59:59+00:00"
    (alert,) = alerts(hall, refused.id)
    assert (alert.kind, alert.reasons[0]["facts"]) == ("controlled_company", {"ways": rule, "due_on": "2026-03-03"})


def test_a_director_and_a_minor_holding_are_told_and_admitted(hall: Hall, bring: Importer) -> None:
    auction_id = an_announced(hall)
    account, firm = a_company(hall)
    one, other, third = (make.a_resident_id() for _ in range(3))
    bring("staff", judge(one), judge(other), judge(third))
    bring(
        "control",
        f"{firm},某公司,{one},director,,2020-01-01,",
        f"{firm},某公司,{other},shareholder,0.1,2020-01-01,",
        f"{firm},某公司,{third},shareholder,,2020-01-01,",
    )
    admitted = apply(hall, auction_id, account)
    assert (admitted.status, findings(hall, admitted.id)) == ("awaiting_deposit", [])
    (alert,) = [alert for alert in alerts(hall, admitted.id) if alert.kind == "company_interest"]
    assert {reason["code"]: reason["facts"]["count"] for reason in alert.reasons} == {
        "company_director": 1,
        "company_minor_holding": 1,
        "company_unknown_share": 1,
    }


@pytest.mark.parametrize("part", ["principal", "joint"])
def test_everybody_behind_a_registration_is_checked(hall: Hall, bring: Importer, part: str) -> None:
    auction_id = an_announced(hall)
    firm, owner = make.a_uscc(), make.a_resident_id()
    bring("staff", judge(owner))
    bring("control", f"{firm},某公司,{owner},actual_controller,,2020-01-01,")
    account = hall.house.perform(lambda unit: make.a_bidder(unit))
    principal = PrincipalFacts("某公司", "uscc", firm, "0.5" if part == "joint" else None)
    refused = apply(hall, auction_id, account, principal, capacity="joint" if part == "joint" else "agent")
    assert (refused.status, refused.refusal) == ("refused", "barred_interest")


def test_a_namesake_born_the_same_day_waits_and_the_registered_person_is_judged_by_the_number(
    hall: Hall, bring: Importer
) -> None:
    auction_id = an_announced(hall)
    number, other = make.a_resident_id(411), make.a_resident_id(412)
    bring("staff", judge(number, "欧阳·守密"))
    namesake = hall.house.perform(lambda unit: make.a_bidder(unit, name="欧阳守密", id_number=other))
    held = apply(hall, auction_id, namesake)
    assert (held.status, held.hold) == ("awaiting_court", "identity_review")
    himself = hall.house.perform(lambda unit: make.a_bidder(unit, name="欧阳守密", id_number=number))
    assert apply(hall, auction_id, himself).status == "refused"


# Who pays


def paid_by(hall: Hall, registration: Registration, name: str, number: str) -> Payment:
    """The deposit, asked for and paid by somebody."""

    def ask(unit: Unit) -> Payment:
        return request_deposit(unit, unit.session.get_one(Registration, registration.id), account="模拟账户 1")

    payment = hall.house.perform(ask)
    notice = PaymentNotice(f"{payment.id}-1", payment.id, "paid", payment.amount_fen, name, number)
    return hall.house.perform(receive_notice, notice, on_deposit=deposit_confirmed)


def test_a_barred_person_pays_for_nobody(hall: Hall, bring: Importer) -> None:
    """Who is behind the registration may pay, and is checked with it; anybody else's money goes back (OJA 17(2))."""
    auction_id = an_announced(hall)
    number = make.a_resident_id()
    bring("staff", judge(number))
    friend = hall.house.perform(lambda unit: make.a_bidder(unit, name="张三"))
    admitted = apply(hall, auction_id, friend)
    payment = paid_by(hall, admitted, "司法明", number)
    assert (payment.status, payment.refund_fen) == ("wrong_payer", payment.amount_fen)
    waiting = hall.house.read(lambda session: session.get_one(Registration, admitted.id))
    assert (waiting.status, waiting.bidder_code) == ("awaiting_deposit", None)
    joint = PrincipalFacts("司法明", "resident_id", number, "0.5")
    beside = hall.house.perform(lambda unit: make.a_bidder(unit, name="李四"))
    assert apply(hall, auction_id, beside, joint, capacity="joint").refusal == "barred_interest"


def test_a_payer_barred_since_he_registered_gets_his_money_back_and_no_code(hall: Hall, bring: Importer) -> None:
    auction_id = an_announced(hall)
    number = make.a_resident_id()
    account = hall.house.perform(lambda unit: make.a_bidder(unit, name="张三", id_number=number))
    registration = apply(hall, auction_id, account)
    assert registration.status == "awaiting_deposit"
    bring("staff", judge(number))
    payment = paid_by(hall, registration, "张三", number)
    assert (payment.status, payment.refund_fen) == ("refunding", payment.amount_fen)
    kept = hall.house.read(lambda session: session.get_one(Registration, registration.id))
    assert (kept.status, kept.refusal, kept.bidder_code) == ("refused", "barred_interest", None)
    assert [one.ground for one in findings(hall, registration.id)] == ["staff"]


# A change of the registry


def test_an_import_flags_bids_made_before_in_its_own_transaction(hall: Hall, bring: Importer) -> None:
    auction_id = hall.auction()
    ann, bo = hall.bidders(auction_id, None, None)
    assert hall.bid(ann, RESERVE).outcome == "accepted"
    before = hall.row(auction_id)
    heard = len(hall.heard)
    version = bring("staff", judge(ann.id_number), judge(bo.id_number))
    assert (hall.registration(ann).barred, hall.registration(ann).cleared_version) == ("barred_interest", version)
    assert hall.registration(bo).barred is None  # who has not bid meets the bar at his own next step
    assert [alert.kind for alert in alerts(hall, ann.registration_id)] == ["barred_bidder_had_bid"]
    assert [message.topic for message in hall.heard[heard:]] == ["alert"]
    assert hall.kinds(auction_id).count("InterestHitFound") == 1
    after = hall.row(auction_id)
    assert (after.leader_code, after.price_fen, after.version) == (before.leader_code, before.price_fen, before.version)
    bring("staff", judge(make.a_resident_id()))  # another version: told once
    assert hall.bid(ann, RESERVE + STEP, raise_own=True).code == "barred_interest"
    assert hall.bid(bo, RESERVE + STEP).code == "barred_interest"
    assert len(alerts(hall, ann.registration_id)) == 1
    assert hall.kinds(auction_id).count("InterestHitFound") == 2


def test_a_refused_bid_of_a_company_barred_through_control_names_the_practice_and_no_other_does(
    hall: Hall, bring: Importer
) -> None:
    auction_id, firm, owner = hall.auction(), make.a_uscc(), make.a_resident_id()
    (ann,) = hall.bidders(auction_id, None)

    def enter(unit: Unit) -> tuple[str, str]:
        company = make.a_bidder(unit, id_type="uscc", id_number=firm)
        made = make.a_registration(unit, unit.session.get_one(Auction, auction_id), company, status="qualified")
        make.a_paid_deposit(unit, made)
        return company.id, made.id

    company = Bidder(auction_id, *hall.house.perform(enter), None, firm)
    bring("staff", judge(owner), judge(ann.id_number))
    bring("control", f"{firm},某公司,{owner},shareholder,0.6,2020-01-01,")
    for bidder, why in ((company, {"reason": "controlled_company"}), (ann, {})):
        offer = hall.offer(bidder, RESERVE)
        (first,) = hall.place(offer)
        assert (first.code, first.why) == ("barred_interest", why)
        assert hall.place(offer) == [first]
    bring("staff", judge(make.a_resident_id()), f"court,3201,某公司,{owner},院长,2020-01-01,")
    assert hall.bid(company, RESERVE + STEP).why == {"reason": "controlled_company"}


def test_a_version_that_cannot_be_flagged_does_not_come_into_force(
    hall: Hall, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    assert hall.bid(ann, RESERVE).outcome == "accepted"

    def fails(*args: Any, **kwargs: Any) -> None:
        raise OSError("no alert can be kept")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no alert"):
        patch.setattr("bidding.services.findings.raise_alert", fails)
        bring("staff", judge(ann.id_number))
    assert hall.registration(ann).barred is None
    assert hall.bid(ann, RESERVE + STEP, raise_own=True).outcome == "accepted"


def test_a_task_given_to_an_agency_flags_its_earlier_bid_at_once(hall: Hall) -> None:
    auction_id = hall.auction()
    code = make.a_uscc()

    def enter(unit: Unit) -> tuple[str, str]:
        auction = unit.session.get_one(Auction, auction_id)
        unit.session.add(Agency(uscc=code, name="某评估公司"))
        bidder = make.a_bidder(unit, id_type="uscc", id_number=code)
        registration = make.a_registration(unit, auction, bidder, status="qualified")
        make.a_paid_deposit(unit, registration)
        return bidder.id, registration.id

    account_id, registration_id = hall.house.perform(enter)
    bidder = Bidder(auction_id, account_id, registration_id, None, code)
    assert hall.bid(bidder, RESERVE).outcome == "accepted"

    def give(unit: Unit) -> None:
        auction = unit.session.get_one(Auction, auction_id)
        clerk = make.an_account(unit, "clerk").actor
        give_task(unit, clerk, auction.lot_id, agency=code, kind="viewing", due_at=unit.now + timedelta(days=1))

    hall.house.perform(give)
    assert hall.registration(bidder).barred == "barred_interest"
    assert [alert.kind for alert in alerts(hall, registration_id)] == ["barred_bidder_had_bid"]


# Lifting, and the end


def lift(hall: Hall, bidder_id: str, auction_id: str, key: str) -> Approval:
    one, other = regulators(hall)
    lot_id = hall.row(auction_id).lot_id
    approval = hall.house.perform(lifting.propose_lifting, one, bidder_id, lot_id, hit=key, reason="登记有误")
    answer: dict[str, Any] = {"approve": True, "reason": "核对无误", "acts": ACTS}
    assert refused_with(hall.house.perform, vote, one, approval.id, **answer) == "four_eyes"
    return hall.house.perform(vote, other, approval.id, **answer)


def test_two_regulators_lift_one_hit_and_only_that(hall: Hall, bring: Importer) -> None:
    auction_id, elsewhere = an_announced(hall), an_announced(hall)
    number = make.a_resident_id()
    bring("staff", judge(number))
    account = hall.house.perform(lambda unit: make.a_bidder(unit, id_number=number))
    refused = apply(hall, auction_id, account)
    (finding,) = findings(hall, refused.id)
    approval = lift(hall, account.id, auction_id, finding.hit_key)
    assert approval.status == "approved"
    assert apply(hall, auction_id, account).status == "awaiting_deposit"
    assert apply(hall, elsewhere, account).status == "refused"  # another lot is another hit
    again = regulators(hall)[0]
    lot_id = hall.row(auction_id).lot_id
    what = {"hit": finding.hit_key, "reason": "再次"}
    assert refused_with(hall.house.perform, lifting.propose_lifting, again, account.id, lot_id, **what) == "wrong_state"


def test_a_new_way_bars_although_an_older_one_was_lifted(hall: Hall, bring: Importer) -> None:
    auction_id = an_announced(hall)
    number = make.a_resident_id()
    bring("staff", judge(number))
    account = hall.house.perform(lambda unit: make.a_bidder(unit, id_number=number))
    (finding,) = findings(hall, apply(hall, auction_id, account).id)
    lift(hall, account.id, auction_id, finding.hit_key)
    bring("staff", f"provider,PLATFORM,司法明,{number},工程师,2020-01-01,")
    barred = apply(hall, auction_id, account)
    assert [one.hit["body_type"] for one in findings(hall, barred.id)] == ["provider"]


def looked_up(hall: Hall, account: Account, auction_id: str) -> dict[str, Any]:
    """What a regulator is told of the only registration of an account that is not admitted."""
    lot_id = hall.row(auction_id).lot_id
    found: Any = hall.house.perform(lifting.look_up_conflicts, regulators(hall)[0], account.id, lot_id, "复核")
    registration: dict[str, Any] = found["registrations"][0]
    return registration


def test_a_lifting_says_whom_else_it_frees_and_waits_where_it_would_free_more(hall: Hall, bring: Importer) -> None:
    """A company held barred by another official as well is not freed; a stake that does not control is nothing."""
    auction_id = an_announced(hall)
    lot_id = hall.row(auction_id).lot_id
    number, other = make.a_resident_id(), make.a_resident_id()
    company, firm = a_company(hall)
    both, minor = make.a_uscc(), make.a_uscc()
    bring("staff", judge(number), judge(other, "司法清"))
    bring(
        "control",
        f"{firm},只此公司,{number},actual_controller,,2020-01-01,",
        f"{both},两人公司,{number},actual_controller,,2020-01-01,",
        f"{both},两人公司,{other},legal_representative,,2020-01-01,",
        f"{minor},小股公司,{number},shareholder,0.2,2020-01-01,",
    )
    account = hall.house.perform(lambda unit: make.a_bidder(unit, id_number=number))
    (finding,) = findings(hall, apply(hall, auction_id, account).id)
    (hit,) = looked_up(hall, account, auction_id)["hits"]
    assert (hit["frees"]["bidders"], hit["frees"]["companies"]) == ([], ["只此公司"])
    one, two = regulators(hall)
    asked: dict[str, Any] = {"hit": finding.hit_key, "reason": "登记有误"}
    answer: dict[str, Any] = {"approve": True, "reason": "核对无误", "acts": ACTS}
    early = hall.house.perform(lifting.propose_lifting, one, account.id, lot_id, **asked)
    assert (early.proposal["also_frees"], early.proposal["further_companies"]) == ([], 1)
    refused = apply(hall, auction_id, company)
    assert refused.refusal == "barred_interest"
    with pytest.raises(DomainError) as caught:
        hall.house.perform(vote, two, early.id, **answer)
    assert (caught.value.code, caught.value.facts) == ("wrong_state", {"reason": "frees_more"})
    assert apply(hall, auction_id, account).status == "refused"  # nothing was lifted
    hall.house.perform(vote, two, early.id, **(answer | {"approve": False}))
    again = hall.house.perform(lifting.propose_lifting, one, account.id, lot_id, **asked)
    assert (again.proposal["also_frees"], again.proposal["further_companies"]) == ([company.id], 0)
    (hit,) = looked_up(hall, account, auction_id)["hits"]
    assert (hit["frees"]["bidders"], hit["frees"]["companies"]) == ([company.id], [])
    hall.house.perform(vote, two, again.id, **answer)
    assert apply(hall, auction_id, account).status == "awaiting_deposit"
    assert apply(hall, auction_id, company).status == "awaiting_deposit"


def test_one_request_for_a_review_waits_at_a_time_and_its_answer_is_told(hall: Hall, bring: Importer) -> None:
    auction_id = an_announced(hall)
    number = make.a_resident_id()
    bring("staff", judge(number))
    account = hall.house.perform(lambda unit: make.a_bidder(unit, id_number=number))
    refused = apply(hall, auction_id, account)
    actor, regulator = account.actor, regulators(hall)[0]

    def states() -> list[tuple[str, Any]]:
        found = hall.house.read(reviews_of, refused.id)
        return [(asked.state, asked.answered_at) for asked in found]

    first = hall.house.perform(lifting.ask_review, actor, refused.id, "登记有误")
    assert refused_with(hall.house.perform, lifting.ask_review, actor, refused.id, "再说一次") == "review_open"
    assert states() == [("open", None)]
    (alert,) = [one for one in alerts(hall, refused.id) if one.key == review_alert(first.id)]
    hall.clock.advance(hours=1)
    hall.house.perform(resolve_alert, regulator, alert.id, outcome="unfounded", reason="核对无误")
    closed_at = hall.clock.moment
    assert states() == [("closed", closed_at)]
    hall.clock.advance(hours=1)
    hall.house.perform(lifting.ask_review, actor, refused.id, "另附证明")
    assert states() == [("closed", closed_at), ("open", None)]
    hall.clock.advance(hours=1)
    (finding,) = findings(hall, refused.id)
    lift(hall, account.id, auction_id, finding.hit_key)
    assert states() == [("lifted", hall.clock.moment)] * 2
    others = hall.house.perform(lambda unit: make.a_bidder(unit))
    admitted = apply(hall, auction_id, others)
    assert refused_with(hall.house.perform, lifting.ask_review, others.actor, admitted.id, "无事") == "wrong_state"


def test_nobody_of_the_enforcing_court_lifts_or_looks_up(hall: Hall) -> None:
    auction_id = an_announced(hall)
    lot_id = hall.row(auction_id).lot_id
    for role in ("judge", "clerk", "president", "operator", "bidder"):
        actor = Actor("a", role, "", court_code="3201")
        assert (
            refused_with(hall.house.perform, lifting.propose_lifting, actor, "b", lot_id, hit="h", reason="r")
            == "forbidden"
        )
        assert refused_with(hall.house.perform, lifting.look_up_conflicts, actor, "b", lot_id, "why") == "forbidden"


def a_held_sale(hall: Hall, bring: Importer) -> tuple[str, Bidder, Bidder, list[Actor]]:
    """A sale whose winner turned out barred at the close; its winner, a loser, the judges of its panel."""
    auction_id = hall.auction()

    def seat(unit: Unit) -> list[Actor]:
        judges = [make.an_account(unit, "judge") for _ in range(3)]
        unit.session.add_all(
            PanelMember(auction_id=auction_id, account_id=one.id, position=n) for n, one in enumerate(judges)
        )
        return [one.actor for one in judges]

    panel = hall.house.perform(seat)
    ann, bo = hall.bidders(auction_id, None, None)
    assert hall.bid(bo, RESERVE).outcome == hall.bid(ann, RESERVE + STEP).outcome == "accepted"
    bring("staff", judge(ann.id_number))
    hall.clock.moment = hall.row(auction_id).closes_at
    hall.clock.advance(seconds=2)
    assert hall.house.perform(close, auction_id) == "suspended"
    assert (hall.row(auction_id).suspension or {})["cause"] == "winner_barred"
    assert (hall.registration(bo).status, hall.registration(ann).status) == ("released", "qualified")
    return auction_id, ann, bo, panel


def test_a_held_sale_is_not_withdrawn_and_a_lifted_hit_sells_it_from_that_day(hall: Hall, bring: Importer) -> None:
    auction_id, ann, _, panel = a_held_sale(hall, bring)
    assert refused_with(hall.house.perform, withdraw, panel[0], auction_id, ground="other", reason="r") == "wrong_state"
    hall.clock.advance(days=3)
    (finding,) = findings(hall, ann.registration_id)
    lift(hall, ann.account_id, auction_id, finding.hit_key)
    sold = hall.row(auction_id)
    assert (sold.status, sold.suspension, sold.settlement) == ("sold", None, "balance_due")
    confirmation = hall.house.read(lambda session: session.get_one(Confirmation, auction_id))
    assert confirmation.at == hall.clock.moment
    assert sold.balance_due_at is not None and (sold.balance_due_at - hall.clock.moment).days >= sold.balance_days - 1
    assert hall.kinds(auction_id)[-2:] == ["AuctionClosed", "SaleConfirmed"]


@pytest.mark.parametrize("knowingly", [False, True])
def test_a_hit_that_stands_revokes_the_sale_by_its_panel(hall: Hall, bring: Importer, knowingly: bool) -> None:
    auction_id, ann, bo, panel = a_held_sale(hall, bring)
    propose: Any = revocation.propose_revocation
    stranger = hall.house.perform(lambda unit: make.an_account(unit, "judge").actor)
    assert refused_with(hall.house.perform, propose, stranger, auction_id, ground="winner_barred") == "forbidden"
    assert refused_with(hall.house.perform, propose, panel[0], auction_id, ground="other") == "invalid"
    how = {"knowingly_false": True, "reason": "当庭承认"} if knowingly else {}
    if knowingly:
        assert (
            refused_with(
                hall.house.perform, propose, panel[0], auction_id, ground="winner_barred", knowingly_false=True
            )
            == "invalid"
        )
    approval = hall.house.perform(propose, panel[0], auction_id, ground="winner_barred", **how)
    assert approval.needs == [{"role": "judge", "count": 1, "among": sorted(one.id for one in panel), "panel": 3}]
    assert (
        refused_with(hall.house.perform, vote, stranger, approval.id, approve=True, reason="r", acts=ACTS)
        == "forbidden"
    )
    hall.house.perform(vote, panel[1], approval.id, approve=True, reason="同意", acts=ACTS)
    revoked = hall.row(auction_id)
    assert (revoked.status, revoked.suspension, revoked.leader_code) == ("revoked", None, ann.code)
    state = hall.house.read(lambda session: deposit_of(session, ann.registration_id).state.value)
    assert (hall.registration(ann).status, state) == (
        ("forfeited", "forfeited") if knowingly else ("released", "refund_due")
    )
    assert hall.registration(bo).status == "released"  # the second bidder never steps in
    draft = hall.house.perform(relist, panel[0], auction_id, reason="revoked")
    assert (draft.round, draft.resale_of) == ("first", auction_id)


def test_a_sale_that_is_not_held_is_not_revoked(hall: Hall) -> None:
    auction_id = hall.auction()
    judge_of = hall.house.perform(lambda unit: make.an_account(unit, "judge").actor)
    code = refused_with(hall.house.perform, revocation.propose_revocation, judge_of, auction_id, ground="winner_barred")
    assert code == "wrong_state"

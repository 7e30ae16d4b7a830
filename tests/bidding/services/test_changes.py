"""A material change after the announcement: the panel's choice, lapsed bids, who may leave, what auditors see."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer

from auction.kernel.clock import FixedClock, iso, parse
from auction.kernel.errors import DomainError
from auction.kernel.events import RoomEvent
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Approval, Auction, LetterTemplate
from auction.rules.access import Actor
from auction.services.approvals import vote
from bidding.evidence import export
from bidding.models import Bid, Registration
from bidding.queries.auctions import bids_since
from bidding.queries.audit import contradictions, verify_all
from bidding.queries.editions import editions
from bidding.services import changes, life, registration
from bidding.services.approved import ACTS
from bidding.services.bids import BidOffer, place_bids
from bidding.services.closing import close
from bidding.services.life import CHANGING
from disclosure.models import DraftedItem, FormerAnnouncement, SheetItem, SheetVersion
from disclosure.queries.sheets import court_words
from disclosure.rules.wording import moment
from disclosure.services.letters import keep_court_words
from risk.models import Alert
from tests.bidding.sale import false_evidence, tell_registration
from tests.disclosure.court import CourtDesk, called, example_of
from tests.factories import a_bidder, a_paid_deposit, a_registration
from tools import fapai_verify

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
RESERVE, STEP = 140_000_000, 500_000
LEAKS = {"state": "found", "statement": "屋面渗漏，已拍照。"}
LET = {"state": "found", "statement": "出租给示例乙。"}


class Bench(CourtDesk):
    """The court's desk with an announced sale, and people who bid in it."""

    def draft_change(self, code: str, **changed: Any) -> None:
        payload = example_of(code, self.asset_type) | changed
        self.house.perform(changes.draft_item, self.judge, self.auction_id, code, payload)

    def propose(self, choice: str = "supplement", **more: Any) -> Approval:
        said = {"choice": choice, "reason": "发现渗漏", **more}
        return self.house.perform(changes.propose_change, self.judge, self.auction_id, **said)

    def approve(self, proposal: Approval, number: int = 1, approve: bool = True) -> Approval:
        how = {"approve": approve, "reason": "评议一致", "acts": ACTS}
        return self.house.perform(vote, self.panel[number], proposal.id, **how)

    def enrol(self) -> tuple[Actor, str]:
        def story(unit: Unit) -> tuple[Actor, str]:
            account = a_bidder(unit)
            registered = a_registration(unit, unit.session.get_one(Auction, self.auction_id), account)
            registered.status, registered.bidder_code = "qualified", unit.ids.bidder_code(())
            tell_registration(unit, registered, a_paid_deposit(unit, registered))
            return Actor(account.id, "bidder", "竞买人", person_id=account.person_id), registered.id

        return self.house.perform(story)

    def bid(self, actor: Actor, fen: int) -> str | None:
        self.clock.advance(seconds=1)
        offer = BidOffer(self.auction_id, actor.id, fen, f"k{self.clock.moment}", self.clock.moment)
        return self.house.perform(place_bids, [offer])[0].code

    def registered(self, registration_id: str) -> Registration:
        return self.house.read(lambda session: session.get_one(Registration, registration_id))

    def told(self, kind: str) -> list[RoomEvent]:
        rows = select(RoomEvent).where(RoomEvent.auction_id == self.auction_id, RoomEvent.type == kind)
        return self.house.read(lambda session: list(session.scalars(rows)))

    def journaled(self) -> list[str]:
        rows = select(JournalRow.kind).where(JournalRow.stream == f"auction:{self.auction_id}")
        return self.house.read(lambda session: list(session.scalars(rows.order_by(JournalRow.number))))


@pytest.fixture
def bench(house: House, clock: FixedClock, tmp_path: Path) -> Iterator[Bench]:
    """An announced sale, of which the evidence holds in the end."""
    made = Bench(house, clock)
    made.ready()
    made.publish()
    yield made
    assert false_evidence(house, tmp_path / "in the end", made.auction_id) == []


@pytest.fixture
def running(bench: Bench) -> Bench:
    bench.clock.moment = bench.auction().opens_at + timedelta(hours=1)
    bench.house.perform(life.open_due, bench.auction_id)
    return bench


def refuses(code: str, act: Callable[..., Any], *args: Any, **kwargs: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        act(*args, **kwargs)
    assert caught.value.code == code, caught.value
    return caught.value


def breaches(error: DomainError) -> list[tuple[str | None, str]]:
    return [(breach.field, breach.code) for breach in error.errors]


def test_a_draft_changes_nothing_public_and_a_majority_of_the_panel_publishes_it(bench: Bench) -> None:
    before = bench.auction()
    bench.draft_change("defects", **LEAKS)
    assert (bench.auction().seal, bench.lot().sheet_version) == (before.seal, 1)
    assert bench.house.read(lambda s: s.get_one(SheetItem, (bench.lot_id, "defects"))).statement != LEAKS["statement"]
    proposal = bench.propose()
    assert (proposal.status, proposal.needs[0]["count"], bench.auction().seal) == ("pending", 1, before.seal)
    assert refuses("four_eyes", bench.approve, proposal, 0)
    assert bench.approve(proposal, 2, approve=False).status == "pending"  # one of three ends nothing
    assert bench.approve(proposal).status == "approved"
    after = bench.auction()
    assert (after.seal != before.seal, after.status, after.opens_at) == (True, "announced", before.opens_at)
    assert bench.house.read(lambda s: s.get_one(SheetVersion, (bench.lot_id, 2))).material is True
    assert bench.house.read(lambda s: s.scalars(select(DraftedItem)).all()) == []
    [event] = bench.told("disclosure")
    assert (event.data["material"], event.data["items"], "lapsed_seq" in event.data) == (True, ["defects"], False)
    assert bench.journaled()[-2:] == ["SheetChanged", "AnnouncementRewritten"]


def test_a_change_for_the_worse_of_what_is_occupied_or_let_leaves_only_the_withdrawal(bench: Bench) -> None:
    bench.draft_change("possession", statement="示例乙占有。", data={"occupied": True, "occupant": "示例乙"})
    assert ("choice", "only_withdrawal") in breaches(refuses("invalid", bench.propose))
    bench.approve(bench.propose("withdrawal"))
    gone = bench.auction()
    assert (gone.status, gone.ended_reason) == ("withdrawn", "material_change")
    assert bench.house.read(lambda s: s.get_one(SheetItem, (bench.lot_id, "possession"))).statement == "示例乙占有。"
    assert bench.lot().sheet_version == 1  # the new sheet is sealed when it is announced


def test_what_is_decided_on_is_exactly_what_was_read(bench: Bench) -> None:
    refuses("wrong_state", bench.propose)
    bench.draft_change("court_contact", **called("court_contact"))
    assert breaches(refuses("invalid", bench.propose)) == [("items", "nothing_material")]
    bench.draft_change("defects", **LEAKS)
    proposal = bench.propose()
    refuses("already_proposed", bench.propose)
    bench.draft_change("defects", state="found", statement="屋面和外墙渗漏。")
    assert refuses("wrong_state", bench.approve, proposal).facts["status"] == "lapsed"
    stranger, asked = Actor("x", "judge", "外人", court_code="3201"), {"choice": "supplement", "reason": "r"}
    refuses("forbidden", bench.house.perform, changes.propose_change, stranger, bench.auction_id, **asked)
    proposal = bench.propose()
    new_hours = {**example_of("court_contact")["data"], "hours": "周五"}
    bench.put("court_contact", data=new_hours)  # published at once: the sheet in force is another
    assert refuses("wrong_state", bench.approve, proposal).facts["reason"] == "draft_changed"
    assert [bench.approve(proposal, n, approve=False).status for n in (1, 2)] == ["pending", "rejected"]
    assert bench.told("disclosure")[-1].data["items"] == ["court_contact"]


def test_an_item_that_says_again_what_is_published_is_no_change(bench: Bench) -> None:
    bench.draft_change("defects", **LEAKS)
    bench.draft_change("defects")
    assert refuses("wrong_state", bench.propose).facts["reason"] == "nothing_drafted"


def test_before_the_opening_five_full_days_or_the_opening_is_put_off_by_the_same_decision(bench: Bench) -> None:
    opens = bench.auction().opens_at
    bench.clock.moment = opens - 5 * DAY
    bench.draft_change("defects", **LEAKS)
    error = refuses("invalid", bench.propose)
    assert breaches(error) == [("opens_at", "supplement_too_short")]
    later = opens + 3 * DAY
    assert parse(error.errors[0].facts["earliest"]) <= later
    bench.approve(bench.propose(opens_at=later))
    put_off = bench.auction()
    assert (put_off.opens_at, put_off.closes_at - put_off.opens_at) == (later, DAY)
    assert put_off.scheduled_closes_at == put_off.closes_at
    assert bench.told("status")[-1].data["opens_at"] == iso(later)
    assert bench.journaled()[-3:] == ["SheetChanged", "OpeningPutOff", "AnnouncementRewritten"]
    first, second = bench.house.read(editions, bench.auction_id)
    said = {one["code"]: one["zh"] for one in second.document["special_notices"]}
    assert moment(later).zh in said["agency"] and LEAKS["statement"] in said["defects"]
    assert moment(opens).zh in str(first.document) and LEAKS["statement"] not in str(first.document)


def test_every_change_of_the_sheet_is_followed_by_the_texts_and_no_former_one_is_invented(
    bench: Bench, tmp_path: Path
) -> None:
    bench.put("viewing", **called("viewing"))
    phone = called("viewing")["data"]["phone"]
    bench.draft_change("defects", **LEAKS)
    bench.clock.advance(seconds=1)
    bench.approve(bench.propose())
    told = bench.house.read(editions, bench.auction_id)
    assert [one.number for one in told] == [1, 2, 3]
    assert all(one.replaced_at == after.written_at for one, after in pairwise(told))
    assert phone in str(told[1].document) and phone not in str(told[0].document)
    assert all(bench.auction().seal not in str(one.document) for one in told[:2])

    def invent(unit: Unit) -> None:
        now = unit.now
        row = {"edition": 3, "sheet_version": 3, "document": told[0].document, "written_at": now, "replaced_at": now}
        unit.session.add(FormerAnnouncement(auction_id=bench.auction_id, **row))
        unit.session.flush()
        assert contradictions(unit.session, bench.auction_id).failed
        raise RuntimeError

    with pytest.raises(RuntimeError):
        bench.house.perform(invent)


def test_in_a_running_sale_bids_lapse_and_bidding_starts_again_at_the_reserve(running: Bench, tmp_path: Path) -> None:
    (ann, _), (bob, bobs) = running.enrol(), running.enrol()
    assert [running.bid(ann, RESERVE), running.bid(bob, RESERVE + 6 * STEP)] == [None, None]
    running.draft_change("defects", **LEAKS)
    refuses("wrong_state", running.propose, opens_at=running.auction().opens_at + 9 * DAY)
    running.approve(running.propose())
    stopped = running.auction()
    assert (stopped.status, stopped.price_fen, stopped.leader_code, stopped.bid_count) == ("suspended", None, None, 2)
    assert stopped.suspension is not None
    until = parse(stopped.suspension["not_before"])
    assert (stopped.lapsed_seq, stopped.suspension["cause"]) == (2, "disclosure_change")
    shown = running.house.read(bids_since, running.auction_id)["items"]
    assert [(bid["seq"], bid.get("lapsed")) for bid in shown] == [(1, True), (2, True)]
    assert running.told("disclosure")[-1].data["lapsed_seq"] == 2
    again = {"closes_at": until + 5 * DAY, "reason": "补充公示期满"}
    running.clock.moment = until - SECOND
    refuses("supplement_running", running.house.perform, life.resume, running.judge, running.auction_id, **again)
    running.clock.moment = until
    running.house.perform(life.resume, running.judge, running.auction_id, **again)
    assert running.bid(bob, RESERVE) == "stale_disclosure"
    running.house.perform(registration.acknowledge, bob, bobs, stopped.seal)
    assert running.bid(bob, RESERVE - STEP) == "below_reserve"
    assert running.bid(bob, RESERVE) is None
    assert running.journaled().count("BidsLapsed") == 1
    running.clock.moment = until + 5 * DAY + 2 * SECOND
    assert running.house.perform(close, running.auction_id, settled=True) == "sold"
    sold = running.auction()
    assert (sold.price_fen, sold.bid_count, sold.lapsed_seq) == (RESERVE, 3, 2)
    rows = running.house.read(lambda s: s.scalars(select(Bid).where(Bid.seq.is_not(None)).order_by(Bid.seq)).all())
    assert [bid.seq for bid in rows] == [1, 2, 3]
    audited(running, tmp_path)


def audited(bench: Bench, folder: Path, lapsed: int = 2) -> None:
    """The house's own audit and the outsider's verifier find the same in order, and notice what is altered."""
    report = bench.house.read(lambda session: verify_all(session, bench.house.vault.public_key))
    assert report.failed == 0, report.failures
    export(bench.house, folder / "evidence", bench.auction_id)
    assert fapai_verify.main([str(folder / "evidence"), "--key", str(folder / "evidence" / "key.pem")]) == 0

    def forge(unit: Unit, lapsed_seq: int) -> None:
        unit.session.get_one(Auction, bench.auction_id).lapsed_seq = lapsed_seq

    bench.house.perform(forge, lapsed - 1)
    assert bench.house.read(lambda session: verify_all(session, bench.house.vault.public_key)).failed
    export(bench.house, folder / "forged", bench.auction_id, anyway=True)
    assert fapai_verify.main([str(folder / "forged"), "--key", str(folder / "forged" / "key.pem")]) == 1
    bench.house.perform(forge, lapsed)


def test_a_sale_whose_bids_all_lapsed_ends_unsold(running: Bench) -> None:
    ann, _ = running.enrol()
    assert running.bid(ann, RESERVE) is None
    running.draft_change("defects", **LEAKS)
    running.approve(running.propose())
    suspension = running.auction().suspension
    assert suspension is not None
    running.clock.moment = parse(suspension["not_before"])
    end = running.clock.moment + 2 * DAY
    running.house.perform(life.resume, running.judge, running.auction_id, closes_at=end, reason="期满")
    running.clock.moment = end + 2 * SECOND
    assert running.house.perform(close, running.auction_id, settled=True) == "unsold"


def test_after_a_material_change_whoever_has_no_standing_bid_may_leave_with_all_his_money(running: Bench) -> None:
    (ann, anns), (bob, bobs) = running.enrol(), running.enrol()
    running.clock.advance(seconds=1)
    assert running.bid(ann, RESERVE) is None
    refuses("wrong_state", running.house.perform, registration.leave, bob, bobs)
    running.draft_change("defects", **LEAKS)
    running.approve(running.propose())
    for actor, registration_id in ((ann, anns), (bob, bobs)):
        running.house.perform(registration.leave, actor, registration_id)
        left = running.registered(registration_id)
        assert (left.status, left.refusal) == ("released", None)
        assert left.release_due_at == running.clock.moment + DAY


def test_a_change_while_a_sale_is_stopped_already_keeps_the_reason_and_makes_it_wait(running: Bench) -> None:
    running.house.perform(life.suspend, running.judge, running.auction_id, kind="stay", reason="申请执行人同意延期")
    running.draft_change("defects", **LEAKS)
    running.approve(running.propose())
    suspension = running.auction().suspension
    assert suspension is not None
    assert (suspension["reason"], suspension["cause"]) == ("申请执行人同意延期", None)
    assert parse(suspension["not_before"]) > running.clock.moment + 5 * DAY


def test_after_the_end_nothing_is_changed_any_more(running: Bench) -> None:
    running.draft_change("defects", **LEAKS)
    running.clock.moment = running.auction().closes_at
    refuses("wrong_state", running.propose)
    assert running.told("disclosure") == []


def test_from_the_proposal_on_a_running_sale_stands_still_and_ends_on_no_old_sheet(
    running: Bench, tmp_path: Path
) -> None:
    ann, _ = running.enrol()
    assert running.bid(ann, RESERVE) is None
    running.draft_change("defects", **LEAKS)
    assert running.auction().status == "open"
    proposal = running.propose()
    stopped = running.auction()
    assert (stopped.status, stopped.price_fen) == ("suspended", RESERVE)
    assert stopped.suspension is not None
    assert (stopped.suspension["kind"], stopped.suspension["cause"]) == ("stay", CHANGING)
    assert "渗漏" not in str([one.data for one in running.told("status")])
    assert running.bid(ann, RESERVE + STEP) == "suspended"
    running.clock.moment = running.auction().closes_at + timedelta(minutes=1)
    assert running.house.perform(close, running.auction_id, settled=True) is None
    again = {"closes_at": running.clock.moment + 9 * DAY, "reason": "r"}
    for act, more in ((life.resume, again), (life.end_suspension, {"reason": "r"})):
        refuses("change_waiting", running.house.perform, act, running.judge, running.auction_id, **more)
    running.approve(proposal)
    changed = running.auction()
    assert changed.suspension is not None
    assert (changed.suspension["cause"], changed.price_fen) == ("disclosure_change", None)
    assert parse(changed.suspension["not_before"]) > running.clock.moment + 5 * DAY
    assert running.journaled().count("AuctionSuspended") == 1
    audited(running, tmp_path, lapsed=1)


@pytest.mark.parametrize("refused", [True, False])
def test_a_proposal_that_is_refused_or_void_lets_the_sale_resume_with_its_bids(running: Bench, refused: bool) -> None:
    ann, _ = running.enrol()
    assert running.bid(ann, RESERVE) is None
    running.draft_change("defects", **LEAKS)
    proposal = running.propose()
    if refused:
        for number in (1, 2):
            assert "ended_at" not in (running.auction().suspension or {})
            running.approve(proposal, number, approve=False)
    else:
        running.house.perform(changes.drop_item, running.judge, running.auction_id, "defects")
    assert {"ended_at", "resume_by"} <= (running.auction().suspension or {}).keys()
    running.draft_change("defects", **LEAKS)
    proposal = running.propose()  # it stands still for this one again
    assert not {"ended_at", "resume_by"} & (running.auction().suspension or {}).keys()
    running.draft_change("defects", **LEAKS | {"statement": "另有裂缝。"})
    refuses("wrong_state", running.approve, proposal)
    end = running.clock.moment + 2 * DAY
    running.house.perform(life.resume, running.judge, running.auction_id, closes_at=end, reason="恢复")
    assert (running.auction().status, running.auction().price_fen) == ("open", RESERVE)


def test_a_round_does_not_open_while_its_change_waits_for_the_panel(bench: Bench) -> None:
    opens, closes = bench.auction().opens_at, bench.auction().closes_at
    bench.clock.moment = opens - 7 * DAY
    bench.draft_change("defects", **LEAKS)
    proposal = bench.propose()
    bench.clock.moment = opens - SECOND
    bench.house.perform(life.open_due, bench.auction_id)
    assert bench.auction().status == "announced"
    bench.clock.moment = opens
    ann, _ = bench.enrol()
    assert bench.bid(ann, RESERVE) == "suspended"
    suspension = bench.auction().suspension or {}
    assert (suspension["cause"], suspension["remaining_seconds"]) == (CHANGING, (closes - opens).total_seconds() - 1)
    bench.approve(proposal)
    until = parse((bench.auction().suspension or {})["not_before"])
    assert until > bench.clock.moment + 5 * DAY
    bench.clock.moment = until
    again = {"closes_at": until + 2 * DAY, "reason": "补充公示期满"}
    bench.house.perform(life.resume, bench.judge, bench.auction_id, **again)
    assert (bench.auction().status, bench.auction().opens_at) == ("open", opens)


def court_sections(published: Any) -> dict[str, list[str]]:
    """What the court's own sections say, by text; a text without one is not there."""
    texts = {kind: published[kind]["sections"] for kind in ("announcement", "bidder_notice")}
    own = {kind: [one for one in sections if one["code"] == "court"] for kind, sections in texts.items()}
    return {kind: [text["zh"] for text in found[0]["paragraphs"][1:]] for kind, found in own.items() if found}


def keep_words(bench: Bench, kind: str, zh: str, en: str = "Note.") -> int:
    return bench.house.perform(keep_court_words, bench.judge, kind, text=zh, text_en=en).version


def announced(bench: Bench) -> Any:
    loaded = [undefer(Auction.announcement)]
    return bench.house.read(lambda session: session.get_one(Auction, bench.auction_id, options=loaded).announcement)


def test_a_supplement_repeats_the_courts_words_the_sale_was_announced_with(
    house: House, clock: FixedClock, tmp_path: Path
) -> None:
    bench = Bench(house, clock)
    bench.ready()
    assert keep_words(bench, "announcement", "起拍价{{ reserve_price }}。") == 1
    assert bench.auction().status == "draft", "what will be published has changed since they voted"
    bench.vote(True, True)
    bench.publish()
    first = announced(bench)
    assert court_sections(first) == {"announcement": ["起拍价1,400,000 元。"]}
    assert keep_words(bench, "announcement", "改了的说明。") == 2
    assert bench.auction().status == "announced"
    keep_words(bench, "bidder_notice", "新加的说明。")
    bench.draft_change("defects", **LEAKS)
    bench.approve(bench.propose())
    assert announced(bench) != first and court_sections(announced(bench)) == court_sections(first)
    changed = [one.code for one in house.read(editions, bench.auction_id)[-1].changes]
    assert changed and "court" not in changed
    bench.draft_change("defects", **LEAKS | {"statement": "另有裂缝。"})
    bench.approve(bench.propose("withdrawal"))
    assert bench.auction().status == "withdrawn"
    bench.draft()
    bench.vote(True, True)
    bench.publish()
    assert court_sections(announced(bench)) == {"announcement": ["改了的说明。"], "bidder_notice": ["新加的说明。"]}
    assert keep_words(bench, "announcement", "", "") == 3
    assert house.read(court_words, "3201").keys() == {"bidder_notice"}
    assert false_evidence(house, tmp_path / "in the end", bench.auction_id) == []


def test_words_that_may_not_be_said_any_more_bar_the_next_announcement_alone(bench: Bench) -> None:
    def keep(unit: Unit) -> None:
        told = {"text": "腾退由买受人自行负责。", "text_en": "Note.", "at": unit.now, "by": bench.judge.id}
        unit.session.add(LetterTemplate(court_code="3201", kind="announcement", version=1, **told))

    bench.house.perform(keep)
    bench.draft_change("defects", **LEAKS)
    bench.approve(bench.propose("withdrawal"))
    announced_first = bench.auction_id
    bench.draft()
    bench.vote(True, True)
    error = refuses("phrase_forbidden", bench.publish)
    assert ("court_words.announcement.text", "phrase_forbidden") in breaches(error)
    bench.auction_id = announced_first


def test_a_change_taken_back_is_told_to_the_regulators_and_a_fault_too(bench: Bench) -> None:
    told = select(Alert).where(Alert.lot_id == bench.lot_id).order_by(Alert.id)
    before = example_of("defects", bench.asset_type)
    for words in (LEAKS, {"state": before["state"], "statement": before["statement"]}):
        bench.clock.advance(minutes=1)
        bench.draft_change("defects", **words)
        bench.approve(bench.propose())
    [alert] = bench.house.read(lambda session: list(session.scalars(told)))
    assert (alert.kind, alert.reasons[0]["code"]) == ("unusual_changes", "change_taken_back")
    assert alert.reasons[0]["facts"]["version"] == 1 and alert.court_code == bench.lot().court_code
    bench.house.perform(life.suspend, bench.judge, bench.auction_id, kind="fault", reason="网络故障")
    kinds = bench.house.read(lambda session: [one.kind for one in session.scalars(told)])
    assert sorted(kinds) == ["sale_fault", "unusual_changes"]

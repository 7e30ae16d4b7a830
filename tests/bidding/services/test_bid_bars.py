"""The interest bar at the bid (OJA 34): a new registry counts at once, and what cannot be checked passes nobody."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from auction.kernel.unit import House, Unit
from auction.models import Agency, Auction
from bidding.services.bids import place_bids
from bidding.services.interest import give_task
from disclosure.services.reports import report
from disclosure.services.tasks import cancel_task, finish_task
from disclosure.services.viewings import offer_viewing
from risk.imports import import_relatives, import_staff
from tests.bidding.hall import RESERVE, STEP, Bidder, Hall, codes, refused_with
from tests.factories import a_resident_id, a_uscc, an_account, an_actor

STAFF = "body_type,body_code,name,id_number,position,from,to\n"
RELATIVES = "id_number,relative_name,relative_id_number,relation\n"


def bar(hall: Hall, folder: Path, number: str, until: str = "") -> int:
    """Put somebody on the staff of the court in the registry in force; its version."""
    path = folder / "staff.csv"
    path.write_text(f"{STAFF}court,3201,张三,{number},法官,2020-01-01,{until}\n", encoding="utf-8")
    report = import_staff(hall.house, path)
    assert not report.refused
    return report.version


def hits(hall: Hall, auction_id: str) -> list[dict[str, object]]:
    """What the auction's journal says of hits; every such entry must be private."""
    rows = [row for row in hall.journal(f"auction:{auction_id}") if row.kind == "InterestHitFound"]
    assert all(row.private for row in rows)
    return [json.loads(row.entry)["body"] for row in rows]


def a_room(hall: Hall) -> tuple[str, Bidder, Bidder]:
    auction_id = hall.auction()
    ann, bo = hall.bidders(auction_id, None, None)
    assert codes(hall.place(hall.offer(ann, RESERVE), hall.offer(bo, RESERVE + STEP))) == [None, None]
    return auction_id, ann, bo


def test_an_import_between_two_bids_bars_the_next_and_flags_the_earlier_one(hall: Hall, tmp_path: Path) -> None:
    auction_id, ann, bo = a_room(hall)
    before = hall.row(auction_id)
    version = bar(hall, tmp_path, ann.id_number)
    hall.heard.clear()
    answer = hall.bid(ann, RESERVE + 2 * STEP)
    assert (answer.outcome, answer.code) == ("refused", "barred_interest")
    assert hits(hall, auction_id) == [
        {
            "registration_id": ann.registration_id,
            "registry_version": version,
            "grounds": ["staff"],
            "had_bid": True,
            "state": {"barred": "barred_interest"},
        }
    ]
    assert [(message.topic, message.payload) for message in hall.heard] == [
        ("alert", {"kind": "barred_bidder_had_bid", "auction_id": auction_id})
    ]
    after = hall.row(auction_id)
    assert (after.price_fen, after.leader_code, after.version) == (before.price_fen, before.leader_code, before.version)
    assert [bid.registration_id for bid in hall.accepted(auction_id)] == [ann.registration_id, bo.registration_id]
    # The refusal speaks of the person, so the public log shows a commitment only.
    last = hall.journal(f"auction:{auction_id}")[-1]
    assert (last.kind, last.private) == ("BidRefused", True)
    assert hall.bid(bo, RESERVE + 2 * STEP, raise_own=True).outcome == "accepted"


def test_the_flag_and_the_refusal_are_one_transaction(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    auction_id, ann, _ = a_room(hall)
    bar(hall, tmp_path, ann.id_number)

    def lost(unit: Unit) -> None:
        place_bids(unit, [hall.offer(ann, RESERVE + 2 * STEP)])
        unit.flush()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hall.house.perform(lost)
    assert (hits(hall, auction_id), hall.registration(ann).barred, len(hall.bids(auction_id))) == ([], None, 2)
    assert hall.bid(ann, RESERVE + 2 * STEP).code == "barred_interest"
    assert (len(hits(hall, auction_id)), hall.registration(ann).barred) == (1, "barred_interest")


def test_a_hit_is_told_once_and_refuses_every_further_offer(hall: Hall, tmp_path: Path) -> None:
    auction_id, ann, _ = a_room(hall)
    bar(hall, tmp_path, ann.id_number)
    answers = hall.place(*(hall.offer(ann, RESERVE + n * STEP) for n in (2, 3)))
    assert codes([*answers, hall.bid(ann, RESERVE + 4 * STEP)]) == ["barred_interest"] * 3
    bar(hall, tmp_path, a_resident_id())  # another version of the registry, which still bars
    assert hall.bid(ann, RESERVE + 5 * STEP).code == "barred_interest"
    assert len(hits(hall, auction_id)) == 1


def test_who_never_bid_is_flagged_without_an_alert(hall: Hall, tmp_path: Path) -> None:
    auction_id, _, _ = a_room(hall)
    cho = hall.bidder(auction_id)
    bar(hall, tmp_path, cho.id_number)
    hall.heard.clear()
    assert hall.bid(cho, RESERVE + 2 * STEP).code == "barred_interest"
    assert [body["had_bid"] for body in hits(hall, auction_id)] == [False]
    assert hall.heard == []


def test_a_near_relative_and_a_principal_bar_too(hall: Hall, tmp_path: Path) -> None:
    auction_id, ann, _ = a_room(hall)
    judge, principal = a_resident_id(), a_resident_id()
    agent = hall.bidder(auction_id, capacity="agent", principals=[("李四", "resident_id", principal)])
    assert hall.bid(agent, RESERVE + 2 * STEP).outcome == "accepted"
    bar(hall, tmp_path, judge)
    assert hall.bid(ann, RESERVE + 3 * STEP).outcome == "accepted"
    relatives = tmp_path / "relatives.csv"
    relatives.write_text(f"{RELATIVES}{judge},张三,{ann.id_number},child\n", encoding="utf-8")
    assert not import_relatives(hall.house, relatives).refused
    assert hall.bid(ann, RESERVE + 4 * STEP, raise_own=True).code == "barred_interest"
    bar(hall, tmp_path, principal)
    assert hall.bid(agent, RESERVE + 4 * STEP).code == "barred_interest"


def test_a_bar_that_was_a_mistake_ends_with_the_correction(hall: Hall, tmp_path: Path) -> None:
    _, ann, _ = a_room(hall)
    bar(hall, tmp_path, ann.id_number)
    assert hall.bid(ann, RESERVE + 2 * STEP).code == "barred_interest"
    bar(hall, tmp_path, ann.id_number, until="2021-01-01")
    assert hall.bid(ann, RESERVE + 2 * STEP).outcome == "accepted"


def test_an_office_that_begins_tomorrow_bars_tomorrow_without_a_new_import(hall: Hall, tmp_path: Path) -> None:
    auction_id, ann, bo = a_room(hall)
    path = tmp_path / "staff.csv"
    path.write_text(f"{STAFF}court,3201,张三,{ann.id_number},法官,2026-03-03,\n", encoding="utf-8")
    assert import_staff(hall.house, path).accepted == 1
    assert hall.bid(ann, RESERVE + 2 * STEP).outcome == "accepted"
    hall.clock.advance(hours=14)  # past midnight in Shanghai
    assert hall.clock.moment < hall.row(auction_id).closes_at
    answers = hall.place(hall.offer(bo, RESERVE + 3 * STEP), hall.offer(ann, RESERVE + 4 * STEP))
    assert codes(answers) == [None, "barred_interest"]


def test_work_given_to_an_agency_bars_its_staff_at_their_next_bid(hall: Hall, tmp_path: Path) -> None:
    auction_id, ann, bo = a_room(hall)
    agency = "91350100M000100Y43"
    path = tmp_path / "staff.csv"
    lot_id = hall.row(auction_id).lot_id

    def give(unit: Unit) -> None:
        actor = an_actor(an_account(unit, "clerk"))
        give_task(unit, actor, lot_id, agency=agency, kind="viewing", due_at=unit.now + timedelta(days=1))

    hall.house.perform(lambda unit: unit.session.add(Agency(uscc=agency, name="某辅助机构")))
    path.write_text(f"{STAFF}agency,{agency},张三,{ann.id_number},带看,2020-01-01,\n", encoding="utf-8")
    assert not import_staff(hall.house, path).refused
    assert hall.bid(ann, RESERVE + 2 * STEP).outcome == "accepted"
    hall.house.perform(give)
    assert codes(hall.place(hall.offer(bo, RESERVE + 3 * STEP), hall.offer(ann, RESERVE + 4 * STEP))) == [
        None,
        "barred_interest",
    ]


@pytest.mark.parametrize("then", ["reported", "shown", "finished", "called off"])
def test_whatever_became_of_the_work_its_agency_and_staff_stay_barred(hall: Hall, tmp_path: Path, then: str) -> None:
    """Who was given work knew of the lot: no text says that calling it off frees him, so it does not (OJA 34)."""
    auction_id, ann, _ = a_room(hall)
    agency, lot_id = a_uscc(), hall.row(auction_id).lot_id
    path = tmp_path / "staff.csv"
    hall.house.perform(lambda unit: unit.session.add(Agency(uscc=agency, name="某辅助机构")))
    path.write_text(f"{STAFF}agency,{agency},张三,{ann.id_number},带看,2020-01-01,\n", encoding="utf-8")
    assert not import_staff(hall.house, path).refused

    def work(unit: Unit) -> None:
        clerk, agent = an_actor(an_account(unit, "clerk")), an_actor(an_account(unit, "agency", agency_uscc=agency))
        task = give_task(unit, clerk, lot_id, agency=agency, kind="survey", due_at=unit.now + timedelta(days=1))
        unit.session.flush()
        if then in ("reported", "finished"):
            report(unit, agent, task.id, items=[{"code": "defects", "state": "none"}])
            unit.session.flush()
        if then == "shown":
            at = unit.now + timedelta(hours=1)
            offer_viewing(unit, agent, task.id, starts_at=at, ends_at=at + timedelta(hours=1), places=1)
        if then == "finished":
            finish_task(unit, agent, task.id, note="已完成")
        if then == "called off":
            cancel_task(unit, clerk, task.id, reason="改由本院办理")

    hall.house.perform(work)
    assert hall.bid(ann, RESERVE + 2 * STEP).code == "barred_interest"
    hall.clock.advance(hours=14)  # another day, and so another check
    assert hall.bid(ann, RESERVE + 2 * STEP).code == "barred_interest"


def rename(house: House, old: str, new: str) -> None:
    house.perform(lambda unit: unit.session.execute(text(f"ALTER TABLE {old} RENAME TO {new}")))


def test_a_registry_that_cannot_be_read_passes_nobody_and_nothing_is_stored(hall: Hall, tmp_path: Path) -> None:
    auction_id, ann, bo = a_room(hall)
    bar(hall, tmp_path, a_resident_id())  # a new version, so that everybody is checked anew
    before = (hall.row(auction_id).version, hall.kinds(auction_id), len(hall.bids(auction_id)))
    hall.heard.clear()
    rename(hall.house, "staff", "staff_gone")
    try:
        for offers in ([hall.offer(ann, RESERVE + 2 * STEP)], [hall.offer(b, RESERVE + 2 * STEP) for b in (bo, ann)]):
            assert refused_with(hall.place, *offers) == "fault"
        assert (hall.row(auction_id).version, hall.kinds(auction_id), len(hall.bids(auction_id))) == before
        assert hall.heard == []
    finally:
        rename(hall.house, "staff_gone", "staff")
    assert hall.bid(ann, RESERVE + 2 * STEP).outcome == "accepted"


@pytest.mark.parametrize("status", ["closed", "suspended", "not_started"])
def test_nobody_is_checked_where_the_auction_refuses_anyway(hall: Hall, tmp_path: Path, status: str) -> None:
    changes = {
        "closed": {"status": "unsold"},
        "suspended": {"status": "suspended"},
        "not_started": {"status": "announced"},
    }
    auction_id = hall.auction(**changes[status])
    ann = hall.bidder(auction_id)
    bar(hall, tmp_path, ann.id_number)
    assert hall.bid(ann, RESERVE).code == status
    assert hits(hall, auction_id) == []


def test_the_bar_comes_before_deposit_sheet_and_amount(hall: Hall, tmp_path: Path) -> None:
    auction_id, _, _ = a_room(hall)
    cho = hall.bidder(auction_id, status="awaiting_deposit", paid=False, seal="another")
    bar(hall, tmp_path, cho.id_number)
    assert hall.bid(cho, 1).code == "barred_interest"
    assert hall.bid(cho._replace(account_id="somebody"), 1).code == "not_registered"


def test_a_leader_found_barred_keeps_the_place_in_the_log_until_the_close(hall: Hall, tmp_path: Path) -> None:
    auction_id, _, bo = a_room(hall)
    bar(hall, tmp_path, bo.id_number)
    assert hall.bid(bo, RESERVE + 2 * STEP, raise_own=True).code == "barred_interest"
    room = hall.row(auction_id)
    assert (room.leader_registration_id, room.price_fen) == (bo.registration_id, RESERVE + STEP)
    assert hall.house.read(lambda session: session.get_one(Auction, auction_id)).status == "open"

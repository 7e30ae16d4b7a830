"""Stopping a sale, deciding on registrations, offering a lot again."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.unit import House, Unit
from auction.models import Auction, JournalRow, Lot, PanelMember
from bidding.rules.withdrawal import WITHDRAWAL_GROUNDS
from tests.factories import a_bidder, a_registration, a_resident_id, an_auction
from tests.web.caller import API, Caller, code_of, fields_of
from tests.web.court import DAY, PDF, CourtRoom, fine, send
from web.pages.labels import WITHDRAWAL


def test_a_sale_is_stopped_resumed_and_withdrawn_in_public(room: CourtRoom, anybody: Caller) -> None:
    room.announced()
    address = f"/auctions/{room.auction_id}"
    room.wait(40 * DAY + timedelta(hours=1))
    stopped = fine(room.judge.post(f"{address}/suspension", {"kind": "stay", "reason": "案外人异议"}))
    assert (stopped["status"], stopped["suspension"]["reason"]) == ("suspended", "案外人异议")
    early = {"closes_at": iso(room.now + timedelta(hours=1)), "reason": "异议驳回"}
    assert fields_of(room.judge.post(f"{address}/resumption", early)) == {"closes_at": "too_early"}
    resumed = fine(room.judge.post(f"{address}/resumption", early | {"closes_at": iso(room.now + 2 * DAY)}))
    assert (resumed["status"], resumed["suspension"]) == ("open", None)
    wrong = room.judge.post(f"{address}/withdrawal", {"ground": "nonsense", "reason": "r"})
    assert fields_of(wrong) == {"ground": "not_one_of"} and list(WITHDRAWAL) == list(WITHDRAWAL_GROUNDS)
    assert "debt_paid" in wrong.get_json()["errors"][0]["detail"]
    withdrawn = fine(room.judge.post(f"{address}/withdrawal", {"ground": "debt_paid", "reason": "已清偿"}))
    assert (withdrawn["status"], withdrawn["ended_reason"]) == ("withdrawn", "debt_paid")
    events = fine(anybody.get(f"{address}/events"))["items"]
    assert [event["status"] for event in events] == ["announced", "open", "suspended", "open", "withdrawn"]
    assert code_of(room.judge.post(f"{address}/suspension", {"kind": "stay", "reason": "r"})) == "wrong_state"


def test_a_draft_is_discarded_unseen_and_never_withdrawn(
    room: CourtRoom, anybody: Caller, house: House, foreign: Caller
) -> None:
    room.enter()
    room.draft()
    address, said = f"/auctions/{room.auction_id}", {"reason": "重新评估"}
    refused = room.judge.post(f"{address}/withdrawal", {"ground": "other", "reason": "r"})
    assert (code_of(refused), refused.status_code) == ("wrong_state", 409)
    assert "放弃草案" in refused.get_json()["detail"]
    assert fields_of(room.judge.post(f"{address}/discard", {"reason": " "})) == {"reason": "required"}
    assert code_of(foreign.post(f"{address}/discard", said)) == "not_found"
    assert fine(room.clerk.post(f"{address}/discard", said))["status"] == "withdrawn"
    again = room.judge.post(f"{address}/discard", said)
    assert code_of(again) == "wrong_state"
    assert code_of(room.judge.post(f"{address}/relist", {"reason": "withdrawn"})) == "wrong_state"
    assert code_of(anybody.get(address)) == "not_found"
    room.wait(DAY)
    kinds = house.read(lambda session: list(session.scalars(select(JournalRow.kind))))
    assert kinds.count("DraftGivenUp") == 1 and "AuctionWithdrawn" not in kinds
    assert room.draft()["status"] == "draft", "the round may be drafted anew"


def test_the_court_sees_the_papers_it_decides_on_and_nobody_elses(
    room: CourtRoom, house: House, foreign: Caller
) -> None:
    room.announced()
    number, principal = a_resident_id(), a_resident_id()

    def register(unit: Unit) -> tuple[str, str]:
        auction = unit.session.get_one(Auction, room.auction_id)
        agent = a_registration(
            unit,
            auction,
            a_bidder(unit, name="代理李四", id_number=number),
            status="awaiting_court",
            capacity="agent",
            principals=[("委托王五", "resident_id", principal)],
        )
        a_registration(unit, auction, a_bidder(unit, name="自己赵六"), status="qualified")
        return agent.id, auction.id

    agent_id, _ = house.perform(register)
    answer = room.judge.get(f"/auctions/{room.auction_id}/registrations")
    waiting = fine(answer)
    assert (waiting["total"], [one["id"] for one in waiting["items"]]) == (1, [agent_id])
    people = {(person["part"], person["name"], person["id_number"]) for person in waiting["items"][0]["applicants"]}
    assert people == {("applicant", "代理李四", number), ("principal", "委托王五", principal)}
    assert "赵六" not in answer.get_data(as_text=True)
    assert "bidder_code" not in answer.get_data(as_text=True)
    decision = f"/registrations/{agent_id}/decision"
    assert code_of(foreign.post(decision, {"approve": True, "reason": "r"})) == "not_found"
    decided = fine(room.clerk.post(decision, {"approve": True, "reason": "委托书真实"}))
    assert (decided["status"], "bidder_code" in decided) == ("awaiting_deposit", False)
    assert code_of(room.clerk.post(decision, {"approve": True, "reason": "again"})) == "wrong_state"
    assert fine(room.judge.get(f"/auctions/{room.auction_id}/registrations"))["items"] == []


@pytest.mark.parametrize(("claim", "needed"), [("preferential", "rank"), ("creditor", "claim_fen")])
def test_a_claim_is_approved_with_what_it_needs(room: CourtRoom, house: House, claim: str, needed: str) -> None:
    room.announced()

    def register(unit: Unit) -> str:
        auction = unit.session.get_one(Auction, room.auction_id)
        return a_registration(unit, auction, status="awaiting_court", claim=claim, claim_status="pending").id

    address = f"/registrations/{house.perform(register)}/decision"
    body = {"approve": True, "reason": "材料齐全"}
    assert fields_of(room.judge.post(address, body)) == {needed: "required"}
    for wrong in (0, -1, "1", 1.5):
        assert fields_of(room.judge.post(address, body | {needed: wrong})) == {needed: "invalid"}
    decided = fine(room.judge.post(address, body | {needed: 4_000_000 if claim == "creditor" else 1}))
    assert decided["claim_status"] == "approved"
    assert (decided["rank"], decided["deposit_due_fen"]) == (
        (None, 10_000_000) if claim == "creditor" else (1, 14_000_000)
    )


def unsold(room: CourtRoom) -> None:
    """The announced round ends without a bid, by the clock."""
    room.wait(42 * DAY)
    assert fine(room.judge.get(f"/auctions/{room.auction_id}"))["status"] == "unsold"


def test_an_unsold_round_is_followed_by_a_second_with_everything_carried_over(room: CourtRoom) -> None:
    first = room.announced(reserve_price_fen=140_000_001)
    unsold(room)
    draft = fine(room.clerk.post(f"/auctions/{first['id']}/relist", {"reason": "unsold"}), 201)
    assert (draft["round"], draft["status"], draft["resale_of"]) == ("second", "draft", first["id"])
    assert draft["reserve_price_fen"] == 112_000_001
    assert draft["deposit_fen"] == 11_200_001
    assert (draft["increment_fen"], draft["balance_days"]) == (500_000, 10)
    assert [seat["username"] for seat in draft["panel"]] == room.names
    assert [seat["approve"] for seat in draft["panel"]] == [None] * 3
    assert fine(room.clerk.get(f"/auctions/{draft['id']}"))["panel"] == draft["panel"]
    assert draft["opens_at"] == "2026-04-30T02:00:00.000000+00:00"
    assert draft["closes_at"] == "2026-05-01T02:00:00.000000+00:00"
    room.auction_id = draft["id"]
    found = fine(room.judge.get(f"/auctions/{draft['id']}/check"))["items"]
    assert {finding["code"] for finding in found if finding["severity"] == "error"} == {"panel_incomplete"}
    room.vote()
    second = fine(room.announce())
    assert (second["status"], second["seal"]) == ("announced", first["seal"])


def test_a_round_is_followed_once_and_only_as_it_ended(room: CourtRoom) -> None:
    first = room.announced()
    address = f"/auctions/{first['id']}/relist"
    assert code_of(room.judge.post(address, {"reason": "unsold"})) == "wrong_state"
    unsold(room)
    for reason in ("renege", "withdrawn", "revoked"):
        assert code_of(room.judge.post(address, {"reason": reason})) == "wrong_state"
    assert fields_of(room.judge.post(address, {"reason": "mood"})) == {"reason": "invalid"}
    fine(room.judge.post(address, {"reason": "unsold"}), 201)
    assert code_of(room.judge.post(address, {"reason": "unsold"})) == "wrong_state"


@pytest.mark.parametrize(
    ("rounds", "reason", "expected"),
    [
        ([("first", "withdrawn", None)], "withdrawn", ("first", 150_000_000)),
        ([("first", "revoked", None)], "revoked", ("first", 150_000_000)),
        ([("first", "sold", "reneged")], "renege", ("first", 150_000_000)),
        ([("first", "unsold", None), ("second", "unsold", None)], "unsold", ("sell_off", 150_000_000)),
        ([("first", "unsold", None), ("second", "withdrawn", None)], "withdrawn", ("second", 150_000_000)),
        ([("first", "sold", None)], "unsold", None),
        (
            [("first", "unsold", None), ("second", "unsold", None), ("sell_off", "unsold", None)],
            "unsold",
            None,
        ),
    ],
)
def test_what_follows_a_round_depends_on_how_it_ended(
    room: CourtRoom,
    house: House,
    rounds: list[tuple[str, str, str | None]],
    reason: str,
    expected: tuple[str, int] | None,
) -> None:
    room.enter()
    room.price()

    def past(unit: Unit) -> str:
        lot = unit.session.get_one(Lot, room.lot_id)
        made = ""
        for number, (kind, status, settlement) in enumerate(rounds):
            closed = unit.now - (10 - number) * DAY
            auction = an_auction(
                unit,
                lot=lot,
                status=status,
                round=kind,
                reserve_price_fen=150_000_000,
                deposit_fen=15_000_000,
                settlement=settlement,
                opens_at=closed - DAY,
                closes_at=closed,
                closed_at=closed,
                created_at=closed - 40 * DAY,
            )
            made = auction.id
        return made

    answer = room.judge.post(f"/auctions/{house.perform(past)}/relist", {"reason": reason})
    if expected is None:
        assert code_of(answer) == "wrong_state"
        return
    draft = fine(answer, 201)
    assert (draft["round"], draft["reserve_price_fen"]) == expected
    sell_off = expected[0] == "sell_off"
    assert draft["deposit_fen"] == (150_000_000 if sell_off else 15_000_000)
    assert draft["forfeit_fen"] == (15_000_000 if sell_off else None)


def test_what_was_entered_is_in_the_journal_without_accounts_in_public(room: CourtRoom, house: House) -> None:
    room.announced()
    accounts = house.read(lambda session: [m.account_id for m in session.scalars(select(PanelMember))])
    entries = house.read(
        lambda session: session.execute(select(JournalRow.kind, JournalRow.private, JournalRow.entry)).all()
    )
    kinds = {kind for kind, _, _ in entries}
    assert {
        "CaseEntered",
        "LotEntered",
        "ReferencePriceSet",
        "SheetItemWritten",
        "NoticesRecorded",
        "AuctionDrafted",
        "VoteGiven",
        "DisclosureSealed",
        "AuctionAnnounced",
    } <= kinds
    assert not [kind for kind, private, text in entries if not private and any(a in text for a in accounts)]
    for _, _, text in entries:
        assert orjson.loads(text)["suite"] == "intl-1"


def test_the_description_tells_of_every_door_here(anybody: Caller, client: Any) -> None:
    described = client.get(f"{API}/openapi.json").get_json()["paths"]
    for path, methods in {
        "/cases": {"post"},
        "/lots/{lot_id}/reference-price": {"put"},
        "/lots/{lot_id}/disclosure/items/{code}": {"put"},
        "/lots/{lot_id}/attachments": {"post"},
        "/lots/{lot_id}/auctions": {"post"},
        "/auctions/{auction_id}/votes": {"post"},
        "/auctions/{auction_id}/announcement": {"post"},
        "/auctions/{auction_id}/registrations": {"get", "post"},
        "/auctions/{auction_id}": {"get", "patch"},
    }.items():
        assert methods <= set(described[API + path]), path


def paid(unit: Unit, lot_id: str) -> str:
    """A sold round of the lot whose whole price has been paid."""
    lot = unit.session.get_one(Lot, lot_id)
    auction = an_auction(unit, lot=lot, status="sold", price_fen=150_000_000, settlement="paid", bid_count=1)
    winner = a_registration(unit, auction, status="applied")
    auction.leader_registration_id, auction.leader_code = winner.id, winner.bidder_code
    return auction.id


def test_after_the_price_is_paid_come_the_ruling_and_the_handover(room: CourtRoom, house: House) -> None:
    room.enter()
    proof = fine(send(room.clerk, room.lot_id, PDF, "购房资格证明.pdf"), 201)["id"]
    address = f"/auctions/{house.perform(paid, room.lot_id)}"
    step = {"code": "keys", "on": "2026-03-02", "detail": "移交钥匙两把"}
    ruling = {"qualification": "proven", "evidence": [proof], "reason": "符合条件"}
    assert code_of(room.judge.post(f"{address}/handover-steps", step)) == "wrong_state"
    assert fields_of(room.judge.post(f"{address}/ruling", ruling | {"evidence": ["nowhere"]})) == {
        "evidence.0": "unknown_attachment"
    }
    ruled = fine(room.judge.post(f"{address}/ruling", ruling), 201)
    assert ruled["settlement"]["status"] == "ruled"
    assert code_of(room.judge.post(f"{address}/ruling", ruling)) == "wrong_state"
    assert fields_of(
        room.judge.post(f"{address}/handover-steps", step | {"code": "ruling_served", "on": "2026-03-03"})
    ) == {"on": "in_future"}
    assert fields_of(room.judge.post(f"{address}/handover-steps", step)) == {"code": "step_out_of_order"}
    served = fine(room.judge.post(f"{address}/handover-steps", step | {"code": "ruling_served"}), 201)
    assert (served["on"], served["settlement"]) == ("2026-03-02", "ruled")
    first = fine(room.judge.post(f"{address}/handover-steps", step), 201)
    assert (first["code"], first["detail"], first["settlement"]) == ("keys", "移交钥匙两把", "ruled")
    assert fields_of(room.judge.post(f"{address}/handover-steps", step)) == {"code": "step_taken"}
    last = fine(room.judge.post(f"{address}/handover-steps", step | {"code": "handed_over"}), 201)
    assert (last["settlement"], last["id"] != first["id"]) == ("handed_over", True)
    assert code_of(room.judge.post(f"{address}/handover-steps", step)) == "wrong_state"
    for code in ("notice_served", "registered"):  # a title is often registered after the handover
        after = fine(room.judge.post(f"{address}/handover-steps", step | {"code": code}), 201)
        assert after["settlement"] == "handed_over"

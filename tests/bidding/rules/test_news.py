"""What of the journal is told to whom, and how often somebody hears that he was outbid."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bidding.rules.news import Tiding, outbid_at, tidings

AT = "2026-03-02T02:00:00.000000+00:00"
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


def told(kind: str, stream: str = "auction:a", **body: Any) -> list[Tiding]:
    return tidings({"kind": kind, "stream": stream, "number": 1, "at": AT, "body": body})


def test_most_entries_tell_nobody_anything() -> None:
    assert told("SessionOpened", "system") == told("BidAccepted", seq=1) == told("SheetItemWritten", "lot:l") == []


def test_a_registration_is_told_of_where_somebody_else_decides_on_it() -> None:
    def filed(status: str) -> list[Tiding]:
        state = {"status": status, "hold": None}
        return told("RegistrationFiled", "person:p", registration_id="r", auction_id="a", state=state)

    assert filed("awaiting_deposit") == []
    [held] = filed("awaiting_court")
    assert (held.kind, held.who, held.to, held.auction_id) == ("registration_held", "registration", "r", "a")


@pytest.mark.parametrize(
    ("status", "refusal", "kinds"),
    [
        ("refused", "unconfirmed_agent", ["registration_refused"]),
        ("released", "barred_interest", ["registration_refused"]),
        ("released", "sale_revoked", []),
        ("released", None, []),
    ],
)
def test_a_registration_that_ends_is_told_of_once(status: str, refusal: str | None, kinds: list[str]) -> None:
    found = told("RegistrationEnded", "person:p", registration_id="r", status=status, refusal=refusal)
    assert [one.kind for one in found] == kinds


def test_a_refused_claim_leaves_a_bidder_and_a_refused_agent_hears_it_from_the_end_of_his_registration() -> None:
    def refused(claim: str | None) -> list[str]:
        state = {"claim_status": claim}
        found = told("RegistrationDecided", "person:p", registration_id="r", approve=False, reason="无", state=state)
        return [one.kind for one in found]

    assert refused("refused") == ["claim_refused"]
    assert refused(None) == []


def test_the_end_of_a_sale_is_another_thing_to_the_buyer_than_to_the_others() -> None:
    body = {"price_fen": 100, "bidder_code": "P1", "closes_at": AT}
    won, lost = told("AuctionClosed", status="sold", **body)
    assert (won.kind, won.who, lost.kind, lost.who) == ("result_won", "leader", "result_lost", "others")
    assert lost.since == AT, "those who were let go by it are told too"
    assert [one.kind for one in told("AuctionClosed", status="unsold", **body)] == ["result_unsold"]


def test_no_balance_is_asked_for_where_none_is_owed() -> None:
    assert told("SaleConfirmed", balance_fen=0, balance_due_at=AT) == []
    [due] = told("SaleConfirmed", balance_fen=5, balance_due_at=AT)
    assert due.facts == {"balance_fen": 5, "due_at": AT}


def test_money_turned_away_says_why() -> None:
    body = {"registration_id": "r", "auction_id": "a", "received_fen": 7, "due_at": AT}
    for status in ("wrong_payer", "wrong_amount"):
        [one] = told("PaymentTurnedAway", "person:p", status=status, **body)
        assert one.kind == f"payment_{status}" and one.facts["amount_fen"] == 7


def test_who_is_outbid_hears_of_it_at_most_once_a_minute_and_never_not_at_all() -> None:
    minute, second = timedelta(minutes=1), timedelta(seconds=1)
    assert outbid_at(NOW, None) == NOW
    assert outbid_at(NOW, NOW - minute) == NOW
    assert outbid_at(NOW, NOW - second) == NOW - second + minute, "once the minute is over"
    assert outbid_at(NOW, NOW + second) is None, "one that is to come says it"


def test_a_sale_resumed_before_its_opening_tells_of_the_new_one_too() -> None:
    body = {"closes_at": AT, "reason": "恢复", "status": "announced"}
    assert [one.kind for one in told("AuctionResumed", **body)] == ["resumed"]
    resumed, put_off = told("AuctionResumed", **body, opens_at=AT)
    assert (resumed.kind, put_off.kind, put_off.who) == ("resumed", "opening_put_off", "registrants")
    assert put_off.facts == {"opens_at": AT, "reason": "恢复"}


def test_a_step_after_a_taking_is_told_to_the_taker_and_after_an_own_sale_to_every_debtor() -> None:
    step = {"code": "keys", "on": "2026-03-09", "auction_id": "a", "by": "j"}
    (taker,) = told("TakingStepTaken", "lot:l", party_id="p1", **step)
    assert (taker.kind, taker.who, taker.to, taker.auction_id) == ("handover_step", "party", "p1", "a")
    assert taker.facts == {"code": "keys", "on": "2026-03-09"}
    (late,) = told("TakingClearanceOverdue", "lot:l", party_id="p1", auction_id="a", due_on="2026-03-09")
    assert (late.kind, late.who, late.to, late.facts) == ("clearance_overdue", "party", "p1", {"due_on": "2026-03-09"})
    debtors = told("OwnSaleStepTaken", "lot:l", debtors=["d1", "d2"], **step)
    assert [(one.kind, one.to) for one in debtors] == [("handover_step", "d1"), ("handover_step", "d2")]

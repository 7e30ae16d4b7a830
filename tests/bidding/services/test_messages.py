"""Messages: what follows from a sale reaches whom it concerns, once, and no bid waits for it."""

from collections.abc import Collection
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Auction
from auction.services.locking import lock_auction
from auction.services.log import seal
from bidding.queries.due import due_acts
from bidding.queries.messages import failures, messages, unread_count
from bidding.queries.news import news
from bidding.services.life import withdraw_locked
from bidding.services.looks import await_look
from bidding.services.messages import deliver, remind, tell, tell_all
from tests.bidding.sale import RESERVE, STEP, an_open_sale, bid, hammer, tell_auction, tell_registration
from tests.factories import a_bidder, a_registration, an_auction
from web import timekeeping
from web.timekeeping import advance, tell_news

DAY = timedelta(days=1)


def told(house: House, account_id: str) -> list[str]:
    """The kinds of an account's messages shown by now, the earliest first."""
    shown, _ = house.read(messages, account_id, house.now(), 1, 100)
    return [one.kind for one in reversed(shown)]


def catch_up(house: House, watching: Collection[tuple[str, str]] = ()) -> None:
    house.perform(seal)
    tell_news(house, lambda: watching)


def test_a_key_is_told_an_account_once(house: House) -> None:
    account, other = (house.perform(lambda unit: a_bidder(unit).id) for _ in range(2))
    first = house.perform(tell, account, "lot_announced", {"title": "甲"}, "k")
    assert first and not house.perform(tell, account, "lot_announced", {"title": "乙"}, "k")
    assert house.perform(tell, other, "lot_announced", {"title": "甲"}, "k")
    assert told(house, account) == ["lot_announced"] and house.read(unread_count, account, house.now()) == 1


def test_a_sale_told_from_its_bids_to_its_end(house: House, clock: FixedClock) -> None:
    auction_id, (first, second, third) = house.perform(an_open_sale)
    catch_up(house)
    assert set(told(house, first)) == {"deposit_received", "qualified"}

    bid(house, clock, auction_id, first, RESERVE)
    bid(house, clock, auction_id, second, RESERVE + STEP)
    catch_up(house)
    assert told(house, first)[2:] == ["outbid"] and told(house, second)[2:] == []
    [latest], _ = house.read(messages, first, house.now(), 1, 1)
    assert latest.subject["price_fen"] == RESERVE + STEP and latest.subject["auction_id"] == auction_id

    # He bids again and is outbid within the minute: told when it is over, not before.
    bid(house, clock, auction_id, first, RESERVE + 2 * STEP)
    bid(house, clock, auction_id, second, RESERVE + 3 * STEP)
    catch_up(house)
    assert told(house, first)[2:] == ["outbid"]
    clock.advance(seconds=60)
    assert told(house, first)[2:] == ["outbid", "outbid"]
    # Outbid again at once, he takes the lead back before the minute is over: there is nothing to be told any more.
    bid(house, clock, auction_id, first, RESERVE + 4 * STEP)
    bid(house, clock, auction_id, second, RESERVE + 5 * STEP)
    catch_up(house)
    bid(house, clock, auction_id, first, RESERVE + 6 * STEP)
    catch_up(house, {(second, auction_id)})
    clock.advance(seconds=120)
    assert told(house, first)[2:] == ["outbid", "outbid"]
    assert told(house, second)[2:] == [], "not while he watches the room"

    assert hammer(house, clock, auction_id) == "sold"
    catch_up(house)
    assert set(told(house, first)[4:]) == {"result_won", "balance_due"}
    assert set(told(house, third)[2:]) == {"result_lost", "refund_ordered"}
    before = told(house, third)
    catch_up(house)
    assert told(house, third) == before


def test_news_told_by_another_process_meanwhile_are_not_told_again(house: House) -> None:
    _, accounts = house.perform(an_open_sale)
    house.perform(seal)
    found = house.read(news)
    assert found is not None
    assert house.perform(tell_all, found.tellings) == 6 and house.perform(tell_all, found.tellings) == 0
    assert house.perform(deliver, found) and not house.perform(deliver, found)
    assert sorted(told(house, accounts[0])) == ["deposit_received", "qualified"]


def test_registrants_are_reminded_a_day_before_and_whoever_left_hears_nothing_of_a_withdrawal(
    house: House, clock: FixedClock
) -> None:
    def announced(unit: Unit) -> tuple[str, str, str]:
        auction = an_auction(unit, status="announced", announcement={"text": "拍卖公告"})
        tell_auction(unit, auction)
        stays, left = (a_bidder(unit, name=f"竞买人{n}") for n in range(2))
        tell_registration(unit, a_registration(unit, auction, stays, status="qualified"))
        gone = a_registration(unit, auction, left, status="released")
        gone.release_due_at = unit.now
        tell_registration(unit, gone)
        return auction.id, stays.id, left.id

    def due(auction_id: str) -> bool:
        return any(one.act == "remind" and one.subject_id == auction_id for one in house.read(due_acts, house.now()))

    auction_id, stays, left = house.perform(announced)
    catch_up(house)
    opens_at = house.read(lambda session: session.get_one(Auction, auction_id).opens_at)
    assert not due(auction_id)
    clock.advance(seconds=int((opens_at - house.now()).total_seconds()) - 24 * 3600)
    assert due(auction_id)
    house.perform(remind, auction_id)
    assert told(house, stays)[-1] == "opening_soon" and "opening_soon" not in told(house, left)
    house.perform(remind, auction_id)
    assert told(house, stays).count("opening_soon") == 1

    house.perform(
        lambda unit: withdraw_locked(unit, lock_auction(unit, auction_id), ground="other", reason="申请执行人撤回")
    )
    catch_up(house)
    assert told(house, stays)[-1] == "withdrawn" and "withdrawn" not in told(house, left)


def test_a_draft_withdrawn_by_mistake_keeps_nobody_elses_message_back(house: House) -> None:
    """It happened before drafts could be discarded: the journal holds the entry for ever."""

    def withdraw(unit: Unit) -> None:
        draft = an_auction(unit, status="draft", announced_at=None, ruleset=None)
        body = {"ground": "other", "reason": "r", "closed_at": None}
        draft.status = "withdrawn"
        unit.record("AuctionWithdrawn", stream=f"auction:{draft.id}", body=body)

    house.perform(withdraw)
    _, accounts = house.perform(an_open_sale)
    catch_up(house)
    assert "qualified" in told(house, accounts[0])
    assert house.read(failures) == {"telling": 0, "due": 0}


def test_an_entry_at_fault_is_passed_over_and_counted_and_the_others_are_told(house: House) -> None:
    def at_fault(unit: Unit) -> None:
        unit.record("AuctionWithdrawn", stream="auction:of-which-nobody-knows", body={"reason": "r"})
        unit.record("AuctionWithdrawn", stream="auction:without-its-reason", body={})

    house.perform(at_fault)
    _, accounts = house.perform(an_open_sale)
    catch_up(house)
    assert "qualified" in told(house, accounts[0])
    assert house.read(failures) == {"telling": 2, "due": 0}
    catch_up(house)
    assert house.read(failures) == {"telling": 2, "due": 0}, "and looked at once"


def test_a_database_that_fails_loses_no_message(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    _, accounts = house.perform(an_open_sale)
    house.perform(seal)
    gone = OperationalError("select", {}, Exception("connection lost"))
    with monkeypatch.context() as broken:
        broken.setattr("bidding.queries.news.place", lambda *_: (_ for _ in ()).throw(gone))
        with pytest.raises(OperationalError):
            tell_news(house)
    tell_news(house)
    assert "qualified" in told(house, accounts[0])


def test_the_clock_does_not_stand_still_for_an_act_that_fails(
    house: House, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails is passed over once, and what is due after it still happens."""
    auction_id = house.perform(lambda unit: an_auction(unit, status="announced", opens_at=unit.now + DAY).id)
    bad = house.perform(lambda unit: an_auction(unit, status="announced", opens_at=unit.now + DAY / 2).id)
    house.perform(lambda unit: await_look(unit, "relist", "no such lot"))
    opened = timekeeping._ACTS["open"]

    def fails(unit: Unit, subject_id: str) -> object:
        if subject_id == bad:
            raise KeyError("ruleset")
        return opened(unit, subject_id)

    monkeypatch.setitem(timekeeping._ACTS, "open", fails)  # type: ignore[arg-type]
    advance(house, int((DAY + DAY / 4).total_seconds()))
    statuses = house.read(lambda session: [session.get_one(Auction, one).status for one in (auction_id, bad)])
    assert statuses == ["open", "announced"]
    assert house.read(failures) == {"telling": 0, "due": 2}

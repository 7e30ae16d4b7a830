"""A sell-off to its end (PRECISIONS 19): prepayment, the contest, settlement, a renege, weeks without a bid."""

from datetime import timedelta

from auction.kernel.clock import iso
from auction.models import Auction
from bidding.models import Registration
from bidding.queries.audit import verify_all
from bidding.queries.payments import balances, deposit_of, due_refunds
from bidding.rules.ledger import court_forfeit, court_price
from bidding.services.closing import close
from bidding.services.renege import declare
from tests.bidding.hall import RESERVE, STEP, Bidder, Hall, refused_with
from tests.conftest import START
from tests.factories import an_account, an_actor

WEEKS, DAY, FIVE, SECOND = timedelta(days=60), timedelta(hours=24), timedelta(minutes=5), timedelta(seconds=1)
KEPT = RESERVE // 10


def a_sell_off(hall: Hall) -> str:
    """A sell-off open since an hour: the whole reserve is prepaid, a tenth of it is kept from a buyer who reneges."""
    opens_at = START - timedelta(hours=1)
    terms = {"opens_at": opens_at, "closes_at": opens_at + WEEKS, "deposit_fen": RESERVE, "forfeit_fen": KEPT}
    auction_id = hall.auction(round="sell_off", **terms)
    hall.tell(auction_id)
    return auction_id


def hammer(hall: Hall, auction_id: str) -> str | None:
    hall.clock.moment = hall.row(auction_id).closes_at
    return hall.house.perform(close, auction_id, settled=True)


def held(hall: Hall, bidder: Bidder) -> int:
    return hall.house.read(deposit_of, bidder.registration_id).held_fen


def test_the_contest_is_told_lets_others_join_and_ends_in_a_sale_that_counts_the_prepayment(hall: Hall) -> None:
    auction_id = a_sell_off(hall)
    ann = hall.bidder(auction_id)
    announced = hall.row(auction_id).closes_at
    hall.clock.moment = announced - SECOND
    answer = hall.bid(ann, RESERVE)
    end = announced - SECOND + DAY
    assert (answer.outcome, answer.closes_at, hall.row(auction_id).closes_at) == ("accepted", end, end)
    told = [event.data for event in hall.events(auction_id) if event.type == "extension"]
    assert told == [{"closes_at": iso(end), "extensions": 0, "cause": "contest"}]
    assert hall.house.perform(close, auction_id, settled=True) is None  # the weeks are over, the contest is not
    hall.clock.moment = announced + timedelta(hours=3)
    assert hall.house.perform(close, auction_id, settled=True) is None
    bo = hall.bidder(auction_id)  # prepaid after the 60 days
    hall.clock.moment = end - FIVE
    assert hall.bid(bo, RESERVE + STEP).closes_at == end
    hall.clock.moment = end - FIVE + SECOND
    assert hall.bid(ann, RESERVE + 3 * STEP).closes_at == end + SECOND
    assert hall.row(auction_id).extensions == 1
    assert hammer(hall, auction_id) == "sold"
    sold = hall.row(auction_id)
    assert (sold.scheduled_closes_at, sold.price_fen, sold.settlement) == (announced, RESERVE + 3 * STEP, "balance_due")
    assert sold.balance_fen == 3 * STEP
    assert hall.registration(bo).status == "released" and held(hall, bo) == 0
    assert RESERVE in [order.amount_fen for order in hall.house.read(due_refunds, hall.clock.moment)]
    assert hall.house.read(verify_all, hall.house.vault.public_key).failures == []


def test_a_buyer_at_the_sale_price_has_paid_with_the_hammer(hall: Hall) -> None:
    auction_id = a_sell_off(hall)
    hall.bid(hall.bidder(auction_id), RESERVE)
    assert hammer(hall, auction_id) == "sold"
    sold = hall.row(auction_id)
    assert (sold.balance_fen, sold.settlement) == (0, "paid")
    assert hall.house.read(balances, auction_id)[court_price(auction_id)] == RESERVE
    judge = hall.house.perform(lambda unit: an_actor(an_account(unit, "judge")))
    hall.clock.advance(days=90)
    assert refused_with(hall.house.perform, declare, judge, auction_id, reason="r") == "wrong_state"


def test_of_a_reneging_buyers_prepayment_only_what_the_terms_said_is_kept(hall: Hall) -> None:
    auction_id = a_sell_off(hall)
    ann = hall.bidder(auction_id)
    hall.bid(ann, RESERVE + 2 * STEP)
    assert hammer(hall, auction_id) == "sold"
    judge = hall.house.perform(lambda unit: an_actor(an_account(unit, "judge")))
    hall.clock.advance(days=40)
    hall.house.perform(declare, judge, auction_id, reason="逾期未付")
    totals = hall.house.read(balances, auction_id)
    assert totals[court_forfeit(auction_id)] == KEPT
    assert totals[f"refund_due:{ann.registration_id}"] == RESERVE - KEPT
    assert hall.row(auction_id).settlement == "reneged"
    assert hall.house.read(verify_all, hall.house.vault.public_key).failures == []


def test_sixty_days_without_a_bid_are_an_unsold_sell_off_and_give_the_prepayments_back(hall: Hall) -> None:
    auction_id = a_sell_off(hall)
    waiting = hall.bidder(auction_id)
    hall.clock.moment = hall.row(auction_id).closes_at - SECOND
    assert hall.house.perform(close, auction_id, settled=True) is None
    assert hammer(hall, auction_id) == "unsold"
    row, registration = hall.row(auction_id), hall.registration(waiting)
    assert (row.status, row.closes_at - row.opens_at) == ("unsold", WEEKS)
    assert (registration.status, registration.release_due_at) == ("released", row.closes_at + DAY)
    assert hall.bid(waiting, RESERVE).code == "closed"
    assert hall.house.read(lambda session: session.get_one(Auction, auction_id).leader_registration_id) is None
    assert hall.house.read(lambda s: s.get_one(Registration, waiting.registration_id).bidder_code) is not None

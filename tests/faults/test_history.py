"""The checker of histories: it passes what a lot can do, and finds every fault that is planted into it."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.bidding.hall import RESERVE, STEP
from tests.faults.history import Lot, Op, Said, in_one_order

SEED = 20260302


def lived(rng: random.Random, length: int = 60) -> list[Op]:
    """What a right lot answers to some who offer at once: each offer takes effect between its call and its return.

    One in ten is never answered; half of these took effect all the same.
    """
    lot, now, ops = Lot(), 0, list[Op]()
    for number in range(length):
        now += 10
        again = rng.choice(ops) if ops and rng.random() < 0.15 else None
        who, key = (again.who, again.key) if again else (f"p{rng.randrange(5)}", f"k{number}")
        price = lot.price if lot.price is not None else RESERVE - STEP
        amount = again.amount if again else price + rng.randrange(-1, 4) * STEP + STEP
        spread = (now - rng.randrange(1, 25), now + rng.randrange(1, 25))
        op = Op(who, key, amount, rng.random() < 0.5, spread[0])
        unheard = rng.random() < 0.1
        if unheard and rng.random() < 0.5:
            ops.append(op)
            continue
        said, lot = lot.after(op, comes_again=True)
        ops.append(op if unheard else replace(op, back=spread[1], said=said))
    return ops


def test_what_a_right_lot_does_has_an_order() -> None:
    rng = random.Random(SEED)
    assert [in_one_order(lived(rng)) for _ in range(40)] == [True] * 40


def _bids(ops: list[Op]) -> list[int]:
    return [number for number, op in enumerate(ops) if op.said is not None and op.said.code is None]


def _plain(ops: list[Op]) -> list[int]:
    """Accepted bids whose key came once: what a fault does to them nothing else excuses."""
    keys = [(op.who, op.key) for op in ops]
    return [number for number in _bids(ops) if keys.count((ops[number].who, ops[number].key)) == 1]


def _change(ops: list[Op], number: int, **said: object) -> None:
    old = ops[number].said
    assert old is not None
    ops[number] = replace(ops[number], said=old._replace(**said))  # type: ignore[arg-type]


def lost(ops: list[Op]) -> None:
    """An acknowledged bid is gone: everybody afterwards is told what he would be without it."""
    number = _plain(ops)[-1]
    at = ops[number].back or 0
    price = ops[number].amount - STEP
    ops.append(
        Op(
            "late",
            "late",
            price,
            True,
            at + 500,
            at + 501,
            Said(None, (ops[number].said or Said(None, 1, 1)).seq, price),
        )
    )


def one_number_twice(ops: list[Op]) -> None:
    _change(ops, _plain(ops)[2], seq=(ops[_plain(ops)[1]].said or Said(None, 0, 0)).seq)


def numbers_left_out(ops: list[Op]) -> None:
    """More of them than there are offers nobody heard of."""
    for number in _bids(ops)[3:]:
        _change(ops, number, seq=((ops[number].said or Said(None, 0, 0)).seq or 0) + len(ops))


def two_effects_of_one_key(ops: list[Op]) -> None:
    op = ops[_plain(ops)[-1]]
    seq, price = (op.said or Said(None, 0, 0)).seq or 0, op.amount + STEP
    now = max(one.back or one.called for one in ops) + 500
    ops.append(Op(op.who, op.key, op.amount, True, now, now + 1, Said(None, seq + 1, price)))


def another_answer_to_the_same_key(ops: list[Op]) -> None:
    op = ops[_plain(ops)[-1]]
    now = max(one.back or one.called for one in ops) + 500
    ops.append(replace(op, called=now, back=now + 1, said=Said("below_minimum", None, op.amount)))


def a_stale_price(ops: list[Op]) -> None:
    """Who comes last is refused by a price that stood long ago."""
    bids, now = _plain(ops), max(one.back or one.called for one in ops) + 500
    ops.append(Op("new", "new", RESERVE, True, now, now + 1, Said("below_minimum", None, ops[bids[0]].amount)))


def a_price_of_the_future(ops: list[Op]) -> None:
    ops.append(Op("first", "first", RESERVE, True, -100, -99, Said("below_minimum", None, ops[_plain(ops)[-1]].amount)))


def refused_without_a_reason(ops: list[Op]) -> None:
    number = _plain(ops)[-1]
    price = ops[number].amount - STEP
    _change(ops, number, code="below_minimum", seq=None, price=price)


def own_lead_raised_unconfirmed(ops: list[Op]) -> None:
    last, now = ops[_bids(ops)[-1]], max(one.back or one.called for one in ops) + 500
    price, seq = last.amount + 9 * STEP, (last.said or Said(None, 0, 0)).seq or 0
    ops.append(Op("x", "x1", price, False, now, now + 1, Said(None, seq + 1, price)))
    ops.append(Op("x", "x2", price + STEP, False, now + 2, now + 3, Said(None, seq + 2, price + STEP)))


def taken_after_the_end(ops: list[Op]) -> None:
    last, now = ops[_bids(ops)[-1]], max(one.back or one.called for one in ops) + 500
    price, seq = last.amount + 9 * STEP, (last.said or Said(None, 0, 0)).seq or 0
    ops.append(Op("", "close", 0, False, now, now + 1, Said(None, None, last.amount)))
    ops.append(Op("x", "x1", price, False, now + 2, now + 3, Said(None, seq + 1, price)))


def judged_before_it_was_made(ops: list[Op]) -> None:
    """Two bids trade their times, far apart: each is answered as if it stood where the other was."""
    one, two = _plain(ops)[0], _plain(ops)[-1]
    first, last = ops[one], ops[two]
    ops[one] = replace(first, called=last.called, back=last.back)
    ops[two] = replace(last, called=first.called, back=first.back)


FAULTS: list[Callable[[list[Op]], None]] = [
    lost,
    one_number_twice,
    numbers_left_out,
    two_effects_of_one_key,
    another_answer_to_the_same_key,
    a_stale_price,
    a_price_of_the_future,
    refused_without_a_reason,
    own_lead_raised_unconfirmed,
    taken_after_the_end,
    judged_before_it_was_made,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_has_no_order(fault: Callable[[list[Op]], None]) -> None:
    rng = random.Random(SEED)
    for _ in range(4):
        ops = lived(rng)
        fault(ops)
        assert not in_one_order(ops), fault.__name__


def test_an_offer_nobody_heard_of_may_take_effect_late_but_not_come_before_its_call() -> None:
    unheard = Op("a", "k1", RESERVE, True, 10)
    then = Op("b", "k2", RESERVE, True, 40, 50, Said("below_minimum", None, RESERVE))
    assert in_one_order([unheard, then])
    assert in_one_order([unheard, replace(then, said=Said(None, 1, RESERVE))])
    assert not in_one_order([replace(unheard, called=60), then])

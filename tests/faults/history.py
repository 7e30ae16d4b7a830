"""Histories of offers, and whether they fit a lot judged one offer at a time (linearizability, Wing and Gong).

An operation is called, and comes back with an answer or never (then it may have taken effect at any later time, or not
at all). The lot of this file knows the rules of the room and not a line of Fapai.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.bidding.hall import RESERVE, STEP


class Said(NamedTuple):
    """What a bidder is told: the reason of a refusal or None, his number, the price then."""

    code: str | None
    seq: int | None
    price: int | None


@dataclass(frozen=True, slots=True)
class Op:
    """One offer, or the closing (`who` empty; `amount` 0), as whoever made it lived through it, by one clock."""

    who: str
    key: str
    amount: int
    own: bool
    called: int
    back: int | None = None
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """What was accepted so far, whether it is over, and what keys that come again were answered."""

    seq: int = 0
    price: int | None = None
    leader: str | None = None
    over: bool = False
    keys: frozenset[tuple[str, str, int, Said]] = frozenset()

    def after(self, op: Op, comes_again: bool) -> tuple[Said, "Lot"]:
        """The answer owed to an operation, and the lot afterwards."""
        if not op.who:
            return Said(None, None, self.price), Lot(self.seq, self.price, self.leader, True, self.keys)
        for who, key, amount, said in self.keys:
            if (who, key) == (op.who, op.key):
                return (said if amount == op.amount else Said("idempotency_conflict", None, None)), self
        code = self._refusal(op)
        if code is None:
            said = Said(None, self.seq + 1, op.amount)
        else:
            said = Said(code, None, self.price)
        # A closed lot stores nothing: there the key is not used up.
        keys = self.keys | {(op.who, op.key, op.amount, said)} if comes_again and not self.over else self.keys
        if code is None:
            return said, Lot(self.seq + 1, op.amount, op.who, self.over, keys)
        return said, Lot(self.seq, self.price, self.leader, self.over, keys)

    def _refusal(self, op: Op) -> str | None:
        if self.over:
            return "closed"
        if op.amount < RESERVE:
            return "below_reserve"
        if (op.amount - RESERVE) % STEP:
            return "not_whole_increment"
        if self.leader == op.who and not op.own:
            return "already_leading"
        return "below_minimum" if self.price is not None and op.amount < self.price + STEP else None


def in_one_order(ops: Iterable[Op]) -> bool:
    """Whether every answer is the one owed in some order that keeps what came back before what was called later.

    Depth first over the operations that may come next; a set of operations done and the lot they left are tried once.
    """
    line = _without_echoes(sorted(ops, key=lambda op: op.called))
    times = Counter((op.who, op.key) for op in line)
    whole = sum(1 << number for number, op in enumerate(line) if op.said is not None)
    seen: set[tuple[int, Lot]] = set()
    stack: list[tuple[int, Lot]] = [(0, Lot())]
    while stack:
        done, lot = stack.pop()
        if done & whole == whole:
            return True
        for number in _next(line, done):
            op = line[number]
            said, after = lot.after(op, times[op.who, op.key] > 1)
            state = (done | 1 << number, after)
            if (op.said is None or op.said == said) and state not in seen:
                seen.add(state)
                stack.append(state)
    return False


def _without_echoes(line: list[Op]) -> list[Op]:
    """An offer sent again that nobody answered either says nothing new: what it could do the first could do as late."""
    first: set[tuple[str, str, int]] = set()
    kept = []
    for op in line:
        if op.said is None:
            if (op.who, op.key, op.amount) in first:
                continue
            first.add((op.who, op.key, op.amount))
        kept.append(op)
    return kept


def _next(line: list[Op], done: int) -> Iterator[int]:
    """Operations that were called before any other that is left came back; those nobody heard of are tried last."""
    found, until = [], None
    for number, op in enumerate(line):
        if done >> number & 1:
            continue
        if until is not None and op.called > until:
            break
        found.append(number)
        if op.back is not None and (until is None or op.back < until):
            until = op.back
    fit = [number for number in found if until is None or line[number].called <= until]
    # The stack gives the last one first.
    yield from sorted(fit, key=lambda number: line[number].said is not None)

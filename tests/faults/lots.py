"""What a lot must hold after a fault: exactly what its bidders were told, once, in one line."""

import json
from itertools import pairwise

from auction.kernel.crypto import sha256_hex
from tests.bidding.hall import Hall
from tests.faults.history import Op


def holds(hall: Hall, auction_id: str, ops: list[Op]) -> int:
    """Hold what was told against what is stored, and what is stored against itself; how many bids were accepted."""
    stored = hall.accepted(auction_id)
    assert [bid.seq for bid in stored] == list(range(1, len(stored) + 1))
    assert all(one.amount_fen < two.amount_fen for one, two in pairwise(stored))
    by_key = {(bid.registration_id, bid.key): bid for bid in hall.bids(auction_id)}
    assert len(by_key) == len(hall.bids(auction_id))
    for op in ops:
        if op.said is not None and op.said.code != "idempotency_conflict":
            bid = by_key[op.who, op.key]
            told = (op.amount, op.said.code, op.said.seq, op.said.price)
            assert told == (bid.amount_fen, bid.code, bid.seq, bid.price_fen), f"told otherwise than stored: {op}"
    asked = {(op.who, op.key, op.amount) for op in ops}
    assert {(bid.registration_id, bid.key, bid.amount_fen) for bid in by_key.values()} <= asked
    room = hall.row(auction_id)
    assert (room.bid_count, room.price_fen) == (len(stored), stored[-1].amount_fen if stored else None)
    # Whatever was not sent on before the death is in the room's events for whoever asks with `since`.
    events = hall.events(auction_id)
    assert [event.version for event in events] == list(range(1, room.version + 1))
    assert [event.data["seq"] for event in events if event.type == "bid"] == [bid.seq for bid in stored]
    journal = hall.journal(f"auction:{auction_id}")
    assert [row.number for row in journal] == list(range(1, len(journal) + 1))
    assert all(json.loads(two.entry)["prev"] == one.hash for one, two in pairwise(journal))
    assert [row.hash for row in journal] == [sha256_hex(row.entry.encode()) for row in journal]
    assert sum(row.kind == "BidAccepted" for row in journal) == len(stored)
    return len(stored)

"""A history of bids as a CSV, line by line: every line becomes a bid, or is set aside with the reason."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from auction.kernel.clock import parse
from auction.kernel.money import is_amount

from ..rules.patterns.features import Offer
from .lines import LONGEST, Refused, RefusedRow, rows_of

COLUMNS = ("auction_id", "bidder", "amount_fen", "received_at")
#: Who sells, and an opaque name of where the deposit came from.
OPTIONAL = ("seller", "deposit_source")
_AMOUNT = re.compile(r"[0-9]{1,16}")


@dataclass(frozen=True, slots=True)
class BidRow:
    """A bid, its line (1 is the header), and what the optional columns say ("" where nothing)."""

    line: int
    offer: Offer
    seller: str
    deposit_source: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A line that is no bid: why, and whose it would have been as far as it can be read."""

    refused: RefusedRow
    auction: str
    bidder: str


def read_bids(stream: BinaryIO) -> Iterator[BidRow | SetAside]:
    """The rows in order. A header that cannot be taken is set aside as line 1 and ends the file."""
    for row in rows_of(stream, COLUMNS, optional=OPTIONAL, others=True):
        if isinstance(row, RefusedRow):
            yield SetAside(row, "", "")
            continue
        line, cells = row
        try:
            for column in ("auction_id", "bidder"):
                if not cells[column]:
                    raise Refused("required", column)
                if len(cells[column]) > LONGEST:
                    raise Refused("too_long", column, limit=LONGEST)
            offer = Offer(cells["auction_id"], cells["bidder"], _amount(cells["amount_fen"]), _at(cells["received_at"]))
        except Refused as refused:
            yield SetAside(refused.at(line), cells["auction_id"][:LONGEST], cells["bidder"][:LONGEST])
        else:
            yield BidRow(line, offer, cells.get("seller", ""), cells.get("deposit_source", ""))


def _amount(text: str) -> int:
    if not _AMOUNT.fullmatch(text) or not is_amount(int(text)):
        raise Refused("amount_invalid", "amount_fen")
    return int(text)


def _at(text: str) -> datetime:
    try:
        return parse(text)
    except (ValueError, OverflowError):
        raise Refused("moment_invalid", "received_at") from None

"""The protocol of a sale and the extract of its ledger, both made of nothing but the entries of its journal. Pure.

A line of the protocol tells one entry: when, what kind, its place `STREAM/NUMBER`, the hash of its bytes, and what it
says; of a private entry only what names nobody. The ledger extract tells every movement of money in the auction.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from .ledger import BANK

PROTOCOL, LEDGER = "fapai-protocol-1", "fapai-ledger-1"
MOVED = "MoneyMoved"
_OFFER = (
    "amount_fen",
    "arrived_at",
    "bidder_code",
    "closes_at",
    "code",
    "confirmed",
    "rank",
    "received_at",
    "seal",
)
#: What a line tells of private entries: no person, no account, no reason in somebody's own words.
_TOLD: Mapping[str, tuple[str, ...]] = {
    "AuctionDrafted": ("terms", "resale_of"),
    "BidderQualified": ("bidder_code",),
    "BidRefused": _OFFER,
    "ForfeitAllocated": ("forfeited_fen", "final_fen", "liable_fen"),
    MOVED: ("kind", "amount_fen"),
    "NoticesRecorded": ("recipients",),
    "RegistrationEnded": ("status", "refusal"),
    "RegistrationFiled": ("capacity", "claim"),
    "RegistrationRefused": ("capacity", "claim", "refusal"),
    "TermsChanged": ("terms",),
    "VoteGiven": ("approve",),
    "VotesVoided": (),
}
_POSTING = ("posting_id", "at", "registration_id", "source", "destination", "amount_fen", "kind")


def concerns(body: Mapping[str, Any], auction_id: str) -> bool:
    """Whether an entry of the auction's or its lot's stream is about this auction, and not about another round."""
    return str(body.get("auction_id", auction_id)) == auction_id


def line_of(entry: Mapping[str, Any], digest: str, *, private: bool) -> dict[str, Any]:
    """The line of an entry; `digest` is the hash of its bytes."""
    body = entry["body"]
    told = _TOLD.get(entry["kind"], ()) if private else body
    return {
        "at": entry["at"],
        "journal": f"{entry['stream']}/{entry['number']}",
        "kind": entry["kind"],
        "hash": digest,
        "facts": {name: body[name] for name in told if name in body},
    }


def protocol(auction_id: str, lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The lines in order of time, those of one moment by their place."""
    ordered = sorted(lines, key=place_in_time)
    return {"format": PROTOCOL, "auction": auction_id, "lines": ordered}


def place_in_time(line: Mapping[str, Any]) -> tuple[str, str, int]:
    """What the lines are sorted by: times are written alike, so that their text sorts as they do."""
    stream, _, number = line["journal"].rpartition("/")
    return line["at"], stream, int(number)


def ledger_extract(auction_id: str, entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Every movement of the auction in the order of the ledger, and what each account holds in the end, in fen."""
    postings = [
        {name: entry["body"][name] for name in _POSTING} | {"journal": f"{entry['stream']}/{entry['number']}"}
        for entry in entries
        if entry["kind"] == MOVED and entry["body"]["auction_id"] == auction_id
    ]
    postings.sort(key=lambda posting: posting["posting_id"])
    balances: dict[str, int] = {}
    for posting in postings:
        balances[posting["source"]] = balances.get(posting["source"], 0) - posting["amount_fen"]
        balances[posting["destination"]] = balances.get(posting["destination"], 0) + posting["amount_fen"]
    return {
        "format": LEDGER,
        "auction": auction_id,
        "postings": postings,
        "balances": dict(sorted(balances.items())),
        "held_fen": -balances.get(BANK, 0),
    }

"""Gathering the facts of a sale for its confirmation."""

from typing import Any

from auction.kernel.journal import Entry
from auction.kernel.unit import Unit
from auction.models import Auction

from ..models import Registration
from ..queries.identities import OpenIdentity, identities
from ..queries.rooms import ruleset_of
from ..rules.confirmation import LogPlace, Party, Sale, confirmation_document


def confirmation_of(
    unit: Unit, auction: Auction, winner: Registration, *, deposit_fen: int, provisional: bool, decided: Entry
) -> dict[str, Any]:
    """The confirmation of a sold auction; `decided` is the journal entry that closed it.

    `provisional`: whether a holiday schedule still to be published may move the day of the balance (PRECISIONS 16).
    A principal's or the joint bidders' names stand as buyers, an agent's beside them.
    """
    assert auction.price_fen is not None and auction.balance_due_at is not None  # noqa: S101 - a sold auction
    lot = auction.lot
    sale = Sale(
        auction_id=auction.id,
        court_code=lot.court_code,
        court_name=lot.court.name,
        case_number=lot.case.number,
        lot_title=lot.title,
        asset_type=lot.asset_type,
        lot_address=lot.address,
        round=auction.round,
        price_fen=auction.price_fen,
        bidder_code=winner.bidder_code or "",
        rank=winner.rank,
        bids=auction.bid_count,
        extensions=auction.extensions,
        closed_at=auction.closes_at,
        deposit_fen=deposit_fen,
        balance_fen=auction.price_fen - deposit_fen,
        balance_due_at=auction.balance_due_at,
        provisional=provisional,
        seal=auction.seal or "",
    )
    behind = identities(unit.session, unit.vault, winner)
    represented = [one for one in behind if one.part == "principal"]
    return confirmation_document(
        sale,
        [_party(one) for one in (represented or behind)],
        ruleset_of(unit.session, auction),
        agent=_party(behind[0]) if represented else None,
        entry=LogPlace(f"auction:{auction.id}", decided.number, decided.hash),
        sandbox=unit.settings.sandbox,
    )


def _party(one: OpenIdentity) -> Party:
    return Party(one.name, one.id_type, one.id_number, one.share)

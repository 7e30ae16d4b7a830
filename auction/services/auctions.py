"""Setting up one round of a lot: terms, panel, votes. Announcing it needs the sheet, so the floor above does that."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import select

from ..kernel.clock import iso
from ..kernel.errors import Breach, DomainError
from ..kernel.unit import Unit
from ..models import Account, Auction, Lot, PanelMember
from ..rules.access import Actor, require
from ..rules.lot import LIVE, PRIVATE, AuctionStatus, check_transition
from ..rules.panel import tally
from ..rules.terms import Terms

#: The bid path's distribution key: everything of one auction lies in one shard.
SHARDS = 64


def shard_of(auction_id: str) -> int:
    """The shard of an auction, from its id alone."""
    return zlib.crc32(auction_id.encode()) % SHARDS


def create_auction(
    unit: Unit,
    actor: Actor,
    lot: Lot,
    terms: Terms,
    panel: Sequence[str],
    resale_of: str | None = None,
) -> Auction:
    """Draft a round for a locked lot. `panel` are usernames.

    A lot has one round under way at a time: DomainError wrong_state while another is announced, open or
    suspended, and once the lot is disposed of otherwise. An unknown username is invalid/`unknown_judge`.
    """
    require(actor, "auction.create", court=lot.court_code)
    if unit.session.scalar(select(Auction.id).where(Auction.lot_id == lot.id, Auction.status.in_(LIVE))):
        raise DomainError("wrong_state", status="another_round_live")
    if lot.disposal:
        raise DomainError("lot_disposed", disposal=lot.disposal)
    members = _panel(unit, panel)
    auction_id = unit.new_id()
    auction = Auction(
        id=auction_id,
        lot_id=lot.id,
        shard=shard_of(auction_id),
        status=AuctionStatus.DRAFT.value,
        version=0,
        bid_count=0,
        extensions=0,
        resale_of=resale_of,
        created_at=unit.now,
        created_by=actor.id,
    )
    _set_terms(auction, terms)
    for position, account in enumerate(members):
        auction.panel.append(PanelMember(account_id=account.id, position=position))
    unit.session.add(auction)
    unit.record(
        "AuctionDrafted",
        stream=f"lot:{lot.id}",
        private=True,
        body={
            "auction_id": auction.id,
            "by": actor.id,
            "terms": terms_data(terms),
            "panel": [m.id for m in members],
            "resale_of": resale_of,
            "created_at": iso(unit.now),
        },
    )
    return auction


def change_terms(
    unit: Unit, actor: Actor, auction: Auction, changes: Mapping[str, Any], panel: Sequence[str] | None
) -> Auction:
    """Change the terms of a round not yet announced; votes given on the old ones fall (PRECISIONS 34)."""
    require(actor, "auction.create", court=auction.lot.court_code)
    if auction.status not in PRIVATE:
        raise DomainError("wrong_state", status=auction.status)
    fresh = replace(Terms.of(auction), **changes)
    _set_terms(auction, fresh)
    if panel is not None:
        auction.panel.clear()
        unit.session.flush()
        for position, account in enumerate(_panel(unit, panel)):
            auction.panel.append(PanelMember(account_id=account.id, position=position))
    void_votes(unit, auction.lot_id)
    unit.record(
        "TermsChanged",
        stream=f"lot:{auction.lot_id}",
        private=True,
        body={
            "auction_id": auction.id,
            "by": actor.id,
            "terms": terms_data(fresh),
            "panel": [member.account_id for member in auction.panel],
        },
    )
    return auction


def terms_data(terms: Terms) -> dict[str, Any]:
    """The terms as an entry's body."""
    times = {"opens_at": iso(terms.opens_at), "closes_at": iso(terms.closes_at)}
    return {**asdict(terms), "round": terms.round.value, **times}


def _set_terms(auction: Auction, terms: Terms) -> None:
    for name, value in asdict(terms).items():
        setattr(auction, name, value)
    auction.round, auction.scheduled_closes_at = terms.round.value, terms.closes_at


def _panel(unit: Unit, usernames: Sequence[str]) -> list[Account]:
    """The accounts of a panel; whether they may sit is a finding at announcement, an unknown name is refused now."""
    found = {
        account.username: account
        for account in unit.session.scalars(select(Account).where(Account.username.in_(usernames)))
    }
    wrong = [
        Breach("unknown_judge", f"panel.{n}", facts={"value": name})
        for n, name in enumerate(usernames)
        if name not in found
    ]
    wrong += [
        Breach("duplicate", f"panel.{n}", facts={"value": name})
        for n, name in enumerate(usernames)
        if name in usernames[:n]
    ]
    if wrong:
        raise DomainError("invalid", wrong)
    return [found[name] for name in usernames]


def discard(unit: Unit, actor: Actor, auction: Auction, *, reason: str) -> Auction:
    """Give up a locked draft that is not to be announced; the round it was to be may be drafted anew.

    DomainError wrong_state once it was announced: from then on it is withdrawn, in public (SALE 17).
    """
    require(actor, "auction.create", court=auction.lot.court_code)
    if auction.status not in PRIVATE:
        raise DomainError("wrong_state", status=auction.status)
    give_up(unit, auction, "discarded", by=actor.id, reason=reason)
    return auction


def give_up(unit: Unit, draft: Auction, ground: str, **said: str) -> None:
    """End a locked draft unseen: the public, its clocks and its messages never hear of it."""
    _move(draft, AuctionStatus.WITHDRAWN)
    draft.ended_reason, draft.closed_at = ground, unit.now
    unit.record(
        "DraftGivenUp",
        stream=f"lot:{draft.lot_id}",
        private=True,
        body={"auction_id": draft.id, "ground": ground, "closed_at": iso(unit.now), **said},
    )


def void_votes(unit: Unit, lot_id: str) -> None:
    """Void the votes of the lot's unannounced rounds: what was voted on has changed."""
    drafts = unit.session.scalars(
        select(Auction).where(
            Auction.lot_id == lot_id, Auction.status.in_((AuctionStatus.IN_REVIEW, AuctionStatus.APPROVED))
        )
    )
    for auction in drafts:
        auction.status = AuctionStatus.DRAFT.value
        for member in auction.panel:
            member.approve = member.reason = member.voted_at = None
        unit.record("VotesVoided", stream=f"lot:{lot_id}", private=True, body={"auction_id": auction.id})


def vote(unit: Unit, actor: Actor, auction: Auction, *, approve: bool, reason: str) -> Auction:
    """Give the actor's vote on a locked, unannounced auction; a majority of the whole panel decides (OJA 27).

    DomainError forbidden for somebody who does not sit on the panel, wrong_state once it is announced.
    """
    require(actor, "auction.vote", court=auction.lot.court_code)
    if auction.status not in PRIVATE:
        raise DomainError("wrong_state", status=auction.status)
    member = next((m for m in auction.panel if m.account_id == actor.id), None)
    if member is None:
        raise DomainError("forbidden")
    member.approve, member.reason, member.voted_at = approve, reason, unit.now
    if auction.status == AuctionStatus.DRAFT:
        _move(auction, AuctionStatus.IN_REVIEW)
    decided = tally({m.account_id: m.approve for m in auction.panel if m.approve is not None}, len(auction.panel))
    if decided != auction.status:
        _move(auction, decided)
    unit.record(
        "VoteGiven",
        stream=f"lot:{auction.lot_id}",
        private=True,
        body={
            "auction_id": auction.id,
            "by": actor.id,
            "approve": approve,
            "reason": reason,
            "status": auction.status,
        },
    )
    return auction


def _move(auction: Auction, status: AuctionStatus) -> None:
    check_transition(AuctionStatus(auction.status), status)
    auction.status = status.value
    if status == AuctionStatus.DRAFT:
        for member in auction.panel:
            member.approve = member.reason = member.voted_at = None

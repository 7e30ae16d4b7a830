"""A lot that needs no further round: it is taken, returned or sold by the debtor; drafts of another round are given up.

Shared by debt-for-asset, the return and the debtor's own sale. The lot is locked by all of them.
"""

from sqlalchemy import select

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, Lot
from auction.queries.unsold import last_unsold, own_sale
from auction.rules.access import Actor
from auction.rules.lot import LIVE, PRIVATE
from auction.services.locking import lock_round

from .groups import count_again


def lock_unsold(unit: Unit, actor: Actor, auction_id: str) -> Auction:
    """The lot's latest unsold round and the lot, locked, where no later round runs and the lot is still to dispose of.

    DomainError not_found for another court's, wrong_state otherwise (fact `status`).
    """
    auction = lock_round(unit, actor, auction_id, "auction.unsold")
    check_undisposed(unit, auction)
    return auction


def check_undisposed(unit: Unit, auction: Auction) -> None:
    """DomainError wrong_state unless a locked round is the lot's latest unsold one and nothing has followed it."""
    lot = auction.lot
    if auction.status != "unsold":
        raise DomainError("wrong_state", status=auction.status)
    if lot.disposal:
        raise DomainError("lot_disposed", disposal=lot.disposal)
    last = last_unsold(unit.session, lot.id)
    if last is None or last.id != auction.id:
        raise DomainError("wrong_state", status="not_the_last_round")
    live = select(Auction.id).where(Auction.lot_id == lot.id, Auction.status.in_((*LIVE, "sold")))
    later = live.where(Auction.created_at >= auction.created_at, Auction.id != auction.id)
    if unit.session.scalar(later.limit(1)):
        raise DomainError("wrong_state", status="another_round_live")


def check_no_own_sale(unit: Unit, lot_id: str) -> None:
    """DomainError own_sale_open while the debtor may sell the lot himself: nothing else is decided meanwhile."""
    running = own_sale(unit.session, lot_id)
    if running is not None:
        raise DomainError("own_sale_open", last_day=running.until_on.isoformat())


def dispose(unit: Unit, lot: Lot, disposal: str) -> None:
    """Note how a locked lot is disposed of; rounds not yet announced are given up before the public has seen them."""
    lot.disposal = disposal
    drafts = unit.session.scalars(select(Auction).where(Auction.lot_id == lot.id, Auction.status.in_(PRIVATE)))
    for draft in drafts:
        draft.status, draft.ended_reason = "withdrawn", disposal
        unit.record("DraftGivenUp", stream=f"lot:{lot.id}", private=True, body={"auction_id": draft.id})
    count_again(unit, lot.id)

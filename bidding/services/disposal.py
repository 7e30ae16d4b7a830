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
from auction.services.auctions import give_up
from auction.services.locking import lock_auctions
from auction.services.lots import lock_lot

from .life import withdraw_locked
from .looks import count_again

#: What the public is told where a round already announced is withdrawn for it.
_REASONS = {
    "taken": "流拍后已将标的交债权人抵债，不再拍卖。",
    "own_sale": "流拍后被执行人已自行变卖标的，不再拍卖。",
    "returned": "标的已解除查封并退还被执行人，不再拍卖。",
    "other_measures": "对标的采取其他执行措施，不再拍卖。",
}


def lock_unsold(unit: Unit, actor: Actor, auction_id: str, action: str = "auction.unsold") -> Auction:
    """The lot's latest unsold round, any round announced since, and the lot, all locked, the lot still to dispose of.

    DomainError not_found for another court's, wrong_state (fact `status`) once a later round has opened or was sold,
    lot_disposed.
    """
    lot_id = unit.session.scalar(select(Auction.lot_id).where(Auction.id == auction_id))
    if lot_id is None:
        raise DomainError("not_found")
    lock_lot(unit, actor, lot_id, action)
    live = select(Auction.id).where(Auction.lot_id == lot_id, Auction.status.in_(LIVE))
    auction = lock_auctions(unit, [auction_id, *unit.session.scalars(live)])[auction_id]
    check_undisposed(unit, auction)
    return auction


def check_undisposed(unit: Unit, auction: Auction) -> None:
    """DomainError wrong_state unless a locked round is the lot's latest unsold one and no later one has opened."""
    lot = auction.lot
    if auction.status != "unsold":
        raise DomainError("wrong_state", status=auction.status)
    if lot.disposal:
        raise DomainError("lot_disposed", disposal=lot.disposal)
    last = last_unsold(unit.session, lot.id)
    if last is None or last.id != auction.id:
        raise DomainError("wrong_state", status="not_the_last_round")
    later = select(Auction).where(Auction.lot_id == lot.id, Auction.id != auction.id)
    for one in unit.session.scalars(later.where(Auction.created_at >= auction.created_at)):
        coming = one.status == "announced" and unit.now < one.opens_at
        if one.status in (*LIVE, "sold") and not coming:
            raise DomainError("wrong_state", status="another_round_live")


def check_no_own_sale(unit: Unit, lot_id: str) -> None:
    """DomainError own_sale_open while the debtor may sell the lot himself: nothing else is decided meanwhile."""
    running = own_sale(unit.session, lot_id)
    if running is not None:
        raise DomainError("own_sale_open", last_day=running.until_on.isoformat())


def dispose(unit: Unit, lot: Lot, disposal: str) -> None:
    """Note how a locked lot is disposed of, and stop what would follow.

    A round announced but not opened is withdrawn, its deposits go back; drafts are given up unseen.
    """
    lot.disposal = disposal
    for coming in unit.session.scalars(select(Auction).where(Auction.lot_id == lot.id, Auction.status == "announced")):
        withdraw_locked(unit, coming, ground=disposal, reason=_REASONS[disposal])
    drafts = unit.session.scalars(select(Auction).where(Auction.lot_id == lot.id, Auction.status.in_(PRIVATE)))
    for draft in drafts:
        give_up(unit, draft, disposal)
    count_again(unit, lot.id)

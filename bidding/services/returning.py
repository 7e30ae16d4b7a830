"""Nobody bought and no creditor takes: the lot is released and returned, unless other measures serve (SALE 24, 25)."""

from auction.kernel.unit import Unit
from auction.models import LotReturn
from auction.queries.unsold import asked
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from auction.rules.lot import AssetType, Round
from auction.rules.unsold import check_returnable

from .disposal import check_no_own_sale, dispose, lock_unsold


def return_lot(unit: Unit, actor: Actor, auction_id: str, *, kind: str, reason: str) -> LotReturn:
    """Decide, for good and in public, what becomes of a lot after its last unsold round.

    `kind`: returned (seizure released, the lot goes back to the debtor) or other_measures (management by the creditor
    and the like: SALE 25(2), CPLI 490). DomainError wrong_state while a round is still to come, taking_open,
    own_sale_open, lot_disposed.
    """
    auction = lock_unsold(unit, actor, auction_id)
    check_no_own_sale(unit, auction.lot_id)
    check_returnable(
        Round(auction.round),
        auction.status,
        AssetType(auction.lot.asset_type),
        asked(unit.session, auction),
        shanghai_day(unit.now),
    )
    row = LotReturn(lot_id=auction.lot_id, auction_id=auction.id, kind=kind, reason=reason, by=actor.id, at=unit.now)
    unit.session.add(row)
    dispose(unit, auction.lot, kind)
    unit.record("LotReturned", stream=f"auction:{auction.id}", body={"kind": kind, "reason": reason})
    unit.tell(auction, "notice", notice=kind)
    unit.session.flush()
    return row

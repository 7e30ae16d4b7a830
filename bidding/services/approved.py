"""What becomes of a proposal once everybody it needs has answered: one act for each kind."""

from collections.abc import Mapping

from sqlalchemy import select

from auction.kernel.unit import Unit
from auction.models import Approval, Auction
from auction.services.approvals import Act
from auction.services.locking import lock_auction, lock_auctions
from auction.services.lots import lock_bare
from disclosure.rules.changing import SHEET_CHANGE

from ..queries.break_glass import BREAK_GLASS
from ..queries.held import REVOCATION
from ..queries.objections import DECISION
from ..queries.reneges import RENEGE, RENEGE_REVOKED
from ..queries.sanctions import LIFTING, SANCTION
from .break_glass import carry_out_opening
from .changes import carry_out_change, stand_down
from .factor_reset import KIND as FACTOR_RESET
from .factor_reset import carry_out_reset, lock_owner
from .lifting import KIND as HIT_LIFTED
from .lifting import carry_out_hit_lifted
from .objections import carry_out_decision
from .renege import carry_out_renege
from .renege_objections import carry_out_revocation as carry_out_renege_revoked
from .revocation import carry_out_revocation
from .sanctions import barred_from, carry_out_lifting, carry_out_sanction, lock_sanction
from .takings import RANK, carry_out_rank


def _lock_lot_of_round(unit: Unit, approval: Approval) -> None:
    """The lot of the round decided about and all its rounds: a sale given up or restored touches those that follow.

    With them the rounds a bar resting on a declaration keeps its person from, who is looked at anew where it falls.
    """
    lot_id = unit.session.scalars(select(Auction.lot_id).where(Auction.id == approval.subject_id)).one()
    _lock_lot(unit, lot_id, barred_from(unit.session, approval.subject_id))


def _lock_lot_of_hit(unit: Unit, approval: Approval) -> None:
    _lock_lot(unit, approval.proposal["lot_id"])


def _lock_lot(unit: Unit, lot_id: str, more: frozenset[str] = frozenset()) -> None:
    lock_bare(unit, lot_id)
    lock_auctions(unit, more.union(unit.session.scalars(select(Auction.id).where(Auction.lot_id == lot_id))))


def _lock_round(unit: Unit, approval: Approval) -> None:
    lock_auction(unit, approval.subject_id)


def _lock_objected(unit: Unit, approval: Approval) -> None:
    lock_auction(unit, approval.proposal["auction_id"])


def _lock_sanction(unit: Unit, approval: Approval) -> None:
    lock_sanction(unit, approval.subject_id)


#: kind -> what becomes of it.
ACTS: Mapping[str, Act] = {
    RENEGE: Act(_lock_lot_of_round, carry_out_renege),
    RENEGE_REVOKED: Act(_lock_lot_of_round, carry_out_renege_revoked),
    REVOCATION: Act(_lock_lot_of_round, carry_out_revocation),
    SHEET_CHANGE: Act(_lock_lot_of_round, carry_out_change, refused=stand_down),
    DECISION: Act(_lock_objected, carry_out_decision),
    HIT_LIFTED: Act(_lock_lot_of_hit, carry_out_hit_lifted),
    SANCTION: Act(_lock_sanction, carry_out_sanction),
    LIFTING: Act(_lock_sanction, carry_out_lifting),
    BREAK_GLASS: Act(_lock_round, carry_out_opening),
    RANK: Act(_lock_lot_of_round, carry_out_rank),
    FACTOR_RESET: Act(lock_owner, carry_out_reset),
}

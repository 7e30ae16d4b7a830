"""Revoking a sale that was held at its end because its winner is barred, and the hit stands (PRECISIONS 14, 25).

The panel decides: one of its judges proposes, so many more of it approve as make the majority of the whole panel. The
second bidder never steps in; the lot is held again as the same round.
"""

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Approval, Auction
from auction.rules.access import Actor, require
from auction.rules.approvals import Need
from auction.services.approvals import propose

from ..models import Registration
from ..queries.conflicts import BARRED
from ..queries.held import REVOCATION, WINNER_BARRED, is_held
from .interest import recheck
from .life import change_status
from .noting import state_of
from .release import release_registration
from .renege import forfeit_deposit
from .rooms import lock_auction


def propose_revocation(
    unit: Unit, actor: Actor, auction_id: str, *, ground: str, knowingly_false: bool = False, reason: str = ""
) -> Approval:
    """Propose to revoke a sale held for a barred winner; the panel's majority decides.

    `knowingly_false`: that the winner knew his undertaking `not_barred` to be false, whereupon the deposit is not given
    back; it needs a `reason`. DomainError not_found for another court's, forbidden for a judge who is not on the panel,
    wrong_state unless the sale is held, invalid for another ground.
    """
    auction = lock_auction(unit, auction_id)
    require(actor, "auction.revoke", court=auction.lot.court_code)
    if ground != WINNER_BARRED:
        raise invalid("ground", "not_one_of", allowed=(WINNER_BARRED,))
    if knowingly_false and not reason.strip():
        raise invalid("reason", "required")
    _check_held(auction)
    panel = _panel(auction)
    if actor.id not in panel:
        raise DomainError("forbidden")
    return propose(
        unit,
        actor,
        kind=REVOCATION,
        subject_id=auction.id,
        court_code=auction.lot.court_code,
        proposal={"ground": ground, "knowingly_false": knowingly_false},
        reason=reason,
        needs=[Need("judge", max(1, len(panel) // 2), among=frozenset(panel))],
    )


def carry_out_revocation(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The panel's majority: the sale is revoked. DomainError wrong_state where it is held no more, or for no bar."""
    auction = lock_auction(unit, approval.subject_id)
    _check_held(auction)
    winner = unit.session.get_one(Registration, auction.leader_registration_id, populate_existing=True)
    if recheck(unit, auction, winner.id, winner) is None:
        raise DomainError("wrong_state", status="not_barred")  # lifted, or the registry was corrected meanwhile
    unit.session.refresh(winner)
    auction.suspension, auction.ended_reason = None, approval.proposal["ground"]
    change_status(unit, auction, "revoked", ground=approval.proposal["ground"])
    kept = 0
    winner.decision_reason = approval.reason or None  # what the buyer reads on his registration
    if approval.proposal["knowingly_false"]:
        kept, _ = forfeit_deposit(unit, auction, winner)
        winner.status, winner.refusal = "forfeited", BARRED
    else:
        release_registration(unit, auction, winner, status="released", refusal=BARRED)
    unit.record(
        "SaleRevoked",
        stream=f"auction:{auction.id}",
        body={"ground": approval.proposal["ground"], "forfeited_fen": kept},
    )
    unit.record(
        "WinnerRemoved",
        stream=f"person:{winner.person_id}",
        private=True,
        body={
            "registration_id": winner.id,
            "knowingly_false": approval.proposal["knowingly_false"],
            "reason": approval.reason,
            "approval_id": approval.id,
            "by": [approval.proposed_by, actor.id],
            "state": state_of(winner),
        },
    )


def _check_held(auction: Auction) -> None:
    if not is_held(auction):
        raise DomainError("wrong_state", status=auction.status)


def _panel(auction: Auction) -> set[str]:
    return {member.account_id for member in auction.panel}

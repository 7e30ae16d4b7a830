"""Revoking a sale (PRECISIONS 14, 25): on a ground of OJA 31, or one held at its end because its winner is barred.

The panel decides: one of its judges proposes, so many more of it approve as make the majority of the whole panel. The
second bidder never steps in; the lot is held again as the same round.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Approval, Auction
from auction.rules.access import Actor
from auction.rules.approvals import majority_of
from auction.services.approvals import propose
from auction.services.locking import lock_round
from disclosure.models import Viewing
from disclosure.services.viewings import call_off_ahead

from ..models import Registration
from ..queries.conflicts import BARRED, RENEGER
from ..queries.held import REVOCATION, WINNER_BARRED, is_held
from ..rules.revocation import GROUNDS, UNQUALIFIED, Stated
from .interest import recheck
from .life import change_status
from .noting import state_of
from .release import release_registration
from .renege import forfeit_deposit
from .settlement import winner_of
from .unwinding import REVOKED_VIEWING, check_revocable, lines_of, unwind


def propose_revocation(
    unit: Unit,
    actor: Actor,
    auction_id: str,
    *,
    ground: str,
    knowingly_false: bool = False,
    reason: str = "",
    lines: Sequence[Stated] = (),
    failed: Sequence[str] | None = None,
) -> Approval:
    """Propose to revoke a sale; the panel's majority decides.

    A ground of OJA 31 needs a `reason`, the finding; `lines` state of the money of an unqualified buyer, part by part,
    what is kept and what goes back. `failed`: the evidence, where his qualification was examined and failed.
    `winner_barred` is for a sale that is held; `knowingly_false`: that the winner knew his undertaking `not_barred` to
    be false, whereupon the deposit is not given back; it needs a `reason`. DomainError not_found for another court's,
    forbidden for a judge who is not on the panel, wrong_state unless the sale is held, or sold and not reneged on;
    invalid for another ground, a reason that is missing, or lines as the rule `unwound`.
    """
    auction = lock_round(unit, actor, auction_id, "auction.revoke")
    if ground != WINNER_BARRED and ground not in GROUNDS:
        raise invalid("ground", "not_one_of", allowed=(WINNER_BARRED, *GROUNDS))
    if (knowingly_false or ground in GROUNDS) and not reason.strip():
        raise invalid("reason", "required")
    more: dict[str, Any] = {}
    if ground == WINNER_BARRED:
        _check_held(auction)
        if lines:
            raise invalid("lines", "not_allowed")
    else:
        if knowingly_false:
            raise invalid("knowingly_false", "not_allowed")
        check_revocable(auction)
        lines_of(unit, auction, winner_of(unit, auction), ground, lines, explicit=ground == UNQUALIFIED)
        more = {"lines": [asdict(one) for one in lines]}
        if failed is not None:
            more["evidence"] = list(failed)
    panel = _panel(auction)
    if actor.id not in panel:
        raise DomainError("forbidden")
    return propose(
        unit,
        actor,
        kind=REVOCATION,
        subject_id=auction.id,
        court_code=auction.lot.court_code,
        proposal={"ground": ground, "knowingly_false": knowingly_false, **more},
        reason=reason,
        needs=[majority_of(panel)],
    )


def carry_out_revocation(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The panel's majority: the sale is revoked. DomainError wrong_state where it is held no more, or for no bar."""
    auction = lock_round(unit, actor, approval.subject_id, "auction.revoke")
    if approval.proposal["ground"] in GROUNDS:
        winner = winner_of(unit, auction)
        if "evidence" in approval.proposal:
            _note_failed(unit, auction, winner, approval)
        unwind(
            unit,
            auction,
            winner,
            ground=approval.proposal["ground"],
            reason=approval.reason,
            by=approval.proposed_by,
            stated=[Stated(**one) for one in approval.proposal["lines"]],
        )
        return
    _check_held(auction)
    winner = unit.session.get_one(Registration, auction.leader_registration_id, populate_existing=True)
    barred = recheck(unit, auction, winner.id, winner)
    if barred is None:
        raise DomainError("wrong_state", status="not_barred")  # lifted, or the registry was corrected meanwhile
    unit.session.refresh(winner)
    auction.suspension, auction.ended_reason = None, approval.proposal["ground"]
    change_status(unit, auction, "revoked", ground=approval.proposal["ground"])
    call_off_ahead(unit, Viewing.lot_id == auction.lot_id, REVOKED_VIEWING)
    kept, bar = 0, RENEGER if barred == RENEGER else BARRED
    winner.decision_reason = approval.reason or None  # what the buyer reads on his registration
    if approval.proposal["knowingly_false"]:
        kept, _ = forfeit_deposit(unit, auction, winner)
        winner.status, winner.refusal = "forfeited", bar
    else:
        release_registration(unit, auction, winner, status="released", refusal=bar)
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


def _note_failed(unit: Unit, auction: Auction, winner: Registration, approval: Approval) -> None:
    """Journal in the buyer's stream, sealed, that his qualification failed (PRECISIONS 24)."""
    unit.record(
        "QualificationFailed",
        stream=f"person:{winner.person_id}",
        private=True,
        body={
            "auction_id": auction.id,
            "evidence": approval.proposal["evidence"],
            "reason": approval.reason,
            "by": approval.proposed_by,
        },
    )


def _check_held(auction: Auction) -> None:
    if not is_held(auction):
        raise DomainError("wrong_state", status=auction.status)


def _panel(auction: Auction) -> set[str]:
    return {member.account_id for member in auction.panel}

"""Unwinding a sale that is revoked: the buyer's money by counter-postings, the codes, what the public is told."""

from collections.abc import Sequence

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.services.approvals import lapse
from disclosure.models import Viewing
from disclosure.services.viewings import call_off_ahead

from ..models import Registration, Revocation
from ..queries.held import REVOCATION
from ..queries.payments import applied_fen, deposit_of, paid_parts
from ..queries.reneges import RENEGE
from ..rules import ledger
from ..rules.ledger import Kind, advance
from ..rules.revocation import REVOCABLE, Line, Stated, bars_from_resale, unwound
from .interest import check_anew
from .life import change_status
from .looks import count_again
from .moving import new_payment, note, order_refund, post, refund_span
from .noting import row_of, state_of
from .payments import held_payment
from .release import release_registration
from .renege import give_back_balance

#: Why a viewing of a lot is called off whose sale was revoked.
REVOKED_VIEWING = "拍卖已撤销"
#: What stands on the registration of a buyer whose purchase was revoked.
SALE_REVOKED = "sale_revoked"


def check_revocable(auction: Auction) -> None:
    """DomainError wrong_state unless the auction is sold and its buyer has not reneged."""
    if auction.status != "sold" or auction.settlement not in REVOCABLE:
        raise DomainError("wrong_state", status=auction.settlement or auction.status)


def lines_of(
    unit: Unit,
    auction: Auction,
    winner: Registration,
    ground: str,
    stated: Sequence[Stated],
    *,
    explicit: bool = False,
) -> list[Line]:
    """What there is of the buyer's money, and what becomes of it. DomainError as the rule `unwound`."""
    held = deposit_of(unit.session, winner.id).held_fen + applied_fen(unit.session, winner.id)
    paid = sum(payment.paid_fen or 0 for payment in paid_parts(unit.session, winner.id))
    asset_type = auction.lot.asset_type
    amounts = {"deposit_fen": held, "balance_fen": paid}
    return list(unwound(ground, asset_type, **amounts, stated=stated, explicit=explicit))


def unwind(
    unit: Unit,
    auction: Auction,
    winner: Registration,
    *,
    ground: str,
    reason: str,
    by: str,
    stated: Sequence[Stated] = (),
) -> Revocation:
    """Revoke a sold auction on a ground of OJA 31; the auction and its lot are locked, the caller has decided.

    The price is taken apart again, everything not kept is due back to its payer, the confirmation stands no more; who
    is barred from the resale by it is checked anew. DomainError wrong_state, and as the rule `unwound`.
    """
    check_revocable(auction)
    lines = lines_of(unit, auction, winner, ground, stated)
    _take_apart(unit, auction, winner)
    returned = give_back_balance(unit, auction, winner)
    kept = sum(line.keep_fen for line in lines)
    winner.decision_reason = reason or None
    returned += _part_with_deposit(unit, auction, winner, kept)
    _undo(unit, auction, ground)
    row = _revocation(unit, auction, winner, lines, ground=ground, reason=reason, by=by)
    lapse(unit, (RENEGE, REVOCATION), (auction.id,))
    check_anew(unit, auction.lot_id)
    count_again(unit, auction.lot_id)
    told = {"ground": ground, "forfeited_fen": kept, "returned_fen": returned}
    unit.record("SaleRevoked", stream=f"auction:{auction.id}", body=told)
    _note(unit, winner, row)
    return row


def _part_with_deposit(unit: Unit, auction: Auction, winner: Registration, kept: int) -> int:
    """End the buyer's registration, keeping so much of his deposit; answers what of it is due back."""
    if kept:
        returned = _keep(unit, auction, winner, kept)
        winner.status, winner.refusal = "forfeited", SALE_REVOKED
        return returned
    returned = deposit_of(unit.session, winner.id).held_fen
    release_registration(unit, auction, winner, status="released", refusal=SALE_REVOKED)
    return returned


def _undo(unit: Unit, auction: Auction, ground: str) -> None:
    """The sale is no sale any more: nothing is owed for it, and its room is told."""
    auction.settlement, auction.balance_fen, auction.balance_due_at = None, None, None
    auction.ended_reason = ground
    change_status(unit, auction, "revoked", ground=ground)
    call_off_ahead(unit, Viewing.lot_id == auction.lot_id, REVOKED_VIEWING)


def _revocation(
    unit: Unit, auction: Auction, winner: Registration, lines: Sequence[Line], *, ground: str, reason: str, by: str
) -> Revocation:
    row = Revocation(
        auction_id=auction.id,
        lot_id=auction.lot_id,
        registration_id=winner.id,
        ground=ground,
        lines=[line.as_data() for line in lines],
        reason=reason,
        barred=bars_from_resale(ground, auction.lot.asset_type),
        by=by,
        at=unit.now,
    )
    unit.session.add(row)
    unit.session.flush()
    return row


def _note(unit: Unit, winner: Registration, row: Revocation) -> None:
    """Journal the whole of it, sealed, in the stream of the buyer's person."""
    body = {
        "auction_id": row.auction_id,
        "registration_id": winner.id,
        "ground": row.ground,
        "lines": row.lines,
        "barred": row.barred,
        "reason": row.reason,
        "at": iso(row.at),
        "by": row.by,
        "state": state_of(winner),
        "row": row_of(row),
    }
    unit.record("SaleUnwound", stream=f"person:{winner.person_id}", private=True, body=body)


def _take_apart(unit: Unit, auction: Auction, winner: Registration) -> None:
    """The counter-posting of the deposit that counted toward the price: it is held again."""
    applied = applied_fen(unit.session, winner.id)
    if applied:
        advance(deposit_of(unit.session, winner.id).state, Kind.APPLICATION_REVERSED)
        post(unit, winner, ledger.application_reversed(winner.id, auction.id, applied))
        note(unit, winner, "DepositUnapplied", held_payment(unit, winner), reversed_fen=applied)


def _keep(unit: Unit, auction: Auction, winner: Registration, kept: int) -> int:
    """Keep what the court stated of the deposit; answers the rest, which is due back."""
    deposit = deposit_of(unit.session, winner.id)
    rest = deposit.held_fen - kept
    if rest:
        due_at = unit.now + refund_span(unit, auction)
        post(unit, winner, ledger.rest_released(winner.id, rest))
        payment = new_payment(unit, winner, "rest", rest, held_payment(unit, winner).account, "refunding")
        order_refund(unit, payment, rest, due_at)
        note(unit, winner, "DepositRestReleased", payment, due_at=iso(due_at))
    advance(deposit.state, Kind.DEPOSIT_FORFEITED)
    post(unit, winner, ledger.deposit_forfeited(winner.id, auction.id, kept))
    return rest

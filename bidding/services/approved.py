"""What becomes of a proposal once everybody it needs has approved: one act for each kind."""

from collections.abc import Mapping

from auction.services.approvals import CarryOut

from .sanctions import carry_out_lifting, carry_out_sanction

#: kind -> the act, in the transaction of the last approval.
CARRY_OUT: Mapping[str, CarryOut] = {
    "sanction": carry_out_sanction,
    "sanction_lifted": carry_out_lifting,
}

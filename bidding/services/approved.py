"""What becomes of a proposal once everybody it needs has approved: one act for each kind."""

from collections.abc import Mapping

from auction.services.approvals import CarryOut

#: kind -> the act, in the transaction of the last approval.
CARRY_OUT: Mapping[str, CarryOut] = {}

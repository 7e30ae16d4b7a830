"""What becomes of a proposal once everybody it needs has approved: one act for each kind."""

from collections.abc import Mapping

from auction.services.approvals import CarryOut
from disclosure.rules.changing import SHEET_CHANGE

from ..queries.held import REVOCATION
from ..queries.objections import DECISION
from ..queries.reneges import RENEGE, RENEGE_REVOKED
from ..queries.sanctions import LIFTING, SANCTION
from .changes import carry_out_change, stand_down
from .lifting import KIND as HIT_LIFTED
from .lifting import carry_out_hit_lifted
from .objections import carry_out_decision
from .renege import carry_out_renege
from .renege_objections import carry_out_revocation as carry_out_renege_revoked
from .revocation import carry_out_revocation
from .sanctions import carry_out_lifting, carry_out_sanction

#: kind -> the act, in the transaction of the last approval.
CARRY_OUT: Mapping[str, CarryOut] = {
    RENEGE: carry_out_renege,
    RENEGE_REVOKED: carry_out_renege_revoked,
    REVOCATION: carry_out_revocation,
    SHEET_CHANGE: carry_out_change,
    DECISION: carry_out_decision,
    HIT_LIFTED: carry_out_hit_lifted,
    SANCTION: carry_out_sanction,
    LIFTING: carry_out_lifting,
}
#: kind -> what follows the refusal that ends it, in the transaction of that answer.
REFUSED: Mapping[str, CarryOut] = {SHEET_CHANGE: stand_down}

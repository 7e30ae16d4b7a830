"""Whether a buyer may buy at all: his proof, and the ruling or the end of the sale (HOUSE 3, EQ 15, PRECISIONS 24)."""

from collections.abc import Sequence

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Approval, Auction
from auction.rules.access import Actor, require
from auction.services.locking import lock_auction, lock_round

from ..models import Qualification
from ..queries.papers import check_own
from ..queries.reneges import is_buyer
from ..rules.revocation import UNQUALIFIED, Stated
from .noting import row_of
from .revocation import propose_revocation
from .settlement import check_evidence, rule_sale, winner_of

FAILED = "failed"
#: Where a sale's price stands while its buyer may still prove that he may buy.
PROVABLE = ("balance_due", "overdue", "paid")


def submit_qualification(unit: Unit, actor: Actor, auction_id: str, *, attachments: Sequence[str]) -> Qualification:
    """The buyer hands in papers of his as proof; he may add to them until the ruling.

    DomainError not_found for an unknown auction, forbidden for anybody but the buyer, wrong_state before a sale or
    after the ruling, invalid for papers that are not his own.
    """
    require(actor, "paper.keep")
    auction = lock_auction(unit, auction_id)
    if auction.announced_at is None:
        raise DomainError("not_found")
    if auction.status != "sold" or auction.settlement not in PROVABLE:
        raise DomainError("wrong_state", status=auction.settlement or auction.status)
    if not is_buyer(unit.session, auction, actor.id):
        raise DomainError("forbidden")
    check_own(unit.session, actor.id, attachments)
    row = Qualification(
        id=unit.new_id(),
        auction_id=auction.id,
        registration_id=winner_of(unit, auction).id,
        attachments=list(dict.fromkeys(attachments)),
        at=unit.now,
    )
    unit.session.add(row)
    unit.record(
        "QualificationSubmitted",
        stream=f"person:{actor.person_id}",
        private=True,
        body={
            "auction_id": auction.id,
            "qualification_id": row.id,
            "papers": row.attachments,
            "row": row_of(row),
        },
    )
    return row


def rule(
    unit: Unit,
    actor: Actor,
    auction_id: str,
    *,
    qualification: str,
    reason: str,
    evidence: Sequence[str] = (),
    lines: Sequence[Stated] = (),
) -> Auction:
    """The closing ruling on a buyer whose qualification is `proven` or `not_required`; as `settlement.rule_sale`.

    DomainError invalid for `lines`: of a sale that stands no money is kept or returned.
    """
    lock_round(unit, actor, auction_id, "auction.settle")
    if lines:
        raise invalid("lines", "not_allowed")
    return rule_sale(unit, actor, auction_id, qualification=qualification, reason=reason, evidence=evidence)


def propose_failed(
    unit: Unit,
    actor: Actor,
    auction_id: str,
    *,
    reason: str,
    evidence: Sequence[str] = (),
    lines: Sequence[Stated] = (),
) -> Approval:
    """The buyer may not buy: no ruling; its panel is asked to revoke the sale as `unqualified` (OJA 31(4)).

    That may come before the price is paid. `lines` state of every part of the money what is kept and what goes back,
    and why. DomainError as `propose_revocation`, wrong_state after the ruling, invalid for evidence not there.
    """
    auction = lock_round(unit, actor, auction_id, "auction.settle")
    if auction.status != "sold" or auction.settlement not in PROVABLE:
        raise DomainError("wrong_state", status=auction.settlement or auction.status)
    check_evidence(unit, auction, evidence)
    return propose_revocation(unit, actor, auction_id, ground=UNQUALIFIED, reason=reason, lines=lines, failed=evidence)

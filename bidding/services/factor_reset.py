"""A lost second factor: two persons reset it, its owner is told, and nothing but enrolling another opens to him."""

from sqlalchemy import delete, select

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Account, Approval, Court, Passkey
from auction.rules.access import STAFF, Actor, require
from auction.rules.approvals import Need
from auction.services.accounts import end_all_sessions
from auction.services.approvals import propose
from auction.services.passkeys import has_factor
from auction.services.recovery import drop_codes

from .messages import tell

KIND = "factor_reset"


def propose_reset(unit: Unit, actor: Actor, *, username: str, reason: str) -> Approval:
    """Propose to reset the second factor of staff: a president for the own court's, a regulator for anybody's; another
    regulator, who is not its owner, approves.

    DomainError invalid/unknown_account (also for another court's), forbidden/own_factor, wrong_state/no_factor,
    already_proposed.
    """
    require(actor, "factor.reset")
    account = unit.session.scalar(select(Account).where(Account.username == username))
    if account is None or account.role not in STAFF or actor.court_code not in (None, account.court_code):
        raise invalid("username", "unknown_account", value=username)
    if account.id == actor.id:
        raise DomainError("forbidden", reason="own_factor")
    if not has_factor(unit.session, account):
        raise DomainError("wrong_state", reason="no_factor")
    first = select(Court.code).order_by(Court.code).limit(1)  # a proposal has a court, and some staff have none
    return propose(
        unit,
        actor,
        kind=KIND,
        subject_id=account.id,
        court_code=account.court_code or unit.session.scalars(first).one(),
        proposal={"username": account.username, "name": account.display_name, "role": account.role},
        reason=reason,
        needs=[Need("regulator", but=frozenset((account.id,)))],
    )


def lock_owner(unit: Unit, approval: Approval) -> Account:
    """The account a proposal is about, locked."""
    return unit.session.get_one(Account, approval.subject_id, with_for_update=True, populate_existing=True)


def carry_out_reset(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The second person: codes, keys and recovery codes are void, every session ends, the owner is told."""
    account = lock_owner(unit, approval)
    account.factor, account.factor_id, account.factor_confirmed, account.factor_offered = None, None, False, None
    unit.session.execute(delete(Passkey).where(Passkey.account_id == account.id))
    drop_codes(unit, account.id)
    end_all_sessions(unit, account.id, KIND)
    body = {"account_id": account.id, "approval_id": approval.id, "by": [approval.proposed_by, actor.id]}
    unit.record("SecondFactorReset", stream="system", private=True, body=body)
    tell(unit, account.id, KIND, {"reason": approval.reason}, f"{KIND}:{approval.id}")

"""Proposals as those see them who must answer."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from ..kernel.clock import iso
from ..models import Account, Approval, ApprovalVote
from ..rules.access import COURT_ROLES, Actor
from ..rules.approvals import Answer, needs_of, still_needed

#: Proposals an answer or a page may hold at most.
MOST = 500


def approvals_of(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The proposals that wait for this actor, oldest first: not the own, not answered before, the role still owed."""
    query = select(Approval).where(Approval.status == "pending", Approval.proposed_by != actor.id)
    if actor.role in COURT_ROLES:
        query = query.where(Approval.court_code == actor.court_code)
    mine = select(ApprovalVote.approval_id).where(ApprovalVote.account_id == actor.id)
    query = query.where(Approval.id.not_in(mine)).order_by(Approval.proposed_at, Approval.id).limit(MOST)
    described = [approval_dict(session, approval) for approval in session.scalars(query)]
    return [one for one in described if any(need["role"] == actor.role for need in one["still_needed"])]


def approval_of(session: Session, actor: Actor, approval_id: str) -> dict[str, Any] | None:
    """One proposal as its proposer or somebody of a role it needs may see it; None for everybody else."""
    approval = session.get(Approval, approval_id)
    if approval is None or (actor.role in COURT_ROLES and actor.court_code != approval.court_code):
        return None
    if actor.id != approval.proposed_by and actor.role not in {need.role for need in needs_of(approval.needs)}:
        return None
    return approval_dict(session, approval)


def approval_dict(session: Session, approval: Approval) -> dict[str, Any]:
    """A proposal with its answers; staff by their display names."""
    proposer = session.get_one(Account, approval.proposed_by)
    voter = aliased(Account)
    rows = session.execute(
        select(ApprovalVote, voter.display_name)
        .join(voter, voter.id == ApprovalVote.account_id)
        .where(ApprovalVote.approval_id == approval.id)
        .order_by(ApprovalVote.at, ApprovalVote.account_id)
    ).all()
    owed = still_needed(needs_of(approval.needs), [Answer(vote.role, vote.approve) for vote, _ in rows])
    return {
        "id": approval.id,
        "kind": approval.kind,
        "subject_id": approval.subject_id,
        "court": approval.court_code,
        "proposal": approval.proposal,
        "reason": approval.reason,
        "proposed_by": proposer.display_name,
        "proposed_at": iso(approval.proposed_at),
        "needs": approval.needs,
        "still_needed": [{"role": role, "count": count} for role, count in owed.items()],
        "status": approval.status,
        "decided_at": iso(approval.decided_at) if approval.decided_at else None,
        "answers": [
            {"name": name, "role": vote.role, "approve": vote.approve, "reason": vote.reason, "at": iso(vote.at)}
            for vote, name in rows
        ],
    }

"""Proposals as those see them who must answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from ..kernel.clock import iso
from ..models import Account, Approval, ApprovalVote
from ..rules.access import COURT_ROLES, Actor
from ..rules.approvals import Answer, needs_of, still_needed

#: Proposals an answer or a page may hold at most.
MOST = 500

#: An answer and the display name of who gave it.
Given = tuple[ApprovalVote, str]


def approvals_of(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The proposals that wait for this actor, oldest first: not the own, not answered before, the role still owed."""
    return [_described(session, approval, answers) for approval, answers in _waiting(session, actor)]


def approvals_waiting(session: Session, actor: Actor) -> int:
    """How many proposals wait for this actor."""
    return len(_waiting(session, actor))


def _waiting(session: Session, actor: Actor) -> list[tuple[Approval, Sequence[Given]]]:
    query = select(Approval).where(Approval.status == "pending", Approval.proposed_by != actor.id)
    if actor.role in COURT_ROLES:
        query = query.where(Approval.court_code == actor.court_code)
    mine = select(ApprovalVote.approval_id).where(ApprovalVote.account_id == actor.id)
    query = query.where(Approval.id.not_in(mine)).order_by(Approval.proposed_at, Approval.id).limit(MOST)
    found = session.scalars(query).all()
    answers = _answers(session, [approval.id for approval in found])
    return [
        (approval, answers[approval.id])
        for approval in found
        if actor.role in _owed(approval, answers[approval.id])
        and any(need.takes(actor.id, actor.role) for need in needs_of(approval.needs))
    ]


def took_part(session: Session, kind: str, subject_id: str) -> set[str]:
    """The accounts that proposed or approved what was carried out on a subject: none of them judges it again."""
    rows = session.execute(
        select(Approval.proposed_by, ApprovalVote.account_id)
        .join(ApprovalVote, ApprovalVote.approval_id == Approval.id)
        .where(Approval.kind == kind, Approval.subject_id == subject_id, Approval.status == "approved")
    )
    return {account_id for row in rows for account_id in row}


def is_proposed(session: Session, kind: str, subject_id: str) -> bool:
    """Whether an act of a kind on a subject waits for its approval."""
    waiting = exists().where(Approval.kind == kind, Approval.subject_id == subject_id, Approval.status == "pending")
    return bool(session.scalar(select(waiting)))


def proposals_about(session: Session, kind: str, subject_id: str) -> list[Approval]:
    """What was ever proposed of a kind about a subject, the latest first."""
    rows = select(Approval).where(Approval.kind == kind, Approval.subject_id == subject_id)
    return list(session.scalars(rows.order_by(Approval.proposed_at.desc(), Approval.id.desc())))


def approval_dict(session: Session, approval: Approval) -> dict[str, Any]:
    """A proposal with its answers; staff by their display names."""
    return _described(session, approval, _answers(session, [approval.id])[approval.id])


def told_needs(approval: Approval) -> list[dict[str, Any]]:
    """What a proposal needs, [{"role", "count"}]: whoever is kept out or alone asked stays unnamed."""
    return [need.told() for need in needs_of(approval.needs)]


def _answers(session: Session, ids: Sequence[str]) -> Mapping[str, Sequence[Given]]:
    """The answers to each proposal with the names of those who gave them, in order."""
    rows = session.execute(
        select(ApprovalVote, Account.display_name)
        .join(Account, Account.id == ApprovalVote.account_id)
        .where(ApprovalVote.approval_id.in_(ids))
        .order_by(ApprovalVote.at, ApprovalVote.account_id)
    )
    found: dict[str, list[Given]] = {approval_id: [] for approval_id in ids}
    for vote, name in rows:
        found[vote.approval_id].append((vote, name))
    return found


def _owed(approval: Approval, answers: Sequence[Given]) -> dict[str, int]:
    return still_needed(needs_of(approval.needs), [Answer(vote.role, vote.approve) for vote, _ in answers])


def _described(session: Session, approval: Approval, answers: Sequence[Given]) -> dict[str, Any]:
    return {
        "id": approval.id,
        "kind": approval.kind,
        "subject_id": approval.subject_id,
        "court": approval.court_code,
        "proposal": approval.proposal,
        "reason": approval.reason,
        "proposed_by": session.get_one(Account, approval.proposed_by).display_name,
        "proposed_at": iso(approval.proposed_at),
        "needs": told_needs(approval),
        "still_needed": [{"role": role, "count": count} for role, count in _owed(approval, answers).items()],
        "status": approval.status,
        "decided_at": iso(approval.decided_at) if approval.decided_at else None,
        "answers": [
            {"name": name, "role": vote.role, "approve": vote.approve, "reason": vote.reason, "at": iso(vote.at)}
            for vote, name in answers
        ],
    }

"""Acts of several eyes: proposing one, answering a proposal, and carrying it out with the last answer it needs.

The proposer never counts among those who approve (OJA 27 lets him sit on the panel; PRECISIONS 34 does not let him
be the second person). What is proposed has no effect before.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from ..kernel.errors import DomainError
from ..kernel.unit import Unit
from ..models import Approval, ApprovalVote
from ..rules.access import COURT_ROLES, Actor, require
from ..rules.approvals import Answer, Need, needs_of, still_needed, tally

CarryOut = Callable[[Unit, Actor, Approval], None]


class Act(NamedTuple):
    """What becomes of a kind of proposal, in the transaction of the answer that decides it.

    `lock` locks what the act decides about, before the proposal itself is locked (the order of `locking`): who changes
    that lets the proposal lapse, and holds it already. `refused` follows a refusal.
    """

    lock: Callable[[Unit, Approval], object]
    carry_out: CarryOut
    refused: CarryOut | None = None


def propose(
    unit: Unit,
    actor: Actor,
    *,
    kind: str,
    subject_id: str,
    court_code: str,
    proposal: Mapping[str, Any],
    reason: str,
    needs: Sequence[Need],
    apart: Collection[str] = (),
) -> Approval:
    """Keep an act that needs others; the caller has decided that the actor may propose it.

    `proposal` is JSON without floats. One act of a kind waits on a subject at a time, or one for each value of what
    `apart` names in the proposal. DomainError already_proposed while it does. ValueError for no needs.
    """
    tally(needs, ())
    check_unproposed(unit, kind, subject_id, **{name: proposal[name] for name in apart})
    approval = Approval(
        id=unit.new_id(),
        kind=kind,
        subject_id=subject_id,
        court_code=court_code,
        proposal=dict(proposal),
        reason=reason,
        proposed_by=actor.id,
        proposed_at=unit.now,
        needs=[need.as_data() for need in needs],
        status="pending",
    )
    unit.session.add(approval)
    unit.session.flush()
    _note(
        unit,
        approval,
        "ActProposed",
        subject_id=subject_id,
        court=court_code,
        proposal=approval.proposal,
        reason=reason,
        needs=approval.needs,
        by=actor.id,
    )
    return approval


def check_unproposed(unit: Unit, kind: str, subject_id: str, **of: Any) -> None:
    """DomainError already_proposed while such an act waits: nothing else decides its subject in the meantime.

    `of`: what the proposal must say to be meant. The subject is locked by the caller.
    """
    if any(_says(other, of) for other in unit.session.scalars(_pending((kind,), (subject_id,)))):
        raise DomainError("already_proposed")


def lapse(unit: Unit, kinds: Collection[str], subject_ids: Collection[str], **of: Any) -> None:
    """End what is proposed on subjects that have been decided otherwise; nobody is asked about it any more.

    `of` as for `check_unproposed`. Nothing happens where nothing waits.
    """
    for approval in unit.session.scalars(_pending(kinds, subject_ids).with_for_update()):
        if _says(approval, of):
            approval.status, approval.decided_at = "lapsed", unit.now
            _note(unit, approval, "ActLapsed", status=approval.status)


def _pending(kinds: Collection[str], subject_ids: Collection[str]) -> Select[Approval]:
    return (
        select(Approval)
        .where(Approval.kind.in_(kinds), Approval.subject_id.in_(subject_ids), Approval.status == "pending")
        .order_by(Approval.id)
        .execution_options(populate_existing=True)
    )


def _says(approval: Approval, of: Mapping[str, Any]) -> bool:
    return all(approval.proposal.get(name) == value for name, value in of.items())


def vote(
    unit: Unit,
    actor: Actor,
    approval_id: str,
    *,
    approve: bool,
    reason: str,
    acts: Mapping[str, Act],
) -> Approval:
    """Answer a proposal; the last approval it needs carries it out in the same transaction.

    `acts` says what each kind decides about and what is to be done. DomainError not_found for another court's;
    four_eyes for the proposer; own_declaration for whose own act is in question; forbidden for whom it does not need;
    wrong_state once it is over; already_answered for a second answer; and whatever carrying it out raises, which leaves
    the proposal as it was.
    """
    approval, needs = _to_answer(unit, actor, approval_id, acts)
    votes = unit.session.scalars(select(ApprovalVote).where(ApprovalVote.approval_id == approval.id)).all()
    if any(given.account_id == actor.id for given in votes):
        raise DomainError("already_answered")
    answers = [Answer(given.role, given.approve) for given in votes]
    if approve and actor.role not in still_needed(needs, answers):
        raise DomainError("wrong_state", status="role_not_needed")
    unit.session.add(
        ApprovalVote(
            approval_id=approval.id,
            account_id=actor.id,
            role=actor.role,
            approve=approve,
            reason=reason,
            at=unit.now,
        )
    )
    approval.status = tally(needs, [*answers, Answer(actor.role, approve)])
    approval.decided_at = None if approval.status == "pending" else unit.now
    unit.session.flush()
    _note(
        unit,
        approval,
        "ActAnswered",
        approve=approve,
        reason=reason,
        role=actor.role,
        by=actor.id,
        status=approval.status,
    )
    act = acts[approval.kind]
    if approval.status == "approved":
        act.carry_out(unit, actor, approval)
    elif approval.status == "rejected" and act.refused is not None:
        act.refused(unit, actor, approval)
    return approval


def _to_answer(unit: Unit, actor: Actor, approval_id: str, acts: Mapping[str, Act]) -> tuple[Approval, Sequence[Need]]:
    """A pending proposal that the actor may answer, locked after what it decides about, and what it needs.

    DomainError as `vote` says.
    """
    require(actor, "approval.answer")
    approval = unit.session.get(Approval, approval_id)
    if approval is None or (actor.role in COURT_ROLES and actor.court_code != approval.court_code):
        raise DomainError("not_found")
    acts[approval.kind].lock(unit, approval)
    unit.session.refresh(approval, with_for_update=True)
    if actor.id == approval.proposed_by:
        raise DomainError("four_eyes")
    needs = needs_of(approval.needs)
    if any(actor.id in need.but for need in needs):
        raise DomainError("own_declaration", reason=approval.kind)
    if not any(need.takes(actor.id, actor.role) for need in needs):
        raise DomainError("forbidden")
    if approval.status != "pending":
        raise DomainError("wrong_state", status=approval.status)
    return approval, needs


def _note(unit: Unit, approval: Approval, kind: str, **facts: Any) -> None:
    body = {"approval_id": approval.id, "act": approval.kind, **facts}
    unit.record(kind, stream=f"approval:{approval.id}", private=True, body=body)

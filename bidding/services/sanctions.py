"""Sanctions against malicious reneging: proposing, approving, serving, reviewing, lifting, and their end.

A sanction rests on a finding of malice that two judges made in one sale, needs the approval of others, is served on
its subject through the platform, and may be reviewed once (CPL 119). Its public trace names no person: the published
decision does, and disappears with it.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Account, Approval, Auction, Person
from auction.queries.approvals import took_part
from auction.rules.access import Actor, require
from auction.rules.calendar import shanghai_day
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import Ruleset
from auction.services.approvals import lapse, propose
from auction.services.locking import lock_auction, lock_auctions
from risk.models import Sanction, SanctionReview, WrittenRule
from risk.queries.sanctions import review_of
from risk.rules import sanctions as rules

from ..models import RegisteredIdentity, Registration, Renege
from ..queries.rooms import ruleset_of
from ..queries.sanctions import LIFTING, SANCTION, malice_found

_RUNNING = ("approved", "in_force")


def propose_sanction(
    unit: Unit,
    actor: Actor,
    bidder_id: str,
    measure: rules.Measure,
    *,
    basis: str,
    reason: str,
    auction_id: str | None = None,
) -> tuple[Sanction, Approval]:
    """Propose a sanction against a bidder's person; it has no effect before the approvals it needs.

    It rests on the latest finding of malice of the actor's court against that person, or on the one in `auction_id`.
    DomainError not_found for no such bidder, finding_missing without such a finding, already_proposed while one of
    the same kind waits or runs, invalid with every breach of the ruleset's bounds.
    """
    require(actor, "sanction.propose")
    account = unit.session.get(Account, bidder_id)
    if account is None or account.person_id is None or actor.court_code is None:
        raise DomainError("not_found")
    renege = malice_found(unit.session, account.person_id, actor.court_code, auction_id)
    if renege is None:
        raise DomainError("finding_missing")
    sanction = _put(unit, actor, account, renege, measure, basis=basis, reason=reason)
    approval = propose(
        unit,
        actor,
        kind=SANCTION,
        subject_id=sanction.id,
        court_code=sanction.court_code,
        proposal=_terms(sanction),
        reason=reason,
        needs=rules.needs(sanction.kind),
    )
    return sanction, approval


def _put(
    unit: Unit, actor: Actor, account: Account, renege: Renege, measure: rules.Measure, *, basis: str, reason: str
) -> Sanction:
    """Store a sanction as proposed: within the ruleset's bounds, and the only one of its kind."""
    auction = lock_auction(unit, renege.auction_id)
    person = unit.session.get_one(Person, account.person_id)
    ruleset = ruleset_of(unit.session, auction)
    if measure.kind == "term_bar" and measure.scope is None:
        measure = replace(measure, scope="court")
    _check(unit, ruleset, measure, person)
    _check_single(unit, auction.id, person.id, measure.kind)
    sanction = Sanction(
        id=unit.new_id(),
        person_id=person.id,
        account_id=account.id,
        id_match=person.id_match,
        court_code=actor.court_code,
        auction_id=auction.id,
        **asdict(measure),
        basis=basis,
        reason=reason,
        law=_law(ruleset, measure.kind),
        factors=list(renege.factors),
        status="proposed",
        proposed_by=actor.id,
        proposed_at=unit.now,
    )
    unit.session.add(sanction)
    unit.session.flush()
    return sanction


def _terms(sanction: Sanction) -> dict[str, object]:
    """What a sanction orders, as plain values without a person."""
    return {
        "kind": sanction.kind,
        "amount_fen": sanction.amount_fen,
        "until": sanction.until.isoformat() if sanction.until else None,
        "scope": sanction.scope,
        "basis": sanction.basis,
    }


def _law(ruleset: Ruleset, kind: str) -> dict[str, object]:
    citation = rules.basis_of(ruleset, kind)
    law: dict[str, object] = {"code": citation.code, "zh": citation.zh, "en": citation.en}
    rule = rules.written_rule(ruleset) if kind == "term_bar" else None
    return law | ({"dated": rule.dated, "file": rule.file} if rule else {})


def _check(unit: Unit, ruleset: Ruleset, measure: rules.Measure, person: Person) -> None:
    rule = rules.written_rule(ruleset)
    kept = rule is not None and unit.session.get(WrittenRule, rule.file) is not None
    today = shanghai_day(unit.now)
    found = rules.breaches(ruleset, measure, rules.liable(person.id_type), today, rule_kept=kept)
    if found:
        raise DomainError(found[0].code if found[0].field == "kind" else "invalid", found, basis=found[0].basis)


def _check_single(unit: Unit, auction_id: str, person_id: str, kind: str) -> None:
    waiting = select(Approval.subject_id).where(Approval.kind == SANCTION, Approval.status == "pending")
    there = unit.session.scalar(
        select(Sanction.id).where(
            Sanction.auction_id == auction_id,
            Sanction.person_id == person_id,
            Sanction.kind == kind,
            Sanction.status.in_(_RUNNING) | Sanction.id.in_(waiting),
        )
    )
    if there is not None:
        raise DomainError("already_proposed")


def carry_out_sanction(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The last approval: number the decision, serve it, and give it effect unless a review is to be waited for.

    DomainError finding_missing where the declaration was revoked meanwhile, or what no longer fits the bounds.
    """
    sanction = lock_sanction(unit, approval.subject_id)
    auction = unit.session.get_one(Auction, sanction.auction_id)
    if malice_found(unit.session, sanction.person_id, sanction.court_code, auction.id) is None:
        raise DomainError("finding_missing")
    ruleset = ruleset_of(unit.session, auction)
    person = unit.session.get_one(Person, sanction.person_id)
    measure = rules.Measure(sanction.kind, sanction.amount_fen, sanction.until, sanction.scope)
    _check(unit, ruleset, measure, person)
    sanction.number = _number(unit, sanction.court_code)
    review_until = rules.review_until(ruleset, unit.now, published_calendar(ruleset))
    sanction.status, sanction.served_at, sanction.review_until = "approved", unit.now, review_until
    unit.record(
        "SanctionServed",
        stream=f"person:{sanction.person_id}",
        private=True,
        body={
            "sanction_id": sanction.id,
            "number": sanction.number,
            "court": sanction.court_code,
            "auction_id": sanction.auction_id,
            "factors": list(sanction.factors),
            "law": sanction.law,
            "reason": sanction.reason,
            "review_until": iso(review_until),
            **_terms(sanction),
        },
    )
    if not rules.waits_for_review(ruleset, sanction.kind):
        _enforce(unit, sanction)


def _number(unit: Unit, court_code: str) -> str:
    """The next number of the court's decisions of this year; a clash is tried again by the unit's caller."""
    head = f"（{shanghai_day(unit.now).year}）{court_code}司惩"
    given = unit.session.scalar(
        select(func.count()).select_from(Sanction).where(Sanction.number.startswith(head, autoescape=True))
    )
    return f"{head}{(given or 0) + 1}号"


def lock_sanction(unit: Unit, sanction_id: str) -> Sanction:
    """A sanction, locked after the round it rests on and those whose bids it has to do with; DomainError not_found."""
    known = unit.session.get(Sanction, sanction_id)
    if known is None:
        raise DomainError("not_found")
    lock_auctions(unit, {known.auction_id, *(auction_id for _, auction_id in _kept_out(unit.session, [known]))})
    unit.session.refresh(known, with_for_update=True)
    return known


def barred_from(session: Session, auction_id: str) -> frozenset[str]:
    """The running rounds that bars resting on an auction keep their person from."""
    resting = session.scalars(select(Sanction).where(Sanction.auction_id == auction_id)).all()
    return frozenset(auction_id for _, auction_id in _kept_out(session, resting))


def _kept_out(session: Session, sanctions: Sequence[Sanction]) -> Sequence[tuple[str, str]]:
    """Registration and round of each that is checked anew where a bar among the sanctions begins or falls."""
    bars = {one.id_match for one in sanctions if one.kind == "term_bar"}
    if not bars:
        return []
    rows = session.execute(
        select(RegisteredIdentity.registration_id, RegisteredIdentity.auction_id)
        .join(Auction, Auction.id == RegisteredIdentity.auction_id)
        .where(
            RegisteredIdentity.id_match.in_(bars),
            RegisteredIdentity.live,
            Auction.status.in_(("announced", "open", "suspended")),
        )
    )
    return [(row.registration_id, row.auction_id) for row in rows]


def _enforce(unit: Unit, sanction: Sanction) -> None:
    sanction.status, sanction.in_force_at = "in_force", unit.now
    _note(unit, sanction, "SanctionInForce")
    _look_again(unit, sanction)


def _note(unit: Unit, sanction: Sanction, kind: str) -> None:
    """The public trace: what is in force under which number, and no person, account or sale."""
    body = {
        "number": sanction.number,
        "court": sanction.court_code,
        "kind": sanction.kind,
        "amount_fen": sanction.amount_fen,
        "until": sanction.until.isoformat() if sanction.until else None,
        "scope": sanction.scope,
        "law": sanction.law["code"],
    }
    unit.record(kind, stream=f"sanction:{sanction.id}", body=body)


def _look_again(unit: Unit, sanction: Sanction) -> None:
    """Have the person's registrations checked anew before the next bid: a bar began or fell.

    The auctions are locked, so that no bid is judged between the two.
    """
    unit.session.flush()
    rows = _kept_out(unit.session, [sanction])
    lock_auctions(unit, (auction_id for _, auction_id in rows))  # held since the beginning but for one entered since
    if rows:
        unit.session.execute(
            update(Registration).where(Registration.id.in_([key for key, _ in rows])).values(cleared_version=-1)
        )


def enforce_due(unit: Unit, sanction_id: str) -> None:
    """Give effect to a served sanction whose time for a review is over; does nothing when it is not due, or done."""
    sanction = lock_sanction(unit, sanction_id)
    review = review_of(unit.session, sanction.id)
    if sanction.status != "approved" or sanction.review_until is None or unit.now < sanction.review_until:
        return
    if review is None or review.status == "upheld":
        _enforce(unit, sanction)


def expire_due(unit: Unit, sanction_id: str) -> None:
    """End a sanction whose last day is over; does nothing when it is not due, or done."""
    sanction = lock_sanction(unit, sanction_id)
    if sanction.status != "in_force" or sanction.until is None or unit.now < rules.ends_at(sanction.until):
        return
    _end(unit, sanction, "expired", "SanctionExpired", reason="term")


def _end(unit: Unit, sanction: Sanction, status: str, kind: str, *, reason: str) -> None:
    was_in_force = sanction.in_force_at is not None
    lapse(unit, (LIFTING,), (sanction.id,))
    sanction.status, sanction.ended_at, sanction.end_reason = status, unit.now, reason
    body = {"sanction_id": sanction.id, "number": sanction.number, "status": status, "reason": reason}
    unit.record("SanctionEnded", stream=f"person:{sanction.person_id}", private=True, body=body)
    if was_in_force:
        _note(unit, sanction, kind)
        _look_again(unit, sanction)


def ask_review(unit: Unit, actor: Actor, sanction_id: str, grounds: str) -> SanctionReview:
    """The subject's request for the one review, within the ruleset's days of service (CPLI 185).

    DomainError not_found for anybody else's or one not served, wrong_state where a review was asked for or the
    sanction is over, review_too_late.
    """
    require(actor, "sanction.own")
    sanction = lock_sanction(unit, sanction_id)
    if sanction.person_id != actor.person_id or sanction.review_until is None:
        raise DomainError("not_found")
    if sanction.status not in _RUNNING or review_of(unit.session, sanction.id) is not None:
        raise DomainError("wrong_state", status=sanction.status)
    if unit.now >= sanction.review_until:
        raise DomainError("review_too_late", until=iso(sanction.review_until))
    ruleset = ruleset_of(unit.session, unit.session.get_one(Auction, sanction.auction_id))
    review = SanctionReview(
        id=unit.new_id(),
        sanction_id=sanction.id,
        grounds=grounds,
        filed_at=unit.now,
        due_at=rules.review_due(ruleset, unit.now, published_calendar(ruleset)),
        status="filed",
    )
    unit.session.add(review)
    body = {"sanction_id": sanction.id, "review_id": review.id, "grounds": grounds}
    unit.record("SanctionReviewAsked", stream=f"person:{sanction.person_id}", private=True, body=body)
    return review


def decide_review(unit: Unit, actor: Actor, sanction_id: str, *, outcome: str, reason: str) -> SanctionReview:
    """Record how the higher court decided the review: `upheld` or `lifted`, by a regulator or the court's president.

    DomainError not_found for another court's or where none was asked for, four_eyes for who proposed or approved the
    sanction, wrong_state once decided, invalid for another outcome or no reason.
    """
    sanction = lock_sanction(unit, sanction_id)
    require(actor, "sanction.review", court=sanction.court_code)
    review = review_of(unit.session, sanction.id)
    if review is None:
        raise DomainError("not_found")
    if actor.id in took_part(unit.session, SANCTION, sanction.id):
        raise DomainError("four_eyes")
    if review.status != "filed":
        raise DomainError("wrong_state", status=review.status)
    if outcome not in ("upheld", "lifted"):
        raise invalid("outcome", "not_one_of", allowed=("upheld", "lifted"))
    if not reason.strip():
        raise invalid("reason", "required")
    review.status, review.reason, review.decided_by, review.decided_at = outcome, reason, actor.id, unit.now
    body = {
        "sanction_id": sanction.id,
        "review_id": review.id,
        "outcome": outcome,
        "reason": reason,
        "by": actor.id,
    }
    unit.record("SanctionReviewDecided", stream=f"person:{sanction.person_id}", private=True, body=body)
    if outcome == "lifted" and sanction.status in _RUNNING:
        _end(unit, sanction, "lifted", "SanctionLifted", reason="review")
    elif sanction.status == "approved":
        _enforce(unit, sanction)
    return review


def propose_lifting(unit: Unit, actor: Actor, sanction_id: str, reason: str) -> Approval:
    """Propose to lift a sanction before its end; it needs the approvals that imposing it needed.

    DomainError not_found for another court's, wrong_state where nothing runs, already_proposed while this waits.
    """
    sanction = lock_sanction(unit, sanction_id)
    require(actor, "sanction.propose", court=sanction.court_code)
    if sanction.status not in _RUNNING:
        raise DomainError("wrong_state", status=sanction.status)
    return propose(
        unit,
        actor,
        kind=LIFTING,
        subject_id=sanction.id,
        court_code=sanction.court_code,
        proposal=_terms(sanction) | {"number": sanction.number},
        reason=reason,
        needs=rules.needs(sanction.kind),
    )


def carry_out_lifting(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The last approval of a lifting. DomainError wrong_state where the sanction ended meanwhile."""
    sanction = lock_sanction(unit, approval.subject_id)
    if sanction.status not in _RUNNING:
        raise DomainError("wrong_state", status=sanction.status)
    _end(unit, sanction, "lifted", "SanctionLifted", reason="court")


def fall_with(unit: Unit, renege: Renege) -> None:
    """Lift what rests on a finding that was revoked, and let proposals resting on it lapse."""
    rows = unit.session.scalars(
        select(Sanction).where(Sanction.auction_id == renege.auction_id).order_by(Sanction.id).with_for_update()
    ).all()
    for sanction in rows:
        if sanction.status in _RUNNING:
            _end(unit, sanction, "lifted", "SanctionLifted", reason="finding_revoked")
    lapse(unit, (SANCTION,), [sanction.id for sanction in rows])

"""Debt-for-asset: after an unsold round an enforcement creditor may take the lot at its reserve (SALE 16).

The creditors are asked in the closing's transaction, and a seed for a drawing is committed to before anybody answers.
The court's numbers are those in force when it acts: an older copy on the round may not know of takings.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.errors import Breach, DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Account, Approval, Auction, LotDrawing, Party, Person, Taking, TakingQuestion
from auction.queries.unsold import asked, creditors, drawings, takings
from auction.rules.access import COURT_ROLES, Actor
from auction.rules.approvals import Need
from auction.rules.calendar import period_end, shanghai_day
from auction.rules.published_holidays import as_published, due_as_published, published_calendar
from auction.rules.ruleset import Ruleset, load
from auction.rules.unsold import (
    WILLING,
    Candidate,
    answers_end,
    check_answerable,
    commitment,
    difference,
    draw,
    first_taker,
    legal_rank,
)
from auction.services.approvals import check_unproposed, propose
from auction.services.locking import lock_round
from disclosure.queries.sheets import files, working_sheet
from disclosure.rules.sheet import is_restricted
from risk.services.interest import check_interest

from ..models import AfterSaleStep, Registration
from ..queries.objections import refuse_barred
from ..queries.payments import payments
from ..rules import ledger
from ..rules.handover import RULING
from .disposal import check_no_own_sale, dispose, lock_unsold
from .identities import sealed_identity
from .looks import count_again
from .moving import note, order_refund, post, refund_span
from .noting import row_of, state_of
from .payments import supersede_pending
from .promise_watch import await_promise

#: The claim of a registration that stands for a taker: it never was one for the bidding.
TAKING = "taking"
#: The approval of a legal rank other than by a party's role.
RANK = "taking_rank"


def ask_creditors(unit: Unit, auction: Auction) -> None:
    """Ask the enforcement creditors of a round that has just ended unsold; nobody is asked where the case names none.

    The auction is locked. What is public is how many are asked, until when, and the commitment to the drawing's seed.
    """
    count = len(creditors(unit.session, auction.lot.case_id))
    if not count:
        return
    numbers = load(unit.settings.ruleset)
    end = answers_end(shanghai_day(auction.closes_at), numbers, published_calendar(numbers))
    seed = unit.ids.bytes(32).hex()
    question = TakingQuestion(
        auction_id=auction.id, seed=seed, commitment=commitment(seed), asked_at=unit.now, until_on=end.last_day
    )
    unit.session.add(question)
    unit.record(
        "CreditorsAsked",
        stream=f"auction:{auction.id}",
        body={
            "creditors": count,
            "reserve_price_fen": auction.reserve_price_fen,
            "until_on": end.last_day.isoformat(),
            "commitment": question.commitment,
        },
    )


def answer(
    unit: Unit,
    actor: Actor,
    auction_id: str,
    *,
    creditor: str,
    decision: str,
    rank: int | None = None,
    reason: str = "",
) -> Taking | Approval:
    """Record a creditor's answer: `take` or `decline`. `creditor`: its id among the case's parties.

    The court records it, or the creditor answers itself; it may be answered otherwise until the last day, unless lots
    were drawn. The legal rank is that of the party's role (SALE 16). Another `rank` a judge proposes with its `reason`,
    and another judge approves: the answer stands at the rank it has, and the proposal is answered. DomainError
    not_found for another court's round or another's answer, wrong_state where nobody is asked, taking_late after the
    last day, taking_drawn once lots were drawn, lot_disposed, already_proposed; invalid for a party that is not asked
    (`not_a_creditor`), a rank that only a judge states (`rank_by_court`), or one without a reason (`required`).
    """
    auction = lock_unsold(unit, actor, auction_id, "taking.answer")
    party = next((one for one in creditors(unit.session, auction.lot.case_id) if one.id == creditor), None)
    own = actor.role not in COURT_ROLES
    if own and (party is None or not _is_person(unit, actor, party)):
        raise DomainError("not_found")
    question = unit.session.get(TakingQuestion, auction.id)
    if question is None:
        raise DomainError("wrong_state", status="nobody_asked")
    if party is None:
        raise invalid("creditor", "not_a_creditor", value=creditor)
    if rank is not None and actor.role != "judge":
        raise invalid("rank", "rank_by_court")
    drawn = bool(drawings(unit.session, auction.id))
    check_answerable(as_published(question.until_on).last_day, shanghai_day(unit.now), drawn=drawn)
    taking = unit.session.scalar(select(Taking).where(Taking.auction_id == auction.id, Taking.party_id == party.id))
    if taking is None:
        taking = Taking(id=unit.new_id(), auction_id=auction.id, lot_id=auction.lot_id, party_id=party.id)
        taking.price_fen = auction.reserve_price_fen
        taking.rank = legal_rank(party.role, load(unit.settings.ruleset))
        unit.session.add(taking)
    elif taking.status not in (WILLING, "declined"):
        raise DomainError("wrong_state", status=taking.status)
    taking.status = WILLING if decision == "take" else "declined"
    taking.answered_by, taking.answered_at = actor.id, unit.now
    _note(unit, taking, "TakingAnswered", decision=decision, rank=taking.rank, by=actor.id)
    unit.session.flush()
    return taking if rank in (None, taking.rank) else _propose_rank(unit, actor, auction, taking, rank, reason)


def _propose_rank(
    unit: Unit, actor: Actor, auction: Auction, taking: Taking, rank: int | None, reason: str
) -> Approval:
    """Who comes first gets the lot: a rank other than by the record is not one judge's to state (PRECISIONS 18)."""
    if not reason.strip():
        raise invalid("reason", "required")
    return propose(
        unit,
        actor,
        kind=RANK,
        subject_id=auction.id,
        court_code=auction.lot.court_code,
        proposal={"taking_id": taking.id, "was": taking.rank, "rank": rank},
        reason=reason,
        needs=[Need("judge")],
    )


def carry_out_rank(unit: Unit, actor: Actor, approval: Approval) -> None:
    """Another judge approved: the creditor has that rank. DomainError as for an answer once lots were drawn."""
    auction = lock_unsold(unit, actor, approval.subject_id)
    taking = unit.session.get_one(Taking, approval.proposal["taking_id"], populate_existing=True)
    if drawings(unit.session, auction.id):
        raise DomainError("taking_drawn")
    if taking.status not in (WILLING, "declined"):
        raise DomainError("wrong_state", status=taking.status)
    taking.rank = approval.proposal["rank"]
    decision = "take" if taking.status == WILLING else "decline"
    by = [approval.proposed_by, actor.id]
    _note(unit, taking, "TakingAnswered", decision=decision, rank=taking.rank, reason=approval.reason, by=by)


def _is_person(unit: Unit, actor: Actor, party: Party) -> bool:
    person = unit.session.get(Person, actor.person_id) if actor.person_id else None
    return person is not None and person.verified and party.id_match == person.id_match


def draw_lots(unit: Unit, actor: Actor, auction_id: str) -> LotDrawing:
    """Draw lots among the willing creditors of the best rank, and publish the seed (SALE 16(2)): answers stand now.

    DomainError taking_open while answers are awaited, wrong_state where there are not two of that rank or they were
    drawn before.
    """
    auction = lock_unsold(unit, actor, auction_id)
    check_unproposed(unit, RANK, auction.id)
    candidates = _candidates(unit, auction)
    best = min((one.rank for one in candidates), default=0)
    equals = [one for one in candidates if one.rank == best]
    if len(equals) < 2 or best in drawings(unit.session, auction.id):
        raise DomainError("wrong_state", status="nothing_to_draw")
    question = unit.session.get_one(TakingQuestion, auction.id)
    order = draw(question.seed, auction.id, [one.position for one in equals])
    drawing = LotDrawing(auction_id=auction.id, rank=best, drawn=list(order), by=actor.id, at=unit.now)
    unit.session.add(drawing)
    unit.record(
        "LotsDrawn",
        stream=f"auction:{auction.id}",
        body={"rank": best, "among": sorted(order), "drawn": list(order), "seed": question.seed},
    )
    unit.tell(auction, "notice", notice="lots_drawn")
    unit.session.flush()
    return drawing


def _candidates(unit: Unit, auction: Auction) -> list[Candidate]:
    """The willing creditors once all have answered or the time is over; DomainError taking_open before."""
    state = asked(unit.session, auction)
    if state is None:
        raise DomainError("wrong_state", status="nobody_asked")
    if state.waits(shanghai_day(unit.now)):
        raise DomainError("taking_open", last_day=state.until_on.isoformat(), willing=state.willing)
    places = {party.id: party.position for party in creditors(unit.session, auction.lot.case_id)}
    willing = [one for one in takings(unit.session, auction.id) if one.status == WILLING]
    return [Candidate(one.id, places[one.party_id], one.rank) for one in willing]


def award(
    unit: Unit,
    actor: Actor,
    auction_id: str,
    taking_id: str,
    *,
    claim_fen: int,
    reason: str,
    qualification: str = "not_required",
    evidence: Sequence[str] = (),
) -> Taking:
    """Give the lot to a willing creditor at the unsold round's reserve.

    `claim_fen`: what it is to receive of its claim; the rest of the price it pays in by the ruleset's day. Where buying
    is restricted `qualification` must be proven, by files of the lot (`evidence`; HOUSE 5). DomainError taking_open
    while answers are awaited, taking_undrawn, taking_outranked for another than the first in rank or lot, own_sale_open
    meanwhile, objection_open or objection_accepted where an outsider claims the lot, taker_unidentified without an
    identity to check, barred_interest (OJA 34), purchase_restricted, taker_without_account where a difference is owed
    by somebody who cannot pay it here, wrong_state, fault; invalid for more than the claim recorded in the case, and
    for evidence that is no file of the lot.
    """
    auction = lock_unsold(unit, actor, auction_id)
    check_no_own_sale(unit, auction.lot_id)
    _check_unclaimed(unit, auction)
    check_unproposed(unit, RANK, auction.id)
    taking = _of(unit, auction, taking_id, WILLING)
    if first_taker(_candidates(unit, auction), drawings(unit.session, auction.id)).taking_id != taking.id:
        raise DomainError("taking_outranked")
    party = unit.session.get_one(Party, taking.party_id)
    if party.claim_fen is not None and claim_fen > party.claim_fen:
        raise invalid("claim_fen", "above_claim", most_fen=party.claim_fen)
    _check_taker(unit, auction, party)
    _check_qualified(unit, auction, qualification, evidence)
    numbers = load(unit.settings.ruleset)
    taking.claim_fen, taking.difference_fen = claim_fen, difference(taking.price_fen, claim_fen)
    taking.decided_by, taking.decided_at, taking.reason = actor.id, unit.now, reason
    taking.status = "taken"
    if taking.difference_fen:
        taking.status = "awarded"
        taking.due_at = _due(unit, numbers)
        taking.registration_id = _registration(unit, auction, party).id
    dispose(unit, auction.lot, "taken")
    if taking.status == "taken":
        await_promise(unit, auction)
    body = {
        "price_fen": taking.price_fen,
        "difference_fen": taking.difference_fen,
        "due_at": iso(taking.due_at) if taking.due_at else None,
        "rank": taking.rank,
    }
    unit.record("LotTaken", stream=f"auction:{auction.id}", body=body)
    told = {"claim_fen": claim_fen, "registration_id": taking.registration_id, "qualification": qualification}
    _note(unit, taking, "TakingAwarded", **told, reason=reason, by=actor.id)
    unit.tell(auction, "notice", notice="taken")
    unit.session.flush()
    return taking


def _due(unit: Unit, numbers: Ruleset) -> datetime:
    end = period_end(shanghai_day(unit.now), numbers.days("taking_difference"), published_calendar(numbers))
    return end.ends_at - timedelta(seconds=1)


def _check_unclaimed(unit: Unit, auction: Auction) -> None:
    """Nothing is disposed of while somebody else's claim to it is examined, or once it was accepted (EXEC 15)."""
    refuse_barred(unit.session, auction.lot_id, None, unit.now)


def _check_taker(unit: Unit, auction: Auction, party: Party) -> None:
    """The interest bar holds for a taker as for a buyer; who cannot be checked does not pass (OJA 34)."""
    if party.id_match is None:
        raise DomainError("taker_unidentified")
    clearance = check_interest(unit, auction.lot, frozenset((party.id_match,)), unit.now, load(unit.settings.ruleset))
    if clearance.hits:
        raise DomainError("barred_interest")


def _check_qualified(unit: Unit, auction: Auction, qualification: str, evidence: Sequence[str]) -> None:
    """Who may not buy such a house may not take it for a debt either (HOUSE 5)."""
    known = {file.id for file in files(unit.session, auction.lot_id)} if evidence else set()
    wrong = [
        Breach("unknown_attachment", f"evidence.{number}", facts={"value": file_id})
        for number, file_id in enumerate(evidence)
        if file_id not in known
    ]
    if wrong:
        raise DomainError("invalid", wrong)
    if not is_restricted(working_sheet(unit.session, auction.lot_id)):
        return
    if qualification != "proven" or not evidence:
        raise DomainError("purchase_restricted", reason="taking")


def _registration(unit: Unit, auction: Auction, party: Party) -> Registration:
    """What stands for the taker where money moves: the payer's identity is checked against it."""
    person = unit.session.scalar(
        select(Person).where(Person.id_match == party.id_match, Person.verified, Person.wrapped_key.is_not(None))
    )
    account = unit.session.scalar(select(Account).where(Account.person_id == person.id)) if person else None
    if person is None or account is None or person.wrapped_key is None:
        raise DomainError("taker_without_account")
    row = Registration(
        id=unit.new_id(),
        auction_id=auction.id,
        account_id=account.id,
        person_id=person.id,
        capacity="self",
        claim=TAKING,
        status="applied",
        deposit_due_fen=0,
        undertakings=[],
        seal=auction.seal,
        cleared_version=0,
        cleared_on=shanghai_day(unit.now),
        has_bid=False,
        created_at=unit.now,
    )
    unit.session.add(row)
    unit.session.flush()
    identity = sealed_identity(
        unit,
        person,
        registration_id=row.id,
        auction_id=auction.id,
        part="applicant",
        id_type=person.id_type,
        id_number=unit.vault.open(person.wrapped_key, person.id, "id_number", person.id_number),
        name=unit.vault.open(person.wrapped_key, person.id, "name", person.name),
    )
    identity.live = False  # a registration for the bidding may stand beside it
    unit.session.add(identity)
    filed = {name: getattr(row, name) for name in ("account_id", "capacity", "claim", "hold", "seal", "undertakings")}
    _note_taker(unit, row, "TakerEntered", **filed, refusal=None, created_at=iso(row.created_at))
    return row


def _note_taker(unit: Unit, registration: Registration, kind: str, **facts: object) -> None:
    """Journal what becomes of the registration that stands for a taker, sealed, in the taker's own stream."""
    told = {"registration_id": registration.id, "auction_id": registration.auction_id}
    unit.record(
        kind,
        stream=f"person:{registration.person_id}",
        private=True,
        body={**told, **facts, "state": state_of(registration)},
    )


def refuse(unit: Unit, actor: Actor, auction_id: str, taking_id: str, *, reason: str) -> Taking:
    """Decide that a willing creditor cannot be given the lot, with the reason. DomainError wrong_state otherwise."""
    auction = lock_unsold(unit, actor, auction_id)
    taking = _of(unit, auction, taking_id, WILLING)
    taking.status, taking.reason = "refused", reason
    taking.decided_by, taking.decided_at = actor.id, unit.now
    _note(unit, taking, "TakingRefused", reason=reason, by=actor.id)
    return taking


def lapse(unit: Unit, actor: Actor, auction_id: str, taking_id: str, *, reason: str) -> Taking:
    """The difference was not paid in time: the award falls, what came of it goes back, the next creditor may take it.

    DomainError taking_in_time before the day is over, wrong_state where no difference is owed.
    """
    auction = lock_round(unit, actor, auction_id, "auction.unsold")
    taking = _of(unit, auction, taking_id, "awarded")
    if taking.due_at is not None and unit.now <= due_as_published(taking.due_at):
        raise DomainError("taking_in_time", due_at=iso(due_as_published(taking.due_at)))
    taking.status, taking.reason = "lapsed", reason
    taking.decided_by, taking.decided_at = actor.id, unit.now
    registration = unit.session.get_one(Registration, taking.registration_id)
    registration.status = "released"
    _note_taker(unit, registration, "TakerReleased")
    due_at = unit.now + refund_span(unit, auction)
    supersede_pending(unit, registration, "difference")
    for payment in payments(unit.session, registration.id):
        if payment.purpose == "difference" and payment.status == "paid" and payment.paid_fen:
            post(unit, registration, ledger.difference_released(registration.id, auction.id, payment.paid_fen))
            payment.status = "refunding"
            order_refund(unit, payment, payment.paid_fen, due_at)
            note(unit, registration, "DifferenceReleased", payment, due_at=iso(due_at))
    auction.lot.disposal = None
    unit.record("TakingLapsed", stream=f"auction:{auction.id}", body={"price_fen": taking.price_fen})
    _note(unit, taking, "TakingEnded", reason=reason, by=actor.id)
    unit.tell(auction, "notice", notice="taking_lapsed")
    count_again(unit, auction.lot_id)
    return taking


def rule_taking(unit: Unit, actor: Actor, auction_id: str, taking_id: str, *, reason: str) -> Taking:
    """Record the ruling by which the lot passes to its taker once nothing is owed (SALE 16, 20).

    The taker is checked once more. DomainError wrong_state before the difference is paid, barred_interest, fault.
    """
    auction = lock_round(unit, actor, auction_id, "auction.unsold")
    taking = _of(unit, auction, taking_id, "taken")
    _check_unclaimed(unit, auction)
    _check_taker(unit, auction, unit.session.get_one(Party, taking.party_id))
    taking.status = "ruled"
    step = AfterSaleStep(
        id=unit.new_id(),
        auction_id=auction.id,
        code=RULING,
        on=shanghai_day(unit.now),
        detail={"reason": reason},
        at=unit.now,
        by=actor.id,
    )
    unit.session.add(step)
    unit.record("TakingRuled", stream=f"auction:{auction.id}", body={"price_fen": taking.price_fen})
    _note(unit, taking, "TakingRulingMade", reason=reason, by=actor.id)
    unit.tell(auction, "notice", notice="taking_ruled")
    return taking


def note_step(unit: Unit, actor: Actor, taking: Taking, step: AfterSaleStep) -> None:
    """Journal a step of the handover to a taker, sealed, so that he is told."""
    _note(unit, taking, "TakingStepTaken", code=step.code, on=step.on.isoformat(), by=actor.id)


def _of(unit: Unit, auction: Auction, taking_id: str, status: str) -> Taking:
    taking = unit.session.get(Taking, taking_id, populate_existing=True)
    if taking is None or taking.auction_id != auction.id:
        raise DomainError("not_found")
    if taking.status != status:
        raise DomainError("wrong_state", status=taking.status)
    return taking


def _note(unit: Unit, taking: Taking, kind: str, **facts: object) -> None:
    """Journal what concerns a creditor, sealed, in the lot's stream."""
    unit.record(
        kind,
        stream=f"lot:{taking.lot_id}",
        private=True,
        body={
            "taking_id": taking.id,
            "auction_id": taking.auction_id,
            "party_id": taking.party_id,
            "row": row_of(taking),
            **facts,
        },
    )

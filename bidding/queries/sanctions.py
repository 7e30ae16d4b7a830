"""Sanctions for their readers: what rests on a finding, a decision in full, what is published."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased

from auction.kernel.clock import iso
from auction.kernel.crypto import Vault
from auction.models import Account, Approval, Auction, Case, Court, Lot, Person
from auction.queries.approvals import approval_dict
from auction.rules.access import Actor, decide
from auction.rules.calendar import shanghai_day
from auction.rules.identity import mask
from risk.models import Sanction, SanctionReview
from risk.queries.sanctions import term_bar_at

from ..models import RegisteredIdentity, Registration, Renege

#: Kinds of approval (PRECISIONS 25).
SANCTION, LIFTING = "sanction", "sanction_lifted"
#: Sanctions that a court's list may hold at most.
MOST = 500


def malice_found(session: Session, person_id: str, court_code: str, auction_id: str | None = None) -> Renege | None:
    """The latest declaration in force of a court that found malice in a person's reneging; of one sale where given.

    A person stands behind a purchase as buyer, joint buyer, principal or agent: each can have obstructed the sale.
    """
    query = (
        select(Renege)
        .join(RegisteredIdentity, RegisteredIdentity.registration_id == Renege.registration_id)
        .join(Person, Person.id_match == RegisteredIdentity.id_match)
        .join(Lot, Lot.id == Renege.lot_id)
        .where(Person.id == person_id, Renege.status == "in_force", Lot.court_code == court_code)
        .order_by(Renege.declared_at.desc(), Renege.id.desc())
    )
    if auction_id is not None:
        query = query.where(Renege.auction_id == auction_id)
    return next((renege for renege in session.scalars(query) if renege.factors), None)


def bar_facts(session: Session, registration_id: str, moment: datetime) -> dict[str, str]:
    """What a refusal for a bar for a term cites: the decision, the written rule, the last day. Empty without a bar."""
    rows = session.execute(
        select(RegisteredIdentity.id_match, Lot.court_code)
        .join(Auction, Auction.id == RegisteredIdentity.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(RegisteredIdentity.registration_id == registration_id)
    ).all()
    bar = term_bar_at(session, [match for match, _ in rows], rows[0].court_code, moment) if rows else None
    if bar is None:
        return {}
    return {
        "rule": bar.law["zh"],
        "rule_en": bar.law["en"],
        "court": session.get_one(Court, bar.court_code).name,
        "number": bar.number or "",
        "until": bar.until.isoformat() if bar.until else "",
    }


@dataclass(frozen=True, slots=True)
class Named:
    """A person as a decision names him: the number masked. None of both once the person was erased."""

    name: str | None
    id_number: str | None


def _named(vault: Vault, person: Person) -> Named:
    if person.wrapped_key is None:
        return Named(None, None)
    number = vault.open(person.wrapped_key, person.id, "id_number", person.id_number)
    return Named(vault.open(person.wrapped_key, person.id, "name", person.name), mask(person.id_type, number))


@dataclass(frozen=True, slots=True)
class Decision:
    """A sanction with everything a page or a printed decision says of it. `approval`: what became of the proposal."""

    sanction: Sanction
    approval: str
    review: SanctionReview | None
    person: Named
    court_name: str
    case_number: str
    lot_title: str


_DECISIONS = (
    select(Sanction, Approval.status, SanctionReview, Person, Court.name, Case.number, Lot.title)
    .join(Approval, and_(Approval.kind == SANCTION, Approval.subject_id == Sanction.id))
    .outerjoin(SanctionReview, SanctionReview.sanction_id == Sanction.id)
    .join(Person, Person.id == Sanction.person_id)
    .join(Court, Court.code == Sanction.court_code)
    .join(Auction, Auction.id == Sanction.auction_id)
    .join(Lot, Lot.id == Auction.lot_id)
    .join(Case, Case.id == Lot.case_id)
    .order_by(Sanction.proposed_at.desc(), Sanction.id.desc())
)


def _decisions(session: Session, vault: Vault, *which: ColumnElement[bool], most: int | None = None) -> list[Decision]:
    """Sanctions in full, the latest first."""
    rows = session.execute(_DECISIONS.where(*which).limit(most))
    return [
        Decision(sanction, approval, review, _named(vault, person), court, case, title)
        for sanction, approval, review, person, court, case, title in rows
    ]


def decisions_of_person(session: Session, vault: Vault, person_id: str) -> list[Decision]:
    """A person's own sanctions once served, the latest first."""
    return _decisions(session, vault, Sanction.person_id == person_id, Sanction.served_at.is_not(None))


def decisions_of_court(session: Session, vault: Vault, court_code: str | None) -> list[Decision]:
    """A court's sanctions, proposals too; every court's for None."""
    which = () if court_code is None else (Sanction.court_code == court_code,)
    return _decisions(session, vault, *which, most=MOST)


def decisions_of_sale(session: Session, vault: Vault, auction_id: str) -> list[Decision]:
    """What was proposed or decided on the finding in one sale."""
    return _decisions(session, vault, Sanction.auction_id == auction_id)


def decision(session: Session, vault: Vault, reader: Actor, sanction_id: str) -> Decision | None:
    """One sanction for somebody it concerns: its subject once served, its court, a regulator; None for others."""
    found = _decisions(session, vault, Sanction.id == sanction_id)
    if not found:
        return None
    sanction = found[0].sanction
    own = sanction.served_at is not None and reader.person_id == sanction.person_id
    return found[0] if own or decide(reader, "sanction.read", court=sanction.court_code) is None else None


def approvals_for(session: Session, sanction_id: str) -> list[dict[str, Any]]:
    """The proposals to impose and to lift a sanction, with their answers, the oldest first."""
    rows = select(Approval).where(Approval.kind.in_((SANCTION, LIFTING)), Approval.subject_id == sanction_id)
    return [approval_dict(session, row) for row in session.scalars(rows.order_by(Approval.proposed_at, Approval.id))]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bidder whom a sanction can name: an account behind a purchase that was found maliciously reneged."""

    bidder_id: str
    person_id: str
    part: str
    person: Named
    unit: bool


def candidates(session: Session, vault: Vault, auction_id: str) -> list[Candidate]:
    """Whom the finding of malice in a sale lets a judge name; nobody without such a finding."""
    rows = session.execute(
        select(Account.id, Person, RegisteredIdentity.part, Renege.factors)
        .join(Person, Person.id == Account.person_id)
        .join(RegisteredIdentity, RegisteredIdentity.id_match == Person.id_match)
        .join(Renege, Renege.registration_id == RegisteredIdentity.registration_id)
        .join(Registration, Registration.id == Renege.registration_id)
        .where(Renege.auction_id == auction_id, Renege.status == "in_force")
        .order_by((Account.id == Registration.account_id).desc(), Account.created_at)
    )
    found: dict[str, Candidate] = {}
    for account_id, person, part, factors in rows:
        if factors and person.id_match not in found:
            who = _named(vault, person)
            found[person.id_match] = Candidate(account_id, person.id, part, who, person.id_type == "uscc")
    return list(found.values())


def sanction_dict(one: Decision, *, private: bool) -> dict[str, Any]:
    """A sanction as JSON. `private`: with the judge's words and the finding, for those it concerns."""
    sanction = one.sanction
    public = {
        "id": sanction.id,
        "number": sanction.number,
        "court": sanction.court_code,
        "court_name": one.court_name,
        "kind": sanction.kind,
        "status": sanction.status,
        "amount_fen": sanction.amount_fen,
        "until": sanction.until.isoformat() if sanction.until else None,
        "scope": sanction.scope,
        "law": sanction.law,
        "in_force_at": iso(sanction.in_force_at) if sanction.in_force_at else None,
        "review": one.review.status if one.review else None,
    }
    if not private:
        return public
    return public | {
        "auction_id": sanction.auction_id,
        "name": one.person.name,
        "id_number": one.person.id_number,
        "basis": sanction.basis,
        "reason": sanction.reason,
        "factors": sanction.factors,
        "proposed_at": iso(sanction.proposed_at),
        "approval": one.approval,
        "served_at": iso(sanction.served_at) if sanction.served_at else None,
        "review_until": iso(sanction.review_until) if sanction.review_until else None,
        "ended_at": iso(sanction.ended_at) if sanction.ended_at else None,
        "review_due_at": iso(one.review.due_at) if one.review else None,
        "review_reason": one.review.reason if one.review else None,
    }


def published_decisions(session: Session, vault: Vault, now: datetime) -> list[dict[str, Any]]:
    """The decisions in force whose publication is in force: name, masked number, each measure with its review."""
    cases: dict[tuple[str, str], list[Decision]] = defaultdict(list)
    for one in _decisions(session, vault, *_published_at(now)):
        cases[one.sanction.person_id, one.sanction.auction_id].append(one)
    shown = [
        (next(one for one in measures if one.sanction.kind == "publication"), measures) for measures in cases.values()
    ]
    shown.sort(key=lambda one: one[0].sanction.in_force_at or now, reverse=True)
    return [_published(*one) for one in shown]


def _published_at(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The decisions in force against somebody in a sale for which the publication is in force too."""
    order = aliased(Sanction)
    published = exists().where(
        order.kind == "publication",
        order.status == "in_force",
        order.until >= shanghai_day(now),
        order.person_id == Sanction.person_id,
        order.auction_id == Sanction.auction_id,
    )
    return Sanction.status == "in_force", published


def published_decision(session: Session, vault: Vault, sanction_id: str, now: datetime) -> dict[str, Any] | None:
    """One decision in force whose publication is in force, as everybody may read it; None for any other."""
    found = _decisions(session, vault, Sanction.id == sanction_id, *_published_at(now))
    if not found:
        return None
    one = found[0]
    return sanction_dict(one, private=False) | {
        "name": one.person.name,
        "id_number": one.person.id_number,
        "factors": one.sanction.factors,
    }


def _published(head: Decision, measures: Sequence[Decision]) -> dict[str, Any]:
    """What is in force against one person for one sale; `head` is the order to publish it."""
    order = head.sanction
    return {
        "name": head.person.name,
        "id_number": head.person.id_number,
        "court": order.court_code,
        "court_name": head.court_name,
        "case_number": head.case_number,
        "number": order.number,
        "published_until": order.until.isoformat() if order.until else None,
        "factors": order.factors,
        "measures": [sanction_dict(one, private=False) for one in measures],
    }

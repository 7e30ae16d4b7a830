"""Sanctions for their readers: what rests on a finding, a decision in full, what is published."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.crypto import Vault
from auction.kernel.errors import DomainError
from auction.models import Account, Approval, Auction, Case, Court, Lot, Person
from auction.queries.approvals import approval_dict
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from auction.rules.identity import mask
from auction.rules.ruleset import Ruleset
from risk.models import Sanction, SanctionReview
from risk.queries.sanctions import (
    published,
    review_of,
    sanctions_of_court,
    sanctions_of_person,
    sanctions_of_sale,
    term_bar_at,
)

from ..models import RegisteredIdentity, Registration, Renege
from .rooms import ruleset_of

#: Kinds of approval (PRECISIONS 25).
SANCTION, LIFTING = "sanction", "sanction_lifted"
_PROPOSAL = select(Approval.status).where(Approval.kind == SANCTION, Approval.subject_id == bindparam("sanction"))


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


def rules_of(session: Session, auction_id: str) -> Ruleset:
    """The ruleset of the sale a sanction would rest on; DomainError not_found."""
    auction = session.get(Auction, auction_id)
    if auction is None:
        raise DomainError("not_found")
    return ruleset_of(session, auction)


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


def named(session: Session, vault: Vault, person_id: str) -> Named:
    """Who a sanction is against."""
    person = session.get_one(Person, person_id)
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


def _decision(session: Session, vault: Vault, sanction: Sanction, review: SanctionReview | None) -> Decision:
    lot = session.get_one(Lot, session.get_one(Auction, sanction.auction_id).lot_id)
    return Decision(
        sanction=sanction,
        approval=session.scalar(_PROPOSAL, {"sanction": sanction.id}) or "pending",
        review=review,
        person=named(session, vault, sanction.person_id),
        court_name=session.get_one(Court, sanction.court_code).name,
        case_number=session.get_one(Case, lot.case_id).number,
        lot_title=lot.title,
    )


def decisions_of_person(session: Session, vault: Vault, person_id: str) -> list[Decision]:
    """A person's own sanctions once served, the latest first."""
    return [_decision(session, vault, *row) for row in sanctions_of_person(session, person_id)]


def decisions_of_court(session: Session, vault: Vault, court_code: str | None) -> list[Decision]:
    """A court's sanctions, proposals too; every court's for None."""
    return [_decision(session, vault, *row) for row in sanctions_of_court(session, court_code)]


def decisions_of_sale(session: Session, vault: Vault, auction_id: str) -> list[Decision]:
    """What was proposed or decided on the finding in one sale."""
    return [_decision(session, vault, *row) for row in sanctions_of_sale(session, auction_id)]


def decision(session: Session, vault: Vault, reader: Actor, sanction_id: str) -> Decision | None:
    """One sanction for somebody it concerns: its subject once served, its court, a regulator; None for others."""
    sanction = session.get(Sanction, sanction_id)
    if sanction is None:
        return None
    own = sanction.served_at is not None and reader.person_id == sanction.person_id
    court = reader.role in ("judge", "president") and reader.court_code == sanction.court_code
    if not (own or court or reader.role == "regulator"):
        return None
    return _decision(session, vault, sanction, review_of(session, sanction_id))


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
            who = named(session, vault, person.id)
            found[person.id_match] = Candidate(account_id, person.id, part, who, person.id_type == "uscc")
    return list(found.values())


def sanction_dict(one: Decision, *, private: bool) -> dict[str, Any]:
    """A sanction as JSON. `private`: with the judge's words and the finding, for those it concerns."""
    sanction = one.sanction
    public = {
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
        "id": sanction.id,
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
    return [_published(session, vault, *row) for row in published(session, shanghai_day(now))]


def _published(
    session: Session, vault: Vault, order: Sanction, measures: list[tuple[Sanction, SanctionReview | None]]
) -> dict[str, Any]:
    head = _decision(session, vault, order, None)
    return {
        "name": head.person.name,
        "id_number": head.person.id_number,
        "court": order.court_code,
        "court_name": head.court_name,
        "case_number": head.case_number,
        "number": order.number,
        "published_until": order.until.isoformat() if order.until else None,
        "factors": order.factors,
        "measures": [sanction_dict(_decision(session, vault, *row), private=False) for row in measures],
    }

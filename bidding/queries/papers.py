"""Papers that people hand in: whose they are, to what they belong, and who may read them."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auction.kernel.crypto import Vault
from auction.kernel.errors import Breach, DomainError
from auction.models import Account, Auction, Lot, Person
from auction.rules.access import COURT_ROLES, Actor

from ..models import Paper, Qualification, SaleObjection
from .corrections import DECIDERS, decidable


def papers(session: Session, ids: Collection[str]) -> list[dict[str, Any]]:
    """What is told of papers: {"id", "filename", "media_type", "size", "sha256"}, in the order they were handed in."""
    if not ids:
        return []
    columns = (Paper.id, Paper.filename, Paper.media_type, Paper.size, Paper.sha256)
    rows = session.execute(select(*columns).where(Paper.id.in_(ids)).order_by(Paper.uploaded_at, Paper.id))
    return [dict(row._mapping) for row in rows]


def kept_by(session: Session, account_id: str) -> int:
    """How many papers an account has handed in."""
    return session.scalar(select(func.count()).select_from(Paper).where(Paper.account_id == account_id)) or 0


def check_own(session: Session, account_id: str, ids: Collection[str]) -> None:
    """DomainError `invalid` with `unknown_attachment` on `attachments.N` for a paper the account has not handed in."""
    own = set(session.scalars(select(Paper.id).where(Paper.account_id == account_id, Paper.id.in_(ids))))
    wrong = [
        Breach("unknown_attachment", f"attachments.{number}", facts={"value": paper_id[:64]})
        for number, paper_id in enumerate(ids)
        if paper_id not in own
    ]
    if wrong:
        raise DomainError("invalid", wrong)


def qualifications(session: Session, auction_id: str) -> list[Qualification]:
    """What an auction's buyer has handed in to prove that he may buy, oldest first."""
    rows = select(Qualification).where(Qualification.auction_id == auction_id)
    return list(session.scalars(rows.order_by(Qualification.at, Qualification.id)))


def proofs(session: Session, auction_id: str) -> list[str]:
    """The ids of those papers."""
    return [paper_id for row in qualifications(session, auction_id) for paper_id in row.attachments]


def paper_column(paper_id: str) -> str:
    """The place the bytes of a paper are sealed for."""
    return f"paper\0{paper_id}"


def read_paper(session: Session, vault: Vault, actor: Actor, paper_id: str) -> tuple[Paper, bytes]:
    """A paper and its bytes, for who handed it in and who decides on it. DomainError not_found, also once erased."""
    paper = session.get(Paper, paper_id)
    if paper is None or (paper.account_id != actor.id and not _handed_in(session, actor, paper)):
        raise DomainError("not_found")
    if not paper.sealed:
        return paper, paper.content
    person = session.scalars(
        select(Person).join(Account, Account.person_id == Person.id).where(Account.id == paper.account_id)
    ).one()
    if person.wrapped_key is None:
        raise DomainError("not_found")
    return paper, vault.open_bytes(person.wrapped_key, person.id, paper_column(paper_id), paper.content)


def _handed_in(session: Session, actor: Actor, paper: Paper) -> bool:
    if actor.role in DECIDERS and any(paper.id in one.attachments for one in decidable(session)):
        return True
    if actor.role not in COURT_ROLES:
        return False
    own_court = Lot.court_code == (actor.court_code or "")
    objections = (
        select(SaleObjection.attachments)
        .join(Auction, Auction.id == SaleObjection.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(SaleObjection.account_id == paper.account_id, own_court)
    )
    proven = (
        select(Qualification.attachments)
        .join(Auction, Auction.id == Qualification.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(own_court)
    )
    attached: Iterable[Any] = (*session.scalars(objections), *session.scalars(proven))
    return any(paper.id in ids for ids in attached)

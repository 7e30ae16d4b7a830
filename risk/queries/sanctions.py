"""Reading sanctions: the bar that holds, what is due, and what each reader may see."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from auction.rules.calendar import shanghai_day

from ..models import Sanction, SanctionReview, WrittenRule
from ..rules.sanctions import ends_at


def term_bar_of(session: Session, matches: Collection[str], court_code: str, today: date) -> Sanction | None:
    """The bar for a term in force against one of `matches` (keyed hashes) before this court; the longest one."""
    if not matches:
        return None
    return session.scalar(
        select(Sanction)
        .where(
            Sanction.id_match.in_(matches),
            Sanction.status == "in_force",
            Sanction.kind == "term_bar",
            Sanction.until >= today,
            or_(Sanction.scope == "all", Sanction.court_code == court_code),
        )
        .order_by(Sanction.until.desc(), Sanction.id)
        .limit(1)
    )


def term_bar_at(session: Session, matches: Collection[str], court_code: str, moment: datetime) -> Sanction | None:
    """The bar for a term that was in force against one of `matches` at a past moment: what a refusal rested on."""
    return session.scalar(
        select(Sanction)
        .where(
            Sanction.id_match.in_(matches),
            Sanction.kind == "term_bar",
            Sanction.in_force_at <= moment,
            or_(Sanction.ended_at.is_(None), Sanction.ended_at >= moment),
            or_(Sanction.scope == "all", Sanction.court_code == court_code),
        )
        .order_by(Sanction.until.desc(), Sanction.id)
        .limit(1)
    )


def due_sanctions(session: Session, until: datetime) -> list[tuple[datetime, str, str]]:
    """(moment, `enforce` or `expire`, id) of every sanction that takes effect or ends up to and including `until`."""
    under_review = select(SanctionReview.sanction_id).where(SanctionReview.status == "filed")
    waiting = session.execute(
        select(Sanction.review_until, Sanction.id).where(
            Sanction.status == "approved", Sanction.review_until <= until, Sanction.id.not_in(under_review)
        )
    )
    running = session.execute(
        select(Sanction.until, Sanction.id).where(
            Sanction.status == "in_force", Sanction.until.is_not(None), Sanction.until < shanghai_day(until)
        )
    )
    found = [(at, "enforce", key) for at, key in waiting if at is not None]
    found += [(ends_at(last), "expire", key) for last, key in running if last is not None]
    return sorted(found)


def sanctions_of_person(session: Session, person_id: str) -> list[tuple[Sanction, SanctionReview | None]]:
    """A person's own sanctions once they were served, the latest first, each with its review."""
    return _with_reviews(session, and_(Sanction.person_id == person_id, Sanction.served_at.is_not(None)))


def sanctions_of_court(session: Session, court_code: str | None) -> list[tuple[Sanction, SanctionReview | None]]:
    """A court's sanctions, or every court's (None), the latest first, each with its review."""
    return _with_reviews(session, Sanction.court_code == court_code if court_code else Sanction.id.is_not(None))


def sanctions_of_sale(session: Session, auction_id: str) -> list[tuple[Sanction, SanctionReview | None]]:
    """What was proposed or decided on the finding in one sale."""
    return _with_reviews(session, Sanction.auction_id == auction_id)


def published(session: Session, today: date) -> list[tuple[Sanction, list[tuple[Sanction, SanctionReview | None]]]]:
    """Each publication in force with the measures in force of the same person and sale, the latest first."""
    orders = session.scalars(
        select(Sanction)
        .where(Sanction.kind == "publication", Sanction.status == "in_force", Sanction.until >= today)
        .order_by(Sanction.in_force_at.desc(), Sanction.id.desc())
    ).all()
    return [
        (
            order,
            _with_reviews(
                session,
                and_(
                    Sanction.person_id == order.person_id,
                    Sanction.auction_id == order.auction_id,
                    Sanction.status == "in_force",
                ),
            ),
        )
        for order in orders
    ]


def review_of(session: Session, sanction_id: str) -> SanctionReview | None:
    """The review asked for, if any."""
    return session.scalar(select(SanctionReview).where(SanctionReview.sanction_id == sanction_id))


def waiting_reviews(session: Session) -> int:
    """How many reviews wait for the record of their decision."""
    return session.scalar(select(func.count()).select_from(SanctionReview).where(SanctionReview.status == "filed")) or 0


def rule_text(session: Session, sha256: str) -> WrittenRule | None:
    """The kept text of a written rule."""
    return session.get(WrittenRule, sha256)


def _with_reviews(session: Session, which: ColumnElement[bool]) -> list[tuple[Sanction, SanctionReview | None]]:
    rows = session.execute(
        select(Sanction, SanctionReview)
        .outerjoin(SanctionReview, SanctionReview.sanction_id == Sanction.id)
        .where(which)
        .order_by(Sanction.proposed_at.desc(), Sanction.id.desc())
        .limit(_MOST)
    )
    return [(sanction, review) for sanction, review in rows]


#: Rows a page or an answer may hold at most.
_MOST = 500

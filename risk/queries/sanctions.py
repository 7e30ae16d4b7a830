"""Reading sanctions: the bar that holds, what is due, and what waits."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from auction.rules.calendar import shanghai_day

from ..models import Sanction, SanctionReview, WrittenRule
from ..rules.sanctions import ends_at


def term_bar_of(session: Session, matches: Collection[str], court_code: str, today: date) -> Sanction | None:
    """The bar for a term in force against one of `matches` (keyed hashes) before this court; the longest one."""
    if not matches:
        return None
    return session.scalar(_bars(matches, court_code).where(Sanction.status == "in_force", Sanction.until >= today))


def term_bar_at(session: Session, matches: Collection[str], court_code: str, moment: datetime) -> Sanction | None:
    """The bar for a term that was in force against one of `matches` at a past moment: what a refusal rested on."""
    running = or_(Sanction.ended_at.is_(None), Sanction.ended_at >= moment)
    return session.scalar(_bars(matches, court_code).where(Sanction.in_force_at <= moment, running))


def _bars(matches: Collection[str], court_code: str) -> Select[Sanction]:
    return (
        select(Sanction)
        .where(
            Sanction.id_match.in_(matches),
            Sanction.kind == "term_bar",
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


def review_of(session: Session, sanction_id: str) -> SanctionReview | None:
    """The review asked for, if any."""
    return session.scalar(select(SanctionReview).where(SanctionReview.sanction_id == sanction_id))


def waiting_reviews(session: Session) -> int:
    """How many reviews wait for the record of their decision."""
    return session.scalar(select(func.count()).select_from(SanctionReview).where(SanctionReview.status == "filed")) or 0


def rule_text(session: Session, sha256: str) -> WrittenRule | None:
    """The kept text of a written rule."""
    return session.get(WrittenRule, sha256)

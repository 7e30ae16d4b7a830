"""What is open of a person whose data are to be erased, and whom nobody needs any more."""

from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from auction.models import Account, Auction, Person
from auction.rules.ruleset import Ruleset
from risk.models import Sanction, SanctionReview, StandingEntry, StandingObjection

from ..models import Payment, Registration, Renege, RenegeObjection, SaleObjection, TopUpOrder
from ..rules.erasure import Barrier, Standing, barriers
from ..rules.ledger import DepositState
from .corrections import takes_part
from .payments import deposit_of

#: Settlements of a sale that is not over for its buyer.
_UNSETTLED = ("balance_due", "overdue", "paid", "ruled")


def barriers_of(session: Session, person_id: str, ruleset: Ruleset, now: datetime) -> list[Barrier]:
    """Why a person's data may not be erased now; none: they may."""
    return barriers(standing_of(session, person_id), ruleset, now)


def standing_of(session: Session, person_id: str) -> Standing:
    """What is open of a person."""
    registrations = session.scalars(select(Registration).where(Registration.person_id == person_id)).all()
    ids = [row.id for row in registrations]
    accounts = select(Account.id).where(Account.person_id == person_id)
    ended = select(func.max(func.coalesce(Auction.closed_at, Registration.created_at)))
    return Standing(
        sale=takes_part(session, person_id),
        money=_owed(session, ids) or any(deposit_of(session, key).state is DepositState.HELD for key in ids),
        sanction=_any(
            session,
            exists().where(Sanction.person_id == person_id, Sanction.status.in_(("proposed", "approved", "in_force"))),
            exists().where(
                Sanction.person_id == person_id,
                SanctionReview.sanction_id == Sanction.id,
                SanctionReview.status == "filed",
            ),
        ),
        objection=_any(
            session,
            exists().where(
                SaleObjection.account_id.in_(accounts),
                or_(SaleObjection.status == "filed", SaleObjection.review_status == "filed"),
            ),
            exists().where(RenegeObjection.account_id.in_(accounts), RenegeObjection.status == "filed"),
            exists().where(
                StandingEntry.person_id == person_id,
                StandingObjection.entry_id == StandingEntry.id,
                StandingObjection.status == "filed",
            ),
        ),
        ended_at=session.scalar(
            ended.select_from(Registration)
            .join(Auction, Auction.id == Registration.auction_id)
            .where(Registration.person_id == person_id)
        ),
    )


def _owed(session: Session, ids: list[str]) -> bool:
    """Whether money is on its way back to him, or a sale to him is not settled yet."""
    return _any(
        session,
        exists().where(
            Payment.registration_id.in_(ids), Payment.refund_due_at.is_not(None), Payment.refunded_at.is_(None)
        ),
        exists().where(Auction.leader_registration_id.in_(ids), Auction.settlement.in_(_UNSETTLED)),
        exists().where(
            Renege.registration_id.in_(ids),
            TopUpOrder.renege_id == Renege.id,
            TopUpOrder.status.in_(("ordered", "enforced")),
        ),
    )


def _any(session: Session, *tests: object) -> bool:
    return any(session.scalar(select(test)) for test in tests)  # type: ignore[call-overload]


def idle_persons(session: Session, before: datetime, kept_since: datetime, most: int) -> list[str]:
    """Persons not erased who have not signed in since, the longest unseen first: some may still be barred.

    Whoever took part in a sale that ended since `kept_since` is not among them: he would stand before the others for
    years, and is kept anyway.
    """
    seen = func.coalesce(Account.seen_at, Account.created_at)
    kept = (
        select(Registration.id)
        .join(Auction, Auction.id == Registration.auction_id)
        .where(
            Registration.person_id == Person.id,
            func.coalesce(Auction.closed_at, Registration.created_at) > kept_since,
        )
    )
    rows = (
        select(Person.id)
        .join(Account, Account.person_id == Person.id)
        .where(Person.wrapped_key.is_not(None), ~exists(kept))
        .group_by(Person.id)
        .having(func.max(seen) < before)
        .order_by(func.max(seen), Person.id)
    )
    return list(session.scalars(rows.limit(most)))

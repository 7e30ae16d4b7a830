"""Bidders who watch their sale are not thrown out of it by the clock of their session."""

from collections.abc import Collection

from sqlalchemy import select

from auction.kernel.unit import Unit
from auction.models import Account, Auction, LoginSession
from auction.rules.sessions import FURTHER, NEAR, watches_on

from ..models import Registration
from ..rules.registration import STANDING

#: Sales in which somebody may have to answer a bid soon.
_GOING_ON = ("announced", "open", "suspended")


def let_stay(unit: Unit, watching: Collection[tuple[str, str]]) -> int:
    """Prolong sessions near their end whose holders watch a sale under way in which their registration stands.

    `watching`: (session, auction). Answers how many sessions were prolonged.
    """
    now = unit.machine_now
    near = {
        session_id
        for (session_id,) in unit.session.execute(
            select(LoginSession.token_hash).where(
                LoginSession.token_hash.in_({session_id for session_id, _ in watching}),
                LoginSession.ended_at.is_(None),
                LoginSession.expires_at > now,
                LoginSession.expires_at <= now + NEAR,
            )
        )
    }
    stays = 0
    for session_id in sorted(near):
        rooms = {auction_id for one, auction_id in watching if one == session_id}
        row = unit.session.execute(
            select(LoginSession, Account.role)
            .join(Account, Account.id == LoginSession.account_id)
            .join(Registration, Registration.account_id == Account.id)
            .join(Auction, Auction.id == Registration.auction_id)
            .where(LoginSession.token_hash == session_id, Auction.id.in_(rooms), Auction.status.in_(_GOING_ON))
            .where(Registration.status.in_(STANDING), Auction.closed_at.is_(None))
            .limit(1)
        ).first()
        if row is not None and watches_on(row.role, row.LoginSession.expires_at, now):
            row.LoginSession.expires_at = now + FURTHER
            stays += 1
    return stays

"""Alerts as the regulator may see them: until the auction has ended, without anything that leads to a person."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from auction.kernel.clock import iso
from auction.models import Account, Auction, Lot
from auction.rules.lot import LIVE

from ..models import Alert
from ..rules.alerts import may_tell_who


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What to look for; None: everything."""

    status: str | None = None
    kind: str | None = None
    court: str | None = None
    assigned_to: str | None = None


def alerts_page(
    session: Session, wanted: AlertFilter, *, page: int = 1, page_size: int = 50
) -> tuple[list[dict[str, Any]], int]:
    """One page of the alerts that fit, the latest first, and how many there are."""
    where = [
        column == value
        for column, value in (
            (Alert.status, wanted.status),
            (Alert.kind, wanted.kind),
            (Alert.court_code, wanted.court),
            (Alert.assigned_to, wanted.assigned_to),
        )
        if value is not None
    ]
    total = session.scalar(select(func.count()).select_from(Alert).where(*where)) or 0
    query = _shown().where(*where).order_by(Alert.raised_at.desc(), Alert.id.desc())
    rows = session.execute(query.limit(page_size).offset((page - 1) * page_size))
    return [_described(*row) for row in rows], total


def alert_dict(session: Session, alert_id: str) -> dict[str, Any] | None:
    """One alert; None where there is none."""
    row = session.execute(_shown().where(Alert.id == alert_id)).one_or_none()
    return _described(*row) if row is not None else None


def alert_kinds(session: Session) -> list[str]:
    """The kinds of alerts there are, for a filter."""
    return list(session.scalars(select(Alert.kind).distinct().order_by(Alert.kind)))


def open_alerts(session: Session) -> int:
    """How many alerts wait for a regulator."""
    return session.scalar(select(func.count()).select_from(Alert).where(Alert.status == "open")) or 0


def _shown() -> Select[*tuple[Any, ...]]:
    assigned, resolver, other = aliased(Account), aliased(Account), aliased(Auction)
    live = [status.value for status in LIVE]
    running = exists().where(other.lot_id == Alert.lot_id, other.status.in_(live), other.closed_at.is_(None))
    return (
        select(
            Alert,
            Auction.status,
            Auction.closed_at,
            running.label("running"),
            Lot.title,
            assigned.display_name,
            resolver.display_name,
        )
        .outerjoin(Auction, Auction.id == Alert.auction_id)
        .outerjoin(Lot, Lot.id == func.coalesce(Alert.lot_id, Auction.lot_id))
        .outerjoin(assigned, assigned.id == Alert.assigned_to)
        .outerjoin(resolver, resolver.id == Alert.resolved_by)
    )


def _described(
    alert: Alert,
    status: str | None,
    closed_at: Any,
    running: bool,
    lot_title: str | None,
    assigned: str | None,
    resolver: str | None,
) -> dict[str, Any]:
    # One that names a lot but no round waits for the end of whatever round of it is under way.
    told = may_tell_who(status, closed_at) and (alert.auction_id is not None or not running)
    return {
        "id": alert.id,
        "kind": alert.kind,
        "status": alert.status,
        "court": alert.court_code,
        "lot_id": alert.lot_id,
        "lot_title": lot_title,
        "auction_id": alert.auction_id,
        "persons_sealed": not told,
        "registration_id": alert.registration_id if told else None,
        "account_id": alert.account_id if told else None,
        "reasons": [{**reason, "who": reason["who"] if told else {}} for reason in alert.reasons],
        "raised_at": iso(alert.raised_at),
        "assigned_to": assigned,
        "outcome": alert.outcome,
        "resolution_reason": alert.resolution_reason,
        "resolved_by": resolver,
        "resolved_at": iso(alert.resolved_at) if alert.resolved_at else None,
    }

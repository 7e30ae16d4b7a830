"""Raising alerts, taking them over and resolving them. An alert informs; it never refuses anybody anything."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Account
from auction.rules.access import Actor, require

from ..models import Alert
from ..rules.alerts import OUTCOMES, Reason, check_facts


def raise_alert(
    unit: Unit,
    kind: str,
    *,
    key: str,
    reasons: Sequence[Reason],
    court_code: str | None,
    lot_id: str | None = None,
    auction_id: str | None = None,
    registration_id: str | None = None,
    account_id: str | None = None,
) -> Alert:
    """Keep an alert for the regulators; the same `key` again answers the first one and changes nothing.

    `court_code`: None where the platform itself is concerned.

    ValueError for no reasons, for a fact that might identify somebody, and for a registration without its auction:
    its end decides from when on the alert may say of whom it speaks.
    """
    if not reasons or (registration_id is not None and auction_id is None):
        raise ValueError("an alert needs reasons, and one about a registration its auction")
    for reason in reasons:
        check_facts(reason)
    known = unit.session.scalar(select(Alert).where(Alert.key == key))
    if known is not None:
        return known
    alert = Alert(
        id=unit.new_id(),
        kind=kind,
        key=key,
        court_code=court_code,
        lot_id=lot_id,
        auction_id=auction_id,
        registration_id=registration_id,
        account_id=account_id,
        reasons=[reason.as_data() for reason in reasons],
        raised_at=unit.now,
        status="open",
    )
    unit.session.add(alert)
    unit.session.flush()
    _note(
        unit,
        alert,
        "AlertRaised",
        alert_kind=kind,
        court=court_code,
        lot_id=lot_id,
        auction_id=auction_id,
        registration_id=registration_id,
        account_id=account_id,
        reasons=alert.reasons,
    )
    unit.publish("alert", kind=kind, auction_id=auction_id)
    return alert


def assign_alert(unit: Unit, actor: Actor, alert_id: str, username: str | None = None) -> Alert:
    """Give an open alert to a regulator, by default to the actor.

    DomainError not_found, wrong_state once it is resolved, invalid/unknown_regulator for anybody else's name,
    forbidden/own_alert for whom it speaks of.
    """
    require(actor, "alert.resolve")
    alert = _open_alert(unit, alert_id)
    account_id: str | None = actor.id
    if username is not None:
        account_id = unit.session.scalar(
            select(Account.id).where(Account.username == username, Account.role == "regulator")
        )
    if account_id is None:
        raise invalid("username", "unknown_regulator", value=username)
    if account_id == alert.account_id:
        raise DomainError("forbidden", reason="own_alert")
    if alert.assigned_to != account_id:
        alert.assigned_to = account_id
        _note(unit, alert, "AlertAssigned", to=account_id, by=actor.id)
    return alert


def resolve_alert(unit: Unit, actor: Actor, alert_id: str, *, outcome: str, reason: str) -> Alert:
    """Say what became of an alert: `confirmed`, `unfounded` or `no_action`, with the reason.

    DomainError not_found, wrong_state once it is resolved, invalid for another outcome, forbidden/own_alert.
    """
    require(actor, "alert.resolve")
    if outcome not in OUTCOMES:
        raise invalid("outcome", value=outcome)
    alert = _open_alert(unit, alert_id)
    if actor.id == alert.account_id:
        raise DomainError("forbidden", reason="own_alert")
    _resolve(unit, actor, alert, outcome, reason)
    return alert


def settle_alerts(
    unit: Unit, actor: Actor, kinds: Collection[str], registration_id: str, *, outcome: str, reason: str
) -> None:
    """Resolve what is still open of some kinds about a registration, because what it tells of was decided elsewhere."""
    wanted = select(Alert).where(
        Alert.registration_id == registration_id, Alert.kind.in_(kinds), Alert.status == "open"
    )
    for alert in unit.session.scalars(wanted.order_by(Alert.id).with_for_update()).all() if kinds else ():
        _resolve(unit, actor, alert, outcome, reason)


def end_alerts(unit: Unit, kind: str, auction_id: str, *, reason: str) -> None:
    """Resolve, by nobody, what is still open of a kind about an auction: what it tells of is over by itself."""
    wanted = select(Alert).where(Alert.auction_id == auction_id, Alert.kind == kind, Alert.status == "open")
    for alert in unit.session.scalars(wanted.order_by(Alert.id).with_for_update()).all():
        _resolve(unit, None, alert, "no_action", reason)


def _resolve(unit: Unit, actor: Actor | None, alert: Alert, outcome: str, reason: str) -> None:
    alert.status, alert.outcome, alert.resolution_reason = "resolved", outcome, reason
    alert.resolved_by, alert.resolved_at = actor.id if actor else None, unit.now
    _note(unit, alert, "AlertResolved", outcome=outcome, reason=reason, by=alert.resolved_by)


def _open_alert(unit: Unit, alert_id: str) -> Alert:
    alert = unit.session.get(Alert, alert_id, with_for_update=True, populate_existing=True)
    if alert is None:
        raise DomainError("not_found")
    if alert.status != "open":
        raise DomainError("wrong_state", status=alert.status)
    return alert


def _note(unit: Unit, alert: Alert, kind: str, **facts: Any) -> None:
    unit.record(kind, stream=f"alert:{alert.id}", private=True, body={"alert_id": alert.id, **facts})

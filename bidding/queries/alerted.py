"""Whom an alert speaks of: registrations with their codes, once every auction they belong to has ended."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.models import Auction, Lot
from risk.rules.alerts import may_tell_who

from ..models import Registration


def persons_behind(session: Session, alert: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The registrations an alert (as `alert_dict` gives it) names: {"registration_id","auction_id","lot_title","code",
    "status"}, in the order they were made. Those of an auction that has not ended are left out (OJA 18(2)).
    """
    ids = {alert["registration_id"]} if alert["registration_id"] else set()
    for reason in alert["reasons"]:
        ids.update(reason["who"].get("registrations", ()))
    rows = session.execute(
        select(Registration, Auction.status, Auction.closed_at, Lot.title)
        .join(Auction, Auction.id == Registration.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(Registration.id.in_(ids))
        .order_by(Registration.created_at, Registration.id)
    )
    return [
        {
            "registration_id": registration.id,
            "auction_id": registration.auction_id,
            "lot_title": title,
            "code": registration.bidder_code,
            "status": registration.status,
        }
        for registration, status, closed_at, title in rows
        if may_tell_who(status, closed_at)
    ]

"""What an outage does to the sales it touched, each in a transaction of its own (PRECISIONS 21)."""

from auction.kernel.clock import iso
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.services.locking import lock_auction
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert

from ..models import Outage, OutageTouch
from ..queries.outages import untouched
from ..queries.rooms import ruleset_of
from ..rules.outage import OutageEffect, OutageRules, OutageSpan, outage_effect
from .life import open_auction, suspend_locked


def apply_outage(unit: Unit, outage_id: str, auction_id: str) -> None:
    """Do to one sale what the outage does to it, once."""
    auction = lock_auction(unit, auction_id)
    if auction.status == "announced":
        open_auction(unit, auction)
    touch_locked(unit, auction, outage_id)


def touch_locked(unit: Unit, auction: Auction, outage_id: str | None = None) -> bool:
    """Apply to a locked, open sale the outage, or all that have not been yet; whether its end or status changed."""
    changed = False
    for outage in unit.session.scalars(untouched(auction, outage_id)).all():
        span = OutageSpan(outage.began_at, outage.ended_at)
        numbers = OutageRules.of(ruleset_of(unit.session, auction))
        found = outage_effect(numbers, span, auction.opens_at, auction.closes_at)
        if found is not None and auction.status == "open":
            _apply(unit, auction, outage, found)
            changed = changed or found.kind != "event"
    return changed


def _apply(unit: Unit, auction: Auction, outage: Outage, found: OutageEffect) -> None:
    auction.closes_at = found.closes_at
    seconds = int((outage.ended_at - outage.began_at).total_seconds())
    span = {"from": iso(outage.began_at), "to": iso(outage.ended_at), "seconds": seconds}
    touch = OutageTouch(outage_id=outage.id, auction_id=auction.id, effect=found.kind, closes_at=found.closes_at)
    unit.session.add(touch)
    unit.record(
        "OutageRecorded",
        stream=f"auction:{auction.id}",
        body={"outage_id": outage.id, **span, "effect": found.kind, "closes_at": iso(found.closes_at)},
    )
    unit.tell(auction, "notice", notice="outage", **span, effect=found.kind)
    if found.kind == "extension":
        end = {"closes_at": iso(found.closes_at), "extensions": auction.extensions}
        unit.tell(auction, "extension", **end, cause="outage")
    elif found.kind == "suspension":
        suspend_locked(
            unit,
            auction,
            kind="fault",
            reason=f"平台中断 {seconds} 秒，其间无法出价，依规则暂缓拍卖",
            cause="outage",
            since=outage.began_at,
        )
    raise_alert(
        unit,
        "outage",
        key=f"outage:{outage.id}:{auction.id}",
        reasons=[Reason(f"outage_{found.kind}", {"seconds": seconds})],
        court_code=auction.lot.court_code,
        lot_id=auction.lot_id,
        auction_id=auction.id,
    )


def finish_outage(unit: Unit, outage_id: str) -> None:
    """Note that every sale it touched has had its effect; where one has not, it is due again."""
    outage = unit.session.get_one(Outage, outage_id, with_for_update=True, populate_existing=True)
    if outage.applied_at is None:
        outage.applied_at = unit.now

"""The debtor's own sale: the court may let him sell an unsold lot above the failed price, for a term (EQ 10).

While it runs nobody is given the lot and no further round is announced. It ends by a recorded sale, by lapse, or when
the court ends it. The price must be in the court's account; the judge records that it is.
"""

from datetime import date

from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, OwnSale, Party
from auction.queries.unsold import own_sale
from auction.rules.access import PLATFORM, Actor
from auction.rules.calendar import shanghai_day
from auction.rules.lot import LIVE, AssetType
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import load
from auction.rules.unsold import check_own_price, own_sale_end
from auction.services.locking import lock_auction, lock_round

from ..models import AfterSaleStep
from ..rules import ledger
from .disposal import check_no_own_sale, check_undisposed, dispose, lock_unsold
from .moving import post_unregistered
from .noting import row_of


def allow(unit: Unit, actor: Actor, auction_id: str, *, offer_fen: int, until_on: date, reason: str) -> OwnSale:
    """Let the debtor sell the lot himself until a day, on an offer above the unsold round's reserve.

    DomainError wrong_state unless that round is the lot's last and unsold, lot_disposed, own_sale_open while one runs,
    invalid for an offer as the rule `check_own_price` or a day past the ruleset's longest term.
    """
    auction = lock_unsold(unit, actor, auction_id)
    check_no_own_sale(unit, auction.lot_id)
    if unit.session.scalar(select(Auction.id).where(Auction.lot_id == auction.lot_id, Auction.status.in_(LIVE))):
        raise DomainError("wrong_state", status="another_round_live")
    numbers = load(unit.settings.ruleset)
    check_own_price(offer_fen, auction.reserve_price_fen, auction.reference_price_fen, numbers, "offer_fen")
    end = own_sale_end(
        until_on,
        shanghai_day(unit.now),
        AssetType(auction.lot.asset_type),
        numbers,
        published_calendar(numbers),
    )
    sale = OwnSale(
        id=unit.new_id(),
        auction_id=auction.id,
        lot_id=auction.lot_id,
        above_fen=auction.reserve_price_fen,
        offer_fen=offer_fen,
        until_on=end.last_day,
        ends_at=end.ends_at,
        status="allowed",
        reason=reason,
        allowed_by=actor.id,
        allowed_at=unit.now,
    )
    unit.session.add(sale)
    unit.session.flush()
    _record(unit, auction, "OwnSaleAllowed", "own_sale_allowed", above_fen=sale.above_fen, until_on=iso(sale.ends_at))
    _note(unit, sale, actor, reason)
    return sale


def record_sale(unit: Unit, actor: Actor, auction_id: str, *, price_fen: int, reason: str) -> OwnSale:
    """Record that the debtor sold the lot and the whole price is in the court's account. That ends its rounds.

    `reason`: buyer's document and the bank's receipt, by number. DomainError wrong_state where no own sale runs or its
    term is over, invalid for a price as the rule `check_own_price`.
    """
    auction = lock_round(unit, actor, auction_id, "auction.unsold")
    sale = _running(unit, auction)
    numbers = load(unit.settings.ruleset)
    check_own_price(price_fen, sale.above_fen, auction.reference_price_fen, numbers, "price_fen")
    sale.price_fen = price_fen
    _end(unit, sale, "sold", reason, actor.id)
    post_unregistered(unit, auction, ledger.own_sale_received(auction.id, price_fen))
    dispose(unit, auction.lot, "own_sale")
    _record(unit, auction, "OwnSaleRecorded", "own_sale_recorded", price_fen=price_fen)
    _note(unit, sale, actor, reason)
    return sale


def end_early(unit: Unit, actor: Actor, auction_id: str, *, reason: str) -> OwnSale:
    """End the debtor's own sale before its term, with the reason; taking and rounds go on. DomainError wrong_state."""
    auction = lock_round(unit, actor, auction_id, "auction.unsold")
    sale = _running(unit, auction)
    _end(unit, sale, "ended", reason, actor.id)
    _record(unit, auction, "OwnSaleEnded", "own_sale_ended")
    _note(unit, sale, actor, reason)
    return sale


def note_step(unit: Unit, actor: Actor, auction: Auction, sale: OwnSale, step: AfterSaleStep) -> None:
    """Journal a step after an own sale, sealed, so that the debtors are told."""
    parties = select(Party.id).where(Party.case_id == auction.lot.case_id, Party.role == "debtor")
    body = {
        "own_sale_id": sale.id,
        "auction_id": auction.id,
        "debtors": list(unit.session.scalars(parties.order_by(Party.position))),
        "code": step.code,
        "on": step.on.isoformat(),
        "by": actor.id,
    }
    unit.record("OwnSaleStepTaken", stream=f"lot:{sale.lot_id}", private=True, body=body)


def lapse_own_sale(unit: Unit, sale_id: str) -> None:
    """The term of an own sale is over without a recorded sale; does nothing when it is not, or was ended before."""
    auction_id = unit.session.get_one(OwnSale, sale_id).auction_id
    auction = lock_auction(unit, auction_id)
    sale = unit.session.get_one(OwnSale, sale_id, populate_existing=True)
    if sale.status != "allowed" or unit.now < sale.ends_at:
        return
    _end(unit, sale, "lapsed", None, None)
    _record(unit, auction, "OwnSaleLapsed", "own_sale_lapsed")
    _note(unit, sale, PLATFORM, None)


def _running(unit: Unit, auction: Auction) -> OwnSale:
    sale = own_sale(unit.session, auction.lot_id)
    if sale is None or sale.auction_id != auction.id or unit.now >= sale.ends_at:
        raise DomainError("wrong_state", status="no_own_sale")
    check_undisposed(unit, auction)
    return sale


def _end(unit: Unit, sale: OwnSale, status: str, reason: str | None, by: str | None) -> None:
    sale.status, sale.ended_reason, sale.ended_by, sale.ended_at = status, reason, by, unit.now


def _record(unit: Unit, auction: Auction, kind: str, notice: str, **facts: object) -> None:
    unit.record(kind, stream=f"auction:{auction.id}", body=dict(facts))
    unit.tell(auction, "notice", notice=notice)


def _note(unit: Unit, sale: OwnSale, actor: Actor, reason: str | None) -> None:
    """Journal the court's reason and the offer, sealed, in the lot's stream."""
    told = {"own_sale_id": sale.id, "status": sale.status, "offer_fen": sale.offer_fen, "row": row_of(sale)}
    body = {**told, "reason": reason, "by": actor.id}
    unit.record("OwnSaleDecided", stream=f"lot:{sale.lot_id}", private=True, body=body)

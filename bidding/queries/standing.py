"""The record of a buyer, for the court that sold to him: after the end, never before; and who made its entries."""

from datetime import datetime

from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.models import Auction, Person
from auction.queries.approvals import took_part
from auction.rules.access import Actor, require
from auction.rules.ruleset import Ruleset
from risk.models import StandingEntry
from risk.queries.standing import Record, record_of_identity
from risk.rules.standing import RENEGES, REVOKED

from ..models import Registration
from .reneges import RENEGE_REVOKED, declarers


def buyer_record(session: Session, ruleset: Ruleset, actor: Actor, auction_id: str, now: datetime) -> Record:
    """The record of the person to whose registration a decided auction was sold.

    DomainError not_found before the sale is decided, and for another court's sale.
    """
    auction = session.get(Auction, auction_id)
    if auction is None or auction.status != "sold" or auction.leader_registration_id is None:
        raise DomainError("not_found")
    require(actor, "standing.read", court=auction.lot.court_code)
    buyer = session.get_one(Registration, auction.leader_registration_id)
    return record_of_identity(session, ruleset, session.get_one(Person, buyer.person_id).id_match, now)


def behind(session: Session, entry: StandingEntry) -> set[str]:
    """The accounts whose own act an entry of a record tells of: nobody where the platform itself entered it."""
    if entry.kind in RENEGES:
        return declarers(session, entry.auction_id)
    return took_part(session, RENEGE_REVOKED, entry.auction_id) if entry.kind == REVOKED else set()

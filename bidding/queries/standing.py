"""The record of a buyer, for the court that sold to him: after the end, never before."""

from datetime import datetime

from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.models import Auction, Person
from auction.rules.access import Actor, require
from auction.rules.ruleset import Ruleset
from risk.queries.standing import Record, record_of_identity

from ..models import Registration


def buyer_record(session: Session, ruleset: Ruleset, actor: Actor, auction_id: str, now: datetime) -> Record:
    """The record of the person to whose registration a decided auction was sold.

    DomainError not_found before the sale is decided, and for another court's sale.
    """
    require(actor, "sanction.read")
    auction = session.get(Auction, auction_id)
    if auction is None or auction.status != "sold" or auction.leader_registration_id is None:
        raise DomainError("not_found")
    if actor.court_code is not None and actor.court_code != auction.lot.court_code:
        raise DomainError("not_found")
    buyer = session.get_one(Registration, auction.leader_registration_id)
    return record_of_identity(session, ruleset, session.get_one(Person, buyer.person_id).id_match, now)

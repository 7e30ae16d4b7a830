"""A court's own items of the catalogue: added, reworded, and put out of use, in versions."""

from sqlalchemy import func, select

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Court
from auction.rules.access import Actor, require

from ..models import CourtItem
from ..rules.catalogue import load
from ..rules.court_items import CourtItemFacts, entry_of


def put_court_item(
    unit: Unit, actor: Actor, asset_type: str, code: str, facts: CourtItemFacts, *, in_use: bool = True
) -> CourtItem:
    """Keep an item of the actor's court for a kind of lot as its next version; not `in_use` puts it aside.

    It is asked of every lot of the court whose round its panel has not begun to vote on; rounds in review or announced
    keep what was asked when the voting began, and sealed sheets stay as they are. DomainError invalid as `entry_of`,
    or for a kind there is not.
    """
    require(actor, "catalogue.extend")
    if actor.court_code is None:
        raise DomainError("forbidden")
    load(asset_type)
    entry = entry_of(code, facts)
    unit.session.scalar(select(Court).where(Court.code == actor.court_code).with_for_update())
    last = unit.session.scalar(
        select(func.max(CourtItem.version)).where(
            CourtItem.court_code == actor.court_code, CourtItem.asset_type == asset_type, CourtItem.code == code
        )
    )
    kept = CourtItem(
        court_code=actor.court_code,
        asset_type=asset_type,
        code=code,
        version=(last or 0) + 1,
        in_use=in_use,
        item=entry,
        at=unit.now,
        by=actor.id,
    )
    unit.session.add(kept)
    unit.record(
        "CatalogueExtended",
        stream="system",
        body={
            "court": kept.court_code,
            "asset_type": asset_type,
            "code": code,
            "version": kept.version,
            "title": entry["title"],
            "required": facts.required,
            "in_use": in_use,
        },
    )
    return kept

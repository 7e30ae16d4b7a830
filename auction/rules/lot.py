"""What a lot is and in which states its auctions may stand."""

from enum import StrEnum
from types import MappingProxyType

from ..kernel.errors import DomainError


class AssetType(StrEnum):
    """The ten kinds of lots."""

    REAL_ESTATE = "real_estate"
    VEHICLE = "vehicle"
    MACHINERY = "machinery"
    EQUITY = "equity"
    LAND_USE_RIGHT = "land_use_right"
    INTELLECTUAL_PROPERTY = "intellectual_property"
    RECEIVABLE = "receivable"
    GOODS = "goods"
    VESSEL = "vessel"
    OTHER = "other"


class NoticeClass(StrEnum):
    """What the law's notice periods tell apart (OJA 12, 26): movables, and immovables or other property rights."""

    MOVABLE = "movable"
    IMMOVABLE = "immovable"


class Round(StrEnum):
    """First auction (一拍), second auction (二拍), sell-off (变卖)."""

    FIRST = "first"
    SECOND = "second"
    SELL_OFF = "sell_off"


class AuctionStatus(StrEnum):
    """Where one auction stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    ANNOUNCED = "announced"
    OPEN = "open"
    SUSPENDED = "suspended"
    SOLD = "sold"
    UNSOLD = "unsold"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


class PartyRole(StrEnum):
    """What somebody is in the case, and so why they are notified."""

    APPLICANT = "applicant"
    DEBTOR = "debtor"
    SECURED_CREDITOR = "secured_creditor"
    PREFERENTIAL = "preferential"
    CO_OWNER = "co_owner"
    LESSEE = "lessee"
    OTHER = "other"


#: Movables by nature. Rights, land and whatever is not named here have the longer notice: the safe side.
MOVABLES = frozenset({AssetType.VEHICLE, AssetType.MACHINERY, AssetType.GOODS, AssetType.VESSEL})

#: Before the public has seen it.
PRIVATE = frozenset({AuctionStatus.DRAFT, AuctionStatus.IN_REVIEW, AuctionStatus.APPROVED})
#: Announced and not yet decided: there is at most one of these for a lot.
LIVE = frozenset({AuctionStatus.ANNOUNCED, AuctionStatus.OPEN, AuctionStatus.SUSPENDED})
#: Decided. A sale may still be revoked (OJA 31).
ENDED = frozenset({AuctionStatus.SOLD, AuctionStatus.UNSOLD, AuctionStatus.WITHDRAWN, AuctionStatus.REVOKED})

#: Every step that exists. Who may take it, and on which grounds, is for the services.
#: in_review, approved -> draft: a majority against, or a change that voids the votes (PRECISIONS 34).
#: draft, in_review, approved -> withdrawn: a draft given up, by its court or because no further round is needed.
#: announced -> suspended: an ownership objection before the opening (OJA 36(2)); back with `announced` or `open`.
#: open -> withdrawn: the panel's choice after a material change (PRECISIONS 11). suspended -> sold, revoked: a winner
#: who was held as barred, cleared or not (PRECISIONS 14). sold -> revoked: OJA 31.
TRANSITIONS = MappingProxyType(
    {
        AuctionStatus.DRAFT: frozenset({AuctionStatus.IN_REVIEW, AuctionStatus.WITHDRAWN}),
        AuctionStatus.IN_REVIEW: frozenset({AuctionStatus.APPROVED, AuctionStatus.DRAFT, AuctionStatus.WITHDRAWN}),
        AuctionStatus.APPROVED: frozenset({AuctionStatus.ANNOUNCED, AuctionStatus.DRAFT, AuctionStatus.WITHDRAWN}),
        AuctionStatus.ANNOUNCED: frozenset({AuctionStatus.OPEN, AuctionStatus.SUSPENDED, AuctionStatus.WITHDRAWN}),
        AuctionStatus.OPEN: frozenset(
            {AuctionStatus.SOLD, AuctionStatus.UNSOLD, AuctionStatus.SUSPENDED, AuctionStatus.WITHDRAWN}
        ),
        AuctionStatus.SUSPENDED: frozenset(
            {
                AuctionStatus.ANNOUNCED,
                AuctionStatus.OPEN,
                AuctionStatus.SOLD,
                AuctionStatus.WITHDRAWN,
                AuctionStatus.REVOKED,
            }
        ),
        AuctionStatus.SOLD: frozenset({AuctionStatus.REVOKED}),
        AuctionStatus.UNSOLD: frozenset(),
        AuctionStatus.WITHDRAWN: frozenset(),
        AuctionStatus.REVOKED: frozenset(),
    }
)


def notice_class(asset_type: AssetType) -> NoticeClass:
    """Whether the notice periods of movables or the longer ones hold for this kind of lot."""
    return NoticeClass.MOVABLE if asset_type in MOVABLES else NoticeClass.IMMOVABLE


def check_transition(current: AuctionStatus, target: AuctionStatus) -> None:
    """DomainError `wrong_state` (facts `current`, `target`) unless that step exists."""
    if target not in TRANSITIONS[current]:
        raise DomainError("wrong_state", current=current.value, target=target.value)

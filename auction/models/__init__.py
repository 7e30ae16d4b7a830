"""Tables of the floor `auction`: people and accounts, cases and lots, auctions, the log, messages, the platform."""

from ..kernel.events import RoomEvent
from ..kernel.journal import JournalRow, Salt, Stream
from .approvals import Approval, ApprovalVote
from .auctions import Auction, Intake, PanelMember, Platform
from .listing import CourtFollow, ListingChange, LotFollow, LotListing, LotWords, SavedSearch
from .log import Checkpoint, Cosignature, LogLeaf, LogNode, Witness
from .lots import (
    Case,
    LetterTemplate,
    Lot,
    Notice,
    Party,
    PriceStep,
    ReferencePrice,
    Task,
    TaskEnd,
    TaskRating,
)
from .messages import Mail, Message
from .people import (
    Account,
    Agency,
    Correction,
    Court,
    Idempotency,
    LoginSession,
    Passkey,
    PasskeyChallenge,
    Person,
    RecoveryCode,
)
from .unsold import LotDrawing, LotGroup, LotGroupMember, LotReturn, OwnSale, Taking, TakingQuestion

__all__ = [
    "Account",
    "Agency",
    "Approval",
    "ApprovalVote",
    "Auction",
    "Case",
    "Checkpoint",
    "Correction",
    "Cosignature",
    "Court",
    "CourtFollow",
    "Idempotency",
    "Intake",
    "JournalRow",
    "LetterTemplate",
    "ListingChange",
    "LogLeaf",
    "LogNode",
    "LoginSession",
    "Lot",
    "LotDrawing",
    "LotFollow",
    "LotGroup",
    "LotGroupMember",
    "LotListing",
    "LotReturn",
    "LotWords",
    "Mail",
    "Message",
    "Notice",
    "OwnSale",
    "PanelMember",
    "Party",
    "Passkey",
    "PasskeyChallenge",
    "Person",
    "Platform",
    "PriceStep",
    "RecoveryCode",
    "ReferencePrice",
    "RoomEvent",
    "Salt",
    "SavedSearch",
    "Stream",
    "Taking",
    "TakingQuestion",
    "Task",
    "TaskEnd",
    "TaskRating",
    "Witness",
]

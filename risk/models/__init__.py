"""Tables of the floor `risk`."""

from .alerts import Alert
from .clearance import ClearanceAssessment, ClearanceModel, ClearanceOutcome, ClearancePlan
from .control import Control, InterestFinding, InterestReview, LiftedHit
from .patterns import BidPattern, BidScreening
from .registry import RegistryVersion, Relative, Staff
from .sanctions import Sanction, SanctionReview, WrittenRule
from .standing import StandingEntry, StandingObjection
from .valuation import ValuationEstimate, ValuationModel

__all__ = [
    "Alert",
    "BidPattern",
    "BidScreening",
    "ClearanceAssessment",
    "ClearanceModel",
    "ClearanceOutcome",
    "ClearancePlan",
    "Control",
    "InterestFinding",
    "InterestReview",
    "LiftedHit",
    "RegistryVersion",
    "Relative",
    "Sanction",
    "SanctionReview",
    "Staff",
    "StandingEntry",
    "StandingObjection",
    "ValuationEstimate",
    "ValuationModel",
    "WrittenRule",
]

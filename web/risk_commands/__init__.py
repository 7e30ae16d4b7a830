"""The commands of `fapai risk`, one module per subject, each adding its own to the group."""

from . import bidding, clearance, valuation
from .group import risk

__all__ = ["bidding", "clearance", "risk", "valuation"]

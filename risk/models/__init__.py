"""Tables of the floor `risk`."""

from .registry import RegistryVersion, Relative, Staff
from .standing import StandingEntry, StandingObjection

__all__ = ["RegistryVersion", "Relative", "Staff", "StandingEntry", "StandingObjection"]

"""Tables of the floor `risk`."""

from .registry import RegistryVersion, Relative, Staff

__all__ = ["RegistryVersion", "Relative", "Staff"]

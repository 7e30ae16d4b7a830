"""Where a lot lies: two of its attributes, entered by the court, degrees WGS 84."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: The attributes, and the largest amount of each.
DEGREES: Mapping[str, int] = {"latitude": 90, "longitude": 180}


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the ground, in degrees."""

    latitude: float
    longitude: float


def place_of(attributes: Mapping[str, Any]) -> Place | None:
    """Where a lot lies by its attributes; None unless both are numbers in range."""
    latitude, longitude = (_degrees(attributes.get(name), most) for name, most in DEGREES.items())
    return None if latitude is None or longitude is None else Place(latitude, longitude)


def wrong_degrees(attributes: Mapping[str, Any]) -> list[tuple[str, int]]:
    """What is wrong with a place that was entered: the attribute, and the largest amount of it.

    One of the two without the other is wrong; none of them is right.
    """
    if not DEGREES.keys() & attributes.keys():
        return []
    return [(name, most) for name, most in DEGREES.items() if _degrees(attributes.get(name), most) is None]


def _degrees(value: Any, most: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and abs(value) <= most else None

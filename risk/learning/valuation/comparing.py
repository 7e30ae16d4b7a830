"""The lots of the training data nearest to one that is asked about, and why they count as near."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .profiles import Array, Profile, Table
from .reading import Record, shown

#: How many are named; how much the price a unit and the own group count against a number's deviation.
NAMED = 3
_UNIT = 2.0
_CHUNK = 512


def shown_columns(profile: Profile, records: Sequence[Record]) -> list[dict[str, str | float]]:
    """What is told of each lot as a comparable."""
    return [shown(record, profile.shown) for record in records]


def comparables(state: dict[str, Any], table: Table, middle: Array) -> list[list[dict[str, Any]]]:
    """For each row the nearest lots, those of its own group first, each group represented by price and likeness.

    The distance is over the numbers, in deviations of the training data, and the estimate of a unit's price against
    the price a unit the lot had. A number the row lacks does not count.
    """
    kept: Array = state["numbers"]
    unit: Array = state["unit_price"]
    place: dict[str, list[int]] = {}
    for number, name in enumerate(state["group"]):
        place.setdefault(name, []).append(number)
    spread = max(float(np.std(unit)), 1e-6)
    lacking = np.isnan(table.numbers)
    scaled = (np.where(lacking, state["middle"], table.numbers) - state["middle"]) / state["deviation"]
    scaled = np.clip(np.where(lacking, 0.0, scaled), -6, 6)
    kept = np.clip(kept, -6, 6)
    mine = np.column_stack([scaled, _UNIT * (middle - table.unit) / spread]).astype(np.float32)
    theirs = np.column_stack([kept, _UNIT * unit / spread]).astype(np.float32)
    answer: list[list[dict[str, Any]]] = []
    square = (theirs**2).sum(axis=1)
    for start in range(0, len(table), _CHUNK):
        block = mine[start : start + _CHUNK]
        distance = square[None, :] - 2 * block @ theirs.T + (block**2).sum(axis=1)[:, None]
        nearest = min(4 * NAMED, len(theirs))
        around = np.argpartition(distance, nearest - 1, axis=1)[:, :nearest]
        for offset in range(len(block)):
            row = start + offset
            own = [] if table.alone[row] else place.get(str(table.group[row]), [])
            answer.append(_named(state, distance[offset], own, around[offset]))
    return answer


def _named(
    state: dict[str, Any], distance: NDArray[np.float32], own: list[int], around: NDArray[Any]
) -> list[dict[str, Any]]:
    def near(numbers: Iterable[int]) -> list[int]:
        return sorted((int(each) for each in numbers), key=lambda each: (float(distance[each]), each))

    first = near(own)
    chosen: list[int] = []
    seen: set[tuple[int, str]] = set()
    for number in (*first, *near(around)):  # a lot listed in several cities is one lot
        facts = {name: value for name, value in state["shown"][number].items() if name != "city"}
        same = (state["price_fen"][number], repr(facts))
        if len(chosen) < NAMED and same not in seen:
            seen.add(same)
            chosen.append(number)
    return [
        {
            "line": state["line"][number],
            "price_fen": state["price_fen"][number],
            "same_group": number in own,
            "distance": round(float(max(distance[number], 0.0)) ** 0.5, 2),
            "facts": state["shown"][number],
        }
        for number in chosen
    ]

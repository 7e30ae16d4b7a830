"""What of a lot a valuation is asked with: its attributes, and over them what the sheet has found."""

from collections.abc import Mapping
from typing import Any

from auction.kernel.crypto import canonical, sha256_hex

from .sheet import Sheet

#: By asset type: column, item of the sheet, field.
_FOUND: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "real_estate": (
        ("area_m2", "area_and_use", "building_area_m2"),
        ("floor", "area_and_use", "floor"),
        ("floors", "area_and_use", "total_floors"),
        ("built_year", "area_and_use", "built_year"),
    ),
    "vehicle": (
        ("model", "title", "model"),
        ("registered_on", "title", "registered_on"),
        ("mileage_km", "mileage", "mileage_km"),
    ),
}
#: Uses a model of homes says nothing of.
_HOME = "residential"


def asked(asset_type: str, attributes: Mapping[str, Any], sheet: Sheet) -> dict[str, str]:
    """The cells a model is asked with, as texts; the sheet's facts stand over the attributes."""
    cells = {
        name: str(value)
        for name, value in attributes.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool) and name != "price_fen"
    }
    for column, code, field in _FOUND.get(asset_type, ()):
        item = sheet.found(code)
        if item is not None and item.data.get(field) is not None:
            cells[column] = str(item.data[field])
    return dict(sorted(cells.items()))


def unlike(asset_type: str, sheet: Sheet) -> str | None:
    """Why a model of that asset type says nothing of such a lot: its use, or that only a share is sold; else None."""
    if asset_type != "real_estate":
        return None
    use, title = sheet.found("area_and_use"), sheet.found("title")
    if use is not None and use.data.get("planned_use", _HOME) != _HOME:
        return "use_unlike"
    if title is not None and isinstance(share := title.data.get("share"), int | float) and share < 1:
        return "share_only"
    return None


def fingerprint(cells: Mapping[str, str], unlike: str | None) -> str:
    """The hash of what a model is asked with: another one asks again."""
    return sha256_hex(canonical({"cells": dict(cells), "unlike": unlike}))

"""Sheets filled with the catalogue's own examples, to be spoiled one fact at a time."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from disclosure.rules.catalogue import Catalogue, Item, load
from disclosure.rules.entry import read_item
from disclosure.rules.sheet import ItemFacts, Sheet

TODAY = date(2026, 3, 2)


def payload_of(item: Item) -> dict[str, Any]:
    """What a client sends who takes the example of an item and adds where it comes from."""
    example = item.example
    return {
        "state": example.state,
        "statement": example.statement,
        "data": dict(example.data),
        "source": "现场勘查笔录",
        "checked_on": "2026-03-01",
        "attachments": [],
    }


def facts_of(item: Item) -> ItemFacts:
    return read_item(item, payload_of(item), checker="示例书记员", attachments=[])


@pytest.fixture
def today() -> date:
    return TODAY


@pytest.fixture
def house() -> Catalogue:
    """The catalogue of real estate. (No database here: this is a building.)"""
    return load("real_estate")


@pytest.fixture
def filled() -> Callable[[Catalogue], Sheet]:
    """Fills a sheet with the examples of a catalogue."""
    return lambda catalogue: Sheet(tuple(facts_of(item) for item in catalogue.items))


@pytest.fixture
def payload() -> Callable[[Item], dict[str, Any]]:
    return payload_of


@pytest.fixture
def spoil(filled: Callable[[Catalogue], Sheet]) -> Callable[..., Sheet]:
    """`spoil(catalogue, code, data={...}, state=..., ...)`: the example sheet with that item changed."""

    def change(catalogue: Catalogue, code: str, data: Mapping[str, Any] | None = None, **changes: Any) -> Sheet:
        sheet = filled(catalogue)
        facts = sheet.get(code)
        assert facts is not None
        if data is not None:
            kept = {name: value for name, value in (dict(facts.data) | dict(data)).items() if value is not None}
            changes["data"] = kept
        return sheet.replaced(replace(facts, **changes))

    return change

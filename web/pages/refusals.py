"""Why somebody may not bid, in full: a bar for a term names the decision and the written rule it rests on, a company
barred for who controls it the practice."""

from datetime import datetime
from typing import Any

from bidding.queries.conflicts import BARRED, refusal_facts
from bidding.queries.sanctions import bar_facts

from .. import errors
from ..auth import house
from .language import language


def refusal_sentence(code: str, registration_id: str, moment: datetime | None = None) -> str:
    """The sentence of a refusal that a registration was given at a moment, or is given now."""
    facts: dict[str, Any] = {}
    if code == "barred_sanction":
        facts = dict(house().read(bar_facts, registration_id, moment or house().now()))
    if code == BARRED:
        facts = house().read(refusal_facts, registration_id)
    return errors.sentence(code, facts, language())

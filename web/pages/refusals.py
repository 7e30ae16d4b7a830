"""Why somebody may not bid, in full: a bar for a term names the decision and the written rule it rests on, a company
barred for who controls it the practice."""

from datetime import datetime

from bidding.queries.conflicts import refusal_facts

from .. import errors
from ..auth import house
from .language import language


def refusal_sentence(code: str, registration_id: str, moment: datetime | None = None) -> str:
    """The sentence of a refusal that a registration was given at a moment, or is given now."""
    facts = house().read(refusal_facts, registration_id, code, moment or house().now())
    return errors.sentence(code, facts, language())

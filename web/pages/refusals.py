"""Why somebody may not bid, in full: a bar for a term names the decision and the written rule it rests on."""

from datetime import datetime

from bidding.queries.sanctions import bar_facts

from .. import errors
from ..auth import house
from .language import language


def refusal_sentence(code: str, registration_id: str, moment: datetime | None = None) -> str:
    """The sentence of a refusal that a registration was given at a moment, or is given now."""
    facts = {}
    if code == "barred_sanction":
        facts = house().read(bar_facts, registration_id, moment or house().now())
    return errors.sentence(code, facts, language())

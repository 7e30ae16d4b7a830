"""Who nearly has the name of somebody registered, and was born the same day.

Names lie sealed. Only those of the registered people born on the asked days are opened, compared and forgotten.
"""

from collections.abc import Mapping

from auction.rules.identity import birth_date
from auction.rules.ruleset import Ruleset

from ..queries.interest import SEALED_FOR, registry_key
from ..queries.near_names import born_on
from ..rules.near_names import BORN, born_text, nearly_equal
from .interest import Reading


def find_near_names(
    reading: Reading, people: Mapping[str, tuple[str, str]], numbers: Ruleset, *, version: int
) -> dict[str, frozenset[str]]:
    """The registered people (keyed hashes) each of some people nearly has the name of; who is near nobody is left out.

    `people`: name and resident number in the clear, by the keyed hash of the number.
    """
    key = registry_key(reading.session)
    if key is None:
        return {}
    days = {
        match: reading.vault.match_key(BORN, born_text(birth_date(number))) for match, (_, number) in people.items()
    }
    candidates = [
        (row, reading.vault.open(key, SEALED_FOR, row.context, row.name))
        for row in born_on(reading.session, set(days.values()), version=version)
    ]
    edits, ratio = numbers.count("near_name_edits"), numbers.ratio("near_name_ratio")
    found = {
        match: frozenset(
            row.id_match
            for row, registered in candidates
            if row.born_match == days[match]
            and row.id_match != match
            and nearly_equal(name, registered, edits=edits, ratio=ratio)
        )
        for match, (name, _) in people.items()
    }
    return {match: near for match, near in found.items() if near}

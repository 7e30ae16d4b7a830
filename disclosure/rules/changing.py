"""How an announced sheet may be changed (PRECISIONS 11): which ways are open to the panel for a set of changes.

`withdrawal`: the sale is withdrawn and announced anew with the full notice of its round; always open, and the only way
where title, area, share, lease, residence right or occupation gets worse for the buyer. `supplement`: the change is
published, with full days between it and bidding. Sources: OJA 12, 15; the days are the court's practice.
"""

from collections.abc import Sequence

from auction.kernel.errors import Breach, DomainError

from .catalogue import Catalogue
from .diff import ItemChange, is_material, needs_a_word, only_withdrawal

WITHDRAWAL, SUPPLEMENT = "withdrawal", "supplement"
CHOICES = (WITHDRAWAL, SUPPLEMENT)
#: The kind of approval by which a panel decides on a change.
SHEET_CHANGE = "sheet_change"


def choices(changes: Sequence[ItemChange], for_the_worse: bool | None = None) -> tuple[str, ...]:
    """The ways open for these changes; none where nothing material has changed: that needs no panel.

    `for_the_worse`: what the panel says of the changes no machine can tell; None while it has said nothing.
    """
    if not is_material(changes):
        return ()
    if only_withdrawal(changes) or (needs_a_word(changes) and for_the_worse is True):
        return (WITHDRAWAL,)
    return CHOICES


def check_choice(choice: str, changes: Sequence[ItemChange], for_the_worse: bool | None, catalogue: Catalogue) -> None:
    """DomainError `invalid` unless the panel may choose this.

    On `items` `nothing_material`; on `choice` `only_withdrawal` for each change that leaves no other way; on
    `for_the_worse` `required` where a supplement hangs on the panel's own word.
    """
    if not is_material(changes):
        raise DomainError("invalid", [Breach("nothing_material", "items")])
    if choice == WITHDRAWAL:
        return
    worse = [change for change in changes if change.worse or (change.unclear and for_the_worse is True)]
    if worse:
        named = [_named(code, catalogue) for code in dict.fromkeys(change.code for change in worse)]
        raise DomainError("invalid", [Breach("only_withdrawal", "choice", facts=facts) for facts in named])
    if needs_a_word(changes) and for_the_worse is None:
        raise DomainError("invalid", [Breach("required", "for_the_worse")])


def _named(code: str, catalogue: Catalogue) -> dict[str, str]:
    """An item by its titles."""
    item = catalogue.find(code)
    return {"item": code, "title": item.title if item else code, "title_en": item.title_en if item else code}

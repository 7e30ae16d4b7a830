"""Which ways are open to a panel for a set of changes."""

import pytest

from auction.kernel.errors import DomainError
from disclosure.rules.catalogue import load
from disclosure.rules.changing import SUPPLEMENT, WITHDRAWAL, check_choice, choices
from disclosure.rules.diff import ItemChange


def a_change(*, material: bool = True, worse: bool = False, unclear: bool = False, code: str = "title") -> ItemChange:
    return ItemChange(code, "statement", "甲", "乙", material, "unclear" if unclear else "none", worse, unclear)


CATALOGUE = load("real_estate")
PLAIN, OTHER = a_change(material=False), a_change()
WORSE, UNCLEAR = a_change(worse=True), a_change(unclear=True)


@pytest.mark.parametrize(
    ("changes", "word", "open_", "refused"),
    [
        ((), None, (), "nothing_material"),
        ((PLAIN,), None, (), "nothing_material"),
        ((PLAIN, OTHER), None, (WITHDRAWAL, SUPPLEMENT), None),
        ((OTHER, WORSE), None, (WITHDRAWAL,), "only_withdrawal"),
        ((WORSE,), False, (WITHDRAWAL,), "only_withdrawal"),  # the machine's finding is not the panel's to overrule
        ((UNCLEAR,), None, (WITHDRAWAL, SUPPLEMENT), "required"),
        ((UNCLEAR,), True, (WITHDRAWAL,), "only_withdrawal"),
        ((UNCLEAR,), False, (WITHDRAWAL, SUPPLEMENT), None),
        ((OTHER,), True, (WITHDRAWAL, SUPPLEMENT), None),
    ],
)
def test_the_ways_open_and_why_a_supplement_is_refused(
    changes: tuple[ItemChange, ...], word: bool | None, open_: tuple[str, ...], refused: str | None
) -> None:
    assert choices(changes, word) == open_
    if refused is None:
        check_choice(SUPPLEMENT, changes, word, CATALOGUE)
    else:
        with pytest.raises(DomainError) as caught:
            check_choice(SUPPLEMENT, changes, word, CATALOGUE)
        assert [breach.code for breach in caught.value.errors] == [refused]
    if refused != "nothing_material":
        check_choice(WITHDRAWAL, changes, word, CATALOGUE)

"""How answers to a proposal count."""

import pytest

from auction.rules.approvals import Answer, Need, majority_of, needs_of, still_needed, tally

JUDGE, PRESIDENT, REGULATORS = Need("judge"), Need("president"), Need("regulator", 2)
YES, NO = Answer("judge", True), Answer("judge", False)


def test_everybody_needed_must_approve() -> None:
    needs = (JUDGE, PRESIDENT)
    assert tally(needs, ()) == "pending"
    assert tally(needs, (YES,)) == "pending"
    assert still_needed(needs, (YES,)) == {"president": 1}
    assert tally(needs, (YES, Answer("president", True))) == "approved"


def test_two_of_one_role_are_two_persons() -> None:
    one = Answer("regulator", True)
    assert tally((REGULATORS,), (one,)) == "pending"
    assert still_needed((REGULATORS,), (one,)) == {"regulator": 1}
    assert tally((REGULATORS,), (one, one)) == "approved"


def test_one_refusal_rejects_whatever_else_was_said() -> None:
    assert tally((JUDGE, PRESIDENT), (NO,)) == "rejected"
    assert tally((JUDGE, PRESIDENT), (YES, Answer("president", False))) == "rejected"


@pytest.mark.parametrize("needs", [(), (Need("judge", 0),), (JUDGE, Need("president", -1))])
def test_an_approval_by_nobody_cannot_be_asked_for(needs: tuple[Need, ...]) -> None:
    with pytest.raises(ValueError, match="somebody"):
        tally(needs, ())


def test_an_answer_of_a_role_nobody_asked_approves_nothing() -> None:
    assert tally((JUDGE,), (Answer("clerk", True),)) == "pending"


@pytest.mark.parametrize(
    ("size", "answers", "outcome"),
    [
        (3, "n", "pending"),
        (3, "ny", "approved"),
        (3, "nn", "rejected"),
        (5, "nn", "pending"),
        (5, "nny", "pending"),
        (5, "nnyy", "approved"),
        (5, "nnn", "rejected"),
        (1, "n", "rejected"),
    ],
)
def test_a_panel_decides_by_the_majority_of_all_its_members(size: int, answers: str, outcome: str) -> None:
    """The proposer is one of the panel and for it; one refusal of three ends nothing (PRECISIONS 34)."""
    need = majority_of({f"judge{n}" for n in range(size)})
    assert needs_of([need.as_data()]) == (need,)
    assert tally((need,), [Answer("judge", answer == "y") for answer in answers]) == outcome

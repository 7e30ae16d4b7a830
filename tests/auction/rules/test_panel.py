"""The panel: who may sit on it, and what its votes decide (OJA 27; CPL 40, 45)."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.rules.lot import AuctionStatus
from auction.rules.panel import PanelMember, panel_findings, tally
from auction.rules.ruleset import Ruleset


def judges(count: int) -> list[PanelMember]:
    return [PanelMember(f"judge{number}", "judge", "3201") for number in range(count)]


@pytest.mark.parametrize(
    ("size", "reasons"),
    [(0, ["too_few"]), (1, ["too_few"]), (2, ["too_few", "even"]), (3, []), (4, ["even"]), (5, []), (6, ["even"])],
    ids=lambda value: f"CPL 40(1) {value}" if isinstance(value, int) else None,
)
def test_a_panel_is_three_or_more_and_odd(ruleset: Ruleset, size: int, reasons: list[str]) -> None:
    found = panel_findings(judges(size), "3201", ruleset)
    assert [finding.facts["reason"] for finding in found] == reasons
    assert all(finding.code == "panel_incomplete" and finding.is_error for finding in found)


@pytest.mark.parametrize(
    ("odd_one", "reason"),
    [
        (PanelMember("clerk1", "clerk", "3201"), "not_judge"),
        (PanelMember("judge9", "judge", "3202"), "other_court"),
        (PanelMember("judge9", "judge", None), "other_court"),
        (PanelMember("judge9", "judge", "3201", barred=True), "barred"),
    ],
)
def test_every_member_is_an_unbarred_judge_of_the_lots_court(
    ruleset: Ruleset, odd_one: PanelMember, reason: str
) -> None:
    (finding,) = panel_findings([*judges(2), odd_one], "3201", ruleset)
    assert finding.code == "panel_incomplete"
    assert finding.facts == {"reason": reason, "member": odd_one.username}
    assert finding.field == "panel.2"
    assert finding.basis.code == "OJA 27"


def test_a_judge_named_twice_counts_once(ruleset: Ruleset) -> None:
    found = panel_findings([*judges(3), judges(1)[0]], "3201", ruleset)
    assert [(finding.facts["reason"], finding.field) for finding in found] == [
        ("duplicate", "panel.0"),
        ("duplicate", "panel.3"),
    ]
    few = panel_findings([*judges(2), judges(1)[0]], "3201", ruleset)
    assert [finding.facts["reason"] for finding in few][:2] == ["too_few", "even"]


def test_all_faults_of_a_member_are_told_at_once(ruleset: Ruleset) -> None:
    found = panel_findings([*judges(2), PanelMember("x", "clerk", "9999", barred=True)], "3201", ruleset)
    assert [finding.facts["reason"] for finding in found] == ["not_judge", "other_court", "barred"]


@pytest.mark.parametrize(
    ("votes", "size", "status"),
    [
        ("", 3, "draft"),
        ("y", 3, "in_review"),
        ("n", 3, "in_review"),
        ("yn", 3, "in_review"),
        ("yy", 3, "approved"),
        ("nn", 3, "draft"),
        ("yyn", 3, "approved"),
        ("ynn", 3, "draft"),
        ("yy", 5, "in_review"),
        ("yyy", 5, "approved"),
        ("nnn", 5, "draft"),
        ("yynn", 5, "in_review"),
        ("nnnyy", 5, "draft"),
        ("yn", 2, "in_review"),
        ("y", 2, "in_review"),
    ],
)
def test_a_majority_of_the_whole_panel_decides(votes: str, size: int, status: str) -> None:
    assert tally({f"judge{n}": vote == "y" for n, vote in enumerate(votes)}, size) == status


def test_more_votes_than_members_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="more votes"):
        tally({"a": True, "b": True}, 1)


@given(size=st.integers(1, 6).map(lambda half: 2 * half + 1), data=st.data())
def test_a_decision_stands_whatever_the_others_vote(size: int, data: st.DataObject) -> None:
    votes = data.draw(st.lists(st.booleans(), min_size=1, max_size=size))
    given_so_far = {str(number): vote for number, vote in enumerate(votes)}
    decided = tally(given_so_far, size)
    rest = range(len(votes), size)
    finals = {
        tally(given_so_far | {str(n): vote for n, vote in zip(rest, others, strict=True)}, size)
        for others in itertools.islice(itertools.product([True, False], repeat=len(rest)), 64)
    }
    if decided is not AuctionStatus.IN_REVIEW:
        assert finals == {decided}
    assert AuctionStatus.IN_REVIEW not in finals, "a full vote of an odd panel always decides"

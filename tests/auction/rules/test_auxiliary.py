import pytest

from auction.rules.auxiliary import KINDS, task_breaches
from disclosure.rules.citations import cite


def codes(kind: str, description: str | None = None, by_judge: bool = True) -> list[tuple[str | None, str]]:
    return [(breach.field, breach.code) for breach in task_breaches(kind, description, by_judge=by_judge)]


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"other"}))
@pytest.mark.parametrize("by_judge", [True, False])
def test_what_the_law_names_may_be_given_by_judge_and_clerk(kind: str, by_judge: bool) -> None:
    assert codes(kind, None, by_judge) == []
    assert codes(kind, "说明", by_judge) == [("description", "not_allowed")]
    assert cite(KINDS[kind]).code.startswith("OJA 7(1)(")


@pytest.mark.parametrize("kind", ["起拍价决定", "viewings", "Other", "", "reserve_price"])
def test_what_is_not_on_the_list_is_refused_with_what_is(kind: str) -> None:
    [breach] = task_breaches(kind, None, by_judge=True)
    assert (breach.field, breach.code) == ("kind", "not_delegable")
    assert str(breach.facts["allowed"]).split() == list(KINDS)


def test_other_work_is_described_and_answered_for_by_a_judge() -> None:
    assert codes("other") == codes("other", None, False) == [("description", "required")]
    assert codes("other", "拆除临时围挡、开锁") == []
    assert codes("other", "拆除临时围挡、开锁", False) == [("kind", "judge_signs")]


@pytest.mark.parametrize(
    ("description", "refused"),
    [
        ("协助确定起拍价", True),
        ("起拍价的决定", True),
        ("制作并发布拍卖公告", True),
        ("通知优先购买权人", True),
        ("制作成交裁定", True),
        ("办理财产交付", True),
        ("现场张贴封条", False),
        ("搬运并清点库存", False),
        ("协助维持看样秩序", False),
    ],
)
def test_the_courts_own_acts_cannot_be_other_work(description: str, refused: bool) -> None:
    assert codes("other", description) == ([("description", "not_delegable")] if refused else [])

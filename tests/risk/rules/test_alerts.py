"""What an alert may say, and when it may say of whom."""

from datetime import UTC, datetime

import pytest

from risk.rules.alerts import Reason, check_facts, may_tell_who

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [0, 3, True, None, "near_relative", "staff near_relative", "0.35", "12", "2026-03-02", "2026-03-02T02:00:00Z"],
)
def test_counts_code_words_and_days_may_be_told(value: object) -> None:
    check_facts(Reason("shared_phone", {"value": value}))


@pytest.mark.parametrize(
    "value",
    [
        "K4827",
        "张三",
        "+8613800138000",
        "13800138000",
        "320102198501010017",
        "91350100M000100Y43",
        "0f3k2v8c1m9q4t7b6n5h2j8d0s",
        "203.0.113.7",
        "zhang@example.cn",
        ["r1"],
        {"a": 1},
        0.5,
    ],
)
def test_what_may_lead_to_somebody_is_no_fact(value: object) -> None:
    with pytest.raises(ValueError, match="identify"):
        check_facts(Reason("shared_phone", {"value": value}))
    check_facts(Reason("shared_phone", {}, {"value": value}))


@pytest.mark.parametrize(
    ("status", "closed_at", "told"),
    [
        (None, None, True),
        ("announced", None, False),
        ("open", None, False),
        ("suspended", None, False),
        ("suspended", NOW, True),  # held at its close for a barred winner
        ("sold", NOW, True),
        ("unsold", NOW, True),
        ("withdrawn", None, True),
        ("revoked", NOW, True),
    ],
)
def test_persons_are_told_after_the_end_only(status: str | None, closed_at: datetime | None, told: bool) -> None:
    assert may_tell_who(status, closed_at) is told

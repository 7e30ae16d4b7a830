"""Names that differ by a slip of the pen."""

from fractions import Fraction

import pytest

from risk.rules.near_names import nearly_equal

RATIO = Fraction(85, 100)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("王小明", "王晓明"),  # one character another
        ("王小明", "王明"),  # one missing
        ("欧阳娜", "欧阳娜娜"),
        ("王小明", "小王明"),  # neighbours exchanged
        ("阿卜杜拉·买买提", "阿布杜拉·买买提"),
        ("Robert Alexander Smith", "Robert Aleksander Smith"),
        ("王 小 明", "王晓明"),
    ],
)
def test_a_slip_is_near(name: str, other: str) -> None:
    assert nearly_equal(name, other, edits=1, ratio=RATIO)
    assert nearly_equal(other, name, edits=1, ratio=RATIO)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("王小明", "王小明"),
        ("王 小明", "王小明"),  # equal as written otherwise: that holds the registration
        ("阿卜杜拉·买买提", "阿卜杜拉买买提"),
        ("王小明", "李晓明"),
        ("王小明", "赵大勇"),
        ("王", "李"),
        ("", "王明"),
        ("Robert Smith", "Albert Smythe"),
    ],
)
def test_the_same_name_and_other_names_are_not(name: str, other: str) -> None:
    assert not nearly_equal(name, other, edits=1, ratio=RATIO)

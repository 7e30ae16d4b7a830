"""What a court adds to announcement and bidder notice: a section of its own, in both languages."""

import pytest

from auction.kernel.errors import DomainError
from disclosure.rules.court_words import SAMPLE, check_words, preview

PLAIN = ("看样请携带证件。", "Bring an identity document to the viewing.")


def wrong(zh: str, en: str) -> list[tuple[str | None, str]]:
    with pytest.raises(DomainError) as caught:
        check_words(zh, en)
    assert caught.value.code == "invalid"
    return [(breach.field, breach.code) for breach in caught.value.errors]


@pytest.mark.parametrize(
    ("zh", "en", "expected"),
    [
        ("", PLAIN[1], [("text", "required")]),
        (PLAIN[0], " ", [("text_en", "required")]),
        ("{{ court.__class__ }}", "{{ range(9) }}", [("text", "wording_forbidden"), ("text_en", "wording_forbidden")]),
        ("买受人{{ buyer }}", PLAIN[1], [("text", "wording_unknown_value")]),
        (PLAIN[0], "{{ recipient }}", [("text_en", "wording_unknown_value")]),
        ("腾退由买受人自行负责。", PLAIN[1], [("text", "phrase_forbidden")]),
        (PLAIN[0], "一切税费由买受人承担。", [("text_en", "phrase_forbidden")]),
        (f"{PLAIN[0]}\n\n第二段。", PLAIN[1], [("text_en", "paragraphs_differ")]),
        ("{% if is_sell_off %}变卖。\n\n{% endif %}说明。", "Note.", [("text_en", "paragraphs_differ")]),
        ("{% if is_sell_off %}变卖。\n\n{% endif %}说明。", "One.\n\nTwo.", [("text_en", "paragraphs_differ")]),
    ],
)
def test_words_that_could_not_stand_in_a_text_are_refused(
    zh: str, en: str, expected: list[tuple[str | None, str]]
) -> None:
    assert wrong(zh, en) == expected


def test_a_condition_may_stand_in_both_languages() -> None:
    zh = "{% if is_occupied %}标的有人占有，由本院腾空。\n\n{% endif %}咨询{{ court }}。"
    en = "{% if is_occupied %}The court clears the lot.\n\n{% endif %}Ask {{ court }}."
    assert [one.en for one in preview(zh, en)] == ["The court clears the lot.", f"Ask {SAMPLE['court'].en}."]

"""Identity numbers: the tables of the standards, against check characters computed here in another way."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.kernel.errors import DomainError
from auction.rules import identity

TODAY = date(2026, 3, 2)
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def resident(region: str, birth: str, order: str) -> str:
    """A number with its check character by the weights of GB 11643, where the program divides in base 13."""
    body = region + birth + order
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]


def credit(body: str) -> str:
    """A social credit code with its check character: weights are the powers of 3 modulo 31 (GB 32100)."""
    total = sum(LETTERS.index(mark) * pow(3, place, 31) for place, mark in enumerate(body))
    return body + LETTERS[-total % 31]


def refusal(id_type: str, number: str, today: date = TODAY) -> list[tuple[str, str | None]]:
    with pytest.raises(DomainError) as caught:
        identity.check(id_type, number, today)
    assert caught.value.code == "invalid"
    return [(breach.code, breach.field) for breach in caught.value.errors]


@pytest.mark.parametrize(
    "number",
    [
        "11010519491231002X",  # the two examples of GB 11643
        "440524188001010014",
        resident("310115", "19500607", "123"),  # Pudong's code exists since 1992
        resident("512501", "19481001", "044"),  # Chongqing before it was a municipality
        resident("999999", "19800101", "001"),  # a region that never was: not checked
        resident("110105", "20000229", "007"),
        resident("110105", "19960229", "008"),
        resident("110105", "20260302", "009"),  # born today
    ],
)
def test_a_resident_number_is_right_by_form_calendar_and_check_character_alone(number: str) -> None:
    assert identity.check("resident_id", number, TODAY) == number


@pytest.mark.parametrize(
    "number",
    [
        resident("110105", "19000229", "001"),  # 1900 had no leap day
        resident("110105", "20010229", "001"),
        resident("110105", "19991301", "001"),
        resident("110105", "19990010", "001"),
        resident("110105", "19990431", "001"),
        resident("110105", "00000101", "001"),
        resident("110105", "20260303", "001"),  # born tomorrow
        resident("110105", "21000101", "001"),
        "110105491231002",  # the fifteen digits of before 1999
        "1101051949123100X2",
        "1101051949123100２",
        "11010519491231002",
        "11010519491231002XX",
        "11010519491231002-X",
        "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X",
        "1.10105E+17",
        "'11010519491231002X",
        "11010519491231002X\x00",
        "",
    ],
)
def test_what_cannot_be_a_resident_number_is_refused(number: str) -> None:
    assert refusal("resident_id", number) == [("identity_invalid", "id_number")]


def test_the_day_of_birth_is_a_day_in_shanghai() -> None:
    number = resident("110105", "20260303", "001")
    late = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    assert identity.check("resident_id", number, late) == number
    assert refusal("resident_id", number, datetime(2026, 3, 2, 15, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("id_type", "written", "plain"),
    [
        ("resident_id", " 110105 19491231 002x ", "11010519491231002X"),
        ("resident_id", "１１０１０５１９４９１２３１００２ｘ", "11010519491231002X"),
        ("resident_id", "110105\u300019491231\t002X\n", "11010519491231002X"),
        ("uscc", "9111 0000 6000 3734 1l", "91110000600037341L"),
        ("passport", "ｅ1234 5678", "E12345678"),
    ],
)
def test_one_identity_has_one_spelling(id_type: str, written: str, plain: str) -> None:
    assert identity.normalise(id_type, written) == plain
    assert identity.check(id_type, written, TODAY) == plain


@given(st.dates(date(1880, 1, 1), TODAY), st.integers(0, 999), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(birth: date, order: int, place: int, shift: int) -> None:
    number = resident("440524", f"{birth:%Y%m%d}", f"{order:03d}")
    assert identity.check("resident_id", number, TODAY) == number
    wrong = str((int(number[place].replace("X", "0")) + shift) % 10)
    if wrong != number[place]:
        refusal("resident_id", number[:place] + wrong + number[place + 1 :])


@given(st.dates(date(1880, 1, 1), TODAY), st.integers(0, 999), st.integers(0, 15))
def test_two_digits_changed_about_are_always_found(birth: date, order: int, place: int) -> None:
    number = resident("440524", f"{birth:%Y%m%d}", f"{order:03d}")
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        refusal("resident_id", swapped)


@pytest.mark.parametrize(
    "number",
    [
        "91350100M000100Y43",  # the example of GB 32100
        "91110000600037341L",
        credit("91110000000000000"),  # no organisation has this code: not checked
        credit("Y1ABCDEFGHJKLMNPQ"),  # letters everywhere the alphabet allows them
    ],
)
def test_a_credit_code_is_right_by_alphabet_and_check_character_alone(number: str) -> None:
    assert identity.check("uscc", number, TODAY) == number


@pytest.mark.parametrize(
    "number",
    [
        "91350100M000100Y44",
        "91350100M000100Y4",
        "9135-0100M000100Y43",
        *(f"91350100{mark}000100Y43" for mark in "IOSVZ"),
        "11010519491231002X",
        "",
    ],
)
def test_what_cannot_be_a_credit_code_is_refused(number: str) -> None:
    assert refusal("uscc", number) == [("identity_invalid", "id_number")]


@given(st.text(LETTERS, min_size=17, max_size=17), st.integers(0, 17), st.sampled_from(LETTERS))
def test_one_wrong_character_of_a_credit_code_is_always_found(body: str, place: int, wrong: str) -> None:
    number = credit(body)
    assert identity.check("uscc", number, TODAY) == number
    if wrong != number[place]:
        refusal("uscc", number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize("number", ["E12345678", "123456", "A" * 20])
def test_a_passport_has_six_to_twenty_letters_and_digits(number: str) -> None:
    assert identity.check("passport", number, TODAY) == number


@pytest.mark.parametrize("number", ["12345", "A" * 21, "E1234567/", "É1234567", "护照1234567", ""])
def test_other_passports_are_refused(number: str) -> None:
    assert refusal("passport", number) == [("identity_invalid", "id_number")]


def test_the_refusal_names_the_callers_field() -> None:
    with pytest.raises(DomainError) as caught:
        identity.check("uscc", "x", TODAY, "principals.0.id_number")
    assert caught.value.errors[0].field == "principals.0.id_number"


def test_a_type_of_number_that_is_not_known_is_refused() -> None:
    assert refusal("driving_licence", "123456") == [("not_one_of", "id_type")]


@given(st.text(max_size=30), st.sampled_from(identity.ID_TYPES))
def test_no_text_breaks_the_check(text: str, id_type: str) -> None:
    try:
        plain = identity.check(id_type, text, TODAY)
    except DomainError:
        return
    assert plain.isascii() and identity.check(id_type, plain, TODAY) == plain


@pytest.mark.parametrize(
    ("birth", "day", "years"),
    [
        ("20080302", date(2026, 3, 1), 17),
        ("20080302", date(2026, 3, 2), 18),
        ("20080302", date(2026, 3, 3), 18),
        ("20080229", date(2026, 2, 28), 17),  # the doubtful day counts as not yet
        ("20080229", date(2026, 3, 1), 18),
        ("20080229", date(2028, 2, 28), 19),
        ("20080229", date(2028, 2, 29), 20),
        ("20260302", date(2026, 3, 2), 0),
        ("18800101", date(2026, 3, 2), 146),
    ],
)
def test_age_is_counted_by_birthdays(birth: str, day: date, years: int) -> None:
    assert identity.age_on(resident("110105", birth, "001"), day) == years


def test_a_number_without_a_birth_date_is_an_error_not_a_date() -> None:
    for number in ("91350100M000100Y43", "110105200102290011", "12"):
        with pytest.raises(ValueError):
            identity.birth_date(number)


@pytest.mark.parametrize(
    ("id_type", "number", "shown"),
    [
        ("resident_id", "11010519491231002x", "110105**********2X"),
        ("uscc", "91350100M000100Y43", "913501**********43"),
        ("passport", "E12345678", "E12*****8"),
        ("passport", "123456", "12***6"),
        ("passport", "12", "**"),
    ],
)
def test_a_masked_number_shows_at_most_six_and_two(id_type: str, number: str, shown: str) -> None:
    assert identity.mask(id_type, number) == shown


@given(st.text(max_size=30))
def test_a_mask_hides_at_least_half(text: str) -> None:
    plain = identity.normalise("passport", text)
    shown = identity.mask("passport", text)
    assert len(shown) == len(plain)
    kept = len(shown) - (len(plain) - min(6, len(plain) // 3) - min(2, len(plain) // 6))
    assert kept <= 8 and 2 * kept <= len(plain)

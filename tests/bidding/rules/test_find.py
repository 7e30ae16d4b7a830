"""The words of a search, and the grams of a text."""

from hypothesis import given
from hypothesis import strategies as st

from auction.rules.place import Place, place_of, wrong_degrees
from bidding.rules.find import LONGEST_WORD, MOST_WORDS, grams, grams_of_word, normal, parted, searched, words


def test_signs_part_words_and_letters_are_made_alike() -> None:
    assert words("（2026）京0105执１２３号") == ("2026", "京0105执123号")
    assert words('"NEAR(a*" OR %朝阳_') == ("near", "a", "or", "朝阳")
    assert words("😀 % * \0 “”") == ()
    assert len(words(" ".join(map(str, range(100))))) == MOST_WORDS
    assert words("长" * 5000) == ("长" * LONGEST_WORD,)


def test_a_text_is_cut_into_pairs_within_its_words() -> None:
    assert grams("珠江路 a座") == {"珠江", "江路", "a座", *"珠江路a座"}
    assert grams_of_word("江") == ("江",)


@given(st.text(), st.integers(0, 30), st.integers(1, 30))
def test_whatever_stands_in_a_text_is_found_by_its_grams(text: str, start: int, length: int) -> None:
    searched = normal(text)
    have = grams(searched)
    for word in words(searched[start : start + length]):
        assert have.issuperset(grams_of_word(word))
        assert word in searched


def test_a_place_is_two_numbers_in_range_or_none() -> None:
    assert place_of({"latitude": 32.06, "longitude": 118}) == Place(32.06, 118.0)
    assert wrong_degrees({"area": 3}) == []
    for wrong in (
        {"latitude": 91, "longitude": 0},
        {"latitude": True, "longitude": 0},
        {"latitude": "32", "longitude": 1},
    ):
        assert place_of(wrong) is None and wrong_degrees(wrong) == [("latitude", 90)]
    assert wrong_degrees({"latitude": 1}) == [("longitude", 180)]


def test_a_long_word_is_tried_in_two_parts_and_a_hash_is_no_word_of_a_text() -> None:
    assert list(parted("望江路住宅")) == ["望江 路住宅", "望江路 住宅"]
    assert next(parted("云溪1806")) == "云溪 1806"
    assert list(parted("望江 住宅")) == [] == list(parted("望江路")) == list(parted(""))
    assert len(list(parted("字" * 60))) == 11
    assert searched(("封存值 " + "6d9c55184a28" * 6, "B2 车位")) == "封存值 b2 车位"

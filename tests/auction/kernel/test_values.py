"""Money, ids, the clock, canonical bytes, sealed fields: the values everything else is made of."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from auction.kernel.clock import SystemClock, iso, parse
from auction.kernel.crypto import Keys, Vault, canonical
from auction.kernel.ids import Ids
from auction.kernel.money import MOST_FEN, in_words, is_amount, parse_yuan, yuan

ascii_keys = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
entries: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ascii_keys, inner, max_size=4),
    max_leaves=12,
)


@given(entries)
def test_canonical_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_canonical_bytes_are_fixed_for_ever() -> None:
    entry = {
        "kind": "BidAccepted",
        "body": {"amount_fen": 256600000, "bidder_code": "K4827", "rank": None},
        "n": [1, "é"],
    }
    golden = '{"body":{"amount_fen":256600000,"bidder_code":"K4827","rank":null},"kind":"BidAccepted","n":[1,"é"]}'
    assert canonical(entry) == golden.encode()


@pytest.mark.parametrize(
    ("value", "holds"),
    [(0, False), (1, True), (MOST_FEN, True), (MOST_FEN + 1, False), (-1, False), (1.0, False), ("1", False),
     (True, False), (None, False), ([1], False)],
)  # fmt: skip
def test_an_amount_is_an_integer_from_one_to_ten_to_the_fifteenth(value: object, holds: bool) -> None:
    assert is_amount(value) is holds


@given(st.integers(1, 10**13))
def test_yuan_reads_back_what_it_wrote(fen: int) -> None:
    assert parse_yuan(yuan(fen)) == fen


@pytest.mark.parametrize("text", ["", "一百", "1.234", "1,23", "-5", "1e5", "0x10", "12 34", "nan"])
def test_what_is_no_amount_in_yuan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="yuan"):
        parse_yuan(text)


@pytest.mark.parametrize(
    ("fen", "words"),
    [(256_600_000, "人民币贰佰伍拾陆万陆仟元整"), (100, "人民币壹元整"), (1_005, "人民币壹拾元零伍分"),
     (1_000_000_000_000, "人民币壹佰亿元整")],
)  # fmt: skip
def test_an_amount_is_spelt_as_documents_spell_it(fen: int, words: str) -> None:
    assert in_words(fen) == words


@pytest.mark.parametrize("fen", [0, 1, 99, 10**15, 3_00, 12_34])
def test_every_amount_has_words(fen: int) -> None:
    assert in_words(fen).startswith("人民币")


def test_ids_sort_by_the_time_they_were_made() -> None:
    ids, start = Ids(), datetime(2026, 3, 2, tzinfo=UTC)
    made = [ids.new(start + timedelta(milliseconds=n)) for n in range(200)]
    assert made == sorted(made)
    assert len({*made}) == 200


def test_a_bidder_code_avoids_those_taken() -> None:
    ids = Ids()
    taken: set[str] = set()
    for _ in range(3000):
        code = ids.bidder_code(taken)
        assert code not in taken
        taken.add(code)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_reads_back_from_its_spelling(moment: datetime) -> None:
    assert parse(iso(moment)) == moment


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        parse("2026-03-02T10:00:00")


def test_the_clock_takes_the_databases_time_and_passes_over_slow_readings() -> None:
    clock = SystemClock()
    ahead = clock.machine() + timedelta(hours=1)
    clock.anchor(lambda: ahead)
    assert timedelta(0) <= clock.machine() - ahead < timedelta(seconds=5)

    def slow() -> datetime:
        end = clock.machine() + timedelta(milliseconds=40)
        while clock.machine() < end:
            pass
        return ahead - timedelta(hours=1)

    clock.anchor(slow)
    assert clock.machine() >= ahead


@pytest.fixture
def vault() -> Vault:
    return Vault(Keys(b"m" * 32, b"k" * 32, b"l" * 32), Ids().bytes)


def test_a_sealed_field_opens_only_for_its_person_and_column(vault: Vault) -> None:
    key = vault.new_person_key("p1")
    sealed = vault.seal(key, "p1", "name", "张三")
    assert vault.open(key, "p1", "name", sealed) == "张三"
    for person, column in (("p2", "name"), ("p1", "phone")):
        with pytest.raises(InvalidTag):
            vault.open(key, person, column, sealed)
    for position in range(len(sealed)):
        altered = bytes(byte ^ (place == position) for place, byte in enumerate(sealed))
        with pytest.raises(InvalidTag):
            vault.open(key, "p1", "name", altered)


def test_equal_identities_match_and_others_do_not(vault: Vault) -> None:
    other = Vault(Keys(b"m" * 32, b"x" * 32, b"l" * 32), Ids().bytes)
    assert vault.match_key("resident_id", "1") == vault.match_key("resident_id", "1")
    assert vault.match_key("resident_id", "1") != vault.match_key("passport", "1")
    assert vault.match_key("resident_id", "1") != other.match_key("resident_id", "1")


def test_a_signature_verifies_with_the_public_key_alone(vault: Vault) -> None:
    Ed25519PublicKey.from_public_bytes(vault.public_key).verify(vault.sign_raw(b"entry"), b"entry")

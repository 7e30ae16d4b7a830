"""Checkpoints and signed notes: the published examples, round trips, and everything that must not pass."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from auction.kernel.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    NoteError,
    NoteSignature,
    VerifierKey,
    add_signature,
    cosigned_at,
    format_checkpoint,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    parse_note,
    sign_note,
)

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey("log.example/fapai", SIGNER.public_key().public_bytes_raw())
WITNESS_SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
WITNESS = VerifierKey("court.example/witness", WITNESS_SIGNER.public_key().public_bytes_raw())
HEAD = Checkpoint(KEY.name, 20_852_163, bytes(range(32)))
NOTE = sign_note(format_checkpoint(HEAD), KEY, SIGNER.sign)

# A key published by the Go checksum database, and the example note of its `note` package.
SUM_GOLANG_ORG = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

lines = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), min_size=1)
checkpoints = st.builds(
    Checkpoint,
    origin=lines,
    size=st.integers(0, 2**53),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(lines, max_size=3).map(tuple),
)


def test_a_published_key_and_note_verify() -> None:
    assert str(VerifierKey.parse(SUM_GOLANG_ORG)) == SUM_GOLANG_ORG
    assert VerifierKey.parse(SUM_GOLANG_ORG).key_id.hex() == "033de0ae"
    text, signers = open_note(PETER_NOTE, [VerifierKey.parse(PETER)])
    assert signers == ("PeterNeumann",) and PETER_NOTE.startswith(text)


def test_a_checkpoint_is_written_line_by_line() -> None:
    assert format_checkpoint(HEAD) == f"{KEY.name}\n20852163\n{base64.b64encode(bytes(range(32))).decode()}\n"
    assert f"{format_checkpoint(HEAD)}\n{NOTE.splitlines()[-1]}\n" == NOTE
    assert NOTE.splitlines()[-1].startswith(f"— {KEY.name} ")
    assert base64.b64decode(NOTE.split()[-1])[:4] == KEY.key_id


@given(checkpoints)
def test_what_is_written_is_read_back(checkpoint: Checkpoint) -> None:
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


def test_a_checkpoint_opens_with_the_log_s_key_whoever_else_signed() -> None:
    assert open_checkpoint(NOTE, [KEY]) == HEAD
    cosigned = add_signature(NOTE, WITNESS, WITNESS_SIGNER.sign)
    assert cosigned.startswith(NOTE)
    assert open_checkpoint(cosigned, [KEY]) == HEAD
    assert open_note(cosigned, [WITNESS, KEY]) == (format_checkpoint(HEAD), (KEY.name, WITNESS.name))
    assert [line.name for line in parse_note(cosigned).signatures] == [KEY.name, WITNESS.name]


def test_a_witness_alone_does_not_make_a_checkpoint() -> None:
    only_witness = sign_note(format_checkpoint(HEAD), WITNESS, WITNESS_SIGNER.sign)
    with pytest.raises(NoteError, match="has not signed its own checkpoint"):
        open_checkpoint(only_witness, [KEY, WITNESS])


def test_every_changed_byte_of_a_note_is_found() -> None:
    data = NOTE.encode()
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            try:
                spoilt = bytes(changed).decode()
            except UnicodeDecodeError:
                continue
            with pytest.raises(NoteError):
                open_checkpoint(spoilt, [KEY])


def test_every_cut_note_is_found() -> None:
    for length in range(len(NOTE)):
        with pytest.raises(NoteError):
            open_checkpoint(NOTE[:length], [KEY])
        with pytest.raises(NoteError):
            open_checkpoint(NOTE[length + 1 :], [KEY])


def test_a_witness_signs_the_head_and_when_it_saw_it() -> None:
    """The form of c2sp.org/tlog-cosignature, spelled out: key type 0x04, eight bytes of seconds, two lines before."""
    key = VerifierKey(WITNESS.name, WITNESS.public_key, COSIGNATURE)
    assert VerifierKey.parse(str(key)) == key and key.key_id != WITNESS.key_id
    cosigned = add_signature(NOTE, key, WITNESS_SIGNER.sign, 1_679_315_147)
    text, signers = open_note(cosigned, [KEY, key])
    assert signers == (KEY.name, key.name) and open_checkpoint(cosigned, [KEY]) == HEAD
    line = parse_note(cosigned).signatures[1]
    assert f"{NOTE}{line}" == cosigned and cosigned_at(line) == 1_679_315_147
    message = f"cosignature/v1\ntime 1679315147\n{text}".encode()
    assert line.signature == (1_679_315_147).to_bytes(8, "big") + WITNESS_SIGNER.sign(message)


@pytest.mark.parametrize("place", [0, 7, 8, 71])
def test_of_a_cosignature_neither_time_nor_signature_can_be_changed(place: int) -> None:
    key = VerifierKey(WITNESS.name, WITNESS.public_key, COSIGNATURE)
    line = parse_note(add_signature(NOTE, key, WITNESS_SIGNER.sign, 5)).signatures[1]
    altered = bytearray(line.signature)
    altered[place] ^= 1
    with pytest.raises(NoteError, match="is wrong"):
        open_note(f"{NOTE}{NoteSignature(line.name, line.key_id, bytes(altered))}", [KEY, key])


def test_only_a_witness_signs_with_a_time() -> None:
    key = VerifierKey(WITNESS.name, WITNESS.public_key, COSIGNATURE)
    with pytest.raises(NoteError, match="with its time"):
        add_signature(NOTE, key, WITNESS_SIGNER.sign)
    with pytest.raises(NoteError, match="with its time"):
        add_signature(NOTE, KEY, SIGNER.sign, 5)
    plain = add_signature(NOTE, WITNESS, WITNESS_SIGNER.sign)
    assert open_note(plain, [KEY, key])[1] == (KEY.name,), "a witness's key is none of a note's"
    with pytest.raises(NoteError):
        VerifierKey(WITNESS.name, WITNESS.public_key, b"\x02")


def test_another_key_of_the_same_name_is_unknown() -> None:
    stranger = VerifierKey(KEY.name, WITNESS.public_key)
    with pytest.raises(NoteError, match="no known key"):
        open_note(NOTE, [stranger])
    with pytest.raises(NoteError, match="no known key"):
        open_note(NOTE, [])


def test_a_wrong_signature_of_a_known_key_spoils_the_note_even_beside_a_right_one() -> None:
    twice = add_signature(NOTE, KEY, lambda text: SIGNER.sign(text + b"!"))
    with pytest.raises(NoteError, match="is wrong"):
        open_note(twice, [KEY])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "origin\n1\n",
        "origin\n1\n\n",
        f"\n1\n{'A' * 43}=\n",
        f"origin\n01\n{'A' * 43}=\n",
        f"origin\n-1\n{'A' * 43}=\n",
        f"origin\n1_0\n{'A' * 43}=\n",
        f"origin\n١\n{'A' * 43}=\n",
        f"origin\n{10**19}\n{'A' * 43}=\n",
        f"origin\n1\n{'A' * 43}B\n",
        f"origin\n1\n{'A' * 42}B=\n",
        f"origin\n1\n{'A' * 44}\n",
        f"origin\n1\n{'A' * 42}==\n",
        f"origin\n1\n{'A' * 43}=",
        f"origin\n1\n{'A' * 43}=\n\nmore\n",
        f"origin\r\n1\n{'A' * 43}=\n",
        f"ori\tgin\n1\n{'A' * 43}=\n",
    ],
)
def test_text_that_is_not_exactly_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, bytes(32)),
        Checkpoint("a\nb", 1, bytes(32)),
        Checkpoint("a", -1, bytes(32)),
        Checkpoint("a", 1, bytes(31)),
        Checkpoint("a", 1, bytes(32), ("",)),
        Checkpoint("a", 1, bytes(32), ("x\ny",)),
    ],
)
def test_a_checkpoint_that_would_not_read_back_the_same_is_not_written(checkpoint: Checkpoint) -> None:
    with pytest.raises(NoteError):
        format_checkpoint(checkpoint)


@pytest.mark.parametrize(
    "note",
    [
        "text\n",
        "text\n\n",
        "\n\n— a AAAAAAA=\n",
        "text\n\n- a AAAAAAA=\n",
        "text\n\n— a AAAA\n",
        "text\n\n— a  AAAAAAA=\n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n— a AAAAAAA= \n",
        "text\n\n— a AAAAAAB=\n",
        "text\n\n— a AAAAAAA=\n\n",
        "te\x00xt\n\n— a AAAAAAA=\n",
        "te\ud800xt\n\n— a AAAAAAA=\n",
        "text\n\n" + "— a AAAAAAA=\n" * 101,
    ],
)
def test_text_that_is_not_exactly_a_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        parse_note(note)


def test_a_note_may_hold_empty_lines_of_its_own() -> None:
    note = sign_note("one\n\ntwo\n", KEY, SIGNER.sign)
    assert open_note(note, [KEY]) == ("one\n\ntwo\n", (KEY.name,))


@pytest.mark.parametrize("text", ["", "no newline"])
def test_a_text_without_its_newline_is_not_signed(text: str) -> None:
    with pytest.raises(NoteError):
        sign_note(text, KEY, SIGNER.sign)


def test_a_signer_that_gives_no_ed25519_signature_is_refused() -> None:
    with pytest.raises(NoteError, match="64 bytes"):
        sign_note("text\n", KEY, lambda text: b"short")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a b", "a\nb", " a"])
def test_a_key_s_name_has_no_spaces_and_no_plus(name: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey(name, KEY.public_key)


def test_every_changed_character_of_a_verifier_key_is_found() -> None:
    text = str(KEY)
    for position in range(len(text)):
        for other in "+A/ 0é":
            if text[position] != other:
                with pytest.raises(NoteError):
                    VerifierKey.parse(text[:position] + other + text[position + 1 :])
    with pytest.raises(NoteError):
        VerifierKey.parse(text[:-4])
    with pytest.raises(NoteError):
        VerifierKey(KEY.name, b"short")

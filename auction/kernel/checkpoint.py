"""Signed checkpoints of the public log: text in, text out, keys from outside.

A checkpoint is a C2SP *signed note* (c2sp.org/signed-note) whose text is a tree head (c2sp.org/tlog-checkpoint):

    origin                      who the log is; also the name of its key
    size                        leaves, decimal
    base64 of the root          32 bytes
    extension lines, if any
                                (an empty line)
    — name base64(key id || signature)

A witness adds a line of its own (c2sp.org/tlog-cosignature, version 1): it signs when it saw the head, and the head.

Anything not exactly of this form raises NoteError: what is signed must read in one way only. Signatures of unknown
keys (a witness added later, a rotated key) are skipped, as the specification demands.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = b"\x01"  # signature type bytes of the specifications: a log's own key,
COSIGNATURE = b"\x04"  # and a witness's
KEY_ID_BYTES = 4
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
STAMP_BYTES = 8  # of the seconds since 1970 before a witness's signature, big-endian
ROOT_BYTES = 32
MOST_SIGNATURES = 100
"""The specification asks verifiers to take at least 16 and to set a limit."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")  # every ASCII control character but the newline
_KEY_HEX = re.compile(r"[0-9a-f]{8}")


class NoteError(ValueError):
    """A note, checkpoint or key string that is not of the form, or not signed by a known key."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: the log's identity, its number of leaves, its root (32 bytes), and opaque extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: the key's name, its four-byte id, and the signature bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        """The line, with its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed, not yet verified note: the signed text (with its final newline) and its signature lines."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named Ed25519 public key (32 raw bytes). `kind`: whether it signs notes or, as a witness, cosigns them."""

    name: str
    public_key: bytes
    kind: bytes = ED25519

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.kind not in (ED25519, COSIGNATURE):
            raise NoteError("not a verifier key of type Ed25519 or of a witness")
        if len(self.public_key) != PUBLIC_KEY_BYTES:
            raise NoteError(f"an Ed25519 public key has {PUBLIC_KEY_BYTES} bytes, not {len(self.public_key)}")

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || newline || kind || public key), the first four bytes."""
        return sha256(self.name.encode() + b"\n" + self.kind + self.public_key).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """The string auditors configure: ``name+hash+base64(kind || public key)``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self.kind + self.public_key).decode()}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read ``name+hash+base64``. Raises NoteError when the form, the type or the hash is wrong."""
        name, _, rest = text.partition("+")
        key_hex, _, encoded = rest.partition("+")
        data = _decode(encoded, "verifier key")
        if not _KEY_HEX.fullmatch(key_hex):
            raise NoteError("not a verifier key")
        key = cls(name, data[1:], data[:1])
        if key.key_id.hex() != key_hex:
            raise NoteError(f"the verifier key's hash is {key_hex}, its parts give {key.key_id.hex()}")
        return key


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The text to be signed, with its final newline. Raises NoteError for what would not read back the same."""
    if len(checkpoint.root) != ROOT_BYTES:
        raise NoteError(f"a root has {ROOT_BYTES} bytes, not {len(checkpoint.root)}")
    encoded_root = base64.b64encode(checkpoint.root).decode()
    text = "\n".join((checkpoint.origin, str(checkpoint.size), encoded_root, *checkpoint.extensions)) + "\n"
    if parse_checkpoint(text) != checkpoint:
        raise NoteError("origin or extension lines hold a line break")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint. Raises NoteError when it is not exactly of the form."""
    if not text.endswith("\n"):
        raise NoteError("the text of a checkpoint ends with a newline")
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines) or _CONTROL.search(text):
        raise NoteError("a checkpoint has three or more lines, none of them empty, without control characters")
    origin, size, encoded_root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise NoteError(f"not a tree size: {size!r}")
    tree_root = _decode(encoded_root, "root")
    if len(tree_root) != ROOT_BYTES:
        raise NoteError(f"a root has {ROOT_BYTES} bytes, not {len(tree_root)}")
    return Checkpoint(origin, int(size), tree_root, tuple(extensions))


def sign_note(text: str, key: VerifierKey, sign: Callable[[bytes], bytes]) -> str:
    """A note with this text and one signature. `sign` gives the 64-byte Ed25519 signature of the bytes it gets."""
    return add_signature(f"{text}\n", key, sign)


def add_signature(note: str, key: VerifierKey, sign: Callable[[bytes], bytes], at: int | None = None) -> str:
    """The note with one more signature line over its text; `at` is a witness's time, seconds since 1970.

    Raises NoteError on a bad note, and where a witness's key has no time or another has one.
    """
    text, separator, _ = note.rpartition("\n\n")
    if not separator:
        raise NoteError("the text to be signed ends with a newline, and an empty line follows it")
    if (at is not None) is not (key.kind == COSIGNATURE):
        raise NoteError("a witness signs with its time, and nobody else does")
    stamp = b"" if at is None else at.to_bytes(STAMP_BYTES, "big")
    signature = sign(_signed_bytes(f"{text}\n", stamp))
    if len(signature) != SIGNATURE_BYTES:
        raise NoteError(f"an Ed25519 signature has {SIGNATURE_BYTES} bytes, not {len(signature)}")
    signed = f"{note}{NoteSignature(key.name, key.key_id, stamp + signature)}"
    parse_note(signed)
    return signed


def _signed_bytes(text: str, stamp: bytes) -> bytes:
    """What is signed of a note: its text; by a witness after a line that says what it is, and one with its time."""
    seen = f"cosignature/v1\ntime {int.from_bytes(stamp, 'big')}\n" if stamp else ""
    return f"{seen}{text}".encode()


def parse_note(note: str) -> Note:
    """Split a note at its last empty line. Raises NoteError when it is not of the form; verifies nothing."""
    head, separator, tail = note.rpartition("\n\n")
    if not separator or not head or not tail.endswith("\n"):
        raise NoteError("a note has a text, an empty line and signature lines, each ended by a newline")
    if _CONTROL.search(note):
        raise NoteError("a note has no control characters but newlines")
    if any("\ud800" <= character <= "\udfff" for character in note):
        raise NoteError("a note is valid UTF-8")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteError(f"a note with more than {MOST_SIGNATURES} signatures is not read")
    return Note(f"{head}\n", tuple(_parse_signature(line) for line in lines))


def open_note(note: str, keys: Iterable[VerifierKey]) -> tuple[str, tuple[str, ...]]:
    """The verified text of a note, and the names of the known keys that signed it, in the order of the lines.

    Raises NoteError when a signature by a known key (same name and id) is wrong, or no known key has signed.
    """
    parsed = parse_note(note)
    known = {(key.name, key.key_id): key for key in keys}
    signers: list[str] = []
    for line in parsed.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        _verify(key, line, parsed.text)
        signers.append(line.name)
    if not signers:
        raise NoteError("no known key has signed the note")
    return parsed.text, tuple(signers)


def _verify(key: VerifierKey, line: NoteSignature, text: str) -> None:
    """NoteError unless the line is the key's signature over the text."""
    split = STAMP_BYTES if key.kind == COSIGNATURE else 0
    stamp, signature = line.signature[:split], line.signature[split:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, _signed_bytes(text, stamp))
    except InvalidSignature:
        raise NoteError(f"the signature of {line.name} is wrong") from None


def cosigned_at(line: NoteSignature) -> int:
    """When a witness's line says that it saw the head: seconds since 1970."""
    return int.from_bytes(line.signature[:STAMP_BYTES], "big")


def open_checkpoint(note: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The tree head of a note signed by a key named like its origin. Raises NoteError otherwise."""
    text, signers = open_note(note, keys)
    checkpoint = parse_checkpoint(text)
    if checkpoint.origin not in signers:
        raise NoteError(f"{checkpoint.origin} has not signed its own checkpoint")
    return checkpoint


def _parse_signature(line: str) -> NoteSignature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "—":
        raise NoteError("a signature line begins with an em dash and a space")
    _check_name(name)
    data = _decode(encoded, "signature")
    if len(data) <= KEY_ID_BYTES:
        raise NoteError("a signature line holds a key id and a signature")
    return NoteSignature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def _check_name(name: str) -> None:
    if not name or "+" in name or name.split() != [name] or not name.isprintable():
        raise NoteError("a key's name is not empty and holds no spaces and no plus sign")


def _decode(encoded: str, what: str) -> bytes:
    """Strict standard base64: one spelling a value, so that a changed character is never overlooked."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or base64.b64encode(data).decode() != encoded:
        raise NoteError(f"the {what} is not base64")
    return data

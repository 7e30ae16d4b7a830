"""Another key for the log: a statement that the old and the new one both sign, and that stands in the log itself.

Whoever trusts the old key learns from it which one comes next; whoever trusts the new one, which came before.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .checkpoint import NoteError, VerifierKey
from .crypto import b64, canonical

#: The form of the statement, which no other signed thing has.
FORM = "fapai-log-key-1"
KIND = "LogKeyRotated"
_FIELDS = ("origin", "old_key", "new_key", "at")


@dataclass(frozen=True, slots=True)
class Rotation:
    """From which key to which, and when (RFC 3339)."""

    old: VerifierKey
    new: VerifierKey
    at: str

    def statement(self) -> bytes:
        """What both keys sign: canonical JSON (RFC 8785)."""
        return canonical({"form": FORM, **self._told()})

    def body(self, sign_old: Callable[[bytes], bytes], sign_new: Callable[[bytes], bytes]) -> dict[str, str]:
        """The body of its journal entry. Each `sign` gives the 64 bytes of an Ed25519 signature."""
        said = self.statement()
        return {**self._told(), "old_signature": b64(sign_old(said)), "new_signature": b64(sign_new(said))}

    def _told(self) -> dict[str, str]:
        return dict(zip(_FIELDS, (self.old.name, str(self.old), str(self.new), self.at), strict=True))


def read_rotation(body: Mapping[str, Any]) -> Rotation:
    """The rotation of a journal entry's body. NoteError unless both keys have signed it, for one log."""
    try:
        found = Rotation(VerifierKey.parse(body["old_key"]), VerifierKey.parse(body["new_key"]), body["at"])
        signatures = [base64.b64decode(body[name], validate=True) for name in ("old_signature", "new_signature")]
    except (LookupError, TypeError, AttributeError, binascii.Error, ValueError) as error:
        raise NoteError(f"not a rotation of the log's key: {error}") from None
    if not found.old.name == found.new.name == body.get("origin"):
        raise NoteError("a rotation is from one key of a log to another of the same log")
    for key, signature in zip((found.old, found.new), signatures, strict=True):
        try:
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, found.statement())
        except InvalidSignature:
            raise NoteError("a rotation is signed by the old key and by the new one") from None
    return found

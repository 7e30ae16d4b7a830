"""Canonical bytes, hashes, signatures, sealed personal data: one suite, named in every record.

Suite `intl-1`: SHA-256, Ed25519, AES-256-GCM, HMAC-SHA-256. The name is stored so that another suite
(SM2, SM3, SM4) can be put beside it.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SUITE = "intl-1"
_SAFE = 2**53


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a value of our domain; TypeError for anything outside it.

    The domain: objects with ASCII keys, arrays, strings, booleans, null, integers |n| < 2^53. Within it sorted
    keys and orjson's escaping give the bytes RFC 8785 asks for; floats are refused because they would not.
    """
    _check(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


_PLAIN = frozenset((str, bool, type(None)))


def _check(value: Any) -> None:
    kind = type(value)
    if kind in _PLAIN:
        return
    if kind is int:
        if not -_SAFE < value < _SAFE:
            raise TypeError("an integer of an entry must be below 2^53")
    elif kind is dict:
        for key, inner in value.items():
            if type(key) is not str or not key.isascii():
                raise TypeError("a key of an entry must be ASCII text")
            if type(inner) not in _PLAIN:  # most are, and a call each costs more than all the rest
                _check(inner)
    elif kind is list or kind is tuple:
        for inner in value:
            _check(inner)
    else:
        raise TypeError(f"an entry cannot hold {kind.__name__}")


def sha256_hex(data: bytes) -> str:
    """Lower-case hex SHA-256."""
    return hashlib.sha256(data).hexdigest()


def b64(data: bytes) -> str:
    """Standard base64 text."""
    return base64.b64encode(data).decode("ascii")


@dataclass(frozen=True, slots=True)
class Keys:
    """The platform's secrets, 32 bytes each: wrapping of person keys, matching of identities, signing of the log."""

    master: bytes
    match: bytes
    log: bytes

    def __post_init__(self) -> None:
        for name in ("master", "match", "log"):
            if len(getattr(self, name)) != 32:
                raise ValueError(f"key {name} must be 32 bytes")


def key_id(public_or_secret: bytes) -> str:
    """A short public name of a key: the first 16 hex digits of a domain-separated SHA-256."""
    return hashlib.sha256(b"fapai key id\0" + public_or_secret).hexdigest()[:16]


class Vault:
    """Everything done with the platform's keys. Holds no data."""

    def __init__(self, keys: Keys, entropy: Callable[[int], bytes]) -> None:
        self._keys = keys
        self._entropy = entropy
        self._signer = Ed25519PrivateKey.from_private_bytes(keys.log)
        self.public_key = self._signer.public_key().public_bytes_raw()
        self.key_id = key_id(self.public_key)

    @property
    def public_key_pem(self) -> str:
        """The log's public key as PEM SubjectPublicKeyInfo."""
        return (
            self._signer.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode("ascii")
        )

    def key_ids(self) -> dict[str, str]:
        """Public names of the keys in use: a database made with other keys is refused at start."""
        return {"master": key_id(self._keys.master), "match": key_id(self._keys.match), "log": self.key_id}

    def sign(self, data: bytes) -> str:
        """Base64 Ed25519 signature by the log key."""
        return b64(self._signer.sign(data))

    def sign_raw(self, data: bytes) -> bytes:
        """The 64 signature bytes, for formats that frame them themselves."""
        return self._signer.sign(data)

    def match_key(self, id_type: str, number: str) -> str:
        """Keyed hash of a normalised identity: equal ones give equal keys, nobody without the key can test one."""
        return hmac.new(self._keys.match, f"{id_type}\0{number}".encode(), hashlib.sha256).hexdigest()

    def new_person_key(self, person_id: str) -> bytes:
        """A fresh data key of one person, wrapped by the master key; destroying it erases the person."""
        return self._encrypt(self._keys.master, self._entropy(32), f"person-key\0{person_id}")

    def seal(self, wrapped: bytes, person_id: str, column: str, plaintext: str | bytes) -> bytes:
        """Encrypt one field of a person; the ciphertext only opens for the same person and column."""
        key = self._decrypt(self._keys.master, wrapped, f"person-key\0{person_id}")
        data = plaintext if isinstance(plaintext, bytes) else plaintext.encode()
        return self._encrypt(key, data, f"{person_id}\0{column}")

    def open(self, wrapped: bytes, person_id: str, column: str, sealed: bytes) -> str:
        """Decrypt a text sealed by `seal`; `cryptography.exceptions.InvalidTag` if it was moved or altered."""
        return self.open_bytes(wrapped, person_id, column, sealed).decode()

    def open_bytes(self, wrapped: bytes, person_id: str, column: str, sealed: bytes) -> bytes:
        """Decrypt the bytes of a file sealed by `seal`, likewise."""
        key = self._decrypt(self._keys.master, wrapped, f"person-key\0{person_id}")
        return self._decrypt(key, sealed, f"{person_id}\0{column}")

    def seal_platform(self, context: str, plaintext: str) -> bytes:
        """Encrypt a secret of the platform itself (a second factor) under the master key."""
        return self._encrypt(self._keys.master, plaintext.encode(), f"platform\0{context}")

    def open_platform(self, context: str, sealed: bytes) -> str:
        """Decrypt what `seal_platform` sealed for the same context."""
        return self._decrypt(self._keys.master, sealed, f"platform\0{context}").decode()

    def _encrypt(self, key: bytes, data: bytes, context: str) -> bytes:
        nonce = self._entropy(12)
        return nonce + AESGCM(key).encrypt(nonce, data, context.encode())

    @staticmethod
    def _decrypt(key: bytes, data: bytes, context: str) -> bytes:
        return AESGCM(key).decrypt(data[:12], data[12:], context.encode())

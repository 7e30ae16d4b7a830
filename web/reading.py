"""Reading the JSON of a body, the same way wherever one comes in."""

import json
from typing import Any

import orjson

from auction.kernel.errors import Breach, DomainError

#: Objects and lists within each other in a request; nothing we ask for comes near.
_DEEPEST = 32


def read_json(data: bytes) -> Any:
    """The value of a body.

    DomainError `malformed` for what is no JSON, lies deeper than anything we ask for, holds a NUL, which no database
    text can, or names a key twice in one object: readers differ in which of the two they take (RFC 8259, 4).
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise DomainError("malformed") from None
    if b"\\u0000" in data or data.count(b"[") + data.count(b"{") > _DEEPEST:
        _check(value, 0)
    if data.count(b":") > 1:
        json.loads(data, object_pairs_hook=_once)
    return value


def _check(value: Any, depth: int) -> None:
    if depth > _DEEPEST or (isinstance(value, str) and "\0" in value):
        raise DomainError("malformed")
    if isinstance(value, dict):
        for key, inner in value.items():
            _check(key, depth + 1)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)


def _once(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for key, _ in pairs:
        if key in seen:
            named = key[:64]
            breach = Breach("repeated_key", named, facts={"key": named})
            raise DomainError("malformed", [breach], reason="repeated_key", key=named)
        seen.add(key)

"""Keeping a model in a file and taking it out again: skops, never pickle, and only the types named here.

A file is as good as the hash it was registered with: a changed one is refused before it is read. Inside are arrays of
numbers, and one text in JSON with everything else, where an array is named by its number.
"""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from auction.kernel.errors import DomainError

from .model import FORM, Model

#: The types beyond those skops trusts by itself that a model is made of: none.
TRUSTED: tuple[str, ...] = ()


def save(model: Model, path: Path) -> str:
    """Write a model, whole or not at all; answers the SHA-256 of the file."""
    from skops.io import dumps

    arrays: list[Any] = []
    text = json.dumps({"state": _taken(model.state, arrays), "card": model.card}, ensure_ascii=False)
    data: bytes = dumps({"text": text, "arrays": arrays})
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return hashlib.sha256(data).hexdigest()


def load(path: Path, sha256: str) -> Model:
    """The model of a file. DomainError `valuation_model_missing`, `valuation_model_changed` (not the registered file),
    `valuation_model_untrusted` (it holds a type that is not on the list, or is no model at all)."""
    try:
        data = path.read_bytes()
    except OSError:
        raise DomainError("valuation_model_missing", file=path.name) from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DomainError("valuation_model_changed", file=path.name)
    from skops.io import get_untrusted_types, loads
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        strange = sorted(set(get_untrusted_types(data=data)) - set(TRUSTED))
        if strange:
            raise DomainError("valuation_model_untrusted", file=path.name, types=", ".join(strange)[:200])
        kept = loads(data, trusted=list(TRUSTED))
    except (UntrustedTypesFoundException, BadZipFile, ValueError, KeyError, TypeError, OSError) as fault:
        raise DomainError("valuation_model_untrusted", file=path.name, types=type(fault).__name__) from fault
    try:
        plain = json.loads(kept["text"])
        state = _put_back(plain["state"], kept["arrays"])
        if state["form"] != FORM:
            raise ValueError(state["form"])
        return Model(state, plain["card"])
    except (TypeError, KeyError, IndexError, ValueError) as fault:
        raise DomainError("valuation_model_untrusted", file=path.name, types="form") from fault


def _taken(value: Any, arrays: list[Any]) -> Any:
    """The value with its arrays put aside, each replaced by its number."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, dict):
        return {key: _taken(each, arrays) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_taken(each, arrays) for each in value]
    return value


def _put_back(value: Any, arrays: list[Any]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"array"}:
            return arrays[value["array"]]
        return {key: _put_back(each, arrays) for key, each in value.items()}
    if isinstance(value, list):
        return [_put_back(each, arrays) for each in value]
    return value

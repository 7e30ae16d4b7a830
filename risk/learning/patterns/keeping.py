"""Keeping a trained model under FAPAI_DATA/models, and trusting nothing in it but what training puts there."""

import json
import os
from pathlib import Path
from typing import Any

from auction.kernel.errors import DomainError

from .scoring import Tails, Trees
from .training import Trained

_MODEL, _CARD = "bidding.skops", "bidding.json"
#: What the trees are made of and skops does not know to be harmless: arrays of numbers, no code.
_TRUSTED = frozenset(("sklearn.tree._tree.Tree",))


def keep(trained: Trained, folder: Path) -> None:
    """Write model and card; who reads meanwhile finds the old ones or the new ones."""
    from skops.io import dumps

    state = {
        "tails": {_name(seen): tails.as_state() for seen, tails in trained.tails.items()},
        "trees": {
            _name(seen): {"features": list(trees.features), "model": trees.model, "usual": trees.usual}
            for seen, trees in trained.trees.items()
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / _MODEL, dumps(state))
    _replace(folder / _CARD, (json.dumps(trained.card, ensure_ascii=False, indent=1) + "\n").encode())


def _name(seen: bool) -> str:
    return "with" if seen else "without"


def _replace(path: Path, data: bytes) -> None:
    new = path.with_name(path.name + ".new")
    new.write_bytes(data)
    os.replace(new, path)


def kept(folder: Path) -> Trained:
    """The model kept in a folder. DomainError `model_missing`, or `model_untrusted` where the file holds anything else
    than training writes, or cannot be read.
    """
    from skops.io import get_untrusted_types, loads

    try:
        data = (folder / _MODEL).read_bytes()
        card = json.loads((folder / _CARD).read_text("utf-8"))
    except FileNotFoundError:
        raise DomainError("model_missing") from None
    except (OSError, ValueError):
        raise DomainError("model_untrusted") from None
    try:
        strange = [name for name in get_untrusted_types(data=data) if name not in _TRUSTED]
        if strange:
            raise DomainError("model_untrusted")
        state: dict[str, Any] = loads(data, trusted=sorted(_TRUSTED))
        return Trained(
            {seen: Tails.from_state(state["tails"][_name(seen)]) for seen in _seen(state["tails"])},
            {
                seen: Trees(tuple(one["features"]), one["model"], one["usual"])
                for seen in _seen(state["trees"])
                for one in [state["trees"][_name(seen)]]
            },
            card,
        )
    except DomainError:
        raise
    except Exception as error:  # a file made to hurt may fail in any way; none of them is a model
        raise DomainError("model_untrusted") from error


def _seen(part: dict[str, Any]) -> list[bool]:
    return [seen for seen in (False, True) if _name(seen) in part]

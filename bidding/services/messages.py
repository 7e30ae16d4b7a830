"""In-site messages to an account."""

from collections.abc import Mapping
from typing import Any

from auction.kernel.unit import Unit


def tell(unit: Unit, account_id: str, kind: str, subject: Mapping[str, Any], key: str) -> None:
    """Tell an account of something, once for each `key`."""
    unit.publish("message", account_id=account_id, kind=kind, subject=dict(subject), key=key)

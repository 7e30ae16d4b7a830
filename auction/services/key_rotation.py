"""Putting another key in the place of the log's."""

from sqlalchemy import select, update

from ..kernel.checkpoint import VerifierKey
from ..kernel.clock import iso
from ..kernel.crypto import Vault
from ..kernel.errors import DomainError
from ..kernel.rotation import KIND, Rotation
from ..kernel.unit import Unit
from ..models import Intake, Platform, Stream
from ..queries.log import KEYS_STREAM, log_key
from .log import lock_sealer


def rotate(unit: Unit, new: Vault) -> str:
    """End the use of the log's key: from the next entry on `new` signs; answers its verifier key.

    Everything committed must have been sealed, and no process may be taking bids: DomainError log_in_use. The key
    must be another: DomainError invalid. Every later commit of a process that still holds the old key fails.
    """
    lock_sealer(unit)
    if new.key_id == unit.vault.key_id:
        raise DomainError("same_key")
    if unit.session.scalar(select(Intake.process).where(Intake.lease_until > unit.machine_now).limit(1)) is not None:
        raise DomainError("log_in_use")
    if unit.session.scalar(select(Stream.stream).where(Stream.unsealed).limit(1)) is not None:
        raise DomainError("log_in_use")
    old = log_key(unit.session, unit.vault.public_key)
    rotation = Rotation(old, VerifierKey(old.name, new.public_key), iso(unit.now))
    unit.record(KIND, stream=KEYS_STREAM, body=rotation.body(unit.vault.sign_raw, new.sign_raw))
    unit.session.execute(update(Intake).values(lost=True))
    unit.session.get_one(Platform, "key_id:log").value = new.key_id
    return str(rotation.new)

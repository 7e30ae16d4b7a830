"""Witnesses of the log: who they are, and the cosignatures they hand in (c2sp.org/tlog-cosignature)."""

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import or_, select, update

from ..kernel.checkpoint import (
    COSIGNATURE,
    NoteError,
    VerifierKey,
    cosigned_at,
    open_note,
    parse_checkpoint,
    parse_note,
)
from ..kernel.db import insert_new
from ..kernel.errors import DomainError, invalid
from ..kernel.unit import Unit
from ..models import Checkpoint, Cosignature, Witness

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
#: A witness's clock may be ahead of ours by so much.
_AHEAD = timedelta(minutes=5)


def name_witness(unit: Unit, key: str, url: str | None = None) -> str:
    """Let cosignatures by a verifier key count from now on, and say so in the log; answers the witness's name.

    `url`: where it is asked for them (c2sp.org/tlog-witness); one that is named already is asked there from now on.
    DomainError invalid for what is no key of a witness or no address, witness_named where the name is or was another
    key's.
    """
    if url is not None and not _ADDRESS.fullmatch(url):
        raise invalid("url", "not_an_address")
    try:
        parsed = VerifierKey.parse(key)
    except NoteError:
        raise invalid("key", "not_a_witness_key") from None
    if parsed.kind != COSIGNATURE:
        raise invalid("key", "not_a_witness_key")
    known = unit.session.get(Witness, parsed.name)
    if known is not None and url is not None and known.key == str(parsed) and known.dropped_at is None:
        known.url = url.rstrip("/")
        return known.name
    if known is not None:
        raise DomainError("witness_named", name=parsed.name)
    where = url.rstrip("/") if url else None
    unit.session.add(Witness(name=parsed.name, key=str(parsed), named_at=unit.now, url=where))
    unit.record("WitnessNamed", stream="system", body={"name": parsed.name, "key": str(parsed)})
    return parsed.name


def drop_witness(unit: Unit, name: str) -> None:
    """Take no more cosignatures of a witness. DomainError not_found where there is none of that name."""
    witness = unit.session.get(Witness, name)
    if witness is None or witness.dropped_at is not None:
        raise DomainError("not_found")
    witness.dropped_at = unit.now
    unit.record("WitnessDropped", stream="system", body={"name": name})


def take_cosignatures(unit: Unit, note: str) -> list[str]:
    """Keep the cosignatures of known witnesses under one of the log's own checkpoints; answers the witnesses' names.

    DomainError invalid (field `note`) for what is no checkpoint of this log, bears no cosignature of a witness, or one
    from the future. Handing one in again changes nothing.
    """
    witnesses = unit.session.scalars(select(Witness).where(Witness.dropped_at.is_(None))).all()
    keys = {(key.name, key.key_id): key for key in (VerifierKey.parse(witness.key) for witness in witnesses)}
    try:
        parsed = parse_note(note)
        head = parse_checkpoint(parsed.text)
        open_note(note, keys.values())
    except NoteError:
        raise invalid("note", "not_a_cosignature") from None
    own = unit.session.get(Checkpoint, head.size) if head.size < 2**63 else None
    if own is None or parse_note(own.note).text != parsed.text:
        raise invalid("note", "unknown_checkpoint")
    found = [line for line in parsed.signatures if (line.name, line.key_id) in keys]
    latest = (unit.machine_now + _AHEAD).timestamp()
    if any(cosigned_at(line) > latest for line in found):
        raise invalid("note", "in_future")
    for line in found:
        seen_at = datetime.fromtimestamp(cosigned_at(line), UTC)
        row = {"size": head.size, "witness": line.name, "line": str(line), "seen_at": seen_at}
        insert_new(unit.session, Cosignature, **row)
    answered = Witness.name.in_({line.name for line in found})
    stood = or_(Witness.unanswered_since.is_not(None), Witness.refused_at.is_not(None))
    unit.session.execute(update(Witness).where(answered, stood).values(unanswered_since=None, refused_at=None))
    return sorted({line.name for line in found})

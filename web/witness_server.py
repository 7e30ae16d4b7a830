"""A witness that is asked: POST /add-checkpoint (c2sp.org/tlog-witness), for one log.

It keeps the same file as the witness that looks by itself (`following_log`), so that one may take the other's place:
the head is on the disk before it is cosigned, and no other one of its size ever is.
"""

import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog
from flask import Flask, Response, request

from auction.kernel.add_checkpoint import MOST_LENGTH, SIZE_TYPE, Addition, NotAdded, weigh
from auction.kernel.checkpoint import VerifierKey, add_signature, parse_note

from .following_log import Signer, keep, kept_head

log = structlog.get_logger(__name__)


class Clock(Protocol):
    """What tells the time of a cosignature."""

    def machine(self) -> datetime: ...


def witness_app(keys: Sequence[VerifierKey], state: Path, signer: Signer, clock: Clock) -> Flask:
    """The witness as an application. `keys`: the log's, all under its name, the present one and any that will follow.

    ValueError for keys of two logs, and for a state file that is none.
    """
    if len({key.name for key in keys}) != 1:
        raise ValueError("a witness that is asked keeps the heads of one log")
    kept_head(state, keys)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_LENGTH
    alone = threading.Lock()

    @app.post("/add-checkpoint")
    def add_checkpoint() -> Response:
        try:
            asked = Addition.parse(request.get_data().decode())
            with alone:  # between what is compared and what is kept nothing else may be cosigned
                line = _cosigned(asked, keys, state, signer, int(clock.machine().timestamp()))
        except UnicodeDecodeError:
            return Response("not UTF-8\n", 400, mimetype="text/plain")
        except NotAdded as error:
            log.warning("not cosigned", status=error.status, detail=error.detail)
            if error.size is not None:
                return Response(f"{error.size}\n", error.status, content_type=SIZE_TYPE)
            return Response(f"{error.detail}\n", error.status, mimetype="text/plain")
        return Response(line, 200, mimetype="text/plain")

    return app


def _cosigned(asked: Addition, keys: Sequence[VerifierKey], state: Path, signer: Signer, at: int) -> str:
    """The witness's line under a head, which is kept first. Raises NotAdded; what is refused is kept as evidence."""
    known = kept_head(state, keys)
    try:
        head = weigh(asked, keys, known)
    except NotAdded as error:
        if error.status in (409, 422) and error.size is None:
            keep(state.with_name(f"{state.name}.refused"), {"status": error.status, "shown": asked.note})
        raise
    note = parse_note(asked.note)
    own = "".join((note.text, "\n", *(str(line) for line in note.signatures if line.name == head.origin)))
    if head != known:
        keep(state, {"note": own, "keys": [str(key) for key in keys], "handed_in": True})
    return str(parse_note(add_signature(own, signer.key, signer.sign, at)).signatures[-1])

"""The text that asks a witness for its cosignature (c2sp.org/tlog-witness), and what the witness makes of it. Pure.

old 20852014                the size of the last head this witness cosigned, or 0
base64 of a hash            of the proof that the head only appends to that one; none from 0
                            (an empty line)
the head, a signed note
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .checkpoint import Checkpoint, NoteError, VerifierKey, open_checkpoint, parse_checkpoint, parse_note
from .tree import EMPTY_ROOT, verify_consistency

#: Of the answer that tells the size of the last head cosigned.
SIZE_TYPE = "text/x.tlog.size"
#: Lines of proof, by the specification, and characters of a whole request that are read.
MOST_LINES, MOST_LENGTH = 63, 65_536

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class NotAdded(Exception):
    """Why a head is not cosigned: the HTTP status of the specification. `size`: of the last head that was."""

    def __init__(self, status: int, detail: str, size: int | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.size = status, detail, size


@dataclass(frozen=True, slots=True)
class Addition:
    """A request: the head's note, the size it is proven to append to, and the proof."""

    old: int
    proof: Sequence[bytes]
    note: str

    def __str__(self) -> str:
        lines = (base64.b64encode(value).decode() + "\n" for value in self.proof)
        return f"old {self.old}\n{''.join(lines)}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> "Addition":
        """NotAdded 400 for what is not exactly of the form."""
        head, separator, note = text.partition("\n\n")
        first, *lines = head.split("\n")
        old = _OLD.fullmatch(first)
        if not separator or old is None or len(lines) > MOST_LINES:
            raise NotAdded(400, "not an old size, lines of proof, an empty line and a checkpoint")
        return cls(int(old[1]), [_hash(line) for line in lines], note)


def _hash(line: str) -> bytes:
    try:
        value = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != len(EMPTY_ROOT) or base64.b64encode(value).decode() != line:
        raise NotAdded(400, "a line of the proof is not base64 of a hash")
    return value


def weigh(asked: Addition, keys: Iterable[VerifierKey], known: Checkpoint | None) -> Checkpoint:
    """The head that is to be kept and then cosigned: one of these keys has signed it, and it appends to the one known.

    NotAdded 400, 403, 404, 409 or 422, in the order of the specification.
    """
    trusted = list(keys)
    try:
        origin = parse_checkpoint(parse_note(asked.note).text).origin
    except NoteError as error:
        raise NotAdded(400, str(error)) from None
    if origin not in {key.name for key in trusted}:
        raise NotAdded(404, f"{origin} is no log that is witnessed here")
    try:
        head = open_checkpoint(asked.note, trusted)
    except NoteError as error:
        raise NotAdded(403, str(error)) from None
    if asked.old > head.size:
        raise NotAdded(400, f"old is {asked.old}, more than the head's {head.size}")
    size, root = (known.size, known.root) if known else (0, EMPTY_ROOT)
    if asked.old != size:
        raise NotAdded(409, f"the last head cosigned is of {size} leaves", size)
    if head.size == size and head.root != root:
        raise NotAdded(409, f"another root of {size} leaves was cosigned")
    if not verify_consistency(size, head.size, root, head.root, asked.proof):
        raise NotAdded(422, f"the head of {head.size} leaves is not proven to append to that of {size}")
    return head

"""Following the log of a site from outside: what a witness and a monitor do.

Nothing of the site is believed but what its log's key has signed, and of that only what appends to what was seen
before. What was seen is kept in a file, written before anybody is told.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from auction.kernel.checkpoint import (
    Checkpoint,
    NoteError,
    VerifierKey,
    add_signature,
    cosigned_at,
    open_checkpoint,
    open_note,
    parse_note,
)
from auction.kernel.crypto import canonical
from auction.kernel.rotation import Rotation, read_rotation
from auction.kernel.tree import Frontier, leaf_hash, verify_consistency, verify_inclusion

#: Leaves asked for at once (PRECISIONS 27), and seconds an answer may take.
_TOGETHER, _PATIENCE = 1000, 30.0
#: Characters shown of an answer that is a refusal.
_SHOWN = 500


class Unreachable(Exception):
    """The site does not answer, or not in the form of its interface."""


class Refused(Exception):
    """What the site shows cannot be true beside what it showed before. `shown`: its note, evidence against it."""

    def __init__(self, code: str, detail: str, shown: str = "") -> None:
        super().__init__(detail)
        self.code, self.detail, self.shown = code, detail, shown


class Site:
    """The public log of a site over HTTP. Unreachable for everything that is no answer."""

    def __init__(self, client: httpx.Client) -> None:
        """`client`: bound to the address of the site."""
        self._client = client

    @classmethod
    @contextmanager
    def at(cls, address: str) -> "Iterator[Site]":
        """The site at an address, such as https://fapai.example."""
        with httpx.Client(base_url=address, timeout=_PATIENCE) as client:
            yield cls(client)

    def checkpoint(self, *, cosigned: bool = False) -> str:
        """The newest signed head; the newest that a witness has cosigned."""
        return self._ask("GET", "/log/checkpoint", params={"cosigned": "true"} if cosigned else {}).text

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the log only grew from one size to another."""
        return self._hashes("/log/consistency", first=first, second=second)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that a leaf stands in the log of that size."""
        return self._hashes("/log/inclusion", index=index, size=size)

    def leaves(self, start: int, end: int) -> Iterator[bytes]:
        """The hashes of the leaves from one index up to before another, computed from the entries themselves."""
        while start < end:
            answer = self._json("/log/entries", start=start, end=min(end, start + _TOGETHER))
            try:
                items = [(item["index"], canonical(item["entry"])) for item in answer["items"]]
            except (LookupError, TypeError) as error:
                raise Unreachable(f"/log/entries: {error!r}") from None
            if not items or [index for index, _ in items] != list(range(start, start + len(items))):
                raise Unreachable(f"/log/entries: the entries from {start} are not there")
            yield from (leaf_hash(data) for _, data in items)
            start += len(items)

    def rotations(self) -> list[Rotation]:
        """How the log's keys followed each other, the oldest first; each is signed by both."""
        try:
            return [read_rotation(item) for item in self._json("/log/keys")["items"]]
        except (LookupError, TypeError, NoteError) as error:
            raise Unreachable(f"/log/keys: {error}") from None

    def hand_in(self, note: str) -> None:
        """Give the site a cosigned head."""
        self._ask("POST", "/log/cosignatures", json={"note": note})

    def _hashes(self, path: str, **query: int) -> list[bytes]:
        try:
            return [bytes.fromhex(value) for value in self._json(path, **query)["hashes"]]
        except (LookupError, TypeError, ValueError) as error:
            raise Unreachable(f"{path}: {error!r}") from None

    def _json(self, path: str, **query: int) -> Any:
        try:
            return self._ask("GET", path, params=query).json()
        except ValueError as error:
            raise Unreachable(f"{path}: {error}") from None

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, f"/api/v1{path}", **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{path}: {error}") from None
        if answer.is_error:
            raise Unreachable(f"{path}: {answer.status_code} {answer.text[:_SHOWN]}")
        return answer


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Hold a state file for oneself. BlockingIOError while another process does."""
    with path.with_name(f"{path.name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def kept(path: Path) -> dict[str, Any]:
    """What was kept in a state file; empty where there is none. ValueError for what is no state."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no state of a witness or monitor")
    return found


def keep(path: Path, state: dict[str, Any]) -> None:
    """Replace a state file, for its owner alone to read, as a whole and on the disk before this returns."""
    fresh = path.with_name(f"{path.name}.new")
    with open(fresh, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(state, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


@dataclass(frozen=True, slots=True)
class Signer:
    """A witness's key, and what signs with it."""

    key: VerifierKey
    sign: Callable[[bytes], bytes]


def witness(site: Site, log: VerifierKey, path: Path, signer: Signer, now: datetime) -> Checkpoint:
    """Look at a site's log once and cosign its newest head, if it only appends to the last one seen.

    The head is kept before it is cosigned: whatever happens, no other one of its size is ever cosigned. Raises Refused,
    Unreachable; ValueError for a state file that is none.
    """
    state, known = _state(path, log)
    note = site.checkpoint()
    head, keys = _opened(site, note, log)
    if known is not None:
        _grown(site, known, head, note)
    if known == head and state.get("handed_in"):
        return head
    own = "".join(
        (parse_note(note).text, "\n", *(str(line) for line in parse_note(note).signatures if line.name == log.name))
    )
    state = {"note": own, "keys": keys, "handed_in": False}
    keep(path, state)
    site.hand_in(add_signature(own, signer.key, signer.sign, int(now.timestamp())))
    keep(path, state | {"handed_in": True})
    return head


def monitor(site: Site, log: VerifierKey, path: Path) -> Checkpoint:
    """Read what a site's log has grown by, entry by entry, and compute the root that its newest head must have.

    Raises Refused, Unreachable; ValueError for a state file that is none.
    """
    state, known = _state(path, log)
    note = site.checkpoint()
    head, keys = _opened(site, note, log)
    frontier = Frontier()
    if known is not None:
        _grown(site, known, head, note)
        frontier = Frontier(known.size, tuple(map(bytes.fromhex, state["frontier"])))
    frontier, _ = frontier.extend(site.leaves(frontier.size, head.size))
    if frontier.root() != head.root:
        raise Refused("root_differs", f"the entries shown are not those of the signed head of {head.size} leaves", note)
    keep(path, {"note": note, "keys": keys, "frontier": [value.hex() for value in frontier.hashes]})
    return head


def witnessed(site: Site, log: VerifierKey, head: Checkpoint, witnesses: Sequence[VerifierKey], now: datetime) -> None:
    """That each of these witnesses stands behind this log: its newest cosigned head leads to the head seen.

    Raises Refused where one is missing or a day behind, or the heads do not fit; Unreachable.
    """
    note = site.checkpoint(cosigned=True)
    cosigned, _ = _opened(site, note, log)
    older, newer = sorted((cosigned, head), key=lambda one: one.size)
    _grown(site, older, newer, note)
    _, signers = _signed(note, witnesses)
    lacking = [key.name for key in witnesses if key.name not in signers]
    if lacking:
        raise Refused(
            "not_witnessed", f"the head of {cosigned.size} leaves is not cosigned by {', '.join(lacking)}", note
        )
    ids = {(key.name, key.key_id) for key in witnesses}
    seen = min(cosigned_at(line) for line in parse_note(note).signatures if (line.name, line.key_id) in ids)
    if now.timestamp() - seen > 86_400 and cosigned != head:
        raise Refused("witness_behind", "a witness has cosigned nothing for a day, and the log has grown", note)


def included(site: Site, receipt: dict[str, Any], head: Checkpoint) -> bool:
    """Whether a receipt's entry stands in the log of a head; False where the receipt tells no place.

    Refused where it is not where the receipt says. Raises Unreachable.
    """
    place = receipt.get("inclusion")
    if not place:
        return False
    leaf, index = leaf_hash(canonical(receipt["entry"])), place["index"]
    if index >= head.size or not verify_inclusion(leaf, index, head.size, site.inclusion(index, head.size), head.root):
        raise Refused("not_included", f"the entry of the receipt is not leaf {index} of the log")
    return True


def kept_head(path: Path, logs: Sequence[VerifierKey]) -> Checkpoint | None:
    """The last head kept in a state file, signed by one of these keys; None where there is none yet.

    ValueError for a file that is none.
    """
    return _state(path, *logs)[1]


def _state(path: Path, *logs: VerifierKey) -> tuple[dict[str, Any], Checkpoint | None]:
    state = kept(path)
    try:
        keys = [*logs, *map(VerifierKey.parse, state.get("keys", ()))]
        return state, open_checkpoint(state["note"], keys) if state else None
    except (NoteError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} holds nothing this log's key has signed: {error}") from None


def _opened(site: Site, note: str, log: VerifierKey) -> tuple[Checkpoint, list[str]]:
    """The head of a note, and the keys that took the place of the one given: the newest alone has signed it."""
    try:
        return open_checkpoint(note, [log]), []
    except NoteError as error:
        later = _later(site.rotations(), log)
        if not later:
            raise Refused("not_signed", str(error), note) from None
    try:
        return open_checkpoint(note, later), [str(key) for key in later]
    except NoteError as error:
        raise Refused("not_signed", str(error), note) from None


def _later(rotations: Sequence[Rotation], log: VerifierKey) -> list[VerifierKey]:
    """The keys that followed a key, one from the other."""
    found = [log]
    for rotation in rotations:
        if rotation.old == found[-1]:
            found.append(rotation.new)
    return found[1:]


def _signed(note: str, witnesses: Sequence[VerifierKey]) -> tuple[str, Sequence[str]]:
    try:
        return open_note(note, witnesses)
    except NoteError as error:
        raise Refused("not_witnessed", str(error), note) from None


def _grown(site: Site, known: Checkpoint, head: Checkpoint, note: str) -> None:
    """Refused unless a head appends to the one known."""
    if head.size < known.size:
        raise Refused("shrunk", f"the log had {known.size} leaves and now shows {head.size}", note)
    if head.size == known.size:
        if head.root != known.root:
            raise Refused("forked", f"two heads of {head.size} leaves with different roots are signed", note)
        return
    path = site.consistency(known.size, head.size)
    if not verify_consistency(known.size, head.size, known.root, head.root, path):
        raise Refused("forked", f"the log of {head.size} leaves does not append to that of {known.size}", note)

"""Asking the witnesses of the log for their cosignatures under its newest head (c2sp.org/tlog-witness).

Beside the sealer and never in its way: each witness is asked on a thread of its own, with a limit of time, and again
after a pause that grows. What one refuses or leaves unanswered for long the regulators are told.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import structlog

from auction.kernel.add_checkpoint import SIZE_TYPE, Addition
from auction.kernel.unit import House
from auction.queries.log import Uncosigned, behind, consistency_hashes, latest_checkpoint, uncosigned
from auction.services.witnessing import take_cosignatures
from bidding.services.witness_watch import note_refusal, note_silence

log = structlog.get_logger(__name__)

#: Seconds an answer may take, and the pauses after failures: the first, and the longest.
_PATIENCE, _PAUSE, _LONGEST = 5.0, 1.0, 60.0
#: Witnesses asked at once, and characters of an answer that are read.
_AT_ONCE, _MOST = 8, 20_000


#: A witness that looks by itself may take so long before it is one that is waited for.
_LOOKS_WITHIN = timedelta(minutes=1)


class Refuses(Exception):
    """A witness says that the head does not append to what it knows."""


class Cosigners:
    """Asks whoever has not cosigned the newest head yet. Called again and again; it never waits."""

    def __init__(self, house: House, transport: httpx.BaseTransport | None = None) -> None:
        self._house = house
        self._client = httpx.Client(timeout=_PATIENCE, transport=transport, follow_redirects=False)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="witness")
        self._asking: set[str] = set()
        self._pauses: dict[str, float] = {}
        self._not_before: dict[str, float] = {}

    def __call__(self) -> None:
        for one in self._house.read(uncosigned):
            if one.name not in self._asking and time.monotonic() >= self._not_before.get(one.name, 0.0):
                self._asking.add(one.name)
                self._pool.submit(self._ask, one)

    def _ask(self, one: Uncosigned) -> None:
        try:
            ask(self._house, self._client, one)
            self._pauses.pop(one.name, None)
        except Exception as error:
            pause = self._pauses[one.name] = min(2 * self._pauses.get(one.name, _PAUSE / 2), _LONGEST)
            self._not_before[one.name] = time.monotonic() + pause
            log.warning("a witness did not cosign", witness=one.name, size=one.size, error=repr(error))
            self._told(one, error)
        finally:
            self._asking.discard(one.name)

    def _told(self, one: Uncosigned, error: Exception) -> None:
        try:
            note: Callable[..., None] = note_refusal if isinstance(error, Refuses) else note_silence
            self._house.perform(note, one.name, one.size)
        except Exception:
            log.exception("what a witness answered could not be noted", witness=one.name)


def await_witnesses(house: House) -> None:
    """Note who looks by itself and has not for a while, although the log has grown."""
    head, now = house.read(latest_checkpoint), house.now()
    for one in house.read(behind):
        if head is not None and not one.asked and one.since is not None and now - one.since > _LOOKS_WITHIN:
            house.perform(note_silence, one.name, head.size)


def ask(house: House, client: httpx.Client, one: Uncosigned) -> None:
    """Ask one witness once and keep its line; where it knows another size, from there.

    Refuses; httpx.HTTPError for no answer, or one that says neither; DomainError for a line that is not the witness's.
    """
    answer = _posted(house, client, one, one.old)
    if answer.status_code == httpx.codes.CONFLICT and answer.headers.get("Content-Type") == SIZE_TYPE:
        known = answer.text.removesuffix("\n")
        if not known.isdecimal() or len(known) > 18:
            raise httpx.HTTPError("no size")
        if int(known) > one.size:  # from another process of ours, or of a log that was put back
            if not any(int(known) <= now.size for now in house.read(uncosigned, newest=True) if now.name == one.name):
                raise Refuses(f"knows {known} leaves, there are {one.size}")
            return
        answer = _posted(house, client, one, int(known))
    if answer.status_code in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY):
        raise Refuses(f"{answer.status_code} {answer.text[:200]}")
    answer.raise_for_status()
    house.perform(take_cosignatures, f"{one.note}{answer.text[:_MOST]}")


def _posted(house: House, client: httpx.Client, one: Uncosigned, old: int) -> httpx.Response:
    proof = house.read(consistency_hashes, old, one.size) if old else []
    return client.post(f"{one.url}/add-checkpoint", content=str(Addition(old, proof, one.note)).encode())

"""A Socket.IO client that keeps a room's events in order, says when it missed some, and survives a cut connection."""

import socket
import threading
from typing import Any

import engineio
import socketio

from tests.flows.server import PATIENCE, Server, wait_until

NAMESPACE = "/auctions"


class _Line(engineio.Client):
    """Hands messages on in the order in which they came: by itself the library gives each a thread of its own."""

    frame = ""

    def _trigger_event(self, event: str, *args: Any, **kwargs: Any) -> Any:
        if event == "message":
            self.frame = args[0]
        return super()._trigger_event(event, *args, **(kwargs | {"run_async": False}))


class _Client(socketio.Client):
    def _engineio_client_class(self) -> type[engineio.Client]:
        return _Line


class Seat:
    """Somebody at a room: every `update` as it came, and the events they make when read with `since`."""

    def __init__(self, server: Server, auction_id: str, who: str | None = None, address: str | None = None) -> None:
        """`address`: where to connect, if not to the server itself."""
        self.server, self.auction_id, self.who = server, auction_id, who
        self.address = address or server.address
        self.updates: list[dict[str, Any]] = []
        #: What was said of the end of the session this was opened with.
        self.ends: list[dict[str, Any]] = []
        #: The process at the other end has asked to take a line to another.
        self.moving = threading.Event()
        #: The room's events by version, without a gap up to `version`.
        self.events: dict[int, dict[str, Any]] = {}
        self.version = 0
        #: An update arrived that does not follow what is known: `watch` with `since` has to be asked.
        self.gaps = 0
        #: How many events came in answer to `watch`, not by an `update`.
        self.caught_up = 0
        self._lost = threading.Event()
        self._taking = threading.Lock()
        #: Events that came while `watch` was being answered: they follow the answer, or are in it.
        self._early: list[dict[str, Any]] | None = None

    def connect(self) -> "Seat":
        """Sit down, with a session of one's own if one has one."""
        self._lost = lost = threading.Event()
        self._client = client = _Client(reconnection=False)
        client.on("update", self._take_update, namespace=NAMESPACE)
        client.on("signed_out", self.ends.append, namespace=NAMESPACE)
        client.on("moving", lambda _: self.moving.set(), namespace=NAMESPACE)
        client.on("disconnect", lambda *_: lost.set(), namespace=NAMESPACE)
        auth = {"token": self.server.token(self.who)} if self.who else {}
        client.connect(self.address, transports=["websocket"], namespaces=[NAMESPACE], auth=auth, wait=False)
        self._wire = client.eio.ws
        wait_until(lambda: NAMESPACE in client.namespaces or client.eio.state != "connected", "the connection")
        if NAMESPACE not in client.namespaces:
            self._hang_up()
            raise ConnectionError("refused, or cut")
        return self

    def leave(self) -> None:
        """Go; nothing is left running."""
        if not self._lost.is_set():
            self._client.disconnect()
        self._hang_up()

    def cut(self) -> None:
        """The connection dies without a word, as when a cable is pulled."""
        self._wire.sock.shutdown(socket.SHUT_RDWR)
        assert self._lost.wait(PATIENCE), "the client did not notice"
        self._hang_up()

    def _hang_up(self) -> None:
        """The library leaves a dead connection's socket open."""
        self._client.eio.wait()
        self._wire.shutdown()

    def ask(self, event: str, data: Any) -> tuple[Any, str] | None:
        """Send an event; answers its acknowledgement and that as JSON text, None where the connection died first."""
        answered, answer = threading.Event(), list[tuple[Any, str]]()
        lost = self._lost

        def take(given: Any = None) -> None:
            text: str = self._client.eio.frame
            answer.append((given, text[text.index("[") + 1 : -1]))
            answered.set()

        try:
            self._client.emit(event, data, namespace=NAMESPACE, callback=take)
        except (socketio.exceptions.SocketIOError, OSError):
            return None
        for _ in range(int(PATIENCE / 0.02)):
            if answered.wait(0.02):
                return answer[0]
            if lost.is_set():
                # What was read before the end counts: it was said.
                return answer[0] if answer else None
        raise AssertionError(f"{event}: no acknowledgement")

    def watch(self, since: int | None = None) -> dict[str, Any]:
        """Ask for the room, and (page after page) for what happened after a version."""
        with self._taking:
            self._early = []
        try:
            snapshot = self._watch(since)
            with self._taking:
                early, self._early = self._early, None
                self._apply(early)
            return snapshot
        finally:
            self._early = None

    def _watch(self, since: int | None) -> dict[str, Any]:
        while True:
            request = {"auction_id": self.auction_id} | ({} if since is None else {"since": since})
            answer = self.ask("watch", request)
            if answer is None:
                self._hang_up()
                raise ConnectionError("cut")
            snapshot: dict[str, Any] = answer[0]
            assert "version" in snapshot, snapshot
            if since is None and self.version == 0:
                # Whoever comes without a past begins here.
                self.version = snapshot["version"]
                return snapshot
            self.caught_up += len(snapshot["events"])
            self._take(snapshot["events"])
            if not snapshot["more"]:
                return snapshot
            since = self.version

    def is_lost(self, seconds: float) -> bool:
        """Whether the connection has died, or does so within that time."""
        if not self._lost.wait(seconds):
            return False
        self._hang_up()
        return True

    def lose(self) -> None:
        """Wait until the connection is known to be dead."""
        assert self.is_lost(PATIENCE), "the connection lives"

    def resume(self) -> dict[str, Any]:
        """Come back and ask for everything missed."""
        self.connect()
        return self.watch(self.version)

    def bid(self, amount_fen: Any, key: str, **flags: bool) -> dict[str, Any]:
        """Bid; the acknowledgement."""
        return self.bid_text(amount_fen, key, **flags)[0]

    def bid_text(self, amount_fen: Any, key: str, **flags: bool) -> tuple[dict[str, Any], str]:
        """Bid; the acknowledgement, and its JSON text."""
        answer = self.ask("bid", {"auction_id": self.auction_id, "amount_fen": amount_fen, "key": key, **flags})
        assert answer is not None, "the connection died"
        return answer

    def has_heard(self, version: int) -> None:
        """Wait until the room's events up to a version are here."""
        wait_until(lambda: self.version >= version, f"version {version} (have {self.version}, {self.gaps} gaps)")

    def _take_update(self, update: dict[str, Any]) -> None:
        self.updates.append(update)
        with self._taking:
            if self._early is None:
                self._apply(update["events"])
            else:
                self._early += update["events"]

    def _take(self, events: list[dict[str, Any]]) -> None:
        with self._taking:
            self._apply(events)

    def _apply(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            if event["version"] <= self.version:
                # Known already: it must be the same.
                assert self.events.get(event["version"], event) == event
            elif event["version"] == self.version + 1:
                self.version += 1
                self.events[self.version] = event
            else:
                self.gaps += 1
                return

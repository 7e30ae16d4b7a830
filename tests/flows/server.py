"""A real `fapai` on a free port: commands, a server to start, stop and kill, and people who speak to it over HTTP.

Everything goes through the doors: the command line, HTTP, and (see `sockets.py`) Socket.IO. Every status that ever came
back is kept, so that a test can say that nothing answered 5xx. Waiting is by polling; the limits are only there to end
a test that has failed.
"""

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import KEYS

PASSWORD = "a long enough password"
#: Seconds after which a test that waits has failed.
PATIENCE = 120.0
_PROGRAM = (sys.executable, "-m", "tests.flows.program")


def wait_until(holds: Callable[[], Any], what: str) -> Any:
    """Ask again and again until the answer is true; answers it."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: waited in vain")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Place:
    """Where a house lives: its database and folder. Runs the program's commands there."""

    def __init__(self, folder: Path, database_url: str | None = None, **settings: str) -> None:
        """Without `database_url` the program chooses (SQLite in its folder); else the database has the tests' keys."""
        self.folder = folder
        given = {name: value for name, value in os.environ.items() if not name.startswith("FAPAI_")}
        self.environ = given | {"FAPAI_SANDBOX": "1", "FAPAI_DATA": str(folder), "LANG": "C.UTF-8"} | settings
        if database_url is not None:
            keys = {"MASTER": KEYS.master, "MATCH": KEYS.match, "LOG": KEYS.log}
            self.environ |= {f"FAPAI_{name}_KEY": base64.b64encode(key).decode() for name, key in keys.items()}
            self.environ["FAPAI_DATABASE_URL"] = database_url

    def fapai(self, *arguments: str, typed: str = "", status: int = 0) -> str:
        """Run a command, which must end with this status; answers what it printed."""
        done = subprocess.run(
            [*_PROGRAM, *arguments],
            env=self.environ,
            input=typed,
            text=True,
            encoding="utf-8",
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == status, f"fapai {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, *arguments: str, log: str) -> "Process":
        """Start a command that goes on; its output is added to the file `log`."""
        return Process([*_PROGRAM, *arguments], self.environ, self.folder / log)


class Process:
    """One running process of the program."""

    def __init__(self, command: list[str], environ: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as out:
            self._running = subprocess.Popen(command, env=environ, stdout=out, stderr=out)
        self.log = log

    def lives(self) -> bool:
        return self._running.poll() is None

    @property
    def pid(self) -> int:
        return self._running.pid

    def kill(self) -> None:
        """SIGKILL: nothing is answered, nothing handed back."""
        self._running.send_signal(signal.SIGKILL)
        assert self._running.wait(PATIENCE) == -signal.SIGKILL

    def stop(self) -> None:
        """SIGTERM: what waits is answered, the lease is handed back."""
        self._running.terminate()
        status = self._running.wait(PATIENCE)
        assert status in (0, -signal.SIGTERM), f"stopped with {status}: {self.log.read_text('utf-8')[-2000:]}"

    def end(self) -> None:
        """Whatever happened, it does not outlive the test."""
        if self.lives():
            self._running.kill()
            self._running.wait(PATIENCE)


class Server:
    """The serving process of a place, and everybody's requests to it."""

    def __init__(self, place: Place, *arguments: str) -> None:
        self.place, self._arguments, self.port = place, arguments, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.statuses: Counter[int] = Counter()
        #: The answers nobody may ever get: a line each.
        self.faults: list[str] = []
        self.http = httpx.Client(timeout=PATIENCE, event_hooks={"response": [self._note]})
        self._knocking = httpx.Client(timeout=PATIENCE)
        self._process: Process | None = None
        self._tokens: dict[str, str] = {}

    @property
    def process(self) -> Process:
        assert self._process is not None, "the server was not started"
        return self._process

    def start(self) -> None:
        """Start, and come back when it is ready for work. A restarted server has the same address."""
        self._process = self.place.start(
            "serve", "--bind", f"127.0.0.1:{self.port}", *self._arguments, log=f"serve-{self.port}.log"
        )
        wait_until(self._ready, "/readyz")

    def _ready(self) -> bool:
        assert self.process.lives(), f"the server ended: {self.process.log.read_text('utf-8')[-4000:]}"
        try:
            # Not through `http`: that nobody serves yet is no fault.
            return self._knocking.get(f"{self.address}/readyz").is_success
        except httpx.TransportError:
            return False

    def _note(self, response: httpx.Response) -> None:
        self.statuses[response.status_code] += 1
        if response.status_code >= 500:
            response.read()
            request = response.request
            self.faults.append(f"{response.status_code} {request.method} {request.url.path} {response.text[:300]}")

    def close(self) -> None:
        """End whatever still runs."""
        self.http.close()
        self._knocking.close()
        if self._process is not None:
            self._process.end()

    def ask(self, who: str | None, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """One request to the interface as somebody (None: nobody signed in)."""
        headers = dict(more.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.token(who)}"
        if body is not None:
            more["json"] = body
        return self.http.request(method, f"{self.address}/api/v1{path}", headers=headers, **more)

    def sign_in(self, who: str) -> str:
        """A further session of somebody, whom requests speak for from now on; answers the token of the one before."""
        before = self.token(who)
        del self._tokens[who]
        self.token(who)
        return before

    def get(self, path: str, who: str | None = None, **more: Any) -> Any:
        """Read something that must be there; answers its JSON."""
        return _fine(self.ask(who, "GET", path, **more), 200)

    def post(self, who: str | None, path: str, body: Any = None, status: int = 201) -> Any:
        """Create something, which must succeed; answers its JSON."""
        return _fine(self.ask(who, "POST", path, {} if body is None else body), status)

    def put(self, who: str, path: str, body: Any) -> Any:
        """Write something, which must succeed; answers its JSON."""
        return _fine(self.ask(who, "PUT", path, body), 200)

    def refused(self, who: str | None, path: str, body: Any, status: int) -> dict[str, Any]:
        """Post something that must be refused with this status; answers the problem document."""
        answer = self.ask(who, "POST", path, body)
        assert answer.headers["Content-Type"] == "application/problem+json", answer.text
        found: dict[str, Any] = _fine(answer, status)
        return found

    def page(self, path: str, who: str | None = None, status: int = 200) -> str:
        """A page as a browser gets it, signed in by the cookie."""
        headers = {"Accept": "text/html", "Accept-Language": "zh-CN"}
        if who is not None:
            headers["Cookie"] = f"fapai_session={self.token(who)}"
        answer = self.http.get(f"{self.address}{path}", headers=headers)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.text

    def token(self, who: str) -> str:
        """The token of somebody's session, opened once."""
        if who not in self._tokens:
            self._tokens[who] = self.post(None, "/sessions", {"username": who, "password": PASSWORD})["token"]
        return self._tokens[who]

    def now(self) -> datetime:
        """The platform's time."""
        return datetime.fromisoformat(self.get("/sandbox/clock", "operator")["now"])

    @staticmethod
    def pause(seconds: float) -> None:
        """Let the server work for a moment, of which nothing depends but where it is found."""
        time.sleep(seconds)

    def advance(self, span: timedelta) -> None:
        """Move the platform's clock forward; what falls due on the way is done when this comes back."""
        seconds = int(span.total_seconds())
        if seconds > 0:
            self.post("operator", "/sandbox/clock", {"advance_seconds": seconds}, 200)

    def advance_to(self, moment: datetime | str, *, before: timedelta = timedelta(0)) -> None:
        """Move the clock to `before` a moment, or (to the second) just short of that."""
        moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        self.advance(moment - before - self.now())


def _fine(answer: httpx.Response, status: int) -> Any:
    asked = f"{answer.request.method} {answer.request.url.path}"
    assert answer.status_code == status, f"{asked}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


@contextmanager
def serving(place: Place, *arguments: str) -> Iterator[Server]:
    """A running server, ended with the block."""
    server = Server(place, *arguments)
    try:
        server.start()
        yield server
    finally:
        server.close()

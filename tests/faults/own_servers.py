"""A PostgreSQL and a Redis of one's own, to be killed, frozen and filled: never those that other tests use.

Root may not run PostgreSQL: there it runs as `postgres`, in a file system of its own where one may be mounted.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import redis
from sqlalchemy import make_url

from tests.flows.server import free_port, wait_until

_ROOT = os.getuid() == 0
#: Megabytes of the cluster's own file system.
_SIZE = 160


def postgres_bin() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version first; None where there is none."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return folders[0] if folders else None


class Cluster:
    """A throw-away PostgreSQL with every promise of durability on, on a port of its own."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # Not below pytest's folder: the server's user may not enter it.
        self.folder = Path(tempfile.mkdtemp(prefix="fapai-faults-"))
        self.mounted = _ROOT and self._mount()
        if _ROOT:
            shutil.chown(self.folder, "postgres")
        self.folder.chmod(0o700)
        self.data, self.port = self.folder / "data", free_port()
        self._run(
            "initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale",
            "--wal-segsize=1", f"--pgdata={self.data}",
        )  # fmt: skip
        self._server: subprocess.Popen[bytes] | None = None
        self.start()

    def _mount(self) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}m", "fapai-faults", str(self.folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _as_user(self, program: str, *arguments: str) -> list[str]:
        command = [str(self._programs / program), *arguments]
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command] if _ROOT else command

    def _run(self, program: str, *arguments: str, given: str = "") -> None:
        done = subprocess.run(
            self._as_user(program, *arguments), input=given, capture_output=True, text=True, check=False, cwd="/"
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start, and come back when it answers: it recovers first."""
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "max_connections": 60,
            "shared_buffers": "16MB", "min_wal_size": "2MB", "max_wal_size": "16MB", "fsync": "on",
            "synchronous_commit": "on", "full_page_writes": "on", "logging_collector": "off",
        }  # fmt: skip
        options = [f"--{name}={value}" for name, value in settings.items()]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                self._as_user("postgres", "-D", str(self.data), *options), stdout=log, stderr=log, cwd="/"
            )
        wait_until(self._answers, "PostgreSQL")

    def _answers(self) -> bool:
        assert self._server is not None and self._server.poll() is None, (self.folder / "log").read_text()[-2000:]
        try:
            self.admin("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    @property
    def url(self) -> str:
        """The address of its first database, which is empty."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def admin(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the superuser, past everything."""
        address = f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def copy_of(self, url: str) -> str:
        """A database like that of `url`; its address."""
        name = f"copy_{time.monotonic_ns()}"
        self.admin(f'CREATE DATABASE "{name}"')
        source = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        target = f"postgresql://postgres@127.0.0.1:{self.port}/{name}"
        dump = subprocess.run([self._programs / "pg_dump", source], capture_output=True, check=True)
        subprocess.run(
            [self._programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", target],
            input=dump.stdout, capture_output=True, check=True,
        )  # fmt: skip
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def kill(self) -> None:
        """SIGKILL to the server. Its children notice by themselves; while one lives, a new server may not start."""
        assert self._server is not None
        children = _children(self._server.pid)
        self._server.kill()
        self._server.wait()
        wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "the server's children")

    def alone(self, statement: str) -> None:
        """Carry out a statement while it is down: whoever lives on has no moment to be before it."""
        self._run("postgres", "--single", "-D", str(self.data), "postgres", given=f"{statement}\n")

    def fill(self) -> None:
        """Leave no space in its file system."""
        with (self.folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            for size in (2**20, 2**12):
                with suppress(OSError):
                    while True:
                        filler.write(bytes(size))

    def empty(self) -> None:
        """Give the space back."""
        (self.folder / "filler").unlink()

    def remove(self) -> None:
        """Nothing is left of it."""
        if self._server is not None and self._server.poll() is None:
            self.kill()
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class OwnRedis:
    """A Redis of one's own, which keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._server: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._server = subprocess.Popen([*command, "--dir", str(self._folder)], stdout=subprocess.DEVNULL)
        wait_until(self._answers, "Redis")

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url, socket_timeout=2) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def do(self, *command: str) -> None:
        """Send it a command."""
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            client.execute_command(*command)

    def signal(self, number: int) -> None:
        """SIGSTOP freezes it, SIGCONT lets it go on."""
        assert self._server is not None
        self._server.send_signal(number)

    def kill(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGKILL)
        self._server.wait()

    def remove(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self.kill()


class CommitCutter:
    """Between a house and its PostgreSQL: cuts the connection inside COMMIT, before the server has it or after.

    Only while `armed`; of `before` and `after` the numbers are counted.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.before = self.after = 0
        self.armed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(("127.0.0.1", self._port)) as server:
            swallow = threading.Event()
            back = threading.Thread(target=self._answers, args=(server, client, swallow), daemon=True)
            back.start()
            with suppress(OSError):
                while data := client.recv(65536):
                    if self.armed.is_set() and b"COMMIT" in data:
                        if self.before <= self.after:
                            self.before += 1
                            break
                        swallow.set()
                    server.sendall(data)
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            back.join()

    def _answers(self, server: socket.socket, client: socket.socket, swallow: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if swallow.is_set():
                    self.after += 1
                    break
                client.sendall(data)
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

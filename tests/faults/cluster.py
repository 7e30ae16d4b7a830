"""A PostgreSQL cluster of a test's own, whose postmaster may be killed."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.flows.server import free_port, wait_until

_INSTALLED = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True), shutil.which("initdb")]
_INITDB = next((found for found in _INSTALLED if found), None)
#: As root the programs refuse to run.
_USER: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


class Cluster:
    """One database on a free port of loopback, as durable as production's."""

    def __init__(self, folder: Path) -> None:
        self.data, self.port = folder / "data", free_port()
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """The files of an empty cluster."""
        made = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
        assert self._run("initdb", f"--pgdata={self.data}", *made) == 0

    def start(self) -> None:
        """Start, and come back when it answers. It cannot while children of a killed one hold its memory."""
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c port={self.port}"
        command = ("pg_ctl", f"--pgdata={self.data}", f"--log={self.data}/log", f"--options={options}", "--wait")
        wait_until(lambda: self._run(*command, "start") == 0, "the cluster")

    def kill(self) -> None:
        """SIGKILL to the postmaster: connections break, and nobody is let in any more."""
        os.kill(int((self.data / "postmaster.pid").read_text("ascii").split()[0]), signal.SIGKILL)

    def alone(self, statement: str) -> None:
        """Carry out a statement while nobody serves: whoever lives on has no moment to be before it."""
        command = ("postgres", "--single", "-D", str(self.data), "postgres")
        wait_until(lambda: self._run(*command, given=f"{statement}\n") == 0, "the single user")

    def end(self) -> None:
        """Whatever happened, it does not outlive the test."""
        self._run("pg_ctl", f"--pgdata={self.data}", "--mode=immediate", "--wait", "stop")

    @staticmethod
    def _run(program: str, *arguments: str, given: str = "") -> int:
        command = [Path(str(_INITDB)).parent / program, *arguments]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # a pipe would be inherited by the server
        return subprocess.run(command, input=given, text=True, cwd="/", check=False, **quiet, **_USER).returncode


@contextmanager
def a_cluster() -> Iterator[Cluster]:
    """A running one, gone afterwards; in memory where there is some, as only programs are killed."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - the folder in it is its own
    with TemporaryDirectory(dir=memory) as folder:
        if _USER:
            shutil.chown(folder, "postgres")
        cluster = Cluster(Path(folder))
        try:
            cluster.make()
            cluster.start()
            yield cluster
        finally:
            cluster.end()

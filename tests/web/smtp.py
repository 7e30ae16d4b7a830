"""A mail server to send to: it keeps what it accepts, and answers or breaks off as a test wants."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default


class MailServer(socketserver.ThreadingTCPServer):
    """`answers`: what is said to a command instead of 250; `breaks`: hang up before the word on a whole message."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.kept: list[tuple[str, Message]] = []
        self.answers: dict[str, str] = {}
        self.breaks = False

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        to = ""
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            command = line.split(":")[0].split()[0].upper()
            said = self.server.answers.get(command)
            if command == "RCPT":
                to = line.partition("<")[2].rstrip(">")
            if command == "DATA" and said is None:
                self._say("354 go on")
                body = b"".join(iter(self.rfile.readline, b".\r\n"))
                if self.server.breaks:
                    return
                said = self.server.answers.get("MESSAGE")
                if said is None:
                    self.server.kept.append((to, message_from_bytes(body, policy=default)))
            self._say(said or ("221 bye" if command == "QUIT" else "250 ok"))

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def a_mail_server() -> Iterator[MailServer]:
    """The server at work on a free port."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()

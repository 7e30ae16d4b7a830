"""Mail: messages sent through the SMTP server of FAPAI_SMTP_URL, outside of every transaction.

The server's word on the whole message decides. Where the connection breaks after all of it was sent and before that
word, nobody knows, and the message is not sent a second time (`unsure`).
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import structlog

from auction.kernel.settings import Settings
from auction.kernel.unit import House
from bidding.services.mails import Letter, Outcome, report_mail, take_mails

from .told_words import address, said

log = structlog.get_logger(__name__)

#: Mails sent over one connection, and the seconds a server may take for an answer.
_BATCH, _TIMEOUT = 20, 20
_HERE = ("localhost", "127.0.0.1", "::1")


def send_mails(house: House) -> None:
    """Send what is due; does nothing without FAPAI_SMTP_URL. A server that does not answer is tried again later."""
    settings = house.settings
    while settings.smtp_url is not None and (letters := house.perform(take_mails, _BATCH)):
        reached = _send(house, settings, letters)
        if not reached or len(letters) < _BATCH:
            return


def _send(house: House, settings: Settings, letters: list[Letter]) -> bool:
    waiting = list(letters)
    reached = False
    try:
        with _connected(settings.smtp_url or "") as client:
            reached = True
            while waiting:
                letter = waiting[0]
                written = written_mail(letter, settings, house.clock.machine())
                outcome, error = _hand_over(client, settings.mail_from or "", letter.to, written)
                waiting.pop(0)
                _report(house, letter, outcome, error)
                if error == _BROKEN:
                    break
    except (OSError, smtplib.SMTPException) as error:
        log.warning("mail cannot be sent", error=type(error).__name__)
    for letter in waiting:  # none of these was handed over
        _report(house, letter, "later", "no connection")
    return reached


def _report(house: House, letter: Letter, outcome: Outcome, error: str | None) -> None:
    state = house.perform(report_mail, letter.message_id, outcome, error)
    if state in ("dead", "unsure"):
        log.error("a mail was given up", message=letter.message_id, state=state, error=error)


@contextmanager
def _connected(url: str) -> Iterator[smtplib.SMTP]:
    """A session with the server: TLS from the start (`smtps`), or as soon as the server offers it.

    SMTPException rather than sending a password in the clear over a network.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    context = ssl.create_default_context()
    client: smtplib.SMTP
    if parts.scheme == "smtps":
        client = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_TIMEOUT, context=context)
    else:
        client = smtplib.SMTP(host, parts.port or 25, timeout=_TIMEOUT)
    try:
        client.ehlo_or_helo_if_needed()
        safe = parts.scheme == "smtps"
        if not safe and client.has_extn("starttls"):
            client.starttls(context=context)
            client.ehlo()
            safe = True
        if parts.username:
            if not safe and host not in _HERE:
                raise smtplib.SMTPException("no TLS for a password")
            client.login(unquote(parts.username), unquote(parts.password or ""))
        yield client
    finally:
        client.close()


_BROKEN = "connection lost"


def _hand_over(client: smtplib.SMTP, sender: str, to: str, written: bytes) -> tuple[Outcome, str | None]:
    """Give the server one message; what came of it, and why, without an address."""
    handed = False
    try:
        for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>", "DATA"):
            code, _ = client.docmd(command)
            if code not in (250, 251, 252, 354):
                client.rset()
                return ("later" if 400 <= code < 500 else "dead"), f"{command.split()[0]} {code}"
        handed = True
        client.send(re.sub(rb"(?m)^\.", b"..", written) + b".\r\n")
        code, _ = client.getreply()
    except (OSError, smtplib.SMTPException):
        return ("unsure" if handed else "later"), _BROKEN
    if code == 250:
        return "sent", None
    return ("later" if 400 <= code < 500 else "dead"), f"message {code}"


def written_mail(letter: Letter, settings: Settings, now: datetime) -> bytes:
    """The mail: both languages, Chinese first, and where to read more. It names its reader nowhere but in `To`."""
    mail = EmailMessage(policy=SMTP)
    title, text = said(letter.kind, letter.subject, "zh", mailed=True)
    title_en, text_en = said(letter.kind, letter.subject, "en", mailed=True)
    mail["From"], mail["To"] = settings.mail_from, letter.to
    mail["Subject"] = f"法拍：{title} / {title_en}"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{letter.message_id}@{urlsplit(settings.public_url or '').hostname or 'fapai.localhost'}>"
    mail["Auto-Submitted"] = "auto-generated"
    path = address(letter.subject)
    link = f"\n\n{settings.public_url}{path}" if settings.public_url and path else ""
    mail.set_content(f"{text}\n\n{text_en}{link}\n", cte="base64")
    return mail.as_bytes()

"""Every setting is read here, from the environment, once, at start."""

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from .crypto import Keys


class SettingsError(Exception):
    """A setting is missing or contradicts another; the message names it and what would be right."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The program's settings; see README for their meaning."""

    data: Path
    database_url: str
    secret_key: str = field(repr=False)
    keys: Keys = field(repr=False)
    redis_url: str | None = None
    ruleset: str = "spc-2016"
    sandbox: bool = False
    timezone: str = "Asia/Shanghai"
    gateway: str = "sandbox"
    gateway_secret: str = field(default="", repr=False)
    public_url: str | None = None
    staff_mfa: bool = True
    #: After so long without use a session of staff ends; None: it does not.
    staff_idle: timedelta | None = None
    metrics_token: str | None = field(default=None, repr=False)
    trusted_proxies: int = 0
    bid_rate: float = 250.0
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Settings of an environment. In the sandbox missing secrets are made and kept under FAPAI_DATA.

        Raises SettingsError for a missing secret, an unreadable value or a forbidden combination.
        """
        data = Path(environ.get("FAPAI_DATA") or "./instance").absolute()
        sandbox = _flag(environ, "FAPAI_SANDBOX")
        gateway = environ.get("FAPAI_GATEWAY") or "sandbox"
        if gateway != "sandbox":
            raise SettingsError(
                "FAPAI_GATEWAY: the sandbox cannot run with a real gateway"
                if sandbox
                else f"FAPAI_GATEWAY: no gateway named {gateway!r}; known: sandbox"
            )
        data.mkdir(parents=True, exist_ok=True)
        url = environ.get("FAPAI_DATABASE_URL") or f"sqlite:///{data / 'fapai.db'}"
        if not url.startswith(("sqlite:", "postgresql+psycopg:", "postgresql:")):
            raise SettingsError("FAPAI_DATABASE_URL: must be a SQLAlchemy URL of SQLite or PostgreSQL (psycopg)")
        if url.startswith("postgresql:"):
            url = "postgresql+psycopg:" + url.removeprefix("postgresql:")
        secret = _Secrets(environ, data, sandbox)
        mfa = environ.get("FAPAI_STAFF_MFA") or ("optional" if sandbox else "required")
        if mfa not in ("required", "optional"):
            raise SettingsError("FAPAI_STAFF_MFA: must be required or optional")
        return cls(
            data=data,
            database_url=url,
            secret_key=secret.text("FAPAI_SECRET_KEY", "secret.key"),
            keys=Keys(
                master=secret.key("FAPAI_MASTER_KEY", "master.key"),
                match=secret.key("FAPAI_MATCH_KEY", "match.key"),
                log=secret.key("FAPAI_LOG_KEY", "log.key"),
            ),
            redis_url=environ.get("FAPAI_REDIS_URL") or None,
            ruleset=environ.get("FAPAI_RULESET") or "spc-2016",
            sandbox=sandbox,
            timezone=environ.get("FAPAI_TIMEZONE") or "Asia/Shanghai",
            gateway=gateway,
            gateway_secret=secret.text("FAPAI_GATEWAY_SECRET", "gateway.key"),
            public_url=(environ.get("FAPAI_PUBLIC_URL") or "").rstrip("/") or None,
            staff_mfa=mfa == "required",
            staff_idle=_idle(environ.get("FAPAI_STAFF_IDLE") or ("never" if sandbox else "15")),
            metrics_token=environ.get("FAPAI_METRICS_TOKEN") or None,
            trusted_proxies=_proxies(environ.get("FAPAI_TRUSTED_PROXIES") or "none"),
            bid_rate=_positive(environ.get("FAPAI_BID_RATE") or "250", "FAPAI_BID_RATE"),
            **_mail(environ),
        )


class _Secrets:
    def __init__(self, environ: Mapping[str, str], data: Path, sandbox: bool) -> None:
        self.environ, self.data, self.sandbox = environ, data, sandbox

    def text(self, name: str, filename: str) -> str:
        value = self.environ.get(name)
        if value:
            if len(value) < 32 and not self.sandbox:
                raise SettingsError(f"{name}: must be at least 32 characters")
            return value
        return self._kept(name, filename)

    def key(self, name: str, filename: str) -> bytes:
        value = self.environ.get(name) or self._kept(name, filename)
        try:
            key = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != 32:
            raise SettingsError(f"{name}: must be base64 of 32 bytes")
        return key

    def _kept(self, name: str, filename: str) -> str:
        if not self.sandbox:
            raise SettingsError(f"{name}: required outside the sandbox")
        folder = self.data / "keys"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / filename
        try:
            with open(path, "x", opener=lambda p, flags: os.open(p, flags, 0o600), encoding="ascii") as made:
                made.write(base64.b64encode(secrets.token_bytes(32)).decode("ascii"))
        except FileExistsError:
            pass
        return path.read_text("ascii").strip()


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name) or "0"
    if value not in ("0", "1"):
        raise SettingsError(f"{name}: must be 0 or 1")
    return value == "1"


def _proxies(value: str) -> int:
    if value == "none":
        return 0
    if value.isdigit() and int(value) <= 5:
        return int(value)
    raise SettingsError("FAPAI_TRUSTED_PROXIES: must be none or the number of proxies in front (at most 5)")


def _idle(value: str) -> timedelta | None:
    if value == "never":
        return None
    if value.isdigit() and 5 <= int(value) <= 120:
        return timedelta(minutes=int(value))
    raise SettingsError("FAPAI_STAFF_IDLE: must be minutes from 5 to 120, or never")


def _mail(environ: Mapping[str, str]) -> dict[str, str]:
    """Where mail is sent through, and from whom: `smtp://USER:PASSWORD@HOST:PORT`, or `smtps://` for TLS at once."""
    url, sender = environ.get("FAPAI_SMTP_URL") or "", environ.get("FAPAI_MAIL_FROM") or ""
    if not url:
        return {}
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SettingsError("FAPAI_SMTP_URL: must be smtp://[USER:PASSWORD@]HOST[:PORT], or smtps:// for TLS at once")
    if "@" not in sender or not sender.isprintable():
        raise SettingsError("FAPAI_MAIL_FROM: the sender's address is required where FAPAI_SMTP_URL is set")
    return {"smtp_url": url, "mail_from": sender}


def _positive(value: str, name: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not number > 0:
        raise SettingsError(f"{name}: must be a number above 0")
    return number

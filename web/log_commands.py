"""`fapai log`, `fapai witness`, `fapai monitor`: who watches the log of a site, and the programs that do."""

import base64
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auction.kernel.checkpoint import COSIGNATURE, Checkpoint, NoteError, VerifierKey
from auction.kernel.clock import SystemClock
from auction.kernel.crypto import Vault
from auction.services.key_rotation import rotate
from auction.services.log import seal
from auction.services.witnessing import drop_witness, name_witness

from . import following_log as follow
from .terminal import answered, say, tell, the_house
from .wiring import open_house


class _Key(click.ParamType[VerifierKey]):
    """A verifier key (C2SP), of a log or of a witness."""

    name = "verifier key"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> VerifierKey:
        if isinstance(value, VerifierKey):
            return value
        try:
            return VerifierKey.parse(str(value))
        except NoteError as error:
            self.fail(str(error), param, ctx)


_FILE = click.Path(dir_okay=False, path_type=Path)
_log_key = click.option("--log", "log", required=True, type=_Key(), help="The verifier key of the site's log.")
_state = click.option("--state", required=True, type=_FILE, help="Where to keep what was seen.")
_once = click.option("--once", is_flag=True, help="Look once and end.")
_every = click.option("--every", default=10.0, show_default=True, help="Seconds between two looks.")
_json = click.option("--json", "as_json", is_flag=True)


@click.group("log")
def log_group() -> None:
    """The public log of this site."""


@log_group.group("witness")
def log_witness() -> None:
    """Whose cosignatures count."""


@log_witness.command("name")
@click.argument("key")
@click.option("--url", default=None, help="Where it is asked to cosign each new head; without, it looks by itself.")
@_json
@answered
def name(key: str, url: str | None, as_json: bool) -> None:
    """Let the cosignatures of a witness count; KEY is its verifier key. Again with --url: ask it there from now on."""
    tell({"name": the_house().perform(name_witness, key, url)}, as_json)


@log_witness.command("drop")
@click.argument("name")
@_json
@answered
def drop(name: str, as_json: bool) -> None:
    """Take no more cosignatures of a witness."""
    the_house().perform(drop_witness, name)
    tell({"name": name}, as_json)


@log_group.command("rotate")
@click.argument("key_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_json
@answered
def rotate_key(key_file: Path, as_json: bool) -> None:
    """Let another key sign from now on. KEY_FILE holds it: base64 of 32 bytes.

    Stop every process of the site first. The statement that replaces the old key is signed by both and goes into the
    log. Afterwards FAPAI_LOG_KEY must be the new key; in the sandbox the key that is kept is replaced here.
    """
    house = the_house()
    old = house.settings
    try:
        new = replace(
            old, keys=replace(old.keys, log=base64.b64decode(key_file.read_text("ascii").strip(), validate=True))
        )
    except ValueError as error:
        raise click.UsageError(f"{key_file} does not hold base64 of 32 bytes: {error}") from None
    while house.perform(seal):
        pass
    told = house.perform(rotate, Vault(new.keys, os.urandom))
    kept_key = old.data / "keys" / "log.key"
    if old.sandbox and "FAPAI_LOG_KEY" not in os.environ:
        kept_key.write_text(base64.b64encode(new.keys.log).decode(), "ascii")
    after = open_house(new)
    while after.perform(seal):
        pass
    tell({"verifier_key": told}, as_json)
    say(f"from now on: FAPAI_LOG_KEY is what {key_file} holds; verifier key {told}")


@click.command()
@click.argument("site", required=False)
@click.option("--log", "logs", required=True, multiple=True, type=_Key(), help="The verifier key of the site's log.")
@_state
@click.option("--key", required=True, type=_FILE, help="The witness's own secret key; made where there is none.")
@click.option("--name", default=None, help="The witness's name, such as witness.example/court; once, with a new key.")
@click.option("--serve", default=None, metavar="HOST:PORT", help="Be asked there instead (c2sp.org/tlog-witness).")
@_once
@_every
@_json
@answered
def witness(
    site: str | None,
    logs: tuple[VerifierKey, ...],
    state: Path,
    key: Path,
    name: str | None,
    serve: str | None,
    once: bool,
    every: float,
    as_json: bool,
) -> None:
    """Keep the last head of a site's log and cosign what only appends to it; refuse and tell of anything else.

    SITE is the address to look at, such as https://fapai.example. With --serve the site asks instead, and --log may be
    repeated for keys that follow the first. The site's operator must name the witness first.
    """
    if (site is None) is (serve is None) or (site is not None and len(logs) > 1):
        raise click.UsageError("either a SITE to look at, with one --log, or --serve HOST:PORT to be asked at")
    signer = _signer(key, name)
    say(str(signer.key))
    if site is None:
        _be_asked(str(serve), logs, state, signer)
        return
    [log] = logs
    _look(
        site,
        state,
        lambda at: follow.witness(at, log, state, signer, SystemClock().machine()),
        None if once else every,
        as_json=as_json,
    )


def _be_asked(bind: str, logs: tuple[VerifierKey, ...], state: Path, signer: follow.Signer) -> None:
    """Serve the witness until it is stopped."""
    from gevent.pywsgi import WSGIServer

    from .witness_server import witness_app

    host, _, port = bind.rpartition(":")
    if not port.isdecimal():
        raise click.UsageError("--serve takes HOST:PORT")
    with follow.alone_with(state):
        app = witness_app(logs, state, signer, SystemClock())
        WSGIServer((host.strip("[]") or "127.0.0.1", int(port)), app, log=None).serve_forever()


@click.command()
@click.argument("site")
@_log_key
@_state
@click.option("--witness", "witnesses", multiple=True, type=_Key(), help="Who must have cosigned; may be repeated.")
@click.option("--receipt", "receipts", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_once
@_every
@_json
@answered
def monitor(
    site: str,
    log: VerifierKey,
    state: Path,
    witnesses: tuple[VerifierKey, ...],
    receipts: tuple[Path, ...],
    once: bool,
    every: float,
    as_json: bool,
) -> None:
    """Read every entry of a site's log as it grows, and check heads, witnesses and saved receipts against it."""
    saved = {path: json.loads(path.read_text("utf-8")) for path in receipts}

    def look(at: follow.Site) -> Checkpoint:
        head = follow.monitor(at, log, state)
        if witnesses:
            follow.witnessed(at, log, head, witnesses, SystemClock().machine())
        for path, receipt in saved.items():
            if not follow.included(at, receipt, head):
                say(f"{path}: tells no place in the log yet")
        return head

    _look(site, state, look, None if once else every, as_json=as_json)


def _look(
    site: str, state: Path, look: Callable[[follow.Site], Checkpoint], every: float | None, *, as_json: bool
) -> None:
    """Look once, or for ever (`every` seconds); the first thing that cannot be true ends it with status 1."""
    with follow.alone_with(state), follow.Site.at(site) as at:
        while True:
            try:
                head = look(at)
                _said({"outcome": "consistent", "size": head.size, "root": head.root.hex()}, as_json=as_json)
            except follow.Refused as error:
                evidence = state.with_name(f"{state.name}.refused")
                follow.keep(evidence, {"code": error.code, "detail": error.detail, "shown": error.shown})
                told = {"outcome": "refused", "code": error.code, "detail": error.detail, "evidence": str(evidence)}
                _said(told, as_json=as_json)
                sys.exit(1)
            except follow.Unreachable as error:
                _said({"outcome": "unreachable", "detail": str(error)}, as_json=as_json)
                if every is None:
                    sys.exit(1)
            if every is None:
                return
            time.sleep(every)


def _said(told: Mapping[str, object], *, as_json: bool) -> None:
    line = json.dumps(told, ensure_ascii=False) if as_json else "  ".join(f"{key}={told[key]}" for key in told)
    click.echo(line)


def _signer(path: Path, name: str | None) -> follow.Signer:
    """The key of a file, or a new one under a name: {"name", "key"}, the key as base64 of 32 bytes."""
    found = follow.kept(path)
    if not found:
        if name is None:
            raise click.UsageError(f"{path} does not exist: --name says what to call the witness whose key is made")
        found = {"name": name, "key": base64.b64encode(os.urandom(32)).decode()}
        follow.keep(path, found)
    elif name not in (None, found.get("name")):
        raise click.UsageError(f"{path} holds the key of {found.get('name')}, not of {name}")
    try:
        secret = Ed25519PrivateKey.from_private_bytes(base64.b64decode(found["key"], validate=True))
        return follow.Signer(
            VerifierKey(found["name"], secret.public_key().public_bytes_raw(), COSIGNATURE), secret.sign
        )
    except (LookupError, ValueError) as error:
        raise click.UsageError(f"{path} holds no key of a witness: {error}") from None

"""The commands of `fapai`. Exit status: 0 done, 1 refused by a rule or a check that failed, 2 wrong usage."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from auction.imports.tables import read_table
from auction.kernel.clock import FixedClock
from auction.kernel.crypto import Keys, sha256_hex
from auction.kernel.errors import Breach, DomainError
from auction.kernel.settings import Settings
from auction.kernel.unit import House
from auction.queries.sessions import staff_named
from auction.rules.access import ROLES
from auction.services import accounts
from auction.services.lot_import import import_lots
from bidding import replay as replays
from bidding import replay_package as packages
from bidding.evidence import Contradicted, export
from bidding.queries.audit import verify_all
from bidding.services.findings import flag_barred
from disclosure.services.attachments import clean_file
from risk.imports import import_file
from risk.services.written_rules import keep_rule

from . import errors, logs
from .backup import against, backup_command, note_in, restore_command, seen_outside
from .log_commands import log_group, monitor, witness
from .lot_import import report
from .risk_commands import risk
from .sale_protocol import protocol_pdf
from .terminal import answered, language, say, tell, the_house
from .wiring import check, open_house, upgrade


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fapai")
def fapai() -> None:
    """法拍: online judicial auctions, from disclosure to confirmation."""
    logs.configure()


for command in (risk, log_group, witness, monitor, backup_command, restore_command):
    fapai.add_command(command)


@fapai.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True)
@click.option("--no-scheduler", is_flag=True, help="Leave due work to another process.")
@answered
def serve(bind: str, no_scheduler: bool) -> None:
    """Serve the site."""
    from .serve import Serving, gevent_house

    if not bind.rpartition(":")[2].isdecimal():
        raise click.UsageError("--bind wants HOST:PORT")
    Serving(gevent_house(Settings.from_environ()), with_scheduler=not no_scheduler).run(bind)


@fapai.command()
@answered
def scheduler() -> None:
    """Carry out due work only, beside processes that serve with --no-scheduler; a second one stands by."""
    import gevent
    from gevent.event import Event

    from . import scheduler as timers
    from .serve import beside_loop, gevent_house

    house = gevent_house(Settings.from_environ())
    check(house)
    house.anchor()
    working = timers.start_alone(house, beside_loop(1))
    done = Event()
    for number in (15, 2):
        gevent.signal_handler(number, done.set)
    done.wait()
    working.stop()


@fapai.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), help="Where to keep it; a folder of its own by default.")
@click.option("--no-bots", is_flag=True, help="No simulated bidders.")
@answered
def demo(port: int, data: Path | None, no_bots: bool) -> None:
    """Show the site: sample courts, people and lots in the sandbox, one sale running live."""
    from .demo.showing import run

    run(port, data, bots=not no_bots)


@fapai.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@click.option("--json", "as_json", is_flag=True)
@answered
def db_upgrade(as_json: bool) -> None:
    """Bring the database to the present schema."""
    revision = upgrade(open_house(Settings.from_environ()))
    tell({"revision": revision}, as_json)


@fapai.group()
def court() -> None:
    """Courts."""


@court.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True)
@answered
def court_add(code: str, name: str, as_json: bool) -> None:
    """Enter a court."""
    court = the_house().perform(accounts.add_court, code, name)
    tell({"code": court.code, "name": court.name}, as_json)


@fapai.group()
def agency() -> None:
    """Auxiliary agencies."""


@agency.command("add")
@click.argument("uscc")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True)
@answered
def agency_add(uscc: str, name: str, as_json: bool) -> None:
    """Enter an auxiliary agency by its social credit code."""
    agency = the_house().perform(accounts.add_agency, uscc, name)
    tell({"uscc": agency.uscc, "name": agency.name}, as_json)


@fapai.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.argument("username")
@click.option("--role", required=True, type=click.Choice(sorted(ROLES)))
@click.option("--name", default="")
@click.option("--id-number", default=None)
@click.option("--court", default=None)
@click.option("--agency", default=None)
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
@click.option("--json", "as_json", is_flag=True)
@answered
def user_add(
    username: str,
    role: str,
    name: str,
    id_number: str | None,
    court: str | None,
    agency: str | None,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Make an account; bidders and parties need --name and --id-number."""
    from .auth import HASHER

    password = sys.stdin.readline().rstrip("\n")
    if len(password) < 8:
        raise DomainError("invalid", [Breach("password_short", "password")])
    house = the_house()
    hashed = HASHER.hash(password)
    if role in ("bidder", "party"):
        if not name or not id_number:
            raise click.UsageError("bidders and parties need --name and --id-number")
        id_type = "resident_id" if id_number[:17].isdecimal() else "uscc" if len(id_number) == 18 else "passport"
        facts = accounts.BidderFacts(username, name, id_type, id_number)
        account = house.perform(accounts.create_bidder, facts, hashed, role)
    else:
        account = house.perform(
            accounts.create_staff,
            username=username,
            role=role,
            name=name or username,
            password_hash=hashed,
            court=court,
            agency=agency,
        )
    tell({"id": account.id, "username": account.username, "role": account.role}, as_json)


@user.command("disable")
@click.argument("username")
@click.option("--reason", required=True)
@click.option("--json", "as_json", is_flag=True)
@answered
def user_disable(username: str, reason: str, as_json: bool) -> None:
    """Take an account's role away: its sessions end at once, on live sockets too."""
    account = the_house().perform(accounts.disable_account, username, reason)
    tell({"username": account.username, "disabled": True}, as_json)


@user.command("enable")
@click.argument("username")
@click.option("--reason", required=True)
@click.option("--json", "as_json", is_flag=True)
@answered
def user_enable(username: str, reason: str, as_json: bool) -> None:
    """Give a disabled account its role back."""
    account = the_house().perform(accounts.enable_account, username, reason)
    tell({"username": account.username, "disabled": False}, as_json)


@fapai.group()
def people() -> None:
    """The registry of those who may not bid (OJA 34)."""


@people.command("import")
@click.argument("kind", type=click.Choice(["staff", "relatives", "control"]))
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partial", is_flag=True, help="Store the good rows even where others are refused.")
@click.option("--json", "as_json", is_flag=True)
@answered
def people_import(kind: str, path: Path, partial: bool, as_json: bool) -> None:
    """Import a CSV; any refused row means nothing is stored, unless --partial."""
    report = import_file(the_house(), kind, path, partial, flag_barred)
    refused = (
        {
            "line": row.line,
            "field": row.field,
            "code": row.code,
            "detail": errors.sentence(row.code, row.facts, language()),
        }
        for row in report.refused
    )
    if as_json:  # one object, written row by row: a file may be refused a million times
        click.echo(f'{{"accepted": {report.accepted}, "refused": [', nl=False)
        for number, row in enumerate(refused):
            click.echo((", " if number else "") + json.dumps(row, ensure_ascii=False), nl=False)
        click.echo("]}")
    else:
        click.echo(f"{report.accepted} accepted")
        for row in refused:
            click.echo(f"line {row['line']}: {row['field'] or ''} {row['code']}: {row['detail']}")
    sys.exit(1 if report.refused else 0)


@fapai.group()
def lots() -> None:
    """Lots."""


@lots.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--court", required=True, help="The code of the court whose cases the lots belong to.")
@click.option("--as", "username", required=True, help="The judge or clerk in whose name they are entered.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--partial", is_flag=True, help="Enter the good rows even where others are refused.")
@click.option("--json", "as_json", is_flag=True)
@answered
def lots_import(path: Path, court: str, username: str, dry_run: bool, partial: bool, as_json: bool) -> None:
    """Enter the lots of a CSV or XLSX file; any refused row means nothing is stored, unless --partial."""
    house = the_house()
    data = path.read_bytes()
    actor = house.read(staff_named, court, username)
    table = read_table(data)
    look = house.perform(import_lots, actor, table, file_sha256=sha256_hex(data), dry_run=True)
    done = look
    if not dry_run and look.accepted and (partial or not look.refused):
        done = house.perform(import_lots, actor, table, file_sha256=sha256_hex(data), dry_run=False, partial=partial)
    told = report(done, language()) | {"dry_run": dry_run}
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(f"{len(told['lots'])} entered" if not dry_run else f"{told['accepted']} can be entered")
        for cell in told["refused"]:
            click.echo(f"line {cell['line']}: {cell['column'] or ''} {cell['code']}: {cell['detail']}")
    sys.exit(1 if told["refused"] else 0)


@fapai.group()
def rule() -> None:
    """Written rules that a ruleset names by their SHA-256."""


@rule.command("keep")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@answered
def rule_keep(path: Path, as_json: bool) -> None:
    """Keep the text of a written rule (PDF) for everybody to read, and print its SHA-256."""
    file = clean_file(path.read_bytes(), path.name)
    kept = the_house().perform(keep_rule, filename=file.filename, media_type=file.media_type, content=file.content)
    if as_json:
        tell({"sha256": kept.sha256, "filename": kept.filename}, as_json)
    else:
        click.echo(kept.sha256)


@fapai.command()
@click.argument("history", metavar="BIDS.csv|PACKAGE_DIR", type=click.Path(exists=True, path_type=Path))
@click.option("--terms", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The terms of a CSV.")
@click.option("--json", "as_json", is_flag=True)
@answered
def replay(history: Path, terms: Path | None, as_json: bool) -> None:
    """Run a recorded bid history, or the offers of an evidence package, through the same engine and rules.

    Of a package every decision is compared with the recorded one: exit status 1 where one differs. That its entries
    are genuine is what tools/fapai_verify.py checks.
    """
    lines = _package_lines(history) if history.is_dir() else _history_lines(history, terms)
    equal = True
    for line in lines:
        equal = equal and line.get("equal", True)
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else _table_row(line))
    sys.exit(0 if equal else 1)


def _history_lines(bids: Path, terms: Path | None) -> Iterator[dict[str, Any]]:
    if terms is None:
        raise click.UsageError("a history needs its --terms")
    rows, conditions = replays.read_bids(bids), replays.read_terms(terms)
    clock = FixedClock(replays.first_moment(conditions, rows))
    with private_house(clock) as house:
        yield from replays.Replay(house, clock, conditions).run(rows)


def _package_lines(folder: Path) -> Iterator[dict[str, Any]]:
    package = packages.read_package(folder)
    clock = FixedClock(packages.first_moment(package))
    with private_house(clock) as house:
        yield from packages.PackageReplay(house, clock, package).run()


@contextmanager
def private_house(clock: FixedClock) -> Iterator[House]:
    """An empty house of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fapai-replay-") as folder:
        private = Settings(
            data=Path(folder),
            database_url=f"sqlite:///{folder}/replay.db",
            secret_key="",
            keys=Keys(*(os.urandom(32) for _ in range(3))),
        )
        house = open_house(private, clock=clock)
        upgrade(house)
        try:
            yield house
        finally:
            house.engine.dispose()
            house.reader.dispose()


def _table_row(line: dict[str, Any]) -> str:
    return "  ".join(f"{name}={value}" for name, value in line.items() if value is not None)


@fapai.group()
def audit() -> None:
    """The journal and the log."""


@audit.command("verify")
@seen_outside
@click.option("--json", "as_json", is_flag=True)
@answered
def audit_verify(seen: Path | None, as_json: bool) -> None:
    """Recompute every chain, tree and signature in the database.

    A tail that was cut off whole is found only with a head kept outside (--head).
    """
    house = the_house()
    report = house.read(verify_all, house.vault.public_key)
    if seen is not None:
        told = house.read(against, note_in(seen), house.vault.public_key)
        report.that(told is None, "signed head (the one seen outside)", told or "")
        report.checked["heads"] += 1
    if as_json:
        click.echo(json.dumps(report.as_data(), ensure_ascii=False))
    else:
        for failure in report.failures:
            click.echo(f"{failure.where}: {failure.what}")
        click.echo("verified" if report.ok else f"FAILED: {report.failed}")
    sys.exit(0 if report.ok else 1)


@audit.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--auction", default=None)
@click.option("--anyway", is_flag=True, help="Write it, marked as contradicting, though rows and entries differ.")
@click.option("--json", "as_json", is_flag=True)
@answered
def audit_export(folder: Path, auction: str | None, anyway: bool, as_json: bool) -> None:
    """Write the evidence package of one auction, or of every announced one, into a folder.

    Where the database tells other than its own journal nothing is written, and each contradiction is named.
    """
    house = the_house()
    printer = partial(protocol_pdf, sandbox=house.settings.sandbox)
    try:
        written = [str(path) for path in export(house, folder, auction, anyway=anyway, printer=printer)]
    except Contradicted as error:
        for failure in error.failures:
            say(str(failure))
        say("contradicting: no evidence was written (--anyway writes it, marked)")
        sys.exit(1)
    if as_json:
        tell({"written": written}, as_json)
        return
    for path in written:
        click.echo(path)

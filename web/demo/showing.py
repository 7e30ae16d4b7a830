"""Makes the demonstration and serves it; simulated bidders raise beside the visitor, a model of prices is trained."""

import os
import random
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
import gevent
from gevent import subprocess
from sqlalchemy import select

from auction.kernel.settings import Settings
from auction.models import Account, Auction
from bidding.models import Registration
from bidding.queries.rooms import room_of
from bidding.rules.room import least_bid

from ..serve import Serving, gevent_house
from ..wiring import upgrade
from .people import PASSWORD
from .samples import sample_prices, samples
from .stage import stage


def _bots(serving: Serving, auction_id: str) -> None:
    """Simulated bidders: one of them raises every half minute or so, until the price is where they stop."""
    rng = random.Random()  # noqa: S311 - simulated bidders hold no secrets
    ceiling = samples()["flat"].reference * 115
    while True:
        gevent.sleep(rng.uniform(15, 45))
        auction = serving.house.read(lambda session: session.get_one(Auction, auction_id))
        if auction.status != "open":
            return
        least = least_bid(room_of(auction))
        rivals = serving.house.read(_rivals, [f"bot{n}" for n in (1, 2, 3)])
        leader = auction.leader_registration_id
        free = [account for account, registrations in rivals.items() if leader not in registrations]
        if least <= ceiling and free:
            serving.desk.submit(auction_id, rng.choice(free), least, f"bot-{serving.house.ids.token()}")


def _rivals(session: Any, names: list[str]) -> dict[str, set[str]]:
    rows = session.execute(
        select(Account.id, Registration.id)
        .join(Registration, Registration.account_id == Account.id)
        .where(Account.username.in_(names))
    )
    found: dict[str, set[str]] = {}
    for account, registration in rows:
        found.setdefault(account, set()).add(registration)
    return found


def _train(folder: Path, environ: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Have a process of its own learn from the sample prices; the scheduler asks its model for the lots that wait."""
    path = folder / "sample-prices.csv"
    path.write_text(sample_prices(), "utf-8")
    command = [sys.executable, "-m", "web.cli", "risk", "train", "valuation", str(path)]
    command += ["--asset-type", "real_estate", "--prices", "sample", "--json"]
    around = {**os.environ, **environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=around)


def run(port: int, data: Path | None, *, bots: bool) -> None:
    """Make the demonstration and serve it until it is stopped."""
    keeping = nullcontext(str(data)) if data else tempfile.TemporaryDirectory(prefix="fapai-demo-")
    with keeping as folder:
        given = {name: os.environ.get(name, "") for name in ("FAPAI_TIMEZONE", "FAPAI_STAFF_IDLE")}
        environ = {"FAPAI_DATA": folder, "FAPAI_SANDBOX": "1", **given}
        house = gevent_house(Settings.from_environ(environ))
        upgrade(house)
        live, training = "", []
        if house.read(lambda session: session.scalar(select(Account.id).limit(1))) is None:
            live = stage(house, house.now())[1]
        serving = Serving(house)
        if bots and live:
            gevent.spawn(_bots, serving, live)

        def ready() -> None:
            _greet(port, live)
            if live:
                training.append(_train(Path(folder), environ))

        try:
            serving.run(f"127.0.0.1:{port}", ready=ready)
        except OSError as error:
            click.echo(f"127.0.0.1:{port}: {error.strerror}", err=True)
            sys.exit(1)
        finally:
            for process in training:
                process.terminate()
                process.wait()


def _greet(port: int, live: str) -> None:
    base = f"http://127.0.0.1:{port}"
    click.echo(f"法拍演示 / Fapai demo: {base}/")
    if live:
        click.echo(f"  竞价中 / live sale:   {base}/auctions/{live}/room")
    click.echo(f"  竞买人 / bidder:      bidder, bot1, bot2, bot3   密码 / password: {PASSWORD}")
    click.echo(f"  法院   / court:       judge1 … judge6, clerk, president   {PASSWORD}")
    click.echo(f"  其他   / others:      regulator, operator, agency   {PASSWORD}")
    click.echo("  Ctrl-C 结束 / stops it. 沙箱：支付为模拟，不得用于实际拍卖。")

"""The doors of a house under test, over an application that earlier tests have used: building one takes longer than
most tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from flask import Flask

from auction.kernel.settings import Settings
from auction.kernel.unit import House
from bidding.desk import Desk
from bidding.services import intake
from web.app import build, furnish
from web.gateway import SandboxGateway

#: Built applications that stand over no house, by their settings.
_free: dict[Settings, list[Flask]] = {}


@contextmanager
def doors(house: House) -> Iterator[Flask]:
    """The application over a house, its desk at work and its refunds sent."""
    gateway = SandboxGateway(house)
    house.subscribe("refund", gateway.on_refund)
    desk = Desk(house, "test:1")
    # Where its data lies is all in which the house of one test differs from the next one's.
    settings = replace(house.settings, data=Path("nowhere"), database_url="nowhere")
    free = _free.setdefault(settings, [])
    app = free.pop() if free else build(settings)
    furnish(app, house, gateway, desk)
    # The clock of a test skips days between two beats: that is no outage.
    with patch.object(intake, "LEASE", timedelta(days=3650)):
        desk.start()
        yield app
        desk.stop()
    free.append(app)

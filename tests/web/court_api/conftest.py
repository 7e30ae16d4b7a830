"""A court at the doors, and a judge of another court."""

from typing import Any

import pytest
from flask import Flask

from auction.kernel.unit import House, Unit
from tests.factories import a_court, an_account
from tests.web.caller import Caller, SignIn
from tests.web.court import CourtRoom


@pytest.fixture
def room(app: Flask, house: House, sign_in: SignIn) -> CourtRoom:
    return CourtRoom(house, sign_in)


@pytest.fixture
def foreign(house: House, sign_in: SignIn) -> Caller:
    """A judge of another court."""

    def make(unit: Unit) -> Any:
        return an_account(unit, "judge", court_code=a_court(unit, "3202", "无锡市中级人民法院").code)

    return sign_in(house.perform(make))

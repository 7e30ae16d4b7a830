"""The doors under test: the whole application over the house of either database, and people signed in to it."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from auction.kernel.unit import House
from auction.models import Account
from auction.services import accounts
from tests.web.caller import Caller, SignIn
from tests.web.doors import doors


@pytest.fixture
def app(house: House) -> Iterator[Flask]:
    """The application with its desk at work."""
    with doors(house) as made:
        yield made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask, house: House) -> SignIn:
    """Makes a caller of an account, with a real session; of None, somebody who is not signed in."""

    def made(account: Account | None) -> Caller:
        if account is None:
            return Caller(app.test_client())
        opened = house.perform(accounts.open_session, account.id, matches=True, code_holds=lambda _: None)
        assert isinstance(opened, accounts.Opened)
        return Caller(app.test_client(), opened.token)

    return made


@pytest.fixture
def anybody(app: Flask) -> Caller:
    return Caller(app.test_client())

"""All blueprints of the interface, joined to the application."""

from flask import Flask
from flask_smorest import Api

from . import sessions

_BLUEPRINTS = (sessions.blueprint,)


def join(app: Flask, api: Api) -> None:
    """Register every blueprint under `/api/v1`."""
    for blueprint in _BLUEPRINTS:
        api.register_blueprint(blueprint, url_prefix="/api/v1")

"""What every command of `fapai` shares: its language, its voice, and how refusals end."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from auction.kernel.errors import DomainError
from auction.kernel.settings import Settings, SettingsError
from auction.kernel.unit import House

from . import errors
from .wiring import check, open_house


def language() -> str:
    """`zh` or `en`, by LANG; Chinese first."""
    return "en" if os.environ.get("LANG", "").startswith("en") else "zh"


def say(message: str) -> None:
    """Tell the person at the terminal, on stderr: stdout is for answers."""
    click.echo(message, err=True)


def tell(done: Mapping[str, Any], as_json: bool) -> None:
    """What a command has done: one JSON object on stdout where that was asked for, else nothing."""
    if as_json:
        click.echo(json.dumps(done, ensure_ascii=False))


def answered(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn refusals into a sentence on stderr and exit status 1. A reader who has gone is none: click ends quietly."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except SettingsError as error:
            say(str(error))
        except DomainError as error:
            body = errors.problem(error, language())
            say(f"{body['code']}: {body['detail']}")
            for breach in body["errors"]:
                say(f"  {breach['field'] or ''} {breach['code']}: {breach['detail']}")
        except BrokenPipeError:
            raise
        except (OSError, SQLAlchemyError) as error:
            say(str(error))
        sys.exit(1)

    return run


def the_house() -> House:
    """The house of the settings in the environment. SettingsError where it is not to be used (`wiring.check`)."""
    house = open_house(Settings.from_environ())
    check(house)
    house.anchor()
    return house

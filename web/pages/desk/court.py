"""The blueprint of the judge's pages, and what they share: the lot or round an actor's court works on."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, url_for

from auction.kernel.errors import DomainError
from auction.rules.access import require
from bidding.queries.court import LotDesk, RoundDesk, lot_desk, round_desk

from ... import errors
from ...auth import house, may_open, me
from .. import forms
from ..forms import Entry
from ..stale import Stale

blueprint = Blueprint("desk", __name__, url_prefix="/desk")


def lot_of(lot_id: str) -> LotDesk:
    """The lot, if it is the actor's court's; DomainError not_found otherwise."""
    found = house().read(lot_desk, lot_id)
    if found is None:
        raise DomainError("not_found")
    require(me(), "lot.read_draft", court=found.lot.court_code)
    return found


def round_of(auction_id: str) -> RoundDesk:
    """The round, if it is the actor's court's; DomainError not_found otherwise."""
    found = house().read(round_desk, auction_id)
    if found is None:
        raise DomainError("not_found")
    require(me(), "lot.read_draft", court=found.lot.court_code)
    return found


def way_to(endpoint: str, **values: Any) -> str | None:
    """The address of a page, for those who may open it; nobody is sent to a page that refuses him."""
    return url_for(endpoint, **values) if may_open(endpoint) else None


def attempt(
    act: Callable[[], Any],
    show: Callable[[Entry], str],
    fields: tuple[str, ...],
    after: Callable[[Any], str],
    said: str | Callable[[Any], str],
    stale: Callable[[DomainError], Stale] | None = None,
) -> Any:
    """Do something and go on to the page `after` names; a refusal is shown on the page it came from, fields kept.

    `said` is what the reader is told there, or makes it of what was done. `stale`: how to show that what the form was
    made from has changed meanwhile; where what was typed says the same, there is nothing left to do.
    """
    try:
        done = act()
    except DomainError as error:
        if error.code in ("not_found", "unauthenticated", "fault"):
            raise
        if error.code != "changed_meanwhile" or stale is None:
            return show(forms.refused(error, fields)), errors.status_of(error.code)
        changed, done = stale(error), None
        if changed.rows:
            return changed.page(), errors.status_of(error.code)
    flash(said(done) if callable(said) else said, "lead")
    return redirect(after(done), 303)

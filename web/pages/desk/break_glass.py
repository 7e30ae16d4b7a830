"""Break-glass at the desk: proposing to open one identity before the end, and looking at it once it is approved."""

from typing import Any

from flask import render_template, url_for

from auction.kernel.errors import DomainError
from auction.rules.access import decide
from auction.rules.ruleset import load
from bidding.queries.break_glass import openings
from bidding.services.break_glass import Opened, open_identity, propose_opening

from ... import errors
from ...auth import house, me, policy
from ...schemas.break_glass import OpeningIn
from .. import forms
from ..forms import Entry
from ..language import _
from .court import attempt, blueprint, round_of

_FIELDS = ("bidder_code", "reason")


@blueprint.get("/auctions/<auction_id>/identities")
@policy("identity.openings")
def unsealing(auction_id: str) -> str:
    """What was proposed for a sale, and the form of a proposal."""
    return _page(auction_id, Entry())


def _page(auction_id: str, form: Entry, opened: Opened | None = None) -> str:
    desk, now = round_of(auction_id), house().now()
    numbers = load(house().settings.ruleset)
    return render_template(
        "desk/unsealing.html",
        lot=desk.lot,
        auction=desk.auction,
        items=house().read(openings, me(), numbers, now, auction_id),
        may_open=decide(me(), "identity.open", court=desk.lot.court_code) is None,
        minutes=numbers.seconds("break_glass_open") // 60,
        opened=opened,
        form=form,
        now=now,
    )


@blueprint.post("/auctions/<auction_id>/identities")
@policy("identity.open")
def propose_unsealing(auction_id: str) -> Any:
    """Propose an opening; a regulator approves."""

    def act() -> Any:
        payload, wrong = forms.read(dict.fromkeys(_FIELDS, forms.text))
        return house().perform(propose_opening, me(), auction_id, **forms.load(OpeningIn(), payload, wrong))

    return attempt(
        act,
        lambda form: _page(auction_id, form),
        _FIELDS,
        lambda _done: url_for("desk.unsealing", auction_id=auction_id),
        _("已提请，须由监管人员批准后方可查看。"),
    )


@blueprint.post("/auctions/<auction_id>/identities/<approval_id>")
@policy("identity.open")
def unseal(auction_id: str, approval_id: str) -> Any:
    """Show, this once, who stands behind the code; the look is journaled."""
    try:
        opened = house().perform(open_identity, me(), approval_id)
    except DomainError as error:
        if error.code != "wrong_state":
            raise
        return _page(auction_id, forms.refused(error, ())), errors.status_of(error.code)
    return _page(auction_id, Entry(), opened)

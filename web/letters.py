"""A letter at any door: written by the query, set as PDF beside the loop."""

from typing import Any

from flask import Response, current_app, make_response

from auction.kernel.crypto import canonical, sha256_hex
from auction.rules.calendar import shanghai_day
from auction.rules.ruleset import load
from bidding.queries.letters import Asked, letter
from disclosure.services.letters import Printing, record_printing

from .auth import house, me
from .documents import letter_pdf


def printed(
    lot_id: str, kind: str, recipient: int | None = None, auction_id: str | None = None, decision: str | None = None
) -> Response:
    """The PDF of a letter of a lot, for its own court; never kept by a browser, as it names people.

    That it was printed is recorded before it is handed out.
    """
    wired = house()
    now, ruleset = wired.now(), load(wired.settings.ruleset)
    written: dict[str, Any] = wired.read(
        letter, me(), lot_id, Asked(kind, recipient, auction_id, decision), ruleset, now
    )
    printing = Printing(
        kind=kind,
        version=written.pop("wording_version"),
        recipient=recipient,
        role=written.pop("recipient_role"),
        auction_id=auction_id,
        sha256=sha256_hex(canonical(written)),
    )
    wired.perform(record_printing, me(), lot_id, printing)
    written["sandbox"] = wired.settings.sandbox
    answer = make_response(current_app.extensions["beside"](letter_pdf, written, shanghai_day(now)))
    answer.mimetype = "application/pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="{kind}-{lot_id}.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    return answer

"""`/audit/entries`: the journal for the regulator."""

from typing import Any

from flask import Response, jsonify

from bidding.queries.journal_entries import JournalFilter, journal_page
from bidding.services.entry_looked_up import look_up_entry

from ..auth import house, me, policy
from ..journal_words import said_kind
from ..schemas.conflicts import PurposeQuery
from ..schemas.journal import JournalOut, JournalQuery, WholeEntryOut
from .spec import Blueprint, language

blueprint = Blueprint("journal", __name__, description="The journal")


@blueprint.get("/audit/entries")
@policy("journal.read")
@blueprint.arguments(JournalQuery, location="query")
@blueprint.response(200, JournalOut)
def list_entries(query: dict[str, Any]) -> Response:
    """Entries, the newest first. Private ones tell no body, and nothing at all before what they belong to has ended."""
    before, most = query.pop("before"), query.pop("page_size")
    page = house().read(journal_page, JournalFilter(**query), before, most)
    items = [item | {"title": said_kind(item["kind"], language()) if item["kind"] else None} for item in page.items]
    return jsonify({"items": items, "before": page.before})


@blueprint.get("/audit/entries/<stream>/<int:number>")
@policy("journal.look_up")
@blueprint.arguments(PurposeQuery, location="query")
@blueprint.response(200, WholeEntryOut)
def get_entry(query: dict[str, str], stream: str, number: int) -> Response:
    """One entry in full, for a purpose; of a private one the look-up is an entry itself. 409 before the end."""
    found = house().perform(look_up_entry, me(), stream, number, query["purpose"])
    return jsonify(found | {"title": said_kind(found["kind"], language())})

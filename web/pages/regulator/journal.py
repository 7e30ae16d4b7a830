"""The journal: every entry, sifted; a private one for a purpose, which is journaled."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request, url_for

from auction.kernel.errors import DomainError
from auction.rules.calendar import midnight
from bidding.queries.journal_entries import JournalFilter, journal_page
from bidding.services.entry_looked_up import look_up_entry

from ... import errors
from ...auth import house, me, policy
from ...journal_words import kinds, said_kind
from ...schemas.conflicts import PurposeQuery
from ...schemas.journal import JournalPageQuery
from .. import forms
from ..forms import Entry
from ..language import language
from .frame import blueprint

_PAGE_SIZE = 50
_FILTERS = ("kind", "stream", "from", "to", "private")


@blueprint.get("/journal")
@policy("journal.read")
def journal() -> Any:
    """The entries that fit, the newest first."""
    asked = {name: request.args.get(name, "").strip() for name in (*_FILTERS, "before")}
    form, query, status = Entry(asked), {"before": None}, 200
    try:
        query = forms.load(JournalPageQuery(), {name: value for name, value in asked.items() if value})
    except DomainError as error:
        form, status = forms.refused(error, _FILTERS, asked), errors.status_of(error.code)
    before, _size = query.pop("before"), query.pop("page_size", None)
    page = house().read(journal_page, _wanted(query), before, _PAGE_SIZE)
    tongue = language()
    shown = render_template(
        "regulator/journal.html",
        form=form,
        items=[item | {"title": said_kind(item["kind"], tongue) if item["kind"] else None} for item in page.items],
        kinds=kinds(tongue),
        older=_older(asked, page.before),
    )
    return shown, status


def _older(asked: dict[str, str], before: int | None) -> str | None:
    """The address of the next page."""
    query = {name: value for name, value in asked.items() if value} | {"before": str(before)}
    return f"{url_for('regulator.journal')}?{urlencode(query)}" if before else None


def _wanted(query: dict[str, Any]) -> JournalFilter:
    """The filter of what was asked for in days."""
    since, until = query.pop("since", None), query.pop("until", None)
    return JournalFilter(
        **query,
        since=midnight(since) if since else None,
        until=midnight(until + timedelta(days=1)) if until else None,
    )


@blueprint.get("/journal/<stream>/<int:number>")
@policy("journal.look_up")
def journal_entry(stream: str, number: int) -> Any:
    """One entry, for a purpose, which is asked for first."""
    form = Entry()
    if "purpose" in request.args:
        try:
            query = forms.load(PurposeQuery(), {"purpose": request.args["purpose"]})
        except DomainError as error:
            form = forms.refused(error, ("purpose",))
        else:
            found = house().perform(look_up_entry, me(), stream, number, query["purpose"])
            title = said_kind(found["kind"], language())
            return render_template("regulator/journal_entry.html", found=found, title=title, purpose=query["purpose"])
    shown = {"stream": stream, "number": number, "form": form}
    return render_template("regulator/journal_purpose.html", **shown), 422 if form.wrong else 200

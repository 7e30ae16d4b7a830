"""Open data for machines: feeds, nightly files, their schema, the map of the site; and pages that say how."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, render_template, request, send_file, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response as BaseResponse

from auction.kernel.crypto import b64
from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import House
from auction.models import Court
from bidding.queries.finding import LotFilter
from bidding.queries.market import courts
from bidding.queries.open_data import announced_lots, announced_pages, feed_lots

from .. import bulk, feeds
from ..answering import LANGUAGES
from ..auth import house, policy
from ..schemas.public import FeedQuery
from . import forms
from .finding import said
from .language import _
from .sharing import site_address

blueprint = Blueprint("data", __name__)

#: Entries of a feed; events of a calendar; addresses in one file of the site's map (sitemaps.org), for a minute kept.
_ATOM, _CALENDAR, SITEMAP = 100, 500, 50_000
_KEPT = 60
_PAGES = (
    *(
        "site.home",
        "site.calendar",
        "site.map_page",
        "site.results",
        "site.guide",
        "site.log",
        "figures.show",
        "disturbances.show",
    ),
    *("decisions.published", "practice.show", "verify.show", "data.about", "data.interface"),
)


def _kept(body: bytes, kind: str) -> Response:
    """An answer that may be kept for a minute, and is not sent again to whoever has it."""
    response = Response(body, content_type=kind)
    response.cache_control.public, response.cache_control.max_age = True, _KEPT
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]


def _wanted(court: str | None = None) -> LotFilter:
    """The filters of a feed. DomainError invalid, naming it, for one there is none of or that is not understood."""
    wanted: LotFilter = forms.load(FeedQuery(), {name: ",".join(values) for name, values in request.args.lists()})
    if court is None:
        return wanted
    if wanted.court not in (None, court):
        raise invalid("court", "not_one_of", allowed=[court])
    return replace(wanted, court=court)


def _atom(court: str | None) -> Response:
    wired, address = house(), site_address()
    now, wanted = wired.now(), _wanted(court)
    known = wired.read(courts)
    _check_court(court, known)
    lots = wired.read(feed_lots, now, wanted, _ATOM)
    here = f"{address}{request.full_path.rstrip('?')}"
    with force_locale(LANGUAGES["zh"]):
        title = "·".join(("法拍", *([text for _name, _value, text in said(wanted, known)] or ["拍卖公告"])))
    body = feeds.atom(lots, address=address, here=here, now=now, title=title)
    return _kept(body, "application/atom+xml; charset=utf-8")


def _calendar(court: str | None) -> Response:
    wired, address = house(), site_address()
    _check_court(court, wired.read(courts))
    now = wired.now()
    lots = wired.read(feed_lots, now, _wanted(court), _CALENDAR)
    host = urlsplit(address).hostname or "fapai.localhost"
    return _kept(feeds.calendar(lots, address=address, host=host, now=now), "text/calendar; charset=utf-8")


def _check_court(code: str | None, known: Sequence[Court]) -> None:
    """DomainError not_found where a path names a court there is none of."""
    if code is not None and all(court.code != code for court in known):
        raise DomainError("not_found")


@blueprint.get("/feeds/lots.atom")
@policy("public.read")
def lots_atom() -> Response:
    """The latest announcements as Atom; every filter of `GET /lots`, and the search's `box` and sections."""
    return _atom(None)


@blueprint.get("/feeds/courts/<court>/lots.atom")
@policy("public.read")
def court_atom(court: str) -> Response:
    """The same of one court."""
    return _atom(court)


@blueprint.get("/feeds/lots.ics")
@policy("public.read")
def lots_calendar() -> Response:
    """The times of bidding as a calendar, with the same filters."""
    return _calendar(None)


@blueprint.get("/feeds/courts/<court>/lots.ics")
@policy("public.read")
def court_calendar(court: str) -> Response:
    """The same of one court."""
    return _calendar(court)


@blueprint.get("/data")
@policy("public.read")
def about() -> str:
    """What open data there is, in which form, under which licence."""
    known = house().read(courts)
    return render_template(
        "data/about.html",
        manifest=bulk.manifest(house()),
        due=f"{bulk.DUE:%H:%M}",
        announced=house().read(announced_pages, 1),
        courts=known,
        address=site_address(),
    )


@blueprint.get("/data/<any('lots.jsonl', 'lots.csv'):name>")
@policy("public.read")
def file(name: str) -> BaseResponse:
    """A file of the set in force; its hash is its ETag. 404 before the first night."""
    wired, kept = house(), _in_force(house(), name)
    answer = send_file(
        bulk.folder(wired) / kept["file"],
        mimetype=bulk.TYPES[name],
        as_attachment=True,
        download_name=name,
        etag=kept["sha256"],
        max_age=_KEPT,
    )
    answer.headers["Repr-Digest"] = f"sha-256=:{b64(bytes.fromhex(kept['sha256']))}:"
    return answer


@blueprint.get("/data/<any('lots.jsonl', 'lots.csv'):name>.sha256")
@policy("public.read")
def digest(name: str) -> Response:
    """The hash of a file of the set in force, as `sha256sum` reads it."""
    return _kept(f"{_in_force(house(), name)['sha256']}  {name}\n".encode(), "text/plain; charset=utf-8")


@blueprint.get("/data/lots.schema.json")
@policy("public.read")
def lots_schema() -> Response:
    """The JSON Schema of a line of lots.jsonl."""
    return _kept(current_app.json.dumps(bulk.schema()).encode(), "application/schema+json")


def _in_force(wired: House, name: str) -> dict[str, Any]:
    made = bulk.manifest(wired)
    if made is None:
        raise DomainError("not_found")
    found: dict[str, Any] = made["files"][name]
    return found


@blueprint.get("/robots.txt")
@policy("public.read")
def robots() -> Response:
    """What crawlers may read: everything public; nothing behind a login, no acts."""
    closed = ("/me", "/desk", "/agency", "/regulator", "/registrations", "/login", "/register", "/language", "/look")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), f"Sitemap: {site_address()}/sitemap.xml"]
    return _kept("\n".join((*lines, "")).encode(), "text/plain; charset=utf-8")


@blueprint.get("/sitemap.xml")
@policy("public.read")
def sitemap() -> Response:
    """The site's map: an index of files with at most 50,000 addresses each."""
    pages = house().read(announced_pages, SITEMAP)
    files = [url_for("data.sitemap_part", part=number) for number in range(pages + 1)]
    return _kept(feeds.sitemap_index(site_address(), files), "application/xml; charset=utf-8")


@blueprint.get("/sitemap-<int:part>.xml")
@policy("public.read")
def sitemap_part(part: int) -> Response:
    """Part 0: the pages there always are; from 1 on: lots by id."""
    if part == 0:
        body = feeds.sitemap(site_address(), [(url_for(name), None) for name in _PAGES])
    else:
        rows = house().read(announced_lots, part - 1, SITEMAP) if part <= 100_000 else []
        if not rows:
            raise DomainError("not_found")
        body = feeds.sitemap(site_address(), [(url_for("site.lot", lot_id=key), at) for key, at in rows])
    return _kept(body, "application/xml; charset=utf-8")


@blueprint.get("/api")
@policy("public.read")
def interface() -> str:
    """The interface for people: what `/api/v1/openapi.json` says, as a page."""
    return render_template("data/interface.html", groups=_groups())


def _groups() -> dict[str, list[dict[str, Any]]]:
    """The operations of the interface by their tag, in the order of their paths."""
    spec = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in sorted(spec["paths"].items()):
        for method, operation in methods.items():
            if isinstance(operation, dict) and "responses" in operation:
                groups.setdefault((operation.get("tags") or [""])[0], []).append(_operation(path, method, operation))
    return dict(sorted(groups.items()))


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    statuses = [str(getattr(status, "value", status)) for status in operation["responses"] if status != "default"]
    return {
        "path": path,
        "method": method.upper(),
        "summary": " ".join(part for part in (operation.get("summary"), operation.get("description")) if part),
        "signed_in": "security" in operation,
        "query": [one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"],
        "body": [_schema_name(kind["schema"]) for kind in body.values()],
        "statuses": statuses,
    }


def _schema_name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2] or _("文件")

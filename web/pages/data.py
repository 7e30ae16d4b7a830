"""Open data for machines: feeds, nightly files, their schema, the map of the site; and pages that say how."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as BaseResponse

from auction.kernel.crypto import b64
from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import House
from auction.rules.lot import AssetType
from bidding.queries.market import courts
from bidding.queries.open_data import FeedFilter, announced_lots, announced_pages, feed_lots

from .. import bulk, feeds
from ..auth import house, policy
from .language import _
from .sharing import site_address

blueprint = Blueprint("data", __name__)

#: Entries of a feed; events of a calendar; addresses in one file of the site's map (sitemaps.org), for a minute kept.
_ATOM, _CALENDAR, SITEMAP = 100, 500, 50_000
_KEPT = 60
_LONGEST = 50
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


def _wanted(court: str | None = None) -> FeedFilter:
    """The filters of a feed. DomainError invalid for a kind of lot there is none of, or what no name is."""
    given = {name: request.args.get(name, "").strip() for name in ("court", "asset_type", "region")}
    for name, value in given.items():
        if len(value) > _LONGEST or not value.isprintable():
            raise invalid(name, "invalid")
    if given["asset_type"] and given["asset_type"] not in set(AssetType):
        raise invalid("asset_type", "not_one_of", allowed=tuple(AssetType))
    return FeedFilter(court or given["court"] or None, given["asset_type"] or None, given["region"])


def _atom(court: str | None) -> Response:
    wired, address = house(), site_address()
    now = wired.now()
    name = _court_name(court)
    lots = wired.read(feed_lots, now, _wanted(court), _ATOM)
    here = f"{address}{request.full_path.rstrip('?')}"
    title = f"法拍·{name}" if name else "法拍·拍卖公告"
    body = feeds.atom(lots, address=address, here=here, now=now, title=title)
    return _kept(body, "application/atom+xml; charset=utf-8")


def _calendar(court: str | None) -> Response:
    wired, address = house(), site_address()
    _court_name(court)
    now = wired.now()
    lots = wired.read(feed_lots, now, _wanted(court), _CALENDAR)
    host = urlsplit(address).hostname or "fapai.localhost"
    return _kept(feeds.calendar(lots, address=address, host=host, now=now), "text/calendar; charset=utf-8")


def _court_name(code: str | None) -> str:
    """A court's name; DomainError not_found where a path names none that there is."""
    if code is None:
        return ""
    name = next((court.name for court in house().read(courts) if court.code == code), None)
    if name is None:
        raise DomainError("not_found")
    return name


@blueprint.get("/feeds/lots.atom")
@policy("public.read")
def lots_atom() -> Response:
    """The latest announcements as Atom; `court`, `asset_type` and `region` as in `GET /lots`."""
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
    return render_template("data/about.html", manifest=bulk.manifest(house()), courts=known, address=site_address())


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
    return groups


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

"""Pages for anybody: one lot, its bids, the public log, the confirmation; language and appearance."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from auction.kernel.errors import DomainError
from auction.models import Auction
from auction.queries.log import entries, latest_checkpoint, leaf, verifier_key, witnesses
from auction.rules.ruleset import load
from bidding.queries.auctions import auction_resource
from bidding.queries.course import extensions
from bidding.queries.following import follows_court, follows_lot
from bidding.queries.lot_page import LotPage, bids, latest_auction, lot_page, version_of_lot, version_of_round
from bidding.queries.lots import counters
from bidding.queries.receipts import confirmation as published
from bidding.queries.room_page import own_registration
from bidding.queries.unsold_view import after_unsold

from ..auth import current_actor, house, policy
from ..documents import confirmation_pdf
from . import auxiliary_view, clearance_view, cost_view, lot_view, place_view, plain_view, valuation_view
from .course_view import moved_by
from .forms import Entry
from .kept import kept
from .language import today
from .sharing import shared, site_address

blueprint = Blueprint("site", __name__)

_YEAR = 365 * 24 * 3600
_LANGUAGES = ("zh", "en")
_APPEARANCE = {"theme": ("", "light", "dark"), "size": ("", "large")}
#: Entries of the log on one page; sealed ones that follow each other take one line.
_LOG_SHOWN = 100


@blueprint.get("/lots/<lot_id>")
@policy("public.read")
def lot(lot_id: str) -> Response | str:
    """The page of a lot: its latest announced round."""
    return kept(partial(house().read, version_of_lot, lot_id), partial(page_of_lot, lot_id), _count_look)


def page_of_lot(lot_id: str, form: Entry | None = None, alike: Sequence[str] = ()) -> str:
    """The page of a lot; `form`: a question not yet asked, as it was typed; `alike`: questions that ask the same."""
    auction_id = house().read(latest_auction, lot_id)
    if auction_id is None:
        raise DomainError("not_found")
    return _lot_page(auction_id, form, alike)


@blueprint.get("/auctions/<auction_id>")
@policy("public.read")
def auction(auction_id: str) -> Response | str:
    """The page of a lot, showing one of its rounds."""
    return kept(partial(house().read, version_of_round, auction_id), partial(_lot_page, auction_id), _count_look)


def _count_look(version: tuple[str, ...]) -> None:
    """Count a look at a lot, which its version begins with."""
    if request.method == "GET":
        browser, address = request.headers.get("User-Agent", ""), request.remote_addr or ""
        day = house().clock.machine().date()
        current_app.extensions["views"].saw(version[0], address=address, browser=browser, today=day)


def _after(session: Session, auction_id: str, now: datetime) -> dict[str, Any] | None:
    return after_unsold(session, session.get_one(Auction, auction_id), now)


def _watched(session: Session, lot_id: str, court_code: str, account_id: str | None) -> dict[str, Any]:
    """How many look at and follow a lot, and whether the reader follows it and its court."""
    return {
        "counters": counters(session, lot_id, None),
        "lot": account_id is not None and follows_lot(session, account_id, lot_id),
        "court": account_id is not None and follows_court(session, account_id, court_code),
    }


def _lot_page(auction_id: str, form: Entry | None = None, alike: Sequence[str] = ()) -> str:
    page: LotPage | None = house().read(lot_page, auction_id)
    if page is None:
        raise DomainError("not_found")
    actor = current_actor()
    own = house().read(own_registration, auction_id, actor.id) if actor else None
    _count_look((page.lot.id,))
    now, ruleset = house().now(), load(house().settings.ruleset)
    cost = cost_view.view(page, now, "" if page.auction.status == "sold" else request.args.get("price", ""))
    found = house().read(clearance_view.of_round, auction_id, ruleset, today(now))
    worth = house().read(valuation_view.of_lot, page.lot.id, ruleset.name)
    clearance = clearance_view.public(found)
    shown = lot_view.view(page, now, actor, own)
    latest = house().read(latest_auction, page.lot.id) == auction_id
    visits = house().read(auxiliary_view.of_lot, page.lot.id, actor, now)
    return render_template(
        "lot/lot.html",
        **shown,
        shared=shared(site_address(), shown["lot"], shown["auction"], shown["photos"], latest=latest),
        plain=plain_view.summary(page, now, cost, clearance["risk"], worth),
        clearance=clearance,
        worth=worth,
        where=house().read(place_view.of_lot, page.lot, now),
        cost=cost,
        visits=visits,
        alike=[one for id in alike for one in visits["questions"] if one["id"] == id],
        visit_form=form or Entry(),
        after=house().read(_after, auction_id, now),
        moved=moved_by(house().read(extensions, auction_id)),
        watched=house().read(_watched, page.lot.id, page.lot.court_code, actor.id if actor else None),
    )


@blueprint.get("/auctions/<auction_id>/announcements/<int:edition>")
@policy("public.read")
def edition(auction_id: str, edition: int) -> str:
    """One edition of announcement, bidder notice and special notices, as it was published."""
    page: LotPage | None = house().read(lot_page, auction_id)
    found = next((one for one in page.editions if one.number == edition), None) if page else None
    if page is None or found is None:
        raise DomainError("not_found")
    return render_template(
        "lot/edition.html",
        **lot_view.heading(page, house().now()),
        edition=lot_view.edition_view(found),
        texts=lot_view.texts(found.document),
        special=lot_view.special_notices(found.document),
    )


@blueprint.get("/auctions/<auction_id>/bids")
@policy("public.read")
def all_bids(auction_id: str) -> str:
    """Every accepted bid of an auction, the newest first."""
    page: LotPage | None = house().read(lot_page, auction_id)
    if page is None:
        raise DomainError("not_found")
    most = 200
    before = request.args.get("before", type=int)
    found = house().read(bids, auction_id, most + 1, before)
    actor = current_actor()
    own = house().read(own_registration, auction_id, actor.id) if actor else None
    return render_template(
        "lot/bids.html",
        **lot_view.heading(page, house().now()),
        bids=found[:most],
        earlier=found[most - 1].seq if len(found) > most else None,
        moved=moved_by(house().read(extensions, auction_id)),
        first_is_leader=before is None and page.auction.leader_code is not None,
        my_code=own.bidder_code if own else None,
    )


@blueprint.get("/log")
@policy("public.read")
def log() -> str:
    """The public log: its last checkpoint, recent entries, and how to verify."""
    newest = house().read(latest_checkpoint)
    size = newest.size if newest else 0
    end = max(0, min(request.args.get("end", size, type=int), size))
    start = max(0, end - _LOG_SHOWN)
    rows = list(reversed(house().read(entries, start, end)))
    vault = house().vault
    return render_template(
        "log.html",
        newest=newest,
        witnesses=house().read(witnesses),
        verifier_key=house().read(verifier_key, house().vault.public_key),
        site_address=site_address(),
        shown=_folded(rows),
        start=start,
        end=end,
        size=size,
        key_id=vault.key_id,
        public_key=vault.public_key_pem,
    )


@blueprint.get("/log/<int:index>")
@policy("public.read")
def log_entry(index: int) -> str:
    """One leaf of the log: its bytes, its hash, and the proof that it stands in the newest signed head."""
    return render_template("log_entry.html", **house().read(leaf, index), key_id=house().vault.key_id)


@blueprint.get("/log/fapai.pem")
@policy("public.read")
def log_key() -> Response:
    """The public key, as the verifier takes it."""
    headers = {"Content-Disposition": 'attachment; filename="fapai.pem"'}
    return Response(house().vault.public_key_pem, mimetype="application/x-pem-file", headers=headers)


def _folded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries, the newest first, with each run of sealed ones as `{"sealed", "first", "last"}`."""
    shown: list[dict[str, Any]] = []
    for sealed, run in groupby(rows, lambda row: row["entry"]["kind"] == "sealed"):
        found = list(run)
        if sealed:
            shown.append({"sealed": len(found), "first": found[-1]["index"], "last": found[0]["index"]})
        else:
            shown += found
    return shown


@blueprint.get("/auctions/<auction_id>/confirmation")
@policy("public.read")
def confirmation(auction_id: str) -> str:
    """The confirmation of a sale, as published."""
    auction = house().read(auction_resource, auction_id, house().now())
    revoked = auction["ended_reason"] if auction["status"] == "revoked" else None
    return render_template("lot/confirmation.html", document=house().read(published, auction_id), revoked=revoked)


@blueprint.get("/auctions/<auction_id>/confirmation.pdf")
@policy("public.read")
def confirmation_file(auction_id: str) -> Response:
    """The same as an archival PDF."""
    document = house().read(published, auction_id)
    made = current_app.extensions["beside"](confirmation_pdf, document)
    name = f"confirmation-{auction_id}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(made, mimetype="application/pdf", headers=headers)


@blueprint.get("/language/<any(zh, en):code>")
@policy("public.read")
def speak(code: str) -> BaseResponse:
    """Switch the language and come back to the same page."""
    return _remember("lang", code)


@blueprint.get("/look")
@policy("public.read")
def look() -> BaseResponse:
    """Switch theme or size and come back to the same page."""
    for name, values in _APPEARANCE.items():
        if request.args.get(name) in values:
            return _remember(name, request.args[name])
    return _remember("theme", "")


def _remember(name: str, value: str) -> BaseResponse:
    answer = redirect(local_address(request.args.get("next", "")))
    if value:
        answer.set_cookie(name, value, max_age=_YEAR, samesite="Lax", secure=request.is_secure, httponly=True)
    else:
        answer.delete_cookie(name)
    return answer


def local_address(address: str) -> str:
    """The address if it is a path of this site, else the home page: nobody is sent elsewhere."""
    plain = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if plain else url_for("site.home")

"""Pages for anybody: what is for sale, one lot, its bids, the public log, the confirmation; language and appearance."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from auction.kernel.errors import DomainError
from auction.models import Auction
from auction.queries.log import entries, latest_checkpoint
from auction.rules.ruleset import load
from bidding.queries.auctions import auction_resource
from bidding.queries.lot_page import LotPage, bids, latest_auction, lot_page
from bidding.queries.market import SECTIONS, Card, Found, Wanted, courts, market
from bidding.queries.receipts import confirmation as published
from bidding.queries.room_page import own_registration
from bidding.queries.unsold_view import after_unsold

from ..auth import current_actor, house, policy
from ..documents import confirmation_pdf
from . import auxiliary_view, clearance_view, labels, lot_view, valuation_view
from .forms import Entry
from .language import _, distance, month, percent, today, weekday

blueprint = Blueprint("site", __name__)

_YEAR = 365 * 24 * 3600
_LANGUAGES = ("zh", "en")
_APPEARANCE = {"theme": ("", "light", "dark"), "size": ("", "large")}
#: Cards of a section of the home page, and of a list of its own.
_GLIMPSE = {"running": 12, "coming": 30, "ended": 10}
_PAGE = 24
#: Entries of the log on one page; sealed ones that follow each other take one line.
_LOG_SHOWN = 100


@blueprint.get("/")
@policy("public.read")
def home() -> str:
    """Running and coming lots, ended ones; search and filters by GET."""
    wanted = Wanted(
        q=_plain("q", 100),
        asset_type=_known("asset_type", labels.ASSET_TYPE),
        court=_plain("court", 64),
    )
    status = _known("status", labels.STATUS) or _known("status", dict.fromkeys(SECTIONS))
    now = house().now()
    page = max(1, request.args.get("page", 1, type=int))
    sections: dict[str, Any] = {"running": None, "coming": None, "listed": None}
    if status:
        found = house().read(market, now, wanted, status, page, _PAGE)
        sections["listed"] = _section(found, status, _title(status), paged=True)
    else:
        running, coming, ended = (house().read(market, now, wanted, name, 1, most) for name, most in _GLIMPSE.items())
        sections["running"] = _section(running, "running", "")
        sections["coming"] = _section(coming, "coming", "", days=_days(coming.items, now))
        if ended.total or wanted != Wanted():
            sections["listed"] = _section(ended, "ended", _("近期结束与中止"))
    chosen = {"q": wanted.q, "asset_type": wanted.asset_type, "court": wanted.court, "status": status}
    known = house().read(courts)
    return render_template(
        "home.html",
        **sections,
        now=now,
        courts=known,
        filters={**chosen, "any": any(chosen.values()), "summary": _summary(chosen, known)},
        filter_link=_links(chosen),
        page_link=lambda number: _links(chosen)(page=str(number)),
    )


def _plain(name: str, most: int) -> str:
    """A word of the query, without what no database can look for."""
    return "".join(filter(str.isprintable, request.args.get(name, "")[:most])).strip()


def _known(name: str, values: Any) -> str:
    found = request.args.get(name, "")
    return found if found in values else ""


def _title(status: str) -> str:
    sections = {"running": _("正在竞价"), "coming": _("即将开拍"), "ended": _("近期结束与中止")}
    return sections.get(status) or str(labels.STATUS[status])


def _section(found: Found, status: str, title: str, *, paged: bool = False, **more: Any) -> dict[str, Any]:
    shown = [{**{name: getattr(card, name) for name in card.__slots__}, "ratio": _ratio(card)} for card in found.items]
    return {
        "items": shown,
        "total": found.total,
        "page": found.page,
        "page_size": found.page_size,
        "status": status,
        "title": title,
        "paged": paged,
        **more,
    }


def _ratio(card: Card) -> str | None:
    return percent(card.price_fen or card.reserve_price_fen, card.reference_price_fen)


def _days(cards: list[Card], now: datetime) -> list[dict[str, Any]]:
    """Coming lots by the day on which they open."""
    days = []
    for day, items in groupby(cards, lambda card: today(card.opens_at)):
        name = _("%(month)s 月 %(weekday)s", month=month(day), weekday=weekday(day))
        days.append({"number": day.day, "name": name, "distance": distance(day, today(now)), "items": list(items)})
    return days


def _links(chosen: dict[str, str]) -> Callable[..., str]:
    def link(**changes: str) -> str:
        query = {name: value for name, value in {**chosen, **changes}.items() if value}
        return url_for("site.home") + (f"?{urlencode(query)}" if query else "")

    return link


def _summary(chosen: dict[str, str], known: list[Any]) -> str:
    names = [
        str(labels.ASSET_TYPE.get(chosen["asset_type"], "")),
        next((court.name for court in known if court.code == chosen["court"]), ""),
        _title(chosen["status"]) if chosen["status"] else "",
    ]
    return "·".join(name for name in names if name) or _("全部类型、法院和状态")


@blueprint.get("/lots/<lot_id>")
@policy("public.read")
def lot(lot_id: str) -> str:
    """The page of a lot: its latest announced round."""
    return page_of_lot(lot_id)


def page_of_lot(lot_id: str, form: Entry | None = None, alike: Sequence[str] = ()) -> str:
    """The page of a lot; `form`: a question not yet asked, as it was typed; `alike`: questions that ask the same."""
    auction_id = house().read(latest_auction, lot_id)
    if auction_id is None:
        raise DomainError("not_found")
    return _lot_page(auction_id, form, alike)


@blueprint.get("/auctions/<auction_id>")
@policy("public.read")
def auction(auction_id: str) -> str:
    """The page of a lot, showing one of its rounds."""
    return _lot_page(auction_id)


def _after(session: Session, auction_id: str, now: datetime) -> dict[str, Any] | None:
    return after_unsold(session, session.get_one(Auction, auction_id), now)


def _lot_page(auction_id: str, form: Entry | None = None, alike: Sequence[str] = ()) -> str:
    page: LotPage | None = house().read(lot_page, auction_id)
    if page is None:
        raise DomainError("not_found")
    actor = current_actor()
    own = house().read(own_registration, auction_id, actor.id) if actor else None
    now, ruleset = house().now(), load(house().settings.ruleset)
    found = house().read(clearance_view.of_round, auction_id, ruleset, today(now))
    worth = house().read(valuation_view.of_lot, page.lot.id, ruleset.name)
    visits = house().read(auxiliary_view.of_lot, page.lot.id, actor, now)
    return render_template(
        "lot/lot.html",
        **lot_view.view(page, now, actor, own),
        clearance=clearance_view.public(found),
        worth=worth,
        visits=visits,
        alike=[one for id in alike for one in visits["questions"] if one["id"] == id],
        visit_form=form or Entry(),
        after=house().read(_after, auction_id, now),
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
        shown=_folded(rows),
        start=start,
        end=end,
        size=size,
        key_id=vault.key_id,
        public_key=vault.public_key_pem,
    )


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

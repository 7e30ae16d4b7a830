"""Feeds of announced lots: Atom for readers, iCalendar for calendars. Both follow the filters of `GET /lots`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from auction.kernel.clock import SHANGHAI, iso, parse
from auction.kernel.money import yuan

_ATOM = "http://www.w3.org/2005/Atom"
_ROUNDS = {"first": "第一次拍卖", "second": "第二次拍卖", "sell_off": "变卖"}
register_namespace("", _ATOM)


def atom(lots: Iterable[Mapping[str, Any]], *, address: str, here: str, now: datetime, title: str) -> bytes:
    """An Atom feed (RFC 4287). `address`: of the site; `here`: of this feed; `now`: where nothing was announced."""
    found = list(lots)
    feed = Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "zh-CN"})
    _text(feed, "id", here)
    _text(feed, "title", title)
    _text(feed, "updated", max((_changed(lot) for lot in found), default=iso(now)))
    _link(feed, here, "self", "application/atom+xml")
    _link(feed, address, "alternate", "text/html")
    author = SubElement(feed, f"{{{_ATOM}}}author")
    _text(author, "name", "法拍")
    for lot in found:
        auction = lot["auction"]
        entry = SubElement(feed, f"{{{_ATOM}}}entry")
        _text(entry, "id", f"urn:fapai:auction:{auction['id']}")
        _text(entry, "title", _title(lot))
        _text(entry, "updated", _changed(lot))
        _text(entry, "published", auction["announced_at"] or _changed(lot))
        _link(entry, f"{address}/auctions/{auction['id']}", "alternate", "text/html")
        SubElement(entry, f"{{{_ATOM}}}category", term=lot["asset_type"])
        SubElement(entry, f"{{{_ATOM}}}category", term=auction["status"])
        _text(entry, "summary", _summary(lot))
    written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _title(lot: Mapping[str, Any]) -> str:
    return f"〔{_ROUNDS[lot['auction']['round']]}〕{lot['title']}"


def _changed(lot: Mapping[str, Any]) -> str:
    """When what is listed of the lot last changed: its round, its status, its sheet, its marks."""
    return str(lot["changed_at"])


def _summary(lot: Mapping[str, Any]) -> str:
    auction = lot["auction"]
    opens, closes = (
        f"{parse(auction[name]).astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for name in ("opens_at", "closes_at")
    )
    price = f"起拍价 ¥{yuan(auction['reserve_price_fen'])}"
    return f"{lot['court']['name']}·{lot['region']}·{price}·{opens} 至 {closes}"


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, f"{{{_ATOM}}}{name}").text = _clean(text)


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(char for char in text if char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char != "\ufffe")


def _link(parent: Element, href: str, rel: str, kind: str) -> None:
    SubElement(parent, f"{{{_ATOM}}}link", href=href, rel=rel, type=kind)


def calendar(lots: Iterable[Mapping[str, Any]], *, address: str, host: str, now: datetime) -> bytes:
    """A calendar (RFC 5545) of bidding times: an event from opening to end for each lot's latest round."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Fapai//lots//ZH", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    for lot in lots:
        auction = lot["auction"]
        stopped = auction["status"] in ("withdrawn", "revoked")
        lines += [
            "BEGIN:VEVENT",
            f"UID:{auction['id']}@{host}",
            f"DTSTAMP:{_utc(now)}",
            f"DTSTART:{_utc(parse(auction['opens_at']))}",
            f"DTEND:{_utc(parse(auction['closes_at']))}",
            f"SUMMARY:{_escaped(_title(lot))}",
            f"DESCRIPTION:{_escaped(_summary(lot))}",
            f"LOCATION:{_escaped(lot['address'])}",
            f"URL:{address}/auctions/{auction['id']}",
            f"STATUS:{'CANCELLED' if stopped else 'TENTATIVE' if auction['status'] == 'suspended' else 'CONFIRMED'}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return b"".join(_folded(line) for line in (*lines, "END:VCALENDAR"))


def _utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for char, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\n"), ("\r", "\n"), ("\n", "\\n")):
        text = text.replace(char, written)
    return text


def _folded(line: str) -> bytes:
    """A content line in pieces of at most 75 octets, none of which splits a character."""
    pieces, size = [""], 0
    for char in line:
        octets = len(char.encode())
        if size + octets > 75:
            pieces.append(" ")
            size = 1
        pieces[-1] += char
        size += octets
    return "\r\n".join(pieces).encode() + b"\r\n"


_MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemap(address: str, pages: Iterable[tuple[str, datetime | None]]) -> bytes:
    """One file of the site's map: paths with the time of their last change, where it is known."""
    top = Element("urlset", xmlns=_MAP)
    for path, changed in pages:
        page = SubElement(top, "url")
        SubElement(page, "loc").text = address + path
        if changed is not None:
            SubElement(page, "lastmod").text = changed.isoformat(timespec="seconds")
    written: bytes = tostring(top, encoding="utf-8", xml_declaration=True)
    return written


def sitemap_index(address: str, files: Iterable[str]) -> bytes:
    """The index of the map's files."""
    top = Element("sitemapindex", xmlns=_MAP)
    for path in files:
        SubElement(SubElement(top, "sitemap"), "loc").text = address + path
    written: bytes = tostring(top, encoding="utf-8", xml_declaration=True)
    return written

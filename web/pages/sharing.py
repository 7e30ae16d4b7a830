"""What a lot's page says of itself to machines: its one address, its languages, a summary, linked data."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request, url_for

from auction.kernel.clock import iso
from auction.kernel.money import yuan

from ..auth import house
from . import labels
from .language import _, local

_AVAILABLE = {"announced": "PreOrder", "open": "InStock", "sold": "SoldOut"}


def site_address() -> str:
    """The address of the site as others write it: FAPAI_PUBLIC_URL, else that of this request."""
    return house().settings.public_url or request.url_root.rstrip("/")


def shared(
    site: str, lot: Mapping[str, Any], auction: Mapping[str, Any], photos: Sequence[Mapping[str, Any]], *, latest: bool
) -> dict[str, Any]:
    """The head of a lot's page. `site`: the site's address; `latest`: whether this is the lot's latest round.

    The latest round's one address is the lot's; an earlier round has its own.
    """
    path = url_for("site.lot", lot_id=lot["id"]) if latest else url_for("site.auction", auction_id=auction["id"])
    address = site + path
    title = f"{labels.ROUND[auction['round']]}·{lot['title']}"
    description = _(
        "%(court)s，%(region)s，起拍价 ¥%(reserve)s，%(opens)s 开拍。",
        court=lot["court_name"],
        region=lot["region"],
        reserve=yuan(auction["reserve_price_fen"]),
        opens=local(auction["opens_at"]),
    )
    image = site + photos[0]["href"] if photos else None
    return {
        "canonical": address,
        "languages": [
            ("zh-CN", f"{address}?lang=zh"),
            ("en", f"{address}?lang=en"),
            ("x-default", address),
        ],
        "title": title,
        "description": description,
        "image": image,
        "linked": _linked(address, title, description, image, lot, auction),
    }


def _linked(
    address: str, title: str, description: str, image: str | None, lot: Mapping[str, Any], auction: Mapping[str, Any]
) -> dict[str, Any]:
    """The lot as schema.org says a thing on offer; nothing of a bidder."""
    price = auction["price_fen"] or auction["reserve_price_fen"]
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": title,
        "description": description,
        "url": address,
        "productID": lot["id"],
        "category": str(labels.ASSET_TYPE[lot["asset_type"]]),
        **({"image": image} if image else {}),
        "offers": {
            "@type": "Offer",
            "url": address,
            "priceCurrency": "CNY",
            "price": f"{price // 100}.{price % 100:02d}",
            "availability": f"https://schema.org/{_AVAILABLE.get(auction['status'], 'Discontinued')}",
            "availabilityStarts": iso(auction["opens_at"]),
            "availabilityEnds": iso(auction["closes_at"]),
            "seller": {"@type": "GovernmentOrganization", "name": lot["court_name"]},
        },
    }

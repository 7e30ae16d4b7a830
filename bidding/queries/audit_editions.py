"""Comparing the former announcements kept with the entries that wrote the new ones."""

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.crypto import canonical, sha256_hex
from auction.models import JournalRow
from auction.queries.audit import Report
from disclosure.models import FormerAnnouncement

REWRITTEN = "AnnouncementRewritten"


def check_editions(session: Session, report: Report, only: str | None = None) -> None:
    """Check that every former announcement is there, as its entry tells, and no other; `only`: those of one auction."""
    kept = select(FormerAnnouncement)
    entries = select(JournalRow.stream, JournalRow.entry).where(JournalRow.kind == REWRITTEN)
    if only is not None:
        kept = kept.where(FormerAnnouncement.auction_id == only)
        entries = entries.where(JournalRow.stream == f"auction:{only}")
    told: dict[tuple[str, int], tuple[str | None, int, str]] = {}
    for stream, text in session.execute(entries):
        entry = orjson.loads(text)
        body = entry["body"]
        version = body.get("former_version", body["sheet_version"] - 1)  # older entries came with a new seal only
        said = (body["former_sha256"], version, entry["at"])
        told[stream.removeprefix("auction:"), body["edition"] - 1] = said
    for row in session.scalars(kept):
        where = f"former_announcements {row.auction_id} {row.edition}"
        key = (row.auction_id, row.edition)
        right = key in told and told.pop(key) == (_digest(row), row.sheet_version, iso(row.replaced_at))
        report.that(right, where, "is not the announcement that was replaced")
        report.checked["editions"] += 1
    for auction_id, edition in sorted(told):
        report.that(False, f"former_announcements {auction_id} {edition}", "was replaced but is not there")


def _digest(row: FormerAnnouncement) -> str | None:
    try:
        return sha256_hex(canonical(row.document))
    except (TypeError, ValueError):  # holds what no entry's hash was ever made of
        return None

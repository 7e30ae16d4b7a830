"""Who looked up personal data, when, whom, what for: read from the journal, where every look-up is an entry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.journal import ARE_LOOK_UPS, JournalRow
from auction.models import Account, Approval, Auction, Lot
from risk.models import Alert
from risk.rules.look_ups import LookUp

from ..models import Registration


@dataclass(frozen=True, slots=True)
class Looked:
    """A look-up as its entry tells it. `person`: whom it was about, None for nobody in particular."""

    row: JournalRow
    body: Mapping[str, Any]
    person: str | None

    @property
    def alert_id(self) -> str | None:
        """The alert under which it was made, where it was made under one."""
        named = self.body.get("alert_id") or str(self.body.get("stream", "")).removeprefix("alert:")
        return named or None


def look_ups_by(session: Session, account_id: str, since: datetime) -> list[Looked]:
    """An account's look-ups from a moment on, in the order of writing."""
    rows = session.scalars(
        select(JournalRow)
        .where(ARE_LOOK_UPS, JournalRow.at >= since)
        .where(JournalRow.entry.contains(f'"by":"{account_id}"', autoescape=True))
        .order_by(JournalRow.id)
    )
    return [_looked(row) for row in rows]


def as_weighed(session: Session, looked: Iterable[Looked], account_id: str, since: datetime) -> list[LookUp]:
    """The same as the rule weighs them; those before `since` count as of own cases, since they are not asked about.

    A sale is one's own case where an alert about it is assigned to one, or where the lifting of a hit of it is proposed
    and every regulator may have to answer; a court's staff open identities of their own court's sales only.
    """
    alerts = session.execute(select(Alert.id, Alert.lot_id).where(Alert.assigned_to == account_id)).all()
    mine, lots = {row.id for row in alerts}, {row.lot_id for row in alerts}
    lifted = select(Approval.subject_id).where(Approval.kind == "hit_lifted")
    lots |= set(
        session.scalars(
            select(Auction.lot_id)
            .join(Registration, Registration.auction_id == Auction.id)
            .where(Registration.id.in_(lifted))
        )
    )

    def own(one: Looked) -> bool:
        if one.row.at < since or one.row.kind == "IdentityOpened" or one.alert_id in mine:
            return True
        about = _lots(session, one.body)
        return not about or bool(about & lots)

    return [LookUp(one.row.id, one.row.at, one.person, own(one)) for one in looked]


def court_of(session: Session, looked: Sequence[Looked]) -> str | None:
    """The court of the last of them that was about a lot; None where none was."""
    for one in reversed(looked):
        court = session.scalar(select(Lot.court_code).where(Lot.id.in_(_lots(session, one.body))).limit(1))
        if court is not None:
            return court
    return None


def look_ups_of(session: Session, alert: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The look-ups an alert (as `alert_dict` gives it) is about: {"at","kind","by","role","purpose","lot_title"}.

    Whom they were about is not in it: that is told to nobody before the end of his sale (OJA 18(2)).
    """
    ids = [number for reason in alert["reasons"] for number in reason["who"].get("look_ups", ())]
    found = []
    for row in session.scalars(select(JournalRow).where(JournalRow.id.in_(ids)).order_by(JournalRow.id)):
        one = _looked(row)
        account = session.get(Account, one.body["by"])
        title = session.scalar(select(Lot.title).where(Lot.id.in_(_lots(session, one.body))).limit(1))
        found.append(
            {
                "at": iso(row.at),
                "kind": row.kind,
                "by": account.display_name if account else None,
                "role": account.role if account else None,
                "purpose": one.body["purpose"],
                "lot_title": title,
            }
        )
    return found


def _looked(row: JournalRow) -> Looked:
    body = orjson.loads(row.entry)["body"]
    person = row.stream.removeprefix("person:") if row.stream.startswith("person:") else body.get("person_id")
    return Looked(row, body, person)


def _lots(session: Session, body: Mapping[str, Any]) -> frozenset[str]:
    """The lots a look-up has to do with; empty where its entry leads to none."""
    if "lot_id" in body:
        return frozenset((body["lot_id"],))
    family, _, key = str(body.get("stream", "")).partition(":")
    if family == "lot":
        return frozenset((key,))
    person = Registration.person_id == key if family == "person" else None
    auction = body.get("auction_id") or (key if family == "auction" else None)
    which = [
        *([Registration.id == body["registration_id"]] if "registration_id" in body else ()),
        *([person] if person is not None else ()),
        *([Auction.id == auction] if auction else ()),
    ]
    if not which:
        return frozenset()
    joined = select(Auction.lot_id).outerjoin(Registration, Registration.auction_id == Auction.id)
    return frozenset(session.scalars(joined.where(or_(*which)).distinct()))

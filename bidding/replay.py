"""Replaying a recorded bid history through the same services and rules, in a private database, on a simulated clock.

No terms, deposit, notice or length rule applies; both confirmations count as given. Rows are judged in file order, the
way the desk judges what it is handed; the auctions are then closed at their own ends.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from auction.kernel.clock import FixedClock, iso, parse
from auction.kernel.crypto import sha256_hex
from auction.kernel.errors import DomainError, invalid
from auction.kernel.money import is_amount
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction, Case, Court, Lot, Person
from auction.rules import ruleset
from auction.services.auctions import shard_of

from .models import Registration
from .services.bids import Answer, BidOffer, place_bids
from .services.closing import close
from .services.identities import sealed_identity

#: Rows that share a transaction.
TOGETHER = 64
#: Nobody can sign in with it: no password has this hash.
NO_PASSWORD = "!"  # noqa: S105 - none that matches
_COLUMNS = ("auction_id", "bidder", "amount_fen", "received_at")
#: The lowest priority a row may give, and the most digits of a number.
_LAST_RANK, _MOST_DIGITS = 1_000_000, 20
_TERMS = ("reserve_price_fen", "increment_fen", "opens_at", "closes_at")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One row of the history; what could not be read is None."""

    line: int
    auction_id: str
    bidder: str
    amount_fen: int | None
    received_at: datetime | None
    rank: int | None
    rank_unreadable: bool = False


def read_bids(path: Path) -> list[Recorded]:
    """The rows of a history (UTF-8 CSV); a dirty row is still a row.

    DomainError invalid (columns_wrong) with the columns expected and found where one is missing.
    """
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        reader = csv.DictReader(file)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            found = tuple(reader.fieldnames or ())
            raise invalid(missing[0], "columns_wrong", expected=(*_COLUMNS, "[rank]"), found=found)
        return [_recorded(reader.line_num, row) for row in reader]


def _recorded(line: int, row: Mapping[str, str | None]) -> Recorded:
    def cell(name: str) -> str:
        return (row.get(name) or "").strip()

    rank = _whole(cell("rank"))
    readable = rank is not None and 1 <= rank <= _LAST_RANK
    return Recorded(
        line=line,
        auction_id=cell("auction_id"),
        bidder=cell("bidder"),
        amount_fen=_whole(cell("amount_fen")),
        received_at=_moment(cell("received_at")),
        rank=rank if readable else None,
        rank_unreadable=bool(cell("rank")) and not readable,
    )


def _whole(text: str) -> int | None:
    """A whole number, of no more digits than any amount has."""
    return int(text) if len(text) <= _MOST_DIGITS and text.removeprefix("-").isdecimal() else None


def _moment(text: str) -> datetime | None:
    try:
        return parse(text)
    except ValueError:
        return None


def read_terms(path: Path) -> Mapping[str, Any]:
    """The terms file. DomainError invalid when it is not what CONTRACT describes."""
    try:
        terms = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise DomainError("malformed") from None
    if not isinstance(terms, dict) or not isinstance(terms.get("auctions", {}), dict):
        raise DomainError("malformed")
    return terms


class Replay:
    """A replay into an empty, migrated house whose clock is fixed."""

    def __init__(self, house: House, clock: FixedClock, terms: Mapping[str, Any]) -> None:
        self._house, self._clock = house, clock
        self._terms = terms
        self._known: dict[str, str] = {}
        self._registrations: dict[tuple[str, str], str] = {}

    def run(self, rows: list[Recorded]) -> Iterator[dict[str, Any]]:
        """One answer per row, in file order, then one outcome per auction."""
        names = list(dict.fromkeys([row.auction_id for row in rows] + list(self._terms.get("auctions", {}))))
        self._house.perform(self.set_up, names, rows)
        for start in range(0, len(rows), TOGETHER):
            yield from self._answers(rows[start : start + TOGETHER])
        for name in names:
            if name in self._known:
                yield self._outcome(name)

    def _answers(self, rows: list[Recorded]) -> Iterator[dict[str, Any]]:
        offers = {row.line: self._offer(row) for row in rows if self._unreadable(row) is None}
        moments = [row.received_at for row in rows if row.received_at is not None]
        self._clock.moment = max([self._clock.moment, *moments])
        answers = dict(zip(offers, self._house.perform(place_bids, list(offers.values())), strict=True))
        for row in rows:
            answer = answers.get(row.line)
            yield {
                "auction_id": row.auction_id,
                "line": row.line,
                "outcome": answer.outcome if answer else "refused",
                "code": answer.code if answer else self._unreadable(row),
                "seq": answer.seq if answer else None,
                "closes_at": self._closes_at(row, answer),
            }

    def _unreadable(self, row: Recorded) -> str | None:
        if not is_amount(row.amount_fen):
            return "amount_invalid"
        if row.auction_id not in self._known:
            return "not_open"
        return "malformed" if row.received_at is None or row.rank_unreadable else None

    def _offer(self, row: Recorded) -> BidOffer:
        assert row.amount_fen is not None and row.received_at is not None  # noqa: S101 - _unreadable has seen to it
        return BidOffer(
            auction_id=row.auction_id,
            account_id=row.bidder or None,
            amount_fen=row.amount_fen,
            key=str(row.line),
            arrived_at=row.received_at,
            raise_own=True,
            confirm_implausible=True,
        )

    def _closes_at(self, row: Recorded, answer: Answer | None) -> str | None:
        if answer is not None and answer.closes_at is not None:
            self._known[row.auction_id] = iso(answer.closes_at)
        return self._known.get(row.auction_id)

    def _outcome(self, name: str) -> dict[str, Any]:
        auction = self._house.read(lambda session: session.get_one(Auction, name))
        self._clock.moment = max(self._clock.moment, auction.closes_at)
        self._house.perform(close, name, settled=True)
        auction = self._house.read(lambda session: session.get_one(Auction, name))
        sold = auction.status == "sold"
        return {
            "auction_id": name,
            "status": auction.status,
            "price_fen": auction.price_fen,
            "bidder": auction.leader_code,
            "closed_at": iso(auction.closes_at) if sold else None,
            "bids": auction.bid_count,
            "extensions": auction.extensions,
        }

    def set_up(self, unit: Unit, names: Iterable[str], rows: Iterable[Recorded]) -> None:
        """The auctions under their terms, and a registration for everybody who bids in `rows`."""
        clerk = Account(
            id="clerk",
            username="clerk",
            password_hash=NO_PASSWORD,
            role="clerk",
            display_name="replay",
            created_at=unit.now,
        )
        unit.session.add_all([Court(code="REPLAY", name="replay"), clerk])
        unit.session.flush()
        case = Case(id="case", number="replay", court_code="REPLAY", entered_at=unit.now)
        unit.session.add(case)
        unit.session.flush()
        for name in names:
            terms = self._terms.get("auctions", {}).get(name) or self._terms.get("default")
            if terms is not None:
                self._auction(unit, name, {**(self._terms.get("default") or {}), **terms})
        unit.session.flush()
        for row in rows:
            if row.bidder and row.auction_id in self._known:
                self._bidder(unit, row)

    def _auction(self, unit: Unit, name: str, terms: Mapping[str, Any]) -> None:
        missing = [field for field in _TERMS if field not in terms]
        if missing:
            raise DomainError("invalid", field=f"auctions.{name}.{missing[0]}")
        law = ruleset.load(terms.get("ruleset") or "spc-2016")
        lot = Lot(
            id=f"lot:{name}",
            case_id="case",
            court_code="REPLAY",
            title=name,
            asset_type="other",
            region="",
            address="",
            attributes={},
            sheet_version=1,
            created_at=unit.now,
            created_by="clerk",
        )
        closes_at = parse(terms["closes_at"])
        self._known[name] = iso(closes_at)
        auction = Auction(
            id=name,
            lot_id=lot.id,
            shard=shard_of(name),
            round="first",
            status="announced",
            version=0,
            reserve_price_fen=terms["reserve_price_fen"],
            increment_fen=terms["increment_fen"],
            deposit_fen=0,
            opens_at=parse(terms["opens_at"]),
            closes_at=closes_at,
            scheduled_closes_at=closes_at,
            balance_days=10,
            ruleset_name=law.name,
            ruleset=law.as_data(),
            seal=sha256_hex(name.encode()),
            announced_at=unit.now,
            bid_count=0,
            extensions=0,
            created_at=unit.now,
            created_by="clerk",
        )
        unit.session.add(lot)
        unit.session.flush()
        unit.session.add(auction)

    def _bidder(self, unit: Unit, row: Recorded) -> None:
        if (row.auction_id, row.bidder) in self._registrations:
            return
        person = unit.session.get(Person, row.bidder) or self._person(unit, row.bidder)
        registration = Registration(
            id=unit.new_id(),
            auction_id=row.auction_id,
            account_id=row.bidder,
            person_id=person.id,
            capacity="self",
            claim="ordinary" if row.rank is None else "preferential",
            claim_status=None if row.rank is None else "approved",
            rank=row.rank,
            status="qualified",
            bidder_code=row.bidder,
            deposit_due_fen=0,
            undertakings=[],
            seal=sha256_hex(row.auction_id.encode()),
            cleared_version=0,
            cleared_on=unit.now.date(),
            has_bid=False,
            created_at=unit.now,
        )
        unit.session.add(registration)
        unit.session.flush()
        unit.session.add(
            sealed_identity(
                unit,
                person,
                registration_id=registration.id,
                auction_id=row.auction_id,
                part="self",
                id_type="passport",
                id_number=row.bidder,
                name=row.bidder,
            )
        )
        self._registrations[(row.auction_id, row.bidder)] = registration.id

    def _person(self, unit: Unit, bidder: str) -> Person:
        key = unit.vault.new_person_key(bidder)
        person = Person(
            id=bidder,
            wrapped_key=key,
            id_type="passport",
            id_match=unit.vault.match_key("passport", bidder),
            name=unit.vault.seal(key, bidder, "name", bidder),
            id_number=unit.vault.seal(key, bidder, "id_number", bidder),
            verified=True,
            created_at=unit.now,
        )
        unit.session.add(person)
        unit.session.flush()
        unit.session.add(
            Account(
                id=bidder,
                username=f"bidder:{bidder}",
                password_hash=NO_PASSWORD,
                role="bidder",
                display_name=bidder,
                person_id=bidder,
                created_at=unit.now,
            )
        )
        unit.session.flush()
        return person


def first_moment(terms: Mapping[str, Any], rows: Iterable[Recorded]) -> datetime:
    """A moment before everything the history tells of: where the simulated clock starts."""
    told = [row.received_at for row in rows if row.received_at is not None]
    every = [terms.get("default") or {}, *terms.get("auctions", {}).values()]
    told += [moment for each in every if (moment := _moment(str(each.get("opens_at", "")))) is not None]
    if not told:
        raise DomainError("invalid", field="opens_at")
    return min(told) - timedelta(days=1)

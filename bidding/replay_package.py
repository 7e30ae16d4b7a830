"""Replaying an evidence package: the recorded offers of one auction, judged again by the same services and rules.

Terms, ruleset and offers come from the package's entries. So do the facts that no replay can find out: bars that held,
ranks, the sheet a bidder had acknowledged and the one in force, when nobody could bid, what the court suspended, bids
that lapsed, new windows. What was decided is never taken: it is compared. So is what an outage did to the sale
(PRECISIONS 21), what was left of the bidding when it stopped, and that its new end gives that back. Whether the entries
are genuine is for tools/fapai_verify.py to say.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from auction.kernel.clock import SHANGHAI, FixedClock, iso, parse
from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.errors import DomainError
from auction.kernel.money import is_amount
from auction.kernel.unit import House, Unit
from auction.models import Auction
from auction.rules import ruleset

from .models import Bid, Outage, OutageTouch, Registration
from .queries.held import WINNER_BARRED
from .replay import TOGETHER, Recorded, Replay
from .rules.suspension import earliest_end, next_opening, remaining_seconds
from .services.bids import BARS, CONFIRMATIONS, Answer, BidOffer, place_bids
from .services.closing import close
from .services.life import open_due
from .services.outages import apply_outage

#: What is taken as it is recorded; so is every new opening or end, of whatever kind its entry is.
_STATES = frozenset(
    (
        "AnnouncementRewritten",
        "AuctionResumed",
        "AuctionWithdrawn",
        "BidsLapsed",
        "SheetChanged",
    )
)
_MOMENTS = {"opens_at", "closes_at"}
_ANNOUNCED = "AuctionAnnounced"
_OFFERS = ("BidAccepted", "BidRefused")
_STRUCK, _STOPPED, _OUTAGE = "OutageRecorded", "AuctionSuspended", "outage"
_ACCEPTED, _OPENED, _CLOSED, _QUALIFIED = "BidAccepted", "AuctionOpened", "AuctionClosed", "BidderQualified"
#: How far the clock of arrivals and that of the journal may lie apart; nothing is judged before it arrives.
_SKEW = timedelta(seconds=1)
#: Refusals for what was not confirmed: an older entry does not tell what was.
_UNCONFIRMED: Mapping[str | None, tuple[str, ...]] = {"already_leading": (), "implausible_amount": ("raise_own",)}
#: Refusals that rest on a recorded fact, and which.
RESTS_ON: Mapping[str, str] = {**dict.fromkeys(sorted(BARS), "bar"), "stale_disclosure": "seal"}
_COMPARED = ("outcome", "code", "seq", "price_fen", "closes_at", "received_at")
_OUTCOME = ("status", "price_fen", "bidder_code", "bids", "extensions", "closes_at")


@dataclass(slots=True)
class _Facts:
    """What is recorded beside the offers, as far as the entries have been read."""

    codes: dict[str, str] = field(default_factory=dict)  # by registration
    bars: dict[str, str] = field(default_factory=dict)  # by bidder code
    price_fen: int | None = None  # the standing price the entries come to
    turned_away: Counter[str] = field(default_factory=Counter)
    stopped: bool = False  # whether a suspension is told that has not ended


@dataclass(frozen=True, slots=True)
class Package:
    """The announcement of one auction, its ruleset, and the entries of its stream in their order."""

    auction_id: str
    announced: Mapping[str, Any]
    ruleset: Mapping[str, Any]
    entries: tuple[Mapping[str, Any], ...]


def read_package(folder: Path) -> Package:
    """The package in a folder. DomainError malformed for what is none of one auction, or too old to be replayed."""
    try:
        auction = json.loads((folder / "auction.json").read_text("utf-8"))
        stream, law = f"auction:{auction['id']}", auction["ruleset"]
        with (folder / "entries.jsonl").open("rb") as lines:
            told = (json.loads(line)["entry"] for line in lines)
            entries = tuple(entry for entry in told if entry["stream"] == stream)
        announced = next(entry for entry in entries if entry["kind"] == _ANNOUNCED)["body"]
        ruleset.from_data(law)
        if sha256_hex(canonical(law)) != announced["ruleset_sha256"]:
            raise ValueError("the ruleset is not the one announced")
        for entry in entries:
            _check(entry)
        return Package(auction["id"], announced, law, entries)
    except (OSError, ValueError, LookupError, TypeError, StopIteration):
        raise DomainError("malformed") from None


#: What an entry has to tell, for a replay to go by it.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    _ANNOUNCED: ("seal", "terms", "ruleset", "reference_price_fen"),
    _OPENED: ("opens_at",),
    _CLOSED: _OUTCOME,
    _QUALIFIED: ("bidder_code",),
    "AuctionResumed": ("status", "closes_at"),
    _STOPPED: ("cause", "remaining_seconds"),
    _STRUCK: ("from", "to", "effect", "closes_at"),
    "BarChanged": ("state",),
    "InterestHitFound": ("state",),
    "OffersTurnedAway": ("codes",),
    **dict.fromkeys(_OFFERS, ("bidder_code", "amount_fen", "rank", "seal", "arrived_at", "received_at", "closes_at")),
}


def _check(entry: Mapping[str, Any]) -> None:
    """ValueError, LookupError or TypeError for an entry that does not tell what a replay needs."""
    kind, body = entry["kind"], entry["body"]
    if lacking := [name for name in _NEEDED.get(kind, ()) if name not in body]:
        raise ValueError(f"{kind} does not tell {lacking}")
    parse(entry["at"])
    terms = body["terms"] if kind == _ANNOUNCED else body
    for name in terms.keys() & {*_MOMENTS, "arrived_at", "received_at", *(("from", "to") if kind == _STRUCK else ())}:
        parse(terms[name])
    if kind == _ANNOUNCED and not all(type(terms[name]) is int for name in ("reserve_price_fen", "increment_fen")):
        raise ValueError("terms that are no whole fen")
    if kind in _OFFERS:
        texts, rank = (body["bidder_code"], body["seal"]), body["rank"]
        whole = is_amount(body["amount_fen"]) and (rank is None or type(rank) is int)
        if not whole or not all(isinstance(text, str) for text in texts):
            raise ValueError("an offer that cannot be read")


class PackageReplay:
    """A replay of one package into an empty, migrated house whose clock is fixed."""

    def __init__(self, house: House, clock: FixedClock, package: Package) -> None:
        self._house, self._clock, self._package = house, clock, package
        self._facts = _Facts()
        self._differences: list[dict[str, Any]] = []
        self._taken: Counter[str] = Counter()
        self._happened: Counter[str] = Counter()
        self._offers = 0

    def run(self) -> Iterator[dict[str, Any]]:
        """A line for each offer in its order, one for the outcome where it was closed, and one that sums up.

        `recorded` on a line: what the entry says where that is something else. `fact`: what the refusal rests on.
        """
        self._house.perform(self._set_up)
        for group in self._groups():
            if group[0]["kind"] in _OFFERS:
                yield from self._judge(group)
            else:
                yield from self._happen(group[0])
        yield {
            "auction_id": self._package.auction_id,
            "equal": not self._differences,
            "offers": self._offers,
            "differences": self._differences,
            "refused_by_facts": dict(sorted(self._taken.items())),
            "facts": dict(sorted(self._happened.items())),
            "turned_away": dict(sorted(self._facts.turned_away.items())),
        }

    def _set_up(self, unit: Unit) -> None:
        package, terms = self._package, self._package.announced["terms"]
        offers = [entry["body"] for entry in package.entries if entry["kind"] in _OFFERS]
        rows = [Recorded(0, package.auction_id, body["bidder_code"], None, None, None) for body in offers]
        replay = Replay(self._house, self._clock, {"auctions": {package.auction_id: terms}})
        replay.set_up(unit, [package.auction_id], rows)
        unit.session.flush()
        auction = unit.session.get_one(Auction, package.auction_id)
        auction.round, auction.seal = terms["round"], package.announced["seal"]
        auction.ruleset, auction.ruleset_name = dict(package.ruleset), package.announced["ruleset"]
        auction.reference_price_fen = package.announced["reference_price_fen"]

    def _groups(self) -> Iterator[list[Mapping[str, Any]]]:
        """Offers that follow each other go together, as long as each bidder's facts stay the same; else one by one."""
        group: list[Mapping[str, Any]] = []
        known: dict[str, Any] = {}
        for entry in self._package.entries:
            body = entry["body"]
            facts = (body.get("rank"), body.get("seal"))
            fits = entry["kind"] in _OFFERS and known.setdefault(body["bidder_code"], facts) == facts
            if group and (not fits or len(group) == TOGETHER or group[0]["kind"] not in _OFFERS):
                yield group
                group = []
                known = {body["bidder_code"]: facts} if entry["kind"] in _OFFERS else {}
            group.append(entry)
        if group:
            yield group

    def _judge(self, entries: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        self._until(entries[-1]["at"])
        answers = self._house.perform(self._place, entries)
        counted = select(Bid.id, Bid.received_at).where(Bid.id.in_([answer.bid_id for answer in answers]))
        received = self._house.read(lambda session: {row.id: row.received_at for row in session.execute(counted)})
        for entry, answer in zip(entries, answers, strict=True):
            yield self._compared(entry, answer, received.get(answer.bid_id or ""))

    def _until(self, at: str) -> None:
        self._clock.moment = max(self._clock.moment, parse(at))

    def _place(self, unit: Unit, entries: Iterable[Mapping[str, Any]]) -> list[Answer]:
        """Put the recorded facts of the bidders onto their registrations, and let the desk judge."""
        bodies = [entry["body"] for entry in entries]
        own = Registration.auction_id == self._package.auction_id
        for body in {body["bidder_code"]: body for body in bodies}.values():
            values: dict[str, Any] = {"rank": body["rank"], "seal": body["seal"]}
            bar = self._facts.bars.get(body["bidder_code"])
            values |= {"barred": bar, "cleared_version": 0, "cleared_on": unit.now.astimezone(SHANGHAI).date()}
            whose = Registration.bidder_code == body["bidder_code"]
            unit.session.execute(update(Registration).where(own, whose).values(**values))
        return place_bids(unit, [self._offer(entry) for entry in entries])

    def _offer(self, entry: Mapping[str, Any]) -> BidOffer:
        body = entry["body"]
        given = body.get("confirmed", _UNCONFIRMED.get(body.get("code"), CONFIRMATIONS))
        return BidOffer(
            auction_id=self._package.auction_id,
            account_id=body["bidder_code"],
            amount_fen=body["amount_fen"],
            key=str(entry["number"]),
            arrived_at=parse(body["arrived_at"]),
            **{name: name in given for name in CONFIRMATIONS},
        )

    def _compared(self, entry: Mapping[str, Any], answer: Answer, received_at: datetime | None) -> dict[str, Any]:
        """The line of an offer: what the desk decided now, and what of it the entry says otherwise."""
        body = entry["body"]
        if entry["kind"] == _ACCEPTED:
            self._facts.price_fen = body["amount_fen"]
        recorded = {
            "outcome": "accepted" if entry["kind"] == _ACCEPTED else "refused",
            "code": body.get("code"),
            "seq": body.get("seq"),
            "price_fen": self._facts.price_fen,
            "closes_at": body["closes_at"],
            "received_at": body["received_at"],
        }
        decided = {
            "outcome": answer.outcome,
            "code": answer.code,
            "seq": answer.seq,
            "price_fen": answer.price_fen,
            "closes_at": iso(answer.closes_at) if answer.closes_at else None,
            "received_at": iso(received_at) if received_at else None,
        }
        fact = RESTS_ON.get(answer.code or "")
        if fact is None and "confirmed" not in body and body.get("code") in _UNCONFIRMED:
            fact = "confirmation_not_recorded"
        self._offers += 1
        if fact is not None:
            self._taken[f"{answer.code}"] += 1
        line = {"auction_id": self._package.auction_id, "line": entry["number"], **decided}
        line |= {"fact": fact} if fact else {}
        where = f"{entry['stream']}/{entry['number']}"
        if parse(body["arrived_at"]) > parse(entry["at"]) + _SKEW:
            self._differ(where, "arrived_at", body["arrived_at"], f"not after {entry['at']}")
        return line | self._differing(where, recorded, decided, _COMPARED)

    def _differing(
        self, where: str, recorded: Mapping[str, Any], decided: Mapping[str, Any], names: Iterable[str]
    ) -> dict[str, Any]:
        """What is recorded of all that differs, to the byte of its canonical form."""
        other = {name: recorded[name] for name in names if canonical(recorded[name]) != canonical(decided[name])}
        for name, value in other.items():
            self._differ(where, name, value, decided[name])
        return {"recorded": other} if other else {}

    def _differ(self, where: str, name: str, recorded: Any, replayed: Any) -> None:
        self._differences.append({"journal": where, "field": name, "recorded": recorded, "replayed": replayed})

    def _happen(self, entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """What is no offer: the opening and the closing are decided again, the rest is taken as it is recorded."""
        kind, body, facts = entry["kind"], entry["body"], self._facts
        self._until(entry["at"])
        if kind == _OPENED:
            self._house.perform(open_due, self._package.auction_id)
            auction = self._auction()
            decided = {"status": auction.status, "opens_at": iso(auction.opens_at)}
            where = f"{entry['stream']}/{entry['number']}"
            self._differing(where, {"status": "open", **body}, decided, decided)
        elif kind == _CLOSED:
            yield self._close(entry)
        elif kind == _QUALIFIED:
            facts.codes[body.get("registration_id", "")] = body["bidder_code"]
        elif kind == "OffersTurnedAway":
            facts.turned_away.update(body["codes"])
        elif kind in ("InterestHitFound", "BarChanged") and body.get("registration_id") in facts.codes:
            code, bar = facts.codes[body["registration_id"]], body["state"]["barred"]
            facts.bars.pop(code, None)
            facts.bars |= {code: bar} if bar else {}
        elif kind == _STRUCK:
            self._happened[kind] += 1
            self._house.perform(self._strike, entry, self._happened[kind])
        elif kind == _STOPPED:
            self._happened[kind] += 1
            self._house.perform(self._stop, entry)
        elif kind in _STATES or (kind != _ANNOUNCED and body.keys() & _MOMENTS):
            self._happened[kind] += 1
            self._house.perform(self._take, entry)

    def _strike(self, unit: Unit, entry: Mapping[str, Any], number: int) -> None:
        """Let an outage of the recorded times, the sale's `number`-th, strike it: what it does is decided again."""
        body, name = entry["body"], self._package.auction_id
        since = first_moment(self._package) + timedelta(microseconds=number)  # machine time: tells them apart, no more
        outage = Outage(id=unit.new_id(), since=since, began_at=parse(body["from"]), ended_at=parse(body["to"]))
        unit.session.add(outage)
        unit.session.flush()
        apply_outage(unit, outage.id, name)
        touch = unit.session.get(OutageTouch, (outage.id, name))
        decided = {"effect": touch and touch.effect, "closes_at": touch and iso(touch.closes_at)}
        self._differing(f"{entry['stream']}/{entry['number']}", body, decided, decided)

    def _stop(self, unit: Unit, entry: Mapping[str, Any]) -> None:
        """Suspend the sale, unless an outage did: that it did, and what was left to bid in, is decided again."""
        body, auction = entry["body"], unit.session.get_one(Auction, self._package.auction_id)
        cause, at = body["cause"], parse(entry["at"])
        if cause != _OUTAGE:
            left = remaining_seconds(at, auction.opens_at, auction.closes_at)
            auction.status = "suspended"
            auction.suspension = {"cause": cause, "at": iso(at), "remaining_seconds": left}
        self._facts.stopped, stands = True, auction.suspension or {}
        decided = {name: stands.get(name) for name in ("cause", "remaining_seconds")}
        self._differing(f"{entry['stream']}/{entry['number']}", body, decided, decided)

    def _resume(self, auction: Auction, entry: Mapping[str, Any]) -> None:
        """Let the sale go on; its new end has to give back what was left, after the notice of it."""
        body, now, where = entry["body"], parse(entry["at"]), f"{entry['stream']}/{entry['number']}"
        if not self._facts.stopped:
            self._differ(where, "status", body["status"], "not suspended")
        if auction.suspension is not None:
            numbers = ruleset.from_data(self._package.ruleset)
            opens_at = next_opening(now, auction.opens_at, parse(auction.suspension["at"]), numbers)
            earliest = earliest_end(now, opens_at, auction.suspension["remaining_seconds"], numbers)
            if parse(body["closes_at"]) < earliest:
                self._differ(where, "closes_at", body["closes_at"], f"not before {iso(earliest)}")
        auction.status, auction.suspension, self._facts.stopped = body["status"], None, False

    def _take(self, unit: Unit, entry: Mapping[str, Any]) -> None:
        """Put what happened to the auction onto its row."""
        kind, body = entry["kind"], entry["body"]
        auction = unit.session.get_one(Auction, self._package.auction_id)
        if kind == "AuctionResumed":
            self._resume(auction, entry)
        elif kind == "AuctionWithdrawn":
            auction.status = "withdrawn"
        elif kind == "BidsLapsed":
            self._facts.price_fen = None
            auction.lapsed_seq = auction.bid_count
            auction.price_fen = auction.leader_registration_id = auction.leader_code = auction.leader_rank = None
        if kind in ("SheetChanged", "AnnouncementRewritten") and "seal" in body:
            auction.seal = body["seal"]
        for name in sorted(body.keys() & _MOMENTS):
            setattr(auction, name, parse(body[name]))
        if kind == "OpeningPutOff" and auction.suspension is not None:  # what was left is all of the new window
            whole = remaining_seconds(auction.opens_at, auction.opens_at, auction.closes_at)
            auction.suspension = {**auction.suspension, "remaining_seconds": whole}

    def _close(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        name = self._package.auction_id
        self._house.perform(self._release_winner)
        self._house.perform(close, name, settled=True)
        auction = self._auction()
        decided = {
            "status": auction.status,
            "price_fen": auction.price_fen,
            "bidder_code": auction.leader_code,
            "bids": auction.bid_count,
            "extensions": auction.extensions,
            "closes_at": iso(auction.closes_at),
        }
        where, sold = f"{entry['stream']}/{entry['number']}", auction.status == "sold"
        line = {
            "auction_id": name,
            "status": auction.status,
            "price_fen": auction.price_fen,
            "bidder": auction.leader_code,
            "closed_at": decided["closes_at"] if sold else None,
            "bids": auction.bid_count,
            "extensions": auction.extensions,
        }
        return line | self._differing(where, entry["body"], decided, _OUTCOME)

    def _release_winner(self, unit: Unit) -> None:
        """A winner who was held and is confirmed now was found free: the sale is closed as it stood at its end."""
        auction = unit.session.get_one(Auction, self._package.auction_id)
        if auction.status == "suspended" and (auction.suspension or {}).get("cause") == WINNER_BARRED:
            auction.status, auction.suspension = "open", None

    def _auction(self) -> Auction:
        return self._house.read(lambda session: session.get_one(Auction, self._package.auction_id))


def first_moment(package: Package) -> datetime:
    """A moment before everything the package tells of."""
    return parse(package.entries[0]["at"]) - timedelta(days=1)

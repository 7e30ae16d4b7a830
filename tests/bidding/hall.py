"""A hall: one house kept for a whole file of tests, in which every test sells lots of its own to people of its own."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import delete, make_url, select
from sqlalchemy.orm import Session

from auction.kernel.clock import Clock, FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.events import Published, RoomEvent
from auction.kernel.ids import Ids
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Auction, Intake, Platform
from bidding.models import Bid, Outage, OutageTouch, Registration
from bidding.services.bids import Answer, BidOffer, place_bids
from tests.bidding.sale import tell_auction, tell_registration
from tests.conftest import POSTGRESQL, START, settings_for
from tests.factories import a_bidder, a_paid_deposit, a_registration, a_resident_id, an_auction
from tests.kept import UNHURRIED
from web.wiring import open_house, upgrade

RESERVE, STEP = 100_000_000, 500_000
_KEYS = count(1)
_HELD = Platform.key == "intake_handed_back"


class Bidder(NamedTuple):
    """Somebody registered for an auction: what a test needs to know of them."""

    auction_id: str
    account_id: str
    registration_id: str
    code: str | None
    id_number: str


@contextmanager
def an_empty_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database of a kind (`sqlite`, `postgresql`), gone afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'empty.db'}"
        return
    server = make_url(POSTGRESQL)
    name = f"fapai_test_{random.SystemRandom().randbytes(6).hex()}"
    admin = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        connection.execute(UNHURRIED.format(name))  # type: ignore[arg-type]
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]


@contextmanager
def a_house(kind: str, folder: Path, clock: Clock, ids: Ids | None = None) -> Iterator[House]:
    """A house on a fresh migrated database of a kind."""
    with an_empty_database(kind, folder) as url:
        house = open_house(settings_for(url, folder), clock=clock, ids=ids)
        try:
            upgrade(house)
            yield house
        finally:
            house.engine.dispose()
            house.reader.dispose()


@dataclass
class Hall:
    """The house, its clock, and whatever it published since the test began."""

    house: House
    clock: FixedClock
    heard: list[Published] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for topic in ("room", "alert", "refund"):
            self.house.subscribe(topic, self.heard.append)

    def begin(self) -> "Hall":
        """What each test starts from: the same time, nothing heard, and no process that takes bids or ever did."""
        self.clock.moment = START
        self.heard.clear()
        self.told.clear()
        for rows in (delete(OutageTouch), delete(Outage), delete(Intake), delete(Platform).where(_HELD)):
            self.house.perform(lambda unit, rows=rows: unit.session.execute(rows))  # type: ignore[misc]
        return self

    def auction(self, **changes: Any) -> str:
        """An auction, open since an hour for 24 more unless the factory is told otherwise; its id."""
        return self.house.perform(lambda unit: an_auction(unit, **changes).id)

    def tell(self, auction_id: str) -> None:
        """Journal an auction made by its row alone, so that the audit knows it; its bidders will be journaled too."""
        self.house.perform(lambda unit: tell_auction(unit, unit.session.get_one(Auction, auction_id)))
        self.told.add(auction_id)

    def bidder(self, auction_id: str, *, status: str = "qualified", paid: bool = True, **changes: Any) -> Bidder:
        """Somebody registered, by default qualified with the deposit held."""
        number = changes.pop("id_number", None) or a_resident_id()

        def service(unit: Unit) -> Bidder:
            auction = unit.session.get_one(Auction, auction_id)
            account = a_bidder(unit, id_number=number, name="张三")
            registration = a_registration(unit, auction, account, status=status, **changes)
            deposit = a_paid_deposit(unit, registration) if paid and registration.deposit_due_fen else None
            if auction_id in self.told:
                tell_registration(unit, registration, deposit)
            return Bidder(auction_id, account.id, registration.id, registration.bidder_code, number)

        return self.house.perform(service)

    def bidders(self, auction_id: str, *ranks: int | None) -> list[Bidder]:
        """A qualified bidder for each rank."""
        return [self.bidder(auction_id, rank=rank) for rank in ranks]

    def offer(
        self, bidder: Bidder, fen: int, *, at: datetime | None = None, key: str | None = None, **flags: bool
    ) -> BidOffer:
        """An offer arriving now, or `at`, under a new key."""
        return BidOffer(
            bidder.auction_id, bidder.account_id, fen, key or f"key-{next(_KEYS)}", at or self.clock.moment, **flags
        )

    def place(self, *offers: BidOffer) -> list[Answer]:
        """Judge offers together."""
        return self.house.perform(place_bids, offers)

    def bid(self, bidder: Bidder, fen: int, **how: Any) -> Answer:
        """Judge one offer."""
        return self.place(self.offer(bidder, fen, **how))[0]

    def row(self, auction_id: str) -> Auction:
        """The auction as it is stored."""
        return self.house.read(lambda session: session.get_one(Auction, auction_id))

    def registration(self, bidder: Bidder) -> Registration:
        """A registration as it is stored."""
        return self.house.read(lambda session: session.get_one(Registration, bidder.registration_id))

    def bids(self, auction_id: str) -> list[Bid]:
        """Every stored offer, in the order of their ids."""
        return self.house.read(
            lambda session: list(session.scalars(select(Bid).where(Bid.auction_id == auction_id).order_by(Bid.id)))
        )

    def accepted(self, auction_id: str) -> list[Bid]:
        """The accepted bids by their numbers."""
        return sorted((bid for bid in self.bids(auction_id) if bid.seq is not None), key=lambda bid: bid.seq or 0)

    def events(self, auction_id: str) -> list[RoomEvent]:
        """The room's stored events by version."""

        def query(session: Session) -> list[RoomEvent]:
            rows = select(RoomEvent).where(RoomEvent.auction_id == auction_id).order_by(RoomEvent.version)
            return list(session.scalars(rows))

        return self.house.read(query)

    def journal(self, stream: str) -> list[JournalRow]:
        """A stream's entries by number."""

        def query(session: Session) -> list[JournalRow]:
            rows = select(JournalRow).where(JournalRow.stream == stream).order_by(JournalRow.number)
            return list(session.scalars(rows))

        return self.house.read(query)

    def kinds(self, auction_id: str) -> list[str]:
        """What was journaled about an auction."""
        return [row.kind for row in self.journal(f"auction:{auction_id}")]

    def change(self, auction_id: str, **values: Any) -> None:
        """Change an auction's row, past every rule."""

        def service(unit: Unit) -> None:
            auction = unit.session.get_one(Auction, auction_id)
            for name, value in values.items():
                setattr(auction, name, value)

        self.house.perform(service)

    def closes_in(self, auction_id: str, **delta: float) -> datetime:
        """Move the clock so that the auction closes in so long; the end."""
        end = self.row(auction_id).closes_at
        self.clock.moment = end - timedelta(**delta)
        return end


def without_ids(answer: Answer) -> Answer:
    """An answer without what differs between two auctions that went the same way."""
    return replace(answer, bid_id=None, bidder_code=None, receipt=None)


def codes(answers: Sequence[Answer]) -> list[str | None]:
    """The codes of answers; None for an accepted one."""
    return [answer.code for answer in answers]


def refused_with(call: Any, *args: Any, **kwargs: Any) -> str:
    """The code of the DomainError that a call raises."""
    try:
        call(*args, **kwargs)
    except DomainError as error:
        return error.code
    raise AssertionError("nothing was refused")

"""Before the end no identity leaves: unmistakable people take part in a sale, and all that leaves is searched for them.

What is searched: the answer of every route to every role, the frames and messages of the rooms, the packages and files
written, the mails sent, the log, every page of the database, what goes over Redis.
"""

import io
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from flask import Flask
from flask_socketio import SocketIO
from redis import Redis
from sqlalchemy import select, text

from auction.kernel.db import Base
from auction.kernel.unit import House, Unit
from auction.models import Account, Agency, Auction, Lot, Message
from auction.queries.sessions import account_named
from bidding.desk import Desk
from bidding.evidence import export
from bidding.models import Registration
from bidding.services.interest import give_task
from bidding.services.messages import tell
from bidding.services.registration import decide
from disclosure.services.questions import ask_question
from tests.factories import a_bidder, a_resident_id, a_uscc, an_account, an_actor
from tests.web.caller import API, Caller, SignIn, path_of
from tests.web.court import PDF, fine
from tests.web.sale import RESERVE, STEP, Sale, a_sale, offer
from tests.web.smtp import MailServer, a_mail_server
from tests.web.test_pages import signed_in
from web import bulk
from web.broadcasting import Broadcaster, Json
from web.door import Door
from web.mailing import send_mails
from web.sockets import Rooms
from web.timekeeping import seal_all, tell_news

PASSWORD = "eine-lange-losung"
UNDERTAKINGS = ["full_capacity", "not_barred", "accept_defects", "purchase_qualified"]


@dataclass
class Bird:
    """Somebody whom nothing else in the world is called like."""

    turn: int
    name: str
    username: str
    id_number: str = field(default_factory=a_resident_id)

    @property
    def phone(self) -> str:
        return f"+86 1777000{self.turn:04d}9"

    @property
    def email(self) -> str:
        return f"kanarie{self.turn}@vogel-{self.turn}.example"

    @property
    def address(self) -> str:
        return f"金丝雀巷{self.turn}{self.turn}7号"

    @property
    def bank_account(self) -> str:
        return f"62220271828{self.turn:04d}31415"

    @property
    def secrets(self) -> list[str]:
        """What must be read nowhere."""
        return [self.name, self.id_number, self.phone, self.email, self.address, self.bank_account]


@dataclass
class Aviary:
    """The sale, those who bid in it, and those who stand behind them."""

    sale: Sale
    birds: list[Bird]
    principal: Bird
    registrations: list[str]

    @property
    def needles(self) -> list[bytes]:
        """Every secret as it may lie somewhere: as text, escaped as JSON, in hexadecimal."""
        found = [secret for bird in (*self.birds, self.principal) for secret in bird.secrets]
        forms: list[bytes] = []
        for secret in found:
            raw = secret.encode()
            escaped = secret.encode("ascii", "backslashreplace")
            forms += [raw, escaped, raw.hex().encode()]
        return list(dict.fromkeys(forms))

    def seen(self, place: str, data: bytes | str) -> list[str]:
        """Which needles lie in some data, each with the place."""
        data = data if isinstance(data, bytes) else data.encode()
        return [f"{place}: {needle.decode()}" for needle in self.needles if needle in data]


@pytest.fixture
def heard(house: House) -> list[bytes]:
    """All that units of work publish, of any topic."""
    frames: list[bytes] = []
    for topic in ("room", "alert", "refund", "sessions_ended", "signed_out"):
        house.subscribe(
            topic, lambda message: frames.append(orjson.dumps([message.topic, message.payload], default=str))
        )
    return frames


@pytest.fixture
def post(house: House) -> Iterator[MailServer]:
    """Where mail is sent; what is told is mailed from the first account on."""
    with a_mail_server() as server:
        house.settings = replace(house.settings, smtp_url=server.url, mail_from="court@example.cn")
        yield server


@pytest.fixture
def aviary(app: Flask, house: House, sign_in: SignIn, heard: list[bytes], post: MailServer) -> Aviary:
    """Everybody comes in by the doors: account, registration, deposit, bids, a question, a paper, a request."""
    sale = house.perform(lambda unit: a_sale(unit, bidders=0))
    birds = [Bird(n, f"金丝雀{'甲乙丙'[n]}", f"vogel{n}") for n in range(3)]
    principal = Bird(7, "夜莺委托", "")
    anybody = sign_in(None)
    ids = []
    for bird in birds:
        fine(anybody.post("/bidders", {
            "username": bird.username, "password": PASSWORD, "name": bird.name, "id_type": "resident_id",
            "id_number": bird.id_number, "phone": bird.phone, "email": bird.email, "address": bird.address,
        }), 201)  # fmt: skip
        account = house.read(account_named, bird.username)
        assert account is not None
        caller = sign_in(account)
        agent = bird.turn == 1
        principals = [{"name": principal.name, "id_type": "resident_id", "id_number": principal.id_number}]
        asked = {
            "capacity": "agent" if agent else "self",
            "principals": principals if agent else [],
            "claim": "ordinary",
            "seal": sale.seal,
            "undertakings": UNDERTAKINGS,
        }
        with opened_later(house, sale, agent):
            made = fine(caller.post(f"/auctions/{sale.auction_id}/registrations", asked), 201)
            if agent:
                house.perform(decide, an_actor(sale.judge), made["id"], approve=True, reason="委托属实")
        payment = fine(caller.post(f"/registrations/{made['id']}/deposit", {}), 201)
        payer = {"payer_name": bird.name, "payer_id_number": bird.id_number, "payer_account": bird.bank_account}
        paid = {"outcome": "paid", "amount_fen": payment["amount_fen"], **payer}
        fine(caller.post(f"/sandbox/payments/{payment['id']}", paid))
        ids.append(made["id"])
        fine(offer(caller, sale, RESERVE + bird.turn * STEP), 201)
        assert offer(caller, sale, RESERVE, "low").status_code == 422
        sent = {"file": (io.BytesIO(PDF + bird.name.encode()), "证明.pdf", "application/pdf")}
        paper = fine(caller.post("/me/papers", data=sent, content_type="multipart/form-data"), 201)["id"]
        wanted = {"name": bird.name + "正", "reason": bird.name, "attachments": [paper]}
        fine(caller.post("/me/corrections", wanted), 201)
        fine(caller.put("/me/contact", {"phone": bird.phone + "0"}))
        fine(caller.get("/me/data"))
        house.perform(ask_question, account.actor, sale.lot_id, question="是否有车位？")
    asked = {"bidder_code": code_of_first(house, sale), "reason": "举报串通"}
    opening = fine(sign_in(sale.judge).post(f"/auctions/{sale.auction_id}/identities", asked), 202)["approval_id"]
    regulator = sign_in(house.perform(an_account, "regulator"))
    fine(regulator.post(f"/approvals/{opening}", {"approve": True, "reason": "同意"}))
    fine(sign_in(sale.judge).post(f"/identities/{opening}", {}, headers={"Idempotency-Key": "k"}))
    seal_all(house)
    tell_news(house)
    return Aviary(sale, birds, principal, ids)


def code_of_first(house: House, sale: Sale) -> str:
    wanted = select(Registration.bidder_code).where(Registration.auction_id == sale.auction_id)
    return str(house.read(lambda session: session.scalars(wanted.order_by(Registration.id)).first()))


class opened_later:
    """While it lasts the sale has not opened: agents are confirmed before that."""

    def __init__(self, house: House, sale: Sale, needed: bool) -> None:
        self.house, self.sale, self.needed = house, sale, needed

    def _set(self, status: str) -> None:
        def change(unit: Unit) -> None:
            auction = unit.session.get_one(Auction, self.sale.auction_id)
            self.opens_at = getattr(self, "opens_at", auction.opens_at)
            later = auction.closes_at - (auction.closes_at - self.opens_at) / 2
            auction.status, auction.opens_at = status, later if status == "announced" else self.opens_at

        self.house.perform(change)

    def __enter__(self) -> None:
        if self.needed:
            self._set("announced")

    def __exit__(self, *_: object) -> None:
        if self.needed:
            self._set("open")


def everybody(unit: Unit, sale: Sale) -> dict[str, Account]:
    """Somebody of each role who is none of the bidders."""
    roles = ("clerk", "president", "regulator", "operator")
    people = {role: an_account(unit, role) for role in roles}
    agency = Agency(uscc=a_uscc(), name="拍辅机构")
    unit.session.add(agency)
    unit.session.flush()
    people["agency"] = an_account(unit, "agency", agency_uscc=agency.uscc)
    give_task(
        unit, an_actor(sale.judge), sale.lot_id, agency=agency.uscc, kind="survey",
        due_at=unit.session.get_one(Auction, sale.auction_id).closes_at,
    )  # fmt: skip
    return people | {"judge": sale.judge, "bidder": a_bidder(unit, name="外人")}


def answers(app: Flask, house: House, aviary: Aviary, sign_in: SignIn) -> Iterator[tuple[str, bytes]]:
    """The answer of every route to everybody: as it is read, and to a body that is refused."""
    sale = aviary.sale
    people = house.perform(everybody, sale)
    case = house.read(lambda session: session.get_one(Lot, sale.lot_id).case_id)
    ids = {
        "auction_id": sale.auction_id, "lot_id": sale.lot_id, "registration_id": aviary.registrations[0],
        "case_id": case, "code": "possession", "stream": f"auction:{sale.auction_id}", "number": "1",
        "bidder_id": house.read(account_named, aviary.birds[0].username).id,  # type: ignore[union-attr]
        "account_id": house.read(account_named, aviary.birds[0].username).id,  # type: ignore[union-attr]
    }  # fmt: skip
    ids |= found_ids(house)
    pages: dict[str, Any] = {"nobody": app.test_client()}
    calls: dict[str, Caller] = {"nobody": sign_in(None)}
    for role, account in people.items():
        pages[role], calls[role] = signed_in(app, house, account).client, sign_in(account)
    for rule in app.url_map.iter_rules():
        if "static" in rule.endpoint or "logout" in rule.rule or rule.rule.endswith("/sessions/current"):
            continue
        path, api = path_of(rule, ids), rule.rule.startswith(API)
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT"}):
            more: dict[str, Any] = {} if method == "GET" else {"json": {"nosuch": 1}}
            if method == "GET" and ("conflict" in rule.rule or "journal" in rule.rule or "entries" in rule.rule):
                more = {"query_string": {"purpose": "查问"}}
            for who in pages if method == "GET" else ("nobody", "judge", "regulator"):
                if who == "judge" and method == "POST" and rule.rule.endswith("/identities/<approval_id>"):
                    continue  # the one door: he proposed it, a regulator approved
                if api:
                    answer = calls[who].call(method, path.removeprefix(API), **more)
                else:
                    answer = pages[who].open(path, method=method, **more)
                yield (
                    f"{who} {method} {rule.rule} {answer.status_code}",
                    answer.get_data() + str(answer.headers).encode(),
                )


def found_ids(house: House) -> dict[str, str]:
    """Ids of things that are there, by the names routes give them."""
    things = ("payment", "bid", "paper", "question", "correction", "approval", "alert", "task")
    named = {f"{name}s": f"{name}_id" for name in things}
    found = {}
    with house.reader.connect() as connection:
        for table, name in named.items():
            row = connection.execute(text(f"SELECT id FROM {table} LIMIT 1")).first()  # noqa: S608 - names of ours
            if row is not None:
                found[name] = row.id
    return found


def database(house: House, folder: Path) -> Iterator[tuple[str, bytes]]:
    """The pages of the file, or every value of every table; both as they lie there."""
    with house.reader.connect() as connection:
        for name, table in Base.metadata.tables.items():
            for row in connection.execute(table.select()):
                yield (
                    f"table {name}",
                    b"\0".join(bytes(value) if isinstance(value, bytes) else str(value).encode() for value in row),
                )
    for file in sorted(folder.glob("fapai.db*")):
        yield file.name, file.read_bytes()


def files(house: House, aviary: Aviary, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Packages of the sale and of the whole log, and the nightly files."""
    export(house, folder / "sale", aviary.sale.auction_id, anyway=True)  # a factory made the round, and told nobody
    export(house, folder / "log", anyway=True)
    bulk.write(house)
    for where in (folder / "sale", folder / "log", bulk.folder(house)):
        for file in sorted(where.rglob("*")):
            if file.is_file():
                yield str(file.relative_to(folder)), file.read_bytes()


def frames(house: House, aviary: Aviary, heard: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """What a room answers to who watches, and all that was published."""
    rooms: Any = Rooms(house, Door(Desk(house, "canary:1"), house.clock, 250))
    rooms.enter_room = lambda *_args, **_more: None  # there is no server behind it
    rooms.on_connect("s", {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": io.BytesIO()})
    yield "watch", orjson.dumps(rooms.trigger_event("watch", "s", {"auction_id": aviary.sale.auction_id}), default=str)
    yield from (("published", frame) for frame in heard)


def mails(house: House, post: MailServer) -> Iterator[tuple[str, bytes]]:
    """What is mailed, as it is read and as it went over the wire, but for the address it goes to: its reader's own."""
    send_mails(house)
    for to, mail in post.kept:
        assert mail["To"] == to
        del mail["To"]
        read = f"{mail['Subject']}\n{mail.get_content()}"  # type: ignore[attr-defined]
        yield f"mail {mail['Subject']}", read.encode() + mail.as_bytes()


def everything(
    app: Flask,
    house: House,
    aviary: Aviary,
    sign_in: SignIn,
    heard: list[bytes],
    folder: Path,
    out: Callable[[], str],
    post: MailServer,
) -> dict[str, list[str]]:
    """What was found of them, by where it was looked for; how much was looked at stands under `searched`."""
    found: dict[str, list[str]] = {}
    searched, places = [], []
    sources: dict[str, Iterator[tuple[str, bytes]]] = {
        "http": answers(app, house, aviary, sign_in),
        "frames": frames(house, aviary, heard),
        "files": files(house, aviary, folder),
        "database": database(house, folder),
        "mail": mails(house, post),
    }
    for name, source in sources.items():
        for place, data in source:
            searched.append(name)
            places.append(place)
            found.setdefault(name, []).extend(aviary.seen(place, data))
    found["log"] = aviary.seen("log", out())
    assert sum(place.endswith(" 200") for place in places) > 300
    looked = ("http", "files", "database", "mail")
    assert {name: searched.count(name) > 5 for name in looked} == dict.fromkeys(looked, True)
    return {name: places for name, places in found.items() if places}


def still_open(house: House, aviary: Aviary) -> bool:
    return house.read(lambda session: session.get_one(Auction, aviary.sale.auction_id).status) == "open"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the program logs, as the command line has it logged; whoever configured it before wrote elsewhere."""
    before, lines = structlog.get_config(), io.StringIO()
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=structlog.PrintLoggerFactory(lines),
    )
    yield lines
    structlog.configure(**before)


@pytest.mark.slow
def test_nothing_that_leaves_before_the_end_says_who_bids(
    app: Flask,
    house: House,
    aviary: Aviary,
    sign_in: SignIn,
    heard: list[bytes],
    tmp_path: Path,
    logged: io.StringIO,
    post: MailServer,
) -> None:
    structlog.get_logger("canary").info("searching")
    found = everything(app, house, aviary, sign_in, heard, tmp_path, logged.getvalue, post)
    assert "searching" in logged.getvalue()
    assert still_open(house, aviary)
    assert {name: sorted(set(places))[:20] for name, places in found.items()} == {}


@pytest.mark.slow
@pytest.mark.parametrize("leak", ["http", "frames", "files", "database", "log", "mail"])
def test_a_leak_that_is_planted_is_found(
    app: Flask,
    house: House,
    aviary: Aviary,
    sign_in: SignIn,
    heard: list[bytes],
    tmp_path: Path,
    logged: io.StringIO,
    post: MailServer,
    leak: str,
) -> None:
    bird = aviary.birds[0]
    reader = house.read(account_named, aviary.birds[1].username)
    assert reader is not None

    def planted(unit: Unit) -> None:
        if leak == "http":
            unit.session.get_one(Lot, aviary.sale.lot_id).title = f"住宅（{bird.phone}）"
        elif leak == "frames":
            unit.publish("room", auction_id=aviary.sale.auction_id, leader=bird.name)
        elif leak == "database":
            judge = aviary.sale.judge.id
            subject = {"to": bird.email}
            unit.session.add(Message(id="leak", account_id=judge, kind="x", subject=subject, key="x", at=unit.now))
        elif leak == "log":
            structlog.get_logger("canary").info("paid", by=bird.bank_account)
        elif leak == "mail":
            tell(unit, reader.id, "outbid", {"title": f"住宅（{bird.name}）", "price_fen": 1}, "leak")
        elif leak == "files":
            unit.record("Noted", stream=f"auction:{aviary.sale.auction_id}", body={"who": bird.id_number})

    house.perform(planted)
    seal_all(house)
    sources = {
        "http": lambda: answers(app, house, aviary, sign_in),
        "frames": lambda: frames(house, aviary, heard),
        "files": lambda: files(house, aviary, tmp_path),
        "database": lambda: database(house, tmp_path),
        "log": lambda: iter([("log", logged.getvalue().encode())]),
        "mail": lambda: mails(house, post),
    }
    assert any(aviary.seen(place, data) for place, data in sources[leak]())


REDIS = os.environ.get("TEST_REDIS_URL")


@pytest.mark.slow
@pytest.mark.skipif(REDIS is None, reason="TEST_REDIS_URL names no Redis")
def test_what_goes_over_redis_says_nothing_of_who_bids(
    house: House, aviary: Aviary, heard: list[bytes], sign_in: SignIn
) -> None:
    redis = Redis.from_url(str(REDIS))
    messages = redis.pubsub()  # type: ignore[no-untyped-call]
    messages.psubscribe("*")
    broadcaster = Broadcaster(SocketIO(message_queue=REDIS, async_mode="threading", json=Json), REDIS)
    house.subscribe("room", broadcaster.take)
    broadcaster.start()
    account = house.read(account_named, aviary.birds[1].username)
    fine(offer(sign_in(account), aviary.sale, RESERVE + 7 * STEP, "late"), 201)
    read: list[bytes] = []
    until = time.monotonic() + 20
    while time.monotonic() < until and not any(b"bid_count" in one for one in read):
        message = messages.get_message(timeout=0.2)
        if message is not None and isinstance(message["data"], bytes):
            read.append(message["data"])
    assert any(b"bid_count" in one for one in read)
    for key in redis.scan_iter():
        read.append(key)
        read.append(redis.dump(key) or b"")
    messages.close()
    assert [seen for one in read for seen in aviary.seen("redis", one)] == []

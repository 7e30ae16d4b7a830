"""Rows for tests, written directly: plain functions on a unit, sensible values, every one of them overridable.

Each answers the ORM object, flushed. Whatever a row needs is made with it unless given. Nothing here is journaled and
no rule is asked: what a service would refuse can be built too. Made-up numbers of identity have right check digits.

    def story(unit):
        auction = an_auction(unit)
        return a_registration(unit, auction, a_bidder(unit, name="张三")), auction
    registration, auction = house.perform(story)
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import reduce
from itertools import count
from typing import Any, TypeVar

from auction.kernel.crypto import sha256_hex
from auction.kernel.unit import Unit
from auction.models import Account, Auction, Case, Court, Lot, Party, Person
from auction.rules import identity, ruleset
from auction.rules.access import Actor
from auction.services.auctions import shard_of
from bidding.models import Payment, Posting, Registration
from bidding.rules.ledger import deposit_received
from bidding.services.identities import sealed_identity

YUAN = 100
Row = TypeVar("Row")
_numbers = count(1)


def a_resident_id(number: int | None = None, born: date = date(1985, 1, 1), region: str = "320102") -> str:
    """A resident number with the right check character (GB 11643); `number` 0-999 is its sequence number.

    Without `number` every call gives another one.
    """
    if number is None:
        serial = next(_numbers)
        number, born = serial % 1000, born + timedelta(days=serial // 1000)
    head = f"{region}{born:%Y%m%d}{number:03d}"
    weighted = reduce(lambda total, digit: (total + int(digit)) * 2, head, 0)
    return head + "10X98765432"[weighted % 11]


def a_uscc(number: int | None = None) -> str:
    """A unified social credit code with the right check character (GB 32100)."""
    marks = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    head = f"91320100{number if number is not None else next(_numbers):09d}"
    total = sum(marks.index(mark) * pow(3, place, 31) for place, mark in enumerate(head))
    return head + marks[-total % 31]


def a_court(unit: Unit, code: str = "3201", name: str = "南京市中级人民法院") -> Court:
    """The court of that code, made if it is not there."""
    court = unit.session.get(Court, code)
    return court if court is not None else _kept(unit, Court(code=code, name=name))


def a_person(
    unit: Unit,
    *,
    name: str = "张三",
    id_type: str = "resident_id",
    id_number: str | None = None,
    phone: str | None = "+8613800138000",
    email: str | None = "zhangsan@example.cn",
    verified: bool = True,
) -> Person:
    """A person with a key of their own, every identifying field sealed under it."""
    number = identity.normalise(id_type, id_number or (a_uscc() if id_type == "uscc" else a_resident_id()))
    person_id = unit.new_id()
    key = unit.vault.new_person_key(person_id)

    def sealed(column: str, text: str | None) -> bytes | None:
        return unit.vault.seal(key, person_id, column, text) if text is not None else None

    return _kept(
        unit,
        Person(
            id=person_id,
            wrapped_key=key,
            id_type=id_type,
            id_match=unit.vault.match_key(id_type, number),
            name=sealed("name", name),
            id_number=sealed("id_number", number),
            phone=sealed("phone", phone),
            email=sealed("email", email),
            verified=verified,
            created_at=unit.now,
        ),
    )


def id_number_of(unit: Unit, person: Person) -> str:
    """A person's number in the clear."""
    assert person.wrapped_key is not None
    return unit.vault.open(person.wrapped_key, person.id, "id_number", person.id_number)


def name_of(unit: Unit, person: Person) -> str:
    """A person's name in the clear."""
    assert person.wrapped_key is not None
    return unit.vault.open(person.wrapped_key, person.id, "name", person.name)


def an_account(unit: Unit, role: str = "judge", *, person: Person | None = None, **changes: Any) -> Account:
    """An account of a role. Judges, clerks and presidents belong to the default court unless `court_code` is given.

    Nobody can sign in to it until a real `password_hash` is given.
    """
    if role in ("judge", "clerk", "president"):
        changes.setdefault("court_code", a_court(unit).code)
    account_id = unit.new_id()
    values: dict[str, Any] = {
        "id": account_id,
        "username": f"{role}-{account_id}",
        "password_hash": "!",
        "role": role,
        "display_name": role,
        "person_id": person.id if person else None,
        "created_at": unit.now,
    }
    return _kept(unit, Account(**(values | changes)))


def a_bidder(unit: Unit, *, person: Person | None = None, username: str | None = None, **person_fields: Any) -> Account:
    """A bidder's account with a verified person behind it; further keywords go to `a_person`."""
    person = person or a_person(unit, **person_fields)
    account = an_account(unit, "bidder", person=person, display_name="竞买人")
    if username is not None:
        account.username = username
        unit.session.flush()
    return account


def an_actor(account: Account) -> Actor:
    """The account as a service's actor."""
    return Actor(
        id=account.id,
        role=account.role,
        name=account.display_name,
        person_id=account.person_id,
        court_code=account.court_code,
        agency_uscc=account.agency_uscc,
    )


def a_case(unit: Unit, *, court: Court | None = None, number: str | None = None, **changes: Any) -> Case:
    """An enforcement case without parties, entered 200 days ago."""
    values: dict[str, Any] = {
        "id": unit.new_id(),
        "number": number or f"（2026）苏01执{next(_numbers)}号",
        "court_code": (court or a_court(unit)).code,
        "entered_at": unit.now - timedelta(days=200),
    }
    return _kept(unit, Case(**(values | changes)))


def a_party(unit: Unit, case: Case, role: str = "applicant", *, name: str = "某银行", **changes: Any) -> Party:
    """A party of a case; give `id_type` and `id_number` to make it one whose identity can be matched."""
    id_type, number = changes.pop("id_type", None), changes.pop("id_number", None)
    match = unit.vault.match_key(id_type, identity.normalise(id_type, number)) if id_type and number else None
    values: dict[str, Any] = {
        "id": unit.new_id(),
        "case_id": case.id,
        "position": len(case.parties),
        "name": name,
        "role": role,
        "id_type": id_type,
        "id_match": match,
    }
    party = _kept(unit, Party(**(values | changes)))
    unit.session.refresh(case)
    return party


def a_lot(unit: Unit, *, case: Case | None = None, **changes: Any) -> Lot:
    """A flat in Nanjing without sheet or reference price."""
    case = case or a_case(unit)
    values: dict[str, Any] = {
        "id": unit.new_id(),
        "case_id": case.id,
        "court_code": case.court_code,
        "title": "南京市玄武区珠江路88号2幢301室房产",
        "asset_type": "real_estate",
        "region": "320102",
        "address": "南京市玄武区珠江路88号2幢301室",
        "attributes": {},
        "sheet_version": 0,
        "created_at": unit.now,
    }
    if "created_by" not in changes:
        values["created_by"] = an_account(unit, "clerk", court_code=case.court_code).id
    return _kept(unit, Lot(**(values | changes)))


def an_auction(unit: Unit, *, lot: Lot | None = None, status: str = "open", **changes: Any) -> Auction:
    """A round: `draft`, `announced` (opens in 30 days), `open` since an hour for 24 hours, or a status after that.

    Anything announced carries a ruleset and a seal. Reserve 1,000,000 yuan, increment 5,000, deposit 100,000.
    """
    lot = lot or a_lot(unit)
    auction_id = unit.new_id()
    opens_at = changes.get("opens_at") or unit.now + (
        timedelta(days=30) if status in ("draft", "in_review", "approved", "announced") else timedelta(hours=-1)
    )
    closes_at = changes.get("closes_at") or opens_at + timedelta(hours=25)
    values: dict[str, Any] = {
        "id": auction_id,
        "lot_id": lot.id,
        "shard": shard_of(auction_id),
        "round": "first",
        "status": status,
        "version": 0,
        "reserve_price_fen": 1_000_000 * YUAN,
        "increment_fen": 5_000 * YUAN,
        "deposit_fen": 100_000 * YUAN,
        "reference_price_fen": 1_400_000 * YUAN,
        "opens_at": opens_at,
        "closes_at": closes_at,
        "scheduled_closes_at": closes_at,
        "balance_days": 10,
        "bid_count": 0,
        "extensions": 0,
        "created_at": unit.now,
        "created_by": lot.created_by,
    }
    if status not in ("draft", "in_review", "approved"):
        data = ruleset.load("spc-2016").as_data()
        values |= {
            "ruleset_name": data["name"],
            "ruleset": data,
            "seal": sha256_hex(auction_id.encode()),
            "announced_at": opens_at - timedelta(days=31),
        }
    return _kept(unit, Auction(**(values | changes)))


def a_registration(
    unit: Unit,
    auction: Auction,
    bidder: Account | None = None,
    *,
    status: str = "awaiting_deposit",
    principals: Iterable[tuple[str, str, str]] = (),
    **changes: Any,
) -> Registration:
    """A registration with its sealed identities: the bidder's, and `principals` as (name, id type, number).

    In status `qualified` it has a bidder code, but no deposit: `a_paid_deposit` gives it one.
    """
    bidder = bidder or a_bidder(unit)
    person = unit.session.get_one(Person, bidder.person_id)
    registration_id = unit.new_id()
    values: dict[str, Any] = {
        "id": registration_id,
        "auction_id": auction.id,
        "account_id": bidder.id,
        "person_id": person.id,
        "capacity": "self",
        "claim": "ordinary",
        "status": status,
        "deposit_due_fen": auction.deposit_fen,
        "undertakings": ["full_capacity", "not_barred", "accept_defects"],
        "seal": auction.seal or "",
        "cleared_version": 0,
        "cleared_on": unit.now.date(),
        "created_at": unit.now,
    }
    if status in ("qualified", "applied"):
        values["bidder_code"] = unit.ids.bidder_code(())
    registration = _kept(unit, Registration(**(values | changes)))
    part = "joint" if registration.capacity == "joint" else "principal"
    own = ("applicant", name_of(unit, person), person.id_type, id_number_of(unit, person))
    for role, name, id_type, number in (own, *((part, *principal) for principal in principals)):
        row = sealed_identity(
            unit,
            person,
            registration_id=registration.id,
            auction_id=auction.id,
            part=role,
            id_type=id_type,
            id_number=identity.normalise(id_type, number),
            name=name,
        )
        row.live = status not in ("refused", "released")
        unit.session.add(row)
    unit.session.flush()
    unit.session.refresh(registration)
    return registration


def a_payment(unit: Unit, registration: Registration, *, purpose: str = "deposit", **changes: Any) -> Payment:
    """A pending payment of what the registration owes."""
    values: dict[str, Any] = {
        "id": unit.new_id(),
        "registration_id": registration.id,
        "auction_id": registration.auction_id,
        "purpose": purpose,
        "amount_fen": registration.deposit_due_fen,
        "account": "模拟账户 0000 0000 0000 0000",
        "status": "pending",
        "created_at": unit.now,
    }
    return _kept(unit, Payment(**(values | changes)))


def a_paid_deposit(unit: Unit, registration: Registration) -> Payment:
    """The registration's deposit as paid and held: the payment and its posting. Its status is left alone."""
    due = registration.deposit_due_fen
    payment = a_payment(unit, registration, status="paid", paid_fen=due, paid_at=unit.now)
    transfer = deposit_received(registration.id, due)
    _kept(
        unit,
        Posting(
            auction_id=registration.auction_id,
            registration_id=registration.id,
            source=transfer.source,
            destination=transfer.destination,
            amount_fen=transfer.amount_fen,
            kind=transfer.kind.value,
            at=unit.now,
        ),
    )
    return payment


def _kept(unit: Unit, row: Row) -> Row:
    unit.session.add(row)
    unit.session.flush()
    return row

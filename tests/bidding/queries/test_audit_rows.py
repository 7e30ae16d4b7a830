"""A column of an auction, a registration, a payment or the ledger told otherwise than the journal does is found."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Date, Integer, bindparam, delete, insert, select, text, update

from auction.kernel.clock import FixedClock, iso
from auction.kernel.db import Base, Instant
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction, Case, JournalRow, Party
from auction.queries.audit import Report
from auction.services.approvals import vote
from bidding.evidence import export
from bidding.models import GatewayNotice, Payment, RegisteredIdentity, Registration
from bidding.queries.audit import _check_people, contradictions
from bidding.queries.audit_columns import CHECKED, STATE, TOLD
from bidding.queries.audit_rows import check_rows
from bidding.rules.payment import PaymentNotice
from bidding.rules.registration import UNDERTAKINGS, Application, PrincipalFacts
from bidding.services import life, payments, registration, settlement
from bidding.services.approved import ACTS
from bidding.services.handover import record_handover
from bidding.services.revocation import propose_revocation
from risk.imports import import_staff
from tests.bidding.hall import Hall
from tests.bidding.queries.test_audit import remove_guards
from tests.bidding.sale import bid, hammer
from tests.bidding.test_evidence import verify
from tests.disclosure.court import CourtDesk
from tests.factories import a_bidder, a_party, a_resident_id, an_actor

#: Rows looked at in each table, spread over it.
SAMPLE = 4


class Sale(CourtDesk):
    """A sale from the draft to the handover, every step by its service."""

    def people(self) -> None:
        def story(unit: Unit) -> list[Any]:
            made = [a_bidder(unit, name=f"竞买人{n}", id_number=number) for n, number in enumerate(self.numbers)]
            case = unit.session.get_one(Auction, self.auction_id).lot.case
            a_party(unit, case, "applicant", id_type="resident_id", id_number=self.numbers[2])
            return made

        self.numbers = [a_resident_id() for _ in range(4)]
        self.accounts = self.house.perform(story)

    def register(self, who: int, claim: str = "ordinary", *, principal: bool = False) -> str:
        principals = (PrincipalFacts("李四", "resident_id", a_resident_id()),) if principal else ()
        seal = self.auction().seal or ""
        application = Application("agent" if principal else "self", claim, seal, UNDERTAKINGS, principals)
        return self.house.perform(registration.register, an_actor(self.accounts[who]), self.auction_id, application).id

    def decide(self, registration_id: str, **facts: Any) -> None:
        self.house.perform(registration.decide, self.judge, registration_id, reason="依法", **facts)

    def pay(
        self, who: int, registration_id: str, purpose: str = "deposit", *, less: int = 0, payer: int | None = None
    ) -> None:
        def ask(unit: Unit) -> Payment:
            row = unit.session.get_one(Registration, registration_id)
            if purpose == "deposit":
                return payments.request_deposit(unit, row, account="1")
            auction = unit.session.get_one(Auction, self.auction_id)
            return payments.request_balance(unit, auction, row, account="2")

        asked = self.house.perform(ask)
        payer = who if payer is None else payer
        fen = asked.amount_fen - less
        count = self.house.read(lambda session: session.query(GatewayNotice).count())
        notice = PaymentNotice(f"n{count}", asked.id, "paid", fen, f"竞买人{payer}", self.numbers[payer])
        self.house.perform(payments.receive_notice, notice)
        self.clock.advance(seconds=1)

    def refund(self) -> None:
        due = select(Payment.id).where(Payment.refund_fen.is_not(None), Payment.refunded_at.is_(None))
        for payment_id in self.house.read(lambda session: list(session.scalars(due))):
            self.house.perform(payments.refund_executed, payment_id)

    def held(self) -> None:
        """Terms changed, announced; four register, one is out; suspended, resumed, sold, paid in parts, handed over."""
        self.ready(increment_fen=400_000)
        self.change(increment_fen=500_000)
        assert self.vote(True, True) == "approved"
        self.publish()
        self.people()
        buyer, creditor = self.register(0), self.register(2, "creditor")
        preferred, agent = self.register(1, "preferential"), self.register(3, principal=True)
        self.pay(0, buyer, payer=1)
        self.pay(0, buyer)
        self.pay(2, creditor)
        self.decide(creditor, approve=True, claim_fen=4_000_000)
        self.decide(preferred, approve=True, rank=1)
        self.decide(agent, approve=False)
        self.pay(1, preferred)
        self.clock.moment = self.auction().opens_at + timedelta(minutes=1)
        self.house.perform(life.open_due, self.auction_id)
        bid(self.house, self.clock, self.auction_id, self.accounts[1].id, 140_000_000)
        reason = {"kind": "stay", "reason": "执行异议"}
        self.house.perform(life.suspend, self.judge, self.auction_id, **reason)
        later = self.clock.moment + timedelta(days=9)
        self.house.perform(life.resume, self.judge, self.auction_id, closes_at=later, reason="恢复")
        self.clock.moment = later - timedelta(minutes=1)
        bid(self.house, self.clock, self.auction_id, self.accounts[0].id, 140_500_000)
        assert hammer(self.house, self.clock, self.auction_id) == "sold"
        self.refund()
        self.pay(0, buyer, "balance", less=1_000_000)
        self.pay(0, buyer, "balance")
        facts = {"qualification": "not_required", "reason": "价款已付清"}
        self.house.perform(settlement.rule_sale, self.judge, self.auction_id, **facts)
        on = self.clock.moment.date()
        for code in ("ruling_served", "handed_over"):
            self.house.perform(record_handover, self.judge, self.auction_id, code=code, on=on, detail="交付")


@pytest.fixture(scope="module")
def sale(_hall: Hall) -> Sale:
    """A sale that is over, and the draft of another round of its lot; triggers removed. No test leaves anything."""
    made = Sale(_hall.house, _hall.clock)
    made.held()
    over = made.auction_id
    made.draft()
    made.vote(True)
    made.auction_id = over
    with made.house.engine.begin() as connection:
        remove_guards(connection)
    return made


def test_a_sale_by_the_services_is_told_by_its_entries_in_every_column(sale: Sale, tmp_path: Path) -> None:
    report = Report()
    sale.house.read(check_rows, report)
    assert report.failures == []
    assert sale.house.read(contradictions, sale.auction_id).failures == []
    counts = {"registrations": 4, "gateway_notices": 6, "payments": 7}
    assert {name: report.checked[name] for name in counts} == counts
    assert sale.auction().settlement == "handed_over"
    export(sale.house, tmp_path / "evidence", sale.auction_id)
    assert verify(tmp_path / "evidence", sale.house)["failures"] == []


def test_a_sale_held_for_a_barred_winner_and_revoked_accuses_nobody(
    house: House, clock: FixedClock, tmp_path: Path
) -> None:
    sale = Sale(house, clock)
    sale.ready()
    sale.publish()
    sale.people()
    for who in (0, 1):
        sale.pay(who, sale.register(who))
    clock.moment = sale.auction().opens_at + timedelta(minutes=1)
    house.perform(life.open_due, sale.auction_id)
    bid(house, clock, sale.auction_id, sale.accounts[0].id, 140_000_000)
    path = tmp_path / "staff.csv"
    head = "body_type,body_code,name,id_number,position,from,to"
    path.write_text(f"{head}\ncourt,3201,竞买人0,{sale.numbers[0]},法官,2020-01-01,\n", encoding="utf-8")
    assert not import_staff(house, path).refused
    hammer(house, clock, sale.auction_id)
    assert sale.auction().status == "suspended"
    assert house.read(contradictions, sale.auction_id).failures == []
    facts = {"ground": "winner_barred", "knowingly_false": True, "reason": "明知"}
    proposed = house.perform(propose_revocation, sale.judge, sale.auction_id, **facts)
    house.perform(vote, sale.panel[1], proposed.id, approve=True, reason="同意", acts=ACTS)
    assert sale.auction().status == "revoked"
    report = Report()
    house.read(check_rows, report)
    assert report.failures == []
    export(house, tmp_path / "evidence", sale.auction_id)
    assert verify(tmp_path / "evidence", house)["failures"] == []


def another(value: Any) -> Any:
    """Some other value the column takes; a text where there was none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1_000
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, dict):
        return value | {"other": 1}
    if isinstance(value, list):
        return [*value, "other"]
    return f"{value[:-1]}{'1' if value[-1] == '0' else '0'}"


def instead_of_none(column: Any) -> Any:
    if isinstance(column.type, Instant):
        return datetime.fromisoformat("2026-03-02T02:00:00+00:00")
    if isinstance(column.type, Date):
        return date(2026, 3, 2)
    if isinstance(column.type, JSON):
        return {"other": 1}
    return 7 if isinstance(column.type, Integer) else "x"


def sampled(unit: Unit, table: Any) -> Iterator[dict[str, Any]]:
    """Some rows of a table, spread over it, and every auction."""
    rows = [dict(row) for row in unit.session.execute(select(table).order_by(key_of(table))).mappings()]
    yield from rows[:: max(1, len(rows) // SAMPLE)]


class Undone(Exception):
    pass


def within(house: House, act: Any) -> None:
    """Let `act` tamper in one transaction, which is undone."""

    def attempt(unit: Unit) -> None:
        if unit.session.get_bind().dialect.name == "sqlite":
            unit.session.execute(text("PRAGMA defer_foreign_keys = ON"))
        act(unit)
        raise Undone

    with pytest.raises(Undone):
        house.perform(attempt)


def found(unit: Unit, only: str | None = None) -> list[str]:
    report = Report()
    check_rows(unit.session, report, only)
    return [str(failure) for failure in report.failures]


def key_of(table: Any) -> Any:
    return next(iter(table.primary_key))


def changed_one_by_one(unit: Unit, name: str, **instead: Any) -> int:
    """Change every declared column of some rows of a table, each is found by itself; how many there were.

    `instead`: values for columns that do not take any other.
    """
    table, count = Base.metadata.tables[name], 0
    key = key_of(table)
    for row in sampled(unit, table):
        changed = {
            column: instead_of_none(table.c[column]) if row[column] is None else another(row[column])
            for column in TOLD[name]
            if column != key.name
        } | instead
        place = key == row[key.name]
        unit.session.execute(update(table).where(place).values(changed))
        failures = found(unit)
        for column in changed:
            mark = f"{name} {row[key.name]}: its {column} is "
            assert any(failure.startswith(mark) for failure in failures), (mark, row[column], changed[column])
            count += 1
        before = {column: bindparam(f"b_{column}", row[column], table.c[column].type) for column in changed}
        unit.session.execute(update(table).where(place).values(before))
    return count


def test_every_declared_column_told_otherwise_is_found(sale: Sale) -> None:
    def act(unit: Unit) -> None:
        assert sum(changed_one_by_one(unit, name) for name in TOLD) > 150
        assert found(unit) == []

    within(sale.house, act)


def test_what_is_changed_is_what_is_named(sale: Sale) -> None:
    end = sale.auction().closes_at
    false = {"reserve_price_fen": 1, "closes_at": end + timedelta(hours=1), "status": "unsold"}

    def act(unit: Unit) -> None:
        unit.session.execute(update(Auction).where(Auction.id == sale.auction_id).values(false))
        said = {failure.partition(": ")[2] for failure in found(unit, sale.auction_id)}
        assert said == {
            "its reserve_price_fen is 1, its entries say 140000000",
            f"its closes_at is '{iso(end + timedelta(hours=1))}', its entries say '{iso(end)}'",
            "its status is 'unsold', its entries say 'sold'",
        }

    within(sale.house, act)


def test_a_text_no_hash_was_ever_made_of_is_found_too(sale: Sale) -> None:
    def act(unit: Unit) -> None:
        unit.session.execute(update(Auction).where(Auction.id == sale.auction_id).values(announcement={"ratio": 0.7}))
        said = f"auctions {sale.auction_id}: its announcement is not the one that was recorded"
        assert found(unit, sale.auction_id) == [said]

    within(sale.house, act)


def test_deleted_and_invented_rows_are_found(sale: Sale) -> None:
    def act(unit: Unit) -> None:
        for name in ("postings", "gateway_notices", "payments", "registrations"):
            table = Base.metadata.tables[name]
            row = dict(unit.session.execute(select(table).order_by(table.c.id.desc())).mappings().first() or {})
            unit.session.execute(delete(table).where(table.c.id == row["id"]))
            assert f"{name} {row['id']}: was recorded but is not there" in found(unit, sale.auction_id), name
            fresh = row["id"] + 1 if name == "postings" else f"{row['id'][:-1]}~"
            changed = {"id": fresh} | ({"bidder_code": "Z0000"} if name == "registrations" else {})
            unit.session.execute(insert(table).values(row | changed))
            assert f"{name} {fresh}: is there, but no entry tells of it" in found(unit), name
            unit.session.execute(delete(table).where(table.c.id == fresh))
            unit.session.execute(insert(table).values(row))
        assert found(unit) == []

    within(sale.house, act)


def test_entries_older_than_what_is_told_today_and_of_unknown_kinds_accuse_nobody(sale: Sale) -> None:
    def act(unit: Unit) -> None:
        stream = f"auction:{sale.auction_id}"
        change = update(Auction).where(Auction.id == sale.auction_id)
        unit.session.execute(change.values(settlement="pledged"))
        assert found(unit)
        unit.record("SalePledged", stream=stream, body={"to": "x"})
        unit.flush()
        assert found(unit) == []
        unit.session.execute(change.values(reserve_price_fen=1))
        assert found(unit) and found(unit, sale.auction_id)
        unit.session.execute(change.values(reserve_price_fen=140_000_000))
        unit.session.execute(delete(JournalRow).where(JournalRow.kind == "MoneyMoved"))
        assert found(unit) == []

    within(sale.house, act)


def test_every_column_of_every_table_is_declared_once() -> None:
    tables = Base.metadata.tables
    for name, table in tables.items():
        told, checked, state = TOLD.get(name, ()), CHECKED.get(name, ()), STATE.get(name, {})
        if "*" in state:
            assert not told and not checked and set(state) == {"*"}, name
            continue
        declared = sorted((*told, *checked, *state))
        assert declared == sorted(column.name for column in table.columns), name
    assert {*TOLD, *CHECKED, *STATE} <= set(tables)
    assert all(reason.strip() for state in STATE.values() for reason in state.values())


def test_a_role_changed_and_parties_or_identities_gone_are_found(sale: Sale) -> None:
    judge = sale.judge.id

    def people(unit: Unit) -> list[str]:
        report = Report()
        _check_people(unit.session, report)
        return [str(failure) for failure in report.failures]

    def act(unit: Unit) -> None:
        made = {"account_id": judge, "role": "judge"}
        unit.record("StaffAdded", stream="system", private=True, body=made)
        unit.flush()
        assert people(unit) == []
        unit.session.execute(update(Account).where(Account.id == judge).values(role="operator"))
        unit.session.execute(delete(Party))
        unit.session.execute(delete(RegisteredIdentity))
        case_id = unit.session.scalars(select(Case.id)).one()
        registrations = unit.session.scalars(select(Registration.id).order_by(Registration.id)).all()
        assert people(unit) == [
            f"accounts {judge}: its role is 'operator', its entry says 'judge'",
            f"parties of case {case_id}: are 0, 2 were entered",
            *(f"registrations {name}: has no identity behind it" for name in registrations),
        ]

    within(sale.house, act)

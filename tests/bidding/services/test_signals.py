"""Signs of straw men on both databases: kept as hashes, compared after the end, told once, and never a bar."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction
from bidding.models import AwaitedLook, Payment, Registration, RegistrationSignal
from bidding.queries.alerted import persons_behind
from bidding.queries.due import due_acts
from bidding.rules.payment import PaymentNotice
from bidding.rules.registration import UNDERTAKINGS, Application
from bidding.rules.signals import Origin
from bidding.services.closing import close
from bidding.services.payments import receive_notice, request_deposit
from bidding.services.registration import register
from bidding.services.signals import screen_signals, watch_names
from risk.imports import import_relatives, import_staff
from risk.queries.alerts import AlertFilter, alerts_page
from tests.factories import a_bidder, a_court, a_registration, a_resident_id, an_actor, an_auction
from web import timekeeping
from web.timekeeping import tick

IP = "101.6.6.6"


def an_open_auction(house: House, **changes: Any) -> str:
    return house.perform(lambda unit: an_auction(unit, **changes).id)


def a_person(house: House, number: int, **fields: Any) -> Account:
    """A bidder like nobody else, but for the given fields."""
    values = {"name": f"竞买人{number}", "phone": f"1380000{number:04d}", "email": f"b{number}@example.cn"}
    return house.perform(lambda unit: a_bidder(unit, **(values | fields)))


def join(house: House, auction_id: str, account: Account, origin: Origin | None = None) -> Registration:
    seal = house.read(lambda session: session.get_one(Auction, auction_id).seal) or ""
    application = Application("self", "ordinary", seal, UNDERTAKINGS)
    return house.perform(register, an_actor(account), auction_id, application, origin)


def end(house: House, auction_id: str) -> None:
    """Close an auction at its end, and do what is due then."""
    closes_at = house.read(lambda session: session.get_one(Auction, auction_id).closes_at)
    assert house.perform_at(closes_at, close, auction_id, settled=True) == "unsold"
    tick(house)


def told(house: House, kind: str | None = None) -> list[dict[str, Any]]:
    items, _ = house.read(alerts_page, AlertFilter(kind=kind))
    return items


def signs(house: House) -> list[dict[str, Any]]:
    """What is told but money that should have gone back: nobody pays it here."""
    return [alert for alert in told(house) if alert["kind"] != "refund_overdue"]


def codes(alert: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in alert["reasons"]]


def test_two_registrations_with_one_telephone_are_told_after_the_end_and_not_before(
    house: House, clock: FixedClock
) -> None:
    auction_id = an_open_auction(house)
    one, two = a_person(house, 1, phone="+86 139 1234 5678"), a_person(house, 2, phone="13912345678")
    registrations = [join(house, auction_id, account) for account in (one, two)]
    join(house, auction_id, a_person(house, 3))
    tick(house)
    assert house.perform(screen_signals, auction_id) is None
    assert told(house) == []
    assert all(made.status == "awaiting_deposit" for made in registrations)
    clock.advance(hours=25)
    end(house, auction_id)
    (alert,) = told(house)
    assert (alert["kind"], codes(alert), alert["persons_sealed"]) == ("shared_signal", ["shared_phone"], False)
    assert alert["reasons"][0]["facts"] == {"registrations": 2, "persons": 2, "auctions": 1}
    assert [one["registration_id"] for one in house.read(persons_behind, alert)] == [made.id for made in registrations]
    tick(house)
    assert house.perform(screen_signals, auction_id) is None
    assert len(told(house)) == 1


def test_nothing_is_kept_in_the_clear(house: House) -> None:
    auction_id = an_open_auction(house)
    join(house, auction_id, a_person(house, 1, phone="13912345678"), Origin(IP, "mark1234"))
    rows = house.read(lambda session: session.scalars(select(RegistrationSignal)).all())
    assert sorted(row.kind for row in rows) == ["device", "email", "ip", "phone"]
    written = " ".join(str(value) for row in rows for value in (row.value_match, row.person_match))
    assert not any(clear in written for clear in ("13912345678", IP, "mark1234", "example.cn"))
    assert all(len(row.value_match) == 64 for row in rows)


def test_device_address_and_payer_are_told_together(house: House, clock: FixedClock) -> None:
    auction_id = an_open_auction(house)
    number = a_resident_id()
    accounts = [a_person(house, 1, id_number=number, name="甲某"), a_person(house, 2)]
    for account in accounts:
        made = join(house, auction_id, account, Origin(IP, "mark1234"))

        def pay(unit: Unit, made: Registration = made) -> Payment:
            payment = request_deposit(unit, unit.session.merge(made), account="账户")
            notice = PaymentNotice(
                unit.new_id(), payment.id, "paid", payment.amount_fen, "甲某", number, "6222 0001 23"
            )
            return receive_notice(unit, notice)

        house.perform(pay)
    clock.advance(hours=25)
    end(house, auction_id)
    (alert,) = signs(house)
    assert codes(alert) == ["shared_bank_account", "shared_payer", "shared_device", "shared_ip"]


def test_one_who_pays_for_himself_and_for_his_agent_shares_with_nobody(house: House, clock: FixedClock) -> None:
    number = a_resident_id()
    buyer, agent = a_person(house, 1, id_number=number, name="甲某"), a_person(house, 2)
    auctions = [an_open_auction(house, closes_at=house.now() + timedelta(days=days)) for days in (1, 2)]

    def story(unit: Unit) -> None:
        own = a_registration(unit, unit.session.get_one(Auction, auctions[0]), buyer)
        sent = a_registration(
            unit,
            unit.session.get_one(Auction, auctions[1]),
            agent,
            capacity="agent",
            principals=[("甲某", "resident_id", number)],
        )
        for made in (own, sent):
            payment = request_deposit(unit, made, account="账户")
            notice = PaymentNotice(
                unit.new_id(), payment.id, "paid", payment.amount_fen, "甲某", number, "6222 0001 23"
            )
            assert receive_notice(unit, notice).status == "paid"

    house.perform(story)
    for auction_id in auctions:
        clock.advance(hours=25)
        end(house, auction_id)
    assert signs(house) == []


def test_a_carriers_address_and_an_agencys_telephone_flood_nobody(house: House, clock: FixedClock) -> None:
    auction_id = an_open_auction(house)
    for number in range(12):
        join(house, auction_id, a_person(house, number, phone="02583711234"), Origin(IP))
    clock.advance(hours=25)
    end(house, auction_id)
    assert told(house) == []


def test_different_people_of_two_ended_auctions(house: House, clock: FixedClock) -> None:
    first, second = an_open_auction(house), an_open_auction(house, closes_at=house.now() + timedelta(days=2))
    running = an_open_auction(house, closes_at=house.now() + timedelta(days=3))
    for auction_id, number in ((first, 1), (second, 2), (running, 3)):
        join(house, auction_id, a_person(house, number), Origin(IP, "mark1234"))
    clock.advance(hours=25)
    end(house, first)
    assert told(house) == []
    clock.advance(days=1)
    end(house, second)
    (alert,) = told(house)
    assert (alert["kind"], codes(alert)) == ("shared_signal_across", ["shared_device_across", "shared_ip_across"])
    assert alert["reasons"][0]["facts"] == {"registrations": 2, "persons": 2, "auctions": 2}
    behind = house.read(persons_behind, alert)
    assert {one["auction_id"] for one in behind} == {first, second}, "the running one stays out"


def test_the_same_person_in_two_auctions_is_no_sign(house: House, clock: FixedClock) -> None:
    first, second = an_open_auction(house), an_open_auction(house, closes_at=house.now() + timedelta(days=2))
    account = a_person(house, 1)
    for auction_id in (first, second):
        join(house, auction_id, account, Origin(IP, "mark1234"))
    clock.advance(hours=25)
    end(house, first)
    clock.advance(days=1)
    end(house, second)
    assert told(house) == []


def test_what_is_older_than_the_ruleset_keeps_is_deleted_and_compared_no_more(house: House, clock: FixedClock) -> None:
    first = an_open_auction(house)
    join(house, first, a_person(house, 1), Origin(IP, "mark1234"))
    clock.advance(hours=25)
    end(house, first)
    clock.advance(days=366)
    second = an_open_auction(house)
    join(house, second, a_person(house, 2), Origin(IP, "mark1234"))
    clock.advance(hours=25)
    end(house, second)
    assert [alert["kind"] for alert in told(house)] == ["relist_due"]
    left = house.read(lambda session: session.scalars(select(RegistrationSignal.auction_id).distinct()).all())
    assert left == [second]


def test_a_closed_auction_waits_for_its_screening_until_it_is_done(house: House, clock: FixedClock) -> None:
    auction_id = an_open_auction(house)
    clock.advance(hours=25)
    closes_at = house.read(lambda session: session.get_one(Auction, auction_id).closes_at)
    house.perform_at(closes_at, close, auction_id, settled=True)
    assert [due.act for due in house.read(due_acts, house.now())] == ["screen", "relist"]
    tick(house)
    assert house.read(due_acts, house.now()) == []
    done = select(AwaitedLook.act, AwaitedLook.subject_id).where(AwaitedLook.done_at.is_not(None))
    assert ("screen", auction_id) in house.read(lambda session: session.execute(done).all())


# --- names nearly those of registered people -------------------------------------------------------------------------

STAFF = "body_type,body_code,name,id_number,position,from,to\n"


def registry(house: House, folder: Path, name: str, number: str, body: str = "3201") -> None:
    path = folder / "staff.csv"
    path.write_text(f"{STAFF}court,{body},{name},{number},法官,2020-01-01,\n", encoding="utf-8")
    assert not import_staff(house, path).refused


def test_a_slip_of_the_pen_beside_a_barred_person_is_told_and_bars_nobody(house: House, tmp_path: Path) -> None:
    auction_id = an_open_auction(house)
    registry(house, tmp_path, "王小明", a_resident_id(901))
    made = join(house, auction_id, a_person(house, 1, name="王晓明", id_number=a_resident_id(902)))
    assert made.status == "awaiting_deposit"
    assert told(house) == [], "nobody who registers, and no bid, waits for it"
    assert [(due.act, due.subject_id) for due in house.read(due_acts, house.now())] == [("names", made.id)]
    tick(house)
    assert house.read(due_acts, house.now()) == []
    (alert,) = told(house)
    assert (alert["kind"], alert["persons_sealed"]) == ("identity_near_match", True)
    assert alert["reasons"] == [{"code": "near_name", "facts": {"ground": "staff", "body": "court_body"}, "who": {}}]
    assert made.id not in str(alert)


def test_a_relative_of_staff_counts_too(house: House, tmp_path: Path) -> None:
    auction_id = an_open_auction(house)
    judge, child = a_resident_id(903), a_resident_id(904)
    registry(house, tmp_path, "王大勇", judge)
    path = tmp_path / "relatives.csv"
    path.write_text(
        f"id_number,relative_name,relative_id_number,relation\n{judge},王小明,{child},child\n", encoding="utf-8"
    )
    assert not import_relatives(house, path).refused
    join(house, auction_id, a_person(house, 1, name="王小朋", id_number=a_resident_id(905)))
    tick(house)
    assert [alert["reasons"][0]["facts"]["ground"] for alert in told(house)] == ["near_relative"]


@pytest.mark.parametrize(
    ("name", "born", "body"),
    [
        ("李大海", date(1985, 1, 1), "3201"),
        ("王晓明", date(1986, 1, 1), "3201"),
        ("王晓明", date(1985, 1, 1), "3299"),
    ],
    ids=["another name", "another birthday", "of a court that has nothing to do with the lot"],
)
def test_what_is_not_near_is_not_told(house: House, tmp_path: Path, name: str, born: date, body: str) -> None:
    auction_id = an_open_auction(house)
    house.perform(lambda unit: a_court(unit, "3299", "别处法院").code)
    registry(house, tmp_path, "王小明", a_resident_id(901), body)
    made = join(house, auction_id, a_person(house, 1, name=name, id_number=a_resident_id(902, born=born)))
    assert house.perform(watch_names, made.id)
    assert told(house) == []


def test_a_look_that_fails_lets_the_others_and_every_act_go_on_and_is_taken_again_later(
    house: House, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, ending = (an_open_auction(house) for _ in range(3))

    def waiting(unit: Unit) -> None:
        unit.session.add_all(AwaitedLook(act="screen", subject_id=one, due_at=unit.now) for one in (first, second))
        unit.session.get_one(Auction, ending).closes_at = unit.now - timedelta(minutes=1)

    house.perform(waiting)
    asked: list[str] = []

    def broken(unit: Unit, auction_id: str) -> None:
        asked.append(auction_id)
        if auction_id == first:
            raise ZeroDivisionError
        unit.session.get_one(AwaitedLook, ("screen", auction_id)).done_at = unit.now

    monkeypatch.setitem(timekeeping._ACTS, "screen", broken)
    tick(house)
    assert {first, second} <= set(asked)
    assert house.read(lambda session: session.get_one(Auction, ending).status) == "unsold"
    asked.clear()
    tick(house)
    assert first not in asked
    clock.advance(minutes=5)
    tick(house)
    assert first in asked

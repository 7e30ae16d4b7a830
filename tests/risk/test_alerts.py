"""Alerts on both databases: raised once, told without persons before the end, taken over, resolved, journaled."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction
from risk.models import Alert
from risk.queries.alerts import AlertFilter, alert_dict, alert_kinds, alerts_page, open_alerts
from risk.rules.alerts import Reason
from risk.services.alerts import assign_alert, raise_alert, resolve_alert
from tests.factories import a_court, a_lot, a_registration, an_account, an_actor, an_auction

REASON = Reason("shared_phone", {"registrations": 2}, {"registrations": ["r1", "r2"], "codes": ["K4827"]})


def an_alert(unit: Unit, **changes: Any) -> str:
    values: dict[str, Any] = {"key": "k1", "reasons": [REASON], "court_code": a_court(unit).code}
    return raise_alert(unit, changes.pop("kind", "shared_signal"), **(values | changes)).id


def journal(house: House, alert_id: str) -> list[tuple[str, bool]]:
    rows = (
        select(JournalRow.kind, JournalRow.private)
        .where(JournalRow.stream == f"alert:{alert_id}")
        .order_by(JournalRow.id)
    )
    return [(kind, private) for kind, private in house.read(lambda session: session.execute(rows).all())]


def shown(house: House, alert_id: str) -> dict[str, Any]:
    found = house.read(alert_dict, alert_id)
    assert found is not None
    return found


def test_one_occasion_is_told_once(house: House) -> None:
    first = house.perform(an_alert)
    second = house.perform(an_alert, reasons=[Reason("shared_ip")])
    assert second == first
    assert shown(house, first)["reasons"][0]["code"] == "shared_phone"
    assert house.read(lambda session: session.scalar(select(func.count()).select_from(Alert))) == 1
    assert journal(house, first) == [("AlertRaised", True)]


def test_an_alert_needs_reasons_that_identify_nobody_and_an_auction_for_its_registration(house: House) -> None:
    wrong: list[dict[str, Any]] = [
        {"reasons": []},
        {"reasons": [Reason("shared_phone", {"of": "张三"})]},
        {"registration_id": "r1"},
    ]
    for changes in wrong:
        with pytest.raises(ValueError, match=r"alert needs|identify"):
            house.perform(an_alert, **changes)
    assert house.read(open_alerts) == 0


def about_an_auction(house: House, **auction: Any) -> tuple[str, str]:
    """An alert about a registration of an auction: ids of auction and alert."""

    def story(unit: Unit) -> tuple[str, str]:
        round_ = an_auction(unit, **auction)
        registration = a_registration(unit, round_)
        alert = an_alert(
            unit,
            auction_id=round_.id,
            lot_id=round_.lot_id,
            registration_id=registration.id,
            account_id=registration.account_id,
        )
        return round_.id, alert

    return house.perform(story)


def test_before_the_end_nothing_in_it_leads_to_a_person(house: House) -> None:
    auction_id, alert_id = about_an_auction(house)
    before = shown(house, alert_id)
    assert before["persons_sealed"]
    assert (before["registration_id"], before["account_id"]) == (None, None)
    assert before["reasons"] == [{"code": "shared_phone", "facts": {"registrations": 2}, "who": {}}]

    def end(unit: Unit) -> None:
        unit.session.get_one(Auction, auction_id).status = "unsold"

    house.perform(end)
    after = shown(house, alert_id)
    assert not after["persons_sealed"]
    assert after["registration_id"] is not None
    assert after["reasons"][0]["who"] == REASON.who


def test_an_end_passed_but_not_yet_decided_is_no_end(house: House) -> None:
    now = house.now()
    _, alert_id = about_an_auction(house, closes_at=now)
    assert shown(house, alert_id)["persons_sealed"]


def test_an_alert_on_a_lot_waits_for_the_end_of_its_round(house: House) -> None:
    def story(unit: Unit, status: str) -> str:
        lot = a_lot(unit)
        an_auction(unit, lot=lot, status="unsold")
        an_auction(unit, lot=lot, status=status)
        return an_alert(unit, key=status, lot_id=lot.id)

    assert shown(house, house.perform(story, "open"))["persons_sealed"]
    assert not shown(house, house.perform(story, "sold"))["persons_sealed"]


def test_it_is_found_by_what_the_regulator_looks_for(house: House) -> None:
    def story(unit: Unit) -> dict[str, str]:
        wuxi = a_court(unit, "3202", "无锡市中级人民法院").code
        return {
            "a": an_alert(unit, key="a"),
            "b": an_alert(unit, key="b", court_code=wuxi),
            "c": an_alert(unit, key="c", kind="winner_barred"),
        }

    ids = house.perform(story)
    regulator = an_actor(house.perform(an_account, "regulator"))
    house.perform(assign_alert, regulator, ids["b"])
    house.perform(resolve_alert, regulator, ids["c"], outcome="no_action", reason="已核")

    def found(**wanted: Any) -> set[str]:
        items, total = house.read(alerts_page, AlertFilter(**wanted))
        assert total == len(items)
        return {name for name, id_ in ids.items() if id_ in {item["id"] for item in items}}

    assert found() == {"a", "b", "c"}
    assert found(status="open") == {"a", "b"}
    assert found(kind="winner_barred") == {"c"}
    assert found(court="3202") == {"b"}
    assert found(assigned_to=regulator.id) == {"b"}
    assert found(court="9999") == set()
    assert house.read(alert_kinds) == ["shared_signal", "winner_barred"]
    assert house.read(open_alerts) == 2
    first, total = house.read(alerts_page, AlertFilter(), page=1, page_size=2)
    last, _ = house.read(alerts_page, AlertFilter(), page=2, page_size=2)
    assert (total, len(first), len(last)) == (3, 2, 1)
    assert {item["id"] for item in first + last} == set(ids.values())


def refused(act: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    with pytest.raises(DomainError) as error:
        act(*args, **kwargs)
    return error.value.code


def test_it_is_taken_over_and_resolved_once(house: House) -> None:
    alert_id = house.perform(an_alert)
    one, two = (house.perform(an_account, "regulator", display_name=name) for name in ("甲监管", "乙监管"))
    house.perform(assign_alert, an_actor(one), alert_id)
    house.perform(assign_alert, an_actor(one), alert_id)
    house.perform(assign_alert, an_actor(one), alert_id, two.username)
    assert shown(house, alert_id)["assigned_to"] == "乙监管"
    house.perform(resolve_alert, an_actor(one), alert_id, outcome="unfounded", reason="同一家庭，已说明")
    told = shown(house, alert_id)
    assert (told["status"], told["outcome"], told["resolved_by"]) == ("resolved", "unfounded", "甲监管")
    assert (
        refused(house.perform, resolve_alert, an_actor(two), alert_id, outcome="confirmed", reason="x") == "wrong_state"
    )
    assert refused(house.perform, assign_alert, an_actor(two), alert_id) == "wrong_state"
    assert journal(house, alert_id) == [
        ("AlertRaised", True),
        ("AlertAssigned", True),
        ("AlertAssigned", True),
        ("AlertResolved", True),
    ]


def test_only_regulators_have_to_do_with_alerts(house: House) -> None:
    alert_id = house.perform(an_alert)
    judge: Account = house.perform(an_account)
    regulator = an_actor(house.perform(an_account, "regulator"))
    assert refused(house.perform, assign_alert, an_actor(judge), alert_id) == "forbidden"
    assert (
        refused(house.perform, resolve_alert, an_actor(judge), alert_id, outcome="confirmed", reason="x") == "forbidden"
    )
    assert refused(house.perform, assign_alert, regulator, alert_id, judge.username) == "invalid"
    assert refused(house.perform, assign_alert, regulator, "nowhere") == "not_found"
    assert refused(house.perform, resolve_alert, regulator, alert_id, outcome="perhaps", reason="x") == "invalid"

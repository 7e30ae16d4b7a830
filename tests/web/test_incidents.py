"""The public record of outages: the page and the interface say the same, to anybody."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from bidding.models import Outage
from bidding.services.outages import apply_outage, finish_outage
from bidding.services.turned_away import record_turned_away
from tests.bidding.sale import an_open_sale
from tests.web.caller import Caller
from tests.web.reader import Reader
from tests.web.test_public_api import has_shape
from web.scheduler import journal_counts
from web.schemas.incidents import IncidentsOut


def an_outage(house: House, clock: FixedClock, seconds: int) -> str:
    """An outage that has just ended."""

    def service(unit: Unit) -> str:
        began = clock.moment - timedelta(seconds=seconds)
        outage = Outage(id=unit.new_id(), since=began, began_at=began, ended_at=clock.moment)
        unit.session.add(outage)
        return outage.id

    return house.perform(service)


def test_everybody_reads_when_nobody_could_bid_and_what_came_of_it(
    app: Flask, house: House, clock: FixedClock, anybody: Caller
) -> None:
    page = Reader(app.test_client()).get("/incidents")
    assert "没有记录到中断" in page.text
    auction_id, _ = house.perform(an_open_sale)
    clock.advance(minutes=1)
    outage_id = an_outage(house, clock, 42)
    assert anybody.get("/incidents").get_json()["items"][0]["applied"] is False
    house.perform(apply_outage, outage_id, auction_id)
    house.perform(finish_outage, outage_id)
    house.perform(record_turned_away, {(auction_id, "fault"): 3})
    told = anybody.get("/incidents").get_json()
    assert has_shape(IncidentsOut, told)
    (item,) = told["items"]
    assert (item["seconds"], item["applied"]) == (42, True)
    assert [(sale["auction_id"], sale["effect"]) for sale in item["sales"]] == [(auction_id, "event")]
    assert [(each["auction_id"], each["codes"]) for each in told["turned_away"]] == [(auction_id, {"fault": 3})]
    page = Reader(app.test_client()).get("/incidents")
    assert "持续 42 秒" in page.text
    assert "仅作公告，截止时间不变" in page.text
    english = Reader(app.test_client(), "en").get("/incidents")
    assert "Lasted 42 s" in english.text
    assert "made public, the end stays" in english.text
    assert "/incidents" in Reader(app.test_client()).get("/log").html


def test_what_could_not_be_journaled_is_counted_on_and_journaled_when_the_database_is_back(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch, anybody: Caller
) -> None:
    auction_id, _ = house.perform(an_open_sale)
    turned_away = app.extensions["door"].turned_away

    def away(*_: object) -> None:
        raise OperationalError("", {}, OSError())

    with monkeypatch.context() as broken:
        broken.setattr(house, "read", away)
        broken.setattr(house, "perform", away)
        for _ in range(2):
            answer = app.test_client().post(
                f"/api/v1/auctions/{auction_id}/bids", json={}, headers={"Authorization": "Bearer x"}
            )
            assert (answer.status_code, answer.get_json()["code"]) == (503, "fault")
        with pytest.raises(OperationalError):
            journal_counts(house, turned_away)
    journal_counts(house, turned_away)
    assert [each["codes"] for each in anybody.get("/incidents").get_json()["turned_away"]] == [{"fault": 2}]

"""The public record of outages: the page and the interface say the same, to anybody."""

from datetime import timedelta

from flask import Flask

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from bidding.models import Outage
from bidding.services.outages import apply_outage, finish_outage
from bidding.services.turned_away import record_turned_away
from tests.bidding.sale import an_open_sale
from tests.web.caller import Caller
from tests.web.reader import Reader
from tests.web.test_public_api import has_shape
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

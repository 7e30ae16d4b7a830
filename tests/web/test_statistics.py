"""Statistics for everybody: only what has ended, of a court and a period; as JSON, page and a CSV without formulas."""

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask

from auction.kernel.unit import House, Unit
from auction.rules.calendar import midnight, shanghai_day
from bidding.models import Payment
from tests.factories import a_case, a_court, a_lot, a_registration, an_auction
from tests.web.caller import Caller, fields_of
from tests.web.reader import Reader
from web.statistics import plain

DAY = timedelta(days=1)


def a_year(unit: Unit) -> None:
    """Of one court a sale, a reneged one and an unsold; one of another; and one that still runs."""
    lot = a_lot(unit, created_at=unit.now - 50 * DAY)
    ended = {"closed_at": unit.now - 10 * DAY, "price_fen": 110_000_000}
    an_auction(unit, lot=lot, status="sold", settlement="paid", **ended)
    an_auction(unit, status="sold", settlement="reneged", **ended)
    an_auction(unit, status="unsold", round="second", closed_at=midnight(shanghai_day(unit.now)))
    other = a_court(unit, "3202", "=cmd|无锡市中级人民法院")
    vehicle = a_lot(unit, case=a_case(unit, court=other), asset_type="vehicle")
    an_auction(unit, lot=vehicle, status="sold", settlement="ruled", **ended)
    an_auction(unit, status="open", price_fen=999, bid_count=3)
    an_auction(unit, status="withdrawn", closed_at=unit.now, announced_at=None)


def test_only_what_has_ended_is_told(house: House, anybody: Caller) -> None:
    house.perform(a_year)
    told = anybody.get("/statistics").get_json()
    total = told["total"]
    assert (total["rounds"], total["sold"], total["reneged"], total["unsold"]) == (4, 2, 1, 1)
    assert (total["turnover_fen"], total["premium"], total["to_reference"]) == (220_000_000, 0.1, 0.7857)
    assert (total["renege_rate"], total["sale_rate"], total["days_to_sale"]) == (0.3333, 0.6667, -10)
    assert {court["court"]: court["sold"] for court in told["by_court"]} == {"3201": 1, "3202": 1}
    assert set(told["by_round"]) == {"first", "second"}
    assert told["clearance"] == {"outcomes": 0, "in_time": 0, "in_time_rate": None}


def test_a_court_and_a_period_are_told_apart_to_the_day(house: House, anybody: Caller) -> None:
    house.perform(a_year)
    today = shanghai_day(house.now())

    def rounds(query: str) -> int:
        return int(anybody.get(f"/statistics?{query}").get_json()["total"]["rounds"])

    assert rounds("court=3201") == 3
    assert rounds(f"court=3201&from={today}") == rounds(f"from={today}&to={today}") == 1
    assert rounds(f"to={today - DAY}") == 3
    assert rounds(f"from={today + DAY}") == 0
    assert fields_of(anybody.get("/statistics?court=9999")) == {"court": "unknown_court"}
    assert fields_of(anybody.get(f"/statistics?from={today}&to={today - DAY}")) == {"to": "ends_before_start"}
    assert fields_of(anybody.get("/statistics?from=yesterday")) == {"from": "not_a_date"}


def money_back(unit: Unit) -> None:
    """Of one court a refund to the second in time, one a second late, one not sent though its time is over, and one
    whose time is not over; of another one in time."""
    second = timedelta(seconds=1)
    first, other = an_auction(unit), an_auction(unit, lot=a_lot(unit, case=a_case(unit, court=a_court(unit, "3202"))))
    for auction, due, sent in (
        (first, unit.now - 9 * DAY, unit.now - 9 * DAY),
        (first, unit.now - 8 * DAY, unit.now - 8 * DAY + second),
        (first, unit.now - second, None),
        (first, unit.now, None),
        (other, unit.now + DAY, unit.now - DAY),
    ):
        row = a_registration(unit, auction=auction)
        unit.session.add(
            Payment(
                id=unit.new_id(), registration_id=row.id, auction_id=auction.id, purpose="deposit", amount_fen=1,
                account="1", status="refunded", refund_fen=1, refund_due_at=due, refunded_at=sent, created_at=unit.now,
            )
        )  # fmt: skip


def test_refunds_count_for_their_court_once_sent_or_late(app: Flask, house: House, anybody: Caller) -> None:
    house.perform(money_back)
    told = anybody.get("/statistics").get_json()["refunds"]
    assert (told["due"], told["in_time"], told["in_time_rate"]) == (4, 2, 0.5)
    by_court = {each["court"]: (each["due"], each["in_time"], each["in_time_rate"]) for each in told["by_court"]}
    assert by_court == {"3201": (3, 1, 0.3333), "3202": (1, 1, 1.0)}
    day = shanghai_day(house.now()) - 9 * DAY
    assert anybody.get(f"/statistics?from={day}&to={day}").get_json()["refunds"]["due"] == 1
    page = Reader(app.test_client()).get("/statistics?court=3201")
    assert "退款是否按时" in page.text and "33.3%" in page.text
    rows = list(csv.DictReader(io.StringIO(app.test_client().get("/statistics.csv").data.decode("utf-8-sig"))))
    assert [row["refunds_in_time_rate"] for row in rows] == ["0.5", "0.3333", "1.0"]


def test_the_page_shows_the_figures_and_says_what_is_wrong_with_a_period(app: Flask, house: House) -> None:
    house.perform(a_year)
    reader = Reader(app.test_client())
    page = reader.get("/statistics?court=3201")
    assert (
        "1,100,000" in page.text and "南京市中级人民法院" in page.text and "无锡" not in page.form("/statistics").action
    )
    assert "结束日早于开始日" in reader.get("/statistics?from=2026-03-02&to=2026-03-01", 422).text
    assert Reader(app.test_client(), "en").get("/statistics").text.startswith("LotsStatistics")


def test_the_csv_computes_nothing(app: Flask, house: House) -> None:
    house.perform(a_year)
    answer = app.test_client().get("/statistics.csv")
    assert answer.mimetype == "text/csv" and answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert all(len(row) == len(rows[0]) for row in rows)
    assert ["by_court", "'=cmd|无锡市中级人民法院"] in [row[:2] for row in rows]
    assert not any(cell[:1] in ("=", "+", "@") for row in rows for cell in row)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\ta", "\ra", "＝1"])
def test_a_text_that_begins_as_a_formula_is_marked(text: str) -> None:
    assert plain(text) == f"'{text}"
    assert plain("南京") == "南京"

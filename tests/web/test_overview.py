"""The regulator's overview: every figure from the rows behind it, of a court and a period, in three forms alike."""

import csv
import io
import re
from datetime import timedelta

import openpyxl
import pytest
from flask import Flask

from auction.kernel.events import RoomEvent
from auction.kernel.unit import House, Unit
from auction.models import Agency
from auction.rules.calendar import shanghai_day
from bidding.models import SaleObjection
from disclosure.models import Question
from risk.models import Alert, ClearanceOutcome
from tests.factories import a_bidder, a_case, a_court, a_lot, a_person, a_uscc, an_account, an_auction
from tests.web.reader import Page, Reader
from tests.web.test_pages import signed_in

DAY = timedelta(days=1)
NAME = "=cmd|南通市中级人民法院"


def some_duties(unit: Unit) -> None:
    """Of one court, two days ago, two of everything, one of them bad; of another court one sale only."""
    court = a_court(unit, "3206", NAME)
    lot = a_lot(unit, case=a_case(unit, court=court), created_at=unit.now - 50 * DAY)
    lot.seized_on = shanghai_day(unit.now - 90 * DAY)
    ended = {"closed_at": unit.now - 2 * DAY, "price_fen": 110_000_000}
    auction = an_auction(unit, lot=lot, status="sold", settlement="paid", **ended)
    an_auction(unit, lot=lot, status="unsold", closed_at=unit.now - 2 * DAY)
    an_auction(unit, status="sold", settlement="paid", **ended)
    unit.session.add(Agency(uscc=a_uscc(), name="=示例拍辅"))
    at, person = unit.now - 2 * DAY, a_person(unit)
    judge = an_account(unit, "judge", court_code="3206")
    for turn, bad in enumerate((True, False)):
        unit.session.add_all(
            [
                RoomEvent(auction_id=auction.id, version=90 + turn, type="disclosure", at=at, data={"material": bad}),
                RoomEvent(auction_id=auction.id, version=80 + turn, type="status", at=at, data={}),
                SaleObjection(
                    id=unit.new_id(), auction_id=auction.id, account_id=judge.id,
                    kind="ownership" if bad else "conduct", grounds="依据",
                    attachments=[], status="accepted" if bad else "filed", filed_at=at, due_on=at.date(),
                    review_extended=False, decided_at=at if bad else None, decided_by=judge.id if bad else None,
                    decision_reason="成立" if bad else None, remedy_until=at.date() if bad else None,
                ),
                Question(
                    id=unit.new_id(), lot_id=lot.id, person_id=person.id, wording="问", asked_at=at, machine_at=at,
                    due_at=at + DAY, answered_at=None if bad else unit.now,
                ),
                Alert(
                    id=unit.new_id(), kind="refund_late", key=f"key{turn}", court_code="3206", lot_id=lot.id,
                    reasons=[], raised_at=at, status="open" if bad else "resolved",
                    outcome=None if bad else "no_action",
                ),
            ]
        )  # fmt: skip
    unit.session.add(
        ClearanceOutcome(
            auction_id=auction.id, lot_id=lot.id, court_code="3206", facts={}, result="late", at=at, promised=False
        )
    )


@pytest.fixture
def regulator(app: Flask, house: House) -> Reader:
    house.perform(some_duties)
    return signed_in(app, house, house.perform(an_account, "regulator"))


def cells_of(page: Page, name: str) -> list[list[str]]:
    """Of every row that begins with a name, what stands in its other cells."""
    rows = re.findall(rf'<tr><th scope="row">{re.escape(name)}</th>(.*?)</tr>', page.html)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]


SALES = ["2", "1", "50.0%", "1,100,000", "10.0%", "0.0%", "88", "48"]
DUTIES = ["2", "1", "2", "1", "2", "1", "1", "0", "0", "0", "2", "1"]


def test_each_figure_stands_beside_its_court(regulator: Reader) -> None:
    page = regulator.get("/regulator/overview")
    assert cells_of(page, NAME) == [SALES, DUTIES]
    assert cells_of(page, "=示例拍辅") == [["0", "0", "0", "0", "—"]]


def test_a_court_and_a_period_bound_every_table(regulator: Reader, house: House) -> None:
    assert cells_of(regulator.get("/regulator/overview?court=3201"), NAME) == []
    day = shanghai_day(house.now()) - 2 * DAY
    assert len(cells_of(regulator.get(f"/regulator/overview?from={day}&to={day}"), NAME)) == 2
    assert cells_of(regulator.get(f"/regulator/overview?from={day + DAY}"), NAME) == []
    assert "结束日早于开始日" in regulator.get(f"/regulator/overview?from={day}&to={day - DAY}", 422).text


def test_the_files_hold_the_same_and_compute_nothing(regulator: Reader) -> None:
    text = regulator.client.get("/regulator/overview.csv").data.decode("utf-8-sig")
    rows = [row for row in csv.reader(io.StringIO(text)) if row and row[0] == f"'{NAME}"]
    assert rows[0][1:] == ["2", "1", "0.5", "1100000.0", "0.1", "0.0", "88", "48"] and rows[1][1:] == DUTIES
    book = openpyxl.load_workbook(io.BytesIO(regulator.client.get("/regulator/overview.xlsx").data))
    assert len(book.sheetnames) == 4
    sheet = book["各法院的拍卖"]
    (row,) = [row for row in sheet.iter_rows(min_row=2) if row[0].value == f"'{NAME}"]
    assert [cell.value for cell in row[1:]] == [2, 1, 0.5, 1100000, 0.1, 0, 88, 48]
    assert not any(cell.data_type == "f" for page in book for cells in page.iter_rows() for cell in cells)
    assert regulator.client.get("/regulator/overview.xlsx?from=x").status_code == 422


@pytest.mark.parametrize("role", ["judge", "clerk", "bidder"])
def test_nobody_else_compares(app: Flask, house: House, role: str) -> None:
    account = house.perform(a_bidder) if role == "bidder" else house.perform(an_account, role)
    assert signed_in(app, house, account).get("/regulator/overview", 403).status == 403

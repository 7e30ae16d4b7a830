"""Lots from a file, at each door: a dry run names every wrong cell; all rows are entered or none."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from auction.kernel.unit import House, Unit
from auction.models import Account, JournalRow, Lot
from tests.factories import a_case, a_court, an_account
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.test_pages import signed_in
from web import commands
from web.commands import fapai

CASE = "（2026）苏01执1号"
HEADER = "案号,标的名称,标的类型,地区,地址,attributes.area_m2"
GOOD = f"{HEADER}\n{CASE},一室,房产,320102,珠江路1号,89.5\n{CASE},二室,real_estate,320102,珠江路2号,\n"
BAD = GOOD + f"{CASE},三室,别墅,320102,珠江路3号,\n{CASE},,房产,320102,=1,\n"


@pytest.fixture
def clerk(house: House) -> Account:
    def story(unit: Unit) -> Account:
        a_case(unit, number=CASE)
        return an_account(unit, "clerk", username="clerk1")

    return house.perform(story)


def send(caller: Caller, text: str | bytes, name: str = "lots.csv", **form: str) -> Any:
    data = text.encode() if isinstance(text, str) else text
    return caller.post("/lots/import", data={"file": (io.BytesIO(data), name), **form})


def entered(house: House) -> list[str]:
    return house.read(lambda session: list(session.scalars(select(Lot.title).order_by(Lot.title))))


def journaled(house: House) -> int:
    wanted = select(func.count()).select_from(JournalRow).where(JournalRow.kind == "LotsImported")
    return house.read(lambda session: session.scalar(wanted)) or 0


def test_a_dry_run_names_every_wrong_cell_and_stores_nothing(house: House, clerk: Account, sign_in: SignIn) -> None:
    answer = send(sign_in(clerk), BAD, dry_run="true")
    assert answer.status_code == 200
    told = answer.get_json()
    assert (told["dry_run"], told["accepted"], told["lots"]) == (True, 2, [])
    assert [(cell["line"], cell["column"], cell["code"]) for cell in told["refused"]] == [
        (4, "asset_type", "not_a_choice"),
        (5, "title", "required"),
        (5, "address", "cell_formula"),
    ]
    assert "房产" in told["refused"][0]["detail"]
    assert (entered(house), journaled(house)) == ([], 0)


def test_all_rows_are_entered_or_none_unless_the_others_are_asked_for(
    house: House, clerk: Account, sign_in: SignIn
) -> None:
    caller = sign_in(clerk)
    refused = send(caller, BAD)
    assert (refused.status_code, code_of(refused)) == (422, "rows_refused")
    assert fields_of(refused) == {
        "rows.4.asset_type": "not_a_choice",
        "rows.5.title": "required",
        "rows.5.address": "cell_formula",
    }
    assert entered(house) == []
    partly = send(caller, BAD, partial="true")
    assert (partly.status_code, len(partly.get_json()["lots"])) == (201, 2)
    assert entered(house) == ["一室", "二室"]
    again = send(caller, GOOD)
    assert fields_of(again) == {"rows.2": "lot_repeated", "rows.3": "lot_repeated"}
    lot = caller.get(f"/lots/{partly.get_json()['lots'][0]}").get_json()
    assert lot["attributes"] == {"area_m2": 89.5}
    assert journaled(house) == 1


def test_a_spreadsheet_is_entered_too(house: House, clerk: Account, sign_in: SignIn) -> None:
    book = openpyxl.Workbook()
    for line in GOOD.strip().split("\n"):
        book.active.append(line.split(","))
    made = io.BytesIO()
    book.save(made)
    assert send(sign_in(clerk), made.getvalue(), "lots.xlsx").status_code == 201
    assert entered(house) == ["一室", "二室"]


def test_what_the_door_does_not_take(house: House, clerk: Account, sign_in: SignIn) -> None:
    caller = sign_in(clerk)
    assert code_of(caller.post("/lots/import", {})) == "unsupported_media_type"
    assert fields_of(
        caller.post("/lots/import", data={"dry_run": "maybe", "x": "1"}, content_type="multipart/form-data")
    ) == {
        "dry_run": "not_a_choice",
        "x": "unknown_field",
        "file": "required",
    }
    assert fields_of(send(caller, "案号\n一\n"))["rows.1.title"] == "column_missing"
    assert fields_of(send(caller, HEADER)) == {"rows.1": "rows_missing"}
    assert fields_of(send(caller, b"\0")) == {"file": "table_unreadable"}

    def elsewhere(unit: Unit) -> Account:
        return an_account(unit, "judge", court_code=a_court(unit, "3202", "无锡市中级人民法院").code)

    assert set(fields_of(send(sign_in(house.perform(elsewhere)), GOOD)).values()) == {"unknown_case"}
    regulator = house.perform(lambda unit: an_account(unit, "regulator"))
    assert send(sign_in(regulator), GOOD).status_code == 403


def test_the_page_looks_first_and_then_enters(app: Flask, house: House, clerk: Account) -> None:
    reader = signed_in(app, house, clerk)
    reader.get("/desk/")
    reader.follow("批量录入")

    def file(text: str) -> tuple[io.BytesIO, str]:
        return io.BytesIO(text.encode("gbk")), "lots.csv"

    page = reader.send("/lots/import", {"choice": "look"}, file=file(BAD))
    assert "可以录入 2 行，另有 3 处需要更正" in page.text and "5标的名称" in page.text
    page = reader.send("/lots/import", {"choice": "all"}, file=file(BAD), status=422)
    assert "2 行不能使用" in page.text and "5标的名称" in page.text
    assert entered(house) == []
    page = reader.send("/lots/import", {"choice": "look"}, file=file(GOOD))
    assert "2 行全部可以录入" in page.text
    page = reader.send("/lots/import", {"choice": "all"}, file=file(GOOD))
    assert "已录入 2 件标的" in page.text + page.html and "一室" in page.text
    reader.get("/desk/lots/import")
    page = reader.send("/lots/import", {"choice": "all"}, status=422)
    reader.get("/desk/lots/import")
    page = reader.send("/lots/import", {"choice": "partial"}, file=file(BAD.replace("室", "号")))
    assert "已录入 2 件；下列 3 处有错的行没有录入" in page.text and "5标的名称" in page.text
    address = page.link("下载未录入的行和原因")
    rows = list(csv.reader(io.StringIO(unquote(address.partition(",")[2]).removeprefix("\ufeff"))))
    assert rows[0][-2:] == ["原行号", "错在哪里，应当怎样"] and {row[-2] for row in rows[1:]} == {"4", "5"}
    assert all(row[-1] for row in rows[1:])
    reader.get("/desk/lots/import")
    page = reader.send("/lots/import", {"choice": "all"}, status=422)
    assert page.form("/lots/import").names() >= {"file", "choice"}
    example = reader.client.get("/desk/lots/import/example.csv")
    assert example.data.startswith(b"\xef\xbb\xbf")


def test_the_command_enters_in_somebodys_name(
    house: House, clerk: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "the_house", lambda: house)
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(GOOD, "utf-8")
    bad.write_text(BAD, "utf-8")

    def run(*words: str) -> Any:
        return CliRunner().invoke(fapai, ["lots", "import", *words], catch_exceptions=False)

    named = ("--court", "3201", "--as", "clerk1")
    looked = run(str(bad), *named, "--dry-run", "--json")
    assert (looked.exit_code, json.loads(looked.stdout)["accepted"]) == (1, 2)
    assert run(str(bad), *named).exit_code == 1
    assert entered(house) == []
    done = run(str(good), *named, "--json")
    assert (done.exit_code, len(json.loads(done.stdout)["lots"])) == (0, 2)
    assert run(str(good), "--court", "3201", "--as", "nobody").exit_code == 1
    assert entered(house) == ["一室", "二室"]

"""The orientation of a lot at every door: kept when it waits, shown beside the appraisal, warned of, never a bar."""

import base64
import io
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction, Lot, ReferencePrice
from auction.rules.ruleset import load
from disclosure.models import SheetVersion
from disclosure.services.valuation import MODELS, drift_of, sold_cells, value_waiting, waiting
from risk.learning.valuation import keeping, training
from risk.learning.valuation.model import Model as ValuationFile
from risk.learning.valuation.reading import COLUMNS, Record, read_records
from risk.models import Alert, ValuationEstimate, ValuationModel
from risk.queries.valuation import estimate_of, findings, model_in_force
from risk.rules.valuation import shortfalls
from risk.services.valuation import register_model
from tests import factories as make
from tests.risk.learning import market
from tests.web.caller import Caller, SignIn, code_of
from web.gateway import SandboxGateway
from web.risk_commands.group import risk
from web.scheduler import Timers
from web.timekeeping import here
from web.valuation import LIMITS
from web.valuing import Valuer

RULES = load("spc-2016")
CARD: dict[str, Any] = {
    "asset_type": "real_estate",
    "data": {
        "name": "homes.csv", "sha256": "a" * 64, "rows": 900, "refused": 3, "cells_unread": 0, "groups": 90,
        "prices": "asking", "sold_from": None, "sold_to": None, "reference_year": 2026,
    },
    "split": {"kind": "whole_groups", "group": "community", "folds": 5, "seed": 1},
    "members": {"ridge": 0.5, "stacked": 0.25, "plain": 0.25},
    "errors": {
        "rows": 900, "mape": 0.118, "median": 0.09, "mape_by_fifth": [0.15, 0.1, 0.09, 0.1, 0.14], "coverage": 0.811,
        "coverage_by_fifth": [0.79, 0.82, 0.83, 0.81, 0.8], "width": 0.4,
        "fifths_fen": [10**8 * n for n in range(1, 7)],
    },
    "ridge": {"rows": 900, "mape": 0.131, "median": 0.099, "mape_by_fifth": [0.16, 0.12, 0.11, 0.12, 0.15]},
    "known_groups": {"rows": 800, "mape": 0.07, "median": 0.05, "mape_by_fifth": [0.08, 0.07, 0.06, 0.07, 0.08]},
    "promised": 0.8,
}  # fmt: skip
COMPARABLE = {
    "line": 7, "price_fen": 118_000_000, "same_group": True, "distance": 0.4,
    "facts": {"community": "望京新城", "area_m2": 60.0, "rooms": 2.0},
}  # fmt: skip


class Model:
    """Stands for a worker: values every lot at the same price, and remembers what it was asked."""

    def __init__(self, mid_fen: int | None = 120_000_000) -> None:
        self.mid_fen, self.asked = mid_fen, []  # type: ignore[var-annotated]

    def __call__(self, path: Path, sha256: str, cells: Sequence[Mapping[str, Any]], today: date) -> dict[str, Any]:
        self.asked += [dict(each) for each in cells]
        mid = self.mid_fen
        said = {
            "low_fen": mid and mid * 8 // 10,
            "mid_fen": mid,
            "high_fen": mid and mid * 12 // 10,
            "coverage": 0.8,
            "comparables": [COMPARABLE] if mid else [],
            "drivers": [{"feature": "area_m2", "effect": 0.1823}, {"feature": "average_lot", "effect": 18.4}],
            "abstained": None if mid else "out_of_reach",
            "abstained_facts": {} if mid else {"column": "area_m2", "value": "9", "least": "30", "most": "400"},
        }
        return {"estimates": [said] * len(cells), "memory_kb": 1}


def a_card(rows: int = 900, **errors: float) -> dict[str, Any]:
    """The card with other measures."""
    return CARD | {"data": CARD["data"] | {"rows": rows}, "errors": CARD["errors"] | errors}


def a_model(unit: Unit, model_id: str = "model-1", card: Mapping[str, Any] = CARD, **more: Any) -> ValuationModel:
    names = {"file": f"{model_id}.skops", "file_sha256": "b" * 64}
    return register_model(unit, model_id, "real_estate", card=card, **(names | more))


def a_priced_round(unit: Unit, amount_fen: int = 200_000_000, **changes: Any) -> Auction:
    """An announced round of a home whose reference price is `amount_fen`."""
    lot = make.a_lot(unit, attributes={"area_m2": 60, "city": "北京", "community": "望京新城", "price_fen": 1})
    judge = make.an_account(unit, "judge")
    unit.session.add(
        ReferencePrice(
            lot_id=lot.id, method="agreement", amount_fen=amount_fen, results=[], steps=[], set_at=unit.now,
            effective_on=unit.now.date(), valid_until=unit.now.date() + timedelta(days=300), set_by=judge.id,
        )
    )  # fmt: skip
    return make.an_auction(unit, lot=lot, **changes)


def kept(house: House, lot_id: str) -> ValuationEstimate:
    found = house.read(estimate_of, lot_id)
    assert found is not None
    return found


def test_a_lot_waits_until_its_model_has_said_something_and_again_for_a_newer_one(
    house: House, clock: FixedClock
) -> None:
    auction = house.perform(a_priced_round)
    said = Model()
    assert value_waiting(house, said) == 0
    house.perform(a_model)
    assert value_waiting(house, said) == 1
    assert said.asked == [{"area_m2": "60", "city": "北京", "community": "望京新城"}]  # never its price
    assert kept(house, auction.lot_id).mid_fen == 120_000_000
    assert house.read(waiting) == []
    clock.advance(seconds=1)
    house.perform(a_model, "model-2")
    assert value_waiting(house, said) == 1
    assert kept(house, auction.lot_id).model_id == "model-2"
    model = house.read(model_in_force, "real_estate")
    assert model is not None and model.id == "model-2"


@pytest.mark.parametrize(
    ("card", "found"),
    [
        (CARD, ()),
        (a_card(mape=0.12, coverage=0.79), ()),
        (a_card(rows=450), ()),
        (a_card(rows=449), ("rows",)),
        (a_card(mape=0.13), ("mape",)),
        (a_card(coverage=0.77), ("coverage",)),
        (a_card(rows=100, mape=0.2, coverage=0.5), ("rows", "mape", "coverage")),
    ],
)
def test_one_model_falls_short_of_another_in_what_its_card_tells(card: dict[str, Any], found: tuple[str, ...]) -> None:
    assert shortfalls(card, CARD) == found


def test_a_worse_model_is_kept_and_not_put_in_force_unless_asked_for(
    house: House, clock: FixedClock, app: Flask
) -> None:
    house.perform(a_model)
    clock.advance(seconds=1)
    assert not house.perform(a_model, "worse", a_card(rows=300, mape=0.2)).in_force
    in_force = house.read(model_in_force, "real_estate")
    assert in_force is not None and in_force.id == "model-1"
    clock.advance(seconds=1)
    assert house.perform(a_model, "forced", a_card(mape=0.2), force=True).in_force
    in_force = house.read(model_in_force, "real_estate")
    assert in_force is not None and in_force.id == "forced"
    entries = house.read(
        lambda session: list(session.scalars(select(JournalRow.entry).where(JournalRow.kind == "ModelTrained")))
    )
    assert sum('"shortfalls":["rows","mape"]' in entry and '"in_force":false' in entry for entry in entries) == 1
    client = app.test_client()
    worse = client.get("/valuation/models/worse").get_data(as_text=True)
    assert "未启用" in worse and "数据行数少得多、误差更大" in worse
    assert "尽管不如此前在用的模型（误差更大）" in client.get("/valuation/models/forced").get_data(as_text=True)
    assert "不如" not in client.get("/valuation/models/model-1").get_data(as_text=True)


def test_training_and_estimates_are_journaled(house: House) -> None:
    auction = house.perform(a_priced_round)
    house.perform(a_model)
    value_waiting(house, Model())
    rows = house.read(
        lambda session: list(session.execute(select(JournalRow.kind, JournalRow.stream, JournalRow.private)))
    )
    assert ("ModelTrained", "system", False) in [tuple(row) for row in rows]
    assert ("LotValued", f"lot:{auction.lot_id}", True) in [tuple(row) for row in rows]


def test_a_price_far_from_the_estimate_warns_the_panel_and_the_regulator_once(house: House, clock: FixedClock) -> None:
    auction = house.perform(a_priced_round, reserve_price_fen=170_000_000)
    house.perform(a_model)
    value_waiting(house, Model())
    clock.advance(seconds=1)
    house.perform(a_model, "model-2")
    value_waiting(house, Model())

    def found(unit: Unit) -> list[str]:
        warned = findings(unit.session, unit.session.get_one(Auction, auction.id), RULES)
        assert {each.severity for each in warned} == {"warning"}
        return [each.code for each in warned]

    assert house.perform(found) == ["reference_far_from_estimate", "reserve_far_from_estimate"]
    alerts = house.read(lambda session: list(session.scalars(select(Alert).order_by(Alert.key))))
    assert [alert.reasons[0]["code"] for alert in alerts] == ["reference_far", "reserve_far"]
    assert alerts[0].reasons[0]["facts"] == {"amount_fen": 200_000_000, "percent": 66}


def test_a_reference_price_that_is_entered_after_the_estimate_warns_the_regulator_at_once(
    house: House, sign_in: SignIn
) -> None:
    def prepared(unit: Unit) -> tuple[str, Account]:
        make.a_court(unit, "3201")
        lot = make.a_lot(unit, court_code="3201", attributes={"area_m2": 60, "city": "北京"})
        return lot.id, make.an_account(unit, "judge")

    lot_id, judge = house.perform(prepared)
    house.perform(a_model)
    value_waiting(house, Model())
    day = house.now().date()

    def enter(amount_fen: int) -> list[str]:
        price = {
            "method": "agreement", "amount_fen": amount_fen, "results": [], "steps": [],
            "effective_on": day.isoformat(), "valid_until": (day + timedelta(days=300)).isoformat(),
        }  # fmt: skip
        answer = sign_in(judge).put(f"/lots/{lot_id}/reference-price", price)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        alerts = house.read(lambda session: list(session.scalars(select(Alert).order_by(Alert.raised_at, Alert.key))))
        return [alert.reasons[0]["code"] for alert in alerts]

    assert enter(130_000_000) == []
    assert enter(200_000_000) == ["reference_far"]
    assert enter(200_000_000) == ["reference_far"]


def test_a_price_near_the_estimate_warns_nobody(house: House) -> None:
    auction = house.perform(a_priced_round, 130_000_000, reserve_price_fen=91_000_000)
    house.perform(a_model)
    value_waiting(house, Model())
    assert house.perform(lambda unit: findings(unit.session, unit.session.get_one(Auction, auction.id), RULES)) == ()
    assert house.read(lambda session: session.scalar(select(Alert.id))) is None


def test_the_interface_tells_the_estimate_and_its_card(house: House, anybody: Caller) -> None:
    auction = house.perform(a_priced_round)
    path = f"/lots/{auction.lot_id}/risk"
    _sealed(house, auction.lot_id)
    assert anybody.get(path).get_json()["valuation"] is None
    house.perform(a_model)
    value_waiting(house, Model())
    told = anybody.get(path, headers={"Accept-Language": "en"}).get_json()["valuation"]
    assert (told["low_fen"], told["mid_fen"], told["high_fen"]) == (96_000_000, 120_000_000, 144_000_000)
    assert told["coverage"] == 0.8 and told["comparables"] == [COMPARABLE] and told["abstained"] is None
    assert told["drivers"] == [{"feature": "area_m2", "effect": 0.1823, "change": 0.2, "name": "area"}]
    assert told["average_fen"] * 1.2 == pytest.approx(math.exp(18.4 + 0.1823), rel=1e-4)
    assert "asking prices" in told["detail"] and "no appraisal" in told["detail"]
    card = anybody.get("/valuation/models/model-1").get_json()
    assert card["card"] == CARD and (card["put_in_force"], card["shortfalls"]) == (True, [])
    assert card["limits"] == list(LIMITS["zh"]) and "挂牌价不是" in card["detail"]
    assert code_of(anybody.get("/valuation/models/none")) == "not_found"


def test_a_lot_without_an_estimate_says_why(house: House, anybody: Caller) -> None:
    auction = house.perform(a_priced_round)
    _sealed(house, auction.lot_id)
    house.perform(a_model)
    value_waiting(house, Model(None))
    told = anybody.get(f"/lots/{auction.lot_id}/risk").get_json()["valuation"]
    assert told["mid_fen"] is None and told["abstained_code"] == "out_of_reach" and "面积" in told["abstained"]


def test_the_pages_call_it_an_orientation_and_lead_to_its_card(house: House, app: Flask) -> None:
    auction = house.perform(a_priced_round)
    house.perform(a_model)
    value_waiting(house, Model())
    client = app.test_client()
    page = client.get(f"/auctions/{auction.id}").get_data(as_text=True)
    for words in (
        "参考估值",
        "仅供参考",
        "960,000",
        "1,440,000",
        "望京新城",
        "挂牌价不是司法拍卖成交价",
        "同样面积的平均标的为 ¥979,532",
        "+20.0%",
        "面积 60·室 2",
        "66%",
    ):
        assert words in page, words
    assert "/valuation/models/model-1" in page
    card = client.get("/valuation/models/model-1").get_data(as_text=True)
    for words in ("homes.csv", "11.8%", "81.1%", "79.0%", "种子 1", "挂牌价不是", *LIMITS["zh"]):
        assert words in card, words
    assert client.get("/valuation/models/none").status_code == 404


def test_drift_is_told_only_when_there_are_sales_enough_and_reneged_ones_do_not_count(house: House) -> None:
    def sold(unit: Unit, count: int, **changes: Any) -> None:
        for _ in range(count):
            a_priced_round(unit, **({"status": "sold", "price_fen": 100_000_000, "closed_at": unit.now} | changes))

    house.perform(sold, 19, closes_at=house.now() + timedelta(days=1))
    house.perform(sold, 2, settlement="reneged", closes_at=house.now() + timedelta(days=1))
    house.perform(a_model)
    value_waiting(house, Model())
    few = house.read(drift_of, "real_estate", house.now())
    assert (few.sales, few.coverage_mille) == (19, None)
    house.perform(sold, 1, price_fen=200_000_000, closes_at=house.now() + timedelta(days=1))
    value_waiting(house, Model())
    found = house.read(drift_of, "real_estate", house.now())
    assert (found.sales, found.coverage_mille, found.error_mille, found.bias_mille) == (20, 950, 200, 200)
    rows = house.read(sold_cells, "real_estate")
    assert len(rows) == 20 and rows[0]["price_fen"] == "100000000" and rows[0]["sold_on"].startswith("2026-03")


def test_a_model_that_cannot_be_asked_leaves_the_lot_waiting(house: House) -> None:
    auction = house.perform(a_priced_round)
    house.perform(a_model)

    def gone(path: Path, sha256: str, cells: Sequence[Mapping[str, Any]], today: date) -> dict[str, Any]:
        raise DomainError("valuation_model_missing", file=path.name)

    with pytest.raises(DomainError):
        value_waiting(house, gone)
    assert house.read(estimate_of, auction.lot_id) is None
    assert len(house.read(waiting)) == 1


def test_nothing_is_started_where_nothing_waits_and_a_model_that_failed_rests_longer_each_time(house: House) -> None:
    seconds, fails = 0.0, True
    asked: list[float] = []

    def ask(path: Path, sha256: str, cells: Sequence[Mapping[str, Any]], today: date) -> dict[str, Any]:
        asked.append(seconds)
        if fails:
            raise DomainError("fault")
        return Model()(path, sha256, cells, today)

    value_lots = Valuer(house, ask, lambda: seconds)
    house.perform(a_model)
    assert value_lots() == 0 and asked == []
    house.perform(a_priced_round)
    for minute in range(200):
        seconds = minute * 60.0
        assert value_lots() == 0
    assert asked == [0, 120, 360, 840, 1800, 3720, 7320, 10920]
    fails, seconds = False, 14520.0
    assert value_lots() == 1 and value_lots() == 0
    assert len(asked) == 9


@pytest.fixture(scope="module")
def trained() -> ValuationFile:
    """A small model of homes, really learned."""
    rows = read_records(io.BytesIO(market.csv(1, communities=24)), COLUMNS["real_estate"], priced=True)
    records = [row for row in rows if isinstance(row, Record)]
    source = training.Source("market.csv", "0" * 64, 0)
    return training.train(records, "real_estate", source, trained_on=date(2026, 3, 2), rounds=5)


def test_a_live_lot_is_valued_by_the_schedulers_job_through_a_worker_process(
    house: House, trained: ValuationFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BackgroundScheduler, "start", lambda scheduler: None)
    timers = Timers(house)
    timers.start(SandboxGateway(house), here)
    digest = keeping.save(trained, house.settings.data / MODELS / "real_estate" / "model-1.skops")
    house.perform(a_model, card=trained.card, file_sha256=digest)
    home = dict(zip(market.COLUMNS.split(","), next(market.rows(1)), strict=True))
    auction = house.perform(a_priced_round)
    house.perform(lambda unit: setattr(unit.session.get_one(Lot, auction.lot_id), "attributes", home))
    due = [job for job in timers.scheduler.get_jobs() if isinstance(job.args[0], Valuer)]
    assert len(due) == 2  # at once, and every minute
    timers.renew()
    for job in due:
        job.func(*job.args)
    told = kept(house, auction.lot_id)
    assert told.abstained is None and told.mid_fen is not None and told.low_fen is not None
    assert 0 < told.low_fen < told.mid_fen and len(told.comparables) == 3


def test_the_commands_tell_what_they_did_as_json(
    trained: ValuationFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FAPAI_DATA": str(tmp_path), "FAPAI_SANDBOX": "1", "LANG": "en_GB.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FAPAI_DATABASE_URL", raising=False)
    file = tmp_path / "homes.csv"
    file.write_bytes(market.csv(1, communities=24))
    card = trained.card

    def train(records: Sequence[Record], *args: Any, **more: Any) -> ValuationFile:
        return ValuationFile(trained.state, card)

    monkeypatch.setattr(training, "train", train)
    words = ["train", "valuation", str(file), "--asset-type", "real_estate", "--json"]
    run = CliRunner().invoke
    first = json.loads(run(risk, words).stdout)
    assert (first["in_force"], first["shortfalls"], first["rows"]) == (True, [], 216)
    assert 0 < first["card"]["errors"]["mape"] < 1 and 0 < first["card"]["errors"]["coverage"] <= 1
    card = trained.card | {"errors": trained.card["errors"] | {"mape": 0.9}}
    behind = run(risk, words)
    assert json.loads(behind.stdout)["in_force"] is False and "not in force" in behind.stderr
    forced = run(risk, [*words, "--force"])
    assert json.loads(forced.stdout)["in_force"] is True and "larger errors" in forced.stderr
    file.write_bytes(market.csv(1, communities=1).replace(b",1985\n", b",2500\n").replace(b"price_fen,", b"colour,"))
    valued = run(risk, ["value", str(file), "--asset-type", "real_estate", "--json"])
    rows = [json.loads(line) for line in valued.stdout.splitlines()]
    assert len(rows) == 9 and all(row["unused"] == [] and row["mid_fen"] for row in rows)
    assert valued.stderr == "columns not known, and not used: colour\n"
    estimated = run(risk, ["estimate", "--json"])
    assert json.loads(estimated.stdout) == {"valued": 0}


def test_the_command_refuses_what_it_cannot_learn_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FAPAI_DATA": str(tmp_path), "FAPAI_SANDBOX": "1", "LANG": "en_GB.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FAPAI_DATABASE_URL", raising=False)
    file = tmp_path / "homes.csv"
    file.write_text("price_fen,area_m2\n100,60\n,50\n", "utf-8")
    run = CliRunner().invoke
    for words, code in (
        (["train", "valuation", str(file), "--asset-type", "real_estate"], "valuation_too_few"),
        (["value", str(file), "--asset-type", "real_estate", "--json"], "valuation_model_missing"),
    ):
        done = run(risk, words)
        assert done.exit_code == 1 and code in done.stderr, done.output
    unknown = run(risk, ["train", "valuation", str(file), "--asset-type", "boat"])
    assert unknown.exit_code == 2 and "real_estate" in unknown.stderr
    drifted = run(risk, ["drift", "valuation", "--asset-type", "real_estate", "--json"])
    assert json.loads(drifted.stdout)["too_few"] is True


@pytest.mark.parametrize(("sandbox", "more"), [("0", []), ("1", ["--from-sales"])])
def test_prices_made_up_teach_nothing_outside_the_sandbox_nor_beside_sales(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: str, more: list[str]
) -> None:
    for name, value in {"FAPAI_DATA": str(tmp_path), "FAPAI_SANDBOX": sandbox, "LANG": "en_GB.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    for name in ("MASTER", "MATCH", "LOG"):
        monkeypatch.setenv(f"FAPAI_{name}_KEY", base64.b64encode(bytes(range(32))).decode())
    for name in ("FAPAI_SECRET_KEY", "FAPAI_GATEWAY_SECRET"):
        monkeypatch.setenv(name, "s" * 32)
    file = tmp_path / "homes.csv"
    file.write_text("price_fen,area_m2\n100,60\n", "utf-8")
    words = ["train", "valuation", str(file), "--asset-type", "real_estate", "--prices", "sample", *more]
    done = CliRunner().invoke(risk, words)
    assert done.exit_code == 2 and "sandbox" in done.stderr, done.output


def _sealed(house: House, lot_id: str) -> None:
    """Make the lot public, as a seal does."""

    def seal(unit: Unit) -> None:
        lot = unit.session.get_one(Lot, lot_id)
        lot.sheet_version = 1
        facts = {"form": "fapai-sheet-1", "items": [], "attachments": []}
        unit.session.add(
            SheetVersion(lot_id=lot_id, version=1, seal="c" * 64, facts=facts, material=False, at=unit.now)
        )

    house.perform(seal)

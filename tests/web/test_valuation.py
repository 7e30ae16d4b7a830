"""The orientation of a lot at every door: kept when it waits, shown beside the appraisal, warned of, never a bar."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Auction, Lot, ReferencePrice
from auction.rules.ruleset import load
from disclosure.models import SheetVersion
from disclosure.services.valuation import drift_of, sold_cells, value_waiting, waiting
from risk.models import Alert, ValuationEstimate
from risk.queries.valuation import estimate_of, findings, model_in_force
from risk.services.valuation import register_model
from tests import factories as make
from tests.web.caller import Caller, code_of
from web.risk_commands.group import risk

RULES = load("spc-2016")
CARD: dict[str, Any] = {
    "asset_type": "real_estate",
    "data": {
        "name": "homes.csv", "sha256": "a" * 64, "rows": 900, "refused": 3, "cells_unread": 0, "groups": 90,
        "prices": "asking", "sold_from": None, "sold_to": None, "reference_year": 2026,
    },
    "split": {"kind": "whole_groups", "group": "community", "folds": 5, "seed": 1},
    "members": {"ridge": 500, "stacked": 250, "plain": 250},
    "errors": {
        "rows": 900, "mape": 118, "median": 90, "mape_by_fifth": [150, 100, 90, 100, 140], "coverage": 811,
        "coverage_by_fifth": [790, 820, 830, 810, 800], "width": 400, "fifths_fen": [10**8 * n for n in range(1, 7)],
    },
    "ridge": {"rows": 900, "mape": 131, "median": 99, "mape_by_fifth": [160, 120, 110, 120, 150]},
    "known_groups": {"rows": 800, "mape": 70, "median": 50, "mape_by_fifth": [80, 70, 60, 70, 80]},
    "promised": 800,
}  # fmt: skip
COMPARABLE = {
    "line": 7, "price_fen": 118_000_000, "same_group": True, "distance": 0.4,
    "facts": {"community": "望京新城", "area_m2": 60, "rooms": 2},
}  # fmt: skip


class Model:
    """Stands for a worker: values every lot at the same price, and remembers what it was asked."""

    def __init__(self, mid_fen: int | None = 120_000_000) -> None:
        self.mid_fen, self.asked = mid_fen, []  # type: ignore[var-annotated]

    def __call__(self, path: Path, sha256: str, cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
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


def a_model(unit: Unit, model_id: str = "model-1") -> None:
    register_model(unit, model_id, "real_estate", file=f"{model_id}.skops", file_sha256="b" * 64, card=CARD)


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
    assert told["drivers"] == [{"feature": "area_m2", "effect": 0.1823, "percent": 20, "name": "area"}]
    assert "asking prices" in told["detail"] and "no appraisal" in told["detail"]
    card = anybody.get("/valuation/models/model-1").get_json()
    assert card["card"] == CARD
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
        "+20%",
        "66%",
    ):
        assert words in page, words
    assert "/valuation/models/model-1" in page
    card = client.get("/valuation/models/model-1").get_data(as_text=True)
    for words in ("homes.csv", "11.8%", "81.1%", "79.0%", "种子 1", "挂牌价不是"):
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

    def gone(path: Path, sha256: str, cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        raise DomainError("valuation_model_missing", file=path.name)

    with pytest.raises(DomainError):
        value_waiting(house, gone)
    assert house.read(estimate_of, auction.lot_id) is None
    assert len(house.read(waiting)) == 1


def test_the_command_refuses_what_it_cannot_learn_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FAPAI_DATA": str(tmp_path), "FAPAI_SANDBOX": "1", "LANG": "en_GB.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FAPAI_DATABASE_URL", raising=False)
    file = tmp_path / "homes.csv"
    file.write_text("price_fen,area_m2\n100,60\n,50\n", "utf-8")
    run = CliRunner().invoke
    for words, code in (
        (["train", "valuation", str(file), "--asset-type", "vessel"], "valuation_type_unknown"),
        (["train", "valuation", str(file), "--asset-type", "real_estate"], "valuation_too_few"),
        (["value", str(file), "--asset-type", "real_estate", "--json"], "valuation_model_missing"),
    ):
        done = run(risk, words)
        assert done.exit_code == 1 and code in done.stderr, done.output
    drifted = run(risk, ["drift", "valuation", "--asset-type", "real_estate", "--json"])
    assert json.loads(drifted.stdout)["too_few"] is True


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

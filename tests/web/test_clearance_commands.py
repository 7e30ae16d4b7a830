"""`fapai risk clearance`: the report from nothing to a model, which is refused until there are outcomes enough."""

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from auction.kernel.settings import Settings
from auction.kernel.unit import Unit
from auction.models import Lot
from auction.rules.ruleset import load as load_ruleset
from risk.models import ClearanceOutcome
from risk.rules.clearance.assessment import assess
from risk.rules.clearance.card import load
from tests.factories import a_lot, an_auction
from web.commands import fapai
from web.wiring import open_house

DUE = date(2026, 3, 2)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("FAPAI_SANDBOX", "1")
    monkeypatch.setenv("FAPAI_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LANG", "en")
    monkeypatch.delenv("FAPAI_DATABASE_URL", raising=False)
    runner = CliRunner()
    assert runner.invoke(fapai, ["db", "upgrade"]).exit_code == 0

    def invoke(*arguments: str) -> Result:
        return runner.invoke(fapai, ["risk", "clearance", *arguments])

    return invoke


def outcomes(unit: Unit, number: int) -> None:
    """Made-up outcomes in which those who refuse are late, all of one lot's court."""
    chance, card = random.Random(3), load()
    plan_bands = load_ruleset("spc-2016").texts("clearance_plan_bands")
    lot: Lot = a_lot(unit)
    for _ in range(number):
        attitude = chance.choice(["agreed", "undecided", "refuses", "threatens"])
        facts = {"dwelling": "no", "occupation": "occupied", "right": "none", "attitude": attitude, "lease": "none"}
        facts["residence_right"] = chance.choice(["none", "ends", "survives"])
        found = assess(card, facts, plan_bands)
        late = chance.random() < (0.8 if attitude in ("refuses", "threatens") else 0.1)
        row = {"card": card.name, "facts": facts, "score": found.score, "band": found.band, "promised": True}
        row |= {"result": "late" if late else "on_time", "manner": "voluntary", "days_late": 5 if late else 0}
        row |= {"due_on": DUE, "cleared_on": DUE + timedelta(days=5 if late else 0), "court_code": lot.court_code}
        auction = an_auction(unit, lot=lot, status="sold", announced_at=None)
        unit.session.add(ClearanceOutcome(auction_id=auction.id, lot_id=lot.id, at=unit.now, **row))


def test_from_nothing_to_a_model_beside_the_card(run: Any) -> None:
    told = run("report")
    assert told.exit_code == 0
    assert "0 outcomes" in told.output and "200 more outcomes" in told.output and "no public labels" in told.output
    refused = run("train")
    assert refused.exit_code == 1 and "clearance_model_too_few" in refused.output
    house = open_house(Settings.from_environ())
    house.perform(outcomes, 240)
    house.engine.dispose()
    house.reader.dispose()
    trained = run("train", "--json")
    assert trained.exit_code == 0, trained.output
    figures = json.loads(trained.output)
    assert (figures["outcomes"], figures["beats_card"]) == (240, True)
    assert figures["brier_model"] < figures["brier_card"]
    report = json.loads(run("report", "--json").output)
    assert report["model"]["trained"]["outcomes"] == report["outcomes"] == 240
    assert (report["model"]["missing"], report["model"]["missing_rare"]) == (0, 0)
    assert sum(band["outcomes"] for band in report["bands"]) == 240
    spoken = [band for band in report["bands"] if band["enough"]]
    assert spoken and all(band["low"] <= band["share"] <= band["high"] for band in spoken)

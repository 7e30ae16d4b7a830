"""The model beside the card: shown only where it beats the card on outcomes it has not seen."""

import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from auction.kernel.unit import House
from auction.rules.ruleset import load as load_ruleset
from risk.learning.clearance import Example, train
from risk.queries import clearance
from risk.rules.clearance.assessment import Assessment, assess
from risk.rules.clearance.card import load
from risk.services.clearance import keep_model

CARD = load()
BANDS = load_ruleset("spc-2016").texts("clearance_plan_bands")
Rule = Callable[[dict[str, Any], Assessment], float]


def examples(number: int, rule: Rule) -> list[Example]:
    """Made-up outcomes whose chance of being in time follows a rule. Seeded."""
    chance = random.Random(7)
    made = []
    for _ in range(number):
        facts: dict[str, Any] = {"dwelling": "yes", "occupation": "occupied"}
        for factor in CARD.factors:
            if factor.code not in ("occupation", "court_record"):
                level = chance.choice(factor.levels)
                facts[factor.code] = level.least if factor.counts else level.code
        found = assess(CARD, facts, BANDS)
        made.append(Example(facts, found.band, chance.random() < rule(facts, found)))
    return made


def by_attitude(facts: dict[str, Any], _: Assessment) -> float:
    return 0.9 if facts["attitude"] in ("agreed", "willing", "undecided") else 0.2


def by_band(_: dict[str, Any], found: Assessment) -> float:
    return {"A": 0.95, "B": 0.9, "C": 0.8, "D": 0.6, "E": 0.3}[found.band]


def test_a_model_that_sees_what_the_card_does_not_beats_it() -> None:
    made = train(CARD, examples(300, by_attitude))
    assert made.beats_card
    assert made.metrics["brier_model"] < made.metrics["brier_card"]
    assert made.weights["attitude"] == min(made.weights.values()) < 0


def test_a_model_of_what_the_card_already_knows_is_not_shown() -> None:
    assert not train(CARD, examples(300, by_band)).beats_card


def test_outcomes_all_of_one_kind_teach_nothing() -> None:
    with pytest.raises(ValueError, match="one kind"):
        train(CARD, examples(40, lambda facts, found: 1.0))


@pytest.mark.parametrize("beats", [True, False])
def test_a_kept_model_is_asked_only_where_it_beats_the_card_and_moves_no_band(house: House, beats: bool) -> None:
    found = assess(CARD, {"occupation": "occupied", "attitude": "refuses"}, BANDS)
    assert house.read(clearance.model_chance, found) is None
    metrics = {"brier_model": 0.1, "brier_card": 0.2}
    values = {"card": CARD.name, "outcomes": 300, "late": 60, "intercept": 1.0, "metrics": metrics}
    house.perform(keep_model, **values, weights={"attitude": -0.1}, beats_card=beats)
    told = house.read(clearance.model_chance, found)
    assert (told is not None) == beats
    if told is not None:
        assert round(told, 4) == 0.4502  # 1 / (1 + e^0.2)
    assert found.band == assess(CARD, found.facts, BANDS).band


def test_reading_an_assessment_loads_no_library_of_learning() -> None:
    program = "import sys, web.clearance, web.api.risk, web.risk_commands.clearance; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

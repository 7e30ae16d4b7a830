"""`fapai risk clearance report` and `train`: what handovers say of the card of clearance risk."""

import json
from typing import Any

import click

from auction.kernel.errors import DomainError
from auction.rules.ruleset import load as load_ruleset
from risk.queries import clearance as queries
from risk.rules.clearance.card import PRESENT
from risk.rules.clearance.card import load as load_card
from risk.services.clearance import keep_model

from ..clearance import report_data, too_few
from ..terminal import answered, language, the_house
from .group import risk


@risk.group()
def clearance() -> None:
    """How lots were cleared, and what that says of the card."""


@clearance.command("report")
@click.option("--json", "as_json", is_flag=True)
@answered
def report(as_json: bool) -> None:
    """The share of lots cleared in time, by band and by court, with intervals of 95 %."""
    house = the_house()
    data = report_data(house.read(queries.report, load_ruleset(house.settings.ruleset)), language())
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    for line in _lines(data):
        click.echo(line)


def _lines(data: dict[str, Any]) -> list[str]:
    lines = [f"{data['card']}: {data['outcomes']} outcomes, {data['in_time']} in time"]
    for band in data["bands"]:
        share = "-" if band["share"] is None else f"{band['share']:.0%} ({band['low']:.0%}-{band['high']:.0%})"
        few = "" if band["enough"] else f"  {too_few(language())}"
        lines.append(f"{band['band']}  n={band['outcomes']}  in time={band['in_time']}  {share}{few}")
    lines += [f"{court['court']}  n={court['outcomes']}  in time={court['in_time']}" for court in data["courts"]]
    return [*lines, data["model"]["detail"], data["labels"]]


@clearance.command("train")
@click.option("--json", "as_json", is_flag=True)
@answered
def train(as_json: bool) -> None:
    """Train the model beside the card on all outcomes; refused while there are too few."""
    from risk.learning.clearance import Example
    from risk.learning.clearance import train as fit

    house = the_house()
    rows = [row for row in house.read(queries.outcomes) if row.card == PRESENT and row.band is not None]
    in_time = sum(row.result == "on_time" for row in rows)
    missing, rare = queries.lacking(len(rows), in_time, load_ruleset(house.settings.ruleset))
    if missing or rare:
        raise DomainError("clearance_model_too_few", missing=missing, missing_rare=rare)
    made = fit(load_card(), [Example(row.facts, row.band or "", row.result == "on_time") for row in rows])
    row = house.perform(
        keep_model,
        card=PRESENT,
        outcomes=len(rows),
        late=len(rows) - in_time,
        intercept=made.intercept,
        weights=made.weights,
        metrics=made.metrics,
        beats_card=made.beats_card,
    )
    told = {"model": row.id, "outcomes": len(rows), "beats_card": made.beats_card, **made.metrics}
    click.echo(json.dumps(told) if as_json else "  ".join(f"{name}={value}" for name, value in told.items()))

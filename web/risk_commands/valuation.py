"""`fapai risk train valuation`, `value`, `estimate` and `drift valuation`: what lots may be worth."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auction.kernel.errors import DomainError
from auction.kernel.settings import Settings
from auction.kernel.unit import House
from auction.rules.calendar import shanghai_day
from disclosure.services.valuation import MODELS, drift_of, sold_cells, value_waiting
from risk.imports.lines import Refused, RefusedRow, columns_beside
from risk.learning.valuation.reading import COLUMNS, Record, read_records, record
from risk.learning.valuation.worker import ask
from risk.queries.valuation import model_in_force
from risk.services.valuation import register_model

from .. import errors
from ..terminal import answered, language, say, the_house
from ..valuation import abstained, behind, card_lines, unknown_columns, unused
from ..wiring import check, open_house, upgrade
from .group import risk, train

if TYPE_CHECKING:
    from risk.learning.valuation.model import Estimate

# What learns is imported by the commands that learn: this module is read by every process, also by those that serve.
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TYPE = click.option("--asset-type", required=True, type=click.Choice(tuple(COLUMNS)))
#: Refused lines that are told one by one.
_TOLD = 20


def _house() -> House:
    """The house; a database that is not there yet is made, so that a model can be trained on a new machine."""
    settings = Settings.from_environ()
    if settings.sandbox and settings.database_url == f"sqlite:///{settings.data / 'fapai.db'}":
        house = open_house(settings)
        if not (settings.data / "fapai.db").exists():
            upgrade(house)
        check(house)
        house.anchor()
        return house
    return the_house()


def _said(row: RefusedRow) -> dict[str, Any]:
    detail = errors.sentence(row.code, row.facts, language())
    return {"line": row.line, "field": row.field, "code": row.code, "detail": detail}


def _read(path: Path, asset_type: str, *, priced: bool) -> list[Record | RefusedRow]:
    with path.open("rb") as stream:
        columns = COLUMNS[asset_type]
        rows = list(read_records(stream, columns, priced=priced))
        if beside := columns_beside(stream, columns.all):
            say(unknown_columns(beside, language()))
    if rows and isinstance(rows[0], RefusedRow) and rows[0].line == 1:
        say(f"line 1: {rows[0].field or ''} {_said(rows[0])['detail']}")
        raise DomainError("rows_refused", count=1)
    return rows


@train.command("valuation")
@click.argument("path", type=_FILE, required=False)
@_TYPE
@click.option("--from-sales", is_flag=True, help="Learn from the platform's own closed sales, too.")
@click.option("--prices", type=click.Choice(["asking", "sold", "sample"]), default="asking", show_default=True)
@click.option("--seed", default=1, show_default=True, help="Divides the groups into folds.")
@click.option("--force", is_flag=True, help="Put the model in force even where it is worse than the one in force.")
@click.option("--json", "as_json", is_flag=True)
@answered
def train_valuation(
    path: Path | None, asset_type: str, from_sales: bool, prices: str, seed: int, force: bool, as_json: bool
) -> None:
    """Learn prices from a CSV, and put the model in force. Rows that cannot be used are told and passed over.

    A model that errs more than the one in force, covers less, or was learned from far fewer rows is kept, and not put
    in force. Prices made up (`sample`) are for the sandbox alone, and every page that shows them says so.
    """
    if path is None and not from_sales:
        raise click.UsageError("give a file, or --from-sales")
    if prices == "sample" and (from_sales or not Settings.from_environ().sandbox):
        raise click.UsageError("sample prices are for the sandbox, and are never mixed with sales")
    from risk.learning.valuation import keeping, training

    house = _house()
    rows = _read(path, asset_type, priced=True) if path else []
    refused = [row for row in rows if isinstance(row, RefusedRow)]
    records = [row for row in rows if isinstance(row, Record)]
    digest = hashlib.sha256(path.read_bytes() if path else b"")
    name, kind = path.name if path else "", prices
    if from_sales:
        sales, aside = _sales(house, asset_type)
        records, refused = [*records, *sales], [*refused, *aside]
        for each in sales:
            digest.update(json.dumps([each.price_fen, dict(each.cells)], sort_keys=True).encode())
        name, kind = f"{name} + sales" if name else "sales", "mixed" if path and prices == "asking" else "sold"
    source = training.Source(name, digest.hexdigest(), len(refused), kind)
    today = shanghai_day(house.now())
    model = training.train(records, asset_type, source, trained_on=today, seed=seed)
    model_id = house.ids.new(house.now())
    file = f"{model_id}.skops"
    sha256 = keeping.save(model, house.settings.data / MODELS / asset_type / file)
    kept = house.perform(
        register_model, model_id, asset_type, file=file, file_sha256=sha256, card=model.card, force=force
    )
    told = {
        "model_id": model_id,
        "in_force": kept.in_force,
        "shortfalls": kept.shortfalls,
        "rows": len(records),
        "refused": [_said(row) for row in refused],
        "card": model.card,
    }
    if kept.shortfalls:
        say(behind(kept, language()))
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for row in refused[:_TOLD]:
        click.echo(f"line {row.line}: {row.field or ''} {row.code}: {_said(row)['detail']}")
    if len(refused) > _TOLD:
        click.echo(f"… {len(refused)} refused")
    for line in card_lines(model.card, language()):
        click.echo(line)


def _sales(house: House, asset_type: str) -> tuple[list[Record], list[RefusedRow]]:
    good: list[Record] = []
    aside: list[RefusedRow] = []
    for number, cells in enumerate(house.read(sold_cells, asset_type), start=1):
        try:
            read = record(number, cells, COLUMNS[asset_type], priced=True)
            good.append(replace(read, line=0))
        except Refused as refusal:
            aside.append(refusal.at(number))
    return good, aside


@risk.command("value")
@click.argument("path", type=_FILE)
@_TYPE
@click.option("--json", "as_json", is_flag=True, help="One JSON object a row.")
@answered
def value(path: Path, asset_type: str, as_json: bool) -> None:
    """Value the rows of a CSV by the model in force: an interval, comparables and drivers, or why there is none.

    `unused` names the cells of a row that could not be used; columns of the file that are not known are told on stderr.
    """
    from risk.learning.valuation import keeping
    from risk.learning.valuation.model import none

    house = _house()
    kept = house.read(model_in_force, asset_type)
    if kept is None:
        raise DomainError("valuation_model_missing", file=asset_type)
    model = keeping.load(house.settings.data / MODELS / asset_type / kept.file, kept.file_sha256)
    rows = _read(path, asset_type, priced=False)
    records = [row for row in rows if isinstance(row, Record)]
    answers = model.value(records, shanghai_day(house.now()))
    said = dict(zip((each.line for each in records), answers, strict=True))
    for number, row in enumerate(rows, start=1):
        estimate = said[row.line] if isinstance(row, Record) else none(row.code, column=row.field or "")
        click.echo(_row(number, estimate, as_json))


def _row(number: int, estimate: "Estimate", as_json: bool) -> str:
    reason = abstained(estimate.abstained, estimate.abstained_facts, language()) if estimate.abstained else None
    if as_json:
        return json.dumps({"row": number, **estimate.as_data(), "abstained": reason}, ensure_ascii=False)
    told = reason or f"{estimate.low_fen} … {estimate.mid_fen} … {estimate.high_fen} fen"
    return f"{number}: {told}{unused(estimate.unused, language())}"


@risk.command("estimate")
@click.option("--json", "as_json", is_flag=True)
@answered
def estimate(as_json: bool) -> None:
    """Value the platform's own lots that wait for it, as the scheduler does."""
    count = value_waiting(the_house(), ask)
    click.echo(json.dumps({"valued": count}) if as_json else f"{count} valued")


@risk.group("drift")
def drift_group() -> None:
    """Whether a model still holds."""


@drift_group.command("valuation")
@_TYPE
@click.option("--json", "as_json", is_flag=True)
@answered
def drift_valuation(asset_type: str, as_json: bool) -> None:
    """How the last year's closed sales lay in the intervals told before them; says when they are too few."""
    house = the_house()
    found = house.read(drift_of, asset_type, house.now())
    told = {
        "asset_type": asset_type,
        "sales": found.sales,
        "too_few": found.coverage_mille is None,
        "coverage": None if found.coverage_mille is None else found.coverage_mille / 1000,
        "median_error": None if found.error_mille is None else found.error_mille / 1000,
        "median_bias": None if found.bias_mille is None else found.bias_mille / 1000,
    }
    if as_json:
        click.echo(json.dumps(told))
    elif told["too_few"]:
        click.echo(f"{found.sales} sales: too few to say anything")
    else:
        click.echo("  ".join(f"{name}={each}" for name, each in told.items()))

"""`fapai risk bidding`, `screen` and `train bidding`: patterns of bidding that a court may want to look at."""

import hashlib
import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auction.kernel.errors import DomainError
from auction.kernel.settings import Settings
from auction.rules.ruleset import load
from risk.imports.bids import BidRow, SetAside, read_bids
from risk.imports.lines import RefusedRow
from risk.rules.patterns.features import Terms
from risk.rules.patterns.screen import Finding, Limits, screen

from .. import errors
from ..alert_words import table
from ..terminal import answered, language, say
from .group import risk, train

if TYPE_CHECKING:
    from risk.learning.patterns.scoring import Push
    from risk.learning.patterns.screening import Scored

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
#: Refused lines that are told one by one.
_TOLD = 100
#: Of the others a bidder met often, those told of: who was met most.
_PAIRS = 5
#: Features that are no shares.
_COUNTED = ("bids", "auction_bids", "Auction_Duration")
R = TypeVar("R")


def _told(row: RefusedRow) -> str:
    return f"line {row.line}: {row.field or ''} {row.code}: {errors.sentence(row.code, row.facts, language())}"


def _good(rows: Iterable[R | RefusedRow]) -> list[R]:
    """The rows of a file that must be whole. Every refused line is said; DomainError `rows_refused` if there is one."""
    good, refused = [], 0
    for row in rows:
        if not isinstance(row, RefusedRow):
            good.append(row)
            continue
        refused += 1
        if refused <= _TOLD:
            say(_told(row))
    if refused:
        raise DomainError("rows_refused", count=refused)
    return good


def _models() -> Path:
    return Settings.from_environ().data / "models"


@risk.command()
@click.argument("bids", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@answered
def bidding(bids: Path, as_json: bool) -> None:
    """Screen the bids of ended auctions: features, pairs, score and reasons per auction and bidder.

    BIDS has auction_id, bidder, amount_fen, received_at; seller and deposit_source where they are known.
    """
    rows, aside = [], []
    with bids.open("rb") as stream:
        for row in read_bids(stream):
            if isinstance(row, BidRow):
                rows.append(row)
            elif row.refused.line == 1:
                say(_told(row.refused))
                raise DomainError("rows_refused", count=1)
            else:
                aside.append(row)
    sellers = {row.offer.auction: row.seller for row in rows if row.seller}
    sources = {(row.offer.auction, row.offer.bidder): row.deposit_source for row in rows if row.deposit_source}
    terms = {name: Terms(seller=seller) for name, seller in sellers.items()}
    limits = Limits.of(load(Settings.from_environ().ruleset))
    found = screen([row.offer for row in rows], terms, limits, sources=sources)
    for finding in found.findings:
        _print(_finding_line(finding), as_json)
    for row in aside:
        _print(_aside_line(row), as_json)


def _finding_line(finding: Finding) -> dict[str, Any]:
    return {
        "auction_id": finding.auction,
        "bidder": finding.bidder,
        "score": finding.score,
        "alert": finding.alert,
        "reasons": [
            {
                "code": reason.code,
                "detail": _habit(reason.code, reason.facts),
                "facts": dict(reason.facts),
                "others": list(reason.others),
            }
            for reason in finding.reasons
        ],
        "features": finding.features.as_data(),
        "pairs": [pair.as_seen_by(finding.bidder) for pair in finding.pairs[:_PAIRS]],
        "set_aside": None,
    }


def _habit(code: str, facts: Mapping[str, int]) -> str:
    return errors.filled(table()["reasons"][code][language()], facts, language())


def _aside_line(row: SetAside) -> dict[str, Any]:
    refused = row.refused
    return {
        "auction_id": row.auction,
        "bidder": row.bidder,
        "score": None,
        "alert": False,
        "reasons": [],
        "features": None,
        "pairs": [],
        "set_aside": {
            "line": refused.line,
            "field": refused.field,
            "code": refused.code,
            "detail": errors.sentence(refused.code, refused.facts, language()),
        },
    }


def _print(line: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(line, ensure_ascii=False, allow_nan=False))
        return
    if line["set_aside"]:
        click.echo(f"line {line['set_aside']['line']}: {line['set_aside']['code']}: {line['set_aside']['detail']}")
        return
    mark = "ALERT" if line["alert"] else "-"
    click.echo(f"{line['auction_id']}  {line['bidder']}  score={line['score']}  {mark}")
    for reason in line["reasons"]:
        click.echo(f"    {reason['detail']}")


@train.command("bidding")
@click.argument("features", type=_FILE)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1))
@click.option("--json", "as_json", is_flag=True, help="The model card as one JSON object.")
@answered
def train_bidding(features: Path, seed: int, as_json: bool) -> None:
    """Learn from labelled features (columns Bidder_Tendency ... Class of the Shill Bidding Dataset)."""
    from risk.learning.patterns import keeping, reading, training

    folder = _models()
    with features.open("rb") as stream:
        rows = _good(reading.read_features(stream, labelled=True))
    trained = training.train(rows, seed=seed)
    with features.open("rb") as stream:
        trained.card["file_sha256"] = hashlib.file_digest(stream, "sha256").hexdigest()
    keeping.keep(trained, folder)
    if as_json:
        click.echo(json.dumps(trained.card, ensure_ascii=False))
        return
    card = trained.card
    click.echo(f"{card['rows']} rows, {card['labelled_1']} labelled 1, {card['auctions']} auctions, seed {seed}")
    for name, figures in card["pr_auc"].items():
        click.echo(f"PR-AUC {name}: " + "  ".join(f"{key}={value}" for key, value in figures.items()))
    for sentence in card["limits"][language()]:
        click.echo(sentence)


@risk.command("screen")
@click.argument("features", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@answered
def screen_features(features: Path, as_json: bool) -> None:
    """Score rows of features by the trained model, with what pushes each score up. It refuses nobody.

    A row that cannot be read is answered by its errors, without a score; the exit status is then 1.
    """
    from risk.learning.patterns import keeping, reading, screening

    trained = keeping.kept(_models())
    with features.open("rb") as stream:
        rows = list(reading.read_features(stream, labelled=False))
    if rows and isinstance(rows[0], RefusedRow) and rows[0].line == 1:
        say(_told(rows[0]))
        raise DomainError("rows_refused", count=1)
    good = [row for row in rows if not isinstance(row, RefusedRow)]
    found = iter(screening.score_rows(good, trained))
    for number, row in enumerate(rows, start=1):
        line = _refused_line(row) if isinstance(row, RefusedRow) else _scored_line(next(found))
        if as_json:
            click.echo(json.dumps({"row": number, **line}, ensure_ascii=False, allow_nan=False))
        elif isinstance(row, RefusedRow):
            click.echo(f"{number}  {_told(row)}")
        else:
            click.echo(f"{number}  score={line['score']}  {' '.join(line['reasons'])}")
    for sentence in trained.card["limits"][language()]:
        say(sentence)
    if len(good) < len(rows):
        raise DomainError("rows_unscored", count=len(rows) - len(good))


def _scored_line(scored: "Scored") -> dict[str, Any]:
    reasons = [_push(push) for push in scored.pushes]
    return {"score": scored.score, "reasons": reasons, "unlabelled_score": scored.unlabelled, "errors": []}


def _refused_line(row: RefusedRow) -> dict[str, Any]:
    detail = errors.sentence(row.code, row.facts, language())
    error = {"line": row.line, "field": row.field, "code": row.code, "detail": detail}
    return {"score": None, "reasons": [], "unlabelled_score": None, "errors": [error]}


@cache
def _pushes() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(files("web").joinpath("screening.toml").read_text("utf-8"))


def _push(push: "Push") -> str:
    value, usual = (_shown(push.feature, number) for number in (push.value, push.usual))
    text = _pushes()[push.feature]["more" if push.high else "less"][language()]
    return errors.filled(text, {"value": value, "usual": usual}, language())


def _shown(feature: str, number: float) -> str:
    if feature == "log_spread":
        return f"{math.exp(number):.2g}"
    return f"{number:.4g}" if feature in _COUNTED else f"{100 * number:.3g}"

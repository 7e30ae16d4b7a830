"""Training: folds of whole groups, the blend that errs least on groups it never saw, and intervals calibrated there.

The model in use is the ensemble of the folds. A lot of a community that is known is estimated by the fold that never
saw it, and then corrected by how that community's lots were off, as far as their number warrants (the best linear
unbiased prediction of a random effect; Robinson, Statist. Sci. 6, 1991). A lot of an unknown one gets the mean of all.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auction.kernel.errors import DomainError

from . import fitting, intervals, trees
from .model import FORM, Model
from .profiles import PROFILES, Array, Profile, Table, profile_of
from .reading import COLUMNS, Record, year_of

FOLDS = 5
#: Fewer usable rows, or fewer groups, teach nothing that could be promised to anybody.
LEAST_ROWS = 200
LEAST_GROUPS = 20
_LETTERS = (0.2, 0.35, 0.7, 1.2)
_STEP = 0.25
#: A community's record is believed when it has this many rows with an estimate apart from its own.
_PAIRS = 200


@dataclass(frozen=True, slots=True)
class Source:
    """Where the records come from: the file's name and hash, rows refused, and what kind of prices these are."""

    name: str
    sha256: str
    refused: int
    prices: str = "asking"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What the folds said of rows they never saw: logarithms of prices, the chosen estimate, the ridge's alone."""

    truth: Array
    middle: Array
    ridge: Array
    low: Array
    high: Array


def train(
    records: Sequence[Record],
    asset_type: str,
    source: Source,
    *,
    trained_on: date,
    seed: int = 1,
    rounds: int = fitting.ROUNDS,
) -> Model:
    """A model of an asset type from priced records; `rounds`: how many trees each of its forests grows.

    DomainError `valuation_type_unknown`, `valuation_too_few`.
    """
    profile = profile_of(asset_type)
    today = _reference_day(records, asset_type, trained_on)
    table = profile.table(records, today)
    groups = len(np.unique(table.group.astype(str)))
    if len(table) < LEAST_ROWS or groups < LEAST_GROUPS:
        raise DomainError(
            "valuation_too_few", rows=len(table), least_rows=LEAST_ROWS, groups=groups, least_groups=LEAST_GROUPS
        )
    truth = np.log(np.array([record.price_fen for record in records], dtype=float))
    weight = fitting.weights(table, truth)
    part = fitting.split(table.group, FOLDS, seed)
    letters = _letters_weight(profile, table, truth, weight, part)
    members, said = [], np.zeros((len(table), len(fitting.MEMBERS)))
    for fold in range(FOLDS):
        rest, held = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
        member = fitting.fit(profile, table.at(rest), truth[rest], weight[rest], letters, seed + fold, rounds)
        said[held] = member.predict(table.at(held))
        members.append(member)
    blend = _blend(said, truth)
    middle = said @ blend
    scales, scale = _scales(table, middle, truth, part, seed)
    record = _groups(table, middle, truth, part)
    bands = {"unseen": intervals.calibrate(middle, truth, scale).as_state()}
    corrected, shrunk, has = _without_own(table, middle, truth, record)
    if has.sum() >= _PAIRS:
        bands["seen"] = intervals.calibrate(corrected[has], truth[has], scale[has] * shrunk[has]).as_state()
    low, high = intervals.Bands(**bands["unseen"]).interval(middle, scale)
    state = {
        "form": FORM,
        "asset_type": asset_type,
        "today": today,
        "seed": seed,
        "members": [member.state for member in members],
        "blend": blend,
        "scales": scales,
        "groups": record,
        "bands": bands,
        "range": _range(profile, table, records),
        "comparables": _comparables(profile, table, records, truth),
    }
    held_out = HeldOut(truth, middle, said[:, 0], low, high)
    known = (corrected[has], truth[has]) if has.any() else None
    card = _card(records, asset_type, source, trained_on, state, held_out, known, groups)
    return Model(state, card)


def _reference_day(records: Sequence[Record], asset_type: str, trained_on: date) -> float:
    """The year in which prices without a date count as asked: the latest day in the records, never after training."""
    days = [record.number(column) for record in records for column in COLUMNS[asset_type].days]
    latest = max((day for day in days if not math.isnan(day)), default=math.nan)
    now = year_of(trained_on)
    return now if math.isnan(latest) else min(latest + 0.5 if asset_type == "vehicle" else latest, now)


def _letters_weight(profile: Profile, table: Table, truth: Array, weight: Array, part: NDArray[np.int64]) -> float:
    errors = []
    for letters in _LETTERS:
        wrong = []
        for fold in (0, 1):
            rest, held = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
            fitted = fitting.fit_ridge(profile, table.at(rest), truth[rest], weight[rest], letters)
            wrong.append(np.abs(np.exp(fitted.predict(table.at(held)) - truth[held]) - 1))
        errors.append(float(np.mean(np.concatenate(wrong))))
    return _LETTERS[int(np.argmin(errors))]


def _blend(said: Array, truth: Array) -> Array:
    """The shares of the members that err least, in steps: a member alone is among the choices."""
    steps = round(1 / _STEP)
    best, least = np.array([1.0, 0.0, 0.0]), math.inf
    for shares in itertools.product(range(steps + 1), repeat=said.shape[1]):
        if sum(shares) == steps:
            blend = np.array(shares, dtype=float) / steps
            wrong = float(np.mean(np.abs(np.exp(said @ blend - truth) - 1)))
            if wrong < least:
                best, least = blend, wrong
    return best


def _scales(table: Table, middle: Array, truth: Array, part: NDArray[np.int64], seed: int) -> tuple[list[Any], Array]:
    """Trees that tell how far an estimate may be off; each row's from the folds it is not in."""
    features = np.column_stack([table.numbers, middle])
    off = np.log(np.abs(truth - middle) + 0.02)
    scales, scale = [], np.zeros(len(table))
    for fold in range(FOLDS):
        rest, held = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
        least = min(100, len(rest) // 5)
        kept = trees.grow(features[rest], off[rest], None, seed, max_iter=60, max_leaf_nodes=6, min_samples_leaf=least)
        scale[held] = np.exp(trees.predict(kept, features[held]))
        scales.append(kept)
    return scales, scale


def _groups(table: Table, middle: Array, truth: Array, part: NDArray[np.int64]) -> dict[str, Any]:
    """By known group: its rows, the sum by which they were off, its fold; and how far a group's record is held back."""
    named = ~table.alone
    off = truth - middle
    far = 4 * 1.4826 * max(float(np.median(np.abs(off))), 1e-6)
    off = np.clip(off, -far, far)
    names, where = np.unique(table.group[named].astype(str), return_inverse=True)
    count = np.bincount(where, minlength=len(names)).astype(float)
    total = np.bincount(where, off[named], minlength=len(names))
    within, between = 1.0, 0.0
    many = count > 1
    if many.any():
        left = off[named] - (total / count)[where]
        within = max(float((left**2).sum() / max(1.0, (count - 1).sum())), 1e-8)
        between = max(float(np.mean((total / count)[many] ** 2 - within / count[many])), 0.0)
    fold = np.zeros(len(names))
    fold[where] = part[named]
    return {
        "hold": within / between if between > 1e-8 else 1e9,
        "by": {str(name): [int(n), float(s), int(f)] for name, n, s, f in zip(names, count, total, fold, strict=True)},
    }


def _without_own(
    table: Table, middle: Array, truth: Array, record: dict[str, Any]
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Each row corrected by the others of its group; how much surer that makes it; which rows have others."""
    hold = record["hold"]
    rows = [record["by"].get(str(name), (1, 0.0, 0)) for name in table.group]
    others = np.array([row[0] for row in rows], dtype=float) - 1
    total = np.array([row[1] for row in rows]) - (truth - middle)
    return middle + total / (others + hold), surer(others, hold), (others > 0) & ~table.alone


def surer(count: Array, hold: float) -> Array:
    """The expected deviation with that many rows of a group's record, as a share of that without."""
    return np.asarray(np.sqrt((1 + 1 / (count + hold)) / (1 + 1 / hold)), dtype=float)


def _range(profile: Profile, table: Table, records: Sequence[Record]) -> dict[str, Any]:
    """What the model has seen: the reach of each number, the words that must be known, the columns usually filled."""
    known: dict[str, list[str]] = {}
    for column in profile.known:
        seen = sorted({record.word(column) for record in records} - {""})
        known[column] = seen
    columns = COLUMNS[profile.asset_type]
    filled = {column: sum(column in record.cells for record in records) / len(records) for column in columns.all[1:]}
    reach = {}
    for column in (*columns.numbers, *(day for day in columns.days if day != "sold_on")):
        values = np.array([record.number(column) for record in records])
        values = values[~np.isnan(values)]
        if len(values):
            reach[column] = [float(each) for each in np.quantile(values, [0.001, 0.999])]
    return {"known": known, "filled": filled, "reach": reach, "brands": _brands(profile, records)}


def _brands(profile: Profile, records: Sequence[Record]) -> list[str]:
    if profile.asset_type != "vehicle":
        return []
    return sorted({record.word("brand") for record in records} - {""})


def _comparables(profile: Profile, table: Table, records: Sequence[Record], truth: Array) -> dict[str, Any]:
    """The lots themselves, for naming those nearest to one that is asked about."""
    from .comparing import shown_columns

    middle = np.nanmedian(np.where(np.all(np.isnan(table.numbers), axis=0), 0.0, table.numbers), axis=0)
    filled = np.where(np.isnan(table.numbers), middle, table.numbers)
    deviation = filled.std(axis=0)
    return {
        "middle": middle,
        "deviation": np.where(deviation > 1e-9, deviation, 1.0),
        "numbers": (filled - middle) / np.where(deviation > 1e-9, deviation, 1.0),
        "unit_price": truth - table.unit,
        "group": [str(name) for name in table.group],
        "price_fen": [int(record.price_fen or 0) for record in records],
        "line": [record.line for record in records],
        "shown": shown_columns(profile, records),
    }


def _card(
    records: Sequence[Record], asset_type: str, source: Source, trained_on: date, state: dict[str, Any],
    held: HeldOut, known: tuple[Array, Array] | None, groups: int,
) -> dict[str, Any]:  # fmt: skip
    """The model card: plain values only."""
    sold = [record.number("sold_on") for record in records]
    days = [day for day in sold if not math.isnan(day)]
    return {
        "form": FORM,
        "asset_type": asset_type,
        "data": {
            "name": source.name,
            "sha256": source.sha256,
            "rows": len(records),
            "refused": source.refused,
            "cells_unread": sum(len(record.unread) for record in records),
            "groups": groups,
            "prices": source.prices,
            "sold_from": int(min(days)) if days else None,
            "sold_to": int(max(days)) if days else None,
            "reference_year": int(state["today"]),
        },
        "trained_on": trained_on.isoformat(),
        "split": {"kind": "whole_groups", "group": PROFILES[asset_type].group, "folds": FOLDS, "seed": state["seed"]},
        "members": {
            name: round(float(share), 3)
            for name, share in zip(fitting.MEMBERS, state["blend"], strict=True)
        },
        "errors": measured(held.truth, held.middle, held.low, held.high),
        "ridge": measured(held.truth, held.ridge),
        "known_groups": measured(known[1], known[0]) if known else None,
        "promised": intervals.COVERAGE,
    }  # fmt: skip


def measured(truth: Array, middle: Array, low: Array | None = None, high: Array | None = None) -> dict[str, Any]:
    """Errors, and coverage where there are intervals, overall and by fifth of the true price, as shares (0 to 1)."""
    wrong = np.abs(np.exp(middle - truth) - 1)
    fifth = intervals.fifths(truth)
    report: dict[str, Any] = {
        "rows": len(truth),
        "mape": _share(wrong.mean()),
        "median": _share(np.median(wrong)),
        "mape_by_fifth": [_share(wrong[fifth == each].mean()) for each in range(5) if (fifth == each).any()],
    }
    if low is not None and high is not None:
        inside = (low <= truth) & (truth <= high)
        report["coverage"] = _share(inside.mean())
        report["coverage_by_fifth"] = [
            _share(inside[fifth == each].mean()) for each in range(5) if (fifth == each).any()
        ]
        report["width"] = _share(np.median(np.exp(high - middle) - np.exp(low - middle)))
        edges = np.quantile(truth, [0, 0.2, 0.4, 0.6, 0.8, 1])
        report["fifths_fen"] = [round(float(np.exp(edge))) for edge in edges]
    return report


def _share(value: Any) -> float:
    return round(float(value), 3)

"""A trained model as it is used: estimates with their interval, comparables and drivers, or a reason for none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from . import fitting, trees
from .comparing import comparables
from .intervals import COVERAGE, Bands
from .profiles import PROFILES, Array, Table
from .reading import COLUMNS, Record, year_of

#: The form of the state that is kept; another form gets another name.
FORM = "fapai-valuation-1"
#: Cells usually filled of which at least this share must be there; usually: in this share of the training rows.
_ENOUGH = 0.5
_USUAL = 0.7
#: A number is too far out beyond this part of the reach of the training data, on either side; one that measures a size
#: beyond this part of the least and of the most.
_BEYOND = 0.25
_SIZES = frozenset(("area_m2", "floors", "new_price_fen", "mileage_km", "displacement_l"))
#: What cannot come after the sale, nor after the day of valuing. A year is told as its first day.
_BEFORE = ("registered_on", "built_year", "sold_on")
#: By the length of a day as it was told (2016, 2016-07), how much of a year it leaves open.
_ROUGH = {4: 1.0, 7: 1 / 12}
#: Beyond this many times the usual expected deviation an estimate says nothing.
_ROUND = 10_000
_DRIVERS = 6


@dataclass(frozen=True, slots=True)
class Estimate:
    """The value of one lot. `abstained` is None, or the reason (a code and its facts) for which there is none.

    `unused`: columns whose cells could not be used, and counted as missing.
    `drivers` are the largest parts of the estimate's logarithm, and what remains; with the average lot they sum to it.
    """

    low_fen: int | None
    mid_fen: int | None
    high_fen: int | None
    coverage: float
    comparables: list[dict[str, Any]]
    drivers: list[dict[str, Any]]
    abstained: str | None
    abstained_facts: dict[str, Any]
    unused: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Plain values, as CONTRACT names them; and `unused`."""
        return {
            "low_fen": self.low_fen,
            "mid_fen": self.mid_fen,
            "high_fen": self.high_fen,
            "coverage": self.coverage,
            "comparables": self.comparables,
            "drivers": self.drivers,
            "abstained": self.abstained,
            "unused": list(self.unused),
        }


def none(reason: str, **facts: Any) -> Estimate:
    """No estimate, and why."""
    return Estimate(None, None, None, COVERAGE, [], [], reason, facts)


class Model:
    """A model with its card; `state` is what is kept in the file."""

    def __init__(self, state: dict[str, Any], card: dict[str, Any]) -> None:
        self.state, self.card = state, card
        self.profile = PROFILES[state["asset_type"]]

    def value(self, records: Sequence[Record], today: date) -> list[Estimate]:
        """An estimate for each record, in order; what is unlike the training data, or later than `today`, gets a reason
        instead."""
        answers: list[Estimate | None] = [self._refusal(record, year_of(today)) for record in records]
        rows = [number for number, answer in enumerate(answers) if answer is None]
        if rows:
            table = self.profile.table([records[number] for number in rows], self.state["today"])
            for number, estimate in zip(rows, self._estimates(table), strict=True):
                answers[number] = estimate
        return [
            replace(answer, unused=record.unread)
            for answer, record in zip(answers, records, strict=True)
            if answer is not None
        ]

    def _refusal(self, record: Record, today: float) -> Estimate | None:
        seen, columns = self.state["range"], COLUMNS[self.profile.asset_type]
        for column in columns.essential:
            if column not in record.cells:
                return none("cell_unreadable" if column in record.unread else "cell_missing", column=column)
        if early := _too_early(record, today):
            return early
        for column, words in seen["known"].items():
            word = record.word(column)
            if word and words and word not in words:
                return none("word_unknown", column=column, value=word)
        if self.profile.asset_type == "vehicle" and "new_price_fen" not in record.cells:
            if not record.word("brand") and not record.word("model"):
                return none("cell_missing", column="model")
            if record.word("brand") and record.word("brand") not in seen["brands"] and len(seen["brands"]) > 0:
                return none("word_unknown", column="brand", value=record.word("brand"))
        for column, (least, most) in seen["reach"].items():
            value = record.number(column)
            if not math.isnan(value) and not _within(column, value, least, most):
                told, low, high = (_shown(each) for each in (value, least, most))
                return none("out_of_reach", column=column, value=told, least=low, most=high)
        usual = [column for column, share in seen["filled"].items() if share >= _USUAL]
        given = sum(column in record.cells for column in usual)
        if given < _ENOUGH * len(usual):
            return none("cells_few", given=given, usual=len(usual))
        return None

    def _estimates(self, table: Table) -> list[Estimate]:
        middle, scale, effect, seen = self._middle(table)
        low, high = self._ends(middle, scale, seen)
        near = comparables(self.state["comparables"], table, middle)
        drivers = self._drivers(table, middle, effect)
        return [
            Estimate(_fen(low[row]), _fen(middle[row]), _fen(high[row]), COVERAGE, near[row], drivers[row], None, {})
            for row in range(len(table))
        ]

    def logarithms(self, table: Table) -> tuple[Array, Array, Array]:
        """Low, middle and high as logarithms: for measuring."""
        middle, scale, _, seen = self._middle(table)
        low, high = self._ends(middle, scale, seen)
        return low, middle, high

    def _middle(self, table: Table) -> tuple[Array, Array, Array, Any]:
        """The estimate, its expected deviation, what the group's record added, and which rows have such a record."""
        said = np.stack(
            [fitting.Member(state).predict(table) @ self.state["blend"] for state in self.state["members"]], axis=1
        )
        record = self.state["groups"]
        found = [
            None if alone else record["by"].get(str(name)) for name, alone in zip(table.group, table.alone, strict=True)
        ]
        seen = np.array([each is not None for each in found], dtype=bool)
        middle = said.mean(axis=1)
        fold = np.array([each[2] if each else 0 for each in found], dtype=int)
        middle = np.where(seen, said[np.arange(len(table)), fold], middle)
        count = np.array([each[0] if each else 0 for each in found], dtype=float)
        effect = np.array([each[1] if each else 0.0 for each in found]) / (count + record["hold"])
        features = np.column_stack([table.numbers, middle])
        scales = np.stack([np.exp(trees.predict(kept, features)) for kept in self.state["scales"]], axis=1)
        scale = np.where(seen, scales[np.arange(len(table)), fold], scales.mean(axis=1))
        if "seen" in self.state["bands"]:
            hold = record["hold"]
            scale = np.where(seen, scale * np.sqrt((1 + 1 / (count + hold)) / (1 + 1 / hold)), scale)
        return middle + effect, scale, effect, seen

    def _ends(self, middle: Array, scale: Array, seen: Any) -> tuple[Array, Array]:
        bands = self.state["bands"]
        low, high = Bands(**bands["unseen"]).interval(middle, scale)
        if "seen" in bands:
            own_low, own_high = Bands(**bands["seen"]).interval(middle, scale)
            low, high = np.where(seen, own_low, low), np.where(seen, own_high, high)
        return low, high

    def _drivers(self, table: Table, middle: Array, effect: Array) -> list[list[dict[str, Any]]]:
        """The ridge's additive parts by column, the largest first; then what the trees and the group's record add."""
        parts, average = np.zeros(0), np.zeros(0)
        share = 1 / len(self.state["members"])
        for state in self.state["members"]:
            added, base = fitting.Member(state).contributions(table)
            parts = added * share if parts.size == 0 else parts + added * share
            average = base * share if average.size == 0 else average + base * share
        names = fitting.source_names(self.profile)
        columns = list(dict.fromkeys(names))
        sums = np.zeros((len(table), len(columns)))
        for number, name in enumerate(names):
            sums[:, columns.index(name)] += parts[:, number]
        rest = middle - effect - table.unit - average - sums.sum(axis=1)
        answer = []
        for row in range(len(table)):
            order = np.argsort(-np.abs(sums[row]), kind="stable")
            lines = [
                {"feature": columns[each], "effect": round(float(sums[row, each]), 4)} for each in order[:_DRIVERS]
            ]
            small = float(sums[row, order[_DRIVERS:]].sum())
            lines.append({"feature": "group_record", "effect": round(float(effect[row]), 4)})
            lines.append({"feature": "interplay", "effect": round(float(rest[row]) + small, 4)})
            lines.append({"feature": "average_lot", "effect": round(float(average[row] + table.unit[row]), 4)})
            answer.append(lines)
        return answer


def _too_early(record: Record, today: float) -> Estimate | None:
    """A reason for none where what must have been before is told to come after the day of valuing, or of the sale."""
    sold = record.number("sold_on") + _ROUGH.get(len(record.days.get("sold_on", "")), 0.0)
    for column in _BEFORE:
        value = record.number(column)
        for code, end in (("after_today", today), ("after_sale", sold)):
            if value > end:
                return none(code, column=column, value=record.days.get(column, _shown(value)))
    return None


def _within(column: str, value: float, least: float, most: float) -> bool:
    if column in _SIZES:
        return least / (1 + _BEYOND) <= value <= most * (1 + _BEYOND)
    margin = _BEYOND * (most - least)
    return least - margin <= value <= most + margin


def _shown(value: float) -> str:
    return f"{value:.10g}"


def _fen(logarithm: Any) -> int:
    """A price as whole hundreds of yuan, never nothing: more digits would promise what nobody knows."""
    fen = math.exp(min(float(logarithm), 40.0))
    return max(_ROUND, round(fen / _ROUND) * _ROUND)

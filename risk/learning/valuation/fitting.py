"""One fold of the ensemble: a ridge, and two boosted forests of trees, learned without ever seeing the fold's groups.

Everything that carries prices from one row to another (means of words, neighbours, the ridge that the trees build on)
leaves the row's own group out, and whole parts of the others, so that training meets what an unseen community or
series will meet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import ridge as ridges
from . import trees
from .profiles import Array, Profile, Table

#: Parts into which a fold's training rows are divided for the ridge the trees build on.
_INNER = 4
#: A word's mean is held to the general one as by this many groups; neighbours asked for a place's price.
_HOLD = 5.0
_NEIGHBOURS = 8
#: First letters of a name that say where its group lies, and the most groups with the same that are told apart.
_LETTERS = (2, 3)
_NAMESAKES = 30
#: The mean of namesakes is held to nothing as by this many groups; within one quarter, by half as many.
_LIKE = 2.0
#: Groups with many rows count for less than their number.
_CROWD = 0.5
#: Trees of a forest.
ROUNDS = 200
MEMBERS = ("ridge", "stacked", "plain")


@dataclass(frozen=True, slots=True)
class Member:
    """What one fold has learned. `state` is kept as it is."""

    state: dict[str, Any]

    def predict(self, table: Table) -> Array:
        """The logarithm of the price by each of MEMBERS, one column each."""
        numbers = _with_place(self.state["place"], table)
        base = ridges.Ridge(self.state["ridge"]).predict(table, numbers)
        features = _features(self.state, table, numbers, base, self._beginnings(table))
        stacked = base + trees.predict(self.state["stacked"], features)
        guess, seen = _from_guess(self.state["direct"], table, base, features)
        plain = guess + trees.predict(self.state["plain"], seen)
        return np.stack([base, stacked, plain], axis=1) + table.unit[:, None]

    def _beginnings(self, table: Table) -> Array:
        """What groups with names alike were off; no column for a model learned before names were read so."""
        return _alike(self.state.get("beginnings", ()), table, {})

    def contributions(self, table: Table) -> tuple[Array, Array]:
        """As of the ridge; what was learned of a place counts for its latitude."""
        numbers = _with_place(self.state["place"], table)
        return ridges.Ridge(self.state["ridge"]).contributions(table, numbers)


def split(group: NDArray[Any], folds: int, seed: int) -> NDArray[np.int64]:
    """To which of `folds` parts each row belongs: whole groups, at random by `seed`, whatever the order of rows."""
    names, where = np.unique(group.astype(str), return_inverse=True)
    part = np.arange(len(names)) % folds
    np.random.default_rng(seed).shuffle(part)
    return part[where]


def weights(table: Table, price: Array) -> Array:
    """How much a row counts: the rows of a large group less each; one lot listed many times as one."""
    _, where, count = np.unique(table.group.astype(str), return_inverse=True, return_counts=True)
    weight = count[where].astype(float) ** -_CROWD
    numbers = np.nan_to_num(table.numbers, nan=-1.0)
    keys = [(*row, text, cost) for row, text, cost in zip(numbers.tolist(), table.text, price.tolist(), strict=True)]
    seen: dict[Any, int] = {}
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
    weight *= np.array([seen[key] for key in keys], dtype=float) ** -_CROWD
    return np.asarray(weight / weight.mean(), dtype=float)


def fit(
    profile: Profile, table: Table, log_price: Array, weight: Array, letters_weight: float, seed: int, rounds: int
) -> Member:
    """Learn from a table and the logarithms of its prices, with forests of `rounds` trees."""
    target = log_price - table.unit
    place = _place(profile, table, target, weight)
    numbers = _with_place(place, table, training=True)
    base, words = np.zeros(len(table)), np.zeros((len(table), len(table.words)))
    for rest, held in _parts(table.group, _INNER, seed):
        means = [_means(column[rest], table.group[rest], target[rest], weight[rest]) for column in table.words]
        words[held] = _said(means, table.at(held))
        part = ridges.fit(table.at(rest), numbers[rest], target[rest], weight[rest], letters_weight)
        base[held] = part.predict(table.at(held), numbers[held])
    state: dict[str, Any] = {
        "place": place,
        "ridge": ridges.fit(table, numbers, target, weight, letters_weight).state,
        "means": [_means(column, table.group, target, weight) for column in table.words],
    }
    state["beginnings"], own = _beginnings(profile, table, numbers, target, weight)
    features = np.column_stack([numbers, words, _alike(state["beginnings"], table, own), base])
    state["stacked"] = _trees(features, target - base, weight, seed, rounds)
    state["direct"] = bool(np.all(np.isnan(table.guess)))
    guess, seen = _from_guess(state["direct"], table, base, features)
    state["plain"] = _trees(seen, target - guess, weight, seed, rounds)
    return Member(state)


def fit_ridge(profile: Profile, table: Table, log_price: Array, weight: Array, letters_weight: float) -> "Alone":
    """Only the ridge: for choosing how much letters weigh, and as the reference the others have to beat."""
    target = log_price - table.unit
    place = _place(profile, table, target, weight)
    fitted = ridges.fit(table, _with_place(place, table, training=True), target, weight, letters_weight)
    return Alone(place, fitted)


@dataclass(frozen=True, slots=True)
class Alone:
    """A ridge without trees."""

    place: dict[str, Any]
    ridge: ridges.Ridge

    def predict(self, table: Table) -> Array:
        return self.ridge.predict(table, _with_place(self.place, table)) + table.unit


def _parts(group: NDArray[Any], folds: int, seed: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    part = split(group, folds, seed + 1)
    for number in range(folds):
        rest, held = np.flatnonzero(part != number), np.flatnonzero(part == number)
        if len(rest) and len(held):
            yield rest, held


def _trees(features: Array, target: Array, weight: Array, seed: int, rounds: int) -> dict[str, Any]:
    middle = float(np.median(target))
    far = 4 * 1.4826 * max(float(np.median(np.abs(target - middle))), 1e-6)
    least = min(20, max(2, len(target) // 20))
    shape = {"max_iter": rounds, "max_leaf_nodes": 15, "min_samples_leaf": least, "l2_regularization": 1.0}
    return trees.grow(features, np.clip(target, middle - far, middle + far), weight, seed, **shape)


def _from_guess(direct: bool, table: Table, base: Array, features: Array) -> tuple[Array, Array]:
    """What the plain trees start from, and what they look at: the first guess (the ridge's, where a row has none)
    and all but the ridge; where no row has a guess, nothing and all."""
    if direct:
        return np.zeros(len(table)), features
    return np.where(np.isnan(table.guess), base, table.guess), features[:, :-1]


def _features(state: dict[str, Any], table: Table, numbers: Array, base: Array, alike: Array) -> Array:
    return np.column_stack([numbers, _said(state["means"], table), alike, base])


def _beginnings(
    profile: Profile, table: Table, numbers: Array, target: Array, weight: Array
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """By the first letters of names, how far their groups were off what all else says of them: count and sum; and how
    far each group was off by itself.

    望京花园 and 望京新城 lie side by side: letters that a ridge has to weigh one by one, trees take from the groups.
    """
    if profile.quarter is None:
        return [], {}
    nameless = replace(table, text=np.full(len(table), "", dtype=object))
    off = target - ridges.fit(nameless, numbers, target, weight, 0.0).predict(nameless, numbers)
    groups, first, where = np.unique(table.group.astype(str), return_index=True, return_inverse=True)
    own = np.bincount(where, off) / np.bincount(where)
    found = []
    for letters, quarter, hold in (
        *((count, None, _LIKE) for count in _LETTERS),
        (_LETTERS[0], profile.quarter, _LIKE / 2),
    ):
        by: dict[str, list[float]] = {}
        for key, value in zip(_keys(table.at(first), letters, quarter), own, strict=True):
            if key:
                count, total = by.get(key, (0.0, 0.0))
                by[key] = [count + 1, total + float(value)]
        found.append({"letters": letters, "quarter": quarter, "hold": hold, "by": by})
    return found, dict(zip(groups.tolist(), own.tolist(), strict=True))


def _keys(table: Table, letters: int, quarter: int | None) -> list[str]:
    """The first letters of each row's name, and its quarter; empty where there is no name."""
    within = [""] * len(table) if quarter is None else table.words[quarter].tolist()
    return [f"{name[:letters]}|{word}" if name else "" for name, word in zip(table.text.tolist(), within, strict=True)]


def _alike(beginnings: Sequence[dict[str, Any]], table: Table, own: dict[str, float]) -> Array:
    """For each beginning two columns: how far groups with such names were off, and how many there are; `own`: of the
    groups that are among them, to be left out."""
    columns = np.zeros((len(table), 2 * len(beginnings)))
    for place, kept in enumerate(beginnings):
        for row, key in enumerate(_keys(table, kept["letters"], kept["quarter"])):
            count, total = kept["by"].get(key, (0, 0.0))
            if count and (mine := own.get(str(table.group[row]))) is not None:
                count, total = count - 1, total - mine
            columns[row, 2 * place : 2 * place + 2] = total / (count + kept["hold"]), min(count, _NAMESAKES)
    return columns


def _means(column: NDArray[Any], group: NDArray[Any], target: Array, weight: Array) -> dict[str, Any]:
    """The mean of each word over its groups, held to the general mean; of a word never seen, the general mean."""
    words, word_of = np.unique(column.astype(str), return_inverse=True)
    groups, group_of = np.unique(group.astype(str), return_inverse=True)
    pairs, pair_of = np.unique(word_of * len(groups) + group_of, return_inverse=True)
    mean = np.bincount(pair_of, weight * target) / np.bincount(pair_of, weight)
    word = pairs // len(groups)
    general = float(mean.mean())
    held = (np.bincount(word, mean) + _HOLD * general) / (np.bincount(word) + _HOLD)
    return {"by": {str(name): float(value) for name, value in zip(words, held, strict=True)}, "all": general}


def _said(means: Sequence[dict[str, Any]], table: Table) -> Array:
    columns = [
        np.array([mean["by"].get(str(value), mean["all"]) for value in column], dtype=float)
        for column, mean in zip(table.words, means, strict=True)
    ]
    return np.stack(columns, axis=1)


def _place(profile: Profile, table: Table, target: Array, weight: Array) -> dict[str, Any]:
    """The groups that have coordinates, with their mean prices a unit; empty where too few have."""
    if profile.place is None:
        return {}
    spots = table.numbers[:, list(profile.place)]
    has = ~np.isnan(spots).any(axis=1)
    groups, where = np.unique(table.group[has].astype(str), return_inverse=True)
    if len(groups) < 3 * _NEIGHBOURS:
        return {"columns": list(profile.place), "spots": None}
    count = np.bincount(where)
    middle = np.stack([np.bincount(where, spots[has][:, axis]) / count for axis in range(2)], axis=1)
    mean = np.bincount(where, (weight * target)[has]) / np.bincount(where, weight[has])
    return {"columns": list(profile.place), "spots": _flat(middle), "prices": mean, "names": list(map(str, groups))}


def _flat(spots: Array) -> Array:
    """Degrees as kilometres on a plane, near enough within a city."""
    return np.stack([spots[:, 0] * 111.2, spots[:, 1] * 111.2 * np.cos(np.radians(np.clip(spots[:, 0], -89, 89)))], 1)


def _with_place(place: dict[str, Any], table: Table, *, training: bool = False) -> Array:
    """The numbers, and for a type with a place the price a unit of the nearest groups, the own one left out."""
    if not place:
        return table.numbers
    near = np.full(len(table), np.nan)
    has = ~np.isnan(table.numbers[:, place["columns"]]).any(axis=1)
    if place["spots"] is not None and has.any():
        from sklearn.neighbors import NearestNeighbors

        index = NearestNeighbors(n_neighbors=_NEIGHBOURS + 1).fit(place["spots"])
        far, which = index.kneighbors(_flat(table.numbers[has][:, place["columns"]]))
        weight = 1 / (far + 0.2)
        if training:
            own = {name: number for number, name in enumerate(place["names"])}
            mine = np.array([own.get(str(name), -1) for name in table.group[has]])
            weight = np.where(which == mine[:, None], 0.0, weight)
        near[has] = (weight * place["prices"][which]).sum(axis=1) / weight.sum(axis=1)
    return np.column_stack([table.numbers, near])


def source_names(profile: Profile) -> Sequence[str]:
    """The columns the parts of `contributions` come from: numbers, words, the name."""
    numbers = (*profile.sources, "latitude") if profile.place else profile.sources
    return (*numbers, *profile.words, profile.text)

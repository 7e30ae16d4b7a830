"""A ridge regression on numbers, their products, words, and the letters of a name.

Names of communities and models say more than themselves: 望京花园 lies near 望京新城. So a name enters as its groups of
one to four letters, and a community that was never seen is still placed by what its name shares with others.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .profiles import Array, Table

#: Groups of letters kept, and in how many different names one must occur.
_LETTERS = 20_000
_NAMES = 2
#: A word seen in fewer rows counts as any other rare one.
_RARE = 5
#: How strongly large coefficients are held back, and beyond how many deviations a row loses weight.
_STRENGTH = 1.0
_FAR = 3.0


class Ridge:
    """A fitted ridge; `state` is what is kept: plain values and arrays."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state

    def predict(self, table: Table, numbers: Array) -> Array:
        """The logarithm of the price a unit, from a table and its numbers (with what was learned of the place)."""
        answer = self._matrix(table, numbers) @ self.state["coefficients"] + self.state["intercept"]
        return np.asarray(answer, dtype=float)

    def contributions(self, table: Table, numbers: Array) -> tuple[Array, Array]:
        """What each number, each word and the name add to the average lot of the training data, row by row; the
        average. A product of two numbers counts half for each. The rows' sums with the average are `predict`."""
        dense, letters = self._parts(table, numbers)
        weights = self.state["coefficients"]
        count = self.state["median"].shape[0]
        offset = self.state["means"]
        added = (dense - offset) * weights[: dense.shape[1]]
        owners = self.state["owners"]
        parts = np.zeros((len(table), count + len(table.words) + 1))
        for column, (first, second) in enumerate(owners):
            parts[:, int(first)] += added[:, column] / 2
            parts[:, int(second)] += added[:, column] / 2
        name = np.asarray(letters @ weights[dense.shape[1] :], dtype=float)
        middle = float(self.state["name_mean"])
        parts[:, -1] = name - middle
        average = float(self.state["intercept"] + offset @ weights[: dense.shape[1]] + middle)
        return parts, np.full(len(table), average)

    def _parts(self, table: Table, numbers: Array) -> tuple[Array, Any]:
        dense = _dense(self.state, table, numbers)
        return dense, _letters(self.state, table) * self.state["letters_weight"]

    def _matrix(self, table: Table, numbers: Array) -> Any:
        from scipy.sparse import csr_matrix, hstack

        dense, letters = self._parts(table, numbers)
        return hstack([csr_matrix(dense), letters]).tocsr()


def fit(table: Table, numbers: Array, target: Array, weight: Array, letters_weight: float) -> Ridge:
    """Fit to the logarithm of a price a unit. A second pass takes weight from rows the first found far off."""
    from sklearn.linear_model import Ridge as Regression

    vectoriser = _vectoriser(min_df=_NAMES, max_features=_LETTERS)
    try:
        vectoriser.fit(sorted({_framed(name) for name in table.text}))
        letters, rarity = vectoriser.get_feature_names_out().tolist(), np.asarray(vectoriser.idf_, dtype=float)
    except ValueError:  # no two names share a letter: nothing to learn from them
        letters, rarity = [], np.zeros(0)
    state: dict[str, Any] = {
        "median": _medians(numbers),
        "levels": [_levels(column) for column in table.words],
        "letters": letters,
        "rarity": rarity,
        "letters_weight": float(letters_weight),
    }
    deviation = np.sqrt(np.mean((_filled(state, numbers) - state["median"]) ** 2, axis=0))
    state["deviation"] = np.where(deviation > 1e-9, deviation, 1.0)
    state["owners"] = _owners(state)
    ridge = Ridge(state)
    matrix = ridge._matrix(table, numbers)
    weights = weight
    for _ in range(2):
        model = Regression(alpha=_STRENGTH, solver="sparse_cg", tol=1e-4, max_iter=2000)
        model.fit(matrix, target, sample_weight=weights)
        state["coefficients"], state["intercept"] = np.asarray(model.coef_, float), float(model.intercept_)
        left = np.abs(target - model.predict(matrix))
        far = _FAR * 1.4826 * max(float(np.median(left)), 1e-6)
        weights = weight * np.minimum(1.0, far / np.maximum(left, far))
    dense, shares = ridge._parts(table, numbers)
    state["means"] = np.average(dense, axis=0, weights=weight)
    state["name_mean"] = float(np.average(shares @ state["coefficients"][dense.shape[1] :], weights=weight))
    return ridge


def _vectoriser(**given: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, lowercase=False, **given)


def _framed(name: str) -> str:
    return f"^{name.lower()}$"


def _medians(numbers: Array) -> Array:
    known = ~np.all(np.isnan(numbers), axis=0)
    medians = np.zeros(numbers.shape[1])
    medians[known] = np.nanmedian(numbers[:, known], axis=0)
    return medians


def _levels(column: NDArray[Any]) -> list[str]:
    values, counts = np.unique(column.astype(str), return_counts=True)
    return [str(value) for value, count in zip(values, counts, strict=True) if count >= _RARE and value]


def _filled(state: dict[str, Any], numbers: Array) -> Array:
    return np.where(np.isnan(numbers), state["median"], numbers)


def _owners(state: dict[str, Any]) -> Array:
    """Which number or word a dense column belongs to, as a pair; the order of `_dense`."""
    count = len(state["median"])
    pairs: list[tuple[int, int]] = [(index, index) for index in range(count)] * 2
    pairs += [(first, second) for first in range(count) for second in range(first, count)]
    for index, levels in enumerate(state["levels"]):
        pairs += [(count + index, count + index)] * (len(levels) + 1)
    return np.array(pairs, dtype=float)


def _dense(state: dict[str, Any], table: Table, numbers: Array) -> Array:
    scaled = np.clip((_filled(state, numbers) - state["median"]) / state["deviation"], -4, 4)
    count = scaled.shape[1]
    products = [scaled[:, first] * scaled[:, second] for first in range(count) for second in range(first, count)]
    blocks: list[Array] = [scaled, np.isnan(numbers).astype(float), np.stack(products, axis=1)]
    for column, levels in zip(table.words, state["levels"], strict=True):
        blocks.append(_one_hot(column, levels))
    return np.hstack(blocks)


def _one_hot(column: NDArray[Any], levels: Sequence[str]) -> Array:
    place = {level: index for index, level in enumerate(levels)}
    found = np.array([place.get(str(value), len(levels)) for value in column], dtype=int)
    block = np.zeros((len(column), len(levels) + 1))
    block[np.arange(len(column)), found] = 1.0
    return block


def _letters(state: dict[str, Any], table: Table) -> Any:
    from scipy.sparse import csr_matrix

    if not state["letters"]:
        return csr_matrix((len(table), 0))
    vectoriser = _vectoriser(vocabulary=state["letters"])
    vectoriser.idf_ = state["rarity"]
    names, where = np.unique(table.text.astype(str), return_inverse=True)
    return vectoriser.transform([_framed(str(name)) for name in names])[where]

"""Boosted trees, grown by scikit-learn and kept as one array of nodes: small in a file, and quick to read again.

An estimator of a thousand trees takes skops half a minute to write and to read; its nodes are plain numbers.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .profiles import Array


def grow(features: Array, target: Array, weight: Array | None, seed: int, **shape: Any) -> dict[str, Any]:
    """Grow trees on squared errors; answers what is kept of them. `shape`: as HistGradientBoostingRegressor's.

    In one thread: on so few rows several wait for one another longer than they work, and the longer the busier the
    machine.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    shaped = {"learning_rate": 0.05, "early_stopping": False, "random_state": seed} | shape
    seen = without_empty(features)
    with threadpool_limits(1):
        trees = HistGradientBoostingRegressor(**shaped).fit(seen, target, sample_weight=weight)
    grown = [stage[0].nodes for stage in trees._predictors]
    kept = {
        "nodes": np.concatenate(grown),
        "sizes": np.array([len(nodes) for nodes in grown]),
        "start": float(np.ravel(trees._baseline_prediction)[0]),
        "columns": int(features.shape[1]),
    }
    some = seen[:50]
    if not np.allclose(predict(kept, some), trees.predict(some)):
        raise ValueError("the nodes do not say what the trees say: another version of scikit-learn?")
    return kept


def predict(kept: dict[str, Any], features: Array) -> Array:
    """What the trees say of rows."""
    nodes, sizes = kept["nodes"], kept["sizes"]
    make, none, no_columns = _predictor()
    rows = np.ascontiguousarray(features, dtype=np.float64)
    answer = np.full(len(rows), kept["start"])
    end = 0
    for size in sizes:
        tree = make(np.ascontiguousarray(nodes[end : end + size]), none, none)
        end += int(size)
        answer += tree.predict(rows, none, no_columns, 1)
    return answer


def without_empty(features: Array) -> Array:
    """The features with columns that hold nothing filled by zeros: trees can then be grown, and never look there."""
    return np.where(np.all(np.isnan(features), axis=0), 0.0, features)


@lru_cache(maxsize=1)
def _predictor() -> tuple[Any, NDArray[np.uint32], NDArray[np.uint32]]:
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    return TreePredictor, np.zeros((0, 8), dtype=np.uint32), np.zeros(0, dtype=np.uint32)

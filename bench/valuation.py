"""Errors and coverage of valuation on whole communities and whole series that training never saw.

Five folds of whole groups, drawn by the seed: train on four, value the fifth, for every fold. The reference is a
ridge regression on the logarithm of the price with the words (district, brand and the like) as indicators, on the
same rows and folds; a name it never saw could tell it nothing. `ratio` is ours over the reference, the mean of both
files: below 1 is better. Records of real prices are looked for in ../shared/data; without them there is nothing to
measure.
"""

import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from risk.learning.valuation import fitting, training
from risk.learning.valuation.reading import COLUMNS, Record, read_records

DATA = Path(__file__).parents[2] / "shared" / "data"
FILES = {"real_estate": "housing.csv", "vehicle": "vehicles.csv"}
_FOLDS = 5
_DAY = date(2026, 11, 24)


def valuation(seconds: float, seed: int) -> dict[str, Any]:
    """Measure both files; `seconds` does not matter."""
    found = {kind: _measure(kind, DATA / name, seed) for kind, name in FILES.items()}
    ours = float(np.mean([each["ours"]["mape"] for each in found.values()]))
    reference = float(np.mean([each["reference"]["mape"] for each in found.values()]))
    return {
        "ratio": round(ours / reference, 3),
        "ours": round(ours, 3),
        "reference": round(reference, 3),
        "unit": "mean absolute percentage error",
        **found,
        "seed": seed,
    }


def _measure(asset_type: str, path: Path, seed: int) -> dict[str, Any]:
    if not path.exists():
        raise SystemExit(f"{path.name}: no records to measure on")
    with path.open("rb") as stream:
        rows = list(read_records(stream, COLUMNS[asset_type], priced=True))
    records = [row for row in rows if isinstance(row, Record)]
    profile = training.profile_of(asset_type)
    table = profile.table(records, 0.0)
    truth = np.log([record.price_fen or 0 for record in records])
    part = fitting.split(table.group, _FOLDS, seed)
    said = np.zeros((4, len(truth)))
    worst, abstained = 0.0, 0
    for fold in range(_FOLDS):
        rest, held = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
        started = time.monotonic()
        source = training.Source(path.name, "", len(rows) - len(records))
        model = training.train([records[row] for row in rest], asset_type, source, trained_on=_DAY)
        worst = max(worst, time.monotonic() - started)
        asked = [records[row] for row in held]
        said[:3, held] = model.logarithms(profile.table(asked, model.state["today"]))
        abstained += sum(estimate.abstained is not None for estimate in model.value(asked, _DAY))
        said[3, held] = _reference(profile.table(records, model.state["today"]), truth, rest, held)
    return {
        "rows": len(records),
        "groups": len(np.unique(table.group.astype(str))),
        "split": f"{_FOLDS} folds of whole groups",
        "ours": training.measured(truth, said[1], said[0], said[2]),
        "reference": training.measured(truth, said[3]),
        "abstained": abstained,
        "training_seconds": round(worst, 1),
    }


def _reference(table: Any, truth: Any, rest: Any, held: Any) -> Any:
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    middle = np.nanmedian(np.where(np.all(np.isnan(table.numbers), axis=0), 0.0, table.numbers), axis=0)
    numbers = StandardScaler().fit_transform(np.where(np.isnan(table.numbers), middle, table.numbers))
    words = np.stack(table.words, axis=1).astype(str)
    seen = OneHotEncoder(handle_unknown="ignore").fit(words[rest])
    matrix = hstack([csr_matrix(numbers), seen.transform(words)]).tocsr()
    return Ridge(alpha=1.0).fit(matrix[rest], truth[rest]).predict(matrix[held])

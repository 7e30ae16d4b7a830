"""Scoring a file of features by a trained model, with what pushes each row's score."""

from collections.abc import Sequence
from dataclasses import dataclass

from .behaviour import has_label_maker, matrix
from .reading import Row
from .scoring import Push
from .training import Trained


@dataclass(frozen=True, slots=True)
class Scored:
    """A row's score by the labelled model (the unlabelled where there is no other), the unlabelled one, and why.

    A score of 0 has no reasons.
    """

    row: Row
    score: float
    unlabelled: float
    pushes: tuple[Push, ...]


def score_rows(rows: Sequence[Row], trained: Trained) -> list[Scored]:
    """Every row's scores, in order, by the model that sees what the file has."""
    if not rows:
        return []
    table = matrix(rows)
    seen = has_label_maker(rows) and True in trained.tails
    tails = trained.tails[seen]
    best = trained.trees.get(seen, tails)
    together = zip(rows, best.score(table), tails.score(table), best.pushes(table), strict=True)
    return [
        Scored(row, shown, round(float(plain), 4), why if shown > 0 else ())
        for row, score, plain, why in together
        for shown in (round(float(score), 4),)
    ]

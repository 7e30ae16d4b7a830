"""Training on a file of features: both scores, measured on auctions they have not seen; the model card."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auction.kernel.errors import DomainError

from .behaviour import Array, auctions_of, columns, has_label_maker, matrix, names
from .reading import Row
from .scoring import Tails, Trees

FOLDS = 5
#: Fewer rows, or fewer of either label, teach nothing that could be measured.
LEAST_ROWS = 100
LEAST_LABELLED = 25

#: What every reader of a score has to know.
LIMITS = {
    "zh": [
        "该数据集的标签由这些特征本身聚类而来，最主要的是 Successive_Outbidding；得分高不证明有真实的托儿。",
        "得分只提示查看，不得据此拒绝任何人，也不得单独作为认定串通的依据。",
        "数据来自 eBay 的手机类拍卖，与司法拍卖的规则和人群不同。",
    ],
    "en": [
        "The labels of that dataset were derived by clustering these very features, above all Successive_Outbidding.",
        "A high score therefore proves nothing about real shills.",
        "A score says where to look. It refuses nobody, and is no finding of collusion by itself.",
        "The data are eBay auctions of one product, with other rules and other people than court auctions.",
    ],
}


@dataclass(frozen=True, slots=True)
class Trained:
    """What training gives. By whether Successive_Outbidding is seen: `tails` always, `trees` where labels exist."""

    tails: dict[bool, Tails]
    trees: dict[bool, Trees]
    card: dict[str, Any]


def train(rows: Sequence[Row], *, seed: int = 0, folds: int = FOLDS) -> Trained:
    """Learn both scores, and measure them on each of so many parts by what the other parts teach.

    DomainError `too_few_rows` or `too_few_labels` where nothing could be measured.
    """
    if len(rows) < LEAST_ROWS:
        raise DomainError("too_few_rows", found=len(rows), least=LEAST_ROWS)
    labels = [row.label for row in rows if row.label is not None]
    positives = sum(labels)
    groups = auctions_of(rows)
    if min(positives, len(labels) - positives) < LEAST_LABELLED or len(set(groups)) < folds:
        raise DomainError("too_few_labels", found=min(positives, len(labels) - positives), least=LEAST_LABELLED)
    table = matrix(rows)
    given = (False, True) if has_label_maker(rows) else (False,)
    parts, dropped = _folds(rows, groups, seed, folds)
    tails = {seen: Tails.of(table, with_label_maker=seen) for seen in given}
    trees = {seen: Trees.of(table, labels, with_label_maker=seen, seed=seed) for seen in given}
    figures = {
        "with_successive_outbidding" if seen else "without_successive_outbidding": _measure(
            table, np.asarray(labels), parts, seen, seed
        )
        for seen in given
    }
    card = {
        "model": "bidding",
        "rows": len(rows),
        "labelled_1": positives,
        "auctions": len(set(groups)),
        "seed": seed,
        "split": {
            "folds": folds,
            "held_out": "whole auctions",
            "auctions_from": "Auction_ID" if any(row.auction for row in rows) else "what auctions have to themselves",
            "bidders": f"{dropped} training rows left out because their bidder was held out"
            if any(row.bidder for row in rows)
            else "the file names no bidders, so one bidder may stand on both sides",
        },
        "pr_auc": figures,
        "limits": LIMITS,
    }
    return Trained(tails, trees, card)


def _folds(rows: Sequence[Row], groups: Sequence[str], seed: int, count: int) -> tuple[list[tuple[Any, Any]], int]:
    """Whole auctions held out; and no bidder of theirs is left to learn from. Also: how many rows that cost."""
    order = sorted(set(groups))
    np.random.default_rng(seed).shuffle(order)
    fold_of = {auction: place % count for place, auction in enumerate(order)}
    fold = np.array([fold_of[auction] for auction in groups])
    bidders = np.array([row.bidder for row in rows])
    folds, dropped = [], 0
    for number in range(count):
        held = fold == number
        known = np.isin(bidders, np.unique(bidders[held])) & (bidders != "")
        folds.append((np.flatnonzero(~held & ~known), np.flatnonzero(held)))
        dropped += int((~held & known).sum())
    return folds, dropped


def _measure(table: Array, labels: Any, folds: Any, seen: bool, seed: int) -> dict[str, float]:
    from sklearn.ensemble import IsolationForest
    from sklearn.metrics import average_precision_score

    scores = {name: np.zeros(len(labels)) for name in ("supervised", "unsupervised", "isolation_forest")}
    features = names(with_label_maker=seen)
    for learned, held in folds:
        scores["supervised"][held] = Trees.of(table[learned], labels[learned], with_label_maker=seen, seed=seed).score(
            table[held]
        )
        scores["unsupervised"][held] = Tails.of(table[learned], with_label_maker=seen).score(table[held])
        forest = IsolationForest(n_estimators=100, random_state=seed).fit(columns(table[learned], features))
        scores["isolation_forest"][held] = -forest.score_samples(columns(table[held], features))
    return {name: round(float(average_precision_score(labels, found)), 4) for name, found in scores.items()}

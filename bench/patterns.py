"""Bid patterns: which members of made-up rings are found, how many others are told of, and how long it takes.

The reference is the best single threshold on any one feature of the Shill Bidding Dataset, chosen with the truth in
sight, which nobody has; Successive_Outbidding alone is given too. Real logs, where they are, count as ordinary.

`circles` are those drawn without regard to how the screening works, among ordinary people who look much like them: of a
small town with two who can never pay, two investors of whom one has more money, collectors, rivals at the deadline.
Who is told of falsely is counted by who it is: in auctions, and as groups of which anybody was told of.
"""

import csv
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from auction.rules.ruleset import load
from risk.learning.patterns import reading, training
from risk.rules.patterns.features import COLUMNS, Offer
from risk.rules.patterns.screen import Finding, Limits, screen
from tests.risk.circles import CIRCLES, ORDINARY, circles
from tests.risk.rings import KINDS, History, make

_DATA = Path(__file__).parents[2] / "shared" / "data"
_HISTORIES = 10
#: Ordinary auctions enough for 100,000 bids.
_MANY = 2500
Place = tuple[str, str]


def patterns(seconds: float, seed: int) -> dict[str, Any]:
    """Recall and false alarms over several histories; `ratio` is our F1 over the reference's. `seconds` is not used."""
    limits = Limits.of(load("spc-2016"))
    histories = [make(seed * 1000 + number) for number in range(_HISTORIES)]
    found = [screen(one.offers, one.terms, limits, sources=one.sources).findings for one in histories]
    truth = {(number, *place) for number, one in enumerate(histories) for place in one.truth}
    told = {(number, one.auction, one.bidder) for number, many in enumerate(found) for one in many if one.alert}
    ours = _f1(told, truth)
    name, least, reference = _best_threshold(found, truth)
    outbidding = {
        (number, one.auction, one.bidder)
        for number, many in enumerate(found)
        for one in many
        if (one.features.shill["Successive_Outbidding"] or 0) > 0
    }
    result = {
        "ratio": round(ours / reference, 3),
        "ours": round(ours, 4),
        "reference": round(reference, 4),
        "unit": "F1 of bidders in auctions",
        "reference_is": f"{name} >= {least}",
        "successive_outbidding_f1": round(_f1(outbidding, truth), 4),
        "bidders_in_auctions": sum(len(many) for many in found),
        "in_rings": len(truth),
        "recall": round(len(told & truth) / len(truth), 4),
        "recall_by_kind": {kind: _recall(kind, histories, told) for kind in KINDS},
        "false_alarms": len(told - truth),
        "circles": _circles(seed, limits),
        "false_alarms_without_rings": _without_rings(seed, limits),
        "false_alarms_on_real_logs": _on_real_logs(limits),
        "big": _big(seed, limits),
        "seed": seed,
    }
    if (_DATA / "shill_bidding.csv").exists():
        result["shill_bidding_pr_auc"] = _labelled(seed)
    return result


def _circles(seed: int, limits: Limits) -> dict[str, Any]:
    histories = [circles(seed * 1000 + number, ordinary=ORDINARY) for number in range(_HISTORIES)]
    found = [screen(one.offers, one.terms, limits, sources=one.sources).findings for one in histories]
    truth = {(number, *place) for number, one in enumerate(histories) for place in one.truth}
    told = {(number, one.auction, one.bidder) for number, many in enumerate(found) for one in many if one.alert}
    false = told - truth
    names = {(number, bidder.partition(".")[0]) for number, _, bidder in false}
    groups = Counter(name.rstrip("0123456789") for _, name in names)
    return {
        "bidders_in_auctions": sum(len(many) for many in found),
        "in_circles": len(truth),
        "recall": round(len(told & truth) / len(truth), 4),
        "recall_by_kind": {kind: _recall(kind, histories, told) for kind in CIRCLES},
        "false_alarms": len(false),
        "precision": round(len(told & truth) / len(told), 4),
        "groups_told_falsely": {kind: groups[kind] for kind in (*ORDINARY, "buyer", "dealer")},
        "groups_of_a_kind": 2 * _HISTORIES,
    }


def _f1(told: set[Any], truth: set[Any]) -> float:
    return 2 * len(told & truth) / (len(told) + len(truth)) if truth else 0.0


def _best_threshold(found: list[tuple[Finding, ...]], truth: set[Any]) -> tuple[str, float, float]:
    best = ("", 0.0, 0.0)
    for column in COLUMNS:
        ranked = sorted(
            (
                (one.features.shill[column] or 0.0, (number, one.auction, one.bidder) in truth)
                for number, many in enumerate(found)
                for one in many
            ),
            reverse=True,
        )
        hits = 0
        for count, (value, right) in enumerate(ranked, start=1):
            hits += right
            if count < len(ranked) and ranked[count][0] == value:
                continue
            score = 2 * hits / (count + len(truth))
            if score > best[2]:
                best = (column, value, score)
    return best


def _recall(kind: str, histories: list[History], told: set[Any]) -> float:
    members = {(n, *place) for n, one in enumerate(histories) for place, its in one.truth.items() if its == kind}
    return round(len(members & told) / len(members), 4)


def _without_rings(seed: int, limits: Limits) -> dict[str, int]:
    count = told = 0
    for number in range(_HISTORIES):
        one = make(seed * 1000 + 500 + number, rings=())
        findings = screen(one.offers, one.terms, limits, sources=one.sources).findings
        count, told = count + len(findings), told + sum(finding.alert for finding in findings)
    return {"bidders_in_auctions": count, "alerts": told}


def _on_real_logs(limits: Limits) -> Mapping[str, Mapping[str, int]]:
    found = {}
    for name in ("judicial_bids", "ebay_bids"):
        path = _DATA / f"{name}.csv"
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                findings = screen(list(_offers(csv.DictReader(file))), {}, limits).findings
            found[name] = {"bidders_in_auctions": len(findings), "alerts": sum(one.alert for one in findings)}
    return found


def _offers(rows: Iterable[Mapping[str, str]]) -> Iterable[Offer]:
    for row in rows:
        at = datetime.fromisoformat(row["received_at"])
        yield Offer(row["auction_id"], row["bidder"], int(row["amount_fen"]), at)


def _big(seed: int, limits: Limits) -> dict[str, Any]:
    one = make(seed + 77, auctions=_MANY, per_kind=20)
    start = time.perf_counter()
    screen(one.offers, one.terms, limits, sources=one.sources)
    return {"bids": len(one.offers), "seconds": round(time.perf_counter() - start, 2)}


def _labelled(seed: int) -> dict[str, Any]:
    with (_DATA / "shill_bidding.csv").open("rb") as stream:
        rows = [row for row in reading.read_features(stream, labelled=True) if isinstance(row, reading.Row)]
    card = training.train(rows, seed=seed).card
    return {"split": card["split"], **card["pr_auc"]}

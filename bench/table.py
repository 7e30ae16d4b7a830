"""The table of docs/performance.md, made of what the benchmarks last wrote; the words around it are by hand."""

import json
from pathlib import Path
from typing import Any

_BEGIN, _END = "<!-- make bench writes this table -->", "<!-- /table -->"
#: In this order; what is not named here comes after, by name.
_ORDER = (
    "bids_hot_lot",
    "bids_50_lots",
    "fanout_1000",
    "fanout_5000",
    "fanout_10000",
    "mixed_1000_watchers",
    "closings",
    "pages",
    "search",
    "replay",
    "verify",
    "interest",
    "patterns",
    "valuation",
)
#: What each was measured with, and what else it found, as the names of its file; a dot goes into what it holds.
_MORE = {
    "bids_hot_lot": ("answered_per_second", "refused"),
    "bids_50_lots": ("answered_per_second", "refused"),
    **dict.fromkeys(
        ("fanout_1000", "fanout_5000", "fanout_10000"),
        ("watchers", "kb_a_watcher", "reference_kb_a_watcher", "our_side.cpu_ms_an_update", "our_side.connect_s"),
    ),
    "mixed_1000_watchers": (
        "seen.watchers",
        "seen.gaps",
        "seen.age_max_ms",
        "storm.seen.watchers",
        "storm.p99_ms",
        "storm.unanswered",
        "storm.seen.gaps",
        "storm.seen.age_max_ms",
    ),
    "closings": (
        "lots",
        "late_max_s",
        "more_than_1_s_late",
        "bids_without_notices.p99_ms",
        "bids_beside_notices.p99_ms",
        "bids_beside_notices.notices",
    ),
    "pages": ("pages.home.per_second", "pages.search.per_second", "pages.lots by turns.per_second"),
    "search": ("lots", "postgresql.all.p95_ms", "sqlite.all.p95_ms"),
    "replay": ("bids", "per_second"),
    "verify": ("entries", "goal_s", "inclusion_p99_ms"),
}


def write_table(results: Path, document: Path) -> None:
    """Put the table of all results into the document, between its two marks."""
    found = [json.loads(path.read_text("utf-8")) for path in results.glob("*.json")]
    before, mark, rest = document.read_text("utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not mark or not end:
        raise SystemExit(f"{document} has no place for the table: {_BEGIN} ... {_END}")
    document.write_text(f"{before}{_BEGIN}\n\n{table(found)}\n{_END}{after}", "utf-8")


def table(results: list[dict[str, Any]]) -> str:
    """The results as a Markdown table, one line each."""
    rank = {name: number for number, name in enumerate(_ORDER)}
    rows = sorted(results, key=lambda one: (rank.get(one["name"], len(rank)), one["name"]))
    head = "| Benchmark | Ratio | Ours | Reference | Unit | p50 ms | p99 ms | Besides | Commit |\n"
    return head + "|---|--:|--:|--:|---|--:|--:|---|---|\n" + "".join(map(_row, rows))


def _row(one: dict[str, Any]) -> str:
    cells = [one["name"], *(_said(one.get(key)) for key in ("ratio", "ours", "reference"))]
    cells += [one.get("unit", ""), _said(one.get("p50_ms")), _said(one.get("p99_ms"))]
    besides = [(path, _at(one, path)) for path in _MORE.get(one["name"], ())]
    told = [
        f"{path.replace('.', ' ').replace('_', ' ')} {_said(value)}" for path, value in besides if value is not None
    ]
    return "| " + " | ".join([*cells, "; ".join(told), one.get("commit", "")]) + " |\n"


def _at(one: dict[str, Any], path: str) -> Any:
    value: Any = one
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)

"""Every kind of alert and every reason in the source is said in both languages, of facts that may be told."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from web import errors
from web.alert_words import kind_title, said_alert, table

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for package in ("risk", "bidding", "disclosure", "web") for path in (ROOT / package).rglob("*.py")]
CHINESE = re.compile(r"[\u3400-\u9fff]")
KINDS = ("phone", "email", "address", "bank_account", "payer", "device", "ip")


def given_to(function: str, place: int) -> Iterator[str]:
    """The texts that stand at a place of the calls of a function, in all sources."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or place >= len(node.args):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name == function:
                yield from texts_of(node.args[place])


def texts_of(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return [*texts_of(node.body), *texts_of(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def test_every_kind_and_reason_in_the_source_has_its_words() -> None:
    kinds, reasons = set(given_to("raise_alert", 1)), set(given_to("Reason", 0))
    assert {"winner_barred", "shared_signal"} <= kinds
    assert kinds - set(table()["kinds"]) == set()
    made = {f"shared_{kind}{tail}" for kind in KINDS for tail in ("", "_across")}
    assert (reasons | made) - set(table()["reasons"]) == set()


@pytest.mark.parametrize("group", ["kinds", "reasons"])
def test_both_languages_say_the_same(group: str) -> None:
    for code, row in table()[group].items():
        assert set(row) == {"zh", "en"}, code
        assert CHINESE.search(row["zh"]) and not CHINESE.search(row["en"]), code
        assert names(row["en"]) == names(row["zh"]) if group == "reasons" else not names(row["zh"]), code


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_code_words_of_bodies_and_grounds_are_said() -> None:
    for word in ("staff", "near_relative", "body", "court_body", "provider_body", "agency_body"):
        assert CHINESE.search(errors.filled("{value:word}", {"value": word}, "zh")), word


def test_a_kind_without_words_is_shown_as_it_is() -> None:
    assert kind_title("of_another_time", "zh") == "of_another_time"
    alert = {"kind": "of_another_time", "reasons": [{"code": "unknown", "facts": {}, "who": {}}]}
    assert said_alert(alert, "en")["reasons"][0]["detail"] == "unknown"

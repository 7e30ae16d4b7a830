"""Every kind of message has its title and its sentence in both languages, of the same facts."""

import ast
import re
import string
from pathlib import Path

import pytest

from web.told_words import address, said, table

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u3400-\u9fff]")
GIVING = {"Tiding", "_to_registration", "_to_registrants", "_to_leader", "_to_person", "_to_objector", "_taking"}


def kinds() -> set[str]:
    """The kinds that the rule of news and whoever tells by himself name."""
    found = {"payment_wrong_payer", "payment_wrong_amount", "outbid"}
    for path, calls, place in (("rules/news.py", GIVING | {"_viewing"}, 0), ("services/messages.py", {"Telling"}, 1)):
        for node in ast.walk(ast.parse((ROOT / "bidding" / path).read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls:
                given = node.args[place] if place < len(node.args) else None
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    found.add(given.value)
    return found


def test_every_kind_in_the_source_has_its_words() -> None:
    assert {"result_won", "balance_due", "viewing_booked", "opening_soon", "taking_ruled"} <= kinds()
    assert kinds() - set(table()) == set()


@pytest.mark.parametrize("kind", sorted(table()))
def test_both_languages_say_the_same_facts(kind: str) -> None:
    row = table()[kind]
    for part in ("title", "text"):
        zh, en = row[part]["zh"], row[part]["en"]
        assert CHINESE.search(zh) and not CHINESE.search(en)
        facts = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (zh, en)]
        assert facts[0] == facts[1]


def test_a_refused_registration_says_why_in_the_readers_language() -> None:
    subject = {"title": "房产", "code": "barred_interest"}
    zh, en = (said("registration_refused", subject, language)[1] for language in ("zh", "en"))
    assert "不得" in zh and "bid" in en and "{" not in zh + en


def test_a_mail_does_not_say_the_code_that_nobody_else_may_know() -> None:
    subject = {"title": "房产", "bidder_code": "K4827"}
    for language in ("zh", "en"):
        assert "K4827" in said("qualified", subject, language)[1]
        assert "K4827" not in "".join(said("qualified", subject, language, mailed=True))


def test_a_message_leads_to_the_page_that_is_most_its_own() -> None:
    assert address({"registration_id": "r", "auction_id": "a", "lot_id": "l"}) == "/registrations/r"
    assert address({"auction_id": "a", "lot_id": "l"}) == "/auctions/a"
    assert address({"number": "1"}) is None

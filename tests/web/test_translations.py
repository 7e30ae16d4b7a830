"""The pages speak Chinese in their sources and English in one catalogue: complete, with the same facts."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask

from tests.web.reader import Reader

WEB = Path(__file__).parents[2] / "web"
PO = WEB / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "plural": (1, 1)}
METHODS = [("pages/**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
CHINESE = re.compile(r"[\u3400-\u9fff]")


def sources() -> set[str]:
    """Every text the pages ask the catalogue for."""
    found = extract_from_dir(WEB, METHODS, OPTIONS, keywords=KEYWORDS)
    return {text if isinstance(text, str) else text[0] for _, _, text, _, _ in found}


def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def test_every_text_of_the_pages_has_its_english() -> None:
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in catalogue() if message.id}
    assert sources() - known == set()
    assert known - sources() == set(), "texts nobody asks for any more"


def test_no_translation_is_empty_doubtful_or_still_chinese() -> None:
    for message in catalogue():
        if not message.id:
            continue
        texts = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(text.strip() for text in texts), message.id
        assert not message.fuzzy, message.id
        if not re.search(r"示0101", str(message.id)):
            assert not any(CHINESE.search(text) for text in texts), message.id


def test_a_translation_names_the_same_facts_as_its_source() -> None:
    facts = re.compile(r"%\(\w+\)s|\{\w+\}")
    for message in catalogue():
        source = message.id if isinstance(message.id, str) else message.id[0]
        for text in [message.string] if isinstance(message.string, str) else message.string:
            assert sorted(facts.findall(text)) == sorted(facts.findall(source)), source


@pytest.mark.parametrize("address", ["/", "/login", "/register", "/log"])
def test_an_english_page_has_no_chinese_left(app: Flask, address: str) -> None:
    page = Reader(app.test_client(), "en").get(address)
    assert page.lang == "en"
    assert not CHINESE.search(page.text), page.text


def test_the_language_is_switched_on_the_same_page_and_remembered(app: Flask) -> None:
    reader = Reader(app.test_client())
    assert reader.get("/?asset_type=vehicle").lang == "zh-CN"
    assert reader.follow("English").lang == "en"
    assert reader.page.address == "/?asset_type=vehicle"
    assert reader.get("/login").lang == "en"
    assert reader.follow("中文").lang == "zh-CN"

"""Help: steps and words for bidders, with the ruleset's own numbers and articles."""

import re
from importlib.resources import files

from flask import Flask

from auction.rules.ruleset import load
from tests.web.reader import Reader
from web.pages.guide import Law


def test_help_tells_the_numbers_of_the_ruleset_with_their_articles(app: Flask) -> None:
    reader = Reader(app.test_client())
    reader.get("/")
    text = reader.follow("帮助").text
    with app.test_request_context("/help"):
        law = Law(load("spc-2016"))
        rests = law.basis("deposit_min", "deposit_max")
        told = [law.number(key) for key in ("deposit_min", "deposit_max", "fine_person_max", "extension_window")]
    assert told == ["5%", "20%", "100,000", "5"] and rests.endswith("第十七条第一款")
    assert f"为起拍价的 {told[0]} 至 {told[1]}" in text and rests in text and f"个人最高 ¥{told[2]}" in text
    assert "Deposit" in Reader(app.test_client(), "en").get("/help").text


def test_no_number_of_the_law_is_written_into_the_page() -> None:
    page = (files("web") / "templates" / "help.html").read_text("utf-8")
    sentences = [re.sub(r"%\(\w+\)s", "", said) for said in re.findall(r'_\("([^"]*)"', page)]
    assert len(sentences) > 60
    assert [said for said in sentences if re.search(r"\d|[二三四五六七八九十]+[日天个]|百分之[^几]", said)] == []

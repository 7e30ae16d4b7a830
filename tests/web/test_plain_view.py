"""The page of a lot: in the order bidders know, all of it in one response, with a summary in plain words at the top."""

import re

from flask import Flask

from auction.kernel.unit import House
from tests.web.reader import Reader
from tests.web.sale import a_sale

ORDER = (
    "plain", "terms", "notice", "cost", "risk", "price", "sheet", "special", "files", "questions", "viewings", "prefer",
    "rounds", "bids",
)  # fmt: skip


def test_a_lot_is_told_in_order_and_in_plain_words_of_its_facts(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    for tongue, said in (
        ("zh", ("现在没有人占有使用。", "最低出价 ¥1,000,000", "没有核查", "项费用没有查明")),
        ("en", ("Nobody is in it now.", "The least bid is ¥1,000,000", "were not checked.", "more costs are unknown")),
    ):
        page = Reader(app.test_client(), tongue).get(f"/lots/{sale.lot_id}")
        places = [page.html.index(f'id="{name}"') for name in ORDER]
        assert places == sorted(places)
        plain = page.html[page.html.index('id="plain"') : page.html.index('class="tabs"')]
        for sentence in said:
            assert sentence in plain, sentence
        assert "租约" not in plain
        assert "It is let" not in plain
        # Every tab leads somewhere.
        tabs = re.findall(r'href="#([a-z]+)"', page.html[page.html.index('class="tabs"') :].split("</nav>")[0])
        assert all(f'id="{name}"' in page.html for name in tabs)

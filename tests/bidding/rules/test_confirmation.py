"""The confirmation says who bought what for how much, and nothing it must not say."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from auction.kernel.crypto import canonical
from auction.rules.ruleset import load
from bidding.rules.confirmation import LogPlace, Party, Sale, confirmation_document, with_checkpoint

RULESET = load("spc-2016")
BUYER = Party("张三", "resident_id", "320102198501010077")
SALE = Sale(
    auction_id="a1",
    court_code="3201",
    court_name="南京市中级人民法院",
    case_number="（2026）苏01执123号",
    lot_title="南京市玄武区珠江路88号2幢301室房产",
    asset_type="real_estate",
    lot_address="南京市玄武区珠江路88号2幢301室",
    round="first",
    price_fen=256_600_000,
    bidder_code="K4827",
    rank=None,
    bids=23,
    extensions=4,
    closed_at=datetime(2026, 3, 3, 2, 7, 13, 456000, tzinfo=UTC),
    deposit_fen=10_000_000,
    balance_fen=246_600_000,
    balance_due_at=datetime(2026, 3, 13, 15, 59, 59, tzinfo=UTC),
    seal="ab" * 32,
)


def test_the_document_of_a_sale() -> None:
    document = confirmation_document(SALE, [BUYER], RULESET, entry=LogPlace("auction:a1", 41, "cd" * 32))
    notes = document.pop("notes")
    assert document == {
        "form": "fapai-confirmation-1",
        "title": {"zh": "网络司法拍卖成交确认书", "en": "Confirmation of Sale by Online Judicial Auction"},
        "sandbox": False,
        "auction_id": "a1",
        "court": {"code": "3201", "name": "南京市中级人民法院"},
        "case_number": "（2026）苏01执123号",
        "lot": {
            "title": "南京市玄武区珠江路88号2幢301室房产",
            "asset_type": "real_estate",
            "address": "南京市玄武区珠江路88号2幢301室",
        },
        "round": "first",
        "price_fen": 256_600_000,
        "price_words": "人民币贰佰伍拾陆万陆仟元整",
        "buyers": [
            {"name": "张三", "id_type": "resident_id", "id_number": "320102**********77", "share": None},
        ],
        "agent": None,
        "bidder_code": "K4827",
        "rank": None,
        "bids": 23,
        "extensions": 4,
        "closed_at": "2026-03-03T02:07:13.456000+00:00",
        "deposit_fen": 10_000_000,
        "balance_fen": 246_600_000,
        "balance_due_at": "2026-03-13T15:59:59.000000+00:00",
        "provisional": False,
        "seal": "ab" * 32,
        "ruleset": "spc-2016",
        "entry": {"stream": "auction:a1", "number": 41, "hash": "cd" * 32},
        "checkpoint": None,
    }
    assert [note["basis"]["code"] for note in notes] == ["OJA 22(1)", "OJA 22(2)", "OJA 23, 25", "OJA 24(1), 24(2)"]
    assert notes[0]["basis"]["zh"].endswith("第二十二条第一款")


def test_no_identity_number_is_in_the_document() -> None:
    agent = Party("李四", "passport", "X12345678")
    joint = [BUYER, Party("某公司", "uscc", "91320100000000055X")]
    text = canonical(confirmation_document(SALE, joint, RULESET, agent=agent)).decode()
    for party in (*joint, agent):
        assert party.name in text
        assert party.id_number not in text


def test_the_document_has_canonical_bytes_with_and_without_a_checkpoint() -> None:
    document = confirmation_document(SALE, [BUYER], RULESET)
    assert canonical(document)
    sealed = with_checkpoint(document, origin="fapai.example/log", size=9, root="ef" * 32)
    assert sealed["checkpoint"] == {"origin": "fapai.example/log", "size": 9, "root": "ef" * 32}
    assert document["checkpoint"] is None


def test_a_sell_off_is_called_one() -> None:
    document = confirmation_document(replace(SALE, round="sell_off"), [BUYER], RULESET)
    assert document["title"]["zh"] == "网络司法变卖成交确认书"


@pytest.mark.parametrize(
    ("changes", "buyers"),
    [
        ({}, []),
        ({"balance_fen": 246_600_001}, [BUYER]),
        ({"deposit_fen": 10_000_001}, [BUYER]),
        ({"deposit_fen": -1, "balance_fen": 256_600_001}, [BUYER]),
    ],
)
def test_what_does_not_add_up_is_not_confirmed(changes: dict[str, Any], buyers: list[Party]) -> None:
    with pytest.raises(ValueError, match=r"buyer|price"):
        confirmation_document(replace(SALE, **changes), buyers, RULESET)

"""The confirmation as PDF: what a reader finds in it, and that no text in it is ever taken for markup."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from auction.rules.ruleset import load
from bidding.rules.confirmation import LogPlace, Party, Sale, confirmation_document, with_checkpoint
from web.documents import confirmation_pdf

CLOSED = datetime(2026, 3, 3, 2, 7, 13, 456000, tzinfo=UTC)


def document(*, buyers: list[Party] | None = None, agent: Party | None = None, **changes: Any) -> dict[str, Any]:
    sandbox = changes.pop("sandbox", False)
    values: dict[str, Any] = {
        "auction_id": "a1",
        "court_code": "3201",
        "court_name": "南京市中级人民法院",
        "case_number": "（2026）苏01执123号",
        "lot_title": "南京市玄武区珠江路88号2幢301室房产",
        "asset_type": "real_estate",
        "lot_address": "南京市玄武区珠江路88号2幢301室",
        "round": "first",
        "price_fen": 256_600_050,
        "bidder_code": "K4827",
        "rank": None,
        "bids": 23,
        "extensions": 4,
        "closed_at": CLOSED,
        "deposit_fen": 10_000_000,
        "balance_fen": 246_600_050,
        "balance_due_at": CLOSED + timedelta(days=10),
        "seal": "ab" * 32,
    }
    made = confirmation_document(
        Sale(**(values | changes)),
        buyers or [Party("张三", "resident_id", "320102198501010077")],
        load("spc-2016"),
        agent=agent,
        entry=LogPlace("auction:a1", 41, "cd" * 32),
        sandbox=sandbox,
    )
    return with_checkpoint(made, origin="fapai.example/log", size=1234, root="ef" * 32)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


@pytest.mark.parametrize(
    "shown",
    [
        "网络司法拍卖成交确认书",
        "Confirmation of Sale by Online Judicial Auction",
        "南京市中级人民法院",
        "（2026）苏01执123号",
        "南京市玄武区珠江路88号2幢301室房产",
        "第一次拍卖（一拍）",
        "¥2,566,000.50",
        "人民币贰佰伍拾陆万陆仟元伍角",
        "张三",
        "320102**********77",
        "K4827",
        "2026-03-03 10:07:13.456（北京时间 UTC+8）",
        "¥100,000",
        "¥2,466,000.50",
        "2026-03-13 10:07:13.456",
        "ab" * 32,
        "cd" * 32,
        "auction:a1 #41",
        "ef" * 32,
        "fapai.example/log",
        "第二十二条第一款",
        "所有权自拍卖成交裁定送达买受人时转移",
    ],
)
def test_a_reader_finds_it_in_the_text(shown: str) -> None:
    assert shown in text_of(confirmation_pdf(document()))


def test_the_number_of_the_buyer_is_nowhere_in_the_file() -> None:
    pdf = confirmation_pdf(document())
    assert "320102198501010077" not in text_of(pdf)
    assert b"320102198501010077" not in pdf


def test_joint_buyers_an_agent_and_a_rank_are_named() -> None:
    pdf = confirmation_pdf(
        document(
            buyers=[Party("张三", "resident_id", "320102198501010077", "1/2"), Party("某公司", "uscc", "91320100MA1")],
            agent=Party("JOHN SMITH", "passport", "X1234567"),
            rank=2,
        )
    )
    text = text_of(pdf)
    for shown in ("共同买受人1", "共同买受人2", "份额 Share 1/2", "某公司", "代理人", "JOHN SMITH", "第2顺位"):
        assert shown in text


def test_a_revoked_sale_is_said_to_be_and_asks_for_nothing() -> None:
    stands = document()
    text = text_of(confirmation_pdf(stands | {"revoked": {"at": "2026-03-09T02:00:00+00:00", "ground": "collusion"}}))
    assert "2026-03-09 10:00:00" in text and "本确认书不再有效" in text
    assert text_of(confirmation_pdf(stands | {"revoked": None})) == text_of(confirmation_pdf(stands))
    for asking in ("Balance due by", "余款应", "逾期不付"):
        assert asking not in text and asking in text_of(confirmation_pdf(stands))


def test_a_creditor_without_deposit_and_a_sale_prepaid_in_full() -> None:
    exempt = text_of(confirmation_pdf(document(deposit_fen=0, balance_fen=256_600_050)))
    assert "免交 Exempt" in exempt
    prepaid = text_of(confirmation_pdf(document(round="sell_off", deposit_fen=256_600_050, balance_fen=0)))
    assert "网络司法变卖成交确认书" in prepaid
    assert "价款已全额预交" in prepaid
    assert "Balance due by" not in prepaid


ATTACKS = [
    '#read("/etc/passwd")',
    "*bold* _it_ `raw` $x^2$ = title",
    r"back\slash \u{41} \#x",
    "#panic()",
    '] #image("x.png") [',
    '"; #sys.inputs',
    "<label> @ref // comment /* more */ --- ...",
    "{{ 7*7 }} {% raw %}",
    "https://example.com/~x",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_is_never_taken_for_markup(attack: str) -> None:
    pdf = confirmation_pdf(
        document(
            buyers=[Party(attack, "resident_id", "320102198501010077")],
            lot_title=attack,
            lot_address=attack,
            court_name=attack,
            case_number=attack,
        )
    )
    text = text_of(pdf).replace("\n", " ")
    assert text.count(attack) >= 4
    assert "root:" not in text


def test_a_file_for_the_archive_names_its_profile_and_embeds_its_fonts() -> None:
    pdf = confirmation_pdf(document())
    reader = PdfReader(BytesIO(pdf))
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf
    assert reader.metadata is not None
    assert reader.metadata.title == "网络司法拍卖成交确认书 （2026）苏01执123号"
    assert reader.trailer["/Root"]["/Lang"] == "zh-CN"
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert any(key in descriptor for key in ("/FontFile2", "/FontFile3"))


def test_an_ordinary_sale_fits_one_page() -> None:
    assert len(PdfReader(BytesIO(confirmation_pdf(document()))).pages) == 1


def test_the_same_document_gives_the_same_bytes() -> None:
    from web.documents import _rendered

    first = confirmation_pdf(document())
    _rendered.cache_clear()
    assert confirmation_pdf(document()) == first


def test_a_confirmation_of_the_sandbox_says_so_and_a_real_one_does_not() -> None:
    assert "沙盒演示" in text_of(confirmation_pdf(document(sandbox=True)))
    assert "沙盒演示" not in text_of(confirmation_pdf(document()))


def test_a_rare_character_of_a_name_is_shown() -> None:
    assert "𬭚𠮷" in text_of(confirmation_pdf(document(buyers=[Party("𬭚𠮷", "passport", "X1234567")])))


def test_what_no_font_has_does_not_stop_the_confirmation() -> None:
    text = text_of(confirmation_pdf(document(lot_title="🏠 一套住房\U0010ffff")))
    assert "一套住房" in text


def test_control_characters_and_marks_that_turn_text_around_are_left_out() -> None:
    name = "张\u202e三\x00\x07\u200b\ud800"
    text = text_of(confirmation_pdf(document(buyers=[Party(name, "passport", "X1234567")], lot_title="一\n二\u2028三")))
    assert "张三" in text
    assert "一 二 三" in text


def test_a_very_long_word_stays_on_the_page() -> None:
    reader = PdfReader(BytesIO(confirmation_pdf(document(lot_title="W" * 400))))
    widths: list[float] = []
    for page in reader.pages:
        page.extract_text(visitor_text=lambda text, cm, tm, font, size: widths.append(tm[4]) if "W" in text else None)
    assert reader.pages[0].extract_text().count("W") >= 400
    assert max(widths) < float(reader.pages[0].mediabox.width)

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from auction.rules.lot import AssetType, Round
from auction.rules.ruleset import from_data as ruleset_from
from auction.rules.ruleset import load as load_ruleset
from auction.rules.terms import Terms
from disclosure.rules.announcement import (
    AnnouncementFacts,
    Writing,
    announcement,
    bidder_notice,
    particulars,
    publication,
    special_notices,
    wording_of,
)
from disclosure.rules.catalogue import Catalogue, load
from disclosure.rules.court_words import SAMPLE, VALUES, CourtWords
from disclosure.rules.linter import lint_text
from disclosure.rules.sheet import Sheet
from disclosure.rules.wording import described, moment, shown
from tests.disclosure.seals import seal

TERMS = Terms(
    round=Round.FIRST,
    reserve_price_fen=98_000_050,
    increment_fen=500_000,
    deposit_fen=9_800_000,
    opens_at=datetime(2026, 4, 10, 2, 0, tzinfo=UTC),
    closes_at=datetime(2026, 4, 11, 2, 0, 30, tzinfo=UTC),
    balance_days=11,
)
SELL_OFF = replace(TERMS, round=Round.SELL_OFF, deposit_fen=98_000_050, forfeit_fen=7_000_000)


@pytest.fixture
def facts(filled: Callable[[Catalogue], Sheet]) -> Callable[..., AnnouncementFacts]:
    def make(asset_type: str = "real_estate", terms: Terms = TERMS, **changes: Any) -> AnnouncementFacts:
        catalogue = load(asset_type)
        sheet = changes.pop("sheet", None) or filled(catalogue)
        values: dict[str, Any] = {
            "lot_title": "示例路 1 号 602 室",
            "region": "示例市",
            "address": "示例路 1 号",
            "case_number": "（2025）示0101执12号",
            "court": "示例市示例区人民法院",
            "platform": "法拍",
            "platform_url": "https://fapai.example",
            "terms": terms,
            "ruleset": load_ruleset("spc-2016"),
            "catalogue": catalogue,
            "sheet": sheet,
            "seal": seal(sheet),
            "announced_at": datetime(2026, 3, 1, 20, 0, tzinfo=UTC),
            "reference_price_fen": 140_000_000,
            "reference_method": "network_inquiry",
        }
        return AnnouncementFacts(**(values | changes))

    return make


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def chinese(writing: Writing) -> str:
    return "\n".join(paragraph.zh for section in writing.sections for paragraph in section.paragraphs)


def english(writing: Writing) -> str:
    return "\n".join(paragraph.en for section in writing.sections for paragraph in section.paragraphs)


@pytest.mark.parametrize("asset_type", list(AssetType))
@pytest.mark.parametrize("terms", [TERMS, replace(TERMS, round=Round.SECOND), SELL_OFF], ids=lambda terms: terms.round)
def test_every_text_is_whole_json_in_both_languages_and_says_nothing_forbidden(
    facts: Callable[..., AnnouncementFacts], asset_type: AssetType, terms: Terms
) -> None:
    written = publication(facts(asset_type, terms))
    assert json.loads(json.dumps(written)) == written
    for text in strings(written):
        assert text.strip() and "{" not in text and "None" not in text
        assert lint_text(text, "x") == ()


def test_the_announcement_has_all_that_oja_12_asks_for(facts: Callable[..., AnnouncementFacts]) -> None:
    text = chinese(announcement(facts()))
    for told in (
        "示例路 1 号 602 室",  # property
        "980,000.50 元（人民币玖拾捌万元伍角）",  # price
        "保证金：98,000 元（人民币玖万捌仟元整）",  # deposit
        "5,000 元的整数倍",
        "凡具备完全民事行为能力",  # bidders' conditions
        "已知瑕疵：经现场勘查",  # known defects
        "除本案首先查封外",  # rights and duties
        "悔拍的，交纳的保证金不予退还",  # liability
        "2026年4月10日10时00分起至2026年4月11日10时00分30秒止",  # time
        "法拍（https://fapai.example）",  # platform
        "示例市示例区人民法院",  # court
        "（2025）示0101执12号",
        "1,400,000 元",
        "网络询价",
        "2026年3月2日",  # the day in Shanghai
    ):
        assert told in text, told


def test_the_disclaimer_of_oja_15_stands_in_the_announcement(facts: Callable[..., AnnouncementFacts]) -> None:
    assert "不能保证拍卖财产的真伪或者品质" in chinese(announcement(facts()))
    assert "cannot vouch for authenticity or quality" in english(announcement(facts()))


def test_the_announcement_names_the_seal_it_was_made_on(facts: Callable[..., AnnouncementFacts]) -> None:
    made = facts()
    assert made.seal in chinese(announcement(made)) and made.seal in chinese(bidder_notice(made))


def test_the_numbers_come_from_the_ruleset(facts: Callable[..., AnnouncementFacts]) -> None:
    ruleset = load_ruleset("spc-2016")
    data = ruleset.as_data()
    data["parameters"]["bidding"]["extension_window"]["value"] = 7
    data["parameters"]["settlement"]["deposit_refund"]["value"] = 48
    other = facts(ruleset=ruleset_from(data))
    assert "结束前 7 分钟内有出价的，竞价时间自该出价时点顺延 5 分钟" in chinese(announcement(other))
    assert "48 小时内退还" in chinese(announcement(other))
    assert "11 日内交付至本院指定账户" in chinese(announcement(other))


def test_there_are_seven_special_notices_in_the_order_of_the_article(facts: Callable[..., AnnouncementFacts]) -> None:
    notices = special_notices(facts())
    assert [notice.basis.code for notice in notices] == [f"OJA 14({number})" for number in range(1, 8)]
    assert [notice.code for notice in notices] == [
        "capacity",
        "agency",
        "defects",
        "as_it_stands",
        "acceptance",
        "identity_published",
        "deposit_not_returned",
    ]
    assert "未发现已知瑕疵和权利负担" in notices[2].text.zh
    assert "可以申请实地看样" in notices[3].text.zh
    assert "保证金 98,000 元不予退还" in notices[6].text.zh


def test_burdens_defects_and_occupants_stand_in_the_special_notice(
    facts: Callable[..., AnnouncementFacts], spoil: Callable[..., Sheet], house: Catalogue
) -> None:
    sheet = spoil(house, "burdens", {"mortgagees": "示例银行"}, state="found", statement="设有抵押。")
    occupied = spoil(house, "possession", {"occupied": True, "occupant": "示例乙"}, statement="示例乙居住。")
    there = occupied.get("possession")
    assert there is not None
    text = special_notices(facts(sheet=sheet.replaced(there)))[2].text.zh
    assert "设有抵押。（抵押权人（多人以顿号分隔）：示例银行）" in text and "示例乙居住" in text
    assert "未发现已知瑕疵" not in text


def test_the_court_clears_an_occupied_lot(
    facts: Callable[..., AnnouncementFacts], spoil: Callable[..., Sheet], house: Catalogue
) -> None:
    data = {"occupied": True, "occupant": "示例乙", "vacated_on": None}
    occupied = spoil(house, "possession", data, statement="示例乙居住。")
    assert "腾空由本院负责" in chinese(announcement(facts(sheet=occupied)))
    assert "腾空由本院负责" not in chinese(announcement(facts()))


def test_purchase_limits_stand_with_their_consequences(
    facts: Callable[..., AnnouncementFacts], spoil: Callable[..., Sheet], house: Catalogue
) -> None:
    sheet = spoil(house, "purchase_restriction", {"requirement": "本市户籍"}, state="found", statement="本地限购。")
    made = facts(sheet=sheet)
    assert "竞买人应当具备购房资格并作出承诺" in chinese(announcement(made))
    assert "本市户籍" in special_notices(made)[0].text.zh and "本市户籍" in chinese(bidder_notice(made))
    assert "购房资格并作出承诺" not in chinese(announcement(facts()))


def test_equity_announces_capital_and_approval(
    facts: Callable[..., AnnouncementFacts], spoil: Callable[..., Sheet]
) -> None:
    catalogue = load("equity")
    sheet = spoil(catalogue, "approval", {"requirement": "金融机构股东资格"}, state="found", statement="须经批准。")
    text = chinese(announcement(facts("equity", sheet=sheet)))
    assert "认缴出资额：500,000 元；实缴出资额：500,000 元" in text
    assert "股权变更应当由相关部门批准" in text and "金融机构股东资格" in text
    assert "股权变更应当由相关部门批准" not in chinese(announcement(facts("equity")))


def test_taxes_decided_by_the_court_come_with_their_reason(
    facts: Callable[..., AnnouncementFacts], spoil: Callable[..., Sheet], house: Catalogue
) -> None:
    data = {"allocation": "court_decided", "decision_reason": "税法没有规定"}
    text = chinese(announcement(facts(sheet=spoil(house, "taxes", data))))
    assert "税法没有规定" in text and "由本院根据法律原则和案件实际情况确定" in text
    assert "由相应主体各自承担；依法应由被执行人承担的部分，从价款中支付" in chinese(announcement(facts()))


def test_a_sell_off_speaks_of_its_own_rules(facts: Callable[..., AnnouncementFacts]) -> None:
    made = facts("real_estate", SELL_OFF)
    text = chinese(announcement(made))
    assert "（变卖）" in announcement(made).heading.zh
    for told in ("变卖期为 60 日", "24 小时竞价", "变卖预缴款：980,000.50 元", "从预缴款中扣留 70,000 元不予退还"):
        assert told in text
    assert "起拍价" not in text
    assert "预缴款中的 70,000 元不予退还" in special_notices(made)[6].text.zh
    assert "法院确定的金额" in chinese(announcement(facts("real_estate", replace(SELL_OFF, forfeit_fen=None))))


def test_a_resale_says_that_the_buyer_who_reneged_is_out(facts: Callable[..., AnnouncementFacts]) -> None:
    assert "原买受人不得参加竞买" in chinese(announcement(facts(resale=True)))
    assert "本次系原买受人悔拍" not in chinese(announcement(facts()))


def test_without_a_reference_price_none_is_named(facts: Callable[..., AnnouncementFacts]) -> None:
    text = chinese(announcement(facts(reference_price_fen=None, reference_method=None)))
    assert "处置参考价：" not in text


def test_braces_in_what_people_wrote_are_only_letters(
    facts: Callable[..., AnnouncementFacts], spoil: Callable[..., Sheet], house: Catalogue
) -> None:
    sheet = spoil(house, "viewing", statement="看样{court}见{0}{x.__class__}。")
    made = facts(sheet=sheet, lot_title="{seal}")
    assert "看样{court}见{0}{x.__class__}。" in chinese(announcement(made))
    assert "财产名称：{seal}。" in chinese(announcement(made))
    assert "看样{court}见{0}{x.__class__}。" in special_notices(made)[3].text.zh


def test_values_are_shown_as_readers_write_them(house: Catalogue) -> None:
    title, area, arrears = house.item("title"), house.item("area_and_use"), house.item("arrears")
    for item, name, value, zh, en in (
        (title, "co_owned", True, "是", "yes"),
        (title, "share", 0.5, "0.5", "0.5"),
        (title, "share", 1.0, "1", "1"),
        (title, "registered_on", "2015-03-12", "2015年3月12日", "12 March 2015"),
        (title, "owner", "甲", "甲", "甲"),
        (area, "planned_use", "residential", "住宅", "Residential"),
        (area, "building_area_m2", 12000000.0, "12000000", "12000000"),
        (area, "total_floors", 18, "18", "18"),
        (arrears, "property_fee_fen", 123456, "1,234.56 元", "CNY 1,234.56"),
    ):
        field = item.field(name)
        assert field is not None
        assert (shown(field, value).zh, shown(field, value).en) == (zh, en)


def test_an_item_reads_as_a_paragraph(house: Catalogue, spoil: Callable[..., Sheet]) -> None:
    stated = spoil(house, "arrears", {"property_fee_fen": 100, "as_of": "2026-01-01"}, statement="有欠费").get(
        "arrears"
    )
    assert stated is not None
    text = described(house.item("arrears"), stated)
    assert text.zh == "欠费情况：有欠费。（物业费：1 元；截至日期：2026年1月1日）"
    assert text.en == "Arrears: 有欠费。 (Property fee: CNY 1; As of: 1 January 2026)"


def test_moments_are_told_in_beijing_time() -> None:
    told = moment(datetime(2026, 12, 31, 16, 5, tzinfo=UTC))
    assert (told.zh, told.en) == ("2027年1月1日0时05分", "00:05 on 1 January 2027 (Beijing time)")


def test_a_place_names_its_region_once_and_a_site_without_an_address_speaks_one_language(
    facts: Callable[..., AnnouncementFacts],
) -> None:
    whole = announcement(facts(region="示例市云溪区", address="示例市云溪区南湖巷7号", platform_url=""))
    assert "所在地：示例市云溪区南湖巷7号。" in chinese(whole) and "Place: 示例市云溪区南湖巷7号." in english(whole)
    assert "（本站）" in chinese(whole) and "this site" not in chinese(whole)
    assert "(this site)" in english(whole) and "本站" not in english(whole)
    assert "所在地：示例市示例路 1 号。" in chinese(announcement(facts()))


def test_every_name_has_a_sample_and_a_value_in_a_sale(facts: Callable[..., AnnouncementFacts]) -> None:
    assert set(SAMPLE) == set(VALUES)
    each = "\n\n".join(f"{name}={{{{ {name} }}}}" for name in VALUES if not name.startswith("is_"))
    words = {"announcement": CourtWords(1, each, each)}
    told = announcement(facts(words=words)).sections[-1].paragraphs[1:]
    assert len(told) == len([name for name in VALUES if not name.startswith("is_")])
    assert not any("＿" in one.zh or "＿" in one.en for one in told)


@pytest.mark.parametrize("kind", ["announcement", "bidder_notice"])
def test_the_words_stand_last_and_change_nothing_that_is_given(
    facts: Callable[..., AnnouncementFacts], kind: str
) -> None:
    plain = publication(facts())
    told = publication(facts(words={kind: CourtWords(3, "保证金{{ deposit }}。", "{{ deposit }}.")}))
    *given, own = told[kind]["sections"]
    assert given == plain[kind]["sections"]
    assert (own["code"], own["heading"]["zh"], own["wording"]) == ("court", "本院补充说明", 3)
    assert "以前述内容为准" in own["paragraphs"][0]["zh"] and "元" in own["paragraphs"][1]["zh"]
    assert {name: text for name, text in told.items() if name != kind} == {
        name: text for name, text in plain.items() if name != kind
    }
    assert (wording_of(told, kind), wording_of(plain, kind)) == (3, None)
    assert particulars(told) == particulars(plain)

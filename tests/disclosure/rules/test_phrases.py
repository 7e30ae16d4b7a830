import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.rules.linter import lint_text
from disclosure.rules.phrases import (
    forbidden,
    is_empty,
    leaves_unknown,
    names_nobody,
    phrases,
    possessed_by_nobody_named,
    says_unknown,
    squeeze,
)

FORBIDDEN = {
    "possession_unknown": [
        "占有不明",
        "该房屋占有情况不明。",
        "占 有 不 明",
        "占，有，不，明",
        "占-有-人-不-详",
        "佔有不明",
        "占用情况尚不清楚",
        "占有人待核实",
        "ＰＯＳＳＥＳＳＩＯＮ unknown",
        "Possession is unknown.",
    ],
    "court_does_not_clear": [
        "法院不负责腾退",
        "法-院-不-负-责-腾-退",
        "法院概不负责腾房",
        "法院不负责交付",
        "法院无义务腾空",
        "本院不负责清场",
        "本院不负责移交",
        "本院不 负 责 标的物的腾空",
        "处置单位不承担腾退责任",
        "本标的按现状拍卖，法院不予清场",
        "不负责清场",
        "由买受人自行腾退",
        "腾退由买受人自行负责",
        "腾空及费用由买受人承担",
        "清场事宜由竞买人自行解决",
        "占用人由买受人自行清退",
        "买受人自行清场",
        "买受人须自行与占有人协商腾退",
        "买受人应当负责腾空",
        "The court does not clear the premises.",
        "The buyer must evict the occupants.",
        "Clearance is the responsibility of the buyer",
    ],
    "taxes_on_buyer": [
        "一切税费由买受人承担",
        "一切税、费均由买受人承担",
        "一 切 税 费 由 买 受 人 承 担",
        "一切(税)费——由“买受人”承担",
        "一切稅費由買受人承擔",
        "买卖双方的一切税，费由买受人承担",
        "全部税费依法由买受人承担",
        "过户所涉及的一切税费由买受人自行承担",
        "税费全部由买受人承担",
        "税费由买受人全额承担",
        "所有税费概由竞得人负担",
        "买受人承担一切税费",
        "由买受人负担过户产生的全部税费",
        "增值税、土地增值税、契税等由买受人承担",
        "包括但不限于增值税、所得税、契税等由买受人承担",
        "被执行人应承担的税费由买受人承担",
        "出卖人应缴税款由买受人垫付",
        "被执行人的税费由买受人代缴",
        "买受人垫付出卖人的增值税",
        "卖方税款由买方先行缴纳",
        "双方应缴纳的税费均由买受人承担",
        "办理过户的一切费用由买受人承担",
        "All taxes and fees shall be borne by the buyer.",
        "The buyer shall pay all taxes",
    ],
    "fees_on_buyer": ["拍卖服务费由买受人承担", "买受人应另行支付拍辅费", "佣金由买受人支付"],
    "arrears_on_buyer": ["所欠物业费由买受人承担", "历史欠费由买受人自行承担"],
    "remedy_waived": ["参加竞买即视为放弃一切异议", "买受人不得提出任何异议"],
    "viewing_refused": ["本标的不安排看样", "谢绝现场看样"],
}
ALLOWED = [
    "腾空由本院负责，不由买受人承担。",
    "腾空由本院负责，买受人不负责腾退",
    "腾空期限和责任人见腾空方案",
    "腾空后的物业费由买受人承担",
    "交付后的物业费由买受人承担",
    "标的由本院腾空后交付买受人",
    "本院不负责保管遗留物品，腾空由本院完成",
    "本院于裁定送达后将标的移交买受人，买受人应当及时接收",
    "买受人可以自行委托验房",
    "契税、印花税由买受人承担",
    "契税均由买受人承担",
    "增值税、土地增值税由被执行人承担，契税由买受人承担",
    "被执行人承担增值税、所得税，买受人承担契税",
    "所有税费由买受人和被执行人依法各自承担",
    "税费依法由买卖双方各自承担",
    "买受人承担依法应由其承担的全部税费",
    "买受人依法承担的全部税费",
    "一切税费依照法律由相应主体承担；契税由买受人承担",
    "不得约定一切税费由买受人承担",
    "应由被执行人承担的税费，从拍卖价款中扣除",
    "不产生应由买受人承担的税费",
    "网络司法拍卖不向买受人收取佣金",
    "占用情况见现场笔录",
    "占有人为示例甲，自2019年起居住",
    "Each side bears its own taxes; deed tax is borne by the buyer.",
    "",
]


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in FORBIDDEN.items() for text in texts])
def test_what_may_not_be_said_is_found_however_it_is_spaced(code: str, text: str) -> None:
    assert code in [match.phrase.code for match in forbidden(text)]


#: A wording that is refused, what it says, and wordings near it that are lawful.
NEAR = [
    ("taxes_on_buyer", "相关税费由买受人自行承担", ["相关税费由买受人和被执行人各自承担", "相关税费由买受人依法承担"]),
    ("taxes_on_buyer", "税费由买受人承担", ["买受人依法应当承担的税费由买受人承担", "买方税费由买受人承担"]),
    ("taxes_on_buyer", "办理过户所需税费由买受人承担", ["办理过户的契税由买受人承担", "属于买受人的税费由买受人缴纳"]),
    ("taxes_on_buyer", "买受人办理过户所需税费由买受人承担", ["应由买受人承担的税费由买受人自行缴纳"]),
    ("taxes_on_buyer", "买受人自理税费", ["买受人按规定缴纳税费", "买受人不承担税费", "买受人承担其依法应缴的税费"]),
    ("taxes_on_buyer", "交易产生的税费买受人自行承担", ["被执行人依法缴纳税费，买受人自行承担契税"]),
    ("taxes_on_buyer", "由买受人负责缴纳过户的税费", ["买受人缴纳税费后凭完税证明办理过户"]),
    (
        "taxes_on_buyer",
        "买受人承担依法办理产权过户登记手续过程中的双方全部税费",
        ["买受人承担登记费，双方税费各自承担"],
    ),
    ("court_does_not_clear", "由买受人与占有人自行协商交房", ["本院组织买受人与占有人协商交付时间"]),
    ("court_does_not_clear", "买受人与占有人协商", ["买受人可与承租人协商续租", "买受人可以与物业公司协商停车"]),
    ("court_does_not_clear", "腾空由买受人负责", ["腾空由执行员示例甲负责", "腾空由示例法官负责，买受人到场接收"]),
    ("possession_unknown", "占有情况以现场实际为准，法院不作保证", ["占有情况见现场笔录", "面积以实际测量为准"]),
    ("possession_unknown", "租赁、占用情况以实际情况为准", ["标的以实物现状为准", "由示例甲居住，现状以看样为准"]),
]


@pytest.mark.parametrize(("code", "text", "near"), NEAR)
def test_a_refused_wording_and_its_lawful_neighbours(code: str, text: str, near: list[str]) -> None:
    assert code in [match.phrase.code for match in forbidden(text)]
    assert [(each, forbidden(each)) for each in near if forbidden(each)] == []


@pytest.mark.parametrize("text", ALLOWED)
def test_lawful_wording_is_left_alone(text: str) -> None:
    assert forbidden(text) == ()


NOISE = st.sampled_from(["", " ", "　", "·", "-", "\u200b", "、", "*", "“", "\n", "（"])
EXACT = ["占有不明", "法院不负责腾退", "买受人自行腾退", "一切税费由买受人承担", "税费全部由买受人承担"]


@settings(deadline=None)
@given(st.sampled_from(EXACT), st.data())
def test_anything_that_is_no_letter_may_stand_between(text: str, data: st.DataObject) -> None:
    spaced = "".join(letter + data.draw(NOISE) for letter in text)
    (match,) = forbidden(f"标的说明。{spaced}")
    assert squeeze(match.words).text == squeeze(text).text


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_the_search_and_every_match_is_where_it_says(text: str) -> None:
    for match in forbidden(text):
        assert text[match.start : match.end] == match.words
    for tell in (says_unknown, leaves_unknown, is_empty, names_nobody, possessed_by_nobody_named):
        assert tell(text) in (True, False)


WORDS = [
    "占有",
    "情况",
    "现",
    "查",
    "税费",
    "一切",
    "由",
    "买受人",
    "承担",
    "不",
    "本院",
    "腾空",
    "的",
    "全部",
    "，",
    "无",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=600).map("".join))
def test_no_arrangement_of_the_words_themselves_hangs_the_search(text: str) -> None:
    """A pattern that backtracks without end would not come back."""
    assert all(text[match.start : match.end] == match.words for match in forbidden(text))
    assert leaves_unknown(text) in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "占有不明",
        "占有情况不明",
        "不详",
        "不 详",
        "待查",
        "租赁情况不详",
        "经查，权属不明。",
        "暂不清楚",
        "面积未知",
        "抵押情况不明，请竞买人自行核实。",
        "是否存在租赁，本院无法核实",
        "由竞买人自行了解",
        "以实际为准，请自行核实",
        "以实际情况为准",
        "占有情况以现场实际为准，法院不作保证",
        "尚未核查",
        "欠费数额不详",
        "房屋登记于被执行人名下，租赁情况不明，请注意。",
        "经本院调查，被执行人下落不明，占有情况不明",
        "Unknown",
        "not known",
        "To be verified.",
    ],
)
def test_saying_only_that_it_is_not_known_is_recognised(text: str) -> None:
    assert leaves_unknown(text) and (says_unknown(text) or "自行" in text or "为准" in text)


@pytest.mark.parametrize(
    "text",
    [
        "里程表读数六万公里，此前维修记录不详",
        "被执行人下落不明，房屋由其母示例丙居住",
        "接受一切已知和未知瑕疵",
        "无明显瑕疵",
        "无不明显损坏",
        "不存在权属不清的情形",
        "查封顺位为第一，等待查封期限届满",
        "以实物现状为准",
        "由示例甲居住，以实际情况为准",
        "已腾空，无人占有",
        "未发现租赁",
        "2019年以前的装修情况不详，现为毛坯",
    ],
)
def test_telling_something_is_not_mistaken_for_it(text: str) -> None:
    assert not leaves_unknown(text)


@pytest.mark.parametrize("text", ["由他人占有", "被案外人占用", "第三方使用", "现由第三人实际控制"])
def test_others_in_possession_are_nobody_named(text: str) -> None:
    assert possessed_by_nobody_named(text)


@pytest.mark.parametrize("text", ["无他人占有、使用", "未被他人占用", "由案外人李四占有", "不存在第三人占用"])
def test_a_denial_or_a_name_is_not(text: str) -> None:
    assert not possessed_by_nobody_named(text)


def test_every_phrase_says_what_to_write_instead() -> None:
    assert {phrase.code for phrase in phrases()} == set(FORBIDDEN)
    for phrase in phrases():
        assert phrase.title and phrase.title_en and phrase.fix and phrase.fix_en
        assert forbidden(phrase.fix) == () or phrase.code == "possession_unknown"


def test_a_finding_quotes_the_words_and_the_article() -> None:
    (finding,) = lint_text("说明：一切税费由买受人承担。", "announcement.extra")
    assert (finding.code, finding.severity, finding.field) == ("phrase_forbidden", "error", "announcement.extra")
    assert finding.basis.code == "OJA 30"
    assert finding.facts["found"] == "一切税费由买受人承担"
    assert finding.facts["phrase"] == "taxes_on_buyer"


@pytest.mark.parametrize("code", ["arrears_on_buyer", "remedy_waived", "viewing_refused"])
def test_what_the_law_does_not_settle_is_only_a_warning(code: str) -> None:
    assert [finding.severity for finding in lint_text(FORBIDDEN[code][0], "x")] == ["warning"]

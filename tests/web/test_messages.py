"""Every code that is told to somebody has its sentence in both languages, made of facts that the code really has."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auction.kernel.clock import iso
from auction.kernel.errors import Breach, DomainError
from auction.rules.calendar import HolidayCalendar
from auction.rules.findings import Finding
from auction.rules.lot import AssetType, AuctionStatus, PartyRole, Round
from auction.rules.notices import Addressee, NoticeRecipient, NoticeStatus
from auction.rules.panel import PanelMember
from auction.rules.reference_price import PriceMethod, PriceResult, PriceStep, ReferencePrice, entry_findings
from auction.rules.rounds import EarlierRound
from auction.rules.ruleset import load
from auction.rules.terms import Proposal, Terms, check_terms
from auction.rules.unsold import Standstill
from bidding.services.bids import Answer
from disclosure.rules.catalogue import Catalogue, Item
from disclosure.rules.catalogue import load as load_catalogue
from disclosure.rules.changing import check_choice
from disclosure.rules.court_items import CourtItemFacts, entry_of
from disclosure.rules.court_words import check_words
from disclosure.rules.diff import ItemChange
from disclosure.rules.entry import check_item, read_item
from disclosure.rules.gaps import gaps
from disclosure.rules.letters import check_wording
from disclosure.rules.linter import lint
from disclosure.rules.sheet import Sheet
from disclosure.rules.surplus import surplus_findings
from disclosure.rules.viewings import Slot, overlap_findings, slot_breaches
from web import errors
from web.pages.labels import PRICE_STEP
from web.schemas.acknowledgement import acknowledgement

ROOT = Path(__file__).resolve().parents[2]
RULES = load("spc-2016")
CALENDAR = HolidayCalendar(frozenset({2025, 2026, 2027}), frozenset(), frozenset(), frozenset())
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
#: Functions that take a code, and the places among their arguments where it may stand.
MAKERS = {
    "Finding": (0,),
    "Breach": (0,),
    "DomainError": (0,),
    "invalid": (1,),
    "_error": (0,),
    "_warning": (0, 1),
    "_finding": (1,),
    "_gap": (1,),
}
#: Names its contradictions by rules, not codes.
OTHERWISE = ROOT / "disclosure" / "rules" / "contradictions.py"
#: Finds nothing on a sheet: it refuses what a court would have its letters say.
WORDINGS = ROOT / "disclosure" / "rules" / "letters.py"
#: Nor does this: it refuses items that a court would add.
COURT_ITEMS = ROOT / "disclosure" / "rules" / "court_items.py"


def codes_in(path: Path) -> Iterator[str]:
    """Every code that a module gives to something that makes findings or refusals."""
    if path == OTHERWISE:
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        places = [node.args[place] for place in MAKERS.get(name, ()) if place < len(node.args)]
        texts = [text for place in places for text in texts_of(place)]
        yield from texts[: 1 if len(places) > 1 else None]


def texts_of(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return [*texts_of(node.body), *texts_of(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


@pytest.mark.parametrize("package", ["auction", "disclosure", "bidding", "risk", "web"])
def test_every_code_in_the_source_has_a_sentence(package: str) -> None:
    found = {code: path for path in (ROOT / package).rglob("*.py") for code in codes_in(path)}
    assert found
    unsaid = {code: str(path.relative_to(ROOT)) for code, path in found.items() if code not in errors.table()}
    allowed = {"passwords_differ", "unreadable"}  # of forms alone, said by the pages
    assert unsaid.keys() <= allowed, unsaid


@pytest.mark.parametrize("code", sorted(errors.table()))
def test_a_row_says_the_same_in_both_languages_with_facts_of_one_kind(code: str) -> None:
    row = errors.table()[code]
    assert 400 <= row["status"] < 600 or code == "accepted"
    assert {name.removesuffix("_en") for name in placeholders(row["en"])} <= placeholders(row["zh"])
    assert re.search("[\u4e00-\u9fff]", row["zh"])
    assert not re.search("[\u4e00-\u9fff]", row["en"])
    assert code.partition("/")[0] in errors.table()


@pytest.mark.parametrize("package", ["auction", "disclosure", "bidding", "risk", "web"])
def test_whoever_refuses_in_plain_words_gives_every_fact_of_the_sentence(package: str) -> None:
    holes = {
        f"{path.relative_to(ROOT)}:{line}": missing
        for path in (ROOT / package).rglob("*.py")
        for line, code, facts in plain_refusals(path)
        if (missing := placeholders(errors.row_of(code, facts)["zh"]) - set(facts))
    }
    assert holes == {}


def plain_refusals(path: Path) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Where a module refuses by one code whose facts all stand there: the line, the code, the facts by name.

    The value of a fact is only known where it is written out: it tells which row is said.
    """
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in _PLAIN:
            continue
        place = _PLAIN[node.func.id]
        given = {word.arg: word.value for word in node.keywords}
        if node.func.id == "Breach":
            facts = given.get("facts", ast.Dict([], []))
            if len(node.args) > 3 or not isinstance(facts, ast.Dict):
                continue
            given = {str(texts_of(name)[0]) if name and texts_of(name) else None: value  # None: spread from elsewhere
                     for name, value in zip(facts.keys, facts.values, strict=True)}  # fmt: skip
        several = len(node.args) > place + 1 or not {"errors"}.isdisjoint(given)
        if len(node.args) <= place or (several and node.func.id == "DomainError") or None in given:
            continue
        for code in texts_of(node.args[place]):
            yield (
                node.lineno,
                code,
                {str(name): value.value if isinstance(value, ast.Constant) else "" for name, value in given.items()},
            )


_PLAIN = {"DomainError": 0, "invalid": 1, "Breach": 0}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_word_is_said_in_both_languages() -> None:
    words = tomllib.loads((ROOT / "web" / "words.toml").read_text("utf-8"))
    assert all(set(row) == {"zh", "en"} for row in words.values())
    spoken = {*PartyRole, *Round, *PriceMethod, *RULES.texts("late_reasons"), "opening", "announcement", *PRICE_STEP}
    assert spoken <= set(words)


# --- the rules, driven until they have said everything --------------------------------------------------------------


def terms(**changes: Any) -> Terms:
    opens_at = NOW + 40 * DAY
    whole = Terms(Round.FIRST, 140_000_000, 500_000, 14_000_000, opens_at, opens_at + DAY, 10)
    return replace(whole, **changes)


PRICE = ReferencePrice(
    PriceMethod.APPRAISAL,
    200_000_000,
    date(2026, 1, 10),
    date(2027, 1, 9),
    (PriceResult("估价机构", 200_000_000, date(2026, 1, 10)),),
    (PriceStep("report_served", date(2026, 3, 1)),),
)
PANEL = tuple(PanelMember(name, "judge", "3201") for name in ("a", "b", "c"))


def proposal(**changes: Any) -> Proposal:
    whole = Proposal(terms(), AssetType.REAL_ESTATE, "3201", PRICE, (), (), PANEL)
    return replace(whole, **changes)


def earlier(round_: Round, status: AuctionStatus = AuctionStatus.UNSOLD, days_ago: int = 60) -> EarlierRound:
    ended = NOW - days_ago * DAY
    return EarlierRound("e", round_, status, 140_000_000, 14_000_000, ended - 40 * DAY, ended)


def recipient(status: NoticeStatus, days_ago: int | None = 10, role: PartyRole = PartyRole.DEBTOR) -> NoticeRecipient:
    return NoticeRecipient("某人", role, status, None if days_ago is None else NOW - days_ago * DAY)


PROPOSALS: Mapping[str, Proposal] = {
    "nothing entered": proposal(reference_price=None, panel=()),
    "low terms": proposal(terms=terms(reserve_price_fen=1, deposit_fen=9, increment_fen=0, balance_days=0)),
    "odd terms": proposal(terms=terms(increment_fen=1, balance_days=100, opens_at=NOW, closes_at=NOW)),
    "large increment": proposal(terms=terms(increment_fen=140_000_000)),
    "too far cut": proposal(terms=terms(round=Round.SECOND, reserve_price_fen=1), earlier=(earlier(Round.FIRST),)),
    "late with a reason": proposal(
        terms=terms(round=Round.SECOND, late_reason="stay"), earlier=(earlier(Round.FIRST),)
    ),
    "sell-off": proposal(
        terms=terms(round=Round.SELL_OFF, reserve_price_fen=1), earlier=(earlier(Round.FIRST), earlier(Round.SECOND))
    ),
    "first again": proposal(earlier=(earlier(Round.FIRST),)),
    "another lot of the group ends soon after": proposal(standstill=Standstill(group_ends=(terms().closes_at,))),
    "already sold": proposal(earlier=(earlier(Round.FIRST, AuctionStatus.SOLD),)),
    "another is live": proposal(earlier=(earlier(Round.FIRST, AuctionStatus.OPEN),)),
    "all failed": proposal(earlier=(earlier(Round.FIRST), earlier(Round.SECOND), earlier(Round.SELL_OFF))),
    "old price": proposal(reference_price=replace(PRICE, valid_until=date(2026, 1, 11))),
    "opens too late": proposal(terms=terms(opens_at=NOW + 700 * DAY, closes_at=NOW + 701 * DAY)),
    "bare price": proposal(
        reference_price=replace(
            PRICE, valid_until=date(2028, 1, 1), results=(), steps=(PriceStep("objection_filed", date(2026, 2, 1)),)
        )
    ),
    "result without a day": proposal(reference_price=replace(PRICE, results=(PriceResult("", 200_000_000, None),))),
    "differing results, steps out of order": proposal(
        reference_price=replace(
            PRICE,
            results=(PriceResult("估价机构", 190_000_000, date(2026, 1, 10)),),
            steps=(PriceStep("report_received", NOW.date() + 2 * DAY), PriceStep("report_served", NOW.date())),
        )
    ),
    "one platform twice": proposal(
        reference_price=replace(PRICE, method=PriceMethod.NETWORK_INQUIRY, results=PRICE.results * 2)
    ),
    "a late result, holding from after it": proposal(
        reference_price=replace(
            PRICE,
            method=PriceMethod.NETWORK_INQUIRY,
            effective_on=date(2026, 1, 11),
            steps=(PriceStep("network_inquiry_asked", date(2025, 12, 1)),),
        )
    ),
    "another result recorded": proposal(
        reference_price=replace(PRICE, recorded=(PriceResult("估价机构", 190_000_000, date(2026, 1, 10)),))
    ),
    "one more platform recorded": proposal(
        reference_price=replace(
            PRICE, method=PriceMethod.NETWORK_INQUIRY, recorded=(*PRICE.results, PriceResult("平台", 7, NOW.date()))
        )
    ),
    "two judges": proposal(panel=PANEL[:2]),
    "strange panel": proposal(
        panel=(
            PANEL[0],
            PANEL[0],
            PanelMember("clerk", "clerk", "3201"),
            PanelMember("far", "judge", "1101"),
            PanelMember("near", "judge", "3201", barred=True),
        )
    ),
    "notices": proposal(
        asset_type=AssetType.EQUITY,
        addressees=(Addressee("漏掉的人", PartyRole.APPLICANT),),
        recipients=(
            recipient(NoticeStatus.TO_NOTIFY, None),
            recipient(NoticeStatus.RECEIVED, None),
            recipient(NoticeStatus.SENT),
            recipient(NoticeStatus.RECEIVED, 1),
            recipient(NoticeStatus.RECEIVED, 10, PartyRole.PREFERENTIAL),
            recipient(NoticeStatus.RECEIVED, 90),
            recipient(NoticeStatus.WAIVED_WRITTEN, None),
        ),
        terms=terms(opens_at=NOW + 8 * DAY),
        earlier=(earlier(Round.FIRST),),
    ),
}


def all_findings() -> Iterator[Finding]:
    for asked in PROPOSALS.values():
        yield from check_terms(asked, ruleset=RULES, calendar=CALENDAR, now=NOW)
    wrong = ReferencePrice(
        PriceMethod.NETWORK_INQUIRY,
        0,
        date(2026, 2, 1),
        date(2026, 1, 1),
        (PriceResult("a", 0, None), PriceResult("b", 10, None)),
    )
    yield from entry_findings(wrong, RULES, CALENDAR)


class Strict(string.Formatter):
    """Knows no fact that is not there."""

    def format_field(self, value: Any, spec: str) -> str:
        return str(value)


def test_what_the_rules_of_terms_find_is_said_of_facts_they_give() -> None:
    said = {
        language: [Strict().format(errors.row_of(one.code, one.facts)[language], **one.facts) for one in all_findings()]
        for language in ("zh", "en")
    }
    assert len(said["zh"]) == len(said["en"]) > len(PROPOSALS)
    assert not any("{" in sentence for language in said.values() for sentence in language)


def test_every_code_and_reason_of_the_rules_of_terms_is_driven_here() -> None:
    driven = {(finding.code, finding.facts.get("reason")) for finding in all_findings()}
    codes = {code for code, _ in driven}
    rules = [ROOT / "auction" / "rules" / f"{name}.py" for name in ("terms", "notices", "panel", "rounds")]
    rules.append(ROOT / "auction" / "rules" / "reference_price.py")
    assert {code for path in rules for code in codes_in(path)} - codes == set()
    reasons = {
        f"{code}/{reason}" for code, reason in driven if reason is not None and f"{code}/{reason}" not in errors.table()
    }
    assert reasons == set()
    variants = {code for code in errors.table() if code.partition("/")[0] in codes and "/" in code}
    said = {
        f"{finding.code}/{name}" for finding in all_findings() for name in (finding.facts.get("reason"), *finding.facts)
    }
    assert variants - said == {"panel_incomplete/votes"}


def test_money_times_spans_and_codes_are_said_as_people_say_them() -> None:
    facts = {"required": 30, "days": 3, "earliest": iso(datetime(2026, 4, 2, 16, tzinfo=UTC))}
    assert "2026 年 4 月 3 日 00:00" in errors.sentence("notice_too_short", facts, "zh")
    assert "2026-04-03 00:00 Beijing time" in errors.sentence("notice_too_short", facts, "en")
    assert "24 小时" in errors.sentence("bidding_too_short", {"required_seconds": 86400, "exact": 0}, "zh")
    assert "60 days" in errors.sentence("bidding_too_short", {"required_seconds": 60 * 86400, "exact": 1}, "en")
    missing = {"name": "某银行", "role": "secured_creditor", "reason": "missing"}
    assert errors.sentence("notice_outstanding", missing, "zh") == "通知名单中没有担保物权人 某银行。"
    assert "1,400,000 元" in errors.sentence("reserve_below_floor", {"minimum_fen": 140_000_000}, "zh")


def test_a_missing_fact_never_breaks_a_refusal() -> None:
    for code in errors.table():
        for language in ("zh", "en"):
            assert errors.sentence(code, {}, language)
    assert errors.sentence("never_heard_of", {}, "en")


# --- the rules of disclosure, spoiled one thing at a time -------------------------------------------------------------

TODAY = date(2026, 3, 2)
CATALOGUES = {kind: load_catalogue(kind) for kind in AssetType}


def payload(item: Item, **changes: Any) -> dict[str, Any]:
    given = {"state": item.example.state, "statement": item.example.statement, "data": dict(item.example.data)}
    return {**given, "source": "勘查笔录", "checked_on": "2026-03-01", "attachments": [], **changes}


def sheet_with(catalogue: Catalogue, **changed: dict[str, Any]) -> Sheet:
    """The sheet of the examples, with some items changed."""
    return Sheet(
        tuple(
            read_item(item, payload(item, **changed.get(item.code, {})), checker="书记员", attachments=[])
            for item in catalogue.items
        )
    )


def entry_findings_of(item: Item) -> Iterator[Finding]:
    values = ["", "x" * 2000, "\u0007", "2030-01-01", "1800-01-01", "x", 7, -1, 10**17, 1.5, True, [], None]
    for value in values:
        data = {spec.name: value for spec in item.fields}
        yield from check_item(item, payload(item, state="found", data={**data, "unheard": 1}), TODAY)
    for state in ("perhaps", "found", "none", "not_applicable", "exempt"):
        yield from check_item(item, payload(item, state=state, data={}), TODAY)
    for change in (
        {"surprise": 1},
        {"statement": "", "source": "", "checked_on": None},
        {"statement": "x" * 5000, "source": 7, "data": 7, "checked_on": "2030-01-01"},
        {"checked_on": "1800-01-01", "attachments": ["a"] * 51},
        {"checked_on": "yesterday", "attachments": "all", "statement": "\u0007"},
    ):
        yield from check_item(item, payload(item, **change), TODAY)


#: Changes of a house's sheet, item by item, each of which the linter or the gaps have something to say on.
SPOILED: tuple[dict[str, dict[str, Any]], ...] = (
    {"taxes": {"statement": "一切税费由买受人承担。"}},
    {"possession": {"statement": "占有不明", "data": {}}},
    {"possession": {"state": "not_applicable"}},
    {"possession": {"statement": "示例甲自住。", "data": {"occupied": True, "occupant": "示例甲"}}},
    {
        "possession": {
            "statement": "示例乙自2020年起租住。",
            "data": {"occupied": True, "occupant": "示例乙", "since": "2020-01-01", "right": "lease"},
        },
        "clearance": {"state": "found", "data": {"responsible": "示例丙", "due_on": "2026-01-01", "plan": "协商"}},
    },
    {"defects": {"statement": "屋面有渗漏，其余维修记录不详。", "source": "", "checked_on": None}},
    {"defects": {"checked_on": "2025-01-01"}},
    {"title": {"data": {"owner": "甲", "co_owned": False, "share": 0.5}}},
)


def refused_choices() -> Iterator[Breach]:
    """Every way in which a panel may not deal with a change."""
    house = CATALOGUES[AssetType.REAL_ESTATE]
    for material, worse, unclear in ((False, False, False), (True, True, False), (True, False, True)):
        change = ItemChange("title", "statement", "甲", "乙", material, "unclear", worse, unclear)
        with pytest.raises(DomainError) as caught:
            check_choice("supplement", [change], None, house)
        yield from caught.value.errors


def disclosure_findings() -> Iterator[Finding | Breach]:
    yield from refused_choices()
    for catalogue in CATALOGUES.values():
        yield from gaps(Sheet(), catalogue)
        yield from lint(sheet_with(catalogue), catalogue, today=TODAY, announced_on=TODAY)
        for item in catalogue.items:
            yield from entry_findings_of(item)
    house = CATALOGUES[AssetType.REAL_ESTATE]
    for changed in SPOILED:
        sheet = sheet_with(house, **changed)
        yield from gaps(sheet, house)
        yield from lint(sheet, house, today=TODAY, announced_on=TODAY)
        yield from lint(sheet, house, today=TODAY, announced_on=TODAY, published_from=TODAY)
    goods = CATALOGUES[AssetType.GOODS]
    for expires, by in (("2026-03-01", None), ("2026-03-02", None), ("2026-03-02", TODAY)):
        shelf = {"perishable": True, "expires_on": expires, "decayed": True, "sale_banned": False}
        sheet = sheet_with(goods, shelf_life={"data": shelf})
        yield from lint(sheet, goods, today=TODAY, handed_over_on=by)
    owed = {"mortgagees": "某银行", "mortgage_claims_fen": 10}
    yield from surplus_findings(sheet_with(house, burdens={"state": "found", "data": owed}), 10, (), RULES)


def test_what_a_wording_of_a_letter_is_refused_for_is_said_of_facts_it_gives() -> None:
    driven = set()
    for text in ("", "x" * 9000, "\u202e", "{{", "{{ 7 * 7 }}", "{{ nobody }}", "法院不负责腾退。"):
        with pytest.raises(DomainError) as caught:
            check_wording(text)
        (breach,) = caught.value.errors
        driven |= {caught.value.code, breach.code}
        for language in ("zh", "en"):
            Strict().format(errors.row_of(breach.code, breach.facts)[language], **breach.facts)
    assert driven == set(codes_in(WORDINGS)) | {"phrase_forbidden"}


def test_what_the_rules_of_disclosure_find_is_said_of_facts_they_give() -> None:
    driven = set()
    slots = (Slot(NOW, NOW, 1), Slot(NOW + DAY, NOW + 3 * DAY, 1))
    wrong = [breach for slot in slots for breach in slot_breaches(slot, NOW, NOW + 2 * DAY)]
    with pytest.raises(DomainError) as caught:
        entry_of("fence", CourtItemFacts("围栏", "Fence", False, "看一看", "Look", "x" * 1001))
    with pytest.raises(DomainError) as differing:
        check_words("一段。", "One.\n\nTwo.")
    twice = overlap_findings([Slot(NOW + DAY, NOW + 2 * DAY, 1)] * 2, NOW)
    for finding in (*disclosure_findings(), *wrong, *twice, *caught.value.errors, *differing.value.errors):
        driven.add(finding.code)
        row = errors.row_of(finding.code, finding.facts)
        for language in ("zh", "en"):
            Strict().format(row[language], **finding.facts)
    rules = (ROOT / "disclosure" / "rules").glob("*.py")
    asked = (WORDINGS, COURT_ITEMS)
    told = {code for path in rules if path not in asked for code in codes_in(path) if code in errors.table()}
    assert told - driven - {"unknown_item", "invalid"} == set()
    assert {"disclosure_incomplete", "possession_not_stated", "clearance_plan_missing", "contradiction"} <= driven


@pytest.mark.parametrize("code", ["barred_interest", "barred_reneger"])
def test_a_refused_bid_of_a_company_says_as_much_as_its_registration(code: str) -> None:
    practice = acknowledgement(Answer("refused", code, why={"reason": "controlled_company"}), "en")["detail"]
    assert "practice on controlled companies" in practice and "one working day" in practice
    assert "controlled companies" not in acknowledgement(Answer("refused", code, why={}), "en")["detail"]

"""Facts of a sheet that cannot all be true, or that hardly can (then it is a warning)."""

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from auction.rules.findings import Finding

from .catalogue import Catalogue, Item, Scalar
from .denials import denied, telling
from .phrases import squeeze
from .sheet import ItemFacts, Sheet

Severity = Literal["error", "warning"]

#: A clause that has somebody in the lot: neither formerly, nor the court itself, nor what the lot is fit for.
_SOMEBODY_THERE = re.compile(r"占有|占用|居住|入住|住[在着于]|租住|经营|[由被].{1,12}使用|在.{0,6}使用")
_NOT_NOW_OR_NOBODY = re.compile(
    r"原|曾|此前|先前|前次|当时|期间|本院|我院|法院|买受人|用途|用于|适合|适宜|可供|居住权|使用权|使用面积|使用年限"
    r"|(?:搬|迁|退|腾)[离出空]|占有(?:使用)?(?:现状|情况|状况)"
)
_NOBODY_THERE = re.compile(r"空置|腾空|腾退完毕|无人(?:占有|占用|居住|使用)|没有人(?:占有|占用|居住|使用)|未被占[有用]")
_SAYS, _SHOWN = {"says": "zh", "says_en": "en"}, 60
#: Who denies something does so clause by clause; a pause in an enumeration ends no clause.
_CLAUSE = re.compile(r"[，,。；;！!？?\n\r]+")
_NOTHING = frozenset({"无", "没有", "不存在", "未发现", "无此情况", "none", "no", "nil"})


def contradictions(sheet: Sheet, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Every contradiction, code `contradiction`; facts `rule` (its name), `says`, `says_en` and `item`."""
    found = [finding for rule in _RULES for finding in rule(sheet, catalogue)]
    for item in catalogue.items:
        facts = sheet.get(item.code)
        if facts is not None:
            found += [*_state_and_data(item, facts), *_dates(item, facts)]
    return tuple(found)


def _finding(item: Item, rule: str, name: str = "", severity: Severity = "error", clause: str = "") -> Finding:
    field = f"disclosure.{item.code}" + (f".{name}" if name else "")
    said = sayings()[rule]
    shown = clause if len(clause) <= _SHOWN else clause[:_SHOWN] + "…"
    facts = {"rule": rule} | {says: said[tongue].replace("{clause}", shown) for says, tongue in _SAYS.items()}
    facts |= {"item": item.code, "title": item.title, "title_en": item.title_en}
    return Finding("contradiction", severity, field, item.cited, facts)


@lru_cache(maxsize=1)
def sayings() -> dict[str, Any]:
    """What each rule says, `zh` and `en`, by its name."""
    source = files("disclosure").joinpath("catalogue", "_contradictions.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _is_vacant(sheet: Sheet) -> bool:
    facts = sheet.get("possession")
    return facts is not None and (facts.state == "none" or sheet.value("possession", "occupied") is False)


def _vacant_but_leased(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    """A lessee who is not in possession may be; one who is, in a vacant house, is not."""
    item = catalogue.find("lease")
    if item and _is_vacant(sheet) and sheet.found("lease"):
        out = sheet.value("lease", "in_possession") is False
        yield _finding(item, "vacant_but_leased", "data.in_possession", "warning" if out else "error")


def _residence_but_vacant(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    item = catalogue.find("residence_right")
    if item and _is_vacant(sheet) and sheet.found("residence_right"):
        yield _finding(item, "vacant_but_residence_right", severity="warning")


def _occupants(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    item, facts = catalogue.find("possession"), sheet.found("possession")
    if item is None or facts is None:
        return
    data = facts.data
    for there, name, taken in (("occupied", "occupant", True), ("controlled", "holder", False)):
        if item.field(there) is None:
            continue
        if data.get(there) is taken and not data.get(name):
            yield _finding(item, "occupied_without_occupant", f"data.{name}")
        if data.get(there) is (not taken) and data.get(name):
            yield _finding(item, "occupant_without_occupation", f"data.{name}")
    said = squeeze(facts.statement).text
    if data.get("occupied") is True and _NOBODY_THERE.search(said):
        yield _finding(item, "occupied_but_statement_vacant", "statement", "warning")


def _somebody_in_a_vacant_lot(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    """What is said to be vacant has nobody in it by any other item either; of "none" the denial is asked anyway."""
    for code in ("possession", "inspection", "occupants", "contents"):
        item, facts = catalogue.find(code), sheet.get(code)
        if item is None or facts is None or not _is_vacant(sheet) or facts.state == "none":
            continue
        clauses = [clause for clause in _CLAUSE.split(facts.statement) if _has_somebody(squeeze(clause).text)]
        if clauses:
            rule = "vacant_but_statement_occupied" if code == "possession" else "vacant_but_told_occupied"
            yield _finding(item, rule, "statement", clause=clauses[0].strip())
        elif code == "occupants" and facts.state == "found":
            yield _finding(item, "vacant_but_told_occupied", "state", clause=facts.statement)


def _has_somebody(clause: str) -> bool:
    there = _SOMEBODY_THERE.search(clause)
    return there is not None and not denied(clause[: there.start()]) and not _NOT_NOW_OR_NOBODY.search(clause)


def _claimed_rights(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    """Who possesses by a right must find that right among the items."""
    for right, code in (("lease", "lease"), ("residence", "residence_right")):
        item, facts = catalogue.find(code), sheet.get(code)
        if item and facts and facts.state == "none" and sheet.value("possession", "right") == right:
            yield _finding(item, f"{right}_claimed_but_none", "state")


def _lessee_in_possession(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    item = catalogue.find("possession")
    in_possession = sheet.value("lease", "in_possession") is True
    if item and in_possession and sheet.value("possession", "right") in ("none", "owner", "loan"):
        yield _finding(item, "lessee_in_possession_without_lease", "data.right", "warning")


def _clearance_of_a_vacant_lot(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    item = catalogue.find("clearance")
    if item and _is_vacant(sheet) and sheet.found("clearance") and sheet.value("clearance", "stage") != "done":
        yield _finding(item, "clearance_of_a_vacant_lot", severity="warning")


def _shares(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    """A part of the whole is for sale: then somebody owns the rest. Equity is always a part."""
    item, share = catalogue.find("title"), sheet.value("title", "share")
    if item and isinstance(share, int | float) and share < 1 and sheet.value("title", "co_owned") is False:
        yield _finding(item, "share_without_co_owner", "data.share")


def _areas(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    item = catalogue.find("area_and_use")
    inside, whole = sheet.value("area_and_use", "interior_area_m2"), sheet.value("area_and_use", "building_area_m2")
    if item and isinstance(inside, int | float) and isinstance(whole, int | float) and inside > whole:
        yield _finding(item, "interior_larger_than_building", "data.interior_area_m2")


def _capital(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    item = catalogue.find("capital")
    subscribed, paid = sheet.value("capital", "subscribed_fen"), sheet.value("capital", "paid_fen")
    if item is None or not isinstance(subscribed, int) or not isinstance(paid, int):
        return
    full = sheet.value("capital", "fully_paid")
    if paid > subscribed or (full is True and paid < subscribed) or (full is False and paid >= subscribed):
        yield _finding(item, "capital_does_not_add_up", "data.paid_fen")


def _banned_goods(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    """Goods that may not be sold cannot be auctioned: what is banned, and what has decayed."""
    item = catalogue.find("shelf_life")
    for name in ("sale_banned", "decayed"):
        if item and sheet.value("shelf_life", name) is True:
            yield _finding(item, name, f"data.{name}")


def _taxes(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    """What the law has the seller pay is not put on the buyer by listing it among his."""
    item, borne = catalogue.find("taxes"), sheet.value("taxes", "buyer_bears")
    if item and isinstance(borne, str) and _affirmed(borne, "debtor_taxes_on_buyer", "taxes"):
        yield _finding(item, "debtor_taxes_on_buyer", "data.buyer_bears")


def _first_buyers(sheet: Sheet, catalogue: Catalogue) -> Iterator[Finding]:
    """Who may buy first by what another item tells is named as such.

    Of a limited company every other shareholder may (COMP 85): less than the whole has some. A co-owner by shares and
    the lessee of a house mostly may (CIV 305, 726); whether they may is for the panel.
    """
    item, facts, share = (
        catalogue.find("preferential_purchasers"),
        sheet.get("preferential_purchasers"),
        sheet.value("title", "share"),
    )
    if item is None or facts is None or facts.state == "found":
        return
    part = isinstance(share, int | float) and share < 1
    if part and sheet.value("title", "company_type") == "limited":
        yield _finding(item, "shareholders_not_named", "state")
    if part and sheet.value("title", "co_ownership") == "by_shares":
        yield _finding(item, "co_owners_not_named", "state", "warning")
    if sheet.found("lease") and catalogue.find("residence_right"):
        yield _finding(item, "lessee_not_named", "state", "warning")


def _affirmed(text: str, rule: str, code: str) -> bool:
    """Whether a clause of the text tells what `rule` looks for in the item, and does not deny it."""
    told, denied = _patterns(rule, code)
    clauses = [squeeze(clause).text for clause in _CLAUSE.split(text)]
    return any(told.search(clause) and not denied.search(clause) for clause in clauses)


@lru_cache
def _patterns(rule: str, code: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    said = sayings()[rule]
    return re.compile(said["told"][code]), re.compile(said["denied"])


_RULES: tuple[Callable[[Sheet, Catalogue], Iterator[Finding]], ...] = (
    _vacant_but_leased,
    _residence_but_vacant,
    _occupants,
    _somebody_in_a_vacant_lot,
    _claimed_rights,
    _lessee_in_possession,
    _clearance_of_a_vacant_lot,
    _shares,
    _areas,
    _capital,
    _banned_goods,
    _taxes,
    _first_buyers,
)


def _state_and_data(item: Item, facts: ItemFacts) -> Iterator[Finding]:
    if facts.state == "found":
        if item.adverse and item.kind != "possession" and squeeze(facts.statement).text in _NOTHING:
            yield _finding(item, "found_but_statement_none", "statement", "warning")
        return
    told = telling(facts.statement) if facts.state == "none" else None
    if told is not None:
        yield _finding(item, "none_but_told", "statement", clause=told)
    for name, value in facts.data.items():
        if _tells_something(value):
            yield _finding(item, f"{facts.state}_but_data", f"data.{name}")
            return


def _tells_something(value: Scalar) -> bool:
    """A filled field other than "no", 0 or "none"."""
    return value not in (False, 0, "") and not (isinstance(value, str) and squeeze(value).text in _NOTHING)


def _dates(item: Item, facts: ItemFacts) -> Iterator[Finding]:
    for spec in item.fields:
        if spec.not_before is None:
            continue
        first, last = _day(facts.data.get(spec.not_before)), _day(facts.data.get(spec.name))
        if first and last and last < first:
            yield _finding(item, "dates_reversed", f"data.{spec.name}")


def _day(value: Scalar | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None

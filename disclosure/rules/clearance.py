"""What a disclosure sheet tells the points card of clearance risk: its items as the card's facts.

"None" with a source is a fact; without one it is not known. What the catalogue of a kind of lot does not ask for
cannot weigh on it.
"""

from collections.abc import Iterator
from datetime import date

from auction.rules.findings import Finding
from auction.rules.lot import AssetType
from auction.rules.ruleset import Ruleset
from risk.rules.clearance.assessment import CLEARED, Assessment, Facts, Value
from risk.rules.clearance.plan import Lack, Plan, lacks

from .catalogue import Catalogue, Scalar
from .linter import RESPONSIBLE, lint_text
from .phrases import squeeze
from .sheet import ItemFacts, Sheet

_NOBODY = frozenset({"无", "没有", "均无", "none", "no"})
#: Rights of somebody who is not the debtor: then the debtor does not live there.
_OTHERS = frozenset({"lease", "loan", "residence"})

#: What a plan may lack, in words.
_LACKING: dict[Lack, tuple[str, str]] = {
    "plan": ("腾空预案", "the plan"),
    "owner": ("责任人", "who answers for it"),
    "steps": ("步骤和日期", "steps with their days"),
    "resources": ("人员、车辆、场所等资源", "people, vehicles, places"),
    "passed": ("尚未经过的完成日期", "a day that has not passed"),
    "differs": ("与情况表一致的完成日期", "the same day as the disclosure sheet tells"),
}


def is_cleared(asset_type: str) -> bool:
    """Whether lots of this kind are cleared at all."""
    return asset_type in CLEARED


def clearance_facts(sheet: Sheet, catalogue: Catalogue, court_record: str | None = None) -> Facts:
    """The facts of a building or plot, by the factors of the card; None where the sheet does not tell.

    `court_record`: the level of the court's own record, None where it has too few outcomes.
    """
    dwelling = _dwelling(sheet, catalogue)
    nobody_frail = _says_nobody(sheet.value("possession", "vulnerable"))
    return {
        "dwelling": dwelling,
        "occupation": _occupation(sheet),
        "right": _text(sheet.value("possession", "right")),
        "attitude": _attitude(sheet),
        "lease": _lease(sheet, catalogue),
        "residence_right": _residence_right(sheet, catalogue),
        "sole_home": _sole_home(sheet),
        "low_income": _yes_no(sheet.value("occupants", "low_income")),
        "residents": _count(sheet.value("possession", "residents"), sheet.value("occupants", "residents")),
        "elderly": _count(sheet.value("occupants", "elderly"), nobody_frail),
        "children": _count(sheet.value("occupants", "children"), nobody_frail),
        "illness": _count(sheet.value("occupants", "ill"), nobody_frail),
        "share": _share(sheet),
        "household_registration": _registrations(sheet, catalogue),
        "belongings": _contents(sheet, "belongings"),
        "illegal_building": _found_or_none(sheet, catalogue, "illegal_building"),
        "hazardous": _contents(sheet, "hazardous"),
        "attention": _text(sheet.value("occupants", "attention")),
        "court_record": court_record,
    }


def promised_on(sheet: Sheet) -> str | None:
    """The day by which the sheet says that the court will have cleared the lot, ISO; None where it does not."""
    return _text(sheet.value("clearance", "due_on"))


def clearance_findings(
    assessed: Assessment, plan: Plan | None, sheet: Sheet, ruleset: Ruleset, today: date | None
) -> Iterator[Finding]:
    """What speaks against publishing a sheet of this assessment: `clearance_plan_missing` where its band needs a plan.

    `today` None: a round stands on the sheet, and the day that was promised to the public is not asked about again.
    Where the sheet does not even say who is in possession, that is the gap, and the band says nothing yet.
    Facts: `reason` (band), `band`, `score`, `lacking`, `lacking_en`. Also `phrase_forbidden` in the plan's own words.
    """
    basis = ruleset.basis("clearance_plan_bands")
    told = promised_on(sheet) if today is not None else None
    lacking = lacks(plan, today=today, told_on=date.fromisoformat(told) if told else None)
    if assessed.plan_required and lacking and "occupation" not in assessed.assumed:
        facts: dict[str, int | str] = {
            "reason": "band",
            "band": assessed.band,
            "score": assessed.score,
            "missing": ",".join(lacking),
            "lacking": "、".join(_LACKING[each][0] for each in lacking),
            "lacking_en": ", ".join(_LACKING[each][1] for each in lacking),
        }
        yield Finding("clearance_plan_missing", "error", "clearance_plan", basis, facts)
    if plan is not None:
        yield from plan_words(plan)


def plan_words(plan: Plan) -> Iterator[Finding]:
    """What the words of a plan may not say; the court clears, whatever the plan."""
    yield from lint_text(RESPONSIBLE.format(plan.owner), "clearance_plan.owner")
    yield from lint_text(plan.resources, "clearance_plan.resources")
    for number, step in enumerate(plan.steps):
        yield from lint_text(step.what, f"clearance_plan.steps.{number}.what")


def _sourced(facts: ItemFacts | None) -> ItemFacts | None:
    """An entry that says where it comes from."""
    return facts if facts is not None and facts.source.strip() else None


def _occupation(sheet: Sheet) -> Value:
    facts = _sourced(sheet.get("possession"))
    if facts is None:
        return None
    if facts.state == "none":
        return "vacant"
    occupied, controlled = facts.data.get("occupied"), facts.data.get("controlled")
    if occupied is True or (occupied is None and controlled is False):
        return "occupied"
    if occupied is None and controlled is None:
        return None
    held = facts.data.get("keys_held") is True or controlled is True
    return "vacant_keys" if held else "vacant"


def _dwelling(sheet: Sheet, catalogue: Catalogue) -> Value:
    """Whether somebody may live there; None where the use is not told."""
    if catalogue.asset_type != AssetType.REAL_ESTATE:
        return "no"
    lives = sheet.value("possession", "residents")
    if sheet.value("area_and_use", "planned_use") == "residential" or (isinstance(lives, int) and lives > 0):
        return "yes"
    return None if sheet.value("area_and_use", "planned_use") is None else "no"


def _attitude(sheet: Sheet) -> Value:
    told = _text(sheet.value("occupants", "attitude"))
    if told is None and sheet.value("clearance", "stage") == "agreed":
        return "agreed"
    return told


def _lease(sheet: Sheet, catalogue: Catalogue) -> Value:
    state = _found_or_none(sheet, catalogue, "lease")
    if state != "found":
        return state
    told = {
        name: sheet.value("lease", name) for name in ("survives", "in_possession", "before_mortgage", "before_seizure")
    }
    if told["survives"] is not False:
        return None if told["survives"] is None else "survives"
    if told["in_possession"] is False:
        return "not_in_possession"
    if told["before_seizure"] is False:
        return "after_seizure"
    return "after_mortgage" if told["before_mortgage"] is False else "before_both"


def _residence_right(sheet: Sheet, catalogue: Catalogue) -> Value:
    state = _found_or_none(sheet, catalogue, "residence_right")
    if state != "found":
        return state
    survives = sheet.value("residence_right", "survives")
    return None if survives is None else "survives" if survives else "ends"


def _sole_home(sheet: Sheet) -> Value:
    if sheet.value("possession", "right") in _OTHERS:
        return "no"
    return _text(sheet.value("occupants", "sole_home"))


def _share(sheet: Sheet) -> Value:
    share = sheet.value("title", "share")
    return None if not isinstance(share, int | float) else "whole" if share >= 1 else "part"


def _registrations(sheet: Sheet, catalogue: Catalogue) -> Value:
    state = _found_or_none(sheet, catalogue, "household_registration")
    return _count(sheet.value("household_registration", "persons")) if state == "found" else 0 if state else None


def _contents(sheet: Sheet, name: str) -> Value:
    facts = _sourced(sheet.get("contents"))
    if facts is None or facts.state != "found":
        return None if facts is None else "none"
    value = facts.data.get(name)
    return _text(value) if not isinstance(value, bool) else "found" if value else "none"


def _found_or_none(sheet: Sheet, catalogue: Catalogue, code: str) -> Value:
    """`found`, `none` (said with a source, or not asked of such a lot), None where nothing was told."""
    if catalogue.find(code) is None:
        return "none"
    facts = _sourced(sheet.get(code))
    return None if facts is None else "found" if facts.state == "found" else "none"


def _text(value: Scalar | None) -> str | None:
    return value if isinstance(value, str) and value else None


def _yes_no(value: Scalar | None) -> Value:
    return None if not isinstance(value, bool) else "yes" if value else "no"


def _count(*values: Scalar | None) -> Value:
    """The first number there is."""
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)


def _says_nobody(told: Scalar | None) -> int | None:
    """0 where the entry on the frail says that there are none."""
    return 0 if isinstance(told, str) and squeeze(told).text in _NOBODY else None

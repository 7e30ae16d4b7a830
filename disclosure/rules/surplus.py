"""Whether anything can be left of the price once what comes first is paid (无益拍卖, SALE 6). Pure."""

from collections.abc import Collection, Iterator

from auction.rules.findings import Finding
from auction.rules.ruleset import Ruleset

from .sheet import Sheet, names_in

#: What is paid before the applicant's claim: security, the price of building, and a ship's wages and dues.
_PRIOR = (
    ("burdens", "mortgage_claims_fen"),
    ("burdens", "pledge_claims_fen"),
    ("construction_price_priority", "claim_fen"),
    ("arrears", "wages_fen"),
    ("arrears", "port_dues_fen"),
)
#: Costs of the enforcement that the sheet tells of.
_COSTS = (("arrears", "storage_fee_fen"),)
_SECURED = {"mortgage_claims_fen": "mortgagees", "pledge_claims_fen": "pledgees"}


def surplus_findings(
    sheet: Sheet, reserve_price_fen: int, applicants: Collection[str], ruleset: Ruleset
) -> Iterator[Finding]:
    """A warning `no_surplus` where prior claims and known costs, by the sheet, come to the reserve or more.

    A security that only `applicants` of the case hold is not prior to their own claim. Amounts the sheet does not tell
    count nothing.
    """
    secured = sum(_fen(sheet, item, name) for item, name in _PRIOR if not _is_own(sheet, name, applicants))
    costs = sum(_fen(sheet, item, name) for item, name in _COSTS)
    if secured and reserve_price_fen <= secured + costs:
        facts = {
            "secured_fen": secured,
            "costs_fen": costs,
            "total_fen": secured + costs,
            "reserve_fen": reserve_price_fen,
            "days": ruleset.days("no_surplus_answer"),
        }
        yield Finding("no_surplus", "warning", "reserve_price_fen", ruleset.basis("no_surplus_answer"), facts)


def _fen(sheet: Sheet, item: str, name: str) -> int:
    value = sheet.value(item, name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _is_own(sheet: Sheet, name: str, applicants: Collection[str]) -> bool:
    written = sheet.value("burdens", _SECURED[name]) if name in _SECURED else None
    holders = names_in(written) if isinstance(written, str) else ()
    return bool(holders) and all(holder in applicants for holder in holders)

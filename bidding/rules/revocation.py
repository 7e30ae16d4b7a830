"""When a sale is revoked (OJA 31), and what becomes of the buyer's money, line by line. Pure.

Title, price and deposit are unwound: everything goes back to who paid it. Only a buyer who was not qualified may lose
of the deposit what the court states: all of it where he knew that he was not qualified to take over equity (EQ 15(3)),
or what he owes for having feigned that he may buy a house (HOUSE 4). What is owed beyond it is for a suit (OJA 32).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from auction.kernel.errors import Breach, DomainError
from auction.rules.lot import AssetType

UNQUALIFIED = "unqualified"
#: Ground -> where it stands.
GROUNDS: Mapping[str, str] = MappingProxyType(
    {
        "misdescribed": "OJA 31[1]",
        "system_failure": "OJA 31[2]",
        "collusion": "OJA 31[3]",
        UNQUALIFIED: "OJA 31[4]",
        "unequal_terms": "OJA 31[5]",
        "procedure": "OJA 31[6]",
    }
)
#: Where a sale's price stands while the sale may be revoked: a buyer who reneged has lost his deposit already.
REVOCABLE = frozenset(("balance_due", "overdue", "paid", "ruled", "handed_over"))
#: What the court may keep of a deposit, and for which kind of lot.
KEPT_BY: Mapping[str, AssetType] = MappingProxyType({"EQ 15(3)": AssetType.EQUITY, "HOUSE 4": AssetType.REAL_ESTATE})
_PARTS = ("deposit", "balance")


@dataclass(frozen=True, slots=True)
class Stated:
    """What the court states of one part of the money: how much of it is kept, by which article, why."""

    code: str
    keep_fen: int
    basis: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One part of the buyer's money: what there is, what is kept, what goes back, and on what that rests."""

    code: str
    amount_fen: int
    keep_fen: int
    basis: str
    reason: str

    @property
    def return_fen(self) -> int:
        return self.amount_fen - self.keep_fen

    def as_data(self) -> dict[str, Any]:
        """As it is stored and answered."""
        return {
            "code": self.code,
            "amount_fen": self.amount_fen,
            "keep_fen": self.keep_fen,
            "return_fen": self.return_fen,
            "basis": self.basis,
            "reason": self.reason,
        }


def unwound(
    ground: str,
    asset_type: str,
    *,
    deposit_fen: int,
    balance_fen: int,
    stated: Sequence[Stated] = (),
    explicit: bool = False,
) -> tuple[Line, ...]:
    """The lines of the money of a sale revoked on a ground: what nobody states goes back whole.

    `explicit`: the court must state every part there is, kept or returned, each with its reason. DomainError `invalid`
    on `lines.N`: `duplicate`; `keep_not_allowed` for another ground, the balance, or an article that does not fit the
    lot; `keep_whole` where EQ 15(3) keeps all or nothing; `keep_above` (`most_fen`) for more than there is; `required`
    on `lines.N.reason`; on `lines`: `line_missing` (`code`, `amount_fen`).
    """
    amounts = {"deposit": deposit_fen, "balance": balance_fen}
    wrong = [
        breach
        for number, one in enumerate(stated)
        for breach in _wrong(f"lines.{number}", one, ground, asset_type, amounts, stated[:number])
    ]
    if explicit and not wrong:
        wrong = _unstated(amounts, stated)
    if wrong:
        raise DomainError("invalid", wrong)
    said = {one.code: one for one in stated}
    basis = GROUNDS[ground]
    return tuple(
        Line(code, amounts[code], kept.keep_fen, kept.basis or basis, kept.reason)
        if (kept := said.get(code)) is not None
        else Line(code, amounts[code], 0, basis, "")
        for code in _PARTS
        if amounts[code]
    )


def _unstated(amounts: Mapping[str, int], stated: Sequence[Stated]) -> list[Breach]:
    """What is lacking where the court must say of every part of the money what becomes of it, and why."""
    codes = {one.code for one in stated}
    missing = [
        Breach("line_missing", "lines", facts={"code": code, "amount_fen": amount})
        for code, amount in amounts.items()
        if amount and code not in codes
    ]
    silent = [
        Breach("required", f"lines.{number}.reason") for number, one in enumerate(stated) if not one.reason.strip()
    ]
    return missing + silent


def _wrong(
    field: str, one: Stated, ground: str, asset_type: str, amounts: Mapping[str, int], before: Sequence[Stated]
) -> list[Breach]:
    if any(other.code == one.code for other in before):
        return [Breach("duplicate", field, facts={"value": one.code})]
    if not one.keep_fen:
        return []
    fits = one.basis is not None and KEPT_BY.get(one.basis) == asset_type
    if ground != UNQUALIFIED or one.code != "deposit" or not fits:
        return [Breach("keep_not_allowed", field)]
    most = amounts[one.code]
    if one.keep_fen > most:
        return [Breach("keep_above", f"{field}.keep_fen", facts={"most_fen": most})]
    if one.basis == "EQ 15(3)" and one.keep_fen != most:
        return [Breach("keep_whole", f"{field}.keep_fen", facts={"most_fen": most})]
    return [] if one.reason.strip() else [Breach("required", f"{field}.reason")]


def bars_from_resale(ground: str, asset_type: str) -> bool:
    """Whether the buyer may not take part in the resale: who got no approval to take over equity (EQ 15(2))."""
    return ground == UNQUALIFIED and asset_type == AssetType.EQUITY

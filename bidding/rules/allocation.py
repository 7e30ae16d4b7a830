"""What becomes of a forfeited deposit, and what its loser still owes. Pure; amounts are fen.

OJA 24(1) gives the order: the costs of the auction, the shortfall of the resale, the debts of the debtor in this case,
the debtor's other debts tied to the property. Nothing goes back to the buyer; what no claim takes stays with the court
as the line `kept` (OJA prevails over SALE 22(2), which would return a surplus).

**Several resales in a row.** A buys, reneges; B buys the resale, reneges; C pays. Each answers for the difference
between his own price and the price that was paid in the end, as both articles say of "the" buyer without exception.
But their shortfalls overlap, and the creditors lost that money once: what one has made good, no other pays again. With
S(i) the shortfall of i and x(i) what i makes good, for every amount s the renegers whose shortfall is at most s
together make good at most s. It follows that nobody pays more than his own shortfall, and all together never more than
the greatest. The latest is asked first: but for him the lot had been sold at his price, so that the loss below it is
his before it is anybody's; the earlier ones answer for what is above his price, and stand in for what he cannot pay.
Only money that came counts as made good; while an order against a later one stands, the earlier ones wait for its end.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Code = Literal["costs", "shortfall", "case_debt", "related_debt", "kept"]


@dataclass(frozen=True, slots=True)
class Claim:
    """Something a forfeited deposit may be used for: `amount_fen` 0 or more."""

    code: Code
    label: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an allocation: what was claimed, what it got, what remained of the deposit after it."""

    code: Code
    label: str
    claim_fen: int
    amount_fen: int
    left_fen: int

    def as_data(self) -> dict[str, str | int]:
        """The line as it is stored, answered and journaled."""
        return {
            "code": self.code,
            "label": self.label,
            "claim_fen": self.claim_fen,
            "amount_fen": self.amount_fen,
            "left_fen": self.left_fen,
        }

    @property
    def uncovered_fen(self) -> int:
        """What the deposit did not reach."""
        return self.claim_fen - self.amount_fen


def lines_of(data: Iterable[Mapping[str, Any]]) -> tuple[Line, ...]:
    """Lines as they were stored."""
    return tuple(Line(**line) for line in data)


@dataclass(frozen=True, slots=True)
class Made:
    """What another reneger of the lot answers for (`liable_fen`), and has made good of it (`made_fen`)."""

    liable_fen: int
    made_fen: int


def shortfall(price_fen: int, final_fen: int) -> int:
    """What is missing of a reneger's price when the lot brought `final_fen` in the end; never negative."""
    return max(0, price_fen - final_fen)


def open_shortfall(liable_fen: int, others: Iterable[Made]) -> int:
    """What is left for a reneger to make good of his shortfall, after what the others made good of the same loss."""
    known = tuple(others)
    bounds = {liable_fen, *(other.liable_fen for other in known if other.liable_fen > liable_fen)}
    left = (bound - sum(other.made_fen for other in known if other.liable_fen <= bound) for bound in bounds)
    return max(0, min(left))


def still_claimed(entered_fen: int, taken_fen: int) -> int:
    """What is left of a debt, entered as it stood before any deposit of the lot, once others paid toward it."""
    return max(0, entered_fen - taken_fen)


def allocate(forfeited_fen: int, claims: Sequence[Claim], order: Sequence[str]) -> tuple[Line, ...]:
    """The lines of a forfeited deposit in the ruleset's `order`; claims of one kind stand in the order given.

    The last line, `kept`, is what remained, where anything did: the amounts of all lines are the deposit.
    ValueError for a negative amount or a claim the order does not know.
    """
    if forfeited_fen < 0 or any(claim.amount_fen < 0 for claim in claims):
        raise ValueError("no amount of an allocation is negative")
    if any(claim.code not in order for claim in claims):
        raise ValueError("a claim that the order does not know")
    lines: list[Line] = []
    left = forfeited_fen
    for claim in sorted(claims, key=lambda claim: order.index(claim.code)):
        paid = min(left, claim.amount_fen)
        left -= paid
        lines.append(Line(claim.code, claim.label, claim.amount_fen, paid, left))
    if left:
        lines.append(Line("kept", "", left, left, 0))
    return tuple(lines)


def top_up(lines: Iterable[Line], shortfall_fen: int) -> tuple[Line, ...]:
    """What a top-up order may ask for: the costs and the shortfall the deposit did not reach (SALE 22(2)).

    Of the shortfall at most `shortfall_fen`. Not the debts: they are the debtor's own, which a forfeited deposit serves
    but no buyer owes. `left_fen` is what of the order is still to come after each line.
    """
    wanted = [
        (line, min(line.uncovered_fen, shortfall_fen) if line.code == "shortfall" else line.uncovered_fen)
        for line in lines
        if line.code in ("costs", "shortfall")
    ]
    left = sum(fen for _, fen in wanted)
    found = []
    for line, fen in wanted:
        left -= fen
        if fen:
            found.append(Line(line.code, line.label, fen, fen, left))
    return tuple(found)


def split(lines: Iterable[Line], paid_before_fen: int, paid_fen: int) -> dict[str, int]:
    """How a payment toward a top-up order falls on its lines, in their order: fen by code.

    ValueError when more is paid than the order asks for.
    """
    found: dict[str, int] = {}
    skip, rest = paid_before_fen, paid_fen
    for line in lines:
        taken = min(line.amount_fen, skip)
        skip -= taken
        part = min(line.amount_fen - taken, rest)
        rest -= part
        if part:
            found[line.code] = found.get(line.code, 0) + part
    if rest or skip:
        raise ValueError("more is paid than was ordered")
    return found

"""The ledger: where every fen of a deposit and of a price is. Pure double entry.

A movement takes `amount_fen` > 0 from one account and gives it to another, so the sum of all balances is always zero.
Accounts (the chart is closed; money held for somebody is a positive balance):

    bank_clearing                   the world outside; its balance is minus what we hold
    deposit_held:REGISTRATION       a deposit that counts (OJA 17)
    refund_due:REGISTRATION         money that must go back to who paid it (OJA 23; PRECISIONS 31)
    court_price:AUCTION             the price, for the court (OJA 23, 25); a taker's difference, an own sale's price
    court_forfeit:AUCTION           deposits a reneging buyer lost (OJA 24)
    court_top_up:AUCTION            what such a buyer paid on a top-up order (SALE 22(2)), until it is put to its use
    court_costs:AUCTION             what of both went to the costs
    court_shortfall:AUCTION         what of both made good the price lost on the resale
    case_debt:AUCTION               what of the deposit went to the debts of the case
    related_debt:AUCTION            what of it went to the debtor's other debts tied to the property

A deposit ends in exactly one of refunded, applied, forfeited: `deposit_state` follows it through its movements. Only
counter-postings leave an end: of a declaration revoked on objection, and of a sale that is revoked (OJA 31): the
deposit is held again.
Amounts are fen. Nothing here rounds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from auction.kernel.errors import DomainError

BANK = "bank_clearing"


def deposit_held(registration_id: str) -> str:
    """The account of a registration's deposit."""
    return f"deposit_held:{registration_id}"


def refund_due(registration_id: str) -> str:
    """The account of what a registrant, or whoever paid in their place, must get back."""
    return f"refund_due:{registration_id}"


def court_price(auction_id: str) -> str:
    """The account of what came together of an auction's price."""
    return f"court_price:{auction_id}"


def court_forfeit(auction_id: str) -> str:
    """The account of what was forfeited in an auction."""
    return f"court_forfeit:{auction_id}"


def court_top_up(auction_id: str) -> str:
    """The account of what came on an auction's top-up order."""
    return f"court_top_up:{auction_id}"


class Kind(StrEnum):
    """What a movement means. No other movement exists."""

    DEPOSIT_RECEIVED = "deposit_received"
    DEPOSIT_RELEASED = "deposit_released"
    DEPOSIT_REFUNDED = "deposit_refunded"
    DEPOSIT_APPLIED = "deposit_applied"
    DEPOSIT_FORFEITED = "deposit_forfeited"
    EXCESS_RELEASED = "excess_released"
    EXCESS_REFUNDED = "excess_refunded"
    STRAY_RECEIVED = "stray_received"
    STRAY_REFUNDED = "stray_refunded"
    BALANCE_RECEIVED = "balance_received"
    BALANCE_RELEASED = "balance_released"
    BALANCE_REFUNDED = "balance_refunded"
    REST_RELEASED = "rest_released"
    REST_REFUNDED = "rest_refunded"
    FORFEIT_REVERSED = "forfeit_reversed"
    APPLICATION_REVERSED = "application_reversed"
    COSTS_COVERED = "costs_covered"
    SHORTFALL_COVERED = "shortfall_covered"
    CASE_DEBT_COVERED = "case_debt_covered"
    RELATED_DEBT_COVERED = "related_debt_covered"
    TOP_UP_RECEIVED = "top_up_received"
    TOP_UP_TO_COSTS = "top_up_to_costs"
    TOP_UP_TO_SHORTFALL = "top_up_to_shortfall"
    DIFFERENCE_RECEIVED = "difference_received"
    DIFFERENCE_RELEASED = "difference_released"
    DIFFERENCE_REFUNDED = "difference_refunded"
    OWN_SALE_RECEIVED = "own_sale_received"


#: From which family of accounts to which each kind moves money.
SIDES: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        Kind.DEPOSIT_RECEIVED: (BANK, "deposit_held"),
        Kind.DEPOSIT_RELEASED: ("deposit_held", "refund_due"),
        Kind.DEPOSIT_REFUNDED: ("refund_due", BANK),
        Kind.DEPOSIT_APPLIED: ("deposit_held", "court_price"),
        Kind.DEPOSIT_FORFEITED: ("deposit_held", "court_forfeit"),
        Kind.EXCESS_RELEASED: ("deposit_held", "refund_due"),
        Kind.EXCESS_REFUNDED: ("refund_due", BANK),
        Kind.STRAY_RECEIVED: (BANK, "refund_due"),
        Kind.STRAY_REFUNDED: ("refund_due", BANK),
        Kind.BALANCE_RECEIVED: (BANK, "court_price"),
        Kind.BALANCE_RELEASED: ("court_price", "refund_due"),
        Kind.BALANCE_REFUNDED: ("refund_due", BANK),
        Kind.REST_RELEASED: ("deposit_held", "refund_due"),
        Kind.REST_REFUNDED: ("refund_due", BANK),
        Kind.FORFEIT_REVERSED: ("court_forfeit", "deposit_held"),
        Kind.APPLICATION_REVERSED: ("court_price", "deposit_held"),
        Kind.COSTS_COVERED: ("court_forfeit", "court_costs"),
        Kind.SHORTFALL_COVERED: ("court_forfeit", "court_shortfall"),
        Kind.CASE_DEBT_COVERED: ("court_forfeit", "case_debt"),
        Kind.RELATED_DEBT_COVERED: ("court_forfeit", "related_debt"),
        Kind.TOP_UP_RECEIVED: (BANK, "court_top_up"),
        Kind.TOP_UP_TO_COSTS: ("court_top_up", "court_costs"),
        Kind.TOP_UP_TO_SHORTFALL: ("court_top_up", "court_shortfall"),
        Kind.DIFFERENCE_RECEIVED: (BANK, "court_price"),
        Kind.DIFFERENCE_RELEASED: ("court_price", "refund_due"),
        Kind.DIFFERENCE_REFUNDED: ("refund_due", BANK),
        Kind.OWN_SALE_RECEIVED: (BANK, "court_price"),
    }
)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement. ValueError for an amount that is no whole number of fen above 0, or sides its kind has not."""

    source: str
    destination: str
    amount_fen: int
    kind: Kind

    def __post_init__(self) -> None:
        if type(self.amount_fen) is not int or self.amount_fen <= 0:
            raise ValueError(f"a movement needs an amount above 0, not {self.amount_fen!r}")
        sides = (self.source.partition(":")[0], self.destination.partition(":")[0])
        if sides != SIDES[self.kind]:
            raise ValueError(f"{self.kind} does not go from {self.source} to {self.destination}")


def deposit_received(registration_id: str, amount_fen: int) -> Transfer:
    """The right payer paid the right amount in time: the deposit is held."""
    return Transfer(BANK, deposit_held(registration_id), amount_fen, Kind.DEPOSIT_RECEIVED)


def deposit_released(registration_id: str, held_fen: int) -> Transfer:
    """All of a deposit becomes due to its payer (OJA 23)."""
    return Transfer(deposit_held(registration_id), refund_due(registration_id), held_fen, Kind.DEPOSIT_RELEASED)


def deposit_refunded(registration_id: str, amount_fen: int) -> Transfer:
    """The gateway sent a released deposit back."""
    return Transfer(refund_due(registration_id), BANK, amount_fen, Kind.DEPOSIT_REFUNDED)


def deposit_applied(registration_id: str, auction_id: str, held_fen: int) -> Transfer:
    """The buyer's deposit counts toward the price (OJA 23)."""
    return Transfer(deposit_held(registration_id), court_price(auction_id), held_fen, Kind.DEPOSIT_APPLIED)


def deposit_forfeited(registration_id: str, auction_id: str, held_fen: int) -> Transfer:
    """A reneging buyer's deposit is not refunded (OJA 24)."""
    return Transfer(deposit_held(registration_id), court_forfeit(auction_id), held_fen, Kind.DEPOSIT_FORFEITED)


def excess_released(registration_id: str, amount_fen: int) -> Transfer:
    """The part of a deposit that a confirmed creditor need not have paid (OJA 17(2); PRECISIONS 22)."""
    return Transfer(deposit_held(registration_id), refund_due(registration_id), amount_fen, Kind.EXCESS_RELEASED)


def excess_refunded(registration_id: str, amount_fen: int) -> Transfer:
    """The gateway sent a creditor's excess back."""
    return Transfer(refund_due(registration_id), BANK, amount_fen, Kind.EXCESS_REFUNDED)


def stray_received(registration_id: str, amount_fen: int) -> Transfer:
    """Money came that cannot count: another payer, another amount, or too late. It is due back at once."""
    return Transfer(BANK, refund_due(registration_id), amount_fen, Kind.STRAY_RECEIVED)


def stray_refunded(registration_id: str, amount_fen: int) -> Transfer:
    """The gateway sent such money back."""
    return Transfer(refund_due(registration_id), BANK, amount_fen, Kind.STRAY_REFUNDED)


def balance_received(auction_id: str, amount_fen: int) -> Transfer:
    """The buyer paid what the deposit left of the price (OJA 25)."""
    return Transfer(BANK, court_price(auction_id), amount_fen, Kind.BALANCE_RECEIVED)


def balance_released(registration_id: str, auction_id: str, amount_fen: int) -> Transfer:
    """What a reneging buyer had paid beyond the deposit goes back to the payer: only the deposit is lost."""
    return Transfer(court_price(auction_id), refund_due(registration_id), amount_fen, Kind.BALANCE_RELEASED)


def balance_refunded(registration_id: str, amount_fen: int) -> Transfer:
    """The gateway sent such a part back."""
    return Transfer(refund_due(registration_id), BANK, amount_fen, Kind.BALANCE_REFUNDED)


def rest_released(registration_id: str, amount_fen: int) -> Transfer:
    """What a sell-off's terms do not keep of a reneging buyer's prepayment (PRECISIONS 19)."""
    return Transfer(deposit_held(registration_id), refund_due(registration_id), amount_fen, Kind.REST_RELEASED)


def rest_refunded(registration_id: str, amount_fen: int) -> Transfer:
    """The gateway sent that rest back."""
    return Transfer(refund_due(registration_id), BANK, amount_fen, Kind.REST_REFUNDED)


def forfeit_reversed(registration_id: str, auction_id: str, amount_fen: int) -> Transfer:
    """The counter-posting of a forfeiture whose declaration was revoked: the deposit is held again."""
    return Transfer(court_forfeit(auction_id), deposit_held(registration_id), amount_fen, Kind.FORFEIT_REVERSED)


def application_reversed(registration_id: str, auction_id: str, amount_fen: int) -> Transfer:
    """The counter-posting of a deposit that counted toward the price of a sale now revoked: it is held again."""
    return Transfer(court_price(auction_id), deposit_held(registration_id), amount_fen, Kind.APPLICATION_REVERSED)


#: The use of a forfeited deposit (OJA 24(1)): how it is moved, and to which account. What is kept is not moved.
USES: Mapping[str, tuple[Kind, str]] = MappingProxyType(
    {
        "costs": (Kind.COSTS_COVERED, "court_costs"),
        "shortfall": (Kind.SHORTFALL_COVERED, "court_shortfall"),
        "case_debt": (Kind.CASE_DEBT_COVERED, "case_debt"),
        "related_debt": (Kind.RELATED_DEBT_COVERED, "related_debt"),
    }
)
_TOP_UPS: Mapping[str, Kind] = MappingProxyType({"costs": Kind.TOP_UP_TO_COSTS, "shortfall": Kind.TOP_UP_TO_SHORTFALL})


def forfeit_used(auction_id: str, use: str, amount_fen: int) -> Transfer:
    """A line of the allocation: part of what was forfeited goes to one of the `USES`."""
    kind, family = USES[use]
    return Transfer(court_forfeit(auction_id), f"{family}:{auction_id}", amount_fen, kind)


def top_up_received(auction_id: str, amount_fen: int) -> Transfer:
    """A buyer who reneged paid toward the top-up order (SALE 22(2))."""
    return Transfer(BANK, court_top_up(auction_id), amount_fen, Kind.TOP_UP_RECEIVED)


def top_up_used(auction_id: str, use: str, amount_fen: int) -> Transfer:
    """Such a payment goes to the costs or the shortfall it was ordered for."""
    return Transfer(court_top_up(auction_id), f"court_{use}:{auction_id}", amount_fen, _TOP_UPS[use])


def difference_received(auction_id: str, amount_fen: int) -> Transfer:
    """A creditor who takes the lot paid what its claim leaves of the price (SALE 16(2))."""
    return Transfer(BANK, court_price(auction_id), amount_fen, Kind.DIFFERENCE_RECEIVED)


def difference_released(registration_id: str, auction_id: str, amount_fen: int) -> Transfer:
    """The taking lapsed: what came of the difference goes back to its payer."""
    return Transfer(court_price(auction_id), refund_due(registration_id), amount_fen, Kind.DIFFERENCE_RELEASED)


def difference_refunded(registration_id: str, amount_fen: int) -> Transfer:
    """The gateway sent such a part back."""
    return Transfer(refund_due(registration_id), BANK, amount_fen, Kind.DIFFERENCE_REFUNDED)


def own_sale_received(auction_id: str, amount_fen: int) -> Transfer:
    """The price of the debtor's own sale came into the court's account, as the judge recorded."""
    return Transfer(BANK, court_price(auction_id), amount_fen, Kind.OWN_SALE_RECEIVED)


def balance_of_price(price_fen: int, held_fen: int) -> int:
    """What a buyer still owes beside the deposit held. ValueError when more is held than the price: rules forbid it."""
    if not 0 <= held_fen <= price_fen:
        raise ValueError(f"a deposit of {held_fen} cannot be held against a price of {price_fen}")
    return price_fen - held_fen


def balances(transfers: Iterable[Transfer]) -> dict[str, int]:
    """The balance of each account the movements touch, in fen."""
    totals: dict[str, int] = {}
    for transfer in transfers:
        totals[transfer.source] = totals.get(transfer.source, 0) - transfer.amount_fen
        totals[transfer.destination] = totals.get(transfer.destination, 0) + transfer.amount_fen
    return totals


def overdrawn(totals: Mapping[str, int]) -> list[str]:
    """The accounts below zero, sorted. Only the bank may be: what it lacks is what we hold."""
    return sorted(account for account, fen in totals.items() if fen < 0 and account != BANK)


def check(transfers: Iterable[Transfer]) -> dict[str, int]:
    """The balances after all movements, each of which must leave every account but the bank at 0 or above.

    ValueError names the account that was overdrawn, at the first movement that did it.
    """
    totals: dict[str, int] = {}
    for transfer in transfers:
        totals[transfer.source] = totals.get(transfer.source, 0) - transfer.amount_fen
        totals[transfer.destination] = totals.get(transfer.destination, 0) + transfer.amount_fen
        if totals[transfer.source] < 0 and transfer.source != BANK:
            raise ValueError(f"{transfer.kind} overdraws {transfer.source}")
    return totals


class DepositState(StrEnum):
    """Where one registration's deposit is. The last three are ends."""

    AWAITED = "awaited"
    HELD = "held"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"
    APPLIED = "applied"
    FORFEITED = "forfeited"


#: The states no movement leaves, but the counter-posting of a forfeiture or of an application.
ENDS = frozenset((DepositState.REFUNDED, DepositState.APPLIED, DepositState.FORFEITED))

_STEPS: Mapping[tuple[DepositState, Kind], DepositState] = MappingProxyType(
    {
        (DepositState.AWAITED, Kind.DEPOSIT_RECEIVED): DepositState.HELD,
        (DepositState.HELD, Kind.EXCESS_RELEASED): DepositState.HELD,
        (DepositState.HELD, Kind.REST_RELEASED): DepositState.HELD,
        (DepositState.HELD, Kind.DEPOSIT_RELEASED): DepositState.REFUND_DUE,
        (DepositState.HELD, Kind.DEPOSIT_APPLIED): DepositState.APPLIED,
        (DepositState.HELD, Kind.DEPOSIT_FORFEITED): DepositState.FORFEITED,
        (DepositState.FORFEITED, Kind.FORFEIT_REVERSED): DepositState.HELD,
        (DepositState.APPLIED, Kind.APPLICATION_REVERSED): DepositState.HELD,
        (DepositState.REFUND_DUE, Kind.DEPOSIT_REFUNDED): DepositState.REFUNDED,
    }
)
#: Movements of a registration that say nothing about its deposit, and may come at any time.
_BESIDE = frozenset(
    (
        Kind.EXCESS_REFUNDED,
        Kind.STRAY_RECEIVED,
        Kind.STRAY_REFUNDED,
        Kind.BALANCE_RECEIVED,
        Kind.BALANCE_RELEASED,
        Kind.BALANCE_REFUNDED,
        Kind.REST_REFUNDED,
        Kind.COSTS_COVERED,
        Kind.SHORTFALL_COVERED,
        Kind.CASE_DEBT_COVERED,
        Kind.RELATED_DEBT_COVERED,
        Kind.TOP_UP_RECEIVED,
        Kind.TOP_UP_TO_COSTS,
        Kind.TOP_UP_TO_SHORTFALL,
        Kind.DIFFERENCE_RECEIVED,
        Kind.DIFFERENCE_RELEASED,
        Kind.DIFFERENCE_REFUNDED,
        Kind.OWN_SALE_RECEIVED,
    )
)


def advance(state: DepositState, event: Kind) -> DepositState:
    """The state after a movement of the registration.

    DomainError `wrong_state` (facts `state`, `event`) for a step that does not exist: no deposit ends twice.
    """
    if event in _BESIDE:
        return state
    after = _STEPS.get((state, event))
    if after is None:
        raise DomainError("wrong_state", state=state.value, event=event.value)
    return after


def deposit_state(events: Iterable[Kind]) -> DepositState:
    """Where a registration's deposit is after these movements, in their order. DomainError as `advance`."""
    state = DepositState.AWAITED
    for event in events:
        state = advance(state, event)
    return state

"""The ledger's chart is closed, its sum is zero, and a deposit ends once: tables, and a machine against a model."""

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from auction.kernel.errors import DomainError
from bidding.rules import ledger
from bidding.rules.ledger import BANK, ENDS, SIDES, DepositState, Kind, Transfer, advance, balances, check

S, K = DepositState, Kind

#: Each maker with the sides and the kind it must give, written out by hand.
MADE = [
    (ledger.deposit_received("r", 5), ("bank_clearing", "deposit_held:r", "deposit_received")),
    (ledger.deposit_released("r", 5), ("deposit_held:r", "refund_due:r", "deposit_released")),
    (ledger.deposit_refunded("r", 5), ("refund_due:r", "bank_clearing", "deposit_refunded")),
    (ledger.deposit_applied("r", "a", 5), ("deposit_held:r", "court_price:a", "deposit_applied")),
    (ledger.deposit_forfeited("r", "a", 5), ("deposit_held:r", "court_forfeit:a", "deposit_forfeited")),
    (ledger.excess_released("r", 5), ("deposit_held:r", "refund_due:r", "excess_released")),
    (ledger.excess_refunded("r", 5), ("refund_due:r", "bank_clearing", "excess_refunded")),
    (ledger.stray_received("r", 5), ("bank_clearing", "refund_due:r", "stray_received")),
    (ledger.stray_refunded("r", 5), ("refund_due:r", "bank_clearing", "stray_refunded")),
    (ledger.balance_received("a", 5), ("bank_clearing", "court_price:a", "balance_received")),
    (ledger.balance_released("r", "a", 5), ("court_price:a", "refund_due:r", "balance_released")),
    (ledger.balance_refunded("r", 5), ("refund_due:r", "bank_clearing", "balance_refunded")),
    (ledger.rest_released("r", 5), ("deposit_held:r", "refund_due:r", "rest_released")),
    (ledger.rest_refunded("r", 5), ("refund_due:r", "bank_clearing", "rest_refunded")),
    (ledger.forfeit_reversed("r", "a", 5), ("court_forfeit:a", "deposit_held:r", "forfeit_reversed")),
    (ledger.application_reversed("r", "a", 5), ("court_price:a", "deposit_held:r", "application_reversed")),
    (ledger.forfeit_used("a", "costs", 5), ("court_forfeit:a", "court_costs:a", "costs_covered")),
    (ledger.forfeit_used("a", "shortfall", 5), ("court_forfeit:a", "court_shortfall:a", "shortfall_covered")),
    (ledger.forfeit_used("a", "case_debt", 5), ("court_forfeit:a", "case_debt:a", "case_debt_covered")),
    (ledger.forfeit_used("a", "related_debt", 5), ("court_forfeit:a", "related_debt:a", "related_debt_covered")),
    (ledger.top_up_received("a", 5), ("bank_clearing", "court_top_up:a", "top_up_received")),
    (ledger.top_up_used("a", "costs", 5), ("court_top_up:a", "court_costs:a", "top_up_to_costs")),
    (ledger.top_up_used("a", "shortfall", 5), ("court_top_up:a", "court_shortfall:a", "top_up_to_shortfall")),
    (ledger.difference_received("a", 5), ("bank_clearing", "court_price:a", "difference_received")),
    (ledger.difference_released("r", "a", 5), ("court_price:a", "refund_due:r", "difference_released")),
    (ledger.difference_refunded("r", 5), ("refund_due:r", "bank_clearing", "difference_refunded")),
    (ledger.own_sale_received("a", 5), ("bank_clearing", "court_price:a", "own_sale_received")),
]


@pytest.mark.parametrize(("transfer", "expected"), MADE, ids=[made[1][2] for made in MADE])
def test_each_movement_has_its_two_sides(transfer: Transfer, expected: tuple[str, str, str]) -> None:
    assert (transfer.source, transfer.destination, transfer.kind.value) == expected
    assert transfer.amount_fen == 5
    assert sum(balances([transfer]).values()) == 0


def test_every_kind_of_movement_can_be_made() -> None:
    assert {transfer.kind for transfer, _ in MADE} == set(Kind) == set(SIDES)


@pytest.mark.parametrize("amount", [0, -1, 1.0, "5", True, None])
def test_a_movement_needs_a_whole_amount_above_zero(amount: object) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Transfer(BANK, "deposit_held:r", amount, Kind.DEPOSIT_RECEIVED)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "destination", "kind"),
    [
        (BANK, BANK, K.DEPOSIT_RECEIVED),
        ("deposit_held:r", BANK, K.DEPOSIT_REFUNDED),  # a refund goes through refund_due
        (BANK, "court_forfeit:a", K.BALANCE_RECEIVED),
        ("court_price:a", "refund_due:r", K.DEPOSIT_RELEASED),
        ("deposit_held:r", "pocket:judge", K.DEPOSIT_APPLIED),
    ],
)
def test_money_takes_no_way_that_is_not_in_the_chart(source: str, destination: str, kind: Kind) -> None:
    with pytest.raises(ValueError, match="does not go"):
        Transfer(source, destination, 1, kind)


STEPS = {
    (S.AWAITED, K.DEPOSIT_RECEIVED): S.HELD,
    (S.HELD, K.EXCESS_RELEASED): S.HELD,
    (S.HELD, K.REST_RELEASED): S.HELD,
    (S.HELD, K.DEPOSIT_RELEASED): S.REFUND_DUE,
    (S.HELD, K.DEPOSIT_APPLIED): S.APPLIED,
    (S.HELD, K.DEPOSIT_FORFEITED): S.FORFEITED,
    (S.FORFEITED, K.FORFEIT_REVERSED): S.HELD,
    (S.APPLIED, K.APPLICATION_REVERSED): S.HELD,
    (S.REFUND_DUE, K.DEPOSIT_REFUNDED): S.REFUNDED,
}
#: What says nothing about the registration's own deposit.
BESIDE = {kind for kind in K if "deposit_held" not in SIDES[kind]} - {K.DEPOSIT_REFUNDED}


@pytest.mark.parametrize("state", list(DepositState))
@pytest.mark.parametrize("event", list(Kind))
def test_a_deposit_takes_only_the_steps_that_exist(state: DepositState, event: Kind) -> None:
    if event in BESIDE:
        assert advance(state, event) is state
    elif (state, event) in STEPS:
        assert advance(state, event) is STEPS[state, event]
    else:
        with pytest.raises(DomainError) as caught:
            advance(state, event)
        assert caught.value.code == "wrong_state"
        assert caught.value.facts == {"state": state.value, "event": event.value}


def test_no_step_leaves_an_end_but_the_counter_posting_of_a_forfeiture() -> None:
    assert {S.REFUNDED, S.APPLIED, S.FORFEITED} == ENDS
    assert [step for step in STEPS if step[0] in ENDS] == [
        (S.FORFEITED, K.FORFEIT_REVERSED),
        (S.APPLIED, K.APPLICATION_REVERSED),
    ]


@pytest.mark.parametrize(("price", "held", "owed"), [(100, 10, 90), (100, 0, 100), (100, 100, 0)])
def test_the_balance_is_what_the_deposit_leaves_of_the_price(price: int, held: int, owed: int) -> None:
    assert ledger.balance_of_price(price, held) == owed


@pytest.mark.parametrize(("price", "held"), [(100, 101), (100, -1)])
def test_more_than_the_price_is_never_held_against_it(price: int, held: int) -> None:
    with pytest.raises(ValueError, match="cannot be held"):
        ledger.balance_of_price(price, held)


def test_a_ledger_that_overdraws_an_account_is_refused_at_the_movement_that_does_it() -> None:
    sound = [ledger.deposit_received("r", 10), ledger.excess_released("r", 4)]
    assert check(sound) == {BANK: -10, "deposit_held:r": 6, "refund_due:r": 4}
    with pytest.raises(ValueError, match="deposit_applied overdraws deposit_held:r"):
        check([*sound, ledger.deposit_applied("r", "a", 7), ledger.deposit_received("r", 7)])


REGISTRATIONS = st.sampled_from(["r1", "r2", "r3"])
AMOUNTS = st.integers(1, 10**15)


class LedgerAgainstPurses(RuleBasedStateMachine):
    """The ledger beside a model that knows no accounts: for each registrant, what was put in and where each fen lies.

    The model decides by itself what may happen; the machine tries everything, allowed or not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.moves: list[Transfer] = []
        self.events: dict[str, list[Kind]] = {}
        self.purses: dict[str, dict[str, int]] = {}
        self.ends: dict[str, str] = {}
        self.price = self.forfeit = 0

    def purse(self, who: str) -> dict[str, int]:
        return self.purses.setdefault(who, {"paid": 0, "held": 0, "owed": 0, "part": 0, "stray": 0, "back": 0})

    def try_move(self, who: str, allowed: bool, make: Callable[[], Transfer]) -> bool:
        """Do a movement as the services do it; the ledger must agree with the model on whether it may be done."""
        state = ledger.deposit_state(self.events.get(who, []))
        try:
            move = make()
            advance(state, move.kind)
        except (DomainError, ValueError):
            assert not allowed
            return False
        assert allowed
        self.moves.append(move)
        self.events.setdefault(who, []).append(move.kind)
        return True

    @rule(who=REGISTRATIONS, amount=AMOUNTS)
    def pay_the_deposit(self, who: str, amount: int) -> None:
        purse = self.purse(who)
        fresh = who not in self.ends and purse["held"] == purse["owed"] == 0
        if self.try_move(who, fresh, lambda: ledger.deposit_received(who, amount)):
            purse["paid"] += amount
            purse["held"] = amount

    @rule(who=REGISTRATIONS, amount=AMOUNTS)
    def pay_wrongly(self, who: str, amount: int) -> None:
        purse = self.purse(who)
        self.try_move(who, True, lambda: ledger.stray_received(who, amount))
        purse["paid"] += amount
        purse["stray"] += amount

    @rule(who=REGISTRATIONS)
    def send_the_wrong_money_back(self, who: str) -> None:
        purse = self.purse(who)
        if self.try_move(who, purse["stray"] > 0, lambda: ledger.stray_refunded(who, purse["stray"])):
            purse["back"] += purse.pop("stray")
            purse["stray"] = 0

    @rule(who=REGISTRATIONS, share=st.integers(1, 99))
    def free_a_part(self, who: str, share: int) -> None:
        purse = self.purse(who)
        part = purse["held"] * share // 100
        if self.try_move(who, 0 < part < purse["held"], lambda: ledger.excess_released(who, part)):
            purse["held"] -= part
            purse["part"] += part

    @rule(who=REGISTRATIONS)
    def send_the_part_back(self, who: str) -> None:
        purse = self.purse(who)
        if self.try_move(who, purse["part"] > 0, lambda: ledger.excess_refunded(who, purse["part"])):
            purse["back"] += purse["part"]
            purse["part"] = 0

    @rule(who=REGISTRATIONS)
    def release(self, who: str) -> None:
        purse = self.purse(who)
        if self.try_move(who, purse["held"] > 0, lambda: ledger.deposit_released(who, purse["held"])):
            purse["owed"], purse["held"] = purse["held"], 0

    @rule(who=REGISTRATIONS)
    def refund(self, who: str) -> None:
        purse = self.purse(who)
        if self.try_move(who, purse["owed"] > 0, lambda: ledger.deposit_refunded(who, purse["owed"])):
            purse["back"] += purse["owed"]
            purse["owed"] = 0
            self.ends[who] = "refunded"

    @rule(who=REGISTRATIONS)
    def apply(self, who: str) -> None:
        purse = self.purse(who)
        if self.try_move(who, purse["held"] > 0, lambda: ledger.deposit_applied(who, "a", purse["held"])):
            self.price += purse["held"]
            purse["held"] = 0
            self.ends[who] = "applied"

    @rule(who=REGISTRATIONS)
    def forfeit_all(self, who: str) -> None:
        purse = self.purse(who)
        if self.try_move(who, purse["held"] > 0, lambda: ledger.deposit_forfeited(who, "a", purse["held"])):
            self.forfeit += purse["held"]
            purse["held"] = 0
            self.ends[who] = "forfeited"

    @rule(amount=AMOUNTS)
    def pay_the_balance(self, amount: int) -> None:
        self.try_move("r1", True, lambda: ledger.balance_received("a", amount))
        self.purse("r1")["paid"] += amount
        self.price += amount

    @invariant()
    def every_fen_is_where_the_model_says(self) -> None:
        totals = check(self.moves)
        assert sum(totals.values()) == 0
        assert ledger.overdrawn(totals) == []
        assert totals == balances(self.moves)
        for who, purse in self.purses.items():
            assert totals.get(f"deposit_held:{who}", 0) == purse["held"]
            assert totals.get(f"refund_due:{who}", 0) == purse["owed"] + purse["part"] + purse["stray"]
        assert totals.get("court_price:a", 0) == self.price
        assert totals.get("court_forfeit:a", 0) == self.forfeit
        outside = sum(purse["back"] - purse["paid"] for purse in self.purses.values())
        assert totals.get(BANK, 0) == outside

    @invariant()
    def a_deposit_ends_as_the_model_says_and_then_holds_nothing(self) -> None:
        for who, purse in self.purses.items():
            state = ledger.deposit_state(self.events.get(who, []))
            if who in self.ends:
                assert state.value == self.ends[who]
                assert state in ENDS
                assert purse["held"] == 0
            else:
                assert state is (S.HELD if purse["held"] else S.REFUND_DUE if purse["owed"] else S.AWAITED)


LedgerAgainstPurses.TestCase.settings = settings(max_examples=60, stateful_step_count=80, deadline=None)
TestLedgerAgainstPurses = LedgerAgainstPurses.TestCase

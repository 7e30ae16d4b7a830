"""What may follow an unsold round beside the next one: debt-for-asset, the debtor's own sale, the return. Pure.

Sources: SALE 16 (at each failure a creditor may take the lot at that reserve; the first in legal rank, among equals
by drawing lots; the difference is paid in), 20, 24, 25; CPLI 490; EQ 10 and the court's practice for the debtor's own
sale. The question to the creditors runs beside the time for the next round and does not stop it (PRECISIONS 18).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from ..kernel.clock import iso
from ..kernel.errors import DomainError, invalid
from .calendar import PeriodEnd, WorkingDays, add_months, period_end
from .findings import Finding
from .lot import AssetType, NoticeClass, PartyRole, Round, notice_class
from .ruleset import Ruleset

#: How a lot may be disposed of without a sale to a bidder.
DISPOSALS = ("taken", "own_sale", "returned", "other_measures")
#: Answers that still wait for the court, and those that hold the lot.
WILLING = "willing"
HOLDING = frozenset(("awarded", "taken", "ruled"))


def is_asked(role: str, claim_fen: int | None) -> bool:
    """Whether a party is an enforcement creditor: applicant, secured creditor, or another with a recorded claim."""
    if role in (PartyRole.APPLICANT, PartyRole.SECURED_CREDITOR):
        return True
    return role == PartyRole.OTHER and claim_fen is not None


def legal_rank(role: str, ruleset: Ruleset) -> int:
    """The rank of a creditor where the court states no other: those the ruleset puts first, then all others alike."""
    return 1 if role in ruleset.texts("taking_first") else 2


def answers_end(asked_on: date, ruleset: Ruleset, calendar: WorkingDays) -> PeriodEnd:
    """Until when the creditors may answer: a period within which one must act, so its last day is worked."""
    return period_end(asked_on, ruleset.days("taking_answer"), calendar)


def is_answerable(until_on: date, today: date, *, drawn: bool) -> bool:
    """Whether a creditor may still answer, or answer otherwise, and the court state another rank."""
    return not drawn and today <= until_on


def check_answerable(until_on: date, today: date, *, drawn: bool) -> None:
    """Refuse an answer that comes too late.

    Once lots were drawn among equals everybody can compute who comes first at any rank: from then on answers and ranks
    stand as they were. DomainError `taking_drawn`; `taking_late` (fact `last_day`) after the last day.
    """
    if drawn:
        raise DomainError("taking_drawn")
    if not is_answerable(until_on, today, drawn=drawn):
        raise DomainError("taking_late", last_day=until_on.isoformat())


def commitment(seed: str) -> str:
    """The public commitment to a seed: hex SHA-256 of its text."""
    return sha256(seed.encode()).hexdigest()


def draw(seed: str, auction_id: str, positions: Iterable[int]) -> tuple[int, ...]:
    """The order in which creditors of one rank come, by their places in the case: anybody can compute it again.

    Each place is hashed with the seed, which was committed to before anybody answered; the least hash is first.
    """
    return tuple(sorted(positions, key=lambda place: sha256(f"{seed}:{auction_id}:{place}".encode()).digest()))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A creditor who takes the lot if it is given to it: `position` is its place in the case."""

    taking_id: str
    position: int
    rank: int


def first_taker(candidates: Collection[Candidate], drawings: Mapping[int, Sequence[int]]) -> Candidate:
    """Who gets the lot: the best rank; among equals the first drawn (SALE 16(2)).

    DomainError `taking_undrawn` (fact `count`) where lots have not been drawn among all of them.
    """
    best = min(candidate.rank for candidate in candidates)
    equals = [candidate for candidate in candidates if candidate.rank == best]
    if len(equals) == 1:
        return equals[0]
    drawn = list(drawings.get(best, ()))
    if not {candidate.position for candidate in equals} <= set(drawn):
        raise DomainError("taking_undrawn", count=len(equals))
    return min(equals, key=lambda candidate: drawn.index(candidate.position))


def difference(price_fen: int, claim_fen: int) -> int:
    """What a taker pays in: the price less what it is to receive of its claim (SALE 16(2))."""
    return max(0, price_fen - claim_fen)


@dataclass(frozen=True, slots=True)
class Asked:
    """How far the question to the creditors has come: asked, answered, willing, and the last day to answer."""

    until_on: date
    creditors: int
    answered: int
    willing: int

    def waits(self, today: date) -> bool:
        """Whether answers are still awaited."""
        return self.answered < self.creditors and today <= self.until_on

    def is_open(self, today: date) -> bool:
        """Whether it stands against the next round: answers are awaited, or a creditor willing to take is undecided."""
        return self.willing > 0 or self.waits(today)


@dataclass(frozen=True, slots=True)
class Standstill:
    """What may stand against announcing a further round of a lot.

    `disposal`: taken, returned, other_measures or own_sale, once the lot needs no further round. `own_sale_until`: the
    last day of a sale the debtor was allowed. `satisfied`: the proceeds of the lot's group cover claim and costs.
    `group_ends`: when the bidding on the group's other lots ends, where the group is sold only until it has enough.
    """

    disposal: str | None = None
    asked: Asked | None = None
    own_sale_until: date | None = None
    satisfied: bool = False
    group_ends: tuple[datetime, ...] = ()


def standstill_findings(standstill: Standstill, today: date, opens_on: date, ruleset: Ruleset) -> Iterable[Finding]:
    """What stands against announcing a further round today: `lot_disposed taking_open own_sale_open group_satisfied`.

    While answers are merely awaited the round may be announced, so that its time is kept, but its bidding may not open
    before they are due: `taking_open` is a warning then, an error otherwise.
    """
    if standstill.disposal:
        facts: dict[str, int | str] = {"disposal": standstill.disposal}
        yield Finding("lot_disposed", "error", "round", ruleset.basis("taking_at_reserve"), facts)
    asked = standstill.asked
    if asked is not None and asked.is_open(today):
        until: dict[str, int | str] = {"last_day": asked.until_on.isoformat(), "willing": asked.willing}
        basis, bars = ruleset.basis("taking_at_reserve"), asked.willing > 0 or opens_on <= asked.until_on
        yield Finding("taking_open", "error" if bars else "warning", "opens_at", basis, until)
    if standstill.own_sale_until is not None:
        last: dict[str, int | str] = {"last_day": standstill.own_sale_until.isoformat()}
        yield Finding("own_sale_open", "error", "round", ruleset.basis("own_sale_other_max"), last)
    if standstill.satisfied:
        yield Finding("group_satisfied", "error", "round", ruleset.basis("stop_when_satisfied"), {})


def group_end_findings(closes_at: datetime, group_ends: Sequence[datetime], ruleset: Ruleset) -> Iterable[Finding]:
    """The warning `group_ends_close` where another lot of the group ends less than the ruleset's minutes apart.

    The platform still decides one after the other and stops what is not needed any more (SALE 14), but whoever bids on
    that one cannot know in time. Facts: the nearest `other` end, and the end `before` and `after` it that would do.
    """
    gap = ruleset.span("group_end_gap")
    near = min(group_ends, key=lambda end: abs(end - closes_at), default=None)
    if near is None or abs(near - closes_at) >= gap:
        return
    facts: dict[str, int | str] = {
        "required": ruleset.number("group_end_gap"),
        "other": iso(near),
        "before": iso(near - gap),
        "after": iso(near + gap),
    }
    yield Finding("group_ends_close", "warning", "closes_at", ruleset.basis("stop_when_satisfied"), facts)


def own_sale_end(
    until_on: date, today: date, asset_type: AssetType, ruleset: Ruleset, calendar: WorkingDays
) -> PeriodEnd:
    """The end of a debtor's own sale that the court lets run until `until_on`.

    DomainError invalid on `until_on`: `must_be_later`, `too_far` (fact `latest`) past the ruleset's longest term.
    """
    if until_on <= today:
        raise invalid("until_on", "must_be_later", value=until_on.isoformat())
    if asset_type is AssetType.EQUITY:
        latest = add_months(today, ruleset.months("own_sale_equity_max"))
    else:
        latest = date.fromordinal(today.toordinal() + ruleset.days("own_sale_other_max"))
    if until_on > latest:
        raise invalid("until_on", "too_far", latest=latest.isoformat())
    return period_end(until_on, 0, calendar)


def check_own_price(price_fen: int, above_fen: int, reference_fen: int | None, ruleset: Ruleset, field: str) -> None:
    """Refuse a price of the debtor's own sale that is not above the failed round's, or is a slip of the pen.

    The latter by the measure of an implausible bid: so many times the reference price, or the failed price where that
    is higher. DomainError invalid `not_above_failed` (fact `above_fen`), `own_sale_implausible` (fact `most_fen`).
    """
    if price_fen <= above_fen:
        raise invalid(field, "not_above_failed", above_fen=above_fen)
    most = int(ruleset.ratio("implausible_ratio") * max(reference_fen or 0, above_fen))
    if price_fen > most:
        raise invalid(field, "own_sale_implausible", most_fen=most)


def check_returnable(round_: Round, status: str, asset_type: AssetType, asked: Asked | None, today: date) -> None:
    """Refuse to return a lot too early.

    A lot goes back after an unsold sell-off (SALE 25(2)), a movable also after an unsold second auction (SALE 24), once
    no creditor takes it. DomainError `wrong_state` (`round_to_come`), `taking_open`.
    """
    movable = notice_class(asset_type) is NoticeClass.MOVABLE
    if status != "unsold" or not (round_ is Round.SELL_OFF or (round_ is Round.SECOND and movable)):
        raise DomainError("return_too_early", round=round_.value)
    if asked is not None and asked.is_open(today):
        raise DomainError("taking_open", last_day=asked.until_on.isoformat(), willing=asked.willing)


@dataclass(frozen=True, slots=True)
class GroupLot:
    """A lot of a group: what it was sold or taken for (0 while it was not), what of that is there, its latest round.

    `paid_fen` is 0 until the whole price is paid, or the difference of a taking; it is `brought_fen` then.
    """

    lot_id: str
    brought_fen: int
    paid_fen: int
    auction_id: str | None = None
    status: str = ""
    held: bool = False


def is_satisfied(lots: Iterable[GroupLot], claim_fen: int, costs_fen: int, *, sell_all: bool) -> bool:
    """Whether what the lots were sold for covers claim and costs, so that the rest is sold no further (SALE 14)."""
    return not sell_all and sum(lot.brought_fen for lot in lots) >= claim_fen + costs_fen


def is_paid(lots: Iterable[GroupLot], claim_fen: int, costs_fen: int, *, sell_all: bool) -> bool:
    """Whether what is there covers them: nobody can undo it by not paying, so that the rest is withdrawn."""
    return not sell_all and sum(lot.paid_fen for lot in lots) >= claim_fen + costs_fen


def to_stop(lots: Iterable[GroupLot]) -> tuple[str, ...]:
    """The auctions to stop once a group is satisfied: all announced or under way, bids or none (SALE 14).

    What has closed is kept: where a sale is held for its winner he is decided on.
    """
    return tuple(
        lot.auction_id
        for lot in lots
        if lot.auction_id and lot.status in ("announced", "open", "suspended") and not lot.held
    )

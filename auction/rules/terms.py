"""Which terms the law allows an auction to be announced on: every breach at once.

`check_terms` is asked while a draft is written (`GET /auctions/{id}/check`) and decides at the announcement; the same
function, with `now` as the moment of announcing. What the sheet must hold is `disclosure`'s part.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

from ..kernel.clock import iso
from .calendar import WorkingDays, earliest_opening, shanghai_day, whole_days_between
from .findings import Finding
from .lot import AssetType, AuctionStatus, Round, notice_class
from .notices import Addressee, NoticeMoments, NoticeRecipient, NoticeStatus, notice_findings
from .panel import PanelMember, panel_findings, tally
from .reference_price import ReferencePrice, SaleDays, price_findings
from .rounds import EarlierRound, failed_round, next_round, order_findings, relist_findings
from .ruleset import Ruleset
from .unsold import Standstill, group_end_findings, standstill_findings

__all__ = [
    "Addressee",
    "EarlierRound",
    "Finding",
    "NoticeRecipient",
    "NoticeStatus",
    "PanelMember",
    "Proposal",
    "ReferencePrice",
    "Terms",
    "check_terms",
    "default_forfeit",
    "deposit_range",
    "earliest_terms_opening",
    "key_of_kind",
    "notice_days",
    "reserve_floor",
    "tally",
]


@dataclass(frozen=True, slots=True)
class Terms:
    """What an auction is announced on, as entered or stored. Money in fen; moments aware UTC.

    `forfeit_fen`: in a sell-off, what is kept of the prepaid price from a buyer who reneges. `late_reason`: why the
    round comes later than the law wants, one of the ruleset's `late_reasons`; `other` with a text.
    """

    round: Round
    reserve_price_fen: int
    increment_fen: int
    deposit_fen: int
    opens_at: datetime
    closes_at: datetime
    balance_days: int
    forfeit_fen: int | None = None
    late_reason: str | None = None
    late_reason_text: str | None = None

    def __post_init__(self) -> None:
        """The round may be given by its code, as it is entered and stored; ValueError for none there is."""
        object.__setattr__(self, "round", Round(self.round))

    @classmethod
    def of(cls, row: Any) -> "Terms":
        """The terms as they stand on an auction's row, or on anything else that has them by these names."""
        return cls(**{name: getattr(row, name) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything the terms are held against.

    `addressees`: all who must be notified (parties of the case, secured creditors and preferential purchasers of case
    and sheet). `earlier`: the lot's other auctions in order of time; `standstill`: what stands against a further one.
    """

    terms: Terms
    asset_type: AssetType
    court_code: str
    reference_price: ReferencePrice | None
    addressees: tuple[Addressee, ...]
    recipients: tuple[NoticeRecipient, ...]
    panel: tuple[PanelMember, ...]
    earlier: tuple[EarlierRound, ...] = ()
    standstill: Standstill = field(default_factory=Standstill)


def check_terms(proposal: Proposal, *, ruleset: Ruleset, calendar: WorkingDays, now: datetime) -> tuple[Finding, ...]:
    """All findings on announcing this now; errors first, each kind in the order of the public list of codes.

    Error codes: `reserve_below_floor cut_above_limit deposit_out_of_range notice_too_short bidding_too_short
    increment_invalid reference_price_expired panel_incomplete notice_outstanding round_out_of_order relist_too_late`,
    `lot_disposed taking_open own_sale_open group_satisfied balance_days_invalid` and those of
    `reference_price.entry_findings`. No error: it may be announced.
    """
    terms, earlier = proposal.terms, proposal.earlier
    today = shanghai_day(now)
    moments = NoticeMoments(now, terms.opens_at, _last_end(earlier))
    found = [
        *_reserve_findings(proposal, ruleset),
        *_deposit_findings(terms, ruleset),
        *_notice_findings(proposal, ruleset, now),
        *_window_findings(terms, ruleset),
        *_increment_findings(terms, ruleset),
        *price_findings(proposal.reference_price, _sale_days(proposal, now), ruleset, calendar),
        *panel_findings(proposal.panel, proposal.court_code, ruleset),
        *notice_findings(proposal.recipients, proposal.addressees, proposal.asset_type, moments, ruleset, calendar),
        *order_findings(terms.round, earlier, ruleset),
        *standstill_findings(proposal.standstill, today, shanghai_day(terms.opens_at), ruleset),
        *group_end_findings(terms.closes_at, proposal.standstill.group_ends, ruleset),
        *relist_findings(
            earlier,
            today=today,
            opens_on=shanghai_day(terms.opens_at),
            reason=terms.late_reason,
            reason_text=terms.late_reason_text,
            ruleset=ruleset,
            calendar=calendar,
        ),
        *_balance_findings(terms, ruleset),
    ]
    return tuple(sorted(found, key=lambda finding: not finding.is_error))


def reserve_floor(proposal: Proposal, ruleset: Ruleset) -> int | None:
    """The least reserve in fen; None where what it rests on (reference price, failed round) is missing."""
    floor_fen, _, _ = _floor(proposal, ruleset)
    return floor_fen


def deposit_range(round_: Round, reserve_price_fen: int, ruleset: Ruleset) -> tuple[int, int]:
    """The least and the most deposit in fen, both allowed. In a sell-off the whole price is prepaid."""
    if round_ is Round.SELL_OFF:
        whole = _at_least(ruleset.ratio("sell_off_prepay"), reserve_price_fen)
        return whole, whole
    least = _at_least(ruleset.ratio("deposit_min"), reserve_price_fen)
    return least, _at_most(ruleset.ratio("deposit_max"), reserve_price_fen)


def default_forfeit(earlier: tuple[EarlierRound, ...]) -> int | None:
    """What a sell-off keeps from a reneging buyer unless the panel says otherwise: the second round's deposit."""
    failed = failed_round(earlier, Round.SECOND)
    return failed.deposit_fen if failed else None


def notice_days(
    round_: Round, asset_type: AssetType, ruleset: Ruleset, *, after_renege: bool = False
) -> tuple[int, str]:
    """The whole days of notice an auction needs, and the ruleset's key for them.

    A resale after a renege has the notice of a first auction (court's practice).
    """
    as_first = after_renege and ruleset.flag("renege_as_first")
    key = f"notice_{Round.FIRST if as_first else round_}_{notice_class(asset_type)}"
    return ruleset.days(key), key


def earliest_terms_opening(proposal: Proposal, ruleset: Ruleset, now: datetime) -> datetime:
    """The first moment at which an auction announced now may open."""
    days, _ = notice_days(
        proposal.terms.round, proposal.asset_type, ruleset, after_renege=next_round(proposal.earlier).after_renege
    )
    return earliest_opening(now, days)


def _floor(proposal: Proposal, ruleset: Ruleset) -> tuple[int | None, str, str]:
    """Least reserve, refusal code and ruleset key."""
    terms, price, earlier = proposal.terms, proposal.reference_price, proposal.earlier
    if terms.round is Round.SELL_OFF:
        failed = failed_round(earlier, Round.SECOND)
        exact = _at_least(ruleset.ratio("sell_off_price"), failed.reserve_price_fen) if failed else None
        return exact, "reserve_below_floor", "sell_off_price"
    as_first = next_round(earlier).after_renege and ruleset.flag("renege_as_first")
    if terms.round is Round.FIRST or as_first:
        key = key_of_kind("reserve_min", proposal.asset_type, ruleset)
        least = _at_least(ruleset.ratio(key), price.amount_fen) if price else None
        return least, "reserve_below_floor", key if terms.round is Round.FIRST else "renege_as_first"
    failed, key = failed_round(earlier, Round.FIRST), key_of_kind("cut_max", proposal.asset_type, ruleset)
    least = _at_least(1 - ruleset.ratio(key), failed.reserve_price_fen) if failed else None
    return least, "cut_above_limit", key


def key_of_kind(key: str, asset_type: AssetType, ruleset: Ruleset) -> str:
    """The ruleset's key for a kind of lot: ships have numbers of their own (SHIP 12), where the ruleset knows them."""
    own = f"ship_{key}"
    return own if asset_type is AssetType.VESSEL and own in ruleset.parameters else key


def _reserve_findings(proposal: Proposal, ruleset: Ruleset) -> Iterable[Finding]:
    reserve = proposal.terms.reserve_price_fen
    least, code, key = _floor(proposal, ruleset)
    facts: dict[str, int | str] = {"reserve_price_fen": reserve, "minimum_fen": max(1, least or 1)}
    if proposal.terms.round is Round.SELL_OFF and least is not None:
        if reserve != least:
            yield Finding(code, "error", "reserve_price_fen", ruleset.basis(key), facts | {"exact_fen": least})
    elif reserve < facts["minimum_fen"]:  # type: ignore[operator]
        yield Finding(code, "error", "reserve_price_fen", ruleset.basis(key), facts)


def _deposit_findings(terms: Terms, ruleset: Ruleset) -> Iterable[Finding]:
    least, most = deposit_range(terms.round, terms.reserve_price_fen, ruleset)
    if not least <= terms.deposit_fen <= most:
        basis = ruleset.basis("sell_off_prepay" if terms.round is Round.SELL_OFF else "deposit_min")
        facts = {"deposit_fen": terms.deposit_fen, "minimum_fen": least, "maximum_fen": most}
        yield Finding("deposit_out_of_range", "error", "deposit_fen", basis, facts)
    if terms.round is Round.SELL_OFF:
        least = _at_least(ruleset.ratio("sell_off_forfeit_min"), terms.reserve_price_fen)
        most = _at_most(ruleset.ratio("sell_off_forfeit_max"), terms.reserve_price_fen)
        if terms.forfeit_fen is None or not least <= terms.forfeit_fen <= most:
            facts = {"forfeit_fen": terms.forfeit_fen or 0, "minimum_fen": least, "maximum_fen": most}
            basis = ruleset.basis("sell_off_forfeit_min")
            yield Finding("deposit_out_of_range", "error", "forfeit_fen", basis, facts)


def _notice_findings(proposal: Proposal, ruleset: Ruleset, now: datetime) -> Iterable[Finding]:
    required, key = notice_days(
        proposal.terms.round, proposal.asset_type, ruleset, after_renege=next_round(proposal.earlier).after_renege
    )
    earliest = earliest_opening(now, required)
    if proposal.terms.opens_at < earliest:
        facts: dict[str, int | str] = {
            "required": required,
            "days": whole_days_between(now, proposal.terms.opens_at),
            "earliest": iso(earliest),
        }
        yield Finding("notice_too_short", "error", "opens_at", ruleset.basis(key), facts)


def _window_findings(terms: Terms, ruleset: Ruleset) -> Iterable[Finding]:
    window = terms.closes_at - terms.opens_at
    if terms.round is Round.SELL_OFF:
        required, key = timedelta(days=ruleset.days("sell_off_window")), "sell_off_window"
        wrong = window != required
    else:
        required, key = ruleset.span("window_min"), "window_min"
        wrong = window < required
    if wrong:
        facts: dict[str, int | str] = {
            "required_seconds": int(required.total_seconds()),
            "seconds": int(window.total_seconds()),
            "exact": int(terms.round is Round.SELL_OFF),
        }
        yield Finding("bidding_too_short", "error", "closes_at", ruleset.basis(key), facts)


def _increment_findings(terms: Terms, ruleset: Ruleset) -> Iterable[Finding]:
    increment, reserve = terms.increment_fen, terms.reserve_price_fen
    facts: dict[str, int | str] = {"increment_fen": increment, "minimum_fen": ruleset.fen("increment_min")}
    if increment < ruleset.fen("increment_min"):
        yield Finding("increment_invalid", "error", "increment_fen", ruleset.basis("increment_set"), facts)
    elif reserve > 0:
        share = Fraction(increment, reserve)
        for key, unusual in (
            ("increment_warn_above", share > ruleset.ratio("increment_warn_above")),
            ("increment_warn_below", share < ruleset.ratio("increment_warn_below")),
        ):
            if unusual:
                limits: dict[str, int | str] = {
                    "increment_fen": increment,
                    "minimum_fen": _at_least(ruleset.ratio("increment_warn_below"), reserve),
                    "maximum_fen": _at_most(ruleset.ratio("increment_warn_above"), reserve),
                }
                yield Finding("increment_invalid", "warning", "increment_fen", ruleset.basis(key), limits)


def _balance_findings(terms: Terms, ruleset: Ruleset) -> Iterable[Finding]:
    least, usual = ruleset.days("balance_min"), ruleset.days("balance_warn_over")
    facts: dict[str, int | str] = {"days": terms.balance_days, "minimum": least, "usual": usual}
    if terms.balance_days < least:
        yield Finding("balance_days_invalid", "error", "balance_days", ruleset.basis("balance_set"), facts)
    elif terms.balance_days > usual:
        yield Finding("balance_days_unusual", "warning", "balance_days", ruleset.basis("balance_warn_over"), facts)


def _sale_days(proposal: Proposal, now: datetime) -> SaleDays:
    """The first announcement is that of the first round held on this price; before there is one, it is today's."""
    today, price = shanghai_day(now), proposal.reference_price
    held = [
        shanghai_day(each.announced_at)
        for each in proposal.earlier
        if each.round is Round.FIRST
        and each.announced_at
        and each.status in (AuctionStatus.SOLD, AuctionStatus.UNSOLD, AuctionStatus.REVOKED)
    ]
    first = min((day for day in held if price and day >= price.effective_on), default=today)
    return SaleDays(today, first, shanghai_day(proposal.terms.opens_at))


def _last_end(earlier: tuple[EarlierRound, ...]) -> datetime | None:
    return max((each.ended_at for each in earlier if each.ended_at), default=None)


def _at_least(ratio: Fraction, amount_fen: int) -> int:
    """The least whole fen not under that share."""
    return ceil(ratio * amount_fen)


def _at_most(ratio: Fraction, amount_fen: int) -> int:
    """The most whole fen not over that share."""
    return floor(ratio * amount_fen)

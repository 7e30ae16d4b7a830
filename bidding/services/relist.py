"""The next round of a lot: drafted with everything carried over, for the panel to change or approve.

After an unsold first round comes the second, after an unsold second the sell-off; a withdrawn or revoked round, and one
whose buyer reneged, are held again (OJA 26; PRECISIONS 14, 19, 26). The sheet is the lot's and carries over by itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from math import ceil

from sqlalchemy import select

from auction.kernel.clock import SHANGHAI
from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Account, Auction
from auction.queries.proposals import earlier_rounds, reference_price
from auction.queries.unsold import asked
from auction.rules.access import Actor
from auction.rules.calendar import earliest_opening, midnight, shanghai_day
from auction.rules.lot import PRIVATE, AssetType, Round
from auction.rules.rounds import NextRound, held, next_round
from auction.rules.ruleset import Ruleset, load
from auction.rules.terms import EarlierRound, Terms, default_forfeit, deposit_range, notice_days
from auction.services.auctions import create_auction
from auction.services.locking import lock_round

from ..models import ResaleDeposit

#: When bidding opens unless the panel says otherwise, in Beijing time.
OPENS = time(10)
_DAY = timedelta(days=1)


def relist(
    unit: Unit,
    actor: Actor,
    auction_id: str,
    *,
    reason: str,
    deposit_fen: int | None = None,
    deposit_reason: str | None = None,
) -> Auction:
    """Draft the round that follows an auction: `unsold`, `renege`, `revoked` or `withdrawn`.

    The reserve is the lowest the law allows after an unsold first round, else the one before; the deposit keeps its
    share of it; bidding opens at 10:00 on the first day that a notice published tomorrow allows and on which the
    creditors' time to answer is over; the panel is the same and has not voted. After a renege the court may ask
    everybody for a higher deposit, with its reason (PRECISIONS 9). DomainError wrong_state when the auction did not end
    that way, is not the lot's last, or has been followed already; when the sell-off failed too there is no further
    round. lot_disposed once it was taken, returned or sold otherwise. invalid for a deposit that may not be.
    """
    auction = lock_round(unit, actor, auction_id, "auction.relist")
    if reason != _ended_by(auction):
        raise DomainError("wrong_state", status=auction.settlement or auction.status)
    earlier = earlier_rounds(unit.session, auction.lot_id)
    following = next_round(earlier)
    if following.round is None or not _is_last(earlier, auction):
        raise DomainError("wrong_state", status=following.reason or "not_the_last_round")
    drafted = select(Auction.id).where(Auction.lot_id == auction.lot_id, Auction.status.in_(PRIVATE))
    if unit.session.scalar(drafted.limit(1)):
        raise DomainError("wrong_state", status="already_drafted")
    terms = _terms(unit, auction, following, following.round, earlier)
    asked = (
        terms
        if deposit_fen is None
        else _with_deposit(terms, reason, deposit_fen, deposit_reason, load(unit.settings.ruleset))
    )
    draft = create_auction(unit, actor, auction.lot, asked, _panel(unit, auction), resale_of=auction.id)
    if asked.deposit_fen > terms.deposit_fen and deposit_reason:
        unit.session.flush()
        unit.session.add(
            ResaleDeposit(
                auction_id=draft.id, deposit_fen=asked.deposit_fen, reason=deposit_reason, by=actor.id, at=unit.now
            )
        )
        unit.record(
            "ResaleDepositRaised",
            stream=f"lot:{auction.lot_id}",
            private=True,
            body={"auction_id": draft.id, "deposit_fen": asked.deposit_fen, "reason": deposit_reason, "by": actor.id},
        )
    return draft


def _with_deposit(terms: Terms, reason: str, deposit_fen: int, deposit_reason: str | None, ruleset: Ruleset) -> Terms:
    """The terms with the deposit the court chose. A sell-off's is its price, which nobody chooses."""
    if reason != "renege" or terms.round == Round.SELL_OFF:
        raise invalid("deposit_fen", "not_available", value=deposit_fen)
    least, most = deposit_range(Round(terms.round), terms.reserve_price_fen, ruleset)
    if not least <= deposit_fen <= most:
        raise invalid(
            "deposit_fen", "deposit_out_of_range", deposit_fen=deposit_fen, minimum_fen=least, maximum_fen=most
        )
    if deposit_fen > terms.deposit_fen and not (deposit_reason or "").strip():
        raise invalid("deposit_reason", "deposit_reason_missing")
    return replace(terms, deposit_fen=deposit_fen)


def _ended_by(auction: Auction) -> str:
    return "renege" if auction.settlement == "reneged" else auction.status


def _is_last(earlier: Sequence[EarlierRound], auction: Auction) -> bool:
    return [each.auction_id for each in held(earlier)][-1:] == [auction.id]


def _terms(
    unit: Unit, auction: Auction, following: NextRound, wanted: Round, earlier: tuple[EarlierRound, ...]
) -> Terms:
    ruleset = load(unit.settings.ruleset)
    reserve = _reserve(unit, auction, following, wanted, ruleset)
    least, most = deposit_range(wanted, reserve, ruleset)
    scaled = ceil(Fraction(reserve, auction.reserve_price_fen) * auction.deposit_fen)
    days, _ = notice_days(wanted, AssetType(auction.lot.asset_type), ruleset, after_renege=following.after_renege)
    opens_at = max(_at_ten(earliest_opening(unit.now + _DAY, days)), _after_answers(unit, auction))
    sell_off = wanted is Round.SELL_OFF
    window = timedelta(days=ruleset.days("sell_off_window")) if sell_off else ruleset.span("window_min")
    return Terms(
        round=wanted,
        reserve_price_fen=reserve,
        increment_fen=auction.increment_fen,
        deposit_fen=min(max(scaled, least), most),
        opens_at=opens_at,
        closes_at=opens_at + window,
        balance_days=auction.balance_days,
        forfeit_fen=_forfeit(auction, earlier) if sell_off else None,
    )


def _after_answers(unit: Unit, auction: Auction) -> datetime:
    """The first opening that leaves the creditors asked after an unsold round their time (PRECISIONS 18)."""
    state = asked(unit.session, auction)
    if state is None or not state.waits(shanghai_day(unit.now)):
        return unit.now
    return _at_ten(midnight(state.until_on + _DAY))


def _reserve(unit: Unit, auction: Auction, following: NextRound, wanted: Round, ruleset: Ruleset) -> int:
    """A round held again keeps its reserve, lifted to the floor of a first sale where that holds; a second is cut."""
    before = auction.reserve_price_fen
    if wanted != auction.round:
        return ceil((1 - ruleset.ratio("cut_max")) * before) if wanted is Round.SECOND else before
    price = reference_price(unit.session, auction.lot_id)
    as_first = wanted is Round.FIRST or (following.after_renege and ruleset.flag("renege_as_first"))
    if price is None or not as_first or wanted is Round.SELL_OFF:
        return before
    return max(before, ceil(ruleset.ratio("reserve_min") * price.amount_fen))


def _forfeit(auction: Auction, earlier: tuple[EarlierRound, ...]) -> int | None:
    return auction.forfeit_fen if auction.forfeit_fen is not None else default_forfeit(earlier)


def _at_ten(moment: datetime) -> datetime:
    """10:00 in Beijing on the day of that moment."""
    return datetime.combine(shanghai_day(moment), OPENS, SHANGHAI).astimezone(UTC)


def _panel(unit: Unit, auction: Auction) -> list[str]:
    """The usernames of the panel, in its order."""
    names = {
        account.id: account.username
        for account in unit.session.scalars(
            select(Account).where(Account.id.in_([member.account_id for member in auction.panel]))
        )
    }
    return [names[member.account_id] for member in auction.panel]

"""What speaks against announcing a round, or against publishing a sheet: the rules' findings on what is stored."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.models import Account, Auction, Lot
from auction.queries.proposals import proposal, proposed
from auction.rules.access import Actor, decide
from auction.rules.calendar import shanghai_day
from auction.rules.findings import Finding
from auction.rules.lot import PRIVATE, AuctionStatus, PartyRole
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import Ruleset
from auction.rules.terms import Addressee, Proposal, Terms, check_terms
from risk.queries import bulk, valuation
from risk.queries import clearance as kept
from risk.rules.clearance.plan import late_promise

from ..models import (
    Viewing,
)
from ..rules.clearance import clearance_findings
from ..rules.gaps import gaps
from ..rules.linter import lint, lint_text
from ..rules.sheet import Sheet, addressees
from ..rules.surplus import surplus_findings
from ..rules.viewings import Slot, overlap_findings
from .clearance import clearance_now, plan_of, promised_day
from .sheets import catalogue_of, court_words, working_sheet

#: Findings on price and notices that another opening puts right.
_SETTLED_BY_OPENING = frozenset({"opens_too_late", "shareholders_time"})


def _words_findings(session: Session, court_code: str) -> Iterator[Finding]:
    """What may not be said in what the court adds to the texts, by the rules of now."""
    for kind, words in court_words(session, court_code).items():
        yield from lint_text(words.zh, f"court_words.{kind}.text")
        yield from lint_text(words.en, f"court_words.{kind}.text_en")


def announcement_findings(session: Session, auction: Auction, ruleset: Ruleset, now: datetime) -> tuple[Finding, ...]:
    """Everything that speaks against announcing this auction now, terms first, then the sheet; errors before warnings.

    Votes that are still missing are an error of `panel_incomplete`, reason `votes`.
    """
    lot = auction.lot
    catalogue = catalogue_of(session, lot)
    sheet = working_sheet(session, lot.id)
    today = shanghai_day(now)
    asked = with_addressees(proposal(session, auction, frozenset(), ruleset), addressees(sheet, catalogue))
    found = [
        *check_terms(asked, ruleset=ruleset, calendar=published_calendar(ruleset), now=now),
        *_votes(auction, ruleset),
        *sheet_findings(
            session,
            lot,
            sheet,
            ruleset,
            today,
            published_from=_published_from(session, auction),
            handed_over_on=_handed_over_on(auction, ruleset),
        ),
        *_late_promise(session, auction, sheet, ruleset),
        *surplus_findings(sheet, auction.reserve_price_fen, _applicants(asked), ruleset),
        *viewing_overlaps(session, lot.id, now),
        *bulk.findings(session, auction, ruleset, now),
        *valuation.findings(session, auction, ruleset),
        *lint_text(lot.title, "lot.title"),
        *lint_text(lot.address, "lot.address"),
        *lint_text(auction.late_reason_text or "", "late_reason_text"),
        *_words_findings(session, lot.court_code),
    ]
    return tuple(sorted(found, key=lambda finding: not finding.is_error))


def typed_terms_findings(
    session: Session,
    lot: Lot,
    terms: Terms,
    panel: Iterable[str],
    auction_id: str | None,
    ruleset: Ruleset,
    now: datetime,
) -> tuple[Finding, ...]:
    """What speaks against announcing such terms now, before they are stored; errors first.

    Only what the terms themselves settle: the price and the notices have forms of their own. `panel`: usernames, those
    that nobody has are passed over. The caller decides who may ask.
    """
    wanted = select(Account).where(Account.username.in_(list(panel))).order_by(Account.username)
    sheet, catalogue = working_sheet(session, lot.id), catalogue_of(session, lot)
    asked = proposed(session, lot, terms, session.scalars(wanted).all(), frozenset(), ruleset, auction_id)
    found = check_terms(
        with_addressees(asked, addressees(sheet, catalogue)),
        ruleset=ruleset,
        calendar=published_calendar(ruleset),
        now=now,
    )
    elsewhere = ("reference_price", "notices")
    own = [
        one
        for one in found
        if one.field.split(".")[0] not in elsewhere or one.facts.get("reason") in _SETTLED_BY_OPENING
    ]
    left = surplus_findings(sheet, terms.reserve_price_fen, _applicants(asked), ruleset)
    return (*own, *left, *lint_text(terms.late_reason_text or "", "late_reason_text"))


def _applicants(asked: Proposal) -> frozenset[str]:
    return frozenset(one.name for one in asked.addressees if one.role is PartyRole.APPLICANT)


def viewing_overlaps(session: Session, lot_id: str, now: datetime) -> tuple[Finding, ...]:
    """The warning of every two viewings of a lot at one time, of which one is still to come."""
    rows = session.scalars(select(Viewing).where(Viewing.lot_id == lot_id))
    slots = [Slot(row.starts_at, row.ends_at, row.places, cancelled=row.cancelled_at is not None) for row in rows]
    return tuple(overlap_findings(slots, now))


def sheet_findings(
    session: Session,
    lot: Lot,
    sheet: Sheet,
    ruleset: Ruleset,
    today: date,
    *,
    round_live: bool = False,
    published_from: date | None = None,
    handed_over_on: date | None = None,
) -> tuple[Finding, ...]:
    """Everything that speaks against publishing a sheet, with an announcement or while a round stands on it.

    `published_from`: the first day of a statutory publication that can be the announcement's; `handed_over_on`: the
    last day on which a buyer is to have the lot.
    """
    catalogue, announced_on = catalogue_of(session, lot), None if round_live else today
    linted = lint(
        sheet,
        catalogue,
        today=today,
        announced_on=announced_on,
        published_from=published_from,
        handed_over_on=handed_over_on,
    )
    found = (*gaps(sheet, catalogue), *linted)
    assessed = clearance_now(session, lot, sheet, ruleset)
    if assessed is None:
        return found
    plan = plan_of(kept.plan(session, lot.id))
    return (*found, *clearance_findings(assessed, plan, sheet, ruleset, None if round_live else today))


def _handed_over_on(auction: Auction, ruleset: Ruleset) -> date:
    """When the buyer has the lot at the latest: balance, ruling, handover in their full time (SALE 20, 27)."""
    days = auction.balance_days + ruleset.days("ruling_service") + ruleset.days("handover")
    return shanghai_day(auction.closes_at) + timedelta(days=days)


def _published_from(session: Session, auction: Auction) -> date | None:
    """From when on a statutory publication can be this round's: after the last round's announcement, once it ended."""
    last = session.scalar(
        select(Auction)
        .where(Auction.lot_id == auction.lot_id, Auction.id != auction.id, Auction.announced_at.is_not(None))
        .order_by(Auction.announced_at.desc(), Auction.id.desc())
        .limit(1)
    )
    if last is None or last.announced_at is None:
        return None
    after = shanghai_day(last.announced_at) + timedelta(days=1)
    return max(after, shanghai_day(last.closed_at)) if last.closed_at else after


def _late_promise(session: Session, auction: Auction, sheet: Sheet, ruleset: Ruleset) -> tuple[Finding, ...]:
    assessed = clearance_now(session, auction.lot, sheet, ruleset)
    if assessed is None or not assessed.occupied:
        return ()
    told = promised_day(sheet, plan_of(kept.plan(session, auction.lot_id)))
    ends_on = shanghai_day(auction.closes_at)
    return late_promise(told, ends_on=ends_on, balance_days=auction.balance_days, ruleset=ruleset)


def _votes(auction: Auction, ruleset: Ruleset) -> tuple[Finding, ...]:
    if auction.status == AuctionStatus.APPROVED:
        return ()
    votes = [member.approve for member in auction.panel]
    facts: dict[str, int | str] = {
        "reason": "votes",
        "approving": sum(vote is True for vote in votes),
        "required": len(votes) // 2 + 1,
    }
    return (Finding("panel_incomplete", "error", "panel", ruleset.basis("panel_majority"), facts),)


def with_addressees(asked: Proposal, named: Iterable[Addressee]) -> Proposal:
    """The proposal with whom the sheet names beside the parties of the case."""
    return replace(asked, addressees=all_addressees(asked.addressees, named))


def all_addressees(parties: Iterable[Addressee], named: Iterable[Addressee]) -> tuple[Addressee, ...]:
    """The parties of a case and whom a sheet names beside them; the same person in one role stays one."""
    first = tuple(parties)
    known = {(_plain(each.name), each.role) for each in first}
    return (*first, *(each for each in named if (_plain(each.name), each.role) not in known))


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def check_round(
    session: Session, actor: Actor | None, auction_id: str, ruleset: Ruleset, now: datetime
) -> tuple[Finding, ...]:
    """All findings on a round before its announcement, for its court. DomainError not_found, wrong_state afterwards."""
    auction = session.get(Auction, auction_id)
    if auction is None or decide(actor, "auction.check", court=auction.lot.court_code) is not None:
        raise DomainError("not_found")
    if auction.status not in PRIVATE:
        raise DomainError("wrong_state", status=auction.status)
    return announcement_findings(session, auction, ruleset, now)

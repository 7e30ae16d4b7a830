"""A material change of an announced sheet, as the panel has chosen (PRECISIONS 11).

A judge of the panel proposes what was drafted; so many more of it approve as make the majority of the whole panel.
From the proposal on nobody bids on the old sheet: a running sale is suspended, one not yet open does not open. Then
the sale is withdrawn, to be announced anew; or the change is published under a new seal: before the opening with full
days up to it, in a running sale by stopping it. Bids made on the older sheet lapse: they stay in the log and bind
nobody, the price starts again at the reserve, their numbers go on without a gap.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from auction.kernel.clock import iso, parse
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Approval, Auction
from auction.rules.access import Actor
from auction.rules.approvals import majority_of
from auction.rules.calendar import shanghai_day
from auction.rules.lot import LIVE
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import load
from auction.services.approvals import propose
from auction.services.locking import lock_auction, lock_round
from disclosure.models import SheetVersion
from disclosure.queries.findings import sheet_findings
from disclosure.queries.sheets import DraftedChange, drafted_change, latest_version
from disclosure.rules.changing import SHEET_CHANGE, SUPPLEMENT, WITHDRAWAL, check_choice
from disclosure.rules.sheet import File, Sheet
from disclosure.services import drafting
from disclosure.services.announcing import rewrite
from disclosure.services.change_watch import tell_unusual_changes
from disclosure.services.drafting import adopt_draft
from disclosure.services.items import Written
from disclosure.services.sealing import refuse, seal_facts

from ..queries.auctions import has_ended
from ..queries.held import is_held
from ..queries.objections import barring_objection
from ..queries.rooms import ruleset_of
from ..rules.supplement import Window, earliest_bidding, put_off
from ..rules.suspension import resume_after_supplement
from .life import CHANGING, end_cause, restate, stop_for_change, suspend_locked, withdraw_locked
from .looks import count_again
from .resume_watch import await_resumption

#: Why a sale stands still while a supplement is public.
CHANGED = "disclosure_change"
_REASON = "调查情况表发生重大变化，补充公示期间暂缓竞价；此前出价失效，确认新版后可以重新出价"


def propose_change(
    unit: Unit,
    actor: Actor,
    auction_id: str,
    *,
    choice: str,
    reason: str,
    for_the_worse: bool | None = None,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
) -> Approval:
    """Propose to the panel how the drafted change is dealt with: `withdrawal` or `supplement`.

    `for_the_worse`: the panel's word on changes no machine can tell. `opens_at`, `closes_at`: a supplement before the
    opening may put it off. DomainError not_found for another court's, forbidden for a judge who is not on the panel,
    wrong_state where nothing is drafted or no round stands, invalid as the rules say, already_proposed, and every
    gap the public sheet would have.
    """
    auction = lock_round(unit, actor, auction_id, "auction.change")
    panel = {member.account_id for member in auction.panel}
    if actor.id not in panel:
        raise DomainError("forbidden")
    drafted = _drafted(unit, auction)
    check_choice(choice, drafted.changes, for_the_worse, drafted.catalogue)
    if choice == SUPPLEMENT:
        _check_sheet(unit, auction, drafted.new)
        if unit.now < auction.opens_at:
            numbers = ruleset_of(unit.session, auction)
            put_off(_window(auction), unit.now, numbers, opens_at=opens_at, closes_at=closes_at)
        elif opens_at is not None or closes_at is not None:
            raise DomainError("wrong_state", status="bidding_open")
    proposed = propose(
        unit,
        actor,
        kind=SHEET_CHANGE,
        subject_id=auction.id,
        court_code=auction.lot.court_code,
        proposal={
            "choice": choice,
            "for_the_worse": for_the_worse,
            "items": list(dict.fromkeys(change.code for change in drafted.changes)),
            "opens_at": iso(opens_at) if opens_at else None,
            "closes_at": iso(closes_at) if closes_at else None,
            "digest": drafted.digest,
        },
        reason=reason,
        needs=[majority_of(panel)],
    )
    stop_for_change(unit, auction)
    return proposed


def draft_item(unit: Unit, actor: Actor, auction_id: str, code: str, payload: Mapping[str, Any]) -> Written:
    """As `drafting.draft_item`; a sale that stood still for what was proposed before is free to resume."""
    written = drafting.draft_item(unit, actor, auction_id, code, payload)
    _stand_down(unit, unit.session.get_one(Auction, auction_id))
    return written


def drop_item(unit: Unit, actor: Actor, auction_id: str, code: str) -> None:
    """As `drafting.drop_item`; a sale that stood still for what was proposed before is free to resume."""
    drafting.drop_item(unit, actor, auction_id, code)
    _stand_down(unit, unit.session.get_one(Auction, auction_id))


def stand_down(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The panel has refused the change: a sale that stood still for it is free to resume."""
    _stand_down(unit, lock_auction(unit, approval.subject_id))


def _stand_down(unit: Unit, auction: Auction) -> None:
    """End the cause of a locked auction that stands still for a proposal, unless something else keeps it."""
    suspension = auction.suspension or {}
    if auction.status != "suspended" or suspension.get("cause") != CHANGING or "ended_at" in suspension:
        return
    unit.session.flush()
    if barring_objection(unit.session, auction.lot_id, auction.id, unit.now) is None:
        end_cause(unit, auction, reason="对调查情况表重大变更的评议已结束")
    count_again(unit, auction.lot_id)


def carry_out_change(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The panel's majority: the change is published, or the sale withdrawn, if both are still what was decided on."""
    auction = lock_round(unit, actor, approval.subject_id, "auction.change")
    drafted, said = _drafted(unit, auction), approval.proposal
    if drafted.digest != said["digest"]:
        raise DomainError("wrong_state", reason="draft_changed")
    check_choice(said["choice"], drafted.changes, said["for_the_worse"], drafted.catalogue)
    if said["choice"] == WITHDRAWAL:
        adopt_draft(unit, auction)
        withdraw_locked(unit, auction, ground="material_change", reason=approval.reason)
        return
    _check_sheet(unit, auction, drafted.new)
    window = None
    if unit.now < auction.opens_at:
        asked = {name: parse(said[name]) if said[name] else None for name in ("opens_at", "closes_at")}
        window = put_off(_window(auction), unit.now, ruleset_of(unit.session, auction), **asked)
    version = _publish(unit, auction, drafted, reason=approval.reason)
    if window is not None:
        _put_off(unit, auction, window, reason=approval.reason)
    rewrite(unit, auction, version)
    tell_unusual_changes(unit, auction)


def _drafted(unit: Unit, auction: Auction) -> DraftedChange:
    if auction.status not in LIVE or is_held(auction) or has_ended(auction, unit.now):
        raise DomainError("wrong_state", status="ended" if auction.status in LIVE else auction.status)
    drafted = drafted_change(unit.session, auction)
    if drafted is None:
        raise DomainError("wrong_state", reason="nothing_drafted")
    return drafted


def _check_sheet(unit: Unit, auction: Auction, sheet: Sheet) -> None:
    numbers, today = load(unit.settings.ruleset), shanghai_day(unit.now)
    refuse(sheet_findings(unit.session, auction.lot, sheet, numbers, today, round_live=True))


def _window(auction: Auction) -> Window:
    return Window(auction.opens_at, auction.closes_at)


def _publish(unit: Unit, auction: Auction, drafted: DraftedChange, *, reason: str) -> SheetVersion:
    """Seal the new sheet, stop what runs, and let the bids made on the older one lapse."""
    before = latest_version(unit.session, auction.lot_id)
    assert before is not None  # noqa: S101 - a live round stands on a sealed sheet
    sheet = adopt_draft(unit, auction)
    own = [File("", digest) for digest in before.facts["attachments"]]
    version = seal_facts(unit, auction.lot, sheet, own, material=True)
    auction.seal, auction.material_at = version.seal, unit.now
    begun = unit.now >= auction.opens_at
    if begun and auction.status != "suspended":
        suspend_locked(unit, auction, kind="stay", reason=_REASON, cause=CHANGED)
    elif (auction.suspension or {}).get("cause") == CHANGING:
        restate(unit, auction, reason=_REASON, cause=CHANGED)
    if begun and auction.suspension is not None:
        numbers = ruleset_of(unit.session, auction)
        until = earliest_bidding(unit.now, numbers)
        more = {"not_before": iso(until)}
        if auction.suspension["cause"] == CHANGED:  # nothing else has to end
            due = resume_after_supplement(until, numbers, published_calendar(numbers)).last_day
            more["resume_by"] = due.isoformat()
            await_resumption(unit, auction, due)
        auction.suspension = {**auction.suspension, **more}
    lapsed = _lapse_bids(unit, auction)
    codes = list(dict.fromkeys(change.code for change in drafted.changes))
    fallen: dict[str, Any] = {"lapsed_seq": auction.lapsed_seq} if lapsed else {}
    unit.tell(
        auction,
        "disclosure",
        seal=version.seal,
        sheet_version=version.version,
        items=codes,
        material=True,
        **fallen,
    )
    unit.record(
        "SheetChanged",
        stream=f"auction:{auction.id}",
        body={
            "seal": version.seal,
            "sheet_version": version.version,
            "items": codes,
            "reason": reason,
            "not_before": (auction.suspension or {}).get("not_before"),
            "material_at": iso(unit.now),
            "suspension": auction.suspension,
        },
    )
    return version


def _lapse_bids(unit: Unit, auction: Auction) -> bool:
    """Let the bids that stand fall; answers whether there was one. Nobody is bound to facts he never saw."""
    if auction.price_fen is None:
        return False
    unit.record(
        "BidsLapsed",
        stream=f"auction:{auction.id}",
        body={
            "first_seq": auction.lapsed_seq + 1,
            "last_seq": auction.bid_count,
            "price_fen": auction.price_fen,
            "seal": auction.seal,
        },
    )
    auction.lapsed_seq = auction.bid_count
    auction.price_fen = auction.leader_registration_id = auction.leader_code = auction.leader_rank = None
    return True


def _put_off(unit: Unit, auction: Auction, window: Window, *, reason: str) -> None:
    if window == _window(auction):
        return
    auction.opens_at, auction.closes_at = window.opens_at, window.closes_at
    auction.scheduled_closes_at = window.closes_at
    if auction.suspension is not None:  # what was left was all of the bidding, and is now
        whole = -(-window.length // timedelta(seconds=1))
        auction.suspension = {**auction.suspension, "remaining_seconds": whole}
    body = {"opens_at": iso(window.opens_at), "closes_at": iso(window.closes_at), "reason": reason}
    unit.tell(auction, "status", status=auction.status, **body)
    told = {**body, "suspension": auction.suspension}
    unit.record("OpeningPutOff", stream=f"auction:{auction.id}", body=told)

"""Who must have been notified of a sale before it is announced, and since when (OJA 16; PRECISIONS 16, 20)."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from ..kernel.clock import iso
from .calendar import WorkingDays, earliest_opening, period_end, shanghai_day, whole_days_between
from .findings import Finding
from .lot import AssetType, PartyRole
from .ruleset import Citation, Ruleset

#: Whom an enforcement is between or against. The others have rights in the thing sold.
_PARTIES = frozenset((PartyRole.DEBTOR, PartyRole.APPLICANT, PartyRole.OTHER))


class NoticeStatus(StrEnum):
    """How far the notifying of one person has come."""

    TO_NOTIFY = "to_notify"
    SENT = "sent"
    RECEIVED = "received"
    UNREACHABLE_PUBLISHED = "unreachable_published"
    WAIVED_WRITTEN = "waived_written"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody of the case or the sheet who must be notified. `of_sheet`: named by the sheet, and so no party."""

    name: str
    role: PartyRole
    of_sheet: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class NoticeRecipient:
    """A person notified: `at` is when the status was reached; `proof` says how receipt of something sent is known.

    `proof_file`: the file of the lot that proves the receipt or the waiver.
    """

    name: str
    role: PartyRole
    status: NoticeStatus
    at: datetime | None
    proof: str | None = None
    proof_file: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeMoments:
    """The moments notices are held against: the announcement (now), the opening, the end of the round before."""

    now: datetime
    opens_at: datetime
    last_ended_at: datetime | None = None


def notice_findings(
    recipients: Sequence[NoticeRecipient],
    addressees: Sequence[Addressee],
    asset_type: AssetType,
    moments: NoticeMoments,
    ruleset: Ruleset,
    calendar: WorkingDays,
) -> tuple[Finding, ...]:
    """`notice_outstanding` for everybody whose notice does not yet carry an announcement, or where there is nobody.

    OJA 16(1) has the parties (当事人) notified, so there must be one: the debtor, who is notified like everybody the
    case names, or in a case without one (assets of a crime may have neither debtor nor applicant: CRIM) at least one
    party else, an applicant or an `other`. Whoever only has a right in the thing (a creditor secured on it, somebody
    with preference, a co-owner, a lessee, the company whose shares are sold) is no party. That finding has the `reason`
    `no_party` alone.

    Facts: `name`, `role`, and `reason`: `missing`, `to_notify`, `undated`, `receipt_unproven`, `too_recent` (with
    `required` and `days` whole days and `earliest`, the first moment to announce), `shareholders_time` (with
    `last_day` and `earliest`, the first moment to open). A notice older than the end of the round before is only the
    warning `before_last_round`. Warnings too: `notice_proof_missing` for a receipt or a written waiver without its
    document, `notice_repeated` for somebody who stands in the list more often than in case and sheet.
    """
    found = []
    if not any(addressee.role in _PARTIES and not addressee.of_sheet for addressee in addressees):
        nobody = {"reason": "no_party"}
        found.append(Finding("notice_outstanding", "error", "notices", ruleset.basis("notify_before"), nobody))
    found += _missing(recipients, addressees, ruleset)
    found += _repeated(recipients, addressees, ruleset)
    for index, recipient in enumerate(recipients):
        field = f"notices.{index}"
        found += _recipient_findings(recipient, field, asset_type, moments, ruleset, calendar)
    return tuple(found)


def wait_days(status: NoticeStatus, ruleset: Ruleset) -> int:
    """The whole days that must lie between this kind of notice and the announcement."""
    if status is NoticeStatus.UNREACHABLE_PUBLISHED:
        return ruleset.days("unreachable_publicity") + ruleset.days("notify_before")
    return ruleset.days("notify_before")


@dataclass(frozen=True, slots=True)
class Service:
    """How far the notice to one person carries. `served_on`: the Shanghai day it counts as received, None before.

    `deemed`: by publicity, not by receipt. `announce_from`: the first moment (UTC) an announcement may follow;
    `open_from`: the first moment bidding may open, where a period of theirs has to be over; None where none runs.
    """

    served_on: date | None
    deemed: bool
    announce_from: datetime | None
    open_from: datetime | None
    basis: Citation


def service_of(recipient: NoticeRecipient, asset_type: AssetType, ruleset: Ruleset, calendar: WorkingDays) -> Service:
    """What the notice to one person stands at (OJA 16; COMP 85 for the shareholders of a limited company)."""
    status, at = recipient.status, recipient.at
    basis = ruleset.basis("notify_before")
    proven = status is not NoticeStatus.SENT or bool((recipient.proof or "").strip())
    if status is NoticeStatus.WAIVED_WRITTEN:
        return Service(shanghai_day(at) if at else None, False, None, None, basis)
    if status is NoticeStatus.TO_NOTIFY or at is None or not proven:
        return Service(None, False, None, None, basis)
    deemed = status is NoticeStatus.UNREACHABLE_PUBLISHED
    served = shanghai_day(at)
    if deemed:
        served = shanghai_day(earliest_opening(at, ruleset.days("unreachable_publicity")))
        basis = ruleset.basis("unreachable_publicity")
    opening = None
    if asset_type is AssetType.EQUITY and recipient.role is PartyRole.PREFERENTIAL:
        opening = period_end(served, ruleset.days("preferential_shareholders"), calendar).ends_at
        basis = ruleset.basis("preferential_shareholders")
    return Service(served, deemed, earliest_opening(at, wait_days(status, ruleset)), opening, basis)


def _missing(
    recipients: Sequence[NoticeRecipient], addressees: Sequence[Addressee], ruleset: Ruleset
) -> Iterable[Finding]:
    left = Counter((plain_name(each.name), each.role) for each in recipients)
    for addressee in addressees:
        key = (plain_name(addressee.name), addressee.role)
        if left[key]:
            left[key] -= 1
        else:
            yield _outstanding("notices", ruleset.basis("notify_before"), addressee, "missing")


def _repeated(
    recipients: Sequence[NoticeRecipient], addressees: Sequence[Addressee], ruleset: Ruleset
) -> Iterable[Finding]:
    """Two people may have one name: only entries beyond those of case and sheet are told, at their own row."""
    known = Counter((plain_name(each.name), each.role) for each in addressees)
    seen: dict[tuple[str, PartyRole], list[int]] = {}
    for index, recipient in enumerate(recipients):
        rows = seen.setdefault((plain_name(recipient.name), recipient.role), [])
        rows.append(index + 1)
        if len(rows) > max(1, known[plain_name(recipient.name), recipient.role]):
            facts: dict[str, int | str] = {"earlier": rows[0], "later": rows[-1]}
            named: dict[str, int | str] = {"name": recipient.name, "role": recipient.role.value}
            basis = ruleset.basis("notify_before")
            yield Finding("notice_repeated", "warning", f"notices.{index}", basis, named | facts)


def _recipient_findings(
    recipient: NoticeRecipient,
    field: str,
    asset_type: AssetType,
    moments: NoticeMoments,
    ruleset: Ruleset,
    calendar: WorkingDays,
) -> Iterable[Finding]:
    status, at, basis = recipient.status, recipient.at, ruleset.basis("notify_before")
    if status in (NoticeStatus.RECEIVED, NoticeStatus.WAIVED_WRITTEN) and not recipient.proof_file:
        named: dict[str, int | str] = {"name": recipient.name, "role": recipient.role.value, "reason": status.value}
        yield Finding("notice_proof_missing", "warning", field, ruleset.basis("receipt_must_be_proven"), named)
    if status is NoticeStatus.WAIVED_WRITTEN:
        return
    if status is NoticeStatus.TO_NOTIFY:
        yield _outstanding(field, basis, recipient, "to_notify")
        return
    if at is None:
        yield _outstanding(field, basis, recipient, "undated")
        return
    if status is NoticeStatus.SENT and not (recipient.proof or "").strip() and ruleset.flag("receipt_must_be_proven"):
        yield _outstanding(field, ruleset.basis("receipt_must_be_proven"), recipient, "receipt_unproven")
    required = wait_days(status, ruleset)
    earliest = earliest_opening(at, required)
    if moments.now < earliest:
        if status is NoticeStatus.UNREACHABLE_PUBLISHED:
            basis = ruleset.basis("unreachable_publicity")
        days = whole_days_between(at, moments.now)
        yield _outstanding(
            field, basis, recipient, "too_recent", {"required": required, "days": days, "earliest": iso(earliest)}
        )
    if asset_type is AssetType.EQUITY and recipient.role is PartyRole.PREFERENTIAL:
        yield from _shareholder_findings(recipient, at, field, moments, ruleset, calendar)
    if moments.last_ended_at and at < moments.last_ended_at:
        named = {"name": recipient.name, "role": recipient.role.value, "reason": "before_last_round"}
        yield Finding("notice_outstanding", "warning", field, ruleset.basis("notify_before"), named)


def _shareholder_findings(
    recipient: NoticeRecipient,
    at: datetime,
    field: str,
    moments: NoticeMoments,
    ruleset: Ruleset,
    calendar: WorkingDays,
) -> Iterable[Finding]:
    """Twenty days in which to take the shares; they must be over before the opening (COMP 85)."""
    noticed = shanghai_day(at)
    if recipient.status is NoticeStatus.UNREACHABLE_PUBLISHED:
        noticed = shanghai_day(earliest_opening(at, ruleset.days("unreachable_publicity")))
    end = period_end(noticed, ruleset.days("preferential_shareholders"), calendar)
    if moments.opens_at < end.ends_at:
        facts: dict[str, int | str] = {
            "required": ruleset.days("preferential_shareholders"),
            "last_day": end.last_day.isoformat(),
            "provisional": int(end.provisional),
            "earliest": iso(end.ends_at),
        }
        basis = ruleset.basis("preferential_shareholders")
        yield _outstanding(field, basis, recipient, "shareholders_time", facts)


def _outstanding(
    field: str,
    basis: Citation,
    who: Addressee | NoticeRecipient,
    reason: str,
    facts: dict[str, int | str] | None = None,
) -> Finding:
    named: dict[str, int | str] = {"name": who.name, "role": who.role.value, "reason": reason}
    return Finding("notice_outstanding", "error", field, basis, named | (facts or {}))


def plain_name(name: str) -> str:
    """A name without what differs between two ways of typing it: width and spaces."""
    return "".join(unicodedata.normalize("NFKC", name).split())

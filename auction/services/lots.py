"""Cases, lots and what has to be known of them before a round can be set: price, notices, auxiliary work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select

from ..kernel.clock import iso
from ..kernel.crypto import canonical, sha256_hex
from ..kernel.errors import Breach, DomainError, invalid
from ..kernel.unit import Unit
from ..models import Agency, Auction, Case, Lot, Notice, Party, ReferencePrice, Task
from ..queries.pricing import price_steps
from ..queries.proposals import price_of, recipient_of
from ..rules import identity
from ..rules.access import Actor, require
from ..rules.auxiliary import OTHER, task_breaches
from ..rules.calendar import shanghai_day
from ..rules.lot import LIVE, AssetType
from ..rules.place import wrong_degrees
from ..rules.pricing import with_record
from ..rules.published_holidays import published_calendar
from ..rules.published_notices import kept_notices
from ..rules.reference_price import ReferencePrice as Price
from ..rules.reference_price import entry_findings
from ..rules.ruleset import load
from .auctions import void_votes


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """A party as entered; the identity is optional and stored only as its keyed hash."""

    name: str
    role: str
    id_type: str | None = None
    id_number: str | None = None
    claim_fen: int | None = None


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """The state of notifying one person: `at` is when the status was reached, `proof` how receipt is known.

    `proof_file`: the file of the lot that proves it, never published.
    """

    name: str
    role: str
    status: str
    at: datetime | None = None
    proof: str | None = None
    proof_file: str | None = None


def create_case(
    unit: Unit, actor: Actor, number: str, parties: Sequence[PartyFacts], entered_at: datetime | None = None
) -> Case:
    """Enter a case of the actor's court; `entered_at` stands for its entry (立案), now when it is not given.

    DomainError invalid: `taken` when the number is already entered, `in_future`, `identity_invalid`.
    """
    require(actor, "case.create")
    court = _court_of(actor)
    if entered_at is not None and entered_at > unit.now:
        raise invalid("entered_on", "in_future", value=iso(entered_at))
    if unit.session.scalar(select(Case.id).where(Case.court_code == court, Case.number == number)):
        raise invalid("number", "taken", value=number)
    case = Case(id=unit.new_id(), number=number, court_code=court, entered_at=entered_at or unit.now)
    for position, party in enumerate(parties):
        case.parties.append(
            Party(
                id=unit.new_id(),
                position=position,
                name=party.name,
                role=party.role,
                id_type=party.id_type,
                id_match=_match(unit, party, f"parties.{position}.id_number"),
                claim_fen=party.claim_fen,
            )
        )
    unit.session.add(case)
    unit.record(
        "CaseEntered",
        stream="system",
        private=True,
        body={"case_id": case.id, "number": number, "court": court, "by": actor.id, "parties": len(parties)},
    )
    return case


def correct_entry(unit: Unit, actor: Actor, lot_id: str, entered_at: datetime) -> Case:
    """Correct the day of entry (立案) of a lot's case: whoever was in office since then may not bid (OJA 34).

    DomainError not_found for another court's lot, `in_future`, wrong_state while a round of any lot of the case is
    under way: who may bid in it was judged by the day as it stood.
    """
    case = lock_lot(unit, actor, lot_id).case
    if entered_at > unit.now:
        raise invalid("entered_on", "in_future", value=iso(entered_at))
    live = select(Auction.id).join(Lot, Lot.id == Auction.lot_id)
    if unit.session.scalar(live.where(Lot.case_id == case.id, Auction.status.in_(LIVE)).limit(1)):
        raise DomainError("wrong_state", status="round_live")
    told = {"entered_at": iso(entered_at), "before": iso(case.entered_at)}
    case.entered_at = entered_at
    unit.record("CaseEntryCorrected", stream="system", private=True, body={"case_id": case.id, **told, "by": actor.id})
    return case


def _court_of(actor: Actor) -> str:
    if actor.court_code is None:
        raise DomainError("forbidden")
    return actor.court_code


def _match(unit: Unit, party: PartyFacts, field: str) -> str | None:
    if party.id_type is None and party.id_number is None:
        return None
    if party.id_type is None or party.id_number is None:
        raise invalid(field, "identity_invalid")
    return unit.vault.match_key(
        party.id_type, identity.check(party.id_type, party.id_number, shanghai_day(unit.now), field)
    )


def create_lot(
    unit: Unit,
    actor: Actor,
    *,
    case_number: str,
    title: str,
    asset_type: str,
    region: str,
    address: str,
    attributes: Mapping[str, Any],
    seized_on: date | None = None,
) -> Lot:
    """Enter a lot under a case of the actor's court; `seized_on`: the day on which it was seized (REF 1).

    DomainError invalid: `unknown_case` when there is none, `degrees_invalid` for a place that is none, `in_future` for
    the day.
    """
    require(actor, "lot.create")
    court = _court_of(actor)
    if seized_on is not None and seized_on > shanghai_day(unit.now):
        raise invalid("seized_on", "in_future", value=seized_on.isoformat())
    case = unit.session.scalar(select(Case).where(Case.court_code == court, Case.number == case_number))
    if case is None:
        raise invalid("case_number", "unknown_case", value=case_number)
    if wrong := wrong_degrees(attributes):
        said = [Breach("degrees_invalid", f"attributes.{name}", facts={"most": most}) for name, most in wrong]
        raise DomainError("invalid", said)
    lot = Lot(
        id=unit.new_id(),
        case_id=case.id,
        court_code=court,
        title=title,
        asset_type=AssetType(asset_type).value,
        region=region,
        address=address,
        attributes=dict(attributes),
        seized_on=seized_on,
        sheet_version=0,
        created_at=unit.now,
        created_by=actor.id,
    )
    unit.session.add(lot)
    unit.record(
        "LotEntered",
        stream=f"lot:{lot.id}",
        body={"court": court, "asset_type": lot.asset_type, "described_sha256": described_hash(lot)},
    )
    return lot


def described_hash(lot: Lot) -> str:
    """The hash of what a lot is, and where: public from its entry on, long before any of it is.

    The id of its case, which stands in nothing public, keeps an address from being guessed.
    """
    return sha256_hex(canonical([lot.case_id, lot.title, lot.region, lot.address]))


def lock_lot(unit: Unit, actor: Actor, lot_id: str, action: str = "lot.edit") -> Lot:
    """The lot, locked, if the actor may do `action` to it; DomainError not_found otherwise."""
    lot = lock_bare(unit, lot_id)
    if lot is None:
        raise DomainError("not_found")
    require(actor, action, court=lot.court_code)
    return lot


def lock_bare(unit: Unit, lot_id: str) -> Lot | None:
    """The lot, locked, whoever acts; None where there is none. `locking` says what is locked after it."""
    return unit.session.get(Lot, lot_id, with_for_update={"key_share": True}, populate_existing=True)


def set_reference_price(
    unit: Unit,
    actor: Actor,
    lot_id: str,
    *,
    method: str,
    amount_fen: int,
    results: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, Any]],
    effective_on: date,
    valid_until: date,
) -> ReferencePrice:
    """Set or replace the reference price of a lot (REF 2-14). Votes given on older terms fall.

    DomainError invalid with everything that is wrong with the price as entered (`reference_price.entry_findings`),
    wrong_state while a round announced on it is under way. What only bars an announcement is a finding there.
    """
    lot = lock_lot(unit, actor, lot_id)
    if unit.session.scalar(select(Auction.id).where(Auction.lot_id == lot.id, Auction.status.in_(LIVE))):
        raise DomainError("wrong_state", status="round_live")
    price = unit.session.get(ReferencePrice, lot.id) or ReferencePrice(lot_id=lot.id)
    price.method, price.amount_fen = method, amount_fen
    price.results, price.steps = [dict(r) for r in results], [dict(s) for s in steps]
    price.effective_on, price.valid_until = effective_on, valid_until
    price.set_at, price.set_by = unit.now, actor.id
    _check_price(unit, lot.id, price_of(price))
    unit.session.add(price)
    void_votes(unit, lot.id)
    unit.record(
        "ReferencePriceSet",
        stream=f"lot:{lot.id}",
        body={
            "method": method,
            "amount_fen": amount_fen,
            "effective_on": effective_on.isoformat(),
            "valid_until": valid_until.isoformat(),
        },
    )
    return price


def _check_price(unit: Unit, lot_id: str, entered: Price) -> None:
    """By the same days as at the announcement: also those recorded one by one say what came too late."""
    ruleset = load(unit.settings.ruleset)
    calendar = published_calendar(ruleset)
    known = with_record(entered, price_steps(unit.session, [lot_id]).get(lot_id, []), ruleset, calendar)
    found = entry_findings(replace(known, results=entered.results), ruleset, calendar)
    wrong = [finding.breach() for finding in found]
    if wrong:
        fields = [(each.field or "").removeprefix("reference_price.") for each in wrong]
        raise DomainError("invalid", [replace(each, field=field) for each, field in zip(wrong, fields, strict=True)])


def put_notices(unit: Unit, actor: Actor, lot_id: str, recipients: Sequence[NoticeFacts]) -> list[Notice]:
    """Replace the list of who was notified how and when (OJA 16). A time in the future is refused.

    While a round is announced or under way the list is public: DomainError invalid as the rule `kept_notices`.
    """
    lot = lock_lot(unit, actor, lot_id)
    late = [
        Breach("in_future", f"recipients.{n}.at", facts={"value": iso(r.at)})
        for n, r in enumerate(recipients)
        if r.at is not None and r.at > unit.now
    ]
    if late:
        raise DomainError("invalid", late)
    rows = [
        Notice(
            lot_id=lot.id,
            position=n,
            name=r.name,
            role=r.role,
            status=r.status,
            at=r.at,
            proof=r.proof,
            proof_file=r.proof_file,
        )
        for n, r in enumerate(recipients)
    ]
    if unit.session.scalar(select(Auction.id).where(Auction.lot_id == lot.id, Auction.status.in_(LIVE)).limit(1)):
        published = unit.session.scalars(select(Notice).where(Notice.lot_id == lot.id).order_by(Notice.position))
        back = kept_notices([recipient_of(row) for row in published], [recipient_of(row) for row in rows])
        if back:
            raise DomainError("invalid", back)
    unit.session.execute(delete(Notice).where(Notice.lot_id == lot.id))
    unit.session.add_all(rows)
    unit.record(
        "NoticesRecorded",
        stream=f"lot:{lot.id}",
        private=True,
        body={
            "by": actor.id,
            "recipients": [{"role": r.role, "status": r.status} for r in recipients],
            "rows_sha256": notices_hash(rows),
        },
    )
    return rows


def notices_hash(rows: Sequence[Notice]) -> str:
    """The hash of a list of notices, which its private entry carries: names and proofs are not to be told twice."""
    told = [[n.name, n.role, n.status, iso(n.at) if n.at else None, n.proof, n.proof_file] for n in rows]
    return sha256_hex(canonical(told))


def create_task(
    unit: Unit, actor: Actor, lot_id: str, *, agency: str, kind: str, due_at: datetime, description: str | None = None
) -> Task:
    """Give auxiliary work on a lot to an agency (OJA 7); from then on it may not bid there (OJA 34).

    `kind` is one of the law's list; `other` needs a description and a judge. DomainError not_found, invalid
    (`not_delegable`, `judge_signs`, `unknown_agency`, `too_early` for a day that is over).
    """
    lot = lock_lot(unit, actor, lot_id)
    described = (description or "").strip() or None
    if wrong := task_breaches(kind, described, by_judge=actor.role == "judge"):
        raise DomainError("invalid", wrong)
    if unit.session.get(Agency, agency) is None:
        raise invalid("agency", "unknown_agency", value=agency)
    if due_at <= unit.now:
        raise invalid("due_at", "too_early", earliest=iso(unit.now))
    task = Task(
        id=unit.new_id(),
        lot_id=lot.id,
        agency_uscc=agency,
        kind=kind,
        due_at=due_at,
        created_at=unit.now,
        description=described,
        signed_by=actor.id if kind == OTHER else None,
    )
    unit.session.add(task)
    body = {"agency": agency, "kind": kind, "due_at": iso(due_at), "description": described, "by_role": actor.role}
    unit.record("TaskGiven", stream=f"lot:{lot.id}", body=body)
    return task

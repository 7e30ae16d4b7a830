"""What an agency found out: kept as it was sent, and taken over into the sheet, part by part, by a judge alone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auction.kernel.errors import Breach, DomainError
from auction.kernel.unit import Unit
from auction.models import Agency, Lot, Task
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from auction.rules.findings import errors
from auction.services.auctions import void_votes

from ..models import PartDecision, ReportPart, TaskReport
from ..queries.sheets import catalogue_of, files
from ..rules.catalogue import Catalogue, Item
from ..rules.entry import check_item
from ..rules.tasks import FILES, may_report
from .items import Written, put_item
from .task_locks import lock_open_task, lock_task


def report(
    unit: Unit,
    actor: Actor,
    task_id: str,
    *,
    items: Sequence[Mapping[str, Any]],
    files: Sequence[str] = (),
    note: str = "",
) -> TaskReport:
    """Report on a task: items of the lot's sheet (`code` beside what `put_item` takes), and files of the whole lot.

    The sheet does not change by it. DomainError not_found, wrong_state/task_over, or invalid with every wrong field as
    `items.N.field`; `not_delegable` for an item that is the court's own, or that a task of this kind does not find out.
    """
    task = lock_open_task(unit, actor, task_id, "task.report")
    lot = unit.session.get_one(Lot, task.lot_id)
    wrong = [*_breaches(unit, task, catalogue_of(unit.session, lot), items, files)]
    if wrong:
        raise DomainError("invalid", wrong)
    sent = TaskReport(id=unit.new_id(), task_id=task.id, note=note, at=unit.now, by=actor.id)
    unit.session.add(sent)
    unit.session.flush()
    parts = [(str(item["code"]), {name: value for name, value in item.items() if name != "code"}) for item in items]
    if files:
        parts.append((FILES, {"attachments": list(files)}))
    unit.session.add_all(
        ReportPart(report_id=sent.id, code=code, position=position, facts=facts)
        for position, (code, facts) in enumerate(parts)
    )
    unit.record(
        "TaskReported",
        stream=f"lot:{lot.id}",
        private=True,
        body={
            "task_id": task.id,
            "report_id": sent.id,
            "agency": task.agency_uscc,
            "parts": [code for code, _ in parts],
            "by": actor.id,
        },
    )
    return sent


def _breaches(
    unit: Unit, task: Task, catalogue: Catalogue, items: Sequence[Mapping[str, Any]], sent: Sequence[str]
) -> Iterator[Breach]:
    known = {file.id for file in files(unit.session, task.lot_id)}
    today, seen = shanghai_day(unit.now), set[str]()
    if not items and not sent:
        yield Breach("required", "items")
    for number, payload in enumerate(items):
        code = str(payload["code"])
        item = catalogue.find(code)
        if item is None or code in seen:
            yield Breach("duplicate" if item else "unknown_item", f"items.{number}.code", facts={"value": code[:64]})
            continue
        seen.add(code)
        if not may_report(item, task.kind):
            yield _not_delegable(item, f"items.{number}.code")
            continue
        facts = {name: value for name, value in payload.items() if name != "code"}
        found = errors(check_item(item, facts, today))
        for finding in found:
            yield Breach(finding.code, f"items.{number}.{finding.field}", finding.basis, finding.facts)
        if not found:
            yield from _unknown(facts.get("attachments", ()), known, f"items.{number}.attachments")
    yield from _unknown(sent, known, "files")


def _not_delegable(item: Item, path: str) -> Breach:
    return Breach("not_delegable", path, facts={"reason": "item", "title": item.title, "title_en": item.title_en})


def _unknown(ids: Sequence[str], known: set[str], path: str) -> Iterator[Breach]:
    for number, file_id in enumerate(ids):
        if file_id not in known:
            yield Breach("unknown_attachment", f"{path}.{number}", facts={"value": file_id[:64]})


def accept_part(unit: Unit, actor: Actor, report_id: str, code: str) -> Written | None:
    """Take a part of a report over. An item is written into the sheet as reported, the agency as its checker.

    Answers the item as written; None for files, which from then on count as the lot's own. DomainError not_found,
    wrong_state/part_decided, invalid (`not_delegable`) for what no such task finds out, and whatever
    `put_item` refuses.
    """
    task, part = _open_part(unit, actor, report_id, code)
    written = None
    if code == FILES:
        void_votes(unit, task.lot_id)
    else:
        lot = unit.session.get_one(Lot, task.lot_id)
        item = catalogue_of(unit.session, lot).item(code)
        if not may_report(item, task.kind):
            raise DomainError("invalid", [_not_delegable(item, "code")])
        agency = unit.session.get_one(Agency, task.agency_uscc)
        written = put_item(unit, actor, task.lot_id, code, part.facts, checker=agency.name)
    _decide(unit, actor, task, part, accepted=True, reason="")
    return written


def refuse_part(unit: Unit, actor: Actor, report_id: str, code: str, *, reason: str) -> None:
    """Refuse a part of a report, with the reason its agency reads. DomainError not_found, wrong_state/part_decided."""
    task, part = _open_part(unit, actor, report_id, code)
    _decide(unit, actor, task, part, accepted=False, reason=reason)


def _open_part(unit: Unit, actor: Actor, report_id: str, code: str) -> tuple[Task, ReportPart]:
    sent = unit.session.get(TaskReport, report_id)
    if sent is None:
        raise DomainError("not_found")
    task = lock_task(unit, actor, sent.task_id, "report.decide")
    part = unit.session.get(ReportPart, (report_id, code))
    if part is None:
        raise DomainError("not_found")
    if unit.session.get(PartDecision, (report_id, code)) is not None:
        raise DomainError("wrong_state", reason="part_decided")
    return task, part


def _decide(unit: Unit, actor: Actor, task: Task, part: ReportPart, *, accepted: bool, reason: str) -> None:
    row = {"report_id": part.report_id, "code": part.code, "accepted": accepted, "reason": reason}
    unit.session.add(PartDecision(**row, at=unit.now, by=actor.id))
    unit.record(
        "ReportPartAccepted" if accepted else "ReportPartRefused",
        stream=f"lot:{task.lot_id}",
        private=True,
        body={"task_id": task.id, "agency": task.agency_uscc, **row, "by": actor.id},
    )

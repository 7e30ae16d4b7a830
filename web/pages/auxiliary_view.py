"""Auxiliary work on the pages: tasks and reports, viewings, questions, records, with words and moments for readers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from auction.kernel.clock import parse
from auction.rules.access import Actor, decide
from auction.rules.lot import LIVE
from bidding.queries.court import LotDesk, agencies
from bidding.queries.questions import questions_of, to_answer, unanswered
from bidding.queries.tasks import reports_of, tasks_of_lot
from bidding.queries.viewings import own_bookings, viewings_of, visitors
from disclosure.models import Answer, HeldAnswer
from disclosure.queries.findings import viewing_overlaps
from disclosure.queries.sheets import FileFacts, catalogue_of, files, held_of, is_on_sale, lot_named, works_on
from disclosure.rules.catalogue import Catalogue
from disclosure.rules.tasks import FILES

from .. import errors
from ..auth import me
from . import labels, lot_view
from .language import _, language

#: How a task, part, viewing or booking is coloured.
_TONES = {
    "open": "acc",
    "done": "ok",
    "cancelled": "",
    "waiting": "warn",
    "accepted": "ok",
    "refused": "stop",
    "full": "warn",
    "over": "",
    "booked": "ok",
    "called_off": "stop",
    "answered": "ok",
}


def timed(told: Mapping[str, Any]) -> dict[str, Any]:
    """A resource with its times as moments, and the tone of its status."""
    moments = {name: parse(value) for name, value in told.items() if name.endswith("at") and isinstance(value, str)}
    status = str(told.get("status") or told.get("decision") or "")
    return {**told, **moments, "tone": "stop" if told.get("late") and status != "done" else _TONES.get(status, "")}


def kind_of(told: Mapping[str, Any]) -> str:
    """What a task is called: its kind, and of other work what it is."""
    return str(told["description"] or labels.TASK_KIND[told["kind"]])


def task_view(told: Mapping[str, Any]) -> dict[str, Any]:
    """A task with the words for where it stands."""
    late = _("已逾期") if told["status"] == "open" else _("逾期完成")
    in_time = _("按期完成") if told["status"] == "done" else str(labels.TASK_STATUS[told["status"]])
    return {**timed(told), "kind_name": kind_of(told), "standing": late if told["late"] else in_time}


def report_views(
    reports: Sequence[Mapping[str, Any]], catalogue: Catalogue, lot_id: str, known: Sequence[FileFacts]
) -> list[dict[str, Any]]:
    """Reports with their parts in words."""
    by_id = {file.id: file for file in known}
    return [
        {**timed(one), "parts": [_part_view(part, catalogue, lot_id, by_id) for part in one["parts"]]}
        for one in reports
    ]


def _part_view(
    part: Mapping[str, Any], catalogue: Catalogue, lot_id: str, known: Mapping[str, FileFacts]
) -> dict[str, Any]:
    facts, item = part["facts"], catalogue.find(part["code"])
    data = facts.get("data") or {}
    fields = [(spec, data.get(spec.name)) for spec in item.fields] if item else []
    attached = [known[each] for each in facts.get("attachments") or () if each in known]
    return {
        **timed(part),
        "title": lot_view.in_language(item) if item else _("照片和其他文件"),
        "is_item": part["code"] != FILES,
        "state": labels.ITEM_STATE.get(facts.get("state") or "", ""),
        "statement": facts.get("statement") or "",
        "source": facts.get("source") or "",
        "checked_on": facts.get("checked_on") or "",
        "data": [
            (lot_view.field_title(spec), lot_view.field_text(spec, value))
            for spec, value in fields
            if value not in (None, "")
        ],
        "files": [lot_view.file_view(lot_id, file) for file in attached],
    }


def question_views(found: Sequence[Mapping[str, Any]], catalogue: Catalogue) -> list[dict[str, Any]]:
    """Questions with their answers, the latest first, and the items they have to do with."""

    def answer(told: Mapping[str, Any]) -> dict[str, Any]:
        item = catalogue.find(told["item"]) if told["item"] else None
        return {**timed(told), "item_title": lot_view.in_language(item) if item else ""}

    def change(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
        item = catalogue.find(told["item"]) if told else None
        return None if told is None else {**told, "item_title": lot_view.in_language(item) if item else told["item"]}

    return [
        {
            **timed(one),
            "answers": [answer(told) for told in reversed(one["answers"])],
            "sheet_change": change(one["sheet_change"]),
        }
        for one in found
    ]


def answer_said(given: Answer | HeldAnswer) -> str:
    """What whoever answered is told became of it."""
    if isinstance(given, HeldAnswer):
        return _("答复属于调查情况表，已留存：情况表变更公布时一并公开，此前不公开。")
    return _("答复已公开。")


def fact_form(desk: LotDesk, code: str, question_id: str) -> str:
    """Where a fact told in an answer is put into the sheet: by a change of the round under way, else in the sheet.

    Who may not publish drafts whatever it is.
    """
    live, item = next((one.id for one in desk.auctions if one.status in LIVE), None), desk.catalogue.find(code)
    publishes = decide(me(), "sheet.publish", court=desk.lot.court_code) is None
    if live is not None and item is not None and (item.material or not publishes):
        return url_for("desk.draft_item", auction_id=live, code=code, question=question_id)
    return url_for("desk.item", lot_id=desk.lot.id, code=code, question=question_id)


def with_fact(session: Session, lot_id: str, code: str, question_id: str | None) -> str:
    """The text of an answer that is held for an item of a lot; empty where there is none."""
    held = held_of(session, [question_id]).get(question_id) if question_id else None
    return held.answer if held is not None and (held.lot_id, held.item) == (lot_id, code) else ""


def viewing_views(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Viewings as they are listed."""
    return [timed(one) for one in found]


def item_choices(catalogue: Catalogue) -> list[tuple[str, str]]:
    """The items of a sheet, for a choice."""
    return [(item.code, lot_view.in_language(item)) for item in catalogue.items]


def of_lot(session: Session, lot_id: str, actor: Actor | None, now: datetime) -> dict[str, Any]:
    """What the page of a lot tells of viewings and questions, and what the reader may do there."""
    catalogue = catalogue_of(session, lot_named(session, lot_id))
    person = actor.person_id if actor else None
    booked = own_bookings(session, person, now, lot_id) if person else []
    return {
        "viewings": viewing_views(viewings_of(session, lot_id, now)),
        "booking": next((timed(one) for one in booked if one["status"] == "booked"), None),
        "questions": question_views(questions_of(session, actor, lot_id, now), catalogue),
        "unanswered": unanswered(session, lot_id),
        "open": is_on_sale(session, lot_id, now),
        "may_take_part": actor is None or decide(actor, "question.ask") is None,
        "signed_in": actor is not None,
        "answers_at": _desk_of(session, actor, lot_id),
    }


def _desk_of(session: Session, actor: Actor | None, lot_id: str) -> str | None:
    """Where whoever has to answer does so."""
    if actor is not None and actor.role == "agency" and works_on(session, actor.agency_uscc, lot_id):
        return url_for("agency.show")
    return None


def of_desk(session: Session, actor: Actor, desk: LotDesk, now: datetime) -> dict[str, Any]:
    """The auxiliary work on a lot, for its court: tasks with their reports, viewings with codes, questions."""
    lot_id, catalogue, known = desk.lot.id, desk.catalogue, files(session, desk.lot.id)
    found = tasks_of_lot(session, lot_id, now)
    reports = reports_of(session, [task["id"] for task in found])
    shown = viewing_views(viewings_of(session, lot_id, now))
    return {
        "tasks": [
            {**task_view(task), "reports": report_views(reports.get(task["id"], ()), catalogue, lot_id, known)}
            for task in found
        ],
        "waiting": sum(task["waiting"] for task in found),
        "viewings": [{**one, "codes": _codes(session, actor, one["id"])} for one in shown],
        "overlaps": [
            errors.sentence(one.code, one.facts, language()) for one in viewing_overlaps(session, lot_id, now)
        ],
        "questions": [
            {**one, "fact_form": fact_form(desk, one["held"]["item"], one["id"]) if one["held"] else ""}
            for one in question_views(questions_of(session, actor, lot_id, now), catalogue)
        ],
        "items": item_choices(catalogue),
        "agencies": [(agency.uscc, agency.name) for agency in agencies(session)],
    }


def _codes(session: Session, actor: Actor, viewing_id: str) -> list[str] | None:
    """The codes of those who come; None for whoever only reads the desk."""
    if decide(actor, "viewing.offer") is not None:
        return None
    return [one["code"] for one in visitors(session, actor, viewing_id)]


def waiting_questions(session: Session, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """The questions the actor's court or agency has to answer, the most urgent first."""
    return [
        question_views([one], catalogue_of(session, lot_named(session, one["lot_id"])))[0]
        for one in to_answer(session, actor, now)
    ]


def record_view(record: Mapping[str, Any]) -> dict[str, Any]:
    """An agency's record as figures with their names: `(name, number, tone)`."""
    return {
        **record,
        "figures": [
            (_("按期完成"), record["done_in_time"], "grn"),
            (_("逾期完成"), record["done_late"], "amb"),
            (_("逾期未完成"), record["open_late"], "red"),
            (_("法院评价"), "—" if record["rating"] is None else record["rating"], ""),
        ],
        "rows": [
            (_("受托任务"), record["given"]),
            (_("进行中"), record["open"]),
            (_("法院代为办结（不计入按期）"), record["done_by_court"]),
            (_("法院取消"), record["cancelled"]),
            (_("报告事项被采纳"), record["items_accepted"]),
            (_("报告事项被退回"), record["items_refused"]),
            (_("报告事项待处理"), record["items_waiting"]),
            (_("按期答复的提问"), record["answered_in_time"]),
            (_("逾期答复的提问"), record["answered_late"]),
            (_("已举行的看样"), record["viewings_held"]),
            (_("待举行的看样"), record["viewings_ahead"]),
            (_("取消的看样"), record["viewings_cancelled"]),
        ],
        "rated": [{**timed(one), "kind_name": kind_of(one)} for one in record["rated"]],
    }

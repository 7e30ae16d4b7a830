"""An agency's desk: its tasks with the item forms of the catalogue, its viewings, the questions it may answer.

Answers for: leading through what is to be found out, and showing what the court made of it.
Does not answer for: the sheet, which only the court changes.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for
from sqlalchemy.orm import Session

from auction.kernel.errors import Breach, DomainError
from auction.models import Lot
from auction.rules.calendar import shanghai_day
from bidding.queries.tasks import task_resource, tasks_page
from bidding.queries.viewings import viewings_of, visitors
from disclosure.queries.sheets import FileFacts, catalogue_of, files, working_sheet
from disclosure.rules.catalogue import Catalogue, Item
from disclosure.rules.sheet import Sheet
from disclosure.rules.tasks import may_report
from disclosure.services import reports, tasks, viewings
from disclosure.services.attachments import clean_lot_file, put_file
from disclosure.services.questions import answer_question, merge_question

from ..auth import house, me, policy
from ..schemas.questions import MergeIn, QuestionAnswerIn
from ..schemas.tasks import CompletionIn, ReportIn, TaskReasonIn
from ..schemas.viewings import ViewingIn
from . import auxiliary_view, forms, item_form, lot_view
from .desk.court import attempt
from .forms import Entry
from .language import _

blueprint = Blueprint("agency", __name__, url_prefix="/agency")

_VIEWING = {"starts_at": forms.moment, "ends_at": forms.moment, "places": forms.whole}
#: Tasks on one page; more are a matter for the interface.
_MOST = 200


@blueprint.get("/")
@policy("agency.desk")
def show() -> str:
    """Tasks, open ones first, and the questions that wait."""
    return _desk(Entry(), "")


def _desk(form: Entry, at: str) -> str:
    """The desk; `at` is the question whose answer was refused."""
    wired, now = house(), house().now()
    found, total = wired.read(tasks_page, me(), now, page_size=_MOST)
    waiting = wired.read(auxiliary_view.waiting_questions, me(), now)
    return render_template(
        "agency/desk.html",
        now=now,
        tasks=[auxiliary_view.task_view(task) for task in found],
        total=total,
        questions=[{**one, "items": wired.read(_items_of, one["lot_id"])} for one in waiting],
        form=form,
        empty=Entry(),
        at=at,
        uscc=me().agency_uscc,
    )


def _items_of(session: Session, lot_id: str) -> list[tuple[str, str]]:
    return auxiliary_view.item_choices(catalogue_of(session, session.get_one(Lot, lot_id)))


@blueprint.post("/questions/<question_id>/answer")
@policy("agency.desk")
def answer(question_id: str) -> Any:
    """Answer a question: published at once, or with the change of the sheet."""
    payload, wrong = forms.read(dict.fromkeys(("answer", "tells", "item", "reason"), forms.text))
    return attempt(
        lambda: house().perform(answer_question, me(), question_id, **forms.load(QuestionAnswerIn(), payload, wrong)),
        lambda form: _desk(form, question_id),
        ("answer", "tells", "item", "reason"),
        lambda _done: url_for("agency.show", _anchor="questions"),
        auxiliary_view.answer_said,
    )


@blueprint.post("/questions/<question_id>/merge")
@policy("agency.desk")
def merge(question_id: str) -> Any:
    """Mark a question as asking what another one asks."""
    payload, wrong = forms.read({"into": forms.text})
    return attempt(
        lambda: house().perform(merge_question, me(), question_id, **forms.load(MergeIn(), payload, wrong)),
        lambda form: _desk(form, question_id),
        ("into",),
        lambda _done: url_for("agency.show", _anchor="questions"),
        _("已并入，一并答复。"),
    )


@blueprint.get("/tasks/<task_id>")
@policy("agency.desk")
def task(task_id: str) -> str:
    """One task: what to find out, what was reported, viewings."""
    return _task(task_id, Entry(), "")


def _of(session: Session, lot_id: str) -> tuple[Lot, Catalogue, Sheet, tuple[FileFacts, ...]]:
    lot = session.get_one(Lot, lot_id)
    return (
        lot,
        catalogue_of(session, lot),
        working_sheet(session, lot_id),
        files(session, lot_id),
    )


def _task(task_id: str, form: Entry, section: str) -> str:
    """The page of a task; `section` is the form that was refused."""
    wired, now = house(), house().now()
    told = wired.read(task_resource, me(), task_id, now)
    lot, catalogue, sheet, known = wired.read(_of, told["lot_id"])
    may_read = told["status"] != "cancelled"
    asked = catalogue.items if may_read else ()
    sent = {part["code"]: part["decision"] for report in told["reports"] for part in report["parts"]}
    shown = wired.read(viewings_of, lot.id, now)
    return render_template(
        "agency/task.html",
        now=now,
        task=auxiliary_view.task_view(told),
        lot=lot,
        items=[_row(item, sheet, sent) for item in asked if may_report(item, told["kind"])],
        reports=auxiliary_view.report_views(told["reports"], catalogue, lot.id, known if may_read else ()),
        files=[lot_view.file_view(lot.id, file) for file in known] if may_read else [],
        viewings=[{**auxiliary_view.timed(one), "codes": _codes(one["id"])} for one in shown],
        form=form,
        empty=Entry(),
        section=section,
    )


def _codes(viewing_id: str) -> list[str] | None:
    """The codes of the visitors; None for a viewing that another agency offered."""
    try:
        return [one["code"] for one in house().read(visitors, me(), viewing_id)]
    except DomainError:
        return None


def _row(item: Item, sheet: Sheet, sent: dict[str, str]) -> dict[str, Any]:
    facts = sheet.get(item.code)
    return {
        "code": item.code,
        "title": lot_view.in_language(item),
        "required": item.required,
        "state": facts.state if facts else "missing",
        "statement": facts.statement if facts else "",
        "reported": sent.get(item.code),
    }


@blueprint.get("/tasks/<task_id>/items/<code>")
@policy("agency.desk")
def item(task_id: str, code: str) -> str:
    """The form of one item, as the sheet has it now."""
    found = _open(task_id)
    _lot, catalogue, sheet, _files = found
    wanted = catalogue.item(code)
    return _item_page(task_id, wanted, item_form.entry_of(sheet.get(code), shanghai_day(house().now())))


def _open(task_id: str) -> tuple[Lot, Catalogue, Sheet, tuple[FileFacts, ...]]:
    """What a task is about; DomainError not_found for another agency's, wrong_state once it has ended."""
    told = house().read(task_resource, me(), task_id, house().now())
    if told["status"] != "open":
        raise DomainError("wrong_state", reason="task_over")
    return house().read(_of, told["lot_id"])


def _item_page(task_id: str, wanted: Item, form: Entry) -> str:
    lot, catalogue, sheet, known = _open(task_id)
    following = _next(task_id, catalogue, sheet, wanted.code)
    return render_template(
        "agency/item.html",
        lot=lot,
        task_id=task_id,
        form=form,
        item=item_form.item_view(wanted),
        files=[lot_view.file_view(lot.id, file) for file in known],
        example=item_form.example_view(wanted),
        following={"title": lot_view.in_language(following)} if following else None,
    )


def _next(task_id: str, catalogue: Catalogue, sheet: Sheet, code: str) -> Item | None:
    """The next item that is neither in the sheet nor reported."""
    told = house().read(task_resource, me(), task_id, house().now())
    sent = {part["code"] for report in told["reports"] for part in report["parts"]}
    mine = (each for each in catalogue.items if may_report(each, told["kind"]))
    open_items = {each.code for each in mine if sheet.get(each.code) is None} - sent - {code}
    return item_form.next_of(catalogue, code, open_items)


@blueprint.post("/tasks/<task_id>/items/<code>")
@policy("task.report")
def send_item(task_id: str, code: str) -> Any:
    """Report one item; then the task, or the next item nobody has looked at."""
    _lot, catalogue, sheet, _files = _open(task_id)
    wanted = catalogue.item(code)
    payload, wrong = item_form.payload_of(wanted)

    def act() -> Any:
        if wrong:
            raise DomainError("invalid", wrong)
        try:
            return house().perform(reports.report, me(), task_id, items=[{"code": code, **payload}])
        except DomainError as error:
            raise _unnumbered(error) from error

    def after(_sent: Any) -> str:
        following = _next(task_id, catalogue, sheet, code) if request.form.get("then") == "next" else None
        if following is not None:
            return url_for("agency.item", task_id=task_id, code=following.code)
        return url_for("agency.task", task_id=task_id, _anchor="items")

    fields = item_form.field_names(wanted)
    return attempt(act, lambda form: _item_page(task_id, wanted, form), fields, after, _("已报告，待法院处理。"))


@blueprint.post("/tasks/<task_id>/items/<code>/findings")
@policy("task.report")
def item_findings(task_id: str, code: str) -> str:
    """What the linter finds in an item while it is typed. Nothing is stored."""
    _lot, catalogue, sheet, known = _open(task_id)
    today = shanghai_day(house().now())
    return item_form.findings_typed(sheet, catalogue, catalogue.item(code), known, me().name, today)


def _unnumbered(error: DomainError) -> DomainError:
    """The refusal of a report of one item, its fields named as on the form of that item."""
    breaches = [
        Breach(one.code, (one.field or "").removeprefix("items.0."), one.basis, one.facts) for one in error.errors
    ]
    return DomainError(error.code, breaches, basis=error.basis, **error.facts)


def _attempt(task_id: str, section: str, act: Callable[[], Any], fields: tuple[str, ...], said: str) -> Any:
    return attempt(
        act,
        lambda form: _task(task_id, form, section),
        fields,
        lambda _done: url_for("agency.task", task_id=task_id, _anchor=section),
        said,
    )


@blueprint.post("/tasks/<task_id>/files")
@policy("task.report")
def add_file(task_id: str) -> Any:
    """Keep a file of the lot."""
    sent = request.files.get("file")

    def act() -> Any:
        if sent is None or not sent.filename:
            raise DomainError("invalid", [Breach("required", "file")])
        lot = _open(task_id)[0]
        beside = current_app.extensions["beside"]
        clean = beside(clean_lot_file, sent.read(), sent.filename, sent.mimetype or "")
        return house().perform(put_file, me(), lot.id, clean)

    return _attempt(task_id, "files", act, ("file",), _("文件已保存；随报告提交后由法院决定是否采用。"))


@blueprint.post("/tasks/<task_id>/file-report")
@policy("task.report")
def send_files(task_id: str) -> Any:
    """Report photos and other files of the lot as a whole."""
    payload, wrong = forms.read({"note": forms.text})
    payload["files"] = request.form.getlist("files")
    return _attempt(
        task_id,
        "files",
        lambda: house().perform(reports.report, me(), task_id, **forms.load(ReportIn(), payload, wrong)),
        ("files", "note"),
        _("已报告，待法院处理。"),
    )


@blueprint.post("/tasks/<task_id>/viewings")
@policy("viewing.offer")
def offer(task_id: str) -> Any:
    """Offer a time at which the lot is shown."""
    payload, wrong = forms.read(_VIEWING)
    return _attempt(
        task_id,
        "viewings",
        lambda: house().perform(viewings.offer_viewing, me(), task_id, **forms.load(ViewingIn(), payload, wrong)),
        tuple(_VIEWING),
        _("看样已安排。"),
    )


@blueprint.post("/tasks/<task_id>/viewings/<slot>/cancellation")
@policy("viewing.offer")
def call_off(task_id: str, slot: str) -> Any:
    """Call a viewing off."""
    payload, wrong = forms.read({"reason": forms.text})
    return _attempt(
        task_id,
        "viewings",
        lambda: house().perform(viewings.cancel_viewing, me(), slot, **forms.load(TaskReasonIn(), payload, wrong)),
        (),
        _("看样已取消。"),
    )


@blueprint.post("/tasks/<task_id>/completion")
@policy("task.finish")
def complete(task_id: str) -> Any:
    """Say that the work is done."""
    payload, wrong = forms.read({"note": forms.text})
    return _attempt(
        task_id,
        "completion",
        lambda: house().perform(tasks.finish_task, me(), task_id, **forms.load(CompletionIn(), payload, wrong)),
        ("note",),
        _("任务已标记为完成。"),
    )

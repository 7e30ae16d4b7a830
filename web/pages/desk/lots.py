"""Cases and lots: entering them, their reference price, notices and files."""

from collections.abc import Callable
from typing import Any

from flask import current_app, render_template, request, url_for

from auction.kernel.errors import Breach, DomainError
from auction.queries.proposals import recipient_of
from auction.rules.access import decide
from auction.rules.findings import Finding
from auction.rules.lot import LIVE, PRIVATE, AssetType
from auction.rules.notices import service_of
from auction.rules.place import DEGREES
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import load
from auction.services import lots as services
from bidding.queries.court import LotDesk, cases
from bidding.queries.kept import Part, notices_tag, price_tag
from bidding.services.made_from import unless_changed
from disclosure.queries.clearance import ClearanceReading, read_clearance
from disclosure.rules.sheet import is_asked
from disclosure.services.attachments import clean_lot_file, put_file
from disclosure.services.clearance import put_plan as write_plan
from disclosure.services.notices import put_notices as record_notices
from risk.services.valuation import set_reference_price

from ... import errors
from ...auth import house, me, policy
from ...schemas.cases import CaseEntryIn, CaseIn, LotIn, NoticesIn, ReferencePriceIn
from ...schemas.risk import ClearancePlanIn
from .. import auxiliary_view, clearance_view, forms, labels, lot_view, valuation_view
from ..forms import Entry
from ..language import _, language
from ..stale import MADE_FROM, Stale, made_from, stale
from .court import attempt, blueprint, lot_of, way_to
from .letters import letter_links, printing_views
from .pricing import led, proposed

_PARTY = {
    "name": forms.text,
    "role": forms.text,
    "id_type": forms.text,
    "id_number": forms.text,
    "claim_fen": forms.money,
}
_LOT = dict.fromkeys(("case_number", "title", "asset_type", "region", "address", "seized_on"), forms.text)
_PLACE = dict.fromkeys(DEGREES, forms.number)
_PRICE = {"method": forms.text, "amount_fen": forms.money, "effective_on": forms.text, "valid_until": forms.text}
_RESULT = {"source": forms.text, "amount_fen": forms.money, "reported_on": forms.text}
_STEP = {"code": forms.text, "on": forms.text, "detail": forms.text}
_RECIPIENT = {
    "name": forms.text,
    "role": forms.text,
    "status": forms.text,
    "at": forms.moment,
    "proof": forms.text,
    "proof_file": forms.text,
}
#: Rows a form offers beyond those already filled.
_SPARE = 2


@blueprint.get("/cases/new")
@policy("case.create")
def new_case() -> str:
    """The form of a case."""
    return _case_page(Entry({"parties.0.role": "applicant", "parties.1.role": "debtor"}))


def _case_page(form: Entry, rows: int = 4) -> str:
    return render_template("desk/case.html", form=form, rows=max(rows, len(forms.indexes("parties"))))


@blueprint.post("/cases/new")
@policy("case.create")
def create_case() -> Any:
    """Enter a case with its parties; `more` enters nothing and offers further rows beside what was typed."""
    if "more" in request.form:
        return _case_page(Entry(request.form.to_dict()), len(forms.indexes("parties")) + _SPARE)
    payload, wrong = forms.read({"number": forms.text, "entered_on": forms.text})
    parties, unreadable = forms.rows("parties", _PARTY)

    def act() -> Any:
        data = forms.load(CaseIn(), {**payload, "parties": parties}, [*wrong, *unreadable])
        return house().perform(services.create_case, me(), **data)

    return attempt(
        act,
        _case_page,
        ("number", "entered_on", "parties"),
        lambda case: url_for("desk.new_lot", case=case.number),
        _("案件已录入，请录入标的。"),
    )


@blueprint.get("/lots/new")
@policy("lot.create")
def new_lot() -> str:
    """The form of a lot."""
    return _newlot_page(Entry({"case_number": request.args.get("case", "")}))


def _newlot_page(form: Entry) -> str:
    known = house().read(cases, me().court_code or "")
    return render_template("desk/new_lot.html", form=form, cases=[(case.number, case.number) for case in known])


@blueprint.post("/lots/new")
@policy("lot.create")
def create_lot() -> Any:
    """Enter a lot under a case of the court."""
    payload, wrong = forms.read(_LOT)
    attributes, unreadable = forms.read(_PLACE, "attributes.")

    def act() -> Any:
        data = forms.load(LotIn(), {**payload, "attributes": attributes}, [*wrong, *unreadable])
        return house().perform(services.create_lot, me(), **data)

    return attempt(
        act,
        _newlot_page,
        (*_LOT, *(f"attributes.{name}" for name in _PLACE)),
        lambda lot: url_for("desk.lot", lot_id=lot.id),
        _("标的已录入，请定参考价并填调查情况表。"),
    )


@blueprint.get("/lots/<lot_id>")
@policy("lot.read_draft")
def lot(lot_id: str) -> str:
    """A lot as its court works on it."""
    return lot_page(lot_of(lot_id), Entry())


def lot_page(desk: LotDesk, form: Entry, section: str = "") -> str:
    """The page; `form` is the one that was refused, if any, and `section` which of its forms that was."""
    now, pricing = house().now(), led(desk)
    filled = len(desk.notices) or len(desk.case.parties)
    return render_template(
        "desk/lot.html",
        lot=desk.lot,
        case=desk.case,
        entry_form=form if section == "entry" else Entry(),
        form=form,
        auctions=[lot_view.round_view(auction, now) for auction in desk.auctions],
        may_edit=decide(me(), "lot.edit", court=desk.lot.court_code) is None,
        may_take_over=decide(me(), "report.decide", court=desk.lot.court_code) is None,
        may_draft=decide(me(), "auction.create", court=desk.lot.court_code) is None
        and not any(auction.status in LIVE for auction in desk.auctions),
        next_step=_next_step(desk),
        gaps=[gap_view(desk, gap) for gap in desk.gaps],
        items=_items(desk),
        price_form=form if section == "price" else _price_entry(desk, pricing),
        pricing=pricing,
        step_form=form if section == "pricing" else Entry({"on": pricing["today"]}),
        result_rows=max(3, len(desk.reference.results if desk.reference else pricing["lead"].steps)),
        step_rows=max(4, len(desk.reference.steps if desk.reference else pricing["lead"].steps)) + _SPARE,
        notice_form=form if section == "notices" else _notice_entry(desk),
        notice_rows=max(filled, len(forms.indexes("recipients"))) + _SPARE,
        served=_served(desk),
        printings=printing_views(desk.lot.id),
        file_choices=[(file.id, file.filename) for file in desk.files],
        files=[lot_view.file_view(desk.lot.id, file) for file in desk.files],
        worth=house().read(valuation_view.of_lot, desk.lot.id, house().settings.ruleset),
        auxiliary=house().read(auxiliary_view.of_desk, me(), desk, now),
        at=section,
        empty=Entry(),
        **_clearance(desk, form if section == "clearance" else None),
    )


def _next_step(desk: LotDesk) -> tuple[str, str] | None:
    """What a judge does next on the way to an announcement, and where; None once a round was announced."""
    private = next((auction for auction in desk.auctions if auction.status in PRIVATE), None)
    if desk.auctions and private is None:
        return None
    if desk.reference is None:
        return _("定处置参考价"), "#price"
    if desk.gaps:
        return _("填情况表：还缺 %(n)s 项", n=len(desk.gaps)), gap_view(desk, desk.gaps[0])["href"]
    if not desk.notices or any(notice.status == "to_notify" for notice in desk.notices):
        return _("通知当事人和优先购买权人，并登记送达情况"), "#notices"
    if private is None:
        return _("拟定拍卖方案"), way_to("desk.new_round", lot_id=desk.lot.id) or "#rounds"
    return _("核对检查结果，表决并公告"), url_for("desk.round", auction_id=private.id)


def _plan_entry(desk: LotDesk) -> Entry:
    told = house().read(read_clearance, me(), desk.lot.id, load(house().settings.ruleset))
    return _plan_form(desk, told.draft or told)


def _plan_form(desk: LotDesk, read: ClearanceReading) -> Entry:
    responsible = str(desk.sheet.value("clearance", "responsible") or "")
    return clearance_view.plan_entry(read.plan, read.promised_on, responsible)


def _clearance(desk: LotDesk, form: Entry | None) -> dict[str, Any]:
    """How hard the lot will be to clear as the sheet stands now, and the plan to clear it."""
    told = house().read(read_clearance, me(), desk.lot.id, load(house().settings.ruleset))
    read = told.draft or told
    entry = form or _plan_form(desk, read)
    rows = max(len(read.plan.steps) if read.plan else 2, len(forms.indexes("steps")))
    return {
        "risk": clearance_view.view(read),
        "sealed": told if told.draft else None,
        "plan": read.plan,
        "plan_form": entry,
        "plan_rows": rows + clearance_view.SPARE,
    }


def gap_view(desk: LotDesk, gap: Finding) -> dict[str, Any]:
    """What is missing, with the page where it is filled in."""
    code = str(gap.facts.get("item", ""))
    item = desk.catalogue.find(code)
    return {
        "text": errors.sentence(gap.code, gap.facts, language()),
        "basis": gap.basis.en if language() == "en" else gap.basis.zh,
        "href": (way_to("desk.item", lot_id=desk.lot.id, code=code) if item else None) or "#sheet",
    }


def _items(desk: LotDesk) -> list[dict[str, Any]]:
    lacking = {gap.facts.get("item") for gap in desk.gaps}
    shown = []
    for item in desk.catalogue.items:
        facts = desk.sheet.get(item.code)
        shown.append(
            {
                "code": item.code,
                "title": lot_view.in_language(item),
                "required": item.required,
                "asked": is_asked(item, desk.sheet),
                "incomplete": item.code in lacking,
                "state": facts.state if facts else "missing",
                "statement": facts.statement if facts else "",
                "source": facts.source if facts else "",
                "checker": facts.checker if facts else "",
                "checked_on": facts.checked_on if facts else None,
            }
        )
    return shown


def _price_entry(desk: LotDesk, pricing: dict[str, Any]) -> Entry:
    """The price as it stands; before there is one, what the steps taken have come to."""
    price = desk.reference
    if price is None:
        return Entry({**proposed(pricing["lead"]), MADE_FROM: price_tag(price)})
    values = {MADE_FROM: price_tag(price)} | forms.shown({name: getattr(price, name) for name in _PRICE})
    for group, rows in (("results", price.results), ("steps", price.steps)):
        for index, row in enumerate(rows):
            values |= {f"{group}.{index}.{name}": value for name, value in forms.shown(row).items()}
    return Entry(values)


def _notice_entry(desk: LotDesk) -> Entry:
    """The notices recorded; before there are any, the parties of the case who have to be notified."""
    values: dict[str, Any] = {MADE_FROM: notices_tag(desk.notices)}
    if desk.notices:
        for index, notice in enumerate(desk.notices):
            row = forms.shown({name: getattr(notice, name) for name in _RECIPIENT})
            values |= {f"recipients.{index}.{name}": value for name, value in row.items()}
    else:
        for index, party in enumerate(desk.case.parties):
            values |= {
                f"recipients.{index}.name": party.name,
                f"recipients.{index}.role": party.role,
                f"recipients.{index}.status": "to_notify",
            }
    return Entry(values)


def _served(desk: LotDesk) -> list[dict[str, Any]]:
    """How far each notice recorded carries, and the letters to its recipient."""
    ruleset = load(house().settings.ruleset)
    calendar, kind = published_calendar(ruleset), AssetType(desk.lot.asset_type)
    tongue = language()
    told = []
    for notice in desk.notices:
        found = service_of(recipient_of(notice), kind, ruleset, calendar)
        told.append(
            {
                "name": notice.name,
                "role": labels.PARTY_ROLE[notice.role],
                "status": labels.NOTICE_STATUS[notice.status],
                "service": found,
                "basis": errors.cited(found.basis, tongue),
                "file": f"/api/v1/lots/{desk.lot.id}/attachments/{notice.proof_file}" if notice.proof_file else None,
                "letters": letter_links(desk, notice),
            }
        )
    return told


@blueprint.post("/lots/<lot_id>/price")
@policy("lot.edit")
def set_price(lot_id: str) -> Any:
    """Set the reference price and how it came about."""
    payload, wrong = forms.read(_PRICE)
    results, bad_results = forms.rows("results", _RESULT)
    steps, bad_steps = forms.rows("steps", _STEP)

    def act() -> Any:
        whole = {**payload, "results": results, "steps": steps}
        data = forms.load(ReferencePriceIn(), whole, [*wrong, *bad_results, *bad_steps])
        part = Part("price", lot_id)
        return house().perform(unless_changed, made_from(), part, set_reference_price, me(), lot_id, **data)

    def stored(desk: LotDesk) -> Entry:
        return _price_entry(desk, led(desk))

    fields = (*_PRICE, "results", "steps")
    return _attempt(act, lot_id, "price", fields, _("参考价已保存。"), (_("处置参考价"), stored))


@blueprint.post("/lots/<lot_id>/notices")
@policy("lot.edit")
def put_notices(lot_id: str) -> Any:
    """Record who was notified, how and when."""
    recipients, wrong = forms.rows("recipients", _RECIPIENT)

    def act() -> Any:
        data = forms.load(NoticesIn(), {"recipients": recipients}, wrong)
        part = Part("notices", lot_id)
        return house().perform(unless_changed, made_from(), part, record_notices, me(), lot_id, data["recipients"])

    stored = (_("通知当事人和优先购买权人"), _notice_entry)
    return _attempt(act, lot_id, "notices", ("recipients",), _("通知情况已保存。"), stored)


@blueprint.post("/lots/<lot_id>/files")
@policy("lot.edit")
def add_file(lot_id: str) -> Any:
    """Keep a file of the lot."""
    sent = request.files.get("file")

    def act() -> Any:
        if sent is None or not sent.filename:
            raise DomainError("invalid", [Breach("required", "file")])
        beside = current_app.extensions["beside"]
        clean = beside(clean_lot_file, sent.read(), sent.filename, sent.mimetype or "")
        return house().perform(put_file, me(), lot_id, clean)

    return _attempt(act, lot_id, "files", (), _("文件已保存；未公告的方案已有的表决失效。"))


@blueprint.post("/lots/<lot_id>/case-entry")
@policy("lot.edit")
def correct_entry(lot_id: str) -> Any:
    """Correct the day on which the lot's case was entered."""
    payload, wrong = forms.read({"entered_on": forms.text})

    def act() -> Any:
        return house().perform(services.correct_entry, me(), lot_id, **forms.load(CaseEntryIn(), payload, wrong))

    return _attempt(act, lot_id, "entry", ("entered_on",), _("立案日期已更正。"))


@blueprint.post("/lots/<lot_id>/clearance-plan")
@policy("lot.edit")
def put_plan(lot_id: str) -> Any:
    """Write the plan to clear the lot."""
    payload, wrong = forms.read(dict.fromkeys(("owner", "promised_on", "resources"), forms.text))
    steps, bad_steps = forms.rows("steps", dict.fromkeys(("what", "on"), forms.text))

    def act() -> Any:
        data = forms.load(ClearancePlanIn(), {**payload, "steps": steps}, [*wrong, *bad_steps])
        return house().perform(unless_changed, made_from(), Part("plan", lot_id), write_plan, me(), lot_id, **data)

    fields = ("owner", "promised_on", "resources", "steps")
    return _attempt(act, lot_id, "clearance", fields, _("腾空预案已保存。"), (_("腾空预案"), _plan_entry))


def _attempt(
    act: Any,
    lot_id: str,
    section: str,
    fields: tuple[str, ...],
    said: str,
    stored: tuple[str, Callable[[LotDesk], Entry]] | None = None,
) -> Any:
    """`stored`: the title of the part that a section rewrites as a whole, and its form as it stands now."""

    def changed(error: DomainError) -> Stale:
        assert stored is not None  # noqa: S101 - only such a part can have changed meanwhile
        title, entry = stored
        desk, back = lot_of(lot_id), url_for("desk.lot", lot_id=lot_id, _anchor=section)
        names = {file.id: file.filename for file in desk.files}
        return stale(error, entry(desk), title, back, said=lambda _name, value: names.get(value, value))

    return attempt(
        act,
        lambda form: lot_page(lot_of(lot_id), form, section),
        fields,
        lambda _done: url_for("desk.lot", lot_id=lot_id, _anchor=section),
        said,
        changed,
    )

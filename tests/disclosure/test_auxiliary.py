"""Auxiliary work through the services, on both databases: reports, viewings, questions, and what they may not do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House
from auction.models import Auction
from auction.services.approvals import vote
from bidding.queries.agencies import record_of
from bidding.queries.questions import questions_of, to_answer
from bidding.queries.tasks import task_resource, tasks_page
from bidding.queries.viewings import viewings_of, visitors
from bidding.services import changes
from bidding.services.approved import ACTS
from bidding.services.interest import give_task
from disclosure.models import Question, ReportPart, SheetItem, SheetVersion, ViewingBooking
from disclosure.queries.sheets import held_of, read_file, read_sheet
from disclosure.rules.catalogue import load
from disclosure.rules.tasks import may_report
from disclosure.services import drafting, questions, reports, tasks, viewings
from disclosure.services.attachments import clean_file, put_file
from risk.models import Alert
from tests.disclosure.agency import NAME, PDF, AgencyDesk, a_visitor, an_agency_at_work
from tests.disclosure.court import DAY, CourtDesk, called, codes, example_of
from tests.factories import a_court, an_account, an_actor
from web.timekeeping import tick

#: That an answer tells nothing the sheet lacks.
PLAIN = {"tells": "nothing_new", "reason": "情况表已载明"}


@pytest.fixture
def court(house: House, clock: FixedClock) -> CourtDesk:
    desk = CourtDesk(house, clock)
    desk.enter()
    return desk


@pytest.fixture
def desk(court: CourtDesk) -> AgencyDesk:
    return an_agency_at_work(court)


@pytest.fixture
def on_sale(house: House, clock: FixedClock) -> AgencyDesk:
    """The lot is announced, with a task given."""
    court = CourtDesk(house, clock)
    court.ready()
    court.publish()
    return an_agency_at_work(court)


@contextmanager
def refused(code: str, reason: str | None = None) -> Iterator[Any]:
    with pytest.raises(DomainError) as caught:
        yield caught
    assert (caught.value.code, caught.value.facts.get("reason")) == (code, reason), caught.value.errors


def item(code: str, **changes: Any) -> dict[str, Any]:
    return {"code": code, **example_of(code)} | changes


def items_of(desk: AgencyDesk) -> dict[str, SheetItem]:
    rows = desk.court.house.read(lambda session: session.scalars(select(SheetItem)).all())
    return {row.code: row for row in rows}


def public_entries(house: House, kind: str) -> list[dict[str, Any]]:
    rows = (
        select(JournalRow.entry).where(JournalRow.kind == kind, JournalRow.private.is_(False)).order_by(JournalRow.id)
    )
    return [orjson.loads(row)["body"] for row in house.read(lambda session: session.scalars(rows).all())]


# Reports


def test_a_report_changes_nothing_until_the_court_takes_it_over_item_by_item(desk: AgencyDesk) -> None:
    court = desk.court
    court.put("defects", statement="原记载")
    sent = desk.report(item("defects", statement="屋面渗漏，见照片。"), item("possession"))
    assert set(items_of(desk)) == {"defects"} and items_of(desk)["defects"].statement == "原记载"
    written = desk.act(reports.accept_part, court.judge, sent, "defects")
    assert written.facts.checker == NAME
    kept = items_of(desk)["defects"]
    assert (kept.statement, kept.checker, kept.source) == ("屋面渗漏，见照片。", NAME, example_of("defects")["source"])
    desk.act(reports.refuse_part, court.judge, sent, "possession", reason="没有现场照片")
    assert set(items_of(desk)) == {"defects"}
    told = court.house.read(task_resource, desk.agent, desk.task_id, court.house.now())
    [report] = told["reports"]
    assert [(part["code"], part["decision"], part["reason"]) for part in report["parts"]] == [
        ("defects", "accepted", None),
        ("possession", "refused", "没有现场照片"),
    ]
    assert told["waiting"] == 0
    for code in ("defects", "possession"):
        with refused("wrong_state", "part_decided"):
            desk.act(reports.accept_part, court.judge, sent, code)


def test_a_report_that_cannot_be_right_names_every_wrong_field_and_stores_nothing(desk: AgencyDesk) -> None:
    with refused("invalid") as caught:
        desk.report(
            item("possession", state="maybe", attachments=["nowhere"]),
            {"code": "nosuch", "state": "none"},
            item("defects", attachments=["nowhere"]),
            item("defects"),
            files=("gone",),
        )
    assert {(breach.field, breach.code) for breach in caught.value.errors} == {
        ("items.0.state", "state_invalid"),
        ("items.1.code", "unknown_item"),
        ("items.2.attachments.0", "unknown_attachment"),
        ("items.3.code", "duplicate"),
        ("files.0", "unknown_attachment"),
    }
    with refused("invalid"):
        desk.report()
    assert desk.court.house.read(task_resource, desk.agent, desk.task_id, desk.court.house.now())["reports"] == []


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("defects", "viewing", True),
        ("lease", "survey", True),
        ("lease", "viewing", False),
        *((code, "survey", False) for code in ("payment_accounts", "taxes", "preferential_purchasers")),
        *((code, "survey", False) for code in ("enforcement_basis", "statutory_publication", "court_contact")),
    ],
)
def test_an_agency_reports_on_what_its_task_finds_out_and_never_on_the_courts_own(
    code: str, kind: str, told: bool
) -> None:
    assert may_report(load("real_estate").item(code), kind) is told


def test_a_part_that_is_the_courts_own_is_neither_reported_nor_taken_over(desk: AgencyDesk) -> None:
    with refused("invalid") as caught:
        desk.report(item("taxes"))
    assert [(breach.field, breach.code) for breach in caught.value.errors] == [("items.0.code", "not_delegable")]
    sent = desk.report(item("defects"))
    before = ReportPart(report_id=sent, code="taxes", position=1, facts=example_of("taxes"))  # sent before the rule
    desk.court.house.perform(lambda unit: unit.session.add(before))
    with refused("invalid") as caught:
        desk.act(reports.accept_part, desk.court.judge, sent, "taxes")
    assert [(breach.field, breach.code) for breach in caught.value.errors] == [("code", "not_delegable")]


def test_an_agencys_files_are_sealed_only_where_the_court_took_them_over(house: House, clock: FixedClock) -> None:
    court = CourtDesk(house, clock)
    court.ready()
    desk = an_agency_at_work(court)
    ours = desk.act(put_file, court.judge, court.lot_id, clean_file(PDF + b"% court\n%%EOF\n", "court.pdf"))
    kept = [desk.upload(PDF + f"% {n}\n%%EOF\n".encode()) for n in range(3)]
    desk.act(reports.accept_part, court.judge, desk.report(files=(kept[0].id,)), "files")
    desk.act(reports.refuse_part, court.judge, desk.report(files=(kept[1].id,)), "files", reason="模糊")
    assert court.auction().status == "draft", "what will be sealed has changed since they voted"
    court.vote(True, True)
    court.publish()
    version = house.read(lambda session: session.get_one(SheetVersion, (court.lot_id, 1)))
    assert set(version.facts["attachments"]) == {ours.sha256, kept[0].sha256}
    reading = house.read(read_file, None, court.lot_id, kept[0].id)
    assert reading[1] is True
    with refused("not_found"):
        house.read(read_file, None, court.lot_id, kept[2].id)


def test_a_material_finding_during_a_sale_is_not_taken_over(on_sale: AgencyDesk) -> None:
    sent = on_sale.report(item("defects", state="found", statement="屋面渗漏。"), item("viewing", **called("viewing")))
    with refused("wrong_state") as caught:
        on_sale.act(reports.accept_part, on_sale.court.judge, sent, "defects")
    assert set(codes(caught.value)) == {"material_change"}
    assert on_sale.act(reports.accept_part, on_sale.court.judge, sent, "viewing").version == 2
    told = on_sale.court.house.read(task_resource, on_sale.agent, on_sale.task_id, on_sale.court.house.now())
    assert [part["decision"] for part in told["reports"][0]["parts"]] == ["waiting", "accepted"]


def test_only_the_tasks_own_agency_and_the_lots_court_find_it(desk: AgencyDesk, house: House) -> None:
    other = an_agency_at_work(desk.court)
    foreign = an_actor(house.perform(lambda unit: an_account(unit, "judge", court_code=a_court(unit, "3202").code)))
    now = house.now()
    sent = desk.report(item("defects"))
    attempts: list[tuple[Any, Any, tuple[Any, ...], dict[str, Any]]] = [
        (reports.report, other.agent, (desk.task_id,), {"items": [item("defects")]}),
        (tasks.finish_task, other.agent, (desk.task_id,), {"note": "x"}),
        (reports.accept_part, foreign, (sent, "defects"), {}),
        (tasks.cancel_task, foreign, (desk.task_id,), {"reason": "x"}),
        (reports.accept_part, desk.court.judge, (sent, "possession"), {}),
        (reports.accept_part, desk.court.judge, ("nowhere", "defects"), {}),
    ]
    for service, actor, args, kwargs in attempts:
        with refused("not_found"):
            desk.act(service, actor, *args, **kwargs)
    for actor in (other.agent, foreign):
        with refused("not_found"):
            house.read(task_resource, actor, desk.task_id, now)
    with refused("forbidden"):
        desk.act(reports.accept_part, desk.agent, sent, "defects")
    mine, total = house.read(tasks_page, desk.agent, now)
    assert ([task["id"] for task in mine], total) == ([desk.task_id], 1)


# The life of a task


def test_a_task_is_in_time_by_when_it_was_finished_and_rated_once(desk: AgencyDesk, clock: FixedClock) -> None:
    court = desk.court
    with refused("wrong_state", "nothing_done"):
        desk.finish()
    with refused("wrong_state", "not_done"):
        desk.act(tasks.rate_task, court.judge, desk.task_id, rating=5, reason="好")
    desk.report(item("defects"))
    clock.advance(days=10)
    desk.finish()
    for again in (desk.finish, desk.cancel, lambda: desk.report(item("defects"))):
        with refused("wrong_state", "task_over"):
            again()
    with refused("not_found"):
        desk.upload()
    desk.act(tasks.rate_task, court.judge, desk.task_id, rating=4, reason="及时")
    with refused("wrong_state", "rated"):
        desk.act(tasks.rate_task, court.judge, desk.task_id, rating=5, reason="更好")
    assert public_entries(court.house, "TaskFinished")[0]["in_time"] is True
    record = court.house.read(record_of, desk.agent, desk.uscc, court.house.now())
    assert (record["done_in_time"], record["done_late"], record["items_waiting"], record["rating"]) == (1, 0, 1, 4.0)
    assert [one["reason"] for one in record["rated"]] == ["及时"]


def test_open_tasks_come_first_the_most_urgent_before_and_late_ones_say_so(desk: AgencyDesk, clock: FixedClock) -> None:
    court = desk.court
    give = {"agency": desk.uscc, "kind": "photos"}
    now = court.house.now()
    soon = court.house.perform(give_task, court.judge, court.lot_id, due_at=now + DAY, **give)
    gone = court.house.perform(give_task, court.judge, court.lot_id, due_at=now + DAY, **give)
    desk.act(tasks.cancel_task, court.judge, gone.id, reason="重复")
    clock.advance(days=2)
    for actor in (desk.agent, court.judge):
        found, total = court.house.read(tasks_page, actor, court.house.now())
        assert [(task["id"], task["status"], task["late"]) for task in found] == [
            (soon.id, "open", True),
            (desk.task_id, "open", False),
            (gone.id, "cancelled", False),
        ]
        assert total == 3
    found, total = court.house.read(tasks_page, desk.agent, court.house.now(), status="cancelled")
    assert ([task["id"] for task in found], total) == ([gone.id], 1)


def test_an_agency_whose_task_was_called_off_reads_and_keeps_nothing_more(desk: AgencyDesk) -> None:
    house, lot_id = desk.court.house, desk.court.lot_id
    assert house.read(read_sheet, desk.agent, lot_id, 0).version == 0
    desk.cancel()
    with refused("not_found"):
        house.read(read_sheet, desk.agent, lot_id, 0)
    with refused("not_found"):
        desk.upload()


# Viewings


def test_a_viewing_is_booked_once_a_person_and_never_beyond_its_places(on_sale: AgencyDesk) -> None:
    house, lot_id = on_sale.court.house, on_sale.court.lot_id
    first, second = on_sale.offer(places=2), on_sale.offer(places=1, ahead=2 * DAY)
    ann, bob, cy = (a_visitor(on_sale.court) for _ in range(3))
    kept = on_sale.book(ann, first)
    with refused("viewing_booked"):
        on_sale.book(ann, second)
    on_sale.book(bob, first)
    with refused("viewing_full"):
        on_sale.book(cy, first)
    listed = house.read(viewings_of, lot_id, house.now())
    assert [(one["free"], one["status"]) for one in listed] == [(0, "full"), (1, "open")]
    on_sale.act(viewings.cancel_booking, ann, kept.id)
    on_sale.book(ann, second)
    on_sale.book(cy, first)
    with refused("not_found"):
        on_sale.act(viewings.cancel_booking, bob, kept.id)


def test_many_at_once_get_as_many_places_as_there_are(on_sale: AgencyDesk) -> None:
    viewing_id = on_sale.offer(places=3)
    people = [a_visitor(on_sale.court) for _ in range(8)]
    start, answers = Barrier(len(people)), list[str]()

    def come(visitor: Any) -> None:
        start.wait()
        try:
            on_sale.book(visitor, viewing_id)
            answers.append("booked")
        except DomainError as error:
            answers.append(error.code)

    threads = [Thread(target=come, args=(visitor,)) for visitor in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["booked"] * 3 + ["viewing_full"] * 5
    taken = select(func.count()).where(ViewingBooking.viewing_id == viewing_id)
    assert on_sale.court.house.read(lambda session: session.scalar(taken)) == 3


def test_whoever_shows_the_lot_learns_codes_and_nothing_else(on_sale: AgencyDesk, house: House) -> None:
    viewing_id = on_sale.offer()
    visitor = a_visitor(on_sale.court, name="欧阳慎言")
    code = on_sale.book(visitor, viewing_id).code
    for actor in (on_sale.agent, on_sale.court.judge):
        assert house.read(visitors, actor, viewing_id) == [{"code": code}]
    with refused("not_found"):
        house.read(visitors, an_agency_at_work(on_sale.court).agent, viewing_id)
    public = select(JournalRow.entry).where(JournalRow.private.is_(False))
    text = "".join(house.read(lambda session: session.scalars(public).all()))
    assert viewing_id in text and code not in text and str(visitor.person_id) not in text


def test_places_are_given_back_and_viewings_called_off_only_before_they_begin(
    on_sale: AgencyDesk, clock: FixedClock
) -> None:
    viewing_id = on_sale.offer()
    visitor = a_visitor(on_sale.court)
    booking = on_sale.book(visitor, viewing_id)
    clock.advance(days=1)
    with refused("wrong_state", "viewing_over"):
        on_sale.act(viewings.cancel_booking, visitor, booking.id)
    with refused("wrong_state", "viewing_over"):
        on_sale.act(viewings.cancel_viewing, on_sale.agent, viewing_id, reason="下雨")
    with refused("viewing_over"):
        on_sale.book(a_visitor(on_sale.court), viewing_id)
    assert on_sale.court.house.read(visitors, on_sale.agent, viewing_id) == [{"code": booking.code}]


def test_a_task_called_off_takes_its_viewings_with_it_and_frees_who_had_booked(on_sale: AgencyDesk) -> None:
    house = on_sale.court.house
    visitor, viewing_id = a_visitor(on_sale.court), on_sale.offer()
    on_sale.book(visitor, viewing_id)
    on_sale.cancel()
    [listed] = house.read(viewings_of, on_sale.court.lot_id, house.now())
    assert (listed["status"], listed["cancelled_reason"]) == ("cancelled", "改由本院办理")
    other = an_agency_at_work(on_sale.court)
    assert other.book(visitor, other.offer()).code


def test_nothing_is_shown_that_is_not_for_sale(desk: AgencyDesk, clock: FixedClock) -> None:
    with refused("wrong_state", "no_round"):
        desk.offer()
    desk.court.draft()
    with refused("invalid") as caught:
        desk.offer(ahead=41 * DAY)
    assert codes(caught.value) == ["viewing_after_close"]
    viewing_id = desk.offer(ahead=40 * DAY)
    with refused("wrong_state", "not_on_sale"):
        desk.book(a_visitor(desk.court), viewing_id)


# Questions


def test_a_question_is_published_with_its_answer_and_never_with_its_asker(on_sale: AgencyDesk) -> None:
    house, lot_id = on_sale.court.house, on_sale.court.lot_id
    ann, bob = a_visitor(on_sale.court), a_visitor(on_sale.court)
    asked = on_sale.ask(ann, "业主甲某某欠的物业费由谁承担？")
    now = house.now()
    assert house.read(questions_of, None, lot_id, now) == house.read(questions_of, bob, lot_id, now) == []
    [mine] = house.read(questions_of, ann, lot_id, now)
    assert (mine["mine"], mine["status"]) == (True, "waiting")
    [waits] = house.read(questions_of, on_sale.agent, lot_id, now)
    assert (waits["mine"], waits["question"]) == (False, "业主甲某某欠的物业费由谁承担？")
    with refused("invalid"):
        on_sale.act(
            questions.answer_question, on_sale.agent, asked, answer="见情况表", question="另一个问题？", **PLAIN
        )
    on_sale.act(questions.answer_question, on_sale.agent, asked, answer="以情况表为准。", item="arrears", **PLAIN)
    corrected = {"answer": "由被执行人承担。", "question": "欠缴的物业费由谁承担？", "item": "arrears", **PLAIN}
    on_sale.act(questions.answer_question, on_sale.court.judge, asked, **corrected)
    [told] = house.read(questions_of, None, lot_id, now)
    assert told["question"] == "欠缴的物业费由谁承担？"
    assert [(one["version"], one["by"], one["item"]) for one in told["answers"]] == [
        (1, "agency", "arrears"),
        (2, "court", "arrears"),
    ]
    assert "甲某某" not in str(told)
    entries = public_entries(house, "QuestionAnswered")
    assert [one["answer"] for one in entries] == ["以情况表为准。", "由被执行人承担。"]
    assert str(ann.person_id) not in str(entries) and ann.id not in str(entries)
    assert on_sale.court.lot().sheet_version == 1, "an answer changes no sheet"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"answer": "腾退由买受人自行负责"}, "answer", "phrase_forbidden"),
        ({"item": "nosuch"}, "item", "unknown_item"),
        ({"question": "打13812345678？"}, "question", "contact_in_text"),
    ],
)
def test_an_answer_that_may_not_be_published_is_refused(
    on_sale: AgencyDesk, changes: dict[str, Any], field: str, code: str
) -> None:
    asked = on_sale.ask(a_visitor(on_sale.court))
    with refused("invalid") as caught:
        on_sale.act(questions.answer_question, on_sale.court.judge, asked, **({"answer": "有一个。"} | PLAIN | changes))
    assert {(breach.field, breach.code) for breach in caught.value.errors} == {(field, code)}
    assert len(on_sale.court.house.read(to_answer, on_sale.agent, on_sale.court.house.now())) == 1


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({"tells": "nothing_new"}, "reason"),
        ({"tells": "nothing_new", "reason": " ", "item": "defects"}, "reason"),
        ({"tells": "new_fact"}, "item"),
        ({"tells": "new_fact", "reason": "查明"}, "item"),
    ],
)
def test_whoever_answers_says_what_the_answer_tells(on_sale: AgencyDesk, choice: dict[str, Any], field: str) -> None:
    asked = on_sale.ask(a_visitor(on_sale.court))
    for actor in (on_sale.agent, on_sale.court.judge):
        with refused("invalid") as caught:
            on_sale.act(questions.answer_question, actor, asked, answer="屋面渗漏。", **choice)
        assert [(breach.field, breach.code) for breach in caught.value.errors] == [(field, "required")]
    assert on_sale.court.house.read(held_of, [asked]) == {}


LEAKS: dict[str, Any] = {"answer": "屋面渗漏。", "tells": "new_fact", "item": "defects"}


def test_a_fact_the_sheet_lacks_is_published_with_the_change_of_the_sheet_and_not_before(on_sale: AgencyDesk) -> None:
    court, house = on_sale.court, on_sale.court.house
    ann, bob = a_visitor(court), a_visitor(court)
    asked = on_sale.ask(ann, "房屋漏水吗？")
    like = on_sale.ask(bob, "漏不漏水？")
    on_sale.act(questions.merge_question, on_sale.agent, like, into=asked)
    on_sale.act(questions.answer_question, on_sale.agent, asked, **LEAKS)
    now = house.now()
    assert house.read(questions_of, None, court.lot_id, now) == [] and public_entries(house, "QuestionAnswered") == []
    for asker in (ann, bob):
        [mine] = house.read(questions_of, asker, court.lot_id, now)
        assert (mine["status"], mine["sheet_change"]["item"], mine["held"]) == ("waiting", "defects", None)
        assert "渗漏" not in str(mine)
    held = {one["id"]: one["held"] for one in house.read(questions_of, court.judge, court.lot_id, now)}
    assert held[asked]["answer"] == "屋面渗漏。"
    court.put("court_contact", **called("court_contact"))
    assert house.read(held_of, [asked]), "another item of the sheet tells nothing of it"
    payload = example_of("defects") | {"state": "found", "statement": "屋面渗漏。"}
    house.perform(drafting.draft_item, court.judge, court.auction_id, "defects", payload)
    said = {"choice": "supplement", "reason": "发现渗漏"}
    proposal = house.perform(changes.propose_change, court.judge, court.auction_id, **said)
    assert public_entries(house, "QuestionAnswered") == [], "a draft is not public"
    yes = {"approve": True, "reason": "同意", "acts": ACTS}
    house.perform(vote, court.panel[1], proposal.id, **yes)
    [told] = house.read(questions_of, None, court.lot_id, house.now())
    assert (told["answers"][0]["answer"], told["answers"][0]["by"], told["sheet_change"]) == (
        "屋面渗漏。",
        "agency",
        None,
    )
    [entry] = public_entries(house, "QuestionAnswered")
    assert (entry["item"], entry["sheet_version"]) == ("defects", court.lot().sheet_version)
    [his] = house.read(questions_of, bob, court.lot_id, house.now())[:1]
    assert his["status"] == "answered"
    assert house.read(held_of, [asked]) == {}


def test_what_was_held_is_replaced_by_another_answer_and_not_merged(on_sale: AgencyDesk) -> None:
    house, court = on_sale.court.house, on_sale.court
    first, asked = (on_sale.ask(a_visitor(court)) for _ in range(2))
    on_sale.act(questions.answer_question, on_sale.agent, asked, **LEAKS)
    with refused("wrong_state", "answer_held"):
        on_sale.act(questions.merge_question, on_sale.agent, asked, into=first)
    on_sale.act(questions.answer_question, court.judge, asked, **LEAKS | {"answer": "屋面有渗漏痕迹。"})
    assert house.read(held_of, [asked])[asked].answer == "屋面有渗漏痕迹。"
    secret = "瑕疵一项第二段已写明"
    on_sale.act(
        questions.answer_question, court.judge, asked, answer="见瑕疵一项。", tells="nothing_new", reason=secret
    )
    assert house.read(held_of, [asked]) == {}
    [told] = house.read(questions_of, None, court.lot_id, house.now())
    [known] = [one for one in house.read(questions_of, court.judge, court.lot_id, house.now()) if one["id"] == asked]
    assert (told["answers"][0]["reason"], known["answers"][0]["reason"]) == (None, secret)
    public = select(JournalRow.entry).where(JournalRow.private.is_(False))
    text = "".join(house.read(lambda session: session.scalars(public).all()))
    assert "见瑕疵一项" in text and secret not in text and "渗漏" not in text


def test_an_item_no_sale_hangs_on_releases_the_answer_when_it_is_saved(on_sale: AgencyDesk) -> None:
    asked = on_sale.ask(a_visitor(on_sale.court), "看房打哪个电话？")
    fact = {"answer": "新的电话。", "tells": "new_fact", "item": "court_contact"}
    on_sale.act(questions.answer_question, on_sale.court.judge, asked, **fact)
    on_sale.court.put("court_contact", source="再次查询登记簿")
    assert on_sale.court.house.read(held_of, [asked]), "who checked it is no fact"
    on_sale.court.put("court_contact", **called("court_contact"))
    assert [one["answer"] for one in public_entries(on_sale.court.house, "QuestionAnswered")] == ["新的电话。"]


def asked_in_all(desk: AgencyDesk) -> int:
    return desk.court.house.read(lambda session: session.scalars(select(func.count(Question.id))).one())


def test_who_asks_too_much_waits_for_answers(on_sale: AgencyDesk) -> None:
    visitor = a_visitor(on_sale.court)
    with refused("invalid"):
        on_sale.ask(visitor, "请加微信 zhangsan88")
    asked = [on_sale.ask(visitor) for _ in range(3)]
    with refused("too_many_questions"):
        on_sale.ask(visitor)
    for _ in range(7):
        on_sale.act(questions.answer_question, on_sale.agent, asked.pop(), answer="有。", **PLAIN)
        asked.append(on_sale.ask(visitor))
    on_sale.act(questions.answer_question, on_sale.agent, asked.pop(), answer="有。", **PLAIN)
    with refused("rate_limited"):
        on_sale.ask(visitor)
    assert asked_in_all(on_sale) == 10


def test_the_regulator_is_told_once_of_a_question_not_answered_in_time(on_sale: AgencyDesk, clock: FixedClock) -> None:
    house = on_sale.court.house
    late, answered = (on_sale.ask(a_visitor(on_sale.court)) for _ in range(2))
    on_sale.act(questions.answer_question, on_sale.agent, answered, answer="有。", **PLAIN)
    [waits] = house.read(to_answer, on_sale.court.judge, house.now())
    left = timedelta(days=4) - timedelta(hours=10)  # 2 March 10:00 in Shanghai; three working days end on the 5th
    clock.advance(seconds=left.total_seconds() - 1)
    tick(house)
    rows = select(Alert).where(Alert.kind == "question_unanswered")
    assert house.read(lambda session: session.scalars(rows).all()) == []
    assert waits["late"] is False
    clock.advance(seconds=1)
    for _ in range(2):
        tick(house)
    [alert] = house.read(lambda session: session.scalars(rows).all())
    assert (alert.lot_id, alert.court_code, alert.key) == (on_sale.court.lot_id, "3201", f"question_unanswered:{late}")
    assert alert.reasons == [{"code": "question_late", "facts": {"due_on": "2026-03-05"}, "who": {}}]
    [waits] = house.read(to_answer, on_sale.agent, house.now())
    assert (waits["id"], waits["late"]) == (late, True)
    on_sale.act(questions.answer_question, on_sale.agent, late, answer="有。", **PLAIN)
    record = house.read(record_of, on_sale.court.judge, on_sale.uscc, house.now())
    assert (record["answered_in_time"], record["answered_late"]) == (1, 1)


def test_nobody_asks_about_what_is_not_announced(desk: AgencyDesk) -> None:
    with refused("not_found"):
        desk.ask(a_visitor(desk.court))
    assert asked_in_all(desk) == 0


def test_nobody_asks_about_what_was_withdrawn(on_sale: AgencyDesk) -> None:
    visitor, house = a_visitor(on_sale.court), on_sale.court.house
    house.perform(lambda unit: setattr(unit.session.get_one(Auction, on_sale.court.auction_id), "status", "withdrawn"))
    with refused("wrong_state", "not_on_sale"):
        on_sale.ask(visitor)
    assert asked_in_all(on_sale) == 0

"""Auxiliary work on the pages, without scripts: an agency's desk, the court's, the page of a lot, the record."""

import re
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from flask import Flask

from auction.kernel.clock import SHANGHAI, FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, Agency
from tests.disclosure.court import example_of
from tests.factories import a_bidder, a_uscc, an_account
from tests.web.caller import SignIn
from tests.web.court import DAY, PDF, CourtRoom, rows
from tests.web.reader import Reader
from tests.web.test_auxiliary_api import PLAIN
from tests.web.test_pages import signed_in

CHINESE = re.compile(r"[\u3400-\u9fff]")


def beijing(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def room(app: Flask, house: House, sign_in: SignIn) -> CourtRoom:
    return CourtRoom(house, sign_in)


@pytest.fixture
def agent(app: Flask, house: House) -> Account:
    return house.perform(an_agent, "示例拍辅")


def an_agent(unit: Unit, name: str) -> Account:
    agency = Agency(uscc=a_uscc(), name=name)
    unit.session.add(agency)
    unit.session.flush()
    return an_account(unit, "agency", agency_uscc=agency.uscc, display_name="经办人")


def token_of(reader: Reader) -> str:
    """The token of any form on the page a reader has before him."""
    return next(dict(form.fields)["csrf_token"] for form in reader.page.forms if "csrf_token" in form.names())


def the_clerk(app: Flask, house: House) -> Reader:
    return signed_in(app, house, house.perform(an_account, "clerk", court_code="3201", display_name="书记员乙"))


def give(clerk: Reader, room: CourtRoom, agent: Account) -> None:
    clerk.get(f"/desk/lots/{room.lot_id}")
    task = {"agency": agent.agency_uscc, "kind": "survey", "due_at": beijing(room.now + 5 * DAY)}
    assert "不得竞买本标的" in clerk.send(f"/desk/lots/{room.lot_id}/tasks", task).text


def test_an_agency_is_led_item_by_item_and_the_court_takes_over(
    app: Flask, house: House, room: CourtRoom, agent: Account
) -> None:
    room.enter()
    clerk, desk = the_clerk(app, house), signed_in(app, house, agent)
    give(clerk, room, agent)
    assert "进行中" in desk.get("/agency/").text
    desk.follow("现场勘查，制作文字说明·珠江路88号")
    task = desk.page.address.split("?")[0]
    assert "未填" in desk.page.text
    desk.get(f"{task}/items/defects")
    facts = {"state": "found", "statement": "屋面渗漏。", "source": "现场勘查笔录", "checked_on": "2026-03-01"}
    wrong = desk.send("/items/defects", facts | {"checked_on": "2027-03-01"}, status=422)
    assert "有几处需要更正" in wrong.text and 'aria-invalid="true"' in wrong.html
    following = desk.send("/items/defects", facts, button=("then", "next"))
    assert "已报告，待法院处理。" in following.text and "/items/" in following.address
    desk.get(task)
    desk.send("/files", file=(BytesIO(PDF), "现场.pdf", "application/pdf"))
    file_id = re.search(r'name="files" value="(\w+)"', desk.page.html)
    assert file_id and "现场.pdf" in desk.page.text
    desk.send("/file-report", {"files": [file_id[1]]})
    page = clerk.get(f"/desk/lots/{room.lot_id}")
    assert "2 项待处理" in page.text and "屋面渗漏。" in page.text
    assert page.text.count("由法官采纳或者退回。") == 2 and "/acceptance" not in page.html
    judge = signed_in(app, house, house.perform(an_account, "judge", court_code="3201", display_name="法官乙"))
    judge.get(f"/desk/lots/{room.lot_id}")
    judge.send("/items/files/refusal", {"reason": "照片模糊"})
    judge.send("/items/defects/acceptance")
    assert re.search(r"屋面渗漏。.*现场勘查笔录·示例拍辅", judge.page.text)
    assert "已采纳" in desk.get(task).text and "退回理由：照片模糊" in desk.page.text
    desk.send("/completion", {"note": "已完成现场调查"})
    assert "按期完成" in desk.page.text and '/completion"' not in desk.page.html
    clerk.get(f"/desk/lots/{room.lot_id}")
    clerk.send("/rating", {"rating": "4", "reason": "及时细致"})
    record = clerk.get(f"/agencies/{agent.agency_uscc}").text
    assert "及时细致" in record and "4／5" in record
    assert "及时细致" in desk.get(f"/agencies/{agent.agency_uscc}").text
    regulator = signed_in(app, house, house.perform(an_account, "regulator"))
    regulator.get("/regulator/agencies")
    assert "及时细致" in regulator.follow("示例拍辅").text
    assert signed_in(app, house, house.perform(a_bidder)).get(f"/agencies/{agent.agency_uscc}", 403).status == 403


def test_the_linter_speaks_while_an_agency_types_and_nothing_is_stored(
    app: Flask, house: House, room: CourtRoom, agent: Account
) -> None:
    room.enter()
    clerk, desk = the_clerk(app, house), signed_in(app, house, agent)
    give(clerk, room, agent)
    desk.get("/agency/")
    desk.follow("现场勘查，制作文字说明·珠江路88号")
    form = f"{desk.page.address.split('?')[0]}/items/defects"
    desk.get(form)
    assert f'data-ask="{form}/findings"' in desk.page.html and "js/lint" in desk.page.html
    fact = {"state": "found", "statement": "屋面渗漏。", "source": "笔录", "checked_on": "2026-03-01"}
    other = signed_in(app, house, house.perform(an_agent, "另一机构"))
    before = rows(house)
    said = {}
    for statement in (fact["statement"], "腾退由买受人自行负责。"):
        typed = fact | {"statement": statement, "csrf_token": token_of(desk)}
        said[statement] = desk.client.post(f"{form}/findings", data=typed).get_data(as_text=True)
    clean, forbidden = said.values()
    assert "须改" not in clean and "须改" in forbidden and 'href="#statement"' in forbidden
    for reader, status in ((other, 404), (clerk, 403)):
        reader.get("/")
        assert reader.client.post(f"{form}/findings", data={"csrf_token": token_of(reader)}).status_code == status
    assert rows(house) == before


def test_a_visitor_books_by_code_and_the_agency_sees_the_code_alone(
    app: Flask, house: House, room: CourtRoom, agent: Account
) -> None:
    room.announced()
    clerk, desk = the_clerk(app, house), signed_in(app, house, agent)
    give(clerk, room, agent)
    desk.get("/agency/")
    desk.follow("现场勘查")
    task = desk.page.address.split("?")[0]
    starts = room.now + 2 * DAY
    slot = {"starts_at": beijing(starts), "ends_at": beijing(starts), "places": "1"}
    assert "结束时间应晚于开始时间" in desk.send("/viewings", slot, status=422).text
    desk.send("/viewings", slot | {"ends_at": beijing(starts + timedelta(hours=2))})
    visitor = signed_in(app, house, house.perform(a_bidder, name="欧阳慎言"))
    anybody = Reader(app.test_client()).get(f"/lots/{room.lot_id}")
    assert "余 1／共 1" in anybody.text and "登录后可以预约" in anybody.text
    visitor.get(f"/lots/{room.lot_id}")
    booked = visitor.send("/booking")
    found = re.search(r"看样号码 (\d\d[A-Z]-\d{3})", booked.text)
    assert found and "已约满" in booked.text
    seen = desk.get(task)
    assert found[1] in seen.text and "欧阳" not in seen.html
    assert found[1] in clerk.get(f"/desk/lots/{room.lot_id}").text and "欧阳" not in clerk.page.html
    visitor.get(f"/lots/{room.lot_id}")
    assert "预约已取消" in visitor.send("/cancellation").text


def test_a_question_is_counted_answered_linked_and_late_ones_are_red(
    app: Flask, house: House, room: CourtRoom, agent: Account, clock: FixedClock
) -> None:
    room.announced()
    clerk, desk = the_clerk(app, house), signed_in(app, house, agent)
    give(clerk, room, agent)
    visitor = signed_in(app, house, house.perform(a_bidder, name="欧阳慎言"))
    visitor.get(f"/lots/{room.lot_id}")
    refused = visitor.send("/questions#questions", {"question": "请打 13812345678"}, status=422)
    assert "不要写联系方式" in refused.text and "13812345678" in refused.html
    assert "不会公开提问人" in visitor.send("/questions#questions", {"question": "是否带车位？"}).text
    public = Reader(app.test_client())
    shown = public.get(f"/lots/{room.lot_id}")
    assert shown.text.count("有 1 个书面提问待答复") == 2 and "是否带车位" not in shown.text
    clock.advance(days=7)
    desk, clerk = signed_in(app, house, agent), the_clerk(app, house)
    assert re.search(r"答复书面提问 1 个·.{0,60}逾期 \d 天", clerk.get("/desk/").text)
    assert 'badge stop">逾期未答复' in desk.get("/agency/").html
    wrong = desk.send("/answer", {"answer": "腾退由买受人自行负责"}, status=422)
    assert "腾退由买受人自行负责" in wrong.html
    desk.send("/answer", {"answer": "不带车位。", "item": "defects", **PLAIN})
    shown = public.get(f"/lots/{room.lot_id}")
    assert "问：是否带车位？" in shown.text and "答：不带车位。" in shown.text and "欧阳" not in shown.html
    assert 'href="#item-defects"' in shown.html and "待答复" not in shown.text
    clerk.get(f"/desk/lots/{room.lot_id}")
    clerk.send("/answer", {"answer": "带一个车位。", "question": "带车位吗？", **PLAIN})
    shown = public.get(f"/lots/{room.lot_id}")
    assert "问：带车位吗？" in shown.text and "已更正" in shown.text and "是否带车位" not in shown.html


def test_a_new_fact_leads_to_the_change_of_its_item_with_the_answer_filled_in(
    app: Flask, house: House, room: CourtRoom, agent: Account
) -> None:
    room.announced()
    clerk, desk = the_clerk(app, house), signed_in(app, house, agent)
    give(clerk, room, agent)
    visitor = signed_in(app, house, house.perform(a_bidder, name="欧阳慎言"))
    for wording in ("是否漏水？", "看房打哪个电话？"):
        visitor.get(f"/lots/{room.lot_id}")
        visitor.send("/questions#questions", {"question": wording})
    desk.get("/agency/")
    assert "屋面渗漏" in desk.send("/answer", {"answer": "屋面渗漏。", "tells": "new_fact"}, status=422).html
    assert "已留存" in desk.send("/answer", {"answer": "屋面渗漏。", "tells": "new_fact", "item": "defects"}).text
    assert "答复属于调查情况表：变更办理中" in visitor.get(f"/lots/{room.lot_id}").text
    assert "屋面渗漏" not in visitor.page.html
    page = clerk.get(f"/desk/lots/{room.lot_id}")
    assert "留存的答复" in page.text
    form = clerk.follow("去改这一事项")
    assert "/change/defects" in form.address and "说明的末尾已加入所留存答复的文字" in form.text
    assert dict(form.form("/change/defects").fields)["statement"].endswith("屋面渗漏。")
    drafted = clerk.send("/change/defects", {"state": "found"})
    assert "等待情况表变更的答复" in drafted.text and "屋面渗漏" not in visitor.get(f"/lots/{room.lot_id}").html
    clerk.get(f"/desk/lots/{room.lot_id}")
    [waiting] = [one for one in clerk.page.forms if one.action.endswith("/answer")][-1:]
    fact = {"answer": "另有新的电话。", "tells": "new_fact", "item": "court_contact"}
    led = clerk.send(waiting.action, fact)
    assert led.address.startswith(f"/desk/auctions/{room.auction_id}/change/court_contact?")
    said = example_of("court_contact")["statement"]
    clerk.send("/change/court_contact", {"statement": said, "data.phone": "000-00000009"})
    clerk.page.form("/change/defects/drop")
    clerk.send("/change/defects/drop", {})
    judge = signed_in(app, house, house.perform(an_account, "judge"))
    judge.get(f"/desk/auctions/{room.auction_id}/change")
    assert "改动已公开" in judge.send("/change/publication").text
    assert "答：另有新的电话。" in visitor.get(f"/lots/{room.lot_id}").text


def test_the_agencys_pages_speak_english(app: Flask, house: House, room: CourtRoom, agent: Account) -> None:
    room.enter()
    give(the_clerk(app, house), room, agent)
    desk = signed_in(app, house, agent)
    desk.language = "en"
    own = re.compile(r"示例\w*|珠江路\S*|南京市\S*|经办人|中文")
    for address in ("/agency/", f"/agencies/{agent.agency_uscc}"):
        page = desk.get(address)
        assert page.lang == "en" and not CHINESE.search(own.sub("", page.text)), page.text
    desk.get("/agency/")
    task = desk.follow("survey and written")
    assert not CHINESE.search(own.sub("", task.text)), task.text


def test_another_agency_and_a_judge_find_no_such_desk(
    app: Flask, house: House, room: CourtRoom, agent: Account
) -> None:
    room.enter()
    give(the_clerk(app, house), room, agent)
    desk = signed_in(app, house, agent)
    desk.get("/agency/")
    task = desk.follow("现场勘查").address
    other = signed_in(app, house, house.perform(an_account, "agency", agency_uscc=None))
    assert other.get(task, 404).status == 404
    assert the_clerk(app, house).get("/agency/", 403).status == 403


def test_like_questions_are_shown_before_asking_and_merged_into_one_answer(
    app: Flask, house: House, room: CourtRoom, agent: Account, clock: FixedClock
) -> None:
    room.announced()
    clerk = the_clerk(app, house)
    give(clerk, room, agent)
    first, second = (signed_in(app, house, house.perform(a_bidder, name=name)) for name in ("欧阳慎言", "司徒问"))
    for visitor, wording in ((first, "请问这套房带车位吗？"), (second, "停车位是否一并出售？")):
        visitor.get(f"/lots/{room.lot_id}")
        visitor.send("/questions#questions", {"question": wording})
        clock.advance(seconds=60)
    page = clerk.get(f"/desk/lots/{room.lot_id}")
    clerk.send("/merge", {})
    assert "已并入" in clerk.page.text and page.text.count("并入哪一个提问") == 1
    clerk.send("/answer", {"answer": "不带车位。", **PLAIN})
    public = Reader(app.test_client()).get(f"/lots/{room.lot_id}")
    assert "带车位吗" in public.text and "停车位是否一并出售" not in public.text and "待答复" not in public.text
    mine = second.get(f"/lots/{room.lot_id}")
    assert "停车位是否一并出售" in mine.text and "与另一提问相同，一并答复" in mine.text
    assert mine.text.count("答：不带车位。") == 2
    third = signed_in(app, house, house.perform(a_bidder, name="诸葛问"))
    third.get(f"/lots/{room.lot_id}")
    held = third.send("/questions#questions", {"question": "这套房带不带车位？"})
    assert "已有类似的提问" in held.text and "这套房带不带车位？" in held.html
    asked = third.send("/questions#questions", {"question": "这套房带不带车位？", "asked_anyway": "1"})
    assert "问题已提交" in asked.text

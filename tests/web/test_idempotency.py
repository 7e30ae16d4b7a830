"""Idempotency keys: the same key and the same meaning give the same answer, whenever they come."""

import io
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import orjson
import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auction.kernel.unit import House, Unit
from auction.models import Case, Idempotency
from auction.services import accounts
from tests.factories import a_court, an_account
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import PDF, CourtRoom
from web import idempotency

AT_ONCE = 6
BODY = {"number": "（2026）苏0102执0077号", "parties": [{"name": "某某公司", "role": "debtor"}]}


def keyed(key: str = "k") -> dict[str, str]:
    return {"Idempotency-Key": key}


def cases(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Case)) or 0


@pytest.fixture
def token(house: House) -> str:
    """The session of a judge."""
    judge = house.perform(lambda unit: an_account(unit, "judge", court_code=a_court(unit).code))
    opened = house.perform(accounts.open_session, judge.id, matches=True, code_holds=lambda _: None)
    assert isinstance(opened, accounts.Opened)
    return opened.token


@pytest.fixture
def judge(app: Flask, token: str) -> Caller:
    return Caller(app.test_client(), token)


def test_sent_many_times_at_once_it_is_done_once_and_all_get_the_same_answer(
    app: Flask, token: str, house: House
) -> None:
    together = Barrier(AT_ONCE)

    def send(_: int) -> tuple[int, bytes]:
        caller = Caller(app.test_client(), token)
        together.wait(30)
        answer = caller.post("/cases", BODY, headers=keyed())
        return answer.status_code, answer.get_data()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(send, range(AT_ONCE)))
    assert {status for status, _ in answers} == {201}
    assert len(set(answers)) == 1
    assert house.read(cases) == 1


def test_who_asks_while_the_first_is_at_work_is_told_so_and_no_conflict(
    judge: Caller, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE", 0.0)
    first = judge.post("/cases", BODY, headers=keyed())

    def not_yet(unit: Unit) -> None:
        unit.session.execute(update(Idempotency).values(status=None, answer=None))

    house.perform(not_yet)
    again = judge.post("/cases", BODY, headers=keyed() | {"Accept-Language": "en"})
    assert (first.status_code, again.status_code, code_of(again)) == (201, 503, "fault")
    assert "changed nothing" not in again.get_json()["detail"]
    assert again.headers["Retry-After"] == "1"
    other = judge.post("/cases", BODY | {"number": "（2026）苏0102执0078号"}, headers=keyed())
    assert (other.status_code, code_of(other)) == (409, "idempotency_conflict")


def test_a_body_is_compared_by_what_it_means(judge: Caller, house: House) -> None:
    first = judge.post("/cases", BODY, headers=keyed())
    turned = orjson.dumps(dict(reversed(BODY.items())), option=orjson.OPT_INDENT_2)
    again = judge.post("/cases", data=turned, content_type="application/json", headers=keyed())
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_data() == again.get_data()
    assert house.read(cases) == 1


def test_a_file_sent_again_with_another_boundary_is_the_same_file(house: House, sign_in: SignIn) -> None:
    room = CourtRoom(house, sign_in)
    room.enter()

    def send(content: bytes) -> tuple[int, bytes]:
        form = {"file": (io.BytesIO(content), "a.pdf", "application/pdf")}
        answer = room.judge.post(f"/lots/{room.lot_id}/attachments", data=form, headers=keyed())
        return answer.status_code, answer.get_data()

    first = send(PDF)
    assert first[0] == 201
    assert send(PDF) == first
    assert send(PDF + b"\n")[0] == 409


def test_a_session_that_has_ended_gets_no_kept_answer(judge: Caller) -> None:
    assert judge.post("/cases", BODY, headers=keyed()).status_code == 201
    assert judge.call("DELETE", "/sessions/current").status_code == 204
    assert code_of(judge.post("/cases", BODY, headers=keyed())) == "unauthenticated"


@pytest.mark.parametrize("key", ["", "k" * 201, "k" * 5000])
def test_a_key_that_cannot_be_one_is_named(judge: Caller, key: str) -> None:
    wrong = judge.post("/cases", BODY, headers=keyed(key) | {"Accept-Language": "en"})
    assert (wrong.status_code, fields_of(wrong)) == (422, {"Idempotency-Key": "invalid"})
    assert "200" in wrong.get_json()["errors"][0]["detail"]


def test_a_clock_moved_with_a_key_moves_once(house: House, sign_in: SignIn) -> None:
    operator = sign_in(house.perform(an_account, "operator"))
    for _ in range(2):
        moved = operator.post("/sandbox/clock", {"advance_seconds": 60}, headers=keyed())
        assert moved.get_json()["offset_seconds"] == 60

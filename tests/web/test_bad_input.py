"""Bad input at every endpoint, generated from the routes themselves: a new one is covered without being named here.

Whatever is sent, the answer is a problem document or an acknowledgement with a code, never a 5xx, and what is refused
stores nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from flask import Flask
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import TextClause, func, literal, select, text, union_all
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from auction.kernel.clock import iso
from auction.kernel.db import Base
from auction.kernel.unit import House, Unit
from auction.models import Account, Agency, Lot
from auction.rules.access import POLICY, ROLES
from bidding.models import Registration
from bidding.services.interest import give_task
from disclosure.services.questions import ask_question
from disclosure.services.reports import report
from disclosure.services.viewings import book_viewing, offer_viewing
from tests.conftest import START
from tests.factories import a_bidder, a_court, a_payment, a_uscc, an_account, an_actor
from tests.web.caller import API, Caller, SignIn, path_of
from tests.web.sale import RESERVE, Sale, a_sale
from web.schemas.acknowledgement import AcknowledgementOut

pytestmark = pytest.mark.slow

#: Rows that change without anybody asking: the desk's lease; sessions, whose failures are counted.
UNASKED = {"intake", "sessions"}
DEEP: Any = "x"
for _ in range(900):
    DEEP = {"a": DEEP}
WRONG = (
    None,
    True,
    0,
    -1,
    1.5,
    1e300,
    10**30,
    "",
    "x" * 20_000,
    "a\0b",
    "1",
    "2026-13-45",
    "9999-12-31T23:59:59+00:00",
    [],
    [1],
    [None],
    {},
    {"a": 1},
    {"a": ["b\0c"]},
    DEEP,
)
BODIES = (b"", b"{", b"[]", b"null", b'"x"', b"1", b"NaN", b'{"a":NaN}', b'"\xff"', b"[" * 100_000, b'{"nosuch":1}')
IDS = ("nosuch", "%00", "a%00b", "x" * 3000, "..%2F..", "%E4%B8%AD", "%FF", "%27%3B--", "1", "-1", "None", "%20")
#: Tried in turn for a value that a field takes.
GOOD = (
    "abcdefgh",
    "123456",
    "+8613800138000",
    "somebody@example.cn",
    "2026-03-01",
    iso(START + timedelta(days=60)),
    10,
    1,
    1.5,
    True,
    {},
    [],
)


@dataclass(frozen=True)
class Endpoint:
    """A route with one method: its policy's action, and the schema of its JSON body, if it takes one."""

    rule: Rule
    method: str
    action: str
    body: Schema | None

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"


def endpoints(app: Flask) -> Iterator[Endpoint]:
    """Every endpoint of the interface."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if not rule.rule.startswith(API) or rule.endpoint.startswith("api-docs"):
            continue
        view = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Endpoint(rule, method, view.policy, body_of(view))  # type: ignore[attr-defined]


def body_of(view: Any) -> Schema | None:
    """The schema a view's description gives for its JSON body."""
    docs = getattr(view, "_apidoc", {})
    manual = docs.get("manual_doc", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
    asked = docs.get("arguments", {}).get("parameters", [])
    schema = manual.get("schema") or next((one["schema"] for one in asked if one["in"] == "json"), None)
    return schema() if isinstance(schema, type) else schema


def plausible(schema: Schema) -> dict[str, Any]:
    """A body the schema takes."""
    return {name: a_value(field) for name, field in schema.load_fields.items()}


def a_value(field: fields.Field[Any]) -> Any:
    if isinstance(field, fields.Nested):
        value = plausible(field.schema)
        return [value] if field.many else value
    if isinstance(field, fields.List):
        counts = [check.equal for check in field.validators if isinstance(check, validate.Length)]
        return [a_value(field.inner)] * next((count for count in counts if count), 1)
    choices = [choice for check in field.validators for choice in getattr(check, "choices", ())]
    return next(value for value in (*map(str, choices), *GOOD) if takes(field, value))


def takes(field: fields.Field[Any], value: Any) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


@cache
def _rows_of_tables() -> TextClause:
    """Asked thousands of times: put together once, for either database."""
    counts = [
        select(literal(name).label("name"), func.count().label("rows")).select_from(table)
        for name, table in Base.metadata.tables.items()
        if name not in UNASKED
    ]
    return text(str(union_all(*counts).compile(compile_kwargs={"literal_binds": True})))


class World:
    """A sale with people of every role; one caller each."""

    def __init__(self, house: House, sign_in: SignIn) -> None:
        self.house = house
        self.sale: Sale = house.perform(a_sale)
        accounts = house.perform(self._people)
        self.callers: dict[str, Caller] = {role: sign_in(account) for role, account in accounts.items()}
        self.nobody = sign_in(None)
        bid = {"amount_fen": RESERVE, "key": "first"}
        accepted = self.callers["bidder"].post(f"/auctions/{self.sale.auction_id}/bids", bid).get_json()
        self.ids = {
            "lot_id": self.sale.lot_id,
            "auction_id": self.sale.auction_id,
            "registration_id": self.sale.registrations[0],
            "bid_id": accepted["bid_id"],
            "payment_id": self.payment_id,
            "key": "first",
            "code": "possession",
            **self.auxiliary,
        }

    def _people(self, unit: Unit) -> dict[str, Account]:
        sale = self.sale
        registration = unit.session.get_one(Registration, sale.registrations[1])
        self.payment_id = a_payment(unit, registration).id
        people = {role: an_account(unit, role) for role in ROLES - {"bidder", "party", "judge", "operator"}}
        people |= {"party": an_account(unit, "party", person=None), "judge": sale.judge, "operator": sale.operator}
        people["bidder"] = sale.bidders[0]
        people["agency"].agency_uscc = an_agency(unit).uscc
        self.auxiliary = self._auxiliary(unit, people)
        self.known = {
            "case_number": unit.session.get_one(Lot, sale.lot_id).case.number,
            "panel": [sale.judge.username],
            "agency": an_agency(unit).uscc,
            "seal": sale.seal,
        }
        elsewhere = a_court(unit, "1101", "北京").code
        people |= {f"other {role}": an_account(unit, role, court_code=elsewhere) for role in ("judge", "president")}
        people["other bidder"] = a_bidder(unit, name="外人")
        return people

    def _auxiliary(self, unit: Unit, people: dict[str, Account]) -> dict[str, str]:
        """A task with a report, a viewing with a booking, a question."""
        judge, agent, bidder = (an_actor(people[role]) for role in ("judge", "agency", "bidder"))
        uscc, lot_id = str(agent.agency_uscc), self.sale.lot_id
        task = give_task(unit, judge, lot_id, agency=uscc, kind="survey", due_at=unit.now + timedelta(days=5))
        unit.session.flush()
        item = {"code": "possession", "state": "none", "statement": "空置", "source": "勘查"}
        sent = report(unit, agent, task.id, items=[item])
        hour = timedelta(hours=1)
        times = {"starts_at": unit.now + hour, "ends_at": unit.now + 2 * hour, "places": 5}
        viewing = offer_viewing(unit, agent, task.id, **times)
        unit.session.flush()
        booking = book_viewing(unit, bidder, lot_id, viewing.id)
        asked = ask_question(unit, bidder, lot_id, question="是否有车位？")
        return {
            "task_id": task.id,
            "report_id": sent.id,
            "slot": viewing.id,
            "booking_id": booking.id,
            "question_id": asked.id,
            "uscc": uscc,
        }

    def right(self, endpoint: Endpoint) -> Caller:
        """Somebody whose role may use the endpoint."""
        roles = POLICY[endpoint.action].roles
        if roles is None:
            return self.nobody
        return self.callers[min(roles, key=("judge", "bidder", *sorted(ROLES)).index)]

    def body(self, endpoint: Endpoint) -> dict[str, Any]:
        """A body the endpoint's schema takes, that refers to things that are there."""
        assert endpoint.body is not None
        good = plausible(endpoint.body)
        return good | {name: value for name, value in self.known.items() if name in good}

    def path(self, endpoint: Endpoint, **ids: str) -> str:
        return path_of(endpoint.rule, self.ids | ids).removeprefix(API)

    def stored(self) -> dict[str, int]:
        """How many rows each table has."""
        return self.house.read(lambda session: {row.name: row.rows for row in session.execute(_rows_of_tables())})


def an_agency(unit: Unit) -> Agency:
    agency = Agency(uscc=a_uscc(), name="拍辅机构")
    unit.session.add(agency)
    unit.session.flush()
    return agency


@pytest.fixture
def world(house: House, sign_in: SignIn) -> World:
    return World(house, sign_in)


def fault_of(answer: TestResponse) -> str | None:
    """What is wrong with an answer; None when it is a success, a problem document or an acknowledgement."""
    body = answer.get_json(silent=True)
    if answer.status_code >= 500:
        return f"{answer.status_code} {answer.get_data(as_text=True)[:200]}"
    if answer.status_code < 400:
        return None
    if answer.mimetype == "application/problem+json" and body["code"] and body["status"] == answer.status_code:
        return None
    if body is not None and set(body) == set(AcknowledgementOut().fields) and body["code"]:
        return None
    return f"{answer.status_code} {answer.mimetype} {answer.get_data(as_text=True)[:200]}"


def refused_at(answer: TestResponse) -> set[str]:
    """The fields an answer complains of, the outermost name of each."""
    body = answer.get_json()
    if "errors" not in body:
        return {"amount_fen"} if body["code"] == "amount_invalid" else set()
    return {str(error["field"]).split(".")[0] for error in body["errors"]}


def test_every_endpoint_is_covered(app: Flask) -> None:
    known = list(endpoints(app))
    assert len(known) > 30
    assert [str(one) for one in known if one.method in ("POST", "PUT", "PATCH") and one.body is None] == [
        one
        for one in map(str, known)
        if one.endswith(("/attachments", "/papers", "/lots/import")) and one.startswith("POST")
    ]
    for endpoint in known:
        if endpoint.body is not None:
            assert endpoint.body.validate(plausible(endpoint.body)) == {}, endpoint


def test_who_may_not_is_refused_before_anything_is_looked_at(world: World, app: Flask) -> None:
    before, wrong = world.stored(), []
    for endpoint in endpoints(app):
        roles = POLICY[endpoint.action].roles
        if roles is None:
            continue
        for role in ("nobody", *sorted(ROLES - roles)):
            caller = world.nobody if role == "nobody" else world.callers[role]
            answer = caller.call(endpoint.method, world.path(endpoint), {"nosuch": 1})
            expected = (401, "unauthenticated") if role == "nobody" else (403, "forbidden")
            if fault_of(answer) or (answer.status_code, answer.get_json()["code"]) != expected:
                wrong.append((str(endpoint), role, answer.status_code))
    assert wrong == []
    assert world.stored() == before


def test_a_body_that_cannot_be_read_is_refused(world: World, app: Flask) -> None:
    before, wrong = world.stored(), []
    for endpoint in endpoints(app):
        if endpoint.method in ("GET", "DELETE"):
            continue  # they take no body, and do what the address says
        caller, path = world.right(endpoint), world.path(endpoint)
        for body in BODIES:
            if body == b"" and endpoint.body is not None and endpoint.body.validate({}) == {}:
                continue
            answer = caller.call(endpoint.method, path, data=body, content_type="application/json")
            if fault_of(answer) or answer.status_code < 400:
                wrong.append((str(endpoint), body[:20], answer.status_code, fault_of(answer)))
        answer = caller.call(endpoint.method, path, data=b"<a/>", content_type="text/xml")
        if answer.status_code not in (401, 415, 422):
            wrong.append((str(endpoint), b"<a/>", answer.status_code, fault_of(answer)))
    assert wrong == []
    assert world.stored() == before


def test_a_wrong_field_is_named_and_nothing_is_stored(world: World, app: Flask) -> None:
    wrong = []
    for endpoint in endpoints(app):
        if endpoint.body is None:
            continue
        before = world.stored()
        caller, path, good = world.right(endpoint), world.path(endpoint), world.body(endpoint)
        signed = endpoint.action == "gateway.notify"
        for name, field in endpoint.body.load_fields.items():
            for value in WRONG:
                if takes(field, value):
                    continue
                answer = caller.call(endpoint.method, path, data=json_of(good | {name: value}), **JSON)
                if fault_of(answer) or answer.status_code < 400:
                    wrong.append((str(endpoint), name, repr(value)[:30], answer.status_code, fault_of(answer)))
                elif answer.status_code == 422 and not signed and name not in refused_at(answer):
                    wrong.append((str(endpoint), name, repr(value)[:30], 422, str(refused_at(answer))))
        answer = caller.call(endpoint.method, path, data=json_of(good | {"nosuch": 1}), **JSON)
        if not signed and (answer.status_code, refused_at(answer)) != (422, {"nosuch"}):
            wrong.append((str(endpoint), "nosuch", "", answer.status_code, "an unknown field was not refused"))
        if world.stored() != before:
            wrong.append((str(endpoint), "", "", 0, "something was stored"))
    assert wrong == []


JSON = {"content_type": "application/json"}


def json_of(value: Any) -> bytes:
    """JSON also of integers beyond 64 bits."""
    return json.dumps(value).encode()


def test_what_fits_the_schema_but_not_the_facts_is_no_fault(world: World, app: Flask) -> None:
    """Plausible bodies with every value that a field takes: whatever the rules say, it is said properly."""
    wrong, after = [], world.stored()
    for endpoint in endpoints(app):
        if endpoint.body is None or endpoint.action in ("bid.place", "sandbox.clock"):
            continue
        caller, path, good = world.right(endpoint), world.path(endpoint), world.body(endpoint)
        bodies = [good] + [
            good | {name: value}
            for name, field in endpoint.body.load_fields.items()
            for value in (*WRONG, *GOOD)
            if takes(field, value)
        ]
        for body in bodies:
            answer = caller.call(endpoint.method, path, data=json_of(body), **JSON)
            if fault_of(answer):
                wrong.append((str(endpoint), repr(body)[:200], fault_of(answer)))
            before, after = after, world.stored()
            if answer.status_code >= 400 and after != before:
                wrong.append((str(endpoint), repr(body)[:200], "something was stored"))
    assert wrong == []


def test_ids_that_are_missing_or_strange_are_not_found(world: World, app: Flask) -> None:
    before, wrong = world.stored(), []
    for endpoint in endpoints(app):
        data = {} if endpoint.body is None else {"data": json_of(world.body(endpoint)), **JSON}
        for name in sorted(endpoint.rule.arguments):
            for value in IDS:
                path = world.path(endpoint, **{name: "IDHERE"}).replace("IDHERE", value)
                answer = world.right(endpoint).call(endpoint.method, path, **data)
                if fault_of(answer) or answer.status_code < 400:
                    wrong.append((str(endpoint), name, value[:30], answer.status_code, fault_of(answer)))
    assert wrong == []
    assert world.stored() == before


def test_a_query_that_cannot_be_read_is_refused(world: World, app: Flask) -> None:
    wrong = []
    for endpoint in endpoints(app):
        if endpoint.method != "GET":
            continue
        caller, path = world.right(endpoint), world.path(endpoint)
        view = app.view_functions[endpoint.rule.endpoint]
        asked = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
        names = [name for one in asked if one["in"] == "query" for name in one["schema"]().load_fields]
        for query in (
            "nosuch=1",
            *(f"{name}={value}" for name in names for value in ("%00", "1e9", "9" * 40, "-1", "")),
        ):
            answer = caller.get(f"{path}?{query}")
            if fault_of(answer) or (query == "nosuch=1" and answer.status_code != 422):
                wrong.append((str(endpoint), query, answer.status_code, fault_of(answer)))
    assert wrong == []


def test_what_belongs_to_others_answers_like_what_is_missing(world: World, app: Flask) -> None:
    """Another court's judge or president, another bidder: the same bytes as for an id that does not exist."""
    wrong = []
    before = world.stored()
    for endpoint in endpoints(app):
        scope = POLICY[endpoint.action].scope
        if scope == "anyone" or not endpoint.rule.arguments:
            continue
        roles = POLICY[endpoint.action].roles or frozenset()
        admitted = ("judge", "president") if scope == "court" else ("bidder",)
        stranger = world.callers["other " + next(role for role in admitted if role in roles)]
        data = {} if endpoint.body is None else {"data": json_of(world.body(endpoint)), **JSON}
        foreign = stranger.call(endpoint.method, world.path(endpoint), **data)
        missing = stranger.call(endpoint.method, world.path(endpoint, **dict.fromkeys(world.ids, "nosuch")), **data)
        if fault_of(foreign) or foreign.status_code != 404 or foreign.data != missing.data:
            wrong.append((str(endpoint), foreign.status_code, foreign.get_data(as_text=True)[:150]))
    assert [one for one in wrong if not one[0].endswith("/balance")] == []
    assert world.stored() == before


def test_pages_answer_strange_ids_without_a_fault(world: World, app: Flask) -> None:
    client, wrong = app.test_client(), []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(API) or rule.endpoint == "static":
            continue
        for name in rule.arguments:
            for value in IDS[:6]:
                path = path_of(rule, world.ids | {name: "IDHERE"}).replace("IDHERE", value)
                for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                    answer = client.open(path, method=method)
                    if answer.status_code >= 500:
                        wrong.append((method, path[:60], answer.status_code))
    assert wrong == []


def test_a_token_that_is_none_is_refused_everywhere(app: Flask) -> None:
    client = app.test_client()
    for token in ("nosuch", "x" * 5000, "é"):
        answer = client.get(f"{API}/lots", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")


def test_an_address_that_is_none_is_a_problem_too(app: Flask) -> None:
    client = app.test_client()
    for method, path, code in (
        ("GET", "/nosuch", "not_found"),
        ("PUT", "/lots", "method_not_allowed"),
        ("POST", "/bidders/" + "x" * 5000, "not_found"),
    ):
        answer = client.open(API + path, method=method)
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json()["code"] == code
        assert ("GET" in answer.headers.get("Allow", "").split(", ")) == (code == "method_not_allowed")


def test_wrong_credentials_are_unauthenticated_in_words_of_their_own(app: Flask) -> None:
    body = {"username": "nobody", "password": "nothing at all"}
    answer = app.test_client().post(f"{API}/sessions", json=body, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    assert "password is wrong" in answer.get_json()["detail"]

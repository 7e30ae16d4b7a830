"""Whatever a court may send that cannot be right: always a problem, nothing stored."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.unit import House
from auction.models import Account
from tests.factories import a_uscc
from tests.web.caller import code_of, fields_of
from tests.web.court import DAY, CourtRoom, calls_of, fine, rows
from tests.web.test_pages import signed_in

pytestmark = pytest.mark.slow

#: What no field of ours may be: one after the other in place of every value of a body.
NONSENSE = [
    None,
    True,
    -1,
    0.5,
    "",
    "\t",
    "x" * 5000,
    "\u0007",
    "2026-13-45",
    "9999-12-31T23:59:59+00:00",
    "0001-01-01",
    10**15 + 1,
    10**30,
    [],
    [[]],
    [None],
    {},
    {"surprise": 1},
    ["x" * 70] * 400,
]


def spoiled(body: Any) -> Any:
    """The body with each of its values replaced by each nonsense, and with a field nobody knows."""
    if isinstance(body, dict):
        yield {**body, "surprise": 1}
        for name, value in body.items():
            yield {key: inner for key, inner in body.items() if key != name}
            for nonsense in NONSENSE:
                yield {**body, name: nonsense}
            if isinstance(value, list) and value and isinstance(value[0], dict):
                for worse in spoiled(value[0]):
                    yield {**body, name: [worse]}


def test_whatever_is_sent_is_answered_with_a_problem_and_never_a_fault(
    room: CourtRoom, house: House, client: Any
) -> None:
    room.enter()
    room.draft()
    case = {
        "number": "another",
        "entered_on": "2026-01-01",
        "parties": [{"name": "a", "role": "debtor", "id_type": "uscc", "id_number": a_uscc(), "claim_fen": 5}],
    }
    full = room.terms(forfeit_fen=1, late_reason="other", late_reason_text="t")
    notice = {"name": "a", "role": "debtor", "status": "sent", "at": iso(room.now - DAY), "proof": "p"}
    lot, auction = f"/lots/{room.lot_id}", f"/auctions/{room.auction_id}"
    bodies = [*calls_of(room), ("POST", "/cases", case), ("POST", "/lots", room.lot_facts())]
    bodies += [("POST", f"{lot}/auctions", full), ("PATCH", auction, full)]
    bodies += [("PUT", f"{lot}/notices", {"recipients": [notice]})]
    bodies += [("POST", "/registrations/nowhere/decision", {"approve": True, "rank": 1, "claim_fen": 1, "reason": "r"})]
    for method, path, body in bodies:
        for wrong in spoiled(body):
            sent = {} if wrong is None else {"data": json.dumps(wrong), "content_type": "application/json"}
            answer = room.judge.call(method, path, **sent)
            assert answer.status_code < 500, (method, path, wrong, answer.get_data(as_text=True))
            if answer.status_code >= 400:
                code_of(answer)
    assert fine(room.judge.get(f"/lots/{room.lot_id}"))["id"] == room.lot_id


UNREADABLE_TERMS: list[tuple[dict[str, Any], str]] = [
    ({"reserve_price_fen": 1.0}, "reserve_price_fen"),
    ({"reserve_price_fen": "140000000"}, "reserve_price_fen"),
    ({"reserve_price_fen": 10**15 + 1}, "reserve_price_fen"),
    ({"reserve_price_fen": 0}, "reserve_price_fen"),
    ({"reserve_price_fen": True}, "reserve_price_fen"),
    ({"increment_fen": -1}, "increment_fen"),
    ({"balance_days": 2.0}, "balance_days"),
    ({"opens_at": "2026-04-01 10:00"}, "opens_at"),
    ({"opens_at": 1}, "opens_at"),
    ({"round": "third"}, "round"),
    ({"panel": "judge"}, "panel"),
    ({"panel": ["nobody"]}, "panel.0"),
    ({"late_reason": "mood"}, "late_reason"),
    ({"late_reason": "other"}, "late_reason_text"),
    ({"surprise": 1}, "surprise"),
]


def test_terms_that_cannot_be_read_name_their_field_and_store_nothing(room: CourtRoom, house: House) -> None:
    room.enter()
    before = rows(house)
    for change, field in UNREADABLE_TERMS:
        answer = room.judge.post(f"/lots/{room.lot_id}/auctions", room.terms() | change)
        assert answer.status_code == 422, change
        assert field in fields_of(answer), change
    assert rows(house) == before


IMPOSSIBLE_PRICES: list[tuple[dict[str, Any], str, str]] = [
    ({"amount_fen": 199.5}, "amount_fen", "invalid"),
    ({"valid_until": "2025-12-31"}, "valid_until", "validity_reversed"),
    ({"method": "network_inquiry", "amount_fen": 1}, "amount_fen", "not_the_mean"),
    ({"method": "guess"}, "method", "invalid"),
    ({"effective_on": "10.1.2026"}, "effective_on", "not_a_date"),
    ({"results": [{"source": "a"}]}, "results.0.amount_fen", "required"),
    ({"steps": [{"code": "x y", "on": "2026-01-01"}]}, "steps.0.code", "invalid"),
]


def test_a_price_that_cannot_be_right_is_refused_as_it_is_entered(room: CourtRoom) -> None:
    room.enter()
    for change, field, code in IMPOSSIBLE_PRICES:
        answer = room.judge.put(f"/lots/{room.lot_id}/reference-price", room.price_facts(**change))
        assert fields_of(answer).get(field) == code, change
    assert fine(room.judge.get(f"/lots/{room.lot_id}"))["reference_price"] is None


UNREADABLE_ITEMS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"state": "perhaps"}, {"state": "state_invalid"}),
    ({"state": "exempt"}, {"state": "state_not_allowed"}),
    ({"data": {"unheard": 1}}, {"data.unheard": "unknown_field"}),
    ({"data": []}, {"data": "wrong_type"}),
    ({"statement": None}, {"statement": "wrong_type"}),
    ({"statement": "x" * 4001}, {"statement": "too_long"}),
    ({"checked_on": "2026-03-04"}, {"checked_on": "date_in_future"}),
    ({"checked_on": 20260301}, {"checked_on": "not_a_date"}),
    ({"attachments": ["nowhere"]}, {"attachments.0": "unknown_attachment"}),
    ({"attachments": "all"}, {"attachments": "wrong_type"}),
    ({"mood": "good"}, {"mood": "unknown_field"}),
]


def test_an_item_that_cannot_be_read_names_its_field_and_is_not_stored(room: CourtRoom) -> None:
    room.enter()
    for change, found in UNREADABLE_ITEMS:
        assert fields_of(room.put("defects", **change)) == found, change
    assert fine(room.judge.get(f"/lots/{room.lot_id}/disclosure"))["items"] == []


def test_an_item_the_catalogue_does_not_know_is_refused(room: CourtRoom) -> None:
    room.enter()
    body = room.item_facts("defects")
    answer = room.clerk.put(f"/lots/{room.lot_id}/disclosure/items/colour", body)
    assert fields_of(answer) == {"code": "unknown_item"}


BODIES: list[tuple[bytes, str, str]] = [
    (b"{", "application/json", "malformed"),
    (b"[" * 100_000, "application/json", "malformed"),
    (b'{"number": ' + b"9" * 5000 + b"}", "application/json", "malformed"),
    (b"\xff\xfe", "application/json", "malformed"),
    (b'{"number": NaN}', "application/json", "malformed"),
    (b'{"number": "\\ud800"}', "application/json", "malformed"),
    (b'{"number": "a\\u0000"}', "application/json", "malformed"),
    (b"[]", "application/json", "invalid"),
    (b"number=1", "application/x-www-form-urlencoded", "unsupported_media_type"),
    (b"", "application/json", "invalid"),
]


def test_a_body_that_is_no_json_object_is_a_problem(room: CourtRoom) -> None:
    for data, kind, code in BODIES:
        answer = room.clerk.post("/cases", data=data, content_type=kind)
        assert code_of(answer) == code, data[:40]


def test_attributes_come_back_exactly_or_are_refused(room: CourtRoom) -> None:
    room.enter()
    good = {"area_m2": 89.5, "rooms": 3, "elevator": True, "district": "玄武", "none": None, "near": ["a", {"b": [1]}]}
    lot = fine(room.clerk.post("/lots", room.lot_facts(attributes=good)), 201)
    assert fine(room.judge.get(f"/lots/{lot['id']}"))["attributes"] == good
    for bad in ({"a": 2**60}, {"a": 1e300}, {"a": [[[[[1]]]]]}, {"": 1}, {"a": "x" * 2000}, [1], {"a": "\u0001"}):
        assert room.clerk.post("/lots", room.lot_facts(attributes=bad)).status_code == 422, bad


def test_a_text_that_turns_the_direction_of_writing_is_refused_at_entry(room: CourtRoom) -> None:
    room.enter()
    turned = "珠江路\u202e88号"
    assert fields_of(room.clerk.post("/lots", room.lot_facts(title=turned))) == {"title": "control_characters"}
    party = {"name": turned, "role": "applicant"}
    answer = room.clerk.post("/cases", {"number": "（2026）苏01执9号", "parties": [party]})
    assert fields_of(answer) == {"parties.0.name": "control_characters"}
    bidder = {"username": "turned", "password": "long enough", "name": turned, "id_type": "passport"}
    answer = room.clerk.post("/bidders", {**bidder, "id_number": "E12345678"})
    assert fields_of(answer)["name"] == "control_characters"


def test_a_form_takes_no_time_that_utc_does_not_have(app: Any, room: CourtRoom, house: House) -> None:
    room.enter()
    judge = house.read(lambda session: session.scalars(select(Account).where(Account.username == room.names[0])).one())
    reader = signed_in(app, house, judge)
    reader.get(f"/desk/lots/{room.lot_id}")
    for moment in ("0001-01-01T00:00", "9999-12-31T23:59"):
        told = reader.send("/notices", {"recipients.0.name": "某银行", "recipients.0.at": moment}, status=422)
        assert "服务" not in told.text and "更正" in told.text

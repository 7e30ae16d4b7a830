"""What anybody may read, and what nobody may: lots, auctions, bids, events, receipts, results, the log."""

import io
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from flask import Flask
from marshmallow import Schema, fields

from auction.kernel.clock import FixedClock, iso
from auction.kernel.unit import House, Unit
from auction.models import Auction
from auction.services.log import seal
from tests.factories import a_case, a_court, a_lot, an_account, an_auction
from tests.web.caller import API, Caller, SignIn, code_of, fields_of, path_of
from tests.web.sale import DEPOSIT, RESERVE, STEP, Sale, a_sale
from web.schemas import public as schemas

VERIFIER = Path(__file__).resolve().parents[2] / "tools" / "fapai_verify.py"


@pytest.fixture
def sale(house: House) -> Sale:
    return house.perform(a_sale)


def bid(sign_in: SignIn, sale: Sale, number: int, amount_fen: int, key: str | None = None) -> dict[str, Any]:
    answer = sign_in(sale.bidders[number]).post(
        f"/auctions/{sale.auction_id}/bids", {"amount_fen": amount_fen, "key": key or f"k{amount_fen}"}
    )
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return dict(answer.get_json())


def hammer(sign_in: SignIn, sale: Sale) -> None:
    moved = sign_in(sale.operator).post("/sandbox/clock", {"advance_seconds": 30 * 3600})
    assert moved.status_code == 200, moved.get_data(as_text=True)


def has_shape(schema: type[Schema] | Schema, found: dict[str, Any]) -> bool:
    """Whether an answer has exactly the fields the description tells of, of the right types, in every depth."""
    made = schema if isinstance(schema, Schema) else schema()
    assert set(found) == set(made.fields)
    assert made.validate(found) == {}
    for name, field in made.fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested) and found[name] is not None:
            for one in found[name] if isinstance(found[name], list) else [found[name]]:
                assert has_shape(inner.schema, one)
    return True


# --- visibility ----------------------------------------------------------------------------------------------------


def test_a_draft_answers_like_a_missing_thing_to_everybody_but_its_court(house: House, sign_in: SignIn) -> None:
    draft = house.perform(a_sale, status="draft", bidders=0, seal=None)
    stranger = house.perform(lambda unit: an_account(unit, "judge", court_code=a_court(unit, "1101", "北京").code))
    for path, missing in (
        (f"/lots/{draft.lot_id}", "/lots/nosuch"),
        (f"/auctions/{draft.auction_id}", "/auctions/nosuch"),
        (f"/auctions/{draft.auction_id}/bids", "/auctions/nosuch/bids"),
        (f"/auctions/{draft.auction_id}/events", "/auctions/nosuch/events"),
        (f"/auctions/{draft.auction_id}/confirmation", "/auctions/nosuch/confirmation"),
        (f"/auctions/{draft.auction_id}/result", "/auctions/nosuch/result"),
    ):
        for account in (None, stranger, draft.operator):
            caller = sign_in(account)
            hidden = caller.get(path)
            assert code_of(hidden) == "not_found"
            assert hidden.data == caller.get(missing).data
    judge = sign_in(draft.judge)
    assert judge.get(f"/auctions/{draft.auction_id}").get_json()["status"] == "draft"
    assert judge.get(f"/lots/{draft.lot_id}").get_json()["status"] == "draft"
    assert judge.get(f"/auctions/{draft.auction_id}/bids").get_json() == {"items": [], "more": False}


def test_the_list_shows_drafts_to_their_court_alone(house: House, sign_in: SignIn) -> None:
    draft = house.perform(a_sale, status="draft", bidders=0, seal=None)
    lot = house.perform(lambda unit: a_lot(unit))
    judge = sign_in(draft.judge)
    assert {item["id"] for item in judge.get("/lots").get_json()["items"]} == {draft.lot_id, lot.id}
    assert [item["id"] for item in judge.get("/lots?status=draft").get_json()["items"]] == [draft.lot_id]
    assert sign_in(None).get("/lots").get_json() == {"items": [], "page": 1, "page_size": 50, "total": 0}
    assert sign_in(draft.operator).get("/lots").get_json()["total"] == 0


# --- lots ----------------------------------------------------------------------------------------------------------


def test_a_lot_is_shown_with_court_disclosure_price_and_rounds(sale: Sale, anybody: Caller, house: House) -> None:
    lot = anybody.get(f"/lots/{sale.lot_id}").get_json()
    assert has_shape(schemas.LotOut, lot)
    assert lot["court"] == {"code": "3201", "name": "南京市中级人民法院"}
    assert lot["disclosure"]["seal"] == sale.seal
    assert (lot["disclosure"]["version"], lot["disclosure"]["items"]) == (1, 2)
    assert lot["disclosure"]["flags"] == ["vacant"]
    assert [(one["id"], one["round"], one["status"]) for one in lot["auctions"]] == [(sale.auction_id, "first", "open")]
    assert lot["reference_price"] is None
    told = anybody.get(f"/lots/{sale.lot_id}/risk").get_json()["clearance"]
    assert lot["risk"]["clearance"] == {name: told[name] for name in ("score", "band", "plan_required")}


def test_the_public_sees_announced_rounds_only_and_the_status_of_the_latest(
    sale: Sale, anybody: Caller, house: House, sign_in: SignIn
) -> None:
    def second(unit: Any) -> None:
        from auction.models import Auction, Lot

        unit.session.get_one(Auction, sale.auction_id).status = "unsold"
        an_auction(unit, lot=unit.session.get_one(Lot, sale.lot_id), status="draft", round="second")

    house.perform(second)
    assert [one["status"] for one in anybody.get(f"/lots/{sale.lot_id}").get_json()["auctions"]] == ["unsold"]
    own = sign_in(sale.judge).get(f"/lots/{sale.lot_id}").get_json()
    assert ([one["status"] for one in own["auctions"]], own["status"]) == (["unsold", "draft"], "draft")
    assert [one["id"] for one in anybody.get("/lots?status=unsold").get_json()["items"]] == [sale.lot_id]
    assert anybody.get("/lots?status=draft").get_json()["total"] == 0


def three_lots(unit: Any) -> dict[str, str]:
    """A flat in Nanjing, open at 1,200,000; a car in Beijing, announced; a flat in Suzhou, unsold."""
    beijing = a_court(unit, "1101", "北京市第一中级人民法院")
    car = a_lot(
        unit,
        case=a_case(unit, court=beijing, number="（2026）京01执7号"),
        title="红旗轿车",
        asset_type="vehicle",
        region="110101",
        address="北京市东城区100%路",
    )
    flat, old = a_lot(unit), a_lot(unit, title="苏州住宅", region="320508", address="苏州市姑苏区")
    an_auction(unit, lot=flat, status="open", price_fen=120_000_000)
    an_auction(unit, lot=car, status="announced", reserve_price_fen=5_000_000)
    an_auction(unit, lot=old, status="unsold", closes_at=unit.now - timedelta(minutes=1))
    return {flat.id: "flat", car.id: "car", old.id: "old"}


FILTERS: list[tuple[str, set[str]]] = [
    ("q=红旗", {"car"}),
    ("q=南京", {"flat", "old"}),  # the court's name counts, too
    ("q=苏州 姑苏", {"old"}),
    ("q=京01执7", {"car"}),
    ("q=100%25路", {"car"}),
    ("q=_", set()),
    ("asset_type=vehicle", {"car"}),
    ("asset_type=vessel", set()),
    ("court=1101", {"car"}),
    ("region=32", {"flat", "old"}),
    ("region=320508", {"old"}),
    ("status=announced", {"car"}),
    ("status=open", {"flat"}),
    ("status=unsold", {"old"}),
    ("min_fen=100000001", {"flat"}),
    ("min_fen=100000000", {"flat", "old"}),
    ("max_fen=100000000", {"car", "old"}),
    ("max_fen=99999999&min_fen=5000000", {"car"}),
    ("court=1101&asset_type=real_estate", set()),
    ("", {"flat", "car", "old"}),
]


def test_lots_are_found_by_what_is_asked_for(house: House, anybody: Caller) -> None:
    names = house.perform(three_lots)
    for query, expected in FILTERS:
        found = anybody.get(f"/lots?{query}").get_json()
        assert {names[item["id"]] for item in found["items"]} == expected, query
        assert found["total"] == len(expected), query
        assert all(has_shape(schemas.LotSummaryOut, item) for item in found["items"])


def test_lots_are_sorted_and_paged(house: House, anybody: Caller) -> None:
    names = house.perform(three_lots)
    for sort, expected in (
        ("price_fen", ["car", "old", "flat"]),
        ("-price_fen", ["flat", "old", "car"]),
        ("closes_at", ["old", "flat", "car"]),
        ("-opens_at", ["car", "flat", "old"]),
    ):
        pages = [anybody.get(f"/lots?sort={sort}&page_size=2&page={page}").get_json() for page in (1, 2, 3)]
        shown = [[names[item["id"]] for item in page["items"]] for page in pages]
        assert shown == [expected[:2], expected[2:], []], sort
        assert {(page["total"], page["page_size"]) for page in pages} == {(3, 2)}


def test_lots_are_found_by_the_marks_of_their_sheets(
    house: House, sale: Sale, anybody: Caller, sign_in: SignIn
) -> None:
    house.perform(a_lot)
    for reader in (anybody, sign_in(sale.judge)):
        for asked, found in (
            ("vacant", [sale.lot_id]),
            ("leased", []),
            ("vacant,leased", [sale.lot_id]),  # two that cannot both be: either
            ("vacant,failed_rounds", []),  # else all of them
        ):
            answer = reader.get(f"/lots?flags={asked}").get_json()
            assert [item["id"] for item in answer["items"]] == found, asked


def test_a_mark_there_is_not_is_refused_with_all_there_are(anybody: Caller) -> None:
    answer = anybody.get("/lots?flags=vacant,haunted")
    [error] = answer.get_json()["errors"]
    assert (answer.status_code, error["field"], error["code"]) == (422, "flags", "not_one_of")
    assert "failed_rounds" in error["detail"] and "band_e" in error["detail"]


def test_a_question_that_cannot_be_read_names_its_field(anybody: Caller) -> None:
    for query, field in (
        ("nosuch=1", "nosuch"),
        ("page=0", "page"),
        ("page_size=201", "page_size"),
        ("status=Open", "status"),
        ("sort=title", "sort"),
        ("min_fen=1.5", "min_fen"),
        ("max_fen=99999999999999999999", "max_fen"),
        ("q=%00", "q"),
        ("flags=A;drop", "flags"),
        ("near=91,0", "near"),
        ("near=nan,1", "near"),
        ("near=1,1&within_km=501", "within_km"),
    ):
        answer = anybody.get(f"/lots?{query}")
        assert (answer.status_code, code_of(answer)) == (422, "invalid"), query
        assert set(fields_of(answer)) == {field}


# --- auctions ------------------------------------------------------------------------------------------------------


def test_an_auction_has_every_field_of_the_interface(sale: Sale, anybody: Caller, house: House) -> None:
    auction = anybody.get(f"/auctions/{sale.auction_id}").get_json()
    assert has_shape(schemas.AuctionOut, auction)
    expected = {
        "id": sale.auction_id,
        "lot_id": sale.lot_id,
        "round": "first",
        "status": "open",
        "ended": False,
        "reserve_price_fen": RESERVE,
        "increment_fen": STEP,
        "deposit_fen": DEPOSIT,
        "price_fen": None,
        "minimum_fen": RESERVE,
        "leader_code": None,
        "bid_count": 0,
        "extensions": 0,
        "server_time": iso(house.now()),
        "seal": sale.seal,
        "ruleset": "spc-2016",
        "resale_of": None,
        "settlement": None,
    }
    assert expected.items() <= auction.items()


def test_what_is_due_is_shown_before_anybody_carried_it_out(house: House, anybody: Caller, clock: FixedClock) -> None:
    coming = house.perform(a_sale, status="announced", bidders=0)
    path = f"/auctions/{coming.auction_id}"
    before = anybody.get(path).get_json()
    assert (before["status"], before["ended"]) == ("announced", False)
    clock.advance(days=30)
    opened = anybody.get(path).get_json()
    assert (opened["status"], opened["ended"], opened["version"]) == ("open", False, before["version"])
    assert anybody.get("/lots?status=open").get_json()["total"] == 1
    clock.advance(hours=25)
    ended = anybody.get(path).get_json()
    assert (ended["status"], ended["ended"]) == ("open", True)


@pytest.mark.parametrize("status", ["withdrawn", "suspended"])
def test_ended_tells_the_time_whatever_became_of_the_sale(
    house: House, anybody: Caller, clock: FixedClock, status: str
) -> None:
    sale = house.perform(a_sale)

    def stop(unit: Unit) -> None:
        unit.session.get_one(Auction, sale.auction_id).status = status

    house.perform(stop)
    assert anybody.get(f"/auctions/{sale.auction_id}").get_json()["ended"] is False
    assert anybody.get(f"/lots?status={status}").get_json()["items"][0]["auction"]["ended"] is False
    clock.advance(days=60)
    assert anybody.get(f"/auctions/{sale.auction_id}").get_json()["ended"] is True


def test_bids_come_ascending_complete_and_after_a_number(sale: Sale, sign_in: SignIn, anybody: Caller) -> None:
    for n in range(5):
        bid(sign_in, sale, n % 2, RESERVE + n * STEP)
    path = f"/auctions/{sale.auction_id}/bids"
    everything = anybody.get(path).get_json()
    assert [(one["seq"], one["amount_fen"], one["bidder_code"]) for one in everything["items"]] == [
        (n + 1, RESERVE + n * STEP, sale.codes[n % 2]) for n in range(5)
    ]
    told = {"seq", "bidder_code", "amount_fen", "received_at", "rank"}  # `lapsed` only where a bid has lapsed
    assert all(set(one) == told for one in everything["items"]) and told < set(schemas.PublicBidOut().fields)
    assert (set(everything), everything["more"]) == ({"items", "more"}, False)
    later = anybody.get(f"{path}?since_seq=2&page_size=2&page=9").get_json()
    assert ([one["seq"] for one in later["items"]], later["more"]) == ([3, 4], True)
    assert anybody.get(f"{path}?since_seq=5").get_json() == {"items": [], "more": False}
    assert fields_of(anybody.get(f"{path}?page_size=1001")) == {"page_size": "invalid"}


def test_events_come_without_a_gap_and_after_a_version(
    sale: Sale, sign_in: SignIn, anybody: Caller, clock: FixedClock
) -> None:
    bid(sign_in, sale, 0, RESERVE)
    clock.advance(hours=23, minutes=57)
    bid(sign_in, sale, 1, RESERVE + STEP)
    path = f"/auctions/{sale.auction_id}/events"
    found = anybody.get(path).get_json()
    assert [one["version"] for one in found["items"]] == [1, 2, 3]
    assert [one["type"] for one in found["items"]] == ["bid", "bid", "extension"]
    assert found["items"][0]["bidder_code"] == sale.codes[0]
    auction = anybody.get(f"/auctions/{sale.auction_id}").get_json()
    assert (auction["version"], auction["extensions"]) == (3, 1)
    assert auction["closes_at"] == found["items"][2]["closes_at"]
    later = anybody.get(f"{path}?since=1&page_size=1").get_json()
    assert ([one["version"] for one in later["items"]], later["more"]) == ([2], True)
    assert anybody.get(f"{path}?since=3").get_json() == {"items": [], "more": False}


# --- what proves -----------------------------------------------------------------------------------------------------


def test_a_receipt_verifies_offline_before_and_after_it_is_sealed(
    sale: Sale, sign_in: SignIn, anybody: Caller, house: House, tmp_path: Path
) -> None:
    accepted = bid(sign_in, sale, 0, RESERVE)
    path = f"/bids/{accepted['bid_id']}/receipt"
    early = anybody.get(path).get_json()
    assert (early["inclusion"], early["checkpoint"]) == (None, None)
    assert {key: early[key] for key in ("entry", "signature", "key_id")} == accepted["receipt"]
    house.perform(seal)
    late = anybody.get(path)
    assert has_shape(schemas.ReceiptOut, late.get_json())
    assert late.get_json()["inclusion"] is not None
    key = anybody.get("/log/key").get_json()
    (tmp_path / "key.pem").write_text(key["pem"], encoding="ascii")
    (tmp_path / "receipt.json").write_bytes(late.data)
    for given in (str(tmp_path / "key.pem"), key["public_key"], key["verifier_key"]):
        run = subprocess.run(
            [sys.executable, str(VERIFIER), str(tmp_path / "receipt.json"), "--key", given],
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
    (tmp_path / "receipt.json").write_bytes(late.data.replace(b"100000000", b"100500000"))
    forged = subprocess.run(
        [sys.executable, str(VERIFIER), str(tmp_path / "receipt.json"), "--key", key["public_key"]],
        capture_output=True,
        check=False,
    )
    assert forged.returncode == 1


def test_a_refused_bid_has_no_receipt(sale: Sale, sign_in: SignIn, anybody: Caller) -> None:
    refused = sign_in(sale.bidders[0]).post(f"/auctions/{sale.auction_id}/bids", {"amount_fen": 1, "key": "low"})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "below_reserve")
    assert code_of(anybody.get(f"/bids/{refused.get_json()['bid_id']}/receipt")) == "not_found"


def test_the_log_is_served_with_proofs(sale: Sale, sign_in: SignIn, anybody: Caller, house: House) -> None:
    assert code_of(anybody.get("/log/checkpoint")) == "not_found"
    assert anybody.get("/log/key").get_json()["verifier_key"] is None
    bid(sign_in, sale, 0, RESERVE)
    house.perform(seal)
    note = anybody.get("/log/checkpoint")
    assert note.mimetype == "text/plain"
    size = int(note.get_data(as_text=True).splitlines()[1])
    leaves = anybody.get("/log/entries").get_json()["items"]
    assert [leaf["index"] for leaf in leaves] == list(range(size))
    assert [leaf["index"] for leaf in anybody.get("/log/entries?start=1&end=2").get_json()["items"]] == [1]
    proof = anybody.get("/log/inclusion?index=0").get_json()
    assert has_shape(schemas.InclusionOut, proof)
    assert anybody.get(f"/log/inclusion?index=0&size={size}").get_json() == proof
    assert has_shape(schemas.ConsistencyOut, anybody.get("/log/consistency?first=1").get_json())
    for path, field in (
        (f"/log/inclusion?index={size}", "index"),
        (f"/log/inclusion?index=0&size={size + 1}", "size"),
        ("/log/inclusion", "index"),
        (f"/log/consistency?first={size + 1}", "first"),
        ("/log/entries?start=5&end=4", "end"),
        ("/log/entries?start=-1", "start"),
    ):
        answer = anybody.get(path, headers={"Accept-Language": "en"})
        assert set(fields_of(answer)) == {field}
        if "?" in path:  # with its two bounds, or by the schema
            told = answer.get_json()["errors"][0]["detail"]
            said = r"It must lie between \d+ and \d+\.|A number (from \d+ to|of at least) \d+ is expected\."
            assert re.fullmatch(said, told)
    for path in (f"/log/inclusion?index=999999&size={size}", f"/log/consistency?first={size}&second=1"):
        assert " 0 至 " in anybody.get(path).get_json()["errors"][0]["detail"]


def test_confirmation_and_result_come_with_the_hammer(
    sale: Sale, sign_in: SignIn, anybody: Caller, house: House
) -> None:
    bid(sign_in, sale, 0, RESERVE)
    bid(sign_in, sale, 1, RESERVE + STEP)
    confirmation, result = (f"/auctions/{sale.auction_id}/{what}" for what in ("confirmation", "result"))
    for path in (confirmation, result):
        assert code_of(anybody.get(path)) == "not_found"
    hammer(sign_in, sale)
    ended = anybody.get(result).get_json()
    assert has_shape(schemas.ResultOut, ended)
    assert (ended["status"], ended["price_fen"], ended["bidder_code"]) == ("sold", RESERVE + STEP, sale.codes[1])
    assert ended["confirmed"] is True
    assert ended["settlement"]["status"] == "balance_due"
    document = anybody.get(confirmation).get_json()
    assert (document["price_fen"], document["bidder_code"]) == (RESERVE + STEP, sale.codes[1])
    assert [buyer["name"] for buyer in document["buyers"]] == ["欧阳测试1"]
    house.perform(seal)
    assert anybody.get(confirmation).get_json()["checkpoint"]["size"] > 0
    pdf = anybody.get(confirmation, headers={"Accept": "application/pdf"})
    assert pdf.mimetype == "application/pdf"
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf.data)).pages)
    assert "欧阳测试1" in text
    assert "欧阳测试0" not in text
    assert code_of(anybody.get(confirmation, headers={"Accept": "image/png"})) == "not_acceptable"


# --- secrecy -------------------------------------------------------------------------------------------------------


def test_no_public_answer_tells_who_bids_before_the_end(
    sale: Sale, sign_in: SignIn, anybody: Caller, house: House, app: Flask
) -> None:
    accepted = bid(sign_in, sale, 0, RESERVE)
    bid(sign_in, sale, 1, RESERVE + STEP)
    house.perform(seal)
    ids = {"lot_id": sale.lot_id, "auction_id": sale.auction_id, "bid_id": accepted["bid_id"]}
    read = 0
    paths = [path_of(rule, ids) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    client = app.test_client()
    for path in [*paths, f"{API}/log/inclusion?index=0", f"{API}/lots/{sale.lot_id}?version=1"]:
        answer = client.get(path)
        assert answer.status_code < 500, path
        read += answer.status_code == 200
        body = answer.get_data(as_text=True)
        assert [secret for secret in sale.secrets if secret in body] == [], path
    assert read >= 10
    assert sale.codes[0] in client.get(f"{API}/auctions/{sale.auction_id}/bids").get_data(as_text=True)

"""The sheet and its files through the doors: who reads what when, what is kept of an upload."""

import io
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from PIL import Image

from auction.kernel.clock import iso
from auction.kernel.crypto import sha256_hex
from auction.kernel.unit import House, Unit
from auction.models import Agency, Auction
from tests.disclosure.court import called
from tests.disclosure.rules.test_moving_pictures import PLACE, box, film, track
from tests.factories import a_bidder, a_registration, a_uscc, an_account
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import DAY, PDF, CourtRoom, fine, send


def test_an_item_is_stored_incomplete_and_tells_what_it_lacks(room: CourtRoom) -> None:
    room.enter()
    answer = fine(room.put("defects", source="", checked_on=None))
    assert {"source_missing", "date_missing"} <= {finding["code"] for finding in answer["findings"]}
    assert (answer["checker"], answer["version"]) == ("书记员", None)
    gaps = fine(room.judge.get(f"/lots/{room.lot_id}/disclosure/gaps"))["items"]
    assert "disclosure.defects" in {gap["field"] for gap in gaps}
    assert all(gap["basis"] for gap in gaps)
    assert {gap["item"] for gap in gaps} == {item["code"] for item in room.catalogue() if item["required"]}


def test_a_sheet_being_filled_is_read_by_its_court_and_agency_alone(
    room: CourtRoom, house: House, sign_in: SignIn, anybody: Caller, foreign: Caller
) -> None:
    room.enter()
    fine(room.put("defects"))

    def agency(unit: Unit) -> Any:
        uscc = a_uscc()
        unit.session.add(Agency(uscc=uscc, name="示例拍辅"))
        unit.session.flush()
        return uscc, an_account(unit, "agency", agency_uscc=uscc)

    uscc, account = house.perform(agency)
    agent = sign_in(account)
    address = f"/lots/{room.lot_id}/disclosure"
    missing = anybody.get("/lots/nowhere/disclosure").get_data()
    for stranger in (anybody, foreign, agent):
        answer = stranger.get(address)
        assert (answer.status_code, answer.get_data()) == (404, missing)
    task = {"agency": uscc, "kind": "photos", "due_at": iso(room.now + DAY)}
    made = fine(room.clerk.post(f"/lots/{room.lot_id}/tasks", task), 201)
    assert (made["agency"], made["lot_id"]) == (uscc, room.lot_id)
    for reader in (room.judge, agent):
        sheet = fine(reader.get(address))
        assert (sheet["version"], sheet["seal"], len(sheet["items"])) == (0, None, 1)
    assert code_of(agent.get(f"{address}/gaps")) == "forbidden"


def test_a_change_after_the_announcement_shows_as_a_public_difference(room: CourtRoom, anybody: Caller) -> None:
    first = room.announced()["seal"]
    changed = fine(room.put("court_contact", room.judge, **called("court_contact")))
    assert changed["version"] == 2
    auction = fine(anybody.get(f"/auctions/{room.auction_id}"))
    assert auction["seal"] != first
    diff = fine(anybody.get(f"/lots/{room.lot_id}/disclosure/diff?from=1&to=2"))
    assert (diff["from"], diff["to"], diff["material"]) == (1, 2, False)
    assert [(change["code"], change["field"]) for change in diff["items"]] == [
        ("court_contact", "data.phone"),
        ("court_contact", "checker"),
    ]
    assert fine(anybody.get(f"/lots/{room.lot_id}/disclosure?version=1"))["seal"] == first
    events = fine(anybody.get(f"/auctions/{room.auction_id}/events?since=1"))["items"]
    assert [(event["type"], event["seal"]) for event in events] == [("disclosure", auction["seal"])]
    material = room.put("defects", room.judge, state="found", statement="屋面渗漏。")
    assert code_of(material) == "wrong_state"
    assert {error["code"] for error in material.get_json()["errors"]} == {"material_change"}
    assert code_of(anybody.get(f"/lots/{room.lot_id}/disclosure/diff?from=1&to=9")) == "invalid"
    assert code_of(anybody.get(f"/lots/{room.lot_id}/disclosure?version=9")) == "not_found"


def test_a_bidder_bids_again_only_after_acknowledging_the_change(
    room: CourtRoom, house: House, sign_in: SignIn
) -> None:
    room.announced()

    def register(unit: Unit) -> tuple[Any, str]:
        bidder = a_bidder(unit)
        auction = unit.session.get_one(Auction, room.auction_id)
        return bidder, a_registration(unit, auction, bidder, status="qualified").id

    account, registration_id = house.perform(register)
    bidder = sign_in(account)
    room.wait(40 * DAY + timedelta(minutes=1))
    bids = f"/auctions/{room.auction_id}/bids"
    fine(bidder.post(bids, {"amount_fen": 140_000_000, "key": "1"}), 201)
    fine(room.put("court_contact", room.judge, **called("court_contact")))
    raised = {"amount_fen": 141_000_000, "raise_own": True}
    assert fine(bidder.post(bids, raised | {"key": "2"}), 422)["code"] == "stale_disclosure"
    seal = fine(bidder.get(f"/auctions/{room.auction_id}"))["seal"]
    fine(bidder.post(f"/registrations/{registration_id}/acknowledgements", {"seal": seal}), 201)
    assert fine(bidder.post(bids, raised | {"key": "3"}), 201)["price_fen"] == 141_000_000
    room.wait(2 * DAY)
    assert fine(bidder.get(f"/auctions/{room.auction_id}"))["status"] == "sold"


def test_a_file_is_hidden_until_it_is_sealed_with_the_sheet(room: CourtRoom, anybody: Caller, foreign: Caller) -> None:
    room.enter()
    kept = fine(send(room.clerk, room.lot_id, PDF, "登记簿.pdf"), 201)
    assert (kept["filename"], kept["media_type"], kept["size"]) == ("登记簿.pdf", "application/pdf", len(PDF))
    address = f"/lots/{room.lot_id}/attachments/{kept['id']}"
    missing = anybody.get(f"/lots/{room.lot_id}/attachments/nowhere").get_data()
    for stranger in (anybody, foreign):
        answer = stranger.get(address)
        assert (answer.status_code, answer.get_data()) == (404, missing)
    own = room.judge.get(address)
    assert (own.status_code, own.get_data(), own.headers["Cache-Control"]) == (200, PDF, "no-store")
    room.price()
    room.fill()
    fine(room.put("title", attachments=[kept["id"]]))
    room.notify()
    room.draft()
    room.vote()
    fine(room.announce())
    public = anybody.get(address)
    assert (public.status_code, public.get_data(), public.mimetype) == (200, PDF, "application/pdf")
    assert public.headers["Content-Disposition"].startswith("attachment")
    sheet = fine(anybody.get(f"/lots/{room.lot_id}/disclosure"))
    assert [file["id"] for file in sheet["attachments"]] == [kept["id"]]
    title = next(item for item in sheet["items"] if item["code"] == "title")
    assert title["attachments"] == [kept["id"]]
    assert code_of(anybody.get(f"/lots/elsewhere/attachments/{kept['id']}")) == "not_found"


def test_a_photo_is_kept_without_its_place(room: CourtRoom) -> None:
    room.enter()
    exif = Image.Exif()
    exif[0x010F] = "Some Maker"
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(out, "JPEG", exif=exif)
    kept = fine(send(room.clerk, room.lot_id, out.getvalue(), "a.jpg", "image/jpeg"), 201)
    content = room.judge.get(f"/lots/{room.lot_id}/attachments/{kept['id']}").get_data()
    assert b"Some Maker" not in content
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (30, 20)


def test_lists_show_the_first_released_photo_of_a_lot_small(
    room: CourtRoom, anybody: Caller, client: FlaskClient
) -> None:
    room.enter()
    shots = []
    for colour in ("red", "blue"):
        out = io.BytesIO()
        Image.new("RGB", (1200, 400), colour).save(out, "JPEG")
        shots.append(fine(send(room.clerk, room.lot_id, out.getvalue(), "a.jpg", "image/jpeg"), 201)["id"])
        room.wait(timedelta(seconds=1))
    report = fine(send(room.clerk, room.lot_id, PDF), 201)["id"]
    small = f"/lots/{room.lot_id}/attachments/{shots[0]}/thumbnail"
    missing = anybody.get(f"/lots/{room.lot_id}/attachments/nowhere/thumbnail").get_data()
    hidden = anybody.get(small)
    assert (hidden.status_code, hidden.get_data()) == (404, missing)
    assert room.judge.get(small).headers["Cache-Control"] == "no-store"
    room.price()
    room.fill()
    room.notify()
    room.draft()
    room.vote()
    fine(room.announce())
    for _again in range(2):  # made, and then as it was kept
        shown = anybody.get(small)
        assert (shown.status_code, shown.mimetype) == (200, "image/webp")
        with Image.open(io.BytesIO(shown.get_data())) as picture:
            assert picture.size == (480, 300)
    assert code_of(anybody.get(f"/lots/{room.lot_id}/attachments/{report}/thumbnail")) == "not_found"
    page = client.get("/").get_data(as_text=True)
    assert f'src="/api/v1{small}" alt="" width="480" height="300" loading="lazy"' in page


def test_a_film_is_kept_without_its_place_and_shown_in_parts(
    room: CourtRoom, anybody: Caller, client: FlaskClient
) -> None:
    room.enter()
    room.price()
    room.fill()
    room.notify()
    whole = film(track(), box(b"udta", PLACE))
    sent = fine(send(room.clerk, room.lot_id, whole, "客厅.mp4", "video/mp4"), 201)
    assert sent["media_type"] == "video/mp4" and sent["sha256"] != sha256_hex(whole)
    other = send(room.clerk, room.lot_id, film(track(b"meta")), "b.mp4", "video/mp4")
    assert fields_of(other) == {"file": "attachment_rejected"} and "只含画面和声音" in str(other.get_json())
    large = film(tail=box(b"free", bytes(15 * 2**20)))
    assert code_of(send(room.clerk, room.lot_id, large, "c.mp4", "video/mp4")) == "too_large"
    room.draft()
    room.vote()
    fine(room.announce())
    address = f"/lots/{room.lot_id}/attachments/{sent['id']}"
    part = anybody.get(address, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.get_data(), part.mimetype) == (206, b"ftyp", "video/mp4")
    assert PLACE not in anybody.get(address).get_data()
    page = client.get(f"/lots/{room.lot_id}").get_data(as_text=True)
    assert f'<video controls preload="none" src="/api/v1{address}" aria-label="视频：客厅.mp4">' in page


def test_files_that_cannot_be_kept_are_refused(room: CourtRoom, foreign: Caller) -> None:
    room.enter()
    address = f"/lots/{room.lot_id}/attachments"
    assert fields_of(send(room.clerk, room.lot_id, b"hello", "a.txt", "text/plain")) == {"file": "attachment_rejected"}
    assert code_of(send(room.clerk, room.lot_id, b"%PDF-" + b"\0" * (10 * 2**20))) == "too_large"
    assert code_of(send(room.clerk, room.lot_id, b"%PDF-" + b"\0" * (17 * 2**20))) == "too_large"
    assert code_of(room.clerk.post(address, {"file": "x"})) == "unsupported_media_type"
    form = "multipart/form-data"
    assert fields_of(room.clerk.post(address, data={"note": "x"}, content_type=form)) == {
        "note": "unknown_field",
        "file": "required",
    }
    two = {"file": [(io.BytesIO(PDF), "a.pdf"), (io.BytesIO(PDF), "b.pdf")]}
    assert fields_of(room.clerk.post(address, data=two, content_type=form)) == {"file": "too_many"}
    assert code_of(send(foreign, room.lot_id, PDF)) == "not_found"
    assert code_of(send(room.clerk, "nowhere", PDF)) == "not_found"


def test_goods_that_expired_are_told_on_saving_and_bar_the_announcement(house: House, sign_in: SignIn) -> None:
    room = CourtRoom(house, sign_in, asset_type="goods")
    room.enter()
    room.fill()
    room.draft()

    def told(**shelf: Any) -> tuple[dict[str, str], dict[str, str]]:
        data = {"perishable": True, "decayed": False, "sale_banned": False, **shelf}
        saved = fine(room.put("shelf_life", statement="面粉一批。", data=data))
        checked = fine(room.judge.get(f"/auctions/{room.auction_id}/check"))
        here = "disclosure.shelf_life.data"
        first, second = (
            {one["code"]: one["severity"] for one in found if one["field"].startswith(here)}
            for found in (saved["findings"], checked["items"])
        )
        return first, second

    expired = {"goods_expired": "error", "contradiction": "error"}
    assert told(expires_on="2026-01-01", decayed=True) == (expired, expired)
    late = (room.now + 90 * DAY).date().isoformat()
    assert told(expires_on=late) == ({}, {"goods_expire_soon": "warning"})
    assert told(expires_on="2027-03-01") == ({}, {})

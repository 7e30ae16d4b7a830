"""From an empty lot to its announcement, through the services, on both databases."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import orjson
import pytest
from PIL import Image
from sqlalchemy import delete, select

from auction.kernel.clock import FixedClock
from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Agency, Auction, Notice, PanelMember, RoomEvent
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from auction.rules.lot import AssetType
from auction.rules.ruleset import load as load_ruleset
from auction.services.lots import NoticeFacts, create_task
from auction.services.pricing import take_price_step
from disclosure.models import Attachment, SheetItem, SheetVersion
from disclosure.queries.findings import check_round
from disclosure.queries.sheets import disclosed_hashes, read_file, read_sheet, sheet_changes
from disclosure.rules.catalogue import load
from disclosure.services.attachments import CleanFile, clean_file, put_file
from disclosure.services.notices import put_notices
from tests.disclosure.court import CourtDesk, called, codes, example_of, facts_of
from tests.factories import a_court, a_uscc, an_account, an_actor

#: What an empty lot lacks beside its sheet.
BARE = {"reference_price_expired", "notice_outstanding", "panel_incomplete", "disclosure_incomplete"}


@pytest.fixture
def desk(house: House, clock: FixedClock) -> CourtDesk:
    return CourtDesk(house, clock)


def entries(house: House, stream: str) -> list[dict[str, Any]]:
    rows = house.read(
        lambda session: session.scalars(
            select(JournalRow.entry).where(JournalRow.stream == stream).order_by(JournalRow.number)
        ).all()
    )
    return [orjson.loads(row) for row in rows]


@pytest.mark.parametrize("asset_type", list(AssetType))
def test_the_catalogues_examples_alone_make_a_sheet_that_may_be_announced(
    house: House, clock: FixedClock, asset_type: str
) -> None:
    desk = CourtDesk(house, clock, asset_type)
    desk.ready(reserve_price_fen=160_000_000)  # for ships four fifths of the price are the least (SHIP 12)
    auction = desk.publish()
    assert auction.status == "announced"
    assert auction.announced_at == house.now()
    assert (auction.ruleset_name, auction.ruleset) == ("spc-2016", load_ruleset("spc-2016").as_data())
    assert auction.reference_price_fen == 200_000_000
    assert desk.lot().sheet_version == 1
    assert auction.announcement is not None
    assert set(auction.announcement) == {"announcement", "bidder_notice", "special_notices"}
    assert len(auction.announcement["special_notices"]) == 7


def test_the_seal_is_the_hash_of_exactly_the_facts_that_are_kept(desk: CourtDesk) -> None:
    desk.ready()
    auction = desk.publish()
    version = desk.house.read(lambda session: session.get_one(SheetVersion, (desk.lot_id, 1)))
    assert version.seal == auction.seal == sha256_hex(canonical(version.facts))
    assert version.material is False
    assert len(version.facts["items"]) == len(load("real_estate").items)


def test_announcing_is_told_to_the_room_and_written_to_both_public_streams(desk: CourtDesk) -> None:
    desk.ready()
    auction = desk.publish()
    events = desk.house.read(
        lambda session: session.scalars(select(RoomEvent).where(RoomEvent.auction_id == auction.id)).all()
    )
    assert [(event.version, event.type, event.data) for event in events] == [(1, "status", {"status": "announced"})]
    announced = entries(desk.house, f"auction:{auction.id}")[0]
    assert announced["kind"] == "AuctionAnnounced"
    body = announced["body"]
    assert (body["lot_id"], body["seal"], body["ruleset"]) == (desk.lot_id, auction.seal, "spc-2016")
    assert body["terms"]["reserve_price_fen"] == 140_000_000
    assert body["announcement_sha256"] == sha256_hex(canonical(auction.announcement))
    sealed = [entry for entry in entries(desk.house, f"lot:{desk.lot_id}") if entry["kind"] == "DisclosureSealed"]
    assert [entry["body"]["seal"] for entry in sealed] == [auction.seal]


def test_public_entries_of_an_announcement_name_no_account(desk: CourtDesk) -> None:
    desk.ready()
    auction = desk.publish()
    public = select(JournalRow).where(JournalRow.private.is_(False))
    rows = desk.house.read(lambda session: session.scalars(public).all())
    accounts = {actor.id for actor in desk.panel}
    assert rows
    assert not [row.kind for row in rows if any(account in row.entry for account in accounts)]
    assert auction.status == "announced"


def test_everything_that_is_missing_is_told_at_once(desk: CourtDesk) -> None:
    desk.enter()
    desk.draft(reserve_price_fen=1, deposit_fen=1_000, increment_fen=1, opens_at=desk.house.now() + timedelta(days=1))
    error = desk.refused()
    found = set(codes(error))
    assert found >= BARE | {"notice_too_short", "deposit_out_of_range"}
    asked = {item.code for item in load("real_estate").items if item.required}
    assert {facts["item"] for facts in facts_of(error, "disclosure_incomplete")} >= asked - {"possession"}
    assert error.code == error.errors[0].code
    assert all(breach.basis for breach in error.errors)
    assert desk.auction().status == "draft"
    assert desk.lot().sheet_version == 0


def test_the_linter_tells_the_same_errors_as_the_announcement_and_warnings_beside(desk: CourtDesk) -> None:
    desk.enter()
    desk.draft()
    ruleset = load_ruleset("spc-2016")
    checked = desk.house.read(check_round, desk.judge, desk.auction_id, ruleset, desk.house.now())
    wrong = [(finding.code, finding.field) for finding in checked if finding.is_error]
    refused = [(breach.code, breach.field) for breach in desk.refused().errors]
    assert wrong == refused
    desk.price()
    desk.fill()
    checked = desk.house.read(check_round, desk.judge, desk.auction_id, ruleset, desk.house.now())
    assert {"evidence_missing", "publication_day_differs"} <= {each.code for each in checked if not each.is_error}


def test_an_item_left_out_is_the_one_thing_that_bars_the_announcement(desk: CourtDesk) -> None:
    desk.ready()
    for item in load("real_estate").items:
        desk.house.perform(lambda unit, code=item.code: unit.session.execute(_without(desk.lot_id, code)))
        error = desk.refused() if item.required else None
        desk.put(item.code)
        assert desk.vote(True, True) == "approved"
        if error is not None:
            assert [(breach.field, breach.facts["item"]) for breach in error.errors] == [
                (f"disclosure.{item.code}", item.code)
            ]
    assert desk.publish().status == "announced"


def _without(lot_id: str, code: str) -> Any:
    return delete(SheetItem).where(SheetItem.lot_id == lot_id, SheetItem.code == code)


@pytest.mark.parametrize(
    ("code", "changes", "refusal"),
    [
        ("possession", {"statement": "占有不明"}, "possession_not_stated"),
        ("possession", {"data": {}}, "possession_not_stated"),
        ("defects", {"source": ""}, "disclosure_incomplete"),
        ("defects", {"checked_on": None}, "disclosure_incomplete"),
        ("defects", {"statement": "情况不详"}, "disclosure_incomplete"),
        ("taxes", {"statement": "一切税费由买受人承担。"}, "phrase_forbidden"),
        (
            "possession",
            {
                "statement": "示例乙自2020年起租住。",
                "data": {"occupied": True, "occupant": "示例乙", "since": "2020-01-01", "right": "lease"},
            },
            "clearance_plan_missing",
        ),
    ],
)
def test_an_item_that_says_too_little_or_too_much_bars_the_announcement(
    desk: CourtDesk, code: str, changes: dict[str, Any], refusal: str
) -> None:
    desk.enter()
    desk.price()
    desk.fill(but=["clearance"])
    desk.notify()
    desk.put(code, **changes)
    desk.draft()
    desk.vote(True, True)
    assert refusal in codes(desk.refused())


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"reserve_price_fen": 139_999_999}, "reserve_below_floor"),
        ({"deposit_fen": 28_000_001}, "deposit_out_of_range"),
        ({"round": "second"}, "round_out_of_order"),
        ({"balance_days": 0}, "balance_days_invalid"),
    ],
)
def test_terms_outside_the_law_bar_the_announcement(desk: CourtDesk, changes: dict[str, Any], refusal: str) -> None:
    desk.ready()
    desk.change(**changes)
    desk.vote(True, True)
    assert refusal in codes(desk.refused())


def test_whom_the_sheet_names_must_be_notified_too(desk: CourtDesk) -> None:
    desk.ready()
    desk.put("burdens", state="found", statement="有抵押。", data={"mortgagees": "示例银行", "seizures": "本院首封"})
    desk.vote(True, True)
    outstanding = facts_of(desk.refused(), "notice_outstanding")
    assert [(facts["name"], facts["role"], facts["reason"]) for facts in outstanding] == [
        ("示例银行", "secured_creditor", "missing")
    ]


def test_a_changed_sheet_voids_the_votes_and_without_a_majority_nothing_is_announced(desk: CourtDesk) -> None:
    desk.ready()
    desk.put("court_contact", statement="请联系示例法官。")
    assert desk.auction().status == "draft"
    assert [facts["reason"] for facts in facts_of(desk.refused(), "panel_incomplete")] == ["votes"]
    assert desk.vote(True) == "in_review"
    assert codes(desk.refused()) == ["panel_incomplete"]


def a_step(desk: CourtDesk) -> None:
    told = {"code": "law_requires", "on": shanghai_day(desk.clock.moment), "detail": "国有资产"}
    desk.house.perform(take_price_step, desk.judge, desk.lot_id, **told)


def a_file(desk: CourtDesk, actor: Actor | None = None, name: str = "late.pdf") -> str:
    data = PDF + f"% {name}\n%%EOF\n".encode()
    return desk.house.perform(put_file, actor or desk.judge, desk.lot_id, clean_file(data, name)).id


def an_agencys_file(desk: CourtDesk) -> None:
    def agent(unit: Unit) -> Actor:
        agency = Agency(uscc=a_uscc(), name="示例拍辅")
        unit.session.add(agency)
        unit.session.flush()
        due = unit.now + timedelta(days=3)
        create_task(unit, desk.judge, desk.lot_id, agency=agency.uscc, kind="survey", due_at=due)
        return an_actor(an_account(unit, "agency", agency_uscc=agency.uscc))

    a_file(desk, desk.house.perform(agent))


def proofs(desk: CourtDesk, *file_ids: str) -> None:
    """The list of those notified as it is, the first of them proven by these files."""

    def put(unit: Unit) -> None:
        rows = unit.session.scalars(select(Notice).where(Notice.lot_id == desk.lot_id).order_by(Notice.position))
        told = [NoticeFacts(row.name, row.role, row.status, row.at, row.proof) for row in rows]
        for number, file_id in enumerate(file_ids):
            told[number] = replace(told[number], proof_file=file_id)
        put_notices(unit, desk.judge, desk.lot_id, told)

    desk.house.perform(put)


@pytest.mark.parametrize(
    ("change", "falls"),
    [(a_step, True), (a_file, True), (proofs, True), (an_agencys_file, False)],
    ids=["a step of the pricing", "a file of the court", "a proof that is none any more", "an agency's file"],
)
def test_what_the_panel_has_not_seen_and_will_be_published_voids_its_votes(
    desk: CourtDesk, change: Callable[[CourtDesk], object], falls: bool
) -> None:
    desk.ready()
    proofs(desk, a_file(desk))
    assert desk.vote(True, True) == "approved"
    proofs(desk, desk.house.read(lambda session: session.scalars(select(Attachment.id)).one()))
    assert desk.auction().status == "approved"
    change(desk)
    assert desk.auction().status == ("draft" if falls else "approved")


def test_only_a_member_of_the_panel_announces_and_only_once(desk: CourtDesk) -> None:
    desk.ready()

    def others(unit: Unit) -> list[Any]:
        stranger = an_account(unit, "judge")
        clerk = an_account(unit, "clerk")
        a_court(unit, "3202", "无锡市中级人民法院")
        foreign = an_account(unit, "judge", court_code="3202")
        return [an_actor(stranger), an_actor(clerk), an_actor(foreign)]

    stranger, clerk, foreign = desk.house.perform(others)
    for actor, code in ((stranger, "forbidden"), (clerk, "forbidden"), (foreign, "not_found")):
        with pytest.raises(DomainError) as refusal:
            desk.publish(actor)
        assert refusal.value.code == code
    desk.publish(desk.panel[2])
    with pytest.raises(DomainError) as refusal:
        desk.publish()
    assert refusal.value.code == "wrong_state"


def test_a_wrong_item_is_refused_with_every_field_and_nothing_is_stored(desk: CourtDesk) -> None:
    desk.enter()
    with pytest.raises(DomainError) as refusal:
        desk.put("possession", state="perhaps", statement=7, surprise=1, data={"occupied": "yes", "unheard": 1})
    assert refusal.value.code == "invalid"
    assert {(breach.code, breach.field) for breach in refusal.value.errors} == {
        ("state_invalid", "state"),
        ("wrong_type", "statement"),
        ("unknown_field", "surprise"),
        ("wrong_type", "data.occupied"),
        ("unknown_field", "data.unheard"),
    }
    with pytest.raises(DomainError) as refusal:
        desk.put("possession", attachments=["nowhere"])
    assert [(breach.code, breach.field) for breach in refusal.value.errors] == [("unknown_attachment", "attachments.0")]
    assert desk.house.read(lambda session: session.scalars(select(SheetItem)).all()) == []


def test_before_the_announcement_only_the_court_reads_the_sheet(desk: CourtDesk) -> None:
    desk.enter()
    desk.fill()
    reading = desk.house.read(read_sheet, desk.judge, desk.lot_id)
    assert (reading.version, reading.seal, len(reading.sheet.items)) == (0, None, len(load("real_estate").items))
    for version in (None, 0, 1):
        with pytest.raises(DomainError) as refusal:
            desk.house.read(read_sheet, None, desk.lot_id, version)
        assert refusal.value.code == "not_found"


def test_after_the_announcement_everybody_reads_what_was_sealed(desk: CourtDesk) -> None:
    desk.ready()
    auction = desk.publish()
    reading = desk.house.read(read_sheet, None, desk.lot_id)
    assert (reading.version, reading.seal) == (1, auction.seal)
    with pytest.raises(DomainError):
        desk.house.read(read_sheet, None, desk.lot_id, 0)
    assert desk.house.read(read_sheet, desk.judge, desk.lot_id, 0).version == 0


def test_a_change_that_is_not_material_is_published_at_once_under_a_new_seal(desk: CourtDesk) -> None:
    desk.ready()
    first = desk.publish().seal
    written = desk.put("court_contact", **called("court_contact"))
    auction = desk.auction()
    assert written.version == 2
    assert auction.seal != first
    assert auction.status == "announced"
    assert desk.lot().sheet_version == 2
    events = desk.house.read(
        lambda session: session.scalars(select(RoomEvent).where(RoomEvent.type == "disclosure")).all()
    )
    assert [(event.version, event.data["seal"]) for event in events] == [(2, auction.seal)]
    changes = desk.house.read(sheet_changes, desk.lot_id, 1, 2)
    assert [(change.code, change.field) for change in changes.items] == [("court_contact", "data.phone")]
    assert changes.material is False
    assert desk.house.read(read_sheet, None, desk.lot_id, 1).seal == first


def test_the_same_facts_again_are_no_new_version(desk: CourtDesk) -> None:
    desk.ready()
    seal = desk.publish().seal
    assert desk.put("court_contact").version is None
    assert desk.auction().seal == seal
    assert desk.lot().sheet_version == 1


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("possession", {"statement": "示例乙占有。", "data": {"occupied": True, "occupant": "示例乙"}}),
        ("defects", {"state": "found", "statement": "屋面渗漏。"}),
        ("taxes", {"statement": "税费依法各自承担，以税务机关核定为准。"}),
    ],
)
def test_a_material_change_of_an_announced_sheet_is_refused_and_leaves_nothing(
    desk: CourtDesk, code: str, changes: dict[str, Any]
) -> None:
    desk.ready()
    seal = desk.publish().seal
    with pytest.raises(DomainError) as refusal:
        desk.put(code, **changes)
    assert refusal.value.code == "wrong_state"
    assert set(codes(refusal.value)) == {"material_change"}
    assert desk.auction().seal == seal
    stored = desk.house.read(lambda session: session.get_one(SheetItem, (desk.lot_id, code)))
    assert stored.statement == example_of(code)["statement"]


def test_an_announced_sheet_cannot_be_made_incomplete(desk: CourtDesk) -> None:
    desk.ready()
    desk.publish()
    with pytest.raises(DomainError) as refusal:
        desk.put("court_contact", source="")
    assert codes(refusal.value) == ["disclosure_incomplete"]


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), **saving: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, kind, **saving)
    return out.getvalue()


def with_place() -> bytes:
    exif = Image.Exif()
    exif[0x0110] = "Spy Camera 7"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (32.0, 3.0, 12.0)
    return picture(exif=exif, comment=b"home of somebody")


def test_pictures_lose_everything_but_their_pixels() -> None:
    file = clean_file(with_place(), "../../etc/客厅.JPG", "image/jpeg")
    assert (file.filename, file.media_type) == ("客厅.jpg", "image/jpeg")
    with Image.open(io.BytesIO(file.content)) as kept:
        assert not kept.getexif()
        assert "comment" not in kept.info
        assert kept.size == (20, 40)
    assert b"Spy Camera" not in file.content
    assert file.sha256 == sha256_hex(file.content)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_pictures_are_kept_in_their_kind(kind: str) -> None:
    file = clean_file(picture(kind), "plan", "")
    assert file.media_type == f"image/{kind.lower()}"
    with Image.open(io.BytesIO(file.content)) as kept:
        assert kept.size == (40, 20)


PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (b"", ""),
        (b"hello", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "image/svg+xml"),
        (picture("GIF"), "image/gif"),
        (picture()[:200], "image/jpeg"),
        (picture(), "image/png"),
        (PDF, "image/jpeg"),
        (b"%PDF-1.4\nno end", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "image/png"),
        (b"PK\x03\x04" + b"\0" * 60, "application/zip"),
    ],
)
def test_what_is_not_what_it_says_is_not_kept(data: bytes, declared: str) -> None:
    with pytest.raises(DomainError) as refusal:
        clean_file(data, "file", declared)
    assert codes(refusal.value) == ["attachment_rejected"]


def test_a_file_over_ten_megabytes_is_not_even_looked_at() -> None:
    with pytest.raises(DomainError) as refusal:
        clean_file(b"\0" * (10 * 2**20 + 1), "file.pdf", "application/pdf")
    assert (refusal.value.code, refusal.value.facts) == ("too_large", {"most": 10 * 2**20})


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    with pytest.raises(DomainError) as refusal:
        clean_file(out.getvalue(), "bomb.png", "image/png")
    assert codes(refusal.value) == ["attachment_rejected"]


def test_files_are_sealed_with_the_sheet_and_hidden_until_then(desk: CourtDesk) -> None:
    desk.enter()
    plan: CleanFile = clean_file(PDF, "plan.pdf")
    photo = clean_file(picture(), "photo.jpg")
    kept = [desk.house.perform(put_file, desk.judge, desk.lot_id, file).id for file in (plan, photo)]
    desk.price()
    desk.fill()
    desk.put("area_and_use", attachments=[kept[0]])
    desk.notify()
    desk.draft()
    desk.vote(True, True)
    for file_id in kept:
        assert desk.house.read(read_file, desk.judge, desk.lot_id, file_id)[1] is False
        with pytest.raises(DomainError):
            desk.house.read(read_file, None, desk.lot_id, file_id)
    desk.publish()
    version = desk.house.read(lambda session: session.get_one(SheetVersion, (desk.lot_id, 1)))
    assert version.facts["attachments"] == [photo.sha256]
    assert disclosed_hashes(version) == {plan.sha256, photo.sha256}
    for file_id in kept:
        assert desk.house.read(read_file, None, desk.lot_id, file_id)[1] is True
    late = desk.house.perform(put_file, desk.judge, desk.lot_id, clean_file(picture(size=(8, 8)), "late.jpg")).id
    with pytest.raises(DomainError):
        desk.house.read(read_file, None, desk.lot_id, late)
    reading = desk.house.read(read_sheet, None, desk.lot_id)
    assert {file.id for file in reading.files} == set(kept)


def test_an_unchanged_sheet_keeps_its_version_when_the_lot_is_announced_again_but_not_its_publication(
    desk: CourtDesk,
) -> None:
    desk.ready()
    example = example_of("statutory_publication", desk.asset_type)["data"]
    tomorrow = shanghai_day(desk.clock.moment) + timedelta(days=1)
    desk.put("statutory_publication", data={**example, "published_on": tomorrow.isoformat()})
    desk.vote(True, True, True)
    first = desk.publish()

    def withdraw(unit: Unit) -> None:
        auction = unit.session.get_one(Auction, desk.auction_id)
        auction.status, auction.closed_at = "withdrawn", unit.now

    def once_more() -> Auction:
        desk.house.perform(withdraw)
        desk.clock.advance(days=1)
        desk.notify()
        desk.draft()
        desk.vote(True, True, True)
        return desk.publish()

    assert once_more().seal == first.seal
    assert desk.lot().sheet_version == 1
    assert once_more().seal == first.seal


def test_two_members_announcing_at_once_announce_once(desk: CourtDesk) -> None:
    desk.ready()
    codes_seen: list[str] = []

    def announce(number: int) -> None:
        try:
            desk.publish(desk.panel[number])
            codes_seen.append("announced")
        except DomainError as error:
            codes_seen.append(error.code)

    threads = [Thread(target=announce, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes_seen) == ["announced", "wrong_state", "wrong_state"]
    assert desk.lot().sheet_version == 1
    assert desk.auction().version == 1


def test_a_sheet_changed_while_the_last_vote_is_given_is_never_announced_on_that_vote(desk: CourtDesk) -> None:
    """Whichever comes first, the votes stand for exactly the sheet that is sealed."""
    desk.ready()
    desk.put("viewing", statement="第一稿。")
    desk.vote(True)
    threads = [
        Thread(target=desk.put, args=("viewing",), kwargs={"statement": "第二稿。"}),
        Thread(target=desk.cast, args=(1,)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    panel = select(PanelMember).where(PanelMember.auction_id == desk.auction_id).order_by(PanelMember.position)
    votes = [member.approve for member in desk.house.read(lambda session: session.scalars(panel).all())]
    assert (desk.auction().status, votes) in [
        ("draft", [None, None, None]),
        ("in_review", [None, True, None]),
    ]

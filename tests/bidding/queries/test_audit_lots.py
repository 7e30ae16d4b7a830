"""What a sale rests on, told otherwise than the entries of its lot do, is found."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from auction.kernel.crypto import sha256_hex
from auction.models import JournalRow, Lot, Notice, PanelMember, ReferencePrice
from auction.queries.audit import Report
from bidding.queries.audit_lots import check_lots
from disclosure.models import Attachment, SheetItem, SheetVersion
from disclosure.rules.catalogue import load
from disclosure.rules.sheet import seal_of
from disclosure.services.attachments import CleanFile, put_file
from tests.bidding.hall import Hall
from tests.bidding.queries.test_audit import remove_guards
from tests.bidding.queries.test_audit_rows import within
from tests.disclosure.court import CourtDesk

#: What there is of the announced lot, by what is counted.
COUNTS = {"lots": 1, "panels": 1, "prices": 1, "notices": 1, "files": 1, "items": len(load("real_estate").items)}


@pytest.fixture(scope="module")
def desk(_hall: Hall) -> CourtDesk:
    """An announced round on a full sheet, its terms changed once; and triggers removed. No test leaves anything."""
    made = CourtDesk(_hall.house, _hall.clock)
    made.enter()
    file = CleanFile("现场.png", "image/png", b"pixels", sha256_hex(b"pixels"))
    kept = made.house.perform(put_file, made.judge, made.lot_id, file)
    made.price()
    made.fill(but=("lease",))
    made.put("lease", attachments=[kept.id])
    made.notify()
    made.draft(increment_fen=400_000)
    made.vote(True)
    made.change(increment_fen=500_000)
    made.vote(True, True)
    made.publish()
    with made.house.engine.begin() as connection:
        remove_guards(connection)
    return made


def told(desk: CourtDesk, *statements: Any, only: str | None = None) -> list[str]:
    """What is found with these statements carried out, which are undone afterwards."""
    reports: list[Report] = [Report()]

    def act(unit: Any) -> None:
        for statement in statements:
            unit.session.execute(statement, execution_options={"synchronize_session": False})
        unit.session.expire_all()
        check_lots(unit.session, reports[0], only)

    within(desk.house, act)
    return [str(failure) for failure in reports[0].failures]


def test_a_clean_lot_is_not_accused(desk: CourtDesk) -> None:
    report = Report()
    desk.house.read(check_lots, report)
    assert report.failures == []
    assert {name: report.checked[name] for name in COUNTS} == COUNTS


def test_a_vote_or_a_member_told_otherwise_is_found(desk: CourtDesk) -> None:
    first, second, third = (member.id for member in desk.panel)
    where = f"panel_members {desk.auction_id}"
    votes = f"{where}: have voted otherwise than the entries say"
    of = PanelMember.account_id
    assert told(desk, update(PanelMember).where(of == second).values(approve=False)) == [votes]
    assert told(desk, update(PanelMember).where(of == second).values(reason="否"), only=desk.auction_id) == [votes]
    assert told(desk, update(PanelMember).where(of == third).values(approve=True, reason="合议")) == [votes]
    gone = f"{where}: are {[first, second]}, the entries say {[first, second, third]}"
    assert told(desk, delete(PanelMember).where(of == third)) == [gone]
    assert told(desk, update(PanelMember).where(of == third).values(account_id="another"))[0].startswith(where)
    assert len(told(desk, delete(PanelMember))) == 2


def test_a_reference_price_told_otherwise_is_found(desk: CourtDesk) -> None:
    where = f"reference_prices {desk.lot_id}"
    false = f"{where}: its amount_fen is 1, its entries say 200000000"
    assert told(desk, update(ReferencePrice).values(amount_fen=1), only=desk.auction_id) == [false]
    later = update(ReferencePrice).values(valid_until=date(2028, 1, 9))
    assert told(desk, later) == [f"{where}: its valid_until is '2028-01-09', its entries say '2027-01-09'"]
    assert told(desk, delete(ReferencePrice)) == [f"{where}: was recorded but is not there"]
    other = update(ReferencePrice).values(lot_id="another")
    invented = "reference_prices another: is there, but no entry tells of it"
    assert told(desk, other) == [invented, f"{where}: was recorded but is not there"]


def test_a_file_that_is_not_the_one_kept_is_found(desk: CourtDesk) -> None:
    [file] = desk.house.read(lambda session: session.scalars(select(Attachment.id)).all())
    where = f"attachments {file}"
    swapped = update(Attachment).values(content=b"PIXELS")
    bytes_ = f"{where}: its bytes are not those that were kept"
    assert told(desk, swapped, only=desk.auction_id) == [bytes_]
    consistent = swapped.values(sha256=sha256_hex(b"PIXELS"))
    assert {f"{where}: tells other than its entry", bytes_} <= set(told(desk, consistent))
    assert f"{where}: was recorded but is not there" in told(desk, delete(Attachment))
    assert f"{where}~: is there, but no entry tells of it" in told(desk, update(Attachment).values(id=f"{file}~"))


def test_a_sheet_or_an_item_told_otherwise_is_found(desk: CourtDesk) -> None:
    where = f"sheet_versions {desk.lot_id} 1"
    [(facts, seal)] = desk.house.read(
        lambda session: session.execute(select(SheetVersion.facts, SheetVersion.seal)).all()
    )
    forged = facts | {"items": [item | {"statement": "无"} for item in facts["items"]]}
    resealed = update(SheetVersion).values(facts=forged, seal=seal_of(forged))
    assert seal_of(forged) != seal
    assert told(desk, resealed, only=desk.auction_id) == [f"{where}: is not the version that was sealed"]
    assert told(desk, delete(SheetVersion)) == [f"{where}: was recorded but is not there"]
    second = f"sheet_versions {desk.lot_id} 2: is there, but no entry tells of it"
    assert told(desk, update(SheetVersion).values(version=2))[0] == second
    item = f"sheet_items {desk.lot_id} lease"
    lease = SheetItem.code == "lease"
    says = f"{item}: says other than its entry"
    assert told(desk, update(SheetItem).where(lease).values(statement="无租赁"), only=desk.auction_id) == [says]
    assert told(desk, update(SheetItem).where(lease).values(attachments=[])) == [says]
    assert told(desk, delete(SheetItem).where(lease)) == [f"{item}: was recorded but is not there"]
    lost = told(desk, delete(Attachment))
    assert any(failure.startswith(f"sheet_items {desk.lot_id}: names a file that is not there") for failure in lost)


def test_notices_that_are_gone_or_changed_are_found(desk: CourtDesk) -> None:
    found = [f"notices {desk.lot_id}: are not those that were recorded"]
    assert told(desk, delete(Notice)) == found
    assert told(desk, delete(Notice).where(Notice.position == 1), only=desk.auction_id) == found
    assert told(desk, update(Notice).where(Notice.position == 0).values(name="另一银行")) == found
    assert told(desk, delete(JournalRow).where(JournalRow.kind == "NoticesRecorded")) == found


def test_a_lot_described_otherwise_than_it_was_entered_is_found(desk: CourtDesk) -> None:
    found = [f"lots {desk.lot_id}: is not described as it was entered"]
    for false in ({"title": "别墅"}, {"address": "另一处"}, {"region": "320106"}, {"asset_type": "vehicle"}):
        assert told(desk, update(Lot).values(false), only=desk.auction_id) == found
    assert f"lots {desk.lot_id}: was recorded but is not there" in told(desk, delete(Lot))

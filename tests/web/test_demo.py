"""The demonstration: every lot tells facts of its own, shows drawings and a report that say they are samples."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.unit import House
from auction.models import Auction, Lot
from bidding.models import Payment
from disclosure.models import Attachment
from disclosure.rules.catalogue import load
from risk.learning.valuation.reading import COLUMNS, Record, read_records
from risk.learning.valuation.training import LEAST_GROUPS, LEAST_ROWS
from web.demo import pictures
from web.demo.samples import filled, report_pdf, sample_prices, samples
from web.demo.stage import stage

#: Soon after midnight in China: what is done an hour earlier is done the day before.
NOW = datetime(2026, 11, 29, 16, 10, tzinfo=UTC)


def test_no_two_lots_say_the_same_of_title_place_and_size() -> None:
    for code in ("title", "area_and_use", "identification", "arrears"):
        told = [str(lot.items[code]["data"]) for lot in samples().values() if code in lot.items]
        assert len(set(told)) == len(told), code
    assert len({tuple(lot.place) for lot in samples().values()}) == len(samples())


@pytest.mark.parametrize("name", list(samples()))
def test_a_lot_of_the_demonstration_names_only_items_and_fields_of_its_kind(name: str) -> None:
    lot = samples()[name]
    catalogue = {item.code: {field.name for field in item.fields} for item in load(lot.asset_type).items}
    unknown = {code: set(item.get("data", ())) - catalogue.get(code, set()) for code, item in lot.items.items()}
    assert not {code: names for code, names in unknown.items() if names or code not in catalogue}


def test_a_place_in_a_text_is_filled_by_a_word_or_by_a_day_so_much_earlier() -> None:
    words: Mapping[str, str | date] = {"day": date(2026, 3, 1), "report": "R1"}
    value: dict[str, Any] = {"on": "{day}", "since": "{day-1}", "by": "见{report}", "n": 3}
    assert filled(value, words) == {"on": "2026-03-01", "since": "2026-02-28", "by": "见R1", "n": 3}


def test_every_drawing_carries_its_mark() -> None:
    for lot in samples().values():
        for name, _ in lot.pictures:
            with Image.open(io.BytesIO(pictures.drawing(name))) as picture:
                corner = picture.crop(
                    (pictures.WIDTH - 300, pictures.HEIGHT - 60, pictures.WIDTH - 20, pictures.HEIGHT - 20)
                )
                darkest, lightest = corner.convert("L").getextrema()
            assert isinstance(darkest, int) and isinstance(lightest, int)
            assert darkest < 110 and lightest > 230, name


def test_a_drawing_is_marked_where_the_chinese_font_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "FONT_FILE", "absent.ttc")
    assert pictures._lettering()[0] == "SAMPLE DRAWING"
    assert pictures.drawing("car").startswith(b"\xff\xd8")


def test_a_face_the_font_does_not_have_leaves_the_mark_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_FACE", 99)
    assert pictures._lettering()[0] == "SAMPLE DRAWING"


def test_the_report_is_a_pdf() -> None:
    assert report_pdf(samples()["flat"], "示例法院", date(2026, 3, 1)).startswith(b"%PDF")


def test_the_sample_prices_are_rows_enough_for_a_model_and_are_the_same_every_time() -> None:
    text = sample_prices()
    rows = list(read_records(io.BytesIO(text.encode()), COLUMNS["real_estate"], priced=True))
    assert all(isinstance(row, Record) for row in rows) and len(rows) >= LEAST_ROWS
    assert len({row["community"] for row in csv.DictReader(io.StringIO(text))}) >= LEAST_GROUPS
    assert text == sample_prices()


def test_the_demonstration_shows_lots_in_every_state_with_files_and_refunds_on_time(house: House) -> None:
    stage(house, NOW)
    rows, kinds, refunds = house.read(_told)
    rounds = [(title[:2], round_, status) for title, round_, status in rows]
    assert rounds == [
        ("滨河", "first", "unsold"),
        ("示例", "first", "sold"),
        ("滨河", "second", "unsold"),
        ("望江", "first", "open"),
        ("SL", "first", "suspended"),
        ("云溪", "first", "open"),
        ("桂园", "first", "open"),
        ("南湖", "first", "announced"),
    ]  # fmt: skip
    lots = {lot_id for lot_id, _ in kinds}
    assert len(lots) == len(samples())
    for kind in ("application/pdf", "image/jpeg"):
        assert {lot_id for lot_id, media_type in kinds if media_type == kind} == lots
    assert refunds and all(p.refunded_at is not None and p.refunded_at <= p.refund_due_at for p in refunds)


def _told(session: Session) -> tuple[Sequence[Any], Sequence[Any], Sequence[Payment]]:
    rounds = select(Lot.title, Auction.round, Auction.status).join(Lot, Lot.id == Auction.lot_id)
    return (
        session.execute(rounds.order_by(Auction.opens_at)).all(),
        session.execute(select(Attachment.lot_id, Attachment.media_type)).all(),
        session.scalars(select(Payment).where(Payment.refund_due_at.is_not(None))).all(),
    )

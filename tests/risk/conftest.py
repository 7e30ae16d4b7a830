"""People with right identity numbers, a lot with all three kinds of bodies, and registry files."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auction.kernel.unit import House, Unit
from auction.models import Account, Agency, Case, Court, Lot, Task

AGENCY, OTHER_AGENCY = "91350100M000100Y43", "91110000600037341L"
ENTERED = datetime(2025, 5, 31, 16, 0, tzinfo=UTC)  # 1 June 2025 in Shanghai

Writer = Callable[..., Path]


def resident_number(order: int) -> str:
    """The `order`-th right resident number."""
    body = f"110105{1950 + order // 1000 % 50}0607{order % 1000:03d}"
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]


@pytest.fixture
def number() -> Callable[[int], str]:
    return resident_number


@pytest.fixture
def bodies(house: House) -> None:
    """Two courts and two agencies, known to the platform."""

    def enter(unit: Unit) -> None:
        unit.session.add_all(Court(code=code, name=f"court {code}") for code in ("C1", "C2"))
        unit.session.add_all(Agency(uscc=uscc, name=f"agency {uscc}") for uscc in (AGENCY, OTHER_AGENCY))

    house.perform(enter)


@pytest.fixture
def lot(house: House, bodies: None) -> str:
    """A lot of court C1 whose case was entered on 1 June 2025, with an agency at work on it."""

    def enter(unit: Unit) -> None:
        unit.session.add(
            Account(id="clerk", username="clerk", password_hash="-", role="clerk", display_name="", created_at=unit.now)
        )
        unit.session.add(Case(id="case", number="(2025)1", court_code="C1", entered_at=ENTERED))
        unit.session.flush()
        facts = {"title": "a flat", "asset_type": "real_estate", "region": "350100", "address": "", "attributes": {}}
        unit.session.add(
            Lot(id="lot", case_id="case", court_code="C1", created_at=unit.now, created_by="clerk", **facts)
        )
        unit.session.flush()
        for id, kind in (("t1", "viewing"), ("t2", "survey")):
            unit.session.add(
                Task(id=id, lot_id="lot", agency_uscc=AGENCY, kind=kind, due_at=unit.now, created_at=unit.now)
            )

    house.perform(enter)
    return "lot"


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write lines to a file, under a header unless there is to be none."""

    def file(
        header: str, *lines: str | Sequence[str], name: str = "registry.csv", encoding: str = "utf-8", end: str = "\n"
    ) -> Path:
        rows = [header, *(line if isinstance(line, str) else ",".join(line) for line in lines)]
        path = tmp_path / name
        path.write_bytes((end.join(rows) + end).encode(encoding))
        return path

    return file

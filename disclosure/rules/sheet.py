"""The disclosure sheet: what is known of each item, who found it where and when, and the seal over it.

The seal is the SHA-256 of the canonical JSON of `sealed_facts`: which lot, which version, in what form and suite, and
everything disclosed. It belongs to one version of one lot alone, and changes exactly when something disclosed changes:
a state, statement, field, source, checker, date or file; not with the order of items or keys, nor with how a number
is written (90 and 90.0 are one fact), nor with a file's id.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, cast

from auction.kernel.crypto import SUITE, canonical, sha256_hex
from auction.rules.lot import PartyRole
from auction.rules.notices import Addressee

from .catalogue import Catalogue, Condition, Item, Scalar, State

#: The form of the sealed facts; another form gets another name. `fapai-sheet-1` said neither lot nor version.
FORM, _FIRST = "fapai-sheet-2", "fapai-sheet-1"
_SEPARATORS = str.maketrans(dict.fromkeys("、；;，,／/", "\n"))


class File(NamedTuple):
    """An attachment: its id here, and the lower-case hex SHA-256 of its bytes, which alone enters the seal."""

    id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What is known of one item. `data` holds only filled fields; dates in it are ISO text, money integer fen."""

    code: str
    state: State
    statement: str
    data: Mapping[str, Scalar]
    source: str
    checker: str
    checked_on: date | None
    attachments: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is known of a lot, one entry an item, in the order of codes."""

    items: tuple[ItemFacts, ...] = ()
    _by_code: Mapping[str, ItemFacts] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put the items in order; ValueError if two have the same code."""
        by_code = {facts.code: facts for facts in self.items}
        if len(by_code) != len(self.items):
            raise ValueError("an item stands twice in the sheet")
        object.__setattr__(self, "items", tuple(by_code[code] for code in sorted(by_code)))
        object.__setattr__(self, "_by_code", by_code)

    def get(self, code: str) -> ItemFacts | None:
        return self._by_code.get(code)

    def found(self, code: str) -> ItemFacts | None:
        """The entry of that item if its state is `found`."""
        facts = self.get(code)
        return facts if facts is not None and facts.state == "found" else None

    def value(self, code: str, name: str) -> Scalar | None:
        """A field of an item that was found; None where the item was not, or the field is empty."""
        facts = self.found(code)
        return None if facts is None else facts.data.get(name)

    def holds(self, condition: Condition) -> bool:
        """Whether a condition on another item holds."""
        return condition.item is not None and self.value(condition.item, condition.field) == condition.value

    def replaced(self, facts: ItemFacts) -> "Sheet":
        """The sheet with this entry added or put in the place of the one of its code."""
        return Sheet((*(other for other in self.items if other.code != facts.code), facts))


def is_asked(item: Item, sheet: Sheet) -> bool:
    """Whether the item must be there: always, or because of what another item says."""
    return item.required or (item.when is not None and sheet.holds(item.when))


def is_occupied(sheet: Sheet) -> bool:
    """Whether somebody is in possession of the lot, by the sheet."""
    return sheet.value("possession", "occupied") is True or sheet.value("possession", "controlled") is False


def is_restricted(sheet: Sheet) -> bool:
    """Whether not everybody may buy: purchase limits (HOUSE 1), approval of a transfer of equity (EQ 15), licences."""
    return any(sheet.found(code) for code in ("purchase_restriction", "approval", "buyer_licence"))


def flags(sheet: Sheet) -> tuple[str, ...]:
    """Marks for lists and filters, sorted: arrears, burdened, defective, leased, occupied, preferential, restricted,
    share, vacant."""
    marks = {
        "arrears": sheet.found("arrears"),
        "burdened": sheet.found("burdens"),
        "defective": sheet.found("defects") or sheet.found("illegal_building"),
        "leased": sheet.found("lease") or sheet.found("charter"),
        "occupied": is_occupied(sheet),
        "preferential": sheet.found("preferential_purchasers"),
        "restricted": is_restricted(sheet),
        "share": (sheet.value("title", "share") or 1) != 1 and sheet.value("title", "company") is None,
        "vacant": sheet.value("possession", "occupied") is False
        or ((possession := sheet.get("possession")) is not None and possession.state == "none"),
    }
    return tuple(sorted(name for name, holds in marks.items() if holds))


def addressees(sheet: Sheet, catalogue: Catalogue) -> tuple[Addressee, ...]:
    """Whom the sheet names to be notified of the sale (OJA 16(1), SALE 11(1), COMP 85), each name and role once."""
    named: dict[tuple[str, PartyRole], Addressee] = {}
    for item in catalogue.items:
        for spec in item.fields:
            written = sheet.value(item.code, spec.name)
            if spec.notifies is None or not isinstance(written, str):
                continue
            only = spec.notifies_when
            if only is not None and sheet.value(item.code, only.field) != only.value:
                continue
            for name in names_in(written):
                named.setdefault((name, spec.notifies), Addressee(name, spec.notifies, of_sheet=True))
    return tuple(named.values())


def names_in(written: str) -> tuple[str, ...]:
    """The names in a field that holds several, in their order."""
    parts = (part.strip() for part in written.translate(_SEPARATORS).split("\n"))
    return tuple(part for part in parts if part)


def disclosed(sheet: Sheet, attachments: Iterable[File] = ()) -> dict[str, Any]:
    """Everything disclosed, as a JSON value; `attachments` are files of the lot as a whole.

    Whole numbers are integers, other numbers decimal text, dates ISO text, empty fields left out, files their hashes.
    """
    return {
        "items": [
            {
                "code": facts.code,
                "state": facts.state,
                "statement": facts.statement,
                "data": {name: _sealed(value) for name, value in facts.data.items() if value not in (None, "")},
                "source": facts.source,
                "checker": facts.checker,
                "checked_on": facts.checked_on.isoformat() if facts.checked_on else None,
                "attachments": sorted({file.sha256 for file in facts.attachments}),
            }
            for facts in sheet.items
        ],
        "attachments": sorted({file.sha256 for file in attachments}),
    }


def sealed_facts(told: Mapping[str, Any], *, lot_id: str, version: int) -> dict[str, Any]:
    """The JSON value the seal is taken of: what `disclosed` gives, as that version of that lot's sheet."""
    return {"form": FORM, "suite": SUITE, "lot": lot_id, "version": version, **told}


def says_the_same(facts: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Whether sealed facts, in today's form, disclose exactly that; an older form is sealed anew."""
    return facts.get("form") == FORM and all(canonical(facts[name]) == canonical(value) for name, value in told.items())


def seal_fits(seal: str, facts: Mapping[str, Any], *, lot_id: str, version: int) -> bool:
    """Whether a seal is that of these facts, and these are that version of that lot's sheet, if their form says so."""
    named = facts.get("form", _FIRST) == _FIRST or (facts.get("lot"), facts.get("version")) == (lot_id, version)
    return named and seal_of(facts) == seal


def seal_of(facts: Mapping[str, Any]) -> str:
    """The seal of sealed facts: lower-case hex SHA-256 of their canonical JSON."""
    return sha256_hex(canonical(facts))


def sheet_of(facts: Mapping[str, Any], catalogue: Catalogue, ids: Mapping[str, str] | None = None) -> Sheet:
    """The sheet that sealed facts were taken of. `ids` gives the id of a file by its hash; without it ids are empty."""
    known = ids or {}
    return Sheet(
        tuple(
            ItemFacts(
                code=entry["code"],
                state=cast(State, entry["state"]),
                statement=entry["statement"],
                data=_unsealed(entry["data"], catalogue.find(entry["code"])),
                source=entry["source"],
                checker=entry["checker"],
                checked_on=date.fromisoformat(entry["checked_on"]) if entry["checked_on"] else None,
                attachments=tuple(File(known.get(hash_, ""), hash_) for hash_ in entry["attachments"]),
            )
            for entry in facts["items"]
        )
    )


def _sealed(value: Scalar) -> Scalar:
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        raise ValueError("a number of a sheet must be finite")
    if value.is_integer() and abs(value) < 2**53:
        return int(value)
    return format(Decimal(repr(value)), "f")


def _unsealed(data: Mapping[str, Scalar], item: Item | None) -> dict[str, Scalar]:
    numbers = {spec.name for spec in item.fields if spec.type == "number"} if item else set()
    return {name: float(value) if name in numbers and isinstance(value, str) else value for name, value in data.items()}

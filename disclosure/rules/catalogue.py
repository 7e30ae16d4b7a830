"""What a lot of a kind must tell before anyone may bid: the items, their fields, articles, hints and examples.

The data is `disclosure/catalogue/*.toml`: one file for each asset type, and `_all.toml` for what every lot must tell
(OJA 13). An item of an asset's file with the code of a shared one replaces that one's keys.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from auction.kernel.errors import invalid
from auction.rules.lot import AssetType, PartyRole
from auction.rules.ruleset import Citation

from .citations import cite

State = Literal["found", "none", "not_applicable", "exempt"]
FieldType = Literal["text", "date", "integer", "number", "boolean", "choice"]
#: Which change of a field is worse for the buyer; "unclear": no machine can tell.
Direction = Literal["more", "less", "yes", "no", "later", "earlier", "set", "unclear"]
#: What PRECISIONS 11 calls material. "area" is the extent of whatever is sold, "burdens" includes arrears; "condition",
#: "qualification", "payment" and "preference" are what else decides what a buyer gets, whether he may buy, where he
#: pays, and who comes before him (OJA 16, 27).
Kind = Literal[
    "possession", "lease", "residence_right", "burdens", "title", "area", "taxes", "defects",
    "condition", "qualification", "payment", "preference",
]  # fmt: skip

Scalar = str | int | float | bool

_MOST_EXACT = 2**53 - 1
#: Who finds it out: the court alone (OJA 6, 27); whoever searches registers and asks; also who is at the lot itself.
FoundBy = Literal["court", "search", "spot"]
_ITEM_KEYS = frozenset(
    {"code", "title", "title_en", "required", "when", "states", "kind", "worsens", "adverse", "unstated", "missing"}
    | {"logistic", "found_by"}
    | {"evidence", "basis", "hint", "hint_en", "fields", "example"}
)
_FIELD_KEYS = frozenset(
    {"name", "type", "title", "title_en", "required", "when", "choices", "min", "max", "past", "provenance"}
    | {"not_before", "worse", "notifies", "notifies_when"}
)


@dataclass(frozen=True, slots=True)
class Condition:
    """True while that field (of that item, or of the same item where `item` is None) has that value."""

    field: str
    value: bool | str
    item: str | None = None

    def as_data(self) -> dict[str, Any]:
        data: dict[str, Any] = {"field": self.field, "is": self.value}
        return data if self.item is None else {"item": self.item, **data}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values a field of type choice may have, with its names."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an item's `data`. `least` and `most` are inclusive; `past` dates may not lie ahead of today.

    `provenance`: when it was looked up, not a fact of the lot. `not_before` names the date it may not precede. Whom the
    field names is notified in the role `notifies`, where `notifies_when` is true of the item.
    """

    name: str
    type: FieldType
    title: str
    title_en: str
    required: bool = False
    when: Condition | None = None
    choices: tuple[Choice, ...] = ()
    least: float | None = None
    most: float | None = None
    past: bool = False
    provenance: bool = False
    not_before: str | None = None
    worse: Direction | None = None
    notifies: PartyRole | None = None
    notifies_when: Condition | None = None

    def is_required(self, data: Mapping[str, Any]) -> bool:
        """Whether an item found with this data must fill the field."""
        return self.required and (self.when is None or data.get(self.when.field) == self.when.value)

    def as_contract(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "required": self.required and self.when is None,
            "choices": [choice.code for choice in self.choices],
            "labels": {choice.code: {"zh": choice.zh, "en": choice.en} for choice in self.choices},
            "title": self.title,
            "title_en": self.title_en,
            "when": self.when.as_data() if self.when else None,
            "min": self.least,
            "max": self.most,
        }


@dataclass(frozen=True, slots=True)
class Example:
    """A filled item: with the others of its asset type it describes one unburdened, vacant, handed-over asset."""

    state: State
    statement: str
    data: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that must (or may) be told.

    `kind` is set for what decides what a buyer gets; `worsens` where a change for the worse leaves withdrawal as the
    only way (PRECISIONS 11); `adverse` where "found" is bad news, of which only what is for the better is not material;
    `logistic` names the fields that may change without the panel, as they tell how to reach somebody, not of the lot;
    `found_by` says whose report may tell of it;
    `missing` and `unstated` are the codes of the gaps when the item is not there, and when it is there and does not say
    what it must. `evidence` names the documents wanted.
    """

    code: str
    title: str
    title_en: str
    required: bool
    states: tuple[State, ...]
    basis: tuple[Citation, ...]
    hint: str
    hint_en: str
    fields: tuple[Field, ...]
    example: Example
    when: Condition | None = None
    kind: Kind | None = None
    worsens: bool = False
    adverse: bool = False
    logistic: tuple[str, ...] = ()
    found_by: FoundBy = "search"
    missing: str = "disclosure_incomplete"
    unstated: str = "disclosure_incomplete"
    evidence: tuple[str, ...] = ()

    @property
    def material(self) -> bool:
        """Whether a change of it is the panel's: of every item but those that tell how to reach somebody."""
        return not self.logistic

    @property
    def cited(self) -> Citation:
        """The first of its articles: what a gap is refused under."""
        return self.basis[0]

    def field(self, name: str) -> Field | None:
        """The field of that name, None where there is none."""
        return next((field for field in self.fields if field.name == name), None)

    def as_contract(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "title": self.title,
            "title_en": self.title_en,
            "required": self.required,
            "when": self.when.as_data() if self.when else None,
            "states": list(self.states),
            "evidence": list(self.evidence),
            "basis": "；".join(basis.zh for basis in self.basis),
            "basis_en": "; ".join(basis.en for basis in self.basis),
            "hint": self.hint,
            "hint_en": self.hint_en,
            "material": self.material,
            "fields": [field.as_contract() for field in self.fields],
            "example": {
                "state": self.example.state,
                "statement": self.example.statement,
                "data": dict(self.example.data),
            },
        }


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The items of one asset type, in the order a sheet shows them: its own first, then the shared ones."""

    asset_type: str
    items: tuple[Item, ...]
    source_max_age_days: int

    def item(self, code: str) -> Item:
        """The item of that code; DomainError `invalid` with field `code`, `unknown_item`, where there is none."""
        found = self.find(code)
        if found is None:
            raise invalid("code", "unknown_item", value=code)
        return found

    def find(self, code: str) -> Item | None:
        return next((item for item in self.items if item.code == code), None)

    def extended(self, extra: Iterable[Item]) -> "Catalogue":
        """With a court's own items added. ValueError if one has the code of a shipped item: none can be replaced."""
        added = tuple(extra)
        codes = [item.code for item in self.items + added]
        if len(set(codes)) != len(codes):
            raise ValueError("an item of the catalogue cannot be replaced")
        return replace(self, items=self.items + added)

    def as_contract(self) -> dict[str, Any]:
        """The answer of `GET /disclosure/catalogue` (JSON values)."""
        return {"asset_type": self.asset_type, "items": [item.as_contract() for item in self.items]}


@lru_cache(maxsize=16)
def load(asset_type: str) -> Catalogue:
    """The catalogue of an asset type; DomainError `invalid` with field `asset_type` where there is no such type."""
    if asset_type not in set(AssetType):
        raise invalid("asset_type", "not_a_choice", allowed=",".join(AssetType))
    name = AssetType(asset_type).value
    return from_data(name, _read("_all"), _read(name))


def from_data(asset_type: str, shared: Mapping[str, Any], own: Mapping[str, Any]) -> Catalogue:
    """A catalogue from the data of two files. ValueError says what is wrong with them."""
    own_items = {entry["code"]: entry for entry in own["items"]}
    shared_items = {entry["code"]: entry for entry in shared["items"]}
    if len(own_items) != len(own["items"]) or len(shared_items) != len(shared["items"]):
        raise ValueError(f"{asset_type}: an item stands twice")
    entries = [entry for code, entry in own_items.items() if code not in shared_items]
    entries += [{**entry, **own_items.get(code, {})} for code, entry in shared_items.items()]
    items = tuple(item_of(entry) for entry in entries)
    for item in items:
        if item.when and not any(item.when.item == other.code and other.field(item.when.field) for other in items):
            raise ValueError(f"{item.code}: its condition asks for a field that is not there")
    return Catalogue(asset_type, items, int(shared["practice"]["source_max_age_days"]))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("disclosure").joinpath("catalogue", f"{name}.toml").read_text(encoding="utf-8"))


def item_of(entry: Mapping[str, Any]) -> Item:
    """An item from its entry in a file. ValueError or KeyError says what is wrong with it."""
    code = entry["code"]
    if not entry.keys() <= _ITEM_KEYS:
        raise ValueError(f"{code}: unknown keys {sorted(entry.keys() - _ITEM_KEYS)}")
    states = tuple(entry["states"])
    kind = entry.get("kind")
    if not states or not set(states) <= set(get_args(State)) or (kind is not None and kind not in get_args(Kind)):
        raise ValueError(f"{code}: unknown state or kind")
    found_by = entry.get("found_by", "search")
    if found_by not in get_args(FoundBy):
        raise ValueError(f"{code}: nobody finds it out")
    fields = tuple(_field(code, field) for field in entry.get("fields", ()))
    names = {field.name for field in fields}
    logistic = tuple(entry.get("logistic", ()))
    if not set(logistic) <= names:
        raise ValueError(f"{code}: a logistic field that is not there")
    if len(names) != len(fields) or any(field.when and field.when.field not in names for field in fields):
        raise ValueError(f"{code}: a field stands twice, or its condition asks for another that is not there")
    example = entry["example"]
    return Item(
        code=code,
        title=entry["title"],
        title_en=entry["title_en"],
        required=entry["required"],
        states=states,
        basis=tuple(cite(written) for written in entry["basis"]),
        hint=entry["hint"],
        hint_en=entry["hint_en"],
        fields=fields,
        example=Example(example["state"], example["statement"], MappingProxyType(dict(example["data"]))),
        when=_condition(entry.get("when")),
        kind=kind,
        worsens=entry.get("worsens", False),
        adverse=entry.get("adverse", False),
        logistic=logistic,
        found_by=found_by,
        missing=entry.get("missing", "disclosure_incomplete"),
        unstated=entry.get("unstated", "disclosure_incomplete"),
        evidence=tuple(entry.get("evidence", ())),
    )


def _field(code: str, entry: Mapping[str, Any]) -> Field:
    name, kind = entry["name"], entry["type"]
    if not entry.keys() <= _FIELD_KEYS or kind not in get_args(FieldType):
        raise ValueError(f"{code}.{name}: unknown key or type")
    worse = entry.get("worse")
    choices = tuple(Choice(*written.split("|")) for written in entry.get("choices", ()))
    if (worse is not None and worse not in get_args(Direction)) or (kind == "choice") != bool(choices):
        raise ValueError(f"{code}.{name}: unknown direction, or choices that do not fit its type")
    counted = kind in ("integer", "number")
    return Field(
        name=name,
        type=kind,
        title=entry["title"],
        title_en=entry["title_en"],
        required=entry.get("required", False),
        when=_condition(entry.get("when")),
        choices=choices,
        least=entry.get("min", 0) if counted else None,
        most=entry.get("max", 10**15 if name.endswith("_fen") else _MOST_EXACT) if counted else None,
        past=entry.get("past", False),
        provenance=entry.get("provenance", False),
        not_before=entry.get("not_before"),
        worse=cast(Direction | None, worse),
        notifies=PartyRole(entry["notifies"]) if "notifies" in entry else None,
        notifies_when=_condition(entry.get("notifies_when")),
    )


def _condition(entry: Mapping[str, Any] | None) -> Condition | None:
    return None if entry is None else Condition(entry["field"], entry["is"], entry.get("item"))

"""What changed between two sheets, and what that means for a sale that is already announced (PRECISIONS 11)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from .catalogue import Catalogue, Field, Item, Scalar
from .denials import telling
from .sheet import File, ItemFacts, Sheet

#: What a field of the diff may hold: JSON values; files as their hashes.
Shown = Scalar | tuple[str, ...] | None
#: For the buyer. "unclear": no machine can tell, the panel has to say.
Effect = Literal["worse", "better", "unclear", "none"]
#: Days, hours and telephone numbers in a text; what is no name or number but a sentence; how long a name may be.
_WHEN = re.compile(r"[\d年月日号时点分上下午至到:：~～\-—－()（）\s]")
_SENTENCE = re.compile(r"[，。；;！!？?\n]")
_NAME = 8
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One changed field of one item: `state statement source checker checked_on attachments` or `data.<name>`.

    `material`: everything but a closed list: who looked when and where, and no word besides; a file more; the fields
    by which somebody is reached (`Item.logistic`), and new numbers in their words; what of an item without a `Kind` is
    better for the buyer. `effect` is what the change means for the buyer. `worse`: title, area, share, lease, residence
    right or occupation got worse for the buyer, so that the sale can only be withdrawn and announced anew. `unclear`:
    the same items changed and the panel has to say whether for the worse.
    """

    code: str
    field: str
    before: Shown
    after: Shown
    material: bool
    effect: Effect
    worse: bool
    unclear: bool

    def as_data(self) -> dict[str, object]:
        """As JSON values."""
        before = list(self.before) if isinstance(self.before, tuple) else self.before
        after = list(self.after) if isinstance(self.after, tuple) else self.after
        return {
            "code": self.code,
            "field": self.field,
            "before": before,
            "after": after,
            "material": self.material,
            "worse": self.worse,
            "unclear": self.unclear,
        }


def diff(old: Sheet, new: Sheet, catalogue: Catalogue) -> tuple[ItemChange, ...]:
    """Every change from `old` to `new`, in the order of the catalogue (items it does not know last, by code)."""
    known = [item.code for item in catalogue.items]
    others = sorted({facts.code for sheet in (old, new) for facts in sheet.items} - set(known))
    return tuple(
        change
        for code in (*known, *others)
        for change in _changes(code, catalogue.find(code), old.get(code), new.get(code))
    )


def is_material(changes: Iterable[ItemChange]) -> bool:
    """Whether the panel has to choose, and registrants may leave."""
    return any(change.material for change in changes)


def only_withdrawal(changes: Iterable[ItemChange]) -> bool:
    """Whether withdrawing and announcing anew is the only choice."""
    return any(change.worse for change in changes)


def needs_a_word(changes: Iterable[ItemChange]) -> bool:
    """Whether the panel must say itself if the change is for the worse, since no machine can."""
    return any(change.unclear for change in changes)


def _changes(code: str, item: Item | None, old: ItemFacts | None, new: ItemFacts | None) -> Iterator[ItemChange]:
    vacated = _possession(item, old) is True and _possession(item, new) is False
    for change in _item_changes(code, item, old, new):
        # Once everybody is out, that the occupant's name and right are gone needs no word of the panel.
        yield replace(change, effect="better", unclear=False) if vacated and change.unclear else change


def _possession(item: Item | None, facts: ItemFacts | None) -> bool | None:
    """Whether somebody else than the court is said to be in possession; None for an item that does not tell."""
    if item is None or item.kind != "possession" or facts is None:
        return None
    if facts.state != "found":
        return False
    return facts.data.get("occupied") is True or facts.data.get("controlled") is False


def _item_changes(code: str, item: Item | None, old: ItemFacts | None, new: ItemFacts | None) -> Iterator[ItemChange]:
    for name in ("state", "statement"):
        before, after = getattr(old, name, None), getattr(new, name, None)
        if before != after:
            effect = _state_effect(item, before, after) if name == "state" else _statement_effect(old, new)
            yield _change(code, item, name, before, after, effect)
    names = {name: None for facts in (old, new) if facts for name in facts.data}
    for name in sorted(names):
        before, after = _value(old, name), _value(new, name)
        if before != after:
            spec = item.field(name) if item else None
            concerned = None if spec and spec.provenance else item
            yield _change(code, concerned, f"data.{name}", before, after, _field_effect(item, name, old, new))
    for name in ("source", "checker", "checked_on"):
        before, after = _plain(getattr(old, name, None)), _plain(getattr(new, name, None))
        if before != after:
            told = item if name == "source" and telling(after or "") else None
            yield _change(code, told, name, before, after, "unclear" if told else "none")
    files, files_after = _hashes(old), _hashes(new)
    if files != files_after:
        removed = bool(set(files) - set(files_after))
        yield _change(code, item if removed else None, "attachments", files, files_after, "unclear")


def _change(code: str, item: Item | None, field: str, before: Shown, after: Shown, effect: Effect) -> ItemChange:
    material, worsens = _is_material(item, field, before, after, effect), item is not None and item.worsens
    return ItemChange(
        code, field, before, after, material, effect, worsens and effect == "worse", worsens and effect == "unclear"
    )


def _is_material(item: Item | None, field: str, before: Shown, after: Shown, effect: Effect) -> bool:
    if item is None:
        return False
    if item.logistic:
        return not _reaches_somebody(item, field, before, after)
    return item.kind is not None or (effect != "better" and not (item.adverse and effect == "none"))


def _reaches_somebody(item: Item, field: str, before: Shown, after: Shown) -> bool:
    """Whether nothing but how to reach somebody changed: facts of the lot written there are for the panel."""
    if field == "statement":
        return isinstance(before, str) and isinstance(after, str) and _WHEN.sub("", before) == _WHEN.sub("", after)
    if field.removeprefix("data.") not in item.logistic:
        return False
    return not isinstance(after, str) or _is_address(before, after)


def _is_address(before: Shown, after: str) -> bool:
    """Whether a text is a link, or a short name and numbers to dial; numbers alone where they stood alone."""
    if _LINK.fullmatch(after):
        return True
    named = _WHEN.sub("", after)
    alone = isinstance(before, str) and bool(before) and not _WHEN.sub("", before)
    return _SENTENCE.search(after) is None and len(named) <= (0 if alone else _NAME)


def _state_effect(item: Item | None, before: str | None, after: str | None) -> Effect:
    """An adverse item that is now found is worse, one no longer found better; for a good one the other way round."""
    was, now = before == "found", after == "found"
    if item is None or was == now:
        return "none" if before is None and not now else "unclear"
    if item.kind == "possession" and before is not None:
        # "none" and "found" may both mean vacant: the fields tell.
        return "none"
    if before is None and not item.adverse:
        return "none"
    # Whoever comes before the buyer is bad news for him, if not for the lot.
    return "worse" if now == (item.adverse or item.kind == "preference") else "better"


def _statement_effect(old: ItemFacts | None, new: ItemFacts | None) -> Effect:
    """Words that change while the item stays what it was have to be read by somebody."""
    if old is None or new is None or old.state != new.state:
        return "none"
    return "unclear"


def _field_effect(item: Item | None, name: str, old: ItemFacts | None, new: ItemFacts | None) -> Effect:
    spec = item.field(name) if item else None
    if item is None or spec is None:
        return "unclear"
    if spec.provenance:
        return "none"
    if item.kind != "possession" and (old is None or new is None or old.state != new.state):
        return "none"  # the change of state says it
    before, after = _value(old, name), _value(new, name)
    if item.kind == "possession" and spec.name in ("occupied", "controlled"):
        # Where nothing was entered, nobody was said to be in possession.
        before = before if before is not None else spec.name == "controlled"
        after = after if after is not None else spec.name == "controlled"
    return _effect(spec, before, after)


def _effect(spec: Field, before: Scalar | None, after: Scalar | None) -> Effect:
    match spec.worse:
        case "yes" | "no":
            bad = spec.worse == "yes"
            if (before is bad) == (after is bad):
                return "none"
            return "worse" if after is bad else "better"
        case "set":
            return "worse" if before in (None, "") else "better" if after in (None, "") else "unclear"
        case "more" | "less" | "later" | "earlier":
            up = _rises(before, after, missing_is_nothing=spec.worse == "more")
            if up is None:
                return "unclear"
            return "worse" if up == (spec.worse in ("more", "later")) else "better"
        case _:
            return "unclear"


def _rises(before: Scalar | None, after: Scalar | None, *, missing_is_nothing: bool) -> bool | None:
    """Whether the value went up; None where that cannot be said. An amount not given counts 0 if it is a burden."""
    if missing_is_nothing:
        before, after = before if before is not None else 0, after if after is not None else 0
    if isinstance(before, str) and isinstance(after, str):
        return after > before
    if isinstance(before, int | float) and isinstance(after, int | float):
        return after > before
    return None


def _value(facts: ItemFacts | None, name: str) -> Scalar | None:
    return None if facts is None else facts.data.get(name)


def _plain(value: object) -> str | None:
    return value.isoformat() if isinstance(value, date) else None if value is None else str(value)


def _hashes(facts: ItemFacts | None) -> tuple[str, ...]:
    files: tuple[File, ...] = () if facts is None else facts.attachments
    return tuple(sorted({file.sha256 for file in files}))

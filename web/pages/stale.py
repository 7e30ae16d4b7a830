"""A form that was made from something older than what is stored: both side by side, and saving anyway on purpose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, request

from auction.kernel.clock import parse
from auction.kernel.errors import DomainError

from . import forms, labels
from .forms import Entry

#: The field that carries the tag of what a form was made from.
MADE_FROM = "made_from"
#: Fields that say nothing of the part itself.
_ASIDE = (MADE_FROM, "then", "more")
_LABELS: Mapping[str, Any] = {**labels.ITEM_PART, **labels.TERMS, **labels.STALE_PART}
_WORDS: Mapping[str, Mapping[str, Any]] = {
    "state": labels.ITEM_STATE,
    "role": labels.PARTY_ROLE,
    "status": labels.NOTICE_STATUS,
    "method": labels.PRICE_METHOD,
    "code": labels.PRICE_STEP,
    "round": labels.ROUND,
    "late_reason": labels.LATE_REASON,
}


def made_from() -> tuple[str, ...] | None:
    """The tag the posted form carries; None for one without: it is saved without looking."""
    tag = request.form.get(MADE_FROM)
    return None if tag is None else (tag,)


@dataclass(frozen=True, slots=True)
class Stale:
    """What was typed beside what is stored. `rows`: label, stored, typed, of the fields in which they differ."""

    title: str
    back: str
    by: str | None
    at: Any
    rows: list[tuple[str, str, str]]
    fields: list[tuple[str, str]]

    def page(self) -> str:
        """The page that says so."""
        return render_template("desk/stale.html", stale=self, made_from=MADE_FROM)


def stale(
    error: DomainError,
    stored: Entry,
    title: str,
    back: str,
    named: Mapping[str, str] | None = None,
    said: Callable[[str, str], str] = lambda name, value: value,
) -> Stale:
    """The posted form beside `stored`, whose `made_from` a save on purpose carries; `back` is the form's page.

    `named`: labels of fields this form alone has; `said`: words for their values.
    """
    typed = forms.typed()
    names = [name for name in dict.fromkeys((*stored.values, *typed)) if name not in _ASIDE]
    rows = []
    for name in names:
        was, now = (_said(name, values.get(name), said) for values in (stored.values, typed))
        if was != now:
            rows.append((label_of(name, named or {}), was, now))
    fields = [(name, value) for name, values in typed.items() if name != MADE_FROM for value in values]
    at = error.facts.get("at")
    return Stale(
        title,
        back,
        error.facts.get("by"),
        parse(at) if at else None,
        rows,
        [*fields, (MADE_FROM, stored.value(MADE_FROM))],
    )


def label_of(name: str, named: Mapping[str, str]) -> str:
    """What a field of a form is called."""
    if name in named:
        return named[name]
    group, _dot, rest = name.partition(".")
    index, _dot, field = rest.partition(".")
    if not index.isdigit():
        return str(_LABELS.get(name, name))
    return f"{_LABELS.get(group, group)} {int(index) + 1}·{_LABELS.get(f'{group}.{field}', field)}"


def _said(name: str, value: Any, said: Callable[[str, str], str]) -> str:
    values = value if isinstance(value, list | tuple) else [value]
    words = _WORDS.get(name.rsplit(".", 1)[-1], {})
    shown = [str(words.get(one, said(name, str(one)))) for one in values if one not in (None, "")]
    return "、".join(sorted(shown)).replace("\r\n", "\n")

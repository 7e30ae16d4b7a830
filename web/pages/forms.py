"""Forms without scripts: fields are named as in the HTTP interface, typed as people type, and read by its schemas.

Money is typed in yuan, times are Beijing time; `read` turns them into the interface's fen and RFC 3339. An `Entry` is
what a template needs to show a form again with what was typed and what was wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError

from auction.kernel.clock import SHANGHAI, iso
from auction.kernel.errors import Breach, DomainError
from auction.kernel.money import parse_yuan, yuan

from .. import errors
from ..schemas.base import breaches_of
from .language import _, language

Read = Callable[[str], Any]


def money(text: str) -> int:
    """Fen of an amount typed in yuan; ValueError."""
    return parse_yuan(text)


def whole(text: str) -> int:
    """A whole number; ValueError."""
    return int(text.strip())


def number(text: str) -> float:
    """A decimal number; ValueError."""
    return float(text.strip())


def moment(text: str) -> str:
    """RFC 3339 of a Beijing time typed without an offset; ValueError."""
    typed = datetime.fromisoformat(text.strip())
    try:
        return iso(typed if typed.tzinfo else typed.replace(tzinfo=SHANGHAI))
    except OverflowError:  # the first hours of the year 1 and the last of 9999 have no UTC
        raise ValueError(text) from None


def text(value: str) -> str:
    """A text without the blanks around it."""
    return value.strip()


def yes(value: str) -> bool:
    """A tick or a yes/no choice."""
    return value in ("1", "true", "yes")


def read(shape: Mapping[str, Read], prefix: str = "") -> tuple[dict[str, Any], list[Breach]]:
    """The posted fields of `shape`, converted; empty ones are left out. Also what could not be read."""
    found: dict[str, Any] = {}
    wrong: list[Breach] = []
    for name, convert in shape.items():
        typed = request.form.get(prefix + name, "")
        if not typed.strip():
            continue
        try:
            found[name] = convert(typed)
        except ValueError:
            wrong.append(Breach("unreadable", prefix + name))
    return found, wrong


def rows(name: str, shape: Mapping[str, Read]) -> tuple[list[dict[str, Any]], list[Breach]]:
    """The filled rows of a repeated group whose fields are named `name.0.field`, `name.1.field` and so on."""
    found: list[dict[str, Any]] = []
    wrong: list[Breach] = []
    for index in indexes(name):
        row, bad = read(shape, f"{name}.{index}.")
        if row or bad:
            wrong += [Breach(b.code, f"{name}.{len(found)}.{(b.field or '').rsplit('.', 1)[-1]}") for b in bad]
            found.append(row)
    return found, wrong


def indexes(name: str) -> list[int]:
    """The row numbers posted for a repeated group, ascending."""
    parts = (key.split(".") for key in request.form if key.startswith(f"{name}."))
    return sorted({int(part[1]) for part in parts if len(part) == 3 and part[1].isdigit() and len(part[1]) < 4})


def load(schema: Schema, payload: Mapping[str, Any], unreadable: Iterable[Breach] = ()) -> Any:
    """What the schema makes of a payload. DomainError invalid with every field that is wrong, unreadable ones too."""
    wrong = list(unreadable)
    known = {breach.field for breach in wrong}
    try:
        loaded = schema.load(payload)
    except ValidationError as error:
        wrong += [breach for breach in breaches_of(error.messages, typed=True) if breach.field not in known]
        loaded = None
    if wrong:
        raise DomainError("invalid", wrong)
    return loaded


@dataclass(frozen=True, slots=True)
class Problem:
    """What was wrong with the form as a whole: `loose` are the breaches that belong to no field of it."""

    title: str
    detail: str = ""
    loose: tuple[str, ...] = ()
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A form as it is shown: what its fields hold, and the sentences of what was wrong, by field."""

    values: Mapping[str, Any] = field(default_factory=dict)
    wrong: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problem: Problem | None = None

    def value(self, name: str) -> str:
        """What the field `name` shows."""
        found = self.values.get(name)
        if isinstance(found, (list, tuple)):
            found = found[0] if found else None
        return "" if found is None else str(found)

    def has(self, name: str, value: str) -> bool:
        """Whether a tick or choice `value` of the field `name` is set."""
        found = self.values.get(name)
        chosen = found if isinstance(found, (list, tuple, set, frozenset)) else [found]
        return value in {str(one) for one in chosen if one is not None}

    def errors_of(self, name: str) -> tuple[str, ...]:
        """The sentences of what is wrong with the field `name`."""
        return self.wrong.get(name, ())


def typed() -> dict[str, Any]:
    """Everything posted, to be shown again: passwords and tokens left out."""
    return {
        key: values
        for key, values in request.form.lists()
        if key not in ("csrf_token", "current", "otp", "credential") and "password" not in key
    }


def refused(error: DomainError, fields: Iterable[str], values: Mapping[str, Any] | None = None) -> Entry:
    """The form as posted, with the refusal's sentences beside the `fields` they belong to and the others above."""
    tongue = language()
    known = set(fields)
    wrong: dict[str, tuple[str, ...]] = {}
    loose: list[str] = []
    for breach in error.errors:
        said = sentence(breach, tongue)
        name = breach.field or ""
        if name in known or name.rsplit(".", 1)[0] in known or name.split(".")[0] in known:
            wrong[name] = (*wrong.get(name, ()), said)
        else:
            if breach.basis:
                said += _("（%(text)s）", text=errors.cited(breach.basis, tongue))
            loose.append(said)
    if error.code == "invalid":
        title, detail = _("有几处需要更正"), ""
        if not loose and not wrong:
            detail = errors.sentence(error.code, error.facts, tongue)
    else:
        title, detail = errors.sentence(error.code, error.facts, tongue), ""
    problem = Problem(title, detail, tuple(dict.fromkeys(loose)), errors.basis_said(error, tongue))
    return Entry(typed() if values is None else values, wrong, problem)


def sentence(breach: Breach, tongue: str) -> str:
    """The sentence of one breach; the general codes speak of the field here, not of the form."""
    if breach.code == "unreadable":
        return _("看不懂这个值，请按示例的格式填写。")
    if breach.code == "passwords_differ":
        return _("两次输入的密码不一致。")
    if breach.code == "invalid":
        return _("填写有误。")
    if breach.code == "amount_invalid":
        return fault_sentence(breach.code)
    return errors.sentence(breach.code, breach.facts, tongue)


def fault_sentence(code: str) -> str:
    """What is wrong with an amount, to somebody who types yuan; the interface's own sentence speaks of fen."""
    if code == "amount_invalid":
        return _("金额无法识别：应为 0.01 至 10,000,000,000,000 元，最多两位小数。")
    return errors.sentence(code, {}, language())


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """Stored values as a form shows them: fen as yuan, times as Beijing time without seconds."""
    return {name: _shown(name, value) for name, value in values.items()}


def _shown(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name.endswith("_fen"):
        return yuan(value)
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value

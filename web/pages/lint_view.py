"""What the linter says of a form while it is typed: each finding beside the field it concerns, as a piece of a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template

from auction.kernel.errors import Breach
from auction.rules.findings import Finding

from .. import errors
from . import forms
from .language import language

#: Groups of choices, which have no input to go to.
_GROUPS = frozenset({"state", "attachments", "panel"})


@dataclass(frozen=True, slots=True)
class Line:
    """One finding in words. `place`: the id of its input on the form, empty for none; `label`: what that is called."""

    is_error: bool
    place: str
    label: str
    text: str
    basis: str


def line(finding: Finding, field: str, named: Mapping[str, Any]) -> Line:
    """A finding on `field`; `named`: what the form's inputs are called, by their ids."""
    tongue = language()
    text = errors.sentence(finding.code, finding.facts, tongue)
    return Line(
        finding.is_error, _place(field, named), str(named.get(field, "")), text, errors.cited(finding.basis, tongue)
    )


def _place(field: str, named: Mapping[str, Any]) -> str:
    return field if field in named and field not in _GROUPS else ""


def unread(breach: Breach, named: Mapping[str, Any]) -> Line:
    """A field that cannot be read as it stands."""
    field = (breach.field or "").split(".0")[0]
    return Line(True, _place(field, named), str(named.get(field, "")), forms.sentence(breach, language()), "")


def fragment(lines: Sequence[Line], missing: Sequence[str] = ()) -> str:
    """The piece of a page that lists them. `missing`: the inputs that have to be filled before terms can be checked."""
    return render_template("desk/_findings.html", lines=lines, missing=missing)

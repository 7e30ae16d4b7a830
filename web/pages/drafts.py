"""What was typed into a form whose session had ended: it comes back once its writer has signed in again.

It is kept by nobody but the browser, in the page that asks to sign in; nothing of it is done before he sends it anew.
"""

from typing import NamedTuple

import orjson
from flask import render_template, request

from . import forms, labels
from .language import _
from .public import local_address
from .stale import label_of

#: Of a longer value the page shows the beginning.
_SHOWN = 300


class Draft(NamedTuple):
    """A form as it was sent, `to` an address of this site; files are not in it."""

    to: str
    fields: list[tuple[str, str]]


def typed() -> str:
    """The form of this request, as the page of signing in carries it; empty where nothing was typed."""
    fields = [[name, value] for name, values in forms.typed().items() for value in values]
    return orjson.dumps([request.path, fields]).decode() if fields else ""


def given() -> Draft | None:
    """The draft that comes with signing in; None where there is none or it cannot be read."""
    try:
        to, fields = orjson.loads(request.form.get("draft", ""))
        return Draft(local_address(str(to)), [(str(name), str(value)) for name, value in fields])
    except (orjson.JSONDecodeError, TypeError, ValueError):
        return None


def resumed(draft: Draft) -> str:
    """The page that shows the draft and offers to send it."""
    rows = [
        (_label(name), str(labels.ASSET_TYPE.get(value, value))[:_SHOWN])
        for name, value in draft.fields
        if value.strip() and name not in ("made_from", "next", "then", "more")
    ]
    return render_template("people/resumed.html", draft=draft, rows=rows)


def _label(name: str) -> str:
    said = label_of(name, labels.DRAFT)
    return _("其他内容") if said == name else said

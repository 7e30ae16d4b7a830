"""Many lots from one file."""

from typing import Any

from flask import Response, current_app, jsonify, request
from werkzeug.datastructures import FileStorage

from auction.kernel.errors import Breach, DomainError

from ..auth import me, policy
from ..idempotency import act
from ..lot_import import report, take_file
from ..schemas.imports import ImportOut
from .listing import created
from .spec import Blueprint, language

blueprint = Blueprint("imports", __name__, description="Many lots from one file")

_FLAGS = ("dry_run", "partial")
_MULTIPART: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    **{name: {"type": "string", "enum": ["true", "false"], "default": "false"} for name in _FLAGS},
                },
                "required": ["file"],
                "additionalProperties": False,
            }
        }
    },
}


@blueprint.post("/lots/import")
@policy("lot.create")
@blueprint.doc(requestBody=_MULTIPART)
@blueprint.response(201, ImportOut)
@blueprint.alt_response(200, schema=ImportOut, description="A dry run: what would happen; nothing is stored")
def create_lots() -> Response:
    """Enter the lots of a CSV (UTF-8 or GBK) or XLSX file, all of them or none; `partial` enters those that can be.

    Columns: `case_number title asset_type region address`, or their Chinese names, and any `attributes.NAME`. A dry run
    names every wrong cell by line, column and rule.
    """
    sent, flags = _uploaded()
    beside = current_app.extensions["beside"]
    imported = take_file(act, me(), sent.read(), beside=beside, **flags)
    told = report(imported, language())
    return jsonify(told) if imported.dry_run else created(told)


def _uploaded() -> tuple[FileStorage, dict[str, bool]]:
    """The file and the choices; DomainError unsupported_media_type or invalid."""
    if request.mimetype != "multipart/form-data":
        raise DomainError("unsupported_media_type")
    wrong = [Breach("unknown_field", name) for name in request.files if name != "file"]
    wrong += [Breach("unknown_field", name) for name in request.form if name not in _FLAGS]
    flags = {}
    for name in _FLAGS:
        said = request.form.get(name, "false")
        if said not in ("true", "false"):
            wrong.append(Breach("not_a_choice", name, facts={"allowed": ("true", "false")}))
        flags[name] = said == "true"
    sent = request.files.getlist("file")
    if len(sent) != 1:
        wrong.append(Breach("too_many" if sent else "required", "file", facts={"limit": 1}))
    if wrong:
        raise DomainError("invalid", wrong)
    return sent[0], flags

"""The disclosure sheet: the catalogue, filling it, what is missing, its sealed versions, the files.

Sealed versions are for everybody; before the first of them there is nothing here but for the lot's court and agencies.
"""

import io
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from flask import Response, current_app, jsonify, request, send_file
from werkzeug.datastructures import FileStorage

from auction.kernel.clock import iso
from auction.kernel.errors import Breach, DomainError
from bidding.queries.editions import edition_changes
from bidding.queries.kept import Part, item_tag
from disclosure.models import Attachment
from disclosure.queries.sheets import (
    FileFacts,
    SheetReading,
    catalogue_for,
    item_data,
    read_file,
    read_file_facts,
    read_sheet,
    require_drafts,
    sheet_changes,
    sheet_gaps,
)
from disclosure.rules import catalogue as rules
from disclosure.rules.sheet import flags
from disclosure.services.attachments import clean_lot_file, put_file, thumbnail
from disclosure.services.court_items import put_court_item
from disclosure.services.items import Written
from disclosure.services.items import put_item as write_item

from ..auth import current_actor, house, me, policy
from ..idempotency import act
from ..schemas.court_items import CourtItemIn, CourtItemOut
from ..schemas.sheets import (
    CatalogueQuery,
    DiffOut,
    DiffQuery,
    FileOut,
    FindingsOut,
    ItemIn,
    ItemOut,
    SheetOut,
    VersionQuery,
    WrittenItemOut,
)
from .listing import created, listed, said, tagged, written
from .spec import Blueprint

blueprint = Blueprint("sheets", __name__, description="The disclosure sheet and its files")

#: Seconds for which a published file may be kept: it never changes under its id.
_KEPT = 86400
MULTIPART = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
                "additionalProperties": False,
            }
        }
    },
}


@blueprint.get("/disclosure/catalogue")
@policy("public.read")
@blueprint.arguments(CatalogueQuery, location="query")
@blueprint.response(200, {"type": "object"})
def get_catalogue(query: dict[str, Any]) -> Response:
    """What a lot of this kind must tell, with fields, articles, hints and an example of each item.

    With `court` also what that court asks beyond the law.
    """
    court = query.get("court")
    asked = rules.load(query["asset_type"])
    if court is not None:
        asked = house().read(catalogue_for, court, query["asset_type"])
    data = asked.as_contract()
    return jsonify({**data, **listed(data["items"])})


@blueprint.put("/disclosure/court-items/<asset_type>/<code>")
@policy("catalogue.extend")
@blueprint.arguments(CourtItemIn)
@blueprint.response(200, CourtItemOut)
def put_item_of_court(data: dict[str, Any], asset_type: str, code: str) -> Response:
    """Ask something more of the caller's court's lots of a kind; codes begin with `court_`. No shipped item changes."""
    kept = house().perform(put_court_item, me(), asset_type, code, **data)
    return jsonify(CourtItemOut().dump(kept))


@blueprint.get("/lots/<lot_id>/disclosure")
@policy("public.read")
@blueprint.arguments(VersionQuery, location="query")
@blueprint.response(200, SheetOut)
def get_sheet(query: dict[str, Any], lot_id: str) -> Response:
    """The sheet in force, or the version asked for; version 0 is the one being filled, for its court."""
    return jsonify(_sheet(house().read(read_sheet, current_actor(), lot_id, query.get("version"))))


def _sheet(reading: SheetReading) -> dict[str, Any]:
    return {
        "lot_id": reading.lot_id,
        "version": reading.version,
        "seal": reading.seal,
        "at": iso(reading.at) if reading.at else None,
        "material": reading.material,
        "flags": list(flags(reading.sheet)),
        "items": [item_data(item, reading.catalogue) for item in reading.sheet.items],
        "attachments": [_file(file) for file in reading.files],
    }


def _file(file: FileFacts | Attachment) -> dict[str, Any]:
    return {
        "id": file.id,
        "filename": file.filename,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
    }


@blueprint.get("/lots/<lot_id>/disclosure/items/<code>")
@policy("lot.read_draft")
@blueprint.response(200, ItemOut)
def get_item(lot_id: str, code: str) -> Response:
    """One item of the sheet being filled, with its tag as `ETag`."""
    reading = house().read(read_sheet, me(), lot_id, 0)
    facts = reading.sheet.get(code)
    if facts is None:
        raise DomainError("not_found")
    return tagged(item_data(facts, reading.catalogue), item_tag(facts))


@blueprint.put("/lots/<lot_id>/disclosure/items/<code>")
@policy("lot.edit")
@blueprint.arguments(ItemIn)
@blueprint.response(200, WrittenItemOut)
def put_item(data: dict[str, Any], lot_id: str, code: str) -> Response:
    """Write one item as a whole. What it still lacks is told, and asked for when the lot is to be announced.

    With `If-Match` only if it still is what the tag was given for.
    """
    done, tag = written(Part("item", lot_id, code), write_item, lot_id, code, data)
    return tagged(written_item(done), tag)


def written_item(written: Written) -> dict[str, Any]:
    """An item just written, with what it lacks or should not say."""
    return {
        **item_data(written.facts, written.catalogue),
        "version": written.version,
        "findings": said(written.findings),
    }


@blueprint.get("/lots/<lot_id>/disclosure/gaps")
@policy("lot.read_draft")
@blueprint.response(200, FindingsOut)
def get_gaps(lot_id: str) -> Response:
    """What the sheet still lacks, each with its article."""
    return jsonify(listed(said(house().read(sheet_gaps, me(), lot_id))))


@blueprint.get("/lots/<lot_id>/disclosure/diff")
@policy("public.read")
@blueprint.arguments(DiffQuery, location="query")
@blueprint.response(200, DiffOut)
def get_diff(query: dict[str, Any], lot_id: str) -> Response:
    """What changed between two sealed versions."""
    changes = house().read(sheet_changes, lot_id, query["first"], query["second"])
    return jsonify(
        {
            "from": changes.first,
            "to": changes.second,
            "material": changes.material,
            "items": [change.as_data() for change in changes.items],
            "files_added": changes.files_added,
            "files_removed": changes.files_removed,
            "texts": house().read(edition_changes, lot_id, query["first"], query["second"]),
        }
    )


@blueprint.post("/lots/<lot_id>/attachments")
@policy("lot.attach")
@blueprint.doc(requestBody=MULTIPART)
@blueprint.response(201, FileOut)
def create_attachment(lot_id: str) -> Response:
    """Keep a PDF, JPEG, PNG or WebP of at most 10 MB. Pictures are made anew: nothing travels with their pixels."""
    house().read(require_drafts, me(), lot_id)
    sent = uploaded()
    beside = current_app.extensions["beside"]
    clean = beside(clean_lot_file, sent.read(), sent.filename or "", sent.mimetype or "")
    return created(_file(act(put_file, me(), lot_id, clean)))


def uploaded() -> FileStorage:
    """The one file of the request; DomainError unsupported_media_type or invalid."""
    if request.mimetype != "multipart/form-data":
        raise DomainError("unsupported_media_type")
    wrong = [Breach("unknown_field", name) for name in (*request.form, *request.files) if name != "file"]
    sent = request.files.getlist("file")
    if len(sent) != 1:
        wrong.append(Breach("too_many" if sent else "required", "file", facts={"limit": 1}))
    if wrong:
        raise DomainError("invalid", wrong)
    return sent[0]


@blueprint.get("/lots/<lot_id>/attachments/<attachment_id>")
@policy("public.read")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def get_attachment(lot_id: str, attachment_id: str) -> Response:
    """A file's bytes. Before it is published only for the lot's court and agencies."""
    file, public = house().read(read_file, current_actor(), lot_id, attachment_id)
    shown = file.media_type.startswith(("image/", "video/"))
    return _sent(
        file.content, file.media_type, file.sha256, public, download_name=file.filename, as_attachment=not shown
    )


@blueprint.get("/lots/<lot_id>/attachments/<attachment_id>/thumbnail")
@policy("public.read")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/webp")
def get_thumbnail(lot_id: str, attachment_id: str) -> Response:
    """A picture of a lot for lists, 480 by 300 points. For whom the picture is; `not_found` for other files."""
    file, public = house().read(read_file_facts, current_actor(), lot_id, attachment_id)
    if not file.media_type.startswith("image/"):
        raise DomainError("not_found")
    made = house().settings.data / "thumbnails" / f"{file.sha256}.webp"
    if made.exists():
        small = made.read_bytes()
    else:
        whole, _ = house().read(read_file, current_actor(), lot_id, attachment_id)
        small = current_app.extensions["beside"](thumbnail, whole.content)
        _keep(made, small)
    return _sent(small, "image/webp", f"{file.sha256}-small", public)


def _keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: others may be writing the same."""
    path.parent.mkdir(exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as begun:
        begun.write(content)
    Path(begun.name).replace(path)


def _sent(content: bytes, media_type: str, etag: str, public: bool, **more: Any) -> Response:
    response = send_file(io.BytesIO(content), mimetype=media_type, etag=etag, max_age=_KEPT, conditional=True, **more)
    if not public:
        response.headers["Cache-Control"] = "no-store"
    return response

"""Papers: handing them in, reading them; a buyer's proof that he may buy (PRECISIONS 24)."""

import io
from typing import Any

from flask import Response, current_app, send_file

from auction.kernel.clock import iso
from auction.kernel.unit import Unit
from bidding.models import Paper
from bidding.queries.papers import papers, read_paper
from bidding.services.papers import keep_paper
from bidding.services.qualification import submit_qualification
from disclosure.services.attachments import clean_file

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.papers import PaperOut, QualificationIn, QualificationOut
from .listing import created
from .sheets import MULTIPART, uploaded
from .spec import Blueprint

blueprint = Blueprint("papers", __name__, description="Papers that people hand in")


@blueprint.post("/me/papers")
@policy("paper.keep")
@blueprint.doc(requestBody=MULTIPART)
@blueprint.response(201, PaperOut)
def create_paper() -> Response:
    """Keep a PDF, JPEG, PNG or WebP of at most 10 MB, to be handed in with an objection or as proof."""
    sent = uploaded()
    beside = current_app.extensions["beside"]
    clean = beside(clean_file, sent.read(), sent.filename or "", sent.mimetype or "")

    def keep(unit: Unit) -> dict[str, Any]:
        paper: Paper = keep_paper(unit, me(), clean)
        unit.session.flush()
        return papers(unit.session, [paper.id])[0]

    return created(act(keep))


@blueprint.get("/papers/<paper_id>")
@policy("paper.read")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def get_paper(paper_id: str) -> Response:
    """A paper's bytes, for who handed it in and the court it was handed in to."""
    paper, content = house().read(read_paper, house().vault, me(), paper_id)
    response = send_file(
        io.BytesIO(content), mimetype=paper.media_type, download_name=paper.filename, as_attachment=True
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/auctions/<auction_id>/qualification")
@policy("paper.keep")
@blueprint.arguments(QualificationIn)
@blueprint.response(201, QualificationOut)
def create_qualification(data: dict[str, Any], auction_id: str) -> Response:
    """Hand in proof that one may buy: for the buyer, until the ruling (HOUSE 3, EQ 15(2))."""

    def hand_in(unit: Unit) -> dict[str, Any]:
        row = submit_qualification(unit, me(), auction_id, **data)
        attachments = papers(unit.session, row.attachments)
        return {"id": row.id, "auction_id": auction_id, "attachments": attachments, "at": iso(row.at)}

    return created(act(hand_in))

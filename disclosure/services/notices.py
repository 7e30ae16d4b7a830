"""Recording who was notified of a sale, with the files that prove it."""

from collections.abc import Sequence

from sqlalchemy import select

from auction.kernel.errors import Breach, DomainError
from auction.kernel.unit import Unit
from auction.models import Notice
from auction.rules.access import Actor
from auction.services import lots
from auction.services.auctions import void_votes
from auction.services.lots import NoticeFacts, lock_lot

from ..models import SheetItem
from ..queries.sheets import files, proof_hashes


def put_notices(unit: Unit, actor: Actor, lot_id: str, recipients: Sequence[NoticeFacts]) -> list[Notice]:
    """Replace the list of who was notified how and when (OJA 16); a proof may be a file of the lot.

    DomainError invalid: `in_future`; `unknown_attachment` for a file that is not the lot's; `proof_disclosed` for one
    that the sheet shows to everybody, for a proof of service is never published. Votes fall where a file is no proof
    any more, for it is published then.
    """
    lot = lock_lot(unit, actor, lot_id)
    known = {file.id: file.sha256 for file in files(unit.session, lot.id)}
    shown = {
        known.get(file_id)
        for attachments in unit.session.scalars(select(SheetItem.attachments).where(SheetItem.lot_id == lot.id))
        for file_id in attachments
    }
    wrong = []
    for number, each in enumerate(recipients):
        if each.proof_file is None:
            continue
        code = "unknown_attachment" if each.proof_file not in known else "proof_disclosed"
        if each.proof_file not in known or known[each.proof_file] in shown:
            facts = {"value": each.proof_file[:64]}
            wrong.append(Breach(code, f"recipients.{number}.proof_file", facts=facts))
    if wrong:
        raise DomainError("invalid", wrong)
    if proof_hashes(unit.session, lot.id) - {known[each.proof_file] for each in recipients if each.proof_file}:
        void_votes(unit, lot.id)  # a file that proves nothing any more is published with the sheet
    return lots.put_notices(unit, actor, lot_id, recipients)

"""A court's own wording of its letters: kept in versions, the latest in use."""

from sqlalchemy import func, select

from auction.kernel.crypto import sha256_hex
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Court, LetterTemplate
from auction.rules.access import Actor, require

from ..rules.letters import check_wording, letters


def keep_wording(unit: Unit, actor: Actor, kind: str, text: str) -> LetterTemplate:
    """Keep a wording of the actor's court as its next version; an empty one returns to what is shipped.

    DomainError not_found for a letter there is not, invalid as `check_wording` says.
    """
    require(actor, "letter.word")
    if actor.court_code is None:
        raise DomainError("forbidden")
    if kind not in letters():
        raise DomainError("not_found")
    if text.strip():
        check_wording(text)
    unit.session.scalar(select(Court).where(Court.code == actor.court_code).with_for_update())
    last = unit.session.scalar(
        select(func.max(LetterTemplate.version)).where(
            LetterTemplate.court_code == actor.court_code, LetterTemplate.kind == kind
        )
    )
    kept = LetterTemplate(
        court_code=actor.court_code, kind=kind, version=(last or 0) + 1, text=text.strip(), at=unit.now, by=actor.id
    )
    unit.session.add(kept)
    unit.record(
        "LetterWorded",
        stream="system",
        body={
            "court": kept.court_code,
            "kind": kind,
            "version": kept.version,
            "text_sha256": sha256_hex(kept.text.encode()),
        },
    )
    return kept

"""A court's own wording of its letters, and what it adds to announcement and notice: in versions, the latest in use.

Every printing of a letter is recorded.
"""

from dataclasses import asdict, dataclass

from sqlalchemy import func, select

from auction.kernel.crypto import sha256_hex
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, Court, LetterTemplate, Lot
from auction.rules.access import Actor, require
from auction.rules.lot import AuctionStatus
from auction.services.auctions import void_votes

from ..rules.court_words import KINDS, check_words
from ..rules.letters import check_wording, letters


def keep_wording(unit: Unit, actor: Actor, kind: str, text: str | None) -> LetterTemplate:
    """Keep a wording of the actor's court as its next version; None returns to what is shipped.

    What a ruling says is a judge's. DomainError forbidden, not_found for a letter there is not, invalid as
    `check_wording` says, also for an empty text.
    """
    require(actor, "letter.word")
    if actor.court_code is None or not may_word(actor, kind):
        raise DomainError("forbidden")
    if kind not in letters():
        raise DomainError("not_found")
    if text is not None:
        check_wording(text)
    lock_court(unit, actor.court_code)
    return _keep(unit, actor.court_code, actor, kind, text or "", None)


def may_word(actor: Actor, kind: str) -> bool:
    """Whether one who words his court's letters may word this kind too: a ruling's are a judge's."""
    return actor.role == "judge" or not kind.endswith("_ruling")


def keep_court_words(unit: Unit, actor: Actor, kind: str, *, text: str, text_en: str) -> LetterTemplate:
    """Keep what the actor's court adds to its announcements or bidder notices as the next version; empty: nothing.

    Rounds announced before keep the version they were announced with; votes on others fall, since what is to be
    published has changed. DomainError not_found for a text there is not,
    invalid as `check_words` says.
    """
    require(actor, "letter.word")
    if actor.court_code is None:
        raise DomainError("forbidden")
    if kind not in KINDS:
        raise DomainError("not_found")
    if text.strip() or text_en.strip():
        check_words(text, text_en)
    lock_court(unit, actor.court_code)
    _void_votes(unit, actor.court_code)
    return _keep(unit, actor.court_code, actor, kind, text, text_en)


def lock_court(unit: Unit, court_code: str) -> None:
    """Let one at a time write what a court words: before its lots, on which votes may fall."""
    unit.session.scalar(select(Court).where(Court.code == court_code).with_for_update())


def _void_votes(unit: Unit, court_code: str) -> None:
    voted = select(Auction.lot_id).where(Auction.status.in_((AuctionStatus.IN_REVIEW, AuctionStatus.APPROVED)))
    lots = (
        select(Lot.id)
        .where(Lot.court_code == court_code, Lot.id.in_(voted))
        .order_by(Lot.id)
        .with_for_update(key_share=True)
    )
    for lot_id in unit.session.scalars(lots).all():
        void_votes(unit, lot_id)


def _keep(unit: Unit, court_code: str, actor: Actor, kind: str, text: str, text_en: str | None) -> LetterTemplate:
    last = unit.session.scalar(
        select(func.max(LetterTemplate.version)).where(
            LetterTemplate.court_code == court_code, LetterTemplate.kind == kind
        )
    )
    kept = LetterTemplate(
        court_code=court_code,
        kind=kind,
        version=(last or 0) + 1,
        text=text.strip(),
        text_en=None if text_en is None else text_en.strip(),
        at=unit.now,
        by=actor.id,
    )
    unit.session.add(kept)
    english = {} if kept.text_en is None else {"text_en_sha256": sha256_hex(kept.text_en.encode())}
    unit.record(
        "LetterWorded",
        stream="system",
        body={
            "court": kept.court_code,
            "kind": kind,
            "version": kept.version,
            "text_sha256": sha256_hex(kept.text.encode()),
            **english,
        },
    )
    return kept


@dataclass(frozen=True, slots=True)
class Printing:
    """A letter as it was set: which, in what version of its wording (0: as shipped), for whom, of which round.

    `recipient`: the place in the list of those notified; `sha256`: of the words that were set.
    """

    kind: str
    version: int
    recipient: int | None
    role: str | None
    auction_id: str | None
    sha256: str


def record_printing(unit: Unit, actor: Actor, lot_id: str, printing: Printing) -> None:
    """Record that a letter of a lot was printed, privately, in the lot's stream; names stay out of the entry.

    DomainError not_found for a lot there is not, or another court's.
    """
    lot = unit.session.get(Lot, lot_id)
    if lot is None:
        raise DomainError("not_found")
    require(actor, "letter.read", court=lot.court_code)
    body = {"lot_id": lot.id, "by": actor.id, **asdict(printing)}
    unit.record("LetterPrinted", stream=f"lot:{lot.id}", private=True, body=body)

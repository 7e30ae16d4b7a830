"""Keeping what somebody hands in: cleaned like a lot's files, and no part of any sheet."""

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Person
from auction.rules.access import Actor, require
from disclosure.services.attachments import CleanFile

from ..models import Paper
from ..queries.papers import kept_by, paper_column

#: Papers an account may hand in; a technical limit.
MOST_PAPERS = 100


def keep_paper(unit: Unit, actor: Actor, file: CleanFile) -> Paper:
    """Keep a cleaned file for its owner, to be handed in with an objection or as proof.

    It is sealed under the owner's key. DomainError `invalid` with `too_many` when the account has as many papers as it
    may, identity_unverified once the key was destroyed.
    """
    require(actor, "paper.keep")
    if kept_by(unit.session, actor.id) >= MOST_PAPERS:
        raise invalid("file", "too_many", limit=MOST_PAPERS)
    person = unit.session.get_one(Person, actor.person_id)
    if person.wrapped_key is None:
        raise DomainError("identity_unverified")
    paper_id = unit.new_id()
    paper = Paper(
        id=paper_id,
        account_id=actor.id,
        filename=file.filename,
        media_type=file.media_type,
        size=len(file.content),
        sha256=file.sha256,
        content=unit.vault.seal(person.wrapped_key, person.id, paper_column(paper_id), file.content),
        uploaded_at=unit.now,
    )
    unit.session.add(paper)
    unit.record(
        "PaperKept",
        stream=f"person:{actor.person_id}",
        private=True,
        body={"paper_id": paper.id, "sha256": file.sha256, "media_type": file.media_type},
    )
    return paper

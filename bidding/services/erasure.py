"""Erasing a person by destroying his key and the salts of his entries (PIPL 47): what is left names nobody.

Journal, log and evidence stay as they are and verify; of his private entries the log shows a commitment that nobody can
open any more. What the law has published of him (the buyer on a confirmation, OJA 22(1)) stays published.
"""

from collections.abc import Sequence

from sqlalchemy import and_, delete, exists, false, or_, select, update

from auction.kernel.db import overwrite_deleted
from auction.kernel.errors import Breach, DomainError
from auction.kernel.journal import JournalRow, Salt
from auction.kernel.unit import Unit
from auction.models import (
    Account,
    Correction,
    CourtFollow,
    Idempotency,
    LoginSession,
    LogLeaf,
    LotFollow,
    Mail,
    Message,
    Passkey,
    PasskeyChallenge,
    Person,
    SavedSearch,
)
from auction.rules.access import Actor, require
from auction.rules.ruleset import load
from auction.services.accounts import end_all_sessions, present_password
from auction.services.recovery import drop_codes
from risk.models import Sanction

from ..models import Paper, RegisteredIdentity, Registration, RegistrationSignal
from ..queries.erasure import barriers_of
from .alerted import ERASED


def erase_own(unit: Unit, actor: Actor, *, matches: bool) -> str | None:
    """Erase the actor's own data, for good. `matches`: the door has compared his password.

    Answers None, or the reason of a refusal that must be kept: bad_credentials, rate_limited.
    DomainError erasure_barred with each reason (`erasure_sale`, `_money`, `_sanction`, `_objection`, `_kept` with the
    day from which it may be done), wrong_state once done.
    """
    require(actor, "data.own")
    person = unit.session.get_one(Person, actor.person_id, with_for_update=True, populate_existing=True)
    if person.wrapped_key is None:
        raise DomainError("wrong_state", reason="erased")
    found = barriers_of(unit.session, person.id, load(unit.settings.ruleset), unit.now)
    if found:
        reasons = [
            Breach(f"erasure_{one.why}", facts={"until": one.until.isoformat() if one.until else None}) for one in found
        ]
        raise DomainError("erasure_barred", reasons)
    account = unit.session.get_one(Account, actor.id, with_for_update=True, populate_existing=True)
    refusal = present_password(unit, account, matches=matches)
    if refusal is None:
        _erase(unit, person, how="request")
    return refusal


def erase_unneeded(unit: Unit, person_id: str) -> bool:
    """Erase somebody whom nobody needs any more; False where something stands against it, or it is done."""
    person = unit.session.get_one(Person, person_id, with_for_update=True, populate_existing=True)
    if person.wrapped_key is None or barriers_of(unit.session, person_id, load(unit.settings.ruleset), unit.now):
        return False
    _erase(unit, person, how="retention")
    return True


def _erase(unit: Unit, person: Person, how: str) -> None:
    session = unit.session
    overwrite_deleted(session)
    accounts = session.scalars(select(Account).where(Account.person_id == person.id).with_for_update()).all()
    registrations = session.scalars(select(Registration.id).where(Registration.person_id == person.id)).all()
    gone = f"erased:{person.id}"
    person.wrapped_key, person.erased_at, person.verified = None, unit.now, False
    person.name = person.id_number = b""
    person.phone = person.email = person.address = None
    person.id_match = gone
    for account in accounts:
        end_all_sessions(unit, account.id, "erased")
        account.username, account.display_name = f"erased-{account.id}", ERASED
        account.password_hash, account.disabled_at = "!", unit.machine_now
        account.factor, account.factor_id, account.factor_confirmed, account.factor_offered = None, None, False, None
        drop_codes(unit, account.id)
    session.flush()
    for number, row in enumerate(
        session.scalars(select(RegisteredIdentity).where(RegisteredIdentity.registration_id.in_(registrations))).all()
    ):
        session.execute(
            update(RegisteredIdentity)
            .where(
                RegisteredIdentity.registration_id == row.registration_id, RegisteredIdentity.id_match == row.id_match
            )
            .values(id_match=f"{gone}:{number}", name=b"", id_number=b"", share=None, live=False)
            .execution_options(synchronize_session=False)
        )
    ids = [account.id for account in accounts]
    session.execute(update(Sanction).where(Sanction.person_id == person.id).values(id_match=gone))
    messages = select(Message.id).where(Message.account_id.in_(ids))
    for statement in (
        delete(Mail).where(Mail.message_id.in_(messages)),
        delete(Message).where(Message.account_id.in_(ids)),
        delete(LoginSession).where(LoginSession.account_id.in_(ids), LoginSession.ended_at.is_(None)),
        delete(Passkey).where(Passkey.account_id.in_(ids)),
        delete(PasskeyChallenge).where(PasskeyChallenge.account_id.in_(ids)),
        delete(LotFollow).where(LotFollow.account_id.in_(ids)),
        delete(CourtFollow).where(CourtFollow.account_id.in_(ids)),
        delete(SavedSearch).where(SavedSearch.account_id.in_(ids)),
        delete(Idempotency).where(Idempotency.account_id.in_(ids)),
        delete(Paper).where(Paper.account_id.in_(ids)),
        delete(Correction).where(Correction.person_id == person.id),
        delete(RegistrationSignal).where(RegistrationSignal.registration_id.in_(registrations)),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    unit.record("PersonErased", stream=f"person:{person.id}", private=True, body={"how": how})
    destroy_salts(unit, person.id, registrations)


def destroy_salts(unit: Unit, person_id: str, registrations: Sequence[str]) -> int:
    """Destroy what opens a person's entries in the log; answers how many. What is not sealed yet waits."""
    auctions = select(Registration.auction_id).where(Registration.id.in_(registrations))
    about = [
        and_(JournalRow.entry.contains(key, autoescape=True), JournalRow.stream.startswith("auction:"))
        for key in registrations
    ]
    sales = [f"auction:{auction_id}" for auction_id in unit.session.scalars(auctions)]
    rows = unit.session.execute(
        select(Salt.stream, Salt.number)
        .join(JournalRow, and_(JournalRow.stream == Salt.stream, JournalRow.number == Salt.number))
        .where(
            or_(Salt.stream == f"person:{person_id}", and_(Salt.stream.in_(sales), or_(false(), *about))),
            exists().where(LogLeaf.stream == Salt.stream, LogLeaf.number == Salt.number),
        )
    ).all()
    for stream, number in rows:
        unit.session.execute(delete(Salt).where(Salt.stream == stream, Salt.number == number))
    return len(rows)

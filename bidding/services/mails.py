"""The sending of messages by mail, as the database sees it: what is to be sent, and what became of it.

A mail is taken before it is sent, in a transaction of its own, so that no two processes send it. Nothing is sent within
a transaction. What a process took and never reported on was perhaps sent: it is not sent again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select, update

from auction.kernel.unit import Unit
from auction.models import Account, Mail, Message, Person

#: What came of an attempt: `later` was refused for now, or nobody answered.
Outcome = Literal["sent", "later", "dead", "unsure"]
#: Attempts before a mail is given up, the pause after the first, doubled each time, and the longest.
MOST_ATTEMPTS = 12
_PAUSE, _LONGEST = timedelta(minutes=1), timedelta(hours=6)
#: How long a process may take with what it took.
_HELD = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be sent: `to` is opened for that alone."""

    message_id: str
    to: str
    kind: str
    subject: dict[str, Any]
    at: datetime


def pause_after(attempts: int) -> timedelta:
    """How long a mail waits after so many attempts."""
    return min(_PAUSE * int(2 ** (attempts - 1)), _LONGEST)


def take_mails(unit: Unit, most: int) -> list[Letter]:
    """Take the mails that are due, at most so many, the longest waiting first."""
    now = unit.machine_now
    forgotten = update(Mail).where(Mail.state == "sending", Mail.due_at <= now)
    unit.session.execute(forgotten.values(state="unsure", error="process lost"))
    rows = unit.session.execute(
        select(Mail, Message, Person)
        .join(Message, Message.id == Mail.message_id)
        .join(Account, Account.id == Message.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(Mail.state == "waiting", Mail.due_at <= now, Message.at <= unit.now)
        .order_by(Mail.due_at, Mail.message_id)
        .limit(most)
        .with_for_update(of=Mail, skip_locked=True)
    ).all()
    letters = []
    for mail, message, person in rows:
        if person.email is None or person.wrapped_key is None:
            mail.state, mail.error = "dead", "no address"
            continue
        mail.state, mail.attempts, mail.due_at = "sending", mail.attempts + 1, now + _HELD
        to = unit.vault.open(person.wrapped_key, person.id, "email", person.email)
        letters.append(Letter(message.id, to, message.kind, message.subject, message.at))
    return letters


def report_mail(unit: Unit, message_id: str, outcome: Outcome, error: str | None) -> str:
    """Write down what came of an attempt, and answer the state. `error` never names an address."""
    mail = unit.session.get_one(Mail, message_id, with_for_update=True, populate_existing=True)
    mail.error = error
    if outcome == "later" and mail.attempts < MOST_ATTEMPTS:
        mail.state, mail.due_at = "waiting", unit.machine_now + pause_after(mail.attempts)
        return mail.state
    mail.state = "dead" if outcome == "later" else outcome
    mail.sent_at = unit.machine_now if outcome == "sent" else None
    return mail.state

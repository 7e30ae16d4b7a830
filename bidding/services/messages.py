"""Telling people: writing messages, once each, and what their readers do with them.

`tell` is called in the transaction of whatever is told, or by `deliver` for what the journal says. Bids are told of by
`deliver` alone, after they are committed and sealed: no bid waits for a message.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from auction.kernel.db import insert_new, write_rows
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Account, Auction, Mail, Message, Person, Platform
from auction.rules.access import Actor, require

from ..models import Registration
from ..queries.messages import FAILED, Work
from ..queries.news import TOLD_SIZE, Contest, News, Telling, place
from ..rules.news import REMINDED_BEFORE, outbid_at
from ..rules.registration import STANDING
from .looks import await_look, taken

OUTBID = "outbid"
#: Messages written by one statement.
_TOGETHER = 500


def tell(
    unit: Unit, account_id: str, kind: str, subject: Mapping[str, Any], key: str, *, at: datetime | None = None
) -> bool:
    """Tell an account something, once by its `key`; answers whether it was told now.

    `subject` holds what the sentence of `kind` names, as JSON values: never anything another person may not know.
    `at`: when it is shown, now where it is not given. Where mail is sent, it is sent to who has an address.
    """
    return tell_all(unit, [Telling(account_id, kind, subject, key, at or unit.now)]) == 1


def tell_all(unit: Unit, tellings: Sequence[Telling]) -> int:
    """Tell many at once, set-wise, what was not told before; answers how many that were."""
    told = 0
    for start in range(0, len(tellings), _TOGETHER):
        chunk = {(one.account_id, one.key): one for one in tellings[start : start + _TOGETHER]}
        accounts, keys = {account for account, _ in chunk}, {key for _, key in chunk}
        there = select(Message.account_id, Message.key).where(Message.account_id.in_(accounts), Message.key.in_(keys))
        for row in unit.session.execute(there):
            chunk.pop((row.account_id, row.key), None)
        rows = [
            {
                "id": unit.new_id(),
                "account_id": one.account_id,
                "kind": one.kind,
                "subject": dict(one.subject),
                "key": one.key,
                "at": one.at,
            }
            for one in chunk.values()
        ]
        write_rows(unit.session, Message, rows)
        reached = _with_address(unit, accounts)
        mails = [row["id"] for row in rows if row["account_id"] in reached]
        due = {"state": "waiting", "attempts": 0, "due_at": unit.machine_now}
        write_rows(unit.session, Mail, [{"message_id": message_id, **due} for message_id in mails])
        told += len(rows)
    return told


def _with_address(unit: Unit, accounts: Collection[str]) -> set[str]:
    """Those of some accounts to whom mail is sent: none where none is sent at all."""
    if unit.settings.smtp_url is None:
        return set()
    known = select(Account.id).join(Person, Person.id == Account.person_id).where(Person.email.is_not(None))
    return set(unit.session.scalars(known.where(Account.id.in_(accounts))))


def deliver(unit: Unit, news: News, watching: Collection[tuple[str, str]] = ()) -> bool:
    """Tell what bids did, and go on in the log; False, and nothing done, where somebody else has gone on meanwhile.

    What the other entries tell was told before (`tell_all`), in transactions of its own: there may be very many.
    `watching`: who has which room open just now, as (account, auction); nobody is told there that he was outbid.
    """
    if _told(unit) != news.start:
        return False
    unit.session.execute(update(Platform).where(Platform.key == TOLD_SIZE).values(value=str(news.end)))
    count_failed(unit, "telling", news.failed)
    for contest in news.contests:
        _tell_outbid(unit, contest, watching)
    for auction_id in news.openings:
        opens_at = unit.session.get_one(Auction, auction_id).opens_at
        await_look(unit, "remind", auction_id, at=max(unit.now, opens_at - REMINDED_BEFORE))
    return True


def count_failed(unit: Unit, work: Work, number: int = 1) -> None:
    """Count what of the house's own work could not be done and was passed over, for the metrics."""
    if number:
        insert_new(unit.session, Platform, key=FAILED[work], value="0")
        row = unit.session.get_one(Platform, FAILED[work], with_for_update=True, populate_existing=True)
        row.value = str(int(row.value) + number)


def _told(unit: Unit) -> int:
    """How far the log was told, its row locked."""
    insert_new(unit.session, Platform, key=TOLD_SIZE, value="0")
    locked = select(Platform.value).where(Platform.key == TOLD_SIZE).with_for_update()
    return int(unit.session.scalars(locked).one())


def _tell_outbid(unit: Unit, contest: Contest, watching: Collection[tuple[str, str]]) -> None:
    """At most one message a minute in one room; one that waits is dropped when its reader leads again."""
    prefix = f"{OUTBID}:{contest.auction_id}:"
    if contest.leader is not None:
        waiting = select(Message.id).where(
            Message.account_id == contest.leader, Message.key.startswith(prefix), Message.at > contest.at
        )
        ids = unit.session.scalars(waiting).all()
        unit.session.execute(delete(Mail).where(Mail.message_id.in_(ids)))
        unit.session.execute(delete(Message).where(Message.id.in_(ids)))
    for account_id in contest.outbid:
        if (account_id, contest.auction_id) in watching:
            continue
        told = select(Message.at).where(Message.account_id == account_id, Message.key.startswith(prefix))
        at = outbid_at(contest.at, unit.session.scalar(told.order_by(Message.at.desc()).limit(1)))
        if at is not None:
            tell(unit, account_id, OUTBID, contest.subject, f"{prefix}{at.isoformat()}", at=at)


def remind(unit: Unit, auction_id: str) -> None:
    """Tell whoever is registered that a sale opens soon; does nothing where it was stopped, put off or told."""
    if not taken(unit, "remind", auction_id):
        return
    auction = unit.session.get_one(Auction, auction_id)
    if auction.status != "announced" or not unit.now < auction.opens_at <= unit.now + REMINDED_BEFORE:
        return
    subject = {**place(unit.session, auction_id, None), "opens_at": auction.opens_at.isoformat()}
    standing = select(Registration.account_id).where(
        Registration.auction_id == auction_id, Registration.status.in_(STANDING)
    )
    key = f"opening_soon:{auction_id}:{auction.opens_at.isoformat()}"
    registered = unit.session.scalars(standing.order_by(Registration.id)).all()
    tell_all(unit, [Telling(account_id, "opening_soon", subject, key, unit.now) for account_id in registered])


def read_message(unit: Unit, actor: Actor, message_id: str) -> Message:
    """Mark a message of one's own as read. DomainError not_found for another's or one that lies ahead."""
    require(actor, "message.own")
    message = unit.session.get(Message, message_id)
    if message is None or message.account_id != actor.id or message.at > unit.now:
        raise DomainError("not_found")
    message.read_at = message.read_at or unit.now
    return message


def read_all(unit: Unit, actor: Actor) -> int:
    """Mark all messages of one's own as read that are shown by now; answers how many."""
    require(actor, "message.own")
    unread = update(Message).where(Message.account_id == actor.id, Message.read_at.is_(None), Message.at <= unit.now)
    return len(unit.session.execute(unread.values(read_at=unit.now).returning(Message.id)).all())

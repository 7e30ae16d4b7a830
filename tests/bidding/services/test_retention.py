"""Each kind of data goes when its period is over and not a moment before; the journal tells how many."""

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import func, select

from auction.kernel.clock import FixedClock
from auction.kernel.db import Base
from auction.kernel.unit import House, Unit
from auction.models import Account, Idempotency, JournalRow, LoginSession, Mail, Message, Person
from auction.rules.ruleset import load
from auction.services import accounts
from bidding.models import AwaitedLook, Paper
from bidding.services.corrections import ask_correction
from bidding.services.papers import keep_paper
from bidding.services.retention import expire_data
from disclosure.models import DraftedItem
from disclosure.services.attachments import CleanFile
from tests.bidding.sale import an_open_sale
from tests.factories import a_bidder, an_account, an_auction

KINDS = ("sessions", "idempotency", "mails", "looks", "drafts", "codes", "failures", "papers")
ROWS = {
    "sessions": LoginSession,
    "idempotency": Idempotency,
    "mails": Mail,
    "looks": AwaitedLook,
    "drafts": DraftedItem,
    "papers": Paper,
}


def something_of(unit: Unit, kind: str) -> None:
    """One row of the kind, whose period begins now."""
    judge, bidder = an_account(unit), a_bidder(unit)
    now, machine = unit.now, unit.machine_now
    match kind:
        case "sessions":
            accounts.open_session(unit, judge.id, matches=True, code_holds=lambda _: None)
            accounts.end_all_sessions(unit, judge.id, "signed_out")
        case "idempotency":
            row = {"account_id": judge.id, "method": "POST", "path": "/", "key": "k", "body_hash": "h"}
            unit.session.add(Idempotency(**row, created_at=machine))
        case "mails":
            unit.session.add(Message(id="m", account_id=judge.id, kind="outbid", subject={}, key="k", at=now))
            unit.session.flush()
            unit.session.add(Mail(message_id="m", state="sent", attempts=1, due_at=machine))
        case "looks":
            unit.session.add(AwaitedLook(act="names", subject_id="x", due_at=now, done_at=now))
        case "drafts":
            auction = an_auction(unit, status="withdrawn", closed_at=now)
            facts = {"state": "none", "statement": "", "data": {}, "source": "", "checker": ""}
            unit.session.add(
                DraftedItem(
                    auction_id=auction.id,
                    code="lease",
                    **facts,
                    checked_on=now.date(),
                    attachments=[],
                    updated_by=judge.id,
                    updated_at=now,
                )
            )
        case "codes":
            opened = accounts.open_session(unit, judge.id, matches=True, code_holds=lambda _: None)
            assert isinstance(opened, accounts.Opened)
            accounts.offer_factor(unit, judge.id, opened.session.token_hash, "secret")
        case "failures":
            judge.failures, judge.locked_until = 7, machine
        case "papers":
            keep_paper(unit, bidder.actor, CleanFile("证明.pdf", "application/pdf", b"%PDF-1.4", "0" * 64))


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_after_its_period_and_not_before(house: House, clock: FixedClock, kind: str) -> None:
    house.perform(something_of, kind)
    period = timedelta(days=load(house.settings.ruleset).days(f"keep_{kind}"))
    clock.advance(seconds=period.total_seconds())
    assert kind not in house.perform(expire_data)
    clock.advance(seconds=1)
    assert house.perform(expire_data)[kind] == 1
    assert house.perform(expire_data) == {}
    if kind in ROWS:
        model: type[Base] = ROWS[kind]
        assert house.read(lambda session: session.scalar(select(func.count()).select_from(model))) == 0
    told = house.read(lambda session: session.scalars(select(JournalRow).where(JournalRow.kind == "DataExpired")).all())
    assert [orjson.loads(row.entry)["body"] for row in told] == [{"counts": {kind: 1}}]


def test_papers_of_an_open_request_stay(house: House, clock: FixedClock) -> None:
    def asked(unit: Unit) -> None:
        bidder = a_bidder(unit, name="写错")
        paper = keep_paper(unit, bidder.actor, CleanFile("证明.pdf", "application/pdf", b"%PDF-1.4", "0" * 64))
        unit.session.flush()
        ask_correction(unit, bidder.actor, name="写对", reason="x", attachments=[paper.id])

    house.perform(asked)
    clock.advance(days=400)
    assert house.perform(expire_data) == {}


def test_who_was_not_seen_for_three_years_is_erased_unless_the_law_keeps_him(house: House, clock: FixedClock) -> None:
    idle, seen = house.perform(lambda unit: (a_bidder(unit).id, a_bidder(unit).id))
    _, registered = house.perform(an_open_sale)
    clock.advance(days=1096)
    house.perform(lambda unit: setattr(unit.session.get_one(Account, seen), "seen_at", unit.now))
    assert house.perform(expire_data)["persons"] == 1

    def erased(unit: Unit) -> list[bool]:
        people = (unit.session.get_one(Account, one).person_id for one in (idle, seen, registered[0]))
        return [unit.session.get_one(Person, one).wrapped_key is None for one in people]

    assert house.perform(erased) == [True, False, False]


def test_those_the_law_keeps_do_not_stand_before_those_nobody_needs(house: House, clock: FixedClock) -> None:
    house.perform(an_open_sale, bidders=25)
    clock.advance(days=1)
    idle = house.perform(lambda unit: a_bidder(unit).person_id)
    clock.advance(days=1096)
    assert house.perform(expire_data)["persons"] == 1
    assert house.perform(lambda unit: unit.session.get_one(Person, idle).wrapped_key) is None

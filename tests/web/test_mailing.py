"""Mail: each message is sent once the server accepted it, tried again while it did not, and never sent twice."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.settings import Settings, SettingsError
from auction.kernel.unit import House
from auction.models import Mail
from bidding.services.mails import MOST_ATTEMPTS, take_mails
from bidding.services.messages import tell
from tests.factories import a_bidder
from tests.web.smtp import MailServer, a_mail_server
from web.mailing import send_mails

SUBJECT = {"title": "房产", "due_at": "2026-03-09T02:00:00.000000+00:00", "balance_fen": 12_345_600}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with a_mail_server() as running:
        yield running


@pytest.fixture
def mailing(house: House, server: MailServer) -> House:
    house.settings = dataclasses.replace(
        house.settings, smtp_url=server.url, mail_from="court@example.cn", public_url="https://sale.example.cn"
    )
    return house


def tell_somebody(house: House, *keys: str, **person: Any) -> None:
    account = house.perform(lambda unit: a_bidder(unit, **person).id)
    for key in keys or ("k",):
        house.perform(tell, account, "balance_due", {**SUBJECT, "auction_id": "a1"}, key)


def states(house: House) -> list[tuple[str, int, str | None]]:
    rows = house.read(lambda session: session.scalars(select(Mail).order_by(Mail.message_id)).all())
    return [(row.state, row.attempts, row.error) for row in rows]


def test_a_message_is_mailed_once_in_both_languages(mailing: House, server: MailServer) -> None:
    tell_somebody(mailing, email="li@example.cn")
    send_mails(mailing)
    send_mails(mailing)
    [(to, mail)] = server.kept
    assert to == "li@example.cn" == mail["To"] and mail["From"] == "court@example.cn"
    text = mail.get_content()  # type: ignore[attr-defined]
    assert "尾款 ¥123,456" in text and "balance of ¥123,456" in text
    assert "https://sale.example.cn/auctions/a1" in text and mail["Auto-Submitted"] == "auto-generated"
    assert states(mailing) == [("sent", 1, None)]


def test_who_has_no_address_is_sent_nothing_and_without_a_server_nobody_is(mailing: House, server: MailServer) -> None:
    tell_somebody(mailing, email=None)
    mailing.settings = dataclasses.replace(mailing.settings, smtp_url=None)
    tell_somebody(mailing)
    send_mails(mailing)
    assert states(mailing) == [] and server.kept == []


def test_a_mail_refused_for_now_is_tried_again_later_and_given_up_in_the_end(
    mailing: House, server: MailServer, clock: FixedClock
) -> None:
    tell_somebody(mailing)
    server.answers["RCPT"] = "451 not now"
    send_mails(mailing)
    send_mails(mailing)
    assert states(mailing) == [("waiting", 1, "RCPT 451")], "not before its pause is over"
    clock.advance(seconds=60)
    send_mails(mailing)
    assert states(mailing) == [("waiting", 2, "RCPT 451")]
    for _ in range(MOST_ATTEMPTS):
        clock.advance(hours=6)
        send_mails(mailing)
    assert states(mailing) == [("dead", MOST_ATTEMPTS, "RCPT 451")]
    server.answers.clear()
    clock.advance(days=1)
    send_mails(mailing)
    assert server.kept == []


def test_one_that_is_refused_for_good_stops_no_other(mailing: House, server: MailServer) -> None:
    server.answers["MESSAGE"] = "554 no such thing"
    tell_somebody(mailing)
    send_mails(mailing)
    assert states(mailing) == [("dead", 1, "message 554")]
    server.answers.clear()
    tell_somebody(mailing, "k2", "k3")
    send_mails(mailing)
    assert len(server.kept) == 2


def test_a_mail_whose_fate_nobody_knows_is_not_sent_again(
    mailing: House, server: MailServer, clock: FixedClock
) -> None:
    server.breaks = True
    tell_somebody(mailing, "k1", "k2")
    send_mails(mailing)
    assert sorted(states(mailing)) == [("unsure", 1, "connection lost"), ("waiting", 1, "no connection")]
    server.breaks = False
    # A process that took the other one and died may have sent it.
    clock.advance(minutes=2)
    assert len(mailing.perform(take_mails, 10)) == 1 and mailing.perform(take_mails, 10) == []
    clock.advance(hours=1)
    send_mails(mailing)
    assert server.kept == [] and [state for state, _, _ in states(mailing)] == ["unsure", "unsure"]


def test_a_server_that_is_away_costs_no_mail(mailing: House, server: MailServer, clock: FixedClock) -> None:
    tell_somebody(mailing)
    there = mailing.settings
    mailing.settings = dataclasses.replace(there, smtp_url="smtp://127.0.0.1:1")
    send_mails(mailing)
    assert states(mailing) == [("waiting", 1, "no connection")]
    mailing.settings = there
    clock.advance(minutes=1)
    send_mails(mailing)
    assert len(server.kept) == 1


@pytest.mark.parametrize("url", ["http://mail", "smtp://", "mail.example.cn"])
def test_a_server_that_cannot_be_one_is_refused_at_the_start(url: str, tmp_path: Any) -> None:
    environ = {"FAPAI_DATA": str(tmp_path), "FAPAI_SANDBOX": "1", "FAPAI_MAIL_FROM": "a@example.cn"}
    with pytest.raises(SettingsError, match="FAPAI_SMTP_URL"):
        Settings.from_environ(environ | {"FAPAI_SMTP_URL": url})
    with pytest.raises(SettingsError, match="FAPAI_MAIL_FROM"):
        Settings.from_environ(environ | {"FAPAI_SMTP_URL": "smtp://mail.example.cn", "FAPAI_MAIL_FROM": ""})

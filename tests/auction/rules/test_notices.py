"""Who has been notified, and long enough before the announcement (OJA 16; COMP 85; PRECISIONS 16, 20)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.rules.calendar import HolidayCalendar, midnight
from auction.rules.findings import Finding
from auction.rules.lot import AssetType, PartyRole
from auction.rules.notices import (
    Addressee,
    NoticeMoments,
    NoticeRecipient,
    NoticeStatus,
    notice_findings,
    service_of,
    wait_days,
)
from auction.rules.published_holidays import published_calendar
from auction.rules.published_notices import kept_notices
from auction.rules.ruleset import Ruleset, load

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Announced on Monday 16 March 2026 at ten; opens on 16 April.
NOW = datetime(2026, 3, 16, 10, tzinfo=SHANGHAI)
OPENS = datetime(2026, 4, 16, 10, tzinfo=SHANGHAI)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def recipient(status: str, moment: str | None, role: str = "debtor", proof: str | None = None) -> NoticeRecipient:
    return NoticeRecipient("李某", PartyRole(role), NoticeStatus(status), at(moment) if moment else None, proof)


def findings(
    *recipients: NoticeRecipient,
    addressees: tuple[Addressee, ...] = (),
    asset_type: AssetType = AssetType.REAL_ESTATE,
    now: datetime = NOW,
    opens_at: datetime = OPENS,
    last_ended_at: datetime | None = None,
    document: str | None = "回证",
) -> tuple[Finding, ...]:
    """What is found of these, all with a `document`, in a case whose applicant wants no notice."""
    law = load("spc-2016")
    moments = NoticeMoments(now, opens_at, last_ended_at)
    applicant = NoticeRecipient("某银行", PartyRole.APPLICANT, NoticeStatus.WAIVED_WRITTEN, None)
    return notice_findings(
        tuple(replace(each, proof_file=document) for each in (*recipients, applicant)),
        (*addressees, Addressee(applicant.name, applicant.role)),
        asset_type,
        moments,
        law,
        published_calendar(law),
    )


def reasons(found: tuple[Finding, ...]) -> list[object]:
    assert {finding.code for finding in found} <= {"notice_outstanding"}
    return [finding.facts["reason"] for finding in found]


@pytest.mark.parametrize(
    ("roles", "enough"),
    [
        ((), False),
        (("secured_creditor", "preferential", "co_owner", "lessee"), False),
        (("debtor",), True),
        (("applicant",), True),
        (("other",), True),
    ],
)
def test_there_must_be_a_party_to_notify(roles: tuple[str, ...], enough: bool) -> None:
    law = load("spc-2016")
    named = tuple(Addressee("某公司", PartyRole(role)) for role in roles)
    waived = tuple(
        NoticeRecipient(one.name, one.role, NoticeStatus.WAIVED_WRITTEN, None, None, "文件") for one in named
    )
    moments = NoticeMoments(NOW, OPENS)
    found = notice_findings(waived, named, AssetType.REAL_ESTATE, moments, law, published_calendar(law))
    assert [(one.code, one.severity, one.facts) for one in found] == (
        [] if enough else [("notice_outstanding", "error", {"reason": "no_party"})]
    )


def test_a_company_whose_shares_are_sold_is_no_party() -> None:
    law = load("spc-2016")
    company = Addressee("某公司", PartyRole.OTHER, of_sheet=True)
    waived = (NoticeRecipient(company.name, company.role, NoticeStatus.WAIVED_WRITTEN, None, proof_file="文件"),)
    moments = NoticeMoments(NOW, OPENS)
    found = notice_findings(waived, (company,), AssetType.EQUITY, moments, law, published_calendar(law))
    assert reasons(found) == ["no_party"]


def test_an_announcement_may_be_made_from_the_first_instant_on() -> None:
    known = recipient("received", "2026-03-12T10:00")
    assert reasons(findings(known, now=at("2026-03-16T00:00"))) == []
    assert reasons(findings(known, now=at("2026-03-15T23:59:59.999999"))) == ["too_recent"]


@pytest.mark.parametrize(
    ("status", "moment", "expected"),
    [
        ("received", "2026-03-12T23:59", []),
        ("received", "2026-03-13T00:00", ["too_recent"]),
        ("received", "2026-03-17T00:00", ["too_recent"]),
        ("received", None, ["undated"]),
        ("sent", None, ["undated"]),
        ("unreachable_published", "2026-03-07T23:59", []),
        ("unreachable_published", "2026-03-08T00:00", ["too_recent"]),
        ("unreachable_published", None, ["undated"]),
        ("waived_written", None, []),
        ("waived_written", "2026-03-16T09:00", []),
        ("to_notify", None, ["to_notify"]),
        ("to_notify", "2026-01-01T00:00", ["to_notify"]),
    ],
    ids=lambda value: f"OJA 16(1) {value}" if isinstance(value, str) else None,
)
def test_a_notice_carries_an_announcement_only_after_its_days(
    status: str, moment: str | None, expected: list[str]
) -> None:
    assert reasons(findings(recipient(status, moment))) == expected


def test_what_is_sent_needs_proof_of_receipt() -> None:
    assert reasons(findings(recipient("sent", "2026-03-12T10:00", proof="回执 SF1"))) == []
    assert reasons(findings(recipient("sent", "2026-03-12T10:00"))) == ["receipt_unproven"]
    assert reasons(findings(recipient("sent", "2026-03-12T10:00", proof=" "))) == ["receipt_unproven"]
    assert reasons(findings(recipient("sent", "2026-03-13T10:00"))) == ["receipt_unproven", "too_recent"]
    assert reasons(findings(recipient("sent", "2026-03-13T10:00", proof="回执 SF1"))) == ["too_recent"]


def test_the_wait_is_three_days_and_five_more_for_publicity(ruleset: Ruleset) -> None:
    assert {status: wait_days(status, ruleset) for status in NoticeStatus} == {
        "to_notify": 3,
        "sent": 3,
        "received": 3,
        "unreachable_published": 8,
        "waived_written": 3,
    }


def test_the_facts_say_who_and_how_long() -> None:
    (finding,) = findings(recipient("unreachable_published", "2026-03-10T10:00", role="preferential"))
    assert finding.field == "notices.0"
    assert finding.basis.code == "OJA 16(1)"
    assert finding.facts == {
        "name": "李某",
        "role": "preferential",
        "reason": "too_recent",
        "required": 8,
        "days": 5,
        "earliest": "2026-03-18T16:00:00.000000+00:00",
    }


def test_everybody_who_is_missing_is_named() -> None:
    bank, owner = Addressee("甲 银行", PartyRole.APPLICANT), Addressee("王某", PartyRole.CO_OWNER)
    known = NoticeRecipient("甲银行", PartyRole.APPLICANT, NoticeStatus.RECEIVED, at("2026-03-10T10:00"))
    found = findings(known, addressees=(bank, owner))
    assert [(finding.field, finding.is_error, dict(finding.facts)) for finding in found] == [
        ("notices", True, {"name": "王某", "role": "co_owner", "reason": "missing"})
    ]


def test_the_same_name_in_another_role_is_another_addressee() -> None:
    known = NoticeRecipient("王某", PartyRole.LESSEE, NoticeStatus.RECEIVED, at("2026-03-10T10:00"))
    assert reasons(findings(known, addressees=(Addressee("王某", PartyRole.CO_OWNER),))) == ["missing"]


def test_two_people_of_one_name_need_two_notices() -> None:
    known = NoticeRecipient("张伟", PartyRole.DEBTOR, NoticeStatus.RECEIVED, at("2026-03-10T10:00"))
    both = (Addressee("张伟", PartyRole.DEBTOR), Addressee("张伟", PartyRole.DEBTOR))
    assert reasons(findings(known, addressees=both)) == ["missing"]
    assert reasons(findings(known, known, addressees=both)) == []


def test_full_and_half_width_letters_are_one_name() -> None:
    known = NoticeRecipient("Ａ公司(南京)", PartyRole.DEBTOR, NoticeStatus.RECEIVED, at("2026-03-10T10:00"))
    assert reasons(findings(known, addressees=(Addressee("A公司（南京）", PartyRole.DEBTOR),))) == []


def test_a_notice_about_the_round_before_is_a_warning() -> None:
    ended = at("2026-03-11T10:00")
    (finding,) = findings(recipient("received", "2026-03-10T10:00"), last_ended_at=ended)
    assert (finding.severity, finding.facts["reason"]) == ("warning", "before_last_round")
    assert findings(recipient("received", "2026-03-11T10:00"), last_ended_at=ended) == ()
    assert findings(recipient("waived_written", "2026-03-10T10:00"), last_ended_at=ended) == ()


# COMP 85


@pytest.mark.parametrize(
    ("status", "moment", "opens", "expected"),
    [
        ("received", "2026-03-10T10:00", "2026-03-31T00:00", []),
        ("received", "2026-03-10T10:00", "2026-03-30T23:59:59", ["shareholders_time"]),
        ("received", "2026-03-08T10:00", "2026-03-31T00:00", []),
        ("received", "2026-03-08T10:00", "2026-03-30T23:59:59", ["shareholders_time"]),
        ("unreachable_published", "2026-03-07T10:00", "2026-04-03T00:00", []),
        ("unreachable_published", "2026-03-07T10:00", "2026-04-02T23:59:59", ["shareholders_time"]),
        ("waived_written", None, "2026-03-17T00:00", []),
    ],
    ids=[
        "COMP 85 the day after the twentieth",
        "COMP 85 the twentieth day",
        "CPL 85(3) a twentieth day on a Saturday moves, day after",
        "CPL 85(3) a twentieth day on a Saturday moves, Monday",
        "COMP 85 after five days of publicity, day after",
        "COMP 85 after five days of publicity, twentieth day",
        "COMP 85 waived",
    ],
)
def test_shareholders_have_their_twenty_days_before_the_opening(
    status: str, moment: str | None, opens: str, expected: list[str]
) -> None:
    shareholder = recipient(status, moment, role="preferential")
    found = findings(shareholder, asset_type=AssetType.EQUITY, opens_at=at(opens))
    assert reasons(found) == expected
    assert all(finding.basis.code == "COMP 85" for finding in found)


def test_the_twenty_days_are_those_of_shareholders_only() -> None:
    soon = at("2026-03-20T00:00")
    assert findings(recipient("received", "2026-03-10T10:00"), asset_type=AssetType.EQUITY, opens_at=soon) == ()
    other = recipient("received", "2026-03-10T10:00", role="preferential")
    assert findings(other, asset_type=AssetType.REAL_ESTATE, opens_at=soon) == ()


@given(
    st.sampled_from([NoticeStatus.RECEIVED, NoticeStatus.UNREACHABLE_PUBLISHED]),
    st.timedeltas(timedelta(0), timedelta(days=150)).map(lambda after: datetime(2026, 1, 1, tzinfo=UTC) + after),
    st.timedeltas(timedelta(0), timedelta(days=40)),
    st.timedeltas(timedelta(0), timedelta(days=40)),
)
def test_waiting_longer_never_brings_a_notice_back(
    status: NoticeStatus, notified: datetime, wait: timedelta, longer: timedelta
) -> None:
    known = NoticeRecipient("李某", PartyRole.DEBTOR, status, notified)
    if not findings(known, now=notified + wait):
        assert not findings(known, now=notified + wait + longer)


def test_the_calendar_is_asked_only_for_shareholders(ruleset: Ruleset, calendar: HolidayCalendar) -> None:
    moments = NoticeMoments(at("2026-02-20T10:00"), OPENS)
    over_the_festival = replace(recipient("received", "2026-02-16T10:00"), proof_file="回证")
    debtor = Addressee(over_the_festival.name, over_the_festival.role)
    assert not notice_findings([over_the_festival], [debtor], AssetType.REAL_ESTATE, moments, ruleset, calendar)


@pytest.mark.parametrize(
    ("status", "proof", "served", "deemed", "announce"),
    [
        ("to_notify", None, None, False, None),
        ("sent", None, None, False, None),
        ("sent", "回执", "2026-02-12", False, "2026-02-16"),
        ("received", None, "2026-02-12", False, "2026-02-16"),
        ("unreachable_published", None, "2026-02-18", True, "2026-02-21"),
        ("waived_written", None, "2026-02-12", False, None),
    ],
)
def test_how_far_a_notice_carries(
    status: str, proof: str | None, served: str | None, deemed: bool, announce: str | None
) -> None:
    at = midnight(date(2026, 2, 12)) + timedelta(hours=9)
    told = NoticeRecipient("示例甲", PartyRole.DEBTOR, NoticeStatus(status), at, proof)
    found = service_of(told, AssetType.REAL_ESTATE, load("spc-2016"), published_calendar(load("spc-2016")))
    assert found.served_on == (date.fromisoformat(served) if served else None)
    assert (found.deemed, found.open_from) == (deemed, None)
    assert found.announce_from == (midnight(date.fromisoformat(announce)) if announce else None)


@pytest.mark.parametrize(
    ("noticed", "opens"), [("2026-02-02", "2026-02-25"), ("2026-09-13", "2026-10-09"), ("2026-03-02", "2026-03-24")]
)
def test_the_shareholders_twenty_days_end_on_a_working_day(noticed: str, opens: str) -> None:
    at = midnight(date.fromisoformat(noticed))
    told = NoticeRecipient("示例乙", PartyRole.PREFERENTIAL, NoticeStatus.RECEIVED, at)
    found = service_of(told, AssetType.EQUITY, load("spc-2016"), published_calendar(load("spc-2016")))
    assert (found.open_from, found.basis.code) == (midnight(date.fromisoformat(opens)), "COMP 85")


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ("示例甲 sent", "", ["recipients_missing"]),
        ("示例甲 sent,某银行 received", "某银行 received", ["recipients_missing"]),
        ("示例甲 sent", "示例甲 received,示例丙 to_notify", []),
        ("示例甲 unreachable_published", "示例甲 received", []),
        ("示例甲 received", "示例甲 sent", ["notice_set_back"]),
        ("示例甲 received,示例甲 sent", "示例甲 sent,示例甲 received", []),
        ("示例甲 sent,示例甲 sent", "示例甲 received", ["recipients_missing"]),
    ],
)
def test_what_was_published_of_notices_only_goes_forward(before: str, after: str, wrong: list[str]) -> None:
    """OJA 13(7): while a round is announced or under way."""

    def read(text: str) -> list[NoticeRecipient]:
        told = [each.split() for each in text.split(",") if each]
        return [NoticeRecipient(name, PartyRole.OTHER, NoticeStatus(status), None) for name, status in told]

    found = kept_notices(read(before), read(after))
    assert [breach.code for breach in found] == wrong
    assert not wrong or "示例甲" in found[0].facts.values()


@pytest.mark.parametrize("status", NoticeStatus)
def test_a_receipt_and_a_written_waiver_want_their_document(status: NoticeStatus) -> None:
    told = recipient(status, "2026-03-01T10:00", proof="本人签收")
    found = [one for one in findings(told, document=None) if one.code == "notice_proof_missing"]
    asked = [("notices.0", status)] if status in ("received", "waived_written") else []
    assert [(one.field, one.facts["reason"]) for one in found] == [*asked, ("notices.1", "waived_written")]
    assert all((one.severity, one.basis.code) == ("warning", "OJA 16(1)") for one in found)
    assert not [one for one in findings(told) if one.code == "notice_proof_missing"]


@pytest.mark.parametrize(("people", "entries", "rows"), [(0, 1, []), (0, 2, [2]), (1, 2, [2]), (2, 2, []), (2, 3, [3])])
def test_somebody_notified_twice_is_a_warning(people: int, entries: int, rows: list[int]) -> None:
    known = Addressee("李 某", PartyRole.DEBTOR)
    told = [recipient("received", "2026-03-01T10:00")] * entries
    found = [one for one in findings(*told, addressees=(known,) * people) if one.code == "notice_repeated"]
    assert [(one.severity, one.facts["earlier"], one.facts["later"]) for one in found] == [
        ("warning", 1, row) for row in rows
    ]
    other = replace(told[0], role=PartyRole.CO_OWNER)
    assert not [one for one in findings(told[0], other) if one.code == "notice_repeated"]

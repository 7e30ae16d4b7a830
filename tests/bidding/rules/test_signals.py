"""What is compared between registrations, and when it says anything."""

import pytest

from bidding.rules.signals import KINDS, Shared, Signal, comparable, shared

MOST = dict.fromkeys(KINDS, 3)


@pytest.mark.parametrize(
    ("kind", "value", "plain"),
    [
        ("phone", "+86 138 0013 8000", "13800138000"),
        ("phone", "0086-138-0013-8000", "13800138000"),
        ("phone", "13800138000", "13800138000"),
        ("phone", "１３８００１３８０００", "13800138000"),
        ("phone", "(025) 8371-1234", "02583711234"),
        ("phone", "12345", None),
        ("phone", "", None),
        ("email", " Zhang@Example.CN ", "zhang@example.cn"),
        ("address", "南京市 玄武区，珠江路88号", "南京市玄武区珠江路88号"),
        ("address", "同上", None),
        ("bank_account", "6222 0000 1234 5678", "6222000012345678"),
        ("bank_account", "-", None),
        ("payer", "32010219850101001x", "32010219850101001x"),
        ("payer", "32010219850101001X", "32010219850101001x"),
        ("ip", "101.6.6.6", "101.6.6.6"),
        ("ip", "::ffff:101.6.6.6", "101.6.6.6"),
        ("ip", "2400:da00:1:2:3:4:5:6", "2400:da00:1:2::/64"),
        ("ip", "127.0.0.1", None),
        ("ip", "10.1.2.3", None),
        ("ip", "100.64.0.9", None),
        ("ip", "fe80::1", None),
        ("ip", "unknown", None),
        ("device", None, None),
    ],
)
def test_a_value_is_compared_however_it_was_typed(kind: str, value: str | None, plain: str | None) -> None:
    assert comparable(kind, value) == plain


def signal(person: str, kind: str, value: str = "v", auction: str = "A") -> Signal:
    return Signal(f"{auction}-{person}", auction, person, kind, value)


def test_two_people_of_an_auction_with_one_telephone() -> None:
    found = shared("A", [signal("p", "phone"), signal("q", "phone"), signal("r", "phone", "other")], MOST)
    assert found == [Shared(("phone",), ("A-p", "A-q"), ("p", "q"), 1, across=False)]


def test_the_same_people_are_told_once_with_all_they_share() -> None:
    signals = [signal(person, kind, kind) for person in "pq" for kind in ("ip", "device", "phone")]
    assert [one.kinds for one in shared("A", signals, MOST)] == [("phone", "device", "ip")]


def test_one_person_registered_twice_is_nobody_else() -> None:
    twice = [Signal("A-1", "A", "p", "phone", "v"), Signal("A-2", "A", "p", "phone", "v")]
    assert shared("A", twice, MOST) == []
    assert shared("A", [*twice, Signal("B-1", "B", "p", "phone", "v")], MOST) == []


def test_a_value_of_many_people_says_nothing() -> None:
    signals = [signal(f"p{n}", "ip") for n in range(4)]
    assert shared("A", signals, MOST) == []
    assert len(shared("A", signals[:3], MOST)) == 1
    elsewhere = [signal("q", "ip", auction="B"), signal("r", "ip", auction="C")]
    assert shared("A", [*signals[:2], *elsewhere], MOST) == []


def test_different_people_of_different_auctions() -> None:
    found = shared("A", [signal("p", "payer"), signal("q", "payer", auction="B")], MOST)
    assert found == [Shared(("payer",), ("A-p", "B-q"), ("p", "q"), 2, across=True)]


def test_an_address_of_the_network_alone_links_no_auctions() -> None:
    signals = [signal("p", "ip"), signal("q", "ip", auction="B")]
    assert shared("A", signals, MOST) == []
    signals += [signal("p", "phone", "w"), signal("q", "phone", "w", auction="B")]
    assert [one.kinds for one in shared("A", signals, MOST)] == [("phone", "ip")]


def test_what_others_share_among_themselves_is_not_this_auctions() -> None:
    assert shared("A", [signal("q", "phone", auction="B"), signal("r", "phone", auction="C")], MOST) == []

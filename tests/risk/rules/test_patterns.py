"""Features computed by hand, pairs, and what is and what is not a reason."""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auction.rules.ruleset import load
from risk.rules.patterns.features import COLUMNS, Features, Offer, Terms, features_of, records_of, sales_of
from risk.rules.patterns.pairs import by_chance, pairs_of
from risk.rules.patterns.screen import REASONS, Finding, Limits, screen
from tests.risk.rings import KINDS, make

DATA = Path(__file__).parents[4] / "shared" / "data"
OPENS = datetime(2026, 3, 1, 2, tzinfo=UTC)
LIMITS = Limits.of(load("spc-2016"))


def offers(auction: str, bids: str, *, first: int = 100, step: int = 10, hours: float = 1.0) -> list[Offer]:
    """Bids of `bids`, one bidder a letter, one an hour from the opening on, each one step up."""
    return [
        Offer(auction, bidder, first + step * place, OPENS + timedelta(hours=hours * place))
        for place, bidder in enumerate(bids)
    ]


def features(given: list[Offer], terms: dict[str, Terms] | None = None) -> dict[tuple[str, str], Features]:
    sales = sales_of(given, terms or {})
    return features_of(sales, records_of(sales))


def findings(given: list[Offer], **more: object) -> dict[tuple[str, str], Finding]:
    found = screen(given, more.pop("terms", {}), LIMITS, **more)  # type: ignore[arg-type]
    return {(one.auction, one.bidder): one for one in found.findings}


def codes(finding: Finding) -> list[str]:
    return [reason.code for reason in finding.reasons]


def test_the_nine_features_by_hand() -> None:
    """Two auctions of 10 hours: `ABAAAC` (6 bids, start 100) and `AB` (2 bids, start 300); mean 4 bids, start 200."""
    ten = timedelta(hours=10)
    terms = {
        "x": Terms(OPENS, OPENS + ten, 100, 10, "s1"),
        "y": Terms(OPENS, OPENS + ten, 300, 10, "s2"),
    }
    found = features(offers("x", "ABAAAC") + offers("y", "AB", first=300), terms)
    assert dict(found["x", "A"].shill) == {
        "Bidder_Tendency": 0.5,
        "Bidding_Ratio": 0.666667,
        "Successive_Outbidding": 1.0,
        "Last_Bidding": 0.4,
        "Auction_Bids": 0.333333,
        "Starting_Price_Average": 0.5,
        "Early_Bidding": 0.0,
        "Winning_Ratio": 1.0,
        "Auction_Duration": 0.416667,
    }
    assert tuple(found["x", "A"].shill) == COLUMNS
    b = found["y", "B"].shill
    assert (b["Winning_Ratio"], b["Auction_Bids"], b["Starting_Price_Average"]) == (0.5, 0.0, 0.0)
    c = found["x", "C"].shill
    assert (c["Bidder_Tendency"], c["Winning_Ratio"], c["Last_Bidding"]) == (0.0, 0.0, 0.5)
    assert (found["x", "C"].is_winner, found["x", "A"].won, found["x", "A"].joined) == (True, 0, 2)


@pytest.mark.parametrize(
    ("bids", "expected", "run"), [("ABAB", 0.0, 1), ("AABA", 0.5, 2), ("BAAA", 1.0, 3), ("AAAAB", 1.0, 4)]
)
def test_bids_in_a_row(bids: str, expected: float, run: int) -> None:
    found = features(offers("x", bids))["x", "A"]
    assert (found.shill["Successive_Outbidding"], found.own_run) == (expected, run)


def test_steps_and_answers_are_of_raises_only() -> None:
    """A leads with 100; B's 90 raises nothing; B 110, A 120 ten minutes later, B 150."""
    at = [OPENS + timedelta(minutes=minute) for minute in (0, 1, 5, 15, 16)]
    amounts = (100, 90, 110, 120, 150)
    given = [Offer("x", bidder, fen, when) for bidder, fen, when in zip("ABBAB", amounts, at, strict=True)]
    found = features(given)
    a, b = found["x", "A"], found["x", "B"]
    assert (a.bids, a.raises, a.single_steps, a.response_s) == (2, 2, 1, 600.0)
    assert (b.bids, b.raises, b.single_steps, b.response_s, b.is_winner) == (3, 2, 1, 60.0, True)


def test_without_terms_the_bids_say_when_and_how_high() -> None:
    found = features(offers("x", "AB", hours=12))
    assert (found["x", "A"].shill["Early_Bidding"], found["x", "B"].shill["Last_Bidding"]) == (0.0, 1.0)
    assert found["x", "A"].shill["Bidder_Tendency"] is None
    assert found["x", "A"].shill["Auction_Duration"] == 0.5
    assert features(offers("x", "A"))["x", "A"].shill["Auction_Duration"] == 0.0
    assert features([]) == {}


def test_meeting_by_chance() -> None:
    """Of 4 auctions A joined 2 and B 2: both the same two with chance 1/6, at least one in common 5/6."""
    assert by_chance(2, 2, 2, 4) == pytest.approx(1 / 6)
    assert by_chance(1, 2, 2, 4) == pytest.approx(5 / 6)
    assert by_chance(0, 3, 3, 9) == 1.0
    assert by_chance(3, 3, 3, 3) == pytest.approx(1.0)


def test_pairs_count_meetings_wins_and_clashes() -> None:
    given = [*offers("1", "ABAB"), *offers("2", "AB"), *offers("3", "BCA"), *offers("4", "BA"), *offers("5", "AC")]
    sales = sales_of(given, {})
    [pair] = pairs_of(sales, records_of(sales), joint_min=4, population=20)
    assert (pair.a, pair.b, pair.joint, pair.a_won, pair.b_won) == ("A", "B", 4, 2, 2)
    assert (pair.clashes, pair.a_joined, pair.b_joined) == (5, 5, 4)
    assert (pair.overlap, pair.beside("A"), pair.beside("B")) == (0.8, 0.8, 1.0)
    assert pair.chance == pytest.approx(5 / 4845)


def others(count: int = 40) -> list[Offer]:
    """Auctions of people who never come again, so that meeting often is not by chance."""
    return [offer for number in range(count) for offer in offers(f"other{number}", f"{chr(200 + number)}")]


def test_rivals_who_alternate_by_one_step_in_every_auction_are_no_reason() -> None:
    given = others() + [offer for number in range(8) for offer in offers(str(number), "AB" * 20)]
    assert not any(finding.reasons for finding in findings(given).values())


def test_a_companion_who_spares_the_other_is_told_with_him() -> None:
    given = others() + [offer for number in range(6) for offer in offers(str(number), f"A{number}B")]
    found = findings(given)
    assert codes(found["0", "A"]) == ["companion", "spares_companion"]
    assert codes(found["0", "B"]) == ["accompanied", "spares_companion"]
    assert found["0", "A"].reasons[0].facts == {"joint": 6, "joined": 6, "other_won": 6}
    assert (found["0", "A"].score, found["0", "A"].alert, codes(found["0", "0"])) == (0.65, True, [])


def test_a_companion_who_fights_the_other_is_a_rival() -> None:
    given = others() + [offer for number in range(6) for offer in offers(str(number), "ABABAB")]
    assert not any(finding.reasons for finding in findings(given).values())


def test_one_who_comes_along_without_sparing_or_fighting_is_noted_and_not_told_of() -> None:
    given = others() + [offer for number in range(6) for offer in offers(str(number), "ABAB")]
    found = findings(given)
    assert codes(found["0", "A"]) == ["companion"] and not found["0", "A"].alert


def test_three_meetings_are_no_habit() -> None:
    given = others() + [offer for number in range(3) for offer in offers(str(number), f"A{number}B")]
    assert not any(finding.reasons for finding in findings(given).values())


def test_meeting_where_everybody_meets_is_chance() -> None:
    given = [offer for number in range(6) for offer in offers(str(number), f"A{number}B")]
    assert not any(finding.reasons for finding in findings(given).values())
    assert any(finding.reasons for finding in findings(given, population=100).values())


def test_winning_in_turn() -> None:
    turns = ("ABC", "BCA", "CAB")
    given = others() + [offer for number in range(6) for offer in offers(str(number), turns[number % 3])]
    found = findings(given)
    assert codes(found["0", "A"]) == ["wins_in_turn"]
    assert found["0", "A"].reasons[0].facts == {"members": 3, "met": 6, "won": 6, "winners": 3}
    assert found["0", "A"].reasons[0].others == ("B", "C")
    assert found["0", "A"].alert


def test_pushing_for_one_seller_and_leaving() -> None:
    terms = {str(number): Terms(OPENS, OPENS + timedelta(hours=20), 100, 10, "one") for number in range(5)}
    terms |= {f"other{number}": Terms(seller="another") for number in range(40)}
    given = others() + [
        offer for number in range(5) for offer in offers(str(number), f"{number}A{number}A{number}C{number}")
    ]
    found = findings(given, terms=terms)
    assert codes(found["0", "A"]) == ["follows_seller", "pushes_and_leaves"]
    assert (found["0", "A"].score, found["0", "A"].alert) == (0.64, True)
    late = {**terms, **{str(number): Terms(OPENS, OPENS + timedelta(hours=4), 100, 10, "one") for number in range(5)}}
    assert codes(findings(given, terms=late | {"4": terms["4"]})["0", "A"]) == ["follows_seller", "pushes_and_leaves"]
    ends = {key: Terms(OPENS, OPENS + timedelta(hours=3), 100, 10, one.seller) for key, one in terms.items()}
    assert codes(findings(given, terms=ends)["0", "A"]) == ["follows_seller"]


def test_one_source_of_deposits_and_the_own_lead() -> None:
    given = offers("x", "ABCAAA")
    found = findings(given, sources={("x", "A"): "p", ("x", "B"): "p", ("x", "C"): "q"})
    assert codes(found["x", "B"]) == ["deposit_source_shared"] and found["x", "B"].reasons[0].others == ("A",)
    assert codes(found["x", "A"]) == ["deposit_source_shared", "raises_own_lead"]
    assert (found["x", "A"].score, found["x", "A"].alert, found["x", "C"].alert) == (0.79, True, False)


def test_only_the_auctions_asked_for_are_told_of() -> None:
    given = offers("x", "AB") + offers("y", "AB")
    assert {auction for auction, _ in findings(given, only={"y"})} == {"y"}


def test_every_reason_has_a_weight_below_one() -> None:
    assert set(LIMITS.weights) == set(REASONS)
    assert all(0 < weight < 1 for weight in LIMITS.weights.values())


def test_rings_are_found_among_rivals() -> None:
    history = make(4242, auctions=120, per_kind=1)
    found = screen(history.offers, history.terms, LIMITS, sources=history.sources).findings
    told = {(one.auction, one.bidder) for one in found if one.alert}
    hidden = history.truth.keys()
    missed = Counter(history.truth[place] for place in hidden - told)
    assert len(told & hidden) >= 0.75 * len(hidden), missed
    assert {history.truth[place] for place in told & hidden} == set(KINDS)
    assert len(told - hidden) <= 1


def test_without_rings_there_are_no_alerts() -> None:
    history = make(4243, rings=())
    found = screen(history.offers, history.terms, LIMITS, sources=history.sources).findings
    assert len(found) > 700 and not any(one.alert for one in found)


@pytest.mark.parametrize(("name", "bidders"), [("judicial_bids", 7), ("ebay_bids", 3022)])
def test_real_logs_give_no_alert(name: str, bidders: int) -> None:
    path = DATA / f"{name}.csv"
    if not path.exists():
        pytest.skip("the real records lie outside the repository: ../shared/data")
    with path.open(encoding="utf-8", newline="") as file:
        given = [
            Offer(row["auction_id"], row["bidder"], int(row["amount_fen"]), datetime.fromisoformat(row["received_at"]))
            for row in csv.DictReader(file)
        ]
    found = findings(given)
    assert len(found) == bidders and not any(one.alert for one in found.values())

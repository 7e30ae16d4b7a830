"""What becomes of the money of a revoked sale: ground by ground, line by line."""

import pytest

from auction.kernel.errors import DomainError
from bidding.rules.revocation import GROUNDS, Stated, bars_from_resale, unwound

DEPOSIT, BALANCE = 10_000, 90_000


def lines(ground: str, asset: str, *stated: Stated) -> dict[str, tuple[int, int, str]]:
    found = unwound(ground, asset, deposit_fen=DEPOSIT, balance_fen=BALANCE, stated=stated)
    return {line.code: (line.keep_fen, line.return_fen, line.basis) for line in found}


@pytest.mark.parametrize(("ground", "article"), GROUNDS.items())
def test_on_every_ground_everything_goes_back_where_the_court_states_nothing(ground: str, article: str) -> None:
    assert lines(ground, "real_estate") == {"deposit": (0, DEPOSIT, article), "balance": (0, BALANCE, article)}


def test_what_was_not_paid_has_no_line() -> None:
    assert unwound("procedure", "vehicle", deposit_fen=0, balance_fen=0) == ()


@pytest.mark.parametrize(
    ("ground", "asset", "stated", "refused"),
    [
        ("unqualified", "equity", Stated("deposit", DEPOSIT, "EQ 15(3)", "明知"), None),
        ("unqualified", "equity", Stated("deposit", DEPOSIT - 1, "EQ 15(3)", "明知"), "keep_whole"),
        ("unqualified", "equity", Stated("deposit", DEPOSIT + 1, "EQ 15(3)", "明知"), "keep_above"),
        ("unqualified", "equity", Stated("deposit", DEPOSIT, "EQ 15(3)", " "), "required"),
        ("unqualified", "equity", Stated("deposit", DEPOSIT, "HOUSE 4", "明知"), "keep_not_allowed"),
        ("unqualified", "real_estate", Stated("deposit", 1, "HOUSE 4", "虚构资格"), None),
        ("unqualified", "real_estate", Stated("deposit", DEPOSIT, "HOUSE 4", "虚构资格"), None),
        ("unqualified", "real_estate", Stated("deposit", DEPOSIT, "EQ 15(3)", "明知"), "keep_not_allowed"),
        ("unqualified", "real_estate", Stated("balance", 1, "HOUSE 4", "虚构资格"), "keep_not_allowed"),
        ("unqualified", "real_estate", Stated("deposit", 1, None, "虚构资格"), "keep_not_allowed"),
        ("unqualified", "vehicle", Stated("deposit", 1, "HOUSE 4", "虚构资格"), "keep_not_allowed"),
        ("collusion", "real_estate", Stated("deposit", 1, "HOUSE 4", "串通"), "keep_not_allowed"),
        ("collusion", "real_estate", Stated("deposit", 0), None),
    ],
)
def test_only_what_an_article_lets_the_court_keep_is_kept(
    ground: str, asset: str, stated: Stated, refused: str | None
) -> None:
    if refused is None:
        assert lines(ground, asset, stated)["deposit"][0] == stated.keep_fen
        return
    with pytest.raises(DomainError) as caught:
        lines(ground, asset, stated)
    assert [breach.code for breach in caught.value.errors] == [refused]


def test_where_it_must_be_explicit_every_part_there_is_is_stated_with_its_reason() -> None:
    def wrong(deposit: int, balance: int, *stated: Stated) -> list[tuple[str | None, str]]:
        money = {"deposit_fen": deposit, "balance_fen": balance}
        with pytest.raises(DomainError) as caught:
            unwound("unqualified", "real_estate", **money, stated=stated, explicit=True)
        return [(breach.field, breach.code) for breach in caught.value.errors]

    deposit, balance = Stated("deposit", 0, None, "不知情"), Stated("balance", 0, None, "未成交")
    assert wrong(DEPOSIT, BALANCE) == [("lines", "line_missing"), ("lines", "line_missing")]
    assert wrong(DEPOSIT, BALANCE, deposit) == [("lines", "line_missing")]
    assert wrong(DEPOSIT, 0) == [("lines", "line_missing")]
    assert wrong(DEPOSIT, BALANCE, deposit, Stated("balance", 0)) == [("lines.1.reason", "required")]
    money = {"deposit_fen": DEPOSIT, "balance_fen": BALANCE}
    found = unwound("unqualified", "real_estate", **money, stated=(deposit, balance), explicit=True)
    assert [(line.return_fen, line.reason) for line in found] == [(DEPOSIT, "不知情"), (BALANCE, "未成交")]
    assert unwound("unqualified", "real_estate", deposit_fen=0, balance_fen=0, explicit=True) == ()


def test_a_part_of_the_money_is_stated_once() -> None:
    with pytest.raises(DomainError) as caught:
        lines("procedure", "equity", Stated("deposit", 0), Stated("deposit", 0))
    assert [(breach.field, breach.code) for breach in caught.value.errors] == [("lines.1", "duplicate")]


def test_only_who_got_no_approval_for_equity_is_kept_from_the_resale() -> None:
    assert [(g, a) for g in GROUNDS for a in ("equity", "real_estate") if bars_from_resale(g, a)] == [
        ("unqualified", "equity")
    ]

"""Kinds of lots, and the steps an auction can take."""

import itertools

import pytest

from auction.kernel.errors import DomainError
from auction.rules.lot import (
    ENDED,
    LIVE,
    PRIVATE,
    TRANSITIONS,
    AssetType,
    AuctionStatus,
    NoticeClass,
    Round,
    check_transition,
    notice_class,
)

STEPS = """
draft -> in_review withdrawn
in_review -> approved draft withdrawn
approved -> announced draft withdrawn
announced -> open suspended withdrawn
open -> sold unsold suspended withdrawn
suspended -> announced open sold withdrawn revoked
sold -> revoked
unsold ->
withdrawn ->
revoked ->
"""
ALLOWED = {
    (line.split("->")[0].strip(), target)
    for line in STEPS.strip().splitlines()
    for target in line.split("->")[1].split()
}


def test_the_names_are_those_of_the_public_interface() -> None:
    assert " ".join(AssetType) == (
        "real_estate vehicle machinery equity land_use_right intellectual_property receivable goods vessel other"
    )
    assert " ".join(Round) == "first second sell_off"
    assert " ".join(AuctionStatus) == (
        "draft in_review approved announced open suspended sold unsold withdrawn revoked"
    )


@pytest.mark.parametrize(("current", "target"), list(itertools.product(AuctionStatus, AuctionStatus)))
def test_only_the_steps_of_the_table_exist(current: AuctionStatus, target: AuctionStatus) -> None:
    if (current, target) in ALLOWED:
        check_transition(current, target)
    else:
        with pytest.raises(DomainError) as refusal:
            check_transition(current, target)
        assert refusal.value.code == "wrong_state"
        assert refusal.value.facts == {"current": current.value, "target": target.value}


def test_every_status_is_private_live_or_ended() -> None:
    assert PRIVATE | LIVE | ENDED == set(AuctionStatus) == set(TRANSITIONS)
    assert len(PRIVATE) + len(LIVE) + len(ENDED) == len(AuctionStatus)


def test_an_ended_auction_never_comes_back() -> None:
    for status in ENDED:
        assert TRANSITIONS[status] <= ENDED


def test_the_transitions_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[AuctionStatus.UNSOLD] = frozenset(AuctionStatus)  # type: ignore[index]


@pytest.mark.parametrize("asset_type", list(AssetType))
def test_only_things_that_move_have_the_short_notice(asset_type: AssetType) -> None:
    movable = asset_type in {"vehicle", "machinery", "goods", "vessel"}
    assert notice_class(asset_type) is (NoticeClass.MOVABLE if movable else NoticeClass.IMMOVABLE)

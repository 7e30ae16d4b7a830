"""Who may do the court's work, and on whose things."""

import pytest

from auction.kernel.unit import House
from tests.factories import a_bidder, an_account
from tests.web.caller import Caller, SignIn, code_of
from tests.web.court import CourtRoom, calls_of, rows


def test_another_courts_things_answer_like_things_that_are_not_there(room: CourtRoom, foreign: Caller) -> None:
    room.enter()
    room.draft()
    for method, path, body in calls_of(room):
        missing = path.replace(room.lot_id, "nowhere").replace(room.auction_id, "nowhere")
        theirs, nothing = foreign.call(method, path, body), foreign.call(method, missing, body)
        assert code_of(theirs) == "not_found", path
        assert theirs.get_data() == nothing.get_data(), path


@pytest.mark.parametrize("role", ["bidder", "regulator", "operator", "agency"])
def test_nobody_but_the_court_may_do_the_courts_work(
    room: CourtRoom, house: House, sign_in: SignIn, anybody: Caller, role: str
) -> None:
    room.enter()
    room.draft()
    stranger = sign_in(house.perform(lambda unit: a_bidder(unit) if role == "bidder" else an_account(unit, role)))
    before = rows(house)
    for method, path, body in [*calls_of(room), ("POST", "/cases", {}), ("POST", "/lots", {})]:
        assert code_of(stranger.call(method, path, body)) == "forbidden", path
        assert code_of(anybody.call(method, path, body)) == "unauthenticated", path
    assert rows(house) == before


def test_a_judge_decides_what_a_clerk_may_not(room: CourtRoom) -> None:
    room.enter()
    room.draft()
    for method, path, body in calls_of(room):
        if path.endswith(("votes", "announcement", "suspension", "resumption", "withdrawal", "ruling", "steps")):
            assert code_of(room.clerk.call(method, path, body)) == "forbidden", path

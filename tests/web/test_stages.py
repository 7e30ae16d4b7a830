"""Every act of a sale against every stage and every role, as a table: what is allowed, and how the rest is refused.

The tables are written out, so that an act opened to another role or stage, or a new step between stages, fails here.
"""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction, OwnSale, PanelMember, Taking
from auction.rules.access import POLICY, ROLES, Actor, decide
from auction.rules.lot import AuctionStatus, check_transition
from bidding.models import AfterSaleStep
from bidding.queries.letters import STEPS_IN_LETTERS
from bidding.rules.handover import RULING
from bidding.rules.handover import STEPS as HANDOVER_STEPS
from tests.conftest import START
from tests.factories import a_bidder, a_court, a_lot, a_party, a_registration, an_account, an_auction
from tests.web.caller import SignIn, code_of
from web.pages.labels import HANDOVER_STEP, SETTLEMENT, SETTLEMENT_TONE

DAY = timedelta(days=1)
COURT, OTHER = "3201", "3202"

# --- who ------------------------------------------------------------------------------------------------------------

#: The roles that may take each act at all, on things of their own court where they belong to one.
WHO: dict[str, str] = {
    "auction.create": "judge clerk",
    "auction.check": "judge clerk president",
    "auction.vote": "judge",
    "auction.announce": "judge",
    "auction.stop": "judge",
    "auction.change": "judge",
    "auction.settle": "judge",
    "auction.renege": "judge",
    "auction.revoke": "judge",
    "auction.unsold": "judge",
    "auction.relist": "judge clerk",
    "taking.answer": "bidder party judge clerk",
    "taking.read": "bidder party judge clerk president regulator",
    "registration.create": "bidder party",
    "registration.decide": "judge clerk",
    "registration.answer": "judge clerk regulator",
    "registration.identify": "clerk regulator",
    "bid.place": "bidder party",
    "lot.edit": "judge clerk",
    "lot.group": "judge",
    "task.decide": "judge clerk",
    "report.decide": "judge",
    "question.answer": "judge clerk agency",
    "letter.read": "bidder party judge clerk president",
    "objection.file": "bidder party",
    "objection.receive": "judge",
    "objection.decide": "judge president",
    "renege.object": "bidder party",
    "sanction.propose": "judge",
    "sanction.review": "president regulator",
    "approval.answer": "judge president regulator",
    "conflict.read": "regulator",
    "conflict.lift": "regulator",
    "alert.resolve": "regulator",
    "sandbox.clock": "operator",
}


@pytest.mark.parametrize("act", sorted(WHO))
def test_an_act_is_open_to_its_roles_alone_and_to_no_other_court(act: str) -> None:
    allowed = set(WHO[act].split())
    assert decide(None, act, court=COURT) == "unauthenticated"
    for role in sorted(ROLES):
        of_court = COURT if role in ("judge", "clerk", "president") else None
        own = Actor("a", role, "某人", court_code=of_court)
        assert decide(own, act, court=COURT) == (None if role in allowed else "forbidden"), role
        if of_court and role in allowed and POLICY[act].scope == "court":
            assert decide(own, act, court=OTHER) == "not_found", role


def test_every_act_of_a_court_on_a_sale_stands_in_the_table() -> None:
    assert {act for act in POLICY if act.startswith("auction.")} <= set(WHO)
    assert all(POLICY[act].scope == "court" for act in POLICY if act.startswith("auction."))


# --- from where to where --------------------------------------------------------------------------------------------

#: From each stage (a row), in this order of stages, what may follow: x. Everything else is refused.
ORDER = ["draft", "in_review", "approved", "announced", "open", "suspended", "sold", "unsold", "withdrawn", "revoked"]
STEPS = """
draft      . x . . . . . . x .
in_review  x . x . . . . . x .
approved   x . . x . . . . x .
announced  . . . . x x . . x .
open       . . . . . x x x x .
suspended  . . . x x . x . x x
sold       . . . . . . . . . x
unsold     . . . . . . . . . .
withdrawn  . . . . . . . . . .
revoked    . . . . . . . . . .
"""


def test_there_are_exactly_these_steps_between_the_stages() -> None:
    assert sorted(ORDER) == sorted(AuctionStatus)
    for line in STEPS.strip().splitlines():
        current, *marks = line.split()
        for target, mark in zip(ORDER, marks, strict=True):
            try:
                check_transition(AuctionStatus(current), AuctionStatus(target))
                assert mark == "x", f"{current} -> {target} is open"
            except DomainError as refused:
                assert (mark, refused.code) == (".", "wrong_state"), f"{current} -> {target} is closed"


# --- what, through the door -----------------------------------------------------------------------------------------

LATER = iso(START + 60 * DAY)
SAID = {"reason": "理由"}
#: Each act's path and body, complete and readable.
ACTS: dict[str, tuple[str, Any]] = {
    "vote": ("votes", {"approve": True, **SAID}),
    "announce": ("announcement", None),
    "discard": ("discard", SAID),
    "suspend": ("suspension", {"kind": "stay", **SAID}),
    "resume": ("resumption", {"closes_at": LATER, **SAID}),
    "end_cause": ("suspension-end", SAID),
    "withdraw": ("withdrawal", {"ground": "debt_paid", **SAID}),
    "revoke": ("revocation", {"ground": "collusion", **SAID}),
    "change": ("disclosure-change", {"choice": "supplement", **SAID}),
    "rule": ("ruling", {"qualification": "not_required", **SAID}),
    "hand_over": ("handover-steps", {"code": "keys", "on": START.date().isoformat(), "detail": "交钥匙"}),
    "serve": ("handover-steps", {"code": "ruling_served", "on": START.date().isoformat()}),
    "register": ("handover-steps", {"code": "registered", "on": START.date().isoformat()}),
    "unseal": ("handover-steps", {"code": "unsealed", "on": START.date().isoformat()}),
    "renege": ("renege", {"reason": "逾期未付", "malicious_factors": []}),
    "relist": ("relist", {"reason": "unsold"}),
    "relist_reneged": ("relist", {"reason": "renege"}),
    "relist_withdrawn": ("relist", {"reason": "withdrawn"}),
    "relist_revoked": ("relist", {"reason": "revoked"}),
    "own_sale": ("own-sale", {"offer_fen": 200_000_000, "until_on": (START + 30 * DAY).date().isoformat(), **SAID}),
    "sold_by_owner": ("own-sale/sale", {"price_fen": 200_000_000, **SAID}),
    "draw": ("takings/drawing", {}),
    "return": ("return", {"kind": "returned", **SAID}),
}
_STEPS: dict[str, tuple[str, ...]] = {
    "handed_over": ("ruling", "ruling_served", "handed_over"),
    "taking_served": ("ruling", "ruling_served"),
    "taking_ruled": ("ruling",),
    "unsealed": ("unsealed",),
}
_GONE = ("awarded", "taken", "taking_ruled", "taking_served", "sold_by_owner", "unsealed")
#: The stages, those after a sale by what became of it: status, settlement; those of a lot that was taken after an
#: unsold round, or sold by its owner, by how far that has come.
STAGES: dict[str, tuple[str, str | None]] = {
    **{status: (status, None) for status in ORDER if status != "sold"},
    **{name: ("sold", name) for name in ("balance_due", "overdue", "paid", "ruled", "handed_over", "reneged")},
    **dict.fromkeys(_GONE, ("unsold", None)),
}
#: What a judge on the panel is answered in each stage; wrong_state where nothing is said.
TAKEN: dict[str, dict[str, str]] = {
    "vote": dict.fromkeys(("draft", "in_review", "approved"), "taken"),
    "announce": dict.fromkeys(("draft", "in_review", "approved"), "notice_too_short"),
    "discard": dict.fromkeys(("draft", "in_review", "approved"), "taken"),
    "suspend": dict.fromkeys(("announced", "open"), "taken"),
    "resume": {"suspended": "taken"},
    "end_cause": {"suspended": "taken"},
    "withdraw": dict.fromkeys(("announced", "open", "suspended"), "taken"),
    "revoke": dict.fromkeys(("balance_due", "overdue", "paid", "ruled", "handed_over"), "taken"),
    "change": {},
    "rule": {"paid": "taken"},
    "hand_over": {
        **dict.fromkeys(("taking_served", "unsealed"), "taken"),
        **dict.fromkeys(("ruled", "taking_ruled", "sold_by_owner"), "invalid"),
    },
    "serve": {
        **dict.fromkeys(("ruled", "taking_ruled"), "taken"),
        **dict.fromkeys(("taking_served", "sold_by_owner", "unsealed"), "invalid"),
    },
    "register": {
        **dict.fromkeys(("handed_over", "taking_served", "unsealed"), "taken"),
        **dict.fromkeys(("ruled", "taking_ruled", "sold_by_owner"), "invalid"),
    },
    "unseal": {
        "sold_by_owner": "taken",
        **dict.fromkeys(("ruled", "taking_ruled", "taking_served", "unsealed"), "invalid"),
    },
    "renege": dict.fromkeys(("balance_due", "overdue"), "taken"),
    "relist": {"unsold": "taken", **dict.fromkeys(_GONE, "lot_disposed")},
    "relist_reneged": {"reneged": "taken"},
    "relist_withdrawn": {"withdrawn": "taken"},
    "relist_revoked": {"revoked": "taken"},
    "own_sale": {"unsold": "taken", **dict.fromkeys(_GONE, "lot_disposed")},
    "sold_by_owner": {},
    "draw": dict.fromkeys(_GONE, "lot_disposed"),
    "return": {"unsold": "return_too_early", **dict.fromkeys(_GONE, "lot_disposed")},
}


def test_every_step_of_a_handover_and_every_settlement_has_its_words() -> None:
    assert set(HANDOVER_STEP) == {RULING, *HANDOVER_STEPS}
    assert set(STEPS_IN_LETTERS) == set(HANDOVER_STEPS)
    assert set(SETTLEMENT) == set(SETTLEMENT_TONE) == {settlement for _, settlement in STAGES.values() if settlement}


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One kind of database does: what is asked are the rules, not how rows are locked."""
    shutil.copy(sqlite_template, tmp_path / "fapai.db")
    return f"sqlite:///{tmp_path / 'fapai.db'}"


@pytest.fixture
def people(house: House) -> dict[str, Any]:
    def enter(unit: Unit) -> dict[str, Any]:
        a_court(unit, OTHER)
        found = {role: an_account(unit, role, court_code=COURT) for role in ("judge", "clerk", "president")}
        found |= {role: an_account(unit, role) for role in ("regulator", "operator")}
        found |= {"foreign": an_account(unit, "judge", court_code=OTHER), "bidder": a_bidder(unit)}
        return found | {"nobody": None}

    return house.perform(enter)


def a_round(unit: Unit, stage: str, judge: Account) -> str:
    """A round in that stage, with the judge alone on its panel."""
    status, settlement = STAGES[stage]
    stopped = {"kind": "stay", "reason": "r", "cause": None, "at": iso(unit.now), "remaining_seconds": 3600}
    more = {"suspension": stopped} if status == "suspended" else {}
    auction = an_auction(unit, lot=a_lot(unit), status=status, settlement=settlement, **more)
    auction.panel.append(PanelMember(account_id=judge.id, position=0))
    if status == "sold":
        applied = settlement in ("ruled", "handed_over")
        buyer = a_registration(unit, auction, status="applied" if applied else "qualified")
        auction.leader_registration_id, auction.price_fen = buyer.id, auction.reserve_price_fen
        auction.balance_fen, auction.balance_due_at = auction.price_fen - auction.deposit_fen, unit.now - 30 * DAY
    if stage in _GONE:
        _dispose(unit, auction, stage, judge)
    for code in _STEPS.get(stage, ()):
        step = {"id": unit.new_id(), "code": code, "on": START.date(), "detail": {}, "by": judge.id}
        unit.session.add(AfterSaleStep(auction_id=auction.id, at=unit.now, **step))
    return auction.id


def _dispose(unit: Unit, auction: Auction, stage: str, judge: Account) -> None:
    """The lot was taken after this unsold round, or sold by its owner, and that has come as far as the stage says."""
    made = {"auction_id": auction.id, "lot_id": auction.lot_id, "reason": "r"}
    if stage in ("sold_by_owner", "unsealed"):
        auction.lot.disposal = "own_sale"
        sale = OwnSale(
            id=unit.new_id(), above_fen=1, offer_fen=2, price_fen=2, status="sold", allowed_by=judge.id, **made
        )
        sale.until_on, sale.ends_at, sale.allowed_at, sale.ended_at = START.date(), unit.now, unit.now, unit.now
        unit.session.add(sale)
    else:
        auction.lot.disposal = "taken"
        status = stage if stage in ("awarded", "taken") else "ruled"
        party = a_party(unit, auction.lot.case, "applicant")
        taking = Taking(id=unit.new_id(), party_id=party.id, status=status, rank=1, price_fen=2, **made)
        taking.answered_by, taking.answered_at, taking.decided_at = judge.id, unit.now, unit.now
        unit.session.add(taking)


def test_an_act_is_taken_in_its_stages_alone_and_at_the_door_by_nobody_else(
    house: House, sign_in: SignIn, people: dict[str, Any]
) -> None:
    callers = {who: sign_in(account) for who, account in people.items()}
    for act, (path, body) in ACTS.items():
        for stage in STAGES:
            auction_id = house.perform(a_round, stage, people["judge"])
            address = f"/auctions/{auction_id}/{path}"
            if stage in TAKEN[act] and act in ("suspend", "rule"):
                codes = {who: code_of(callers[who].post(address, body)) for who in callers if who != "judge"}
                assert (codes.pop("nobody"), codes.pop("foreign")) == ("unauthenticated", "not_found"), act
                assert set(codes.values()) == {"forbidden"}, (act, codes)
                assert (
                    house.read(lambda session, id=auction_id: session.get_one(Auction, id).status) == STAGES[stage][0]
                )
            answer = callers["judge"].post(address, body)
            code = "taken" if answer.status_code < 300 else code_of(answer)
            assert code == TAKEN[act].get(stage, "wrong_state"), f"{act} in {stage}"

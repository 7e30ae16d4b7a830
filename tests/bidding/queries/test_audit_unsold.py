"""What followed an unsold round, told otherwise in row, entry or ledger, is found; drawings by outsiders too."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import JournalRow, Lot, LotDrawing, LotReturn, OwnSale, Taking, TakingQuestion
from auction.queries.audit import Report
from auction.rules.unsold import draw
from auction.services.approvals import vote
from bidding.evidence import Contradicted, export
from bidding.models import Posting
from bidding.queries.audit import verify_all
from bidding.queries.audit_unsold import check_unsold
from bidding.services import groups, objections, own_sales, takings
from bidding.services.approved import ACTS
from bidding.services.papers import keep_paper
from bidding.services.qualification import submit_qualification
from bidding.services.returning import return_lot
from disclosure.services.attachments import CleanFile
from tests.bidding.hall import RESERVE, STEP, Hall
from tests.bidding.queries.test_audit import remove_guards
from tests.bidding.queries.test_audit_rows import changed_one_by_one, found, within
from tests.bidding.sale import an_open_sale, hammer
from tests.bidding.services.test_revocation import Sold
from tests.bidding.services.unsold import DAY, an_unsold_lot
from tests.bidding.test_evidence import verify
from tests.factories import a_case, a_lot, a_party, an_account, an_actor


@pytest.fixture
def told(house: House, clock: FixedClock) -> House:
    """A lot drawn for and taken with a difference, one sold by its debtor, one returned; triggers removed."""
    hall = Hall(house, clock)
    story = an_unsold_lot(hall, "applicant", "applicant")
    answers = {one.position: story.answer(one) for one in story.creditors}
    drawing = story.perform(takings.draw_lots, story.judge, story.auction_id)
    winner = next(one for one in story.creditors if one.position == drawing.drawn[0])
    story.pay(winner, story.award(answers[winner.position], RESERVE - STEP))
    sold = an_unsold_lot(hall)
    until = clock.moment.date() + 30 * DAY
    sold.perform(own_sales.allow, sold.judge, sold.auction_id, offer_fen=RESERVE + 1, until_on=until, reason="r")
    sold.perform(own_sales.record_sale, sold.judge, sold.auction_id, price_fen=RESERVE + 1, reason="r")
    back = an_unsold_lot(hall, round_="sell_off")
    back.perform(return_lot, back.judge, back.auction_id, kind="returned", reason="r")
    with house.engine.begin() as connection:
        remove_guards(connection)
    return house


class Undone(Exception):
    pass


def failures(house: House, change: Any) -> list[str]:
    """What is found on the database with a change, which is undone afterwards."""
    report = Report()

    def attempt(unit: Unit) -> None:
        if unit.session.get_bind().dialect.name == "sqlite":
            unit.session.execute(text("PRAGMA defer_foreign_keys = ON"))
        unit.session.execute(change)
        check_unsold(unit.session, report)
        raise Undone

    with pytest.raises(Undone):
        house.perform(attempt)
    return [failure.what for failure in report.failures]


CHANGES: dict[str, Any] = {
    "another seed": update(TakingQuestion).values(seed="00" * 32),
    "another commitment": update(TakingQuestion).values(commitment="00" * 32),
    "another order": update(LotDrawing).values(drawn=[9, 8]),
    "a drawing gone": delete(LotDrawing),
    "a taker gone": delete(Taking).where(Taking.status == "taken"),
    "a smaller difference": update(Taking).where(Taking.status == "taken").values(difference_fen=1),
    "a second taker": update(Taking).where(Taking.status == "willing").values(status="taken", difference_fen=0),
    "an award gone": delete(JournalRow).where(JournalRow.kind == "LotTaken"),
    "a difference gone": delete(Posting).where(Posting.kind == "difference_received"),
    "another price": update(OwnSale).values(price_fen=RESERVE + 2),
    "a price not received": delete(Posting).where(Posting.kind == "own_sale_received"),
    "another end": update(LotReturn).values(kind="other_measures"),
    "a lot for sale again": update(Lot).values(disposal=None),
}


def test_whatever_is_changed_is_found(told: House) -> None:
    report = Report()
    told.read(check_unsold, report)
    assert report.failures == []
    assert dict(report.checked) == {"drawings": 1, "takings": 1}
    assert [name for name, change in CHANGES.items() if not failures(told, change)] == []


def test_every_column_of_an_act_told_otherwise_is_found(house: House, clock: FixedClock, told: House) -> None:
    hall = Hall(house, clock)
    accounts = [house.perform(an_account, "judge") for _ in range(4)]
    judges, names = [an_actor(one) for one in accounts], [one.username for one in accounts[2:]]
    buyer = Sold(hall)
    file = CleanFile("proof.pdf", "application/pdf", b"%PDF-1.4 %%EOF", "0" * 64)
    paper = house.perform(keep_paper, buyer.actor, file).id
    house.perform(submit_qualification, buyer.actor, buyer.auction_id, attachments=[paper])
    said = {"kind": "conduct", "grounds": "公告期不足"}
    objection = house.perform(objections.file_objection, buyer.actor, buyer.auction_id, **said)
    house.perform(objections.receive_objection, judges[0], objection.id)
    decision = house.perform(
        objections.propose_decision, judges[1], objection.id, accept=False, reason="经审查", panel=names
    )
    house.perform(vote, judges[2], decision.id, approve=True, reason="经合议", acts=ACTS)
    house.perform(objections.ask_for_review, buyer.actor, objection.id, grounds="适用法律错误")
    buyer.revoke("collusion")

    def grouped(unit: Unit) -> None:
        case = a_case(unit)
        lots = [a_lot(unit, case=case).id for _ in range(2)]
        groups.make_group(unit, judges[0], case_number=case.number, lots=lots, claim_fen=1, costs_fen=1)

    house.perform(grouped)

    def act(unit: Unit) -> None:
        assert found(unit) == []
        count = changed_one_by_one(unit, "sale_objections", status="accepted")
        names = ("takings", "own_sales", "lot_groups", "lot_group_members", "qualifications", "revocations")
        for name in names:
            more = changed_one_by_one(unit, name)
            assert more, name
            count += more
        assert count > 80
        unit.session.execute(delete(Taking))
        assert any(failure.endswith("was recorded but is not there") for failure in found(unit))

    within(house, act)


def test_an_outsider_finds_a_drawing_that_does_not_follow_from_its_seed(
    house: House, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def creditors(unit: Unit, auction_id: str) -> list[str]:
        case = unit.session.get_one(takings.Auction, auction_id).lot.case
        return [a_party(unit, case, "applicant", claim_fen=1).id for _ in range(3)]

    sales = []
    for honest in (True, False):
        auction_id, _ = house.perform(an_open_sale)
        parties = house.perform(creditors, auction_id)
        assert hammer(house, clock, auction_id) == "unsold"
        judge = house.perform(lambda unit: an_actor(an_account(unit, "judge")))
        for party in parties:
            house.perform(takings.answer, judge, auction_id, creditor=party, decision="take")
        if not honest:
            monkeypatch.setattr(takings, "draw", lambda *args: tuple(reversed(draw(*args))))
        house.perform(takings.draw_lots, judge, auction_id)
        sales.append(auction_id)
    export(house, tmp_path / "clean", sales[0])
    said = verify(tmp_path / "clean", house)
    assert (said["failures"], said["checked"]["drawings"]) == ([], 1)
    with pytest.raises(Contradicted, match="has a drawing that does not follow from its seed"):
        export(house, tmp_path / "false", sales[1])
    export(house, tmp_path / "false", sales[1], anyway=True)
    said = [failure["what"] for failure in verify(tmp_path / "false", house)["failures"]]
    assert said[1:] == ["its order does not follow from its seed"]
    assert said[0].startswith("the platform itself marks the package as contradicting")
    assert not house.read(verify_all, house.vault.public_key).ok

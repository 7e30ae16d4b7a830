"""What is special to equity and to vessels: approval and shareholders' days; a ship's reserve, and its return."""

from io import BytesIO
from typing import Any

import pytest

from tests.flows.stage import DEPOSIT, Stage
from tests.web.caller import code_of
from tests.web.court import DAY, PDF, fine

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

_PURCHASE = "purchase_qualified"


class _Company(Stage):
    """Shares of a limited company with one other shareholder; their transfer needs an approval."""

    def enter(self, **parties: Any) -> None:
        self.enrol("股东乙")
        super().enter(**parties)
        self.cast.parties.append({"name": "股东乙", "role": "preferential"})
        self.cast.parties.append({"name": "示例有限公司", "role": "other"})  # the company is notified too

    def item_facts(self, code: str, **changes: Any) -> dict[str, Any]:
        facts = super().item_facts(code, **changes)
        if code == "title":
            facts["data"] |= {"company": "示例有限公司", "company_type": "limited"}
        elif code == "preferential_purchasers":
            names = {"names": "股东乙", "nature": "shareholder"}
            facts |= {"state": "found", "statement": "股东乙享有优先购买权。", "data": names}
        elif code == "approval":
            data = {"requirement": "具备金融机构股东资格", "authority": "示例金融监督管理机构"}
            facts |= {"state": "found", "statement": "股权变更须经批准。", "data": data}
        return facts

    def application(self, **changes: Any) -> dict[str, Any]:
        told = super().application(**changes)
        return told | {"undertakings": [*told["undertakings"], _PURCHASE]}


def test_the_buyer_of_shares_is_not_approved_and_the_other_shareholder_takes_them(empty_stage: Stage) -> None:
    stage = _Company(empty_stage.app, empty_stage.house, empty_stage.cast, "equity")
    stage.announced()
    first = stage.auction_id
    stage.register("张三")
    stage.sold_to("张三")
    # He knew that he would not be approved: the whole deposit is kept, and the resale is closed to him (EQ 15).
    lines = [{"code": "deposit", "keep_fen": DEPOSIT, "basis": "EQ 15(3)", "reason": "明知不具备股东资格"}]
    stage.decided("ruling", {"qualification": "failed", "reason": "未获批准", "lines": lines})
    ended = stage.auction
    assert (ended["status"], ended["ended_reason"]) == ("revoked", "unqualified")
    assert stage.relist("revoked")["round"] == "first"
    barred = stage.at("张三").post(f"{stage.path}/registrations", stage.application())
    assert code_of(barred) == "barred_reneger"
    stage.open()
    assert stage.close()["status"] == "unsold"
    # Anew notified four days ago, the shareholder still has his twenty days when a second round could open.
    stage.notify(days=4)
    drafted = stage.order("relist", {"reason": "unsold"}, status=201)
    stage.auction_id = drafted["id"]
    opens_at = stage.now + 16 * DAY
    _opens(stage, opens_at.replace(hour=2).isoformat(), (opens_at + DAY).replace(hour=2).isoformat())
    (error,) = stage.announce().get_json()["errors"]
    assert error["code"] == "notice_outstanding" and "股东乙" in error["detail"]
    opens_at += 8 * DAY
    _opens(stage, opens_at.isoformat(), (opens_at + DAY).isoformat())
    fine(stage.announce())
    stage.register("赵六")
    made = fine(stage.at("股东乙").post(f"{stage.path}/registrations", stage.application(claim="preferential")), 201)
    decision = {"approve": True, "rank": 1, "reason": "系公司其他股东"}
    fine(stage.at("clerk").post(f"/registrations/{made['id']}/decision", decision))
    stage.cast.registrations[stage.auction_id, "股东乙"] = made["id"]
    stage.pay("股东乙", f"/registrations/{made['id']}/deposit")
    stage.open()
    reserve = drafted["reserve_price_fen"]
    stage.bid("赵六", reserve)
    stage.bid("股东乙", reserve)  # the same price is enough
    assert stage.close()["leader_code"] == stage.registration("股东乙")["bidder_code"]
    stage.pay("股东乙", f"{stage.path}/balance")
    sent = fine(stage.at("股东乙").post("/me/papers", data=_paper()), 201)
    fine(stage.at("股东乙").post(f"{stage.path}/qualification", {"attachments": [sent["id"]]}), 201)
    proven = {"qualification": "proven", "evidence": [sent["id"]], "reason": "监管机构已批准"}
    assert stage.order("ruling", proven)["settlement"]["status"] == "ruled"
    assert (stage.booked("court_forfeit"), stage.booked("court_price")) == (DEPOSIT, reserve)
    told = {
        "张三": {"result_won", "sale_revoked"},
        "赵六": {"outbid", "result_lost"},
        "股东乙": {"result_won", "ruling"},
    }
    assert stage.auction["resale_of"] != first
    stage.check_end(["revoked", "unsold", "sold"], told, 张三="forfeited", 赵六="released", 股东乙="applied")


def _opens(stage: Stage, opens_at: str, closes_at: str) -> None:
    """The panel agrees to other times, and publishes them today."""
    fine(stage.judge.call("PATCH", stage.path, {"opens_at": opens_at, "closes_at": closes_at}))
    stage.publish()
    assert stage.vote() == "approved"


def _paper() -> dict[str, Any]:
    return {"file": (BytesIO(PDF), "approval.pdf", "application/pdf")}


def test_a_ship_that_nobody_wants_twice_goes_back_without_a_sell_off(empty_stage: Stage) -> None:
    stage = Stage(empty_stage.app, empty_stage.house, empty_stage.cast, "vessel")
    stage.enter()
    stage.price()
    stage.fill()
    stage.notify()
    opens_at = stage.now + 16 * DAY  # movables are announced 15 days before
    stage.draft(opens_at=opens_at, closes_at=(opens_at + DAY).isoformat())
    found = {(one["code"], one["severity"]) for one in _check(stage)}
    assert ("reserve_below_floor", "error") in found  # below four fifths of its price, as a ship's may not be
    better = {"reserve_price_fen": 160_000_000, "deposit_fen": 16_000_000}
    fine(stage.judge.call("PATCH", stage.path, better))
    assert "reserve_below_floor" not in {one["code"] for one in _check(stage)}
    assert stage.vote() == "approved"
    fine(stage.announce())
    stage.register("张三")
    stage.open()
    assert stage.close()["status"] == "unsold"
    second = stage.relist("unsold")
    assert (second["round"], second["reserve_price_fen"]) == ("second", 128_000_000)
    stage.open()
    assert stage.close()["status"] == "unsold"
    for name in ("李四", "王五"):
        (own,) = fine(stage.at(name).get(f"{stage.path}/takings"))["creditors"]
        answer = {"creditor": own["creditor"], "decision": "decline"}
        assert fine(stage.at(name).post(f"{stage.path}/takings", answer), 201)["status"] == "declined"
    returned = stage.order("return", {"kind": "returned", "reason": "二拍流拍且无人接受抵债，解除扣押"})
    assert returned["kind"] == "returned"
    assert fine(stage.at().get(f"/lots/{stage.lot_id}"))["status"] == "returned"
    told = {"张三": {"result_unsold", "refund_done"}, "李四": {"creditor_asked"}, "王五": {"creditor_asked"}}
    stage.check_end(["unsold", "unsold"], told, 张三="released")


def _check(stage: Stage) -> list[dict[str, Any]]:
    return list(fine(stage.judge.get(f"{stage.path}/check"))["items"])

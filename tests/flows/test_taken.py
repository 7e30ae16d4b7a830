"""Nobody bid: a creditor takes the flat for its claim (SALE 16), after lots were drawn that anybody can draw again."""

from hashlib import sha256

from tests.flows.stage import RESERVE, STEP, Stage
from tests.web.caller import code_of, fields_of
from tests.web.court import fine

_CREDITORS = ("李四", "王五")


def test_two_creditors_want_the_flat_and_the_one_who_was_drawn_pays_the_difference(stage: Stage) -> None:
    stage.open()
    assert stage.close()["status"] == "unsold"
    asked = fine(stage.at("judge1").get(f"{stage.path}/takings"))
    promised = asked["commitment"]
    for name in _CREDITORS:
        (own,) = fine(stage.at(name).get(f"{stage.path}/takings"))["creditors"]  # nobody sees another's answer
        answer = {"creditor": own["creditor"], "decision": "take"}
        assert fine(stage.at(name).post(f"{stage.path}/takings", answer), 201)["status"] == "willing"
    drawn = stage.order("takings/drawing", {})
    seed, (drawing,) = drawn["seed"], drawn["drawings"]
    assert sha256(seed.encode()).hexdigest() == promised
    hashes = {place: sha256(f"{seed}:{stage.auction_id}:{place}".encode()).digest() for place in drawing["drawn"]}
    assert drawing["drawn"] == sorted(hashes, key=lambda place: hashes[place]) and len(hashes) == 2
    told = next(event for event in _events(stage) if event.get("notice") == "lots_drawn")
    assert told["type"] == "notice"
    creditors = {one["position"]: one for one in drawn["creditors"]}
    first, second = (creditors[place] for place in drawing["drawn"])
    award = {"claim_fen": RESERVE - STEP, "reason": "依法交其抵债"}
    late = stage.at("judge1").post(f"{stage.path}/takings/{second['taking']['id']}/award", award)
    assert code_of(late) == "taking_outranked"
    taking = f"takings/{first['taking']['id']}"
    assert stage.order(f"{taking}/award", award)["owed_fen"] == STEP
    early = stage.at("judge1").post(f"{stage.path}/{taking}/ruling", {"reason": "抵偿"})
    assert code_of(early) == "wrong_state"
    assert _due(stage) == ("balance", ["taking_difference"])
    assert stage.pay(first["name"], f"{stage.path}/{taking}/difference", {}) == STEP
    assert _due(stage) == ("ruling", ["taking_ruling"])
    serve = {"code": "ruling_served", "on": stage.now.date().isoformat()}
    assert code_of(stage.at("judge1").post(f"{stage.path}/handover-steps", serve)) == "wrong_state"
    assert stage.order(f"{taking}/ruling", {"reason": "已抵偿债务"})["status"] == "ruled"
    lot = fine(stage.at().get(f"/lots/{stage.lot_id}"))
    assert (lot["status"], lot["disposal"]["kind"], lot["disposal"]["price_fen"]) == ("taken", "taken", RESERVE)
    assert code_of(stage.at("judge1").post(f"{stage.path}/relist", {"reason": "unsold"})) == "lot_disposed"
    assert _due(stage) == ("handover", ["taking_service"])
    _hand_over(stage, "ruling_served", "notice_served", "keys", "handed_over")
    assert _due(stage) == ("done", [])
    over = {"code": "keys", "on": stage.now.date().isoformat()}
    assert code_of(stage.at("judge1").post(f"{stage.path}/handover-steps", over)) == "wrong_state"
    assert stage.booked("court_price") == STEP
    stage.check_end(
        ["unsold"],
        {
            "张三": {"result_unsold", "refund_done"},
            first["name"]: {"creditor_asked", "taking_awarded", "taking_ruled", "handover_step"},
            second["name"]: {"creditor_asked"},
        },
        张三="released",
        赵六="released",
    )


def _events(stage: Stage) -> list[dict[str, str]]:
    return list(fine(stage.at().get(f"{stage.path}/events"))["items"])


def _due(stage: Stage) -> tuple[str, list[str]]:
    """Where the lot stands on its court's board, and what is due there."""
    items = fine(stage.at("judge1").get("/desk/board"))["items"]
    (item,) = [one for one in items if one["lot_id"] == stage.lot_id]
    return item["stage"], [clock["code"] for clock in item["clocks"]]


def _hand_over(stage: Stage, *codes: str) -> None:
    """Take the steps in order; no other than the first is open before it."""
    on = stage.now.date().isoformat()
    early = stage.at("judge1").post(f"{stage.path}/handover-steps", {"code": codes[-1], "on": on})
    assert fields_of(early) == {"code": "step_out_of_order"}
    for code in codes:
        step = stage.order("handover-steps", {"code": code, "on": on, "detail": "见笔录"}, status=201)
        assert (step["code"], step["settlement"]) == (code, None)

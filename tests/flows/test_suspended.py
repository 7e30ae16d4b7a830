"""A sale stopped and resumed (OJA 28): before its opening, by a fault among the bids, and too late."""

from datetime import datetime, timedelta

from auction.kernel.clock import iso
from tests.flows.stage import BIDDERS, HOUR, RESERVE, STEP, Stage
from tests.web.caller import fields_of
from tests.web.court import DAY, fine

SECOND = timedelta(seconds=1)
_TOLD = {"suspended", "suspension_ended", "resumed"}


def _resumption(stage: Stage, span: timedelta, **more: str) -> dict[str, str]:
    return {"closes_at": (stage.now + span).isoformat(), "reason": "暂缓执行的事由消失", **more}


def test_a_stay_before_the_opening_ends_in_time_and_the_sale_goes_on_to_the_hammer(stage: Stage) -> None:
    stage.order("suspension", {"kind": "stay", "reason": "申请执行人书面同意暂缓执行"})
    stage.wait(45 * DAY)
    assert stage.auction["status"] == "suspended"  # what was announced as its end has gone by
    stage.bid("张三", RESERVE, "suspended")
    last_day = stage.order("suspension-end", {"reason": "暂缓期限届满"})["suspension"]["resume_by"]
    assert last_day == "2026-04-21"
    assert fields_of(stage.at("judge1").post(f"{stage.path}/resumption", _resumption(stage, HOUR))) == {
        "closes_at": "too_early"
    }
    opens, closes = (datetime.fromisoformat(stage.auction[name]) for name in ("opens_at", "closes_at"))
    resumed = stage.order("resumption", _resumption(stage, DAY + (closes - opens)))
    assert (resumed["status"], resumed["opens_at"]) == ("announced", iso(stage.now + DAY))
    [first, second] = fine(stage.at().get(f"{stage.path}/announcements"))["items"]
    assert (first["replaced_at"], second["replaced_at"]) == (iso(stage.now), None)
    stage.wait(DAY - SECOND)
    stage.bid("张三", RESERVE, "not_started")
    stage.wait(SECOND)
    stage.bid("张三", RESERVE)
    assert stage.close()["status"] == "sold"
    stage.pay("张三", f"{stage.path}/balance")
    stage.order("ruling", {"qualification": "not_required", "reason": "价款已付清"})
    assert "resume_late" not in stage.alerts()
    told = _TOLD | {"opening_put_off"}
    stage.check_end(["sold"], {"张三": told | {"result_won"}, "赵六": told | {"result_lost"}},
                    张三="applied", 赵六="released")  # fmt: skip


def test_a_fault_is_mended_and_a_halt_is_lifted_too_late_with_a_reason_and_an_alert(stage: Stage) -> None:
    stage.open()
    stage.bid("张三", RESERVE)
    stage.order("suspension", {"kind": "fault", "reason": "平台系统故障"})
    stage.bid("赵六", RESERVE + STEP, "suspended")
    stage.order("suspension-end", {"reason": "故障已排除"})
    resumed = stage.order("resumption", _resumption(stage, 2 * DAY))
    assert (resumed["status"], resumed["price_fen"]) == ("open", RESERVE)  # the standing bid is still standing
    stage.bid("赵六", RESERVE + STEP)
    stage.order("suspension", {"kind": "halt", "reason": "据以执行的文书再审"})
    ended = stage.order("suspension-end", {"reason": "再审维持原判"})
    assert "resume_late" not in stage.alerts()
    stage.wait(9 * DAY)
    assert stage.alerts().count("resume_late") == 1
    page = stage.app.test_client().get(f"{stage.path}").get_data(as_text=True)
    assert "据以执行的文书再审" in page
    again = _resumption(stage, 2 * DAY)
    assert fields_of(stage.at("judge1").post(f"{stage.path}/resumption", again)) == {"late_reason": "resume_late"}
    stage.order("resumption", again | {"late_reason": "承办法官病休，案件改由他人承办"})
    event = fine(stage.at().get(f"{stage.path}/events"))["items"][-1]
    assert (event["status"], event["resume_by"]) == ("open", ended["suspension"]["resume_by"])
    assert event["late_reason"] == "承办法官病休，案件改由他人承办"
    assert stage.close()["price_fen"] == RESERVE + STEP
    assert stage.alerts().count("resume_late") == 1
    stage.pay("赵六", f"{stage.path}/balance")
    stage.check_end(["sold"], dict.fromkeys(BIDDERS, _TOLD), 张三="released", 赵六="applied")

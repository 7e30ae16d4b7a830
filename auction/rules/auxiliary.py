"""What auxiliary work may be given to an agency (OJA 7), and what is the court's own (OJA 6, 27).

The list is closed. `other` (OJA 7(1), item 4) needs a description, which a judge of the court answers for.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from auction.kernel.errors import Breach

#: Each kind with the item of OJA 7(1) that lets it be given away.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "survey": "OJA 7(1)[1]",
        "photos": "OJA 7(1)[1]",
        "viewing": "OJA 7(1)[2]",
        "questions": "OJA 7(1)[2]",
        "samples": "OJA 7(1)[2]",
        "inspection": "OJA 7(1)[3]",
        "valuation": "OJA 7(1)[3]",
        "audit": "OJA 7(1)[3]",
        "storage": "OJA 7(1)[3]",
        "transport": "OJA 7(1)[3]",
        "other": "OJA 7(1)[4]",
    }
)
OTHER = "other"
#: Acts the court does itself (OJA 6, 27): to decide on price, deposit, taxes, payment; to announce, notify, rule, stop.
_ACT = r"(?:确定|决定|制定|审定|核定|制作|发布|作出|裁定|通知|开设|办理|暂缓|中止|撤回|撤销)"
_MATTER = (
    r"(?:保留价|起拍价|变卖价|降价|保证金|税费|支付方式|拍卖公告|竞买须知|成交裁定|裁定书|当事人|优先购买权|专用账户"
    r"|财产交付|协助执行通知|拍卖程序|竞买资格)"
)
_COURT_ONLY = re.compile(rf"{_ACT}.{{0,12}}{_MATTER}|{_MATTER}.{{0,6}}{_ACT}")


def task_breaches(kind: str, description: str | None, *, by_judge: bool) -> list[Breach]:
    """What is wrong with a task to be given.

    `not_delegable` for a kind that is none of the list, or a description of the court's own acts; `required` and
    `judge_signs` where other work is not described, or not by a judge; `not_allowed` for a description of named work.
    """
    allowed = {"allowed": " ".join(KINDS)}
    if kind not in KINDS:
        return [Breach("not_delegable", "kind", facts={"value": kind[:60], **allowed})]
    if kind != OTHER:
        return [Breach("not_allowed", "description")] if description else []
    if not description:
        return [Breach("required", "description")]
    wrong = [] if by_judge else [Breach("judge_signs", "kind")]
    if (found := _COURT_ONLY.search(description)) is not None:
        wrong.append(Breach("not_delegable", "description", facts={"value": found[0], **allowed}))
    return wrong

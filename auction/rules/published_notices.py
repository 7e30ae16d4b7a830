"""What a round that is public leaves to change in the list of who was notified (OJA 13(7))."""

from collections.abc import Sequence

from ..kernel.errors import Breach
from .lot import PartyRole
from .notices import NoticeRecipient, NoticeStatus, plain_name

#: How far each status is; those of one number stand for one another.
_REACHED = {
    NoticeStatus.TO_NOTIFY: 0,
    NoticeStatus.SENT: 1,
    NoticeStatus.UNREACHABLE_PUBLISHED: 2,
    NoticeStatus.RECEIVED: 3,
    NoticeStatus.WAIVED_WRITTEN: 3,
}


def kept_notices(before: Sequence[NoticeRecipient], after: Sequence[NoticeRecipient]) -> tuple[Breach, ...]:
    """What is wrong with a new list while a round is public: who was published as notified stays so (OJA 13(7)).

    `recipients_missing` on `recipients` with the `names` of those left out, and `notice_set_back` with the `name` on
    the `status` of each that would fall behind what was reached.
    """
    left: dict[tuple[str, PartyRole], list[tuple[int, int]]] = {}
    for place, each in enumerate(after):
        left.setdefault((plain_name(each.name), each.role), []).append((_REACHED[each.status], place))
    missing, wrong = [], []
    for each in sorted(before, key=lambda one: -_REACHED[one.status]):
        found = sorted(left.get((plain_name(each.name), each.role), ()), reverse=True)
        if not found:
            missing.append(each.name)
            continue
        reached, place = found[0]
        left[plain_name(each.name), each.role].remove(found[0])
        if reached < _REACHED[each.status]:
            facts: dict[str, int | str] = {"name": each.name}
            wrong.append(Breach("notice_set_back", f"recipients.{place}.status", facts=facts))
    if missing:
        wrong.insert(0, Breach("recipients_missing", "recipients", facts={"names": "、".join(missing)}))
    return tuple(wrong)

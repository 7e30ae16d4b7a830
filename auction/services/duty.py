"""Whose turn it is to carry out due work: one scheduler works, the others stand by.

Two that work at once do no harm (every act locks, looks, and may run twice); one is enough, and the site can say which
one it is and when it last showed itself.
"""

from datetime import timedelta

from ..kernel.clock import iso, parse
from ..kernel.unit import Unit
from ..models import Platform

#: How long a duty lasts that is not renewed, in machine time: so much later than usual the next one works.
DUTY = timedelta(seconds=2)
#: The fact of the installation that names who has it, and until when.
KEY = "scheduler_duty"


def take_duty(unit: Unit, process: str) -> bool:
    """Take or renew the duty for `process`; False where another has it."""
    row = unit.session.get(Platform, KEY, with_for_update=True)
    now = unit.machine_now
    if row is None:  # of two that come first at once, one clashes, tries again and finds the other
        row = Platform(key=KEY, value="")
        unit.session.add(row)
    holder, _, until = row.value.rpartition(" ")
    if holder not in ("", process) and parse(until) > now:
        return False
    row.value = f"{process} {iso(now + DUTY)}"
    return True


def hand_back_duty(unit: Unit, process: str) -> None:
    """A clean stop: whoever stands by may begin at once."""
    row = unit.session.get(Platform, KEY, with_for_update=True)
    if row is not None and row.value.rpartition(" ")[0] == process:
        row.value = f"{process} {iso(unit.machine_now)}"

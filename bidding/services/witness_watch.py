"""Telling the regulators of a witness that refuses the log's head, or has answered nothing for long.

The fault is of the platform, not of a court: the alert names none, and the public log page shows the same.
"""

from auction.kernel.unit import Unit
from auction.models import Witness
from auction.rules.ruleset import load
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert


def note_refusal(unit: Unit, name: str, size: int) -> None:
    """A witness says that the head of `size` leaves does not append to what it knew: it may have been shown another
    log. Told at once, and once until it cosigns again."""
    witness = unit.session.get(Witness, name, with_for_update=True)
    if witness is None or witness.refused_at is not None:
        return
    witness.refused_at = unit.now
    raise_alert(
        unit,
        "witness_refuses",
        key=f"witness_refuses:{name}:{unit.now.isoformat()}",
        reasons=[Reason("witness_refuses", {"size": size}, {"witness": name})],
        court_code=None,
    )


def note_silence(unit: Unit, name: str, size: int) -> None:
    """A witness has not cosigned the head of `size` leaves: told once it has been so for the ruleset's time."""
    witness = unit.session.get(Witness, name, with_for_update=True)
    if witness is None:
        return
    if witness.unanswered_since is None:
        witness.unanswered_since = unit.machine_now
    silent = unit.machine_now - witness.unanswered_since
    if silent < load(unit.settings.ruleset).span("witness_silent"):
        return
    raise_alert(
        unit,
        "witness_silent",
        key=f"witness_silent:{name}:{witness.unanswered_since.isoformat()}",
        reasons=[
            Reason("witness_silent", {"minutes": int(silent.total_seconds()) // 60, "size": size}, {"witness": name})
        ],
        court_code=None,
    )

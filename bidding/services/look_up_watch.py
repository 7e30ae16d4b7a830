"""Telling the regulators of look-ups of personal data that are unusual: many, outside own cases, repeated, at night."""

from auction.kernel.unit import Unit
from auction.models import Account
from auction.rules.access import Actor
from auction.rules.ruleset import load
from risk.rules.alerts import Reason
from risk.rules.look_ups import kept_for, unusual_look_ups
from risk.services.alerts import raise_alert

from ..queries.look_ups import as_weighed, court_of, look_ups_by
from .looks import await_look, taken

KIND = "unusual_look_ups"


def watch(unit: Unit, actor: Actor) -> None:
    """Have somebody's look-ups weighed once this one is over: it waits for nothing and is refused nothing."""
    await_look(unit, "look_ups", actor.id)


def weigh_look_ups(unit: Unit, account_id: str) -> bool:
    """Alert the regulators of what is unusual in an account's look-ups, once for each occasion. The alert names the
    look-ups by their entries, whose purposes it shows. False where the look is not due.
    """
    if not taken(unit, "look_ups", account_id):
        return False
    rules = load(unit.settings.ruleset)
    looked = look_ups_by(unit.session, account_id, unit.now - kept_for(rules))
    account = unit.session.get_one(Account, account_id)
    court = account.court_code or court_of(unit.session, looked)
    weighed = as_weighed(unit.session, looked, account_id, unit.now - rules.span("look_up_span"))
    for found in unusual_look_ups(weighed, unit.now, rules):
        raise_alert(
            unit,
            KIND,
            key=f"{KIND}:{account_id}:{found.code}:{found.occasion}",
            reasons=[Reason(found.code, found.facts, {"look_ups": list(found.look_ups)})],
            court_code=court,
            account_id=account_id,
        )
    return True

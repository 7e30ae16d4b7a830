"""Who may do what: one pure function, used by every door and by the services behind them.

Roles say which actions a person may take at all; the scope says on whose things. Another court's lot answers
as if it did not exist (`not_found`), so that nobody learns what lies behind an id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from auction.kernel.errors import DomainError

Role = Literal["bidder", "party", "judge", "clerk", "agency", "regulator", "operator", "president"]
ROLES: frozenset[str] = frozenset(("bidder", "party", "judge", "clerk", "agency", "regulator", "operator", "president"))
STAFF = ROLES - {"bidder", "party"}
#: Roles that belong to one court, and must name it.
COURT_ROLES = frozenset(("judge", "clerk", "president"))
Scope = Literal["anyone", "court", "owner"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the account, its role and the body it belongs to. `person_id` is set for bidders and parties."""

    id: str
    role: str
    name: str
    person_id: str | None = None
    court_code: str | None = None
    agency_uscc: str | None = None


#: The scheduler, imports and other work nobody ordered by hand.
PLATFORM = Actor("platform", "platform", "platform")


@dataclass(frozen=True, slots=True)
class Rule:
    """`roles` None: also without signing in. `scope`: whose things the action touches.

    `court`: those of the actor's court where the role belongs to one; other roles of the row are bound to none. That
    an agency works on the lot is for the service to see.
    """

    roles: frozenset[str] | None
    scope: Scope = "anyone"


def _rule(*roles: str, scope: Scope = "anyone") -> Rule:
    return Rule(frozenset(roles), scope)


_COURT = ("judge", "clerk")

#: Every action of the house. A door without a row here does not open.
POLICY: Mapping[str, Rule] = {
    "public.read": Rule(None),
    "metrics.read": Rule(None),
    "session.open": Rule(None),
    "bidder.create": Rule(None),
    "gateway.notify": Rule(None),
    "log.cosign": Rule(None),
    "session.close": Rule(ROLES),
    "session.own": Rule(ROLES),
    "password.change": Rule(ROLES),
    "factor.enrol": Rule(ROLES),
    "factor.reset": _rule("president", "regulator"),
    "me.read": Rule(ROLES),
    "follow.own": Rule(ROLES),
    "message.own": Rule(ROLES),
    "case.create": _rule(*_COURT),
    "lot.create": _rule(*_COURT),
    "lot.edit": _rule(*_COURT, scope="court"),
    "sheet.publish": _rule("judge", scope="court"),
    "lot.read_draft": _rule(*_COURT, "president", scope="court"),
    "lot.attach": _rule(*_COURT, "agency", scope="court"),
    "task.read": _rule(*_COURT, "president", "agency", scope="court"),
    "task.report": _rule("agency"),
    "task.finish": _rule(*_COURT, "agency", scope="court"),
    "task.decide": _rule(*_COURT, scope="court"),
    "report.decide": _rule("judge", scope="court"),
    "agency.desk": _rule("agency"),
    "agency.record": _rule(*_COURT, "president", "agency", "regulator"),
    "viewing.offer": _rule(*_COURT, "agency", scope="court"),
    "viewing.book": _rule("bidder", "party"),
    "question.ask": _rule("bidder", "party"),
    "question.answer": _rule(*_COURT, "agency", scope="court"),
    "auction.create": _rule(*_COURT, scope="court"),
    "auction.check": _rule(*_COURT, "president", scope="court"),
    "auction.vote": _rule("judge", scope="court"),
    "auction.announce": _rule("judge", scope="court"),
    "auction.stop": _rule("judge", scope="court"),
    "auction.change": _rule("judge", scope="court"),
    "auction.settle": _rule("judge", scope="court"),
    "auction.renege": _rule("judge", scope="court"),
    "auction.relist": _rule(*_COURT, scope="court"),
    "auction.unsold": _rule("judge", scope="court"),
    "taking.answer": _rule("bidder", "party", *_COURT, scope="court"),
    "taking.own": _rule("bidder", "party"),
    "taking.read": _rule("bidder", "party", *_COURT, "president", "regulator", scope="court"),
    "lot.group": _rule("judge", scope="court"),
    "registration.answer": _rule(*_COURT, "regulator"),
    "registration.decide": _rule(*_COURT, scope="court"),
    "registration.identify": _rule("clerk", "regulator"),
    "registration.create": _rule("bidder", "party"),
    "conflict.read": _rule("regulator"),
    "conflict.lift": _rule("regulator"),
    "auction.revoke": _rule("judge", scope="court"),
    "registration.own": _rule("bidder", "party", scope="owner"),
    "bid.place": _rule("bidder", "party"),
    "bid.own": _rule("bidder", "party", scope="owner"),
    "objection.file": _rule("bidder", "party"),
    "objection.read": _rule(*_COURT, "president", scope="court"),
    "objection.receive": _rule("judge", scope="court"),
    "objection.decide": _rule("judge", "president", scope="court"),
    "objection.record": _rule(*_COURT, "president", scope="court"),
    "objection.record_suit": _rule("judge", scope="court"),
    "paper.keep": _rule("bidder", "party"),
    "paper.read": _rule("bidder", "party", *_COURT, "president", "regulator"),
    "data.own": _rule("bidder", "party"),
    "correction.decide": _rule("clerk", "regulator"),
    "renege.read": _rule("bidder", "party", *_COURT, "president"),
    "renege.object": _rule("bidder", "party"),
    "standing.own": _rule("bidder", "party"),
    "standing.read": _rule("judge", "president", "regulator", scope="court"),
    "standing.answer": _rule("judge", "regulator", scope="court"),
    "sanction.own": _rule("bidder", "party"),
    "sanction.read": _rule("judge", "president", "regulator", scope="court"),
    "sanction.propose": _rule("judge", scope="court"),
    "sanction.review": _rule("president", "regulator", scope="court"),
    "approval.read": _rule("judge", "president", "regulator"),
    "approval.answer": _rule("judge", "president", "regulator"),
    "identity.open": _rule("judge", scope="court"),
    "identity.openings": _rule("judge", "president", "regulator", scope="court"),
    "alert.read": _rule("regulator"),
    "journal.read": _rule("regulator"),
    "journal.look_up": _rule("regulator"),
    "alert.resolve": _rule("regulator"),
    "pattern.read": _rule("regulator"),
    "alert.identify": _rule("regulator"),
    "letter.read": _rule("bidder", "party", *_COURT, "president", scope="court"),
    "letter.word": _rule(*_COURT),
    "catalogue.extend": _rule("judge", "president"),
    "desk.read": _rule(*_COURT, "president"),
    "sandbox.pay": Rule(ROLES),
    "sandbox.clock": _rule("operator"),
}


def decide(actor: Actor | None, action: str, *, court: str | None = None, owner: str | None = None) -> str | None:
    """None when allowed, else the code of the refusal: unauthenticated, forbidden or not_found.

    `court` is the court the object belongs to, `owner` the account; a scope whose object is not yet known is
    decided by the role alone (the service asks again with the object). KeyError for an undeclared action.
    """
    rule = POLICY[action]
    if rule.roles is None:
        return None
    if actor is None:
        return "unauthenticated"
    if actor.role not in rule.roles:
        return "forbidden"
    if rule.scope == "court" and court is not None and actor.role in COURT_ROLES and actor.court_code != court:
        return "not_found"
    if rule.scope == "owner" and owner is not None and actor.id != owner:
        return "not_found"
    return None


def require(actor: Actor | None, action: str, *, court: str | None = None, owner: str | None = None) -> None:
    """Raise DomainError with the code `decide` gives, if any."""
    refusal = decide(actor, action, court=court, owner=owner)
    if refusal is not None:
        raise DomainError(refusal)

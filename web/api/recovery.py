"""Recovery codes of one's own, and resetting a lost second factor with a second person."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Account
from auction.queries.approvals import approval_dict
from auction.services import accounts, recovery
from bidding.services.factor_reset import propose_reset

from .. import auth
from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.approvals import ApprovalOut
from ..schemas.people import FactorResetIn, ProofIn, RecoveryCodesOut
from .sessions import signed_challenge, this_session, was_shown
from .spec import Blueprint

blueprint = Blueprint("recovery", __name__, description="When a second factor is lost")


def make_codes(password: str, otp: str | None, credential: dict[str, Any] | None) -> list[str]:
    """Fresh recovery codes for whoever shows password and second factor, or the refusal; shared with the page."""
    account = house().read(lambda session: session.get_one(Account, me().id))
    matches = auth.password_matches(account, password)
    challenge = signed_challenge(account.id, None, credential) if credential is not None and matches else None

    def make(unit: Unit) -> list[str] | str:
        found = unit.session.get_one(Account, account.id, with_for_update=True, populate_existing=True)
        if accounts.waits(found, unit.machine_now):
            return "rate_limited"
        shown = matches and was_shown(unit, found, otp, credential, challenge)
        if shown is None:
            return "otp_required"
        if not shown:
            accounts.count_wrong(unit, found)
            return "otp_invalid" if matches else "bad_credentials"
        return recovery.make_codes(unit, found.id, this_session())

    made = house().perform(make)
    if made == "bad_credentials":
        raise invalid("current", "password_wrong")
    if made in ("otp_required", "otp_invalid"):
        raise invalid("otp", "webauthn_invalid" if credential is not None else str(made))
    if isinstance(made, str):
        raise DomainError(made)
    return made


@blueprint.post("/me/factors/recovery")
@policy("factor.enrol")
@blueprint.arguments(ProofIn)
@blueprint.response(201, RecoveryCodesOut)
def post_codes(data: dict[str, Any]) -> dict[str, Any]:
    """Make recovery codes, shown this once; earlier ones are void. Takes the password and a factor in force."""
    return {"codes": make_codes(data["current"], data.get("otp"), data.get("webauthn"))}


@blueprint.post("/staff/<username>/factor-reset")
@policy("factor.reset")
@blueprint.arguments(FactorResetIn)
@blueprint.response(202, ApprovalOut)
def reset(data: dict[str, Any], username: str) -> Response:
    """Propose to reset somebody's lost second factor; another regulator approves (`/approvals`)."""

    def propose(unit: Unit) -> dict[str, Any]:
        return approval_dict(unit.session, propose_reset(unit, me(), username=username, **data))

    answer = jsonify(act(propose))
    answer.status_code = 202
    return answer

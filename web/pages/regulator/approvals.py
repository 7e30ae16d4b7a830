"""What waits for a regulator's approval."""

from typing import Any

from ...auth import policy
from .. import approvals as shared
from ..forms import Entry
from .frame import blueprint

_TEMPLATE, _ACTION = "regulator/approvals.html", "regulator.answer"


@blueprint.get("/approvals")
@policy("approval.read")
def approvals() -> str:
    """The proposals that wait for this regulator."""
    return shared.page(_TEMPLATE, _ACTION, Entry())


@blueprint.post("/approvals/<approval_id>")
@policy("approval.answer")
def answer(approval_id: str) -> Any:
    """Approve or refuse."""
    return shared.answered(approval_id, _TEMPLATE, _ACTION, "regulator.approvals")

"""A sale that does not stand, on the judge's desk: a buyer who may not buy, a revocation, what becomes of the money."""

from typing import Any

from flask import render_template, url_for

from auction.kernel.errors import Breach, DomainError
from auction.models import Auction
from auction.rules.access import decide
from bidding.queries.papers import papers, proofs
from bidding.queries.revocations import money_of, proposed_revocations, revocation_of
from bidding.rules.revocation import GROUNDS, KEPT_BY, REVOCABLE, UNQUALIFIED
from bidding.services.qualification import FAILED, PROVABLE, propose_failed
from bidding.services.revocation import propose_revocation

from ... import errors
from ...auth import house, me, policy
from ...schemas.conflicts import SaleRevocationIn
from ...schemas.rounds import RulingIn
from .. import forms, labels
from ..forms import Entry
from ..language import _, language
from ..proposal_view import proposal_view
from .court import attempt, blueprint, round_of

_FIELDS = ("ground", "reason", "keep_fen", "keep_reason", "balance_reason")


@blueprint.get("/auctions/<auction_id>/unwinding")
@policy("lot.read_draft")
def unwinding(auction_id: str) -> str:
    """The buyer's proof, the grounds, the proposals, and the decision once there is one."""
    return _page(auction_id, Entry())


def _page(auction_id: str, form: Entry) -> str:
    desk, wired = round_of(auction_id), house()
    if desk.auction.leader_registration_id is None:
        raise DomainError("not_found")
    proposals = [proposal_view(one, me().role) for one in wired.read(proposed_revocations, auction_id)]
    sold = desk.auction.status == "sold" and desk.auction.settlement in REVOCABLE
    seated = any(seat.account.id == me().id for seat in desk.panel)
    waits = any(one["status"] == "pending" for one in proposals)
    article = _article(desk.lot.asset_type)
    may_settle = decide(me(), "auction.settle", court=desk.lot.court_code) is None
    return render_template(
        "desk/unwinding.html",
        desk=desk,
        lot=desk.lot,
        auction=desk.auction,
        now=wired.now(),
        form=form,
        proofs=wired.read(lambda session: papers(session, proofs(session, auction_id))),
        money=wired.read(lambda session: money_of(session, session.get_one(Auction, auction_id))),
        decided=revocation_view(auction_id),
        proposals=proposals,
        grounds=[(code, labels.REVOCATION[code]) for code in GROUNDS],
        article=errors.basis_cited(article, language()) if article else None,
        may_fail=sold and may_settle and seated and not waits and desk.auction.settlement in PROVABLE,
        may_propose=sold and seated and not waits,
    )


def revocation_view(auction_id: str) -> dict[str, Any] | None:
    """A decided revocation with its words; None where there is none."""
    found = house().read(revocation_of, auction_id)
    if found is None:
        return None
    lines = [
        {**line, "label": labels.MONEY_PART[line["code"]], "cited": errors.basis_cited(line["basis"], language())}
        for line in found["lines"]
    ]
    return {**found, "lines": lines, "cited": errors.basis_cited(GROUNDS[found["ground"]], language())}


def _article(asset_type: str) -> str | None:
    return next((article for article, kind in KEPT_BY.items() if kind == asset_type), None)


def _stated(auction_id: str) -> tuple[dict[str, Any], list[Breach]]:
    """The form as the interface's body: of an unqualified buyer's money each part is a line of its own.

    What is to be kept of the deposit stands under the article that fits the lot.
    """
    readers = {"ground": forms.text, "reason": forms.text, "keep_fen": forms.money}
    payload, wrong = forms.read({**readers, "keep_reason": forms.text, "balance_reason": forms.text})
    keep, why = payload.pop("keep_fen", 0), payload.pop("keep_reason", "")
    returned = payload.pop("balance_reason", "")
    if keep or payload.get("ground", UNQUALIFIED) == UNQUALIFIED:
        basis = _article(round_of(auction_id).lot.asset_type) if keep else None
        payload["lines"] = [{"code": "deposit", "keep_fen": keep, "basis": basis, "reason": why}]
        if house().read(lambda session: money_of(session, session.get_one(Auction, auction_id)))["balance"]:
            payload["lines"].append({"code": "balance", "keep_fen": 0, "reason": returned})
    return payload, wrong


@blueprint.post("/auctions/<auction_id>/unwinding")
@policy("auction.revoke")
def propose_unwinding(auction_id: str) -> Any:
    """Propose to the panel to revoke the sale on a ground of OJA 31."""
    payload, wrong = _stated(auction_id)
    return _act(
        auction_id,
        lambda: house().perform(propose_revocation, me(), auction_id, **forms.load(SaleRevocationIn(), payload, wrong)),
        _("已提请合议庭，过半数同意后撤销。"),
    )


@blueprint.post("/auctions/<auction_id>/unqualified")
@policy("auction.settle")
def fail_qualification(auction_id: str) -> Any:
    """Find that the buyer may not buy: no ruling, the panel is asked to revoke the sale."""
    payload, wrong = _stated(auction_id)
    payload["qualification"] = FAILED

    def fail() -> Any:
        found = forms.load(RulingIn(), payload, wrong)
        del found["qualification"]
        return house().perform(propose_failed, me(), auction_id, **found)

    return _act(
        auction_id,
        fail,
        _("已提请合议庭，过半数同意后撤销。"),
    )


def _act(auction_id: str, act: Any, said: str) -> Any:
    round_of(auction_id)
    return attempt(
        act,
        lambda form: _page(auction_id, form),
        _FIELDS,
        lambda _done: url_for("desk.unwinding", auction_id=auction_id),
        said,
    )

"""A buyer who does not pay, on the judge's desk: the clock, the declaration, objections, the deposit's use, top-up."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from auction.kernel.errors import Breach, DomainError
from auction.kernel.unit import Unit
from auction.models import Approval
from auction.rules.access import decide
from bidding.queries.renege_view import debt_of, earlier_reneges
from bidding.queries.reneges import declarers, rounds_after, waiting_proposals
from bidding.queries.rooms import ruleset_of
from bidding.services import allocation, renege, renege_objections
from bidding.services.relist import relist

from ... import errors
from ...auth import house, may_open, me, policy
from ...schemas.reneges import AllocationIn, ReasonIn, RenegeIn, RevocationIn, TopUpIn
from ...schemas.rounds import RelistIn
from .. import debt_view, forms
from ..forms import Entry
from ..language import _
from .court import blueprint, round_of

#: Rows of costs and of debts that a form may hold.
_ROWS = 50
_LISTS = ("costs", "related_debts")
_FIELDS = ("reason", "due_on", "case_debt_fen", "final_fen", "deposit_fen", "deposit_reason")
_AMOUNT: dict[str, forms.Read] = {"label": forms.text, "amount_fen": forms.money}


@blueprint.get("/auctions/<auction_id>/debt")
@policy("desk.read")
def debt(auction_id: str) -> str:
    """Where the price stands, and what can be done about it."""
    return _page(auction_id, Entry())


def _page(auction_id: str, form: Entry) -> str:
    wired, desk = house(), round_of(auction_id)
    now = wired.now()
    found = wired.read(debt_of, me(), auction_id, now)
    numbers = wired.read(ruleset_of, desk.auction)
    may = decide(me(), "auction.renege", court=desk.lot.court_code) is None
    return render_template(
        "desk/debt.html",
        desk=desk,
        lot=desk.lot,
        auction=desk.auction,
        now=now,
        debt=debt_view.view(found, now, numbers),
        form=Entry({**_entered(found), **form.values}, form.wrong, form.problem),
        empty=Entry(),
        problem=form,
        rows={name: range(_rows_of(found, name)) for name in _LISTS},
        factors=debt_view.factors(numbers),
        may=may,
        may_resell=may_open("desk.resell"),
        may_judge=may and me().id not in wired.read(declarers, auction_id),
        earlier=wired.read(earlier_reneges, desk.lot.id),
        proposals=wired.read(waiting_proposals, auction_id),
        later=[one for one in wired.read(rounds_after, desk.auction) if one.status != "withdrawn"],
    )


def _rows_of(found: dict[str, Any], name: str) -> int:
    """As many rows as are filled, and one more."""
    entered = (found["allocation"] or {}).get("entered") or {}
    return max(len(entered.get(name, [])), *forms.indexes(name), 1) + 1


def _entered(found: dict[str, Any]) -> dict[str, Any]:
    """What was entered for the use of the deposit, as the form's fields."""
    entered = (found["allocation"] or {}).get("entered") or {}
    values: dict[str, Any] = {}
    for name in ("costs", "related_debts"):
        for number, row in enumerate(entered.get(name, [])):
            values[f"{name}.{number}.label"] = row["label"]
            values[f"{name}.{number}.amount_fen"] = row["amount_fen"]
    values |= {name: entered.get(name) for name in ("case_debt_fen", "final_fen")}
    return forms.shown(values)


def _act(auction_id: str, act: Callable[[], Any], said: str) -> Any:
    """Do something and show the page again; a refusal stands above what was typed."""
    round_of(auction_id)
    try:
        done = act()
    except DomainError as error:
        if error.code in ("not_found", "unauthenticated", "fault"):
            raise
        form = forms.refused(error, (*_FIELDS, *(f"{name}.{n}" for name in _LISTS for n in range(_ROWS))))
        return _page(auction_id, form), errors.status_of(error.code)
    if isinstance(done, Approval):
        flash(_("已提交另一名法官批准，批准后才生效。"), "lead")
    else:
        flash(said, "lead")
    return redirect(url_for("desk.debt", auction_id=auction_id), 303)


@blueprint.post("/auctions/<auction_id>/debt/renege")
@policy("auction.renege")
def declare(auction_id: str) -> Any:
    """Declare that the buyer reneged; with factors of malice, propose it."""
    payload, wrong = forms.read({"reason": forms.text})
    payload["malicious_factors"] = request.form.getlist("malicious_factors")
    return _act(
        auction_id,
        lambda: house().perform(renege.declare, me(), auction_id, **forms.load(RenegeIn(), payload, wrong)),
        _("已认定悔拍，保证金不予退还。"),
    )


@blueprint.post("/auctions/<auction_id>/debt/objections/<objection_id>")
@policy("auction.renege")
def answer_objection(auction_id: str, objection_id: str) -> Any:
    """Reject an objection, or propose to accept it and revoke the declaration."""
    payload, wrong = forms.read({"reason": forms.text, "due_on": forms.text})
    if request.form.get("accept") == "true":
        facts = {**payload, "objection_id": objection_id}
        return _act(
            auction_id,
            lambda: house().perform(
                renege_objections.propose_revocation, me(), auction_id, **forms.load(RevocationIn(), facts, wrong)
            ),
            "",
        )
    payload.pop("due_on", None)
    return _act(
        auction_id,
        lambda: house().perform(
            renege_objections.reject_objection,
            me(),
            auction_id,
            objection_id,
            **forms.load(ReasonIn(), payload, [one for one in wrong if one.field != "due_on"]),
        ),
        _("异议已驳回。"),
    )


@blueprint.post("/auctions/<auction_id>/debt/allocation")
@policy("auction.renege")
def enter_allocation(auction_id: str) -> Any:
    """Enter costs and debts."""
    payload, wrong = forms.read({"case_debt_fen": forms.money, "final_fen": forms.money, "reason": forms.text})
    unread: list[Breach] = list(wrong)
    for name in _LISTS:
        payload[name], bad = forms.rows(name, _AMOUNT)
        unread += bad
    return _act(
        auction_id,
        lambda: house().perform(
            allocation.enter_allocation, me(), auction_id, **forms.load(AllocationIn(), payload, unread)
        ),
        _("已记录，以下为按此计算的分配。"),
    )


def _with_reason(
    service: Callable[..., Any], auction_id: str, said: str, schema: Any = ReasonIn, **more: forms.Read
) -> Any:
    payload, wrong = forms.read({"reason": forms.text, **more})

    def act(unit: Unit) -> Any:
        return service(unit, me(), auction_id, **forms.load(schema(), payload, wrong))

    return _act(auction_id, lambda: house().perform(act), said)


@blueprint.post("/auctions/<auction_id>/debt/allocation-decision")
@policy("auction.renege")
def decide_allocation(auction_id: str) -> Any:
    """Put the deposit to its use, for good."""
    return _with_reason(allocation.decide_allocation, auction_id, _("没收的保证金已按顺序分配入账。"))


@blueprint.post("/auctions/<auction_id>/debt/top-up")
@policy("auction.renege")
def order_top_up(auction_id: str) -> Any:
    """Order the buyer to make up the rest."""
    return _with_reason(allocation.order_top_up, auction_id, _("已责令补交。"), TopUpIn, due_on=forms.text)


@blueprint.post("/auctions/<auction_id>/debt/top-up-enforcement")
@policy("auction.renege")
def enforce_top_up(auction_id: str) -> Any:
    """Record that the order goes to enforcement."""
    return _with_reason(allocation.enforce_top_up, auction_id, _("已转强制执行。"))


@blueprint.post("/auctions/<auction_id>/debt/top-up-enforcement-end")
@policy("auction.renege")
def give_up_top_up(auction_id: str) -> Any:
    """Record that enforcement ended in vain."""
    return _with_reason(allocation.give_up_top_up, auction_id, _("已记录：余额不再追缴。"))


@blueprint.post("/auctions/<auction_id>/debt/top-up-cancellation")
@policy("auction.renege")
def cancel_top_up(auction_id: str) -> Any:
    """Take the order back."""
    return _with_reason(allocation.cancel_top_up, auction_id, _("补交令已撤回。"))


@blueprint.post("/auctions/<auction_id>/debt/resale")
@policy("auction.relist")
def resell(auction_id: str) -> Any:
    """Draft the resale, with the deposit the court chose."""
    payload, wrong = forms.read({"deposit_fen": forms.money, "deposit_reason": forms.text})
    payload["reason"] = "renege"
    round_of(auction_id)
    try:
        made = house().perform(relist, me(), auction_id, **forms.load(RelistIn(), payload, wrong))
    except DomainError as error:
        if error.code in ("not_found", "unauthenticated", "fault"):
            raise
        return _page(auction_id, forms.refused(error, _FIELDS)), errors.status_of(error.code)
    flash(_("下一轮草稿已生成，请核对方案。"), "lead")
    return redirect(url_for("desk.edit_round", auction_id=made.id), 303)

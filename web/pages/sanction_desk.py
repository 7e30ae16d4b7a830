"""What judges, presidents and regulators do about sanctions and contested records; two frames show the same."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from auction.kernel.errors import DomainError
from auction.queries.approvals import took_part
from auction.rules.access import decide
from auction.rules.ruleset import load
from bidding.queries import sanctions as queries
from bidding.queries.court import round_desk
from bidding.queries.rooms import ruleset_of
from bidding.queries.standing import behind, buyer_record
from bidding.services import sanctions as services
from bidding.services.standing import answer_objection
from risk.queries.standing import contested
from risk.rules.sanctions import SCOPES, Measure, written_rule

from ..auth import house, me, policy
from ..schemas.sanctions import LiftingIn, ReviewDecisionIn, SanctionIn
from ..schemas.standing import StandingAnswerIn
from . import forms, labels
from .desk.court import attempt
from .forms import Entry
from .language import _
from .sanction_view import decision_view, record_view

_MEASURE: dict[str, forms.Read] = {
    "kind": forms.text,
    "amount_fen": forms.money,
    "until": forms.text,
    "scope": forms.text,
    "basis": forms.text,
    "reason": forms.text,
}


def routes(blueprint: Blueprint) -> None:
    """Put onto a frame's blueprint what every frame has: the lists, one sanction, its review, contested records."""
    frame = blueprint.name

    @blueprint.get("/sanctions")
    @policy("sanction.read")
    def sanctions() -> str:
        """The court's sanctions, for a regulator those of all courts, and contested records."""
        return overview(frame)

    @blueprint.get("/sanctions/<sanction_id>")
    @policy("sanction.read")
    def sanction(sanction_id: str) -> str:
        """One sanction."""
        return one(frame, sanction_id)

    @blueprint.post("/sanctions/<sanction_id>/review")
    @policy("sanction.review")
    def review_sanction(sanction_id: str) -> Any:
        """Record a review's decision."""
        return review(frame, sanction_id)

    @blueprint.post("/standing/<objection_id>")
    @policy("standing.answer")
    def answer_standing(objection_id: str) -> Any:
        """Answer an objection to an entry of a record."""
        return answer(frame, objection_id)


def overview(frame: str, form: Entry | None = None, at: str = "") -> str:
    """Everything of the court (a regulator: of all courts): what waits, what runs, what is over."""
    wired, actor = house(), me()
    now = wired.now()
    rows = [decision_view(one, now) for one in wired.read(queries.decisions_of_court, wired.vault, actor.court_code)]
    waiting = wired.read(contested, actor.court_code) if decide(actor, "standing.answer") is None else []
    return render_template(
        f"{frame}/sanctions.html",
        frame=frame,
        now=now,
        form=form or Entry(),
        empty=Entry(),
        at=at,
        reviews=[row for row in rows if row["review"] and row["review"].status == "filed"],
        running=[row for row in rows if row["sanction"].ended_at is None and not row["failed"]],
        over=[row for row in rows if row["sanction"].ended_at is not None or row["failed"]],
        contested=[(one, actor.id not in wired.read(behind, one.entry)) for one in waiting],
        standing=labels.STANDING,
    )


def one(frame: str, sanction_id: str, form: Entry | None = None) -> str:
    """One sanction: the decision, who approved it, its review, and what may be done now."""
    wired, actor = house(), me()
    found = wired.read(queries.decision, wired.vault, actor, sanction_id)
    if found is None:
        raise DomainError("not_found")
    view = decision_view(found, wired.now())
    running = found.sanction.status in ("approved", "in_force")
    return render_template(
        f"{frame}/sanction.html",
        frame=frame,
        now=wired.now(),
        view=view,
        form=form or Entry(),
        approvals=wired.read(queries.approvals_for, sanction_id),
        may_lift=running and decide(actor, "sanction.propose", court=found.sanction.court_code) is None,
        may_review=found.review is not None
        and found.review.status == "filed"
        and decide(actor, "sanction.review") is None
        and actor.id not in wired.read(took_part, queries.SANCTION, sanction_id),
    )


def proposing(auction_id: str, form: Entry | None = None) -> str:
    """Whom the finding of malice in a sale lets the court name, the buyer's record, and the form."""
    wired, actor = house(), me()
    desk = wired.read(round_desk, auction_id)
    if desk is None or desk.lot.court_code != actor.court_code:
        raise DomainError("not_found")
    now = wired.now()
    record = wired.read(buyer_record, load(wired.settings.ruleset), actor, auction_id, now)
    rules = wired.read(ruleset_of, desk.auction)
    kinds = {kind: label for kind, label in labels.SANCTION.items() if kind != "term_bar" or written_rule(rules)}
    found = wired.read(queries.decisions_of_sale, wired.vault, auction_id)
    return render_template(
        "desk/propose.html",
        frame="desk",
        now=now,
        desk=desk,
        form=form or Entry(),
        people=wired.read(queries.candidates, wired.vault, auction_id),
        record=record_view(record),
        kinds=kinds,
        scopes={scope: labels.SCOPE[scope] for scope in SCOPES},
        decisions=[decision_view(row, now) for row in found],
        limits={
            "person": rules.fen("fine_person_max"),
            "least": rules.fen("fine_unit_min"),
            "unit": rules.fen("fine_unit_max"),
            "days": rules.days("detention_max"),
        },
    )


def propose(auction_id: str) -> Any:
    """Propose what was entered."""

    def act() -> Any:
        payload, wrong = forms.read(_MEASURE)
        data = forms.load(SanctionIn(), payload, wrong)
        measure = Measure(**{name: data.pop(name, None) for name in ("kind", "amount_fen", "until", "scope")})
        bidder_id = request.form.get("bidder", "")[:64]
        sanction, _approval = house().perform(
            services.propose_sanction, me(), bidder_id, measure, auction_id=auction_id, **data
        )
        return sanction

    return attempt(
        act,
        lambda form: proposing(auction_id, form),
        (*_MEASURE, "bidder"),
        lambda sanction: url_for("desk.sanction", sanction_id=sanction.id),
        _("已提请批准，批准之前不生效。"),
    )


def lift(sanction_id: str) -> Any:
    """Propose to lift a sanction."""

    def act() -> Any:
        payload, wrong = forms.read({"reason": forms.text})
        reason = forms.load(LiftingIn(), payload, wrong)["reason"]
        return house().perform(services.propose_lifting, me(), sanction_id, reason)

    return _of_one("desk", sanction_id, act, ("reason",), _("已提请批准，批准之前不生效。"))


def review(frame: str, sanction_id: str) -> Any:
    """Record the decision of the higher court on a review."""

    def act() -> Any:
        payload, wrong = forms.read({"outcome": forms.text, "reason": forms.text})
        return house().perform(
            services.decide_review, me(), sanction_id, **forms.load(ReviewDecisionIn(), payload, wrong)
        )

    return _of_one(frame, sanction_id, act, ("outcome", "reason"), _("复议结果已记录。"))


def _of_one(frame: str, sanction_id: str, act: Any, fields: tuple[str, ...], said: str) -> Any:
    return attempt(
        act,
        lambda form: one(frame, sanction_id, form),
        fields,
        lambda _done: url_for(f"{frame}.sanction", sanction_id=sanction_id),
        said,
    )


def answer(frame: str, objection_id: str) -> Any:
    """Answer an objection to an entry of a record."""

    def act() -> Any:
        payload, wrong = forms.read({"accept": forms.yes, "reason": forms.text})
        data = forms.load(StandingAnswerIn(), payload, wrong)
        return house().perform(answer_objection, me(), objection_id, **data)

    return attempt(
        act,
        lambda form: overview(frame, form, objection_id),
        ("reason",),
        lambda _done: url_for(f"{frame}.sanctions"),
        _("答复已记录。"),
    )

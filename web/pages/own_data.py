"""What is held about the reader: one page and a file; his contact to change, a correction to ask for."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.rules.ruleset import load
from bidding.queries.corrections import CONTACT, IDENTITY, own_corrections
from bidding.queries.erasure import barriers_of
from bidding.queries.own_data import own_data
from bidding.services.corrections import ask_correction, change_contact
from bidding.services.papers import keep_paper

from .. import errors
from ..api.corrections import erase
from ..auth import COOKIE, house, me, policy
from ..journal_words import said_kind
from ..schemas.own_data import ContactIn, CorrectionIn, ErasureIn
from . import forms, labels
from .desk.court import attempt
from .forms import Entry
from .language import _, language
from .papers import uploaded_papers

blueprint = Blueprint("own_data", __name__)


@blueprint.get("/me/data")
@policy("me.read")
def show() -> str:
    """The person's own data: how much there is of each kind, who looked him up, and the file with all of it."""
    return _page(Entry())


def _page(form: Entry) -> str:
    wired, person_id = house(), me().person_id
    found = wired.read(own_data, wired.vault, me(), wired.now())
    counts = [(label, len(found[name])) for name, label in labels.OWN_DATA.items() if found.get(name)]
    looked = [one | {"said": said_kind(one["kind"], language())} for one in found["look_ups"]]
    asked = wired.read(own_corrections, wired.vault, person_id) if person_id else []
    barred = wired.read(barriers_of, person_id, load(wired.settings.ruleset), wired.now()) if person_id else []
    until = {one.why: one.until.isoformat() if one.until else None for one in barred}
    why = [errors.sentence(f"erasure_{name}", {"until": day}, language()) for name, day in until.items()]
    contact = form if form.problem else Entry({name: (found["person"] or {}).get(name) for name in CONTACT})
    return render_template(
        "people/data.html",
        found=found,
        counts=counts,
        looked=looked,
        asked=asked,
        form=form,
        contact=contact,
        barred=why,
        may_erase=person_id is not None and not why,
    )


@blueprint.post("/me/data/contact")
@policy("data.own")
def contact() -> Any:
    """Change how one is reached."""

    def act() -> Any:
        payload, wrong = forms.read(dict.fromkeys(CONTACT, forms.text))
        data = forms.load(ContactIn(), {"address": None} | payload, wrong)
        return house().perform(change_contact, me(), data)

    return attempt(act, _page, CONTACT, lambda _done: url_for("own_data.show"), _("联系方式已更改。"))


@blueprint.post("/me/data/corrections")
@policy("data.own")
def ask() -> Any:
    """Ask for a correction of who one is, the proof handed in beside it."""
    payload, wrong = forms.read(dict.fromkeys((*IDENTITY, "reason"), forms.text))
    try:
        files = uploaded_papers()
        beside = ["beside"] if files else []
        data = forms.load(CorrectionIn(), payload | {"attachments": beside}, wrong)

        def file(unit: Unit) -> Any:
            kept = [keep_paper(unit, me(), one).id for one in files]
            unit.session.flush()
            return ask_correction(unit, me(), **(data | {"attachments": kept}))

        house().perform(file)
    except DomainError as error:
        if error.code in ("unauthenticated", "fault"):
            raise
        return _page(forms.refused(error, (*IDENTITY, "reason"))), errors.status_of(error.code)
    flash(_("申请已提交，决定后另行通知。"), "lead")
    return redirect(url_for("own_data.show"), 303)


@blueprint.post("/me/data/erasure")
@policy("data.own")
def erase_me() -> Any:
    """Erase the reader's data for good; he is signed out."""
    payload, wrong = forms.read({"password": str})
    try:
        erase(forms.load(ErasureIn(), payload, wrong)["password"])
    except DomainError as error:
        if error.code in ("unauthenticated", "fault"):
            raise
        return _page(forms.refused(error, ("password",), {})), errors.status_of(error.code)
    flash(_("您的信息已删除，账户不能再登录。"), "lead")
    answer = redirect(url_for("site.home"), 303)
    answer.delete_cookie(COOKIE)
    return answer

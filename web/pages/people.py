"""Signing in and out, and making a bidder's account."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for

from auction.kernel.errors import Breach, DomainError
from auction.queries.sessions import signed_in
from auction.rules.access import STAFF
from auction.services import accounts

from ..api.sessions import sign_in
from ..auth import COOKIE, current_actor, hash_password, house, policy
from ..origin import mark_device
from ..schemas.people import BidderIn
from . import drafts, forms
from .forms import Entry
from .language import _
from .public import local_address
from .sessions import given_credential

blueprint = Blueprint("people", __name__)

#: A browser keeps a bidder's token so long at most: sales that he watches last for days.
_LONGEST = timedelta(days=7)
#: Digits of a one-time code.
_OTP = 6
#: The desk of each role of staff.
_DESKS = {
    "judge": "desk.board",
    "clerk": "desk.board",
    "president": "approving.show",
    "agency": "agency.show",
    "regulator": "regulator.alerts",
}

_ACCOUNT: dict[str, forms.Read] = {
    "username": forms.text,
    "password": str,
    "name": forms.text,
    "id_type": forms.text,
    "id_number": forms.text,
    "phone": forms.text,
    "email": forms.text,
    "address": forms.text,
}


@blueprint.get("/login")
@policy("public.read")
def login() -> Any:
    """The sign-in page."""
    if current_actor() is not None:
        return redirect(_home_of(request.args.get("next", "")))
    return render_template("people/login.html", form=Entry(), next=request.args.get("next", ""))


@blueprint.post("/login")
@policy("session.open")
def enter() -> Any:
    """Sign in and go back to where the visitor was."""
    username, password = request.form.get("username", "").strip(), request.form.get("password", "")
    after = request.form.get("next", "")
    try:
        opened = sign_in(username[:64], password[:256], *_shown(), recovery_code=_recovery_code())
    except DomainError as error:
        form = forms.refused(error, ())
        page = render_template(
            "people/login.html",
            form=form,
            next=after,
            otp=error.code in ("otp_required", "otp_invalid"),
            draft=request.form.get("draft", ""),
        )
        return page, 401
    if house().settings.staff_mfa and opened.account.role in STAFF and not opened.session.second_factor:
        after = url_for("signed.show")  # nothing else opens before a factor is enrolled
    elif (draft := drafts.given()) is not None:
        g.pop("signed_in", None)
        g.signed_in = house().read(signed_in, opened.token, house().clock.machine())
        return _keep(make_response(drafts.resumed(draft)), opened.token, opened.account.role)
    answer = redirect(_home_of(after, opened.account.role))
    return _keep(answer, opened.token, opened.account.role)


def _shown() -> tuple[str | None, dict[str, Any] | None]:
    """The one-time code that was typed, and what a security key answered."""
    typed = request.form.get("otp", "").strip()
    return (typed or None) if len(typed) <= _OTP else None, given_credential()


def _recovery_code() -> str | None:
    """What was typed into the field of the one-time code where it is longer than such a code."""
    typed = request.form.get("otp", "").strip()
    return typed[:40] if len(typed) > _OTP else None


@blueprint.post("/logout")
@policy("public.read")
def logout() -> Response:
    """Sign out: the session is dead at once, here and everywhere its token was kept."""
    token = request.cookies.get(COOKIE)
    if token and current_actor() is not None:
        house().perform(accounts.close_session, token)
    answer = make_response(redirect(url_for("site.home")))
    answer.delete_cookie(COOKIE)
    return answer


@blueprint.get("/register")
@policy("public.read")
def register() -> str:
    """The page to make a bidder's account."""
    form = Entry({"id_type": "resident_id"})
    return render_template("people/register.html", form=form, next=request.args.get("next", ""))


@blueprint.post("/register")
@policy("bidder.create")
def create() -> Any:
    """Make the account and sign in."""
    after = request.form.get("next", "")
    payload, wrong = forms.read(_ACCOUNT)
    try:
        if payload.get("password") != request.form.get("password_again"):
            wrong.append(Breach("passwords_differ", "password_again"))
        data = forms.load(BidderIn(), payload, wrong)
        password = data.pop("password")
        house().perform(accounts.create_bidder, accounts.BidderFacts(**data), hash_password(password))
    except DomainError as error:
        form = forms.refused(error, (*_ACCOUNT, "password_again"))
        return render_template("people/register.html", form=form, next=after), 422
    opened = sign_in(payload["username"], password, None)
    flash(_("账户已建立，您已登录。"), "lead")
    return _keep(redirect(_home_of(after, "bidder")), opened.token, "bidder")


def _keep(answer: Any, token: str, role: str) -> Any:
    """Keep the session's token in the browser. How long it holds is the server's: a bidder's may be prolonged."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int((accounts.SESSION if role in STAFF else _LONGEST).total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    mark_device(answer)
    return answer


def _home_of(after: str, role: str | None = None) -> str:
    """Where a signed-in person goes: back to the page he wanted, else to the desk of the role.

    The home page is no such page: whoever signed in from it wants his desk; of bidders, whoever had not searched there.
    """
    actor = current_actor() if role is None else None
    role = role or (actor.role if actor else None)
    from_home = after.partition("?")[0] == url_for("site.home")
    if after.startswith("/") and not (from_home and (role in _DESKS or "?" not in after)):
        return local_address(after)
    return url_for(_DESKS.get(role or "") or ("enrol.mine" if role in ("bidder", "party") else "site.home"))

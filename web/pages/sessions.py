"""Signing in safely, on one page: where one is signed in, second factors, recovery codes, the password."""

from collections.abc import Callable
from typing import Any

import orjson
import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for

from auction.kernel.errors import Breach, DomainError
from auction.models import Account
from auction.rules.access import STAFF
from auction.services import accounts

from .. import errors
from ..api.recovery import make_codes
from ..api.sessions import (
    change_password,
    confirm_codes,
    enrol_passkey,
    live_sessions,
    offer_codes,
    otp_address,
    own_factors,
    remove_passkey,
)
from ..auth import house, me, policy, signed_in_now, token_at_the_door
from ..schemas.people import FactorShownIn, OtpIn, PasskeyIn, PasswordIn, ProofIn
from . import forms
from .forms import Entry
from .language import _

blueprint = Blueprint("signed", __name__)

#: How browsers and systems name themselves, the more particular first.
_BROWSERS = {
    "MicroMessenger": "WeChat",
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "HarmonyOS": "HarmonyOS",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def device(browser: str) -> str:
    """What a session was opened with, as its header says it: a browser on a system, else the program's own name."""
    name = next((said for mark, said in _BROWSERS.items() if mark in browser), None)
    system = next((said for mark, said in _SYSTEMS.items() if mark in browser), None)
    known = "·".join(said for said in (name, system) if said)
    return known or browser.split(" ")[0].split("/")[0][:40] or _("未知设备")


@blueprint.get("/me/sessions")
@policy("session.own")
def show() -> str:
    """Where I am signed in."""
    return _page(Entry())


def _page(form: Entry) -> str:
    rows = [{**one, "device": device(one["browser"])} for one in live_sessions()]
    keyed = house().settings.public_url is not None
    session = signed_in_now()
    return render_template(
        "people/sessions.html",
        sessions=rows,
        form=form,
        factors=own_factors(),
        keyed=keyed,
        username=session.username if session else "",
        staff=me().role in STAFF,
    )


def given_credential() -> dict[str, Any] | None:
    """What a security key answered, as the page's script put it into the form; None where it did not."""
    typed = request.form.get("credential", "")
    if not typed:
        return None
    try:
        credential = orjson.loads(typed)
    except orjson.JSONDecodeError:
        return {}
    return credential if isinstance(credential, dict) else {}


@blueprint.post("/me/factors/keys")
@policy("factor.enrol")
def add_key() -> Any:
    """Put a security key in force."""
    payload, wrong = forms.read({"name": forms.text})
    credential = given_credential()
    return _changed(
        lambda: enrol_passkey(**forms.load(PasskeyIn(), payload | {"credential": credential or {}}, wrong)),
        _("安全密钥已启用。"),
    )


@blueprint.post("/me/factors/keys/<key_id>/removal")
@policy("factor.enrol")
def remove_key(key_id: str) -> Any:
    """Take a security key out of force."""
    return _changed(lambda: remove_passkey(key_id), _("安全密钥已移除。"))


@blueprint.post("/me/factors/app")
@policy("factor.enrol")
def offer_app() -> Any:
    """Show, this once, what an authenticator app is to read; replacing an app takes a factor in force."""
    given, wrong = forms.read({"otp": forms.text})
    if credential := given_credential():
        given["webauthn"] = credential
    try:
        shown = forms.load(FactorShownIn(), given, wrong)
        offered = offer_codes(shown.get("otp"), shown.get("webauthn"))
    except DomainError as error:
        return _refused(error, ("otp",))
    return _app(Entry(), offered["secret"])


@blueprint.post("/me/factors/app/confirmation")
@policy("factor.enrol")
def confirm_app() -> Any:
    """Put the app in force by one of its codes; a wrong one shows the same picture again."""
    payload, wrong = forms.read({"otp": forms.text})
    try:
        confirm_codes(forms.load(OtpIn(), payload, wrong)["otp"])
    except DomainError as error:
        offered = house().perform(lambda unit: accounts.offered_factor(unit, unit.session.get_one(Account, me().id)))
        if error.code in ("unauthenticated", "fault") or offered is None:
            raise
        return _app(forms.refused(error, ("otp",), {}), offered[1]), errors.status_of(error.code)
    flash(_("验证器应用已启用。"), "lead")
    return redirect(url_for("signed.show"), 303)


def _app(form: Entry, secret: str) -> str:
    picture = segno.make(otp_address(secret), error="m").svg_data_uri(scale=5, light="#fff")
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return render_template("people/authenticator.html", form=form, picture=picture, secret=groups)


@blueprint.post("/me/factors/recovery")
@policy("factor.enrol")
def recovery_codes() -> Any:
    """Make recovery codes and show them, this once, to be printed."""
    given, wrong = forms.read({"password": str, "otp": forms.text})
    given["current"] = given.pop("password", "")
    if credential := given_credential():
        given["webauthn"] = credential
    try:
        proof = forms.load(ProofIn(), given, wrong)
        codes = make_codes(proof["current"], proof.get("otp"), proof.get("webauthn"))
    except DomainError as error:
        return _refused(error, ("otp",))
    return render_template("people/recovery.html", codes=codes, made_at=house().now())


def _refused(error: DomainError, fields: tuple[str, ...]) -> Any:
    if error.code in ("unauthenticated", "fault"):
        raise error
    return _page(forms.refused(error, fields)), errors.status_of(error.code)


def _changed(act: Callable[[], object], said: str) -> Any:
    """Do something to the own factors and show them; a refusal is shown on the same page."""
    try:
        act()
    except DomainError as error:
        if error.code in ("not_found", "unauthenticated", "fault"):
            raise
        return _page(forms.refused(error, ("name",))), errors.status_of(error.code)
    flash(said, "lead")
    return redirect(url_for("signed.show"), 303)


@blueprint.post("/me/sessions/<session_id>/end")
@policy("session.own")
def end(session_id: str) -> Any:
    """End one session. Ending this very one signs out."""
    house().perform(accounts.end_session, me().id, session_id)
    flash(_("已退出该设备。"), "lead")
    return redirect(url_for("signed.show"), 303)


@blueprint.post("/me/sessions/end-others")
@policy("session.own")
def end_others() -> Any:
    """End every session but this one."""
    ended = house().perform(accounts.end_other_sessions, me().id, token_at_the_door() or "")
    flash(_("已退出其他 %(n)s 处登录。", n=ended), "lead")
    return redirect(url_for("signed.show"), 303)


@blueprint.post("/me/password")
@policy("password.change")
def password() -> Any:
    """Change the password."""
    payload, wrong = forms.read({"current": str, "password": str})
    try:
        if payload.get("password") != request.form.get("password_again"):
            wrong.append(Breach("passwords_differ", "password_again"))
        change_password(**forms.load(PasswordIn(), payload, wrong))
    except DomainError as error:
        if error.code in ("unauthenticated", "fault"):
            raise
        form = forms.refused(error, ("current", "password", "password_again"))
        return _page(form), errors.status_of(error.code)
    flash(_("密码已更改，其他设备已退出登录。"), "lead")
    return redirect(url_for("signed.show"), 303)

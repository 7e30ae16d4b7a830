"""The Flask application: everything joined, nothing decided here."""

from collections.abc import Callable
from typing import Any

import orjson
import structlog
from flask import Flask, Request, Response, make_response, request
from flask.json.provider import JSONProvider
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_babel import Babel
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.middleware.proxy_fix import ProxyFix

from auction.kernel.errors import Breach, DomainError
from auction.kernel.settings import Settings
from auction.kernel.unit import House
from bidding.desk import Desk

from . import auth, health, idempotency
from .answering import API, LANGUAGES, answer_for, language
from .api.routes import join as join_api
from .door import Door
from .gateway import PaymentGateway
from .pages.kept import KeptPages
from .pages.site import join as join_pages
from .schemas.base import breaches_of
from .views import Views

log = structlog.get_logger(__name__)

#: A request body may not be larger, files included.
LARGEST = 16 * 2**20
#: One without files may not be larger; it is read into memory as a whole.
LARGEST_PLAIN = 2 * 2**20
_CODES = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "wrong_state",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "rate_limited",
    503: "fault",
}


class _Json(JSONProvider):
    """orjson both ways: keys stay as they come, times and money are already plain."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return orjson.dumps(obj, option=orjson.OPT_NON_STR_KEYS).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)


class _Sessions(SecureCookieSessionInterface):
    """Pages have a session for their forms; the sockets' events need none and do not pay for one."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:  # type: ignore[override]
        if request.path.startswith("/socket.io"):
            return self.make_null_session(app)
        return super().open_session(app, request)


class _App(Flask):
    json_provider_class = _Json
    session_interface = _Sessions()


def _at_once(work: Callable[..., Any], *args: Any) -> Any:
    return work(*args)


def create_app(
    house: House,
    gateway: PaymentGateway,
    desk: Desk,
    *,
    beside: Callable[..., Any] = _at_once,
    kept_pages: KeptPages | None = None,
) -> Flask:
    """The application over a wired house. `beside` runs slow work off the event loop where there is one; public pages
    are rendered for every reader where there are no `kept_pages`.
    """
    app = build(house.settings)
    furnish(app, house, gateway, desk, beside=beside, kept_pages=kept_pages)
    return app


def build(settings: Settings) -> Flask:
    """The application without a house. Its routes and their description take most of the time of a start."""
    app = _App("web")
    secure = bool(settings.public_url and settings.public_url.startswith("https:"))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=LARGEST,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SANDBOX=settings.sandbox,
        BABEL_DEFAULT_LOCALE="zh_Hans_CN",
        BABEL_DEFAULT_TIMEZONE=settings.timezone,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        API_TITLE="Fapai",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=API,
        OPENAPI_JSON_PATH="openapi.json",
    )
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    health.measure(app)
    _bound(app)
    _refuse_nul(app)
    Babel(app, locale_selector=lambda: LANGUAGES[language()])
    csrf = CSRFProtect(app)
    auth.guard(app)
    _check_csrf(app, csrf)
    idempotency.keep(app)
    _headers(app, secure)
    _failures(app)
    join_api(app)
    app.register_blueprint(health.blueprint)
    join_pages(app)
    app.extensions["check_policies"]()
    return app


def furnish(
    app: Flask,
    house: House,
    gateway: PaymentGateway,
    desk: Desk,
    *,
    beside: Callable[..., Any] = _at_once,
    kept_pages: KeptPages | None = None,
) -> None:
    """Open a built application over a house of the same settings; nothing stays of a house it stood over before."""
    metrics = health.Metrics(house, desk)
    app.extensions.update(
        house=house,
        gateway=gateway,
        door=Door(desk, house.clock, house.settings.bid_rate, metrics.answered),
        beside=beside,
        kept_pages=kept_pages,
        views=Views(),
        uses=auth.Uses(),
        metrics=metrics,
        leaving=False,
    )


def _bound(app: Flask) -> None:
    @app.before_request
    def _set() -> None:
        """Bodies say how long they are: one that does not is read up to the bound, cut there, and taken for whole. What
        stands in front says it for clients that do not.
        """
        if request.content_length is None and "Transfer-Encoding" in request.headers:
            request.max_content_length = 0  # the page that says so looks into the form
            raise DomainError("malformed")
        if request.mimetype != "multipart/form-data":
            request.max_content_length = LARGEST_PLAIN


def _refuse_nul(app: Flask) -> None:
    @app.before_request
    def _look() -> None:
        """No id holds a NUL, and PostgreSQL takes it as a fault to be asked for one."""
        if any("\0" in str(value) for value in (request.view_args or {}).values()):
            raise DomainError("not_found")


def _check_csrf(app: Flask, csrf: CSRFProtect) -> None:
    @app.before_request
    def _check() -> None:
        unsafe = request.method not in ("GET", "HEAD", "OPTIONS", "TRACE")
        page = not request.path.startswith(API)
        if unsafe and request.endpoint is not None and (page or auth.by_cookie()):
            csrf.protect()


def _headers(app: Flask, secure: bool) -> None:
    policy = (
        "default-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )

    @app.after_request
    def _set(response: Response) -> Response:
        put = response.headers.setdefault
        put("Content-Security-Policy", policy)
        put("X-Content-Type-Options", "nosniff")
        put("Referrer-Policy", "same-origin")
        put("Cross-Origin-Opener-Policy", "same-origin")
        put("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if secure:
            put("Strict-Transport-Security", "max-age=31536000")
        if app.extensions["policies"].get(request.endpoint) == "public.read":
            put("Access-Control-Allow-Origin", "*")  # to be read by any page; without cookies, which "*" never lets in
        file = request.endpoint == "static" and response.status_code < 400
        if not file and not response.cache_control.max_age:
            put("Cache-Control", "no-store")
        return response


def _failures(app: Flask) -> None:
    @app.errorhandler(DomainError)
    def _refused(error: DomainError) -> Any:
        return answer_for(error)

    @app.errorhandler(CSRFError)
    def _csrf(error: CSRFError) -> Any:
        return answer_for(DomainError("csrf_failed"))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Any:
        if error.code is not None and error.code < 400:
            return error
        code = _CODES.get(error.code or 500, "malformed" if (error.code or 500) < 500 else "fault")
        facts: dict[str, Any] = {"most": request.max_content_length} if code == "too_large" else {}
        answer = make_response(answer_for(DomainError(code, _field_errors(error), **facts)))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return answer

    @app.errorhandler(Exception)
    def _broken(error: Exception) -> Any:
        log.exception("unhandled", path=request.path)
        offered = app.extensions["policies"].get(request.endpoint or "") == "bid.place" and request.method == "POST"
        if offered:
            app.extensions["door"].broke((request.view_args or {}).get("auction_id"))
        return answer_for(DomainError("fault"))


def _field_errors(error: HTTPException) -> list[Breach]:
    """The schema's complaints, one breach a field. Only the body of an API call is looked at."""
    found: dict[str, Any] = getattr(error, "data", None) or {}
    return [breach for location in (found.get("messages") or {}).values() for breach in breaches_of(location)]

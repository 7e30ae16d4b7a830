"""In which language and in which form a request is answered."""

import orjson
from flask import Response, g, render_template, request
from werkzeug import Request

from auction.kernel.errors import DomainError

from . import errors

LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}
API = "/api/v1/"


def language() -> str:
    """`zh` or `en`: what the page was switched to, else what the client accepts; Chinese first."""
    if "language" not in g:
        g.language = language_of(request)
    return str(g.language)


def language_of(asked: Request) -> str:
    """The language of any request, also of one that opened a socket."""
    chosen = asked.args.get("lang") or asked.cookies.get("lang")
    if chosen not in LANGUAGES or asked.path.startswith(API):
        chosen = asked.accept_languages.best_match(("zh-CN", "zh", "en")) or "zh"
    return "en" if chosen == "en" else "zh"


def answer_for(error: DomainError) -> Response | tuple[str, int]:
    """A refusal as the client wants it: a problem document, or a page."""
    body = errors.problem(error, language())
    if request.path.startswith(API) or request.accept_mimetypes.best == "application/json":
        response = Response(orjson.dumps(body), body["status"], mimetype="application/problem+json")
        if body["status"] in (429, 503):
            response.headers["Retry-After"] = "1"
        return response
    return render_template("error.html", problem=body), body["status"]

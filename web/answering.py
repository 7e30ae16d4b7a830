"""In which language and in which form a request is answered."""

import orjson
from flask import Response, g, render_template, request

from auction.kernel.errors import DomainError

from . import errors

LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}
API = "/api/v1/"


def language() -> str:
    """`zh` or `en`: what the page was switched to, else what the client accepts; Chinese first."""
    if "language" not in g:
        chosen = request.args.get("lang") or request.cookies.get("lang")
        if chosen not in LANGUAGES or request.path.startswith(API):
            chosen = request.accept_languages.best_match(("zh-CN", "zh", "en")) or "zh"
        g.language = "en" if chosen == "en" else "zh"
    return str(g.language)


def answer_for(error: DomainError) -> Response | tuple[str, int]:
    """A refusal as the client wants it: a problem document, or a page."""
    body = errors.problem(error, language())
    if request.path.startswith(API) or request.accept_mimetypes.best == "application/json":
        response = Response(orjson.dumps(body), body["status"], mimetype="application/problem+json")
        if body["status"] == 429:
            response.headers["Retry-After"] = "1"
        return response
    return render_template("error.html", problem=body), body["status"]

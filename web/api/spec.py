"""How every endpoint reads requests and is described: one blueprint class, one parser, one problem document.

Strict on the way in: unknown fields of body and query are errors, JSON is read by one parser that accepts nothing
but JSON. OpenAPI tells of each endpoint who may call it and that it may answer with a problem document.
"""

from typing import Any

import flask_smorest
from flask import Flask, current_app, request
from flask_babel import get_locale
from marshmallow import RAISE, Schema, fields
from webargs.core import is_json, missing
from webargs.flaskparser import FlaskParser

from auction.kernel.errors import Breach, DomainError
from auction.rules.access import POLICY

from ..reading import read_json
from ..schemas.base import Moment

_PROBLEM = "application/problem+json"
_DEFAULT = "DEFAULT_ERROR"


class Fault(Schema):
    """One reason of a refusal, and the field it concerns."""

    field = fields.String(allow_none=True)
    code = fields.String()
    detail = fields.String()
    basis = fields.String(allow_none=True)


class Problem(Schema):
    """A refusal (RFC 9457). `basis` names the article where the refusal is a legal one."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    code = fields.String()
    detail = fields.String()
    basis = fields.String(allow_none=True)
    errors = fields.List(fields.Nested(Fault))


def language() -> str:
    """`zh` or `en`, as the request wants it."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def json_body() -> Any:
    """The request's JSON; webargs' `missing` where there is no body.

    DomainError `unsupported_media_type` for another type, `malformed` as `read_json` says.
    """
    data = request.get_data(cache=True)
    if not data:
        return missing
    if not is_json(request.mimetype):
        raise DomainError("unsupported_media_type")
    return read_json(data)


class _Parser(FlaskParser):
    """Reads arguments strictly."""

    DEFAULT_UNKNOWN_BY_LOCATION = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
        "form": RAISE,
        "files": RAISE,
    }

    def _raw_load_json(self, req: Any) -> Any:
        return json_body()


class Blueprint(flask_smorest.Blueprint):
    """A part of the interface. Views declare their policy before they are routed."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._prepare_door_doc)
        self.before_request(_refuse_unknown_query)

    def _store_endpoint_docs(self, endpoint: str, obj: Any, parameters: Any, tags: Any, **options: Any) -> None:
        super()._store_endpoint_docs(endpoint, obj, parameters, tags, **options)
        for operation in self._docs[endpoint].values():
            if isinstance(operation, dict):
                operation["policy"] = getattr(obj, "policy", None)

    def _prepare_door_doc(self, doc: dict[str, Any], doc_info: dict[str, Any], **_: Any) -> dict[str, Any]:
        doc.setdefault("responses", {})["default"] = _DEFAULT
        if POLICY[doc_info["policy"]].roles is not None:
            doc["security"] = [{"bearer": []}]
            doc["responses"][401] = "UNAUTHORIZED"
            doc["responses"][403] = "FORBIDDEN"
        return doc


def _refuse_unknown_query() -> None:
    """An endpoint without query parameters takes none."""
    view = current_app.view_functions[request.endpoint or ""]
    asked = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    if request.args and not any(parameter.get("in") == "query" for parameter in asked):
        raise DomainError("invalid", [Breach("unknown_field", name) for name in request.args])


class Api(flask_smorest.Api):
    """The description of the interface. Errors are the application's own, everywhere."""

    ERROR_SCHEMA = Problem

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.register_field(Moment, "string", "date-time")
        self.init_app(app)
        self.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})

    def _register_error_handlers(self) -> None:
        """None: the application has one for every error."""

    def _register_responses(self) -> None:
        """Describe every refusal as a problem document."""
        self.DEFAULT_RESPONSE_CONTENT_TYPE = _PROBLEM
        super()._register_responses()
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/json"

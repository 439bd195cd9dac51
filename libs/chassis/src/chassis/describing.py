"""What OpenAPI says of problems: one shape for all, and which statuses an operation may answer.

Derived from what an operation is made of (a token, a path, a body), so that no route has to repeat
it; what a route declares itself stays as it is.
"""

from typing import Any

from fastapi import FastAPI

from chassis.errors import Kind
from chassis.problems import MEDIA_TYPE

Json = dict[str, Any]

_WITH_TOKEN = {401, 403, 404}
_WITH_PATH = {400, 404, 422}
_WITH_QUERY = {422}
_WITH_BODY = {400, 404, 413, 422}
_CHANGING = {400, 409}
_WITHOUT_TOKEN_BUT_BODY = {401, 403, 429}  # whoever proves who he is
_ALWAYS = {503}
_TITLES = {kind.value.http_status: kind.value.title for kind in Kind}
_REPLACED = ("HTTPValidationError", "ValidationError")

_TEXT: Json = {"type": "string"}
PROBLEM: Json = {
    "title": "Problem",
    "description": "RFC 9457; further members tell what a client can act on.",
    "type": "object",
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people; always a text."},
        "instance": _TEXT,
        "request_id": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "Into the body, or /query/<name>, /path/<name>.",
                    },
                    "message": _TEXT,
                },
                "required": ["pointer", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "instance", "request_id"],
}


def limited() -> dict[int | str, Json]:
    """Return what a route adds to its `responses` when it refuses who asks too often."""
    return {429: _response(429)}


def refused(*statuses: int) -> dict[int | str, Json]:
    """Return what a route adds to its `responses` for refusals that its parts do not tell of."""
    return {status: _response(status) for status in statuses}


def describe(app: FastAPI) -> None:
    """Let `app.openapi` name the problems of every operation."""
    original = app.openapi

    def openapi() -> Json:
        if app.openapi_schema is None:
            document = original()
            for path, item in document["paths"].items():
                for method, operation in item.items():
                    _add(operation, path, method)
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = PROBLEM
            for name in _REPLACED:
                schemas.pop(name, None)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _add(operation: Json, path: str, method: str) -> None:
    responses = operation["responses"]
    responses.pop("422", None)  # FastAPI's own form, in which nobody is answered
    for status in sorted(_statuses(operation, path, method)):
        responses.setdefault(str(status), _response(status))


def _statuses(operation: Json, path: str, method: str) -> set[int]:
    has_token, has_body = "security" in operation, "requestBody" in operation
    found = set(_ALWAYS)
    found |= _WITH_TOKEN if has_token else set()
    found |= _WITH_PATH if "{" in path else set()
    found |= _WITH_QUERY if operation.get("parameters") else set()
    found |= _WITH_BODY if has_body else set()
    found |= _CHANGING if method != "get" else set()
    found |= _WITHOUT_TOKEN_BUT_BODY if has_body and not has_token else set()
    return found


def _response(status: int) -> Json:
    schema = {"$ref": "#/components/schemas/Problem"}
    response: Json = {"description": _TITLES[status], "content": {MEDIA_TYPE: {"schema": schema}}}
    if status == 401:
        response["headers"] = {"WWW-Authenticate": {"schema": _TEXT}}
    if status in {429, 503}:
        response["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return response

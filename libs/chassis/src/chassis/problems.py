"""Every error that leaves over REST is a problem body of RFC 9457 with the contract's words.

`detail` is always a string. What nobody foresaw is logged once with its trace and answered 500
without its text.
"""

import math
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from chassis.errors import Failure, FieldError, Invalid, Unauthenticated

MEDIA_TYPE = "application/problem+json"
_TITLES = {404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large"}


def install(app: FastAPI) -> None:
    """Register the handlers on `app`."""
    app.add_exception_handler(Failure, _on_failure)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)


def body(failure: Failure, instance: str, request_id: str) -> dict[str, Any]:
    """Return the problem object of `failure`."""
    wire = failure.kind.value
    problem: dict[str, Any] = {
        **failure.members,
        "type": f"urn:oep:problem:{failure.slug}",
        "title": wire.title,
        "status": wire.http_status,
        "detail": failure.detail,
        "instance": instance,
        "request_id": request_id,
    }
    if failure.errors:
        problem["errors"] = [{"pointer": e.pointer, "message": e.message} for e in failure.errors]
    return problem


def respond(request: Request, failure: Failure) -> Response:
    """Return the answer for `failure`."""
    return answer(failure, request.url.path, request_id(request))


def answer(failure: Failure, instance: str, request_id: str) -> Response:
    """Return the answer for `failure` to a request that is not at hand."""
    headers = _come_back(failure)
    if isinstance(failure, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    problem = body(failure, instance, request_id)
    return JSONResponse(problem, failure.kind.value.http_status, headers, MEDIA_TYPE)


def denial(failure: Failure, instance: str, request_id: str, *, status: int) -> Response:
    """Return the answer to a WebSocket handshake that is refused, whatever the kind of failure.

    Browsers show pages nothing of it; whoever looks for the cause of a close code 1006 finds it.
    """
    problem = body(failure, instance, request_id)
    title = HTTPStatus(status).phrase
    problem |= {"status": status, "title": title}
    return JSONResponse(problem, status, _come_back(failure), MEDIA_TYPE)


def _come_back(failure: Failure) -> dict[str, str]:
    if failure.retry_after_seconds is None:
        return {}
    return {"Retry-After": str(max(1, math.ceil(failure.retry_after_seconds)))}


def request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))


async def _on_failure(request: Request, failure: Exception) -> Response:
    assert isinstance(failure, Failure)  # noqa: S101  # registered for this class only
    return respond(request, failure)


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this class only
    return respond(request, invalid(error.errors()))


def invalid(errors: Any) -> Invalid:
    """Translate pydantic's list of errors into a readable `Invalid`."""
    fields = [FieldError(_pointer(e["loc"]), _message(e)) for e in errors]
    detail = "; ".join(f"{f.pointer}: {f.message}" if f.pointer else f.message for f in fields[:5])
    return Invalid(detail or None, errors=fields)


def _pointer(location: tuple[str | int, ...]) -> str:
    place, *rest = location
    parts = rest if place == "body" else [place, *rest]
    return "".join(f"/{str(p).replace('~', '~0').replace('/', '~1')}" for p in parts)


def _message(error: Any) -> str:
    return str(error["msg"]).removeprefix("Value error, ")


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for this class only
    title = _TITLES.get(error.status_code, str(error.detail))
    problem = {
        "type": "about:blank",
        "title": title,
        "status": error.status_code,
        "detail": title if error.status_code in _TITLES else str(error.detail),
        "instance": request.url.path,
        "request_id": request_id(request),
    }
    headers = dict(error.headers or {})
    return JSONResponse(problem, error.status_code, headers, MEDIA_TYPE)


def unforeseen(path: str, request_id: str) -> Response:
    """Return the answer for what nobody named; the caller has logged it."""
    return JSONResponse(unforeseen_body(path, request_id), 500, media_type=MEDIA_TYPE)


def unforeseen_body(path: str, request_id: str) -> dict[str, Any]:
    """Return the problem object for what nobody named."""
    return {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Internal Server Error",
        "instance": path,
        "request_id": request_id,
    }

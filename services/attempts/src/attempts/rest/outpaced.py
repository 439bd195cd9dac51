"""Tells whoever comes second by whom the thing was done, with the name that auth knows."""

from chassis import problems
from fastapi import FastAPI, Request
from starlette.responses import Response

from attempts.errors import Outpaced
from attempts.rest.shared import Parts


def install(app: FastAPI) -> None:
    """Register the handler; what it does not find out is said with the user's id."""
    app.add_exception_handler(Outpaced, _on_outpaced)


async def _on_outpaced(request: Request, failure: Exception) -> Response:
    assert isinstance(failure, Outpaced)  # noqa: S101  # registered for this class only
    if failure.by_id is None:
        return problems.respond(request, failure)
    parts: Parts = request.app.state.parts
    people = await parts.names.of([failure.by_id])
    return problems.respond(request, failure.named(people.name(failure.by_id)))

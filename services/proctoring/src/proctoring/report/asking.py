"""What the REST modules of reports share: in which form, with whose names, and paper."""

from collections.abc import Iterable
from enum import Enum
from typing import Annotated, Any

import msgspec
import structlog
from chassis.assignments import Assignments
from chassis.errors import Unavailable
from chassis.tokens import Caller
from fastapi import Query, Request, Response

from proctoring.auth_client import AuthClient, Person
from proctoring.edge import EVERYWHERE
from proctoring.report import streaming
from proctoring.report.press import Press

log = structlog.get_logger()


class Form(Enum):
    """The kinds of file."""

    JSON = "json"
    CSV = "csv"
    PDF = "pdf"


_BY_MEDIA_TYPE = {"application/pdf": Form.PDF, "text/csv": Form.CSV}
_FILES = ("text/csv", "application/pdf")

Format = Annotated[Form | None, Query(alias="format")]
Bom = Annotated[bool, Query(description="Begin a CSV file with a byte order mark.")]


def described(answer: str, *, has_files: bool = False) -> dict[str, Any]:
    """Return the OpenAPI description of a report and of the files that it comes as."""
    schema = {"$ref": f"#/components/schemas/{answer}"}
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if has_files:
        content |= {kind: {"schema": {"type": "string"}} for kind in _FILES}
    return {"response_class": Response, "responses": {200: {"content": content}}}


def form_of(request: Request, asked: Form | None) -> Form | None:
    """Return the form that is asked for, in the address before the header `Accept`."""
    if asked is not None:
        return asked
    kinds = request.headers.get("accept", "").lower().split(",")
    accepted = [kind.partition(";")[0].strip() for kind in kinds]
    return next((_BY_MEDIA_TYPE[kind] for kind in accepted if kind in _BY_MEDIA_TYPE), None)


async def printed(request: Request, kind: str, report: msgspec.Struct, name: str) -> Response:
    """Answer with the paper of a report. Raises `ReportsBusy`, `ReportTooSlow`."""
    press: Press = request.app.state.press
    paper = await press.print(kind, msgspec.json.encode(report))
    return Response(paper, media_type="application/pdf", headers=streaming.saved_as(f"{name}.pdf"))


async def may_see_names(request: Request, caller: Caller, exam_id: int) -> bool:
    """Say whether the caller watches people: who only marks does so without names."""
    assignments: Assignments = request.app.state.assignments
    return (await assignments.reach(caller, EVERYWHERE, ("proctor",))).covers(exam_id)


async def people(request: Request, user_ids: Iterable[int]) -> dict[int, Person]:
    """Return whom auth knows: a report without names is better than none."""
    auth: AuthClient = request.app.state.auth
    try:
        return await auth.people(list(user_ids))
    except Unavailable:
        log.warning("names.unknown")
        return {}

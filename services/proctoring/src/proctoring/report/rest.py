"""REST of reports: who may have one, and in which form; translates and calls one deed.

Without `format` a report is a page of it in JSON; with one it is a file of all of it.
"""

from enum import Enum
from typing import Annotated, Any

import msgspec
from chassis.access import AnyCaller
from chassis.assignments import Assignments
from chassis.errors import Unavailable
from chassis.tokens import Caller
from fastapi import APIRouter, Query, Request, Response

from proctoring import schemas
from proctoring.attempt import Sitting
from proctoring.auth_client import AuthClient, Person
from proctoring.edge import (
    ASSIGNED,
    EVERYWHERE,
    AttemptId,
    ExamId,
    Skip,
    as_json,
    check_reach,
    read,
)
from proctoring.errors import AttemptNotFound
from proctoring.report import about_attempt, about_exam, bodies, streaming
from proctoring.report.errors import OwnReport, ReportDenied
from proctoring.report.press import Press

router = APIRouter(prefix="/api/v1/proctoring", tags=["report"])


class Form(Enum):
    """The kinds of file."""

    JSON = "json"
    CSV = "csv"
    PDF = "pdf"


_BY_MEDIA_TYPE = {"application/pdf": Form.PDF, "text/csv": Form.CSV}

Format = Annotated[Form | None, Query(alias="format")]
Bom = Annotated[bool, Query(description="Begin a CSV file with a byte order mark.")]
After = Annotated[int, Query(ge=0, le=2**63 - 1)]
Lines = Annotated[int, Query(ge=1, le=about_attempt.TIMELINE_LIMIT)]

Bucket = Annotated[int, Query(ge=60, le=86_400)]
HeatRows = Annotated[int, Query(ge=1, le=500)]

COMPONENTS = schemas.components([bodies.AttemptReport, bodies.EventFigures, bodies.QuestionFigures])


def _described(answer: str, *more: str) -> dict[str, Any]:
    """Return the OpenAPI description of a report and of the files it comes as."""
    schema = {"$ref": f"#/components/schemas/{answer}"}
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    content |= {kind: {"schema": {"type": "string"}} for kind in more}
    return {"response_class": Response, "responses": {200: {"content": content}}}


_FILES = ("text/csv", "application/pdf")


@router.get("/attempt/{attempt_id}/report", **_described("AttemptReport", *_FILES))
async def get_attempt_report(
    request: Request,
    caller: AnyCaller,
    attempt_id: AttemptId,
    form: Format = None,
    after: After = 0,
    limit: Lines = 200,
    bom: Bom = False,
) -> Response:
    """Tell about one attempt; the timeline in pages of `limit` lines, or all of it as a file."""
    sitting = await _sitting(request, caller, attempt_id)
    form = _form(request, form)
    if form is Form.CSV:
        return await _events_file(request, attempt_id, bom=bom)
    person = await _person(request, caller, sitting)
    if form is Form.JSON:
        return await _attempt_file(request, sitting, person)
    lines = about_attempt.PRINTED_BURSTS if form is Form.PDF else limit
    report = await read(request, about_attempt.report, sitting, person, after=after, limit=lines)
    if form is Form.PDF:
        return await _printed(request, "attempt", report, f"attempt-{attempt_id}-report")
    return as_json(report)


@router.get("/exams/{exam_id}/report/events", **_described("EventFigures"))
async def get_event_figures(
    request: Request,
    caller: AnyCaller,
    exam_id: ExamId,
    bucket_seconds: Bucket = 300,
    skip: Skip = 0,
    limit: HeatRows = 100,
) -> Response:
    """Count an exam's events by type, and show when they came as a heat map of its attempts."""
    await check_reach(request, caller, exam_id, EVERYWHERE, ReportDenied)
    page = {"bucket_seconds": bucket_seconds, "skip": skip, "limit": limit}
    return as_json(await read(request, about_exam.event_figures, exam_id, **page))


@router.get("/exams/{exam_id}/report/questions", **_described("QuestionFigures"))
async def get_question_figures(request: Request, caller: AnyCaller, exam_id: ExamId) -> Response:
    """Show how long each question of an exam took, and whose times are far from the others'."""
    await check_reach(request, caller, exam_id, EVERYWHERE, ReportDenied)
    return as_json(await read(request, about_exam.question_figures, exam_id))


async def _events_file(request: Request, attempt_id: int, *, bom: bool) -> Response:
    async def page(after: int) -> Any:
        return await read(
            request, about_attempt.moments, attempt_id, after, about_attempt.PAGE_ROWS
        )

    return await streaming.as_csv(
        f"attempt-{attempt_id}-events",
        about_attempt.MOMENT_HEADER,
        page,
        about_attempt.moment_cells,
        bom=bom,
    )


async def _attempt_file(request: Request, sitting: Sitting, person: Person | None) -> Response:
    attempt_id = sitting.attempt.attempt_id
    report = await read(request, about_attempt.report, sitting, person, after=0, limit=0)

    async def page(after: int) -> Any:
        return await read(request, about_attempt.bursts, attempt_id, after, about_attempt.PAGE_ROWS)

    return await streaming.as_json(f"attempt-{attempt_id}-report", report, page)


async def _printed(request: Request, kind: str, report: msgspec.Struct, name: str) -> Response:
    press: Press = request.app.state.press
    paper = await press.print(kind, msgspec.json.encode(report))
    return Response(paper, media_type="application/pdf", headers=streaming.saved_as(f"{name}.pdf"))


def _form(request: Request, asked: Form | None) -> Form | None:
    """Return the form that is asked for, in the address before the header `Accept`."""
    if asked is not None:
        return asked
    accepted = [
        part.partition(";")[0].strip()
        for part in request.headers.get("accept", "").lower().split(",")
    ]
    return next((_BY_MEDIA_TYPE[kind] for kind in accepted if kind in _BY_MEDIA_TYPE), None)


async def _sitting(request: Request, caller: Caller, attempt_id: int) -> Sitting:
    """Return the attempt for whom may see its report. The role comes first: ids stay unguessable.

    A student is shown what concerns him where he can answer it, in his evidence and his review.
    """
    if not caller.has_any(*EVERYWHERE, *ASSIGNED):
        raise ReportDenied
    sitting: Sitting | None = (await request.app.state.attempts.sittings([attempt_id])).get(
        attempt_id
    )
    if sitting is None:
        raise AttemptNotFound
    if sitting.attempt.student_id == caller.user_id:
        raise OwnReport
    await check_reach(request, caller, sitting.attempt.exam_id, EVERYWHERE, ReportDenied)
    return sitting


async def _may_see_names(request: Request, caller: Caller, exam_id: int) -> bool:
    """Say whether the caller watches people: who only marks does so without names."""
    assignments: Assignments = request.app.state.assignments
    return (await assignments.reach(caller, EVERYWHERE, ("proctor",))).covers(exam_id)


async def _person(request: Request, caller: Caller, sitting: Sitting) -> Person | None:
    """Return who sat the attempt, None when the caller may not see it or auth is away."""
    student_id = sitting.attempt.student_id
    if not await _may_see_names(request, caller, sitting.attempt.exam_id):
        return None
    return (await _people(request, [student_id])).get(student_id)


async def _people(request: Request, user_ids: list[int]) -> dict[int, Person]:
    auth: AuthClient = request.app.state.auth
    try:
        return await auth.people(user_ids)
    except Unavailable:
        return {}  # a report without names is better than none

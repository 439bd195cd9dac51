"""REST of reports on attempts: who may have one, and in which form; translates, calls one deed.

Without `format` a report is a page of it in JSON; with one it is a file of all of it.
"""

from typing import Annotated, Any

from chassis.access import AnyCaller
from chassis.tokens import Caller
from fastapi import APIRouter, Query, Request, Response

from proctoring import schemas
from proctoring.attempt import Sitting
from proctoring.attempts_client import AttemptsClient
from proctoring.auth_client import Person
from proctoring.edge import ASSIGNED, EVERYWHERE, AttemptId, as_json, check_reach, read
from proctoring.errors import AttemptNotFound
from proctoring.report import about_attempt, asking, bodies, rest_exams, streaming
from proctoring.report.asking import Bom, Form, Format
from proctoring.report.errors import OwnReport, ReportDenied

router = APIRouter(prefix="/api/v1/proctoring", tags=["report"])
router.include_router(rest_exams.router)

After = Annotated[int, Query(ge=0, le=2**63 - 1)]
Lines = Annotated[int, Query(ge=1, le=about_attempt.TIMELINE_LIMIT)]

COMPONENTS = schemas.components(
    [bodies.AttemptReport, bodies.ExamReport, bodies.EventFigures, bodies.QuestionFigures]
)


@router.get("/attempt/{attempt_id}/report", **asking.described("AttemptReport", has_files=True))
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
    form = asking.form_of(request, form)
    if form is Form.CSV:
        return await _events_file(request, attempt_id, bom=bom)
    person = await _person(request, caller, sitting)
    if form is Form.JSON:
        return await _attempt_file(request, sitting, person)
    lines = about_attempt.PRINTED_BURSTS if form is Form.PDF else limit
    report = await read(request, about_attempt.report, sitting, person, after=after, limit=lines)
    if form is Form.PDF:
        return await asking.printed(request, "attempt", report, f"attempt-{attempt_id}-report")
    return as_json(report)


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


async def _sitting(request: Request, caller: Caller, attempt_id: int) -> Sitting:
    """Return the attempt for whom may see its report. The role comes first: ids stay unguessable.

    A student is shown what concerns him where he can answer it, in his evidence and his review.
    """
    if not caller.has_any(*EVERYWHERE, *ASSIGNED):
        raise ReportDenied
    attempts: AttemptsClient = request.app.state.attempts
    sitting = (await attempts.sittings([attempt_id])).get(attempt_id)
    if sitting is None:
        raise AttemptNotFound
    if sitting.attempt.student_id == caller.user_id:
        raise OwnReport
    await check_reach(request, caller, sitting.attempt.exam_id, EVERYWHERE, ReportDenied)
    return sitting


async def _person(request: Request, caller: Caller, sitting: Sitting) -> Person | None:
    """Return who sat the attempt, None when the caller may not see it or auth is away."""
    student_id = sitting.attempt.student_id
    if not await asking.may_see_names(request, caller, sitting.attempt.exam_id):
        return None
    return (await asking.people(request, [student_id])).get(student_id)

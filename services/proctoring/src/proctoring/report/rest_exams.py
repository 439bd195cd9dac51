"""REST of reports on exams: a sorted and filtered page, files of all, and what is counted in them.

The page comes from tallies, scores and reviews; what only the events tell has addresses of its own.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Annotated

from chassis.access import AnyCaller
from fastapi import APIRouter, Depends, Query, Request, Response

from proctoring.attempt import Roll
from proctoring.attempts_client import AttemptsClient
from proctoring.auth_client import Person
from proctoring.edge import EVERYWHERE, ExamId, Skip, as_json, check_reach, read, read_at_length
from proctoring.listing.rest import wanted_of
from proctoring.listing.store import Line
from proctoring.listing.wanted import Direction, Order, Wanted
from proctoring.report import about_exam, asking, bodies, streaming
from proctoring.report.asking import Bom, Form, Format
from proctoring.report.errors import ReportDenied
from proctoring.report.streaming import Page

router = APIRouter()

Bucket = Annotated[int, Query(ge=60, le=86_400)]
HeatRows = Annotated[int, Query(ge=1, le=500)]


@router.get("/exams/{exam_id}/report", **asking.described("ExamReport", has_files=True))
async def get_exam_report(
    request: Request,
    caller: AnyCaller,
    exam_id: ExamId,
    wanted: Annotated[Wanted, Depends(wanted_of)],
    form: Format = None,
    bom: Bom = False,
) -> Response:
    """Tell about an exam; its attempts sorted and filtered in pages, or all of them as a file."""
    await check_reach(request, caller, exam_id, EVERYWHERE, ReportDenied)
    attempts: AttemptsClient = request.app.state.attempts
    are_named = await asking.may_see_names(request, caller, exam_id)
    exam = _Exam(request, exam_id, await attempts.roll(exam_id), are_named=are_named)
    match asking.form_of(request, form):
        case Form.CSV:
            return await exam.csv_file(wanted, bom=bom)
        case Form.JSON:
            return await exam.json_file(wanted)
        case Form.PDF:
            return await exam.paper(wanted)
    return as_json(await exam.page(wanted))


class _Exam:
    """One request for a report on an exam, whose roll is known."""

    def __init__(self, request: Request, exam_id: int, roll: Roll, *, are_named: bool) -> None:
        self._request = request
        self._exam_id = exam_id
        self._roll = roll
        self._are_named = are_named
        self._name = f"exam-{exam_id}-report"

    async def page(self, wanted: Wanted) -> bodies.ExamReport:
        figures, page = await read(
            self._request, about_exam.paged, self._exam_id, self._roll, wanted
        )
        people = await self._people(page.lines)
        return about_exam.report(self._exam_id, figures, page, people)

    async def csv_file(self, wanted: Wanted, *, bom: bool) -> Response:
        rows, cells = partial(self._rows, wanted), about_exam.row_cells
        return await streaming.as_csv(self._name, about_exam.ROW_HEADER, rows, cells, bom=bom)

    async def json_file(self, wanted: Wanted) -> Response:
        figures = await read(self._request, about_exam.figures, self._exam_id)
        report = about_exam.report(self._exam_id, figures, None, {})
        return await streaming.as_json(self._name, report, partial(self._rows, wanted))

    async def paper(self, wanted: Wanted) -> Response:
        """Answer with the first attempts that are wanted, those of highest risk unless said."""
        if "sort" not in self._request.query_params:
            wanted = replace(wanted, order=Order.RISK, direction=Direction.DESCENDING)
        report = await self.page(replace(wanted, limit=about_exam.PRINTED_ROWS))
        figures = partial(read_at_length, self._request)
        page = {"bucket_seconds": 300, "skip": 0, "limit": about_exam.PRINTED_HEAT_ROWS}
        events = await figures(about_exam.event_figures, self._exam_id, **page)
        questions = await figures(about_exam.question_figures, self._exam_id)
        exam = bodies.PrintedExam(report, events, questions)
        return await asking.printed(self._request, "exam", exam, self._name)

    async def _rows(self, wanted: Wanted, after: int) -> Page[bodies.AttemptRow]:
        found: Page[Line] = await read(
            self._request, about_exam.lines, self._exam_id, self._roll, wanted, after
        )
        people = await self._people(found.rows)
        rows = [bodies.row_out(line, people.get(line.student_id)) for line in found.rows]
        return Page(rows, found.after)

    async def _people(self, lines: Iterable[Line]) -> dict[int, Person]:
        if not self._are_named:
            return {}
        return await asking.people(self._request, (line.student_id for line in lines))


@router.get("/exams/{exam_id}/report/events", **asking.described("EventFigures"))
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
    return as_json(await read_at_length(request, about_exam.event_figures, exam_id, **page))


@router.get("/exams/{exam_id}/report/questions", **asking.described("QuestionFigures"))
async def get_question_figures(request: Request, caller: AnyCaller, exam_id: ExamId) -> Response:
    """Show how long each question of an exam took, and whose times are far from the others'."""
    await check_reach(request, caller, exam_id, EVERYWHERE, ReportDenied)
    return as_json(await read_at_length(request, about_exam.question_figures, exam_id))

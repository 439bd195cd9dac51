"""/api/v1/exams and /attempts, grading: marks, rubrics, corrected keys, regrades, analyses."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from attempts.mark import Waiting
from attempts.rest.content import By
from attempts.rest.shared import (
    AnyGrader,
    App,
    ExamGrader,
    From,
    Grader,
    Limit,
    PathId,
    Skip,
    Staff,
)
from attempts.schemas.attempts import AnswerBody
from attempts.schemas.grading import (
    AnalysisBody,
    AttachBody,
    AttachedBody,
    CorrectionBody,
    DeskBody,
    GradeBody,
    MarksBody,
    NewRubric,
    RegradeBody,
    RubricBody,
)
from attempts.schemas.results import AttemptResultBody

router = APIRouter(prefix="/api/v1", tags=["grading"])


@router.post("/exams/rubrics", status_code=status.HTTP_201_CREATED)
async def add_rubric(author: By, app: App, body: NewRubric) -> RubricBody:
    new = await app.database.run(app.rubric_writing.add, body.fields, body.drafts, author)
    return RubricBody.of(new)


@router.get("/exams/rubrics")
async def list_rubrics(
    _: AnyGrader, app: App, skip: Skip = 0, limit: Limit = 100
) -> list[RubricBody]:
    found = await app.database.run(app.surveying.rubrics, skip, limit)
    return [RubricBody.of(rubric) for rubric in found]


@router.get("/exams/rubrics/{rubric_id}")
async def get_rubric(_: AnyGrader, app: App, rubric_id: PathId) -> RubricBody:
    return RubricBody.of(await app.database.run(app.surveying.rubric, rubric_id))


@router.put("/exams/rubrics/{rubric_id}")
async def replace_rubric(author: By, app: App, rubric_id: PathId, body: NewRubric) -> RubricBody:
    """Write a rubric anew, with new ids for its criteria and levels, while nobody marks by it."""
    changed = await app.database.run(
        app.rubric_writing.replace, rubric_id, body.fields, body.drafts, author
    )
    return RubricBody.of(changed)


@router.put("/exams/{exam_id}/questions/{question_id}/rubric")
async def attach_rubric(
    author: By, app: App, exam_id: PathId, question_id: PathId, body: AttachBody
) -> AttachedBody:
    """Let a question of this exam be marked by a rubric, until the first answer is."""
    rubric = await app.database.run(
        app.rubric_writing.attach, exam_id, question_id, body.rubric_id, author
    )
    shown = None if rubric is None else RubricBody.of(rubric)
    return AttachedBody(exam_id=exam_id, question_id=question_id, rubric=shown)


@router.put("/attempts/{attempt_id}/answers/{question_id}/marks")
async def put_marks(
    caller: Grader,
    app: App,
    came_from: From,
    attempt_id: PathId,
    question_id: PathId,
    body: MarksBody,
) -> AnswerBody:
    """Mark one written answer; the last missing mark turns `submitted` into `graded`."""
    answer = await app.database.run(
        app.marking.mark, attempt_id, question_id, body.verdict, caller.user_id, came_from
    )
    return AnswerBody.of(answer, time_spent_seconds=answer.time_spent_seconds)


@router.put("/attempts/{attempt_id}/answers/{question_id}/moderate")
async def moderate(
    caller: Staff,
    app: App,
    came_from: From,
    attempt_id: PathId,
    question_id: PathId,
    body: MarksBody,
) -> AnswerBody:
    """Decide between two markings that differ, or change the marks of a graded attempt."""
    answer = await app.database.run(
        app.marking.moderate, attempt_id, question_id, body.verdict, caller.user_id, came_from
    )
    return AnswerBody.of(answer, time_spent_seconds=answer.time_spent_seconds)


@router.get("/exams/{exam_id}/marking")
async def list_waiting(
    caller: ExamGrader,
    app: App,
    exam_id: PathId,
    state: Annotated[Waiting, Query()] = Waiting.MARK,
    skip: Skip = 0,
    limit: Limit = 100,
) -> list[DeskBody]:
    """List the answers that the caller could mark now, question by question, without names."""
    found = await app.database.run(
        app.surveying.waiting, exam_id, state, caller.user_id, skip, limit
    )
    return [DeskBody.of(desk) for desk in found]


@router.get("/attempts/{attempt_id}/grades")
async def list_grades(_: Grader, app: App, attempt_id: PathId) -> list[GradeBody]:
    """List all versions of an attempt's grade, oldest first; none before it has one."""
    found = await app.database.run(app.surveying.grades, attempt_id)
    return [GradeBody.of(version) for version in found]


@router.post("/attempts/{attempt_id}/regrade")
async def regrade(
    caller: Staff, app: App, came_from: From, attempt_id: PathId
) -> AttemptResultBody:
    """Grade a finished attempt again, by the keys and marks as they are now."""
    attempt = await app.database.run(app.regrading.regrade, attempt_id, caller.user_id, came_from)
    return AttemptResultBody.of(attempt)


@router.post(
    "/exams/{exam_id}/questions/{question_id}/correct-key", status_code=status.HTTP_202_ACCEPTED
)
async def correct_key(
    caller: Staff,
    app: App,
    came_from: From,
    exam_id: PathId,
    question_id: PathId,
    body: CorrectionBody,
) -> RegradeBody:
    """Correct a key in this exam; finished attempts are regraded in the background."""
    correction = body.correction(question_id, caller.user_id)
    return RegradeBody.of(
        await app.database.run(app.regrading.correct_key, exam_id, correction, came_from)
    )


@router.get("/exams/{exam_id}/regrades")
async def list_regrades(_: Staff, app: App, exam_id: PathId) -> list[RegradeBody]:
    """List the corrected keys of an exam, newest first, and what is left to regrade."""
    found = await app.database.run(app.surveying.regrades, exam_id)
    return [RegradeBody.of(regrade) for regrade in found]


@router.get("/exams/{exam_id}/item-analysis")
async def item_analysis(_: Staff, app: App, exam_id: PathId) -> AnalysisBody:
    """Show how well the questions measured, by the newest complete grades."""
    return AnalysisBody.of(await app.database.run(app.surveying.item_analysis, exam_id))

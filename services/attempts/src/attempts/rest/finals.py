"""/api/v1/attempts/{id}/final-answers, /exams/{id}/final-answers: what became of the blobs."""

from typing import Annotated

from fastapi import APIRouter, Query

from attempts.finals import Outcome
from attempts.rest.shared import App, ExamGrader, Grader, Limit, PathId, Skip
from attempts.schemas.finals import OpenedBody, OpeningBody

router = APIRouter(prefix="/api/v1", tags=["grading"])


@router.get("/attempts/{attempt_id}/final-answers")
async def get_final_answers(_: Grader, app: App, attempt_id: PathId) -> OpenedBody:
    """Show what became of an attempt's encrypted final answers, and what was stored before."""
    return OpenedBody.of(await app.database.run(app.openings.of_attempt, attempt_id))


@router.get("/exams/{exam_id}/final-answers")
async def list_final_answers(
    _: ExamGrader,
    app: App,
    exam_id: PathId,
    outcome: Annotated[Outcome | None, Query()] = None,
    skip: Skip = 0,
    limit: Limit = 100,
) -> list[OpeningBody]:
    """List what became of the encrypted final answers of an exam; `unreadable` need a person."""
    found = await app.database.run(app.openings.of_exam, exam_id, outcome, skip, limit)
    return [OpeningBody.of(opening) for opening in found]

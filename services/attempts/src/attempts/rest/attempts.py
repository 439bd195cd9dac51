"""/api/v1/attempts: lists, one attempt, its result (contract §5); sitting it is `sitting`'s."""

from typing import Annotated

from chassis.access import AnyCaller
from fastapi import APIRouter, Query, Request

from attempts.attempt import FINISHED, Status
from attempts.rest import safe_browser_check
from attempts.rest.shared import (
    App,
    Limit,
    PathId,
    QueryId,
    Sees,
    Skip,
    Staff,
    Student,
)
from attempts.schemas.attempts import (
    AttemptListItem,
    AttemptWithProgressBody,
    StaffListItem,
)
from attempts.schemas.results import AttemptResultDetailedBody

router = APIRouter(prefix="/api/v1/attempts", tags=["attempts"])

StatusFilter = Annotated[Status | None, Query()]


@router.get("/me")
async def list_own(
    caller: Student,
    app: App,
    skip: Skip = 0,
    limit: Limit = 100,
    status_filter: StatusFilter = None,
    exam_id: QueryId = None,
) -> list[AttemptListItem]:
    """List the caller's attempts, the one to be sat first."""
    found = await app.database.run(
        app.reading.attempts,
        skip,
        limit,
        caller.user_id,
        exam_id,
        status_filter,
        what_to_sit_first=True,
    )
    return [AttemptListItem.of(item) for item in found]


@router.get("/")
async def list_all(
    _: Staff,
    app: App,
    skip: Skip = 0,
    limit: Limit = 100,
    exam_id: QueryId = None,
    student_id: QueryId = None,
    status_filter: StatusFilter = None,
) -> list[StaffListItem]:
    """List attempts for staff, newest first, with names as far as auth tells them."""
    found = await app.database.run(
        app.reading.attempts,
        skip,
        limit,
        student_id,
        exam_id,
        status_filter,
        what_to_sit_first=False,
    )
    people = await app.names.of(item.attempt.student_id for item in found)
    return [StaffListItem.named(i, people.name(i.attempt.student_id)) for i in found]


@router.get("/{attempt_id}")
async def get_attempt(
    request: Request, caller: AnyCaller, app: App, attempt_id: PathId, sees: Sees
) -> AttemptWithProgressBody:
    """Return an attempt; its result is looked at in any browser, so that a finished one is, too."""
    attempt = await app.database.run(app.reading.attempt, attempt_id, caller.user_id, sees_all=sees)
    is_owner = attempt.student_id == caller.user_id
    if attempt.status not in FINISHED:
        await safe_browser_check.ensure(request, caller, app, attempt.exam_id)
    return AttemptWithProgressBody.of(attempt, is_owner=is_owner)


@router.get("/{attempt_id}/result", response_model_exclude_unset=True)
async def get_result(
    caller: AnyCaller, app: App, attempt_id: PathId, sees: Sees
) -> AttemptResultDetailedBody:
    outcome = await app.database.run(app.reading.outcome, attempt_id, caller.user_id, sees_all=sees)
    return AttemptResultDetailedBody.of_outcome(outcome)

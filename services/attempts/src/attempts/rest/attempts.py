"""/api/v1/attempts: what students do with their attempts and what staff sees (contract §5)."""

from typing import Annotated

from chassis.access import AnyCaller
from fastapi import APIRouter, Query

from attempts.answer import Save
from attempts.attempt import Status
from attempts.blob import received
from attempts.receipt import claimed
from attempts.rest.shared import (
    App,
    From,
    Limit,
    PathId,
    QueryId,
    Sees,
    Skip,
    Staff,
    Student,
)
from attempts.schemas.attempts import (
    AnswerBody,
    AttemptBody,
    AttemptListItem,
    AttemptWithProgressBody,
    SaveBody,
    StaffListItem,
    SubmitBody,
    TimeStatusBody,
)
from attempts.schemas.receipts import SubmissionBody
from attempts.schemas.results import AttemptResultDetailedBody
from attempts.using import Device

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
    caller: AnyCaller, app: App, attempt_id: PathId, sees: Sees
) -> AttemptWithProgressBody:
    attempt = await app.database.run(app.reading.attempt, attempt_id, caller.user_id, sees_all=sees)
    is_owner = attempt.student_id == caller.user_id
    return AttemptWithProgressBody.of(attempt, is_owner=is_owner)


@router.post("/{attempt_id}/begin")
async def begin(caller: Student, app: App, came_from: From, attempt_id: PathId) -> AttemptBody:
    """Start the clock; a body is neither needed nor read."""
    device = Device(caller.login_id, came_from)
    attempt = await app.database.run(app.lifecycle.begin, attempt_id, caller.user_id, device)
    return AttemptBody.of(attempt, is_owner=True)


@router.get("/{attempt_id}/time-status")
async def time_status(caller: Student, app: App, attempt_id: PathId) -> TimeStatusBody:
    attempt = await app.database.run(app.reading.own_attempt, attempt_id, caller.user_id)
    return TimeStatusBody.of(attempt)


@router.post("/{attempt_id}/answers")
async def save_answer(caller: Student, app: App, attempt_id: PathId, body: SaveBody) -> AnswerBody:
    wish = Save(
        attempt_id,
        caller.user_id,
        body.question_id,
        body.answer,
        is_flagged=body.is_flagged,
        time_spent_seconds=body.time_spent_seconds,
        login_id=caller.login_id,
    )
    answer = await app.database.run(app.saving.save, wish)
    return AnswerBody.of(answer, time_spent_seconds=answer.time_spent_seconds)


@router.get("/{attempt_id}/answers")
async def list_answers(caller: Student, app: App, attempt_id: PathId) -> list[AnswerBody]:
    """List the caller's answers; the client adds `time_spent_seconds` up again, so it is 0."""
    found = await app.database.run(app.reading.own_answers, attempt_id, caller.user_id)
    return [AnswerBody.of(answer, time_spent_seconds=0) for answer in found]


@router.post("/{attempt_id}/submit")
async def submit(
    caller: Student, app: App, came_from: From, attempt_id: PathId, body: SubmitBody
) -> SubmissionBody:
    """End the attempt; `receipt` is what the student may keep and check (`oep verify`)."""
    blob = received(body.encrypted_answers, body.encryption_timestamp, body.encryption_checksum)
    claim = claimed(body.last_event_sequence)
    done = await app.database.run(
        app.lifecycle.submit,
        attempt_id,
        caller.user_id,
        blob,
        came_from,
        caller.login_id,
        claim,
    )
    return SubmissionBody.of_submission(done)


@router.get("/{attempt_id}/result", response_model_exclude_unset=True)
async def get_result(
    caller: AnyCaller, app: App, attempt_id: PathId, sees: Sees
) -> AttemptResultDetailedBody:
    outcome = await app.database.run(app.reading.outcome, attempt_id, caller.user_id, sees_all=sees)
    return AttemptResultDetailedBody.of_outcome(outcome)

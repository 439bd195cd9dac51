"""/api/v1/attempts/{id}/…: what a student does while he sits an exam (contract §5).

A hall does it at the same moment, so these routes are looked at before all others.
"""

from chassis import tracing
from fastapi import APIRouter, Depends

from attempts import saving, submitting
from attempts.answer import Save
from attempts.blob import received
from attempts.receipt import claimed
from attempts.rest.safe_browser_check import of_attempt
from attempts.rest.shared import App, From, PathId, Student
from attempts.schemas.attempts import (
    AnswerBody,
    AttemptBody,
    SaveBody,
    SubmitBody,
    TimeStatusBody,
)
from attempts.schemas.receipts import SubmissionBody
from attempts.using import Device

router = APIRouter(prefix="/api/v1/attempts", tags=["attempts"], dependencies=[Depends(of_attempt)])


@router.post("/{attempt_id}/answers")
async def save_answer(caller: Student, app: App, attempt_id: PathId, body: SaveBody) -> AnswerBody:
    wish = Save(
        attempt_id,
        caller.user_id,
        body.question_id,
        body.answer.value,
        is_flagged=body.is_flagged,
        time_spent_seconds=body.time_spent_seconds,
        login_id=caller.login_id,
        text=body.answer.text,
        traceparent=tracing.current(),
    )
    answer = saving.told(await app.saves.put(wish))
    return AnswerBody.of(answer, time_spent_seconds=answer.time_spent_seconds)


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
    device = Device(caller.login_id, came_from)
    traced = tracing.current()
    wish = submitting.Wish(attempt_id, caller.user_id, blob, device, claim, traced)
    done = submitting.told(await app.submits.put(wish))
    return SubmissionBody.of_submission(done)

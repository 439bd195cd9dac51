"""/api/v1/attempts and /exams: who waits to begin, who lets him, and whose device is in the way."""

from typing import Annotated

from fastapi import APIRouter, Body

from attempts.authorising import Crowd
from attempts.order import Order
from attempts.rest.shared import App, ExamOverseer, From, Overseer, PathId
from attempts.schemas.actions import SteeredBody
from attempts.schemas.lobby import (
    AuthoriseBody,
    AuthoriseExamBody,
    LetInBody,
    LobbyBody,
    ReleaseBody,
)

router = APIRouter(prefix="/api/v1", tags=["lobby"])


@router.get("/exams/{exam_id}/lobby")
async def get_lobby(_: ExamOverseer, app: App, exam_id: PathId) -> LobbyBody:
    """List who has not begun, and whether he needs to be let in."""
    lobby = await app.database.run(app.authorising.lobby, exam_id)
    people = await app.names.of(attempt.student_id for attempt in lobby.attempts)
    return LobbyBody.of(lobby, people)


@router.post("/attempts/{attempt_id}/authorise")
async def authorise(
    caller: Overseer,
    app: App,
    came_from: From,
    attempt_id: PathId,
    body: Annotated[AuthoriseBody | None, Body()] = None,
) -> SteeredBody:
    """Let a student begin."""
    reason = (body or AuthoriseBody()).reason
    order = Order(attempt_id, caller.user_id, reason, came_from)
    attempt = await app.database.run(app.authorising.authorise, order)
    return SteeredBody.of(attempt, is_owner=False)


@router.post("/exams/{exam_id}/authorise")
async def authorise_exam(
    caller: ExamOverseer,
    app: App,
    came_from: From,
    exam_id: PathId,
    body: Annotated[AuthoriseExamBody | None, Body()] = None,
) -> LetInBody:
    """Let the students named begin, or all who wait."""
    wish = body or AuthoriseExamBody()
    crowd = Crowd(exam_id, wish.attempt_ids, caller.user_id, wish.reason, came_from)
    return LetInBody.of(await app.database.run(app.authorising.authorise_crowd, crowd))


@router.post("/attempts/{attempt_id}/release-device")
async def release_device(
    caller: Overseer, app: App, came_from: From, attempt_id: PathId, body: ReleaseBody
) -> SteeredBody:
    """Let the next device in, whichever it is."""
    order = Order(attempt_id, caller.user_id, body.reason, came_from)
    attempt = await app.database.run(app.releasing.release, order)
    return SteeredBody.of(attempt, is_owner=False)

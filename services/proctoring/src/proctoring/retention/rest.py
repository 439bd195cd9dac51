"""REST of retention, for administrators: policies, holds, runs, a person's export and erasure."""

from typing import Annotated, Any

from chassis.access import requires
from chassis.database import Database
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from proctoring.attempt import Attempt
from proctoring.attempts_client import AttemptsClient
from proctoring.edge import AttemptId, ExamId, existing_attempt, read
from proctoring.retention import keeping
from proctoring.retention.erasing import RETENTION, Order
from proctoring.retention.parts import Retention
from proctoring.retention.schemas import (
    ErasureBody,
    ErasureShape,
    HoldBody,
    HoldShape,
    PolicyBody,
    PolicyShape,
    Reason,
    RunBody,
    RunShape,
    StandingShape,
)

router = APIRouter(prefix="/api/v1/proctoring", tags=["retention"])

Admin = Annotated[Caller, Depends(requires("admin"))]
UserId = Annotated[int, Path(ge=1, le=2**31 - 1)]
LiftReason = Annotated[Reason | None, Query()]


@router.get("/exams/{exam_id}/retention")
async def get_policy(request: Request, _: Admin, exam_id: ExamId) -> PolicyShape:
    """Return for how many days an exam's evidence is kept, and who decided it when."""
    return PolicyShape.of(
        exam_id, await read(request, keeping.kept, exam_id, _retention(request).defaults)
    )


@router.put("/exams/{exam_id}/retention")
async def put_policy(
    request: Request, caller: Admin, exam_id: ExamId, body: PolicyBody
) -> PolicyShape:
    """Decide it anew, also for what is stored already; what was erased does not come back."""
    change = body.model_dump() | {"author_id": caller.user_id}
    found = await read(request, keeping.decide, exam_id, change, _retention(request).defaults)
    return PolicyShape.of(exam_id, found)


@router.get("/attempt/{attempt_id}/hold")
async def get_hold(request: Request, _: Admin, attempt_id: AttemptId) -> StandingShape:
    """Return what holds an attempt's evidence, now and before, and what was erased."""
    await existing_attempt(request, attempt_id)
    found = await read(request, keeping.standing, attempt_id, _retention(request).held_by_review)
    return StandingShape.of(attempt_id, found)


@router.post("/attempt/{attempt_id}/hold", status_code=201)
async def place_hold(
    request: Request, caller: Admin, attempt_id: AttemptId, body: HoldBody
) -> HoldShape:
    """Keep an attempt's evidence until the hold is lifted, whatever its age."""
    await existing_attempt(request, attempt_id)
    placed = await read(request, keeping.place, attempt_id, body.reason, caller.user_id)
    return HoldShape.of(placed)


@router.delete("/attempt/{attempt_id}/hold", status_code=204)
async def lift_hold(
    request: Request, caller: Admin, attempt_id: AttemptId, reason: LiftReason = None
) -> None:
    """Lift the hold; what is due is erased by the next run."""
    await existing_attempt(request, attempt_id)
    await read(request, keeping.lift, attempt_id, reason, caller.user_id)


@router.post("/retention/runs")
async def run(request: Request, caller: Admin, body: RunBody) -> RunShape:
    """Erase what is due of the next attempts, or only say what would be (`dry_run`)."""
    eraser, database = _retention(request).eraser, _database(request)
    order = Order(_actor(caller), RETENTION)
    chosen: dict[str, Any] = {
        "after": body.after_attempt_id,
        "limit": body.limit,
        "exam_id": body.exam_id,
    }
    if body.dry_run:
        page = await database.run(eraser.rehearse, **chosen)
    else:
        page = await database.run(eraser.run, order, **chosen)
    return RunShape.of(order.run_id, page, is_dry=body.dry_run)


@router.get(
    "/people/{user_id}/export",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def export_person(request: Request, _: Admin, user_id: UserId) -> StreamingResponse:
    """Return all that proctoring holds on a person, streamed."""
    attempts = await _attempts(request, user_id)
    document = _retention(request).exporter.person(user_id, attempts)
    return StreamingResponse(document, media_type="application/json")


@router.post("/people/{user_id}/erasure")
async def erase_person(
    request: Request, caller: Admin, user_id: UserId, body: ErasureBody
) -> ErasureShape:
    """Erase payloads and network data of all attempts of a person, whatever their age.

    What is held is named with the reason and goes when nothing holds it any more.
    """
    attempts = [attempt.attempt_id for attempt in await _attempts(request, user_id)]
    order = Order(_actor(caller), body.reason)
    eraser = _retention(request).eraser
    done = await _database(request).run(eraser.forget, user_id, attempts, order)
    return ErasureShape.of(user_id, order.run_id, done)


async def _attempts(request: Request, user_id: int) -> list[Attempt]:
    attempts: AttemptsClient = request.app.state.attempts
    return await attempts.of_student(user_id)


def _actor(caller: Caller) -> str:
    return f"user:{caller.user_id}"


def _retention(request: Request) -> Retention:
    retention: Retention = request.app.state.retention
    return retention


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database

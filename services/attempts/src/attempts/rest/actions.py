"""/api/v1/attempts and /exams: starting, coming back, and what the staff does (contract §5)."""

from typing import Annotated

from chassis.access import AnyCaller
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, Query, Request, status

from attempts.allowance import Grant
from attempts.attempt import Attempt
from attempts.order import Order
from attempts.rest import safe_browser_check
from attempts.rest.shared import (
    Admin,
    App,
    ExamOverseer,
    From,
    Overseer,
    PathId,
    Sees,
    Staff,
    Student,
    Warden,
)
from attempts.schemas.actions import (
    AllowanceBody,
    CancelBody,
    ExamGrantedBody,
    GrantBody,
    GrantedBody,
    PauseBody,
    ReasonBody,
    ReopenBody,
    ResumeBody,
    StartBody,
    StatisticsBody,
    SteeredBody,
)
from attempts.schemas.attempts import AttemptBody
from attempts.starting import Seat
from attempts.using import Device

router = APIRouter(prefix="/api/v1", tags=["actions"])


@router.post("/attempts/start", status_code=status.HTTP_201_CREATED)
async def start(
    request: Request, caller: Student, app: App, came_from: From, body: StartBody
) -> AttemptBody:
    """Start the assigned attempt of the exam, or a new one if the student's trade fits."""
    await safe_browser_check.ensure(request, caller, app, body.exam_id)
    student_id, trade_id = caller.user_id, None
    if await app.database.run(app.starting.is_trade_needed, student_id, body.exam_id):
        trade_id = (await app.names.known([student_id])).trade(student_id)
    seat = Seat(
        student_id,
        body.exam_id,
        came_from,
        body.workstation_id,
        body.browser_info,
        trade_id,
        caller.login_id,
    )
    return AttemptBody.of(await app.database.run(app.starting.start, seat), is_owner=True)


@router.post("/attempts/{attempt_id}/resume", dependencies=[Depends(safe_browser_check.of_attempt)])
async def resume(
    caller: Student, app: App, came_from: From, attempt_id: PathId, body: ResumeBody | None = None
) -> SteeredBody:
    """Come back to a running attempt; the first workstation named is bound."""
    workstation_id = body.workstation_id if body is not None else None
    device = Device(caller.login_id, came_from)
    attempt = await app.database.run(
        app.starting.resume, attempt_id, caller.user_id, workstation_id, device
    )
    return SteeredBody.of(attempt, is_owner=True)


@router.get("/attempts/statistics/{exam_id}")
async def statistics(_: Staff, app: App, exam_id: PathId) -> StatisticsBody:
    return StatisticsBody(**await app.database.run(app.starting.statistics, exam_id))


@router.post("/attempts/{attempt_id}/cancel")
async def cancel(
    caller: Warden, app: App, came_from: From, attempt_id: PathId, body: CancelBody
) -> SteeredBody:
    """Cancel whatever is not graded."""
    order = Order(attempt_id, caller.user_id, body.reason, came_from, body.reason_code)
    return _shown(await app.database.run(app.steering.cancel, order))


@router.post("/attempts/{attempt_id}/pause")
async def pause(
    caller: Warden, app: App, came_from: From, attempt_id: PathId, body: PauseBody
) -> SteeredBody:
    """Freeze the clock of a running attempt."""
    order = Order(attempt_id, caller.user_id, body.reason, came_from)
    return _shown(await app.database.run(app.steering.pause, order, body.max_seconds))


@router.post("/attempts/{attempt_id}/unpause")
async def unpause(
    caller: Warden, app: App, came_from: From, attempt_id: PathId, body: ReasonBody
) -> SteeredBody:
    """Let the clock go on, the deadline moved by the pause."""
    order = Order(attempt_id, caller.user_id, body.reason, came_from)
    return _shown(await app.database.run(app.steering.unpause, order))


@router.post("/attempts/{attempt_id}/reopen", status_code=status.HTTP_201_CREATED)
async def reopen(
    caller: Admin, app: App, came_from: From, attempt_id: PathId, body: ReopenBody
) -> SteeredBody:
    """Make a new attempt that carries the answers and the time left of a closed one."""
    order = Order(attempt_id, caller.user_id, body.reason, came_from)
    return _shown(await app.database.run(app.steering.reopen, order, body.extra_seconds))


@router.post("/attempts/{attempt_id}/allowances", status_code=status.HTTP_201_CREATED)
async def extend(
    caller: Overseer, app: App, came_from: From, attempt_id: PathId, body: GrantBody
) -> GrantedBody:
    """Give one attempt extra time."""
    attempt, allowance = await app.database.run(
        app.allowing.extend, attempt_id, _grant(caller, body), came_from
    )
    return GrantedBody(
        allowance=AllowanceBody.of(allowance),
        deadline_at=attempt.deadline_at,
        time_remaining_seconds=attempt.time_remaining_seconds,
    )


@router.get("/attempts/{attempt_id}/allowances")
async def list_allowances(
    caller: AnyCaller, app: App, attempt_id: PathId, sees: Sees
) -> list[AllowanceBody]:
    found = await app.database.run(
        app.allowing.of_attempt, attempt_id, caller.user_id, sees_all=sees
    )
    return [AllowanceBody.of(allowance) for allowance in found]


@router.post("/attempts/{attempt_id}/allowances/{allowance_id}/ack")
async def acknowledge(
    caller: Student, app: App, attempt_id: PathId, allowance_id: PathId
) -> AllowanceBody:
    """Note that the student's client has shown it; repeating changes nothing."""
    seen = await app.database.run(
        app.allowing.acknowledge, attempt_id, allowance_id, caller.user_id
    )
    return AllowanceBody.of(seen)


@router.post("/exams/{exam_id}/allowances", status_code=status.HTTP_201_CREATED)
async def extend_exam(
    caller: Staff, app: App, came_from: From, exam_id: PathId, body: GrantBody
) -> ExamGrantedBody:
    """Give all attempts of an exam extra time, later ones included."""
    done = await app.database.run(
        app.allowing.extend_exam, exam_id, _grant(caller, body), came_from
    )
    return ExamGrantedBody(exam_allowance_id=done.exam_allowance_id, attempts=len(done.attempts))


@router.get("/exams/{exam_id}/allowances")
async def list_exam_allowances(
    _: ExamOverseer, app: App, exam_id: PathId, unseen_only: Annotated[bool, Query()] = False
) -> list[AllowanceBody]:
    """Show who was given what; `unseen_only` keeps those whose client has not shown it."""
    found = await app.database.run(app.allowing.of_exam, exam_id, unseen_only=unseen_only)
    return [AllowanceBody.of(allowance) for allowance in found]


def _grant(caller: Caller, body: GrantBody) -> Grant:
    return Grant(body.seconds, body.factor, body.reason, caller.user_id)


def _shown(attempt: Attempt) -> SteeredBody:
    return SteeredBody.of(attempt, is_owner=False)

"""REST of actions: asking for them, single and in bulk, seeing them, acknowledging them."""

from typing import Annotated, Any

from chassis import patience, problems
from chassis.origins import Origin, origin
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, Path, Query, Request, status

from proctoring.acting import errors
from proctoring.acting.action import Action, Kind, Order
from proctoring.acting.guarding import EitherParty, ExamWatcher, Student, Watcher, check_kind
from proctoring.acting.parts import Parts
from proctoring.acting.schemas import (
    ActionAnswer,
    ActionBody,
    ActionItem,
    ActionOut,
    ExamActionBody,
    KindWord,
)
from proctoring.edge import ExamId, Limit, Skip

router = APIRouter()


async def acting_parts(request: Request) -> Parts:
    parts: Parts = request.app.state.acting
    return parts


async def _origin(request: Request) -> Origin:
    return origin(
        request.client.host if request.client else None,
        request.headers.get("x-forwarded-for"),
        request.headers.get("user-agent"),
        request.app.state.settings.trusted_proxies,
    )


Acting = Annotated[Parts, Depends(acting_parts)]
From = Annotated[Origin, Depends(_origin)]
Live = Annotated[bool | None, Query()]
Number = Annotated[int, Path(alias="id", ge=1, le=2**63 - 1)]


@router.post("/exams/{exam_id}/actions")
async def act_on_exam(
    request: Request,
    caller: ExamWatcher,
    acting: Acting,
    came_from: From,
    exam_id: ExamId,
    body: ExamActionBody,
) -> ActionAnswer:
    """Do one thing to many attempts; each has its own result, one refused holds nobody up.

    An order of thousands may take longer than anybody waits for it, and goes on: what bounds it is
    how long each of its steps may take.
    """
    patience.for_each_wait()
    chosen = None if body.attempt_ids is None else tuple(body.attempt_ids)
    order = await _order(request, caller, exam_id, body, chosen, came_from)
    done = await acting.doing.ask(order)
    items = [ActionItem.of(action, _error(request, action)) for action in done]
    return ActionAnswer(action_id=body.action_id, results=items)


@router.post("/attempt/{attempt_id}/actions", status_code=status.HTTP_201_CREATED)
async def act(
    request: Request, party: Watcher, acting: Acting, came_from: From, body: ActionBody
) -> ActionOut:
    """Do one thing to an attempt; a second one who does the same is told who was first."""
    attempt = party.attempt
    chosen = (attempt.attempt_id,)
    order = await _order(request, party.caller, attempt.exam_id, body, chosen, came_from)
    [action] = await acting.doing.ask(order)
    if action.refusal is not None:
        raise errors.failure(action.refusal)
    return ActionOut.of(action)


@router.get("/attempt/{attempt_id}/actions")
async def get_actions(
    request: Request, party: EitherParty, acting: Acting, live: Live = None
) -> list[ActionOut]:
    """Return an attempt's actions, oldest first; with `live=true` those that wait to be seen."""
    found = await request.app.state.database.run(
        acting.seeing.of_attempt, party.attempt, live=live, for_student=party.is_student
    )
    return [ActionOut.of(action) for action in found]


@router.post("/attempt/{attempt_id}/actions/{id}/acknowledge")
async def acknowledge(
    request: Request, party: Student, acting: Acting, number: Number
) -> ActionOut:
    """Note that the student's client has shown it; repeating changes nothing."""
    seen = await request.app.state.database.run(acting.seeing.acknowledge, party.attempt, number)
    return ActionOut.of(seen)


@router.get("/exams/{exam_id}/actions")
async def get_exam_actions(
    request: Request,
    _: ExamWatcher,
    acting: Acting,
    exam_id: ExamId,
    live: Live = None,
    action: Annotated[KindWord | None, Query()] = None,
    skip: Skip = 0,
    limit: Limit = 100,
) -> list[ActionOut]:
    """Return an exam's actions, newest first; `live=true` shows whose client has not shown it."""
    kind = None if action is None else Kind(action)
    found = await request.app.state.database.run(
        acting.seeing.of_exam, exam_id, live=live, kind=kind, skip=skip, limit=limit
    )
    return [ActionOut.of(each) for each in found]


async def _order(
    request: Request,
    caller: Caller,
    exam_id: int,
    body: ActionBody,
    chosen: tuple[int, ...] | None,
    came_from: Origin,
) -> Order:
    await check_kind(request, caller, exam_id, body.kind)
    return Order(body.action_id, exam_id, caller.user_id, body.wish, chosen, came_from)


def _error(request: Request, action: Action) -> dict[str, Any] | None:
    if action.refusal is None:
        return None
    failure = errors.failure(action.refusal)
    return problems.body(failure, request.url.path, problems.request_id(request))

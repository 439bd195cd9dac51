"""REST of the list: who may see it, what is asked, whose names are shown.

Who sits the exam is asked of attempts, anew each time; names are asked of auth for the page alone.
"""

from collections.abc import Iterable
from typing import Annotated, Literal

import structlog
from chassis.access import AnyCaller
from chassis.assignments import Assignments
from chassis.errors import Unavailable
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, Query, Request, Response

from proctoring import schemas as event_schemas
from proctoring.attempt import AttemptStatus
from proctoring.attempts_client import AttemptsClient
from proctoring.auth_client import AuthClient, Person
from proctoring.edge import EVERYWHERE, ExamId, Limit, Skip, check_reach, read
from proctoring.errors import AccessDenied
from proctoring.listing import store
from proctoring.listing.schemas import ListBody
from proctoring.listing.wanted import Direction, Order, Wanted

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1/proctoring", tags=["listing"])

Count = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
RuleId = Annotated[str | None, Query(max_length=50, description="Adds points to the score.")]
TypeWanted = Annotated[str | None, Query(pattern=event_schemas.TYPE_PATTERN)]
ReviewState = Literal["open", "decided", "appealed", "closed"]


def wanted_of(
    sort: Order = Order.ATTEMPT,
    direction: Direction | None = None,
    skip: Skip = 0,
    limit: Limit = 100,
    status: AttemptStatus | None = None,
    min_risk: Count = None,
    rule: RuleId = None,
    min_warnings: Count = None,
    min_violations: Count = None,
    last_event_type: TypeWanted = None,
    review_state: ReviewState | None = None,
    has_review: bool | None = None,
    has_events: bool | None = None,
) -> Wanted:
    """Read the query; what is largest or newest comes first unless it is said otherwise."""
    usual = Direction.ASCENDING if sort is Order.ATTEMPT else Direction.DESCENDING
    return Wanted(
        order=sort,
        direction=direction or usual,
        skip=skip,
        limit=limit,
        status=status,
        min_risk=min_risk,
        rule=rule,
        min_warnings=min_warnings,
        min_violations=min_violations,
        last_event_type=last_event_type,
        review_state=review_state,
        has_review=has_review,
        has_events=has_events,
    )


@router.get("/exams/{exam_id}/attempts", response_model=ListBody)
async def list_attempts(
    request: Request,
    caller: AnyCaller,
    exam_id: ExamId,
    wanted: Annotated[Wanted, Depends(wanted_of)],
) -> Response:
    """Return a page of an exam's attempts, those without events among them."""
    await check_reach(request, caller, exam_id, EVERYWHERE, AccessDenied)
    attempts: AttemptsClient = request.app.state.attempts
    roll = await attempts.roll(exam_id)
    page = await read(request, store.page, roll, wanted)
    people: dict[int, Person] = {}
    if await _may_see_names(request, caller, exam_id):
        people = await _people(request, (line.student_id for line in page.lines))
    body = ListBody.of(exam_id, page, people)
    return Response(body.model_dump_json(), media_type="application/json")


async def _may_see_names(request: Request, caller: Caller, exam_id: int) -> bool:
    """Say whether the caller watches people: who only marks does so without names."""
    assignments: Assignments = request.app.state.assignments
    return (await assignments.reach(caller, EVERYWHERE, ("proctor",))).covers(exam_id)


async def _people(request: Request, user_ids: Iterable[int]) -> dict[int, Person]:
    """Return whom auth knows; the list is of use without names, too."""
    auth: AuthClient = request.app.state.auth
    try:
        return await auth.people(list(user_ids))
    except Unavailable:
        log.warning("names.unknown")
        return {}

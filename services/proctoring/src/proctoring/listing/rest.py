"""REST of the list: who may see it, what is asked, whose names are shown.

Who sits the exam is asked of attempts, anew each time; names are asked of auth for the page alone.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Annotated, Any, Literal

import structlog
from chassis.access import AnyCaller
from chassis.assignments import Assignments
from chassis.errors import Unavailable
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, Query, Request, Response

from proctoring import schemas as event_schemas
from proctoring.attempt import AttemptStatus, Roll
from proctoring.attempts_client import AttemptsClient
from proctoring.auth_client import AuthClient, Person
from proctoring.edge import EVERYWHERE, ExamId, Limit, Skip, as_json, check_reach, read
from proctoring.errors import AccessDenied
from proctoring.event import Severity
from proctoring.listing import store
from proctoring.listing.schemas import ListBody
from proctoring.listing.wanted import Direction, Order, Wanted
from proctoring.risk.accommodation import RULE_IDS

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1/proctoring", tags=["listing"])

Count = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
RuleWord = Enum("RuleWord", {rule_id: rule_id for rule_id in RULE_IDS})  # type: ignore[misc]
RuleId = Annotated[RuleWord | None, Query(description="Adds points to the score.")]
TypeWanted = Annotated[str | None, Query(pattern=event_schemas.TYPE_PATTERN)]
TypeSeen = Annotated[
    str | None,
    Query(pattern=event_schemas.TYPE_PATTERN, description="Came at least once, at any time."),
]
Missing = Annotated[
    bool | None, Query(description="Of what the client has sent, numbers are missing.")
]
NO_NUL = r"^[^\x00]+$"
Search = Annotated[
    str | None,
    Query(
        min_length=1, max_length=100, pattern=NO_NUL, description="Part of a name or hall ticket."
    ),
]
_SCHEMA = {"application/json": {"schema": {"$ref": "#/components/schemas/ListBody"}}}
_DESCRIBED: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": _SCHEMA}},
}
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
    severity: Severity | None = None,
    event_type: TypeSeen = None,
    last_event_type: TypeWanted = None,
    review_state: ReviewState | None = None,
    has_review: bool | None = None,
    has_events: bool | None = None,
    has_missing_events: Missing = None,
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
        rule=rule.value if rule else None,
        min_warnings=min_warnings,
        min_violations=min_violations,
        severity=severity,
        event_type=event_type,
        last_event_type=last_event_type,
        review_state=review_state,
        has_review=has_review,
        has_events=has_events,
        has_missing_events=has_missing_events,
    )


@router.get("/exams/{exam_id}/attempts", **_DESCRIBED)
async def list_attempts(
    request: Request,
    caller: AnyCaller,
    exam_id: ExamId,
    wanted: Annotated[Wanted, Depends(wanted_of)],
    search: Search = None,
) -> Response:
    """Return a page of an exam's attempts, those without events among them."""
    await check_reach(request, caller, exam_id, EVERYWHERE, AccessDenied)
    are_named = await _may_see_names(request, caller, exam_id)
    roll = await _searched(request, exam_id, search, are_named=are_named)
    page = await read(request, store.page, exam_id, roll, wanted)
    of = (line.student_id for line in page.lines)
    people = await _people(request, of) if are_named else {}
    return as_json(ListBody.of(exam_id, page, people))


async def _searched(request: Request, exam_id: int, search: str | None, *, are_named: bool) -> Roll:
    """Return the roll, or who of it is searched for."""
    attempts: AttemptsClient = request.app.state.attempts
    roll = await attempts.roll(exam_id)
    if search is None:
        return roll
    if not are_named:  # it would tell who is who
        raise AccessDenied
    auth: AuthClient = request.app.state.auth
    return roll.only(await auth.called(sorted(set(roll.student_ids)), search))


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

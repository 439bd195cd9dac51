"""What the REST modules of proctoring share: who may look at what, one query, one JSON answer."""

import asyncio
from typing import Annotated, Any

import msgspec
from chassis.assignments import Assignments
from chassis.database import DatabaseUnavailable
from chassis.errors import Forbidden
from chassis.tokens import Caller
from fastapi import Path, Query, Request, Response

from proctoring.attempt import Attempt
from proctoring.attempts_client import AttemptsClient
from proctoring.errors import AccessDenied, AttemptNotFound

AttemptId = Annotated[int, Path()]
ExamId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Skip = Annotated[int, Query(ge=0, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=1000)]

READ_SECONDS = 5.0
"""How long anybody waits for a query; far less than the gateway, which waits for 15 s."""
EVERYWHERE = ("admin", "hall_in_charge")
"""Roles that see every exam."""
ASSIGNED = ("proctor", "grader")
"""Roles that see the exams to which they are assigned (ADR 18)."""


async def check_reader(request: Request, caller: Caller, attempt_id: int) -> None:
    """Raise unless the attempt exists and `caller` sat it or may look at others' work."""
    attempt = await existing_attempt(request, attempt_id)
    if attempt.student_id != caller.user_id:
        await check_reach(request, caller, attempt.exam_id, EVERYWHERE, AccessDenied)


async def existing_attempt(request: Request, attempt_id: int) -> Attempt:
    """Return the attempt as attempts knows it now; raise `AttemptNotFound`."""
    attempts: AttemptsClient = request.app.state.attempts
    attempt = (await attempts.ask([attempt_id], with_questions=False)).get(attempt_id)
    if attempt is None:
        raise AttemptNotFound
    return attempt


async def attempts_of(request: Request, student_id: int) -> list[Attempt]:
    """Return all attempts of a student as attempts knows them now."""
    attempts: AttemptsClient = request.app.state.attempts
    return await attempts.of_student(student_id)


async def check_reach(
    request: Request,
    caller: Caller,
    exam_id: int,
    everywhere: tuple[str, ...],
    denied: type[Forbidden],
) -> None:
    """Raise `denied` unless a role of `everywhere` or an assignment opens the exam."""
    assignments: Assignments = request.app.state.assignments
    reach = await assignments.reach(caller, everywhere, ASSIGNED)
    if not reach.covers(exam_id):
        raise denied


async def read(request: Request, query: Any, *args: Any, **kwargs: Any) -> Any:
    """Run one query in a transaction of its own, on a database thread.

    Raises `DatabaseUnavailable` after `READ_SECONDS`: a Postgres that is stopped cannot keep to its
    own time limits. The thread comes back when Postgres does.
    """
    return await _within(READ_SECONDS, request, query, *args, **kwargs)


async def read_at_length(request: Request, query: Any, *args: Any, **kwargs: Any) -> Any:
    """Run what counts all events of an exam, in several statements; otherwise like `read`.

    It may take what is left of the request's patience.
    """
    return await _within(None, request, query, *args, **kwargs)


async def _within(
    seconds: float | None, request: Request, query: Any, *args: Any, **kwargs: Any
) -> Any:
    database = request.app.state.database

    def work() -> Any:
        with database.transaction() as session:
            return query(session, *args, **kwargs)

    try:
        async with asyncio.timeout(seconds):
            return await database.run(work)
    except TimeoutError:
        raise DatabaseUnavailable from None


def as_json(content: Any, status: int = 200) -> Response:
    """Return the answer that holds `content`: msgspec structs or anything that it can encode."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")

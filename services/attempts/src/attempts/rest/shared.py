"""What all routes of this service share: parts of the app, paging, and who may.

Administrators and halls in charge reach every attempt; who is nothing but a proctor or a grader
reaches those of the exams that he is assigned to in that role (ADR 18).
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from chassis.access import AnyCaller, require, requires
from chassis.assignments import Assignments
from chassis.database import Database
from chassis.origins import Network, Origin, origin
from chassis.tokens import Caller
from fastapi import Depends, Path, Query, Request

from attempts import progress, submitting
from attempts.allowing import Allowing
from attempts.answer import Save
from attempts.auth_client import Names
from attempts.authoring import Authoring
from attempts.authorising import Authorising
from attempts.compensating import Compensating
from attempts.composing import Composing
from attempts.errors import NotAssigned
from attempts.exam import Sight
from attempts.exchanging import Exchanging
from attempts.forgetting import Forgetting
from attempts.grouping import Grouping
from attempts.hand_marking import Marking
from attempts.lifecycle import Lifecycle
from attempts.moving import Moving
from attempts.opening import Openings
from attempts.papers import Papers
from attempts.reading import Reading
from attempts.regrading import Regrading
from attempts.releasing import Releasing
from attempts.rubric_writing import RubricWriting
from attempts.safe_browsing import SafeBrowsing
from attempts.saving import Saving
from attempts.starting import Starting
from attempts.stating import Stating
from attempts.steering import Steering
from attempts.surveying import Surveying

MAX_ID = 2**63 - 1


@dataclass(frozen=True)
class Parts:
    """The deeds that routes call, and the database whose threads they run on."""

    database: Database
    reading: Reading
    papers: Papers
    lifecycle: Lifecycle
    saves: Grouping[Save, progress.Outcome]
    submits: Grouping[submitting.Wish, submitting.Outcome]
    saving: Saving
    marking: Marking
    regrading: Regrading
    openings: Openings
    rubric_writing: RubricWriting
    surveying: Surveying
    stating: Stating
    authoring: Authoring
    composing: Composing
    exchanging: Exchanging
    moving: Moving
    starting: Starting
    forgetting: Forgetting
    steering: Steering
    allowing: Allowing
    compensating: Compensating
    authorising: Authorising
    releasing: Releasing
    safe_browsing: SafeBrowsing
    names: Names
    assignments: Assignments
    trusted_proxies: tuple[Network, ...]
    receipt_key: bytes
    """The public half of the key that signs receipts."""


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


App = Annotated[Parts, Depends(_parts)]


async def _origin(request: Request, app: App) -> Origin:
    return origin(
        request.client.host if request.client else None,
        request.headers.get("x-forwarded-for"),
        request.headers.get("user-agent"),
        app.trusted_proxies,
    )


From = Annotated[Origin, Depends(_origin)]
HallInCharge = Annotated[Caller, Depends(requires("hall_in_charge"))]
Student = Annotated[Caller, Depends(requires("student"))]
Admin = Annotated[Caller, Depends(requires("admin"))]
Staff = Annotated[Caller, Depends(requires("admin", "hall_in_charge"))]
Skip = Annotated[int, Query(ge=0, le=MAX_ID)]
Limit = Annotated[int, Query(ge=1, le=1000)]
PathId = Annotated[int, Path(ge=-MAX_ID, le=MAX_ID)]
QueryId = Annotated[int | None, Query(ge=-MAX_ID, le=MAX_ID)]


def is_staff(caller: Caller) -> bool:
    return caller.has_any("admin", "hall_in_charge")


_WATCHERS = ("proctor", "grader")


async def _sight(caller: AnyCaller, app: App) -> Sight | None:
    """Return which exams the caller sees; None = all.

    Who only watches or marks sees the exams that he is assigned to. Raises `AssignmentsUnknown`.
    """
    if is_staff(caller):
        return None
    reach = await app.assignments.reach(caller, (), _WATCHERS)
    sees_open = not caller.roles or not caller.roles.issubset(_WATCHERS)
    return Sight(caller.user_id, sees_open, reach.ids or frozenset())


Eyes = Annotated[Sight | None, Depends(_sight)]


async def _sees(caller: AnyCaller, app: App, attempt_id: PathId) -> bool:
    """Say whether the caller may look at an attempt although it is not his own.

    Raises `AttemptNotFound`, and `AssignmentsUnknown` for a proctor of whom nothing is known.
    """
    if is_staff(caller) or not caller.has_any("proctor"):
        return is_staff(caller)
    attempt = await app.database.run(app.reading.attempt, attempt_id, caller.user_id, sees_all=True)
    if attempt.student_id == caller.user_id:
        return False
    return (await app.assignments.reach(caller, (), ("proctor",))).covers(attempt.exam_id)


Sees = Annotated[bool, Depends(_sees)]
Roles = tuple[str, ...]


def of_attempt(
    everywhere: Roles, assigned: Roles
) -> Callable[[Caller, Parts, int], Coroutine[Any, Any, Caller]]:
    """Return a dependency for routes of one attempt: who may do something to it.

    Lets holders of a role of `everywhere` pass, and those of `assigned` where they are assigned.
    """

    async def holder(caller: AnyCaller, app: App, attempt_id: PathId) -> Caller:
        require(caller, *everywhere, *assigned)
        reach = await app.assignments.reach(caller, everywhere, assigned)
        if reach.ids is None:
            return caller
        attempt = await app.database.run(
            app.reading.attempt, attempt_id, caller.user_id, sees_all=True
        )
        if not reach.covers(attempt.exam_id):
            raise NotAssigned
        return caller

    return holder


def of_exam(
    everywhere: Roles, assigned: Roles
) -> Callable[[Caller, Parts, int], Coroutine[Any, Any, Caller]]:
    """Return the same for routes of one exam; one that is not there is one not assigned."""

    async def holder(caller: AnyCaller, app: App, exam_id: PathId) -> Caller:
        require(caller, *everywhere, *assigned)
        reach = await app.assignments.reach(caller, everywhere, assigned)
        if not reach.covers(exam_id):
            raise NotAssigned
        return caller

    return holder


Warden = Annotated[Caller, Depends(of_attempt(("admin",), ("proctor",)))]
Overseer = Annotated[Caller, Depends(of_attempt(("admin", "hall_in_charge"), ("proctor",)))]
ExamOverseer = Annotated[Caller, Depends(of_exam(("admin", "hall_in_charge"), ("proctor",)))]
Grader = Annotated[Caller, Depends(of_attempt(("admin", "hall_in_charge"), ("grader",)))]
ExamGrader = Annotated[Caller, Depends(of_exam(("admin", "hall_in_charge"), ("grader",)))]
AnyGrader = Annotated[Caller, Depends(requires("admin", "hall_in_charge", "grader"))]

"""Who may act on, claim and talk with whom: the student on his own attempt, and who watches it.

Administrators and halls in charge watch every exam, proctors those that they are assigned to
(ADR 18). The role is looked at before the attempt, and all of it before the body.
"""

from dataclasses import dataclass
from typing import Annotated

from chassis.access import AnyCaller, require
from chassis.assignments import Assignments
from chassis.tokens import Caller
from fastapi import Depends, Request

from proctoring.acting.action import EVERYWHERE, Kind
from proctoring.acting.errors import NotForYourRole
from proctoring.attempt import Attempt
from proctoring.edge import AttemptId, ExamId, existing_attempt
from proctoring.errors import AccessDenied, AttemptNotFound

PROCTORS = ("proctor",)


@dataclass(frozen=True)
class Party:
    """Somebody who has to do with an attempt, as its student or as one who watches."""

    caller: Caller
    attempt: Attempt

    @property
    def is_student(self) -> bool:
        return self.caller.user_id == self.attempt.student_id


async def _watcher_of_exam(request: Request, caller: AnyCaller, exam_id: ExamId) -> Caller:
    require(caller, *EVERYWHERE, *PROCTORS)
    await _check(request, caller, exam_id)
    return caller


async def _watcher(request: Request, caller: AnyCaller, attempt_id: AttemptId) -> Party:
    require(caller, *EVERYWHERE, *PROCTORS)
    attempt = await existing_attempt(request, attempt_id)
    await _check(request, caller, attempt.exam_id)
    return Party(caller, attempt)


async def _chief(request: Request, caller: AnyCaller, attempt_id: AttemptId) -> Party:
    require(caller, *EVERYWHERE)
    return Party(caller, await existing_attempt(request, attempt_id))


async def _student(request: Request, caller: AnyCaller, attempt_id: AttemptId) -> Party:
    require(caller, "student")
    attempt = await existing_attempt(request, attempt_id)
    if attempt.student_id != caller.user_id:
        raise AttemptNotFound
    return Party(caller, attempt)


async def _party(request: Request, caller: AnyCaller, attempt_id: AttemptId) -> Party:
    require(caller, "student", *EVERYWHERE, *PROCTORS)
    attempt = await existing_attempt(request, attempt_id)
    if attempt.student_id != caller.user_id:
        await _check(request, caller, attempt.exam_id)
    return Party(caller, attempt)


ExamWatcher = Annotated[Caller, Depends(_watcher_of_exam)]
Watcher = Annotated[Party, Depends(_watcher)]
Chief = Annotated[Party, Depends(_chief)]
Student = Annotated[Party, Depends(_student)]
EitherParty = Annotated[Party, Depends(_party)]


async def check_kind(request: Request, caller: Caller, exam_id: int, kind: Kind) -> None:
    """Raise unless the caller's roles allow this kind of action at the exam, too."""
    assignments: Assignments = request.app.state.assignments
    reach = await assignments.reach(caller, kind.everywhere, PROCTORS)
    if not reach.covers(exam_id):
        raise NotForYourRole(kind.value)


async def is_watching(request: Request, user_id: int, exam_id: int) -> bool:
    """Say whether a colleague is assigned to an exam as a proctor. Raises `AssignmentsUnknown`."""
    assignments: Assignments = request.app.state.assignments
    return ("proctor", exam_id) in await assignments.of(user_id)


async def _check(request: Request, caller: Caller, exam_id: int) -> None:
    assignments: Assignments = request.app.state.assignments
    reach = await assignments.reach(caller, EVERYWHERE, PROCTORS)
    if not reach.covers(exam_id):
        raise AccessDenied

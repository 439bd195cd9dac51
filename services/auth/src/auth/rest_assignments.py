"""The REST edge for assignments: administrators say who watches or marks which exam.

Those who do see each other's names.
"""

from typing import Annotated

from chassis.access import AnyCaller
from fastapi import APIRouter, Depends, Path, Query, Request

from auth.assigning import Assigning
from auth.people import AssignableRole, Assignment
from auth.rest_people import MAX_ID, Admin, By, Limit, Skip
from auth.schemas import AssignmentShape, ColleagueShape
from auth.sign_in import SignIn

router = APIRouter(prefix="/api/v1/auth", tags=["people"])


def _assigning(request: Request) -> Assigning:
    assigning: Assigning = request.app.state.assigning
    return assigning


Deeds = Annotated[Assigning, Depends(_assigning)]
PathId = Annotated[int, Path(ge=1, le=MAX_ID)]
QueryId = Annotated[int | None, Query(ge=1, le=MAX_ID)]


@router.get("/assignments")
async def assignments(  # FastAPI passes them by name
    _: Admin,
    deeds: Deeds,
    exam_id: QueryId = None,
    user_id: QueryId = None,
    skip: Skip = 0,
    limit: Limit = 100,
) -> list[AssignmentShape]:
    """List who is assigned to which exam."""
    found = await deeds.find(exam_id, user_id, skip, limit)
    return [AssignmentShape.model_validate(each) for each in found]


@router.put("/assignments/{exam_id}/{role}/{user_id}")
async def assign(
    author: By, deeds: Deeds, exam_id: PathId, role: AssignableRole, user_id: PathId
) -> AssignmentShape:
    """Assign a proctor or grader to an exam; doing it again changes nothing."""
    wanted = Assignment(exam_id, role, user_id)
    await deeds.assign(wanted, by=author)
    return AssignmentShape.model_validate(wanted)


@router.delete("/assignments/{exam_id}/{role}/{user_id}", status_code=204)
async def withdraw(
    author: By, deeds: Deeds, exam_id: PathId, role: AssignableRole, user_id: PathId
) -> None:
    """End an assignment."""
    await deeds.withdraw(Assignment(exam_id, role, user_id), by=author)


@router.get("/exams/{exam_id}/staff")
async def staff(  # FastAPI passes them by name
    request: Request,
    caller: AnyCaller,
    deeds: Deeds,
    exam_id: PathId,
    skip: Skip = 0,
    limit: Limit = 1000,
) -> list[ColleagueShape]:
    """List by name who watches, marks or runs an exam; for those who do so themselves."""
    sign_in: SignIn = request.app.state.sign_in
    account = await sign_in.holder(caller.user_id, caller.login_id)
    found = await deeds.colleagues(exam_id, skip, limit, by=account)
    return [ColleagueShape.model_validate(each) for each in found]

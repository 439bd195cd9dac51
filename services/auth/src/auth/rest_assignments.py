"""The REST edge for assignments: administrators say who watches or marks which exam."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from auth.assigning import Assigning
from auth.people import AssignableRole, Assignment
from auth.rest_people import MAX_ID, Admin, By, Limit, Skip
from auth.schemas import AssignmentShape

router = APIRouter(prefix="/api/v1/auth/assignments", tags=["people"])


def _assigning(request: Request) -> Assigning:
    assigning: Assigning = request.app.state.assigning
    return assigning


Deeds = Annotated[Assigning, Depends(_assigning)]
PathId = Annotated[int, Path(ge=1, le=MAX_ID)]
QueryId = Annotated[int | None, Query(ge=1, le=MAX_ID)]


@router.get("")
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


@router.put("/{exam_id}/{role}/{user_id}")
async def assign(
    author: By, deeds: Deeds, exam_id: PathId, role: AssignableRole, user_id: PathId
) -> AssignmentShape:
    """Assign a proctor or grader to an exam; doing it again changes nothing."""
    wanted = Assignment(exam_id, role, user_id)
    await deeds.assign(wanted, by=author)
    return AssignmentShape.model_validate(wanted)


@router.delete("/{exam_id}/{role}/{user_id}", status_code=204)
async def withdraw(
    author: By, deeds: Deeds, exam_id: PathId, role: AssignableRole, user_id: PathId
) -> None:
    """End an assignment."""
    await deeds.withdraw(Assignment(exam_id, role, user_id), by=author)

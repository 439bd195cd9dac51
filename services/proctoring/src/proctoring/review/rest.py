"""REST of reviews: who may open, decide and read them, and what their student sees.

Colleagues are administrators, halls in charge, and proctors and graders who are assigned to the
exam; nobody is one for an attempt of his own. A student learns of a review by its decision: a
suspicion that nobody has looked at yet is told to nobody but colleagues (ADR 23).
"""

from typing import Annotated

from chassis.access import AnyCaller
from chassis.assignments import Assignments
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, Path, Query, Request

from proctoring.edge import (
    ASSIGNED,
    EVERYWHERE,
    AttemptId,
    Limit,
    Skip,
    check_reach,
    existing_attempt,
    read,
)
from proctoring.errors import AccessDenied
from proctoring.review import store
from proctoring.review.case import Review, State
from proctoring.review.errors import OwnAttempt, ReviewNotFound
from proctoring.review.reviewing import Reviewing
from proctoring.review.schemas import (
    MAX_ID,
    AppealBody,
    AppealDecisionBody,
    DecisionBody,
    HistoryBody,
    OpenBody,
    OwnReviewBody,
    ReviewBody,
)

router = APIRouter(prefix="/api/v1/proctoring", tags=["review"])

ReviewId = Annotated[int, Path(ge=1, le=MAX_ID)]
OwnAttemptId = Annotated[int, Path(ge=1, le=2**31 - 1)]
ExamFilter = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
AttemptFilter = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


async def _colleague(caller: AnyCaller) -> Caller:
    """Refuse others before anything is looked up: ids stay unguessable."""
    if not caller.has_any(*EVERYWHERE, *ASSIGNED):
        raise AccessDenied
    return caller


Colleague = Annotated[Caller, Depends(_colleague)]


async def _review_in_reach(request: Request, caller: Colleague, review_id: ReviewId) -> Review:
    """Return the review, for a colleague who may see its exam and has not sat the attempt."""
    found: Review | None = await read(request, store.find, review_id)
    if found is None:
        raise ReviewNotFound
    await check_reach(request, caller, found.exam_id, EVERYWHERE, AccessDenied)
    if found.student_id == caller.user_id:
        raise OwnAttempt
    return found


async def _own_review(request: Request, caller: AnyCaller, review_id: ReviewId) -> Review:
    """Return the review of the caller's own attempt; any other is not there for him."""
    found: Review | None = await read(request, store.find, review_id)
    if found is None or found.student_id != caller.user_id or found.state is State.OPEN:
        raise ReviewNotFound
    return found


async def _reviewing(request: Request) -> Reviewing:
    reviewing: Reviewing = request.app.state.reviewing
    return reviewing


InReach = Annotated[Review, Depends(_review_in_reach)]
Own = Annotated[Review, Depends(_own_review)]
Deeds = Annotated[Reviewing, Depends(_reviewing)]


@router.post("/attempt/{attempt_id}/reviews", status_code=201)
async def open_review(
    request: Request, caller: Colleague, deeds: Deeds, attempt_id: AttemptId, body: OpenBody
) -> ReviewBody:
    """Open a review of an attempt, with events of it as grounds; one is open at a time."""
    attempt = await existing_attempt(request, attempt_id)
    await check_reach(request, caller, attempt.exam_id, EVERYWHERE, AccessDenied)
    database = request.app.state.database
    opened = await database.run(deeds.open, attempt, body.opening(caller.user_id))
    return ReviewBody.model_validate(opened)


@router.get("/reviews")
async def list_reviews(
    request: Request,
    caller: Colleague,
    exam_id: ExamFilter = None,
    attempt_id: AttemptFilter = None,
    state: State | None = None,
    overdue: bool | None = None,
    mine: bool = False,
    skip: Skip = 0,
    limit: Limit = 100,
) -> list[ReviewBody]:
    """Return a page of the reviews in the caller's reach, the newest first.

    `overdue`: a decision, or one on an appeal, is late. `mine`: opened or decided by the caller.
    """
    wanted = store.Wanted(
        viewer_id=caller.user_id,
        exam_ids=await _reach(request, caller, exam_id),
        attempt_id=attempt_id,
        state=state,
        is_overdue=overdue,
        is_mine=mine,
        skip=skip,
        limit=limit,
    )
    found = await read(request, store.list_reviews, wanted)
    return [ReviewBody.model_validate(review) for review in found]


@router.get("/reviews/{review_id}")
async def get_review(review: InReach) -> ReviewBody:
    """Return a review as it stands."""
    return ReviewBody.model_validate(review)


@router.get("/reviews/{review_id}/history")
async def get_history(request: Request, review: InReach, deeds: Deeds) -> HistoryBody:
    """Return all steps of a review, and whether its chain of hashes is whole."""
    return HistoryBody.of(await request.app.state.database.run(deeds.story, review.id))


@router.post("/reviews/{review_id}/decision")
async def decide(
    request: Request, caller: Colleague, review: InReach, deeds: Deeds, body: DecisionBody
) -> ReviewBody:
    """Clear the student or confirm the suspicion; neither changes the attempt or its marks."""
    ruling = body.ruling(caller.user_id)
    return ReviewBody.model_validate(
        await request.app.state.database.run(deeds.decide, review.id, ruling)
    )


@router.post("/reviews/{review_id}/appeal-decision")
async def decide_appeal(
    request: Request, caller: Colleague, review: InReach, deeds: Deeds, body: AppealDecisionBody
) -> ReviewBody:
    """Decide on an appeal; never who opened the review or decided it."""
    ruling = body.ruling(caller.user_id)
    return ReviewBody.model_validate(
        await request.app.state.database.run(deeds.decide_appeal, review.id, ruling)
    )


@router.get("/attempt/{attempt_id}/review")
async def get_own_review(
    request: Request, caller: AnyCaller, deeds: Deeds, attempt_id: OwnAttemptId
) -> OwnReviewBody:
    """Return the newest decision about the caller's own attempt; 404 while there is none."""
    database = request.app.state.database
    return OwnReviewBody.of(await database.run(deeds.told, attempt_id, caller.user_id))


@router.post("/reviews/{review_id}/appeal")
async def appeal(request: Request, review: Own, deeds: Deeds, body: AppealBody) -> OwnReviewBody:
    """Appeal against the decision about the caller's own attempt: once, and in time."""
    database = request.app.state.database
    await database.run(deeds.appeal, review.id, body.text)
    return OwnReviewBody.of(await database.run(deeds.told, review.attempt_id, review.student_id))


async def _reach(request: Request, caller: Caller, exam_id: int | None) -> frozenset[int] | None:
    """Return the exams whose reviews are listed; None = all. Raises `AccessDenied`."""
    assignments: Assignments = request.app.state.assignments
    reach = await assignments.reach(caller, EVERYWHERE, ASSIGNED)
    if exam_id is None:
        return reach.ids
    if not reach.covers(exam_id):
        raise AccessDenied
    return frozenset({exam_id})


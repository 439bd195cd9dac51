"""REST of reviews: who may open, decide and read them, and what their student sees.

Colleagues are administrators, halls in charge, and proctors and graders who are assigned to the
exam; nobody is one for an attempt of his own. A student learns of a review by its decision: a
suspicion that nobody has looked at yet is told to nobody but colleagues (ADR 23).
"""

from typing import Annotated

from chassis import problems
from chassis.access import AnyCaller
from chassis.assignments import Assignments
from chassis.errors import Unavailable
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response

from proctoring.auth_client import AuthClient
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
from proctoring.review.errors import Outpaced, OwnAttempt, ReviewNotFound
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


async def _in_reach(request: Request, caller: Colleague, review_id: ReviewId) -> Caller:
    """Let a colleague pass who may see the review's exam and has not sat the attempt."""
    found: Review | None = await read(request, store.find, review_id)
    if found is None:
        raise ReviewNotFound
    await check_reach(request, caller, found.exam_id, EVERYWHERE, AccessDenied)
    if found.student_id == caller.user_id:
        raise OwnAttempt
    return caller


async def _judged(request: Request, caller: AnyCaller, review_id: ReviewId) -> Caller:
    """Let the student pass whose attempt was decided about; for others nothing is there."""
    found: Review | None = await read(request, store.find, review_id)
    if found is None or found.student_id != caller.user_id or found.state is State.OPEN:
        raise ReviewNotFound
    return caller


async def _reviewing(request: Request) -> Reviewing:
    reviewing: Reviewing = request.app.state.reviewing
    return reviewing


InReach = Annotated[Caller, Depends(_in_reach)]
Judged = Annotated[Caller, Depends(_judged)]
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
async def get_review(request: Request, _: InReach, review_id: ReviewId) -> ReviewBody:
    """Return a review as it stands."""
    return ReviewBody.model_validate(await read(request, store.find, review_id))


@router.get("/reviews/{review_id}/history")
async def get_history(
    request: Request, _: InReach, deeds: Deeds, review_id: ReviewId
) -> HistoryBody:
    """Return all steps of a review, and whether its chain of hashes is whole."""
    return HistoryBody.of(await request.app.state.database.run(deeds.story, review_id))


@router.post("/reviews/{review_id}/decision")
async def decide(
    request: Request, caller: InReach, deeds: Deeds, review_id: ReviewId, body: DecisionBody
) -> ReviewBody:
    """Clear the student or confirm the suspicion; neither changes the attempt or its marks."""
    database = request.app.state.database
    decided = await database.run(deeds.decide, review_id, body.ruling(caller.user_id))
    return ReviewBody.model_validate(decided)


@router.post("/reviews/{review_id}/appeal-decision")
async def decide_appeal(
    request: Request, caller: InReach, deeds: Deeds, review_id: ReviewId, body: AppealDecisionBody
) -> ReviewBody:
    """Decide on an appeal; never who opened the review or decided it."""
    database = request.app.state.database
    decided = await database.run(deeds.decide_appeal, review_id, body.ruling(caller.user_id))
    return ReviewBody.model_validate(decided)


@router.get("/attempt/{attempt_id}/review")
async def get_own_review(
    request: Request, caller: AnyCaller, deeds: Deeds, attempt_id: OwnAttemptId
) -> OwnReviewBody:
    """Return the newest decision about the caller's own attempt; 404 while there is none."""
    database = request.app.state.database
    return OwnReviewBody.of(await database.run(deeds.told, attempt_id, caller.user_id))


@router.post("/reviews/{review_id}/appeal")
async def appeal(
    request: Request, caller: Judged, deeds: Deeds, review_id: ReviewId, body: AppealBody
) -> OwnReviewBody:
    """Appeal against the decision about the caller's own attempt: once, and in time."""
    database = request.app.state.database
    appealed = await database.run(deeds.appeal, review_id, body.text)
    return OwnReviewBody.of(await database.run(deeds.told, appealed.attempt_id, caller.user_id))


def install(app: FastAPI) -> None:
    """Let whoever comes second be told the name of who was first, where auth knows it."""
    app.add_exception_handler(Outpaced, _on_outpaced)


async def _on_outpaced(request: Request, failure: Exception) -> Response:
    assert isinstance(failure, Outpaced)  # noqa: S101  # registered for this class only
    auth: AuthClient = request.app.state.auth
    try:
        people = await auth.people([failure.by_id])
    except Unavailable:
        return problems.respond(request, failure)
    first = people.get(failure.by_id)
    return problems.respond(request, failure.named(first.full_name) if first else failure)


async def _reach(request: Request, caller: Caller, exam_id: int | None) -> frozenset[int] | None:
    """Return the exams whose reviews are listed; None = all. Raises `AccessDenied`."""
    assignments: Assignments = request.app.state.assignments
    reach = await assignments.reach(caller, EVERYWHERE, ASSIGNED)
    if exam_id is None:
        return reach.ids
    if not reach.covers(exam_id):
        raise AccessDenied
    return frozenset({exam_id})

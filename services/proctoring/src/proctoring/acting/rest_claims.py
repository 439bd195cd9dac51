"""REST of claims: who looks after whom."""

from typing import Annotated, Any

from chassis import problems
from chassis.tokens import Caller
from fastapi import APIRouter, Query, Request, status

from proctoring.acting import errors
from proctoring.acting.action import NOT_FOUND, closed
from proctoring.acting.claim import Holder
from proctoring.acting.errors import NotAssignedThere
from proctoring.acting.guarding import Chief, ExamWatcher, Watcher, is_watching
from proctoring.acting.parts import Parts
from proctoring.acting.rest_actions import Acting
from proctoring.acting.schemas import (
    ClaimOut,
    ClaimsAnswer,
    ClaimsBody,
    HandOverBody,
    TakeOverBody,
)
from proctoring.attempt import Attempt
from proctoring.edge import ExamId, Limit, Skip

router = APIRouter()


@router.post("/attempt/{attempt_id}/claim")
async def claim(request: Request, party: Watcher, acting: Acting) -> ClaimOut:
    """Take a student; whoever comes second is told who has him and since when."""
    holder = await _holder(acting, party.caller)
    taken = await request.app.state.database.run(acting.claiming.claim, party.attempt, holder)
    return ClaimOut.of(taken)


@router.delete("/attempt/{attempt_id}/claim", status_code=status.HTTP_204_NO_CONTENT)
async def release(request: Request, party: Watcher, acting: Acting) -> None:
    """Give a student back."""
    await request.app.state.database.run(
        acting.claiming.release, party.attempt.attempt_id, party.caller.user_id
    )


@router.post("/attempt/{attempt_id}/claim/hand-over")
async def hand_over(
    request: Request, party: Watcher, acting: Acting, body: HandOverBody
) -> ClaimOut:
    """Give a student to a colleague who is assigned to the exam."""
    if not await is_watching(request, body.to_user_id, party.attempt.exam_id):
        raise NotAssignedThere(body.to_user_id)
    to = Holder(body.to_user_id, await acting.people.name(body.to_user_id))
    given = await request.app.state.database.run(
        acting.claiming.hand_over, party.attempt, party.caller.user_id, to, body.reason
    )
    return ClaimOut.of(given)


@router.post("/attempt/{attempt_id}/claim/take-over")
async def take_over(request: Request, party: Chief, acting: Acting, body: TakeOverBody) -> ClaimOut:
    """Take a student from whoever has him."""
    holder = await _holder(acting, party.caller)
    taken = await request.app.state.database.run(
        acting.claiming.take_over, party.attempt, holder, body.reason
    )
    return ClaimOut.of(taken)


@router.post("/exams/{exam_id}/claims")
async def claim_many(
    request: Request, caller: ExamWatcher, acting: Acting, exam_id: ExamId, body: ClaimsBody
) -> ClaimsAnswer:
    """Take every student of a list whom nobody has."""
    chosen = sorted(set(body.attempt_ids))
    facts = await request.app.state.attempts.ask(chosen, with_questions=False)
    why = {i: _why_not(request, facts.get(i), exam_id) for i in chosen}
    free = [i for i in chosen if why[i] is None]
    holder = await _holder(acting, caller)
    claimed = await request.app.state.database.run(
        acting.claiming.claim_many, exam_id, free, holder
    )
    return ClaimsAnswer.of(
        claimed, [{"attempt_id": i, "error": error} for i, error in why.items() if error]
    )


@router.get("/exams/{exam_id}/claims")
async def get_claims(
    request: Request,
    _: ExamWatcher,
    acting: Acting,
    exam_id: ExamId,
    with_ended: Annotated[bool, Query()] = False,
    skip: Skip = 0,
    limit: Limit = 1000,
) -> list[ClaimOut]:
    """Return who looks after whom; `with_ended` shows the whole history, oldest first."""
    found = await request.app.state.database.run(
        acting.claiming.of_exam, exam_id, with_ended=with_ended, skip=skip, limit=limit
    )
    return [ClaimOut.of(each) for each in found]


async def _holder(acting: Parts, caller: Caller) -> Holder:
    return Holder(caller.user_id, await acting.people.name(caller.user_id))


def _why_not(request: Request, attempt: Attempt | None, exam_id: int) -> dict[str, Any] | None:
    if attempt is None or attempt.exam_id != exam_id:
        why = NOT_FOUND
    elif attempt.status.is_closed:
        why = closed(attempt.status.value)
    else:
        return None
    return problems.body(errors.failure(why), request.url.path, problems.request_id(request))

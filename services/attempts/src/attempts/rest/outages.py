"""/api/v1/exams/{id}/outages, /attempts/{id}/outages: measured outages, and their worth."""

from typing import Annotated

from chassis.access import AnyCaller
from fastapi import APIRouter, Query

from attempts.compensating import Decision
from attempts.outage import State
from attempts.rest.shared import (
    App,
    ExamOverseer,
    From,
    Limit,
    Overseer,
    PathId,
    Sees,
    Skip,
    Staff,
)
from attempts.schemas.outages import AcceptBody, DeclineBody, OutageBody, PolicyBody, TermsBody

router = APIRouter(prefix="/api/v1", tags=["actions"])


@router.get("/exams/{exam_id}/outage-policy")
async def get_policy(_: ExamOverseer, app: App, exam_id: PathId) -> TermsBody:
    """Show what the exam does about outages; nothing, unless somebody has said otherwise."""
    return TermsBody.of(await app.database.run(app.compensating.terms, exam_id))


@router.put("/exams/{exam_id}/outage-policy")
async def put_policy(
    caller: Staff, app: App, came_from: From, exam_id: PathId, body: PolicyBody
) -> TermsBody:
    """Say what the exam does about outages that end from now on."""
    new = await app.database.run(
        app.compensating.set_terms,
        exam_id,
        body.policy,
        body.cap_seconds,
        caller.user_id,
        came_from,
    )
    return TermsBody.of(new)


@router.get("/exams/{exam_id}/outages")
async def list_outages(
    _: ExamOverseer,
    app: App,
    exam_id: PathId,
    state: Annotated[State | None, Query()] = None,
    skip: Skip = 0,
    limit: Limit = 100,
) -> list[OutageBody]:
    """List an exam's outages, oldest first; `proposed` ones wait for a decision."""
    found = await app.database.run(app.compensating.of_exam, exam_id, state, skip, limit)
    return [OutageBody.of(outage) for outage in found]


@router.get("/attempts/{attempt_id}/outages")
async def list_own_outages(
    caller: AnyCaller, app: App, attempt_id: PathId, sees: Sees
) -> list[OutageBody]:
    found = await app.database.run(
        app.compensating.of_attempt, attempt_id, caller.user_id, sees_all=sees
    )
    return [OutageBody.of(outage) for outage in found]


@router.post("/attempts/{attempt_id}/outages/{outage_id}/accept")
async def accept(
    caller: Overseer,
    app: App,
    came_from: From,
    attempt_id: PathId,
    outage_id: PathId,
    body: AcceptBody,
) -> OutageBody:
    """Give extra time for an outage, at most as long as it was."""
    decision = Decision(caller.user_id, came_from, body.seconds, body.reason)
    return OutageBody.of(
        await app.database.run(app.compensating.accept, attempt_id, outage_id, decision)
    )


@router.post("/attempts/{attempt_id}/outages/{outage_id}/decline")
async def decline(
    caller: Overseer,
    app: App,
    came_from: From,
    attempt_id: PathId,
    outage_id: PathId,
    body: DeclineBody,
) -> OutageBody:
    decision = Decision(caller.user_id, came_from, reason=body.reason)
    return OutageBody.of(
        await app.database.run(app.compensating.decline, attempt_id, outage_id, decision)
    )

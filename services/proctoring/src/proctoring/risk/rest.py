"""REST of risk: the score with what it is made of, its rules, and accommodations.

A student does not see his own score: it is a hint for people who look, not a finding. Reasons of
accommodations may be about somebody's health; only those who decide about them are shown them.
"""

from typing import Annotated

from chassis.access import AnyCaller, requires
from chassis.errors import FieldError, Invalid
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, Path, Query, Request

from proctoring.edge import (
    ASSIGNED,
    EVERYWHERE,
    AttemptId,
    attempts_of,
    check_reach,
    existing_attempt,
    read,
)
from proctoring.errors import AccessDenied, NothingSat
from proctoring.risk import accommodation, reading
from proctoring.risk.accommodating import Accommodating
from proctoring.risk.rules import in_force, newest
from proctoring.risk.schemas import (
    AccommodationsBody,
    NewAccommodation,
    NewPersonAccommodation,
    PersonAccommodationBody,
    RiskBody,
    RuleBody,
)

router = APIRouter(prefix="/api/v1/proctoring", tags=["risk"])

Staff = Annotated[Caller, Depends(requires(*EVERYWHERE, *ASSIGNED))]
Deciding = Annotated[Caller, Depends(requires(*EVERYWHERE))]
StudentId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Recompute = Annotated[bool, Query(description="Assess anew as well, and say whether it is equal.")]


@router.get("/risk/rules")
async def list_rules(_: Staff) -> list[RuleBody]:
    """Return the rules by which new exams are assessed."""
    return [RuleBody.of(rule) for rule in in_force(newest())]


@router.get("/attempt/{attempt_id}/risk")
async def get_risk(
    request: Request, caller: AnyCaller, attempt_id: AttemptId, recompute: Recompute = False
) -> RiskBody:
    """Return an attempt's score. The role is checked first: ids stay unguessable."""
    if not caller.has_any(*EVERYWHERE, *ASSIGNED):
        raise AccessDenied
    attempt = await existing_attempt(request, attempt_id)
    await check_reach(request, caller, attempt.exam_id, EVERYWHERE, AccessDenied)
    kept, compared = await read(request, reading.shown, attempt_id, is_compared=recompute)
    decided = []
    if caller.has_any(*EVERYWHERE):
        decided = await read(request, reading.decided, attempt_id)
    return RiskBody.of(kept, compared, decided[-1].reason if decided else None)


@router.get("/attempt/{attempt_id}/accommodations")
async def get_accommodations(
    request: Request, _: Deciding, attempt_id: AttemptId
) -> AccommodationsBody:
    """Return which rules do not count for an attempt, why, and who decided so."""
    await existing_attempt(request, attempt_id)
    return AccommodationsBody.of(attempt_id, await read(request, reading.decided, attempt_id))


@router.put("/attempt/{attempt_id}/accommodations")
async def put_accommodations(
    request: Request, caller: Deciding, attempt_id: AttemptId, body: NewAccommodation
) -> AccommodationsBody:
    """Let exactly these rules not count for an attempt, also for what has happened already."""
    if unknown := accommodation.unknown(body.rule_ids):
        raise _no_such_rules(unknown)
    attempt = await existing_attempt(request, attempt_id)
    accommodating: Accommodating = request.app.state.accommodating
    rule_ids = sorted(set(body.rule_ids))
    decided = await request.app.state.database.run(
        accommodating.decide, attempt, rule_ids, body.reason.strip(), caller.user_id
    )
    return AccommodationsBody.of(attempt_id, decided)


@router.put("/people/{user_id}/accommodations")
async def put_person_accommodations(
    request: Request, caller: Deciding, user_id: StudentId, body: NewPersonAccommodation
) -> PersonAccommodationBody:
    """Let exactly these rules not count for any attempt of a student, in one exam or in all.

    Attempts that he does not have yet are not among them.
    """
    if unknown := accommodation.unknown(body.rule_ids):
        raise _no_such_rules(unknown)
    sat = [
        attempt
        for attempt in await attempts_of(request, user_id)
        if body.exam_id in {None, attempt.exam_id}
    ]
    if not sat:
        raise NothingSat
    accommodating: Accommodating = request.app.state.accommodating
    rule_ids = sorted(set(body.rule_ids))
    decided = await request.app.state.database.run(
        accommodating.decide_for, sat, rule_ids, body.reason.strip(), caller.user_id
    )
    return PersonAccommodationBody(
        student_id=user_id, exam_id=body.exam_id, rule_ids=rule_ids, attempt_ids=sorted(decided)
    )


def _no_such_rules(unknown: list[str]) -> Invalid:
    known = ", ".join(accommodation.RULE_IDS)
    message = f"There is no rule {unknown[0]!r}; there are {known}"
    return Invalid(f"/rule_ids: {message}", errors=[FieldError("/rule_ids", message)])

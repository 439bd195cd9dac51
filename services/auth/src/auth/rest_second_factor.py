"""The REST edge of second factors: the second step of a login, and looking after one's own."""

from typing import Annotated

from chassis.access import AnyCaller, From
from chassis.describing import limited
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, Request, Response

from auth.errors import SecondFactorForStaff
from auth.proving import Proving, reset
from auth.rest_people import By, UserId
from auth.schemas import (
    ChallengeIn,
    CodeIn,
    LoggedIn,
    LoggedInEnrolled,
    RecoveryCodes,
    SecondFactorShape,
    SecondStep,
    SecretShape,
)
from auth.second_factor import may_have
from auth.sign_in import SignIn

router = APIRouter(prefix="/api/v1/auth", tags=["second factor"])


async def _proving(request: Request) -> Proving:
    proving: Proving = request.app.state.proving
    return proving


async def _staff(caller: AnyCaller, request: Request) -> Caller:
    """Let staff pass whose login stands."""
    deeds: SignIn = request.app.state.sign_in
    if not may_have(await deeds.holder(caller.user_id, caller.login_id)):
        raise SecondFactorForStaff
    return caller


async def _unstored(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


Deeds = Annotated[Proving, Depends(_proving)]
Staff = Annotated[Caller, Depends(_staff)]
Unstored = Depends(_unstored)


@router.post("/login/second-factor", dependencies=[Unstored])
async def second_step(body: SecondStep, deeds: Deeds, origin: From) -> LoggedIn:
    """Finish a login by a code of the authenticator, or by a recovery code."""
    return LoggedIn.of(await deeds.sign_in(body.challenge, body.code, origin))


@router.post("/login/second-factor/enrolment", dependencies=[Unstored])
async def begin_by_challenge(body: ChallengeIn, deeds: Deeds) -> SecretShape:
    """Make the secret for who may not come in before he has a second factor."""
    return SecretShape.model_validate(await deeds.begin_by_challenge(body.challenge))


@router.post("/login/second-factor/enrolment/confirm", dependencies=[Unstored])
async def confirm_by_challenge(body: SecondStep, deeds: Deeds, origin: From) -> LoggedInEnrolled:
    """Turn the second factor on by its first code, and finish the login."""
    done = await deeds.sign_in_by_enrolment(body.challenge, body.code, origin)
    signed_in = LoggedIn.of(done.signed_in).model_dump()
    return LoggedInEnrolled(**signed_in, recovery_codes=done.recovery_codes)


@router.get("/second-factor")
async def standing(caller: Staff, deeds: Deeds) -> SecondFactorShape:
    """Say whether the caller has a second factor, and whether he must."""
    return SecondFactorShape.model_validate(await deeds.standing(caller.user_id))


@router.post("/second-factor", dependencies=[Unstored])
async def begin(caller: Staff, deeds: Deeds) -> SecretShape:
    """Make a secret; it guards nothing until it is confirmed."""
    return SecretShape.model_validate(await deeds.begin(caller.user_id))


@router.post("/second-factor/confirm", dependencies=[Unstored], responses=limited())
async def confirm(caller: Staff, deeds: Deeds, origin: From, body: CodeIn) -> RecoveryCodes:
    """Turn the second factor on by its first code."""
    codes = await deeds.confirm(caller.user_id, body.code, origin)
    return RecoveryCodes(recovery_codes=codes)


@router.post("/second-factor/recovery-codes", dependencies=[Unstored], responses=limited())
async def renew_codes(caller: Staff, deeds: Deeds, origin: From, body: CodeIn) -> RecoveryCodes:
    """Make ten new recovery codes; the earlier ones count no more."""
    codes = await deeds.renew_codes(caller.user_id, body.code, origin)
    return RecoveryCodes(recovery_codes=codes)


@router.post("/second-factor/removal", status_code=204, responses=limited())
async def remove(caller: Staff, deeds: Deeds, origin: From, body: CodeIn) -> None:
    """Remove one's own second factor, by a code of it or a recovery code."""
    await deeds.remove(caller.user_id, body.code, origin)


@router.delete("/users/{user_id}/second-factor", status_code=204)
async def reset_lost(author: By, request: Request, user_id: UserId) -> None:
    """Remove the second factor of somebody who has lost it."""
    database = request.app.state.parts.database
    await database.run(reset, database, user_id, by=author)

"""The least that a FastAPI service can do with a save and with a begin: check and echo.

The same cached token check, the same body checked by pydantic, an answer of the same shape by
pydantic, and no I/O. `ECHO_IN_CHASSIS=1` puts it into our chassis (request ids, one log line and
two metrics a request, problem bodies) as the services are; without it the app is bare FastAPI.
Both are run by the chassis with the loop, parser and flags of the services.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from chassis import logs
from chassis.access import requires
from chassis.serving import serve, service
from chassis.settings import ServiceSettings
from chassis.tokens import Caller, KeySet, Revocations, TokenVerifier
from fastapi import Depends, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

SALT = "AAAAAAAAAAAAAAAAAAAAAA=="
HASH = "0" * 64
MINUTES = 600
Student = Annotated[Caller, Depends(requires("student"))]


class SaveBody(BaseModel):
    model_config = ConfigDict(strict=True)

    question_id: int
    answer: Any
    is_flagged: bool = False
    time_spent_seconds: Annotated[int, Field(ge=0)] = 0


class AnswerBody(BaseModel):
    id: int
    question_id: int
    answer: Any
    is_flagged: bool
    time_spent_seconds: int
    is_correct: bool | None
    marks_awarded: float | None
    first_answered_at: datetime | None
    last_updated_at: datetime | None
    total_time_spent_seconds: int
    revision: int
    sha256: str


class AttemptBody(BaseModel):
    id: int
    student_id: int
    exam_id: int
    status: str
    start_time: datetime | None
    end_time: datetime | None
    submit_time: datetime | None
    deadline_at: datetime | None
    duration_minutes: int
    time_remaining_seconds: int
    workstation_id: str | None
    initial_workstation_id: str | None
    transfer_count: int
    current_question_id: int | None
    questions_answered: int
    questions_flagged: list[int]
    encryption_salt: str | None
    created_at: datetime
    updated_at: datetime


def create_app(settings: ServiceSettings, *, in_chassis: bool) -> FastAPI:
    keys = KeySet(settings.jwks_url)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.verifier = TokenVerifier(keys, Revocations(), settings.token_issuer)
        refreshing = asyncio.create_task(keys.run())
        yield
        refreshing.cancel()

    async def has_keys() -> bool:
        return keys.is_loaded

    if in_chassis:
        app = service("echo", "0", lifespan, {"keys": has_keys})
    else:
        app = FastAPI(lifespan=lifespan)
        app.add_api_route("/health/ready", _ready(keys))
    app.post("/api/v1/attempts/{attempt_id}/answers")(save)
    app.post("/api/v1/attempts/{attempt_id}/begin")(begin)
    return app


def _ready(keys: KeySet) -> Any:
    async def ready(_: Request) -> Response:
        return Response(status_code=200 if keys.is_loaded else 503)

    return ready


async def save(caller: Student, attempt_id: int, body: SaveBody) -> AnswerBody:
    now = datetime.now(UTC)
    return AnswerBody(
        id=attempt_id,
        question_id=body.question_id,
        answer=body.answer,
        is_flagged=body.is_flagged,
        time_spent_seconds=body.time_spent_seconds,
        is_correct=None,
        marks_awarded=None,
        first_answered_at=now,
        last_updated_at=now,
        total_time_spent_seconds=body.time_spent_seconds,
        revision=1,
        sha256=HASH,
    )


async def begin(caller: Student, attempt_id: int) -> AttemptBody:
    now = datetime.now(UTC)
    return AttemptBody(
        id=attempt_id,
        student_id=caller.user_id,
        exam_id=1,
        status="in_progress",
        start_time=now,
        end_time=None,
        submit_time=None,
        deadline_at=now + timedelta(minutes=MINUTES),
        duration_minutes=MINUTES,
        time_remaining_seconds=MINUTES * 60,
        workstation_id=None,
        initial_workstation_id=None,
        transfer_count=0,
        current_question_id=None,
        questions_answered=0,
        questions_flagged=[],
        encryption_salt=SALT,
        created_at=now,
        updated_at=now,
    )


def main() -> None:
    settings = ServiceSettings.from_environment()
    logs.configure(settings.log_level, settings.log_format, "echo")
    serve(create_app(settings, in_chassis=os.environ.get("ECHO_IN_CHASSIS") == "1"), settings)


if __name__ == "__main__":
    main()

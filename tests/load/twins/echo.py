"""The least that a FastAPI service can do with a save, a begin, an event: check and echo.

The same cached token check, the same body checked by pydantic, the service's own models as answers,
and no I/O. `ECHO_IN_CHASSIS=1` puts it into our chassis (request ids, one log line and
two metrics a request, problem bodies) as the services are; without it the app is bare FastAPI.
Both are run by the chassis with the loop, parser and flags of the services.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from attempts.schemas.attempts import AnswerBody, AttemptBody
from chassis import logs
from chassis.access import AnyCaller, requires
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


class EventIn(BaseModel):
    """As `proctoring.schemas.EventBody`."""

    attempt_id: int
    event_type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,49}$")]
    event_timestamp: datetime | None = None
    question_id: int | None = None
    event_data: dict[str, Any] | None = None
    severity: Literal["info", "warning", "violation"] | None = None
    event_id: UUID | None = None
    client_sequence: Annotated[int, Field(ge=0)] | None = None


class EventOut(EventIn):
    """As `proctoring.schemas.ProctoringEvent`."""

    id: int
    user_agent: str | None
    ip_address: str | None
    created_at: datetime
    late: bool
    received_at: datetime
    sequence: int
    skew_ms: int = 0


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
    app.post("/api/v1/proctoring/events", status_code=201)(event)
    return app


def _ready(keys: KeySet) -> Any:
    async def ready(_: Request) -> Response:
        return Response(status_code=200 if keys.is_loaded else 503)

    return ready


def _neutral(model: type[BaseModel]) -> dict[str, Any]:
    """Return a value for each field: null where it may be, else the type's own nothing."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kinds = get_args(field.annotation) or (field.annotation,)
        values[name] = None if type(None) in kinds or Any in kinds else _NOTHING.get(kinds[0])
    return values


_NOTHING: dict[Any, Any] = {int: 0, float: 0.0, str: "", bool: False}
ANSWER = _neutral(AnswerBody) | {"sha256": HASH}
_ATTEMPT = _neutral(AttemptBody) | {
    "status": "in_progress",
    "duration_minutes": MINUTES,
    "time_remaining_seconds": MINUTES * 60,
    "questions_flagged": [],
    "encryption_salt": SALT,
}


async def save(caller: Student, attempt_id: int, body: SaveBody) -> AnswerBody:
    now = datetime.now(UTC)
    return AnswerBody(
        **ANSWER
        | body.model_dump()
        | {"id": attempt_id, "first_answered_at": now, "last_updated_at": now}
    )


async def begin(caller: Student, attempt_id: int) -> AttemptBody:
    now = datetime.now(UTC)
    times = {"start_time": now, "created_at": now, "updated_at": now}
    deadline = {"deadline_at": now + timedelta(minutes=MINUTES)}
    known = {"id": attempt_id, "student_id": caller.user_id}
    return AttemptBody(**_ATTEMPT | known | times | deadline)


async def event(caller: AnyCaller, request: Request, body: EventIn) -> EventOut:
    now = datetime.now(UTC)
    known = {"event_timestamp": body.event_timestamp or now, "severity": body.severity or "info"}
    came_from = {
        "user_agent": request.headers.get("user-agent"),
        "ip_address": request.client.host if request.client else None,
    }
    given = {"id": 1, "created_at": now, "received_at": now, "late": False, "sequence": 1}
    return EventOut(**body.model_dump() | known | came_from | given)


def main() -> None:
    settings = ServiceSettings.from_environment()
    logs.configure(settings.log_level, settings.log_format, "echo")
    serve(create_app(settings, in_chassis=os.environ.get("ECHO_IN_CHASSIS") == "1"), settings)


if __name__ == "__main__":
    main()

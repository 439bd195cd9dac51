"""An event as it is taken in first: attempts is asked, some statements, one commit, per request.

On copies of our tables in a schema of its own, over the same chassis, pool and threads. It does
less than the service: nothing is signed off by a chain, an id that comes twice is an error, and a
batch is not known.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import grpc
from chassis import logs
from chassis.access import AnyCaller
from chassis.errors import NotFound
from chassis.serving import serve, service
from chassis.settings import psycopg2_url
from chassis.tokens import KeySet, Revocations, TokenVerifier
from fastapi import FastAPI, Request
from oep.attempts.v1 import attempts_pb2 as pb
from oep.attempts.v1 import attempts_pb2_grpc
from proctoring.settings import Settings
from sqlalchemy import JSON, BigInteger, DateTime, create_engine
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from load.twins.echo import EventIn, EventOut

SCHEMA = "load_twin_events"
TABLES = ("proctoring_events", "tallies", "outbox")
COPIES = (
    f"CREATE SCHEMA {SCHEMA}",
    *(f"CREATE TABLE {SCHEMA}.{t} (LIKE proctoring.{t} INCLUDING ALL)" for t in TABLES),
    f"GRANT USAGE ON SCHEMA {SCHEMA} TO proctoring_app",
    f"GRANT ALL ON ALL TABLES IN SCHEMA {SCHEMA} TO proctoring_app",
)
"""What makes its tables; for the superuser."""
_ASK_SECONDS = 2.0
_OPEN = {
    pb.ATTEMPT_STATUS_NOT_STARTED,
    pb.ATTEMPT_STATUS_IN_PROGRESS,
    pb.ATTEMPT_STATUS_EXPIRED,
}


class Row(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True), int: BigInteger}  # noqa: RUF012  # SQLAlchemy's own form


class EventRow(Row):
    __tablename__ = "proctoring_events"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int]
    event_type: Mapped[str]
    event_timestamp: Mapped[datetime]
    question_id: Mapped[int | None]
    event_data: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    user_agent: Mapped[str | None]
    ip_address: Mapped[str | None]
    severity: Mapped[str]
    event_id: Mapped[UUID | None]
    client_sequence: Mapped[int | None]
    created_at: Mapped[datetime]
    received_at: Mapped[datetime]
    late: Mapped[bool]
    sequence: Mapped[int]
    network_hash: Mapped[bytes]
    hash: Mapped[bytes]
    exam_day: Mapped[date]


class TallyRow(Row):
    __tablename__ = "tallies"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012

    attempt_id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int]
    info_count: Mapped[int] = mapped_column(default=0)
    warning_count: Mapped[int] = mapped_column(default=0)
    violation_count: Mapped[int] = mapped_column(default=0)
    last_event_type: Mapped[str | None]
    last_severity: Mapped[str | None]
    last_received_at: Mapped[datetime | None]
    last_sequence: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[bytes] = mapped_column(default=bytes(32))


class OutboxRow(Row):
    __tablename__ = "outbox"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    order_key: Mapped[int]
    subject: Mapped[str]
    payload: Mapped[Any] = mapped_column(JSONB)


def event(caller: AnyCaller, request: Request, body: EventIn) -> EventOut:
    attempt = _ask(request, body.attempt_id)
    if attempt.student_id != caller.user_id or attempt.status not in _OPEN:
        raise NotFound
    # Not a dependency with `yield`: its end waits for a thread while it holds a connection.
    with request.app.state.sessions() as session:
        return _store(session, attempt, request, body)


def _ask(request: Request, attempt_id: int) -> pb.Attempt:
    wish = pb.BatchGetAttemptsRequest(attempt_ids=[attempt_id])
    ask = request.app.state.attempts.BatchGetAttempts
    answer: pb.BatchGetAttemptsResponse = ask(wish, timeout=_ASK_SECONDS)
    if not answer.attempts:
        raise NotFound
    return answer.attempts[0]


def _store(session: Session, attempt: pb.Attempt, request: Request, body: EventIn) -> EventOut:
    now = datetime.now(UTC)
    tally = session.get(TallyRow, body.attempt_id, with_for_update=True)
    if tally is None:
        tally = TallyRow(attempt_id=body.attempt_id, exam_id=attempt.exam_id, last_sequence=0)
        tally.info_count = tally.warning_count = tally.violation_count = 0
        session.add(tally)
    severity = body.severity or "info"
    tally.last_sequence += 1
    setattr(tally, f"{severity}_count", getattr(tally, f"{severity}_count") + 1)
    tally.last_event_type, tally.last_severity = body.event_type, severity
    tally.last_received_at = now
    row = EventRow(
        **body.model_dump(exclude={"event_timestamp", "severity"}),
        event_timestamp=body.event_timestamp or now,
        severity=severity,
        user_agent=request.headers.get("user-agent"),
        ip_address=request.client.host if request.client else None,
        created_at=now,
        received_at=now,
        late=attempt.status == pb.ATTEMPT_STATUS_EXPIRED,
        sequence=tally.last_sequence,
        network_hash=bytes(32),
        hash=bytes(32),
        exam_day=now.date(),
    )
    session.add(row)
    session.flush()
    told = EventOut.model_validate(row, from_attributes=True)
    payload = {"fact": "event_recorded", "data": told.model_dump(mode="json")}
    subject = f"oep.v1.{attempt.exam_id}.{body.attempt_id}.event_recorded"
    session.add(OutboxRow(order_key=body.attempt_id, subject=subject, payload=payload))
    session.commit()
    return told


def create_app(settings: Settings) -> FastAPI:
    keys = KeySet(settings.jwks_url)
    pool = settings.database_pool_size
    url = psycopg2_url(settings.database_url.get_secret_value())
    engine = create_engine(url, pool_size=pool, max_overflow=0, pool_pre_ping=True)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.verifier = TokenVerifier(keys, Revocations(), settings.token_issuer)
        app.state.sessions = sessionmaker(engine)
        refreshing = asyncio.create_task(keys.run())
        with grpc.insecure_channel(settings.attempts_grpc) as channel:
            app.state.attempts = attempts_pb2_grpc.AttemptsServiceStub(channel)
            yield
        refreshing.cancel()
        engine.dispose()

    async def has_keys() -> bool:
        return keys.is_loaded

    app = service("commit-per-event", "0", lifespan, {"keys": has_keys}, worker_threads=pool)
    app.post("/api/v1/proctoring/events", status_code=201)(event)
    return app


def main() -> None:
    settings = Settings.from_environment()
    logs.configure(settings.log_level, settings.log_format, "commit-per-event")
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()

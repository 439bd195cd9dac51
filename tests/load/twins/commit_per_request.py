"""Begin, save and submit as they are written first: a session and a commit per request.

A statement per question that is asked for, the rows of an exam read for each submit. On copies of
our tables in a schema of its own, over the same chassis, pool and threads. It does less than the
service: nothing is locked, so two saves of one attempt may meet; nothing is announced or audited,
no receipt is signed, and the deadline is judged by this process's clock.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from attempts.schemas.attempts import AnswerBody
from chassis import logs
from chassis.errors import NotFound
from chassis.serving import serve, service
from chassis.settings import DatabaseSettings, psycopg2_url
from chassis.tokens import KeySet, Revocations, TokenVerifier
from fastapi import FastAPI, Request
from sqlalchemy import JSON, BigInteger, DateTime, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from load.twins.echo import ANSWER, SaveBody, Student

SCHEMA = "load_twin"
TABLES = ("attempts", "answers", "exam_questions", "questions")
COPIES = (
    f"CREATE SCHEMA {SCHEMA}",
    *(f"CREATE TABLE {SCHEMA}.{t} (LIKE attempts.{t} INCLUDING ALL)" for t in TABLES),
    *(f"INSERT INTO {SCHEMA}.{t} OVERRIDING SYSTEM VALUE TABLE attempts.{t}" for t in TABLES),
    f"GRANT USAGE ON SCHEMA {SCHEMA} TO attempts_app",
    f"GRANT ALL ON ALL TABLES IN SCHEMA {SCHEMA} TO attempts_app",
)
"""What makes its tables, with what ours hold (foreign keys excepted); for the superuser."""


class Row(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True), int: BigInteger}  # noqa: RUF012  # SQLAlchemy's own form


class AttemptRow(Row):
    __tablename__ = "attempts"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[int]
    exam_id: Mapped[int]
    status: Mapped[str]
    duration_minutes: Mapped[int]
    start_time: Mapped[datetime | None]
    deadline_at: Mapped[datetime]
    submit_time: Mapped[datetime | None]
    marks_obtained: Mapped[float | None]
    questions_answered: Mapped[int]
    current_question_id: Mapped[int | None]
    last_activity_time: Mapped[datetime | None]


class AnswerRow(Row):
    __tablename__ = "answers"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int]
    question_id: Mapped[int]
    answer: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    is_flagged: Mapped[bool] = mapped_column(default=False)
    time_spent_seconds: Mapped[int] = mapped_column(default=0)
    first_answered_at: Mapped[datetime | None]
    last_updated_at: Mapped[datetime]


class ExamQuestionRow(Row):
    __tablename__ = "exam_questions"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int]
    question_id: Mapped[int]


class QuestionRow(Row):
    __tablename__ = "questions"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    correct_answer: Mapped[Any] = mapped_column(JSON)
    marks: Mapped[float]


def begin(caller: Student, request: Request, attempt_id: int) -> dict[str, Any]:
    with request.app.state.sessions() as session:
        return _begin(session, caller.user_id, attempt_id)


def _begin(session: Session, student_id: int, attempt_id: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    attempt = _own(session, student_id, attempt_id, "not_started")
    attempt.status, attempt.start_time = "in_progress", now
    attempt.deadline_at = now + timedelta(minutes=attempt.duration_minutes)
    session.commit()
    session.refresh(attempt)
    return {"id": attempt.id, "status": attempt.status, "deadline_at": attempt.deadline_at}


def submit(caller: Student, request: Request, attempt_id: int) -> dict[str, Any]:
    with request.app.state.sessions() as session:
        return _submit(session, caller.user_id, attempt_id)


def _submit(session: Session, student_id: int, attempt_id: int) -> dict[str, Any]:
    attempt = _own(session, student_id, attempt_id, "in_progress")
    asked = select(QuestionRow).join(ExamQuestionRow, ExamQuestionRow.question_id == QuestionRow.id)
    keys = {one.id: one for one in session.scalars(asked.where(_of(attempt)))}
    given = session.scalars(select(AnswerRow).where(AnswerRow.attempt_id == attempt_id))
    right = (keys[a.question_id] for a in given if a.answer == keys[a.question_id].correct_answer)
    attempt.marks_obtained = sum(question.marks for question in right)
    attempt.status, attempt.submit_time = "graded", datetime.now(UTC)
    session.commit()
    session.refresh(attempt)
    return {"id": attempt.id, "status": attempt.status, "marks_obtained": attempt.marks_obtained}


def _own(session: Session, student_id: int, attempt_id: int, status: str) -> AttemptRow:
    attempt = session.get(AttemptRow, attempt_id)
    if attempt is None or attempt.student_id != student_id or attempt.status != status:
        raise NotFound
    return attempt


def save(caller: Student, request: Request, attempt_id: int, body: SaveBody) -> AnswerBody:
    # Not a dependency with `yield`: its end waits for a thread while it holds a connection, and the
    # threads wait for connections.
    with request.app.state.sessions() as session:
        return _save(session, caller.user_id, attempt_id, body)


def _save(session: Session, student_id: int, attempt_id: int, body: SaveBody) -> AnswerBody:
    now = datetime.now(UTC)
    attempt = _own(session, student_id, attempt_id, "in_progress")
    asked = ExamQuestionRow.question_id == body.question_id
    if session.scalar(select(ExamQuestionRow).where(asked, _of(attempt))) is None:
        raise NotFound
    if attempt.deadline_at < now:
        raise NotFound
    mine = AnswerRow.attempt_id == attempt_id
    this = AnswerRow.question_id == body.question_id
    answer = session.scalar(select(AnswerRow).where(mine, this))
    if answer is None:
        answer = AnswerRow(attempt_id=attempt_id, question_id=body.question_id)
        answer.time_spent_seconds = 0
        answer.first_answered_at = now
        session.add(answer)
    answer.answer = body.answer
    answer.is_flagged = body.is_flagged
    answer.time_spent_seconds += body.time_spent_seconds
    answer.last_updated_at = now
    session.flush()
    counted = select(func.count()).select_from(AnswerRow).where(mine)
    attempt.questions_answered = session.scalar(counted) or 0
    attempt.current_question_id = body.question_id
    attempt.last_activity_time = now
    session.commit()
    session.refresh(answer)
    return AnswerBody(**ANSWER | {name: getattr(answer, name) for name in _SHOWN})


_SHOWN = AnswerBody.model_fields.keys() & {column.key for column in AnswerRow.__table__.columns}


def _of(attempt: AttemptRow) -> Any:
    return ExamQuestionRow.exam_id == attempt.exam_id


def create_app(settings: DatabaseSettings) -> FastAPI:
    keys = KeySet(settings.jwks_url)
    pool = settings.database_pool_size
    url = psycopg2_url(settings.database_url.get_secret_value())
    engine = create_engine(url, pool_size=pool, max_overflow=0, pool_pre_ping=True)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.verifier = TokenVerifier(keys, Revocations(), settings.token_issuer)
        app.state.sessions = sessionmaker(engine)
        refreshing = asyncio.create_task(keys.run())
        yield
        refreshing.cancel()
        engine.dispose()

    async def has_keys() -> bool:
        return keys.is_loaded

    app = service("commit-per-request", "0", lifespan, {"keys": has_keys}, worker_threads=pool)
    for path, deed in (("begin", begin), ("answers", save), ("submit", submit)):
        app.post(f"/api/v1/attempts/{{attempt_id}}/{path}")(deed)
    return app


def main() -> None:
    settings = DatabaseSettings.from_environment()
    logs.configure(settings.log_level, settings.log_format, "commit-per-request")
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()
